package model

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// project copies customers from a side every five minutes, from an offset.
func project(from engine.Side, by integrator.Method, offset time.Duration) integrator.Project {
	return integrator.Project{
		Name: "from " + from.String(), From: from, Tasks: []engine.MapID{customers},
		Detect: integrator.Detection{By: by}, Every: 5 * time.Minute, Offset: offset,
	}
}

// copied is a world in which people edit customers for an hour, and the data
// integrator copies them. Each text is written once, so that a reader of the
// tables can tell who wrote what.
func copied(t testing.TB, seed uint64, edits [2]float64, projects ...integrator.Project) Config {
	t.Helper()
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Mode: engine.Async, Columns: []engine.Column{{Name: "name"}}})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Seed: seed, Maps: []*engine.TableMap{m}, End: sim.Time(2 * time.Hour),
		Integrator: &integrator.Config{Projects: projects},
		Systems:    [2]system.Config{{Servers: 32}, {Servers: 32, FoldCase: true}},
	}
	name := []users.Column{{Index: 0}}
	for _, side := range engine.Sides {
		arrivals := func(what string, rate float64) sim.Arrivals {
			return sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(seed, uint64(side), what), 0)
		}
		if edits[side] == 0 {
			continue
		}
		c.Users.Sources = append(
			c.Users.Sources,
			&users.Generator{
				Name: "new in " + side.String(), Side: side, Until: sim.Time(time.Hour), Arrivals: arrivals("new", 0.05),
				Steps: []users.Step{{Map: customers, Op: system.Create, Shared: -1, Columns: name}},
			},
			&users.Generator{
				Name: "edits in " + side.String(), Side: side, Until: sim.Time(time.Hour), Arrivals: arrivals("edit", edits[side]),
				Steps: []users.Step{{Map: customers, Op: system.Update, Shared: -1, Columns: name}},
			},
		)
	}
	return c
}

// bystander learns what happened to users' texts by looking at all tables after
// every event. It shares nothing with the oracle: no traces, no origins.
type bystander struct {
	w        *World
	versions [2]map[engine.Key]engine.Version
	held     [2]map[engine.Key]string
	author   map[string]engine.Side // of a text: where it was seen first
	closed   map[string]bool        // texts that a user has written over
	edits    []string               // users' commits
	copies   int
}

// watch runs a world under the eyes of a bystander.
func watch(t testing.TB, c Config) (Result, *bystander) {
	t.Helper()
	b := &bystander{author: map[string]engine.Side{}, closed: map[string]bool{}}
	for side := range b.held {
		b.versions[side], b.held[side] = map[engine.Key]engine.Version{}, map[engine.Key]string{}
	}
	last, at := "", sim.Time(0)
	c.Observe = func(ev sim.Event) { // before it fires
		if b.w != nil {
			b.after(last, at)
			last, at = b.w.Kernel.Name(ev.Actor), ev.At
		}
	}
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	b.w = w
	r := w.Run()
	b.after("faults", w.Kernel.Now())
	return r, b
}

// after looks at what an event of an actor may have changed: only a system that
// has served something, or was struck by a fault, changes its tables.
func (b *bystander) after(actor string, at sim.Time) {
	for _, side := range engine.Sides {
		if strings.HasPrefix(actor, side.String()) || actor == "faults" {
			b.look(at, side)
		}
	}
}

// look finds what the last event has changed. A text that was never seen before
// is a user's; any other commit is a copy.
func (b *bystander) look(now sim.Time, side engine.Side) {
	b.w.Systems[side].Each(customers, func(r *engine.Record) {
		if b.versions[side][*r.Key] == r.Version {
			return
		}
		b.versions[side][*r.Key] = r.Version
		text := r.Values[0].Text
		if _, seen := b.author[text]; seen {
			b.copies++
		} else {
			b.author[text] = side
			b.closed[b.held[side][*r.Key]] = true
			b.edits = append(b.edits, fmt.Sprintf("%v %s %s %s", now, side, r.Key.ID, text))
		}
		b.held[side][*r.Key] = text
	})
}

