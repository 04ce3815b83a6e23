package comparison

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/twinwrite/twinwrite/reports/words"
)

// WriteMarkdown writes the comparison for a pull request's comment.
func (c Comparison) WriteMarkdown(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s: %s\n\n", cell(c.Name), cell(c.Against()))
	for _, s := range c.Sentences {
		fmt.Fprintf(&out, "- %s\n", cell(s.Text))
	}
	for _, line := range c.expectationLines() {
		fmt.Fprintf(&out, "- %s\n", cell(line))
	}
	if c.Advice != nil {
		out.WriteString("\n### Advice by table map\n")
		rows := [][]string{}
		for _, m := range c.Advice.Maps {
			row := []string{m.Map}
			for _, choice := range m.Choices() {
				row = append(row, choice.Answer)
			}
			rows = append(rows, append(row, strings.Join(m.Mode.Because, "; "), strings.TrimSuffix(m.Mode.Flips+". "+m.Mode.Assumed, ".")))
		}
		markdownTable(&out, []string{"Table map", "Mode", "Primary", "Sequence", "Workers", "Batch", "Mode, because", "unless"}, rows)
		fmt.Fprintf(&out, "\n- %s\n", c.Advice.OneNumber())
		for i := range c.Advice.Jobs {
			j := &c.Advice.Jobs[i]
			fmt.Fprintf(&out, "- Engine, %s: %s. %s\n", cell(j.What), cell(j.Answer), cell(j.Assumed))
		}
		for _, u := range c.Advice.Untried {
			fmt.Fprintf(&out, "- %s\n", cell(u))
		}
		out.WriteString("\n<details><summary>Every figure that the advice rests on</summary>\n")
		markdownTable(&out, EvidenceHead, c.Advice.EvidenceRows())
		out.WriteString("\n</details>\n")
	}
	for _, b := range c.Blocks() {
		fmt.Fprintf(&out, "\n### %s\n", b.Head)
		head := c.Head()
		head[0] = "Figure"
		markdownTable(&out, head, b.Rows)
	}
	fmt.Fprintf(&out, "\n%s. %s\n", words.Counted(c.Settings[0].Runs, "run", "runs"), Legend)
	for _, line := range append(c.trust(), c.Notes...) {
		fmt.Fprintf(&out, "- %s\n", cell(line))
	}
	fmt.Fprintf(&out, "\nAgain: `%s`\n", strings.ReplaceAll(printable(c.Command), "`", "'"))
	_, err := io.WriteString(w, out.String())
	return err
}

// markdownTable writes a table, after an empty line.
func markdownTable(out *strings.Builder, head []string, rows [][]string) {
	row := func(cells []string) {
		escaped := make([]string, len(cells))
		for i, x := range cells {
			escaped[i] = cell(x)
		}
		fmt.Fprintf(out, "| %s |\n", strings.Join(escaped, " | "))
	}
	out.WriteString("\n")
	row(head)
	out.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, r := range rows {
		row(r)
	}
}

// cell keeps text from being read as markup: whatever comes from a file is text.
func cell(s string) string {
	var b strings.Builder
	for _, r := range printable(strings.ReplaceAll(s, "\n", " ")) {
		if strings.ContainsRune("\\`*_{}[]<>#|~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// printable replaces what could move a cursor or change a screen.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\n' {
			return '?'
		}
		return r
	}, s)
}
