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
	if diff := cmp.Diff(right, wrong); diff != "" {
		t.Errorf("an hour's error on both clocks changed the run (-right +wrong):\n%s", diff)
	}
}

func TestPlantedBugsAreNoticed(t *testing.T) {
	t.Parallel()
	for plant, property := range map[string]string{
		engine.PlantUnconditionalWrite: "no-lost-update",
		engine.PlantAckBeforeSave:      "closed-books",
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
	if last.Incomplete == "" || last.Totals.Captured == 0 {
		t.Errorf("the interrupted run is not marked, or holds nothing: %q, %d changes", last.Incomplete, last.Totals.Captured)
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
	if !strings.Contains(run.Panic, "an event in the past") || !strings.Contains(run.Panic, "after the events") {
		t.Errorf("the run tells %q", run.Panic)
	}
}
