package comparison

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TornadoSchema names the shape of a tornado's JSON.
const TornadoSchema = "twinwrite/tornado/v1"

// Tornado is how much a scenario's figures hang on each of its assumptions: one
// is changed at a time, and everything else, the draws included, stays. It is
// filled by [Tornado.Add] and finished by [Tornado.Settle].
type Tornado struct {
	Schema  string       `json:"schema"`
	Name    string       `json:"name"`
	Base    Point        `json:"base"`
	Bars    []Bar        `json:"bars"` // those that move a figure most come first
	Left    []Unexamined `json:"left"` // assumptions without another value
	Command string       `json:"command"`
}

// Bar is one assumption with its other values.
type Bar struct {
	Path   string `json:"path"`
	Value  string `json:"value"` // that of the base
	Source string `json:"source"`
	Ends   []End  `json:"ends"`
}

// End is the scenario with another value of one assumption.
type End struct {
	Value   string   `json:"value"`
	Point   Point    `json:"point"`
	Figures []Figure `json:"figures"` // base and this value, with what separates them
	Flips   []string `json:"flips"`   // IDs of expectations and properties that fare otherwise than with the base's value
}

// Unexamined is an assumption that was not varied.
type Unexamined struct {
	Path  string `json:"path"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

// NewTornado begins with the results of the scenario as it is.
func NewTornado(name, command string, base *result.Set) *Tornado {
	return &Tornado{Schema: TornadoSchema, Name: name, Command: command, Base: pointOf(nil, base), Bars: []Bar{}, Left: []Unexamined{}}
}

// Add takes the results of another value of an assumption. Values of one
// assumption are added in a row.
func (t *Tornado) Add(path, value, source, other string, set *result.Set) {
	if n := len(t.Bars); n == 0 || t.Bars[n-1].Path != path {
		t.Bars = append(t.Bars, Bar{Path: path, Value: value, Source: source})
	}
	b := &t.Bars[len(t.Bars)-1]
	e := End{Value: other, Point: pointOf([]string{other}, set), Figures: []Figure{}, Flips: []string{}}
	for _, c := range sweepColumns {
		if f, ok := contrast(&t.Base, &e.Point, c.id); ok {
			e.Figures = append(e.Figures, f)
		}
	}
	e.Point.flips(&t.Base)
	e.Flips = append(e.Flips, e.Point.Flips...)
	if e.Point.Verdict != t.Base.Verdict && len(e.Flips) == 0 {
		e.Flips = append(e.Flips, "verdict")
	}
	b.Ends = append(b.Ends, e)
}

// Settle decides what is shown of all differences together, and puts the
// assumptions that matter first: those that turn a conclusion, then those that
// move the slowest changes most.
func (t *Tornado) Settle() {
	var all []*Figure
	for i := range t.Bars {
		for k := range t.Bars[i].Ends {
			e := &t.Bars[i].Ends[k]
			for j := range e.Figures {
				all = append(all, &e.Figures[j])
			}
		}
	}
	correct(all)
	slices.SortStableFunc(t.Bars, func(a, b Bar) int {
		return cmp.Or(cmp.Compare(b.turned(), a.turned()), cmp.Compare(b.swing(), a.swing()))
	})
}

// turned is 1 for an assumption that turns a conclusion.
func (b *Bar) turned() int {
	if slices.ContainsFunc(b.Ends, func(e End) bool { return len(e.Flips) > 0 }) {
		return 1
	}
	return 0
}

// swing is how far an assumption moves the slowest changes, in logarithms.
func (b *Bar) swing() (most float64) {
	for i := range b.Ends {
		f := b.Ends[i].Figure(tailID)
		if f == nil {
			continue
		}
		switch f.Cells[1].Against.Shown {
		case Better, Worse, Differs:
			if base, at := float64(f.Cells[0].Mean), float64(f.Cells[1].Mean); base > 0 && at > 0 {
				most = max(most, math.Abs(math.Log(at/base)))
			}
		}
	}
	return most
}

// Figure finds a figure of an end; nil where it was not measured.
func (e *End) Figure(id string) *Figure {
	for i := range e.Figures {
		if e.Figures[i].ID == id {
			return &e.Figures[i]
		}
	}
	return nil
}

// Moves reports whether an assumption is shown to move any figure, or turns a
// conclusion.
func (b *Bar) Moves() bool {
	return b.turned() > 0 || slices.ContainsFunc(b.Ends, func(e End) bool {
		return slices.ContainsFunc(e.Figures, func(f Figure) bool {
			shown := f.Cells[1].Against.Shown
			return shown != Nothing && shown != Unknown
		})
	})
}

// Sentences say what hangs on which assumption.
func (t *Tornado) Sentences() []Sentence {
	list := []Sentence{}
	for i := range t.Bars {
		b := &t.Bars[i]
		for k := range b.Ends {
			if e := &b.Ends[k]; len(e.Flips) > 0 {
				list = append(list, Sentence{t.turnedBy(b, e), []string{}})
			}
		}
	}
	if len(list) == 0 {
		list = append(list, Sentence{fmt.Sprintf("No verdict turns when one of %s is changed to another value tried here.", words.Counted(len(t.Bars), "assumption", "assumptions")), []string{}})
	}
	for _, x := range t.told() {
		list = append(list, Sentence{tell(x.figure, x.first, x.name, 1), []string{x.figure.ID}})
	}
	moving, _ := t.Counts()
	list = append(list, Sentence{fmt.Sprintf("Assumptions that turn a verdict, or are shown to move a figure: %d of %d; of the others no difference is shown.", moving, len(t.Bars)), []string{}})
	return list
}

// turnedBy tells which verdicts another value turns, and by what they were
// judged.
func (t *Tornado) turnedBy(b *Bar, e *End) string {
	var parts []string
	for i, x := range e.Point.Expectations {
		if slices.Contains(e.Flips, x.ID) && i < len(t.Base.Expectations) {
			parts = append(parts, fmt.Sprintf("%s is %s%s in place of %s%s", x.ID, x.Verdict, seenAt(&e.Point, i), t.Base.Expectations[i].Verdict, seenAt(&t.Base, i)))
		}
	}
	if parts == nil {
		parts = append(parts, fmt.Sprintf("the verdict is %s in place of %s", e.Point.Verdict, t.Base.Verdict))
	}
	return fmt.Sprintf("With %s at %s in place of %s: %s.", b.Path, e.Value, b.Value, strings.Join(parts, "; "))
}

// Head names the columns of the table of assumptions.
func (t *Tornado) Head() []string {
	head := []string{"Assumption", "Value", "in place of"}
	for _, c := range sweepColumns {
		if t.Base.Figure(c.id) != nil {
			head = append(head, c.head)
		}
	}
	return append(head, "turns")
}

// Moving are the values of the assumptions that are shown to move something, a
// row each. The first row is the scenario as it is.
func (t *Tornado) Moving() [][]string {
	first := []string{"as it is", "", ""}
	for _, c := range sweepColumns {
		if t.Base.Figure(c.id) != nil {
			first = append(first, t.Base.Value(c.id))
		}
	}
	return append([][]string{append(first, "")}, t.rows(true)...)
}

// Resting are the values of the others.
func (t *Tornado) Resting() [][]string { return t.rows(false) }

func (t *Tornado) rows(moving bool) [][]string {
	var rows [][]string
	for i := range t.Bars {
		b := &t.Bars[i]
		if b.Moves() != moving {
			continue
		}
		for k := range b.Ends {
			e := &b.Ends[k]
			row := []string{b.Path, e.Value, b.Value}
			for _, c := range sweepColumns {
				if t.Base.Figure(c.id) != nil {
					row = append(row, e.moved(c.id))
				}
			}
			rows = append(rows, append(row, strings.Join(e.Flips, ", ")))
		}
	}
	return rows
}

// moved writes what a value does to a figure.
func (e *End) moved(id string) string {
	if f := e.Figure(id); f != nil {
		return f.Difference(1)
	}
	return words.None
}

// WriteText writes what follows and the assumptions that move something.
func (t *Tornado) WriteText(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s, one at a time; %s each\n\n", t.Name, words.Counted(len(t.Bars), "assumption", "assumptions"), words.Counted(t.Base.Runs, "run", "runs"))
	for i, line := range alignBlocks(t.Head(), []Block{{Rows: t.Moving()}}) {
		if i == 1 || i == 2 { // a table without questions
			continue
		}
		out.WriteString(line + "\n")
	}
	out.WriteString("\nFigures are differences from the scenario as it is, with their 95 % intervals; ~ none is shown.\n\nwhat follows\n")
	for _, s := range t.Sentences() {
		out.WriteString(strings.Join(fill("  ", s.Text), "\n") + "\n")
	}
	_, err := io.WriteString(w, printable(out.String()))
	return err
}

// WriteJSON writes the tornado, the same bytes for the same results on every
// machine.
func (t *Tornado) WriteJSON(w io.Writer) error { return summary.Encode(w, "tornado", t) }

// WriteMarkdown writes what follows and the table for a pull request's comment.
func (t *Tornado) WriteMarkdown(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s: what hangs on assumptions\n\n", cell(t.Name))
	for _, s := range t.Sentences() {
		fmt.Fprintf(&out, "- %s\n", cell(s.Text))
	}
	markdownTable(&out, t.Head(), t.Moving())
	fmt.Fprintf(&out, "\n%s each. Figures are differences from the scenario as it is, with their 95 %% intervals; \\~ none is shown.\n\nAgain: `%s`\n",
		words.Counted(t.Base.Runs, "run", "runs"), strings.ReplaceAll(printable(t.Command), "`", "'"))
	_, err := io.WriteString(w, out.String())
	return err
}
