package runs

import (
	"math"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/expect"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// measures returns the figures of all runs of a set.
func measures(set *result.Set) []expect.Measures {
	all := make([]expect.Measures, len(set.Runs))
	for i := range set.Runs {
		all[i] = expect.Of(set, &set.Runs[i])
	}
	return all
}

// enough looks whether the runs so far are enough for the precision that the
// scenario asks for, and notes what it saw. Who looks several times is wrong
// more often: the looks share the error that the confidence allows.
func (p *plan) enough(set *result.Set) bool {
	precision := p.scenario.Runs.Precision
	if precision == nil {
		return true
	}
	looks := p.scenario.Runs.Looks()
	confidence := 1 - (1-float64(precision.Confidence))/float64(len(looks))
	seen := expect.Observe(&precision.Metric, measures(set), confidence)
	look := result.Look{Runs: len(set.Runs), Figure: precision.Metric.String(), Relative: -1}
	if i := seen.Interval; seen.Verdict == result.Pass && !seen.AtLeast && i.Runs > 1 && i.Mean != 0 {
		look.Relative = i.Half() / math.Abs(i.Mean)
		look.Enough = look.Relative <= float64(precision.Relative)
	}
	set.Looks = append(set.Looks, look)
	return look.Enough
}

// judge decides the scenario's expectations over the runs of a set.
func (p *plan) judge(set *result.Set) {
	all := measures(set)
	for i := range p.scenario.Expect {
		set.Expectations = append(set.Expectations, p.decide(&p.scenario.Expect[i], set, all))
	}
}

func (p *plan) decide(e *scenarios.Expectation, set *result.Set, all []expect.Measures) result.Expectation {
	out := result.Expectation{ID: e.ID, Text: e.Label(), Runs: len(all)}
	switch {
	case e.Expr != nil:
		j := expect.Judge(e.Expr, all, p.scenario.Runs.Confidence())
		out.Verdict, out.Note, out.AtLeast = j.Verdict, j.Note, j.AtLeast
		if i := j.Interval; i.Runs > 0 {
			write := func(v float64) string { return expect.Quantity{Value: v, Unit: e.Expr.Bound.Unit}.String() }
			out.Mean, out.Runs = write(i.Mean), i.Runs
			if i.Runs > 1 {
				out.Low, out.High = write(i.Low), write(i.High)
			}
		}
	case e.Always != "":
		out.Verdict, out.Note = expect.Always(all, func(run int) (result.Verdict, string) {
			for _, q := range set.Runs[run].Properties {
				switch {
				case q.ID == e.Always && q.Verdict == result.NoOccasion:
					return result.Inconclusive, q.Note // who asks for it wants to see it
				case q.ID == e.Always:
					return q.Verdict, q.Note
				}
			}
			if set.Runs[run].Copied != nil {
				return result.Inconclusive, "the data integrator promises nothing of the kind"
			}
			return result.Inconclusive, "the property was not checked"
		})
	default:
		for _, s := range expect.States {
			if s.Name == e.Eventually {
				out.Verdict, out.Note = expect.Eventually(s, e.Within, all)
			}
		}
	}
	return out
}
