package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// running is a mean over the first runs.
type running struct {
	runs int
	stats.Interval
}

// warmup is how the time to converge went over the day in one run: means of
// successive changes, and where MSER-5 would begin to count.
type warmup struct {
	at    []time.Duration // commit of the first change of each batch
	means []float64       // seconds
	cut   time.Duration
	known bool
}

// Trust draws how far the figures of several runs can be trusted: how the mean
// of their medians settles with every further run, and whether the beginning of
// a run differs from the rest.
func Trust(set *result.Set) Plot {
	means, censored := runningMeans(set)
	w := warmupOf(set)
	p := Plot{
		Name:     "trust",
		Title:    trustFinding(means, censored),
		Subtitle: fmt.Sprintf("Left: median of the time to converge, its mean over the first runs with the 95 %% interval · n = %d runs. Right: one run, means of successive changes", len(means)),
		Caption:  "Student's interval over runs: the changes inside a run share one day and are not independent" + correlated(w) + "." + warmupText(set, w),
		Table:    trustTable(means),
		Named:    trustNamed(set, means, w),
		height:   250,
	}
	if len(means) < 2 {
		p.Caption, p.height, p.draw = "", nothingHeight, nothing("Too few runs converged.")
		return p
	}
	if censored {
		p.Caption += " In some run more than half of the changes never converged: its median is a lower bound."
	}
	p.draw = func(c draw.Canvas) { drawTrust(c, set, means, w) }
	return p
}

func runningMeans(set *result.Set) (means []running, censored bool) {
	var medians []float64
	for i := range set.Runs {
		q := summary.SampleOf([]*result.Run{&set.Runs[i]}, summary.AnyMap, summary.AnySide).Quantile(.5)
		if !q.Known {
			continue
		}
		censored = censored || q.Censored
		medians = append(medians, q.Value.Seconds())
		means = append(means, running{len(medians), stats.MeanOverRuns(medians)})
	}
	return means, censored
}

// warmupBatches is about how many means the right panel shows.
const warmupBatches = 60

func warmupOf(set *result.Set) warmup {
	var w warmup
	if len(set.Runs) == 0 {
		return w
	}
	all := slices.Clone(set.Runs[0].Convergence)
	slices.SortStableFunc(all, func(a, b result.Sample) int { return cmp.Compare(a.Born, b.Born) })
	values := make([]float64, len(all))
	for i, s := range all {
		values[i] = s.Took.Seconds()
	}
	cut, known := stats.MSER5(values)
	if w.known = known; known && cut > 0 && cut < len(all) {
		w.cut = all[cut].Born
	}
	batch := max(1, len(all)/warmupBatches)
	for i := 0; i+batch <= len(all); i += batch {
		var sum float64
		for _, v := range values[i : i+batch] {
			sum += v
		}
		w.at, w.means = append(w.at, all[i].Born), append(w.means, sum/float64(batch))
	}
	return w
}

// correlation says how far successive means go together.
func (w *warmup) correlation() string {
	if len(w.means) < 4 {
		return ""
	}
	d := stats.CompareRuns(w.means[1:], w.means[:len(w.means)-1])
	if math.IsNaN(d.Correlation) {
		return ""
	}
	return fmt.Sprintf("%.2f", d.Correlation)
}

func correlated(w warmup) string {
	if r := w.correlation(); r != "" {
		return " (correlation of successive means on the right " + r + ")"
	}
	return ""
}

// trustNamed are how exactly the median is known, and what the picture on the
// right tells of one run.
func trustNamed(set *result.Set, means []running, w warmup) (list []findings.Named) {
	if len(means) > 1 {
		last := means[len(means)-1]
		list = append(list, findings.Named{Name: fmt.Sprintf("half of the interval after %d runs", last.runs), Value: "±" + spanText(last.Mean-last.Low)})
		if last.Mean > 0 {
			list = append(list, findings.Named{Name: "share of the median that this is", Value: percent((last.Mean - last.Low) / last.Mean)})
		}
	}
	if r := w.correlation(); r != "" {
		list = append(list, findings.Named{Name: "correlation of successive means", Value: r})
	}
	if w.known && w.cut > 0 {
		list = append(list, findings.Named{Name: "MSER-5 would begin at", Value: words.NewClock(set.Scenario.Start, set.Scenario.Length).Minute(w.cut)},
			findings.Named{Name: "warm-up of the scenario", Value: words.Duration(set.Scenario.Warmup)})
	}
	return list
}

func warmupText(set *result.Set, w warmup) string {
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length)
	switch {
	case !w.known:
		return " MSER-5 finds no steady part in the run: it was not seen long enough, or its load keeps changing."
	case w.cut == 0:
		return " MSER-5 would leave out nothing of the beginning."
	default:
		return fmt.Sprintf(" MSER-5 would leave out what was made before %s (dashed); the scenario leaves out %s.", clock.Minute(w.cut), words.Duration(set.Scenario.Warmup))
	}
}

func trustFinding(means []running, censored bool) string {
	if len(means) < 2 {
		return "Too few runs to say how far they agree"
	}
	last := means[len(means)-1]
	text := fmt.Sprintf("After %d runs the median of the time to converge is known to ±%s", last.runs, spanText(last.Mean-last.Low))
	if last.Mean > 0 {
		text += ", " + percent((last.Mean-last.Low)/last.Mean) + " of it"
	}
	if censored {
		text += ", as a lower bound"
	}
	return text
}

// spanText writes a number of seconds as a span.
func spanText(s float64) string { return words.Duration(time.Duration(math.Round(s * 1e9))) }

