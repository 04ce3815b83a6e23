package comparison

import (
	"fmt"
	"math"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Resolution is how well the time to converge must be known for "not worse" to
// mean anything: half the interval of its median, as a share of the baseline's.
const Resolution = 0.10

// Gate is the answer to: is the second setting worse than the first?
type Gate struct {
	Verdict result.Verdict // pass: not shown to be worse, and a slow-down of [Resolution] would have been
	Text    string
	Worse   []string // IDs of the figures that are shown to be worse, and by [Threshold] at least
}

// Baseline judges the second setting by the first. It goes by what the table of
// figures shows, so that both tell the same figures.
func (c *Comparison) Baseline() Gate {
	var g Gate
	for i := range c.Figures {
		f := &c.Figures[i]
		if a := f.Cells[1].Against; a == nil || a.Shown != Worse {
			continue
		}
		if g.Worse == nil {
			g.Text = tell(f, c.Settings[0].Name, c.Settings[1].Name, 1)
		}
		g.Worse = append(g.Worse, f.ID)
	}
	if g.Worse != nil {
		g.Verdict = result.Fail
		g.Text = fmt.Sprintf("worse than the baseline in %s. %s", words.Counted(len(g.Worse), "figure", "figures"), g.Text)
		return g
	}
	g.Verdict = result.Inconclusive
	for i := range c.Figures {
		f := &c.Figures[i]
		if f.ID != medianID {
			continue
		}
		a := f.Cells[1].Against
		switch {
		case a == nil:
			g.Text = "the time to converge was not measured in both"
			return g
		case !a.difference.Known:
			g.Text = "one run has no interval: take more runs"
			return g
		case a.Shown == Unknown:
			g.Text = "the median of the time to converge is a lower bound: too many changes never converged"
			return g
		}
		half := (a.difference.High - a.difference.Low) / 2
		if least := Resolution * a.base; half > least {
			need := math.Ceil(float64(a.Runs) * (half / least) * (half / least))
			g.Text = fmt.Sprintf("the median of the time to converge is known to ±%s, and ±%s is needed: about %.0f runs would tell", f.Unit.Write(half), f.Unit.Write(least), need)
			return g
		}
		g.Verdict = result.Pass
		differs := "differs by " + between(f.Unit, a)
		if a.Low == 0 && a.High == 0 {
			differs = "is the same in every run"
		}
		g.Text = "not shown to be worse than the baseline; the median of the time to converge " + differs
		return g
	}
	g.Text = "no time to converge was measured"
	return g
}
