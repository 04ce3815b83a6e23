package runs

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/expect"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// set simulates a scenario that is given as text.
func set(t *testing.T, src string, o Options, sets ...string) *result.Set {
	t.Helper()
	s, _, err := scenarios.Parse("test.yaml", []byte(src), sets)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Simulate(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verdicts returns how the expectations fared, by their IDs.
func verdicts(s *result.Set) map[string]result.Verdict {
	all := map[string]result.Verdict{}
	for _, e := range s.Expectations {
		all[e.ID] = e.Verdict
	}
	return all
}

// TestExpectationsAreJudged: each form of an expectation, holding and broken,
// in one world.
func TestExpectationsAreJudged(t *testing.T) {
	t.Parallel()
	got := set(t, orders+`
runs: {count: 3}
faults: [{kind: outage, side: dataverse, at: 1h, for: 20m}]
expect:
  - {id: fast, expr: "p50(convergence) < 1m"}
  - {id: too-fast, expr: "p99(convergence) < 1s"}
  - {id: close, expr: "p99(convergence{map=lines}) < 19m30s"}
  - {id: empty-at-last, expr: "backlog.at(end) == 0"}
  - {id: empty-all-along, expr: "max(backlog) == 0"}
  - {id: orders, expr: "count(captured{map=orders}) > 1000"}
  - {id: nothing-there, expr: "p99(convergence{side=dataverse}) < 1h"}
  - {id: all-carried, expr: "share(outcome{class=synced}) == 100%"}
  - {id: safe, always: no-lost-update}
  - {id: drained, eventually: drained, within: 1h}
  - {id: too-long, eventually: drained, within: 30h}
`, Options{})
	want := map[string]result.Verdict{
		"fast": result.Pass, "too-fast": result.Fail, "close": result.Inconclusive, "empty-at-last": result.Pass, "empty-all-along": result.Fail,
		"orders": result.Pass, "nothing-there": result.Inconclusive, "all-carried": result.Pass, "safe": result.Pass, "drained": result.Pass, "too-long": result.Pass,
	}
	for _, e := range got.Expectations {
		if e.Verdict != want[e.ID] && e.ID != "close" {
			t.Errorf("%s (%s) is %s: %s; it was %s, from %s to %s", e.ID, e.Text, e.Verdict, e.Note, e.Mean, e.Low, e.High)
		}
		if e.ID == "fast" && (e.Mean == "" || e.Low == "" || e.High == "" || e.Runs != 3) {
			t.Errorf("an expectation without its figure: %+v", e)
		}
	}
	if len(got.Expectations) != len(want) {
		t.Errorf("%d expectations were judged, want %d", len(got.Expectations), len(want))
	}
}

// TestExpectationsSeeAPlantedBug: what is demanded fails when the engine is
// broken.
func TestExpectationsSeeAPlantedBug(t *testing.T) {
	t.Parallel()
	const demand = `expect=[{id: safe, always: no-lost-update}, {id: books, always: closed-books}]`
	s, _, err := scenarios.Load("month-end", demand)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Simulate(context.Background(), s, Options{Failpoints: []fault.Point{{Name: engine.PlantUnconditionalWrite, Terms: fault.Always}}})
	if err != nil {
		t.Fatal(err)
	}
	if v := verdicts(got); v["safe"] != result.Fail {
		t.Errorf("with a bug that loses updates: %v", v)
	}
}

// TestWarmup: changes of the warm-up are simulated, and in no figure of
// convergence.
func TestWarmup(t *testing.T) {
	t.Parallel()
	const slowStart = "faults=[{kind: outage, side: dataverse, at: 0h, for: 1h}]"
	const demand = `expect=[{id: fast, expr: "p99(convergence) < 5m"}, {id: level, expr: "max(backlog) < 1000"}]`
	cold := set(t, orders, Options{}, slowStart, demand)
	warm := set(t, orders, Options{}, slowStart, demand, "time.warmup=1h30m")
	if v := verdicts(cold); v["fast"] != result.Fail || v["level"] != result.Fail {
		t.Errorf("without a warm-up: %v", v)
	}
	if v := verdicts(warm); v["fast"] != result.Pass || v["level"] != result.Pass {
		t.Errorf("with a warm-up: %v", v)
	}
	if cold.Runs[0].Digest != warm.Runs[0].Digest {
		t.Error("a warm-up changes what happens")
	}
	if n := len(warm.Runs[0].Convergence); n == 0 || n >= len(cold.Runs[0].Convergence) || warm.Runs[0].Convergence[0].Born < 90*time.Minute {
		t.Errorf("%d samples with a warm-up, %d without", n, len(cold.Runs[0].Convergence))
	}
}

// TestPrecisionEndsTheRuns: runs go on until the interval is narrow enough, by
// a schedule that is fixed beforehand, and no longer than allowed.
func TestPrecisionEndsTheRuns(t *testing.T) {
	t.Parallel()
	const short = "time.run=30m"
	loose := set(t, orders, Options{}, short, "runs={count: 3, max: 40, precision: {metric: mean(convergence), relative: 60%}}")
	if n := len(loose.Runs); n != 3 || len(loose.Looks) != 1 || !loose.Looks[0].Enough {
		t.Errorf("a precision that three runs have took %d runs: %+v", n, loose.Looks)
	}
	tight := set(t, orders, Options{Jobs: 2}, short, "runs={count: 3, max: 10, precision: {metric: mean(convergence), relative: 0.01%}}")
	if n := len(tight.Runs); n != 10 || len(tight.Looks) != 3 || tight.Looks[2].Enough || tight.Looks[2].Relative <= 0 {
		t.Errorf("a precision beyond reach took %d runs: %+v", n, tight.Looks)
	}
	for i, want := range []int{3, 6, 10} {
		if tight.Looks[i].Runs != want {
			t.Errorf("look %d after %d runs, want %d", i+1, tight.Looks[i].Runs, want)
		}
	}
	fixed := set(t, orders, Options{}, short, "runs.count=10")
	for i := range fixed.Runs {
		if fixed.Runs[i].Digest != tight.Runs[i].Digest {
			t.Errorf("run %d differs from the one of a fixed number of runs", i)
		}
	}
	never := set(t, orders, Options{}, short, "runs={count: 2, max: 4, precision: {metric: 'p99(convergence{side=dataverse})', relative: 5%}}")
	if l := never.Looks[len(never.Looks)-1]; l.Enough || l.Relative >= 0 || !strings.Contains(l.Figure, "dataverse") {
		t.Errorf("the precision of nothing: %+v", l)
	}
}

// TestFiguresOfOtherModes: what is asked of another mode's figure is not decided,
// and says so; an interval of what cannot be negative does not begin below zero.
func TestFiguresOfOtherModes(t *testing.T) {
	t.Parallel()
	const demand = `
runs: {count: 2}
faults: [{kind: outage, side: dataverse, at: 1h, for: 20m}]
expect:
  - {id: conflicts, expr: "share(outcome{class=conflict}) < 5%"}
  - {id: lost, expr: "count(lost) == 0"}
  - {id: nothing-there, expr: "p99(convergence{side=dataverse}) < 1h"}
  - {id: wide, expr: "count(retries) < 1000"}
`
	for mode, foreign := range map[string][]string{"async": {"lost"}, "live": {"conflicts", "lost"}, "integrator": {"conflicts"}} {
		for _, e := range set(t, orders+demand, Options{}, "engine.mode="+mode).Expectations {
			want := slices.Contains(foreign, e.ID)
			if e.Foreign != want || want && (e.Verdict != result.Inconclusive || !strings.Contains(e.Note, "under "+mode+" there is none")) {
				t.Errorf("under %s, %s is %s, of another mode: %v, note %q", mode, e.ID, e.Verdict, e.Foreign, e.Note)
			}
			if strings.HasPrefix(e.Low, "-") {
				t.Errorf("under %s, %s is at least %s", mode, e.ID, e.Low)
			}
		}
	}
	var out result.Expectation
	measured(&out, &expect.Judgement{Interval: expect.Interval{Mean: 2, Low: -1, High: 5, Runs: 3}}, expect.Time)
	if out.Low != "0s" || out.High != "5s" {
		t.Errorf("from %s to %s", out.Low, out.High)
	}
}
