package html_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/html/traced"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestTraced: every number in a sentence of a page stands in a table of the page,
// with its interval where the sentence gives one, or is an input.
func TestTraced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*result.Comparison{
		"one run": fixture.Compared(1), "two": fixture.Compared(2), "four": fixture.Compared(4), "asked": asked(4), "tried": tried(6), "assumed": assumed(6),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := traced.Read(compared(t, c))
			if len(p.Sentences) < 20 || len(p.Tables) < 8 {
				t.Fatalf("%d sentences and %d tables: the page is not read", len(p.Sentences), len(p.Tables))
			}
			trace(t, p)
			if told := strings.Contains(strings.Join(p.Sentences, " "), "it turns at about 1.41-fold, between 1.37-fold and 1.44-fold"); told != (name == "assumed") {
				t.Errorf("told where an answer turns: %v", told)
			}
			if p.Numbers < 10 || p.Estimates == 0 && name != "one run" {
				t.Errorf("only %d numbers were traced, %d with an interval", p.Numbers, p.Estimates)
			}
		})
	}
}

func trace(t *testing.T, p *traced.Page) {
	t.Helper()
	for _, s := range p.Sentences {
		if missing := p.Untraced(s); len(missing) > 0 {
			t.Errorf("%q: no table of the page has %q", s, missing)
		}
	}
}

// TestRunTraced: so it is with the page of a run.
func TestRunTraced(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]*result.Set{
		"none": fixture.None(), "empty": fixture.Empty(), "one": fixture.One(), "day": fixture.Day(), "broken": fixture.Broken(), "panicked": fixture.Panicked(),
		"live": fixture.Live(1), "copied": fixture.Copied(1), "live often": fixture.Live(2), "copied often": fixture.Copied(2),
		"stopped": fixture.Stopped(), "interrupted": fixture.Interrupted(3, 10), "censored": fixture.Censored(.3), "two": fixture.Runs(2), "five": fixture.Runs(5), "full": fixture.Full(3),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := traced.Read(write(t, set))
			trace(t, p)
			if several := name == "two" || name == "five"; several && p.Estimates < 4 {
				t.Errorf("only %d numbers were traced with an interval", p.Estimates)
			}
		})
	}
}

// TestSweptTraced: and with those of a sweep and of a tornado.
func TestSweptTraced(t *testing.T) {
	t.Parallel()
	sweep, _, tornado := sweptPages(t)
	for name, page := range map[string]string{"sweep": sweep, "tornado": tornado} {
		p := traced.Read(page)
		trace(t, p)
		if p.Numbers < 10 || p.Estimates == 0 {
			t.Errorf("%s: only %d numbers were traced, %d with an interval", name, p.Numbers, p.Estimates)
		}
	}
}

// TestUntraced: what stands in no table, or in two that do not belong together,
// is found.
func TestUntraced(t *testing.T) {
	t.Parallel()
	sweep, _, tornado := sweptPages(t)
	for name, of := range map[string]struct {
		page string
		said map[string]string
	}{
		"comparison": {compared(t, fixture.Compared(4)), map[string]string{
			"Live, time to converge, median: 485ms against 3.89s under async.":                        "3.89s",
			"99 % of the changes are on both sides within 49.8s: −5m 49s (95 % interval −7m to −4m).": "−5m 49s (interval −7m to −4m",
			"Live is better in 17 figures.": "17",
			"it took 485ms over 5 runs":     "5 runs",
		}},
		"run": {write(t, fixture.Runs(5)), map[string]string{
			"In 5 runs of 8h 50m, users committed 3,334 transactions in F&O and 1,856 in Dataverse":                "1,856",
			"Half of the saves took at most 148ms (95 % interval 140ms to 141ms).":                                 "148ms (interval 140ms to 141ms",
			"98.4 % of 30,023 references reached the other side":                                                   "98.4 %",
			"The backlog peaked at 1,139 to 1,237 references; 95 % of that was worked off 2m 12s after the fault.": "2m 12s",
			"the highest backlog, at 14:43":                                                                        "14:43",
			"All 13 properties hold.":                                                                              "13",
		}},
		"sweep": {sweep, map[string]string{
			"engine.workers = 8, time to converge, p99: 1.23s": "1.23s",
		}},
		"tornado": {tornado, map[string]string{
			"With engine.workers at 8 in place of 7: soon is fail.": "7",
		}},
	} {
		p := traced.Read(of.page)
		for said, want := range of.said {
			if missing := p.Untraced(said); !slices.Contains(missing, want) {
				t.Errorf("%s: %q: %q is missing, want %q among it", name, said, missing, want)
			}
		}
	}
}

// asked is the comparison of a scenario that demands something.
func asked(n int) *result.Comparison {
	c := fixture.Compared(n)
	for i := range c.Settings {
		c.Settings[i].Set.Expectations = []result.Expectation{{
			ID: "soon", Text: "p99(convergence) < 15m", Verdict: result.Pass, Mean: "6m", Low: "5m", High: "7m", Runs: n,
		}}
	}
	return c
}

// tried is the comparison with other numbers of workers and batches, and the
// other primary.
func tried(n int) *result.Comparison {
	c := fixture.Compared(n)
	slower := func(factor float64) *result.Set {
		return fixture.Slower(fixture.As(fixture.Runs(n), "async"), factor)
	}
	c.Variants = []result.Variant{
		{What: "workers", Name: "8", Path: "engine.workers", Value: "8", Set: slower(2)},
		{What: "workers", Name: "32", Path: "engine.workers", Value: "32", Set: slower(.5)},
		{What: "batch", Name: "5", Path: "engine.batch", Value: "5", Set: slower(1)},
		{What: "primary", Name: "Dataverse", Path: "jobs.billing.primary", Value: "dataverse", Set: slower(1)},
	}
	return c
}

// assumed is the comparison once more under other values of assumptions, one of
// which turns what is told of workers.
func assumed(n int) *result.Comparison {
	c := tried(n)
	c.Untried = []string{"Examined with 6 runs in all modes were 2 assumptions."}
	under := func(factor float64) *result.Comparison {
		u := tried(n)
		u.Variants[1].Set = fixture.Slower(fixture.As(fixture.Runs(n), "async"), factor)
		return u
	}
	c.Assumed = []result.Assumed{
		{Path: "links.latency", Value: "5ms", Other: "half", Under: under(.5)},
		{Path: "links.loss", Value: "0.01", Other: "double", Under: under(1), Turns: []result.Turn{
			{About: "all maps", What: "workers", Answer: "32", Other: "16", From: "1.37-fold", To: "1.44-fold", Near: "1.41-fold"},
		}},
	}
	return c
}
