package catalog

import (
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

// Template is a named set of table maps, ready to become an integration job.
type Template struct {
	Name     string
	Title    string
	Primary  engine.Side // whose record wins a conflict
	Sequence []string    // maps, the first with sequence 1
	Open     []string    // maps outside the template that its maps look up: carried by other jobs or live
	Needs    []string    // what has to be set up first
	Notes    []string
	Assumed  []Assumption
	Sources  []string
	at       position
}

// templateAssumptions are the words that an assumption of a template may be
// about.
var templateAssumptions = []string{"maps", "primary", "sequence"}

func decodeTemplate(b block) (t Template, faults []error) {
	t = Template{Name: b.rest, at: b.from}
	faults = b.fill([]slot{
		{word: "title", required: true, take: into(&t.Title)},
		{word: "primary", required: true, take: func(l line) (err error) {
			side, ok := sideOf(l.rest)
			if !ok {
				return l.from.errorf("unknown side %q: finops or dataverse", l.rest)
			}
			t.Primary = side
			return nil
		}},
		{word: "sequence", required: true, many: true, take: intoList(&t.Sequence)},
		{word: "open", many: true, take: intoList(&t.Open)},
		{word: "needs", many: true, take: add(&t.Needs)},
		{word: "note", many: true, take: add(&t.Notes)},
		{word: "source", required: true, take: intoList(&t.Sources)},
		assume(&t.Assumed, templateAssumptions),
	}, nil)
	return t, faults
}

// Template returns the template with this name.
func (c *Catalog) Template(name string) (Template, bool) {
	i := slices.IndexFunc(c.Templates, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return c.Templates[i], true
}

// checkTemplate checks that a template's maps exist, that none comes before
// what it looks up, and that the open lookups are exactly those it lists.
func (c *Catalog) checkTemplate(t Template) (faults []error) {
	faults = c.checkSources(t.at, t.Sources)
	closing := c.Closing()
	var open []string
	for i, name := range t.Sequence {
		m, ok := c.Find(name)
		if !ok {
			faults = append(faults, t.at.errorf("template %s names map %s, which is not in the catalog", t.Name, name))
			continue
		}
		if slices.Contains(t.Sequence[:i], name) {
			faults = append(faults, t.at.errorf("template %s has map %s twice", t.Name, name))
		}
		for _, p := range m.Prerequisites() {
			switch at := slices.Index(t.Sequence, p); {
			case at < 0 && !slices.Contains(open, p):
				open = append(open, p)
			case at > i && !slices.ContainsFunc(closing, func(e Edge) bool { return e.Map == name && e.Target == p }):
				faults = append(faults, t.at.errorf("template %s has map %s before %s, which it looks up", t.Name, name, p))
			}
		}
	}
	listed := slices.Sorted(slices.Values(t.Open))
	slices.Sort(open)
	if !slices.Equal(open, listed) {
		faults = append(faults, t.at.errorf("template %s lists the open maps [%s], but its maps look up [%s]",
			t.Name, strings.Join(listed, ", "), strings.Join(open, ", ")))
	}
	return faults
}
