package engine

import "fmt"

// Operation is what a change did to its record.
type Operation uint8

// The operations.
const (
	Create Operation = iota
	Update
	Delete
)

// String returns the operation's name.
func (o Operation) String() string { return [...]string{"create", "update", "delete"}[o] }

// Origin tells who made a reference.
type Origin uint8

// The origins. Only [Captured] references stand for a user's change and are
// counted; the others hold the place until the captured one arrives.
const (
	Captured Origin = iota
	Late            // a change that had gone past the hook, found by its fingerprint
	Reassert        // the primary's record must be carried again after a reject
	Pulled          // a looked-up record that nobody had queued
	Aged            // a hot pair, carried at its current version
	Initial         // a row of initial sync
	Checked         // a change that was known came again, as if the side had forgotten it
	Resynced        // a pair that differs, found by a resync
)

// String returns the origin's name.
func (o Origin) String() string {
	return [...]string{"captured", "late", "re-assert", "pulled", "aged", "initial", "checked", "resync"}[o]
}

// Holds reports whether the engine made the reference itself: it then holds
// the place of the captured one, which may still be on its way.
func (o Origin) Holds() bool { return o >= Reassert }

// TxID names a transaction on the side that committed it.
type TxID uint64

// Reference is what the queue holds of a change: names and numbers, never
// data.
type Reference struct {
	Key         Key
	Side        Side // where the change was made
	Incarnation uint32
	Number      uint32   // the mark's number after the change
	Pair        int32    // the engine's number for the pair from 1, in this life of it: a hint to find it by, and never saved; 0: none is given
	Groups      GroupSet // the column groups it touched
	Op          Operation
	Origin      Origin
	Tx          TxID
	Ordinal     uint32      // place inside the transaction, from 0
	Size        uint32      // of the record as it was captured, in bytes; 0 for a reference that the engine made
	Position    uint64      // place in the side's outbox; 0 for a reference that the engine made
	Needs       []Key       // mapped records that the change looks up
	Values      []ValueHash // unique values that its record holds and that it gives up
}

// String tells the reference apart from all others, for traces and errors.
func (r *Reference) String() string {
	return fmt.Sprintf("%s %s %s#%d.%d", r.Side, r.Op, r.Key.ID, r.Incarnation, r.Number)
}

// before orders the references of one pair and side by capture.
func (r *Reference) before(o *Reference) bool {
	if r.Incarnation != o.Incarnation {
		return r.Incarnation < o.Incarnation
	}
	return r.Number < o.Number
}
