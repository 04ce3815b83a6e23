package system

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// newLiveBench is a bench whose headers are live; its customers stay async.
func newLiveBench(t *testing.T, c Config) *bench {
	t.Helper()
	b := newBench(t, c)
	b.s.tables[headers].m.Mode = engine.Live
	return b
}

func header(op Op, id string, set ...Assignment) Edit {
	return Edit{Map: headers, Op: op, Name: Name{ID: id}, Set: set}
}

// submit begins a transaction and runs until it is served, whether or not it
// ends then.
func (b *bench) submit(edits ...Edit) *Tx {
	b.t.Helper()
	b.numbers++
	tx := &Tx{Entity: 1000 + b.numbers, Number: b.numbers, Edits: edits, User: b}
	if !b.s.Submit(tx) {
		b.t.Fatal("the system is down")
	}
	b.k.Run(b.k.Now().Add(time.Second))
	return tx
}

// last returns how the latest transaction ended, and whether any did.
func (b *bench) last() (uint64, Ending) {
	if len(b.endings) == 0 {
		return 0, endings
	}
	return b.ended[len(b.ended)-1], b.endings[len(b.endings)-1]
}

func (b *bench) mustEnd(tx *Tx, how Ending) {
	b.t.Helper()
	if n, got := b.last(); n != tx.Number || got != how {
		b.t.Fatalf("transaction %d ended last: %v; want %d: %v", n, got, tx.Number, how)
	}
}

func TestLiveTransactionIsHeldUntilTheEngineSaysHow(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind engine.EffectKind
		why  engine.Outcome
		how  Ending
	}{
		{engine.CommitTx, engine.Outcome{}, Committed},
		{engine.AbortTx, engine.Outcome{Class: engine.SystemFailure, Reason: engine.Busy}, Busy},
		{engine.AbortTx, engine.Outcome{Class: engine.ConcurrencyFailure, Reason: engine.ConditionLimit}, Busy},
		{engine.AbortTx, engine.Outcome{Class: engine.ConflictFailure, Reason: engine.Rejected}, OtherChanged},
		{engine.AbortTx, engine.Outcome{Class: engine.SystemFailure, Reason: engine.TimedOut}, OtherFailed},
		{engine.AbortTx, engine.Outcome{Class: engine.SystemFailure, Reason: engine.Unavailable}, OtherFailed},
		{engine.AbortTx, engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Refused}, OtherRefused},
		{engine.AskTx, engine.Outcome{}, OtherFailed},
	} {
		b := newLiveBench(t, Config{})
		tx := b.submit(header(Create, "H"))
		if len(b.calls) != 1 || len(b.endings) != 0 || b.s.HeldCount() != 1 {
			t.Fatalf("calls %v, endings %v, %d held", b.calls, b.endings, b.s.HeldCount())
		}
		rows := b.s.LiveRows(b.calls[0])
		if len(rows) != 1 || rows[0].Op != engine.Create || rows[0].After.Mark.Number != 1 || rows[0].After.Trace != "held" {
			t.Fatalf("rows %+v", rows)
		}
		if b.record(headers, "H") != nil {
			t.Error("it is there before its commit")
		}
		index := b.send(engine.Effect{Kind: tc.kind, Tx: b.calls[0], Why: tc.why})
		b.k.Run(b.k.Now().Add(time.Second))
		b.mustEnd(tx, tc.how)
		committed := tc.how == Committed
		if !tx.Live || (b.record(headers, "H") != nil) != committed || b.s.HeldCount() != 0 || len(b.undone) != number(!committed) {
			t.Errorf("%v: record %v, %d held, undone %v", tc.how, b.record(headers, "H"), b.s.HeldCount(), b.undone)
		}
		if answered := len(b.answers) > 0; answered == (tc.kind == engine.AbortTx) {
			t.Errorf("%v was answered: %v", tc.kind, answered)
		} else if answered && b.requests.At(index).Committed != committed {
			t.Errorf("%v was answered with committed %v", tc.kind, !committed)
		}
		// Whoever asks later hears the same.
		if r := b.ask(engine.Effect{Kind: engine.AskTx, Tx: b.calls[0]}); r.Committed != committed {
			t.Errorf("asked again: committed %v, want %v", r.Committed, committed)
		}
	}
}

