package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// grid is two axes of a sweep with the point at each crossing; the other axes
// stand at their first value.
type grid struct {
	x, y   int // axes
	xs, ys []string
	at     [][]int // by y and x: a point, -1 where there is none
	figure string
	expect int // the expectation whose border is drawn; -1: none
}

// gridMost is how many values of an axis a picture has room for.
const gridMost = 12

// gridOf finds two axes that make a grid: each with two values or more, and a
// point at more than half of the crossings.
func gridOf(s *comparison.Sweep) (grid, bool) {
	var long []int
	for k := range s.Axes {
		if len(axisValues(s, k)) > 1 {
			long = append(long, k)
		}
	}
	if len(long) < 2 {
		return grid{}, false
	}
	g := grid{x: long[0], y: long[1], figure: "convergence-p99", expect: -1}
	if len(axisValues(s, g.y)) > len(axisValues(s, g.x)) {
		g.x, g.y = g.y, g.x
	}
	g.xs, g.ys = axisValues(s, g.x), axisValues(s, g.y)
	g.xs, g.ys = g.xs[:min(gridMost, len(g.xs))], g.ys[:min(gridMost, len(g.ys))]
	filled := 0
	for _, vy := range g.ys {
		row := make([]int, len(g.xs))
		for i, vx := range g.xs {
			row[i] = slices.IndexFunc(s.Points, func(p comparison.Point) bool {
				for k, v := range p.Values {
					if k == g.x && v != vx || k == g.y && v != vy || k != g.x && k != g.y && v != s.Points[0].Values[k] {
						return false
					}
				}
				return true
			})
			if row[i] >= 0 {
				filled++
			}
		}
		g.at = append(g.at, row)
	}
	if ids := varying(s); len(ids) > 0 && !slices.Contains(ids, g.figure) {
		g.figure = ids[0]
	}
	g.expect = mostTurned(s)
	return g, 2*filled > len(g.xs)*len(g.ys)
}

// mostTurned is the expectation that fares differently at most points, -1 where
// all fare the same everywhere.
func mostTurned(s *comparison.Sweep) int {
	best, most := -1, 0
	if len(s.Points) == 0 {
		return best
	}
	for i, e := range s.Points[0].Expectations {
		n := 0
		for k := range s.Points {
			if slices.Contains(s.Points[k].Flips, e.ID) {
				n++
			}
		}
		if n > most {
			best, most = i, n
		}
	}
	return best
}

// heat draws one figure over two axes, the number in each cell, and the border
// between where an expectation holds and where it does not.
func heat(s *comparison.Sweep, g grid) Plot {
	f := figureAt(s, g.figure)
	p := Plot{
		Name:     "heat",
		Title:    heatFinding(s, g),
		Subtitle: fmt.Sprintf("%s by %s and %s, mean over runs · %s", findings.Capital(f.Name), s.Axes[g.x], s.Axes[g.y], pointRuns(s)),
		Table:    heatTable(s, g),
		height:   heatCell*vg.Length(len(g.ys)) + 62,
	}
	p.Caption = "In each cell the mean, below it half of its 95 % interval where it has one and there is room. Colours on a logarithmic scale, from the least to the greatest value; > a lower bound."
	for k, path := range s.Axes {
		if k != g.x && k != g.y {
			p.Caption += fmt.Sprintf(" %s is %s.", path, s.Points[0].Values[k])
		}
	}
	if g.expect >= 0 {
		e := s.Points[0].Expectations[g.expect]
		holds, all := s.Holds(g.expect, g.points())
		p.Named = []findings.Named{{Name: "points at which " + e.ID + " holds", Value: words.Count(holds)}, {Name: "points", Value: words.Count(all)}}
		p.Caption += fmt.Sprintf(" Thick border: where %s (%s) turns; a cross: it fails there, or the runs do not show that it holds.", e.ID, e.Text)
	}
	p.draw = func(c draw.Canvas) { drawHeat(c, s, g) }
	return p
}

// points are those of the cells that have one.
func (g *grid) points() (all []int) {
	for _, row := range g.at {
		for _, i := range row {
			if i >= 0 {
				all = append(all, i)
			}
		}
	}
	return all
}

// figureAt is a figure at the first point that knows it.
func figureAt(s *comparison.Sweep, id string) comparison.PointFigure {
	for i := range s.Points {
		if f := s.Points[i].Figure(id); f != nil && f.Known {
			return *f
		}
	}
	return *s.Points[0].Figure(id)
}

