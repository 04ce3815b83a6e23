package plots

import (
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// panel is one data area with its scales. Its rectangle is fixed beforehand,
// so that panels above each other share their left and right edge, which
// gonum's own layout by the width of tick labels cannot promise.
type panel struct {
	c    draw.Canvas // the data area
	x, y func(float64) vg.Length
	p    *plot.Plot
}

// tick is a place on an axis with its label.
type tick struct {
	at    float64
	label string
}

func newPanel(c draw.Canvas, area vg.Rectangle, p *plot.Plot) panel {
	inner := c
	inner.Rectangle = area
	x, y := p.Transforms(&inner)
	return panel{c: inner, x: x, y: y, p: p}
}

var (
	ruleLine = draw.LineStyle{Color: paint.Rule, Width: .8}
	axisLine = draw.LineStyle{Color: paint.Faint, Width: .8}

	tickStyle = style(10, regular, paint.Soft)
	headStyle = style(10.5, bold, paint.Ink)
	unitStyle = style(10, regular, paint.Soft)
	noteStyle = style(9.5, regular, paint.Soft)
)

// rules draws the grid and the tick labels: horizontal rules carry the y axis,
// which has no line of its own; x has a line with ticks below.
func (p panel) rules(xs, ys []tick, xLabels bool) {
	right := aligned(tickStyle, draw.XRight)
	for _, t := range ys {
		y := p.y(t.at)
		p.c.StrokeLine2(ruleLine, p.c.Min.X, y, p.c.Max.X, y)
		writeMiddle(p.c, right, p.c.Min.X-7, y, t.label)
	}
	p.c.StrokeLine2(axisLine, p.c.Min.X, p.c.Min.Y, p.c.Max.X, p.c.Min.Y)
	centre := aligned(tickStyle, draw.XCenter)
	for _, t := range xs {
		x := p.x(t.at)
		p.c.StrokeLine2(axisLine, x, p.c.Min.Y, x, p.c.Min.Y-4)
		if xLabels {
			write(p.c, centre, min(x, width-measure(tickStyle, t.label)/2), p.c.Min.Y-16, t.label) // within the picture, also at its edge
		}
	}
}

// head writes what the panel shows and its unit, above its left edge.
func (p panel) head(name, unit string) {
	y := p.c.Max.Y + 9
	write(p.c, headStyle, p.c.Min.X, y, name)
	if unit != "" {
		write(p.c, unitStyle, p.c.Min.X+measure(headStyle, name)+5, y, unit)
	}
}

// xTitle writes the title of the x axis, below its labels.
func (p panel) xTitle(s string) {
	write(p.c, aligned(unitStyle, draw.XCenter), (p.c.Min.X+p.c.Max.X)/2, p.c.Min.Y-33, s)
}

// polyline strokes points that are already places on the canvas.
func (p panel) polyline(st draw.LineStyle, points []vg.Point) {
	if len(points) < 2 {
		return
	}
	var path vg.Path
	path.Move(points[0])
	for _, q := range points[1:] {
		path.Line(q)
	}
	p.c.SetLineStyle(st)
	p.c.Stroke(path)
}

// dot marks a place, with a rim of paper so that it stands out of its line.
func (p panel) dot(at vg.Point, shade paint.Shade, radius vg.Length) {
	p.c.DrawGlyphNoClip(draw.GlyphStyle{Color: paint.Paper, Radius: radius + 1.3, Shape: draw.CircleGlyph{}}, at)
	p.c.DrawGlyphNoClip(draw.GlyphStyle{Color: shade, Radius: radius, Shape: draw.CircleGlyph{}}, at)
}

// fill fills a rectangle.
func fill(c draw.Canvas, shade paint.Shade, x0, y0, x1, y1 vg.Length) {
	c.SetColor(shade)
	c.Fill(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}.Path())
}

// dashes tell lines apart without colour; the first line is solid.
var dashes = [][]vg.Length{nil, {7, 2.5}, {2, 2}, {8, 2.5, 2, 2.5}, {4, 2}, {12, 3}}

// spans are where a logarithmic time axis may have ticks.
var spans = []time.Duration{
	time.Microsecond, 10 * time.Microsecond, 100 * time.Microsecond,
	time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond,
	time.Second, 10 * time.Second, time.Minute, 10 * time.Minute,
	time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour,
}

// spanTicks gives an axis that holds low to high and begins and ends at ticks.
func spanTicks(low, high time.Duration) []tick {
	first, last := 0, len(spans)-1
	for first+1 < len(spans) && spans[first+1] <= low {
		first++
	}
	for last > first+1 && spans[last-1] >= high {
		last--
	}
	var ts []tick
	for _, s := range spans[first : last+1] {
		ts = append(ts, tick{s.Seconds(), words.Duration(s)})
	}
	return ts
}

// countTicks gives a linear axis from 0 to at least high, with whole numbers
// and about three steps.
func countTicks(high float64) []tick {
	if high < 1 {
		high = 1
	}
	raw := high / 3
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * power
	for _, k := range []float64{1, 2, 2.5, 5} {
		if k*power >= raw {
			step = k * power
			break
		}
	}
	step = math.Max(1, math.Ceil(step))
	var ts []tick
	for v := 0.0; ; v += step {
		ts = append(ts, tick{v, words.Count(int64(v))})
		if v >= high {
			return ts
		}
	}
}

// clockSteps are the distances between ticks of a calendar axis.
var clockSteps = []time.Duration{
	time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 28 * 24 * time.Hour,
}

// clockTicks gives at most n places between 0 and end that are round times of
// day. Midnight shows its date instead.
func clockTicks(start time.Time, end time.Duration, n int) []tick {
	step := clockSteps[len(clockSteps)-1]
	for _, s := range clockSteps {
		if end/s < time.Duration(n) {
			step = s
			break
		}
	}
	layout := "15:04"
	if step < time.Minute {
		layout = "15:04:05"
	}
	start = start.UTC()
	midnight := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, time.UTC)
	var ts []tick
	for t := midnight; !t.After(start.Add(end)); t = t.Add(step) {
		if t.Before(start) {
			continue
		}
		label := t.Format(layout)
		if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 {
			label = t.Format("2 Jan")
		}
		ts = append(ts, tick{t.Sub(start).Seconds(), label})
	}
	return ts
}

// textBox is the rectangle that a block of lines covers, from its top left.
func textBox(lines []label, topLeft vg.Point) vg.Rectangle {
	var w, h vg.Length
	for _, l := range lines {
		w = max(w, measure(l.style, l.text))
		h += lineHeight(l.style)
	}
	return vg.Rectangle{Min: vg.Point{X: topLeft.X, Y: topLeft.Y - h}, Max: vg.Point{X: topLeft.X + w, Y: topLeft.Y}}
}

// label is one line of text.
type label struct {
	text  string
	style text.Style
}
