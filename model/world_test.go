package model

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

const (
	customers engine.MapID = iota
	headers
	lines
)

// tables are customers, who are edited on both sides, and documents of one
// header and some lines.
func tables(t testing.TB) []*engine.TableMap {
	t.Helper()
	var maps []*engine.TableMap
	for i, m := range []engine.TableMap{
		{Name: "customers", Columns: []engine.Column{{Name: "name"}, {Name: "limit"}}},
		{Name: "headers", Columns: []engine.Column{{Name: "customer", Lookups: []engine.MapID{customers}}, {Name: "state"}}},
		{Name: "lines", Columns: []engine.Column{{Name: "header", Lookups: []engine.MapID{headers}}, {Name: "quantity"}}},
	} {
		m.ID, m.Sequence, m.Mode, m.Primary = engine.MapID(i), i+1, engine.Async, engine.FinOps
		made, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, made)
	}
	return maps
}

// busyHour is a world in which people on both sides work for an hour, after
// which there is another to come to rest.
func busyHour(t testing.TB, seed uint64) Config {
	t.Helper()
	arrivals := func(name string, rate float64) sim.Arrivals {
		return sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(seed, 0, name), 0)
	}
	name, limit := users.Column{Index: 0}, users.Column{Index: 1, Number: true}
	hour := sim.Time(time.Hour)
	return Config{
		Seed: seed, Maps: tables(t), End: 2 * hour,
		Systems: [2]system.Config{
			{
				Servers: 4, Commit: sim.Lognormal{P50: 0.08, P99: 0.9},
				Clock: sim.ClockConfig{Offset: -2 * time.Second, DriftPPB: 40_000},
			},
			{
				Servers: 4, FoldCase: true, NotifyLoss: 0.05, NotifyDuplicate: 0.05,
				Validations: []system.Validation{{Name: "unit", Map: lines, Refuse: 0.01, Cause: "unit not allowed"}},
			},
		},
		Driver: driver.Config{
			Links: [2]sim.LinkConfig{
				{Latency: sim.Exponential(0.02), Loss: 0.002},
				{Latency: sim.Exponential(0.03), Loss: 0.002},
			},
		},
		Users: users.Config{Sources: []users.Source{
			&users.Generator{
				Name: "new customers", Side: engine.FinOps, Until: hour, Arrivals: arrivals("a", 0.05),
				Steps: []users.Step{{Map: customers, Op: system.Create, Columns: []users.Column{name, limit}}},
			},
			&users.Generator{
				Name: "prospects", Side: engine.Dataverse, Until: hour, Arrivals: arrivals("b", 0.02),
				Steps: []users.Step{{Map: customers, Op: system.Create, Columns: []users.Column{name, limit}}},
			},
			&users.Generator{
				Name: "edits", Side: engine.Dataverse, Until: hour, Arrivals: arrivals("c", 0.3),
				OpenFor:    sim.Exponential(3),
				Steps:      []users.Step{{Map: customers, Op: system.Update, Zipf: 0.8, Columns: []users.Column{name}}},
				Concurrent: &users.Concurrent{Probability: 0.5, Gap: sim.Exponential(0.5)},
			},
			&users.Generator{
				Name: "invoices", Side: engine.FinOps, Until: hour, Arrivals: arrivals("d", 0.1),
				Steps: []users.Step{
					{Map: headers, Op: system.Create, Columns: []users.Column{{Index: 0, Lookup: true, Map: customers}, {Index: 1}}},
					{Map: lines, Op: system.Create, Count: sim.Geometric(6), Columns: []users.Column{{Index: 0, Lookup: true, Map: headers}, {Index: 1, Number: true}}},
				},
			},
		}},
	}
}

func run(t testing.TB, c Config) Result {
	t.Helper()
	c.Hash = true
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w.Run()
}

// mustHold fails the test with the contract of each property that was broken,
// or that nothing was checked of.
func mustHold(t testing.TB, r Result) {
	t.Helper()
	for _, p := range r.Report.Properties {
		if p.Verdict == oracle.Fail {
			t.Error(p)
		}
	}
}

// count sums the outcomes of a class.
func count(r Result, c engine.Class) (n uint64) {
	for _, o := range r.Report.Outcomes {
		if o.Class == c {
			n += o.Count
		}
	}
	return n
}

