package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A shape is the form that a part of a scenario must have. Shapes are data:
// the table in schema.go is built from them, and everything that depends on
// the language walks that table: reading, defaults, overrides, the resolved
// file and the list of inputs.
type shape interface {
	// check turns what the file has into its canonical form, with defaults
	// filled in. It reports every fault and returns nil after one that
	// leaves nothing to go on with.
	check(c *checker, n *node, path string) *node

	// part finds the value that one segment of a path names below n.
	part(n *node, segment string) (slot, error)
}

// key is one key of an object.
type key struct {
	name     string
	shape    shape
	doc      string
	standard string // the default, in YAML; empty for none
	source   string // "documented: where" or "assumed: why"
	required bool
	later    string // not built yet, and this is why or what to do instead
	expands  bool   // it is written out while the file is read; see [expand]
}

// object is a mapping with known keys.
type object struct {
	name string
	keys []key
	also rule // what the keys must fulfil together
}

// rule judges a checked object n. raw is what the file has: a key that is in
// raw and not in n was wrong and has been reported.
type rule func(c *checker, raw, n *node, path string)

// list is a list of named items.
type list struct {
	name  string // of one item, "fault": unnamed ones are called fault-1, fault-2
	item  shape
	named string // the key that holds an item's name
	by    string // another key that gives an unnamed item its name
	short bool   // a plain name stands for an item that has no more than that, under by if there is one
	least int
}

// choice is an object whose keys depend on the word under one of them.
type choice struct {
	name  string
	by    string
	usual string // the word where none is given; empty: one is needed
	cases []alternative
	value *quantity                                      // a plain quantity that may stand for the whole
	build func(c *checker, n *node, path string) (v any) // what the whole stands for; nil after an error
}

type alternative struct {
	word   string
	object object
	later  string
}

// leaf is a scalar that is a quantity.
type leaf struct{ quantity }

// word is a scalar that is one of a few words.
type word struct {
	name    string
	choices []meaning
}

type meaning struct {
	word  string
	value any
	later string
}

// text is a scalar that is free text, or an identifier, which paths can name.
type text struct {
	identifier bool
	bytesMax   int
}

// composite is a small part with a form of its own, set only as a whole.
type composite func(c *checker, n *node, path string) *node

// checker walks a scenario along the schema.
type checker struct {
	errs  *collector
	start time.Time // of the scenario; zero when it is not valid
	maps  []mapOutline

	mapNames, workloads, jobs []string

	standards map[string]*node // defaults that were parsed; they are only read

	samples []*Sample // files to read before the scenario can run
}

// fault reports a fault at a node.
func (c *checker) fault(n *node, path, hint, format string, args ...any) {
	c.errs.report(n.at, path, hint, format, args...)
}

// key checks the value of a key.
func (c *checker) key(k *key, n *node, at position, path string) *node {
	if k.later != "" {
		c.errs.report(at, path, k.later, "%s is not built yet", k.name)
		return nil
	}
	if k.expands {
		c.errs.report(at, path, "write it into the file", "%s is written out while the file is read, and cannot be set afterwards", k.name)
		return nil
	}
	if n.kind == null {
		hint := k.doc
		if !k.required {
			hint = "remove the key, or give it a value"
		}
		c.fault(n, path, hint, "%s has no value", k.name)
		return nil
	}
	out := k.shape.check(c, n, path)
	if out != nil && k.standard != "" {
		out.standard, out.source = c.standard(k, path), k.source
	}
	return out
}

// standard returns the canonical form of a key's default.
func (c *checker) standard(k *key, path string) *node {
	if c.standards == nil {
		c.standards = map[string]*node{}
	}
	n := c.standards[k.standard]
	if n == nil {
		n = parseStandard(k)
		c.standards[k.standard] = n
	}
	own := &checker{errs: &collector{}, start: c.start, maps: c.maps, mapNames: c.mapNames, standards: c.standards}
	out := k.shape.check(own, n, path)
	if own.errs.count() > 0 {
		panic(fmt.Sprintf("scenarios: the default of %s is wrong: %v", path, own.errs.sorted()))
	}
	return out
}

