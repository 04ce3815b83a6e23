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
	At   sim.Time
	What Happening
	Side engine.Side // where it happened
	Key  engine.Key

	Before, After *engine.Record // UserCommitted, EngineWrote
	Write         *engine.Write  // EngineWrote, WriteRefused
	Reference     *engine.Reference
	Outcome       engine.Outcome // Settled
	Err           error          // TransactionRefused: what the user is told
}

// Happening is what a [Told] tells of.
type Happening uint8

// The happenings.
const (
	UserCommitted      Happening = iota // one record of a user's transaction
	TransactionRefused                  // by the capture hook
	TakenIn                             // the engine has a reference in its queue
	EngineWrote                         // a write of the engine has committed
	WriteRefused                        // ... or was refused by business logic
	Settled                             // a reference has its outcome, and that is saved
	EngineDied
	Dismissed // an operator's request to dismiss what is on the error desk was accepted
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
	return teller{w.Oracle, w.config.Tell}
}

// teller tells of what the oracle is told.
type teller struct {
	*oracle.Oracle
	tell func(Told)
}

func (t teller) UserCommit(at sim.Time, side engine.Side, before, after *engine.Record, ref *engine.Reference) any {
	t.tell(Told{At: at, What: UserCommitted, Side: side, Key: after.Key, Before: before, After: after, Reference: ref})
	return t.Oracle.UserCommit(at, side, before, after, ref)
}

func (t teller) EngineCommit(at sim.Time, side engine.Side, w *engine.Write, before, after *engine.Record, ref *engine.Reference) any {
	t.tell(Told{At: at, What: EngineWrote, Side: side, Key: after.Key, Before: before, After: after, Write: w, Reference: ref})
	return t.Oracle.EngineCommit(at, side, w, before, after, ref)
}

func (t teller) Refused(at sim.Time, side engine.Side, tx engine.TxID, changes []engine.Change, err error) {
	t.tell(Told{At: at, What: TransactionRefused, Side: side, Err: err})
	t.Oracle.Refused(at, side, tx, changes, err)
}

func (t teller) RowRefused(at sim.Time, side engine.Side, w *engine.Write) {
	t.tell(Told{At: at, What: WriteRefused, Side: side, Key: w.Key, Write: w})
	t.Oracle.RowRefused(at, side, w)
}

func (t teller) TakenIn(at sim.Time, ref *engine.Reference) {
	t.tell(Told{At: at, What: TakenIn, Side: ref.Side, Key: ref.Key, Reference: ref})
	t.Oracle.TakenIn(at, ref)
}

func (t teller) Settled(at sim.Time, ref *engine.Reference, out engine.Outcome) {
	t.tell(Told{At: at, What: Settled, Side: ref.Side, Key: ref.Key, Reference: ref, Outcome: out})
	t.Oracle.Settled(at, ref, out)
}

func (t teller) Crashed(at sim.Time) {
	t.tell(Told{At: at, What: EngineDied})
	t.Oracle.Crashed(at)
}
