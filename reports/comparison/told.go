package comparison

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// ContrastHead names the columns of the table behind the differences that a sweep
// or a tornado tells.
var ContrastHead = []string{"Setting", "Against", "Figure", "Under it", "Under the other", "Beside the other", "Difference and its 95 % interval", "Runs"}

// contrastRow is a difference that is told, with its figures.
func contrastRow(f *Figure, first, name string) []string {
	return append([]string{name, first}, f.toldRow(1)...)
}

// toldRow is what a table has of a difference that is told.
func (f *Figure) toldRow(setting int) []string {
	name := f.Name
	if f.Unit == TenThousand {
		name += ", per 10,000"
	}
	return []string{name, f.Value(setting), f.Value(0), f.beside(setting), f.Difference(setting), words.Count(f.Cells[setting].Against.Runs)}
}

// ToldRows are the figures of every difference that the sweep's sentences tell.
func (s *Sweep) ToldRows() (rows [][]string) {
	at := func(axis, point int) string { return s.Axes[axis] + " = " + s.Points[point].Values[axis] }
	for _, e := range s.Effects() {
		switch e.Figure.Cells[1].Against.Shown {
		case Better, Worse, Differs:
			rows = append(rows, contrastRow(&e.Figure, at(e.Axis, e.From), at(e.Axis, e.To)))
		}
	}
	for axis := range s.Axes {
		if len(s.Points) == 0 {
			break
		}
		if e, ok := s.Knee(axis, 0); ok {
			rows = append(rows, contrastRow(&e.Figure, at(axis, e.From), at(axis, e.To)))
		}
	}
	return rows
}

// CountRows counts, for the ends of each axis, the figures by what is shown of them.
func (s *Sweep) CountRows() (rows [][]string) {
	effects := s.Effects()
	for axis, path := range s.Axes {
		count, name := map[Shown]int{}, ""
		for _, e := range effects {
			if e.Axis == axis {
				count[e.Figure.Cells[1].Against.Shown]++
				name = fmt.Sprintf("%s = %s, against %s", path, s.Points[e.To].Values[axis], s.Points[e.From].Values[axis])
			}
		}
		if name != "" {
			rows = append(rows, countRow(name, count))
		}
	}
	return rows
}

// countRow is how many figures show what.
func countRow(name string, count map[Shown]int) []string {
	row := []string{name}
	for _, shown := range []Shown{Better, Worse, Differs, Nothing, Unknown} {
		row = append(row, words.Count(count[shown]))
	}
	return row
}

// ToldRows are the figures of every difference that the tornado's sentences tell.
func (t *Tornado) ToldRows() (rows [][]string) {
	for _, told := range t.told() {
		rows = append(rows, contrastRow(told.figure, told.first, told.name))
	}
	return rows
}

// toldEnd is a difference that a tornado tells.
type toldEnd struct {
	figure      *Figure
	first, name string
}

// told are the first differences of the slowest changes that are shown.
func (t *Tornado) told() (list []toldEnd) {
	for i := range t.Bars {
		b := &t.Bars[i]
		for k := range b.Ends {
			f := b.Ends[k].Figure(tailID)
			if f == nil || len(list) == leadMost {
				continue
			}
			if shown := f.Cells[1].Against.Shown; shown == Better || shown == Worse {
				list = append(list, toldEnd{f, b.Path + " as it is (" + b.Value + ")", b.Path + " at " + b.Ends[k].Value})
			}
		}
	}
	return list
}

// Counts are how many assumptions move a figure, and how many turn a verdict.
func (t *Tornado) Counts() (moving, turning int) {
	for i := range t.Bars {
		if t.Bars[i].Moves() {
			moving++
		}
		turning += t.Bars[i].turned()
	}
	return moving, turning
}

// DemandHead names the columns of the table of what was demanded.
var DemandHead = []string{"Setting", "Expectation", "Demands", "Verdict", "Measured"}

// DemandRows tell of each point how what is demanded fared.
func (s *Sweep) DemandRows() (rows [][]string) {
	for i := range s.Points {
		p := &s.Points[i]
		at := make([]string, len(s.Axes))
		for axis, path := range s.Axes {
			at[axis] = path + " = " + p.Values[axis]
		}
		rows = append(rows, demandRows(strings.Join(at, ", "), p, func(summary.Expectation) bool { return true })...)
	}
	return rows
}

// DemandRows tell how what is demanded fares with the scenario as it is, and with
// each value that turns it.
func (t *Tornado) DemandRows() (rows [][]string) {
	turned := func(e *End) func(summary.Expectation) bool {
		return func(x summary.Expectation) bool { return slices.Contains(e.Flips, x.ID) }
	}
	rows = demandRows("as it is", &t.Base, func(summary.Expectation) bool { return true })
	for i := range t.Bars {
		b := &t.Bars[i]
		for k := range b.Ends {
			e := &b.Ends[k]
			rows = append(rows, demandRows(b.Path+" at "+e.Value+" in place of "+b.Value, &e.Point, turned(e))...)
		}
	}
	return rows
}

func demandRows(name string, p *Point, which func(summary.Expectation) bool) (rows [][]string) {
	for _, e := range p.Expectations {
		if !which(e) {
			continue
		}
		seen := e.Seen()
		if seen == "" {
			seen = words.None
		}
		rows = append(rows, []string{name, e.ID, e.Text, string(e.Verdict), seen})
	}
	return rows
}

// Holds counts the points at which an expectation passes, of those that have it.
func (s *Sweep) Holds(expectation int, points []int) (holds, all int) {
	for _, i := range points {
		if all++; s.Points[i].Expectations[expectation].Verdict == result.Pass {
			holds++
		}
	}
	return holds, all
}
