package plots

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// forestRow is one difference from the first setting, as a multiple of its
// figure.
type forestRow struct {
	figure, setting string
	first           bool    // of its figure: the name is written
	at, low, high   float64 // multiples; 1 is no difference
	endless         bool    // the first setting's figure is 0: every other is infinitely many times it
	shown           comparison.Shown
	text            string
	hue             int
}

// forestSpan bounds the axis: what lies beyond is drawn at its edge, with an
// arrow.
const forestSpan = 1000

// Forest draws every difference between settings with its interval, on one
// axis: as a multiple of the first setting's figure, so that seconds and counts
// stand below each other. How changes end has a picture of its own.
func Forest(c *comparison.Comparison) Plot {
	var rows []forestRow
	better, worse := make([]int, len(c.Settings)), make([]int, len(c.Settings))
	alone := true
	for i := range c.Figures {
		f := &c.Figures[i]
		if f.Question == comparison.Questions[2] {
			continue
		}
		first := true
		for k, cell := range f.Cells {
			a := cell.Against
			if a == nil || a.Shown == comparison.Unknown {
				continue
			}
			alone = alone && a.Low == a.High
			r := forestRow{
				figure: f.Name, setting: c.Settings[k].Name, first: first, shown: a.Shown, text: f.Difference(k), hue: k - 1,
				at: multiple(f, float64(a.Mean)), low: multiple(f, float64(a.Low)), high: multiple(f, float64(a.High)),
			}
			if f.Cells[0].Mean == 0 {
				if r.endless = a.Mean != 0; !r.endless {
					r.at, r.low, r.high = 1, 1, 1
				}
			}
			rows, first = append(rows, r), false
			switch a.Shown {
			case comparison.Better:
				better[k]++
			case comparison.Worse:
				worse[k]++
			}
		}
	}
	p := Plot{
		Name:     "differences",
		Title:    forestFinding(c, better, worse),
		Subtitle: fmt.Sprintf("Each figure as a multiple of that of %s, with the 95 %% interval of the difference over runs · %s", c.Settings[0].Name, comparison.RunsText(c.Settings)),
		Table:    forestTable(c),
		height:   nothingHeight,
	}
	if rows == nil {
		p.draw = nothing("No difference was measured: one run has no interval.")
		return p
	}
	p.Caption = "Logarithmic axis. Full dots: a difference is shown, green for better and red for worse; hollow dots: none is shown after Holm's correction, or it is below 2 % (grey band)."
	p.Caption += " An arrow: beyond the axis, or many times nothing."
	if alone {
		p.Caption += " Intervals are too narrow to be seen."
	}
	p.height = forestRowHeight*vg.Length(len(rows)) + 62
	p.draw = func(canvas draw.Canvas) { drawForest(canvas, rows, c.Settings[0].Name, len(c.Settings) > 2) }
	return p
}

// multiple turns a difference into a multiple of the first setting's figure.
func multiple(f *comparison.Figure, difference float64) float64 {
	base := float64(f.Cells[0].Mean)
	if base == 0 {
		return math.Inf(1)
	}
	return (base + difference) / base
}

// forestFinding counts what is shown of each setting.
func forestFinding(c *comparison.Comparison, better, worse []int) string {
	var parts []string
	for k, s := range c.Settings[1:] {
		k++
		switch {
		case better[k] == 0 && worse[k] == 0:
			parts = append(parts, "no difference of "+s.Name+" is shown")
		case worse[k] == 0:
			parts = append(parts, fmt.Sprintf("%s is better in %s", s.Name, words.Counted(better[k], "figure", "figures")))
		case better[k] == 0:
			parts = append(parts, fmt.Sprintf("%s is worse in %s", s.Name, words.Counted(worse[k], "figure", "figures")))
		default:
			parts = append(parts, fmt.Sprintf("%s is better in %d and worse in %s", s.Name, better[k], words.Counted(worse[k], "figure", "figures")))
		}
		if len(parts) == namedMost {
			break
		}
	}
	text := strings.Join(parts, "; ") + ", against " + c.Settings[0].Name
	return findings.Capital(text)
}

func forestTable(c *comparison.Comparison) Table {
	t := Table{Head: []string{"Figure", "Setting", "Mean", "of " + c.Settings[0].Name, "Difference", "95 % interval", "Shown"}}
	for i := range c.Figures {
		f := &c.Figures[i]
		for k, cell := range f.Cells {
			if a := cell.Against; a != nil {
				t.Rows = append(t.Rows, []string{
					f.Name, c.Settings[k].Name, f.Value(k), f.Value(0), f.Unit.Signed(float64(a.Mean)),
					words.Between(f.Unit.Signed(float64(a.Low)), f.Unit.Signed(float64(a.High))), string(a.Shown),
				})
			}
		}
	}
	return t
}

const forestRowHeight = 19 * vg.Length(1)

