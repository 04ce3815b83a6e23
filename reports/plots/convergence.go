package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// linesMost is how many table maps get a line of their own.
const linesMost = 6

// survivor is the curve of one table map: the share of its changes that had
// not converged after a given time.
type survivor struct {
	name   string
	sample stats.Sample
}

// Convergence draws, per table map, the share of changes not yet converged
// against the time since their commit, both axes logarithmic: the tail, where
// the trouble is, takes as much room as the bulk. A curve that ends on a
// dashed floor holds changes that never converged.
func Convergence(set *result.Set, s summary.Summary) Plot {
	runs := make([]*result.Run, len(set.Runs))
	for i := range set.Runs {
		runs[i] = &set.Runs[i]
	}
	var all []survivor
	for m, in := range set.Scenario.Maps {
		if sample := summary.SampleOf(runs, m, summary.AnySide); sample.N() > 0 {
			all = append(all, survivor{in.Name, sample})
		}
	}
	drawn := all
	if len(all) > linesMost {
		drawn = slices.Clone(all)
		slices.SortStableFunc(drawn, func(a, b survivor) int { return cmp.Compare(b.sample.N(), a.sample.N()) })
		drawn = drawn[:linesMost]
	}
	overall := s.Pooled.Convergence[0]
	p := Plot{
		Name:  "convergence",
		Title: findings.Convergence(s),
		Subtitle: fmt.Sprintf("Share of captured changes not yet converged, by time since their commit, per table map · n = %s",
			words.Count(overall.N)),
		Caption: convergenceCaption(set, overall, len(all)-len(drawn)) + warmupCaption(&set.Scenario),
		Table:   convergenceTable(s),
		height:  360,
	}
	if len(drawn) == 0 {
		p.Caption, p.height, p.draw = "", nothingHeight, nothing("No change was captured.")
		return p
	}
	if overall.Censored == overall.N {
		p.Caption, p.height, p.draw = "", nothingHeight, nothing("No change converged, so there is no time to show.")
		return p
	}
	p.Series = hues(drawn, survivor.called)
	bounds := slosOf(demanded(set), "convergence")
	if bounds != nil {
		p.Caption += sloCaption
	}
	p.survivors(drawn, bounds, set)
	return p
}

// survivors makes the plot one of curves, and says what lies left of its axis.
// Each of several runs of a set can be picked; without a set, none can.
func (p *Plot) survivors(curves []survivor, bounds []slo, set *result.Set) {
	a := axesOf(curves, bounds)
	n := 0
	for _, c := range curves {
		n += c.before(a.xs[0].at)
	}
	if n > 0 {
		p.Caption += fmt.Sprintf(" Left of the axis, below %s, %s.", a.xs[0].label, words.Counted(n, "change converged", "changes converged"))
		p.Named = append(p.Named, findings.Named{Name: "converged below " + a.xs[0].label, Value: words.Count(n)})
	}
	p.draw = func(c draw.Canvas) {
		pn := drawConvergence(c, curves, bounds, a)
		if set != nil && len(set.Runs) > 1 {
			pn.survivorsAlone(set)
		}
	}
}

// survivorsAlone keeps the curve of each run, of all its maps together.
func (p panel) survivorsAlone(set *result.Set) {
	listed := findings.Listed(set)
	for i := range set.Runs {
		r := &set.Runs[i]
		if _, ok := slices.BinarySearch(listed, r.Index); !ok {
			continue
		}
		sample := summary.SampleOf([]*result.Run{r}, summary.AnyMap, summary.AnySide)
		if len(sample.Converged()) > 0 {
			points, _ := p.survivor(sample)
			p.alone(r.Index, thin(points, alonePoint))
		}
	}
}

// before counts the changes that converged before the time that an axis begins at.
func (s survivor) before(seconds float64) int {
	ended := s.sample.Converged()
	n, _ := slices.BinarySearch(ended, time.Duration(seconds*float64(time.Second)))
	return n
}

func (s survivor) called() string { return s.name }

// kept says how the times of a set were kept.
func kept(sets ...*result.Set) string {
	most := uint64(1)
	for _, set := range sets {
		for i := range set.Runs {
			most = max(most, set.Runs[i].Thinned.Convergence)
		}
	}
	if most > 1 {
		return "exact values of " + words.Every(most) + " change"
	}
	return "exact values"
}

// live says, where changes went live, when their time begins.
func live(sets ...*result.Set) string {
	for _, set := range sets {
		for i := range set.Runs {
			if set.Runs[i].Totals.Live > 0 {
				return " (of a live change from the write on the other side to its user's commit)"
			}
		}
	}
	return ""
}

