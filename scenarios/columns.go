package scenarios

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Column is a mapped column that holds plain data, with what happens to its
// values on their way.
type Column struct {
	Name      string       `key:"name"`
	Type      ColumnType   `key:"type"`
	Direction *engine.Flow `key:"direction"` // nil: as its map
	Constant  *Content     `key:"constant"`  // what the receiving side holds, whatever the other one does
	Default   *Content     `key:"default"`   // what a null or empty value becomes where it arrives
	Values    *Codes       `key:"values"`    // nil: values are copied
	Canonical Canonical    `key:"canonical"`
	Unique    bool         `key:"unique"`   // no two records of a company may hold the same value
	Contents  []string     `key:"contents"` // what generators write into it, evenly; none: it is made up, or one of the codes
}

// ColumnType is what a column holds.
type ColumnType uint8

// The column types.
const (
	Text ColumnType = iota
	Number
)

// Content is a value as the scenario writes it.
type Content string

// Codes is a two-way table of codes.
type Codes struct {
	Pairs       [][2]string `key:"codes"`        // by side
	FallThrough bool        `key:"fall-through"` // a value without a code passes as it is; else it is an application failure
}

// Canonical says what does not count when two values are compared.
type Canonical struct {
	TrimBlanks  bool  `key:"trim-blanks"`
	FoldCase    bool  `key:"fold-case"`
	EmptyIsNull bool  `key:"empty-is-null"`
	Step        int64 `key:"round"` // millionths; 0: numbers count as they are
}

// Value returns a text as a value of the column; false when it is none.
func (c *Column) Value(text string) (engine.Value, bool) {
	if c.Type != Number {
		return engine.Text(text), true
	}
	n, ok := millionths(text)
	return engine.Number(n), ok
}

// Flow returns which way the column's changes go.
func (c *Column) Flow(m *Map) engine.Flow {
	if c.Direction != nil {
		return *c.Direction
	}
	return m.Direction
}

var flowWord = word{name: "a direction", choices: []meaning{
	{word: "both", value: engine.BothWays},
	{word: "to-dataverse", value: engine.ToDataverse},
	{word: "to-finops", value: engine.ToFinOps},
}}

// value is the shape of a value of a column, which may be an empty text.
type cellShape struct{}

func (cellShape) check(c *checker, n *node, path string) *node {
	const bytesMax = 256
	if n.kind != scalar || len(n.text) > bytesMax {
		c.fault(n, path, "write one value, in quotes if need be", "a value of a column is needed")
		return nil
	}
	return &node{kind: scalar, at: n.at, text: n.text, value: Content(n.text)}
}

func (cellShape) part(_ *node, segment string) (slot, error) { return slot{}, wholeOnly(segment) }

var columnObject = object{name: "a column", also: checkColumn, keys: []key{
	{name: "name", shape: name, required: true, doc: "the column's name"},
	{
		name: "type", standard: "text", source: "assumed: texts are compared as they are", doc: "what the column holds",
		shape: word{name: "a column type", choices: []meaning{
			{word: "text", value: Text},
			{word: "number", value: Number},
		}},
	},
	{name: "direction", shape: flowWord, doc: "which way its changes go, if not as its map's: both, to-dataverse or to-finops"},
	{name: "constant", shape: cellShape{}, doc: "what the receiving side holds, whatever the other one does; for one way only"},
	{name: "default", shape: cellShape{}, doc: "what a null or empty value becomes where it arrives"},
	{
		name: "values", doc: "codes, where both sides call the same thing differently",
		shape: object{name: "values", keys: []key{
			{name: "codes", shape: composite(readCodes), required: true, doc: "finops code, then dataverse code: [[Open, \"1\"], [Closed, \"2\"]]"},
			{
				name: "fall-through", shape: leaf{truth}, standard: "false", source: "assumed: a value without a code is an application failure, as in dual-write",
				doc: "a value without a code passes as it is",
			},
		}},
	},
	{
		name: "unique", shape: leaf{truth}, standard: "false", source: "assumed: a value may stand in several records",
		doc: "no two records of a company may hold the same value, on either side; null is nobody's",
	},
	{
		name: "contents", shape: composite(readCells),
		doc: "what users write into it, one as often as the other: [Open, Closed]; if not given, one of its codes, or something made up",
	},
	{
		name: "canonical", standard: "{}", source: "assumed: each value says where it comes from", doc: "what does not count when values are compared",
		shape: object{name: "canonical", keys: []key{
			{name: "trim-blanks", shape: leaf{truth}, standard: "false", source: "assumed: every character counts", doc: "trailing blanks"},
			{name: "fold-case", shape: leaf{truth}, standard: "false", source: "assumed: every character counts", doc: "letter case"},
			{name: "empty-is-null", shape: leaf{truth}, standard: "false", source: "assumed: an empty text is not null", doc: "whether a text is empty or null"},
			{name: "round", shape: composite(readStep), standard: "0", source: "assumed: numbers are kept exactly on both sides", doc: "what is below this step, for example 0.01; 0: nothing"},
		}},
	},
}}

