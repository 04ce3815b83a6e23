package runs

import (
	"fmt"
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
		if e := &p.scenario.Expect[i]; e.Compare == nil { // one mode has nothing to be compared with
			set.Expectations = append(set.Expectations, p.decide(e, set, all))
		}
	}
}

// JudgeBetween decides those expectations of a scenario that demand something
// of it beside another setting; first names the setting that the scenario's own
// figures are of.
func JudgeBetween(s *scenarios.Scenario, first string, settings []result.Setting) []result.Expectation {
	var list []result.Expectation
	of := func(name string) []expect.Measures {
		for _, setting := range settings {
			if setting.Name == name {
				return measures(setting.Set)
			}
		}
		return nil
	}
	for i := range s.Expect {
		e := &s.Expect[i]
		if e.Compare == nil {
			continue
		}
		out := result.Expectation{ID: e.ID, Text: e.Label(), Verdict: result.Inconclusive}
		ours, theirs := of(first), of(e.Compare.To)
		switch {
		case ours == nil:
			out.Note = first + " is not among what is compared"
		case theirs == nil:
			out.Note = e.Compare.To + " is not among what is compared"
		default:
			j := expect.JudgeRatio(&e.Compare.Metric, e.Compare.Expr, ours, theirs, s.Runs.Confidence())
			out.Verdict, out.Note = j.Verdict, j.Note
			measured(&out, &j, expect.Plain)
		}
		list = append(list, out)
	}
	return list
}

func (p *plan) decide(e *scenarios.Expectation, set *result.Set, all []expect.Measures) result.Expectation {
	out := result.Expectation{ID: e.ID, Text: e.Label(), Runs: len(all)}
	switch {
	case e.Expr != nil:
		j := expect.Judge(e.Expr, all, p.scenario.Runs.Confidence())
		out.Verdict, out.Note, out.AtLeast = j.Verdict, j.Note, j.AtLeast
		measured(&out, &j, e.Expr.Bound.Unit)
		mode := p.scenario.Engine.Mode.String()
		if m := e.Expr.Figure.Metric; j.Interval.Runs == 0 && len(all) > 0 && m.Only != "" && m.Only != mode {
			out.Foreign = true
			out.Note = fmt.Sprintf("%s is a figure of %s, and under %s there is none: leave the expectation out of this run", m.Name, m.Only, mode)
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
				return result.Inconclusive, "the data integrator promises nothing, so that no property is judged under it: ask for count(lost) == 0 and count(missed) == 0"
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

// measured writes down the figure that an expectation was judged by. No figure is
// below zero, so that of an interval which is there is not shown.
func measured(out *result.Expectation, j *expect.Judgement, unit expect.Unit) {
	i := j.Interval
	if i.Runs == 0 {
		return
	}
	write := func(v float64) string { return expect.Quantity{Value: v, Unit: unit}.String() }
	out.Mean, out.Runs = write(i.Mean), i.Runs
	if i.Runs > 1 {
		out.Low, out.High = write(max(0, i.Low)), write(i.High)
	}
}
