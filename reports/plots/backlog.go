package plots

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// columns is into how many a time axis is cut: more than a screen shows.
// Several runs take fewer: their peaks never fall into the same instant, and
// only within some minutes is there a median of peaks to speak of.
const (
	columns     = 480
	columnsOver = 160
)

// track is one quantity over time, ready to be drawn: per column the lowest and
// highest value of one run, or what the highest values of the runs amount to.
type track struct {
	name, unit string
	shade      paint.Shade
	band       paint.Shade // for the range over runs
	runs       [][]result.Point
	index      []int // of these runs
	alone      []int // places in runs of those that readers may pick
	demands    []level
}

// Backlog draws the queue over the day, and the record pairs that differ below
// it, with the fault periods behind both.
func Backlog(set *result.Set) Plot {
	sc := set.Scenario
	var end time.Duration
	for _, r := range set.Runs {
		end = max(end, r.End)
	}
	var tracks []track
	for _, t := range []track{
		{name: "backlog", shade: paint.Hues[0], band: paint.Band},
		{name: "divergent-pairs", shade: paint.Hues[3], band: paint.OtherBand},
	} {
		for i := range set.Runs {
			for _, s := range set.Runs[i].Series {
				if s.Name == t.name && len(s.Points) > 0 {
					t.unit = s.Unit
					t.runs = append(t.runs, s.Points)
					t.index = append(t.index, set.Runs[i].Index)
				}
			}
		}
		if len(t.runs) > 0 {
			t.demands = levelsOf(set, t.name)
			t.alone = places(t.index, findings.Listed(set))
			tracks = append(tracks, t)
		}
	}
	what, how := "at each moment", "exact step functions"
	if len(set.Runs) > 1 {
		what = fmt.Sprintf("highest of each %s of a run: median, 5–95 %% band and extreme of %d runs",
			words.Duration((end / columnsOver).Round(time.Second)), len(set.Runs))
		how = "each run by its highest value within a stretch; line: median over runs, band: 5–95 %, thin line: highest of any run"
	}
	if slices.ContainsFunc(set.Runs, func(r result.Run) bool { return r.Thinned.Series }) {
		how = strings.TrimPrefix(how, "exact ") + "; where there were too many points, the highest of several"
	}
	quantities := "References waiting or in flight, and record pairs that differ between the sides, "
	if !slices.ContainsFunc(tracks, func(t track) bool { return t.name == "backlog" }) {
		quantities = "Record pairs that differ between the sides, "
	}
	shadings := findings.Shadings(set)
	p := Plot{
		Name:     "backlog",
		Title:    findings.Backlog(set),
		Subtitle: quantities + what,
		Caption:  fmt.Sprintf("Calendar time, UTC, %s; %s, %s.", words.NewClock(sc.Start, end).Days(), words.Counted(len(set.Runs), "run", "runs"), how),
		Table:    backlogTable(sc, tracks, end),
	}
	if len(tracks) == 0 || end == 0 {
		p.Caption, p.height, p.draw = "", nothingHeight, nothing("No series was measured.")
		return p
	}
	if len(shadings) > 0 {
		p.Caption += " Shaded: faults, when they really struck."
	}
	if p.Named = findings.BacklogNamed(set); len(set.Runs) > 1 {
		p.Named = append(p.Named, findings.Named{Name: "length of a stretch", Value: words.Duration((end / columnsOver).Round(time.Second))})
	}
	if slices.ContainsFunc(tracks, func(t track) bool { return t.demands != nil }) {
		p.Caption += " Red: what the scenario demands."
	}
	lanes := faultLanes(shadings, end)
	if lanes.left > 0 {
		p.Caption += fmt.Sprintf(" %s without room for a label.", words.Count(lanes.left))
	}
	p.overTime(sc, end, backlogEdges(sc, end))
	strips := backlogStrips(sc, tracks, lanes, end)
	p.height = stripsHeight(lanes, strips...)
	p.draw = func(c draw.Canvas) { drawStrips(c, sc, lanes, end, strips...) }
	return p
}