// losses counts the texts that nobody has written over and that stand on
// neither side, and those that stand on their author's side alone.
func (b *bystander) losses() (lost, alone [2]uint64) {
	stands := [2]map[string]bool{{}, {}}
	for side := range b.held {
		for _, text := range b.held[side] {
			stands[side][text] = true
		}
	}
	for text, side := range b.author {
		switch here, there := stands[side][text], stands[side.Other()][text]; {
		case b.closed[text]:
		case !here && !there:
			lost[side]++
		case here && !there:
			alone[side]++
		}
	}
	return lost, alone
}

// check compares what the oracle tells with what the bystander saw.
func (b *bystander) check(t *testing.T, told *oracle.Copied) {
	t.Helper()
	lost, alone := b.losses()
	if told.Lost != lost || told.Missed != alone || told.Rows != uint64(b.copies) {
		t.Errorf("lost %v, missed %v, %d rows copied; a bystander saw %v, %v, %d", told.Lost, told.Missed, told.Rows, lost, alone, b.copies)
	}
	if n := lost[0] + lost[1] + alone[0] + alone[1]; told.LossesOf[customers] != n {
		t.Errorf("%d losses of the map; a bystander saw %d", told.LossesOf[customers], n)
	}
}

// TestSkewedClocksMissChanges: the clock of finance & operations is behind the
// integrator's, whose watermark passes over what is committed within that time
// after each run. A token has no clock.
func TestSkewedClocksMissChanges(t *testing.T) {
	t.Parallel()
	const rate = 0.3
	before := uint64(0)
	for _, behind := range []time.Duration{0, 20 * time.Second, time.Minute, 2 * time.Minute} {
		for _, by := range []integrator.Method{integrator.ByModified, integrator.ByToken} {
			// Customers are edited once each on average, so that few changes are
			// taken along by the next one of their record.
			c := copied(t, 3, [2]float64{0.01, 0}, project(engine.FinOps, by, 0))
			c.Systems[engine.FinOps].Clock.Offset = -behind
			c.Users.Sources[0].(*users.Generator).Arrivals = sim.NewPoissonArrivals(sim.Steady(rate), sim.NewStream(3, 0, "new"), 0)
			r, b := watch(t, c)
			told := r.Report.Copied
			b.check(t, told)
			missed := told.Missed[engine.FinOps]
			t.Logf("%v behind, %v: %d missed of %d changes", behind, by, missed, r.Report.Totals.Captured)
			if told.Lost != [2]uint64{} || r.Report.Totals.Captured < 1000 {
				t.Errorf("%v behind, %v: %d changes, and %v lost: nothing is written over anything", behind, by, r.Report.Totals.Captured, told.Lost)
			}
			if by == integrator.ByToken {
				if missed != 0 || r.Report.Maps[0].Divergent != 0 {
					t.Errorf("%v behind, by token: %d missed, %d pairs differ", behind, missed, r.Report.Maps[0].Divergent)
				}
				continue
			}
			// Twelve runs fall into the hour, the first of which copies everything.
			want := 12 * rate * behind.Seconds()
			if float64(missed) < 0.75*want || float64(missed) > 1.15*want || behind > 0 && missed <= before {
				t.Errorf("%v behind: %d missed, expected about %.0f and more than %d", behind, missed, want, before)
			}
			if r.Report.Maps[0].Divergent != missed {
				t.Errorf("%v behind: %d pairs differ, %d changes are missed", behind, r.Report.Maps[0].Divergent, missed)
			}
			before = missed
		}
	}
}