// parseStandard parses the default of a key.
func parseStandard(k *key) *node {
	errs := &collector{}
	n := parseTree(&origin{file: "default", standard: true}, []byte(k.standard), errs)
	if n == nil || errs.count() > 0 {
		panic(fmt.Sprintf("scenarios: the default of %s is not YAML: %v", k.name, errs.sorted()))
	}
	return n
}

func (o object) check(c *checker, n *node, path string) *node {
	if n.kind != mapping {
		c.fault(n, path, "it has the keys "+strings.Join(o.names(), ", "), "%s must be a mapping, not %s", o.name, n.kind)
		return nil
	}
	out := &node{kind: mapping, at: n.at}
	var misspelt []string
	for _, f := range n.fields {
		if o.find(f.key) == nil {
			if !c.errs.full() {
				misspelt = append(misspelt, nearest(f.key, o.names()))
			}
			c.errs.report(f.at, join(path, f.key), c.errs.didYouMean(f.key, o.names()), "unknown key %s in %s", quote(f.key), o.name)
		}
	}
	for i := range o.keys {
		k := &o.keys[i]
		below := join(path, k.name)
		f := slices.IndexFunc(n.fields, func(f field) bool { return f.key == k.name })
		switch {
		case f >= 0:
			if v := c.key(k, n.fields[f].value, n.fields[f].at, below); v != nil {
				out.put(k.name, n.fields[f].at, v)
			}
		case k.standard != "":
			v := c.standard(k, below)
			v.standard, v.source = v, k.source
			out.put(k.name, v.at, v)
		case k.required && !slices.Contains(misspelt, k.name):
			c.fault(n, below, k.doc, "%s needs the key %s", o.name, k.name)
		}
	}
	if o.also != nil {
		o.also(c, n, out, path)
	}
	return out
}

func (o object) names() []string {
	var names []string
	for _, k := range o.keys {
		if k.later == "" {
			names = append(names, k.name)
		}
	}
	return names
}

func (o object) find(name string) *key {
	for i := range o.keys {
		if o.keys[i].name == name {
			return &o.keys[i]
		}
	}
	return nil
}

func (l list) check(c *checker, n *node, path string) *node {
	if n.kind != sequence {
		c.fault(n, path, "write each as an item: - ...", "a list of %ss is needed, not %s", l.name, n.kind)
		return nil
	}
	out := &node{kind: sequence, at: n.at}
	taken := map[string]position{}
	for i, item := range n.items {
		item = l.full(item)
		name := l.nameOf(i, item)
		below := join(path, name)
		if item.kind == mapping && item.get(l.named) == nil {
			item.fields = append([]field{{l.named, item.at, &node{kind: scalar, at: item.at, text: name}}}, item.fields...)
		}
		if first, twice := taken[name]; twice {
			c.fault(item, below, "names make the paths of values; give each "+l.name+" its own", "a second %s with the name %s; the first is in line %d", l.name, quote(name), first.line)
			continue
		}
		taken[name] = item.at
		if v := l.item.check(c, item, below); v != nil {
			v.name = name
			out.items = append(out.items, v)
		}
	}
	if len(n.items) < l.least {
		c.fault(n, path, "write an item: - ...", "at least %d %s is needed", l.least, l.name)
	}
	return out
}

// full spells out an item that is no more than its name.
func (l list) full(item *node) *node {
	if !l.short || item.kind != scalar {
		return item
	}
	name := l.named
	if l.by != "" {
		name = l.by
	}
	return &node{kind: mapping, at: item.at, fields: []field{{name, item.at, item}}}
}

// nameOf returns the segment that an item has in paths.
func (l list) nameOf(i int, item *node) string {
	if name := item.textOf(l.named); name != "" {
		return name
	}
	if name := item.textOf(l.by); name != "" {
		return name
	}
	return l.name + "-" + strconv.Itoa(i+1)
}

