package scenarios

import (
	"slices"
	"sort"
	"strings"
)

// Where the columns and lookups of a row of a trace come from.

// readLookups reads the lookups of a map.
func readLookups(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {customer: customers}: the column, then the map that it names, or [accounts, contacts]",
		func(column string, v *node, path string) (*node, any) {
			if v.kind == sequence {
				targets := readMaps("a lookup")(c, v, path)
				if targets == nil {
					return nil, nil
				}
				return targets, Lookup{Column: column, Maps: as[[]int](targets.value)}
			}
			target := readMapName(c, v, path)
			if target == nil {
				return nil, nil
			}
			return target, Lookup{Column: column, Maps: []int{as[int](target.value)}}
		})
}

// namedSource is a [Source] whose target is still a name.
type namedSource struct {
	target string
	at     position
	Source
}

// readSources reads where columns come from. The names of the targets are
// resolved by [checkTraceRow].
func readSources(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {column: trace column}",
		func(target string, v *node, path string) (*node, any) {
			shown, source := readSource(c, v, path)
			if shown == nil {
				return nil, nil
			}
			return shown, namedSource{target, v.at, source}
		})
}

// readLookupSources reads where lookups come from: besides its text, a source may
// say which map's record that names. They are resolved by [checkTracedLookups].
func readLookupSources(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {customer: trace column}",
		func(target string, v *node, path string) (*node, any) {
			shown, source := readSource(c, v, path, mapKey, mapCases)
			if shown == nil {
				return nil, nil
			}
			source.Map = mapNotGiven
			switch m := shown.get("map"); {
			case m != nil:
				source.Map = as[int](m.value)
			case v.get("map") != nil:
				return nil, nil // it was reported
			}
			for _, item := range items(shown.get("when")) {
				if item.get("column") == nil || item.get("prefix") == nil || item.get("map") == nil {
					return nil, nil // it was reported
				}
				source.When = append(source.When, MapCase{
					Name: item.name, Column: item.textOf("column"), Prefix: item.textOf("prefix"), Map: as[int](item.get("map").value),
				})
			}
			return shown, namedSource{target, v.at, source}
		})
}

// mapNotGiven stands for the map of a lookup that has one only.
const mapNotGiven = -1

// Keys that the source of a lookup may have besides.
var (
	mapKey   = key{name: "map", shape: composite(readMapName), doc: "the map whose record it names"}
	mapCases = key{name: "when", doc: "rows in which it names a record of another map", shape: list{name: "case", named: "name", item: object{name: "a case", keys: []key{
		{name: "name", shape: name, doc: "its name"},
		{name: "column", shape: text{bytesMax: nameBytesMax}, required: true, doc: "the column that it looks at"},
		{name: "prefix", shape: text{bytesMax: nameBytesMax}, required: true, doc: "what the cell must begin with"},
		{name: "map", shape: composite(readMapName), required: true, doc: "the map whose record it names then"},
	}}}}
)

// readSource reads one of: a column, {column: c, empty: X}, {constant: X}, each
// with more keys where more are allowed.
func readSource(c *checker, n *node, path string, more ...key) (*node, Source) {
	free := text{bytesMax: 256}
	if n.kind == scalar {
		out := free.check(c, n, path)
		if out == nil {
			return nil, Source{}
		}
		return out, Source{Column: out.text}
	}
	form := object{name: "a source", keys: append([]key{
		{name: "column", shape: free, doc: "a column of the trace"},
		{name: "empty", shape: free, doc: "what stands for an empty cell"},
		{name: "constant", shape: free, doc: "the same in every row"},
	}, more...)}
	out := form.check(c, n, path)
	if out == nil {
		return nil, Source{}
	}
	s := Source{Column: out.textOf("column"), Empty: out.textOf("empty"), Constant: out.textOf("constant")}
	if (s.Column == "") == (s.Constant == "") || s.Empty != "" && s.Column == "" {
		c.fault(n, path, "write {column: c, empty: X}, or {constant: X}", "a source is a column or a constant")
		return nil, Source{}
	}
	return out, s
}

// resolveSources turns the sources' names into indexes, in the map's order.
func resolveSources(c *checker, n *node, path, in, what string, targets []string) {
	if n == nil {
		return
	}
	sources := []Source{}
	for _, v := range as[[]any](n.value) {
		s := as[namedSource](v)
		if s.Target = slices.Index(targets, s.target); s.Target < 0 {
			c.errs.report(s.at, join(path, s.target), c.errs.didYouMean(s.target, targets), "the map %s has no %s %s", in, what, quote(s.target))
			continue
		}
		sources = append(sources, s.Source)
	}
	sort.Slice(sources, func(i, j int) bool { return sources[i].Target < sources[j].Target })
	n.value = sources
}

// checkTracedLookups finds out of which maps the lookups of a row name records,
// and lets them name only those whose key is one column, because that is what rows
// of a trace have.
func checkTracedLookups(c *checker, n *node, m *mapOutline, path string) {
	if n == nil {
		return
	}
	sources := as[[]any](n.value)
	for k := range sources {
		s := as[namedSource](sources[k])
		i := slices.Index(m.lookups, s.target)
		if i < 0 {
			continue // it will be reported
		}
		below, leads := join(path, s.target), m.leads[i]
		if s.Map == mapNotGiven && len(leads) > 1 {
			c.errs.report(s.at, below, "write {column: c, map: "+c.maps[leads[0]].name+"}", "%s may name a record of %s; say of which", quote(s.target), c.namesOf(leads))
			s.Map = leads[0]
		}
		if s.Map == mapNotGiven {
			s.Map = leads[0]
		}
		sources[k] = s
		named := []int{s.Map}
		for _, w := range s.When {
			named = append(named, w.Map)
		}
		for _, of := range named {
			target := &c.maps[of]
			switch {
			case !slices.Contains(leads, of):
				c.errs.report(s.at, below, "one of "+c.namesOf(leads), "%s names no record of %s", quote(s.target), target.name)
			case target.known && len(target.key) > 1:
				c.errs.report(s.at, below, "let a generator make these records, or look up a map whose key is one column",
					"a trace cannot name a record of %s, whose key has %d columns (%s)", target.name, len(target.key), strings.Join(target.key, ", "))
			}
		}
	}
}

// namesOf lists the names of maps.
func (c *checker) namesOf(maps []int) string {
	names := make([]string, len(maps))
	for i, m := range maps {
		names[i] = c.maps[m].name
	}
	return strings.Join(names, ", ")
}
