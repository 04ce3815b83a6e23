package comparison_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// settled is the fixture's comparison with the settings that variants change.
func settled(n int) *result.Comparison {
	c := fixture.Compared(n)
	for i := range c.Settings {
		sc := &c.Settings[i].Set.Scenario
		var names []string
		for _, m := range sc.Maps {
			names = append(names, m.Name)
		}
		sc.Inputs = slices.DeleteFunc(slices.Clone(sc.Inputs), func(in result.Input) bool {
			return strings.HasPrefix(in.Path, "jobs.") || in.Path == "engine.workers" || in.Path == "engine.batch"
		})
		sc.Inputs = append(sc.Inputs,
			result.Input{Path: "jobs.billing.primary", Value: "finops"},
			result.Input{Path: "jobs.billing.sequence", Value: "[" + strings.Join(names, ", ") + "]"},
			result.Input{Path: "engine.workers", Value: "8"}, result.Input{Path: "engine.batch", Value: "1"})
	}
	return c
}

// async is the fixture's async setting, slower by a factor.
func async(n int, factor float64) *result.Set {
	return fixture.Slower(fixture.As(fixture.Runs(n), "async"), factor)
}

func workers(name string, set *result.Set) result.Variant {
	return result.Variant{What: "workers", Name: name, Path: "engine.workers", Value: name, Set: set}
}

// TestVariants: the schedule is fixed by the scenario and its results, and says
// what it leaves out.
func TestVariants(t *testing.T) {
	t.Parallel()
	c := settled(4)
	list, untried := comparison.Variants(c)
	var got []string
	for _, v := range list {
		got = append(got, v.What+" "+v.Name)
		if v.What == "sequence" && !strings.HasPrefix(v.Value, "[") || v.Path == "" {
			t.Errorf("%s %s is set by %s=%s", v.What, v.Name, v.Path, v.Value)
		}
	}
	if got[0] != "primary Dataverse" || !slices.Contains(got, "workers 4") || !slices.Contains(got, "workers 16") || !slices.Contains(got, "batch 2") || slices.Contains(got, "batch 0") {
		t.Errorf("variants are %q", got)
	}
	exchanges := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !strings.HasPrefix(s, "sequence ") })
	if want := min(4, len(c.Settings[0].Set.Scenario.Maps)-1); len(exchanges) != want || want == 0 {
		t.Errorf("exchanges are %q, want %d", exchanges, want)
	}
	if !strings.Contains(strings.Join(untried, " "), "exchange") {
		t.Errorf("untried: %q", untried)
	}
	if list, untried := comparison.Variants(settled(1)); list != nil || untried == nil {
		t.Errorf("one run: %d variants, untried %q", len(list), untried)
	}
}

// TestTried: a number is turned up where that is shown to be better, stands where
// less of it is worse, and is said to show no difference where none is shown.
func TestTried(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name         string
		half, double float64
		want         string
	}{
		{"more is better", 2, .5, "16"},
		{"less is worse", 2, 1, "8"},
		{"no difference", 1, 1, "8; with 4 no difference is shown"},
		{"less is better", .5, 2, "4"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			c := settled(6)
			c.Variants = []result.Variant{workers("4", async(5, x.half)), workers("16", async(5, x.double))}
			advice := comparison.Of(c).Advice
			got := advice.Jobs[0]
			if got.Answer != x.want {
				t.Errorf("workers: %q because %q, want %q", got.Answer, got.Because, x.want)
			}
			if text := strings.Join(got.Because, "\n"); !strings.Contains(text, "with 4: ") || !strings.Contains(text, "95 % interval") || !strings.Contains(text, "over 5 runs") {
				t.Errorf("because %s", text)
			}
		})
	}
}

// TestTurns: what another value of an assumption does to an answer is told with
// the value and its figures, and where it does nothing, that.
func TestTurns(t *testing.T) {
	t.Parallel()
	under := func(double float64) *result.Comparison {
		u := settled(5)
		u.Variants = []result.Variant{workers("4", async(5, 2)), workers("16", async(5, double))}
		return u
	}
	c := settled(6)
	c.Variants = []result.Variant{workers("4", async(5, 2)), workers("16", async(5, 1))}
	c.Assumed = []result.Assumed{{Path: "links.latency", Value: "5ms", Other: "half", Under: under(1)}}
	advice := comparison.Of(c).Advice
	if got := advice.Jobs[0].Assumed; got != "The one assumption examined is not shown to turn it." {
		t.Errorf("nothing turns: %q", got)
	}
	c.Assumed = append(c.Assumed, result.Assumed{Path: "links.loss", Value: "1%", Other: "double", Under: under(.5)})
	advice = comparison.Of(c).Advice
	got := advice.Jobs[0].Assumed
	for _, want := range []string{"Of the 2 assumptions examined, 1 turns it: with links.loss at double in place of 1% (it turns between the two) it is 16, because with 16: ", "95 % interval"} {
		if !strings.Contains(got, want) {
			t.Errorf("turned: %q, want %q", got, want)
		}
	}
	if !slices.ContainsFunc(advice.Evidence, func(e comparison.Evidence) bool { return strings.HasSuffix(e.Setting, "links.loss at double") }) {
		t.Error("the figures that turn it are not among the evidence")
	}
}

// TestMoving: examined are the assumptions whose probes move a figure most, each
// once, and none that moves nothing by a tenth.
func TestMoving(t *testing.T) {
	t.Parallel()
	probe := func(path string, factor float64) comparison.Probe {
		return comparison.Probe{Path: path, Other: "other", Set: async(1, factor)}
	}
	probes := []comparison.Probe{probe("a", 1), probe("b", 1.5), probe("b", 4), probe("c", 1.05), probe("d", 2), probe("e", 1.3), probe("f", 1.4)}
	if got, want := comparison.Moving(settled(3), probes), []int{2, 4, 6}; !slices.Equal(got, want) {
		t.Errorf("examined are %v, want %v", got, want)
	}
}

// TestNoSuchFigure: what a mode cannot measure neither rules it out nor speaks for
// it; the answer says that it has no such figure.
func TestNoSuchFigure(t *testing.T) {
	t.Parallel()
	c := fixture.Compared(6)
	for i := range c.Settings {
		set := c.Settings[i].Set
		for m := range set.Scenario.Maps { // the integrator loses changes of every map
			if set.Scenario.Mode == "integrator" {
				for r := range set.Runs {
					set.Runs[r].Maps[m].Lost = 9
				}
			}
		}
		set.Expectations = []result.Expectation{
			{ID: "soon", Text: "p99(convergence) < 1s", Verdict: result.Pass, Mean: "9ms", Runs: 6},
			{ID: "conflicts", Text: "share(outcome{class=conflict}) < 5%", Verdict: result.Pass, Mean: "1%", Runs: 6},
		}
		switch set.Scenario.Mode {
		case "live":
			set.Expectations[1] = result.Expectation{ID: "conflicts", Text: "share(outcome{class=conflict}) < 5%", Verdict: result.Inconclusive, Foreign: true, Runs: 6}
		case "async":
			set.Expectations[0].Verdict = result.Fail
		}
	}
	live := 0
	for _, m := range comparison.Of(c).Advice.Maps {
		if m.Mode.Answer == "live" {
			live++
			if why := strings.Join(m.Mode.Because, "\n"); !strings.Contains(why, "conflicts under live: there is no such figure") || !strings.Contains(why, "soon under live: pass") {
				t.Errorf("%s is live because %q", m.Map, why)
			}
		}
	}
	if live == 0 {
		t.Error("live is advised for no map")
	}
}