// TestHeldTransactionEndsByItself has nobody who says how it ends.
func TestHeldTransactionEndsByItself(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(*bench)
		how  Ending
		at   time.Duration // after it was held
	}{
		{"time limit", func(b *bench) {}, TooSlow, 120 * time.Second},
		{"nothing listens", func(b *bench) {
			to, refused, _ := b.s.Lines()
			b.k.After(time.Second, sim.Normal, to, refused, 0, uint64(b.calls[0]))
		}, OtherFailed, 2 * time.Second},
		{"the engine has gone", func(b *bench) {
			to, _, broken := b.s.Lines()
			b.k.After(time.Second, sim.Normal, to, broken, 0, uint64(b.k.Now()))
		}, OtherFailed, 2 * time.Second},
		{"outage", func(b *bench) { b.s.StartOutage() }, CutOff, 0},
	} {
		b := newLiveBench(t, Config{})
		tx := b.submit(header(Create, "H"))
		tc.do(b)
		b.k.Run(b.k.Now().Add(tc.at - 2*time.Second))
		if tc.at > 2*time.Second && len(b.endings) != 0 {
			t.Errorf("%s: it ended early, %v", tc.name, b.endings)
		}
		b.k.Run(b.k.Now().Add(3 * time.Second))
		b.mustEnd(tx, tc.how)
		if b.s.HeldCount() != 0 || len(b.undone) != 1 || b.s.OutboxLen() != 0 || b.s.Horizon() != 2 {
			t.Errorf("%s: %d held, %v undone, %d in the outbox, horizon %d", tc.name, b.s.HeldCount(), b.undone, b.s.OutboxLen(), b.s.Horizon())
		}
	}
}

// TestLockedRecordIsWaitedFor has three users who want one record.
func TestLockedRecordIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newLiveBench(t, Config{LockWait: 5 * time.Second})
	first := b.submit(header(Create, "H", text(1, "first")))
	second := b.submit(header(Upsert, "H", text(1, "second")))
	if len(b.endings) != 0 || len(b.calls) != 1 {
		t.Fatalf("the second did not wait: endings %v, calls %v", b.endings, b.calls)
	}
	b.ask(engine.Effect{Kind: engine.CommitTx, Tx: b.calls[0]})
	b.mustEnd(first, Committed)
	if len(b.calls) != 2 {
		t.Fatalf("the second is not held: calls %v", b.calls)
	}
	rows := b.s.LiveRows(b.calls[1])
	b.k.Run(b.k.Now().Add(time.Second))
	if rows == nil {
		// ask runs for a minute: the second is still within its time limit
		t.Fatal("no rows")
	}
	if rows[0].Op != engine.Update || rows[0].After.Mark.Number != 2 {
		t.Errorf("the second is an %v, number %d", rows[0].Op, rows[0].After.Mark.Number)
	}
	third := b.submit(header(Update, "H", text(1, "third")))
	b.k.Run(b.k.Now().Add(6 * time.Second))
	b.mustEnd(third, Busy)
	if r := b.record(headers, "H"); r.Values[1].Text != "first" {
		t.Errorf("the record holds %v", r.Values)
	}
	// The engine does not wait: its condition fails.
	now := b.record(headers, "H")
	from := *now
	from.Mark.Groups = []engine.GroupMark{{Own: 9}}
	r := b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{carry(&from, now)}})
	if r.Rows[0].Result != engine.RowConditionFailed {
		t.Errorf("the engine wrote a locked record: %v", r.Rows[0].Result)
	}
	if s := b.s.Stats(); s.Locked != 1 || s.LockWaits != 2 || s.Held != 2 {
		t.Errorf("%d rows met a lock, %d users waited, %d were held", s.Locked, s.LockWaits, s.Held)
	}
	_ = second
}

