package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// belongs reports whether a record of a side belongs to the map.
func (s *shape) belongs(side engine.Side, k *engine.Key, values []engine.Value) bool {
	return (!s.Company || k.Company != "") && s.passes(&s.Filter[side], values)
}

// outside reports whether a side holds the record outside the map's scope.
func (s *shape) outside(side engine.Side, r *engine.Record) bool {
	if !alive(r) || s.simple && !s.Company {
		return false
	}
	return !s.belongs(side, r.Key, r.Values)
}

// leaves reports whether a change takes a record out of the map's scope and deletes the
// other side's by that: here it goes on in another life.
func (s *shape) leaves(side engine.Side, prev, after *engine.Record) bool {
	return s.OnLeave == engine.LeaveDelete && alive(prev) && alive(after) && s.outside(side, after) && !s.outside(side, prev)
}

// everything reports whether a filter lets every record pass.
func everything(f *engine.Filter) bool { return f.Test == engine.Every && len(f.Of) == 0 }

// passes asks a filter about a record. Nothing is ever equal to null, nor
// different from it.
func (s *shape) passes(f *engine.Filter, values []engine.Value) bool {
	switch f.Test {
	case engine.Every:
		for i := range f.Of {
			if !s.passes(&f.Of[i], values) {
				return false
			}
		}
		return true
	case engine.Some:
		for i := range f.Of {
			if s.passes(&f.Of[i], values) {
				return true
			}
		}
		return false
	}
	for i := range s.Columns {
		if s.Columns[i].Name != f.Column {
			continue
		}
		v, wanted := canonical(&s.Columns[i].Canonical, values[i]), canonical(&s.Columns[i].Canonical, f.Value)
		null := v.Kind == engine.KindNull
		switch f.Test {
		case engine.IsNull:
			return null
		case engine.IsNotNull:
			return !null
		case engine.Equals:
			return !null && sameValue(&v, &wanted)
		case engine.Differs:
			return !null && !sameValue(&v, &wanted)
		}
	}
	return false
}

// scoped follows a write of the engine that leaves a record out of scope, or takes it
// back in. One that seals moves nothing: what users had made out of scope is none that left.
func (o *Oracle) scoped(at sim.Time, s *shape, p *pair, side engine.Side, w *engine.Write, prev, after *engine.Record) {
	if !alive(after) || w.Kind == engine.SealWrite {
		return
	}
	carried := set(w.Groups)
	if w.Kind == engine.UnhideWrite { // what comes back is nothing new
		carried = ^s.differ(after.Values, w.Source.Values)
	}
	switch was, is := s.outside(side, prev), s.outside(side, after); {
	case was && !is:
		o.broughtIn(at, s, p, side, carried, prev, after)
	case is && w.Kind == engine.UnhideWrite: // as it had left, so it has again
	case is && was && p.more.leftAs(side) != nil: // what users have made of it out of scope is not known by that
		left := slices.Clone(p.more.leftAs(side))
		for g := range s.groups {
			for _, c := range s.groups[g].list {
				if carried.has(g) {
					left[c] = after.Values[c]
				}
			}
		}
		p.more.leave(side, left)
	case is: // what the other side holds in scope may take it out of this one's
		p.more.leave(side, after.Values)
	}
}

// broughtIn is a record that was out of scope and that a write of the engine takes back
// in. What users had made of it meanwhile, in the column groups that the write does not
// carry, was captured by nobody: it is drift, until something touches the record.
func (o *Oracle) broughtIn(at sim.Time, s *shape, p *pair, side engine.Side, carried set, prev, after *engine.Record) {
	known, changed := p.known(s, side, prev), s.whole
	if known == nil && (prev.Mark.Incarnation == 0 || prev.Mark.Incarnation != after.Mark.Incarnation) {
		known = prev
	}
	if known != nil { // else its life had begun out of scope, and all of it is new
		changed = s.differ(known.Values, after.Values)
	}
	if changed &^= carried; changed == 0 {
		return
	}
	o.stray(p)
	p.more.drift |= changed &^ s.out[side]
	if changed &= s.out[side]; changed == 0 {
		return
	}
	p.bypassed(s, side, known, changed)
	c := commit{born: at, groups: changed, what: users, number: p.numberIn(side, after.Mark.Incarnation), life: after.Mark.Incarnation}
	o.commit(s, p, side, &c, nil)
	l := o.line(p, side)
	l.begins(at, &c)
	l.push(c)
}
