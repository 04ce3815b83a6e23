package runs

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/expect"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// A study is several runs of a built-in scenario under some overrides. Studies
// of one scenario meet the same users run by run, so that their differences
// are taken run by run.
type study struct {
	*result.Set
	t *testing.T
}

// studyRuns is how many runs an effect is shown in.
const studyRuns = 8

// observe runs a built-in scenario. No property may be broken in it, whatever
// the overrides.
func observe(t *testing.T, name string, sets ...string) study {
	t.Helper()
	o := study{simulate(t, name, Options{Jobs: 2}, append([]string{fmt.Sprintf("runs.count=%d", studyRuns)}, sets...)...), t}
	if o.Complete() != studyRuns {
		t.Fatalf("%d of %d runs of %s are complete", o.Complete(), studyRuns, name)
	}
	for i := range o.Runs {
		holds(t, &o.Runs[i])
	}
	return o
}

// each takes a figure of every run. One that was not measured ends the test.
func (o study) each(figure string) []float64 {
	o.t.Helper()
	f, wrong := expect.ParseFigure(figure, func(string, string) []string { return nil })
	if wrong != nil {
		o.t.Fatalf("%s: %s", figure, wrong.Msg)
	}
	values := make([]float64, len(o.Runs))
	for i, m := range measures(o.Set) {
		seen := expect.Observe(&f, []expect.Measures{m}, 0.95)
		if seen.Verdict != result.Pass {
			o.t.Fatalf("%s of run %d: %s", figure, i, seen.Note)
		}
		values[i] = seen.Interval.Mean
	}
	return values
}

// mean returns the interval of a figure over the runs.
func (o study) mean(figure string) expect.Interval {
	o.t.Helper()
	return expect.MeanInterval(o.each(figure), 0.95)
}

// of returns the interval of a number that is taken of each run.
func (o study) of(number func(r *result.Run) float64) expect.Interval {
	values := make([]float64, len(o.Runs))
	for i := range o.Runs {
		values[i] = number(&o.Runs[i])
	}
	return expect.MeanInterval(values, 0.95)
}

// times returns the interval of how many times as much a figure is as in
// another study.
func (o study) times(other study, figure string) expect.Interval {
	o.t.Helper()
	return quotients(o.each(figure), other.each(figure))
}

// quotient returns the interval of how many times as much one figure is as
// another of the same run.
func (o study) quotient(figure, by string) expect.Interval {
	o.t.Helper()
	return quotients(o.each(figure), o.each(by))
}

func quotients(a, by []float64) expect.Interval {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = a[i] / by[i]
	}
	return expect.MeanInterval(values, 0.95)
}

// between demands that a whole interval lies between two numbers.
func between(t *testing.T, what string, i expect.Interval, low, high float64) {
	t.Helper()
	t.Logf("%s: %.4g (%.4g to %.4g, %d runs)", what, i.Mean, i.Low, i.High, i.Runs)
	if math.IsNaN(i.Mean) || i.Runs < 2 || i.Low < low || i.High > high {
		t.Errorf("%s is %.4g (%.4g to %.4g over %d runs), want from %g to %g", what, i.Mean, i.Low, i.High, i.Runs, low, high)
	}
}

// exactly demands that a figure is the same in all runs.
func exactly(t *testing.T, what string, i expect.Interval, want float64) {
	t.Helper()
	between(t, what, i, want, want)
}

// TestBuiltinsHold: every scenario that comes with the program keeps to what it
// expects of itself, breaks no property, and tells nothing that is doubtful but
// where that is its idea. Its figures, and those of the points of its sweep,
// are kept in a golden file.
func TestBuiltinsHold(t *testing.T) {
	t.Parallel()
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, warnings, err := scenarios.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) > 0 && !slices.Contains(doubtful, name) {
				t.Errorf("%v", warnings)
			}
			if name != "month-end" && len(s.Expect) < 2 {
				t.Errorf("it expects %d things", len(s.Expect))
			}
			text := keepsTo(t, name)
			for _, p := range s.Points() {
				if len(p) == 0 { // there is no sweep
					break
				}
				set := simulate(t, name, Options{Jobs: 2}, append([]string{"runs.count=2"}, p.Sets()...)...)
				text += "\n" + strings.Join(p.Sets(), " ") + "\n" + digest(set)
			}
			golden(t, "testdata/"+name+".golden", text)
		})
	}
}

