package model

import (
	"math"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// lonely is a world in which one F&O user at a time creates a customer, each
// step takes an exact time, and nothing is in anybody's way.
func lonely(t testing.TB, mode engine.Mode) Config {
	c := Config{
		Seed: 1, Maps: tables(t), End: sim.Time(time.Hour),
		Systems: [2]system.Config{
			{
				Commit: sim.Constant(0.101), PerRecord: sim.Constant(0.007), Read: sim.Constant(0.500), Apply: sim.Constant(0.600),
				EndHeld: sim.Constant(0.013),
			},
			{
				Commit: sim.Constant(0.700), PerRecord: sim.Constant(0.011), Read: sim.Constant(0.023), Apply: sim.Constant(0.043),
				EndHeld: sim.Constant(0.800), PlugIns: sim.Constant(0.150),
			},
		},
		Driver: driver.Config{Sync: sim.Constant(0.002), Links: [2]sim.LinkConfig{{Latency: sim.Constant(0.003)}, {Latency: sim.Constant(0.017)}}},
		Users: users.Config{Sources: []users.Source{&users.Generator{
			Name: "clerk", Until: sim.Time(30 * time.Minute), Arrivals: &sim.Periodic{First: sim.Time(time.Minute), Every: time.Minute},
			Steps: []users.Step{{Map: customers, Op: system.Create, Columns: []users.Column{{Index: 0}}}},
		}}},
	}
	for _, m := range c.Maps {
		m.Mode = mode
	}
	return c
}

// The steps of a lonely save, in seconds: F&O's own work; the call to the
// engine, two round trips to Dataverse with their work and the intent saved before
// the second, and the way back with the commit. Between the second of them and the
// commit Dataverse alone has the record.
const (
	lonelyLocal   = 0.101 + 0.007
	lonelyRead    = 0.017 + 0.023 + 0.017
	lonelyWrite   = 0.017 + 0.043 + 0.011 + 0.150 + 0.017
	lonelyInDoubt = 0.017 + 0.003 + 0.013
	lonelyLive    = lonelyLocal + 0.003 + lonelyRead + 0.002 + lonelyWrite + 0.003 + 0.013
)

// TestLonelySaves times what is exactly known: an async save takes its own
// system's work alone; a live one the other system's and the ways there, too.
func TestLonelySaves(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		mode engine.Mode
		want float64
	}{{engine.Async, lonelyLocal}, {engine.Live, lonelyLive}} {
		r := run(t, lonely(t, tc.mode))
		mustHold(t, r)
		if len(r.Waits) != 30 || r.WaitsOf != 1 {
			t.Fatalf("%v: %d waits, one of %d", tc.mode, len(r.Waits), r.WaitsOf)
		}
		for i, w := range r.Waits {
			if w.Took != sim.Seconds(tc.want) || w.Live != (tc.mode == engine.Live) || w.Ended != system.Committed || w.Censored || w.Asked != minute(i+1) {
				t.Fatalf("%v: wait %+v, want %v", tc.mode, w, sim.Seconds(tc.want))
			}
		}
	}
}

// TestFailedSavesAreTimed has Dataverse silent: each live save ends at the
// engine's time-out or at the time limit of live sync, whichever comes first; and
// the save that is under way when the run ends is told as a lower bound.
func TestFailedSavesAreTimed(t *testing.T) {
	t.Parallel()
	const limit = 10 * time.Second
	c := lonely(t, engine.Live)
	c.End = minute(4).Add(time.Second)
	c.Systems[0].Live.TimeLimit, c.Systems[1].Silent = limit, true
	c.Users.Tries = 1
	c.Faults = []Fault{{Kind: Outage, Side: engine.Dataverse, At: minute(1), For: time.Hour}}
	r := run(t, c)
	if len(r.Waits) != 4 {
		t.Fatalf("waits %+v, want 4", r.Waits)
	}
	for i, w := range r.Waits {
		want := users.Wait{Asked: minute(i + 1), Live: true, Ended: system.TooSlow, Took: sim.Seconds(lonelyLocal) + limit}
		if i == 3 {
			want.Ended, want.Took, want.Censored = system.Committed, time.Second, true
		}
		if w.Asked != want.Asked || w.Live != want.Live || w.Ended != want.Ended || w.Took != want.Took || w.Censored != want.Censored {
			t.Errorf("wait %+v, want %+v", w, want)
		}
	}
}

