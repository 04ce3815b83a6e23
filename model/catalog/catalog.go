package catalog

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/twinwrite/twinwrite/engine"
)

// Catalog is everything that the data files say. It is read-only.
type Catalog struct {
	Sources    []Source
	Values     []Values
	Maps       []Map // in dependency order: what a map looks up comes before it
	Templates  []Template
	Parameters []Parameter
	Causes     []Cause
	Checks     []Check
}

//go:embed data
var embedded embed.FS

var standard = sync.OnceValue(func() *Catalog {
	files, err := fs.Sub(embedded, "data")
	if err != nil {
		panic(fmt.Sprintf("catalog: %v", err))
	}
	c, err := Decode(files)
	if err != nil {
		panic(fmt.Sprintf("catalog: the embedded data is broken: %v", err))
	}
	return c
})

// Standard returns the catalog that comes with the program.
func Standard() *Catalog { return standard() }

// Maps returns the table maps of the standard catalog in dependency order.
func Maps() []Map { return slices.Clone(standard().Maps) }

// Find returns a table map of the standard catalog.
func Find(name string) (Map, bool) { return standard().Find(name) }

// Templates returns the templates of the standard catalog.
func Templates() []Template { return slices.Clone(standard().Templates) }

// Parameters returns the documented and assumed parameters.
func Parameters() []Parameter { return slices.Clone(standard().Parameters) }

// Causes returns the error texts of the real systems.
func Causes() []Cause { return slices.Clone(standard().Causes) }

// Checks returns the codes of the table map health check.
func Checks() []Check { return slices.Clone(standard().Checks) }

// LongestChain returns the longest chain of lookups of the standard catalog;
// see [Catalog.LongestChain].
func LongestChain() []string { return standard().LongestChain() }

// OverLookupLimit returns the maps of the standard catalog with more lookups
// than limit; see [Catalog.OverLookupLimit].
func OverLookupLimit(limit int) []Map { return standard().OverLookupLimit(limit) }

// Source is a public document.
type Source struct{ Name, Title, Where string }

func decodeSource(b block) (Source, []error) {
	s := Source{Name: b.rest}
	return s, b.fill([]slot{
		{word: "title", required: true, take: into(&s.Title)},
		{word: "where", required: true, take: into(&s.Where)},
	}, nil)
}

// Decode reads a catalog from its data files and checks it. It reports every
// fault at once; each is a [*DataError] unless a file cannot be read.
func Decode(files fs.FS) (*Catalog, error) {
	var c Catalog
	var faults []error
	faults = append(faults, decodeFile(files, "source", &c.Sources, decodeSource)...)
	faults = append(faults, decodeFile(files, "values", &c.Values, decodeValues)...)
	faults = append(faults, decodeFile(files, "map", &c.Maps, decodeMap)...)
	faults = append(faults, decodeFile(files, "template", &c.Templates, decodeTemplate)...)
	faults = append(faults, decodeFile(files, "parameter", &c.Parameters, decodeParameter)...)
	faults = append(faults, decodeFile(files, "cause", &c.Causes, decodeCause)...)
	faults = append(faults, decodeFile(files, "check", &c.Checks, decodeCheck)...)
	for _, m := range c.Maps {
		faults = append(faults, c.checkMap(m)...)
	}
	c.order()
	for _, t := range c.Templates {
		faults = append(faults, c.checkTemplate(t)...)
	}
	for _, p := range c.Parameters {
		faults = append(faults, c.checkSources(p.at, p.Sources)...)
	}
	for _, x := range c.Causes {
		faults = append(faults, c.checkSources(x.at, x.Sources)...)
	}
	for _, x := range c.Checks {
		faults = append(faults, c.checkSources(x.at, x.Sources)...)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &c, nil
}

// dataFiles names the file of each kind of block.
var dataFiles = map[string]string{
	"source": "sources.txt", "values": "values.txt", "map": "maps.txt", "template": "templates.txt",
	"parameter": "parameters.txt", "cause": "causes.txt", "check": "checks.txt",
}

func decodeFile[T any](files fs.FS, kind string, to *[]T, decode func(block) (T, []error)) (faults []error) {
	file := dataFiles[kind]
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return []error{fmt.Errorf("catalog: read %s: %w", file, err)}
	}
	all, faults := blocks(file, string(text))
	faults = append(faults, names(kind, all)...)
	for _, b := range all {
		if b.word != kind {
			continue
		}
		item, bad := decode(b)
		faults = append(faults, bad...)
		*to = append(*to, item)
	}
	return faults
}

// Find returns the table map with this name.
func (c *Catalog) Find(name string) (Map, bool) {
	i := slices.IndexFunc(c.Maps, func(m Map) bool { return m.Name == name })
	if i < 0 {
		return Map{}, false
	}
	return c.Maps[i], true
}

