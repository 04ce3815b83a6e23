package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/tables"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Markdown writes a set for a pull request's comment: the verdict, what does not
// hold, a row for each table map, what happened, and the line that repeats it.
func (r *Report) Markdown(w io.Writer) error {
	set, s := r.set, r.figures
	var out strings.Builder
	fmt.Fprintf(&out, "## %s: %s\n\n", strings.ToUpper(string(s.Verdict)), tables.Plain(s.Scenario.Name))
	item := func(text string) {
		if text != "" {
			fmt.Fprintf(&out, "- %s\n", tables.Plain(text))
		}
	}
	item(findings.Interruption(s))
	item(findings.Stopped(set))
	for _, text := range findings.Planted(s) {
		item(text)
	}
	item(findings.Arrival(s))
	if v := findings.Verdict(s); v != findings.Arrival(s) {
		item(v)
	}
	item(findings.Convergence(s) + ".")

	for _, t := range []tables.Table{expectationTable(s), brokenTable(s), mapsTable(s)} {
		if len(t.Rows) > 0 {
			out.WriteString("\n### ")
			if err := t.Write(&out, "markdown"); err != nil {
				return err
			}
		}
	}
	if events := findings.Narrative(set, s); len(events) > 1 {
		out.WriteString("\n### what happened\n\n")
		for _, e := range events[1:] { // the first is the load, which the table shows
			item(strings.TrimSpace(e.When + " " + e.What + ": " + e.Text))
		}
	}
	fmt.Fprintf(&out, "\n%s. Again: `%s`\n", words.Counted(len(s.Runs), "run", "runs"), strings.ReplaceAll(words.Printable(s.Scenario.Command), "`", "'"))
	_, err := io.WriteString(w, out.String())
	return err
}

func expectationTable(s summary.Summary) tables.Table {
	t := tables.Table{Title: "expectations", Head: []string{"verdict", "expectation", "measured"}}
	for _, e := range s.Expectations {
		t.Rows = append(t.Rows, []any{string(e.Verdict), e.ID + ": " + e.Text, strings.TrimSpace(e.Seen() + " " + e.Note)})
	}
	return t
}

// brokenTable lists the properties that do not hold, or could not be decided.
func brokenTable(s summary.Summary) tables.Table {
	t := tables.Table{Title: "properties that do not hold or could not be decided", Head: []string{"verdict", "contract", "seen"}}
	for _, p := range s.Pooled.Properties {
		if p.Verdict == result.Pass || p.Verdict == result.NoOccasion {
			continue
		}
		seen := p.Note
		if p.Violations > 0 {
			seen = findings.Violations(p.Violations)
		}
		if len(p.Examples) > 0 {
			v := p.Examples[0]
			seen += fmt.Sprintf(", first at %v, %s: %s", v.At.Duration(), v.Record, v.Message)
		}
		t.Rows = append(t.Rows, []any{string(p.Verdict), p.ID + ": " + p.Contract, seen})
	}
	return t
}

// mapsTable has the rows of the table maps as the terminal shows them, all of them.
func mapsTable(s summary.Summary) tables.Table {
	rows := mapTable(s, len(s.Pooled.Maps))
	t := tables.Table{Title: "table maps", Head: rows[0]}
	for _, r := range rows[1:] {
		row := make([]any, len(r))
		for i, c := range r {
			row[i] = c
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
