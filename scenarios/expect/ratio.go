package expect

import (
	"fmt"
	"math"
	"strconv"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// JudgeRatio decides what is demanded of the ratio of a figure's means, that
// over the runs of one setting by that over the runs of another: run i of both
// has the same draws. The interval is Fieller's: the ratios r for which the mean
// of a - r·b could be zero by Student's t over the pairs.
func JudgeRatio(f *Figure, demand Ratio, ours, theirs []Measures, confidence float64) Judgement {
	a, b := Observe(f, ours, confidence), Observe(f, theirs, confidence)
	switch {
	case a.Verdict == result.Inconclusive:
		return Judgement{Verdict: result.Inconclusive, Note: "of the first: " + a.Note}
	case b.Verdict == result.Inconclusive:
		return Judgement{Verdict: result.Inconclusive, Note: "of the second: " + b.Note}
	case len(ours) != len(theirs):
		return Judgement{Verdict: result.Inconclusive, Note: fmt.Sprintf("%d runs beside %d: they cannot be paired", len(ours), len(theirs))}
	case b.Interval.Mean == 0:
		return Judgement{Verdict: result.Inconclusive, Note: "the figure that it is divided by is 0"}
	case a.AtLeast || b.AtLeast:
		return Judgement{Verdict: result.Inconclusive, Note: "what it is taken of had not ended when the run did: the figure is a lower bound"}
	}
	j := Judgement{Interval: fieller(values(f, ours), values(f, theirs), confidence)}
	if a.Within > 0 || b.Within > 0 { // spans that were counted by their length
		up, down := a.Within/a.Interval.Mean, b.Within/b.Interval.Mean
		j.Interval.Low *= (1 - up) / (1 + down)
		j.Interval.High *= (1 + up) / (1 - down)
	}
	e := Expectation{Op: demand.Op, Bound: Quantity{Value: demand.Bound}}
	j.Verdict, j.Note = e.decide(&j)
	return j
}

func values(f *Figure, runs []Measures) []float64 {
	list := make([]float64, len(runs))
	for i, m := range runs {
		list[i] = f.read(m).value
	}
	return list
}

// fieller solves (ā - r·b̄)² = t²·(s²a - 2r·sab + r²·s²b)/n for r. Where b̄ is not
// clear of zero no bounded interval holds the ratio.
func fieller(a, b []float64, confidence float64) Interval {
	n := float64(len(a))
	ma, mb := MeanInterval(a, confidence).Mean, MeanInterval(b, confidence).Mean
	ratio := ma / mb
	if len(a) < 2 {
		return Interval{ratio, ratio, ratio, 1}
	}
	var va, vb, vab float64
	for i := range a {
		va += (a[i] - ma) * (a[i] - ma)
		vb += (b[i] - mb) * (b[i] - mb)
		vab += (a[i] - ma) * (b[i] - mb)
	}
	t := studentT(len(a)-1, confidence)
	g := t * t / (n - 1) / n
	// x·r² - 2y·r + z = 0
	x, y, z := mb*mb-g*vb, ma*mb-g*vab, ma*ma-g*va
	if x <= 0 {
		return Interval{ratio, math.Inf(-1), math.Inf(1), len(a)}
	}
	root := math.Sqrt(max(0, y*y-x*z))
	return Interval{ratio, (y - root) / x, (y + root) / x, len(a)}
}

// String writes the demand as expressions do.
func (r Ratio) String() string {
	return "ratio " + r.Op + " " + strconv.FormatFloat(r.Bound, 'g', -1, 64)
}
