package system

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

const (
	customers engine.MapID = iota
	headers
)

// bench is one system on a kernel, with a client and an observer that write
// down what they are told.
type bench struct {
	t        *testing.T
	k        *sim.Kernel
	s        *System
	requests *Requests
	endings  []Ending
	ended    []uint64 // numbers of transactions, in the order of their ends
	answers  []int32
	landed   int
	told     int // notifications
	commits  []*engine.Record
	refs     []engine.Reference
	writes   int
	low      uint64
	leak     bool
	calls    []engine.TxID // held transactions
	undone   []engine.TxID
	switched []string
	numbers  uint64
	leaked   []engine.Reference
}

func (b *bench) Called(_ engine.Side, tx engine.TxID, _, _ uint64) { b.calls = append(b.calls, tx) }

func (b *bench) Held(sim.Time, engine.Side, engine.TxID, *engine.Record, *engine.Record) any {
	return "held"
}

func (b *bench) Undone(_ sim.Time, _ engine.Side, tx engine.TxID) { b.undone = append(b.undone, tx) }

func (b *bench) Committed(engine.Side) {}
func (b *bench) Notified(engine.Side)  { b.told++ }
func (b *bench) Landed(_ int32, n int) { b.landed += n }
func (b *bench) Answered(index int32)  { b.requests.Hold(index); b.answers = append(b.answers, index) }
func (b *bench) Hit(name string) bool  { return b.leak && name == engine.PlantNoLoopbackControl }
func (b *bench) Ended(tx *Tx, how Ending) {
	b.endings, b.ended = append(b.endings, how), append(b.ended, tx.Number)
}
func (b *bench) Transaction(sim.Time, engine.Side, engine.TxID, string, int) {}

func (b *bench) Forgot(sim.Time, engine.Side, *engine.Reference)                    {}
func (b *bench) Refused(sim.Time, engine.Side, engine.TxID, []engine.Change, error) {}
func (b *bench) RowRefused(sim.Time, engine.Side, *engine.Write)                    {}

func (b *bench) UserCommit(_ sim.Time, _ engine.Side, before, after *engine.Record, ref *engine.Reference) any {
	b.commits = append(b.commits, after)
	if ref != nil {
		b.refs = append(b.refs, *ref)
	}
	return "user"
}

func (b *bench) EngineCommit(_ sim.Time, _ engine.Side, _ *engine.Write, _, after *engine.Record, ref *engine.Reference) any {
	b.writes++
	if ref != nil {
		b.refs = append(b.refs, *ref)
	}
	return "engine"
}

func (b *bench) CopyCommit(_ sim.Time, _ engine.Side, _ []int, _, _, _ *engine.Record) any {
	b.writes++
	return "copy"
}

func (b *bench) Leaked(_ sim.Time, ref *engine.Reference) { b.leaked = append(b.leaked, *ref) }

func (b *bench) Loaded(sim.Time, engine.Side, *engine.Record) any { return nil }

func (b *bench) Expired(_ sim.Time, side engine.Side, r *engine.Record) {
	b.switched = append(b.switched, fmt.Sprintf("%v has forgotten %s", side, r.Key.ID))
}

func (b *bench) Capturing(_ sim.Time, side engine.Side, m engine.MapID, captures bool) {
	b.switched = append(b.switched, fmt.Sprintf("%v captures map %d: %v", side, m, captures))
}

func (b *bench) OutboxLow(_ sim.Time, _ engine.Side, position uint64) {
	if position <= b.low {
		b.t.Errorf("the low-water mark went from %d to %d", b.low, position)
	}
	b.low = position
}