// TestTwoProjectsFeedEachOther: each takes the other's writes for changes, so
// that rows travel for ever, and go over what users have written meanwhile.
func TestTwoProjectsFeedEachOther(t *testing.T) {
	t.Parallel()
	for _, by := range []integrator.Method{integrator.ByModified, integrator.ByToken} {
		c := copied(t, 5, [2]float64{0.5, 0.5}, project(engine.FinOps, by, 0), project(engine.Dataverse, by, 150*time.Second))
		r, b := watch(t, c)
		told := r.Report.Copied
		b.check(t, told)
		t.Logf("%v: %d changes; %+v", by, r.Report.Totals.Captured, *told)
		pairs := r.Report.Totals.Pairs
		// In the second hour nobody works, and each of 24 runs copies every row.
		if told.Echoes < 20*pairs {
			t.Errorf("%v: %d rows for nothing, of %d pairs in 24 quiet runs", by, told.Echoes, pairs)
		}
		if told.Lost[0] == 0 || told.Lost[1] == 0 || told.Overwritten[0] < told.Lost[0] {
			t.Errorf("%v: %+v: edits of both sides must be lost, and all of those were written over", by, *told)
		}
		if r.Report.Maps[0].Divergent != 0 {
			t.Errorf("%v: %d pairs differ at the end of a quiet hour", by, r.Report.Maps[0].Divergent)
		}
		if len(r.Report.Properties) != 0 || len(told.Losses) == 0 {
			t.Errorf("%d contracts are judged, and %d losses are named", len(r.Report.Properties), len(told.Losses))
		}
	}
}

// TestExpiredToken: the integrator is dead for longer than a token lives. It
// then copies everything anew, or refuses to run ever after.
func TestExpiredToken(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, policy := range []integrator.ExpiredPolicy{integrator.CopyAll, integrator.Refuse} {
		p := project(engine.FinOps, integrator.ByToken, 0)
		p.Every, p.Detect.OnExpired = time.Hour, policy
		c := copied(t, 11, [2]float64{0.01, 0}, p)
		c.End = sim.Time(8 * day)
		c.Faults = []Fault{{Kind: EngineCrash, At: sim.Time(90 * time.Minute), Restart: 7*day + time.Hour}}
		r, b := watch(t, c)
		b.check(t, r.Report.Copied)
		t.Logf("%v: %+v; %+v", policy, r.Copier, *r.Report.Copied)
		failed := r.Copier.Runs[integrator.Error]
		if len(r.Strikes) != 1 || r.Copier.Crashes != 1 {
			t.Fatalf("the process died %d times: %+v", r.Copier.Crashes, r.Strikes)
		}
		pairs := r.Report.Totals.Pairs
		switch policy {
		case integrator.CopyAll:
			if failed != 0 || r.Report.Copied.Echoes != pairs || r.Report.Maps[0].Divergent != 0 {
				t.Errorf("%d runs failed, %d rows were copied for nothing, of %d, and %d pairs differ", failed, r.Report.Copied.Echoes, pairs, r.Report.Maps[0].Divergent)
			}
		case integrator.Refuse:
			if failed < 20 || r.Report.Copied.Echoes != 0 {
				t.Errorf("%d runs failed, and %d rows were copied for nothing", failed, r.Report.Copied.Echoes)
			}
		}
	}
}

// TestSameUsersWhoeverCarries: with work on one side only, nothing that is
// copied comes back to those who work, and they do the same to the instant.
func TestSameUsersWhoeverCarries(t *testing.T) {
	t.Parallel()
	world := func(c Config) *bystander {
		c.Faults = []Fault{
			{Kind: Outage, Side: engine.FinOps, At: sim.Time(20 * time.Minute), For: 3 * time.Minute},
			{Kind: EngineCrash, At: sim.Time(30 * time.Minute), Restart: time.Minute},
		}
		c.Systems[engine.FinOps].Commit = sim.Lognormal{P50: 0.08, P99: 0.9}
		c.Systems[engine.FinOps].Validations = []system.Validation{{Name: "name", Map: customers, Refuse: 0.05, Users: true}}
		_, b := watch(t, c)
		return b
	}
	copies := world(copied(t, 13, [2]float64{1, 0}, project(engine.FinOps, integrator.ByModified, 0)))
	c := copied(t, 13, [2]float64{1, 0})
	c.Integrator = nil
	async := world(c)
	if len(async.edits) < 1500 || async.copies == 0 || copies.copies == 0 {
		t.Fatalf("%d edits, %d carried and %d copied", len(async.edits), async.copies, copies.copies)
	}
	if diff := cmp.Diff(async.edits, copies.edits); diff != "" {
		t.Errorf("users' commits (-async +integrator):\n%s", diff)
	}
}

