package system

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Live sync, as a system sees it. A transaction with live rows is held before
// its commit, its records locked, until the engine says how it ends:
//
//	served → held, engine asked → commit ........ the rows are on the other side
//	                            → abort ......... they could not be
//	                            → ask ........... the engine has crashed: undone
//	                            → time limit, broken line, outage: undone by itself
//
// While it is held it occupies no server of the station: its user waits, the
// machine does not. Whoever else wants a locked record waits for it, users for
// [Config.LockWait] at most; a row of the engine finds its condition failed.

// held is a transaction before its commit.
type held struct {
	tx       *Tx
	since    sim.Time
	changes  []engine.Change
	captured []engine.CapturedChange
	stages   []stage
	rows     []engine.LiveRow
}

// hold keeps a staged transaction and lets the engine know.
func (s *System) hold(tx *Tx, live int) {
	now := s.k.Now()
	h := &held{
		tx: tx, since: now,
		changes: slices.Clone(s.changes), captured: slices.Clone(s.captured), stages: slices.Clone(s.stages),
		rows: make([]engine.LiveRow, 0, live),
	}
	for i := range h.changes {
		c := &h.changes[i]
		r := h.stages[i].table.at(h.stages[i].row)
		r.lock, r.doomed = tx.id, c.Op == engine.Delete
		s.need(h.stages[i].table, c.After, +1)
		h.stages[i].table.reserve(&c.Key, c.After, +1)
		if !h.captured[i].Live {
			continue
		}
		after := &engine.Record{Key: &r.key, Alive: c.Op != engine.Delete, Values: c.After, Mark: h.captured[i].Mark}
		after.Trace = s.observer.Held(now, s.config.Side, tx.id, c.Before, after)
		h.rows = append(h.rows, h.captured[i].LiveRow(c, after))
	}
	tx.Live = true
	s.held = append(s.held, h)
	s.stats.Held++
	s.k.After(s.config.Live.TimeLimit, sim.Normal, s.id, kindHeldTooLong, tx.Entity, uint64(tx.id))
	s.client.Called(s.config.Side, tx.id, sim.Mix(tx.Entity, heldDraws), tx.Attempt)
}

// heldDraws keeps what a held transaction sends apart from all else that is
// drawn by its key.
const heldDraws = 0x6865_6c64

// LiveRows returns the rows of a held transaction, which stay unchanged; nil
// when it is held no more.
func (s *System) LiveRows(tx engine.TxID) []engine.LiveRow {
	if h := s.heldAs(tx); h != nil {
		return h.rows
	}
	return nil
}

// HeldCount returns how many transactions are held.
func (s *System) HeldCount() int { return len(s.held) }

// Lines returns the address and the kinds of the events by which a system
// learns that its call to the engine was refused (Arg is the transaction), or
// that the engine's process is gone (Arg is the instant).
func (s *System) Lines() (to sim.ActorID, refused, broken sim.Kind) {
	return s.id, kindUnheard, kindBroken
}

func (s *System) heldAs(tx engine.TxID) *held {
	for _, h := range s.held {
		if h.tx.id == tx {
			return h
		}
	}
	return nil
}

// release takes a transaction out of the held ones and gives its locks back.
func (s *System) release(h *held) {
	s.held = slices.DeleteFunc(s.held, func(o *held) bool { return o == h })
	for i := range h.stages {
		r := h.stages[i].table.at(h.stages[i].row)
		r.lock, r.doomed = 0, false
		s.need(h.stages[i].table, h.changes[i].After, -1)
		h.stages[i].table.reserve(&h.changes[i].Key, h.changes[i].After, -1)
	}
}

// need lets the records stay that a held transaction will look up, or no more:
// whoever deletes one waits, and a delete of the engine finds its condition failed.
func (s *System) need(t *table, values []engine.Value, by int32) {
	if values == nil {
		return
	}
	for _, c := range t.lookups {
		if v := &values[c]; v.Kind == engine.KindLookup {
			k := v.Target.Folded()
			target := &s.tables[k.Map]
			target.at(target.ensure(k)).needed += by
		}
	}
}

