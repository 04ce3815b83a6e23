package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

// Scope says whose records a data entity or a table holds.
type Scope uint8

// The scopes.
const (
	Global  Scope = iota // shared by all companies
	Company              // striped by company: the company is part of the key
)

// String returns the scope as data files spell it.
func (s Scope) String() string { return [...]string{"global", "company"}[s] }

// Direction says which way a map or a column carries changes.
type Direction uint8

// The directions.
const (
	Both Direction = iota
	ToDataverse
	ToFinOps
)

// String returns the direction as scenarios spell it.
func (d Direction) String() string { return [...]string{"both", "to-dataverse", "to-finops"}[d] }

// Transform is what happens to a value on its way.
type Transform uint8

// The transforms.
const (
	Copy     Transform = iota // as it is
	ValueMap                  // translated by [Column.Values]
	Default                   // as it is; [Column.Default] when the source is empty
	Constant                  // [Column.Default]: there is no source
)

// String returns the transform's name.
func (t Transform) String() string {
	return [...]string{"copy", "value map", "default", "constant"}[t]
}

// ValuePair is one line of a value map.
type ValuePair struct{ FinOps, Dataverse string }

// Values is a value map: what an F&O enum value is called in Dataverse.
type Values struct {
	Name  string
	Pairs []ValuePair
	at    position
}

// Column is one row of a map: a field of the data entity and a column of the
// table.
type Column struct {
	FinOps    string // empty: a constant in Dataverse
	Dataverse string // empty: a constant in F&O. A lookup is a dotted path
	Direction Direction
	Transform Transform
	Values    string // name of the value map
	Default   string
	at        position
}

// head is the table's own column: the first part of a dotted path.
func (c Column) head() string {
	head, _, _ := strings.Cut(c.Dataverse, ".")
	return head
}

// Lookup is a column of the table that names a record of another map.
type Lookup struct {
	Column   string   // in the Dataverse table
	Targets  []string // maps; several when it is polymorphic
	Required bool     // may not be empty
	OtherKey bool     // its path names a column that is not in the target's key
	Columns  []int    // the columns of the map that make it up
	at       position
}

// Polymorphic reports whether the lookup may name records of several maps.
func (l Lookup) Polymorphic() bool { return len(l.Targets) > 1 }

// Assumption is a fact that no document gives.
type Assumption struct {
	What string // the word of the data file: key, scope, direction, lookups, columns, filter, primary, ...
	Why  string
}

// Map is a table map: one F&O data entity paired with one Dataverse table.
type Map struct {
	Name           string // short: customer-groups
	Title          string // as the dual-write page lists it: Customer groups (msdyn_customergroups)
	FinOps         string // the data entity
	Dataverse      string // the table
	FinOpsScope    Scope
	DataverseScope Scope
	Direction      Direction
	Key            []string // columns of the table, without the company
	Columns        []Column
	Lookups        []Lookup  // without the company, unless it is a column of its own
	Filter         [2]string // by side; empty: every record
	SingleThreaded bool      // initial sync does not run it in parallel
	Notes          []string
	Assumed        []Assumption
	Sources        []string // names of [Source]
	at             position
	keyAt          position
}

// Company reports whether the map is striped by company.
func (m Map) Company() bool { return m.DataverseScope == Company }

// Published reports whether the map's field list is published. Where it is
// not, the columns and lookups are believable and no more.
func (m Map) Published() bool {
	return !slices.ContainsFunc(m.Assumed, func(a Assumption) bool { return a.What == "columns" })
}

// Companies is the map of the companies, on which every company-striped map
// depends.
const Companies = "legal-entities"

// Prerequisites returns the maps whose records must be there before the map's
// own, in the order of its lookups and the companies first. The map itself is
// left out.
func (m Map) Prerequisites() []string {
	var all []string
	if m.Company() {
		all = append(all, Companies)
	}
	for _, l := range m.Lookups {
		for _, t := range l.Targets {
			if t != m.Name && !slices.Contains(all, t) {
				all = append(all, t)
			}
		}
	}
	return all
}

// mapAssumptions are the words that an assumption of a map may be about.
var mapAssumptions = []string{"columns", "direction", "filter", "key", "lookups", "scope"}

func assume(to *[]Assumption, words []string) slot {
	return slot{word: "assumed", many: true, take: func(l line) error {
		what, why, found := strings.Cut(l.rest, ": ")
		if !found || !slices.Contains(words, what) {
			return l.from.errorf("write what is assumed (one of %s), a colon and why", strings.Join(words, ", "))
		}
		*to = append(*to, Assumption{what, why})
		return nil
	}}
}

