package plots

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// paired is one setting beside the first, run by run: medians of the time to
// converge, in seconds.
type paired struct {
	name       string
	a, b       []float64
	difference stats.Difference
}

// Pairs draws whether the runs of compared settings go together, run by run, and how
// fast that makes their difference known.
func Pairs(c *result.Comparison) Plot {
	var all []paired
	for k := range c.Settings {
		if p, ok := pairsOf(c, k); k > 0 && ok && len(all) < linesMost {
			all = append(all, p)
		}
	}
	p := Plot{
		Name:     "trust",
		Title:    pairsFinding(all),
		Subtitle: fmt.Sprintf("Median of the time to converge, run by run, against that of %s; and how precisely their difference is known after so many runs", c.Settings[0].Name),
		Table:    Table{Head: []string{"Setting", "Run pairs", "Correlation", "Gain", "Difference", "From", "To"}},
		height:   nothingHeight,
	}
	for _, x := range all {
		d := x.difference
		p.Table.Rows = append(p.Table.Rows, []string{x.name, words.Count(len(x.a)), decimals(d.Correlation), decimals(d.Gain), spanText(d.Mean), spanText(d.Low), spanText(d.High)})
	}
	if all == nil {
		p.draw = nothing("Fewer than three pairs of runs have changes that converged.")
		return p
	}
	p.Caption = "Left: each dot is a pair of runs with the same users, edits and faults, as a multiple of the setting's mean; on the diagonal they go together. Right: half the 95 % interval of the difference by the first setting's mean; solid as measured, dotted as if the runs were independent (Welch)."
	p.Series = hues(all, func(x paired) string { return x.name })
	p.height = 262
	p.draw = func(canvas draw.Canvas) { drawPairs(canvas, all, c.Settings[0].Name) }
	return p
}

// pairsOf takes a setting beside the first; false where there are too few pairs.
func pairsOf(c *result.Comparison, k int) (paired, bool) {
	first, other := c.Settings[0].Set, c.Settings[k].Set
	x := paired{name: c.Settings[k].Name}
	if first.Scenario.Seed != other.Scenario.Seed {
		return x, false
	}
	median := func(r *result.Run) (float64, bool) {
		q := summary.SampleOf([]*result.Run{r}, summary.AnyMap, summary.AnySide).Quantile(.5)
		return q.Value.Seconds(), q.Known && !q.Censored
	}
	for _, r := range comparison.Whole(first) {
		for _, s := range comparison.Whole(other) {
			a, okA := median(r)
			b, okB := median(s)
			if r.Index == s.Index && okA && okB {
				x.a, x.b = append(x.a, a), append(x.b, b)
			}
		}
	}
	if len(x.a) < 3 {
		return x, false
	}
	x.difference = stats.CompareRuns(x.a, x.b)
	return x, true
}

func decimals(v float64) string {
	if math.IsNaN(v) {
		return words.None
	}
	return strings.Replace(fmt.Sprintf("%.2f", v), "-", "−", 1)
}

// gainMost is what a title says of pairing at most: beyond, runs are the same but for
// rounding.
const gainMost = 1000

// pairsFinding says what pairing gains.
func pairsFinding(all []paired) string {
	if all == nil {
		return "Too few runs to say whether they go together"
	}
	best := all[0].difference
	for _, x := range all {
		if x.difference.Paired && (!best.Paired || x.difference.Gain > best.Gain) {
			best = x.difference
		}
	}
	switch {
	case !best.Paired || math.IsNaN(best.Correlation):
		return "The runs do not go together: they count as independent"
	case math.IsNaN(best.Gain):
		return fmt.Sprintf("Run by run the settings go together (correlation %.2f)", best.Correlation)
	case best.Gain < 1.05:
		return fmt.Sprintf("Run by run the settings hardly go together (correlation up to %.2f): that is worth no more runs", best.Correlation)
	case best.Gain >= gainMost:
		return fmt.Sprintf("Run by run the settings go together (correlation up to %.2f): that is worth more than %s times the runs", best.Correlation, words.Count(gainMost))
	default:
		return fmt.Sprintf("Run by run the settings go together (correlation up to %.2f): that is worth %.1f times the runs", best.Correlation, best.Gain)
	}
}

func drawPairs(c draw.Canvas, all []paired, first string) {
	const left, gutter, foot, head = 52, 72, 42, 26
	half := (c.Max.X - c.Min.X - left - gutter - 12) / 2
	area := func(x vg.Length) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: x, Y: c.Min.Y + foot}, Max: vg.Point{X: x + half, Y: c.Max.Y - head}}
	}
	drawScatter(c, area(c.Min.X+left), all, first)
	drawPrecision(c, area(c.Min.X+left+half+gutter), all)
}

// relative gives values as multiples of their mean.
func relative(values []float64) []float64 {
	mean := stats.MeanOverRuns(values).Mean
	out := make([]float64, len(values))
	for i, v := range values {
		if out[i] = 1; mean > 0 {
			out[i] = v / mean
		}
	}
	return out
}

