package model

import (
	"fmt"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// offers is half an hour in which people of both sides move offers into a table map's
// scope and out of it, under faults. What leaves is deleted on the other side. In half
// of the worlds both sides have a filter.
func offers(t testing.TB, seed uint64) Config {
	t.Helper()
	open := engine.Filter{Test: engine.Differs, Column: "state", Value: engine.Text("amber")}
	m := engine.TableMap{
		Name: "offers", Mode: engine.Async, Primary: engine.Side(seed / 2 % 2), OnLeave: engine.LeaveDelete,
		Granularity: engine.Granularity(seed / 4 % 2), Columns: []engine.Column{{Name: "state"}, {Name: "name"}, {Name: "limit", Flow: engine.ToDataverse}},
		Filter: [2]engine.Filter{engine.FinOps: open},
	}
	if seed%2 == 1 {
		m.Filter[engine.Dataverse] = open
	}
	made, err := engine.NewTableMap(m)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Seed: seed, Order: sim.Permuted, End: minute(100), Maps: []*engine.TableMap{made},
		Systems: [2]system.Config{{Servers: 4, Commit: sim.Lognormal{P50: 0.08, P99: 0.9}}, {Servers: 4, NotifyLoss: 0.05}},
	}
	c.Driver.Timeout, c.Driver.Engine.WriteLife = 3*time.Second, 10*time.Second
	c.Driver.Engine.DeleteWins = seed%3 == 0
	c.Driver.Engine.Hides = [2]bool{seed%5 < 2, seed%7 < 3}
	for side := range c.Driver.Links {
		c.Driver.Links[side] = sim.LinkConfig{Latency: sim.Exponential(0.03), Loss: 0.01}
	}
	state, name, limit := users.Column{Index: 0}, users.Column{Index: 1}, users.Column{Index: 2}
	for _, side := range engine.Sides {
		source := func(what string, rate float64, steps ...users.Step) {
			called := fmt.Sprint(what, " of ", side)
			c.Users.Sources = append(c.Users.Sources, &users.Generator{
				Name: called, Side: side, Until: minute(30), Steps: steps,
				Arrivals:   sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(seed, 0, called), 0),
				Concurrent: &users.Concurrent{Probability: 0.3, Gap: sim.Exponential(0.5)},
			})
		}
		source("new", 0.01, users.Step{Map: 0, Op: system.Create, Columns: []users.Column{state, name, limit}})
		source("moves", 0.1, users.Step{Map: 0, Op: system.Update, Zipf: 1, Shared: 0.9, Columns: []users.Column{state}})
		source("names", 0.1, users.Step{Map: 0, Op: system.Update, Zipf: 1, Columns: []users.Column{name, limit}})
		source("gone", 0.003, users.Step{Map: 0, Op: system.Delete})
	}
	points := append(driver.LiveCrashPoints(), driver.CrashPoints()...)
	for i, at := range []int{4, 8, 12, 16, 20, 24} {
		point := points[(seed*7+uint64(i)*5)%uint64(len(points))]
		c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: point, At: minute(at), Restart: 5 * time.Second})
	}
	c.Faults = append(c.Faults, Fault{Kind: Outage, Side: engine.Side(seed % 2), At: minute(10), For: 2 * time.Minute})
	return c
}

// TestLeavingDeletes runs worlds whose records leave their scope and come back: an
// oracle that took that for edits would cry.
func TestLeavingDeletes(t *testing.T) {
	t.Parallel()
	seeds := uint64(24)
	if testing.Short() {
		seeds = 8
	}
	results := make([]Result, seeds)
	t.Run("seed", func(t *testing.T) {
		for seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				results[seed] = runAtRest(t, offers(t, seed))
			})
		}
	})
	reached := map[string]uint64{}
	for _, r := range results {
		live := r.Report.Live
		reached["left"] += live.Committed
		reached["left in vain"] += live.Undone
		reached["in doubt"] += uint64(live.InDoubtMost)
		for _, why := range []engine.Reason{engine.Written, engine.Filtered, engine.GoneFromSource, engine.Overridden} {
			reached["outcome "+why.String()] += outcome(r, why)
		}
		for _, p := range r.Report.Properties {
			if p.ID == "delete-live" || p.ID == "no-resurrection" || p.ID == "live-atomic" {
				reached["judged: "+p.ID] += p.Checked
			}
		}
	}
	for what, n := range reached {
		if n == 0 {
			t.Errorf("none in %d worlds: %s", seeds, what)
		}
	}
	t.Log(reached)
}

// TestLeavingIsJudged plants bugs that such worlds must show.
func TestLeavingIsJudged(t *testing.T) {
	t.Parallel()
	for _, plant := range []string{engine.PlantNotRestored, engine.PlantIntentUnsaved, engine.PlantOneLife} {
		t.Run(plant, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(12) {
				c := offers(t, seed)
				c.Failpoints = always(plant)
				if r := run(t, c); len(r.Report.Failed()) > 0 {
					return
				}
			}
			t.Error("nobody noticed")
		})
	}
}
