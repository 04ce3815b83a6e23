package plots

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/words"
)

// loadFigures are what load does to the two who wait: the other side, and the user.
var loadFigures = []string{"convergence-p99", "user-wait-p95"}

// loadAxis is the axis by which a sweep asks more of the systems: numbers of how
// much comes, how fast, or by how many users. It is -1 where there is none.
func loadAxis(s *comparison.Sweep) int {
	for k, path := range s.Axes {
		asked := strings.HasPrefix(path, "workload.") && slices.Contains([]string{"rate", "speed", "users", "first", "every"}, shortPath(path))
		if asked && newSteps(axisValues(s, k)).numeric {
			return k
		}
	}
	return -1
}

// load draws the load curve with its knee: how long changes take at the tail as more
// is asked of the systems, a line for each combination of the other axes (modes,
// say), and what users wait beside it. It reports false for a sweep without load.
func load(s *comparison.Sweep) (Plot, bool) {
	axis := loadAxis(s)
	if axis < 0 || len(s.Points) == 0 {
		return Plot{}, false
	}
	values := axisValues(s, axis)
	lines, single := linesOf(s, axis, values)
	left := max(0, len(lines)-linesMost)
	lines = lines[:len(lines)-left]
	ids := slices.DeleteFunc(slices.Clone(loadFigures), func(id string) bool {
		return !slices.ContainsFunc(s.Points, func(p comparison.Point) bool {
			f := p.Figure(id)
			return f != nil && f.Known
		})
	})
	p := Plot{
		Name:     "load",
		Title:    loadFinding(s, axis, lines, single),
		Subtitle: fmt.Sprintf("The slowest changes, and users' waits beside them, against %s; mean over runs with its 95 %% interval · %s, %s", s.Axes[axis], words.Counted(len(s.Points), "point", "points"), pointRuns(s)),
		Table:    loadTable(s, ids),
		height:   nothingHeight,
	}
	if ids == nil {
		p.draw = nothing("Neither changes nor saves were measured.")
		return p, true
	}
	p.Caption = "Student's interval over runs." + kneeText(s, axis, lines) + demandsText(s, ids)
	if left > 0 {
		p.Caption += " " + words.Counted(left, "line", "lines") + " not drawn."
	}
	p.Series = hues(lines, func(l sweptLine) string { return l.name })
	p.height = sweptPanel + 4
	if len(lines) > 1 {
		p.height += legendRow
	}
	p.draw = func(c draw.Canvas) { drawSwept(c, s, axis, newSteps(values), lines, ids, single) }
	return p, true
}

// loadFinding says which lines have a knee, and where.
func loadFinding(s *comparison.Sweep, axis int, lines []sweptLine, single bool) string {
	name := shortPath(s.Axes[axis])
	var parts []string
	without := 0
	for _, l := range lines {
		e, ok := s.Knee(axis, l.points[0])
		switch of := ""; {
		case single || !ok:
			without++
		default:
			if len(lines) > 1 {
				of = " with " + l.name
			}
			parts = append(parts, s.Points[e.From].Values[axis]+of)
		}
	}
	switch {
	case parts == nil:
		return fmt.Sprintf("No knee is shown up to a %s of %s", name, axisValues(s, axis)[len(axisValues(s, axis))-1])
	case len(parts) > namedMost:
		return fmt.Sprintf("The slowest changes take more than twice as long beyond some %s on %d of %d lines", name, len(parts), len(lines))
	case without > 0:
		return fmt.Sprintf("Beyond a %s of %s the slowest changes take more than twice as long; no knee is shown of the others", name, words.List(parts))
	default:
		return fmt.Sprintf("Beyond a %s of %s the slowest changes take more than twice as long", name, words.List(parts))
	}
}

func loadTable(s *comparison.Sweep, ids []string) Table {
	t := Table{Head: slices.Clone(s.Axes), Note: "Means over runs."}
	for _, id := range ids {
		for i := range s.Points {
			if f := s.Points[i].Figure(id); f != nil {
				t.Head = append(t.Head, f.Name)
				break
			}
		}
	}
	for i := range s.Points {
		row := slices.Clone(s.Points[i].Values)
		for _, id := range ids {
			row = append(row, s.Points[i].Value(id))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
