package comparison

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// SweepSchema names the shape of a sweep's JSON.
const SweepSchema = "twinwrite/sweep/v1"

// Sweep is what a scenario shows at several points. It is filled by
// [Sweep.Add], point by point, so that no more than one point's results are in
// memory.
type Sweep struct {
	Schema  string   `json:"schema"`
	Name    string   `json:"name"`
	Axes    []string `json:"axes"` // paths of the settings that differ
	Points  []Point  `json:"points"`
	Command string   `json:"command"`
}

// Point is one place in a sweep.
type Point struct {
	Values       []string              `json:"values"` // one an axis
	Hash         string                `json:"hash"`   // of its results
	Runs         int                   `json:"runs"`   // complete ones
	Verdict      result.Verdict        `json:"verdict"`
	Figures      []PointFigure         `json:"figures"`
	Expectations []summary.Expectation `json:"expectations"`
	Flips        []string              `json:"flips"` // IDs of expectations that fare otherwise than at the point before, along some axis
	Command      string                `json:"command"`

	Gaps        []result.Gap  `json:"-"` // how often edits on both sides met
	ClocksApart time.Duration `json:"-"` // how far the clocks come apart

	runs *result.Set // indexes and seed alone: what pairs runs
}

// PointFigure is a figure at a point.
type PointFigure struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Unit Unit   `json:"unit"`
	Cell

	better   better
	readings []reading
}

// Add takes the results of the next point. Along an axis, the point before it
// is the last one that has the same values on all others.
func (s *Sweep) Add(values []string, set *result.Set) {
	s.Schema = SweepSchema
	p := pointOf(values, set)
	for axis := range values {
		if before := s.before(values, axis); before != nil {
			p.flips(before)
		}
	}
	s.Points = append(s.Points, p)
}

// pointOf takes the figures of a point from its results, and keeps of these no
// more than what pairs runs.
func pointOf(values []string, set *result.Set) Point {
	runs := whole(set)
	p := Point{
		Values: values, Hash: set.Scenario.Hash, Runs: len(runs.Runs), Verdict: set.Verdict(), Command: set.Scenario.Command,
		Figures: []PointFigure{}, Expectations: []summary.Expectation{}, Flips: []string{},
		runs: &result.Set{Scenario: result.Scenario{Seed: set.Scenario.Seed}},
	}
	p.Gaps, p.ClocksApart = Meetings(Whole(set)), ClocksApart(Whole(set))
	for i := range runs.Runs {
		p.runs.Runs = append(p.runs.Runs, result.Run{Index: runs.Runs[i].Index})
	}
	for _, m := range metrics() {
		f, readings := m.row([]*result.Set{runs})
		p.Figures = append(p.Figures, PointFigure{f.ID, f.Name, f.Unit, f.Cells[0], f.better, readings})
	}
	for _, e := range set.Expectations {
		p.Expectations = append(p.Expectations, summary.Expectation(e))
	}
	return p
}

// before is the point before one along an axis; nil where it is the first.
func (s *Sweep) before(values []string, axis int) *Point {
	for i := len(s.Points) - 1; i >= 0; i-- {
		same := true
		for k, v := range s.Points[i].Values {
			same = same && (k == axis || v == values[k])
		}
		if same {
			return &s.Points[i]
		}
	}
	return nil
}

// flips notes the expectations that fare otherwise than at another point.
func (p *Point) flips(other *Point) {
	for i, e := range p.Expectations {
		if i < len(other.Expectations) && other.Expectations[i].Verdict != e.Verdict && !slices.Contains(p.Flips, e.ID) {
			p.Flips = append(p.Flips, e.ID)
		}
	}
}

// sweepColumns are the figures that a table of points shows.
var sweepColumns = []struct{ id, head string }{
	{medianID, "p50"}, {tailID, "p99"}, {"never-converged", "never/10k"}, {"parked", "parked"}, {lostID, "lost/10k"}, {"user-wait-p95", "save p95"},
}

// Figure finds a figure of the point; nil where it has none of that name.
func (p *Point) Figure(id string) *PointFigure {
	for i := range p.Figures {
		if p.Figures[i].ID == id {
			return &p.Figures[i]
		}
	}
	return nil
}

