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
	index   engine.Index    // rows by their keys
	created []int32         // rows by creation
	sorted  []int32         // the first of them, by key: as many as were there at the last listing
	log     changelog

	unique   []int               // columns of unique values
	holders  map[valueName]int32 // the row that holds each; nil without such columns
	reserved map[valueName]int   // that held transactions will hold
}

// rowPage is how many rows are allocated at once: few, as the world of a test case has
// some tables with a handful of rows each.
const rowPage = 32

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
	expired  bool           // its tombstone has gone
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
	t := table{m: m}
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

func (t *table) key(i int32) *engine.Key { return &t.at(i).key }

// row returns the row of a key, where the side has heard of it.
func (t *table) row(k *engine.Key) (int32, bool) { return t.index.Find(k, t.key) }

// ensure returns the row of a key, which it opens when new.
func (t *table) ensure(k engine.Key) int32 {
	i, known := t.row(&k)
	if !known {
		i = t.open(&k)
	}
	return i
}

// open makes the row of a key that has none.
func (t *table) open(k *engine.Key) int32 {
	i := t.index.Add(k)
	if i%rowPage == 0 {
		t.pages = append(t.pages, new([rowPage]row))
	}
	r := t.at(i)
	r.key, r.hash = *k, hashKey(k)
	return i
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
	i, known := t.row(&k)
	switch {
	case !known:
		i = t.open(&k)
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
