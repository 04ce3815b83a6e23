package engine_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/sqlite"
)

// bench is two systems that cost next to nothing, so that what is measured is
// the engine and its store: every record has two contents, by turns, with marks
// that are moved in place. The engine keeps no record across its batches.
type bench struct {
	b       *testing.B
	core    *engine.Core
	store   store.Store
	group   bool // one Save for many steps, as the production driver does; else one for each, as the simulator
	now     engine.Time
	records [2][]*engine.Record // by the number at the end of their keys
	content [2][]engine.Value
	prints  [2]uint64 // the contents' fingerprints
	outbox  []engine.Reference
	place   uint64

	save    []engine.Mutation
	do      []engine.Effect // what the steps since the last save ask for
	sent    []engine.Effect // and what those before it did
	read    []*engine.Record
	rows    []engine.RowAnswer
	written uint64 // references that ended as written
}

// benchPairs is how many changes one pull takes: one of each pair.
const benchPairs = 1000

func newBench(b *testing.B, group bool, open func(names []string) store.Store) *bench {
	b.Helper()
	m := benchMaps(b)["plain"]
	w := &bench{b: b, group: group, now: 1, store: open([]string{m.Name}), rows: make([]engine.RowAnswer, 1000)}
	for turn, text := range []string{"one", "two"} {
		w.content[turn] = benchRecord(text)
		x, _ := benchCommit(b, m, nil, w.content[turn])
		w.prints[turn] = x.Mark.Groups[0].Fingerprint
	}
	for i := range benchPairs {
		k := engine.Key{Company: "USMF", ID: fmt.Sprintf("CUSTOMER-%03d", i)}
		for side := range w.records { // both hold the first content, and each has seen the other's
			w.records[side] = append(w.records[side], &engine.Record{
				Key: &k, Version: 1, Alive: true, Values: w.content[0],
				Mark: engine.Mark{Incarnation: 1, MapVersion: m.Version, Groups: []engine.GroupMark{{Fingerprint: w.prints[0]}}},
			})
		}
		w.outbox = append(w.outbox, engine.Reference{Key: k, Incarnation: 1, Groups: 1, Op: engine.Update})
	}
	var err error
	if w.core, err = engine.NewCore(engine.Config{Maps: []*engine.TableMap{m}}, nil); err != nil {
		b.Fatal(err)
	}
	w.step(&engine.Input{Kind: engine.Started})
	return w
}

// step gives the engine one input.
func (w *bench) step(in *engine.Input) {
	w.now += 1000
	out := w.core.Step(w.now, in)
	w.do = append(w.do, out.Do...)
	if w.group {
		w.save = append(w.save, out.Save...)
	} else {
		w.keep(out.Save)
	}
}

// keep saves mutations and counts what they end.
func (w *bench) keep(mutations []engine.Mutation) {
	if len(mutations) == 0 {
		return
	}
	if err := w.store.Save(mutations); err != nil {
		w.b.Fatal(err)
	}
	for i := range mutations {
		if m := &mutations[i]; m.Kind == engine.ReferenceSettled && m.Outcome.Reason == engine.Written {
			w.written++
		}
	}
}

// round lets each record change once, and carries the changes.
func (w *bench) round(turn int) {
	for i := range w.outbox {
		r := &w.outbox[i]
		r.Number++
		w.place++
		r.Position, r.Tx = w.place, engine.TxID(w.place)
		x := w.records[engine.FinOps][i]
		x.Version++
		x.Values, x.Mark.Number = w.content[turn], r.Number
		x.Mark.Groups[0].Own, x.Mark.Groups[0].Fingerprint = r.Number, w.prints[turn]
	}
	delivered := false
	w.step(&engine.Input{Kind: engine.Notified})
	for len(w.do) > 0 {
		w.keep(w.save)
		w.sent, w.do, w.save = w.do, w.sent[:0], w.save[:0]
		for i := range w.sent {
			w.serve(&w.sent[i], turn, &delivered)
		}
	}
}

// serve answers a request.
func (w *bench) serve(e *engine.Effect, turn int, delivered *bool) {
	in := engine.Input{Side: e.Side, Batch: e.Batch}
	switch e.Kind {
	case engine.PullOutbox:
		in.Kind = engine.OutboxPulled
		if e.Side == engine.FinOps && !*delivered {
			in.References, *delivered = w.outbox, true
		}
	case engine.ReadBatch:
		in.Kind = engine.BatchRead
		w.read = w.read[:0]
		for i := range e.Keys {
			w.read = append(w.read, w.records[e.Side][numberOf(&e.Keys[i])])
		}
		in.Records = w.read
	case engine.WriteBatch:
		in.Kind = engine.BatchWritten
		for i := range e.Writes {
			x, y := e.Writes[i].Source, e.Writes[i].Target
			y.Version++
			y.Values = w.content[turn]
			y.Mark.Groups[0].Seen, y.Mark.Groups[0].Fingerprint = x.Mark.Groups[0].Own, w.prints[turn]
		}
		in.Rows = w.rows[:len(e.Writes)]
	default:
		return
	}
	w.step(&in)
}

// numberOf returns the one at the end of a key, which spares the two systems a search that is
// no part of what is measured.
func numberOf(k *engine.Key) int {
	d := k.ID[len(k.ID)-3:]
	return int(d[0]-'0')*100 + int(d[1]-'0')*10 + int(d[2]-'0')
}

// BenchmarkSettled carries changes of known pairs: pulled, read on both sides,
// decided, written and settled, in batches of ten as configured. What it reports
// is one reference's part, of the engine and its store together.
func BenchmarkSettled(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		newBench(b, false, func([]string) store.Store { return store.NewMemory() }).run()
	})
	b.Run("sqlite", func(b *testing.B) {
		w := newBench(b, true, func(names []string) store.Store {
			s, err := sqlite.Open(filepath.Join(b.TempDir(), "engine.db"), sqlite.Options{Maps: names})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := s.Close(); err != nil {
					b.Error(err)
				}
			})
			return s
		})
		w.run()
	})
}

func (w *bench) run() {
	b, turn := w.b, 1
	w.round(turn) // meet every pair once
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := w.written
	for b.Loop() {
		turn = 1 - turn
		w.round(turn)
	}
	runtime.ReadMemStats(&after)
	settled := float64(w.written - begun)
	if settled != float64(b.N)*benchPairs {
		b.Fatalf("%v references were written, of %d", settled, b.N*benchPairs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/settled, "ns/reference")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/settled, "allocs/reference")
	b.ReportMetric(settled/b.Elapsed().Seconds(), "references/s")
}
