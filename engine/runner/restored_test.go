package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
)

// command takes an operator's request.
func (w *world) command(k engine.CommandKind) {
	w.Helper()
	if err := w.lastRun.Command(w.Context(), &engine.Command{Kind: k, Job: "all"}); err != nil {
		w.Error(err)
	}
}

// parked returns why each item is on the error desk; all of them must be there.
func (w *world) parked() (whys []engine.Reason) {
	w.Helper()
	items, err := w.lastRun.Items(w.Context())
	if err != nil {
		w.Error(err)
	}
	for _, i := range items {
		if i.State != "parked" {
			w.Errorf("%s %s is %s", i.Side, i.Key.ID, i.State)
		}
		whys = append(whys, i.Parked.Reason)
	}
	return whys
}

// TestRestoredSide brings a side back to where it was before changes that are settled.
// What users of either side do then must not be carried: the pair waits, quarantined,
// for a resync, in which the primary's record wins.
func TestRestoredSide(t *testing.T) {
	t.Parallel()
	for name, restored := range map[string]func(w *world, stop func() error, restore func()) func() error{
		"long after the changes": func(_ *world, stop func() error, restore func()) func() error {
			time.Sleep(time.Hour)
			restore()
			return stop
		},
		"right after the changes": func(_ *world, stop func() error, restore func()) func() error {
			restore()
			return stop
		},
		"while the engine is stopped": func(w *world, stop func() error, restore func()) func() error {
			if err := stop(); err != nil {
				w.Error(err)
			}
			restore()
			return w.start()
		},
	} {
		for _, side := range engine.Sides {
			for _, user := range engine.Sides {
				t.Run(name+", "+side.String()+", edited on "+user.String(), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t)
						stop := w.start()
						w.set(engine.FinOps, "A", "a")
						time.Sleep(time.Second)
						w.set(side, "A", "b")
						time.Sleep(time.Second)
						restore := w.sides[side].Backup()
						for _, name := range []string{"c", "d"} {
							w.set(side, "A", name)
							time.Sleep(time.Second)
						}
						if err := w.settled(); err != nil {
							t.Error(err)
						}
						stop = restored(w, stop, restore)
						w.set(user, "A", "e")
						time.Sleep(time.Hour)
						if whys := w.parked(); len(whys) != 1 || whys[0] != engine.Restored {
							t.Errorf("after a user's edit the error desk holds %v, want one item of a restored side", whys)
						}
						w.set(user.Other(), "A", "f")
						time.Sleep(time.Hour)
						if whys := w.parked(); len(whys) != 2 || whys[0] != engine.Restored || whys[1] != engine.Restored {
							t.Errorf("the error desk holds %v, want the pair quarantined both ways", whys)
						}
						primary := w.nameOf(engine.FinOps, "A")
						w.command(engine.ResyncMaps)
						time.Sleep(time.Minute)
						w.mended(primary)
						w.stops(stop)
					})
				})
			}
		}
	}
}

// TestRestoredSideWithLittleTime gives requests so little time that reading again must
// not use it up.
func TestRestoredSideWithLittleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Timeout = 50 * time.Millisecond
		stop := w.start()
		w.set(engine.FinOps, "A", "a")
		time.Sleep(time.Second)
		restore := w.sides[engine.FinOps].Backup()
		w.set(engine.FinOps, "A", "b")
		synctest.Wait()
		restore()
		w.set(engine.Dataverse, "A", "c")
		time.Sleep(time.Minute)
		if whys := w.parked(); len(whys) != 1 || whys[0] != engine.Restored {
			t.Errorf("the error desk holds %v, want one item of a restored side", whys)
		}
		s := w.lastRun.Stats()
		if side := s.Sides[engine.FinOps]; side.Behind == 0 || side.Timeouts != 0 || s.Engine.Retries != 0 {
			t.Errorf("figures %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestResyncOfARestoredSide asks for a resync before any user has met what was
// forgotten, and before what the runner has heard of it counts no more.
func TestResyncOfARestoredSide(t *testing.T) {
	t.Parallel()
	for _, side := range engine.Sides {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			stop := w.start()
			w.set(side, "A", "a")
			time.Sleep(time.Second)
			restore := w.sides[side].Backup()
			w.set(side, "A", "b")
			time.Sleep(time.Second)
			restore()
			primary := w.nameOf(engine.FinOps, "A")
			w.command(engine.ResyncMaps)
			time.Sleep(time.Minute)
			w.mended(primary)
			w.stops(stop)
		})
	}
}

// mended tells what is wrong with a pair that a resync has brought together, and lets
// users of both sides go on with it.
func (w *world) mended(name string) {
	w.Helper()
	for _, side := range engine.Sides {
		if got := w.nameOf(side, "A"); got != name {
			w.Errorf("after the resync %s holds %q, want the primary's %q", side, got, name)
		}
	}
	if whys := w.parked(); len(whys) != 0 {
		w.Errorf("after the resync the error desk holds %v", whys)
	}
	for _, side := range engine.Sides {
		w.set(side, "A", "by "+side.String())
		time.Sleep(time.Second)
		if got := w.nameOf(side.Other(), "A"); got != "by "+side.String() {
			w.Errorf("an edit on %s is %q on the other side", side, got)
		}
	}
}

