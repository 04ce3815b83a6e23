package expect

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestParse: what was read writes itself as it was read.
func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Expectation{
		"p99(convergence{map=invoices}) < 5m":                         {Op: "<", Bound: Quantity{300, Time}},
		"backlog.at(end) == 0":                                        {Op: "==", Bound: Quantity{0, Plain}},
		"backlog.at(1h30m) <= 20":                                     {Op: "<=", Bound: Quantity{20, Plain}},
		"share(outcome{class=concurrency}) < 0.5%":                    {Op: "<", Bound: Quantity{0.005, Share}},
		"rate(transactions{side=finops}) >= 90/m":                     {Op: ">=", Bound: Quantity{1.5, Rate}},
		"p99.99(convergence{map=lines,side=dataverse}) > 1d2h":        {Op: ">", Bound: Quantity{93600, Time}},
		"count(error{class=application,reason='ambiguous key'}) == 0": {Op: "==", Bound: Quantity{0, Plain}},
		"max(divergent-pairs) < 100":                                  {Op: "<", Bound: Quantity{100, Plain}},
		"max(user-wait) < 250ms":                                      {Op: "<", Bound: Quantity{0.25, Time}},
		"min(convergence) > 0s":                                       {Op: ">", Bound: Quantity{0, Time}},
	} {
		e, err := Parse(text, nil)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		figure, _, _ := strings.Cut(text, " "+want.Op+" ")
		if e.Figure.String() != figure || e.Op != want.Op || math.Abs(e.Bound.Value-want.Bound.Value) > 1e-9 || e.Bound.Unit != want.Bound.Unit {
			t.Errorf("%s: read as %s %s %+v", text, e.Figure, e.Op, e.Bound)
		}
		if spaced, err := Parse("  "+strings.NewReplacer("(", " ( ", ")", " ) ", "=", "=", "{", " { ").Replace(strings.ReplaceAll(text, ".at", "\x00"))+" ", nil); !strings.Contains(text, ".at") && (err != nil || spaced.Figure.String() != figure) {
			t.Errorf("%s with blanks: %v", text, err)
		}
	}
}