// warmupCaption says which changes do not count.
func warmupCaption(sc *result.Scenario) string {
	if sc.Warmup == 0 {
		return ""
	}
	return fmt.Sprintf(" Changes of the first %s, the warm-up, are left out.", words.Duration(sc.Warmup))
}

func convergenceCaption(set *result.Set, all summary.Convergence, left int) string {
	parts := []string{
		"True time from commit until both sides agree on the pair" + live(set) + "; " + kept(set) + ", " + words.Counted(len(set.Runs), "run", "runs pooled") + ", logarithmic axes.",
		"A curve that falls to the edge has converged entirely.",
	}
	if all.Censored > 0 {
		parts = append(parts, words.Counted(all.Censored, "change", "changes")+
			" had not converged when the run ended: counted as slower than all others (dashed floor; * a lower bound).")
	}
	if p50, p99 := words.Within(all.Interval("p50")), words.Within(all.Interval("p99")); p50 != "" {
		parts = append(parts, "Of all maps half take at most "+words.ShortQuantile(all.At("p50"))+p50+", 99 % at most "+words.ShortQuantile(all.At("p99"))+p99+".")
	}
	if left > 0 {
		parts = append(parts, words.Counted(left, "map", "maps")+" with fewer changes not drawn.")
	}
	return strings.Join(parts, " ")
}

func convergenceTable(s summary.Summary) Table {
	t := Table{Head: []string{"Table map", "From", "Changes", "Never converged"}}
	for _, q := range s.Pooled.Convergence[0].Quantiles {
		t.Head = append(t.Head, q.Name)
	}
	for _, c := range s.Pooled.Convergence {
		name, side := c.Map, words.Side(c.Side)
		if name == "" {
			name = "all"
		}
		if c.Side == "" {
			side = "both sides"
		}
		row := []string{name, side, words.Count(c.N), words.Count(c.Censored)}
		for _, q := range c.Quantiles {
			row = append(row, words.ShortQuantile(q.Quantile))
		}
		t.Rows = append(t.Rows, row)
	}
	if s.Pooled.Convergence[0].Censored > 0 {
		t.Note = "* a lower bound."
	}
	if s.Executed.Pooled > 1 {
		t.Note = strings.TrimSpace(t.Note + " " + "Quantiles of all runs together. Their intervals over runs stand in summary.json.")
	}
	return t
}

// survivorAxes are the ticks of both axes, which begin and end at the first and last.
type survivorAxes struct{ xs, ys []tick }

func axesOf(curves []survivor, bounds []slo) survivorAxes {
	low, high, least := extent(curves)
	low, high = reach(low, high, bounds)
	return survivorAxes{spanTicks(low, high), shareTicks(least)}
}

func drawConvergence(c draw.Canvas, curves []survivor, bounds []slo, axes survivorAxes) panel {
	xs, ys := axes.xs, axes.ys
	p := plot.New()
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Min, p.X.Max = xs[0].at, xs[len(xs)-1].at
	p.Y.Min, p.Y.Max = ys[len(ys)-1].at, 1
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + 52, Y: c.Min.Y + 42}, Max: vg.Point{X: c.Max.X - 12, Y: c.Max.Y - 22}}
	pn := newPanel(c, area, p)
	pn.rules(xs, ys, true)
	pn.head("Not yet converged", "share of changes")
	pn.xTitle("time since commit")

	labels := placer{area: area}
	for _, q := range []struct {
		name  string
		share float64
	}{{"p50", .5}, {"p99", .01}} {
		if q.share >= p.Y.Min {
			y := pn.y(q.share)
			pn.c.StrokeLine2(draw.LineStyle{Color: paint.Faint, Width: .6, Dashes: []vg.Length{1.5, 2.5}}, area.Min.X, y, area.Max.X, y)
			// On the left, where every curve is still at the top.
			write(pn.c, style(9, regular, paint.Faint), area.Min.X+3, y+3, q.name)
			labels.block(vg.Rectangle{Min: vg.Point{X: area.Min.X, Y: y}, Max: vg.Point{X: area.Min.X + 25, Y: y + 12}})
		}
	}

	var dots []func()
	for i, curve := range curves {
		shade := paint.Hues[i]
		points, floor := pn.survivor(curve.sample)
		pn.polyline(draw.LineStyle{Color: shade, Width: 2, Dashes: dashes[i]}, points)
		if len(floor) > 0 {
			pn.polyline(draw.LineStyle{Color: shade, Width: 1, Dashes: []vg.Length{3, 3}}, floor)
		}
		labels.curve(append(slices.Clone(points), floor...))
		for _, q := range []float64{.5, .99} {
			if v := curve.sample.Quantile(q); !v.Censored && 1-q >= p.Y.Min {
				at := vg.Point{X: pn.x(max(v.Value.Seconds(), p.X.Min)), Y: pn.y(1 - q)}
				dots = append(dots, func() { pn.dot(at, shade, 3) })
				labels.block(vg.Rectangle{Min: vg.Point{X: at.X - 4, Y: at.Y - 4}, Max: vg.Point{X: at.X + 4, Y: at.Y + 4}})
			}
		}
	}
	for _, d := range dots {
		d()
	}

	pn.sloWithin(bounds, &labels)
	var beside []placed
	x := area.Max.X
	for i, curve := range curves {
		name := fitMiddle(labelStyle(i), curve.name, nameMost)
		lines := []label{
			{name, labelStyle(i)},
			{"p50 " + words.ShortQuantile(curve.sample.Quantile(.5)) + "   p99 " + words.ShortQuantile(curve.sample.Quantile(.99)), noteStyle},
		}
		if n := curve.sample.Censored(); n > 0 {
			lines = append(lines, label{words.Count(n) + " never", noteStyle})
		}
		// With no room for three lines there may be some for one; a curve with
		// no room at all is named above the area.
		found := false
		for ; len(lines) > 0 && !found; lines = lines[:len(lines)-1] {
			var at placed
			if at, found = labels.put(i, lines); found {
				beside = append(beside, at)
			}
		}
		if !found {
			x -= measure(labelStyle(i), name)
			write(pn.c, labelStyle(i), x, area.Max.Y+9, name)
			pn.polyline(draw.LineStyle{Color: paint.Hues[i], Width: 2, Dashes: dashes[i]}, []vg.Point{{X: x - 24, Y: area.Max.Y + 13}, {X: x - 5, Y: area.Max.Y + 13}})
			x -= 36
		}
	}
	for _, at := range beside {
		at.draw(pn.c, true)
	}
	return pn
}

