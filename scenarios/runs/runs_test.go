package runs

import (
	"context"
	"encoding/csv"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// simulate runs a built-in scenario.
func simulate(t *testing.T, name string, o Options, sets ...string) *result.Set {
	t.Helper()
	s, _, err := scenarios.Load(name, sets...)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Simulate(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// dayCount counts the recorded day by the plainest means: no trace reader.
func dayCount(t *testing.T) (customers, items, invoices, lines int, biggest string, biggestLines int) {
	t.Helper()
	f, err := os.Open("../data/retail-2011-10-31.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := [3]map[string]int{{}, {}, {}}
	for _, r := range rows[1:] { // at, invoice, line, item, quantity, unitprice, customer, country
		customer := r[6]
		if customer == "" {
			customer = "walk-in"
		}
		seen[0][r[7]+"/"+customer]++
		seen[1][r[3]]++
		seen[2][r[1]]++
	}
	for id, n := range seen[2] {
		if n > biggestLines {
			biggest, biggestLines = id, n
		}
	}
	return len(seen[0]), len(seen[1]), len(seen[2]), len(rows) - 1, biggest, biggestLines
}

func TestMonthEndCarriesTheRecordedDay(t *testing.T) {
	t.Parallel()
	customers, items, invoices, lines, biggest, biggestLines := dayCount(t)
	run := simulate(t, "month-end", Options{}).Runs[0]

	for _, p := range run.Properties {
		if p.Verdict != result.Pass {
			t.Errorf("%s is %s: %s %v", p.ID, p.Verdict, p.Note, p.Examples)
		}
	}
	folded := countOutcomes(&run, "application", "ambiguous key")
	for i, want := range []int{customers, items, invoices, lines} {
		m := run.Maps[i]
		if int(m.Creates[engine.FinOps]) != want || int(m.Alive[engine.FinOps]) != want {
			t.Errorf("%s: %d created and %d alive in F&O, the recording has %d", m.Map, m.Creates[0], m.Alive[0], want)
		}
		if m.Map == "items" {
			want -= int(folded)
		}
		if int(m.Alive[engine.Dataverse]) != want {
			t.Errorf("%s: %d alive in Dataverse, expected %d", m.Map, m.Alive[1], want)
		}
	}
	if folded != 19 {
		t.Errorf("%d items failed with an ambiguous key, the recording has 19 codes that differ only in case", folded)
	}
	story := run.Story[0]
	if !strings.Contains(story.Title, biggest) || story.Records != biggestLines+1 || story.Synced != story.Records {
		t.Errorf("the biggest invoice is %s with %d lines and a header; the story tells %+v", biggest, biggestLines, story)
	}
	if countOutcomes(&run, "conflict", "") == 0 || run.Totals.Retries == 0 || run.Totals.Crashes != 1 {
		t.Errorf("a day without its events: %d conflicts, %d retries, %d crashes", countOutcomes(&run, "conflict", ""), run.Totals.Retries, run.Totals.Crashes)
	}
}

// countOutcomes sums the outcomes of a class, and of a reason unless empty.
func countOutcomes(r *result.Run, class, reason string) uint64 {
	var n uint64
	for _, o := range r.Outcomes {
		if o.Class == class && (reason == "" || o.Reason == reason) {
			n += o.Count
		}
	}
	return n
}

func TestResultsDoNotDependOnHowManyRunAtOnce(t *testing.T) {
	t.Parallel()
	one := simulate(t, "month-end", Options{Jobs: 1}, "runs.count=4")
	three := simulate(t, "month-end", Options{Jobs: 3}, "runs.count=4")
	if diff := cmp.Diff(one, three); diff != "" {
		t.Errorf("one at a time and three at a time differ (-one +three):\n%s", diff)
	}
	digests := map[string]bool{}
	for _, r := range one.Runs {
		digests[r.Digest] = true
	}
	if len(digests) != 4 {
		t.Errorf("four runs have %d digests", len(digests))
	}
}

// TestClocksMoveNoOutcome shifts and steps the systems' clocks: decisions use
// marks, so that everything but the stamps stays as it was.
func TestClocksMoveNoOutcome(t *testing.T) {
	t.Parallel()
	right := simulate(t, "month-end", Options{}).Runs[0]
	wrong := simulate(t, "month-end", Options{},
		"systems.finops.clock.offset=1h", "systems.dataverse.clock.offset=-1h", "systems.dataverse.clock.drift=400ppm").Runs[0]
	for i := range wrong.Windows {
		clock, usual := &wrong.Windows[i].Clock, &right.Windows[i].Clock
		if (clock[0]-time.Hour).Abs() > time.Minute || (clock[1]+time.Hour).Abs() > time.Minute || max(usual[0].Abs(), usual[1].Abs()) > time.Minute {
			t.Errorf("the clocks are ahead by %v, and without the error by %v", *clock, *usual)
		}
		*clock, *usual = [2]time.Duration{}, [2]time.Duration{}
	}
	if diff := cmp.Diff(right, wrong); diff != "" {
		t.Errorf("an hour's error on both clocks changed the run (-right +wrong):\n%s", diff)
	}
}

func TestPlantedBugsAreNoticed(t *testing.T) {
	t.Parallel()
	for plant, property := range map[string]string{
		engine.PlantUnconditionalWrite: "no-lost-update",
		engine.PlantAckBeforeSave:      "no-skip",
		engine.PlantNoLoopbackControl:  "no-echo",
	} {
		t.Run(strings.TrimPrefix(plant, "engine/"), func(t *testing.T) {
			t.Parallel()
			run := simulate(t, "month-end", Options{Failpoints: []fault.Point{{Name: plant, Terms: fault.Always}}}).Runs[0]
			for _, p := range run.Properties {
				if p.ID == property {
					if p.Verdict != result.Fail || p.Violations == 0 || len(p.Examples) == 0 {
						t.Errorf("%s is %s with %d violations", p.ID, p.Verdict, p.Violations)
					}
					return
				}
			}
			t.Errorf("the run did not check %s", property)
		})
	}
}

// TestFaultsAreTold: the plan's crash is due at 13:48, and strikes when its point
// is passed; one that waits for a point that never comes is in the plan only.
func TestFaultsAreTold(t *testing.T) {
	t.Parallel()
	set := simulate(t, "month-end", Options{},
		"faults=[{name: crash, kind: engine-crash, at: 13:48, point: intake-before-save, restart: 30s}, {name: down, kind: outage, at: 14:35, for: 10m, side: dataverse}, "+
			"{name: late, kind: engine-crash, at: 19:29, point: user-committed, restart: 30s}, {name: slow, kind: slow, side: finops, at: 9:00, for: 1h, factor: 2.5}]")
	planned, struck := set.Scenario.Faults, set.Runs[0].Faults
	if len(planned) != 4 || len(struck) != 3 {
		t.Fatalf("planned %+v\nstruck %+v", planned, struck)
	}
	slow, crash, outage := struck[0], struck[1], struck[2]
	if slow != (result.Period{Kind: "slow", Target: "finops", From: time.Hour, To: 2 * time.Hour, Note: "2.5 times as slow"}) {
		t.Errorf("slow: %+v", slow)
	}
	due := 5*time.Hour + 48*time.Minute
	if crash.Kind != "engine-crash" || crash.From <= due || crash.From > due+time.Minute || crash.To-crash.From != 30*time.Second ||
		crash.Note != "while it takes references in" {
		t.Errorf("crash: %+v", crash)
	}
	if outage != (result.Period{Kind: "outage", Target: "dataverse", From: 6*time.Hour + 35*time.Minute, To: 6*time.Hour + 45*time.Minute}) {
		t.Errorf("outage: %+v", outage)
	}
	if planned[1].From != due || planned[3].From != 11*time.Hour+29*time.Minute {
		t.Errorf("planned: %+v", planned)
	}
	for _, s := range set.Runs[0].Series {
		if s.Name == "backlog" {
			before := 0.0
			for _, p := range s.Points {
				if p.At > crash.From && p.At <= crash.To+time.Second && p.Value < before-10 {
					t.Errorf("%s falls from %v to %v at %v, while the engine starts", s.Name, before, p.Value, p.At)
				}
				before = p.Value
			}
		}
	}
}

func TestUsersAreCounted(t *testing.T) {
	t.Parallel()
	totals := simulate(t, "month-end", Options{}).Runs[0].Totals
	if totals.Overwrote[engine.FinOps] != 0 || totals.Overwrote[engine.Dataverse] == 0 || totals.StaleRefused[engine.Dataverse] != 0 || totals.StaleRefused[engine.FinOps] == 0 {
		t.Errorf("F&O refuses stale saves, Dataverse overwrites: %+v", totals)
	}
	if totals.TurnedAway[engine.FinOps] != 0 || totals.TurnedAway[engine.Dataverse] == 0 || totals.OutageWaitMost < time.Minute {
		t.Errorf("Dataverse is down for ten minutes: %+v", totals)
	}
}

func TestFailpointsAreTold(t *testing.T) {
	t.Parallel()
	plain := simulate(t, "month-end", Options{})
	if plain.Scenario.Failpoints != nil || plain.Runs[0].Fired != nil {
		t.Errorf("nothing was planted, and told are %v and %v", plain.Scenario.Failpoints, plain.Runs[0].Fired)
	}
	set := simulate(t, "month-end", Options{Failpoints: []fault.Point{
		{Name: engine.PlantUnconditionalWrite, Terms: "1*return(true)->1*off->2*return(true)"}, {Name: engine.PlantAckBeforeSave, Terms: "off"},
	}})
	if diff := cmp.Diff([]string{engine.PlantUnconditionalWrite + "=1*return(true)->1*off->2*return(true)", engine.PlantAckBeforeSave + "=off"}, set.Scenario.Failpoints); diff != "" {
		t.Errorf("failpoints (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{engine.PlantUnconditionalWrite + " x3"}, set.Runs[0].Fired); diff != "" {
		t.Errorf("fired (-want +got):\n%s", diff)
	}
}

func TestInterruptedRunsAreKept(t *testing.T) {
	t.Parallel()
	s, _, err := scenarios.Load("month-end", "runs.count=50")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var calls atomic.Int64
	set, err := Simulate(ctx, s, Options{Jobs: 2, Progress: func(p Progress) {
		if p.Done > 6*time.Hour && calls.Add(1) == 3 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}
	if len(set.Runs) == 0 || len(set.Runs) > 10 {
		t.Fatalf("%d runs are kept", len(set.Runs))
	}
	last := set.Runs[len(set.Runs)-1]
	if !strings.Contains(last.Incomplete, "it was interrupted, at ") || !strings.HasSuffix(last.Incomplete, " of 11h30m0s") || last.Totals.Captured == 0 {
		t.Errorf("the interrupted run is not marked, or holds nothing: %q, %d changes", last.Incomplete, last.Totals.Captured)
	}
	complete := 0
	for _, r := range set.Runs {
		if r.Incomplete == "" {
			complete++
			if r.End != 11*time.Hour+30*time.Minute {
				t.Errorf("run %d is complete and ended at %v", r.Index, r.End)
			}
		} else if r.End <= time.Minute {
			t.Errorf("run %d began after the interruption and ended at %v", r.Index, r.End)
		}
	}
	if set.Complete() != complete || complete == len(set.Runs) {
		t.Errorf("%d of %d runs are complete, %d by count", set.Complete(), len(set.Runs), complete)
	}
	for _, p := range last.Properties {
		if p.Verdict == result.Fail {
			t.Errorf("an interrupted run is no proof of a broken %s: %v", p.ID, p.Examples)
		}
	}
}

func TestBrokenRuleIsRecovered(t *testing.T) {
	t.Parallel()
	s, _, err := scenarios.Load("month-end")
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPlan(s)
	if err != nil {
		t.Fatal(err)
	}
	first := true
	run := p.run(context.Background(), 0, Options{Progress: func(Progress) {
		if !first {
			panic("an event in the past")
		}
		first = false
	}})
	if (&result.Set{Runs: []result.Run{*run}}).Complete() != 0 || run.Incomplete != "a rule of the simulation was broken, at 2m0s of 11h30m0s" {
		t.Errorf("the run is told to be %q", run.Incomplete)
	}
	if strings.Contains(run.Panic, "0x0000") || strings.Contains(run.Panic, "/scenarios/") || !strings.Contains(run.Panic, "model.(*World).Run (run.go:") {
		t.Errorf("where the program was: %q", run.Panic)
	}
	if !strings.Contains(run.Panic, "an event in the past") || !strings.Contains(run.Panic, "after the events") {
		t.Errorf("the run tells %q", run.Panic)
	}
}
