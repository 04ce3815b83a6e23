package catalog

import (
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

// Cause is an error text of the real systems, as a template: what would be
// business data is a placeholder in braces.
type Cause struct {
	Name    string
	Group   string       // lookup, key, party, privilege, size, throttling, ...
	Where   string       // live-sync, initial-sync, setup, dataverse or finops: where it is met
	Class   engine.Class // this catalog's reading: no document classes its error texts
	Codes   []string
	Text    string
	Notes   []string
	Sources []string
	at      position
}

// Template returns the text with its first code in front, for
// [engine.Outcome]: the same for every record that meets it.
func (x Cause) Template() string {
	if len(x.Codes) == 0 || strings.Contains(x.Text, x.Codes[0]) {
		return x.Text
	}
	return x.Codes[0] + ": " + x.Text
}

// placeholders are the words that may stand in braces in a cause or a check.
var placeholders = []string{
	"column", "company", "entity", "environment", "field", "filter", "key", "map", "party-type", "plug-in",
	"project", "size", "solution", "source", "table", "url", "value", "version",
}

// places are where a cause may be met.
var places = []string{"dataverse", "finops", "initial-sync", "live-sync", "setup"}

func decodeCause(b block) (x Cause, faults []error) {
	x = Cause{Name: b.rest, at: b.from}
	faults = b.fill([]slot{
		{word: "group", required: true, take: into(&x.Group)},
		{word: "where", required: true, take: func(l line) error {
			x.Where = l.rest
			if !slices.Contains(places, l.rest) {
				return l.from.errorf("unknown place %q: %s", l.rest, strings.Join(places, ", "))
			}
			return nil
		}},
		{word: "class", required: true, take: intoClass(&x.Class)},
		{word: "code", take: intoList(&x.Codes)},
		{word: "text", required: true, take: intoTemplate(&x.Text)},
		{word: "note", many: true, take: add(&x.Notes)},
		{word: "source", required: true, take: intoList(&x.Sources)},
	}, nil)
	return x, faults
}

// intoTemplate takes a text whose placeholders are known.
func intoTemplate(to *string) func(line) error {
	return func(l line) error {
		for rest := l.rest; ; {
			_, after, found := strings.Cut(rest, "{")
			if !found {
				break
			}
			name, tail, closed := strings.Cut(after, "}")
			if !closed || !slices.Contains(placeholders, name) {
				return l.from.errorf("unknown placeholder {%s}; one of %s", name, strings.Join(placeholders, ", "))
			}
			rest = tail
		}
		return into(to)(l)
	}
}

// Cause returns the cause with this name.
func (c *Catalog) Cause(name string) (Cause, bool) {
	i := slices.IndexFunc(c.Causes, func(x Cause) bool { return x.Name == name })
	if i < 0 {
		return Cause{}, false
	}
	return c.Causes[i], true
}

// Check is a code of the table map health check.
type Check struct {
	Name    string
	Code    string
	Text    string
	Notes   []string
	Sources []string
	at      position
}

func decodeCheck(b block) (x Check, faults []error) {
	x = Check{Name: b.rest, at: b.from}
	faults = b.fill([]slot{
		{word: "code", required: true, take: into(&x.Code)},
		{word: "text", required: true, take: intoTemplate(&x.Text)},
		{word: "note", many: true, take: add(&x.Notes)},
		{word: "source", required: true, take: intoList(&x.Sources)},
	}, nil)
	return x, faults
}