// readCodes reads a table of codes.
func readCodes(c *checker, n *node, path string) *node {
	const hint = `write [[finops code, dataverse code], ...], for example [[Open, "1"], [Closed, "2"]]`
	if n.kind != sequence || len(n.items) == 0 {
		c.fault(n, path, hint, "a list of pairs is needed, not %s", n.kind)
		return nil
	}
	out := &node{kind: sequence, at: n.at}
	var pairs [][2]string
	for _, item := range n.items {
		if item.kind != sequence || len(item.items) != 2 || item.items[0].kind != scalar || item.items[1].kind != scalar {
			c.fault(item, path, hint, "this is not a pair of codes")
			continue
		}
		pair := [2]string{item.items[0].text, item.items[1].text}
		for side := range pair {
			if slices.ContainsFunc(pairs, func(p [2]string) bool { return p[side] == pair[side] }) {
				c.fault(item.items[side], path, "a value must come back as it went", "%s has the code %s twice", engine.Side(side), quote(pair[side]))
			}
		}
		pairs = append(pairs, pair)
		out.items = append(out.items, item)
	}
	out.value = pairs
	return out
}

// readStep reads to what numbers are rounded.
func readStep(c *checker, n *node, path string) *node {
	v, ok := millionths(n.text)
	if n.kind != scalar || !ok || v < 0 {
		c.fault(n, path, "for example 0.01", "%s is not a step of numbers", quote(n.text))
		return nil
	}
	return &node{kind: scalar, at: n.at, text: n.text, value: v}
}

// checkColumn judges a column's values by its type.
func checkColumn(c *checker, raw, n *node, path string) {
	typ := n.get("type")
	if typ == nil {
		return
	}
	column := Column{Type: as[ColumnType](typ.value)}
	number := func(v *node, below string) {
		if _, ok := column.Value(v.text); !ok {
			c.fault(v, join(path, below), "a number has at most 6 decimals and 12 digits before them", "%s is not a number", quote(v.text))
		}
	}
	for _, k := range []string{"constant", "default"} {
		if v := n.get(k); v != nil {
			number(v, k)
		}
	}
	if codes := n.get("values").get("codes"); codes != nil {
		for _, pair := range codes.items {
			number(pair.items[0], "values.codes")
			number(pair.items[1], "values.codes")
		}
	}
	if contents := n.get("contents"); contents != nil {
		for _, cell := range contents.items {
			c.judgeCell(cell, column.Type, join(path, "contents"))
		}
	}
	if raw.get("constant") != nil {
		for _, k := range []string{"default", "values"} {
			if v := raw.get(k); v != nil {
				c.fault(v, join(path, k), "remove it", "a constant leaves nothing to translate")
			}
		}
	}
	if unique := n.get("unique"); unique != nil && as[bool](unique.value) {
		for _, k := range []string{"constant", "default"} {
			if v := raw.get(k); v != nil {
				c.fault(v, join(path, k), "remove it, or unique", "a %s is the same in every record, and a unique value in one", k)
			}
		}
		if v := raw.get("values"); v != nil {
			c.fault(v, join(path, "values"), "remove it, or unique", "codes are few, and each could stand in one record only")
		}
	}
	canonical := n.get("canonical")
	if step := canonical.get("round"); step != nil && as[int64](step.value) > 0 && column.Type != Number {
		c.fault(step, join(path, "canonical.round"), "add type: number, or remove it", "only numbers are rounded")
	}
}

// checkFlows judges what the columns of a map need the direction for, and
// returns from which sides the map carries anything.
func checkFlows(c *checker, n *node, path string) (leaves [2]bool) {
	direction, columns, lookups := n.get("direction"), n.get("columns"), n.get("lookups")
	if direction == nil || columns == nil {
		return [2]bool{true, true} // it cannot be told
	}
	note := func(flow engine.Flow) {
		leaves[engine.FinOps] = leaves[engine.FinOps] || flow != engine.ToFinOps
		leaves[engine.Dataverse] = leaves[engine.Dataverse] || flow != engine.ToDataverse
	}
	if lookups != nil && len(lookups.fields) > 0 {
		note(as[engine.Flow](direction.value))
	}
	for _, column := range columns.items {
		flow := as[engine.Flow](direction.value)
		if own := column.get("direction"); own != nil {
			flow = as[engine.Flow](own.value)
		}
		note(flow)
		if constant := column.get("constant"); constant != nil && flow == engine.BothWays {
			c.fault(constant, join(join(path, "columns"), join(column.name, "constant")), "add direction: to-dataverse, or to-finops", "a constant flows one way only")
		}
		if flow == engine.BothWays {
			checkDefault(c, column, join(join(path, "columns"), column.name))
		}
	}
	return leaves
}

// checkDefault judges whether the default of a column that flows both ways is a code on both
// sides: what stands on a side without being one of its codes cannot leave it again.
func checkDefault(c *checker, column *node, path string) {
	standard, codes := column.get("default"), column.get("values").get("codes")
	if standard == nil || codes == nil {
		return
	}
	if through := column.get("values").get("fall-through"); through != nil && as[bool](through.value) {
		return
	}
	for _, side := range engine.Sides {
		if !slices.ContainsFunc(codes.items, func(pair *node) bool { return pair.items[side].text == standard.text }) {
			c.fault(standard, join(path, "default"), "give the column a direction, or fall-through: true to its values", "%s is no code of %s, and what becomes that there could not leave it again", quote(standard.text), side)
		}
	}
}