func TestBusyHour(t *testing.T) {
	t.Parallel()
	c := busyHour(t, 1)
	c.Faults = []Fault{
		{Kind: Outage, Side: engine.Dataverse, At: sim.Time(20 * time.Minute), For: 5 * time.Minute},
		{Kind: SlowSystem, Side: engine.FinOps, At: sim.Time(30 * time.Minute), For: 5 * time.Minute, Factor: 8},
		{Kind: SlowLink, Side: engine.Dataverse, At: sim.Time(40 * time.Minute), For: 5 * time.Minute, Factor: 20},
		{Kind: EngineCrash, At: sim.Time(50 * time.Minute), Restart: 30 * time.Second},
	}
	r := run(t, c)
	mustHold(t, r)
	for _, p := range r.Report.Properties {
		t.Log(p)
	}
	t.Logf("%+v", r.Report.Totals)
	t.Logf("%+v", r.Report.Maps)
	t.Logf("%+v", r.Engine)
	t.Logf("%+v", r.Systems)
	t.Logf("%+v", r.Users)
	for _, o := range r.Report.Outcomes {
		t.Log(o.Map, o.Side, o.Class, o.Reason, o.Count)
	}
	for what, n := range map[string]uint64{
		"synced": count(r, engine.Synced), "conflicts": count(r, engine.ConflictFailure), "superseded": count(r, engine.ConcurrencyFailure),
		"parked": count(r, engine.ApplicationFailure), "retries": r.Engine.Retries, "timeouts": r.Engine.Timeouts, "refusals": r.Engine.Refused,
		"crashes": r.Engine.Crashes, "turned away": r.Users.TurnedAway, "stale saves": r.Users.Stale, "concurrent edits": r.Users.Concurrent,
		"lost notifications": r.Systems[engine.Dataverse].NotificationsLost,
	} {
		if n == 0 {
			t.Errorf("no %s in this hour: the world is too kind", what)
		}
	}
}

// TestCrashPoints lets the process die at each point in turn, several times.
func TestCrashPoints(t *testing.T) {
	t.Parallel()
	for _, p := range driver.CrashPoints() {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 2)
			for i := range 20 {
				c.Faults = append(c.Faults, Fault{
					Kind: EngineCrash, Point: p, At: sim.Time(time.Duration(3*i) * time.Minute), Restart: 5 * time.Second,
				})
			}
			r := run(t, c)
			mustHold(t, r)
			if r.Engine.Crashes != 20 {
				t.Errorf("%d crashes, want 20", r.Engine.Crashes)
			}
			if r.Report.Totals.Outstanding > count(r, engine.ApplicationFailure)+count(r, engine.Open) {
				t.Errorf("%d outstanding", r.Report.Totals.Outstanding)
			}
		})
	}
}

// TestManySeeds looks for trouble in worlds with everything at once.
func TestManySeeds(t *testing.T) {
	t.Parallel()
	results := make([]Result, 60)
	if testing.Short() {
		results = results[:12]
	}
	t.Run("seed", func(t *testing.T) {
		for seed := range results {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				results[seed] = run(t, trouble(t, uint64(seed)))
				mustHold(t, results[seed])
			})
		}
	})
	// A branch that no seed reaches is not tested.
	reached := map[string]uint64{}
	for _, r := range results {
		for _, s := range r.Systems {
			reached["late landings"] += s.LateLandings
			reached["expired writes"] += s.Expired
			reached["failed conditions"] += s.ConditionFailed
			reached["requests cut by an outage"] += s.Cut
			reached["requests turned away"] += s.TurnedAway
			reached["transactions undone by an outage"] += s.Endings[system.CutOff]
			reached["stale saves that went through"] += s.Overwrote
			reached["refused stale saves"] += s.Endings[system.Stale]
			reached["lost notifications"] += s.NotificationsLost
			reached["doubled notifications"] += s.NotificationsDoubled
		}
		reached["ignored answers"] += r.Engine.Ignored
		reached["timeouts"] += r.Engine.Timeouts
		reached["crashes"] += r.Engine.Crashes
		reached["retries"] += r.Engine.Retries
		for _, why := range []engine.Reason{
			engine.Written, engine.FoundEqual, engine.AlreadyCarried, engine.Override, engine.Superseded, engine.Overridden,
			engine.Rejected, engine.Refused, engine.AmbiguousKey,
		} {
			reached["outcome "+why.String()] += outcome(r, why)
		}
	}
	for what, n := range reached {
		if n == 0 {
			t.Errorf("no %s in %d worlds", what, len(results))
		}
	}
}

