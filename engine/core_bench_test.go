package engine_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// BenchmarkCore carries references from intake to settlement, saves in memory
// included, and reports the cost of each. The systems cost next to nothing: they
// move the marks of one record a pair, and nobody reads it meanwhile.
func BenchmarkCore(b *testing.B) {
	const pairs, round = 10_000, 1000
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Mode: engine.Async, Columns: []engine.Column{{Name: "name"}, {Name: "city"}}})
	if err != nil {
		b.Fatal(err)
	}
	w := &smoothWorld{b: b, store: store.NewMemory(), records: map[engine.Key]*[2]engine.Record{}}
	if w.core, err = engine.NewCore(engine.Config{Maps: []*engine.TableMap{m}}, nil); err != nil {
		b.Fatal(err)
	}
	for i := range pairs {
		w.add(m, engine.Key{Company: "USMF", ID: fmt.Sprintf("CUSTOMER-%06d", i)})
	}
	w.step(&engine.Input{Kind: engine.Started})
	for range pairs / round { // meet every pair once
		w.carry(round)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		w.carry(round)
	}
	runtime.ReadMemStats(&after)
	references := float64(b.N * round)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/references, "allocs/reference")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/references, "ns/reference")
	if got := w.core.Stats(); got.Open != 0 || got.Settled < uint64(references) {
		b.Fatalf("the engine has settled %d references of %v and holds %d", got.Settled, references, got.Open)
	}
}

// smoothWorld is two systems in which nothing goes wrong.
type smoothWorld struct {
	b        *testing.B
	core     *engine.Core
	store    store.Store
	keys     []engine.Key
	records  map[engine.Key]*[2]engine.Record
	next     int // the pair that changes next
	outbox   []engine.Reference
	position uint64
	pending  []engine.Effect
	in       engine.Input
}

// add makes a pair that both sides hold.
func (w *smoothWorld) add(m *engine.TableMap, k engine.Key) {
	values := []engine.Value{engine.Text("a name"), engine.Text("a city")}
	x, _, ok := engine.Apply(m, &engine.Write{Source: &engine.Record{Key: &k, Alive: true, Values: values, Mark: engine.Mark{Incarnation: 1, Groups: make([]engine.GroupMark, 1)}}, Key: k, Groups: 1}, engine.FinOps, nil)
	if !ok {
		w.b.Fatal("the record cannot be made")
	}
	y := *x
	y.Mark.Groups = []engine.GroupMark{x.Mark.Groups[0]}
	x.Version, y.Version = 1, 1
	w.keys = append(w.keys, k)
	w.records[k] = &[2]engine.Record{*x, y}
}

// carry lets users on F&O change n records, and the engine bring them over.
func (w *smoothWorld) carry(n int) {
	for range n {
		k := w.keys[w.next%len(w.keys)]
		w.next++
		x := &w.records[k][engine.FinOps]
		x.Mark.Number++
		x.Mark.Groups[0].Own = x.Mark.Number
		w.position++
		w.outbox = append(w.outbox, engine.Reference{Key: k, Incarnation: 1, Number: x.Mark.Number, Groups: 1, Op: engine.Update, Position: w.position})
	}
	w.step(&engine.Input{Kind: engine.Notified, Side: engine.FinOps})
	for i := 0; i < len(w.pending); i++ {
		w.answer(&w.pending[i])
	}
	w.pending = w.pending[:0]
}

func (w *smoothWorld) answer(eff *engine.Effect) {
	in := &w.in
	*in = engine.Input{Side: eff.Side, Batch: eff.Batch, Records: in.Records[:0], Lookups: in.Lookups[:0], Rows: in.Rows[:0]}
	switch eff.Kind {
	case engine.PullOutbox:
		in.Kind = engine.OutboxPulled
		if eff.Side == engine.FinOps {
			n := min(eff.Max, len(w.outbox))
			in.References, w.outbox = w.outbox[:n], w.outbox[n:]
			in.More = len(w.outbox) > 0
		}
	case engine.ReadBatch:
		in.Kind = engine.BatchRead
		for _, k := range eff.Keys {
			in.Records = append(in.Records, &w.records[k][eff.Side])
		}
	default:
		in.Kind = engine.BatchWritten
		for i := range eff.Writes {
			write := &eff.Writes[i]
			w.records[write.Key][eff.Side].Mark.Groups[0].Seen = write.Source.Mark.Groups[0].Own
			in.Rows = append(in.Rows, engine.RowAnswer{})
		}
	}
	w.step(in)
}

func (w *smoothWorld) step(in *engine.Input) {
	out := w.core.Step(1, in)
	if err := w.store.Save(out.Save); err != nil {
		w.b.Fatal(err)
	}
	for _, eff := range out.Do {
		if eff.Kind != engine.WakeAt {
			w.pending = append(w.pending, eff)
		}
	}
}
