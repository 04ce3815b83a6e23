// Package traced reads a report's page as a reader who doubts it: which numbers
// of its sentences stand in no table of the page? Tests alone import it, those of
// the pages and those of the program that makes them from simulated worlds.
package traced

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Page is a page taken apart.
type Page struct {
	Sentences []string
	Tables    []Table
	Numbers   int // that were looked for, and estimates among them
	Estimates int

	inputs []string // the numbers of what was given: runs, commands, assumptions
}

// Table is a table with its numbers, all of them and row by row.
type Table struct {
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
	picture   = regexp.MustCompile(`(?s)<svg .*?</svg>`)
	anyTag    = regexp.MustCompile(`<[^>]*>`)
	runsFact  = regexp.MustCompile(`(?m)^Runs\n+([\d,]+)(?: of ([\d,]+) complete(?:, ([\d,]+) begun)?)?`)
	secondOf  = regexp.MustCompile(`^\d\d:\d\d:\d\d$`)
	fullStop  = regexp.MustCompile(`(\.) +|; and `)
	inline    = regexp.MustCompile(`</?(?:b|em|strong|time|span|code|a)\b[^>]*>`)
)

// Read takes a page apart.
func Read(doc string) *Page {
	doc = doc[strings.Index(doc, "<body"):]
	doc = unclaimed.ReplaceAllString(picture.ReplaceAllString(doc, ""), "")
	p := &Page{}
	doc = tableTag.ReplaceAllStringFunc(doc, func(t string) string {
		var read Table
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
			for _, n := range numbersOf(row) {
				if read.has = append(read.has, n); secondOf.MatchString(n) {
					read.has = append(read.has, n[:len("15:04")])
				}
			}
			for _, q := range quantiles.FindAllStringSubmatch(row, -1) {
				n, _ := strconv.Atoi(q[1]) // two digits
				read.has = append(read.has, q[1]+" %", strconv.Itoa(100-n)+" %")
			}
		}
		for _, n := range verdicts(read.rows) {
			read.has = append(read.has, strconv.Itoa(n))
		}
		p.Tables = append(p.Tables, read)
		if c := caption.FindStringSubmatch(t)[1]; c == "Assumptions" || strings.HasPrefix(c, "Settings that have no default") {
			p.inputs = append(p.inputs, read.has...)
		}
		return "\n"
	})
	doc = given.ReplaceAllStringFunc(doc, func(t string) string {
		p.inputs = append(p.inputs, numbersOf(runsFact.ReplaceAllString(plain(t, "\n"), "$0 ($1 runs, $2 runs, $3 runs)"))...)
		return ""
	})
	doc = proposed.ReplaceAllString(doc, "")
	doc = strings.ReplaceAll(doc, "</strong><span>", "</strong><p><span>") // a figure, and what is to say of it
	for s := range strings.SplitSeq(plain(doc, "\n"), "\n") {
		for s := range strings.SplitSeq(fullStop.ReplaceAllString(s, "$1\n"), "\n") {
			if s = strings.TrimSpace(s); s != "" {
				p.Sentences = append(p.Sentences, s)
			}
		}
	}
	return p
}

// verdicts counts the rows that begin with each verdict.
func verdicts(rows []string) map[string]int {
	n := map[string]int{}
	for _, row := range rows {
		switch first, _, _ := strings.Cut(row, " | "); first {
		case "Pass", "Fail", "Inconclusive", "No occasion":
			n[first]++
			n[""]++
		}
	}
	return n
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

const spelled = `(?:\d\d:\d\d(?::\d\d)?|[+−±]?\d+(?:,\d{3})*(?:\.\d+)?(?: %| runs?\b|(?:d|h|m|s|ms|µs|ns)\b(?: \d\d[hms]\b)?)?)`

var (
	// number is one with its sign and unit, a span of time, a time of day, or a
	// count of runs.
	number = regexp.MustCompile(spelled)

	// estimate is one with its interval.
	estimate = regexp.MustCompile(`(` + spelled + `)[ ,(]+interval (` + spelled + `)(?: to (` + spelled + `))?`)

	// method are numbers of how this page measures, which its own text explains.
	method = strings.NewReplacer(
		"95 % interval", "interval", // of every interval of the page
		"per 10,000", "", "Of 10,000", "", // a unit
		"below 0.05", "below", // the significance of every difference
		"below 2 %", "below", "less than 2 %", "less", // comparison.Threshold
		"until 20 edits", "", // the least that stand for a place of a picture
		"fewer than 5 changes", "", // and for a stretch of one
		"95 % of that", "that", // what counts as recovered
		"5 % to 95 %", "", "5–95 %", "", // the marks and bands of pictures
		"at most 1,000 records", "", "1,000 from F&O", "", // the documented limit of live sync
		"429", "", // the name of an answer
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

// Untraced lists the numbers of a sentence that neither are inputs nor stand in
// the table that has most of them, and estimates that no row has with their
// interval.
func (p *Page) Untraced(s string) []string {
	said := method.Replace(s)
	wanted := numbersOf(said)
	p.Numbers += len(wanted)
	wanted = slices.DeleteFunc(wanted, func(n string) bool { return slices.Contains(p.inputs, n) })
	least := wanted
	for i := range p.Tables {
		read := &p.Tables[i]
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
		p.Estimates++
		if !slices.ContainsFunc(p.Tables, func(read Table) bool {
			return slices.ContainsFunc(read.each, func(row []string) bool {
				return !slices.ContainsFunc(e[1:], func(n string) bool { return n != "" && !slices.Contains(row, strings.TrimRight(n, ",")) })
			})
		}) {
			least = append(least, e[0])
		}
	}
	return least
}

// quantiles of a table: 99 % of the changes are those of its p99, and 1 % are not.
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
