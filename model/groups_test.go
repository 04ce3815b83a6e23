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

// grouped are two maps of many column groups: each field by itself, columns
// that flow one way, lookups that close circles, and codes that are translated.
func grouped(t testing.TB, how engine.Granularity, primary engine.Side) []*engine.TableMap {
	t.Helper()
	codes := &engine.ValueMap{Name: "colours", FallThrough: true}
	for _, c := range [][2]string{{"amber", "1"}, {"blue", "2"}, {"copper", "3"}, {"dun", "4"}} {
		codes.Pairs = append(codes.Pairs, [2]engine.Value{engine.Text(c[0]), engine.Text(c[1])})
	}
	declared := []engine.TableMap{
		{Name: "people", Columns: []engine.Column{
			{Name: "name"},
			{Name: "limit", Flow: engine.ToDataverse},
			{Name: "boss", Lookups: []engine.MapID{0}},
			{Name: "mood", Flow: engine.ToFinOps},
			{Name: "colour", Into: [2]engine.Transform{{Values: codes}, {Values: codes}}},
			{Name: "team", Lookups: []engine.MapID{1}},
		}},
		{Name: "teams", Columns: []engine.Column{
			{Name: "name", Canonical: engine.Form{FoldCase: true, TrimBlanks: true}},
			{Name: "head", Lookups: []engine.MapID{0}},
		}},
	}
	for i := range declared {
		m := &declared[i]
		m.ID, m.Sequence, m.Mode, m.Primary, m.Granularity = engine.MapID(i), i+1, engine.Async, primary, how
	}
	engine.MarkCircular(declared)
	var maps []*engine.TableMap
	for _, m := range declared {
		made, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, made)
	}
	return maps
}

// crowd is half an hour in which people of both sides edit few records with
// many column groups, under faults.
func crowd(t testing.TB, seed uint64) Config {
	t.Helper()
	half := minute(30)
	arrivals := func(name string, rate float64) sim.Arrivals {
		return sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(seed, 0, name), 0)
	}
	person := func(boss bool, column ...int) []users.Column {
		var all []users.Column
		for _, c := range column {
			all = append(all, users.Column{Index: c})
		}
		if boss {
			all = append(all, users.Column{Index: 2, Lookup: true, Map: 0}, users.Column{Index: 5, Lookup: true, Map: 1})
		}
		return all
	}
	concurrent := &users.Concurrent{Probability: 0.5, Gap: sim.Exponential(0.5)}
	c := Config{
		Seed: seed, Order: sim.Permuted, End: minute(100),
		Maps: grouped(t, engine.Granularity(seed%2), engine.Side(seed/2%2)),
		Systems: [2]system.Config{
			{Servers: 4, Commit: sim.Lognormal{P50: 0.08, P99: 0.9}},
			{Servers: 4, NotifyLoss: 0.05, NotifyDuplicate: 0.05},
		},
	}
	c.Driver.Timeout, c.Driver.Engine.WriteLife = 3*time.Second, 10*time.Second
	for side := range c.Driver.Links {
		c.Driver.Links[side] = sim.LinkConfig{Latency: sim.Exponential(0.03), Loss: 0.01}
	}
	for _, side := range engine.Sides {
		name := func(what string) string { return fmt.Sprint(what, " of ", side) }
		source := func(what string, rate float64, steps ...users.Step) {
			c.Users.Sources = append(c.Users.Sources, &users.Generator{
				Name: name(what), Side: side, Until: half, Arrivals: arrivals(name(what), rate), Concurrent: concurrent, Steps: steps,
			})
		}
		source("new", 0.02,
			users.Step{Map: 0, Op: system.Create, Columns: person(false, 0, 1, 3, 4)},
			users.Step{Map: 1, Op: system.Create, Columns: []users.Column{{Index: 0}, {Index: 1, Lookup: true, Map: 0}}},
			users.Step{Map: 0, Op: system.Create, Columns: person(true, 0, 4)},
		)
		source("names", 0.2, users.Step{Map: 0, Op: system.Update, Zipf: 1, Columns: person(false, 0)})
		source("colours", 0.2, users.Step{Map: 0, Op: system.Update, Zipf: 1, Shared: 0.9, Columns: person(false, 4)})
		source("all", 0.1, users.Step{Map: 0, Op: system.Update, Zipf: 1, Columns: person(true, 0, 1, 3)})
		source("limits", 0.1, users.Step{Map: 0, Op: system.Update, Zipf: 1, Columns: person(false, 1, 3)})
		source("teams", 0.05, users.Step{Map: 1, Op: system.Update, Columns: []users.Column{{Index: 1, Lookup: true, Map: 0}}})
	}
	points := driver.CrashPoints()
	c.Faults = []Fault{
		{Kind: Outage, Side: engine.Side(seed % 2), At: minute(10), For: 2 * time.Minute},
		{Kind: SlowSystem, Side: engine.Side(seed / 2 % 2), At: minute(20), For: time.Minute, Factor: 300},
		{Kind: EngineCrash, Point: points[seed%uint64(len(points))], At: minute(5), Restart: 10 * time.Second},
		{Kind: EngineCrash, Point: points[(seed*5+2)%uint64(len(points))], At: minute(15), Restart: 10 * time.Second},
	}
	return c
}

// TestColumnGroups runs worlds whose maps have many column groups: an oracle
// that took all columns of a pair for one would cry.
func TestColumnGroups(t *testing.T) {
	t.Parallel()
	results := make([]Result, 24)
	if testing.Short() {
		results = results[:6]
	}
	t.Run("seed", func(t *testing.T) {
		for seed := range results {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				results[seed] = run(t, crowd(t, uint64(seed)))
				mustHold(t, results[seed])
			})
		}
	})
	reached := map[string]uint64{}
	for _, r := range results {
		for _, why := range []engine.Reason{engine.Written, engine.FoundEqual, engine.Override, engine.Superseded, engine.Overridden, engine.Rejected} {
			reached["outcome "+why.String()] += outcome(r, why)
		}
		reached["crashes"] += r.Engine.Crashes
		reached["retries"] += r.Engine.Retries
		for _, p := range r.Report.Properties {
			if p.ID == "converged" && p.Note != "" {
				reached["noted"]++
			}
		}
		for _, w := range r.Report.Worst {
			sum := time.Duration(0)
			for _, why := range w.Why {
				sum += why.For
				reached["waits: "+why.What]++
			}
			if sum != w.Took {
				t.Errorf("the waits of %s add up to %v, and it took %v: %v", w.Record, sum, w.Took, w.Why)
			}
		}
		for _, m := range r.Report.Maps {
			reached["agreeing pairs"] += m.Converged
		}
	}
	for _, what := range []string{"in the outbox", "in the queue, behind others", "being read and written", "waiting for a record that it looks up", "the engine was down", "finops was down"} {
		reached["waits: "+what] += 0
	}
	for what, n := range reached {
		if n == 0 {
			t.Errorf("no %s in %d worlds", what, len(results))
		}
	}
}

// TestPlantedBugsAreSeenInGroups plants bugs in worlds of many column groups.
func TestPlantedBugsAreSeenInGroups(t *testing.T) {
	t.Parallel()
	for _, plant := range []string{engine.PlantUnconditionalWrite, engine.PlantAckBeforeSave, engine.PlantNoLoopbackControl} {
		t.Run(plant, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(6) {
				c := crowd(t, seed)
				c.Failpoints = always(plant)
				if r := run(t, c); len(r.Report.Failed()) > 0 {
					return
				}
			}
			t.Error("nobody noticed")
		})
	}
}
