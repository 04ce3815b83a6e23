package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// ScenarioError is one fault of a scenario file or of an override. Among
// [Warnings] it is a doubt: the scenario can run, but perhaps not as meant.
type ScenarioError struct {
	File    string // as given to Load or Parse; "--set" for an override
	Line    int    // from 1; for an override, which one it is
	Column  int    // from 1, in characters
	Path    string // of the value, "engine.retry.base"; empty for a fault of syntax
	Msg     string
	Snippet string // the line, and a caret under the column
	Hint    string // what to do
}

// Error returns the position and the message, then the snippet and the hint
// on lines of their own.
func (e *ScenarioError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
	if e.Snippet != "" {
		b.WriteString("\n" + e.Snippet)
	}
	if e.Hint != "" {
		b.WriteString("\n    hint: " + e.Hint)
	}
	return b.String()
}

// Errors are all the faults of a scenario, in the order of the file.
type Errors []*ScenarioError

// Error returns every fault, one below the other.
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i := range e {
		texts[i] = e[i].Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap lets errors.As find the first [ScenarioError].
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i := range e {
		all[i] = e[i]
	}
	return all
}

// Warnings are doubts about a scenario that can run, in the order of the file.
type Warnings []*ScenarioError

// origin is a text that values come from: the file, an override, or a default.
type origin struct {
	file     string
	line     int // number of the first line, less one
	lines    []string
	shown    []string // what snippets show instead of lines; nil for lines
	standard bool     // a default of this package or of the catalog, not the user's
	source   string   // where what the catalog says comes from
}

// position is a place in an origin, both counted from 1.
type position struct {
	src          *origin
	line, column int
}

// at returns where a token stands. The lexer's column is off by the blanks
// that follow a plain value, so the text itself has the last word.
func (o *origin) at(tk *token.Token) position {
	p := position{o, tk.Position.Line, max(1, tk.Position.Column)}
	if p.line < 1 || p.line > len(o.lines) {
		return position{o, max(1, min(p.line, len(o.lines))), 1}
	}
	line := []rune(o.lines[p.line-1])
	p.column = min(p.column, len(line)+1)
	want, _, _ := strings.Cut(strings.TrimSpace(tk.Origin), "\n")
	if want == "" || tk.Type == token.InvalidType || strings.HasPrefix(string(line[p.column-1:]), want) {
		return p
	}
	if before := strings.LastIndex(string(line[:min(len(line), p.column-1+utf8.RuneCountInString(want))]), want); before >= 0 {
		p.column = utf8.RuneCountInString(string(line)[:before]) + 1
	}
	return p
}

// given reports whether the user wrote what stands here.
func (p position) given() bool { return p.src != nil && !p.src.standard }

// snippetRunesMax is how much of a line a snippet shows.
const snippetRunesMax = 100

// snippet shows the line with a caret under the column.
func (p position) snippet() string {
	lines := p.src.lines
	if p.src.shown != nil {
		lines = p.src.shown
	}
	if p.line < 1 || p.line > len(lines) {
		return ""
	}
	line := []rune(lines[p.line-1])
	from, ellipsis := 0, ""
	if p.column > snippetRunesMax*3/4 && len(line) > snippetRunesMax {
		from, ellipsis = p.column-snippetRunesMax/2, "..."
	}
	shown := line[from:min(len(line), from+snippetRunesMax)]
	for i, r := range shown {
		if r < ' ' {
			shown[i] = ' '
		}
	}
	gutter := fmt.Sprintf("%5d | ", p.src.line+p.line)
	caret := strings.Repeat(" ", len(gutter)+len(ellipsis)+p.column-1-from) + "^"
	return gutter + ellipsis + string(shown) + "\n" + caret
}

func newError(at position, path, hint, msg string) *ScenarioError {
	return &ScenarioError{
		File: at.src.file, Line: at.src.line + at.line, Column: at.column,
		Path: path, Msg: msg, Snippet: at.snippet(), Hint: hint,
	}
}

// errorsMax is how many faults one reading reports.
const errorsMax = 25

// collector gathers faults.
type collector struct {
	all     Errors
	dropped int
}

// add notes a fault, but the same one at the same place only once.
func (c *collector) add(e *ScenarioError) {
	same := func(o *ScenarioError) bool {
		return o.File == e.File && o.Line == e.Line && o.Column == e.Column && o.Msg == e.Msg
	}
	switch {
	case slices.ContainsFunc(c.all, same):
	case c.full():
		c.dropped++
	default:
		c.all = append(c.all, e)
	}
}

func (c *collector) report(at position, path, hint, format string, args ...any) {
	c.add(newError(at, path, hint, fmt.Sprintf(format, args...)))
}

// full reports whether further faults are only counted.
func (c *collector) full() bool { return len(c.all) >= errorsMax }

// didYouMean suggests a known word for an unknown one, as long as anybody will
// read it: comparing each of many unknown words with each of many known ones
// would take longer than all the rest.
func (c *collector) didYouMean(word string, known []string) string {
	if c.full() {
		return ""
	}
	return didYouMean(word, known)
}

func (c *collector) count() int { return len(c.all) + c.dropped }

// sorted returns the faults in the order of the file, or nil.
func (c *collector) sorted() Errors {
	slices.SortStableFunc(c.all, func(a, b *ScenarioError) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if c.dropped > 0 {
		last := *c.all[len(c.all)-1]
		last.Msg, last.Snippet, last.Path = fmt.Sprintf("%d more errors are not shown", c.dropped), "", ""
		last.Hint = "mend the ones above first"
		return append(c.all, &last)
	}
	return c.all
}

// quote shows a text from the file inside a message.
func quote(s string) string {
	const runesMax = 40
	if utf8.RuneCountInString(s) > runesMax {
		s = string([]rune(s)[:runesMax]) + "..."
	}
	return fmt.Sprintf("%q", s)
}

// alwaysListed is how many known words are few enough to be named beside the one
// that is suggested.
const alwaysListed = 3

// didYouMean suggests the known word nearest to an unknown one, and lists the
// known ones when none is near, or when they are few.
func didYouMean(word string, known []string) string {
	best := nearest(word, known)
	switch {
	case best != "" && len(known) > 1 && len(known) <= alwaysListed:
		return "did you mean " + best + "? known here: " + strings.Join(known, ", ")
	case best != "":
		return "did you mean " + best + "?"
	case len(known) == 0:
		return "there is none to choose from"
	case len(known) > listedMax:
		return fmt.Sprintf("known here: %s and %d more", strings.Join(known[:listedMax], ", "), len(known)-listedMax)
	default:
		return "known here: " + strings.Join(known, ", ")
	}
}

// listedMax is how many known words a hint lists.
const listedMax = 40

// nearest returns the known word that an unknown one was probably meant to
// be, or "".
func nearest(word string, known []string) string {
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if apart := utf8.RuneCountInString(word) - utf8.RuneCountInString(k); max(apart, -apart) >= distance {
			continue // at least so many letters are to be inserted or deleted
		}
		if d := editDistance(word, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b, ignoring case. Long words are not compared.
func editDistance(a, b string) int {
	const runesMax = 64
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	if len(x) > runesMax || len(y) > runesMax {
		return runesMax
	}
	var before, above [runesMax + 1]int
	for j := range y {
		above[j+1] = j + 1
	}
	for i := range x {
		var row [runesMax + 1]int
		row[0] = i + 1
		for j := range y {
			replace := above[j]
			if x[i] != y[j] {
				replace++
			}
			row[j+1] = min(replace, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above = above, row
	}
	return above[len(y)]
}