// nameMost is how wide the name of a map beside its curve may be.
const nameMost = 120

// labelStyle is the lettering of the i-th curve's name.
func labelStyle(i int) text.Style { return style(11, bold, paint.Hues[i]) }

// survivor turns a sample into points on the canvas: a falling staircase, and
// the floor on which it stays when some changes never converged.
func (p panel) survivor(s stats.Sample) (points, floor []vg.Point) {
	x := func(d time.Duration) vg.Length { return p.x(min(max(d.Seconds(), p.p.X.Min), p.p.X.Max)) }
	at := vg.Point{X: p.c.Min.X, Y: p.y(1)}
	points = append(points, at)
	for i, d := range s.Converged() {
		at.X = x(d)
		points = append(points, at)
		// Zero has no place on a logarithmic axis: the last step of a curve
		// whose changes all converged goes down to the edge.
		at.Y = p.c.Min.Y
		if left := s.N() - i - 1; left > 0 {
			at.Y = p.y(float64(left) / float64(s.N()))
		}
		points = append(points, at)
	}
	if s.Censored() > 0 {
		floor = []vg.Point{at, {X: p.c.Max.X, Y: at.Y}}
	}
	return thin(points, .7), floor
}

// thin leaves out points that are closer than least to the one before. At less than
// a point no eye tells them apart: a staircase of 100,000 steps needs a few hundred.
func thin(points []vg.Point, least vg.Length) []vg.Point {
	kept := points[:1:1]
	for i, q := range points[1:] {
		last := kept[len(kept)-1]
		if math.Abs(float64(q.X-last.X)) > float64(least) || math.Abs(float64(q.Y-last.Y)) > float64(least) || i == len(points)-2 {
			kept = append(kept, q)
		}
	}
	return kept
}

// extent is what the axes must hold: spans, and the least share above zero. The
// fastest two per cent of a curve are left to the edge, and so are changes that
// took no time at all, as live ones may: on a logarithmic axis of shares no eye
// sees them leave, and they would take half of the axis of times.
func extent(curves []survivor) (low, high time.Duration, least float64) {
	low, least = math.MaxInt64, 1
	for _, c := range curves {
		least = min(least, float64(max(1, c.sample.Censored()))/float64(c.sample.N()))
		if ended := c.sample.Converged(); len(ended) > 0 {
			from := ended[len(ended)/50:]
			first, _ := slices.BinarySearch(from, time.Microsecond)
			low = min(low, from[min(first, len(from)-1)])
			high = max(high, ended[len(ended)-1])
		}
	}
	return max(low, time.Microsecond), max(high, 2*time.Microsecond), least
}

// shareTicks are decades from all down to below the least share.
func shareTicks(least float64) []tick {
	ts := []tick{{1, "100 %"}}
	for share, digits := .1, 0; ; share /= 10 {
		ts = append(ts, tick{share, fmt.Sprintf("%.*f %%", digits, share*100)})
		if share < least || len(ts) > 8 {
			return ts
		}
		if share < .05 {
			digits++
		}
	}
}
