package scenarios

import (
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/model/catalog"
)

// Templates are written out while a file is read, before anything else happens to
// it: what the catalog knows of a map becomes keys of the map, as if they stood in
// the file. So everything that knows maps knows those of templates, overrides and
// sweeps among them, and the resolved file names no template any more.
//
// What the file says of a map goes before what the catalog says: key by key, column
// by column, lookup by lookup. Lookups to maps that the scenario does not have are
// left out, see [Scenario.Open].

// expandable is the form of the keys that are written out; see [expand].
var expandable = text{bytesMax: nameBytesMax}

// templatesMax is how many maps a file may take from the catalog: each becomes a
// hundred values.
const templatesMax = 1000

// expansion writes templates out.
type expansion struct {
	errs *collector
	open []OpenLookup
}

// OpenLookup is a lookup of a template that leads to maps which the scenario does not
// have, and that was left out.
type OpenLookup struct{ Map, Column, Leads string }

// expand writes out the template of a scenario and those of its maps. It reports
// false where it has written nothing, because there are too many.
func expand(root *node, errs *collector) ([]OpenLookup, bool) {
	e := expansion{errs: errs}
	e.whole(root)
	of := map[string]string{} // by catalog map: its name in the scenario
	maps, written := root.get("maps"), 0
	for _, m := range items(maps) {
		t := m.get("template")
		if t == nil {
			continue
		}
		if written++; written > templatesMax {
			errs.report(t.at, "maps", "the catalog has fewer maps; remove those that are the same", "the file takes more than %d maps from templates", templatesMax)
			return nil, false
		}
		if of[t.text] == "" {
			of[t.text] = m.textOf("name")
		}
	}
	for i, m := range items(maps) {
		e.one(m, join("maps", list{name: "map", named: "name"}.nameOf(i, m)), of)
	}
	return e.open, true
}

// take removes the key under which a template is named, and returns its name.
func (e *expansion) take(n *node, path string) (name *node) {
	name = n.get("template")
	if name == nil {
		return nil
	}
	n.drop("template")
	if name.kind != scalar {
		e.errs.report(name.at, join(path, "template"), "twinwrite catalog lists them", "the name of a template is needed, not %s", name.kind)
		return nil
	}
	return name
}

// whole adds the maps of a template to those of the scenario, in its sequence, and
// a job that carries them where the scenario has none.
func (e *expansion) whole(root *node) {
	name := e.take(root, "")
	if name == nil {
		return
	}
	t, known := catalog.Standard().Template(name.text)
	if !known {
		var names []string
		for _, t := range catalog.Templates() {
			names = append(names, t.Name)
		}
		e.errs.report(name.at, "template", e.errs.didYouMean(name.text, names), "there is no template %s", quote(name.text))
		return
	}
	w := catalogWriter(name, "documented: "+strings.Join(t.Sources, ", "))
	maps := root.get("maps")
	if maps == nil {
		maps = &node{kind: sequence, at: name.at}
		root.put("maps", name.at, maps)
	}
	if maps.kind != sequence {
		return // it will be reported
	}
	var all []*node
	for _, m := range t.Sequence {
		i := slices.IndexFunc(maps.items, func(item *node) bool { return item.textOf("name") == m })
		item := &node{kind: mapping, at: w.at, fields: []field{w.field("name", m)}}
		if i >= 0 {
			item = maps.items[i]
			maps.items = slices.Delete(maps.items, i, i+1)
		}
		if item.get("template") == nil {
			item.put("template", name.at, &node{kind: scalar, at: name.at, text: m})
		}
		all = append(all, item)
	}
	maps.items = append(all, maps.items...)
	if root.get("jobs") == nil {
		job := &node{kind: mapping, at: w.at, fields: []field{
			w.field("name", t.Name), w.field("primary", t.Primary.String()), {"sequence", w.at, w.texts(t.Sequence)},
		}}
		root.put("jobs", name.at, &node{kind: sequence, at: name.at, items: []*node{job}})
	}
}

