package scenarios

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Filters say, by side, which records belong to a map. The zero filter takes
// every record.
type Filters struct {
	FinOps    engine.Filter `key:"finops"`
	Dataverse engine.Filter `key:"dataverse"`
}

var filterObject = object{name: "filter", keys: []key{
	{name: "finops", shape: composite(readFilter), doc: "records of the data entity: {status: Open}"},
	{name: "dataverse", shape: composite(readFilter), doc: "records of the table: {status: Open}"},
}}

// openFilter is a filter whose columns have not been looked up. It is resolved
// by [checkFilters].
type openFilter struct {
	filter engine.Filter
	at     *node // of the column's value, for its faults
	of     []openFilter
}

const filterHint = "write {status: Open}, {status: {not: Open}}, {phone: {empty: true}}, {all: [...]} or {any: [...]}"

// readFilter reads a condition on mapped columns. Several in one mapping must
// all hold.
func readFilter(c *checker, n *node, path string) *node {
	f, ok := readFilterParts(c, n, path)
	if !ok {
		return nil
	}
	return &node{kind: n.kind, at: n.at, text: n.text, fields: n.fields, items: n.items, value: f}
}

func readFilterParts(c *checker, n *node, path string) (openFilter, bool) {
	if n.kind != mapping || len(n.fields) == 0 {
		c.fault(n, path, filterHint, "a filter is needed, not %s", n.kind)
		return openFilter{}, false
	}
	out := openFilter{filter: engine.Filter{Test: engine.Every}}
	sound := true
	for _, f := range n.fields {
		part, ok := readFilterPart(c, f, path)
		sound = sound && ok
		out.of = append(out.of, part)
	}
	if len(out.of) == 1 {
		return out.of[0], sound
	}
	return out, sound
}

func readFilterPart(c *checker, f field, path string) (openFilter, bool) {
	if (f.key == "all" || f.key == "any") && f.value.kind == sequence {
		out := openFilter{filter: engine.Filter{Test: engine.Every}}
		if f.key == "any" {
			out.filter.Test = engine.Some
		}
		sound := len(f.value.items) > 0
		if !sound {
			c.fault(f.value, path, filterHint, "%s of nothing", f.key)
		}
		for _, item := range f.value.items {
			part, ok := readFilterParts(c, item, path)
			sound = sound && ok
			out.of = append(out.of, part)
		}
		return out, sound
	}
	out := openFilter{filter: engine.Filter{Test: engine.Equals, Column: f.key}, at: f.value}
	switch not, empty := f.value.get("not"), f.value.get("empty"); {
	case f.value.kind == scalar:
		out.filter.Value.Text = f.value.text
	case f.value.kind == mapping && len(f.value.fields) == 1 && not != nil && not.kind == scalar:
		out.filter.Test, out.at, out.filter.Value.Text = engine.Differs, not, not.text
	case f.value.kind == mapping && len(f.value.fields) == 1 && empty != nil && empty.text == "true":
		out.filter.Test = engine.IsNull
	case f.value.kind == mapping && len(f.value.fields) == 1 && empty != nil && empty.text == "false":
		out.filter.Test = engine.IsNotNull
	default:
		c.errs.report(f.at, path, filterHint, "this is not a condition on %s", quote(f.key))
		return out, false
	}
	return out, true
}

// checkFilters looks the columns of a map's filters up.
func checkFilters(c *checker, n *node, path string) {
	columns := n.get("columns")
	for _, side := range engine.Sides {
		filter := n.get("filter").get(side.String())
		if filter == nil || columns == nil {
			continue
		}
		filter.value = c.resolveFilter(as[openFilter](filter.value), columns, join(path, "filter."+side.String()))
	}
}

// resolveFilter gives conditions values of their columns' types.
func (c *checker) resolveFilter(f openFilter, columns *node, path string) engine.Filter {
	for _, part := range f.of {
		f.filter.Of = append(f.filter.Of, c.resolveFilter(part, columns, path))
	}
	if f.at == nil {
		return f.filter
	}
	i := slices.IndexFunc(columns.items, func(column *node) bool { return column.name == f.filter.Column })
	if i < 0 {
		var names []string
		for _, column := range columns.items {
			names = append(names, column.name)
		}
		c.fault(f.at, path, c.errs.didYouMean(f.filter.Column, names), "a filter on %s, which is no column of the map", quote(f.filter.Column))
		return f.filter
	}
	if f.filter.Test != engine.Equals && f.filter.Test != engine.Differs {
		return f.filter
	}
	column := Column{}
	if typ := columns.items[i].get("type"); typ != nil {
		column.Type = as[ColumnType](typ.value)
	}
	v, ok := column.Value(f.filter.Value.Text)
	if !ok {
		c.fault(f.at, path, "for example 12.5", "%s is not a number, as %s is", quote(f.filter.Value.Text), f.filter.Column)
	}
	f.filter.Value = v
	return f.filter
}