// TestSavesWaitInLine compares the waits of one busy server with M/M/1: users
// wait 1/(μ-λ) on average.
func TestSavesWaitInLine(t *testing.T) {
	t.Parallel()
	const lambda, mu = 4.0, 5.0
	c := lonely(t, engine.Stopped)
	end := sim.Time(30 * time.Hour)
	c.End = end
	c.Systems[0] = system.Config{Servers: 1, Commit: sim.Exponential(1 / mu), PerRecord: sim.Constant(0)}
	g := c.Users.Sources[0].(*users.Generator)
	g.Until, g.Arrivals = end, sim.NewPoissonArrivals(sim.Steady(lambda), sim.NewStream(7, 0, "clerk"), 0)
	r := run(t, c)
	sum := 0.0
	for _, w := range r.Waits {
		sum += w.Took.Seconds()
	}
	mean, want := sum/float64(len(r.Waits)), 1/(mu-lambda)
	t.Logf("%d saves, one of %d: %v s, want %v s", len(r.Waits), r.WaitsOf, mean, want)
	if len(r.Waits) < 50_000 || r.WaitsOf < 4 || math.Abs(mean-want) > 0.05*want {
		t.Errorf("mean wait %v s, want %v s", mean, want)
	}
}

// TestLonelyConvergence is the time for which one side alone has a change: under
// live sync from the write on the other side to the user's own commit.
func TestLonelyConvergence(t *testing.T) {
	t.Parallel()
	r := run(t, lonely(t, engine.Live))
	mustHold(t, r)
	if n := len(r.Report.Samples); n != 30 {
		t.Fatalf("%d samples, want one of each save", n)
	}
	for i, s := range r.Report.Samples {
		if w := r.Waits[i]; s.Took != sim.Seconds(lonelyInDoubt) || s.Born.Add(s.Took) != w.Asked.Add(w.Took) || s.Censored || s.Side != engine.FinOps || s.Map != customers {
			t.Fatalf("sample %+v of wait %+v, want %v", s, w, sim.Seconds(lonelyInDoubt))
		}
	}
	if m := r.Report.Maps[customers]; m.Live != [2]uint64{30, 0} || m.Creates != [2]uint64{30, 0} || m.Captured != [2]uint64{} || r.Report.Totals.Live != 30 {
		t.Errorf("counts %+v, %d live changes", m, r.Report.Totals.Live)
	}
}

// TestUse counts the work of lonely saves: all that they cost either system stands
// in its use, and nothing else.
func TestUse(t *testing.T) {
	t.Parallel()
	c := lonely(t, engine.Live)
	c.End = sim.Time(100 * time.Hour)      // 6,000 minutes, more than are told of
	c.Driver.Engine.Poll = 100 * time.Hour // looks into the outbox at the beginning alone
	r := run(t, c)
	for side, want := range []float64{30 * (lonelyLocal + 0.013), 30 * (0.023 + 0.043 + 0.011 + 0.150)} {
		all, peak := 0.0, 0.0
		for i, u := range r.Use[side] {
			end := c.End
			if i+1 < len(r.Use[side]) {
				end = r.Use[side][i+1].At
			}
			all += u.Share * 8 * end.Sub(u.At).Seconds()
			peak = max(peak, u.Share*8*120)
		}
		all -= float64(r.Systems[side].Pulls) * [2]float64{0.500, 0.023}[side]
		if n := len(r.Use[side]); n != 3000 || math.Abs(all-want) > 1e-6 {
			t.Errorf("side %d: %v s of work in %d stretches, want %v s in 3,000", side, all, n, want)
		}
		if two := want / 15; math.Abs(peak-two) > 0.6 || peak < two {
			t.Errorf("side %d: %v s in the busiest two minutes, want %v s", side, peak, two)
		}
	}
}