// one writes out the template of a map.
func (e *expansion) one(item *node, path string, of map[string]string) {
	if item.kind != mapping {
		return
	}
	name, without := e.take(item, path), item.get("without")
	if name == nil {
		if without != nil {
			e.errs.report(without.at, join(path, "without"), "write template: customers-v3-organizations, or remove it", "without leaves columns of a template out, and the map has none")
		}
		item.drop("without")
		return
	}
	item.drop("without")
	m, known := catalog.Find(name.text)
	if !known {
		var names []string
		for _, m := range catalog.Maps() {
			names = append(names, m.Name)
		}
		e.errs.report(name.at, join(path, "template"), e.errs.didYouMean(name.text, names), "the catalog has no map %s", quote(name.text))
		return
	}
	source := "documented: " + strings.Join(m.Sources, ", ")
	if !m.Published() {
		source = "assumed: the columns are not published; the map is: " + strings.Join(m.Sources, ", ")
	}
	w := catalogWriter(name, source)
	left := e.left(&m, without, path)
	for _, f := range []field{w.field("finops", m.FinOps), w.field("dataverse", m.Dataverse), w.field("direction", m.Direction.String()), {"key", w.at, w.texts(m.Key)}} {
		if item.get(f.key) == nil {
			item.fields = append(item.fields, f)
		}
	}
	if item.get("company") == nil && m.Company() {
		item.fields = append(item.fields, w.field("company", "true"))
	}
	e.merge(item, "columns", name, w.columns(&m, left))
	lookups := &node{kind: mapping, at: w.at}
	for _, l := range m.Lookups {
		var targets, missing []string
		for _, t := range l.Targets {
			if of[t] == "" {
				missing = append(missing, t)
				continue
			}
			targets = append(targets, of[t])
		}
		switch {
		case slices.Contains(left, l.Column):
		case len(targets) == 0:
			e.open = append(e.open, OpenLookup{item.textOf("name"), l.Column, strings.Join(missing, ", ")})
		case len(targets) == 1:
			lookups.fields = append(lookups.fields, w.field(l.Column, targets[0]))
		default:
			lookups.fields = append(lookups.fields, field{l.Column, w.at, w.texts(targets)})
		}
	}
	e.merge(item, "lookups", name, lookups)
	if filter := w.filters(&m, item.get("columns")); len(filter.fields) > 0 {
		e.merge(item, "filter", name, filter)
	}
}

// left reads which columns and lookups of a template are left out.
func (e *expansion) left(m *catalog.Map, without *node, path string) (left []string) {
	if without == nil {
		return nil
	}
	path = join(path, "without")
	if without.kind != sequence {
		e.errs.report(without.at, path, "write [creditlimit, msdyn_vendor]", "a list of columns is needed, not %s", without.kind)
		return nil
	}
	var known []string
	for _, c := range m.Columns {
		if name := columnName(&c); !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	for _, v := range without.items {
		if v.kind != scalar || !slices.Contains(known, v.text) {
			e.errs.report(v.at, path, e.errs.didYouMean(v.text, known), "the catalog's map %s has no column %s", m.Name, quote(v.text))
			continue
		}
		left = append(left, v.text)
	}
	return left
}

// merge puts what the catalog says under a key, where the file does not say it
// itself: items of a list by their names, fields of a mapping by their keys.
func (e *expansion) merge(item *node, key string, name, known *node) {
	own := item.get(key)
	switch {
	case own == nil:
		item.fields = append(item.fields, field{key, name.at, known})
	case own.kind == mapping && known.kind == mapping:
		for _, f := range known.fields {
			if own.get(f.key) == nil {
				own.fields = append(own.fields, f)
			}
		}
	case own.kind == sequence && known.kind == sequence:
		for _, column := range known.items {
			nameOf := func(n *node) string {
				if n.kind == scalar {
					return n.text
				}
				return n.textOf("name")
			}
			i := slices.IndexFunc(own.items, func(n *node) bool { return nameOf(n) == nameOf(column) })
			if i < 0 {
				own.items = append(own.items, column)
				continue
			}
			if own.items[i].kind == scalar { // no more than its name
				own.items[i] = column
			}
			for _, f := range column.fields {
				if own.items[i].kind == mapping && own.items[i].get(f.key) == nil {
					own.items[i].fields = append(own.items[i].fields, f)
				}
			}
		}
	}
}
