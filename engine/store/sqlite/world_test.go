package sqlite

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// world is two small systems around the real engine, which saves into a memory
// store and into a file. Whatever goes wrong in the world, both must hold the
// same.
type world struct {
	t      *testing.T
	r      *rand.Rand
	path   string
	maps   []*engine.TableMap
	sides  [2]*system
	memory *store.Memory
	file   *Store

	core    *engine.Core
	now     engine.Time
	wakeAt  engine.Time
	unsaved []engine.Mutation // of several steps: one Save
	undone  []engine.Effect   // theirs, which wait for that Save
	pending []engine.Effect
	late    []engine.Effect // answered long ago, executed some time
	calm    bool            // every request is carried out and answered
	met     map[string]int  // classes and reasons; what else must be met
	loads   int
	tx      engine.TxID
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	names := []string{"customers", "orders", "payments"}
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 7)), path: filepath.Join(t.TempDir(), "store.db"),
		memory: store.NewMemory(), now: 1, met: map[string]int{},
	}
	for i := range names {
		m := engine.TableMap{
			ID: engine.MapID(i), Name: names[i], Mode: engine.Async, Sequence: i, Primary: engine.Side(w.r.IntN(2)),
			Keys:    engine.KeyForm{Refused: [2]string{engine.Dataverse: engine.DataverseRefuses}},
			Columns: []engine.Column{{Name: "name"}, {Name: "credit"}, {Name: "customer", Lookups: []engine.MapID{0}}, {Name: "status"}},
		}
		codes := &engine.ValueMap{Name: "status", Pairs: [][2]engine.Value{{status(0), status(0)}, {status(1), status(1)}}}
		m.Columns[3].Into = [2]engine.Transform{{Values: codes}, {Values: codes}}
		m.Filter[engine.Dataverse] = engine.Filter{Test: engine.Differs, Column: "name", Value: name(0)}
		if names[i] == "payments" {
			m.Mode = engine.Live
		}
		tm, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		w.maps = append(w.maps, tm)
	}
	for _, side := range engine.Sides {
		w.sides[side] = &system{
			w: w, side: side, capture: engine.NewCapture(side, w.maps, nil),
			records: map[engine.Key]*engine.Record{}, refuses: map[engine.Key]engine.RowAnswer{},
			held: map[engine.TxID]engine.LiveRow{}, ended: map[engine.TxID]bool{},
		}
	}
	w.start()
	return w
}

// start opens the file, compares it with the memory store, and starts an
// engine from it.
func (w *world) start() {
	w.t.Helper()
	w.file = mustOpen(w.t, w.path, Options{Maps: []string{"customers", "orders", "payments"}, Pairs: 2})
	state, err := w.file.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	want, err := w.memory.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	if d := cmp.Diff(want, state, cmpopts.EquateEmpty()); d != "" {
		w.t.Fatalf("the stores differ (-memory +file):\n%s", d)
	}
	w.loads++
	w.met["intent found at a start"] += len(state.Intents)
	cfg := engine.Config{Maps: w.maps, Workers: 2, Batch: 3, PullMax: 5, Attempts: 3, AnswersMax: 1}
	if w.core, err = engine.NewCore(cfg, state); err != nil {
		w.t.Fatal(err)
	}
	w.unsaved, w.undone, w.pending, w.wakeAt = nil, nil, nil, 0
	w.step(&engine.Input{Kind: engine.Started})
}

// crash ends the engine and what it had not saved.
func (w *world) crash() {
	w.t.Helper()
	if err := w.file.Close(); err != nil {
		w.t.Fatal(err)
	}
	for _, s := range w.sides { // their calls to the engine break
		clear(s.held)
	}
	w.start()
}

// step gives the engine one input.
func (w *world) step(in *engine.Input) { w.take(w.core.Step(w.now, in)) }

// command gives the engine an operator's request, which it may refuse.
func (w *world) command(c engine.Command) {
	c.Job = "all"
	if out, err := w.core.Command(w.now, &c); err == nil {
		w.take(out)
	}
}

// take keeps what a step wants saved until there is more.
func (w *world) take(out engine.Output) {
	w.unsaved = append(w.unsaved, out.Save...)
	for _, e := range out.Do {
		if e.Kind == engine.WakeAt {
			w.wakeAt = e.At
		} else {
			w.undone = append(w.undone, e)
		}
	}
}

// save saves the steps since the last time, and then does what they asked for.
func (w *world) save() {
	w.t.Helper()
	if err := errors.Join(w.memory.Save(w.unsaved), w.file.Save(w.unsaved)); err != nil {
		w.t.Fatal(err)
	}
	for i := range w.unsaved {
		outcomes := []engine.Outcome{w.unsaved[i].Outcome}
		if l := w.unsaved[i].Lane; l != nil {
			outcomes = append(outcomes, l.Parked)
		}
		for _, o := range outcomes {
			if o.Class != engine.Open {
				w.met[o.Class.String()]++
				w.met[o.Reason.String()]++
			}
		}
	}
	w.pending = append(w.pending, w.undone...)
	w.unsaved, w.undone = w.unsaved[:0], w.undone[:0]
}

// answer lets the next request meet its fate.
func (w *world) answer() {
	if len(w.pending) == 0 {
		return
	}
	e := w.pending[0]
	w.pending = w.pending[1:]
	s := w.sides[e.Side]
	if e.Tx != 0 {
		w.answerTx(s, &e)
		return
	}
	in := &engine.Input{Kind: engine.BatchFailed, Failure: engine.Timeout}
	switch fate := w.r.IntN(20); {
	case w.calm:
		in = s.serve(&e)
	case s.down:
		in.Failure = engine.Down
	case fate == 0: // the request is lost
	case fate == 1: // the answer is lost
		s.serve(&e)
	case fate == 2: // the request is on its way for long
		w.late = append(w.late, e)
	case fate == 3:
		in.Failure, in.RetryAfter = engine.Throttled, time.Second
	default:
		in = s.serve(&e)
	}
	in.Side, in.Batch = e.Side, e.Batch
	w.step(in)
}

// answerTx lets a request about a transaction meet its fate. One that is held
// ends with it, whatever the answer.
func (w *world) answerTx(s *system, e *engine.Effect) {
	row, held := s.held[e.Tx]
	delete(s.held, e.Tx)
	if held && e.Kind == engine.CommitTx && w.r.IntN(8) > 0 {
		s.ended[e.Tx] = true
		s.publish(row.After)
	}
	switch {
	case e.Kind == engine.AbortTx:
		w.met["live: "+e.Why.Reason.String()]++
	case w.r.IntN(8) == 0:
		w.step(&engine.Input{Kind: engine.BatchFailed, Side: e.Side, Tx: e.Tx, Failure: engine.Timeout})
	default:
		w.step(&engine.Input{Kind: engine.TxEnded, Side: e.Side, Tx: e.Tx, Committed: s.ended[e.Tx]})
	}
}
