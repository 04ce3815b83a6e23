package result

import "testing"

func TestWorse(t *testing.T) {
	t.Parallel()
	all := []Verdict{Pass, Fail, Inconclusive, NoOccasion, "unheard of"}
	want := [][]Verdict{
		{Pass, Fail, Inconclusive, Pass, Inconclusive},
		{Fail, Fail, Fail, Fail, Fail},
		{Inconclusive, Fail, Inconclusive, Inconclusive, Inconclusive},
		{Pass, Fail, Inconclusive, NoOccasion, "unheard of"},
		{Inconclusive, Fail, Inconclusive, "unheard of", Inconclusive},
	}
	for i, a := range all {
		for j, b := range all {
			if got := Worse(a, b); got != want[i][j] {
				t.Errorf("Worse(%s, %s) = %s, want %s", a, b, got, want[i][j])
			}
		}
	}
}

func TestVerdictOfASet(t *testing.T) {
	t.Parallel()
	run := func(verdicts ...Verdict) (r Run) {
		for _, v := range verdicts {
			r.Properties = append(r.Properties, Property{Verdict: v})
		}
		return r
	}
	expect := func(v Verdict) []Expectation { return []Expectation{{Verdict: v}} }
	cut := run(Pass)
	cut.Incomplete = "it was interrupted"
	fallen := run(Pass)
	fallen.Panic = "a rule was broken"
	copied := Run{Copied: &Copied{}}
	halfCopied := Run{Copied: &Copied{}, Incomplete: "it was interrupted"}
	for _, c := range []struct {
		name string
		set  Set
		want Verdict
	}{
		{"no run", Set{}, Inconclusive},
		{"no run, and an expectation that holds", Set{Expectations: expect(Pass)}, Inconclusive},
		{"a run without properties", Set{Runs: []Run{{}}}, Inconclusive},
		{"all hold, or had no occasion", Set{Runs: []Run{run(Pass, NoOccasion)}}, Pass},
		{"none had an occasion", Set{Runs: []Run{run(NoOccasion)}}, Inconclusive},
		{"none had an occasion, and an expectation holds", Set{Runs: []Run{run(NoOccasion)}, Expectations: expect(Pass)}, Pass},
		{"one was not measured", Set{Runs: []Run{run(Pass), run(Pass, Inconclusive)}}, Inconclusive},
		{"one is broken", Set{Runs: []Run{run(Pass), run(Fail, Inconclusive)}}, Fail},
		{"a run was cut short", Set{Runs: []Run{cut, run(Pass)}}, Inconclusive},
		{"a run failed", Set{Runs: []Run{fallen}}, Inconclusive},
		{"an expectation was not measured", Set{Runs: []Run{run(Pass)}, Expectations: expect(Inconclusive)}, Inconclusive},
		{"an expectation is broken", Set{Runs: []Run{run(Pass)}, Expectations: expect(Fail)}, Fail},
		{"copied, and nothing expected", Set{Runs: []Run{copied}}, Inconclusive},
		{"copied, as expected", Set{Runs: []Run{copied}, Expectations: expect(Pass)}, Pass},
		{"copied, not as expected", Set{Runs: []Run{copied}, Expectations: expect(Fail)}, Fail},
		{"copied, but not to the end", Set{Runs: []Run{halfCopied}, Expectations: expect(Pass)}, Inconclusive},
	} {
		if got := c.set.Verdict(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
