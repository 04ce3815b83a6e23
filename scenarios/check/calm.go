package check

import (
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Two twins change the order of things, or the sides: then timing is another, and
// timing decides whether two edits are concurrent. They compare what does not depend
// on it: all edits come before the engine starts, so that on both sides they are
// concurrent, and the primary decides.

// calm returns what is left of a case without all that depends on timing or chance:
// the engine starts when all is edited, nothing breaks, and nothing needs the other
// side at once, as live maps and deletes do, and what leaves its map's scope.
func (*Subject) calm(c *Case) *Case {
	d := c.Clone()
	d.Operations, d.Setup.Live, d.Setup.Validations = nil, nil, nil
	d.Setup.LeaveDelete = false
	d.Setup.Permuted, d.Setup.Timeout, d.Setup.Attempts, d.Setup.PurgeAfter = false, 0, 0, 0
	for _, side := range engine.Sides {
		s := d.Setup.System(side)
		*s = SystemSetup{FoldCase: s.FoldCase, Overwrite: s.Overwrite}
	}
	for i := range d.Transactions {
		t := &d.Transactions[i]
		t.OpenFor, t.PastHook = 0, false
		t.Edits = slices.DeleteFunc(t.Edits, func(e Edit) bool {
			return e.Op == "delete" || strings.ContainsAny(e.Key, engine.DataverseRefuses) // one side only refuses those
		})
	}
	d.Transactions = slices.DeleteFunc(d.Transactions, func(t Transaction) bool { return len(t.Edits) == 0 })
	for i := range d.Transactions { // one after the other: each has committed before the next begins
		d.Transactions[i].At = Span(i) * second
	}
	start := Span(len(d.Transactions)+60) * second
	d.Faults = []Fault{{Kind: "engine-crash", At: Span(time.Microsecond), Restart: start}}
	return d
}

// mirrorCase lets each side do what the other has done. Where it tells who comes first the
// end is not the mirrored one: the two sides are not asked at one instant.
func mirrorCase(s *Subject, c *Case, _ *Plan) bool {
	c.Setup.Primary ^= 1
	c.Setup.FinOps, c.Setup.Dataverse = c.Setup.Dataverse, c.Setup.FinOps
	for i := range c.Transactions {
		c.Transactions[i].Side ^= 1
	}
	return len(c.Transactions) > 0 && !s.firstTells(c)
}

// firstTells reports whether the end may depend on which record is taken in first. Of those
// that contend for a unique value, whoever comes before it is free waits, perhaps for a record
// that is parked. Of those that look each other up, the first is created without its lookup
// once that is in the queue; but what is known by then to be out of its map's scope is not
// waited for.
func (s *Subject) firstTells(c *Case) bool { return s.contended(c) || s.filtersCircles(c) }

// filtersCircles reports whether records of a case may look each other up in a circle, and be
// out of their map's scope.
func (s *Subject) filtersCircles(c *Case) bool {
	tables, places, _ := s.tables(&c.Setup) // the case has been executed
	for i, m := range tables {
		if s.Maps[places[i]].filtered() && slices.ContainsFunc(m.Columns, func(c engine.Column) bool { return c.Circular }) {
			return true
		}
	}
	return false
}

// contended reports whether records of a case may contend for a unique value.
func (s *Subject) contended(c *Case) bool {
	return slices.ContainsFunc(c.Setup.Maps, func(name string) bool { return s.unique(&c.Setup, name) })
}

// unlessFirstTells makes a change only where it does not matter which record is taken in
// first.
func unlessFirstTells(change func(*Subject, *Case, *Plan) bool) func(*Subject, *Case, *Plan) bool {
	return func(s *Subject, c *Case, p *Plan) bool { return change(s, c, p) && !s.firstTells(c) }
}

// mirrored returns the subject with its two sides exchanged.
func (s *Subject) mirrored() *Subject {
	m := &Subject{Name: s.Name, Maps: slices.Clone(s.Maps)}
	codes := map[*engine.ValueMap]*engine.ValueMap{nil: nil} // a column has the same ones both ways
	for i := range m.Maps {
		t := &m.Maps[i].Table
		t.Entity[0], t.Entity[1] = t.Entity[1], t.Entity[0]
		t.Scopes[0], t.Scopes[1] = t.Scopes[1], t.Scopes[0]
		t.Filter[0], t.Filter[1] = t.Filter[1], t.Filter[0]
		t.Columns = slices.Clone(t.Columns)
		for j := range t.Columns {
			c := &t.Columns[j]
			switch c.Flow {
			case engine.ToDataverse:
				c.Flow = engine.ToFinOps
			case engine.ToFinOps:
				c.Flow = engine.ToDataverse
			}
			c.Into[0], c.Into[1] = c.Into[1], c.Into[0]
			for side := range c.Into {
				v := c.Into[side].Values
				if _, made := codes[v]; !made {
					codes[v] = mirroredCodes(v)
				}
				c.Into[side].Values = codes[v]
			}
		}
	}
	return m
}

// mirroredCodes returns a table of codes with its two sides exchanged.
func mirroredCodes(v *engine.ValueMap) *engine.ValueMap {
	m := *v
	m.Pairs = slices.Clone(v.Pairs)
	for i := range m.Pairs {
		m.Pairs[i][0], m.Pairs[i][1] = m.Pairs[i][1], m.Pairs[i][0]
	}
	return &m
}

// mirroredData compares what one world ends with to the mirror of the other's end.
func mirroredData(a, b *Execution) string {
	var m Data
	for _, line := range b.Data {
		for _, side := range engine.Sides {
			if rest, of := strings.CutPrefix(line, side.String()+" "); of {
				m = append(m, side.Other().String()+" "+rest)
				break
			}
		}
	}
	slices.Sort(m)
	return differing(a.Data, m)
}

// swapNeighbours exchanges transactions that follow each other on one side and have
// nothing to do with each other. Where changes are taken in by and by, by a queue or a pull
// that is bounded, what is swapped shifts who is taken in first.
func swapNeighbours(s *Subject, c *Case, _ *Plan) (some bool) {
	for i := 1; i < len(c.Transactions); i++ {
		a, b := &c.Transactions[i-1], &c.Transactions[i]
		if a.Side == b.Side && !s.looksUp(a) && !s.looksUp(b) && !touchOne(a, b) && !s.contend(c, a, b) {
			a.Edits, b.Edits = b.Edits, a.Edits
			some = true
			i++
		}
	}
	return some && !(c.Setup.Queue+c.Setup.Pull > 0 && s.firstTells(c))
}

// looksUp reports whether a transaction sets a lookup: then it matters what was
// there before.
func (s *Subject) looksUp(t *Transaction) bool {
	return slices.ContainsFunc(t.Edits, func(e Edit) bool {
		m := &s.Maps[s.place(e.Map)]
		return slices.ContainsFunc(e.Set, func(v Value) bool {
			at := m.column(v.Column)
			return v.To != "" && at >= 0 && len(m.Table.Columns[at].Lookups) > 0
		})
	})
}

// touchOne reports whether two transactions edit one record, by whichever spelling.
func touchOne(a, b *Transaction) bool {
	return slices.ContainsFunc(a.Edits, func(x Edit) bool {
		return slices.ContainsFunc(b.Edits, func(y Edit) bool {
			return x.Map == y.Map && x.Company == y.Company && strings.EqualFold(x.Key, y.Key)
		})
	})
}

// contend reports whether two transactions edit records of a map with unique values:
// who comes first has the value.
func (s *Subject) contend(c *Case, a, b *Transaction) bool {
	return slices.ContainsFunc(a.Edits, func(x Edit) bool {
		return s.unique(&c.Setup, x.Map) && slices.ContainsFunc(b.Edits, func(y Edit) bool { return y.Map == x.Map })
	})
}

// unique reports whether a map has a column of unique values.
func (s *Subject) unique(setup *Setup, name string) bool {
	return slices.ContainsFunc(s.Maps[s.place(name)].Table.Columns, func(c engine.Column) bool {
		return c.Unique || slices.Contains(setup.Unique, name+"."+c.Name)
	})
}

// sameEnd compares all that both sides hold in the end.
func sameEnd(a, b *Execution) string { return differing(a.Data, b.Data) }
