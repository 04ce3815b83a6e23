package scenarios

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Written is what users write into a column, or records hold in it, in place of
// what would be made up: one of Values each time, evenly, so that writing one
// twice gives it twice the weight. An empty text is null. In a column with codes
// they are the ones of finance & operations; users of Dataverse write their
// counterparts.
type Written struct {
	Column int // index into the map's Columns
	Values []string
}

// namedContents are the values of a column that is still a name.
type namedContents struct {
	column string
	at     position
	values []*node
}

// readContents reads what columns hold; see [checker.resolveContents].
func readContents(c *checker, n *node, path string) *node {
	return readPairs(c, n, path, "write {status: [Open, Closed]}: the column, then what it holds", func(column string, v *node, path string) (*node, any) {
		shown := readCells(c, v, path)
		if shown == nil {
			return nil, nil
		}
		return shown, namedContents{column, v.at, shown.items}
	})
}

// readCells reads the values of one column; one alone needs no brackets.
func readCells(c *checker, n *node, path string) *node {
	if n.kind == scalar {
		n = &node{kind: sequence, at: n.at, items: []*node{n}}
	}
	if n.kind != sequence {
		c.fault(n, path, "write [Open, Closed]", "a list of values is needed, not %s", n.kind)
		return nil
	}
	if len(n.items) == 0 {
		c.fault(n, path, "write [Open, Closed], or remove it", "a list without a value")
		return nil
	}
	out := &node{kind: sequence, at: n.at}
	for _, item := range n.items {
		v := cellShape{}.check(c, item, path)
		if v == nil {
			return nil
		}
		out.items = append(out.items, v)
	}
	out.value = texts(out.items)
	return out
}

func texts(nodes []*node) []string {
	all := make([]string, len(nodes))
	for i, n := range nodes {
		all[i] = n.text
	}
	return all
}

// resolveContents turns the names of columns into indexes, in the map's order,
// and judges the values by what the columns take.
func (c *checker) resolveContents(n *node, m *mapOutline, path string) {
	if n == nil {
		return
	}
	contents := []Written{}
	for _, v := range as[[]any](n.value) {
		named := as[namedContents](v)
		i := slices.Index(m.columns, named.column)
		if i < 0 {
			c.errs.report(named.at, join(path, named.column), c.errs.didYouMean(named.column, m.columns), "the map %s has no column %s", m.name, quote(named.column))
			continue
		}
		for _, cell := range named.values {
			c.judgeCell(cell, m.types[i], join(path, named.column))
		}
		contents = append(contents, Written{i, texts(named.values)})
	}
	slices.SortFunc(contents, func(a, b Written) int { return a.Column - b.Column })
	n.value = contents
}

// judgeCell reports a value that a column does not take. An empty one is null.
func (c *checker) judgeCell(cell *node, typ ColumnType, path string) {
	if _, ok := (&Column{Type: typ}).Value(cell.text); !ok && cell.text != "" {
		c.fault(cell, path, "a number has at most 6 decimals and 12 digits before them", "%s is not a number", quote(cell.text))
	}
}

// uncoded warns of values that users write into a column with codes, and that have
// none.
func (f *foresight) uncoded() {
	for i := range f.s.Maps {
		m := &f.s.Maps[i]
		for j := range m.Columns {
			f.uncodedValues(&m.Columns[j], m.Columns[j].Contents, join(join("maps", m.Name), "columns."+m.Columns[j].Name+".contents"))
		}
	}
	for _, r := range f.s.Records {
		for _, w := range r.Contents {
			c := &f.s.Maps[r.Map].Columns[w.Column]
			f.uncodedValues(c, w.Values, join(join("records", r.Name), "contents."+c.Name))
		}
	}
	for _, w := range f.s.Workload {
		for _, s := range w.Transaction {
			for _, content := range s.Contents {
				c := &f.s.Maps[s.Map].Columns[content.Column]
				f.uncodedValues(c, content.Values, join(join("workload", w.Name), "transaction."+s.Name+".contents."+c.Name))
			}
		}
	}
}

func (f *foresight) uncodedValues(c *Column, values []string, path string) {
	if c.Values == nil || c.Values.FallThrough {
		return
	}
	for _, v := range values {
		if v != "" && !slices.ContainsFunc(c.Values.Pairs, func(pair [2]string) bool { return pair[engine.FinOps] == v }) {
			f.warn(path, "add it to the codes, if that is not what is to be shown", "%s has no code: each change of %s to it will be an application failure", quote(v), c.Name)
		}
	}
}