// Value is a figure as text.
func (p *Point) Value(id string) string {
	f := p.Figure(id)
	if f == nil {
		return words.None
	}
	row := Figure{Unit: f.Unit, Cells: []Cell{f.Cell}}
	return row.Value(0)
}

// Head names the columns of a table of points.
func (s *Sweep) Head() []string {
	head := append(slices.Clone(s.Axes), "runs")
	for _, c := range sweepColumns {
		head = append(head, c.head)
	}
	head = append(head, "verdict")
	if len(s.Points) > 0 {
		for _, e := range s.Points[0].Expectations {
			head = append(head, e.ID)
		}
	}
	return head
}

// Rows are the points, a row each. An expectation that fares otherwise than at
// the point before carries a star; intervals adds those of the figures.
func (s *Sweep) Rows(intervals bool) [][]string {
	var rows [][]string
	for i := range s.Points {
		p := &s.Points[i]
		row := append(slices.Clone(p.Values), words.Count(p.Runs))
		for _, c := range sweepColumns {
			text := p.Value(c.id)
			if f := p.Figure(c.id); intervals && f != nil {
				one := Figure{Unit: f.Unit, Cells: []Cell{f.Cell}}
				if within := one.Interval(0); within != "" {
					text += " (" + within + ")"
				}
			}
			row = append(row, text)
		}
		row = append(row, string(p.Verdict))
		for _, e := range p.Expectations {
			text := string(e.Verdict)
			if slices.Contains(p.Flips, e.ID) {
				text += flipped
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	return rows
}

// flipped marks a verdict that differs from that of the point before.
const flipped = "*"

// Flips reports whether any expectation fares otherwise somewhere.
func (s *Sweep) Flips() bool {
	return slices.ContainsFunc(s.Points, func(p Point) bool { return len(p.Flips) > 0 })
}

// WriteText writes a row a point, and what follows.
func (s *Sweep) WriteText(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n\n", s.Name, words.Counted(len(s.Points), "point", "points"))
	for i, line := range alignBlocks(s.Head(), []Block{{Rows: s.Rows(false)}}) {
		if i == 1 || i == 2 { // a table without questions
			continue
		}
		out.WriteString(line + "\n")
	}
	if s.Flips() {
		out.WriteString("\n* fares otherwise than at the point before\n")
	}
	said := s.Sentences()
	if len(said) > 0 {
		out.WriteString("\nwhat follows\n")
	}
	for _, x := range said {
		out.WriteString(strings.Join(fill("  ", x.Text), "\n") + "\n")
	}
	_, err := io.WriteString(w, printable(out.String()))
	return err
}

// WriteMarkdown writes the same for a pull request's comment, with intervals.
func (s *Sweep) WriteMarkdown(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s: %s\n\n", cell(s.Name), words.Counted(len(s.Points), "point", "points"))
	for _, x := range s.Sentences() {
		fmt.Fprintf(&out, "- %s\n", cell(x.Text))
	}
	markdownTable(&out, s.Head(), s.Rows(true))
	if s.Flips() {
		out.WriteString("\n\\* fares otherwise than at the point before\n")
	}
	fmt.Fprintf(&out, "\nIn brackets 95 %% intervals over runs.\n\nAgain: `%s`\n", strings.ReplaceAll(printable(s.Command), "`", "'"))
	_, err := io.WriteString(w, out.String())
	return err
}

// WriteJSON writes the sweep, the same bytes for the same results on every
// machine.
func (s *Sweep) WriteJSON(w io.Writer) error { return summary.Encode(w, "sweep", s) }

// WriteCSV writes a row for each figure of each point.
func (s *Sweep) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write(append(slices.Clone(s.Axes), "figure", "unit", "mean", "low", "high", "at_least", "runs")) // Error tells of it
	number := func(v summary.Rounded) string { return strconv.FormatFloat(float64(v), 'g', 6, 64) }
	for _, p := range s.Points {
		for _, f := range p.Figures {
			if !f.Known {
				continue
			}
			_ = out.Write(append(slices.Clone(p.Values), f.ID, string(f.Unit), number(f.Mean), number(f.Low), number(f.High), strconv.FormatBool(f.AtLeast), strconv.Itoa(f.Runs)))
		}
	}
	out.Flush()
	return out.Error()
}
