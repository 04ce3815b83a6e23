package plots

import (
	"fmt"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// tornadoBar is one assumption with what its other values do to a figure.
type tornadoBar struct {
	path, value string
	ends        []tornadoEnd
}

type tornadoEnd struct {
	value         string
	at, low, high float64 // multiples of the base
	shown         bool
	atLeast       bool
	text          string
	flips         string
}

// barsMost is how many assumptions the picture shows.
const barsMost = 14

// Tornado draws, for each assumption, how far its other values move the slowest
// changes, as a multiple of what they take with the value of the scenario. An
// assumption that turns a verdict is named in red.
func Tornado(t *comparison.Tornado) Plot {
	id := "convergence-p99"
	if f := t.Base.Figure(id); f == nil || !f.Known || f.Mean <= 0 {
		id = "convergence-p50"
	}
	base := t.Base.Figure(id)
	p := Plot{Name: "tornado", Title: tornadoFinding(t), Table: tornadoTable(t), height: nothingHeight}
	if base == nil || !base.Known || base.Mean <= 0 {
		p.draw = nothing("The time to converge was not measured.")
		return p
	}
	p.Subtitle = fmt.Sprintf("%s as a multiple of that of the scenario, %s, one assumption changed at a time · %s each",
		findings.Capital(base.Name), t.Base.Value(id), words.Counted(t.Base.Runs, "run", "runs"))
	var bars []tornadoBar
	moving := 0
	for i := range t.Bars {
		b := &t.Bars[i]
		if !b.Moves() {
			continue
		}
		if moving++; len(bars) == barsMost {
			continue
		}
		bars = append(bars, tornadoOf(b, id))
	}
	if bars == nil {
		p.draw = nothing("No assumption is shown to move a figure.")
		return p
	}
	p.Caption = "Logarithmic axis; thin lines are 95 % intervals of the paired differences over runs, after Holm's correction over all assumptions and figures. Hollow dots: no difference of this figure is shown."
	p.Named = tornadoNamed(t, len(bars))
	p.Caption += fmt.Sprintf(" %s of %s, those that turn a verdict first, then those that move most.", words.Counted(len(bars), "assumption", "assumptions"), words.Count(len(t.Bars)))
	if _, turning := t.Counts(); turning > 0 {
		p.Caption += " Red: a value that turns a verdict, and its assumption."
	}
	if left := moving - len(bars); left > 0 {
		p.Caption += fmt.Sprintf(" %s more move some figure and stand in the table.", words.Count(left))
	}
	rows := 0
	for _, b := range bars {
		rows += max(2, len(b.ends))
	}
	p.height = tornadoRow*vg.Length(rows) + 8*vg.Length(len(bars)) + 56
	p.draw = func(c draw.Canvas) { drawTornado(c, bars) }
	return p
}

func tornadoOf(b *comparison.Bar, id string) tornadoBar {
	bar := tornadoBar{path: b.Path, value: b.Value}
	for k := range b.Ends {
		e := &b.Ends[k]
		end := tornadoEnd{value: e.Value, at: 1, low: 1, high: 1, flips: strings.Join(e.Flips, ", "), text: words.None}
		if f := e.Figure(id); f != nil {
			a := f.Cells[1].Against
			end.at, end.low, end.high = multiple(f, float64(a.Mean)), multiple(f, float64(a.Low)), multiple(f, float64(a.High))
			end.shown = a.Shown == comparison.Better || a.Shown == comparison.Worse
			end.atLeast = f.Cells[1].AtLeast
			end.text = f.Value(1)
		}
		bar.ends = append(bar.ends, end)
	}
	return bar
}

// tornadoFinding says how many assumptions matter, or turn a verdict.
func tornadoFinding(t *comparison.Tornado) string {
	var turning []string
	moving, _ := t.Counts()
	for i := range t.Bars {
		b := &t.Bars[i]
		for _, e := range b.Ends {
			if len(e.Flips) > 0 {
				turning = append(turning, b.Path)
				break
			}
		}
	}
	switch {
	case len(turning) > 0 && len(turning) <= namedMost:
		return "The verdict hangs on " + words.List(turning)
	case len(turning) > 0:
		return fmt.Sprintf("The verdict hangs on %d of %s", len(turning), words.Counted(len(t.Bars), "assumption", "assumptions"))
	case t.Base.Runs == 0:
		return "Nothing was measured"
	case moving == 0:
		return "No assumption is shown to matter"
	default:
		return fmt.Sprintf("No assumption turns a verdict; %d of %d move a figure", moving, len(t.Bars))
	}
}

// tornadoNamed are how many assumptions there are, and how many matter.
func tornadoNamed(t *comparison.Tornado, drawn int) []findings.Named {
	moving, turning := t.Counts()
	return []findings.Named{
		{Name: "assumptions that were varied", Value: words.Count(len(t.Bars))},
		{Name: "of them turning a verdict, or shown to move a figure", Value: words.Count(moving)},
		{Name: "of them turning a verdict", Value: words.Count(turning)},
		{Name: "drawn", Value: words.Count(drawn)},
		{Name: "of these, not drawn", Value: words.Count(moving - drawn)},
	}
}

func tornadoTable(t *comparison.Tornado) Table {
	return Table{Head: t.Head(), Rows: append(t.Moving(), t.Resting()...), Note: "Differences from the scenario as it is, with their 95 % intervals; ~ none is shown."}
}

const tornadoRow = 17 * vg.Length(1)

func drawTornado(c draw.Canvas, bars []tornadoBar) {
	const note, names = 70, 226
	low, high := .8, 1.25
	for _, b := range bars {
		for _, e := range b.ends {
			for _, v := range []float64{e.at, e.low, e.high} {
				if v > 1./forestSpan && v < forestSpan {
					low, high = min(low, v/1.08), max(high, v*1.08)
				}
			}
		}
	}
	p := plot.New()
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = low, high
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + names + 66, Y: c.Min.Y + 40}, Max: vg.Point{X: c.Max.X - note, Y: c.Max.Y - 4}}
	pn := newPanel(c, area, p)
	for _, t := range multipleTicks(low, high) {
		x := pn.x(t.at)
		c.StrokeLine2(ruleLine, x, area.Min.Y, x, area.Max.Y)
		write(c, aligned(tickStyle, draw.XCenter), x, area.Min.Y-14, t.label)
	}
	one := pn.x(1)
	c.StrokeLine2(draw.LineStyle{Color: paint.Faint, Width: 1}, one, area.Min.Y, one, area.Max.Y)
	pn.xTitle("multiple of the scenario's")

	y := area.Max.Y - 4
	x := func(v float64) vg.Length { return pn.x(min(max(v, p.X.Min), p.X.Max)) }
	for _, b := range bars {
		st := noteInk
		for _, e := range b.ends {
			if e.flips != "" {
				st = style(9.5, bold, paint.Bad)
			}
		}
		writeMiddle(c, st, c.Min.X, y-tornadoRow/2, fitMiddle(st, b.path, names))
		writeMiddle(c, noteStyle, c.Min.X, y-tornadoRow*1.5+1, fit(noteStyle, "now "+b.value, names))
		for k, e := range b.ends {
			shade := paint.Hues[k%2]
			middle := y - tornadoRow*(vg.Length(k)+.5)
			writeMiddle(c, aligned(noteInk, draw.XRight), area.Min.X-10, middle, fit(noteInk, e.value, 62))
			from, to := min(one, x(e.at)), max(one, x(e.at))
			fill(c, shade, from, middle-4.5, max(to, from+.8), middle+4.5)
			c.StrokeLine2(draw.LineStyle{Color: paint.Ink, Width: .9}, x(e.low), middle, x(e.high), middle)
			if !e.shown {
				pn.dot(vg.Point{X: x(e.at), Y: middle}, paint.Soft, 3)
				c.DrawGlyphNoClip(draw.GlyphStyle{Color: paint.Paper, Radius: 1.7, Shape: draw.CircleGlyph{}}, vg.Point{X: x(e.at), Y: middle})
			}
			end := noteStyle
			if e.flips != "" {
				end = style(9.5, bold, paint.Bad)
			}
			writeMiddle(c, end, area.Max.X+10, middle, fit(end, e.text, note-10))
		}
		y -= tornadoRow*vg.Length(max(2, len(b.ends))) + 8
	}
}
