package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// lookups finds lookups to records that are gone. Nothing is counted before the
// first delete. What a transaction or a batch deletes at one instant is seen as
// deleted together.
type lookups struct {
	counted bool
	at      sim.Time
	gone    [2][]*pair // by side: deleted at that instant
	early   []early
}

// early is a lookup that a live transaction brought before the record that it
// looks up, which must come with it.
type early struct {
	at   sim.Time
	side engine.Side
	from *engine.Record
	to   *engine.Key
}

// followed judges the lookups that were early before an instant.
func (o *Oracle) followed(at sim.Time) {
	if len(o.lookups.early) == 0 || o.lookups.early[0].at == at {
		return
	}
	for _, e := range o.lookups.early {
		k := *e.to
		k.Spelling = ""
		if p := o.pairs.find(&k); p == nil || !alive(p.record[e.side]) {
			o.unheld(e.at, e.side, e.from.Key, e.to)
		}
	}
	o.lookups.early = o.lookups.early[:0]
}

// lookers counts, by a commit on a side, who looks whom up there.
func (o *Oracle) lookers(at sim.Time, side engine.Side, prev, after *engine.Record) {
	dies := alive(prev) && !alive(after)
	if !o.lookups.counted && !dies {
		return
	}
	if !o.lookups.counted {
		o.lookups.counted = true
		for i := range o.pairs.count {
			p := o.pairs.pair(i)
			for s, r := range p.record {
				if r != after {
					o.looks(engine.Side(s), r, +1)
				}
			}
		}
		if o.pairs.find(after.Key).record[side] == after { // prev is not there any more, and was not counted
			o.looks(side, prev, +1)
		}
	}
	o.looks(side, prev, -1)
	o.looks(side, after, +1)
	if dies {
		o.lookups.at = at
		o.lookups.gone[side] = append(o.lookups.gone[side], o.pairs.find(after.Key))
	}
}

// looks adds the lookups of a record to those of the records that it names.
func (o *Oracle) looks(side engine.Side, r *engine.Record, by int) {
	if !alive(r) {
		return
	}
	for _, c := range o.shapes[r.Key.Map].lookups {
		if v := &r.Values[c]; v.Kind == engine.KindLookup {
			if p := o.named(side, v.Target); p != nil && (by > 0 || p.lookers[side] > 0) {
				p.lookers[side] = uint32(int(p.lookers[side]) + by)
			}
		}
	}
}

// named returns the pair of the record that a lookup names on a side: the one that is
// spelled so there, else the one with the canonical key.
func (o *Oracle) named(side engine.Side, k *engine.Key) *pair {
	if p := o.pairs.find(k); k.Spelling == "" || p != nil && p.record[side] != nil {
		return p
	}
	folded := *k
	folded.Spelling = ""
	return o.pairs.find(&folded)
}

// holds reports whether a side holds the record that a lookup of its own names.
func (o *Oracle) holds(side engine.Side, k *engine.Key) bool {
	p := o.named(side, k)
	return p != nil && alive(p.record[side])
}

// dangling judges what was deleted before an instant.
func (o *Oracle) dangling(at sim.Time) {
	if at == o.lookups.at {
		return
	}
	for _, side := range engine.Sides {
		for _, p := range o.lookups.gone[side] {
			o.tallies[referenceOrder].checked++
			if n := p.lookers[side]; n > 0 && !alive(p.record[side]) {
				o.breach(referenceOrder, o.lookups.at, p.key(), "%s holds %d lookups to it and has deleted it", side, n)
			}
		}
		o.lookups.gone[side] = o.lookups.gone[side][:0]
	}
}