func newBench(t *testing.T, c Config) *bench {
	t.Helper()
	var maps []*engine.TableMap
	for i, m := range []engine.TableMap{
		{Name: "customers", Columns: []engine.Column{{Name: "name"}, {Name: "city"}}},
		{Name: "headers", Columns: []engine.Column{{Name: "customer", Lookups: []engine.MapID{customers}}, {Name: "state"}}},
	} {
		m.ID, m.Mode = engine.MapID(i), engine.Async
		made, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, made)
	}
	b := &bench{t: t, k: sim.New(sim.Config{Seed: 1}), requests: &Requests{}}
	c.Maps = maps
	var err error
	b.s, err = New(b.k, c, Parts{
		Capture: engine.NewCapture(c.Side, maps, b), Requests: b.requests, Client: b, Observer: b, Engine: sim.NewClock(sim.ClockConfig{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// save commits edits of one user and returns how that ended.
func (b *bench) save(edits ...Edit) Ending {
	b.t.Helper()
	tx := &Tx{Entity: uint64(len(b.endings)) + 1, Edits: edits, User: b}
	if !b.s.Submit(tx) {
		b.t.Fatal("the system is down")
	}
	n := len(b.endings)
	b.k.Run(b.k.Now().Add(time.Minute))
	if len(b.endings) != n+1 {
		b.t.Fatalf("%d transactions ended, want 1", len(b.endings)-n)
	}
	return b.endings[n]
}

func text(column int, s string) Assignment { return Assignment{Column: column, Value: engine.Text(s)} }

func customer(op Op, id string, set ...Assignment) Edit {
	return Edit{Map: customers, Op: op, Name: Name{ID: id}, Set: set}
}

func (b *bench) record(m engine.MapID, id string) *engine.Record {
	row, ok := b.s.FindName(m, Name{ID: id})
	if !ok {
		return nil
	}
	return b.s.Record(m, row)
}

// ask sends a request and lets it be served.
func (b *bench) ask(e engine.Effect) *Request {
	b.t.Helper()
	n := len(b.answers)
	index := b.send(e)
	b.k.Run(b.k.Now().Add(time.Minute))
	if len(b.answers) != n+1 || b.answers[n] != index {
		b.t.Fatalf("answers %v, want one to %d", b.answers[n:], index)
	}
	return b.requests.At(index)
}

func (b *bench) send(e engine.Effect) int32 {
	e.Side = b.s.Side()
	index, r := b.requests.New()
	b.s.Prepare(r, &e, b.k.Now())
	b.requests.Hold(index)
	to, kind := b.s.Arrives()
	b.k.After(time.Millisecond, sim.Normal, to, kind, r.Entity, uint64(index))
	return index
}

// source is a record as the other side holds it.
func source(id string, number uint32, values ...engine.Value) *engine.Record {
	for len(values) < 2 {
		values = append(values, engine.Value{})
	}
	return &engine.Record{
		Key: &engine.Key{Map: customers, ID: id}, Version: 77, Alive: true, Values: values,
		Mark: engine.Mark{Incarnation: 1, Number: number, Groups: []engine.GroupMark{{Own: number}}},
	}
}

func carry(from, to *engine.Record) engine.Write {
	return engine.Write{Kind: engine.CarryWrite, Key: *from.Key, Source: from, Target: to, Groups: 1, Deadline: 1 << 60}
}

func TestTransactionIsAllOrNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	for _, tc := range []struct {
		name  string
		edits []Edit
		want  Ending
	}{
		{"second creates what the first did", []Edit{customer(Create, "A"), customer(Create, "A")}, Duplicate},
		{"second updates what is not there", []Edit{customer(Create, "A"), customer(Update, "B")}, NotFound},
		{"lookup names nobody", []Edit{customer(Create, "A"), {
			Map: headers, Name: Name{ID: "1"}, Set: []Assignment{{Column: 0, Map: customers, Lookup: &Name{ID: "Z"}}},
		}}, NotFound},
	} {
		if got := b.save(tc.edits...); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if len(b.commits) != 0 || b.s.OutboxLen() != 0 || b.record(customers, "A") != nil {
		t.Errorf("something of a failed transaction stayed: %d commits, %d in the outbox", len(b.commits), b.s.OutboxLen())
	}
	if got := b.save(customer(Create, "A", text(0, "x")), Edit{
		Map: headers, Name: Name{ID: "1"}, Set: []Assignment{{Column: 0, Map: customers, Lookup: &Name{ID: "a"}}},
	}); got != NotFound {
		t.Errorf("F&O found customer A as a: %v", got)
	}
	if got := b.save(customer(Create, "A", text(0, "x")), customer(Update, "A", text(1, "y")), Edit{
		Map: headers, Name: Name{ID: "1"}, Set: []Assignment{{Column: 0, Map: customers, Lookup: &Name{ID: "A"}}},
	}); got != Committed {
		t.Fatal(got)
	}
	if len(b.refs) != 2 || b.refs[1].Needs[0] != b.refs[0].Key || b.refs[0].Tx != b.refs[1].Tx {
		t.Errorf("references %v: want one per record, the second needing the first", b.refs)
	}
	if r := b.record(customers, "A"); r.Values[0].Text != "x" || r.Values[1].Text != "y" || r.Mark.Number != 1 || r.Trace != "user" {
		t.Errorf("the record is %+v", r)
	}
	if b.told != 1 {
		t.Errorf("%d notifications for one commit", b.told)
	}
	if low := b.refs[0].Position; b.s.OutboxLow() != low {
		t.Errorf("low-water mark %d, want %d: gaps below must not hold it", b.s.OutboxLow(), low)
	}
}

// TestPositionsCommitOutOfOrder has a long transaction overtaken by a short one.
func TestPositionsCommitOutOfOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{Servers: 2, PerRecord: sim.Constant(1)})
	b.s.Submit(&Tx{Entity: 1, Number: 1, User: b, Edits: []Edit{customer(Create, "A"), customer(Create, "B"), customer(Create, "C")}})
	b.s.Submit(&Tx{Entity: 2, Number: 2, User: b, Edits: []Edit{customer(Create, "D")}})
	b.k.Run(sim.Time(2 * time.Second))
	if !slices.Equal(b.ended, []uint64{2}) {
		t.Fatalf("ended: %v", b.ended)
	}
	r := b.ask0(t, engine.Effect{Kind: engine.PullOutbox, Max: 10})
	if len(r) != 1 || r[0].Position != 4 || b.s.Horizon() != 1 {
		t.Fatalf("delivered %v, horizon %d", r, b.s.Horizon())
	}
	b.k.Run(sim.Time(10 * time.Second))
	if b.s.Horizon() != 5 {
		t.Errorf("horizon %d after both, want 5", b.s.Horizon())
	}
	// What was delivered first is acknowledged; the earlier positions follow.
	r = b.ask(engine.Effect{Kind: engine.PullOutbox, Max: 2, Ack: []uint64{4}}).References
	if len(r) != 2 || r[0].Position != 1 || r[1].Position != 2 {
		t.Errorf("delivered %v", r)
	}
	again := b.ask(engine.Effect{Kind: engine.PullOutbox, Max: 10})
	if len(again.References) != 3 || again.More {
		t.Errorf("delivered again: %v, more %v; unacknowledged rows must stay", again.References, again.More)
	}
	b.ask(engine.Effect{Kind: engine.PullOutbox, Max: 10, Ack: []uint64{1, 2, 3, 2, 99}})
	if b.s.OutboxLen() != 0 || b.s.OutboxLow() != 5 {
		t.Errorf("%d left, low %d", b.s.OutboxLen(), b.s.OutboxLow())
	}
}

// ask0 is ask while other work goes on.
func (b *bench) ask0(t *testing.T, e engine.Effect) []engine.Reference {
	t.Helper()
	index := b.send(e)
	b.k.Run(b.k.Now().Add(100 * time.Millisecond))
	if len(b.answers) != 1 {
		t.Fatal("no answer")
	}
	return b.requests.At(index).References
}

func TestKeysFold(t *testing.T) {
	t.Parallel()
	t.Run("dataverse", func(t *testing.T) {
		b := newBench(t, Config{Side: engine.Dataverse, FoldCase: true})
		b.save(customer(Create, "85123a ", text(0, "one")))
		if got := b.save(customer(Create, "85123A")); got != Duplicate {
			t.Errorf("the same key in capitals: %v", got)
		}
		if got := b.save(customer(Update, "85123a", text(0, "two"))); got != Committed {
			t.Errorf("update by another spelling: %v", got)
		}
		if r := b.record(customers, "85123A"); *r.Key != (engine.Key{Map: customers, ID: "85123A"}) || r.Values[0].Text != "two" {
			t.Errorf("the record is %+v", r)
		}
	})
	t.Run("finops", func(t *testing.T) {
		b := newBench(t, Config{})
		// The first spelling comes to nothing: it must not take the key.
		if got := b.save(customer(Create, "85123b"), customer(Update, "nobody")); got != NotFound {
			t.Fatal(got)
		}
		b.save(customer(Create, "85123a", text(0, "one")), customer(Create, "85123A", text(0, "two")), customer(Create, "85123B"))
		one, two := b.record(customers, "85123a"), b.record(customers, "85123A")
		if *one.Key != (engine.Key{Map: customers, ID: "85123A"}) || one.Values[0].Text != "one" {
			t.Errorf("the first record is %+v", one)
		}
		if *two.Key != (engine.Key{Map: customers, ID: "85123A", Spelling: "85123A"}) || two.Values[0].Text != "two" {
			t.Errorf("the second record is %+v", two)
		}
		if k := b.record(customers, "85123B").Key; k.Spelling != "" {
			t.Errorf("a failed create kept the key: %+v", k)
		}
		// What the engine brings has no spelling yet: the first user gives it one.
		from := source("NEW", 1, engine.Text("n"))
		b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{carry(from, nil)}})
		if got := b.save(customer(Update, "new", text(1, "c"))); got != Committed {
			t.Errorf("update of what the engine brought: %v", got)
		}
		if r := b.record(customers, "new"); r == nil || r.Key.Spelling != "" || r.Mark.Groups[0].Seen != 1 {
			t.Errorf("the record is %+v", r)
		}
	})
}

