package comparison

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/reports/words"
)

// WriteText writes the comparison for a terminal: a row a figure, a column a
// setting, each with its difference from the first.
func (c Comparison) WriteText(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", c.Name, c.Against())
	fmt.Fprintf(&out, "%s\n", RunsText(c.Settings))
	for _, line := range alignBlocks(c.Head(), c.Blocks()) {
		out.WriteString(line + "\n")
	}
	out.WriteString("\n" + strings.Join(fill("", Legend), "\n") + "\n")
	section := func(head string, lines []string) {
		if len(lines) == 0 {
			return
		}
		out.WriteString("\n" + head + "\n")
		for _, line := range lines {
			out.WriteString(strings.Join(fill("  ", line), "\n") + "\n")
		}
	}
	var said []string
	for _, s := range c.Sentences {
		said = append(said, s.Text)
	}
	section("what follows", said)
	if c.Advice != nil {
		out.WriteString("\nadvice\n")
		for _, line := range c.Advice.lines() {
			if strings.HasPrefix(line.text, toDecide) { // to be copied whole
				out.WriteString(line.indent + line.text + "\n")
				continue
			}
			out.WriteString(strings.Join(fill(line.indent, line.text), "\n") + "\n")
		}
	}
	section("expectations", c.expectationLines())
	section("how it was measured", c.trust())
	section("before you believe it", c.Notes)
	_, err := io.WriteString(w, printable(out.String()))
	return err
}

// Legend explains the cells of a table.
const Legend = "In brackets the 95 % interval of the difference from the first column. " +
	"~ no difference is shown (interval around 0, below 2 %, or not significant after Holm's correction). " +
	"> a lower bound. – not measured, or nothing can be said. n/a does not apply: the mode has no such thing. " +
	"A wait for a save is from asking until the user is told how it ended, failures and time-outs among them; under live the other side's work is part of it. " +
	"Time to converge is for how long one side alone has a change: from its user's commit until both sides agree, under live from the write on the other side to the user's own commit."

// columnsMost is how wide prose is set.
const columnsMost = 100

// fill breaks prose into lines; those after the first are indented twice.
func fill(indent, prose string) []string {
	var lines []string
	line := indent
	empty := true
	for word := range strings.FieldsSeq(prose) {
		switch {
		case empty:
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columnsMost:
			lines = append(lines, line)
			line = indent + indent
		default:
			line += " "
		}
		line += word
		empty = false
	}
	return append(lines, line)
}

// Against says what is compared.
func (c *Comparison) Against() string {
	var names []string
	for _, s := range c.Settings[1:] {
		names = append(names, s.Name)
	}
	return words.List(names) + " against " + c.Settings[0].Name
}

// RunsText says how many runs each setting has.
func RunsText(settings []Setting) string {
	for _, s := range settings[1:] {
		if s.Runs != settings[0].Runs {
			var each []string
			for _, s := range settings {
				each = append(each, fmt.Sprintf("%s %s", s.Name, words.Counted(s.Runs, "run", "runs")))
			}
			return strings.Join(each, ", ")
		}
	}
	return words.Counted(settings[0].Runs, "run", "runs") + " each"
}

// Block is a question with the rows that answer it.
type Block struct {
	Head string
	Rows [][]string
}

// differenceHead stands above how a setting differs from the first.
const differenceHead = "difference"

// Head names the columns of a table: the figure, the settings, and between them
// the differences.
func (c *Comparison) Head() []string {
	head := []string{""}
	for i, s := range c.Settings {
		if head = append(head, s.Name); i > 0 {
			head = append(head, differenceHead)
		}
	}
	return head
}

// Blocks are the rows by question.
func (c *Comparison) Blocks() []Block {
	var all []Block
	for _, q := range Questions {
		b := Block{Head: q}
		for i := range c.Figures {
			f := &c.Figures[i]
			if f.Question != q {
				continue
			}
			name := f.Name
			if f.Unit == TenThousand && q != Questions[2] {
				name += ", per 10,000"
			}
			row := []string{name}
			for s := range f.Cells {
				if row = append(row, f.Value(s)); s > 0 {
					row = append(row, f.Difference(s))
				}
			}
			b.Rows = append(b.Rows, row)
		}
		if b.Rows == nil {
			continue
		}
		if q == Questions[2] {
			b.Head += " Per 10,000 of them"
		}
		all = append(all, b)
	}
	return all
}

// alignBlocks sets the rows of all blocks in the same columns, names and
// differences to the left, values to the right.
func alignBlocks(head []string, blocks []Block) []string {
	widths := make([]int, len(head))
	measure := func(row []string) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	measure(head)
	for _, b := range blocks {
		for _, r := range b.Rows {
			measure(r)
		}
	}
	line := func(row []string) string {
		var out strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == 0:
				out.WriteString(cell + pad)
			case head[i] == differenceHead:
				out.WriteString("  " + cell + pad)
			default:
				out.WriteString("  " + pad + cell)
			}
		}
		return strings.TrimRight(out.String(), " ")
	}
	lines := []string{line(head)}
	for _, b := range blocks {
		lines = append(lines, "", b.Head)
		for _, r := range b.Rows {
			lines = append(lines, line(r))
		}
	}
	return lines
}

func (c *Comparison) expectationLines() []string {
	var lines []string
	for _, e := range c.Expectations {
		text := strings.ToUpper(string(e.Verdict)) + "  " + e.ID + ": " + e.Text
		if seen := e.Seen(); seen != "" {
			text += ": " + seen
		}
		if e.Note != "" {
			text += " (" + e.Note + ")"
		}
		lines = append(lines, text)
	}
	return lines
}

// trust tells of each setting how its differences were measured, by the figures
// of which the first of each question speak.
func (c *Comparison) trust() []string {
	var lines []string
	for i, s := range c.Settings[1:] {
		for _, f := range c.Figures {
			if a := f.Cells[i+1].Against; a != nil && f.ID == medianID {
				lines = append(lines, fmt.Sprintf("%s, %s: %s; p = %.2g, after Holm %.2g", s.Name, f.Name, a.Trust(), float64(a.P), float64(a.Adjusted)))
			}
		}
	}
	return lines
}