// doubtful are the scenarios whose idea is something that validation warns of.
var doubtful = []string{"mixed-transaction", "wrong-sequence"}

// quiet are the scenarios in some runs of which the engine has nothing to write any more
// when the last user has saved.
var quiet = []string{"mixed-transaction", "validation-storm"}

// keepsTo runs a scenario as it stands and returns its figures.
func keepsTo(t *testing.T, name string) string {
	t.Helper()
	set := simulate(t, name, Options{Jobs: 2})
	for i := range set.Runs {
		r := &set.Runs[i]
		if r.Incomplete != "" || r.Panic != "" {
			t.Errorf("run %d: %s %s", i, r.Incomplete, r.Panic)
		}
		kept := slices.ContainsFunc(r.Maps, func(m result.MapCount) bool { return m.Parked+m.Blocked > 0 })
		for _, p := range r.Properties {
			want := result.Pass
			switch {
			case p.ID == "isolation" && !kept: // nothing was kept back that could have stopped others
				want = result.NoOccasion
			case p.ID == "traffic-stops" && p.Verdict == result.NoOccasion && slices.Contains(quiet, name):
				continue
			}
			if p.Verdict != want {
				t.Errorf("run %d: %s is %s: %s %v", i, p.ID, p.Verdict, p.Note, p.Examples)
			}
		}
	}
	for _, e := range set.Expectations {
		if e.Verdict != result.Pass {
			t.Errorf("%s (%s) is %s: %s; it was %s, from %s to %s", e.ID, e.Text, e.Verdict, e.Note, e.Mean, e.Low, e.High)
		}
	}
	return digest(set)
}

// digest tells what a set showed in a few lines, summed over its runs.
func digest(set *result.Set) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %d runs\n", set.Scenario.Name, set.Scenario.Mode, len(set.Runs))
	lines := map[string]uint64{}
	var order []string
	add := func(what string, n uint64) {
		if _, known := lines[what]; !known {
			order = append(order, what)
		}
		lines[what] += n
	}
	var took, unended []time.Duration
	for i := range set.Runs {
		r := &set.Runs[i]
		for _, m := range r.Maps {
			for side, name := range [2]string{"finops", "dataverse"} {
				add(m.Map+" captured in "+name, m.Captured[side])
				add(m.Map+" alive in "+name, m.Alive[side])
			}
			add(m.Map+" pairs that differ", m.Divergent)
			add(m.Map+" pairs parked", m.Parked)
			add(m.Map+" pairs blocked", m.Blocked)
		}
		for _, o := range r.Outcomes {
			add(fmt.Sprintf("%s from %s %s: %s", o.Map, o.Side, o.Class, o.Reason), o.Count)
		}
		add("engine writes", r.Totals.EngineWrites)
		add("retries", r.Totals.Retries)
		add("users' transactions refused", r.Totals.Rejected)
		if c := r.Copied; c != nil {
			add("changes lost", c.Lost[0]+c.Lost[1])
			add("changes missed", c.Missed[0]+c.Missed[1])
			add("rows copied", c.Rows)
			add("rows copied for nothing", c.Echoes)
		}
		for _, s := range r.Convergence {
			if s.Censored {
				unended = append(unended, s.Took)
			} else {
				took = append(took, s.Took)
			}
		}
	}
	for _, what := range order {
		if lines[what] > 0 {
			fmt.Fprintf(&b, "%10d  %s\n", lines[what], what)
		}
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		round := func(share float64) time.Duration {
			return took[int(share*float64(n-1))].Round(10 * time.Millisecond)
		}
		fmt.Fprintf(&b, "convergence p50 %v, p99 %v, longest %v; %d never\n", round(0.5), round(0.99), round(1), len(unended))
	}
	for _, e := range set.Expectations {
		fmt.Fprintf(&b, "%s  %s: %s", e.Verdict, e.ID, e.Text)
		if e.Mean != "" {
			fmt.Fprintf(&b, ": %s (%s to %s)", e.Mean, e.Low, e.High)
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// golden compares a text with a file of testdata. UPDATE_GOLDEN=1 renews the
// file instead.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