func TestStaleSaves(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		policy      StaleSave
		want        Ending
		name        string
		overwritten uint64
	}{
		{RefuseStale, Stale, "second", 0},
		{OverwriteStale, Committed, "third", 1},
	} {
		b := newBench(t, Config{StaleSave: tc.policy})
		b.save(customer(Create, "A", text(0, "first")))
		opened := customer(Update, "A", text(0, "third"))
		opened.Opened = b.record(customers, "A").Version
		b.save(customer(Update, "A", text(0, "second")))
		if got := b.save(opened); got != tc.want {
			t.Errorf("%v, want %v", got, tc.want)
		}
		if got := b.record(customers, "A").Values[0].Text; got != tc.name {
			t.Errorf("the record holds %q, want %q", got, tc.name)
		}
		if n := b.s.Stats().Overwrote; n != tc.overwritten {
			t.Errorf("%d overwritten, want %d", n, tc.overwritten)
		}
		opened.Opened = b.record(customers, "A").Version
		if got := b.save(opened); got != Committed {
			t.Errorf("a save from a fresh read: %v", got)
		}
	}
}

func TestRowsAreAnsweredOneByOne(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{Side: engine.Dataverse, FoldCase: true, Validations: []Validation{
		{Name: "always", Map: customers, Refuse: 0.5, Cause: "not allowed"},
	}})
	b.save(customer(Create, "CHANGED"), customer(Create, "PARENT"))
	read := b.record(customers, "CHANGED")
	b.save(customer(Update, "CHANGED", text(0, "x")))
	var writes []engine.Write
	for i := range 20 {
		writes = append(writes, carry(source(fmt.Sprint("NEW", i), 1, engine.Text("v")), nil))
	}
	stale := carry(source("CHANGED", 1), read)
	missing := carry(source("CHILD", 1), nil)
	missing.Lookups = []engine.Alive{{Key: engine.Key{Map: customers, ID: "NOBODY"}, Incarnation: 1}}
	otherLife := missing
	otherLife.Lookups = []engine.Alive{{Key: engine.Key{Map: customers, ID: "PARENT"}, Incarnation: 2}}
	expired := carry(source("LATE", 1), nil)
	expired.Deadline = engine.Time(b.k.Now())
	writes = append(writes, stale, missing, otherLife, expired)
	rows := slices.Clone(b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: writes}).Rows)
	done, refused := 0, 0
	for i := range 20 {
		key := writes[i].Key
		_, alive := b.s.Find(key)
		switch rows[i].Result {
		case engine.RowDone:
			done++
		case engine.RowRefused:
			refused++
			if rows[i].Cause != "not allowed" || rows[i].Reason != engine.Refused {
				t.Errorf("row %d is answered by %+v", i, rows[i])
			}
		}
		if alive != (rows[i].Result == engine.RowDone) {
			t.Errorf("row %d: %v, and alive is %v", i, rows[i].Result, alive)
		}
	}
	if done == 0 || refused == 0 || done+refused != 20 {
		t.Errorf("%d rows done, %d refused: a bad row must not hurt its neighbours", done, refused)
	}
	for i, row := range rows[20:] {
		if row.Result != engine.RowConditionFailed {
			t.Errorf("row %d: %v, want a failed condition", 20+i, row.Result)
		}
	}
	if b.s.Stats().Expired != 1 || b.landed != done {
		t.Errorf("%d expired, %d landed", b.s.Stats().Expired, b.landed)
	}
	// The same change meets the same refusal, a new one may not.
	for i := range 20 {
		if rows[i].Result == engine.RowDone {
			continue
		}
		again := b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: writes[i : i+1]})
		if again.Rows[0].Result != engine.RowRefused {
			t.Errorf("row %d was refused and then not", i)
		}
	}
	passed := 0
	for n := range uint32(20) {
		r := b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{carry(source("OTHER", n+1), b.record(customers, "OTHER"))}})
		if r.Rows[0].Result == engine.RowDone {
			passed++
		}
	}
	if passed == 0 || passed == 20 {
		t.Errorf("%d of 20 changes of one record passed a validation that refuses half", passed)
	}
	if b.told != 2 || len(b.refs) != 3 {
		t.Errorf("%d notifications and %d references: the engine's own writes must not be captured", b.told, len(b.refs))
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	b.save(customer(Create, "A", text(0, "x")))
	key := func(id string) engine.Key { return engine.Key{Map: customers, ID: id} }
	r := b.ask(engine.Effect{Kind: engine.ReadBatch, Keys: []engine.Key{key("B"), key("A")}, Lookups: []engine.Key{key("A"), key("C")}})
	if len(r.Records) != 2 || r.Records[0] != nil || r.Records[1] != b.record(customers, "A") {
		t.Errorf("records %v", r.Records)
	}
	if len(r.Lookups) != 2 || r.Lookups[0].Incarnation != 1 || r.Lookups[1].Incarnation != 0 {
		t.Errorf("lookups %v", r.Lookups)
	}
	n := 0
	b.s.Each(customers, func(*engine.Record) { n++ })
	if n != 1 {
		t.Errorf("%d records: a key that was only asked for is none", n)
	}
}

