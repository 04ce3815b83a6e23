package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// heldRow is a record of a live transaction that is held before its commit. Its
// history is made already, because the other side is written from it first.
type heldRow struct {
	side engine.Side
	tx   engine.TxID
	pair *pair
	head *head
}

// Held tells of a record of a transaction that is held before its commit until
// the record is on the other side, and returns the Trace of after, by which the
// engine's writes tell what they are made of. The transaction ends in
// [Oracle.Transaction] with one [Oracle.UserCommit] for each record, or in
// [Oracle.Undone]; until then nobody else commits the record on that side.
func (o *Oracle) Held(at sim.Time, side engine.Side, tx engine.TxID, before, after *engine.Record) any {
	o.gone(at, side, tx, "held")
	p := o.pairOf(before, after)
	if p.record == [2]*engine.Record{} {
		p.name = &after.Key
	}
	s := &o.shapes[after.Key.Map]
	h := o.grown(p, side, o.changed(s, p, side, p.record[side], after))
	o.held = append(o.held, heldRow{side, tx, p, h})
	return h
}

// Undone tells that a held transaction was undone: nothing of it was there.
func (o *Oracle) Undone(_ sim.Time, side engine.Side, tx engine.TxID) {
	o.held = slices.DeleteFunc(o.held, func(r heldRow) bool { return r.side == side && r.tx == tx })
}

// wasHeld returns the history that a record got when its transaction was held,
// or nil for one that was not.
func (o *Oracle) wasHeld(side engine.Side, p *pair) *head {
	for i, r := range o.held {
		if r.side == side && r.tx == o.commits[side].tx && r.pair == p {
			o.held = slices.Delete(o.held, i, i+1)
			return r.head
		}
	}
	return nil
}