func trustTable(means []running) Table {
	t := Table{Head: []string{"Runs", "Mean of medians", "From", "To"}}
	for _, m := range means {
		row := []string{words.Count(m.runs), spanText(m.Mean), words.None, words.None}
		if m.Known {
			row[2], row[3] = spanText(m.Low), spanText(m.High)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func drawTrust(c draw.Canvas, set *result.Set, means []running, w warmup) {
	const left, gutter, foot, head = 52, 72, 42, 26
	half := (c.Max.X - c.Min.X - left - gutter - 12) / 2
	area := func(x vg.Length) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: x, Y: c.Min.Y + foot}, Max: vg.Point{X: x + half, Y: c.Max.Y - head}}
	}
	drawRunning(c, area(c.Min.X+left), means)
	drawWarmup(c, area(c.Min.X+left+half+gutter), set, w)
}

// drawRunning draws the band of the interval around the running mean. The axis
// holds the intervals from the third run on: that of two is wide beyond use.
func drawRunning(c draw.Canvas, area vg.Rectangle, means []running) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, m := range means {
		low, high = min(low, m.Mean), max(high, m.Mean)
		if m.runs > 2 || len(means) < 3 {
			low, high = min(low, m.Low), max(high, m.High)
		}
	}
	ys := rangeTicks(low, high, 4)
	p := plot.New()
	p.X.Min, p.X.Max = 1, float64(len(means))
	p.Y.Min, p.Y.Max = ys[0].at, ys[len(ys)-1].at
	pn := newPanel(c, area, p)
	y := func(v float64) vg.Length { return pn.y(min(max(v, p.Y.Min), p.Y.Max)) }
	var middle, lower, upper []vg.Point
	for _, m := range means {
		x := pn.x(float64(m.runs))
		middle = append(middle, vg.Point{X: x, Y: y(m.Mean)})
		if m.Known {
			lower, upper = append(lower, vg.Point{X: x, Y: y(m.Low)}), append(upper, vg.Point{X: x, Y: y(m.High)})
		}
	}
	pn.rules(runTicks(len(means)), ys, true)
	ring := slices.Clone(lower)
	for _, q := range slices.Backward(upper) {
		ring = append(ring, q)
	}
	if len(ring) > 2 {
		pn.c.FillPolygon(paint.Band, ring)
	}
	pn.polyline(draw.LineStyle{Color: paint.Hues[0], Width: 1.6}, middle)
	pn.dot(middle[len(middle)-1], paint.Hues[0], 3)
	pn.head("Running mean", "of the median")
	pn.xTitle("runs")
}

func drawWarmup(c draw.Canvas, area vg.Rectangle, set *result.Set, w warmup) {
	if len(w.means) == 0 {
		write(c, noteStyle, area.Min.X, (area.Min.Y+area.Max.Y)/2, "No change was measured in the first run.")
		return
	}
	ys := rangeTicks(0, max(slices.Max(w.means), 1e-6), 4)
	p := plot.New()
	p.X.Min, p.X.Max = 0, set.Scenario.Length.Seconds()
	p.Y.Min, p.Y.Max = ys[0].at, ys[len(ys)-1].at
	pn := newPanel(c, area, p)
	pn.rules(clockTicks(set.Scenario.Start, set.Scenario.Length, 5), ys, true)
	var line []vg.Point
	for i, at := range w.at {
		line = append(line, vg.Point{X: pn.x(min(at, set.Scenario.Length).Seconds()), Y: pn.y(w.means[i])})
	}
	pn.polyline(draw.LineStyle{Color: paint.Hues[3], Width: 1.4}, line)
	if w.cut > 0 {
		x := pn.x(w.cut.Seconds())
		pn.c.StrokeLine2(draw.LineStyle{Color: paint.Soft, Width: 1, Dashes: []vg.Length{3, 3}}, x, area.Min.Y, x, area.Max.Y)
	}
	pn.head("Warm-up", fmt.Sprintf("run %d, time to converge", set.Runs[0].Index))
	pn.xTitle("time of commit")
}

// rangeTicks give a linear axis of spans in seconds that holds low to high, in
// about n steps.
func rangeTicks(low, high float64, n int) []tick {
	step := niceStep((high - low) / float64(n))
	if high <= low {
		step = niceStep(max(math.Abs(high)/4, 1e-6))
	}
	var ts []tick
	for k := math.Floor(low / step); ; k++ {
		v := k * step
		ts = append(ts, tick{v, spanText(v)})
		if v >= high-step*1e-9 && len(ts) > 1 {
			return ts
		}
	}
}

// niceStep is the least of 1, 2, 5 times a power of ten that is not below raw;
// from a minute on, a round part or multiple of one.
func niceStep(raw float64) float64 {
	for _, s := range elapsedSteps {
		if s >= time.Minute && s.Seconds() >= raw && raw > 30 {
			return s.Seconds()
		}
	}
	return decimalStep(raw)
}

// decimalStep is the least of 1, 2, 5 times a power of ten that is not below raw.
func decimalStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, k := range []float64{1, 2, 5} {
		if k*power >= raw {
			return k * power
		}
	}
	return 10 * power
}

// runTicks are whole numbers of runs from 1 to n, about six of them.
func runTicks(n int) []tick {
	step := max(1, (n+5)/6)
	ts := []tick{{1, "1"}}
	for k := step; k <= n; k += step {
		if k > 1 {
			ts = append(ts, tick{float64(k), words.Count(k)})
		}
	}
	return ts
}