// trouble is a busy hour with bad links, impatient requests and faults that
// fall on top of each other.
func trouble(t testing.TB, seed uint64) Config {
	t.Helper()
	c := busyHour(t, 100+seed)
	c.Order = sim.Permuted
	points := driver.CrashPoints()
	c.Driver.Links[seed%2].Loss = 0.05
	c.Driver.Timeout, c.Driver.Engine.WriteLife = 3*time.Second, 10*time.Second
	c.Systems[seed%2].NotifyLoss = 0.5
	c.Systems[seed/2%2].StaleSave = system.OverwriteStale
	c.Users.Sources = append(c.Users.Sources, twins(seed))
	at := func(minute uint64) sim.Time { return sim.Time(time.Duration(minute) * time.Minute) }
	c.Faults = []Fault{
		{Kind: SlowSystem, Side: engine.Side(seed % 2), At: at(9), For: 3 * time.Minute, Factor: 60},
		{Kind: Outage, Side: engine.Side(seed % 2), At: at(10 + seed%7), For: 3 * time.Minute},
		{Kind: Outage, Side: engine.Side(seed / 2 % 2), At: at(12), For: 3 * time.Minute},
		{Kind: SlowLink, Side: engine.Dataverse, At: at(25), For: 5 * time.Minute, Factor: 100},
		{Kind: SlowSystem, Side: engine.Side(seed / 2 % 2), At: at(33), For: time.Minute, Factor: 1000},
		{Kind: CutLink, Side: engine.FinOps, At: at(40), For: time.Minute},
		{Kind: EngineCrash, Point: points[seed%uint64(len(points))], At: at(11), Restart: 10 * time.Second},
		{Kind: EngineCrash, Point: points[(seed*5+2)%uint64(len(points))], At: at(26), Restart: 10 * time.Second},
		{Kind: EngineCrash, At: at(41), Restart: time.Minute},
	}
	return c
}

// twins are customers that people on both sides create under one key at nearly
// the same time, some alike, and some twice on F&O in different spellings.
func twins(seed uint64) *users.Trace {
	t := &users.Trace{Name: "twins"}
	s := sim.NewStream(seed, 0, "twins")
	for i := range uint64(40) {
		for j, side := range []engine.Side{engine.FinOps, engine.Dataverse, engine.FinOps} {
			name := fmt.Sprint("Twin-", i)
			if j == 2 {
				name = fmt.Sprint("TWIN-", i)
				if i%4 != 0 {
					continue
				}
			}
			value := "alike"
			if i%3 > 0 {
				value = fmt.Sprint(side, i)
			}
			t.Transactions = append(t.Transactions, users.Transaction{
				At: sim.Time(sim.Seconds(float64(60*i) + 2*s.U(i, uint64(j)))), Side: side,
				Edits: []system.Edit{{
					Map: customers, Op: system.Upsert, Name: system.Name{ID: name},
					Set: []system.Assignment{{Column: 0, Value: engine.Text(value)}},
				}},
			})
		}
	}
	slices.SortStableFunc(t.Transactions, func(a, b users.Transaction) int { return cmp.Compare(a.At, b.At) })
	return t
}

// TestSameSeedSameRun compares runs of one seed, on one processor and on two,
// and of another seed.
func TestSameSeedSameRun(t *testing.T) {
	world := func(seed uint64) Result {
		c := busyHour(t, seed)
		c.End = sim.Time(20 * time.Minute)
		c.Faults = []Fault{{Kind: EngineCrash, Point: driver.WriteSent, At: sim.Time(5 * time.Minute), Restart: time.Second}}
		return run(t, c)
	}
	before := runtime.GOMAXPROCS(1)
	one := world(7)
	runtime.GOMAXPROCS(2)
	two := world(7)
	runtime.GOMAXPROCS(before)
	if one.StateHash == 0 || one.Digest != two.Digest || one.StateHash != two.StateHash || one.Events != two.Events {
		t.Errorf("digest %v and %v, state %x and %x, events %d and %d", one.Digest, two.Digest, one.StateHash, two.StateHash, one.Events, two.Events)
	}
	if other := world(8); other.Digest == one.Digest || other.StateHash == one.StateHash {
		t.Error("another seed went the same way")
	}
}