// ValuesOf returns the value map with this name.
func (c *Catalog) ValuesOf(name string) (Values, bool) {
	i := slices.IndexFunc(c.Values, func(v Values) bool { return v.Name == name })
	if i < 0 {
		return Values{}, false
	}
	return c.Values[i], true
}

// Source returns the document with this name.
func (c *Catalog) Source(name string) (Source, bool) {
	i := slices.IndexFunc(c.Sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return Source{}, false
	}
	return c.Sources[i], true
}

func (c *Catalog) checkSources(at position, names []string) (faults []error) {
	for _, name := range names {
		if _, ok := c.Source(name); !ok {
			faults = append(faults, at.errorf("source %s is not in sources.txt", name))
		}
	}
	return faults
}

func (c *Catalog) checkMap(m Map) (faults []error) {
	faults = c.checkSources(m.at, m.Sources)
	if m.FinOpsScope != m.DataverseScope {
		// The refusal that dual-write itself gives; see the cause scope-mismatch.
		faults = append(faults, m.at.errorf("[DIPV1002] %s is %s and %s is %s: both must be global or both company-specific",
			m.FinOps, m.FinOpsScope, m.Dataverse, m.DataverseScope))
	}
	if _, ok := c.Find(Companies); !ok && m.Company() {
		faults = append(faults, m.at.errorf("a company-striped map needs the map %s", Companies))
	}
	if len(m.Columns) == 0 {
		faults = append(faults, m.at.errorf("map %s maps no column", m.Name))
	}
	for i, key := range m.Key {
		if !slices.ContainsFunc(m.Columns, func(x Column) bool { return x.head() == key && x.Transform == Copy }) {
			faults = append(faults, m.keyAt.errorf("key column %s is not mapped as it is", key))
		}
		if slices.Contains(m.Key[:i], key) {
			faults = append(faults, m.keyAt.errorf("key column %s is there twice", key))
		}
	}
	for i, x := range m.Columns {
		faults = append(faults, c.checkColumn(m, x)...)
		if x.Dataverse != "" && slices.ContainsFunc(m.Columns[:i], func(y Column) bool { return y.Dataverse == x.Dataverse }) {
			faults = append(faults, x.at.errorf("%s is written by two lines", x.Dataverse))
		}
	}
	for _, l := range m.Lookups {
		faults = append(faults, c.checkLookup(m, l)...)
	}
	return faults
}

// checkColumn checks a column against its map's direction and its value map. A
// one-way map may still print its key columns as two-way: they identify.
func (c *Catalog) checkColumn(m Map, x Column) (faults []error) {
	if m.Direction != Both && x.Direction != m.Direction && !slices.Contains(m.Key, x.head()) {
		faults = append(faults, x.at.errorf("column flows %s in a map that flows %s", x.Direction, m.Direction))
	}
	if x.Transform != ValueMap {
		return faults
	}
	v, ok := c.ValuesOf(x.Values)
	if !ok {
		return append(faults, x.at.errorf("value map %s is not in values.txt", x.Values))
	}
	if err := v.invertible(); err != nil && x.Direction != ToDataverse {
		faults = append(faults, x.at.errorf("value map %s has no way back: %v", x.Values, err))
	}
	return faults
}

