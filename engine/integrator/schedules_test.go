package integrator_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

// Random schedules, judged twice. TestRunsLikeTheModel lets every run happen
// between the users' edits and compares all that can be seen with a model that
// copies row by row. TestWhatIsLost mixes edits, crashes and lost answers into
// the runs and asks what must not be lost, and what may.

// world is two systems and an integrator that a schedule drives.
type world struct {
	t       *testing.T
	cfg     integrator.Config
	sides   [2]*testSystem
	core    *integrator.Core
	state   integrator.State
	now     engine.Time
	clock   testClock
	wakeAt  engine.Time
	pending []integrator.Effect
	unsaved []integrator.Mutation
	prompt  bool // requests of a run that was broken off do not land later
}

func newWorld(t *testing.T, cfg integrator.Config, clocks [3]testClock) *world {
	w := &world{t: t, cfg: cfg, now: engine.Time(time.Hour), clock: clocks[2]}
	for _, s := range engine.Sides {
		w.sides[s] = newTestSystem(s, cfg.Maps)
		w.sides[s].clock = clocks[s]
	}
	w.start()
	return w
}

func (w *world) start() {
	core, err := integrator.NewCore(w.cfg, w.state.Clone())
	if err != nil {
		w.t.Fatal(err)
	}
	w.core, w.pending, w.wakeAt = core, nil, 0
	w.input(&integrator.Input{Kind: integrator.Started})
}

func (w *world) input(in *integrator.Input) {
	w.state.Apply(w.unsaved)
	w.output(w.core.Step(w.clock.local(w.now), in))
}

func (w *world) output(out integrator.Output) {
	w.unsaved = slices.Clone(out.Save)
	for i := range out.Save {
		if m := &out.Save[i]; w.prompt && m.Kind == integrator.RunEnded && m.Execution.State == integrator.Error {
			w.pending = w.pending[:0]
		}
	}
	for _, eff := range out.Do {
		if eff.Kind == integrator.WakeAt {
			w.wakeAt = eff.At
		} else {
			w.pending = append(w.pending, eff)
		}
	}
}

func (w *world) ask(project string, full bool) {
	w.state.Apply(w.unsaved)
	w.unsaved = nil
	out, err := w.core.Ask(w.clock.local(w.now), project, full)
	if err != nil {
		w.t.Fatal(err)
	}
	w.output(out)
}

// crash ends the integrator's life, with or without the last step's saves.
func (w *world) crash(saved bool) {
	if saved {
		w.state.Apply(w.unsaved)
	}
	w.unsaved = nil
	w.start()
}

// carryOut lets the request at a place meet its fate.
func (w *world) carryOut(at int, f fate) {
	eff := w.pending[at]
	w.pending = slices.Delete(w.pending, at, at+1)
	in := &integrator.Input{Kind: integrator.RequestFailed, Request: eff.Request, Failure: engine.Timeout}
	if f != loseRequest {
		if answer := w.sides[eff.Side].serve(w.now, &eff); f == carryOut {
			in = answer
		}
	}
	w.input(in)
}

// pass lets time pass and wakes the integrator when it asked for it.
func (w *world) pass(span time.Duration) {
	w.now = w.now.Add(span)
	if w.wakeAt != 0 && w.wakeAt <= w.clock.local(w.now) {
		w.wakeAt = 0
		w.input(&integrator.Input{Kind: integrator.TimeReached})
	}
}

// finish carries everything out until no run is under way.
func (w *world) finish() {
	for n := 0; w.core.Busy(); n++ {
		if n > 100_000 {
			w.t.Fatal("the integrator does not come to an end")
		}
		if len(w.pending) > 0 {
			w.carryOut(0, carryOut)
		} else {
			w.pass(time.Second)
		}
	}
}

// twoMaps is what the schedules copy: the second map looks up the first.
func twoMaps() []*engine.TableMap {
	return declare(
		engine.TableMap{Name: "customers", Columns: []engine.Column{{Name: "name"}, {Name: "city"}}},
		engine.TableMap{Name: "orders", Columns: []engine.Column{{Name: "note"}, {Name: "customer", Lookups: []engine.MapID{0}}}},
	)
}

// randomEdit is the same edit in all systems given; it tells whether it was a
// delete.
func randomEdit(r *rand.Rand, now engine.Time, keys int, deletes bool, systems ...*testSystem) bool {
	k := engine.Key{Map: engine.MapID(r.IntN(2)), ID: fmt.Sprint(r.IntN(keys))}
	values := map[int]engine.Value{0: engine.Text(fmt.Sprint(r.IntN(1000)))}
	if k.Map == 1 {
		values[1] = engine.Lookup(&engine.Key{ID: fmt.Sprint(r.IntN(keys))})
	}
	remove := deletes && r.IntN(5) == 0 && systems[0].alive(k)
	if remove {
		values = nil
	}
	for _, s := range systems {
		s.edit(now, k, values)
	}
	return remove
}