// TestSystemClocksDecideNothing shifts both systems' clocks, forwards and back:
// every event, and so every outcome, must be the same.
func TestSystemClocksDecideNothing(t *testing.T) {
	t.Parallel()
	world := func(clocks [2]sim.ClockConfig) Result {
		c := busyHour(t, 9)
		for side := range c.Systems {
			c.Systems[side].Clock = clocks[side]
		}
		return run(t, c)
	}
	exact := world([2]sim.ClockConfig{})
	wild := world([2]sim.ClockConfig{
		{Offset: time.Hour, DriftPPB: 100_000, Steps: []sim.ClockStep{{At: sim.Time(30 * time.Minute), By: -2 * time.Hour}}},
		{Offset: -time.Hour, Granularity: time.Minute},
	})
	if exact.Digest != wild.Digest || exact.StateHash != wild.StateHash {
		t.Error("the systems' clocks changed what happened")
	}
}

// TestEngineClockIsSet sets the clock of the engine's process forwards and
// back. That may cost time, and nothing else.
func TestEngineClockIsSet(t *testing.T) {
	t.Parallel()
	c := busyHour(t, 10)
	c.Driver.Links[1].Loss = 0.05
	c.Driver.Clock = sim.ClockConfig{Offset: -time.Minute, DriftPPB: -1_000_000, Granularity: 10 * time.Millisecond}
	for i := range 10 {
		by := 5 * time.Minute
		if i%2 == 1 {
			by = -by
		}
		c.Driver.Clock.Steps = append(c.Driver.Clock.Steps, sim.ClockStep{At: sim.Time(time.Duration(6*i+1) * time.Minute), By: by})
	}
	r := run(t, c)
	mustHold(t, r)
	parked := count(r, engine.ApplicationFailure) + count(r, engine.SystemFailure)
	if r.Engine.Retries == 0 || r.Report.Totals.Outstanding != parked {
		t.Errorf("%d retries, %d outstanding, %d of them parked", r.Engine.Retries, r.Report.Totals.Outstanding, parked)
	}
}

// TestEngineMovesNoUser runs the same people against an engine with one worker
// and with many: what they set out to do must be the same.
func TestEngineMovesNoUser(t *testing.T) {
	t.Parallel()
	world := func(workers int) Result {
		c := busyHour(t, 11)
		c.Driver.Engine.Workers = workers
		return run(t, c)
	}
	one, many := world(1), world(32)
	if one.Users.Begun != many.Users.Begun || one.Users.Concurrent != many.Users.Concurrent || one.Users.Begun == 0 {
		t.Errorf("one worker: %+v, many: %+v", one.Users, many.Users)
	}
	if one.Digest == many.Digest {
		t.Error("the engine's workers made no difference at all")
	}
}

// TestPlantedBugsAreSeen turns on those planted bugs that every world meets. A
// world that does not notice is no test of the engine.
func TestPlantedBugsAreSeen(t *testing.T) {
	t.Parallel()
	for _, plant := range []string{engine.PlantUnconditionalWrite, engine.PlantAckBeforeSave, engine.PlantNoLoopbackControl} {
		t.Run(plant, func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 3)
			c.Failpoints = always(plant)
			c.Driver.Links[0].Loss, c.Driver.Links[1].Loss = 0.02, 0.02
			for i := range 10 {
				c.Faults = append(c.Faults, Fault{
					Kind: EngineCrash, Point: driver.IntakeBeforeSave, At: sim.Time(time.Duration(5*i) * time.Minute), Restart: time.Second,
				})
			}
			r := run(t, c)
			failed := r.Report.Failed()
			for _, p := range failed {
				t.Log(p.ID, p.Violations)
			}
			if len(failed) == 0 {
				t.Error("nobody noticed")
			}
		})
	}
}

// always is the failpoint that fires at every pass.
type always string

func (a always) Hit(name string) bool { return name == string(a) }

// stream is a world in which records are created without end, by transactions
// of ten, as fast as the systems can take them.
func stream(t testing.TB, records int) Config {
	t.Helper()
	const rate = 2000 // transactions a second
	until := sim.Time(time.Duration(records/10) * time.Second / rate)
	c := Config{
		Seed: 1, Maps: tables(t), End: until + sim.Time(10*time.Minute),
		Users: users.Config{Sources: []users.Source{&users.Generator{
			Name: "stream", Until: until,
			Arrivals: sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(1, 0, "stream"), 0),
			Steps: []users.Step{{
				Map: customers, Op: system.Create, Count: sim.Fixed(10),
				Columns: []users.Column{{Index: 0}, {Index: 1, Number: true}},
			}},
		}}},
	}
	for side := range c.Systems {
		c.Systems[side] = system.Config{Servers: 1000, PerRecord: sim.Constant(0.0001), NotifyDelay: sim.Constant(0.01)}
	}
	c.Driver.Engine.Workers, c.Driver.Engine.Batch = 64, 100
	return c
}