func TestLiveLimits(t *testing.T) {
	t.Parallel()
	headersOf := func(n int, set ...Assignment) (list []Edit) {
		for i := range n {
			list = append(list, header(Create, string(rune('A'+i)), set...))
		}
		return list
	}
	long := text(1, "0123456789")
	for _, tc := range []struct {
		name  string
		side  engine.Side
		live  Live
		edits []Edit
		want  Ending
	}{
		{"as many as the limit", engine.FinOps, Live{Records: 3}, headersOf(3), endings},
		{"one more", engine.FinOps, Live{Records: 3}, headersOf(4), TooManyRecords},
		{"none from Dataverse", engine.Dataverse, Live{}, headersOf(20), endings},
		// "state" is 5 bytes, the text 10, JSON 6, the record 100: 121 each.
		{"as many bytes as the limit", engine.Dataverse, Live{RecordBytes: 100, Bytes: 242}, headersOf(2, long), endings},
		{"one byte more", engine.Dataverse, Live{RecordBytes: 100, Bytes: 241}, headersOf(2, long), TooManyBytes},
		{"async rows do not count", engine.FinOps, Live{Records: 1}, []Edit{customer(Create, "A"), customer(Create, "B")}, Committed},
		{"mixed", engine.FinOps, Live{}, []Edit{customer(Create, "A"), header(Create, "H")}, Mixed},
	} {
		b := newLiveBench(t, Config{Side: tc.side, Live: tc.live})
		tx := b.submit(tc.edits...)
		n, how := b.last()
		if tc.want == endings {
			if n != 0 || b.s.HeldCount() != 1 {
				t.Errorf("%s: ended %v, %d held; want it held", tc.name, b.endings, b.s.HeldCount())
			}
		} else if n != tx.Number || how != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, how, tc.want)
		}
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	uses := func(id, customer string) Edit {
		return header(Create, id, Assignment{Column: 0, Map: customers, Lookup: &Name{ID: customer}})
	}
	b.save(customer(Create, "A", text(0, "x")), customer(Create, "B"))
	b.save(uses("H", "A"))
	for _, tc := range []struct {
		name  string
		edits []Edit
		want  Ending
	}{
		{"what is not there", []Edit{customer(Delete, "Z")}, NotFound},
		{"what is looked up", []Edit{customer(Delete, "A")}, Referenced},
		{"twice", []Edit{header(Delete, "H"), header(Delete, "H")}, NotFound},
		{"with a new lookup to it", []Edit{customer(Delete, "B"), uses("I", "B")}, NotFound},
		{"with an older lookup to it", []Edit{uses("I", "B"), customer(Delete, "B")}, Referenced},
		{"what was created at once", []Edit{customer(Create, "C"), customer(Delete, "C")}, Committed},
	} {
		if got := b.save(tc.edits...); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if b.record(customers, "C") != nil || b.s.HeldCount() != 0 {
		t.Error("what was created and deleted at once has left something")
	}
	// The header goes with what it looks up; the update of B stays async and waits
	// for the delete.
	tx := b.submit(customer(Update, "B", text(0, "y")), header(Delete, "H"), customer(Delete, "A"))
	rows := b.s.LiveRows(b.calls[0])
	if len(rows) != 2 || rows[0].Op != engine.Delete || rows[0].After.Alive || !rows[0].After.Mark.Dead {
		t.Fatalf("rows %+v", rows)
	}
	// Nobody may look up what is about to go.
	late := b.submit(uses("I", "A"))
	captured := b.s.OutboxLen()
	b.ask(engine.Effect{Kind: engine.CommitTx, Tx: b.calls[0]})
	if b.endings[len(b.endings)-2] != Committed || b.ended[len(b.ended)-2] != tx.Number {
		t.Errorf("endings %v of %v", b.endings, b.ended)
	}
	b.mustEnd(late, NotFound)
	if b.record(customers, "A") != nil || b.record(headers, "H") != nil || b.s.OutboxLen() != captured+1 {
		t.Errorf("A %v, H %v, %d references more", b.record(customers, "A"), b.record(headers, "H"), b.s.OutboxLen()-captured)
	}
	// The key begins another life.
	if got := b.save(customer(Create, "A", text(1, "z"))); got != Committed {
		t.Fatal(got)
	}
	if r := b.record(customers, "A"); r.Mark.Incarnation != 2 || r.Mark.Number != 1 || r.Values[0].Kind != engine.KindNull {
		t.Errorf("the new life is %+v", r)
	}
}