func (c *Catalog) checkLookup(m Map, l Lookup) (faults []error) {
	targets := make([]Map, 0, len(l.Targets))
	for i, name := range l.Targets {
		t, ok := c.Find(name)
		switch {
		case !ok:
			faults = append(faults, l.at.errorf("lookup %s names map %s, which is not in the catalog", l.Column, name))
			continue
		case slices.Contains(l.Targets[:i], name):
			faults = append(faults, l.at.errorf("lookup %s names map %s twice", l.Column, name))
		case t.Company() && !m.Company():
			faults = append(faults, l.at.errorf("a global map cannot look up the company-striped map %s: it has no company to look in", name))
		}
		targets = append(targets, t)
	}
	if len(targets) < len(l.Targets) {
		return faults
	}
	if slices.Contains(m.Key, l.Column) && !l.Required {
		faults = append(faults, l.at.errorf("lookup %s is in the key: it must be filled", l.Column))
	}
	for _, i := range l.Columns {
		if err := c.checkPath(m.Columns[i], l, targets); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// checkPath follows a dotted path into the key of the map that it names. A
// polymorphic path names a type and its key column for each target:
// customerid.Account(accountnumber).Contact(msdyn_contactpersonid).
func (c *Catalog) checkPath(x Column, l Lookup, targets []Map) error {
	tail := dots(x.Dataverse)[1:]
	if l.OtherKey {
		if len(targets) > 1 || len(tail) != 1 || slices.Contains(targets[0].Key, tail[0]) {
			return x.at.errorf("other-key is for a path that names one column outside the key of one map")
		}
		return nil
	}
	if len(targets) > 1 {
		if len(tail) != len(targets) {
			return x.at.errorf("path %s has %d types for %d maps", x.Dataverse, len(tail), len(targets))
		}
		for i, part := range tail {
			column, ok := typed(part)
			if !ok || !slices.Contains(targets[i].Key, column) {
				return x.at.errorf("%s names no key column of map %s", part, targets[i].Name)
			}
		}
		return nil
	}
	target := targets[0]
	for i, column := range tail {
		if !slices.Contains(target.Key, column) {
			return x.at.errorf("path %s: %s is not in the key of map %s", x.Dataverse, column, target.Name)
		}
		next := slices.IndexFunc(target.Lookups, func(l Lookup) bool { return l.Column == column })
		switch last := i == len(tail)-1; {
		case last && next >= 0:
			return x.at.errorf("path %s ends at lookup %s of map %s", x.Dataverse, column, target.Name)
		case !last && next < 0:
			return x.at.errorf("path %s: %s of map %s looks nothing up", x.Dataverse, column, target.Name)
		case !last:
			var ok bool
			if target, ok = c.Find(target.Lookups[next].Targets[0]); !ok {
				return nil // reported where the lookup is
			}
		}
	}
	return nil
}

// Edge is a lookup seen as a dependency of one map on another.
type Edge struct{ Map, Column, Target string }

// order sorts the maps so that prerequisites come first and otherwise the order
// of the file is kept. A circle is entered at the map that comes first in the
// file; the lookup that closes it decides nothing.
func (c *Catalog) order() {
	var sorted []Map
	visited := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		m, ok := c.Find(name)
		if !ok || visited[name] {
			return
		}
		visited[name] = true
		for _, p := range m.Prerequisites() {
			visit(p)
		}
		sorted = append(sorted, m)
	}
	for _, m := range c.Maps {
		visit(m.Name)
	}
	c.Maps = sorted
}

// Closing returns the lookups that no order of maps can satisfy: those to the
// map itself, and those that close a circle of maps.
func (c *Catalog) Closing() []Edge {
	var all []Edge
	seen := map[string]bool{}
	for _, m := range c.Maps {
		for _, l := range m.Lookups {
			for _, t := range l.Targets {
				if !seen[t] {
					all = append(all, Edge{m.Name, l.Column, t})
				}
			}
		}
		seen[m.Name] = true
	}
	return all
}

// chains returns, for each map, the prerequisite that the longest chain to it
// comes from, and the chain's length in edges.
func (c *Catalog) chains() (from map[string]string, edges map[string]int) {
	from, edges = map[string]string{}, map[string]int{}
	for _, m := range c.Maps {
		edges[m.Name] = 0
		for _, p := range m.Prerequisites() {
			if n, before := edges[p]; before && n+1 > edges[m.Name] {
				from[m.Name], edges[m.Name] = p, n+1
			}
		}
	}
	return from, edges
}

// ChainTo returns the longest chain of prerequisites that ends at a map, from
// its root on; nil for an unknown map. It has one edge less than maps. Lookups
// listed by [Catalog.Closing] do not count.
func (c *Catalog) ChainTo(name string) []string {
	if _, ok := c.Find(name); !ok {
		return nil
	}
	from, _ := c.chains()
	chain := []string{name}
	for p, more := from[name]; more; p, more = from[p] {
		chain = append(chain, p)
	}
	slices.Reverse(chain)
	return chain
}

// LongestChain returns the longest chain of prerequisites; of several, the one
// whose last map comes first.
func (c *Catalog) LongestChain() []string {
	_, edges := c.chains()
	longest := ""
	for _, m := range c.Maps {
		if longest == "" || edges[m.Name] > edges[longest] {
			longest = m.Name
		}
	}
	return c.ChainTo(longest)
}

// OverLookupLimit returns the maps with more lookups than limit, in order. The
// export from Dataverse of an initial sync has such a limit; maps that never
// export from Dataverse are listed, too.
func (c *Catalog) OverLookupLimit(limit int) []Map {
	var over []Map
	for _, m := range c.Maps {
		if len(m.Lookups) > limit {
			over = append(over, m)
		}
	}
	return over
}

// Basis says on what a value stands.
type Basis uint8

// The bases.
const (
	Documented Basis = iota // a public document says so
	Derived                 // computed from documented values
	Assumed                 // no document says; the value is a choice
)

// String returns the basis as data files spell it.
func (b Basis) String() string { return [...]string{"documented", "derived", "assumed"}[b] }

// intoClass takes the class in which a write that meets a cause ends.
func intoClass(to *engine.Class) func(line) error {
	return func(l line) error {
		for _, class := range []engine.Class{engine.ApplicationFailure, engine.SystemFailure} {
			if l.rest == class.String() {
				*to = class
				return nil
			}
		}
		return l.from.errorf("unknown class %q: %s or %s", l.rest, engine.ApplicationFailure, engine.SystemFailure)
	}
}