// TestErrors holds every message of the grammar, with the place that it points
// at.
func TestErrors(t *testing.T) {
	t.Parallel()
	known := func(_, label string) []string {
		if label == "map" {
			return []string{"invoices", "lines"}
		}
		return nil
	}
	expectations := []string{
		"", "p99", "p99(", "p99()", "p99(convergence", "p99(convergence)", "p99(convergence) <", "p99(convergence) < 5",
		"p99(convergence) < 5 m", "p99(convergence) < 5m and", "p99(convergence) != 5m", "p99(convergence) < 5%",
		"p49(convergence) < 5m", "p100(convergence) < 5m", "p99(convergnce) < 5m", "median(convergence) < 5m",
		"p99(backlog) < 5", "share(retries) < 5%", "at(backlog) < 5", "convergence.at(end) < 5m", "backlog.at(noon) < 5",
		"backlog.at(-3h) < 5", "backlog.at(end < 5", "backlog{map=lines}.at(end) == 0", "backlog{}.max(end) == 0",
		"p99(convergence{map}) < 5m", "p99(convergence{map=}) < 5m", "p99(convergence{map=lines,}) < 5m",
		"p99(convergence{map=lines side=finops}) < 5m", "p99(convergence{company=DE}) < 5m", "p99(convergence{map=line}) < 5m",
		"p99(convergence{map=lines,map=invoices}) < 5m", "count(retries{side=finops}) == 0", "p99(convergence{map='lines}) < 5m",
		"p99(convergence) § 5m", "rate(retries) < 5/y", "count(retries) < 1e999", "\"p99\"(convergence) < 5m", strings.Repeat("p99(", 300),
	}
	conditions := []string{
		"", "engine.workers", "engine.workers <", "engine.workers < 8 &&", "engine.workers = 8", "(engine.workers < 8",
		"!(engine.workers < 8))", "3 < 8", "'a' == 'b'", "engine.mode == 'async", "engine.workers < 8 or true", "|| true",
		strings.Repeat("!", 60) + "engine.workers < 8", strings.Repeat("(", 60) + "engine.workers < 8",
	}
	var all strings.Builder
	note := func(text string, err *Error) {
		if err == nil {
			t.Errorf("%q was accepted", text)
			return
		}
		if err.Hint == "" || err.Offset < 0 || err.Offset > len([]rune(text)) {
			t.Errorf("%q: incomplete: %+v", text, err)
		}
		if len(text) > 90 {
			text = text[:90] + "..."
		}
		fmt.Fprintf(&all, "%s\n%s^ %s\n    hint: %s\n", text, strings.Repeat(" ", min(err.Offset, 90)), err.Msg, err.Hint)
	}
	for _, text := range expectations {
		_, err := Parse(text, known)
		note(text, err)
	}
	for _, text := range conditions {
		_, err := ParseCondition(text)
		note(text, err)
	}
	for _, text := range []string{"", "ratio", "ratio == 1", "ratio < 5m", "ratio < 0.5 0.6", "share < 1"} {
		_, err := ParseRatio(text)
		note(text, err)
	}
	_, err := ParseFigure("p99(convergence) < 5m", nil)
	note("p99(convergence) < 5m", err)

	const file = "testdata/errors.golden"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, readErr := os.ReadFile(file)
	if readErr != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 writes it)", readErr)
	}
	if diff := cmp.Diff(string(want), all.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	settings := map[string]string{
		"engine.mode": "async", "engine.workers": "8", "engine.retry.base": "500ms", "links.engine->dataverse.loss": "0.2%",
		"workload.a.enabled": "true", "workload.a.arrivals.rate": "60/m",
	}
	for text, want := range map[string]bool{
		"engine.workers < 8":                                                  false,
		"engine.workers <= 8":                                                 true,
		"8 <= engine.workers":                                                 true,
		"engine.mode == 'async'":                                              true,
		"engine.mode != 'async'":                                              false,
		"engine.retry.base < 1s":                                              true,
		"engine.retry.base == 0.5s":                                           true,
		"links.engine->dataverse.loss >= 0.2%":                                true,
		"workload.a.enabled == true":                                          true,
		"workload.a.arrivals.rate == 1/s":                                     true,
		"engine.workers == 8 && engine.mode == 'live'":                        false,
		"engine.workers == 8 || engine.mode == 'live'":                        true,
		"!(engine.workers == 8) || !engine.workers > 9":                       true,
		"engine.workers == 1 && engine.workers == 2 || engine.workers == 8":   true,
		"engine.workers == 8 || engine.workers == 2 && engine.workers == 3":   true,
		"(engine.workers == 8 || engine.workers == 2) && engine.workers == 3": false,
	} {
		c, err := ParseCondition(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := c.Holds(func(p string) (string, bool) { v, ok := settings[p]; return v, ok })
		if err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"engine.wokers < 8":    `there is no setting "engine.wokers"`,
		"engine.mode < 'live'": "have no order",
		"engine.workers < 5m":  "have no order",
	} {
		c, err := ParseCondition(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Holds(func(p string) (string, bool) { v, ok := settings[p]; return v, ok }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", text, err, want)
		}
	}
}

// TestStudent compares quantiles with those of gonum.
func TestStudent(t *testing.T) {
	t.Parallel()
	for _, freedom := range []int{1, 2, 3, 4, 5, 9, 10, 29, 30, 199, 1000} {
		for _, confidence := range []float64{0.5, 0.9, 0.95, 0.99, 0.9999} {
			want := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(freedom)}.Quantile(1 - (1-confidence)/2)
			if got := studentT(freedom, confidence); math.Abs(got-want) > 1e-6*want {
				t.Errorf("ν=%d, %v: %v, want %v", freedom, confidence, got, want)
			}
		}
	}
}

// TestIntervalCovers draws many samples of a known mean: the interval holds it
// as often as it says.
func TestIntervalCovers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	const trials = 4000
	held := 0
	for range trials {
		values := make([]float64, 8)
		for i := range values {
			values[i] = 3 + random.NormFloat64()
		}
		if i := MeanInterval(values, 0.9); i.Low <= 3 && 3 <= i.High {
			held++
		}
	}
	if share := float64(held) / trials; math.Abs(share-0.9) > 0.02 {
		t.Errorf("a 90%% interval holds the mean in %.1f%% of trials", 100*share)
	}
}

// fake is a run whose figures are given.
type fake struct {
	missing   string
	spans     []Span
	bins      Bins
	n, of     float64
	level     []result.Point
	warmup    time.Duration
	left, end time.Duration
}

