package reports

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TerminalOptions say how [Report.Terminal] prints. The zero value prints plain text,
// 100 columns wide, and names no report.
type TerminalOptions struct {
	Folder string // run folder, to name the report in; empty: no folder was written
	Color  bool   // write verdicts in ANSI colours
	Width  int    // columns of the terminal; 0: 100, which is also the most that is used
}

// The screen that [Report.Terminal] keeps to. Verdict and table take what they need
// (the table is bounded), broken properties come next, and what happened gets
// the lines that are left. A terminal narrower than columnsMost needs more
// lines for the same words.
const (
	columnsMost  = 100
	columnsLeast = 40
	linesMost    = 40
	mapsMost     = 8
	brokenMost   = 9
	expectedMost = 8
	eventsLeast  = 5
)

// screen is where one result is printed.
type screen struct {
	width int
	color bool
	clock words.Clock
}

// Terminal prints a set on one screen: the verdict, a row per table map, what
// went wrong and was healed, the properties that do not hold, and the ways on.
// Whatever comes from a scenario or a record is printed without its control
// characters, so that no key can steer a terminal.
func (r *Report) Terminal(w io.Writer, o TerminalOptions) error {
	set, s := r.set, r.figures
	sc := screen{
		width: columnsMost, color: o.Color,
		clock: words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain),
	}
	if o.Width > 0 {
		sc.width = max(columnsLeast, min(o.Width, columnsMost))
	}
	broken := clip(sc.propertyLines(s), brokenMost)
	expected := clip(sc.expectationLines(s), expectedMost)
	var ways []string
	if o.Folder != "" {
		// A path is not broken: it is there to be copied.
		ways = append(ways, "report     "+printable(filepath.Join(o.Folder, ReportFile)))
	}
	ways = append(ways, sc.fill("reproduce  ", s.Scenario.Command)...)
	if s.Executed.Interrupted {
		ways = append(ways, sc.fill("           ", Cut)...)
	}

	out := append(sc.verdictLines(set, s), "")
	out = append(out, sc.mapLines(s)...)
	const heads = 5 // blank lines and the two section heads
	room := linesMost*columnsMost/sc.width - len(out) - len(broken) - len(expected) - len(ways) - heads
	out = section(out, "what happened", clip(sc.eventLines(set, s), max(room, eventsLeast)))
	out = section(out, "expectations", expected)
	out = section(out, "properties that do not hold or could not be decided", broken)
	out = append(append(out, ""), ways...)
	if _, err := io.WriteString(w, strings.Join(out, "\n")+"\n"); err != nil {
		return fmt.Errorf("print results of %s: %w", s.Scenario.Name, err)
	}
	return nil
}

// Cut stands beside the reproduce line of an interrupted execution.
const Cut = "(this report is of an interrupted execution; the line runs all of it)"

func section(out []string, head string, lines []string) []string {
	if len(lines) == 0 {
		return out
	}
	return append(append(out, "", head), lines...)
}

// clip keeps the first most lines and says how many are missing.
func clip(lines []string, most int) []string {
	if len(lines) <= most {
		return lines
	}
	left := len(lines) - most + 1
	return append(lines[:most-1:most-1], fmt.Sprintf("  … %s more in the report", words.Counted(left, "line", "lines")))
}

func (sc screen) verdictLines(set *result.Set, s summary.Summary) []string {
	var lines []string
	if text := findings.Interruption(s); text != "" {
		lines = append(lines, sc.fill("", text)...)
	}
	name := s.Scenario.Name
	switch n := len(s.Runs); {
	case n != 1 && s.Executed.Pooled < n:
		name += fmt.Sprintf(", figures of %s", words.Counted(s.Executed.Pooled, "complete run", "complete runs"))
	case n != 1:
		name += ", " + words.Counted(n, "run", "runs")
	}
	lines = append(lines, verdict(s.Verdict, sc.color)+"  "+printable(name))
	if text := findings.Stopped(set); text != "" {
		lines = append(lines, sc.fill("", text)...)
	}
	for _, text := range append(findings.Planted(s), findings.Panics(s)...) {
		lines = append(lines, sc.fill("", text)...)
	}
	sentences := []string{findings.Arrival(s), findings.Verdict(s)}
	if s.Verdict == result.Fail {
		slices.Reverse(sentences)
	}
	if sentences[0] == sentences[1] {
		sentences = sentences[:1]
	}
	for i, text := range append(sentences, findings.Convergence(s)+".") {
		lines = append(lines, sc.fill("", text)...)
		if p, v, ok := findings.FirstViolation(s); ok && i == 0 {
			lines = append(lines, sc.fill("  first: ", sc.violation(s, v)+" ("+p.ID+")")...)
		}
	}
	return lines
}

// violation tells of one breach in a line.
func (sc screen) violation(s summary.Summary, v summary.Violation) string {
	run := ""
	if len(s.Runs) > 1 {
		run = fmt.Sprintf(" in run %d", v.Run)
	}
	return sc.clock.Second(v.At.Duration()) + run + ", " + v.Record + ": " + sc.clock.Instants(v.Message)
}

// verdict in capitals.
func verdict(v result.Verdict, color bool) string {
	text := strings.ToUpper(string(v))
	if !color {
		return text
	}
	code := "33" // yellow
	switch v {
	case result.Pass:
		code = "32" // green
	case result.Fail:
		code = "31" // red
	}
	return "\x1b[1;" + code + "m" + text + "\x1b[0m"
}