// trackName is how a series is called on a plot.
func trackName(series string) string {
	if series == "divergent-pairs" {
		return "Divergent pairs"
	}
	return findings.Capital(series)
}

func backlogTable(sc result.Scenario, tracks []track, end time.Duration) Table {
	t := Table{Head: []string{"Time"}, Note: "Highest value within each stretch."}
	for _, tr := range tracks {
		if len(tr.runs) == 1 {
			t.Head = append(t.Head, trackName(tr.name)+", most")
			continue
		}
		t.Note = "Each run counts with its highest value within the stretch: the median of these, and the highest of all."
		t.Head = append(t.Head, trackName(tr.name)+", most, median run", "highest run")
	}
	if len(tracks) == 0 || end == 0 {
		return t
	}
	clock := words.NewClock(sc.Start, end)
	edges := append(backlogEdges(sc, end), end)
	for i, from := range edges[:len(edges)-1] {
		row := []string{clock.Minute(from)}
		for _, tr := range tracks {
			var most []float64
			for _, points := range tr.runs {
				_, high := within(points, from, edges[i+1])
				most = append(most, high)
			}
			slices.Sort(most)
			row = append(row, words.Count(int64(most[len(most)/2])))
			if len(tr.runs) > 1 {
				row = append(row, words.Count(int64(most[len(most)-1])))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// backlogEdges are when the rows of the table begin.
func backlogEdges(sc result.Scenario, end time.Duration) []time.Duration {
	edges := []time.Duration{0}
	for _, tk := range clockTicks(sc.Start, end, 40) {
		if at := time.Duration(tk.at * float64(time.Second)).Round(time.Second); at > 0 && at < end {
			edges = append(edges, at)
		}
	}
	return edges
}

// within is the least and the highest value of a step function in [from, to).
func within(points []result.Point, from, to time.Duration) (low, high float64) {
	low = findings.At(points, from)
	high = low
	i, _ := slices.BinarySearchFunc(points, from, func(p result.Point, at time.Duration) int { return cmp.Compare(p.At, at) })
	for ; i < len(points) && points[i].At < to; i++ {
		low, high = min(low, points[i].Value), max(high, points[i].Value)
	}
	return low, high
}

// backlogStrips are the tracks, one above the other.
func backlogStrips(sc result.Scenario, tracks []track, lanes lanes, end time.Duration) []strip {
	strips := make([]strip, len(tracks))
	for i, t := range tracks {
		s := strip{name: trackName(t.name), unit: t.unit, height: 144, ys: countTicks(stretched(t.highest(end), t.demands))}
		if strings.HasSuffix(t.name, t.unit) {
			s.unit = "" // "divergent pairs" says it already
		}
		s.draw = func(pn panel) { pn.track(t, lanes, end, words.NewClock(sc.Start, end)) }
		strips[i] = s
	}
	return strips
}

func (t track) highest(end time.Duration) float64 {
	var top float64
	for _, points := range t.runs {
		_, high := within(points, 0, end+1)
		top = max(top, high)
	}
	return top
}

// track draws one quantity with its peak named: the steps of one run, or the
// band over runs.
func (p panel) track(t track, lanes lanes, end time.Duration, clock words.Clock) {
	peak, of := findings.Peak(t.runs[0]), 0
	for i, points := range t.runs {
		if top := findings.Peak(points); top.Value > peak.Value {
			peak, of = top, i
		}
	}
	var line []vg.Point
	if len(t.runs) > 1 {
		line = p.band(t, end)
	} else {
		line = p.steps(t.runs[0], end)
		p.polyline(draw.LineStyle{Color: t.shade, Width: 1.4}, line)
	}
	labels := placer{area: p.c.Rectangle}
	p.levelsAlong(t.demands, &labels)
	if peak.Value == 0 {
		return
	}
	at := vg.Point{X: p.x(peak.At.Seconds()), Y: p.y(peak.Value)}
	p.dot(at, t.shade, 2.8)
	labels.curve([]vg.Point{at})
	labels.curve(line)
	name := words.Count(int64(peak.Value)) + " at " + clock.Minute(peak.At)
	if len(t.runs) > 1 {
		name += fmt.Sprintf(", run %d", t.index[of])
	}
	text := []label{{name, style(10, bold, t.shade)}}
	crowded := labels
	for _, f := range lanes.faults {
		labels.block(vg.Rectangle{Min: vg.Point{X: p.x(f.from), Y: p.c.Min.Y}, Max: vg.Point{X: p.x(f.to), Y: p.c.Max.Y}})
	}
	// Rather beside the shading of a fault than on it.
	beside, ok := labels.put(0, text)
	if !ok {
		beside, ok = crowded.put(0, text)
	}
	if ok {
		beside.draw(p.c, false)
	}
}

// steps turns a step function into a line with at most four points a column:
// as it enters, its least, its highest, and as it leaves.
func (p panel) steps(points []result.Point, end time.Duration) []vg.Point {
	var line []vg.Point
	add := func(at time.Duration, value float64) {
		q := vg.Point{X: p.x(at.Seconds()), Y: p.y(value)}
		if n := len(line); n == 0 || line[n-1] != q {
			line = append(line, q)
		}
	}
	if len(points) <= 2*columns {
		value := findings.At(points, 0)
		add(0, value)
		for _, q := range points {
			add(q.At, value)
			value = q.Value
			add(q.At, value)
		}
		add(end, value)
		return line
	}
	for i := range columns {
		from := end * time.Duration(i) / columns
		to := end * time.Duration(i+1) / columns
		low, high := within(points, from, to)
		add(from, findings.At(points, from))
		add(from, low)
		add(from, high)
		add(from, findings.At(points, to-1))
	}
	add(end, findings.At(points, end))
	return line
}

// band draws, per stretch of time, how high the runs went in it: the median over
// runs, the range from 5 % to 95 %, and as a thin line the highest of all,
// which it returns. A value at one instant of each stretch would miss peaks
// that are shorter than a stretch.
func (p panel) band(t track, end time.Duration) []vg.Point {
	var low, middle, high, top []vg.Point
	for i := range columnsOver {
		from := end * time.Duration(i) / columnsOver
		to := end * time.Duration(i+1) / columnsOver
		values := make([]float64, len(t.runs))
		for r, points := range t.runs {
			_, values[r] = within(points, from, to)
		}
		slices.Sort(values)
		step := func(line []vg.Point, v float64) []vg.Point {
			return append(line, vg.Point{X: p.x(from.Seconds()), Y: p.y(v)}, vg.Point{X: p.x(to.Seconds()), Y: p.y(v)})
		}
		low = step(low, between(values, .05))
		middle = step(middle, between(values, .5))
		high = step(high, between(values, .95))
		top = step(top, values[len(values)-1])
	}
	ring := slices.Clone(low)
	for _, q := range slices.Backward(high) {
		ring = append(ring, q)
	}
	for _, r := range t.alone {
		p.alone(t.index[r], p.highs(t.runs[r], end))
	}
	p.c.FillPolygon(t.band, ring)
	p.polyline(draw.LineStyle{Color: t.shade, Width: .5}, top)
	p.polyline(draw.LineStyle{Color: t.shade, Width: 1.4}, middle)
	return top
}

// aloneColumns is into how many stretches the line of a run alone is cut.
const aloneColumns = columnsOver / 2

// highs is how high a run went in each stretch.
func (p panel) highs(points []result.Point, end time.Duration) (line []vg.Point) {
	for i := range aloneColumns {
		from, to := end*time.Duration(i)/aloneColumns, end*time.Duration(i+1)/aloneColumns
		_, high := within(points, from, to)
		line = append(line, vg.Point{X: p.x(from.Seconds()), Y: p.y(high)}, vg.Point{X: p.x(to.Seconds()), Y: p.y(high)})
	}
	return line
}

// places are where wanted values, which ascend, stand in a list.
func places(list, wanted []int) (at []int) {
	for i, v := range list {
		if _, ok := slices.BinarySearch(wanted, v); ok {
			at = append(at, i)
		}
	}
	return at
}

// between is a quantile of sorted values with linear interpolation: over a few
// runs, the next order statistic would be the extreme itself.
func between(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// lanes are the fault periods with their labels, on as many lines as it takes.
type lanes struct {
	count  int
	faults []faultMark
	left   int // faults shaded but not labelled
}

type faultMark struct {
	from, to float64 // seconds
	label    string
	first    bool      // the first fault of its kind
	lane     int       // -1: not labelled
	x, width vg.Length // of the label, from the left edge of the area
}

// lanesMost bounds the lines for labels, faultsMost the labels tried; what does
// not fit is counted.
const (
	lanesMost  = 3
	faultsMost = 40
)

// faultLanes chooses the faults to label: the first of each kind, then the
// longest, as long as there is room for all that were chosen before.
func faultLanes(shadings []findings.Shading, end time.Duration) lanes {
	const area = width - 64
	perSecond := area / vg.Length(end.Seconds())
	var out lanes
	kinds := map[string]bool{}
	for _, f := range shadings {
		if f.From >= end {
			continue
		}
		m := faultMark{from: f.From.Seconds(), to: min(f.To, end).Seconds(), lane: -1, first: !kinds[f.Kind]}
		kinds[f.Kind] = true
		m.label = fit(faultStyle, f.Label, area/2)
		m.width = measure(faultStyle, m.label) + 10
		m.x = min(vg.Length(m.from)*perSecond, area-m.width)
		out.faults = append(out.faults, m)
	}
	order := make([]int, len(out.faults))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		fa, fb := out.faults[a], out.faults[b]
		if fa.first != fb.first {
			if fa.first {
				return -1
			}
			return 1
		}
		return cmp.Compare(fb.to-fb.from, fa.to-fa.from)
	})
	chosen := make([]bool, len(out.faults))
	for _, i := range order[:min(len(order), faultsMost)] {
		chosen[i] = true
		if !out.lay(chosen) {
			chosen[i] = false
		}
	}
	out.lay(chosen)
	for _, ok := range chosen {
		if !ok {
			out.left++
		}
	}
	return out
}

// lay puts the chosen labels on lines and reports whether they fit. It goes
// from right to left, so that a label which does not fit beside the next one
// goes above it: the line that leads down from its left end then passes that
// next label on its left instead of running through it.
func (l *lanes) lay(chosen []bool) bool {
	var free [lanesMost]vg.Length // from the left edge to here a line is free
	for i := range free {
		free[i] = width
	}
	l.count = 0
	for i := len(l.faults) - 1; i >= 0; i-- {
		f := &l.faults[i]
		f.lane = -1
		if !chosen[i] {
			continue
		}
		for lane := range free {
			if f.x+f.width <= free[lane] {
				f.lane = lane
				// Lines below are no longer free to the right of the leader.
				for below := range lane + 1 {
					free[below] = min(free[below], f.x)
				}
				l.count = max(l.count, lane+1)
				break
			}
		}
		if f.lane < 0 {
			return false
		}
	}
	return true
}

var faultStyle = style(9.5, bold, paint.FaultEdge)

// shade fills the period behind a panel, up to and including its head.
func (f faultMark) shade(p panel, top vg.Length) {
	x0, x1 := p.x(f.from), p.x(f.to)
	if x1-x0 < 1.2 { // an instant is still to be seen
		p.c.StrokeLine2(draw.LineStyle{Color: paint.FaultEdge, Width: .8, Dashes: []vg.Length{3, 2}}, x0, p.c.Min.Y, x0, top)
		return
	}
	fill(p.c, paint.FaultArea, x0, p.c.Min.Y, x1, top)
}

func (l lanes) draw(p panel, bottom vg.Length) {
	for _, f := range l.faults {
		if f.lane < 0 {
			continue
		}
		y := bottom + vg.Length(f.lane)*faultRow + 3
		x0 := p.x(f.from)
		p.c.StrokeLine2(draw.LineStyle{Color: paint.FaultEdge, Width: .8}, x0, bottom-6, x0, y+9)
		write(p.c, faultStyle, p.c.Min.X+f.x+4, y, f.label)
	}
}