func randomConfig(r *rand.Rand) integrator.Config {
	tasks := []engine.MapID{0, 1}
	if r.IntN(3) == 0 {
		tasks = []engine.MapID{1, 0}
	}
	cfg := integrator.Config{
		Maps: twoMaps(), RowsMax: 1 + r.IntN(30), Page: 1 + r.IntN(5), Batch: 1 + r.IntN(4), Writers: 1 + r.IntN(3),
		Projects: []integrator.Project{
			{Name: "there", From: engine.FinOps, Tasks: tasks},
			{Name: "back", From: engine.Dataverse, Tasks: tasks},
		},
	}
	for i := range cfg.Projects {
		cfg.Projects[i].Detect.By = integrator.Method(r.IntN(2))
	}
	return cfg
}

func randomClocks(r *rand.Rand) (clocks [3]testClock) {
	for i := range clocks {
		clocks[i] = testClock{offset: time.Duration(r.IntN(7)-3) * time.Second, granularity: 1}
		if r.IntN(2) == 0 {
			clocks[i].granularity = time.Second
		}
	}
	return clocks
}

func TestRunsLikeTheModel(t *testing.T) {
	t.Parallel()
	cases := 3000
	if testing.Short() {
		cases = 300
	}
	endings := map[string]int{}
	for seed := range cases {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		cfg, clocks := randomConfig(r), randomClocks(r)
		w := newWorld(t, cfg, clocks)
		m := &model{cfg: cfg, tasks: map[string]*modelTask{}}
		for _, s := range engine.Sides {
			m.sides[s] = newTestSystem(s, cfg.Maps)
			m.sides[s].clock = clocks[s]
		}
		for range 40 {
			switch r.IntN(8) {
			case 0, 1, 2, 3:
				s := r.IntN(2)
				randomEdit(r, w.now, 6, true, w.sides[s], m.sides[s])
			case 4:
				s, k := r.IntN(2), engine.Key{Map: engine.MapID(r.IntN(2)), ID: fmt.Sprint(r.IntN(6))}
				w.sides[s].refused[k] = !w.sides[s].refused[k]
				m.sides[s].refused[k] = w.sides[s].refused[k]
			case 5:
				w.now = w.now.Add(time.Duration(r.IntN(3000)) * time.Millisecond)
			case 6:
				w.crash(true)
			case 7:
				p := &cfg.Projects[r.IntN(2)]
				now := w.now
				w.ask(p.Name, false)
				for w.core.Busy() { // in order: the versions that the rows get are the model's, too
					w.carryOut(0, carryOut)
				}
				got := ""
				w.core.History(func(x *integrator.Execution) {
					if x.Project == p.Name {
						got = ending(x)
						endings[x.State.String()+" "+x.Cause.String()]++
					}
				})
				if want := m.run(p, now, w.clock.local(now)); got != want {
					t.Fatalf("seed %d: %s ended as %q, and the model as %q", seed, p.Name, got, want)
				}
				compare(t, seed, w, m)
			}
		}
	}
	t.Log(endings)
	for _, want := range []string{"Completed none", "Warning row errors", "Warning row limit"} {
		if endings[want] == 0 {
			t.Errorf("no run ended as %s: the schedules are too tame", want)
		}
	}
}

// compare holds both sides against the model's: values, versions and times,
// and the rows that failed.
func compare(t *testing.T, seed int, w *world, m *model) {
	t.Helper()
	for s := range w.sides {
		for k, row := range w.sides[s].rows {
			other := m.sides[s].rows[k]
			if other == nil || row.Modified != other.Modified || !sameRecord(row.Record, other.Record) {
				t.Fatalf("seed %d: %s holds %v as %+v, and the model as %+v", seed, engine.Side(s), k, row, other)
			}
		}
		if len(w.sides[s].rows) != len(m.sides[s].rows) {
			t.Fatalf("seed %d: %s holds %d rows, and the model %d", seed, engine.Side(s), len(w.sides[s].rows), len(m.sides[s].rows))
		}
	}
	failed := map[string]int{}
	w.core.Failed(func(f *integrator.FailedRow) { failed[fmt.Sprint(f.Project, f.Key)]++ })
	for _, p := range w.cfg.Projects {
		for _, id := range p.Tasks {
			if task := m.tasks[fmt.Sprint(p.Name, id)]; task != nil {
				for _, k := range task.failed {
					failed[fmt.Sprint(p.Name, k)]--
				}
			}
		}
	}
	for name, n := range failed {
		if n != 0 {
			t.Fatalf("seed %d: whether %s failed differs from the model", seed, name)
		}
	}
}

func sameRecord(a, b *engine.Record) bool {
	return a.Alive == b.Alive && slices.EqualFunc(a.Values, b.Values, engine.Value.Equal)
}