// mapLines is the table: one row per map, most changes first where not all fit,
// and one for all of them.
func (sc screen) mapLines(s summary.Summary) []string {
	rows := mapTable(s, mapsMost)
	for _, r := range rows {
		r[0] = printable(r[0])
	}
	rows = sc.narrow(rows)
	lines := sc.align(rows)
	note := mapNote(s)
	if s.Executed.Pooled > 1 {
		note += " · p50, p99: of the changes of all runs together"
	}
	const headAndAll = 2
	if left := len(s.Pooled.Maps) - (len(rows) - headAndAll); left > 0 {
		note = words.Counted(left, "more map", "more maps") + " in the report · " + note
	}
	lines = append(lines, sc.fill("", note)...)
	for _, r := range rows[1:] {
		if strings.HasSuffix(strings.Join(r[len(r)-2:], ""), "*") {
			return append(lines, sc.fill("* ", "a lower bound: so many changes had not converged when the run ended")...)
		}
	}
	return lines
}

// dropped are the columns that a terminal too narrow for all does without, in
// this order; what is left over is counted as other.
var dropped = []string{"concurrency", "conflict", "application", "other", "captured", "live", "changes"}

// narrow leaves columns out until the rest fits.
func (sc screen) narrow(rows [][]string) [][]string {
	for _, name := range dropped {
		const name0 = 9 // what the first column needs at least
		need := name0
		for i := range rows[0][1:] {
			w := 0
			for _, r := range rows {
				w = max(w, utf8.RuneCountInString(r[i+1]))
			}
			need += w + 2
		}
		if need <= sc.width {
			break
		}
		at := slices.Index(rows[0], name)
		if at < 0 {
			continue
		}
		for i := range rows {
			rows[i] = slices.Delete(rows[i], at, at+1)
		}
	}
	return rows
}

// align sets rows in columns, the first to the left, numbers to the right, and
// shortens the first where the screen is too narrow.
func (sc screen) align(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	room := sc.width
	for _, w := range widths[1:] {
		room -= w + 2
	}
	widths[0] = max(min(widths[0], room), 9)
	var lines []string
	for _, r := range rows {
		name := []rune(r[0])
		if len(name) > widths[0] {
			name = append(name[:widths[0]-1], '…')
		}
		var line strings.Builder
		fmt.Fprintf(&line, "%-*s", widths[0], string(name))
		for i, cell := range r[1:] {
			fmt.Fprintf(&line, "  %*s", widths[i+1], cell)
		}
		lines = append(lines, line.String())
	}
	return lines
}

// eventLines tell what happened, without the load, which the table shows.
func (sc screen) eventLines(set *result.Set, s summary.Summary) []string {
	var lines []string
	for i, e := range findings.Narrative(set, s) {
		if i == 0 {
			continue
		}
		head := "  "
		if e.When != "" {
			head += e.When + "  "
		}
		lines = append(lines, sc.fill(head, e.What+": "+e.Text)...)
	}
	return lines
}

func (sc screen) propertyLines(s summary.Summary) []string {
	var lines []string
	for _, wanted := range []result.Verdict{result.Fail, result.Inconclusive} {
		for _, p := range s.Pooled.Properties {
			if p.Verdict != wanted {
				continue
			}
			text := p.ID + ": " + p.Contract
			if p.Violations > 0 {
				text += " (" + findings.Violations(p.Violations) + ")"
			}
			if p.Note != "" {
				text += " (" + p.Note + ")"
			}
			// Colour comes last: its codes take no room on the screen.
			plain := strings.ToUpper(string(p.Verdict))
			told := sc.fill("  "+plain+"  ", text)
			told[0] = strings.Replace(told[0], plain, verdict(p.Verdict, sc.color), 1)
			lines = append(lines, told...)
			if len(p.Examples) > 0 {
				lines = append(lines, sc.fill("        ", "first at "+sc.violation(s, p.Examples[0]))...)
			}
		}
	}
	return lines
}

// expectationLines tells of each expectation how it fared, and whether the runs
// reached the precision that was asked for.
func (sc screen) expectationLines(s summary.Summary) []string {
	var lines []string
	for _, e := range s.Expectations {
		text := e.ID + ": " + e.Text
		if seen := e.Seen(); seen != "" {
			text += ": " + seen
		}
		if e.Note != "" {
			text += " (" + e.Note + ")"
		}
		plain := strings.ToUpper(string(e.Verdict))
		told := sc.fill("  "+plain+"  ", text)
		told[0] = strings.Replace(told[0], plain, verdict(e.Verdict, sc.color), 1)
		lines = append(lines, told...)
	}
	if n := len(s.Looks); n > 0 {
		last, much := s.Looks[n-1], "is not known yet"
		if last.Relative >= 0 {
			much = fmt.Sprintf("is known to ±%.1f %%", 100*float64(last.Relative))
		}
		if !last.Enough {
			much += ", less than was asked for"
		}
		lines = append(lines, sc.fill("  ", fmt.Sprintf("%s %s after %s", last.Figure, much, words.Counted(last.Runs, "run", "runs")))...)
	}
	return lines
}

// fill breaks prose into lines of the screen's width; head stands before the
// first and the others are indented as far. A word longer than a line, such as
// a hostile key, is broken where it must be.
func (sc screen) fill(head, prose string) []string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head))
	room := sc.width - utf8.RuneCountInString(head)
	var lines []string
	line, empty := head, true
	add := func(word string) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > sc.width {
			lines = append(lines, line)
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	for word := range strings.FieldsSeq(printable(prose)) {
		for r := []rune(word); ; r = r[room:] {
			if len(r) <= room {
				add(string(r))
				break
			}
			add(string(r[:room]))
		}
	}
	return append(lines, line)
}

// printable replaces what could move the cursor or change the screen.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
