package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// Swept draws the plots of a sweep: figures along its axes, and, where two axes
// make a grid, one figure over both.
func Swept(s *comparison.Sweep) []Plot {
	all := []Plot{SweepLines(s)}
	if p, ok := load(s); ok {
		all = append(all, p)
	}
	if g, ok := gridOf(s); ok {
		all = append(all, heat(s, g))
	}
	if slices.ContainsFunc(s.Points, func(q comparison.Point) bool { return q.Gaps != nil }) {
		all = append(all, sweptGaps(s))
	}
	return all
}

// sweptFigures are the figures that a sweep's lines show, if they vary, in the
// order of preference; panelsMost of them.
var sweptFigures = []string{
	"convergence-p50", "convergence-p99", "user-wait-p95", "saves-failed", "outcome-conflict", "never-converged", "lost", "rejected", "parked", "divergent-mean",
}

const panelsMost = 4

// sweptLine is one line: the points that share the values of all axes but one.
type sweptLine struct {
	name   string
	points []int // of the sweep, along the axis
	where  []int // of its values, parallel to points
}

// SweepLines draws figures against the axis with the most values, a line for
// each combination of the others, with the interval of every point. Points that
// lie on no line, as those of a hypercube, are drawn as dots.
func SweepLines(s *comparison.Sweep) Plot {
	axis := longestAxis(s)
	p := Plot{Name: "lines", Title: "Nothing was swept", height: nothingHeight, Table: sweptTable(s)}
	if axis < 0 {
		p.draw = nothing("The sweep has no point.")
		return p
	}
	values := axisValues(s, axis)
	lines, single := linesOf(s, axis, values)
	left := max(0, len(lines)-linesMost)
	lines = lines[:len(lines)-left]
	ids := varying(s)
	p.Title = sweptFinding(s, axis)
	p.Subtitle = fmt.Sprintf("Figures against %s, mean over runs with its 95 %% interval · %s, %s", s.Axes[axis], words.Counted(len(s.Points), "point", "points"), pointRuns(s))
	if ids == nil {
		p.draw = nothing("No figure differs between the points.")
		return p
	}
	p.Caption = "Student's interval over runs. Figures that differ by less than 2 % are left out."
	if slices.ContainsFunc(s.Points, func(q comparison.Point) bool {
		return slices.ContainsFunc(q.Figures, func(f comparison.PointFigure) bool { return f.AtLeast && slices.Contains(ids, f.ID) })
	}) {
		p.Caption += " Triangles: a lower bound, because changes never converged."
	}
	if left > 0 {
		p.Caption += " " + words.Counted(left, "line", "lines") + " not drawn."
	}
	if !single {
		p.Caption += kneeText(s, axis, lines)
	}
	p.Caption += demandsText(s, ids)
	p.Series = hues(lines, func(l sweptLine) string { return l.name })
	rows := (len(ids) + 1) / 2
	if p.height = sweptPanel*vg.Length(rows) + 4; len(lines) > 1 {
		p.height += legendRow
	}
	p.draw = func(c draw.Canvas) { drawSwept(c, s, axis, newSteps(values), lines, ids, single) }
	return p
}

// kneeText says where the lines have their knees; empty where none has one.
func kneeText(s *comparison.Sweep, axis int, lines []sweptLine) string {
	var parts []string
	for _, l := range lines {
		if e, ok := s.Knee(axis, l.points[0]); ok {
			part := s.Points[e.From].Values[axis]
			if len(lines) > 1 {
				part += " (" + l.name + ")"
			}
			parts = append(parts, part)
		}
	}
	if parts == nil {
		return ""
	}
	return " Knee: beyond " + words.List(parts) + " the slowest changes take more than twice as long, and that is shown."
}

const sweptPanel = 210 * vg.Length(1)

// longestAxis is the axis with the most values, the first of several; an axis
// of numbers before one of words. It is -1 where there is no point.
func longestAxis(s *comparison.Sweep) int {
	best, most := -1, 0
	for k := range s.Axes {
		values := axisValues(s, k)
		n := 2 * len(values)
		if newSteps(values).numeric {
			n++
		}
		if n > most {
			best, most = k, n
		}
	}
	if len(s.Points) == 0 {
		return -1
	}
	return best
}