func (ch choice) check(c *checker, n *node, path string) *node {
	if n.kind == scalar && ch.value != nil {
		out := leaf{*ch.value}.check(c, n, path)
		if out != nil {
			out.value = ch.build(c, out, path)
		}
		return out
	}
	if n.kind != mapping {
		c.fault(n, path, ch.hint(), "%s must be a mapping, not %s", ch.name, n.kind)
		return nil
	}
	by := n.get(ch.by)
	if by == nil && ch.usual != "" {
		by = &node{kind: scalar, at: n.at, text: ch.usual}
	}
	if by == nil {
		c.fault(n, join(path, ch.by), ch.hint(), "%s needs the key %s", ch.name, ch.by)
		return nil
	}
	for _, a := range ch.cases {
		if a.word != by.text || by.kind != scalar {
			continue
		}
		if a.later != "" {
			c.fault(by, join(path, ch.by), a.later, "%s: %s is not built yet", ch.by, a.word)
			return nil
		}
		before := c.errs.count()
		out := a.object.check(c, n, path)
		if out != nil && ch.build != nil && c.errs.count() == before {
			out.value = ch.build(c, out, path)
		}
		return out
	}
	c.fault(by, join(path, ch.by), c.errs.didYouMean(by.text, ch.words()), "unknown %s %s", ch.by, quote(by.text))
	return nil
}

func (ch choice) words() []string {
	var words []string
	for _, a := range ch.cases {
		if a.later == "" {
			words = append(words, a.word)
		}
	}
	return words
}

func (ch choice) hint() string {
	hint := ch.by + " is one of " + strings.Join(ch.words(), ", ")
	if ch.value != nil {
		hint = "write " + ch.value.name + " (" + ch.value.example + "), or a mapping where " + hint
	}
	return hint
}

func (l leaf) check(c *checker, n *node, path string) *node {
	if n.kind != scalar {
		c.fault(n, path, "for example "+l.example, "%s is needed, not %s", l.name, n.kind)
		return nil
	}
	const runesMax = 64
	v, err := any(nil), errForm
	if len(n.text) <= runesMax {
		v, err = l.read(n.text)
	}
	switch {
	case err == nil:
		return &node{kind: scalar, at: n.at, text: l.write(v), value: v}
	case errors.Is(err, errUnit):
		c.fault(n, path, "write the unit: "+l.example, "%s has no unit; %s needs one", quote(n.text), l.name)
	case errors.Is(err, errRange):
		c.fault(n, path, "for example "+l.example, "%s is out of range; %s is needed", quote(n.text), l.name)
	default:
		c.fault(n, path, "for example "+l.example, "%s is not %s", quote(n.text), l.name)
	}
	return nil
}

func (w word) check(c *checker, n *node, path string) *node {
	known := w.words()
	if n.kind != scalar {
		c.fault(n, path, "one of "+strings.Join(known, ", "), "%s is needed, not %s", w.name, n.kind)
		return nil
	}
	for _, m := range w.choices {
		if m.word != n.text {
			continue
		}
		if m.later != "" {
			c.fault(n, path, m.later, "%s is not built yet", m.word)
			return nil
		}
		return &node{kind: scalar, at: n.at, text: m.word, value: m.value}
	}
	c.fault(n, path, c.errs.didYouMean(n.text, known), "%s is not %s", quote(n.text), w.name)
	return nil
}

func (w word) words() []string {
	var words []string
	for _, m := range w.choices {
		if m.later == "" {
			words = append(words, m.word)
		}
	}
	return words
}

func (t text) check(c *checker, n *node, path string) *node {
	switch {
	case n.kind != scalar:
		c.fault(n, path, "put the text in quotes", "a text is needed, not %s", n.kind)
	case len(n.text) > t.bytesMax:
		c.fault(n, path, "shorten it", "a text of %d bytes; it may have %d", len(n.text), t.bytesMax)
	case n.text == "":
		c.fault(n, path, "remove the key, or write something", "an empty text")
	case t.identifier && !isIdentifier(n.text):
		c.fault(n, path, "letters, digits, - and _, beginning with a letter or digit", "%s cannot be a name", quote(n.text))
	default:
		return &node{kind: scalar, at: n.at, text: n.text, value: n.text}
	}
	return nil
}

func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || r != '-' && r != '_') {
			return false
		}
	}
	return s != ""
}

func (f composite) check(c *checker, n *node, path string) *node { return f(c, n, path) }

// join appends a segment to a path.
func join(path, segment string) string {
	if path == "" {
		return segment
	}
	return path + "." + segment
}
