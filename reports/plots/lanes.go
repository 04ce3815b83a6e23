package plots

import (
	"slices"
	"time"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Lanes draws the history of a record, or of a case, from top to bottom: a lane
// for each side and one for the engine between them, a row for each step. Time
// is written at every row, by three clocks, and not to scale: what matters in a
// history is the order, and its gaps differ by orders of magnitude.
func Lanes(h *result.History) Plot {
	rows := laneRows(h)
	left := max(0, len(rows)-laneRowsMost)
	p := Plot{
		Name: "lanes", Title: lanesTitle(h), Subtitle: "What happened, in the order of true time",
		Caption: "Disc: a user's commit. Arrow: a write of the engine; thick: over a change that lost the conflict. Cross: deleted. Bar: refused. Ring: an outcome; diamond: a conflict lost. Square: the error desk. Dots: the engine at work. Shaded: a fault.",
		Table:   Table{Head: h.Head(), Rows: h.Rows()},
	}
	if h.Skewed() {
		p.Subtitle += "; the outer columns are what the clocks of the two systems show"
	}
	if left > 0 || h.Cut > 0 {
		p.Caption += " " + words.Counted(left+h.Cut, "later step", "later steps") + " not drawn."
	}
	rows = rows[:len(rows)-left]
	if len(rows) == 0 {
		p.height, p.draw = nothingHeight, nothing("Nothing happened.")
		return p
	}
	p.height = lanesHead + laneRow*vg.Length(len(rows)) + 6
	p.draw = func(c draw.Canvas) { drawLanes(c, h, rows) }
	return p
}

// laneRowsMost is how many rows a picture has.
const laneRowsMost = 80

const (
	lanesHead = 40 * vg.Length(1) // the heads of the lanes
	laneRow   = 21 * vg.Length(1)
)

// lanesTitle counts what a reader of a history looks for.
func lanesTitle(h *result.History) string {
	times := map[result.StepKind]int{}
	for i := range h.Steps {
		times[h.Steps[i].Kind]++
	}
	parts := []string{words.Counted(times[result.EditStep]+times[result.DeleteStep], "change", "changes")}
	for _, x := range []struct {
		n         int
		one, many string
	}{
		{times[result.LostStep], "lost a conflict", "lost a conflict"},
		{times[result.RefusedStep], "refusal", "refusals"},
		{times[result.DeskStep], "time on the error desk", "times on the error desk"},
		{times[result.CrashStep], "crash of the engine", "crashes of the engine"},
	} {
		if x.n > 0 {
			parts = append(parts, words.Counted(x.n, x.one, x.many))
		}
	}
	return words.Printable(h.Title) + ": " + words.List(parts)
}

// laneLine is one row: a step, the beginning of a fault, or a gap.
type laneLine struct {
	at    time.Duration
	step  *result.Step    // nil: of another kind
	fault *result.Stretch // nil: of another kind
	gap   time.Duration
}

// laneRows puts the steps and the beginnings of faults in order, with a line
// where nothing happened for much longer than otherwise.
func laneRows(h *result.History) []laneLine {
	var rows []laneLine
	for i := range h.Steps {
		rows = append(rows, laneLine{at: h.Steps[i].At, step: &h.Steps[i]})
	}
	for i := range h.Spans {
		rows = append(rows, laneLine{at: h.Spans[i].From, fault: &h.Spans[i]})
	}
	slices.SortStableFunc(rows, func(a, b laneLine) int {
		if a.at == b.at && (a.fault == nil) != (b.fault == nil) {
			if a.fault != nil {
				return -1
			}
			return 1
		}
		return int(max(-1, min(1, a.at-b.at)))
	})
	var spaced []laneLine
	for i, r := range rows {
		if i > 0 && r.at-rows[i-1].at >= longPause {
			spaced = append(spaced, laneLine{at: rows[i-1].at, gap: r.at - rows[i-1].at})
		}
		spaced = append(spaced, r)
	}
	return spaced
}

// trueTime heads the first column.
const trueTime = "true time"

// longPause is a time after which a row says how long nothing happened.
const longPause = 30 * time.Second

func drawLanes(c draw.Canvas, h *result.History, rows []laneLine) {
	skewed := h.Skewed()
	small := style(8.5, regular, paint.Soft)
	clock := measure(small, trueTime)
	for _, r := range rows {
		clock = max(clock, measure(small, h.At(r.at)))
		if r.step != nil {
			clock = max(clock, measure(small, h.At(r.step.Local[0])), measure(small, h.At(r.step.Local[1])))
		}
	}
	timeRight := c.Min.X + clock
	left, right := timeRight+14, c.Max.X-14
	if skewed {
		left, right = timeRight+14+clock+12, c.Max.X-clock-12
	}
	lane := [3]vg.Length{left, (left + right) / 2, right}
	top := c.Max.Y - lanesHead
	y := func(row int) vg.Length { return top - laneRow*(vg.Length(row)+.5) }

	shadeFaults(c, h, rows, lane, y)
	for i, name := range []string{words.Side("finops"), "engine", words.Side("dataverse")} {
		c.StrokeLine2(draw.LineStyle{Color: paint.Track, Width: 1.6}, lane[i], top+4, lane[i], y(len(rows)-1)-laneRow/2)
		st := aligned(headStyle, []text.XAlignment{draw.XLeft, draw.XCenter, draw.XRight}[i])
		write(c, st, lane[i], top+24, name)
	}
	deadLanes(c, rows, lane[1], y)
	head := func(x vg.Length, align text.XAlignment, s string) { write(c, aligned(small, align), x, top+10, s) }
	head(timeRight, draw.XRight, trueTime)
	if skewed {
		head(lane[0]-10, draw.XRight, "its clock")
		head(lane[2]+10, draw.XLeft, "its clock")
	}
	for i, r := range rows {
		switch {
		case r.gap > 0:
			said := "· · ·  " + words.Duration(r.gap) + " later  · · ·"
			half := measure(small, said)/2 + 3
			fill(c, paint.Paper, lane[1]-half, y(i)-6, lane[1]+half, y(i)+6)
			writeMiddle(c, aligned(small, draw.XCenter), lane[1], y(i), said)
			continue
		case r.fault != nil:
			drawFault(c, h, r.fault, lane, timeRight, y(i))
			continue
		}
		writeMiddle(c, aligned(small, draw.XRight), timeRight, y(i), h.At(r.at))
		if skewed {
			writeMiddle(c, aligned(small, draw.XRight), lane[0]-10, y(i), h.At(r.step.Local[0]))
			writeMiddle(c, aligned(small, draw.XLeft), lane[2]+10, y(i), h.At(r.step.Local[1]))
		}
		drawStep(c, r.step, lane, y(i))
	}
}

// shadeFaults fills the rows in which a fault was there, around its lane.
func shadeFaults(c draw.Canvas, h *result.History, rows []laneLine, lane [3]vg.Length, y func(int) vg.Length) {
	for i := range h.Spans {
		f := &h.Spans[i]
		first, last := -1, -1
		for k, r := range rows {
			if r.fault == f || r.gap == 0 && r.at >= f.From && r.at < f.To {
				if first < 0 {
					first = k
				}
				last = k
			}
		}
		if first >= 0 {
			x := lane[f.Lane]
			fill(c, paint.FaultArea, x-9, y(last)-laneRow/2, x+9, y(first)+laneRow/2)
		}
	}
}

// drawFault writes what begins.
func drawFault(c draw.Canvas, h *result.History, f *result.Stretch, lane [3]vg.Length, timeRight, y vg.Length) {
	st := style(8.5, regular, paint.FaultEdge)
	writeMiddle(c, aligned(st, draw.XRight), timeRight, y, h.At(f.From))
	said := f.What
	if f.To > f.From {
		said = words.Duration(f.To-f.From) + ": " + said
	}
	beside(c, st, f.Lane, lane, y, said)
}

// deadLanes breaks the engine's lane while its process is dead.
func deadLanes(c draw.Canvas, rows []laneLine, x vg.Length, y func(int) vg.Length) {
	dead := -1
	over := func(from, to int) {
		fill(c, paint.Paper, x-2, y(to), x+2, y(from))
		c.StrokeLine2(draw.LineStyle{Color: paint.Bad, Width: 1.4, Dashes: []vg.Length{2, 3}}, x, y(from), x, y(to))
	}
	for i, r := range rows {
		if r.step == nil {
			continue
		}
		switch r.step.Kind {
		case result.CrashStep:
			dead = i
		case result.BackStep:
			if dead >= 0 {
				over(dead, i)
			}
			dead = -1
		}
	}
	if dead >= 0 && dead < len(rows)-1 {
		over(dead, len(rows)-1)
	}
}

// beside writes text next to a lane: to its right, but of the last to its left.
func beside(c draw.Canvas, st text.Style, at result.Lane, lane [3]vg.Length, y vg.Length, s string) {
	room := lane[1] - lane[0] - 26
	s = fit(st, words.Printable(s), room)
	x, box := lane[at]+11, lane[at]+9
	if at == result.DataverseLane {
		st = aligned(st, draw.XRight)
		x, box = lane[at]-11, lane[at]-13-measure(st, s)
	}
	fill(c, paint.Paper, box, y-6, box+4+measure(st, s), y+6)
	writeMiddle(c, st, x, y, s)
}

// drawStep marks a step on its lane and says in a few words what it was.
func drawStep(c draw.Canvas, s *result.Step, lane [3]vg.Length, y vg.Length) {
	const r = 4.2
	x := lane[s.Lane]
	at := vg.Point{X: x, Y: y}
	said, shade := s.Short, paint.Ink
	switch s.Kind {
	case result.EditStep:
		disc(c, paint.Hues[0], at, r)
	case result.DeleteStep:
		disc(c, paint.Hues[0], at, r+1)
		saltire(c, paint.Paper, at, r-1.4)
	case result.RefusedStep:
		fill(c, paint.Bad, x-6, y-2, x+6, y+2)
		shade = paint.Bad
	case result.WriteStep, result.OverrideStep, result.RemoveStep:
		drawCarried(c, s, lane, y)
		return
	case result.SettledStep:
		disc(c, paint.Good, at, r)
		disc(c, paint.Paper, at, r-1.8)
		shade = paint.Soft
	case result.LostStep:
		diamond(c, paint.Outcome("conflict"), at, r+1.6)
		shade = paint.Outcome("conflict")
	case result.DeskStep:
		fill(c, paint.Outcome("parked"), x-r, y-r, x+r, y+r)
	case result.CrashStep:
		saltire(c, paint.Bad, at, r+1)
		shade = paint.Bad
	default:
		disc(c, paint.Faint, at, 1.9)
		shade = paint.Soft
	}
	beside(c, style(9, regular, shade), s.Lane, lane, y, said)
}

// drawCarried draws an arrow from the side that was read to the side that was
// written, with what was written over its second half.
func drawCarried(c draw.Canvas, s *result.Step, lane [3]vg.Length, y vg.Length) {
	shade, line := paint.Hues[2], draw.LineStyle{Width: 1.3}
	switch s.Kind {
	case result.OverrideStep:
		shade, line.Width = paint.Outcome("conflict"), 2.6
	case result.RemoveStep:
		shade, line.Dashes = paint.Hues[1], []vg.Length{4, 2.5}
	}
	line.Color = shade
	from, to := lane[s.From], lane[s.Lane]
	way := vg.Length(1)
	if to < from {
		way = -1
	}
	if from != to {
		c.StrokeLine2(line, from+way*3, y-5, to-way*7, y-5)
		c.FillPolygon(shade, []vg.Point{{X: to - way*8, Y: y - 9}, {X: to - way, Y: y - 5}, {X: to - way*8, Y: y - 1}})
	} else {
		disc(c, shade, vg.Point{X: to, Y: y}, 3.4)
	}
	if s.Kind == result.RemoveStep {
		saltire(c, shade, vg.Point{X: to - way*16, Y: y - 5}, 3)
	}
	st := style(9, regular, paint.Ink)
	said := fit(st, words.Printable(s.Short), (lane[2]-lane[0])/2-26)
	mid := (from + to) / 2
	if from == to {
		beside(c, st, s.Lane, lane, y, s.Short)
		return
	}
	// Beside the engine's lane, on the half of the side that is written.
	if way > 0 {
		write(c, st, mid+11, y-1.5, said)
	} else {
		write(c, aligned(st, draw.XRight), mid-11, y-1.5, said)
	}
}

func disc(c draw.Canvas, shade paint.Shade, at vg.Point, r vg.Length) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: shade, Radius: r, Shape: draw.CircleGlyph{}}, at)
}

func saltire(c draw.Canvas, shade paint.Shade, at vg.Point, r vg.Length) {
	line := draw.LineStyle{Color: shade, Width: 1.8}
	c.StrokeLine2(line, at.X-r, at.Y-r, at.X+r, at.Y+r)
	c.StrokeLine2(line, at.X-r, at.Y+r, at.X+r, at.Y-r)
}

func diamond(c draw.Canvas, shade paint.Shade, at vg.Point, r vg.Length) {
	c.FillPolygon(shade, []vg.Point{{X: at.X, Y: at.Y + r}, {X: at.X + r, Y: at.Y}, {X: at.X, Y: at.Y - r}, {X: at.X - r, Y: at.Y}})
}
