package scenarios

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
)

// catalogNodes writes what the catalog says as a scenario would.
type catalogNodes struct{ at position }

// catalogWriter writes nodes that are nobody's input: their source says where they
// come from. Faults in them are reported where the template is named.
func catalogWriter(name *node, source string) catalogNodes {
	src := *name.at.src
	src.standard, src.source = true, source
	return catalogNodes{position{&src, name.at.line, name.at.column}}
}

func (w catalogNodes) field(key, value string) field {
	return field{key, w.at, &node{kind: scalar, at: w.at, text: value}}
}

func (w catalogNodes) texts(values []string) *node {
	n := &node{kind: sequence, at: w.at}
	for _, v := range values {
		n.items = append(n.items, &node{kind: scalar, at: w.at, text: v})
	}
	return n
}

// columnName is what a scenario calls a column of the catalog: by its name in
// Dataverse, or, where it has none there, by the one in finance & operations.
func columnName(c *catalog.Column) string {
	head, _, _ := strings.Cut(c.Dataverse, ".")
	return cmp.Or(head, strings.ToLower(c.FinOps))
}

// columns writes the columns of a map that hold plain data and are no part of its
// key.
func (w catalogNodes) columns(m *catalog.Map, left []string) *node {
	list := &node{kind: sequence, at: w.at}
	inLookup := map[int]bool{}
	for _, l := range m.Lookups {
		for _, c := range l.Columns {
			inLookup[c] = true
		}
	}
	written := slices.Concat(m.Key, left)
	for i := range m.Columns {
		c := &m.Columns[i]
		name := columnName(c)
		if inLookup[i] || slices.Contains(written, name) {
			continue
		}
		written = append(written, name)
		n := &node{kind: mapping, at: w.at, fields: []field{w.field("name", name)}}
		if c.Direction != m.Direction {
			n.fields = append(n.fields, w.field("direction", c.Direction.String()))
		}
		switch c.Transform {
		case catalog.ValueMap:
			codes := &node{kind: mapping, at: w.at, fields: []field{{"codes", w.at, w.codes(c)}}}
			n.fields = append(n.fields, field{"values", w.at, codes})
		case catalog.Default:
			n.fields = append(n.fields, w.field("default", c.Default))
		case catalog.Constant:
			n.fields = append(n.fields, w.field("constant", c.Default))
		}
		list.items = append(list.items, n)
	}
	if len(list.items) == 0 && len(m.Lookups) == 0 {
		// The published map has its key alone, and nothing would ever change.
		list.items = append(list.items, &node{kind: mapping, at: w.at, fields: []field{w.field("name", "description")}})
	}
	return list
}

// codes writes a value map. Of those that one way only knows, a value of Dataverse
// may stand for several of finance & operations: the first of them counts.
func (w catalogNodes) codes(c *catalog.Column) *node {
	values, _ := catalog.Standard().ValuesOf(c.Values)
	n := &node{kind: sequence, at: w.at}
	var seen []string
	for _, p := range values.Pairs {
		if !slices.Contains(seen, p.Dataverse) {
			seen = append(seen, p.Dataverse)
			n.items = append(n.items, w.texts([]string{p.FinOps, p.Dataverse}))
		}
	}
	return n
}

// Conditions as the two sides' filters write them.
var (
	finOpsCondition    = regexp.MustCompile(`^\s*\(*(\w+) (==) "([^"]+)"\)*\s*$`)
	dataverseCondition = regexp.MustCompile(`^\s*(\w+) (eq) (\w+)\s*$`)
)

// filters writes the filters of a map as far as they speak of plain columns that are
// mapped, and lets users write what lets their records pass. What they say of
// keys and lookups is true of every record that can be carried, or nearly.
func (w catalogNodes) filters(m *catalog.Map, columns *node) *node {
	out := &node{kind: mapping, at: w.at}
	for _, side := range engine.Sides {
		word, join, form := " and ", "all", dataverseCondition
		if side == engine.FinOps {
			word, join, form = " || ", "any", finOpsCondition
		}
		var conditions []*node
		for part := range strings.SplitSeq(m.Filter[side], word) {
			found := form.FindStringSubmatch(part)
			if found == nil {
				continue
			}
			column, value := w.filtered(m, side, found[1], found[3], columns)
			if column == nil {
				continue
			}
			conditions = append(conditions, &node{kind: mapping, at: w.at, fields: []field{w.field(column.textOf("name"), value)}})
			if contents := column.get("contents"); contents == nil && column.get("values") == nil {
				column.fields = append(column.fields, field{"contents", w.at, w.texts([]string{value})})
			} else if contents != nil && !contents.at.given() {
				contents.items = append(contents.items, w.texts([]string{value}).items...)
			}
		}
		switch len(conditions) {
		case 0:
		case 1:
			out.fields = append(out.fields, field{side.String(), w.at, conditions[0]})
		default:
			both := &node{kind: sequence, at: w.at, items: conditions}
			out.fields = append(out.fields, field{side.String(), w.at, &node{kind: mapping, at: w.at, fields: []field{{join, w.at, both}}}})
		}
	}
	return out
}

// filtered finds the column that a filter speaks of, and the value as the column has
// it: filters do not care for case.
func (w catalogNodes) filtered(m *catalog.Map, side engine.Side, name, value string, columns *node) (column *node, text string) {
	for i := range m.Columns {
		c := &m.Columns[i]
		known := c.Dataverse
		if side == engine.FinOps {
			known = c.FinOps
		}
		if !strings.EqualFold(known, name) {
			continue
		}
		if c.Transform == catalog.Constant && strings.EqualFold(c.Default, value) {
			value = c.Default
		}
		if codes, coded := catalog.Standard().ValuesOf(c.Values); coded {
			for _, p := range codes.Pairs {
				if spelt := [2]string{p.FinOps, p.Dataverse}[side]; strings.EqualFold(spelt, value) {
					value = spelt
				}
			}
		}
		for _, n := range columns.items {
			if n.kind == mapping && n.textOf("name") == columnName(c) {
				return n, value
			}
		}
	}
	return nil, ""
}