// TestIntegratorInTrouble lets everything go wrong at once. By token and one way,
// nothing is lost or left behind but what a validation refuses.
func TestIntegratorInTrouble(t *testing.T) {
	t.Parallel()
	reached := map[string]uint64{}
	seeds := uint64(12)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		points := []driver.CrashPoint{driver.ItemTaken, driver.AfterRead, driver.WriteSent, driver.WriteLanded, driver.AnswerBeforeSave, driver.AfterSave}
		p := project(engine.FinOps, integrator.ByToken, 0)
		p.Every = time.Minute
		c := copied(t, 20+seed, [2]float64{2, 0}, p)
		c.Order, c.End = sim.Permuted, sim.Time(3*time.Hour)
		c.Integrator.Batch, c.Integrator.Page = 10, 25
		c.Driver.Links = [2]sim.LinkConfig{{Latency: sim.Exponential(0.02), Loss: 0.02}, {Latency: sim.Exponential(0.03), Loss: 0.02}}
		c.Driver.Timeout = 3 * time.Second
		c.Driver.Clock = sim.ClockConfig{Offset: -time.Minute, Granularity: time.Second, Steps: []sim.ClockStep{{At: sim.Time(40 * time.Minute), By: -2 * time.Minute}}}
		c.Systems[engine.Dataverse].Validations = []system.Validation{{Name: "name", Map: customers, Refuse: 0.02, Cause: "name not allowed"}}
		at := func(minute int) sim.Time { return sim.Time(time.Duration(minute) * time.Minute) }
		c.Faults = []Fault{
			{Kind: Outage, Side: engine.Dataverse, At: at(10).Add(900 * time.Millisecond), For: 3 * time.Minute},
			{Kind: SlowSystem, Side: engine.Dataverse, At: at(9), For: 2 * time.Minute, Factor: 20},
			{Kind: SlowLink, Side: engine.Dataverse, At: at(20), For: 5 * time.Minute, Factor: 80},
			{Kind: SlowSystem, Side: engine.Dataverse, At: at(26), For: 5 * time.Minute, Factor: 60},
			{Kind: CutLink, Side: engine.FinOps, At: at(35), For: time.Minute},
			{Kind: Outage, Side: engine.FinOps, At: at(45), For: time.Minute},
		}
		for i, point := range points {
			c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: point, At: at(4 + 8*i), Restart: 20 * time.Second})
		}
		r, b := watch(t, c)
		told := r.Report.Copied
		lost, alone := b.losses()
		if lost != [2]uint64{} || told.Lost != lost || told.Missed != [2]uint64{} {
			t.Errorf("seed %d: lost %v, missed %v; a bystander saw %v", seed, told.Lost, told.Missed, lost)
		}
		if r.Report.Maps[0].Divergent != r.Copier.Waiting || alone[engine.FinOps] != r.Copier.Waiting {
			t.Errorf("seed %d: %d pairs differ, %d changes stand alone, and %d rows are refused", seed, r.Report.Maps[0].Divergent, alone[engine.FinOps], r.Copier.Waiting)
		}
		if r.Copier.Crashes != uint64(len(points)) {
			t.Errorf("seed %d: %d crashes, want %d: %+v", seed, r.Copier.Crashes, len(points), r.Strikes)
		}
		reached["timeouts"] += r.Copier.Timeouts
		reached["refusals"] += r.Copier.Refused
		reached["ignored answers"] += r.Copier.Ignored
		reached["runs with warnings"] += r.Copier.Runs[integrator.Warning]
		reached["broken runs"] += r.Copier.Runs[integrator.Error]
		reached["complete runs"] += r.Copier.Runs[integrator.Completed]
		reached["rows tried again"] += r.Copier.Retried
		reached["rows refused for good"] += r.Copier.Waiting
		reached["late landings"] += r.Systems[engine.Dataverse].LateLandings
		reached["cut requests"] += r.Systems[engine.Dataverse].Cut
		reached["rows for nothing"] += told.Echoes
	}
	for what, n := range reached {
		if n == 0 {
			t.Errorf("no %s in %d worlds", what, seeds)
		}
	}
}