func decodeMap(b block) (m Map, faults []error) {
	m = Map{Name: b.rest, at: b.from}
	faults = b.fill([]slot{
		{word: "title", required: true, take: into(&m.Title)},
		{word: "finops", required: true, take: into(&m.FinOps)},
		{word: "dataverse", required: true, take: into(&m.Dataverse)},
		{word: "scope", required: true, take: m.takeScope},
		{word: "direction", required: true, take: func(l line) error {
			for d := Both; d <= ToFinOps; d++ {
				if d.String() == l.rest {
					m.Direction = d
					return nil
				}
			}
			return l.from.errorf("unknown direction %q: both, to-dataverse or to-finops", l.rest)
		}},
		{word: "key", required: true, take: func(l line) error {
			m.keyAt = l.from
			return intoList(&m.Key)(l)
		}},
		{word: "filter", many: true, take: m.takeFilter},
		{word: "single-threaded", take: func(line) error { m.SingleThreaded = true; return nil }},
		{word: "note", many: true, take: add(&m.Notes)},
		{word: "source", required: true, take: intoList(&m.Sources)},
		assume(&m.Assumed, mapAssumptions),
	}, m.takeColumn)
	return m, faults
}

// takeScope reads the scope of both sides, or of each: dual-write refuses maps
// whose sides differ, and so does [Decode], but it must be possible to say.
func (m *Map) takeScope(l line) error {
	sides := strings.Fields(l.rest)
	if len(sides) == 1 {
		sides = append(sides, sides[0])
	}
	if len(sides) != 2 {
		return l.from.errorf("write one scope, or that of F&O and that of Dataverse")
	}
	for i, to := range []*Scope{&m.FinOpsScope, &m.DataverseScope} {
		switch sides[i] {
		case "global":
			*to = Global
		case "company":
			*to = Company
		default:
			return l.from.errorf("unknown scope %q: global or company", sides[i])
		}
	}
	return nil
}

func (m *Map) takeFilter(l line) error {
	side, filter, _ := strings.Cut(l.rest, " ")
	s, ok := sideOf(side)
	if !ok || filter == "" {
		return l.from.errorf("write the side, finops or dataverse, and its filter")
	}
	if m.Filter[s] != "" {
		return l.from.errorf("a second filter for %s", side)
	}
	m.Filter[s] = filter
	return nil
}

func sideOf(word string) (engine.Side, bool) {
	switch word {
	case "finops":
		return engine.FinOps, true
	case "dataverse":
		return engine.Dataverse, true
	}
	return 0, false
}

// mapType is a map type as the mapping reference prints it.
type mapType struct {
	direction Direction
	transform bool
}

var mapTypes = map[string]mapType{
	"=": {Both, false}, "><": {Both, true},
	">": {ToDataverse, false}, ">>": {ToDataverse, true},
	"<": {ToFinOps, false}, "<<": {ToFinOps, true},
}

// takeColumn reads a line like
//
//	FIELD >< path {values} "default" -> target, target other-key !
//
// and says whether the line is one: its second word is a map type.
func (m *Map) takeColumn(l line) (bool, error) {
	sign, rest, _ := strings.Cut(l.rest, " ")
	kind, ok := mapTypes[sign]
	if !ok {
		return false, nil
	}
	c := Column{Direction: kind.direction, at: l.at}
	s := scanner{text: rest, at: l.from.right(len(sign) + 1)}
	if l.word != "none" {
		c.FinOps = l.word
	}
	if path := s.word(); path != "none" {
		c.Dataverse = path
	}
	var lookup *Lookup
	for !s.done() {
		at := s.at
		switch {
		case s.skip("{"):
			if c.Values, ok = s.until("}"); !ok || c.Values == "" {
				return true, at.errorf("a value map is a name in braces")
			}
			c.Transform = ValueMap
		case s.skip(`"`):
			if c.Default, ok = s.until(`"`); !ok {
				return true, at.errorf("a default without its closing quote")
			}
			c.Transform = Default
		case s.skip("->"):
			lookup = &Lookup{Column: c.head(), at: l.at, Columns: []int{len(m.Columns)}}
			for more := true; more; {
				var target string
				target, more = strings.CutSuffix(s.word(), ",")
				lookup.Targets = append(lookup.Targets, target)
			}
		case lookup != nil && s.skip("other-key"):
			lookup.OtherKey = true
		case lookup != nil && s.skip("!"):
			lookup.Required = true
		default:
			return true, at.errorf("cannot read %q", s.text)
		}
	}
	if c.FinOps == "" || c.Dataverse == "" {
		c.Transform = Constant
	}
	if err := c.check(sign, kind); err != nil {
		return true, err
	}
	if err := m.join(c, lookup); err != nil {
		return true, err
	}
	m.Columns = append(m.Columns, c)
	return true, nil
}

