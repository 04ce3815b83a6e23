package engine

import "slices"

// Version is a system's own row version. It serves as a write condition and
// is compared for equality only. Zero means that the side has never held the
// key.
type Version uint64

// Record is one row of a mapped table with its mark, as one side held it at
// one instant. A published Record never changes; a system that commits a
// change publishes a new one, so that readers may keep what they read.
type Record struct {
	Key     *Key // never nil, and never changed: records of one key may share it
	Version Version
	Alive   bool    // false: never there, or deleted
	Values  []Value // by column of the table map, as this side writes them
	Mark    Mark

	// Trace belongs to the system that published the record: the simulator
	// keeps causal histories here. The engine passes it on and never looks.
	Trace any
}

// Names reports whether the record is one of a key. Not even that is sure of what a
// user's own system gives.
func (r *Record) Names(k *Key) bool { return r.Key != nil && *r.Key == *k }

// Kind is the type of a [Value].
type Kind uint8

// The kinds of values. The zero Value is null.
const (
	KindNull Kind = iota
	KindText
	KindNumber
	KindLookup
)

// Value is the content of one column.
type Value struct {
	Kind   Kind
	Number int64  // KindNumber: millionths
	Text   string // KindText
	Target *Key   // KindLookup: the record that the lookup names; never nil
}

// Text returns a text value. An empty text is not null.
func Text(s string) Value { return Value{Kind: KindText, Text: s} }

// Number returns a number, given in millionths.
func Number(millionths int64) Value { return Value{Kind: KindNumber, Number: millionths} }

// Lookup returns a reference to another mapped record.
func Lookup(k *Key) Value { return Value{Kind: KindLookup, Target: k} }

// Equal reports whether two values are the same to the letter, but for lookups,
// which are compared by the pair that they name. What a column does not tell
// apart is told by its [Form].
func (v Value) Equal(w Value) bool { return v.equal(&w) }

// equal is Equal without the copies.
func (v *Value) equal(w *Value) bool {
	if v.Kind != w.Kind {
		return false
	}
	switch v.Kind {
	case KindText:
		return v.Text == w.Text
	case KindNumber:
		return v.Number == w.Number
	case KindLookup:
		return v.Target == w.Target || v.Target.Folded() == w.Target.Folded()
	default:
		return true
	}
}

// Mark is the small row beside each mapped record, on each side, written in
// the same transaction as the record and never by users. It is the snapshot
// in time on which conflict detection rests; no clock takes part.
type Mark struct {
	Incarnation uint32      // which life of this key, from 1; 0: the record has no mark
	Number      uint32      // captured changes of this record on this side in this incarnation
	MapVersion  uint32      // of the table map that made the fingerprints
	Dead        bool        // a tombstone
	Intent      TxID        // the live transaction of the other side that wrote this, until the engine writes again; 0: none
	Hidden      *Record     // what stood here before that transaction, where undoing it from the other side would lose it; nil: nothing is kept
	Groups      []GroupMark // by column group of the table map
	Past        *PastLoss   // what was overridden in earlier lives and may still be on its way; nil: nothing
}

// GroupMark is the part of a [Mark] that counts for one column group.
type GroupMark struct {
	Own         uint32  // the Number of the last change here that touched the group
	Seen        uint32  // the other side's Own that this record reflects
	Fingerprint uint64  // of the group's columns as this side committed them
	Lost        *Losses // own numbers that the engine overrode; nil: none
}

// Losses are numbers, ascending. A published list never changes.
type Losses []uint32

// Numbers lists them; nil has none.
func (l *Losses) Numbers() []uint32 {
	if l == nil {
		return nil
	}
	return *l
}

// PastLoss tells of a change that was overridden in an earlier life of its key,
// and of others: a reference that is taken in when the key lives again must still
// end as a conflict failure. A published list never changes.
type PastLoss struct {
	Incarnation uint32
	Number      uint32
	Next        *PastLoss
}

// has reports whether a change is in the list.
func (p *PastLoss) has(incarnation, number uint32) bool {
	for ; p != nil; p = p.Next {
		if p.Incarnation == incarnation && p.Number == number {
			return true
		}
	}
	return false
}

// past returns what the key's next life must remember of the mark's: the numbers
// lost in it, but for those up to settled, and what rest tells of earlier lives.
func (m *Mark) past(settled uint32, rest *PastLoss) *PastLoss {
	for g := range m.Groups {
		for _, n := range m.Groups[g].Lost.Numbers() {
			if n > settled && !rest.has(m.Incarnation, n) {
				rest = &PastLoss{Incarnation: m.Incarnation, Number: n, Next: rest}
			}
		}
	}
	return rest
}

// Listed reports whether a listing shows the record: it is alive, or a tombstone that
// waits for the end of the live transaction which wrote it.
func (r *Record) Listed() bool { return r.Alive || r.Mark.Dead && r.Mark.Intent != 0 }

// hidden returns a record as it is kept while a live transaction stands in its place.
func (r *Record) hidden() *Record {
	h := *r
	h.Mark.Intent, h.Mark.Hidden = 0, nil
	return &h
}

// lostHighest returns the newest own number that was overridden, or 0.
func (g *GroupMark) lostHighest() uint32 {
	all := g.Lost.Numbers()
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1]
}

// lost reports whether own number n was overridden.
func (g *GroupMark) lost(n uint32) bool {
	_, found := slices.BinarySearch(g.Lost.Numbers(), n)
	return found
}

// overridden returns a Lost list that also holds n and has forgotten the
// numbers up to settled, whose references nobody will ask about again. The
// newest stays, because it tells a dirty group from an overridden one.
func (g *GroupMark) overridden(n, settled uint32) *Losses {
	kept := make(Losses, 0, len(g.Lost.Numbers())+1)
	for _, l := range g.Lost.Numbers() {
		if l > settled && l < n {
			kept = append(kept, l)
		}
	}
	kept = append(kept, n)
	return &kept
}