// needed reports whether held transactions will look a row's record up. A lookup goes
// by the canonical key.
func (s *System) needed(r *row) bool {
	if r.key.Spelling == "" {
		return r.needed > 0
	}
	t, folded := &s.tables[r.key.Map], r.key.Folded()
	i, known := t.row(&folded)
	return known && t.at(i).needed > 0
}

// commitHeld lets a held transaction commit.
func (s *System) commitHeld(h *held) {
	s.release(h)
	s.committed[h.tx.id] = true
	s.land(h.tx, h.changes, h.captured, h.stages, h.rows)
	s.end(h.tx, Committed)
	s.goOn()
}

// undo ends a held transaction without a trace.
func (s *System) undo(h *held, how Ending) {
	s.release(h)
	for i := range h.stages {
		if st := &h.stages[i]; st.claimed && h.changes[i].Before == nil {
			st.table.unclaim(st.row)
		}
	}
	s.observer.Undone(s.k.Now(), s.config.Side, h.tx.id)
	s.end(h.tx, how)
	s.goOn()
}

// undoTx undoes a transaction, if it is still held.
func (s *System) undoTx(tx engine.TxID, how Ending) {
	if h := s.heldAs(tx); h != nil {
		s.undo(h, how)
	}
}

// broken undoes what was held when the engine's process went away: the calls to
// it have ended without an answer.
func (s *System) broken(at sim.Time) {
	for _, h := range slices.Clone(s.held) {
		if h.since <= at {
			s.undoTx(h.tx.id, OtherFailed)
		}
	}
}

// await lets a transaction wait for a record that somebody else has locked. It
// begins anew when a lock is given back.
func (s *System) await(tx *Tx) Ending {
	if tx.due == 0 {
		tx.due = s.k.Now().Add(s.config.LockWait)
		s.k.At(tx.due, sim.Normal, s.id, kindLockWait, tx.Entity, uint64(tx.id))
		s.stats.LockWaits++
	}
	s.waiting = append(s.waiting, tx)
	return waits
}

// goOn lets those try again who wait for a record.
func (s *System) goOn() {
	all := s.waiting
	s.waiting = nil
	for _, tx := range all {
		s.finish(tx)
	}
}

// waitedTooLong ends a transaction that has not got its record.
func (s *System) waitedTooLong(id engine.TxID) {
	for i, tx := range s.waiting {
		if tx.id == id {
			s.waiting = slices.Delete(s.waiting, i, i+1)
			s.end(tx, Busy)
			return
		}
	}
}

// cutHeld undoes everything that has not committed, because the system goes
// down.
func (s *System) cutHeld() {
	waiting := s.waiting
	s.waiting = nil
	for _, tx := range waiting {
		s.end(tx, CutOff)
	}
	for _, h := range slices.Clone(s.held) {
		s.undoTx(h.tx.id, CutOff)
	}
}

// endTx carries out a request about a transaction and reports whether it wants
// an answer.
func (s *System) endTx(r *Request) bool {
	h := s.heldAs(r.Tx)
	switch {
	case h != nil && r.Kind == engine.CommitTx:
		s.commitHeld(h)
	case h != nil && r.Kind == engine.AbortTx:
		s.undo(h, endingOf(r.why))
	case h != nil: // whoever asks has lost sight of it
		s.undo(h, OtherFailed)
	}
	r.Committed = s.committed[r.Tx]
	return r.Kind != engine.AbortTx
}

// endingOf tells a user in his own terms why the engine gave his transaction up.
func endingOf(why engine.Outcome) Ending {
	switch why.Reason {
	case engine.Busy, engine.ConditionLimit:
		return Busy
	case engine.Rejected:
		return OtherChanged
	case engine.TimedOut, engine.Unavailable:
		return OtherFailed
	}
	return OtherRefused
}