// steps are a level: instants, each with the value from then on.
func steps(values ...time.Duration) []result.Point {
	var points []result.Point
	for i := 0; i < len(values); i += 2 {
		points = append(points, result.Point{At: values[i], Value: float64(values[i+1])})
	}
	result.Integrate(points)
	return points
}

func (f fake) Missing() string                      { return f.missing }
func (f fake) Spans(string, Labels) []Span          { return f.spans }
func (f fake) Bins(string, Labels) Bins             { return f.bins }
func (f fake) Kept(string) uint64                   { return 1 }
func (f fake) Count(string, Labels) (n, of float64) { return f.n, f.of }
func (f fake) Level(string) []result.Point          { return f.level }
func (f fake) Window() (from, left, to time.Duration) {
	return f.warmup, f.left, f.end
}

func seconds(all ...float64) (spans []Span) {
	for _, s := range all {
		spans = append(spans, Span{Took: time.Duration(math.Abs(s) * 1e9), Censored: s < 0})
	}
	return spans
}

// TestJudge compares verdicts with what the rules say. A negative span is a
// censored one.
func TestJudge(t *testing.T) {
	t.Parallel()
	run := func(spans ...float64) Measures { return fake{spans: seconds(spans...), end: time.Hour} }
	counts := func(n ...float64) (runs []Measures) {
		for _, x := range n {
			runs = append(runs, fake{n: x, of: 1000, end: 1000 * time.Second})
		}
		return runs
	}
	// Each wait is in a bin of its own, from a tenth below it to a tenth above.
	waits := func(all ...float64) Measures {
		f := fake{end: time.Hour}
		for _, s := range seconds(all...) {
			bin := result.Bin{From: s.Took * 9 / 10, To: s.Took * 11 / 10, Count: 1}
			if s.Censored {
				bin.Open, f.bins.Open = 1, f.bins.Open+1
			}
			f.bins.List = append(f.bins.List, bin)
			f.bins.Count, f.bins.Total, f.bins.Most = f.bins.Count+1, f.bins.Total+s.Took, max(f.bins.Most, s.Took)
		}
		return f
	}
	hour := time.Hour
	level := fake{end: 4 * hour, warmup: hour, level: steps(0, 900, hour/2, 4, 2*hour, 10, 3*hour, 1)}
	for _, c := range []struct {
		name, text string
		runs       []Measures
		want       result.Verdict
		note       string
	}{
		{"holds", "p50(convergence) < 3s", []Measures{run(1, 2, 9)}, result.Pass, "of one run"},
		{"breaks", "p50(convergence) < 2s", []Measures{run(1, 2, 9)}, result.Fail, "of one run"},
		{"the rank is not interpolated", "p75(convergence) <= 3s", []Measures{run(1, 2, 3, 9)}, result.Pass, ""},
		{"just above it", "p76(convergence) <= 3s", []Measures{run(1, 2, 3, 9)}, result.Fail, ""},
		{"nothing was measured", "p50(convergence) < 3s", []Measures{run()}, result.Inconclusive, "no convergence was measured"},
		{"nothing in one run of two", "p50(convergence) < 3s", []Measures{run(1), run()}, result.Inconclusive, "in 1 of 2 runs"},
		{"no run", "p50(convergence) < 3s", nil, result.Inconclusive, "no run"},
		{"a run that failed", "p50(convergence) < 3s", []Measures{run(1), fake{missing: "the run failed"}}, result.Inconclusive, "the run failed"},
		{"censored below the bound", "p99(convergence) < 3s", []Measures{run(1, -2)}, result.Inconclusive, "lower bound"},
		{"censored above the bound", "p99(convergence) < 3s", []Measures{run(1, -4)}, result.Fail, ""},
		{"censored, and it shall be long", "p99(convergence) > 3s", []Measures{run(1, -4)}, result.Pass, ""},
		{"censored, and it shall not be short", "p99(convergence) > 5s", []Measures{run(1, -4)}, result.Inconclusive, "lower bound"},
		{"a low quantile knows nothing of the censored", "p50(convergence) < 3s", []Measures{run(1, 2, -4)}, result.Pass, ""},
		{"the mean with a censored one", "mean(convergence) < 3s", []Measures{run(1, -1)}, result.Inconclusive, "lower bound"},
		{"the least", "min(convergence) >= 1s", []Measures{run(1, -4)}, result.Pass, ""},
		{"the least is censored", "min(convergence) >= 1s", []Measures{run(-1, 4)}, result.Pass, ""},
		{"how many", "count(convergence) == 3", []Measures{run(1, 2, 3)}, result.Pass, ""},
		{"whole interval below", "count(retries) < 30", counts(9, 10, 11, 10), result.Pass, ""},
		{"whole interval above", "count(retries) < 5", counts(9, 10, 11, 10), result.Fail, ""},
		{"interval on both sides", "count(retries) < 10.5", counts(9, 10, 11, 10), result.Inconclusive, "runs would decide"},
		{"equal in all runs", "count(retries) == 0", counts(0, 0, 0), result.Pass, ""},
		{"equal in some runs", "count(retries) == 0", counts(0, 0, 1), result.Inconclusive, "in some runs"},
		{"equal in none", "count(retries) == 0", counts(10, 11, 12), result.Fail, ""},
		{"a share", "share(outcome) <= 1%", counts(10), result.Pass, ""},
		{"a rate", "rate(retries) == 0.01/s", counts(10), result.Pass, ""},
		{"nothing to count", "count(retries) == 0", []Measures{fake{}}, result.Inconclusive, "nothing happened"},
		{"not a number", "count(retries) == 0", []Measures{fake{n: math.NaN(), of: 1}}, result.Inconclusive, "not a number"},
		{"the peak after the warm-up", "max(backlog) == 10", []Measures{level}, result.Pass, ""},
		{"the least after the warm-up", "min(backlog) == 1", []Measures{level}, result.Pass, ""},
		{"the mean over time", "mean(backlog) == 5", []Measures{level}, result.Pass, ""},
		{"at an instant", "backlog.at(2h30m) == 10", []Measures{level}, result.Pass, ""},
		{"at the end", "backlog.at(end) == 1", []Measures{level}, result.Pass, ""},
		{"at the start", "backlog.at(start) == 900", []Measures{level}, result.Pass, ""},
		{"after the end", "backlog.at(5h) == 0", []Measures{level}, result.Inconclusive, "the run ends at 4h, before 5h"},
		{"a history shorter than the warm-up", "max(backlog) == 0", []Measures{fake{end: hour, warmup: hour, level: steps(0, 1)}}, result.Inconclusive, "before the warm-up is over"},
		{"bins that hold", "p50(dependency-wait) < 2.3s", []Measures{waits(1, 2, 9)}, result.Pass, "of one run"},
		{"bins that break", "p50(dependency-wait) < 1.7s", []Measures{waits(1, 2, 9)}, result.Fail, "of one run"},
		{"a bound inside the bin", "p50(dependency-wait) < 2.1s", []Measures{waits(1, 2, 9)}, result.Inconclusive, "to within a thirty-second"},
		{"and in the bins of many runs", "p50(dependency-wait) < 2.1s", []Measures{waits(1, 2, 9), waits(1, 2, 9), waits(1, 2, 9)}, result.Inconclusive, "to within a thirty-second"},
		{"the longest is exact", "max(dependency-wait) == 9s", []Measures{waits(1, 2, 9)}, result.Pass, ""},
		{"no quantile is longer", "p99(dependency-wait) <= 9s", []Measures{waits(1, 2, 9)}, result.Pass, ""},
		{"the mean is exact", "mean(dependency-wait) == 4s", []Measures{waits(1, 2, 9)}, result.Pass, ""},
		{"the shortest", "min(dependency-wait) >= 0.8s", []Measures{waits(1, 2, 9)}, result.Pass, ""},
		{"how many waits", "count(dependency-wait) == 3", []Measures{waits(1, 2, 9)}, result.Pass, ""},
		{"waits an hour", "rate(dependency-wait) == 3/h", []Measures{waits(1, 2, 9)}, result.Pass, ""},
		{"nothing waited", "p50(dependency-wait) < 3s", []Measures{waits()}, result.Inconclusive, "no dependency-wait was measured"},
		{"nothing waited in one run of two", "max(dependency-wait) < 3s", []Measures{waits(1), waits()}, result.Inconclusive, "in 1 of 2 runs"},
		{"a wait that was not over below the bound", "max(dependency-wait) < 5s", []Measures{waits(1, -4)}, result.Inconclusive, "lower bound"},
		{"a wait that was not over above the bound", "max(dependency-wait) < 3s", []Measures{waits(1, -4)}, result.Fail, ""},
		{"a quantile among those not over", "p99(dependency-wait) < 3s", []Measures{waits(1, -4)}, result.Fail, ""},
		{"which is a lower bound", "p99(dependency-wait) < 5s", []Measures{waits(1, -4)}, result.Inconclusive, "lower bound"},
		{"a low quantile knows nothing of waits not over", "p50(dependency-wait) < 3s", []Measures{waits(-1, 2, 2)}, result.Pass, ""},
		{"never observed", "max(backlog) == 0", []Measures{fake{end: hour}}, result.Inconclusive, "never observed"},
	} {
		e, err := Parse(c.text, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		j := Judge(e, c.runs, 0.95)
		if j.Verdict != c.want || !strings.Contains(j.Note, c.note) {
			t.Errorf("%s: %s is %s (%s); want %s (%s)", c.name, c.text, j.Verdict, j.Note, c.want, c.note)
		}
	}
}

// TestEventually judges when a level has fallen to zero and stays.
func TestEventually(t *testing.T) {
	t.Parallel()
	hour := time.Hour
	run := func(end time.Duration, level ...time.Duration) Measures {
		return fake{left: 4 * hour, end: end, level: steps(level...)}
	}
	for _, c := range []struct {
		name string
		runs []Measures
		want result.Verdict
		note string
	}{
		{"before the users have left", []Measures{run(6*hour, 0, 5, 3*hour, 0)}, result.Pass, ""},
		{"within the time", []Measures{run(6*hour, 0, 5, 5*hour, 0)}, result.Pass, ""},
		{"too late", []Measures{run(6*hour, 0, 5, 5*hour+2*time.Minute, 0)}, result.Fail, "2m too late"},
		{"and back", []Measures{run(6*hour, 0, 5, 2*hour, 0, 5*hour+1, 1)}, result.Fail, "backlog is 1 at the end"},
		{"never", []Measures{run(6*hour, 0, 5)}, result.Fail, "backlog is 5 at the end"},
		{"the run is too short", []Measures{run(5*hour-1, 0, 5)}, result.Inconclusive, "before the time is over"},
		{"nothing ever waited", []Measures{run(6*hour, 0, 0)}, result.Pass, ""},
		{"never observed", []Measures{run(6 * hour)}, result.Inconclusive, "never observed"},
		{"in one run of two", []Measures{run(6*hour, 0, 0), run(6*hour, 0, 1)}, result.Fail, "in 1 of 2 runs"},
		{"a run that failed", []Measures{run(6*hour, 0, 0), fake{missing: "the run failed"}}, result.Inconclusive, "the run failed"},
		{"no run", nil, result.Inconclusive, "no run"},
	} {
		v, note := Eventually(States[1], hour, c.runs)
		if v != c.want || !strings.Contains(note, c.note) {
			t.Errorf("%s: %s (%s); want %s (%s)", c.name, v, note, c.want, c.note)
		}
	}
}

// TestRunMeasures reads each metric off a result whose figures all differ.
func TestRunMeasures(t *testing.T) {
	t.Parallel()
	set := &result.Set{Scenario: result.Scenario{
		Maps: []result.Map{{Name: "a"}, {Name: "b"}}, Workloads: []string{"clerks", "batch"}, Length: time.Hour,
	}}
	run := &result.Run{
		End: 2 * time.Hour,
		Maps: []result.MapCount{
			{Map: "a", Captured: [2]uint64{10, 20}, Converged: 6, Divergent: 4, Parked: 3, Blocked: 2, Open: 1, PartlyVisibleMost: time.Second},
			{Map: "b", Captured: [2]uint64{1, 2}, Live: [2]uint64{3, 8}, Converged: 90, PartlyVisibleMost: time.Minute, NeverWhole: 1},
		},
		Outcomes: []result.OutcomeCount{
			{Map: "a", Side: "finops", Class: "synced", Reason: "written", Count: 8},
			{Map: "a", Side: "dataverse", Class: "conflict", Reason: "overridden", Count: 5},
			{Map: "b", Side: "finops", Class: "synced", Reason: "found equal", Count: 3},
		},
		Errors:      []result.ErrorCount{{Class: "application", Reason: "ambiguous key", Map: "b", Count: 19}},
		Convergence: []result.Sample{{Map: 0, Side: 0, Took: time.Second}, {Map: 1, Side: 1, Took: time.Minute, Censored: true}},
		Series:      []result.Series{{Name: "backlog", Points: []result.Point{{At: 0, Value: 7}}}},
		Waits: []result.Wait{
			{Workload: 0, Side: 0, Ended: "committed", Took: time.Second},
			{Workload: 1, Side: 0, Ended: "committed", Took: 3 * time.Second},
			{Workload: 1, Side: 1, Ended: "over the time limit", Took: 2 * time.Minute},
		},
		Dependency: []result.DependencyWait{
			{Map: "a", Waits: 3, Open: 1, Total: 13 * time.Second, Most: 10 * time.Second, Bins: []result.Bin{{From: time.Second, To: 2 * time.Second, Count: 2}, {From: 8 * time.Second, To: 16 * time.Second, Count: 1, Open: 1}}},
			{Map: "b", Waits: 1, Total: 2 * time.Second, Most: 2 * time.Second, Bins: []result.Bin{{From: 2 * time.Second, To: 4 * time.Second, Count: 1}}},
		},
		Throttled: []result.ThrottleCount{{Side: "finops", Why: "x", Count: 7}, {Side: "dataverse", Why: "y", Count: 5}},
		Live:      result.LiveCount{Committed: 3, InDoubtMost: 2 * time.Second},
		Copied:    &result.Copied{Lost: [2]uint64{1, 2}, Missed: [2]uint64{4, 5}},
		Totals: result.Totals{
			Captured: 33, Transactions: [2]uint64{40, 50}, Rejected: 6, StaleRefused: [2]uint64{1, 2}, Overwrote: [2]uint64{3, 4},
			TurnedAway: [2]uint64{5, 6}, OutageWaitMost: time.Hour, EngineWrites: 70, Retries: 80, Compared: 50, Drift: 10,
		},
		Initial: []result.Leg{
			{Map: "a", Side: "finops", Stage: "done", Began: time.Minute, Ended: 3 * time.Minute, Rows: 20, Written: 10, Unchanged: 5, Lost: 3, Errors: 2},
			{Map: "a", Side: "dataverse", Stage: "running", Began: 3 * time.Minute, Rows: 5, Written: 5},
			{Map: "b", Side: "finops", Stage: "waiting"},
		},
		Alerts: []result.Alert{{Job: "billing", Action: "pause"}, {Job: "billing", Action: "notify"}, {Job: "other", Action: "pause"}},
	}
	m := []Measures{Of(set, run)}
	seen := map[string]bool{}
	for text, want := range map[string]float64{
		"count(captured)": 33, "count(captured{map=a})": 30, "count(captured{side=dataverse})": 22, "count(outcome)": 16,
		"share(outcome{map=a,class=conflict})": 5.0 / 13, "share(outcome{class=synced,reason='found equal'})": 3.0 / 16,
		"count(error{class=application})": 19, "count(error{map=a})": 0, "share(pairs{map=a,state=divergent})": 0.4,
		"count(pairs{state=converged})": 96, "count(pairs{state=parked})": 3, "count(pairs{state=blocked})": 2, "count(pairs{state=open})": 1,
		"count(pairs)": 100, "count(convergence{map=a})": 1, "max(convergence{side=finops})": 1, "backlog.at(end)": 7,
		"max(partly-visible{map=a})": 1, "max(outage-wait)": 3600, "max(user-wait)": 120, "max(user-wait{ended=committed})": 3, "mean(user-wait{side=finops})": 2, "count(user-wait{workload=batch,ended=failed})": 1,
		"count(dependency-wait)": 4, "count(dependency-wait{map=a})": 3, "mean(dependency-wait)": 3.75, "max(dependency-wait{map=b})": 2,
		"p50(dependency-wait{map=a})": 1.5, "p75(dependency-wait)": 3, "p99(dependency-wait{map=a})": 8, "rate(dependency-wait)": 4.0 / 7200,
		"count(alert{job=billing,action=pause})": 1, "count(compared)": 50, "share(drift)": 0.2, "count(initial-sync)": 25,
		"share(initial-sync{side=finops,row=written})": 0.5, "count(initial-sync{row=unchanged})": 5, "count(initial-sync{row=lost})": 3,
		"count(initial-sync{row=error})": 2, "max(initial-sync-time{side=finops})": 120, "count(initial-sync-time)": 2,
		"max(in-doubt)": 2, "count(throttled{side=dataverse})": 5, "count(live-changes{side=finops,map=b})": 3, "count(transactions{side=finops})": 40, "count(rejected)": 6,
		"count(stale-refused{side=dataverse})": 2, "count(overwrote)": 7, "count(turned-away{side=finops})": 5, "count(retries)": 80,
		"count(lost)": 3, "count(missed{side=dataverse})": 5, "share(missed)": 9.0 / 33, "share(lost{side=finops})": 1.0 / 11,
		"count(engine-writes)": 70, "rate(transactions)": 90.0 / 7200,
	} {
		f, err := ParseFigure(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		seen[f.Metric.Name] = true
		j := Observe(&f, m, 0.95)
		if j.Verdict != result.Pass || math.Abs(j.Interval.Mean-want) > 1e-9 {
			t.Errorf("%s is %v (%s), want %v", text, j.Interval.Mean, j.Note, want)
		}
	}
	for _, metric := range Metrics() {
		if !seen[metric.Name] && metric.Kind != Level {
			t.Errorf("the metric %s was not read", metric.Name)
		}
		if metric.Doc == "" {
			t.Errorf("the metric %s is not documented", metric.Name)
		}
	}
	if !slices.IsSortedFunc(metrics, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the metrics are not in order")
	}
	run.Thinned = result.Thinned{Convergence: 4, Waits: 2}
	for text, want := range map[string]float64{"count(convergence)": 8, "count(user-wait{ended=committed})": 4, "rate(user-wait)": 6.0 / 7200, "max(user-wait)": 120} {
		f, _ := ParseFigure(text, nil)
		if j := Observe(&f, m, 0.95); math.Abs(j.Interval.Mean-want) > 1e-9 {
			t.Errorf("of thinned times, %s is %v, want %v", text, j.Interval.Mean, want)
		}
	}
	f, _ := ParseFigure("max(partly-visible)", nil)
	if j := Observe(&f, m, 0.95); !j.AtLeast || j.Interval.Mean != 60 {
		t.Errorf("a transaction that never became whole: %+v", j)
	}
}

func TestQuantities(t *testing.T) {
	t.Parallel()
	for text, q := range map[string]Quantity{
		"5m": {300, Time}, "1h30m": {5400, Time}, "80ms": {0.08, Time}, "0.5%": {0.005, Share}, "25/s": {25, Rate}, "-3": {-3, Plain}, "0": {0, Plain},
	} {
		if got, ok := quantity(text); !ok || got.Unit != q.Unit || math.Abs(got.Value-q.Value) > 1e-12 || q.String() != text {
			t.Errorf("%s is read as %+v and written as %s", text, got, q)
		}
	}
}

// FuzzParse: whatever the text, there is an expression or an error with a
// place, and an expression means the same when it is written and read again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"p99(convergence{map=invoices}) < 5m", "backlog.at(end) == 0", "share(outcome{class=concurrency,reason='ambiguous key'}) < 0.5%",
		"engine.mode == 'async' && !(links.engine->dataverse.loss < 1% || engine.workers >= 8)", "ratio < 0.5", "{}{}.at(", "p99.9(", "é'é'<",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		place := func(err *Error) {
			if err != nil && (err.Offset < 0 || err.Offset > len([]rune(text)) || err.Msg == "" || err.Hint == "") {
				t.Errorf("%q: incomplete: %+v", text, err)
			}
		}
		e, err := Parse(text, nil)
		if place(err); err == nil {
			again, err := Parse(e.Figure.String()+" "+e.Op+" "+e.Text[strings.LastIndexAny(e.Text, "<>=")+1:], nil)
			if err != nil || again.Figure.String() != e.Figure.String() || again.Bound != e.Bound {
				t.Errorf("%q is read as %s, and that as %v, %v", text, e.Figure, again, err)
			}
		}
		c, err := ParseCondition(text)
		if place(err); err == nil {
			if _, err := c.Holds(func(string) (string, bool) { return "1", true }); err != nil && !errors.As(err, new(*Error)) {
				t.Error(err)
			}
		}
		_, err = ParseRatio(text)
		place(err)
	})
}
