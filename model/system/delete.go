package system

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Deletes keep one rule: no lookup may be left to a record that is gone. From
// the first delete on, the system counts for each record how many others look
// it up; before that it costs nothing.

// settleDeletes finishes the staging of a transaction that deletes. What it
// creates and deletes at once was never there. It refuses to delete what is
// still looked up once all of it is done.
func (s *System) settleDeletes() Ending {
	kept := 0
	var void []engine.Key
	for i := range s.changes {
		c, st := s.changes[i], s.stages[i]
		r := st.table.at(st.row)
		if c.Void() {
			void = append(void, c.Key)
			r.stage = 0
			if st.claimed && c.Before == nil {
				st.table.unclaim(st.row)
			}
			continue
		}
		s.changes[kept], s.stages[kept] = c, st
		kept++
		r.stage = int32(kept)
	}
	clear(s.changes[kept:])
	s.changes, s.stages = s.changes[:kept], s.stages[:kept]
	for i := range void { // nobody else can look it up
		for j := range s.changes {
			if namings(s.changes[j].After, void[i]) > 0 {
				return Referenced
			}
		}
	}
	s.countReferences()
	for i := range s.changes {
		c := &s.changes[i]
		if c.Op != engine.Delete {
			continue
		}
		left := s.lookedUp(c.Key)
		for j := range s.changes {
			o := &s.changes[j]
			if o.Before != nil && o.Before.Alive {
				left -= namings(o.Before.Values, c.Key)
			}
			left += namings(o.After, c.Key)
		}
		if left > 0 {
			return Referenced
		}
	}
	return Committed
}

// Tombstone returns the version of a key's tombstone that waits for no transaction; 0
// where there is none.
func (s *System) Tombstone(k engine.Key) engine.Version {
	t := &s.tables[k.Map]
	i, known := t.row(&k)
	if !known {
		return 0
	}
	r := t.at(i)
	if r.record == nil || r.record.Alive || !r.record.Mark.Dead || r.record.Mark.Intent != 0 || r.lock != 0 {
		return 0
	}
	return r.record.Version
}

// Expire takes a key's tombstone away, if it is of that version. Nothing tells any more
// that there ever was such a record, and users have no number twice: they cannot make it
// again while the side does not hold it.
func (s *System) Expire(k engine.Key, v engine.Version) bool {
	if v == 0 || s.Tombstone(k) != v {
		return false
	}
	t := &s.tables[k.Map]
	i, _ := t.row(&k)
	t.created = slices.DeleteFunc(t.created, func(at int32) bool { return at == i })
	t.sorted = slices.DeleteFunc(t.sorted, func(at int32) bool { return at == i })
	r := t.at(i)
	s.observer.Expired(s.k.Now(), s.config.Side, r.record)
	r.record, r.expired = nil, true
	return true
}

// countReferences begins to count lookups.
func (s *System) countReferences() {
	if s.counting {
		return
	}
	s.counting = true
	for i := range s.tables {
		t := &s.tables[i]
		for _, at := range t.created {
			s.count(t, t.at(at).record, +1)
		}
	}
}

// count adds the lookups of a record to those of the records that it names. What
// stands hidden behind it may come back, and counts too.
func (s *System) count(t *table, r *engine.Record, by int32) {
	if r == nil {
		return
	}
	if r.Alive {
		s.countValues(t, r.Values, by)
	}
	if h := r.Mark.Hidden; h != nil {
		s.countValues(t, h.Values, by)
	}
}

func (s *System) countValues(t *table, values []engine.Value, by int32) {
	for _, c := range t.lookups {
		if v := &values[c]; v.Kind == engine.KindLookup {
			k := v.Target.Folded()
			target := &s.tables[k.Map]
			target.at(target.ensure(k)).lookedUp += by
		}
	}
}

// holds reports whether a record is there.
func (s *System) holds(k engine.Key) bool {
	t := &s.tables[k.Map]
	i, known := t.row(&k)
	return known && t.at(i).alive()
}

// lookedUp returns how many records look a record up. A lookup goes by the
// canonical key.
func (s *System) lookedUp(k engine.Key) int32 {
	t, folded := &s.tables[k.Map], k.Folded()
	if i, known := t.row(&folded); known {
		return t.at(i).lookedUp
	}
	return 0
}

// namings returns how often values look a record up.
func namings(values []engine.Value, k engine.Key) (n int32) {
	for i := range values {
		if v := &values[i]; v.Kind == engine.KindLookup && v.Target.Folded() == k.Folded() {
			n++
		}
	}
	return n
}

// leavesLookup reports whether a write of the engine would delete a record that
// others look up. The rows of its batch that are done together are seen as done.
// What is not there is not deleted: a tombstone that gives way may bear the key by
// which another spelling is looked up.
func (s *System) leavesLookup(w *engine.Write, before, after []*engine.Record) bool {
	if w.Kind != engine.DeleteWrite || !s.holds(w.Key) {
		return false
	}
	s.countReferences()
	left := s.lookedUp(w.Key)
	for i := range before {
		if before[i] != nil && before[i].Alive {
			left -= namings(before[i].Values, w.Key)
		}
		left += namings(after[i].Values, w.Key)
	}
	return left > 0
}
