package comparison

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
)

// Effect is what one step through a sweep does to a figure: the figure at two
// points, and what separates them.
type Effect struct {
	From, To int // of the sweep's points
	Axis     int
	Figure   Figure // its two cells are the points
}

// contrast sets a figure at two points side by side, run by run.
func contrast(from, to *Point, id string) (Figure, bool) {
	a, b := from.Figure(id), to.Figure(id)
	if a == nil || b == nil {
		return Figure{}, false
	}
	f := Figure{ID: id, Name: a.Name, Unit: a.Unit, better: a.better, Cells: []Cell{a.Cell, b.Cell}}
	if a.Known && b.Known {
		f.Cells[1].Against = against(from.runs, to.runs, a.readings, b.readings)
	}
	return f, f.Cells[1].Against != nil
}

// Line lists the points along an axis that have the values of a point on all
// others.
func (s *Sweep) Line(axis, of int) []int {
	var line []int
	for i := range s.Points {
		same := true
		for k, v := range s.Points[i].Values {
			same = same && (k == axis || v == s.Points[of].Values[k])
		}
		if same {
			line = append(line, i)
		}
	}
	return line
}

// Effects tells, for each axis that has a line, what its ends do to the figures
// that a table of points shows; all other axes stand at their first value. What
// is shown is corrected for all of them together.
func (s *Sweep) Effects() []Effect {
	var all []Effect
	for axis := range s.Axes {
		if len(s.Points) == 0 {
			break
		}
		line := s.Line(axis, 0)
		if len(line) < 2 {
			continue
		}
		from, to := line[0], line[len(line)-1]
		for _, c := range sweepColumns {
			if f, ok := contrast(&s.Points[from], &s.Points[to], c.id); ok {
				all = append(all, Effect{from, to, axis, f})
			}
		}
	}
	figures := make([]*Figure, len(all))
	for i := range all {
		figures[i] = &all[i].Figure
	}
	correct(figures)
	return all
}

// Knee is the first step along the line of an axis after which the slowest
// changes take more than twice as long, and that is shown. It reports false
// where there is none, and where the axis has words: nothing lies between them.
func (s *Sweep) Knee(axis, of int) (Effect, bool) {
	line := s.Line(axis, of)
	for i := 1; i < len(line); i++ {
		if !numeric(s.Points[line[i-1]].Values[axis]) || !numeric(s.Points[line[i]].Values[axis]) {
			return Effect{}, false
		}
		f, ok := contrast(&s.Points[line[i-1]], &s.Points[line[i]], tailID)
		if !ok {
			continue
		}
		if a := f.Cells[1].Against; a.Shown != Unknown && a.base > 0 && float64(a.Low) > a.base {
			return Effect{line[i-1], line[i], axis, f}, true
		}
	}
	return Effect{}, false
}

// numeric reports whether a value is a number, with its unit or without.
func numeric(value string) bool {
	return value != "" && unicode.IsDigit(rune((strings.TrimLeft(value, "+-") + " ")[0]))
}

// Sentences say what follows from the figures of a sweep.
func (s *Sweep) Sentences() []Sentence {
	list := []Sentence{}
	effects := s.Effects()
	for axis, path := range s.Axes {
		same := 0
		var between string
		for _, e := range effects {
			if e.Axis != axis {
				continue
			}
			at := s.Others(axis)
			a, b := path+" = "+s.Points[e.From].Values[axis], path+" = "+s.Points[e.To].Values[axis]+at
			between = "Between " + a + " and " + b
			switch e.Figure.Cells[1].Against.Shown {
			case Better, Worse, Differs:
				list = append(list, Sentence{tell(&e.Figure, a, b, 1), []string{e.Figure.ID}})
			case Nothing:
				same++
			}
		}
		if same > 0 {
			list = append(list, Sentence{fmt.Sprintf("%s no difference is shown in %s.", between, words.Counted(same, "figure", "figures")), []string{}})
		}
		if e, ok := s.Knee(axis, 0); len(s.Points) > 0 && ok {
			a := e.Figure.Cells[1].Against
			list = append(list, Sentence{fmt.Sprintf("The knee of %s lies between %s and %s%s: there the 99th percentile of the time to converge more than doubles, from %s by %s, over %s.",
				path, s.Points[e.From].Values[axis], s.Points[e.To].Values[axis], s.Others(axis), e.Figure.Value(0), interval(&e.Figure, a), words.Counted(a.Runs, "run", "runs")), []string{tailID}})
		}
	}
	return append(list, s.flipSentences()...)
}

// Others says at which values all other axes stand where sentences speak of one:
// " (with engine.batch = 1)"; empty where no other has several values.
func (s *Sweep) Others(axis int) string {
	var parts []string
	for k, path := range s.Axes {
		first := s.Points[0].Values[k]
		if k != axis && slices.ContainsFunc(s.Points, func(p Point) bool { return p.Values[k] != first }) {
			parts = append(parts, path+" = "+first)
		}
	}
	if parts == nil {
		return ""
	}
	return " (with " + words.List(parts) + ")"
}

// interval writes a difference with its interval.
func interval(f *Figure, a *Against) string {
	return fmt.Sprintf("%s (95 %% interval %s)", f.Unit.Signed(float64(a.Mean)), between(f.Unit, a))
}

// flipSentences name each expectation that holds at some points and not at
// others, and where it turns.
func (s *Sweep) flipSentences() []Sentence {
	var list []Sentence
	if len(s.Points) == 0 {
		return nil
	}
	for i, e := range s.Points[0].Expectations {
		var turns []string
		for axis, path := range s.Axes {
			line := s.Line(axis, 0)
			for k := 1; k < len(line); k++ {
				a, b := &s.Points[line[k-1]], &s.Points[line[k]]
				if i >= len(a.Expectations) || i >= len(b.Expectations) || a.Expectations[i].Verdict == b.Expectations[i].Verdict {
					continue
				}
				turns = append(turns, fmt.Sprintf("%s at %s = %s%s, %s at %s%s", a.Expectations[i].Verdict, path, a.Values[axis], seenAt(a, i), b.Expectations[i].Verdict, b.Values[axis], seenAt(b, i))+s.Others(axis))
			}
		}
		if turns != nil {
			list = append(list, Sentence{fmt.Sprintf("%s (%s) turns: %s.", e.ID, e.Text, strings.Join(turns, "; ")), []string{}})
		}
	}
	return list
}

// seenAt is what an expectation was judged by.
func seenAt(p *Point, i int) string {
	if seen := p.Expectations[i].Seen(); seen != "" {
		return ", measured " + seen
	}
	return ""
}

// correct decides what is shown of differences that are looked at together.
func correct(figures []*Figure) {
	var ps []float64
	var tested []*Against
	for _, f := range figures {
		for _, cell := range f.Cells {
			// What is the same in every run is no test.
			if a := cell.Against; a != nil && a.Shown != Unknown && !(a.difference.Mean == 0 && a.difference.P == 1) {
				ps, tested = append(ps, a.difference.P), append(tested, a)
			}
		}
	}
	for i, p := range stats.Holm(ps) {
		tested[i].Adjusted = summary.Rounded(p)
	}
	for _, f := range figures {
		for _, cell := range f.Cells {
			a := cell.Against
			if a == nil {
				continue
			}
			if !slices.Contains(tested, a) {
				a.Adjusted = 1
			}
			if a.Shown != Unknown {
				a.Shown = f.shown(a)
			}
		}
	}
}
