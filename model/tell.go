package model

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// Told is one thing that happened, as [Config.Tell] hears of it. Which fields
// count depends on What. Records and references must not be changed.
type Told struct {
	At    sim.Time
	Local [2]sim.Time // what the clocks of the two systems show, by side
	What  Happening
	Side  engine.Side // where it happened; of a reference and an item, where the change was made
	Key   engine.Key

	Before, After *engine.Record // UserCommitted, EngineWrote, Copied, Held
	Write         *engine.Write  // EngineWrote, WriteRefused
	Reference     *engine.Reference
	Outcome       engine.Outcome // Settled; of an item on the error desk, its reason alone
	Place         engine.Place   // Moved
	On            engine.Key     // Moved to WaitsFor: the record that it waits for
	Err           error          // TransactionRefused: what the user is told
}

// Happening is what a [Told] tells of.
type Happening uint8

// The happenings.
const (
	UserCommitted      Happening = iota // one record of a user's transaction
	TransactionRefused                  // by the capture hook; one for each of its records
	TakenIn                             // the engine has a reference in its queue
	EngineWrote                         // a write of the engine has committed
	WriteRefused                        // ... or was refused by business logic
	Settled                             // a reference has its outcome, and that is saved
	EngineDied
	Dismissed // an operator's request to dismiss what is on the error desk was accepted
	EngineBack
	Moved  // an item is at another place of the queue, and what that was decided with is saved
	Copied // the data integrator has written a row
	Held   // one record of a live transaction, which waits for the other side
	Undone // ... and did not commit after all
)

// witness is what a world's parts tell what they do.
type witness interface {
	system.Observer
	driver.Judge
}

// witness returns the oracle, with somebody who listens in if there is one.
func (w *World) witness() witness {
	if w.config.Tell == nil {
		return w.Oracle
	}
	return teller{w.Oracle, w}
}

// tell passes on what happened, with what the clocks show.
func (w *World) tell(t Told) {
	for side, s := range w.Systems {
		if s != nil { // nothing happens before both are there but that records are put in place
			t.Local[side] = s.Clock().Local(t.At)
		}
	}
	w.config.Tell(t)
}

// moved tells of an item that has moved.
func (w *World) moved(m *driver.Move) {
	w.tell(Told{At: w.Kernel.Now(), What: Moved, Side: m.Side, Key: m.Key, Place: m.To, Outcome: engine.Outcome{Reason: m.Why}, On: m.On})
}

// teller tells of what the oracle is told.
type teller struct {
	*oracle.Oracle
	world *World
}

func (t teller) UserCommit(at sim.Time, side engine.Side, before, after *engine.Record, ref *engine.Reference) any {
	t.world.tell(Told{At: at, What: UserCommitted, Side: side, Key: *after.Key, Before: before, After: after, Reference: ref})
	return t.Oracle.UserCommit(at, side, before, after, ref)
}

func (t teller) EngineCommit(at sim.Time, side engine.Side, w *engine.Write, before, after *engine.Record, ref *engine.Reference) any {
	t.world.tell(Told{At: at, What: EngineWrote, Side: side, Key: *after.Key, Before: before, After: after, Write: w, Reference: ref})
	return t.Oracle.EngineCommit(at, side, w, before, after, ref)
}

func (t teller) CopyCommit(at sim.Time, side engine.Side, columns []int, source, before, after *engine.Record) any {
	t.world.tell(Told{At: at, What: Copied, Side: side, Key: *after.Key, Before: before, After: after})
	return t.Oracle.CopyCommit(at, side, columns, source, before, after)
}

func (t teller) Refused(at sim.Time, side engine.Side, tx engine.TxID, changes []engine.Change, err error) {
	for i := range changes {
		t.world.tell(Told{At: at, What: TransactionRefused, Side: side, Key: changes[i].Key, Err: err})
	}
	t.Oracle.Refused(at, side, tx, changes, err)
}

func (t teller) RowRefused(at sim.Time, side engine.Side, w *engine.Write) {
	t.world.tell(Told{At: at, What: WriteRefused, Side: side, Key: w.Key, Write: w})
	t.Oracle.RowRefused(at, side, w)
}

func (t teller) Held(at sim.Time, side engine.Side, tx engine.TxID, before, after *engine.Record) any {
	t.world.holds = append(t.world.holds, hold{side, tx, *after.Key})
	t.world.tell(Told{At: at, What: Held, Side: side, Key: *after.Key, Before: before, After: after})
	return t.Oracle.Held(at, side, tx, before, after)
}

func (t teller) Undone(at sim.Time, side engine.Side, tx engine.TxID) {
	for _, key := range t.world.release(side, tx) {
		t.world.tell(Told{At: at, What: Undone, Side: side, Key: key})
	}
	t.Oracle.Undone(at, side, tx)
}

func (t teller) Transaction(at sim.Time, side engine.Side, tx engine.TxID, name string, references int) {
	t.world.release(side, tx)
	t.Oracle.Transaction(at, side, tx, name, references)
}

func (t teller) TakenIn(at sim.Time, ref *engine.Reference) {
	t.world.tell(Told{At: at, What: TakenIn, Side: ref.Side, Key: ref.Key, Reference: ref})
	t.Oracle.TakenIn(at, ref)
}

func (t teller) Settled(at sim.Time, ref *engine.Reference, out engine.Outcome) {
	t.world.tell(Told{At: at, What: Settled, Side: ref.Side, Key: ref.Key, Reference: ref, Outcome: out})
	t.Oracle.Settled(at, ref, out)
}

func (t teller) Crashed(at sim.Time) {
	t.world.tell(Told{At: at, What: EngineDied})
	t.Oracle.Crashed(at)
}

func (t teller) Restarted(at sim.Time, open []engine.OpenReference) {
	t.world.tell(Told{At: at, What: EngineBack})
	t.Oracle.Restarted(at, open)
}

// hold is a record of a live transaction that has not ended.
type hold struct {
	side engine.Side
	tx   engine.TxID
	key  engine.Key
}

// release forgets the records of a live transaction that has ended, and returns
// them.
func (w *World) release(side engine.Side, tx engine.TxID) (keys []engine.Key) {
	kept := w.holds[:0]
	for _, h := range w.holds {
		if h.side == side && h.tx == tx {
			keys = append(keys, h.key)
		} else {
			kept = append(kept, h)
		}
	}
	w.holds = kept
	return keys
}
