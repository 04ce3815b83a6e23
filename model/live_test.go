package model

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// liveHour is a busy hour whose table maps are all live.
func liveHour(t testing.TB, seed uint64) Config {
	t.Helper()
	c := busyHour(t, seed)
	for _, m := range c.Maps {
		m.Mode = engine.Live
	}
	return c
}

// withDeletes adds people who delete customers and invoice lines, on both sides,
// and others who create them anew.
func withDeletes(c Config) Config {
	const keys = 6 // that are created and deleted again and again
	arrivals := func(name string, rate float64) sim.Arrivals {
		return sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(c.Seed, 0, name), 0)
	}
	name := users.Column{Index: 0}
	until := sim.Time(time.Hour)
	for _, side := range engine.Sides {
		c.Users.Sources = append(c.Users.Sources,
			&users.Generator{
				Name: fmt.Sprint("churn ", side), Side: side, Until: until, Arrivals: arrivals(fmt.Sprint("churn", side), 0.1),
				Steps: []users.Step{{Map: customers, Op: system.Upsert, Among: keys, Columns: []users.Column{name}}},
			},
			&users.Generator{
				Name: fmt.Sprint("purge ", side), Side: side, Until: until, Arrivals: arrivals(fmt.Sprint("purge", side), 0.05),
				Steps: []users.Step{{Map: customers, Op: system.Delete, Among: keys}},
			},
			&users.Generator{
				Name: fmt.Sprint("tidy ", side), Side: side, Until: until, Arrivals: arrivals(fmt.Sprint("tidy", side), 0.03),
				Steps: []users.Step{{Map: lines, Op: system.Delete, Count: sim.Fixed(2)}},
			},
		)
	}
	return c
}

// atRest fails the test when something of a live transaction is left.
func atRest(t testing.TB, w *World) {
	t.Helper()
	for _, s := range w.Systems {
		if n := s.HeldCount(); n != 0 {
			t.Errorf("%d transactions are held on %s", n, s.Side())
		}
	}
	if n := len(w.load().Intents); n != 0 {
		t.Errorf("%d intents are open", n)
	}
	if n := w.Users.Active(); n != 0 {
		t.Errorf("%d users are not done", n)
	}
}

func runAtRest(t testing.TB, c Config) Result {
	t.Helper()
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Run()
	mustHold(t, r)
	atRest(t, w)
	return r
}

func TestLiveHour(t *testing.T) {
	t.Parallel()
	c := liveHour(t, 1)
	c.Faults = []Fault{
		{Kind: Outage, Side: engine.Dataverse, At: minute(20), For: 5 * time.Minute},
		{Kind: SlowSystem, Side: engine.FinOps, At: minute(30), For: 5 * time.Minute, Factor: 8},
		{Kind: CutLink, Side: engine.Dataverse, At: minute(40), For: 5 * time.Minute},
		{Kind: EngineCrash, At: minute(50), Restart: 30 * time.Second},
	}
	r := runAtRest(t, c)
	t.Logf("%+v\n%+v\n%+v", r.Users, r.Systems, r.Engine)
	if r.Report.Totals.Captured != 0 {
		t.Errorf("%d references in a world without async maps", r.Report.Totals.Captured)
	}
	for side, s := range r.Systems {
		for what, n := range map[string]uint64{
			"held": s.Held, "not reached": s.Endings[system.OtherFailed],
		} {
			if n == 0 {
				t.Errorf("side %d: no transaction was %s", side, what)
			}
		}
	}
	if r.Systems[0].Endings[system.OtherRefused] == 0 || r.Systems[0].Endings[system.TooSlow]+r.Systems[1].Endings[system.TooSlow] == 0 {
		t.Errorf("endings %v and %v: nobody was refused by the other side, or nobody held too long", r.Systems[0].Endings, r.Systems[1].Endings)
	}
}

// TestLiveWaits compares what users wait for, with nothing in their way: a live
// save takes the engine's reads and writes besides.
func TestLiveWaits(t *testing.T) {
	t.Parallel()
	mean := map[bool]time.Duration{}
	for _, live := range []bool{false, true} {
		c := busyHour(t, 4)
		if live {
			c = liveHour(t, 4)
		}
		r := run(t, c)
		sum, n := time.Duration(0), 0
		for _, w := range r.Waits {
			if w.Live != (live && w.Live) {
				t.Fatalf("an async wait counts as live: %+v", w)
			}
			if w.Ended == system.Committed {
				sum, n = sum+w.Took, n+1
			}
		}
		mean[live] = sum / time.Duration(n)
	}
	if mean[true] < mean[false]+100*time.Millisecond {
		t.Errorf("users wait %v on average, live %v", mean[false], mean[true])
	}
}

// TestModesAreCompared runs one hour in both modes: what people set out to do,
// and when, must be the same, draw for draw.
func TestModesAreCompared(t *testing.T) {
	t.Parallel()
	plans := func(c Config) (list []string) {
		c = withDeletes(c)
		w, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		w.Users.Watch(func(p users.Plan) {
			if !p.Follows {
				list = append(list, fmt.Sprint(p))
			}
		})
		mustHold(t, w.Run())
		return list
	}
	async, live := plans(busyHour(t, 12)), plans(liveHour(t, 12))
	if len(async) < 2000 {
		t.Errorf("%d plans", len(async))
	}
	for i := range min(len(async), len(live)) {
		if async[i] != live[i] {
			t.Fatalf("plan %d differs:\nasync %s\nlive  %s", i, async[i], live[i])
		}
	}
	if len(async) != len(live) {
		t.Errorf("%d plans async, %d live", len(async), len(live))
	}
}

