package summary_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

func writeJSON(t *testing.T, set *result.Set) string {
	t.Helper()
	var b bytes.Buffer
	if err := summary.Of(set).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]*result.Set{
		"none": fixture.None(), "one": fixture.One(), "day": fixture.Day(), "censored": fixture.Censored(.03),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := writeJSON(t, set)
			if !json.Valid([]byte(got)) {
				t.Error("not valid JSON")
			}
			golden.Check(t, name+".json", got)
		})
	}
}

// TestRunByRun: a summary that is written run by run, each on a line, says the same
// as one that is written at once, but for the contracts in each run.
func TestRunByRun(t *testing.T) {
	t.Parallel()
	for n, set := range []*result.Set{fixture.None(), fixture.One(), fixture.Runs(3)} {
		var once bytes.Buffer
		if err := summary.Encode(&once, "summary", summary.Of(set)); err != nil {
			t.Fatal(err)
		}
		text := writeJSON(t, set)
		whole, byRun := decoded(t, once.String()), decoded(t, text)
		for i, r := range whole["runs"].([]any) {
			for _, p := range r.(map[string]any)["properties"].([]any) {
				delete(p.(map[string]any), "contract")
			}
			if line, _ := json.Marshal(byRun["runs"].([]any)[i]); strings.Count(text, `"digest":"`+set.Runs[i].Digest+`"`) != 1 || len(line) > 20_000 {
				t.Errorf("set %d: run %d is not one line of at most 20 KB", n, i)
			}
		}
		if lines := strings.Count(text, "\n    {\"index\":"); lines != len(set.Runs) {
			t.Errorf("set %d: %d runs stand on lines of their own, want %d", n, lines, len(set.Runs))
		}
		if diff := cmp.Diff(whole, byRun); diff != "" {
			t.Errorf("set %d: (-at once +run by run)\n%s", n, diff)
		}
	}
}

func decoded(t *testing.T, text string) (all map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameSetSameBytes(t *testing.T) {
	t.Parallel()
	if a, b := writeJSON(t, fixture.Runs(2)), writeJSON(t, fixture.Runs(2)); a != b {
		t.Error("two summaries of the same runs differ")
	}
}

func TestSecondsLoseNothing(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0", 1: "0.000000001", 90500 * time.Millisecond: "90.5", -1500 * time.Millisecond: "-1.5",
		20*365*24*time.Hour + 1: "630720000.000000001",
	} {
		got, err := json.Marshal(summary.Seconds(d))
		if err != nil || string(got) != want {
			t.Errorf("%d: got %s, %v, want %s", d, got, err, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	of := func(change func(*result.Run)) result.Verdict {
		set := fixture.One()
		change(&set.Runs[0])
		return summary.Of(set).Verdict
	}
	for _, c := range []struct {
		name   string
		change func(*result.Run)
		want   result.Verdict
	}{
		{"all pass", func(*result.Run) {}, result.Pass},
		{"one fails", func(r *result.Run) { r.Properties[2].Verdict = result.Fail }, result.Fail},
		{"one inconclusive", func(r *result.Run) { r.Properties[2].Verdict = result.Inconclusive }, result.Inconclusive},
		{"one of each", func(r *result.Run) {
			r.Properties[1].Verdict, r.Properties[2].Verdict = result.Inconclusive, result.Fail
		}, result.Fail},
		{"nothing checked", func(r *result.Run) { r.Properties = nil }, result.Inconclusive},
		{"stopped early", func(r *result.Run) { r.Incomplete = "interrupted" }, result.Inconclusive},
		{"unknown verdict", func(r *result.Run) { r.Properties[0].Verdict = "" }, result.Inconclusive},
	} {
		if got := of(c.change); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := summary.Of(fixture.None()).Verdict; got != result.Inconclusive {
		t.Errorf("no run: %s, want inconclusive", got)
	}
}

func TestPooling(t *testing.T) {
	t.Parallel()
	s := summary.Of(fixture.Runs(3))
	var captured uint64
	n, censored := 0, 0
	for _, r := range s.Runs {
		captured += r.Totals.Captured
		n += r.Convergence[0].N
		censored += r.Convergence[0].Censored
	}
	if s.Pooled.Totals.Captured != captured || s.Pooled.Convergence[0].N != n || s.Pooled.Convergence[0].Censored != censored {
		t.Errorf("pooled %d captured, %d samples, %d censored; the runs have %d, %d, %d",
			s.Pooled.Totals.Captured, s.Pooled.Convergence[0].N, s.Pooled.Convergence[0].Censored, captured, n, censored)
	}
	var outcomes uint64
	for _, o := range s.Pooled.Outcomes {
		outcomes += o.Count
	}
	if outcomes != captured {
		t.Errorf("%d outcomes for %d captured changes", outcomes, captured)
	}
	for _, q := range s.Pooled.Convergence[0].Quantiles {
		if !q.Interval.Known {
			t.Errorf("%s has no interval over three runs", q.Name)
		}
		if !q.Censored && (q.Interval.Low.Value > q.Value || q.Value > q.Interval.High.Value && !q.Interval.High.Censored) {
			t.Errorf("%s = %v lies outside its interval %+v", q.Name, q.Value, q.Interval)
		}
	}
	if len(s.Pooled.PerRun) == 0 || s.Pooled.PerRun[0].Low == nil {
		t.Errorf("no interval of means over runs: %+v", s.Pooled.PerRun)
	}
}

func TestPoolingLeavesRunsAlone(t *testing.T) {
	t.Parallel()
	set := fixture.Broken()
	set.Runs = append(set.Runs, set.Runs[0])
	s := summary.Of(set)
	if got := s.Runs[0].Properties[0].Violations; got != 2 {
		t.Errorf("pooling changed a run's own violations to %d", got)
	}
	if got := s.Pooled.Properties[0].Violations; got != 4 {
		t.Errorf("two runs with two violations each pool to %d", got)
	}
}