// TestLeak plants the missing loopback control.
func TestLeak(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	b.leak = true
	from := source("A", 3, engine.Text("v"))
	b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{carry(from, nil)}})
	r := b.record(customers, "A")
	if g := r.Mark.Groups[0]; r.Mark.Number != 1 || g.Own != 1 || g.Seen != 3 {
		t.Errorf("the mark is %+v: the write's own part must stay", r.Mark)
	}
	if len(b.refs) != 1 || b.s.OutboxLen() != 1 || b.refs[0].Number != 1 || b.told != 1 {
		t.Errorf("references %v, %d in the outbox, %d notifications", b.refs, b.s.OutboxLen(), b.told)
	}
	// A mark alone changes no content, and is not captured even then.
	mark := carry(source("A", 4, engine.Text("v")), r)
	mark.Kind = engine.MarkWrite
	b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{mark}})
	if len(b.refs) != 1 || b.record(customers, "A").Mark.Groups[0].Seen != 4 {
		t.Errorf("references %v, mark %+v", b.refs, b.record(customers, "A").Mark)
	}
}

func TestLateWriteLeavesAReference(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	b.save(customer(Create, "A", text(0, "x")))
	r := b.record(customers, "A")
	b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{
		{Kind: engine.LateWrite, Key: *r.Key, Source: r, Target: r, Groups: 1, Deadline: 1 << 60},
	}})
	if len(b.refs) != 2 || b.refs[1].Origin != engine.Late || b.refs[1].Position != 2 || b.told != 2 {
		t.Errorf("references %v, %d notifications", b.refs, b.told)
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	t.Run("refuses", func(t *testing.T) {
		b := newBench(t, Config{})
		b.s.StartOutage()
		b.s.StartOutage()
		if b.s.Submit(&Tx{User: b}) {
			t.Error("a user got in")
		}
		b.s.EndOutage()
		r := b.ask(engine.Effect{Kind: engine.ReadBatch})
		if r.Failure != engine.Down {
			t.Errorf("failure %v, want down", r.Failure)
		}
		b.s.EndOutage()
		if r := b.ask(engine.Effect{Kind: engine.ReadBatch}); r.Failure != engine.NoFailure {
			t.Errorf("failure %v after both outages", r.Failure)
		}
	})
	t.Run("is silent", func(t *testing.T) {
		b := newBench(t, Config{Silent: true})
		b.s.StartOutage()
		index := b.send(engine.Effect{Kind: engine.ReadBatch})
		b.k.Run(sim.Time(time.Hour))
		if len(b.answers) != 0 {
			t.Error("somebody answered")
		}
		b.requests.Release(index)
		if b.requests.Live() != 0 {
			t.Errorf("%d requests were not given back", b.requests.Live())
		}
	})
	t.Run("cuts work", func(t *testing.T) {
		whole, some, none := 0, 0, 0
		committed, undone := 0, 0
		for entity := range uint64(60) {
			b := newBench(t, Config{Servers: 2, Apply: sim.Constant(1)})
			var writes []engine.Write
			for i := range 4 {
				writes = append(writes, carry(source(fmt.Sprint(entity, "-", i), 1), nil))
			}
			b.send(engine.Effect{Kind: engine.WriteBatch, Writes: writes})
			b.k.Run(sim.Time(100 * time.Millisecond))
			b.s.Submit(&Tx{Entity: entity, User: b, Edits: []Edit{customer(Create, "A")}})
			waits := b.send(engine.Effect{Kind: engine.ReadBatch})
			b.k.Run(sim.Time(110 * time.Millisecond))
			b.s.StartOutage()
			b.s.EndOutage()
			b.k.Run(sim.Time(time.Hour))
			if len(b.answers) != 0 {
				t.Fatal("a request that was cut off was answered")
			}
			if b.requests.At(waits).Failure != engine.NoFailure {
				t.Fatal("a request that was cut off has a failure; nobody tells the engine")
			}
			switch b.writes {
			case 0:
				none++
			case 4:
				whole++
			default:
				some++
			}
			for i := range 4 { // what landed is a prefix
				if _, ok := b.s.Find(writes[i].Key); ok != (i < b.writes) {
					t.Errorf("row %d landed is %v, with %d rows landed", i, ok, b.writes)
				}
			}
			if len(b.endings) != 1 {
				t.Fatalf("endings %v", b.endings)
			}
			if b.endings[0] == Committed {
				committed++
			} else {
				undone++
			}
			if got := b.s.OutboxLen(); got != number(b.endings[0] == Committed) {
				t.Errorf("%d references in the outbox, ending %v", got, b.endings[0])
			}
			if b.s.Horizon() != 2 {
				t.Errorf("horizon %d, want 2", b.s.Horizon())
			}
		}
		if whole == 0 || some == 0 || none == 0 || committed == 0 || undone == 0 {
			t.Errorf("batches landed whole %d, in part %d, not %d; transactions committed %d, undone %d: each must occur", whole, some, none, committed, undone)
		}
	})
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestModifiedIsLocal(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{Clock: sim.ClockConfig{Offset: -time.Hour, Granularity: time.Second}})
	b.save(customer(Create, "A"))
	row, _ := b.s.FindName(customers, Name{ID: "A"})
	if got := b.s.Modified(customers, row); got >= 0 || got%sim.Time(time.Second) != 0 {
		t.Errorf("modified at %d, want whole seconds an hour ago", got)
	}
}