// TestLiveCrashPoints lets the process die at each step of live transactions, in
// a world with deletes, several times.
func TestLiveCrashPoints(t *testing.T) {
	t.Parallel()
	for _, p := range driver.LiveCrashPoints() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			for seed, base := range []Config{liveHour(t, 2), busyHour(t, 3)} {
				c := withDeletes(base)
				n := 0
				for i := range 12 {
					at := minute(5 * i)
					if slices.Contains([]driver.CrashPoint{driver.LiveAsked, driver.LiveUndoSent, driver.LiveUndone}, p) {
						// Only who has to recover, or to undo, passes these.
						first := []driver.CrashPoint{driver.LiveWriteLanded, driver.LiveWriteSent, driver.LiveAnswered}[i%3]
						c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: first, At: at, Restart: 5 * time.Second})
						n++
					}
					c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: p, At: at, Restart: 5 * time.Second})
					n++
				}
				r := runAtRest(t, c)
				if int(r.Engine.Crashes) < n-2 {
					t.Errorf("seed %d: %d crashes, want %d", seed, r.Engine.Crashes, n)
				}
			}
		})
	}
}

// TestDeletesGoLive deletes in a world whose maps are async: nothing comes back.
func TestDeletesGoLive(t *testing.T) {
	t.Parallel()
	for _, wins := range []bool{false, true} {
		c := withDeletes(busyHour(t, 6))
		c.Driver.Engine.DeleteWins = wins
		for side := range c.Driver.Links {
			c.Driver.Links[side].Latency = sim.Exponential(1)
		}
		r := runAtRest(t, c)
		deleted := r.Systems[0].Writes[engine.DeleteWrite] + r.Systems[1].Writes[engine.DeleteWrite]
		t.Logf("%d deleted; %v %v", deleted, r.Systems[0].Endings, r.Systems[1].Endings)
		if deleted < 50 {
			t.Errorf("%d records were deleted on the other side", deleted)
		}
		changed := r.Systems[1].Endings[system.OtherChanged]
		if wins == (changed > 0) {
			t.Errorf("%d deletes of Dataverse were refused for changes of the primary side, with deletes that win: %v", changed, wins)
		}
		for what, n := range map[string]uint64{
			"delete of what is looked up": r.Systems[0].Endings[system.Referenced],
			"change of a deleted record":  outcome(r, engine.GoneFromSource),
		} {
			if n == 0 {
				t.Errorf("no %s", what)
			}
		}
	}
}

// TestDeletePolicy lets a transaction update one record and delete another.
func TestDeletePolicy(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		c := one(t)
		c.Systems[engine.FinOps].DeletesTakeAll = all
		trace := c.Users.Sources[0].(*users.Trace)
		edit := func(op system.Op, id, v string) system.Edit {
			return system.Edit{Map: customers, Op: op, Name: system.Name{ID: id}, Set: []system.Assignment{{Value: engine.Text(v)}}}
		}
		trace.Transactions = []users.Transaction{
			{At: sim.Time(time.Second), Edits: []system.Edit{edit(system.Create, "A", "first"), edit(system.Create, "B", "first")}},
			{At: minute(5), Edits: []system.Edit{edit(system.Update, "A", "second"), edit(system.Delete, "B", "")}},
		}
		r := runAtRest(t, c)
		want := [2]uint64{3, 2}[number(all)]
		if r.Report.Totals.Captured != want || r.Systems[engine.Dataverse].Writes[engine.DeleteWrite] != 1 {
			t.Errorf("the whole transaction goes live: %v: %d references, want %d", all, r.Report.Totals.Captured, want)
		}
		if carried := r.Systems[engine.Dataverse].Writes[engine.CarryWrite]; carried != 3 {
			t.Errorf("%d records were carried, want 3", carried)
		}
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestMixedTransactionsAreRejected has invoices whose headers are live and whose
// lines are not.
func TestMixedTransactionsAreRejected(t *testing.T) {
	t.Parallel()
	c := busyHour(t, 8)
	c.Maps[headers].Mode = engine.Live
	r := runAtRest(t, c)
	if n := r.Systems[0].Endings[system.Mixed]; n < 200 || r.Users.Abandoned[0][system.Mixed] != n || r.Report.Maps[lines].Alive[0] != 0 {
		t.Errorf("%d transactions were mixed, %d given up, %v lines", n, r.Users.Abandoned[0][system.Mixed], r.Report.Maps[lines].Alive)
	}
}

// TestLiveSameSeedSameRun compares two runs of one seed, with deletes and a
// crash.
func TestLiveSameSeedSameRun(t *testing.T) {
	t.Parallel()
	world := func() Result {
		c := withDeletes(liveHour(t, 7))
		c.End = minute(20)
		c.Faults = []Fault{{Kind: EngineCrash, Point: driver.LiveWriteLanded, At: minute(5), Restart: time.Second}}
		return run(t, c)
	}
	one, two := world(), world()
	if diff := cmp.Diff(one.Users, two.Users); diff != "" || one.Digest != two.Digest || one.StateHash != two.StateHash {
		t.Errorf("digests %v and %v, %s", one.Digest, two.Digest, diff)
	}
}
