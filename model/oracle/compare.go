package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// sameValue compares two column values. Null, empty and zero differ; lookups
// are the same when they name the same pair, whatever the spelling.
func sameValue(a, b *engine.Value) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case engine.KindNull:
		return true
	case engine.KindText:
		return a.Text == b.Text
	case engine.KindNumber:
		return a.Number == b.Number
	case engine.KindLookup:
		x, y := a.Target, b.Target
		return x == y || x.Map == y.Map && x.Company == y.Company && x.ID == y.ID
	}
	return false
}

// sameContent compares all mapped columns.
func sameContent(a, b []engine.Value) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if !sameValue(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

// alive reports whether a side holds the record.
func alive(r *engine.Record) bool { return r != nil && r.Alive }

// standing is how the two sides of a pair compare.
type standing uint8

const (
	differ standing = iota
	equal
	apart // nothing is carried, nothing to compare: one of them is out of the map's scope, or was made where nothing flows from
)

// compared compares the two sides of a pair, as far as their contents are
// carried: what was edited where it does not flow from stays as it is until the
// other side changes it.
func (o *Oracle) compared(p *pair) standing {
	s := &o.shapes[p.key().Map]
	a, b := p.record[engine.FinOps], p.record[engine.Dataverse]
	switch {
	case p.aside || s.outside(engine.FinOps, a) || s.outside(engine.Dataverse, b):
		return apart
	case !alive(a) && !alive(b):
		return equal
	case !alive(a) && s.ownOf(engine.Dataverse, b), !alive(b) && s.ownOf(engine.FinOps, a):
		return apart
	case !alive(a) || !alive(b):
		return differ
	case s.simple && sameContent(a.Values, b.Values):
		return equal
	}
	for g := range s.groups {
		if p.parted(s, g) {
			return differ
		}
	}
	return equal
}

// parted reports whether a column group of a pair that both sides hold is not the same
// there, and should be.
func (p *pair) parted(s *shape, g int) bool {
	return !s.matches(g, p.record[engine.FinOps].Values, p.record[engine.Dataverse].Values) && !p.drifts(s, g)
}

// ownOf reports whether a record was made by users of a side from which nothing flows: it
// knows nothing of the other side, which will never hear of it.
func (s *shape) ownOf(side engine.Side, r *engine.Record) bool {
	return s.out[side] == 0 && alive(r) && !slices.ContainsFunc(r.Mark.Groups, func(g engine.GroupMark) bool { return g.Seen > 0 })
}

// drifts reports whether a column group that flows one way was edited where it
// flows to, and its source has nothing newer that is to be carried: what was
// overridden, dismissed, made in a life that is over or gone with its record is not, nor what
// a later change stands for.
func (p *pair) drifts(s *shape, g int) bool {
	if p.more == nil || !p.more.drift.has(g) {
		return false
	}
	x := engine.FinOps
	if !s.out[x].has(g) {
		x = engine.Dataverse
	}
	is, was := p.stand(x, g).commits[x], p.stand(x.Other(), g).commits[x]
	stood := false // a later change, which was captured, stands for what went past the hook before
	for w := p.walk(x, g, was, is); is > was; {
		c := w.next()
		if c == nil {
			break
		}
		over := p.record[x] != nil && c.life < p.record[x].Mark.Incarnation
		ended := c.what.has(settled) && (c.class == engine.Dismissed || c.class == engine.ConcurrencyFailure)
		if !over && !(c.dropped | c.went).has(g) && !ended && !(stood && !c.what.has(captured)) {
			return false
		}
		stood = stood || c.what.has(captured)
	}
	return true
}