// check looks at what one column line says of itself.
func (c Column) check(sign string, kind mapType) error {
	switch {
	case c.FinOps == "" && c.Dataverse == "":
		return c.at.errorf("a column with none on both sides")
	case kind.transform != (c.Transform != Copy):
		return c.at.errorf("map type %s and transform %s do not go together", sign, c.Transform)
	case c.Transform == Constant && c.Default == "":
		return c.at.errorf("a constant needs its value in quotes")
	case c.Transform == Constant && (c.FinOps == "") != (c.Direction == ToDataverse):
		return c.at.errorf("a constant flows from the side that has none, but map type %s says otherwise", sign)
	}
	return nil
}

// join makes the column part of a lookup: of the one that it declares, or of
// the one that an earlier column of the same path declared.
func (m *Map) join(c Column, declared *Lookup) error {
	dotted := strings.Contains(c.Dataverse, ".")
	i := slices.IndexFunc(m.Lookups, func(l Lookup) bool { return l.Column == c.head() })
	switch {
	case declared != nil && !dotted:
		return c.at.errorf("a lookup needs a dotted path: the table's column, then the target's")
	case declared != nil && i >= 0:
		return c.at.errorf("lookup %s names its targets twice", c.head())
	case declared != nil:
		m.Lookups = append(m.Lookups, *declared)
	case dotted && i < 0:
		return c.at.errorf("path %s looks something up, but no arrow says in which map", c.Dataverse)
	case dotted:
		m.Lookups[i].Columns = append(m.Lookups[i].Columns, len(m.Columns))
	}
	return nil
}

// scanner reads a line from left to right.
type scanner struct {
	text string
	at   position
}

func (s *scanner) advance(n int) {
	blank := len(s.text[n:]) - len(strings.TrimLeft(s.text[n:], " "))
	s.text = s.text[n+blank:]
	s.at = s.at.right(n + blank)
}

func (s *scanner) done() bool { return s.text == "" }

func (s *scanner) word() string {
	word, _, _ := strings.Cut(s.text, " ")
	s.advance(len(word))
	return word
}

func (s *scanner) skip(prefix string) bool {
	if !strings.HasPrefix(s.text, prefix) {
		return false
	}
	s.advance(len(prefix))
	return true
}

func (s *scanner) until(end string) (string, bool) {
	n := strings.Index(s.text, end)
	if n < 0 {
		return "", false
	}
	text := s.text[:n]
	s.advance(n + len(end))
	return text, true
}

func decodeValues(b block) (v Values, faults []error) {
	v = Values{Name: b.rest, at: b.from}
	faults = b.fill(nil, func(l line) (bool, error) {
		value, found := strings.CutPrefix(l.rest, ": ")
		if !found || value == "" {
			return true, l.at.errorf("write the F&O value, a colon and the Dataverse value")
		}
		if slices.ContainsFunc(v.Pairs, func(p ValuePair) bool { return p.FinOps == l.word }) {
			return true, l.at.errorf("value %s is there already", l.word)
		}
		v.Pairs = append(v.Pairs, ValuePair{l.word, value})
		return true, nil
	})
	if len(v.Pairs) == 0 {
		faults = append(faults, b.from.errorf("value map %s is empty", b.rest))
	}
	return v, faults
}

// invertible reports whether each Dataverse value has one F&O value.
func (v Values) invertible() error {
	for i, p := range v.Pairs {
		for _, q := range v.Pairs[:i] {
			if p.Dataverse == q.Dataverse {
				return fmt.Errorf("%s and %s are both %s", q.FinOps, p.FinOps, p.Dataverse)
			}
		}
	}
	return nil
}

// dots splits a dotted path into its parts. Parts of polymorphic paths hold no
// dots in their parentheses.
func dots(path string) []string { return strings.Split(path, ".") }

// typed takes the key column out of a part like Account(accountnumber).
func typed(part string) (column string, ok bool) {
	_, rest, found := strings.Cut(part, "(")
	column, closed := strings.CutSuffix(rest, ")")
	return column, found && closed
}
