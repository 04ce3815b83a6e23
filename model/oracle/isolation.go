package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// RowRefused tells that a side's business logic refused a row that the engine
// brought.
func (o *Oracle) RowRefused(_ sim.Time, side engine.Side, w *engine.Write) {
	if p := o.pairs.find(&w.Key); p != nil {
		p.refused[side] = true
	}
}

// keeps checks that what keeps an item back at the end is its own: a refusal of
// the record itself, or a record that it looks up or takes a unique value from.
func (o *Oracle) keeps(at sim.Time, p *pair, it *Item) {
	ref := it.Reference
	switch why := it.Outcome.Reason; {
	case it.State == Parked && (why == engine.Refused || why == engine.DuplicateValue):
		o.tallies[isolation].checked++
		if !p.refused[ref.Side.Other()] {
			o.breach(isolation, at, &ref.Key, "change %d.%d of %s is parked as %s, and %s never refused it", ref.Incarnation, ref.Number, ref.Side, why, ref.Side.Other())
		}
	case it.State == Parked && why == engine.Untraced:
		o.tallies[isolation].checked++
		if r := p.record[ref.Side]; r != nil && r.Mark.Incarnation == ref.Incarnation {
			o.breach(isolation, at, &ref.Key, "change %d.%d of %s is parked as gone without a trace, and %s knows of its record", ref.Incarnation, ref.Number, ref.Side, ref.Side)
		}
	case it.State == Blocked && it.Outcome.Class == engine.Open && o.bars.stops(): // it would be looked at again
	case it.State == Blocked && ref.Incarnation == p.life[ref.Side] && ref.Number == p.number[ref.Side]:
		o.tallies[isolation].checked++
		if r := p.record[ref.Side]; !o.looksUp(r, &it.On) && !o.lookedUp(p, ref.Side, &it.On) && !o.takesOver(ref, r, &it.On) {
			o.breach(isolation, at, &ref.Key, "change %d.%d of %s waits for %s, which it neither looks up nor takes a unique value from", ref.Incarnation, ref.Number, ref.Side, o.record(&it.On))
		}
	}
}

// lookedUp reports whether a record named another one before it was changed past the
// hook: nobody has told the engine, and an item that waits for people is not read again.
func (o *Oracle) lookedUp(p *pair, side engine.Side, k *engine.Key) bool {
	if p.astray == nil {
		return false
	}
	s, b := &o.shapes[p.key().Map], &p.astray.sides[side]
	for g := range s.groups {
		if !b.groups.has(g) {
			continue
		}
		for _, c := range s.groups[g].list {
			if isLookupTo(&b.values[c], k) {
				return true
			}
		}
	}
	return false
}

// takesOver reports whether a change takes unique values, or its record holds some that
// the engine's own item for it may be taking, and another record is one of those that may
// have given them up: of the same map and company. Whether its record still holds them
// nobody knows who has not read it.
func (o *Oracle) takesOver(ref *engine.Reference, r *engine.Record, k *engine.Key) bool {
	if k.Map != ref.Key.Map || k.Company != ref.Key.Company {
		return false
	}
	if slices.ContainsFunc(ref.Values, func(v engine.ValueHash) bool { return !v.Freed }) {
		return true
	}
	for i := range o.shapes[k.Map].Columns {
		if o.shapes[k.Map].Columns[i].Unique && alive(r) && r.Values[i].Kind != engine.KindNull {
			return true
		}
	}
	return false
}

// looksUp reports whether a record names another one.
func (o *Oracle) looksUp(r *engine.Record, k *engine.Key) bool {
	if !alive(r) {
		return false
	}
	for _, c := range o.shapes[r.Key.Map].lookups {
		if isLookupTo(&r.Values[c], k) {
			return true
		}
	}
	return false
}

// isLookupTo reports whether a value is a lookup to a record.
func isLookupTo(v *engine.Value, k *engine.Key) bool {
	return v.Kind == engine.KindLookup && v.Target.Map == k.Map && v.Target.Company == k.Company && v.Target.ID == k.ID
}
