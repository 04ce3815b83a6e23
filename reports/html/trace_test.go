package html_test

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestTraced: every number in a sentence of a comparison's page stands in a table
// of the page, with its interval where the sentence gives one, or is an input.
func TestTraced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*result.Comparison{
		"one run": fixture.Compared(1), "two": fixture.Compared(2), "four": fixture.Compared(4), "asked": asked(4), "tried": tried(6), "assumed": assumed(6),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := pageOf(compared(t, c))
			if len(p.sentences) < 20 || len(p.tables) < 8 {
				t.Fatalf("%d sentences and %d tables: the page is not read", len(p.sentences), len(p.tables))
			}
			for _, s := range p.sentences {
				if missing := p.untraced(s); len(missing) > 0 {
					t.Errorf("%q: no table of the page has %q", s, missing)
				}
			}
			if p.numbers < 10 || p.estimates == 0 && name != "one run" {
				t.Errorf("only %d numbers were traced, %d with an interval", p.numbers, p.estimates)
			}
		})
	}
}

// TestUntraced: what stands in no table, or in two that do not belong together,
// is found.
func TestUntraced(t *testing.T) {
	t.Parallel()
	p := pageOf(compared(t, fixture.Compared(4)))
	for said, want := range map[string]string{
		"Live, time to converge, median: 485ms against 3.89s under async.":                        "3.89s",
		"99 % of the changes are on both sides within 49.8s: −5m 49s (95 % interval −7m to −4m).": "−5m 49s (interval −7m to −4m",
		"Live is better in 17 figures.": "17",
		"it took 485ms over 5 runs":     "5 runs",
	} {
		if missing := p.untraced(said); !slices.Contains(missing, want) {
			t.Errorf("%q: %q is missing, want %q among it", said, missing, want)
		}
	}
}

// asked is the comparison of a scenario that demands something.
func asked(n int) *result.Comparison {
	c := fixture.Compared(n)
	for i := range c.Settings {
		c.Settings[i].Set.Expectations = []result.Expectation{{
			ID: "soon", Text: "p99(convergence) < 15m", Verdict: result.Pass, Mean: "6m", Low: "5m", High: "7m", Runs: n,
		}}
	}
	return c
}

// tried is the comparison with other numbers of workers and batches, and the
// other primary.
func tried(n int) *result.Comparison {
	c := fixture.Compared(n)
	slower := func(factor float64) *result.Set {
		return fixture.Slower(fixture.As(fixture.Runs(n), "async"), factor)
	}
	c.Variants = []result.Variant{
		{What: "workers", Name: "8", Path: "engine.workers", Value: "8", Set: slower(2)},
		{What: "workers", Name: "32", Path: "engine.workers", Value: "32", Set: slower(.5)},
		{What: "batch", Name: "5", Path: "engine.batch", Value: "5", Set: slower(1)},
		{What: "primary", Name: "Dataverse", Path: "jobs.billing.primary", Value: "dataverse", Set: slower(1)},
	}
	return c
}

// assumed is the comparison once more under other values of assumptions, one of
// which turns what is told of workers.
func assumed(n int) *result.Comparison {
	c := tried(n)
	c.Untried = []string{"Examined with 6 runs in all modes were 2 assumptions."}
	under := func(factor float64) *result.Comparison {
		u := tried(n)
		u.Variants[1].Set = fixture.Slower(fixture.As(fixture.Runs(n), "async"), factor)
		return u
	}
	c.Assumed = []result.Assumed{
		{Path: "links.latency", Value: "5ms", Other: "half", Under: under(.5)},
		{Path: "links.loss", Value: "0.01", Other: "double", Under: under(1)},
	}
	return c
}

// read is a page as a reader who doubts it takes it apart.
type read struct {
	sentences []string
	tables    []tableRead
	inputs    []string // the numbers of what was given: runs, commands, assumptions
	numbers   int      // that were looked for, and estimates among them
	estimates int
}

// tableRead is a table with its numbers, all of them and row by row.
type tableRead struct {
	rows []string // each as one text, its cells set apart
	has  []string
	each [][]string
}

var (
	tableTag  = regexp.MustCompile(`(?s)<table[^>]*>.*?</table>`)
	rowTag    = regexp.MustCompile(`(?s)<tr>.*?</tr>`)
	cellTag   = regexp.MustCompile(`(?s)<t[hd][^>]*>.*?</t[hd]>`)
	headTag   = regexp.MustCompile(`<th scope="col"[^>]*>(.*?)</th>`)
	caption   = regexp.MustCompile(`(?s)<caption>(.*?)</caption>`)
	given     = regexp.MustCompile(`(?s)<dl class="facts">.*?</dl>|<pre.*?</pre>|<h3>What was tried.*?</ul>`) // the last counts what was run, and measures nothing
	proposed  = regexp.MustCompile(`(?s)<code>.*?</code>`)                                                    // a command to run next claims nothing
	unclaimed = regexp.MustCompile(`(?s)<section aria-labelledby="(?:limits|glossary)">.*?</section>|<nav.*?</nav>|<footer>.*?</footer>|<p class="eyebrow">.*?</p>`)
	anyTag    = regexp.MustCompile(`<[^>]*>`)
	inline    = regexp.MustCompile(`</?(?:b|em|strong|time|span|code|a)\b[^>]*>`)
)

