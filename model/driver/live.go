package driver

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// Live transactions: a system calls the engine's process and waits. The call
// travels as an answer does, from the system to the engine.

// liveCall puts a transaction and its side into the argument of an event.
func liveCall(side engine.Side, tx engine.TxID) uint64 { return uint64(tx)<<1 | uint64(side) }

// Called implements [system.Client]: the call of a held transaction sets out.
func (d *Driver) Called(side engine.Side, tx engine.TxID, entity, ordinal uint64) {
	d.links[side][1].Send(d.k, sim.Normal, d.id, kindHeld, entity, liveCall(side, tx), ordinal)
}

// heldArrived takes a held transaction. A process that is dead refuses it, as a
// machine does on which nothing listens.
func (d *Driver) heldArrived(entity, call uint64) {
	side, tx := engine.Side(call&1), engine.TxID(call>>1)
	s := d.systems[side]
	if d.core == nil {
		to, refused, _ := s.Lines()
		d.links[side][0].Send(d.k, sim.Normal, to, refused, sim.Mix(entity, uint64(refused)), uint64(tx), d.epoch)
		return
	}
	rows := s.LiveRows(tx)
	if rows == nil {
		return // it has been undone meanwhile
	}
	d.stats.Live++
	d.step(engine.Input{Kind: engine.LiveRequested, Side: side, Tx: tx, Live: rows})
	if !d.pass(LiveTaken) {
		d.sync()
	}
}

// breakCalls lets the systems learn that the process is gone.
func (d *Driver) breakCalls() {
	for side, s := range d.systems {
		if s.HeldCount() > 0 {
			to, _, broken := s.Lines()
			d.links[side][0].Send(d.k, sim.Normal, to, broken, sim.Mix(uint64(broken), uint64(side)), uint64(d.k.Now()), d.epoch)
		}
	}
}

// livePoint names the crash point at which an effect of a live transaction is
// about to leave, and the one just after; noPoint for none.
func livePoint(e *engine.Effect) (before, after CrashPoint) {
	switch {
	case e.Kind == engine.CommitTx:
		return LiveAnswered, LiveCommitSent
	case e.Kind == engine.AskTx:
		return noPoint, LiveAsked
	case e.Kind != engine.WriteBatch:
		return noPoint, noPoint
	case e.Writes[0].Kind == engine.SealWrite:
		return noPoint, LiveSealSent
	case e.Atomic:
		return LiveSaved, LiveWriteSent
	}
	return noPoint, LiveUndoSent
}

// landedPoint names the crash point at which a request of a live transaction
// has been carried out and its answer is on its way.
func landedPoint(r *system.Request, writes int) CrashPoint {
	switch {
	case r.Kind == engine.CommitTx && r.Committed:
		return LiveCommitted
	case writes == 0:
		return noPoint
	case r.Seals():
		return LiveSealed
	case r.Atomic():
		return LiveWriteLanded
	}
	return LiveUndone
}