// stops ends a run; no resync may be left for the next one.
func (w *world) stops(stop func() error) {
	w.Helper()
	if err := stop(); err != nil {
		w.Error(err)
	}
	state, err := w.store.Load()
	if err != nil {
		w.Fatal(err)
	}
	if len(state.Resyncs) != 0 || len(state.Open) != 0 {
		w.Errorf("the store holds resyncs %v and references %v, want none", state.Resyncs, state.Open)
	}
}

// TestVanishedTarget takes the other side's record away, past everything. The next
// change makes it anew, with the lookup to itself that only a second write can bring.
func TestVanishedTarget(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"long ago": time.Hour, "just now": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, err := engine.NewTableMap(engine.TableMap{
					ID: customers, Name: "people", Mode: engine.Async,
					Columns: []engine.Column{{Name: "name"}, {Name: "boss", Lookups: []engine.MapID{customers}, Circular: true}},
				})
				if err != nil {
					t.Fatal(err)
				}
				w := newWorldOf(t, []*engine.TableMap{m})
				set := func(side engine.Side, name string) {
					boss := customer("P")
					err := w.sides[side].Update(t.Context(), func(tx *memory.Tx) error {
						return tx.Set(customer("P"), engine.Text(name), engine.Lookup(&boss))
					})
					if err != nil {
						t.Error(err)
					}
				}
				stop := w.start()
				set(engine.Dataverse, "a")
				time.Sleep(time.Second)
				if err := w.settled(); err != nil {
					t.Error(err)
				}
				time.Sleep(pause)
				w.sides[engine.Dataverse].Expire(customer("P"))
				set(engine.FinOps, "b")
				time.Sleep(time.Minute)
				if err := w.settled(); err != nil {
					t.Error(err)
				}
				r := w.sides[engine.Dataverse].Record(customer("P"))
				if firstOf(r) != "b" || r.Values[1].Kind != engine.KindLookup {
					t.Errorf("the other side holds %v, want it whole", r)
				}
				set(engine.Dataverse, "c")
				time.Sleep(time.Minute)
				if got := w.nameOf(engine.FinOps, "P"); got != "c" {
					t.Errorf("the next change of the other side is %q here", got)
				}
				if whys := w.parked(); len(whys) != 0 {
					t.Errorf("the error desk holds %v", whys)
				}
				w.stops(stop)
			})
		})
	}
}

// TestLateReferenceAfterItsTombstoneExpired delivers a reference when neither side
// tells any more that its record was deleted. It parks where people see why, until
// they dismiss it.
func TestLateReferenceAfterItsTombstoneExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		w.set(engine.FinOps, "A", "a")
		time.Sleep(time.Second)
		w.clients[engine.FinOps].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
			if k == engine.PullOutbox {
				in.References = nil
			}
			return nil
		})
		w.set(engine.FinOps, "A", "b")
		if err := w.remove(t.Context(), engine.FinOps, "A"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		for _, side := range engine.Sides {
			w.sides[side].Expire(customer("A"))
		}
		w.clients[engine.FinOps].misbehave(nil, nil)
		time.Sleep(2 * time.Minute)
		if whys := w.parked(); len(whys) != 1 || whys[0] != engine.Untraced {
			t.Errorf("the error desk holds %v, want one item without a trace", whys)
		}
		for _, side := range engine.Sides {
			if r := w.sides[side].Record(customer("A")); r != nil {
				t.Errorf("%s holds %v", side, r)
			}
		}
		w.command(engine.DismissParked)
		time.Sleep(time.Minute)
		got := w.store.outcomesOf(change{customer("A"), engine.FinOps, 1, 2})
		if len(got) != 1 || got[0].Class != engine.Dismissed {
			t.Errorf("outcomes %v, want it dismissed", got)
		}
		w.stops(stop)
	})
}

// TestKeyThatBeginsAgain creates a key anew when nothing tells any more of the life
// that it had, in which it had come further. Its new life is what counts from then on,
// also for reads that are behind.
func TestKeyThatBeginsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		for _, name := range []string{"a", "b", "c"} {
			w.set(engine.FinOps, "A", name)
			time.Sleep(time.Second)
		}
		if err := w.remove(t.Context(), engine.FinOps, "A"); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		for _, side := range engine.Sides {
			w.sides[side].Expire(customer("A"))
		}
		w.clients[engine.FinOps].onReads(func(in *engine.Input) { clear(in.Records) })
		w.set(engine.FinOps, "A", "d")
		time.Sleep(5 * time.Second)
		w.clients[engine.FinOps].misbehave(nil, nil)
		time.Sleep(time.Second)
		if got := w.nameOf(engine.Dataverse, "A"); got != "d" {
			t.Errorf("the other side holds %q", got)
		}
		if whys := w.parked(); len(whys) != 0 {
			t.Errorf("the error desk holds %v", whys)
		}
		w.stops(stop)
	})
}