func drawForest(c draw.Canvas, rows []forestRow, first string, several bool) {
	const note = 184 // width of the texts on the right
	var names, settings vg.Length
	for _, r := range rows {
		names = max(names, measure(noteInk, fit(noteInk, r.figure, forestNameMost)))
		settings = max(settings, measure(headStyle, fitMiddle(headStyle, r.setting, forestSettingMost)))
	}
	if !several {
		settings = -10
	}
	low, high := forestExtent(rows)
	p := plot.New()
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = low, high
	area := vg.Rectangle{
		Min: vg.Point{X: c.Min.X + names + settings + 24, Y: c.Min.Y + 40},
		Max: vg.Point{X: c.Max.X - note, Y: c.Max.Y - 14},
	}
	pn := newPanel(c, area, p)
	fill(c, paint.Panel, pn.x(1-comparison.Threshold), area.Min.Y, pn.x(1+comparison.Threshold)+.6, area.Max.Y)
	for _, t := range multipleTicks(low, high) {
		x := pn.x(t.at)
		c.StrokeLine2(ruleLine, x, area.Min.Y, x, area.Max.Y)
		write(c, aligned(tickStyle, draw.XCenter), x, area.Min.Y-14, t.label)
	}
	one := pn.x(1)
	c.StrokeLine2(draw.LineStyle{Color: paint.Faint, Width: 1}, one, area.Min.Y, one, area.Max.Y)
	pn.xTitle("multiple of " + fit(unitStyle, first, 160))
	write(c, noteStyle, area.Max.X+14, area.Max.Y+3, "difference (95 % interval)")

	for i, r := range rows {
		y := area.Max.Y - forestRowHeight*(vg.Length(i)+.5) - 4
		if r.first {
			if i > 0 {
				c.StrokeLine2(ruleLine, c.Min.X, y+forestRowHeight/2, c.Max.X, y+forestRowHeight/2)
			}
			writeMiddle(c, noteInk, c.Min.X, y, fit(noteInk, r.figure, forestNameMost))
		}
		if several {
			st := style(10.5, bold, paint.Hues[r.hue%len(paint.Hues)])
			writeMiddle(c, st, c.Min.X+names+12, y, fitMiddle(st, r.setting, forestSettingMost))
		}
		pn.difference(r, y)
		writeMiddle(c, noteStyle, area.Max.X+14, y, fit(noteStyle, r.text, note-16))
	}
}

const (
	forestNameMost    = 196
	forestSettingMost = 76
)

var noteInk = style(9.5, regular, paint.Ink)

// difference draws the interval and the dot of one row.
func (p panel) difference(r forestRow, y vg.Length) {
	shade := paint.Soft
	switch r.shown {
	case comparison.Better:
		shade = paint.Good
	case comparison.Worse:
		shade = paint.Bad
	}
	x := func(v float64) vg.Length { return p.x(min(max(v, p.p.X.Min), p.p.X.Max)) }
	if r.endless {
		arrow(p.c, shade, p.c.Max.X-2, y, 4.5)
		return
	}
	p.c.StrokeLine2(draw.LineStyle{Color: shade, Width: 1.6}, x(r.low), y, x(r.high), y)
	switch {
	case r.at > p.p.X.Max:
		arrow(p.c, shade, p.c.Max.X-2, y, 4.5)
		return
	case r.at < p.p.X.Min: // nothing is left of it: no logarithm shows that
		p.c.FillPolygon(shade, []vg.Point{{X: p.c.Min.X + 2, Y: y - 4.5}, {X: p.c.Min.X - 6, Y: y}, {X: p.c.Min.X + 2, Y: y + 4.5}})
		return
	}
	at := vg.Point{X: x(r.at), Y: y}
	p.dot(at, shade, 3.4)
	if r.shown == comparison.Nothing {
		p.c.DrawGlyphNoClip(draw.GlyphStyle{Color: paint.Paper, Radius: 2, Shape: draw.CircleGlyph{}}, at)
	}
}

// forestExtent is what the axis holds, 1 in it.
func forestExtent(rows []forestRow) (low, high float64) {
	low, high = .8, 1.25
	for _, r := range rows {
		for _, v := range []float64{r.at, r.low, r.high} {
			if v > 1./forestSpan && v < forestSpan && !r.endless {
				low, high = min(low, v/1.08), max(high, v*1.08)
			}
		}
	}
	return low, high
}

// multipleTicks are round multiples: "÷10", "1", "×10".
func multipleTicks(low, high float64) []tick {
	steps := []float64{1, 10}
	switch {
	case high/low < 4:
		steps = []float64{1, 1.1, 1.25, 1.5, 2, 3, 5, 10}
	case high/low < 60:
		steps = []float64{1, 2, 5, 10}
	}
	var up []float64
	for scale := 1.; scale <= forestSpan; scale *= 10 {
		for _, s := range steps[:len(steps)-1] {
			up = append(up, s*scale)
		}
	}
	var ts []tick
	for i := len(up) - 1; i > 0; i-- {
		if 1/up[i] >= low {
			ts = append(ts, tick{1 / up[i], "÷" + plainNumber(up[i])})
		}
	}
	ts = append(ts, tick{1, "same"})
	for _, v := range up[1:] {
		if v <= high {
			ts = append(ts, tick{v, "×" + plainNumber(v)})
		}
	}
	return ts
}

func plainNumber(v float64) string { return strings.TrimSuffix(fmt.Sprintf("%.4g", v), ".0") }