// TestSteadyPathAllocates measures what one committed update costs: the record,
// its values, the groups of its mark, and the capture hook's list of the maps
// that the transaction touches.
func TestSteadyPathAllocates(t *testing.T) {
	b := newBench(t, Config{})
	b.save(customer(Create, "A", text(0, "x")))
	row, _ := b.s.FindName(customers, Name{ID: "A"})
	quiet := &quietUser{}
	b.s.observer = quiet
	tx := &Tx{Entity: 1, User: quiet, Edits: []Edit{{Map: customers, Op: Update, Row: row, Set: []Assignment{text(0, "a")}}}}
	n := 0
	position := b.s.outbox.next
	step := func() {
		n++
		tx.Edits[0].Set[0].Value.Text = [2]string{"a", "b"}[n%2]
		b.s.Submit(tx)
		b.k.Run(b.k.Now().Add(time.Second))
		b.s.outbox.ack(position)
		position++
	}
	for range 100 {
		step()
	}
	if got := testing.AllocsPerRun(1000, step); got > 4 {
		t.Errorf("%v allocations per committed record, want 4", got)
	}
	if quiet.commits < 1000 {
		t.Errorf("%d commits", quiet.commits)
	}
}

type quietUser struct {
	bench
	commits int
}

func (q *quietUser) Ended(*Tx, Ending)                       { q.commits++ }
func (q *quietUser) OutboxLow(sim.Time, engine.Side, uint64) {}
func (q *quietUser) UserCommit(sim.Time, engine.Side, *engine.Record, *engine.Record, *engine.Reference) any {
	return q
}