func pageOf(doc string) *read {
	doc = doc[strings.Index(doc, "<body"):]
	doc = unclaimed.ReplaceAllString(svg.ReplaceAllString(doc, ""), "")
	p := &read{}
	doc = tableTag.ReplaceAllStringFunc(doc, func(t string) string {
		var read tableRead
		runs := slices.Index(heads(t), "Runs")
		for _, row := range rowTag.FindAllString(t, -1) {
			cells := cellTag.FindAllString(row, -1)
			for i := range cells {
				if cells[i] = strings.TrimSpace(plain(cells[i], "")); i == runs {
					cells[i] += " runs"
				}
			}
			row = strings.Join(cells, " | ")
			read.rows, read.each = append(read.rows, row), append(read.each, numbersOf(row))
			read.has = append(read.has, numbersOf(row)...)
			for _, q := range quantiles.FindAllStringSubmatch(row, -1) {
				read.has = append(read.has, q[1]+" %")
			}
		}
		p.tables = append(p.tables, read)
		if c := caption.FindStringSubmatch(t)[1]; c == "Assumptions" || strings.HasPrefix(c, "Settings that have no default") {
			p.inputs = append(p.inputs, read.has...)
		}
		return "\n"
	})
	doc = given.ReplaceAllStringFunc(doc, func(t string) string {
		p.inputs = append(p.inputs, numbersOf(plain(t, "\n"))...)
		return ""
	})
	doc = proposed.ReplaceAllString(doc, "")
	for s := range strings.SplitSeq(plain(doc, "\n"), "\n") {
		if s = strings.TrimSpace(s); s != "" {
			p.sentences = append(p.sentences, s)
		}
	}
	return p
}

// heads are the names of a table's columns.
func heads(table string) (list []string) {
	for _, h := range headTag.FindAllStringSubmatch(table, -1) {
		list = append(list, h[1])
	}
	return list
}

// plain is text without markup; blocks are set apart by a text.
func plain(doc, between string) string {
	doc = anyTag.ReplaceAllString(inline.ReplaceAllString(strings.ReplaceAll(doc, "\n", " "), ""), between)
	return strings.ReplaceAll(html.UnescapeString(doc), "\u00a0", " ")
}

const spelled = `[+−]?\d[\d,]*(?:\.\d+)?(?: %| runs?\b|(?:d|h|m|s|ms|µs|ns)\b(?: \d\d[hms]\b)?)?`

var (
	// number is one with its sign and unit, a span of time, or a count of runs.
	number = regexp.MustCompile(spelled)

	// estimate is one with its interval.
	estimate = regexp.MustCompile(`(` + spelled + `)[ ,(]+interval (` + spelled + `)(?: to (` + spelled + `))?`)

	// method are numbers of how this page measures, which its own text explains.
	method = strings.NewReplacer(
		"95 % interval", "interval", // of every interval of the page
		"per 10,000", "", "Of 10,000", "", // a unit
		"below 0.05", "below", // the significance of every difference
		"below 2 %", "below", // comparison.Threshold
		"until 20 edits", "", // the least that stand for a place of a picture
	)
)

// numbersOf lists the numbers of a text. One that a letter stands before is part
// of a name: p99.
func numbersOf(s string) (list []string) {
	for _, at := range number.FindAllStringIndex(s, -1) {
		if before, _ := utf8.DecodeLastRuneInString(s[:at[0]]); unicode.IsLetter(before) || unicode.IsDigit(before) || strings.ContainsRune(".=-", before) {
			continue
		}
		n := strings.TrimRight(s[at[0]:at[1]], ",")
		if n == "1 runs" { // of a column of runs
			n = "1 run"
		}
		list = append(list, n)
	}
	return list
}

// untraced lists the numbers of a sentence that neither are inputs nor stand in
// the table that has most of them, and estimates that no row has with their
// interval.
func (p *read) untraced(s string) []string {
	said := method.Replace(s)
	wanted := numbersOf(said)
	p.numbers += len(wanted)
	wanted = slices.DeleteFunc(wanted, func(n string) bool { return slices.Contains(p.inputs, n) })
	least := wanted
	for i := range p.tables {
		read := &p.tables[i]
		var missing []string
		for _, n := range wanted {
			if !slices.Contains(read.has, n) && !(strings.Contains(s, "n = "+n) && sums(read.rows, n)) {
				missing = append(missing, n)
			}
		}
		if len(missing) < len(least) {
			least = missing
		}
	}
	for _, e := range estimate.FindAllStringSubmatch(said, -1) {
		p.estimates++
		if !slices.ContainsFunc(p.tables, func(read tableRead) bool {
			return slices.ContainsFunc(read.each, func(row []string) bool {
				return !slices.ContainsFunc(e[1:], func(n string) bool { return n != "" && !slices.Contains(row, strings.TrimRight(n, ",")) })
			})
		}) {
			least = append(least, e[0])
		}
	}
	return least
}

// quantiles of a table: 99 % of the changes are those of its p99.
var quantiles = regexp.MustCompile(`\bp(\d\d)\b`)

// sums reports whether a number is the total of a column.
func sums(rows []string, total string) bool {
	var sum []int
	for _, row := range rows {
		for i, cell := range strings.Split(row, " | ") {
			if n, err := strconv.Atoi(strings.ReplaceAll(strings.TrimSpace(cell), ",", "")); err == nil {
				sum = append(sum, make([]int, max(0, i+1-len(sum)))...)
				sum[i] += n
			}
		}
	}
	n, err := strconv.Atoi(strings.ReplaceAll(total, ",", ""))
	return err == nil && slices.Contains(sum, n)
}
