// Package tables writes a list of rows as text, CSV, JSON or Markdown.
package tables

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/reports/words"
)

// Table is rows with a head. Cells are strings or numbers; those that are counts
// are uint64.
type Table struct {
	Schema string   // names the shape of the JSON
	Title  string   // says in text and Markdown what is listed; empty: nothing is said
	Head   []string // names for programs, 'map'; every row has as many cells
	Rows   [][]any
	Sum    string // the name of the numbers that are summed up in the last line of text; empty: there is none
}

// Formats are those that [Table.Write] knows.
func Formats() []string { return []string{"text", "json", "csv", "markdown"} }

// Write writes the table in a format.
func (t Table) Write(w io.Writer, format string) error {
	switch format {
	case "json":
		return t.json(w)
	case "csv":
		return t.csv(w)
	case "markdown":
		return t.markdown(w)
	default:
		return t.text(w)
	}
}

// texts are the rows as people read them, with the sum.
func (t Table) texts() [][]string {
	rows := make([][]string, 0, len(t.Rows)+1)
	sums := make([]uint64, len(t.Head))
	for _, r := range t.Rows {
		row := make([]string, len(r))
		for i, c := range r {
			switch n := c.(type) {
			case uint64:
				sums[i] += n
				row[i] = words.Count(n)
			case nil:
			default:
				row[i] = fmt.Sprint(n)
			}
		}
		rows = append(rows, row)
	}
	if t.Sum != "" {
		last := make([]string, len(t.Head))
		for i, name := range t.Head {
			if name == t.Sum {
				last[i] = words.Count(sums[i])
			}
		}
		last[0] = "all"
		rows = append(rows, last)
	}
	return rows
}

// number reports whether a column holds numbers.
func (t Table) number(column int) bool {
	if len(t.Rows) == 0 {
		return false
	}
	switch t.Rows[0][column].(type) {
	case uint64, int64, float64:
		return true
	}
	return false
}

func (t Table) text(w io.Writer) error {
	rows := append([][]string{slices.Clone(t.Head)}, t.texts()...)
	widths := make([]int, len(t.Head))
	for _, r := range rows {
		for i, c := range r {
			r[i] = words.Printable(strings.ReplaceAll(c, "\n", " "))
			widths[i] = max(widths[i], utf8.RuneCountInString(r[i]))
		}
	}
	var b strings.Builder
	if t.Title != "" {
		b.WriteString(words.Printable(t.Title) + "\n\n")
	}
	for _, r := range rows {
		cells := make([]string, len(r))
		for i, c := range r {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
			if t.number(i) {
				cells[i] = gap + c
			} else {
				cells[i] = c + gap
			}
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, "  "), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t Table) csv(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{t.Head}
	for _, r := range t.Rows {
		row := make([]string, len(r))
		for i, c := range r {
			row[i] = inert(fmt.Sprint(c))
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}

// inert keeps a spreadsheet from reading text as a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		if _, err := strconv.ParseFloat(cell, 64); err != nil {
			return "'" + cell
		}
	}
	return cell
}

func (t Table) json(w io.Writer) error {
	rows := make([]json.RawMessage, len(t.Rows))
	for i, r := range t.Rows {
		var b strings.Builder
		b.WriteByte('{')
		for k, c := range r {
			value, err := json.Marshal(c)
			if err != nil {
				return fmt.Errorf("write %s: %w", t.Head[k], err)
			}
			if k > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "%q:%s", t.Head[k], value)
		}
		rows[i] = json.RawMessage(b.String() + "}")
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Schema string            `json:"schema"`
		Rows   []json.RawMessage `json:"rows"`
	}{t.Schema, rows})
}

func (t Table) markdown(w io.Writer) error {
	var b strings.Builder
	if t.Title != "" {
		fmt.Fprintf(&b, "%s\n\n", Plain(t.Title))
	}
	line := func(cells []string) {
		for i, c := range cells {
			cells[i] = Plain(c)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	line(slices.Clone(t.Head))
	for i := range t.Head {
		if t.number(i) {
			b.WriteString("| ---: ")
		} else {
			b.WriteString("| --- ")
		}
	}
	b.WriteString("|\n")
	for _, r := range t.texts() {
		line(r)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Plain keeps text from being read as Markdown's markup: whatever comes from a
// file or a record is text.
func Plain(s string) string {
	var b strings.Builder
	for _, r := range words.Printable(strings.ReplaceAll(s, "\n", " ")) {
		if strings.ContainsRune("\\`*_{}[]<>#|~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
