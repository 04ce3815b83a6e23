package system

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// table holds the records of one map.
type table struct {
	m       *engine.TableMap
	lookups []int           // columns that hold lookups
	pages   []*[rowPage]row // pages keep rows where they are: lookups point at their keys
	count   int32
	slots   []int32 // rows by the hash of their key, plus one; 0 is free
	created []int32 // rows by creation
	sorted  []int32 // the first of them, by key: as many as were there at the last listing
	log     changelog

	unique   []int               // columns of unique values
	holders  map[valueName]int32 // the row that holds each; nil without such columns
	reserved map[valueName]int   // that held transactions will hold
}

// rowPage is how many rows are allocated at once.
const rowPage = 256

// row is a place for a record. It is made when the key is first heard of, by a
// user or by the engine, and never goes away.
type row struct {
	key      engine.Key
	record   *engine.Record // nil: the side has never held the key
	modified sim.Time       // on the local clock
	hash     uint64         // of the key: what draws are keyed by
	raw      string         // as the users of this side spell it; empty: not known
	stage    int32          // place in the transaction being committed, from 1
	lookedUp int32          // how many records look it up; counted from the first delete on
	lock     engine.TxID    // of the held transaction that changes it; 0: none
	doomed   bool           // ... and deletes it
	needed   int32          // how many lookups held transactions will leave to it

	read, written touches
}

// touches counts the engine's requests for a row since the change that they are
// about, so that each meets its own luck.
type touches struct{ change, times uint32 }

// next returns the key of the draws of one more request about a change.
func (t *touches) next(change uint32) uint64 {
	if t.change != change {
		*t = touches{change: change}
	}
	t.times++
	return uint64(change)<<32 | uint64(t.times)
}

func (r *row) alive() bool { return r.record != nil && r.record.Alive }

// incarnation returns the life that the row's record lives, 0 for none.
func (r *row) incarnation() uint32 {
	if !r.alive() {
		return 0
	}
	return max(r.record.Mark.Incarnation, 1)
}

func newTable(m *engine.TableMap) table {
	t := table{m: m, slots: make([]int32, 64)}
	for c := range m.Columns {
		if len(m.Columns[c].Lookups) > 0 {
			t.lookups = append(t.lookups, c)
		}
		if m.Columns[c].Unique {
			t.unique = append(t.unique, c)
		}
	}
	if len(t.unique) > 0 {
		t.holders, t.reserved = map[valueName]int32{}, map[valueName]int{}
	}
	return t
}

func (t *table) at(i int32) *row { return &t.pages[i/rowPage][i%rowPage] }

// hashKey hashes a key; draws are keyed by it too.
func hashKey(k *engine.Key) uint64 {
	h := sim.Mix(uint64(k.Map), sim.Hash(k.ID))
	if k.Company != "" {
		h = sim.Mix(h, sim.Hash(k.Company))
	}
	if k.Spelling != "" {
		h = sim.Mix(h^1, sim.Hash(k.Spelling))
	}
	return h
}

// lookup returns the row of a key, where the side has heard of it. When not, at
// is the slot that the key would take.
func (t *table) lookup(k *engine.Key, hash uint64) (i int32, known bool, at uint64) {
	mask := uint64(len(t.slots) - 1)
	for at = hash & mask; t.slots[at] != 0; at = (at + 1) & mask {
		i = t.slots[at] - 1
		if r := t.at(i); r.hash == hash && r.key == *k {
			return i, true, at
		}
	}
	return 0, false, at
}

// row returns the row of a key, where the side has heard of it.
func (t *table) row(k *engine.Key) (int32, bool) {
	i, known, _ := t.lookup(k, hashKey(k))
	return i, known
}

// ensure returns the row of a key, which it opens when new.
func (t *table) ensure(k engine.Key) int32 {
	hash := hashKey(&k)
	i, known, at := t.lookup(&k, hash)
	if known {
		return i
	}
	return t.open(k, hash, at)
}

// open makes the row of a key that has none, in the slot that it takes.
func (t *table) open(k engine.Key, hash, at uint64) (i int32) {
	i = t.count
	if i%rowPage == 0 {
		t.pages = append(t.pages, new([rowPage]row))
	}
	t.count++
	r := t.at(i)
	r.key, r.hash = k, hash
	t.slots[at] = t.count
	if 4*int(t.count) > 3*len(t.slots) {
		t.rehash()
	}
	return i
}

// rehash doubles the slots.
func (t *table) rehash() {
	t.slots = make([]int32, 2*len(t.slots))
	mask := uint64(len(t.slots) - 1)
	for i := range t.count {
		at := t.at(i).hash & mask
		for t.slots[at] != 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = i + 1
	}
}

// find returns the row that a name stands for. Where the side keeps spellings
// apart, the plain key is that of the first record with a canonical form; as
// long as nobody has spelled it, as with records that the engine brought, any
// spelling means it. Later records have their spelling in the key.
func (t *table) find(n Name, fold bool) (int32, bool) {
	k := engine.Key{Map: t.m.ID, Company: n.Company, ID: t.m.Keys.Canonical(n.ID)}
	i, known := t.row(&k)
	if !known || fold || t.spelt(i, n) {
		return i, known
	}
	k.Spelling = n.ID
	return t.row(&k)
}

// spelt reports whether a name may mean the row of its plain key.
func (t *table) spelt(i int32, n Name) bool {
	raw := t.at(i).raw
	return raw == "" || raw == n.ID
}

// claim returns the row for a name that may be new.
func (t *table) claim(n Name, fold bool) int32 {
	k := engine.Key{Map: t.m.ID, Company: n.Company, ID: t.m.Keys.Canonical(n.ID)}
	hash := hashKey(&k)
	i, known, at := t.lookup(&k, hash)
	switch {
	case !known:
		i = t.open(k, hash, at)
	case !fold && !t.spelt(i, n):
		k.Spelling = n.ID
		i = t.ensure(k)
	}
	if r := t.at(i); !fold && r.raw == "" {
		r.raw = n.ID
	}
	return i
}

// unclaim forgets the spelling of a row whose creation came to nothing.
func (t *table) unclaim(i int32) { t.at(i).raw = "" }
