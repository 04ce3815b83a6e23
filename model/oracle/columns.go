package oracle

import "github.com/twinwrite/twinwrite/engine"

// set is a set of column groups of one table map, by their place.
type set uint64

func only(g int) set { return 1 << g }

func (s set) has(g int) bool { return s>>g&1 == 1 }

// shape is what the oracle has found out about a table map for itself.
type shape struct {
	*engine.TableMap
	lookups []int // columns that hold lookups
	plain   []bool
	groups  []columns
	out     [2]set // by side: groups in which its changes are carried
	whole   set    // all groups

	// simple says that nothing sets the map apart from two tables with the same
	// columns: one group that flows both ways, copied as it is and never filtered.
	simple bool
}

// columns are some columns that conflict together. Their order is part of the
// contract: references and writes name groups by their place.
type columns struct {
	flow  engine.Flow
	alone bool
	list  []int
}

// shapeOf sorts a map's columns into groups: those that flow both ways into
// one, or each into its own; those that flow one way into one for each way; and
// each lookup that can close a circle into its own.
func shapeOf(m *engine.TableMap) shape {
	s := shape{TableMap: m, simple: everything(&m.Filter[0]) && everything(&m.Filter[1])}
	for i := range m.Columns {
		c := &m.Columns[i]
		if len(c.Lookups) > 0 {
			s.lookups = append(s.lookups, i)
		}
		plain := c.Into == [2]engine.Transform{} && c.Canonical == engine.Form{}
		s.plain = append(s.plain, plain)
		s.simple = s.simple && plain
		alone := c.Circular || c.Flow == engine.BothWays && m.Granularity == engine.PerField
		at := len(s.groups)
		for g := range s.groups {
			if !alone && !s.groups[g].alone && s.groups[g].flow == c.Flow {
				at = g
			}
		}
		if at == len(s.groups) {
			s.groups = append(s.groups, columns{flow: c.Flow, alone: alone})
		}
		s.groups[at].list = append(s.groups[at].list, i)
	}
	for g := range s.groups {
		s.whole |= only(g)
		if s.groups[g].flow != engine.ToFinOps {
			s.out[engine.FinOps] |= only(g)
		}
		if s.groups[g].flow != engine.ToDataverse {
			s.out[engine.Dataverse] |= only(g)
		}
	}
	s.simple = s.simple && len(s.groups) == 1 && s.groups[0].flow == engine.BothWays
	return s
}

// differ returns the groups in which two records of one side differ.
func (s *shape) differ(a, b []engine.Value) set {
	var found set
	for g := range s.groups {
		for _, c := range s.groups[g].list {
			if !s.same(c, &a[c], &b[c]) {
				found |= only(g)
				break
			}
		}
	}
	return found
}

// same compares two values of a column as one side writes them.
func (s *shape) same(column int, a, b *engine.Value) bool {
	if s.plain[column] {
		return sameValue(a, b)
	}
	f := &s.Columns[column].Canonical
	x, y := canonical(f, *a), canonical(f, *b)
	return sameValue(&x, &y)
}

// became reports whether a group of side y holds what the other side's values x
// become on their way.
func (s *shape) became(g int, y engine.Side, x, held []engine.Value) bool {
	for _, c := range s.groups[g].list {
		if !s.arrived(c, y, &x[c], &held[c]) {
			return false
		}
	}
	return true
}

// arrived is became for one column.
func (s *shape) arrived(column int, y engine.Side, x, held *engine.Value) bool {
	if s.plain[column] {
		return sameValue(x, held)
	}
	v, ok := translated(&s.Columns[column], y, *x)
	return ok && s.same(column, &v, held)
}

// apart returns the columns for which a group that does not match is not the same on both
// sides: those that arrive in no direction in which they flow. Where each arrives in one,
// and no direction brings them all, it is those that miss one.
func (s *shape) apart(g int, a, b []engine.Value) []int {
	var none, one []int
	for _, c := range s.groups[g].list {
		flows, arrives := 0, 0
		for _, from := range engine.Sides {
			if !s.out[from].has(g) {
				continue
			}
			x, held := &a[c], &b[c]
			if from == engine.Dataverse {
				x, held = held, x
			}
			flows++
			if s.arrived(c, from.Other(), x, held) {
				arrives++
			}
		}
		switch {
		case arrives == 0:
			none = append(none, c)
		case arrives < flows:
			one = append(one, c)
		}
	}
	if len(none) == 0 {
		return one
	}
	return none
}

// matches reports whether a group is the same on both sides: what one holds is
// what the other's becomes, in a direction in which it flows.
func (s *shape) matches(g int, a, b []engine.Value) bool {
	return s.out[engine.FinOps].has(g) && s.became(g, engine.Dataverse, a, b) ||
		s.out[engine.Dataverse].has(g) && s.became(g, engine.FinOps, b, a)
}
