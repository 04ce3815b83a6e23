package scenarios

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
)

// Validation refuses the engine's writes on one side for a business reason: a share
// of all changes, or what breaks a rule about a column, as the side holds it.
// Exactly one of Refuse, Required, Allowed, Longest and Range is given. What a share
// refuses stays refused on every retry; the next change of the record has another
// chance.
type Validation struct {
	Name     string      `key:"name"`
	Map      int         `key:"map"` // index into Scenario.Maps
	Side     engine.Side `key:"side"`
	Refuse   Share       `key:"refuse"`
	Required *RuleOn     `key:"required"` // the column must hold something
	Allowed  *RuleOn     `key:"allowed"`  // it must hold one of Values
	Longest  *RuleOn     `key:"longest"`  // its text must have at most Most characters
	Range    *RuleOn     `key:"range"`    // its number must lie between Low and High, in millionths
	Users    bool        `key:"users"`    // users of the side are refused, too
	Reason   string      `key:"reason"`
}

// Rule returns the rule that the validation goes by; nil where it goes by a share.
func (v *Validation) Rule() *RuleOn {
	for _, r := range []*RuleOn{v.Required, v.Allowed, v.Longest, v.Range} {
		if r != nil {
			return r
		}
	}
	return nil
}

// RuleOn is a rule about a column.
type RuleOn struct {
	Column    int // index into the map's Columns
	Values    []string
	Most      int
	Low, High int64
}

// openRule is a rule whose column is still a name.
type openRule struct {
	column string
	at     position
	cells  []*node
	rule   RuleOn
}

var validationObject = object{name: "a validation", also: checkValidation, keys: []key{
	{name: "name", shape: name, doc: "its name in paths"},
	{name: "map", shape: composite(readMapName), required: true, doc: "the map whose changes it looks at"},
	{name: "side", shape: sideWord, required: true, doc: "the side that refuses: finops or dataverse"},
	{name: "refuse", shape: leaf{share}, doc: "how many of the changes carried there it refuses, for example 0.3%"},
	{name: "required", shape: composite(readRequired), doc: "a column that must not be empty: name"},
	{name: "allowed", shape: composite(readAllowed), doc: "the values that a column may have, as the side writes them: {status: [Open, Closed]}"},
	{name: "longest", shape: composite(readLongest), doc: "how many characters the text of a column may have: {name: 60}"},
	{name: "range", shape: composite(readRange), doc: "between which numbers a column must lie: {credit: [0, 100000]}"},
	{
		name: "users", shape: leaf{truth}, standard: "false", source: "assumed: users of the side have learnt its rules",
		doc: "whether users of the side are refused, too; their whole transaction fails",
	},
	{
		name: "reason", shape: text{bytesMax: 256}, standard: "refused by a business rule", source: "assumed: the scenario does not say",
		doc: "the message on the error desk, or the name of an error text of the catalog, for example duplicate-key",
	},
}}

func readRequired(c *checker, n *node, path string) *node {
	out := name.check(c, n, path)
	if out != nil {
		out.value = openRule{column: out.text, at: n.at}
	}
	return out
}

func readAllowed(c *checker, n *node, path string) *node {
	return readRule(c, n, path, "write {status: [Open, Closed]}", func(v *node, path string, r *openRule) *node {
		shown := readCells(c, v, path)
		if shown != nil {
			r.cells, r.rule.Values = shown.items, texts(shown.items)
		}
		return shown
	})
}

func readLongest(c *checker, n *node, path string) *node {
	return readRule(c, n, path, "write {name: 60}", func(v *node, path string, r *openRule) *node {
		shown := leaf{whole(1, 100_000)}.check(c, v, path)
		if shown != nil {
			r.rule.Most = as[int](shown.value)
		}
		return shown
	})
}

func readRange(c *checker, n *node, path string) *node {
	const hint = "write {credit: [0, 100000]}"
	return readRule(c, n, path, hint, func(v *node, path string, r *openRule) *node {
		var bounds [2]int64
		sound := v.kind == sequence && len(v.items) == 2
		for i := 0; sound && i < 2; i++ {
			bounds[i], sound = millionths(v.items[i].text)
		}
		if !sound || bounds[0] > bounds[1] {
			c.fault(v, path, hint, "two numbers are needed, the lower one first")
			return nil
		}
		r.rule.Low, r.rule.High = bounds[0], bounds[1]
		return v
	})
}

// readRule reads a rule about one column.
func readRule(c *checker, n *node, path, hint string, read func(v *node, path string, r *openRule) *node) *node {
	if n.kind != mapping || len(n.fields) != 1 {
		c.fault(n, path, hint, "a rule is about one column")
		return nil
	}
	f := n.fields[0]
	r := openRule{column: f.key, at: f.at}
	shown := read(f.value, join(path, f.key), &r)
	if shown == nil {
		return nil
	}
	out := &node{kind: mapping, at: n.at, value: r}
	out.put(f.key, f.at, &node{kind: shown.kind, at: shown.at, text: shown.text, items: shown.items})
	return out
}

// checkValidation lets a validation go by one thing, finds its column and its text.
func checkValidation(c *checker, raw, n *node, path string) {
	var given []string
	for _, k := range []string{"refuse", "required", "allowed", "longest", "range"} {
		if raw.get(k) != nil {
			given = append(given, k)
		}
	}
	if len(given) != 1 {
		c.fault(n, path, "write one of refuse: 0.3%, required: name, allowed: {status: [Open]}, longest: {name: 60}, range: {credit: [0, 100000]}",
			"a validation goes by one thing, and this one by %d", len(given))
		return
	}
	if reason := n.get("reason"); reason != nil {
		causes := catalog.Causes()
		if i := slices.IndexFunc(causes, func(x catalog.Cause) bool { return x.Name == reason.text }); i >= 0 {
			reason.value = causes[i].Template()
		}
	}
	m, rule := c.mapOf(n), n.get(given[0])
	if m == nil || rule == nil || given[0] == "refuse" {
		return
	}
	r := as[openRule](rule.value)
	path = join(path, given[0])
	if r.rule.Column = slices.Index(m.columns, r.column); r.rule.Column < 0 {
		c.errs.report(r.at, path, c.errs.didYouMean(r.column, m.columns), "the map %s has no column %s", m.name, quote(r.column))
		return
	}
	typ := m.types[r.rule.Column]
	for _, cell := range r.cells {
		c.judgeCell(cell, typ, path)
	}
	switch {
	case given[0] == "longest" && typ != Text:
		c.errs.report(r.at, path, "write range: {"+r.column+": [0, 100000]}", "%s holds numbers, which have no length", quote(r.column))
	case given[0] == "range" && typ != Number:
		c.errs.report(r.at, path, "add type: number to the column, or write allowed", "%s holds texts, which lie between no numbers", quote(r.column))
	}
	rule.value = r.rule
}
