package engine

import "slices"

// Unique values. A side may hold each value of a column once only. When one
// record takes over what another has freed, the freeing one must be carried
// first, or the target refuses the value. References hold no data, so they name
// such values by hashes: two values that share one make an item wait for nothing,
// and never let one go that should have waited.

// ValueHash stands for a unique value, as the target would hold it.
type ValueHash struct {
	Hash  uint64
	Freed bool // the change gives the value up; else the record holds it after the change
}

// values lists the unique values that a record of a side holds after a change,
// and those that the change gives up. Null is nobody's.
func (m *TableMap) values(side Side, k *Key, before, after []Value) []ValueHash {
	if len(m.unique) == 0 {
		return nil
	}
	var list []ValueHash
	for _, c := range m.unique {
		if !m.Columns[c].Flow.leaves(side) {
			continue
		}
		holds, has := m.valueHash(c, side.Other(), k, after)
		if has {
			list = append(list, ValueHash{Hash: holds})
		}
		if held, had := m.valueHash(c, side.Other(), k, before); had && !(has && m.same(c, &before[c], &after[c])) {
			list = append(list, ValueHash{Hash: held, Freed: true})
		}
	}
	return list
}

// valueHash hashes what a record's value becomes on its way to the target. It
// reports false for what nobody can hold: null, or a value without a mapping.
func (m *TableMap) valueHash(column int, target Side, k *Key, values []Value) (uint64, bool) {
	if values == nil {
		return 0, false
	}
	col := &m.Columns[column]
	v, mapped := col.into(target, &values[column])
	if !mapped || col.Canonical.kind(v) == KindNull {
		return 0, false
	}
	return m.hashOf(column, k, v), true
}

// hashOf hashes a unique value of the target.
func (m *TableMap) hashOf(column int, k *Key, v *Value) uint64 {
	h := hashWord(hashWord(fnvOffset, uint64(m.ID)), uint64(column))
	h = m.Columns[column].Canonical.hash(hashText(h, k.Company), v)
	if m.valueHashes > 0 {
		h %= m.valueHashes
	}
	return h
}

// valueTable knows, for the items of one source side, who frees a unique value
// on the target, and who was refused one.
type valueTable struct {
	freeing map[uint64][]laneID // once for each open reference, oldest first
	refused map[uint64][]laneID // parked items
}

// opened notes the values that a reference frees while it is open.
func (t *valueTable) opened(id laneID, r *Reference) {
	for _, v := range r.Values {
		if v.Freed {
			note(&t.freeing, v.Hash, id)
		}
	}
}

// closed forgets them.
func (t *valueTable) closed(id laneID, r *Reference) {
	for _, v := range r.Values {
		if v.Freed {
			forget(t.freeing, v.Hash, id)
		}
	}
}

func note(table *map[uint64][]laneID, hash uint64, id laneID) {
	if *table == nil {
		*table = map[uint64][]laneID{}
	}
	(*table)[hash] = append((*table)[hash], id)
}

func forget(table map[uint64][]laneID, hash uint64, id laneID) {
	list := table[hash]
	i := slices.Index(list, id)
	if i < 0 {
		return
	}
	if list = slices.Delete(list, i, i+1); len(list) == 0 {
		delete(table, hash)
		return
	}
	table[hash] = list
}

// blockedByValue makes an item wait for another that frees a unique value for it,
// if there is one. The wait may be for people, and outlast a crash: a row of an initial
// sync that is not saved is read, and captured, first.
func (c *Core) blockedByValue(id laneID) bool {
	l := c.pairs.lane(id)
	if len(c.values[id.side()].freeing) == 0 || c.cfg.Unordered || l.nameless() {
		return false
	}
	other := c.freesFirst(id, l)
	if other == noLane {
		return false
	}
	c.block(id, other, true)
	return true
}

// freesFirst finds an item that frees a value which another needs and that must
// be carried before it; noLane when there is none. One that is carried but for
// lookups has freed its values, and one that was refused a value itself holds
// nobody up: perhaps it waits for the other, as in a swap.
func (c *Core) freesFirst(id laneID, l *lane) laneID {
	t := &c.values[id.side()]
	for _, v := range l.newest().Values {
		if v.Freed {
			continue
		}
		for _, other := range t.freeing[v.Hash] {
			o := c.pairs.lane(other)
			switch {
			case other == id || o.halfWritten || o.lacksValue() || c.cfg.Proceed && o.state == parked:
			case slices.Contains(l.ways().ahead, c.pairs.at(other.pair()).key):
			default:
				return other
			}
		}
	}
	return noLane
}

// lacksValue reports whether the item is on the error desk because another
// record holds a unique value.
func (l *lane) lacksValue() bool { return l.state == parked && l.parked.Reason == DuplicateValue }

// refusedValue notes which values an item was refused, so that it runs again
// when somebody has freed one. Those that wait for its own ones need not: it may
// be waiting for them.
func (c *Core) refusedValue(id laneID, l *lane) {
	for _, v := range l.newest().Values {
		if !v.Freed {
			note(&c.values[id.side()].refused, v.Hash, id)
		}
	}
}

// offDesk forgets what an item was refused.
func (c *Core) offDesk(id laneID, l *lane) {
	if !l.lacksValue() {
		return
	}
	for _, v := range l.newest().Values {
		if !v.Freed {
			forget(c.values[id.side()].refused, v.Hash, id)
		}
	}
}

// released lets the items run again that were refused a value which the target's
// record held until it was written.
func (c *Core) released(f *flight) {
	t := &c.values[f.lane.side()]
	if len(t.refused) == 0 || f.y == nil || !f.y.Alive {
		return
	}
	m := c.cfg.Maps[f.y.Key.Map]
	for _, column := range m.unique {
		for _, id := range slices.Clone(t.refused[m.hashOf(column, f.y.Key, &f.y.Values[column])]) {
			c.movedOn(id)
		}
	}
}