// heatFinding tells the extremes, or where an expectation holds.
func heatFinding(s *comparison.Sweep, g grid) string {
	if g.expect >= 0 {
		holds, all := s.Holds(g.expect, g.points())
		return fmt.Sprintf("The expectation “%s” holds at %d of %s", s.Points[0].Expectations[g.expect].ID, holds, words.Counted(all, "point", "points"))
	}
	least, most := -1, -1
	for _, row := range g.at {
		for _, i := range row {
			if i < 0 || !s.Points[i].Figure(g.figure).Known {
				continue
			}
			if least < 0 || s.Points[i].Figure(g.figure).Mean < s.Points[least].Figure(g.figure).Mean {
				least = i
			}
			if most < 0 || s.Points[i].Figure(g.figure).Mean > s.Points[most].Figure(g.figure).Mean {
				most = i
			}
		}
	}
	if least < 0 {
		return "The figure was measured nowhere"
	}
	at := func(i int) string {
		return fmt.Sprintf("%s at %s %s, %s %s", s.Points[i].Value(g.figure), shortPath(s.Axes[g.x]), s.Points[i].Values[g.x], shortPath(s.Axes[g.y]), s.Points[i].Values[g.y])
	}
	return "From " + at(least) + " to " + at(most)
}

func heatTable(s *comparison.Sweep, g grid) Table {
	t := Table{Head: append([]string{s.Axes[g.y]}, g.xs...), Note: "Columns: " + s.Axes[g.x] + "."}
	for k, row := range g.at {
		cells := []string{g.ys[k]}
		for _, i := range row {
			text := words.None
			if i >= 0 {
				text = s.Points[i].Value(g.figure)
			}
			cells = append(cells, text)
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

const heatCell = 40 * vg.Length(1)

func drawHeat(c draw.Canvas, s *comparison.Sweep, g grid) {
	const bar = 84
	var names vg.Length
	for _, v := range g.ys {
		names = max(names, measure(tickStyle, fit(tickStyle, v, 110)))
	}
	left := c.Min.X + names + 14
	area := vg.Rectangle{Min: vg.Point{X: left, Y: c.Min.Y + 42}, Max: vg.Point{X: c.Max.X - bar, Y: c.Max.Y - 20}}
	w := (area.Max.X - area.Min.X) / vg.Length(len(g.xs))
	h := (area.Max.Y - area.Min.Y) / vg.Length(len(g.ys))
	low, high := heatRange(s, g)
	cell := func(x, y int) (x0, y0, x1, y1 vg.Length) {
		return area.Min.X + w*vg.Length(x), area.Min.Y + h*vg.Length(y), area.Min.X + w*vg.Length(x+1), area.Min.Y + h*vg.Length(y+1)
	}
	write(c, headStyle, c.Min.X, area.Max.Y+7, fit(headStyle, s.Axes[g.y], area.Max.X-c.Min.X))
	for y, v := range g.ys {
		_, y0, _, y1 := cell(0, y)
		writeMiddle(c, aligned(tickStyle, draw.XRight), area.Min.X-8, (y0+y1)/2, fit(tickStyle, v, 110))
	}
	for x, v := range g.xs {
		x0, _, x1, _ := cell(x, 0)
		write(c, aligned(tickStyle, draw.XCenter), (x0+x1)/2, area.Min.Y-15, fit(tickStyle, v, w-4))
	}
	write(c, aligned(headStyle, draw.XCenter), (area.Min.X+area.Max.X)/2, area.Min.Y-33, fit(headStyle, s.Axes[g.x], area.Max.X-area.Min.X))

	for y, row := range g.at {
		for x, i := range row {
			x0, y0, x1, y1 := cell(x, y)
			if i < 0 {
				continue
			}
			f := s.Points[i].Figure(g.figure)
			if !f.Known {
				fill(c, paint.Panel, x0+.4, y0+.4, x1-.4, y1-.4)
				writeMiddle(c, aligned(noteStyle, draw.XCenter), (x0+x1)/2, (y0+y1)/2, words.None)
				continue
			}
			shade, on := paint.Heat(heatPlace(float64(f.Mean), low, high))
			fill(c, shade, x0+.4, y0+.4, x1-.4, y1-.4)
			st, text := heatText(s.Points[i].Value(g.figure), on, w-6)
			small := aligned(style(8.5, regular, on), draw.XCenter)
			if half := f.Unit.Write(float64(f.High-f.Low) / 2); f.Runs > 1 && f.High > f.Low && measure(small, "±"+half) < w-4 {
				writeMiddle(c, st, (x0+x1)/2, (y0+y1)/2+6, text)
				writeMiddle(c, small, (x0+x1)/2, (y0+y1)/2-8, "±"+half)
			} else {
				writeMiddle(c, st, (x0+x1)/2, (y0+y1)/2, text)
			}
			if g.expect >= 0 && s.Points[i].Expectations[g.expect].Verdict != "pass" {
				cross(c, on, x1-8, y1-8)
			}
		}
	}
	drawBorder(c, s, g, cell)
	drawScale(c, s, g, area, low, high)
}

// heatText sets a number so that it fits into a cell: smaller first, then
// without its lesser unit.
func heatText(number string, on paint.Shade, most vg.Length) (text.Style, string) {
	for _, size := range []float64{11, 9.5, 8.5} {
		if st := aligned(style(size, bold, on), draw.XCenter); measure(st, number) <= most {
			return st, number
		}
	}
	st := aligned(style(9.5, bold, on), draw.XCenter)
	if i := strings.LastIndexByte(number, ' '); i > 0 && number[i-1] != '>' {
		number = number[:i]
	}
	return st, fit(st, number, most)
}

func cross(c draw.Canvas, shade paint.Shade, x, y vg.Length) {
	st := draw.LineStyle{Color: shade, Width: 1.2}
	c.StrokeLine2(st, x-2.5, y-2.5, x+2.5, y+2.5)
	c.StrokeLine2(st, x-2.5, y+2.5, x+2.5, y-2.5)
}

// drawBorder draws the edges between cells in which the expectation fares
// differently: the contour of what is demanded.
func drawBorder(c draw.Canvas, s *comparison.Sweep, g grid, cell func(x, y int) (x0, y0, x1, y1 vg.Length)) {
	if g.expect < 0 {
		return
	}
	holds := func(x, y int) (bool, bool) {
		if y >= len(g.at) || x >= len(g.at[y]) || g.at[y][x] < 0 {
			return false, false
		}
		return s.Points[g.at[y][x]].Expectations[g.expect].Verdict == "pass", true
	}
	st := draw.LineStyle{Color: paint.Ink, Width: 2.6}
	rim := draw.LineStyle{Color: paint.Paper, Width: 5}
	for _, line := range []draw.LineStyle{rim, st} {
		for y := range g.at {
			for x := range g.at[y] {
				here, ok := holds(x, y)
				if !ok {
					continue
				}
				x0, y0, x1, y1 := cell(x, y)
				if right, ok := holds(x+1, y); ok && right != here {
					c.StrokeLine2(line, x1, y0, x1, y1)
				}
				if up, ok := holds(x, y+1); ok && up != here {
					c.StrokeLine2(line, x0, y1, x1, y1)
				}
			}
		}
	}
}

// drawScale draws what the colours mean, beside the cells.
func drawScale(c draw.Canvas, s *comparison.Sweep, g grid, area vg.Rectangle, low, high float64) {
	x0 := area.Max.X + 18
	n := len(paint.Ramp)
	h := (area.Max.Y - area.Min.Y) / vg.Length(n)
	unit := figureAt(s, g.figure).Unit
	for i := range n {
		y0 := area.Min.Y + h*vg.Length(i)
		fill(c, paint.Ramp[i], x0, y0, x0+12, y0+h+.3)
	}
	writeMiddle(c, tickStyle, x0+18, area.Min.Y+4, unit.Write(low))
	if high > low {
		writeMiddle(c, tickStyle, x0+18, area.Max.Y-4, unit.Write(high))
	}
}

// heatRange is the least and the greatest mean in the cells.
func heatRange(s *comparison.Sweep, g grid) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range g.at {
		for _, i := range row {
			if i >= 0 && s.Points[i].Figure(g.figure).Known {
				low, high = min(low, float64(s.Points[i].Figure(g.figure).Mean)), max(high, float64(s.Points[i].Figure(g.figure).Mean))
			}
		}
	}
	if high < low {
		return 0, 0
	}
	return low, high
}

// heatPlace is where a value lies between the least and the greatest, in
// logarithms where none is zero.
func heatPlace(v, low, high float64) float64 {
	switch {
	case high <= low:
		return 0
	case low > 0:
		return math.Log(v/low) / math.Log(high/low)
	default:
		return (v - low) / (high - low)
	}
}