// What is told of a loss: the rows of the source that the target does not hold
// in the end, although nobody edited the target and every run got through.
func TestWhatIsLost(t *testing.T) {
	t.Parallel()
	cases := 3000
	if testing.Short() {
		cases = 300
	}
	skewed := integrator.Detection{}
	tests := []struct {
		name    string
		detect  integrator.Detection
		skew    bool // clocks that disagree, and whole seconds
		deletes bool
		full    bool // full copies under way, the first one at least
		loses   bool
	}{
		{name: "by token", detect: integrator.Detection{By: integrator.ByToken}, skew: true, full: true},
		{name: "by token, deletes", detect: integrator.Detection{By: integrator.ByToken}, skew: true, deletes: true},
		{name: "by token, deletes while everything is copied", detect: integrator.Detection{By: integrator.ByToken}, skew: true, deletes: true, full: true, loses: true},
		{name: "own clock, exact clocks", detect: integrator.Detection{Inclusive: true}},
		{name: "newest row, exact clocks", detect: integrator.Detection{Watermark: integrator.NewestRow, Inclusive: true}},
		{name: "newest row, inclusive, skewed clocks", detect: integrator.Detection{Watermark: integrator.NewestRow, Inclusive: true}, skew: true, loses: true},
		{name: "own clock, overlap beyond the skew", detect: integrator.Detection{Inclusive: true, Overlap: 7 * time.Second}, skew: true},
		{name: "own clock, skewed clocks", detect: skewed, skew: true, loses: true},
		{name: "newest row, skewed clocks", detect: integrator.Detection{Watermark: integrator.NewestRow}, skew: true, loses: true},
		{name: "own clock, deletes", detect: integrator.Detection{Inclusive: true}, deletes: true, loses: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lost, interrupted, broken := 0, 0, 0
			for seed := range cases {
				r := rand.New(rand.NewPCG(uint64(seed), 2))
				cfg := randomConfig(r)
				cfg.Projects = cfg.Projects[:1]
				cfg.Projects[0].Detect = test.detect
				cfg.RowsMax += 10
				cfg.Attempts = 2
				clocks := [3]testClock{{granularity: 1}, {granularity: 1}, {granularity: 1}}
				if test.skew {
					clocks = randomClocks(r)
				}
				w := newWorld(t, cfg, clocks)
				w.prompt = true
				if !test.full {
					w.ask("there", false)
					w.finish()
					w.ask("there", false) // what the first run has saved is safe now
				}
				w.disturb(r, test.deletes, test.full)
				for range 12 { // a run may be cut, and a row may wait for the one that it looks up
					w.pass(time.Minute)
					w.ask("there", false)
					w.finish()
				}
				w.core.Failed(func(f *integrator.FailedRow) {
					if f.Reason != engine.LookupNotFound {
						t.Fatalf("seed %d: %v still fails: %v", seed, f.Key, f.Reason)
					}
				})
				w.core.History(func(x *integrator.Execution) {
					switch {
					case x.Cause == integrator.Interrupted:
						interrupted++
					case x.State == integrator.Error:
						broken++
					case x.Rows != x.Upserts+x.Deletes+x.Errors:
						t.Fatalf("seed %d: of %d rows, %d were written, %d deleted and %d failed", seed, x.Rows, x.Upserts, x.Deletes, x.Errors)
					}
				})
				if k, ok := w.differs(); ok {
					lost++
					if !test.loses {
						t.Fatalf("seed %d: no-lost-update: %v is not on the target as it is on the source", seed, k)
					}
				}
			}
			t.Logf("%d of %d schedules lost something; %d runs interrupted, %d broken off", lost, cases, interrupted, broken)
			if test.loses && lost == 0 && !testing.Short() { // some are lost by one schedule in a thousand
				t.Error("nothing was ever lost: the schedules are too tame")
			}
			if interrupted == 0 || broken == 0 {
				t.Error("no run was interrupted, or none broken off: the schedules are too tame")
			}
		})
	}
}

// disturb edits the source while runs are under way, loses requests and
// answers, refuses rows, and crashes.
func (w *world) disturb(r *rand.Rand, deletes, full bool) {
	target := w.sides[engine.Dataverse]
	for range 120 {
		switch pick := r.IntN(40); {
		case pick < 10:
			w.now++ // no ties but those that a coarse clock makes
			randomEdit(r, w.now, 5, deletes, w.sides[engine.FinOps])
		case pick < 12:
			k := engine.Key{Map: engine.MapID(r.IntN(2)), ID: fmt.Sprint(r.IntN(5))}
			target.refused[k] = !target.refused[k]
		case pick < 15:
			w.ask("there", full && r.IntN(10) == 0)
		case pick < 18:
			w.pass(time.Duration(r.IntN(3000)) * time.Millisecond)
		case pick < 19:
			w.crash(r.IntN(2) == 0)
		case len(w.pending) > 0:
			f := carryOut
			if r.IntN(4) == 0 {
				f = []fate{loseRequest, loseAnswer}[r.IntN(2)]
			}
			w.carryOut(r.IntN(len(w.pending)), f)
		}
	}
	clear(target.refused)
	w.finish()
}

// differs returns a key of the source that the target does not hold alike,
// without those that the target cannot hold for want of the looked-up row.
func (w *world) differs() (engine.Key, bool) {
	source, target := w.sides[engine.FinOps], w.sides[engine.Dataverse]
	for _, k := range source.keys {
		r := source.record(k)
		if r.Alive && k.Map == 1 && !source.alive(*r.Values[1].Target) {
			continue
		}
		if target.alive(k) != r.Alive || r.Alive && !sameRecord(r, target.record(k)) {
			return k, true
		}
	}
	return engine.Key{}, false
}