// TestAtomicBatch lets one row of three fail, for each reason, and none.
func TestAtomicBatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		row  func(b *bench) engine.Write
		want engine.RowResult
	}{
		{"all pass", func(b *bench) engine.Write { return carry(source("C", 1, engine.Text("c")), nil) }, engine.RowDone},
		{"condition", func(b *bench) engine.Write {
			return carry(source("C", 1), &engine.Record{Version: 77})
		}, engine.RowConditionFailed},
		{"refused", func(b *bench) engine.Write { return carry(source("C", 7), nil) }, engine.RowRefused},
		{"looked up", func(b *bench) engine.Write {
			w := carry(source("A", 1), b.record(customers, "A"))
			w.Kind, w.Intent = engine.DeleteWrite, 5
			return w
		}, engine.RowRefused},
		{"deadline", func(b *bench) engine.Write {
			w := carry(source("C", 1), nil)
			w.Deadline = 0
			return w
		}, engine.RowConditionFailed},
	} {
		b := newBench(t, Config{Validations: []Validation{{Name: "seven", Map: customers, Refuse: 1, Cause: "no"}}})
		b.s.config.Validations[0].Refuse = 0
		b.save(customer(Create, "A"))
		b.save(header(Create, "H", Assignment{Column: 0, Map: customers, Lookup: &Name{ID: "A"}}))
		if tc.name == "refused" {
			b.s.config.Validations[0].Refuse = 1
		}
		writes := []engine.Write{carry(source("B", 1, engine.Text("b")), nil), tc.row(b), carry(source("D", 1), nil)}
		r := b.ask(engine.Effect{Kind: engine.WriteBatch, Atomic: true, Writes: writes})
		if len(r.Rows) != 3 || r.Rows[1].Result != tc.want {
			t.Errorf("%s: rows %v", tc.name, r.Rows)
		}
		want := 0
		if tc.want == engine.RowDone {
			want = 3
		}
		if b.writes != want || (b.record(customers, "B") != nil) != (want == 3) || b.landed != want {
			t.Errorf("%s: %d rows were written, want %d", tc.name, b.writes, want)
		}
	}
}

// TestHeldLookupKeepsWhatItNeeds: nobody deletes a record that a held transaction
// is about to look up, neither a user nor the engine.
func TestHeldLookupKeepsWhatItNeeds(t *testing.T) {
	t.Parallel()
	b := newLiveBench(t, Config{})
	b.save(customer(Create, "A"))
	held := b.submit(header(Create, "H", Assignment{Column: 0, Map: customers, Lookup: &Name{ID: "A"}}))
	if b.s.HeldCount() != 1 {
		t.Fatal("the header is not held")
	}
	gone := b.submit(customer(Delete, "A"))
	w := carry(source("A", 1), b.record(customers, "A"))
	w.Kind, w.Intent = engine.DeleteWrite, 5
	if r := b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{w}}); r.Rows[0].Result != engine.RowConditionFailed {
		t.Errorf("the engine deleted it: %v", r.Rows[0].Result)
	}
	b.ask(engine.Effect{Kind: engine.CommitTx, Tx: b.calls[0]})
	if len(b.ended) != 3 || b.ended[1] != gone.Number || b.endings[1] != Busy || b.ended[2] != held.Number || b.endings[2] != Committed {
		t.Errorf("endings %v of %v", b.endings, b.ended)
	}
	if r := b.record(customers, "A"); r == nil || !r.Alive {
		t.Error("the record is gone")
	}
}