// axisValues lists the values of an axis, numbers by size, words in the order
// in which they occur.
func axisValues(s *comparison.Sweep, axis int) []string {
	var values []string
	for i := range s.Points {
		if v := s.Points[i].Values[axis]; !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	sorted := slices.Clone(values)
	slices.SortStableFunc(sorted, func(a, b string) int {
		x, _, okX := sizeOf(a)
		y, _, okY := sizeOf(b)
		if !okX || !okY || x == y {
			return 0
		}
		if x < y {
			return -1
		}
		return 1
	})
	if newSteps(sorted).numeric {
		return sorted
	}
	return values
}

// linesOf sorts the points into lines. single is true where no two points share
// a line: then one line holds them all, and is drawn as dots.
func linesOf(s *comparison.Sweep, axis int, values []string) (lines []sweptLine, single bool) {
	longest := 0
	for i := range s.Points {
		name := otherValues(s, i, axis)
		k := slices.IndexFunc(lines, func(l sweptLine) bool { return l.name == name })
		if k < 0 {
			k = len(lines)
			lines = append(lines, sweptLine{name: name})
		}
		lines[k].points = append(lines[k].points, i)
		longest = max(longest, len(lines[k].points))
	}
	if single = longest < 2 && len(s.Points) > 1; single {
		all := sweptLine{}
		for i := range s.Points {
			all.points = append(all.points, i)
		}
		lines = []sweptLine{all}
	}
	for k := range lines {
		l := &lines[k]
		at := func(i int) int { return slices.Index(values, s.Points[i].Values[axis]) }
		slices.SortStableFunc(l.points, func(a, b int) int { return at(a) - at(b) })
		for _, i := range l.points {
			l.where = append(l.where, at(i))
		}
	}
	return lines, single
}

// otherValues names the values of a point on all axes but one.
func otherValues(s *comparison.Sweep, point, axis int) string {
	var parts []string
	for k, v := range s.Points[point].Values {
		if k != axis {
			parts = append(parts, axisName(s, k)+" "+v)
		}
	}
	return strings.Join(parts, ", ")
}

// shortPath is the last part of a path.
// axisName is the end of an axis' path that no other axis ends in.
func axisName(s *comparison.Sweep, axis int) string {
	name := shortPath(s.Axes[axis])
	for k, other := range s.Axes {
		if k != axis && shortPath(other) == name {
			head := strings.TrimSuffix(s.Axes[axis], "."+name)
			return shortPath(head) + "." + name
		}
	}
	return name
}

func shortPath(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// varying lists the figures that differ between points by more than the
// threshold.
func varying(s *comparison.Sweep) []string {
	var ids []string
	for _, id := range sweptFigures {
		var seen []float64
		for i := range s.Points {
			if f := s.Points[i].Figure(id); f != nil && f.Known {
				seen = append(seen, float64(f.Mean))
			}
		}
		if len(seen) == 0 || len(ids) == panelsMost {
			continue
		}
		if low, high := slices.Min(seen), slices.Max(seen); high-low > comparison.Threshold*high || len(s.Points) == 1 {
			ids = append(ids, id)
		}
	}
	return ids
}

func pointRuns(s *comparison.Sweep) string {
	least, most := s.Points[0].Runs, s.Points[0].Runs
	for i := range s.Points {
		least, most = min(least, s.Points[i].Runs), max(most, s.Points[i].Runs)
	}
	if least < most {
		return fmt.Sprintf("%d to %d runs each", least, most)
	}
	return words.Counted(most, "run", "runs") + " each"
}

// sweptFinding says what the ends of the axis do to the slowest changes, if that
// is shown.
func sweptFinding(s *comparison.Sweep, axis int) string {
	var told []comparison.Effect
	for _, e := range s.Effects() {
		if e.Axis == axis {
			told = append(told, e)
		}
	}
	for _, id := range []string{"convergence-p99", "convergence-p50"} {
		for _, e := range told {
			a := e.Figure.Cells[1].Against
			if e.Figure.ID == id && (a.Shown == comparison.Better || a.Shown == comparison.Worse) {
				return fmt.Sprintf("%s: %s at %s %s, %s at %s", findings.Capital(e.Figure.Name), e.Figure.Value(0), shortPath(s.Axes[axis]), s.Points[e.From].Values[axis],
					e.Figure.Value(1), s.Points[e.To].Values[axis]) + s.Others(axis)
			}
		}
	}
	if told == nil || s.Points[told[0].From].Runs < 2 {
		return fmt.Sprintf("%s of %s", words.Counted(len(s.Points), "point", "points"), strings.Join(s.Axes, ", "))
	}
	return fmt.Sprintf("No difference of the time to converge is shown between the ends of %s", s.Axes[axis]) + s.Others(axis)
}

func sweptTable(s *comparison.Sweep) Table {
	t := Table{Head: s.Head(), Rows: s.Rows(true), Note: "In brackets 95 % intervals over runs."}
	if s.Flips() {
		t.Note += " * fares otherwise than at the point before."
	}
	return t
}

func drawSwept(c draw.Canvas, s *comparison.Sweep, axis int, xs steps, lines []sweptLine, ids []string, single bool) {
	const left, right, foot, head = 52, 12, 46, 24
	top := c.Max.Y - 4
	if len(lines) > 1 {
		x, room := c.Min.X, (c.Max.X-c.Min.X)/vg.Length(len(lines))-47 // beside a name: its stroke and a gap
		for i, l := range lines {
			name := fitMiddle(labelStyle(i), l.name, room)
			c.StrokeLines(draw.LineStyle{Color: paint.Hues[i], Width: 2, Dashes: dashes[i]}, []vg.Point{{X: x, Y: top - 8}, {X: x + 22, Y: top - 8}})
			writeMiddle(c, labelStyle(i), x+27, top-8, name)
			x += 27 + measure(labelStyle(i), name) + 20
		}
		top -= legendRow
	}
	half := (c.Max.X - c.Min.X) / 2
	if len(ids) == 1 {
		half = c.Max.X - c.Min.X
	}
	for i, id := range ids {
		x0 := c.Min.X + vg.Length(i%2)*half
		y1 := top - vg.Length(i/2)*sweptPanel
		area := vg.Rectangle{Min: vg.Point{X: x0 + left, Y: y1 - sweptPanel + foot}, Max: vg.Point{X: x0 + half - right, Y: y1 - head}}
		demands := levelsOn(sweptDemands(s), id)
		pn := sweptAxes(c, area, s, id, xs, demands)
		pn.xTitle(fit(unitStyle, s.Axes[axis], area.Max.X-area.Min.X))
		if !single && xs.numeric && strings.HasPrefix(id, "convergence") {
			pn.knees(s, axis, id, xs, lines)
		}
		for k, l := range lines {
			pn.sweptLine(s, l, id, xs, k, !single && xs.numeric, len(lines))
		}
		pn.levelsAlong(demands, &placer{})
	}
}

// sweptDemands are the texts of what the scenario demands at every point.
func sweptDemands(s *comparison.Sweep) (texts []string) {
	if len(s.Points) > 0 {
		for _, e := range s.Points[0].Expectations {
			texts = append(texts, e.Text)
		}
	}
	return texts
}

// demandsText says, where demands on figures are drawn, in which colour.
func demandsText(s *comparison.Sweep, ids []string) string {
	if slices.ContainsFunc(ids, func(id string) bool { return levelsOn(sweptDemands(s), id) != nil }) {
		return " Red: what the scenario demands."
	}
	return ""
}

// knees marks, of each line that has one, beyond which value of the axis the slowest
// changes take more than twice as long.
func (p panel) knees(s *comparison.Sweep, axis int, id string, xs steps, lines []sweptLine) {
	const height = 12
	row := vg.Length(0)
	for k, l := range lines {
		e, ok := s.Knee(axis, l.points[0])
		if !ok {
			continue
		}
		x := p.x(xs.at[slices.Index(xs.values, s.Points[e.From].Values[axis])])
		shade := paint.FaultEdge
		if len(lines) > 1 {
			shade = paint.Hues[k]
		}
		p.c.StrokeLine2(draw.LineStyle{Color: shade, Width: .9, Dashes: []vg.Length{3, 3}}, x, p.c.Min.Y, x, p.c.Max.Y)
		st := style(9.5, bold, shade)
		at := p.c.Min.Y + 4 + height*row // where curves that rise are not
		if top := p.c.Max.Y - 11 - height*row; p.runsThrough(s, axis, id, e, lines, at) && !p.runsThrough(s, axis, id, e, lines, top) {
			at = top
		}
		write(p.c, st, x+3, at, "knee")
		row++
	}
}

// runsThrough reports whether a line is where a knee's label would stand: behind the
// knee, at a height.
func (p panel) runsThrough(s *comparison.Sweep, axis int, id string, knee comparison.Effect, lines []sweptLine, at vg.Length) bool {
	const room = 11
	for _, l := range lines {
		var ends [2]vg.Length
		for i, end := range []int{knee.From, knee.To} {
			k := slices.IndexFunc(l.points, func(k int) bool { return s.Points[k].Values[axis] == s.Points[end].Values[axis] })
			if k < 0 {
				continue
			}
			if f := s.Points[l.points[k]].Figure(id); f != nil && f.Known {
				ends[i] = p.y(float64(f.Mean))
			}
		}
		for _, along := range []vg.Length{0, .25, .5} {
			if y := ends[0] + along*(ends[1]-ends[0]); y > at-room/2 && y < at+room {
				return true
			}
		}
	}
	return false
}

// sweptAxes makes the panel of a figure: spans that differ much on a
// logarithmic axis, everything else from zero.
func sweptAxes(c draw.Canvas, area vg.Rectangle, s *comparison.Sweep, id string, xs steps, demands []level) panel {
	low, high := math.Inf(1), 0.
	var f comparison.PointFigure
	for i := range s.Points {
		if g := s.Points[i].Figure(id); g != nil && g.Known {
			f = *g
			low, high = min(low, float64(g.Mean)), max(high, float64(g.High), float64(g.Mean))
		}
	}
	high = stretched(high, demands)
	p := plot.New()
	xs.axis(p)
	var ys []tick
	switch {
	case f.Unit == comparison.Span && low > 1e-6 && high/low >= 5:
		p.Y.Scale = plot.LogScale{}
		ys = spanTicks(time.Duration(low*1e9), time.Duration(high*1e9))
	case f.Unit == comparison.Span:
		ys = rangeTicks(0, max(high, 1e-6), 3)
	default:
		ys = countTicks(high)
	}
	p.Y.Min, p.Y.Max = ys[0].at, ys[len(ys)-1].at
	pn := newPanel(c, area, p)
	pn.rules(xs.ticks(pn), ys, true)
	unit := ""
	if f.Unit == comparison.TenThousand {
		unit = "per 10,000"
	}
	name := fit(headStyle, findings.Capital(f.Name), area.Max.X-area.Min.X-measure(unitStyle, unit)-6)
	pn.head(name, unit)
	return pn
}

// sweptLine draws one line of a figure with the intervals of its points. The points of
// several lines stand a little apart, so that each interval can be seen; on an axis of
// words, where nothing connects them, further.
func (p panel) sweptLine(s *comparison.Sweep, l sweptLine, id string, xs steps, hue int, connected bool, of int) {
	shade := paint.Hues[hue]
	var line []vg.Point
	flush := func() {
		if connected {
			p.polyline(draw.LineStyle{Color: shade, Width: 1.6, Dashes: dashes[hue]}, line)
		}
		line = nil
	}
	y := func(v float64) vg.Length { return p.y(min(max(v, p.p.Y.Min), p.p.Y.Max)) }
	var dots []func()
	for i, point := range l.points {
		f := s.Points[point].Figure(id)
		if f == nil || !f.Known {
			flush()
			continue
		}
		x := p.x(xs.at[l.where[i]])
		apart := vg.Length(9)
		if xs.numeric {
			apart = 5
		}
		x += (vg.Length(hue) - vg.Length(of-1)/2) * apart
		at := vg.Point{X: x, Y: y(float64(f.Mean))}
		line = append(line, at)
		low, high := y(float64(f.Low)), y(float64(f.High))
		dots = append(dots, func() {
			if high-low > 1 {
				p.c.StrokeLine2(draw.LineStyle{Color: shade, Width: 1.1}, x, low, x, high)
			}
			if f.AtLeast {
				p.c.FillPolygon(shade, []vg.Point{{X: x - 4, Y: at.Y - 2}, {X: x, Y: at.Y + 5}, {X: x + 4, Y: at.Y - 2}})
				return
			}
			p.dot(at, shade, 2.6)
		})
	}
	flush()
	for _, d := range dots {
		d()
	}
}
