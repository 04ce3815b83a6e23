package comparison

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/twinwrite/twinwrite/reports/stats"
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
	Worse   []string // IDs of the figures that are shown to be worse by more than [Threshold]
}

// Baseline judges the second setting by the first. A figure is worse when its
// difference is shown to be beyond the threshold, one-sided, after Holm's
// correction over all figures.
func (c *Comparison) Baseline() Gate {
	var ps []float64
	var figures []*Figure
	for i := range c.Figures {
		f := &c.Figures[i]
		a := f.Cells[1].Against
		if f.better == neither || a == nil || a.Shown == Unknown || a.difference.P == 1 && a.difference.Mean == 0 {
			continue
		}
		ps, figures = append(ps, beyond(a, f.better)), append(figures, f)
	}
	var g Gate
	for i, p := range stats.Holm(ps) {
		if f := figures[i]; p < significance {
			g.Worse = append(g.Worse, f.ID)
			if g.Text == "" {
				g.Text = tell(f, c.Settings[0].Name, c.Settings[1].Name, 1)
			}
		}
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
		g.Text = fmt.Sprintf("not shown to be worse than the baseline; the median of the time to converge differs by %s to %s", f.Unit.Signed(float64(a.Low)), f.Unit.Signed(float64(a.High)))
		return g
	}
	g.Text = "no time to converge was measured"
	return g
}

// beyond is the chance to see a difference at least as bad, were the true one
// just at the threshold.
func beyond(a *Against, b better) float64 {
	d := &a.difference
	bad := d.Mean
	if b == higher {
		bad = -bad
	}
	bad -= Threshold * math.Abs(a.base)
	half := (d.High - d.Low) / 2
	switch {
	case half == 0 && bad > 0:
		return 0
	case half == 0:
		return 1
	}
	t := distuv.StudentsT{Sigma: 1, Nu: d.Freedom}
	return t.Survival(bad / (half / t.Quantile(0.975)))
}