func drawScatter(c draw.Canvas, area vg.Rectangle, all []paired, first string) {
	low, high := 1., 1.
	for _, x := range all {
		for _, values := range [][]float64{relative(x.a), relative(x.b)} {
			for _, v := range values {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	ts := partTicks(low, high)
	p := plot.New()
	p.X.Min, p.X.Max = ts[0].at, ts[len(ts)-1].at
	p.Y.Min, p.Y.Max = p.X.Min, p.X.Max
	pn := newPanel(c, area, p)
	pn.rules(ts, ts, true)
	pn.head("Run by run", "by the mean")
	pn.xTitle(fit(unitStyle, "run of "+first, area.Max.X-area.Min.X))
	pn.c.StrokeLine2(draw.LineStyle{Color: paint.Faint, Width: .8, Dashes: []vg.Length{3, 3}}, area.Min.X, area.Min.Y, area.Max.X, area.Max.Y)
	labels := placer{area: area}
	for i, x := range all {
		a, b := relative(x.a), relative(x.b)
		for k := range a {
			at := vg.Point{X: pn.x(a[k]), Y: pn.y(b[k])}
			pn.mark(at, i)
			labels.block(vg.Rectangle{Min: vg.Point{X: at.X - 3, Y: at.Y - 3}, Max: vg.Point{X: at.X + 3, Y: at.Y + 3}})
		}
	}
	y := area.Max.Y - 6
	for i, x := range all { // in the corner where what goes together is not
		y -= 13
		pn.mark(vg.Point{X: area.Min.X + 9, Y: y + 3.5}, i)
		text := fitMiddle(labelStyle(i), x.name, 100)
		write(c, labelStyle(i), area.Min.X+17, y, text)
		write(c, noteStyle, area.Min.X+17+measure(labelStyle(i), text)+6, y, "r "+decimals(x.difference.Correlation))
	}
}

// mark is a dot whose form tells lines apart without colour.
func (p panel) mark(at vg.Point, i int) {
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}}
	p.c.DrawGlyphNoClip(draw.GlyphStyle{Color: paint.Hues[i%len(paint.Hues)], Radius: 2.6, Shape: shapes[i%len(shapes)]}, at)
}

// precise is half the interval of a difference by the first setting's mean.
func precise(d stats.Difference, a []float64) float64 {
	return (d.High - d.Low) / 2 / stats.MeanOverRuns(a).Mean
}

// drawPrecision draws how the interval narrows with the runs, from the third on.
func drawPrecision(c draw.Canvas, area vg.Rectangle, all []paired) {
	type line struct{ as, apart []float64 }
	lines := make([]line, len(all))
	high, most := 0., 0
	for i, x := range all {
		for n := 3; n <= len(x.a); n++ {
			l := &lines[i]
			l.as = append(l.as, precise(stats.CompareRuns(x.a[:n], x.b[:n]), x.a[:n]))
			l.apart = append(l.apart, precise(stats.CompareGroups(x.a[:n], x.b[:n]), x.a[:n]))
			high = max(high, l.as[n-3], l.apart[n-3])
		}
		most = max(most, len(x.a))
	}
	ys := percentTicks(high)
	p := plot.New()
	p.X.Min, p.X.Max = 3, float64(max(most, 4))
	p.Y.Min, p.Y.Max = 0, ys[len(ys)-1].at
	pn := newPanel(c, area, p)
	var xs []tick
	for _, t := range runTicks(most) {
		if t.at >= 3 {
			xs = append(xs, t)
		}
	}
	pn.rules(xs, ys, true)
	pn.head("Half the interval", "by the first setting's mean")
	pn.xTitle("runs")
	labels := placer{area: area}
	for i, l := range lines {
		at := func(values []float64) (points []vg.Point) {
			for k, v := range values {
				points = append(points, vg.Point{X: pn.x(float64(k + 3)), Y: pn.y(v)})
			}
			return points
		}
		pn.polyline(draw.LineStyle{Color: paint.Hues[i], Width: 1, Dashes: []vg.Length{1.5, 2.5}}, at(l.apart))
		solid := at(l.as)
		pn.polyline(draw.LineStyle{Color: paint.Hues[i], Width: 1.7}, solid)
		if len(solid) == 1 {
			pn.mark(solid[0], i)
		}
		labels.curve(solid)
	}
	for i, x := range all {
		if at, ok := labels.put(i, []label{{fitMiddle(labelStyle(i), x.name, 100), labelStyle(i)}}); ok {
			at.draw(pn.c, true)
		}
	}
}

// partTicks are round numbers from low to high, in about four steps.
func partTicks(low, high float64) []tick {
	step := decimalStep(max(high-low, .01) / 4)
	var ts []tick
	for k := math.Floor(low/step + 1e-9); ; k++ {
		ts = append(ts, tick{k * step, fmt.Sprintf("%.3g", k*step)})
		if k*step >= high-step*1e-9 && len(ts) > 1 {
			return ts
		}
	}
}
