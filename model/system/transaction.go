package system

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// stage is one record as the transaction that is being committed leaves it. Its
// values are in the change of the same index.
type stage struct {
	table   *table
	row     int32
	claimed bool // nobody had spelled the key before
}

// What a transaction does that does not end yet.
const (
	waits Ending = endings + iota // for a record that somebody else has locked
	holds                         // until its rows are on the other side
)

// Submit begins a user's transaction. It reports false when the system is down:
// nothing has begun, and the user knows it.
func (s *System) Submit(tx *Tx) bool {
	if s.down > 0 {
		return false
	}
	s.lastTx++
	tx.id, tx.Live, tx.due = s.lastTx, false, 0
	tx.first = s.outbox.reserve(len(tx.Edits))
	work := sim.Draw(s.config.Commit, s.draws.commit, tx.Entity, tx.Attempt)
	for i := range tx.Edits {
		work += s.recordWork(sim.Mix(tx.Entity, uint64(i)), tx.Attempt)
	}
	s.station.SubmitWork(sim.Job{Entity: tx.Entity, Arg: s.put(tx), To: s.id, Kind: kindTransaction}, work)
	return true
}

// recordWork draws the time that writing one record takes.
func (s *System) recordWork(entity, ordinal uint64) time.Duration {
	return sim.Draw(s.config.PerRecord, s.draws.perRecord, entity, ordinal)
}

// put gives a transaction a slot, by which events name it.
func (s *System) put(tx *Tx) uint64 {
	if n := len(s.freeTxs); n > 0 {
		at := s.freeTxs[n-1]
		s.freeTxs = s.freeTxs[:n-1]
		s.txs[at] = tx
		return uint64(at)
	}
	s.txs = append(s.txs, tx)
	return uint64(len(s.txs) - 1)
}

// take gives the slot back.
func (s *System) take(at uint64) *Tx {
	tx := s.txs[at]
	s.txs[at] = nil
	s.freeTxs = append(s.freeTxs, int32(at))
	return tx
}

// finish ends a transaction that has been served, unless it must wait.
func (s *System) finish(tx *Tx) {
	if how := s.commit(tx); how < endings {
		s.end(tx, how)
	}
}

// end tells a user how his transaction ended.
func (s *System) end(tx *Tx, how Ending) {
	s.stats.Endings[how]++
	if tx.Live {
		s.stats.EndedLive[how]++
	}
	s.stats.Sizes[sizeOf(len(tx.Edits))].count(s.overLive(tx, how))
	if how != Committed {
		low := s.outbox.first
		s.outbox.abandon(tx.first, tx.first+uint64(len(tx.Edits)))
		s.lowWater(low)
	}
	tx.User.Ended(tx, how)
}

// commit executes a transaction as a whole, or not at all; or it lets it wait.
func (s *System) commit(tx *Tx) Ending {
	how := s.stage(tx)
	if how == Committed {
		how = s.judge(tx)
	}
	for i := range s.stages {
		st := &s.stages[i]
		st.table.at(st.row).stage = 0
		if how != Committed && how != holds && st.claimed && s.changes[i].Before == nil {
			st.table.unclaim(st.row)
		}
	}
	if how == Committed {
		blind := s.blind(tx)
		s.tellCapture(blind, false)
		s.land(tx, s.changes, s.captured, s.stages, nil)
		s.tellCapture(blind, true)
	}
	clear(s.changes)
	s.stages, s.changes = s.stages[:0], s.changes[:0]
	return how
}

// judge lets the capture hook decide. What must go live is held.
func (s *System) judge(tx *Tx) Ending {
	if tx.PastHook {
		s.passHook()
		return Committed
	}
	if err := s.preCommit(tx.id); err != nil {
		s.observer.Refused(s.k.Now(), s.config.Side, tx.id, s.changes, err)
		return refusal(err)
	}
	live := 0
	for i := range s.captured {
		if s.captured[i].Live {
			live++
		}
	}
	if live == 0 {
		return Committed
	}
	s.hold(tx, live)
	return holds
}

// land publishes changes, with their marks, and fills the outbox. Live are those
// among them that are on the other side already.
func (s *System) land(tx *Tx, changes []engine.Change, captured []engine.CapturedChange, stages []stage, live []engine.LiveRow) {
	now := s.k.Now()
	position := tx.first
	low := s.outbox.first
	references := 0
	for i := range captured {
		if captured[i].Reference.Number > 0 {
			references++
		}
	}
	s.observer.Transaction(now, s.config.Side, tx.id, tx.Label, references)
	for i := range changes {
		c, captured := &changes[i], &captured[i]
		after, st := c.Room, &stages[i]
		*after = engine.Record{Key: &st.table.at(st.row).key, Version: s.nextVersion(), Alive: c.Op != engine.Delete, Values: c.After, Mark: captured.Mark}
		if captured.Live {
			after.Trace, live = live[0].After.Trace, live[1:]
		}
		var ref *engine.Reference
		if captured.Captured {
			ref = s.outbox.fill(position, &captured.Reference)
			position++
			s.remember(ref)
		} else if captured.Reference.Number > 0 {
			ref = &captured.Reference
		}
		after.Trace = s.observer.UserCommit(now, s.config.Side, c.Before, after, ref)
		s.publish(st.table, st.row, after)
		s.k.Note(noteUserCommit, sim.Mix(st.table.at(st.row).hash, uint64(after.Version)))
	}
	s.outbox.abandon(position, tx.first+uint64(len(tx.Edits)))
	s.lowWater(low)
	if position > tx.first {
		s.stats.Captured += position - tx.first
		s.notify(tx.Entity, tx.Attempt)
	}
}

// stage carries out the edits of a transaction on copies.
func (s *System) stage(tx *Tx) Ending {
	unseen, deletes := false, false
	for i := range tx.Edits {
		e := &tx.Edits[i]
		t := &s.tables[e.Map]
		at, claimed, how := s.resolve(t, e)
		if how != Committed {
			return how
		}
		r := t.at(at)
		if s.locked(r) || e.Op == Delete && s.needed(r) {
			return s.await(tx)
		}
		if e.Opened != 0 && r.stage == 0 && r.record != nil && r.record.Version != e.Opened {
			if s.config.StaleSave == RefuseStale {
				return Stale
			}
			unseen = true
		}
		if r.stage == 0 {
			s.open(t, at, claimed)
		}
		c := &s.changes[r.stage-1]
		if e.Op == Delete {
			deletes = c.Then(engine.Delete, nil)
			continue
		}
		if c.Op == engine.Delete { // made anew, with nothing of before
			c.Then(engine.Create, make([]engine.Value, len(t.m.Columns)))
		}
		for j := range e.Set {
			if how := s.assign(tx, &c.After[e.Set[j].Column], &e.Set[j]); how != Committed {
				return how
			}
		}
	}
	if deletes {
		if how := s.settleDeletes(); how != Committed {
			return how
		}
	}
	for i := range s.changes {
		if s.refusesUser(&s.changes[i]) {
			return Invalid
		}
	}
	switch s.userClashes() {
	case valueTaken:
		return ValueTaken
	case valueLocked:
		return s.await(tx)
	}
	if unseen {
		s.stats.Overwrote++
	}
	return Committed
}

// resolve finds the row that an edit is about.
func (s *System) resolve(t *table, e *Edit) (at int32, claimed bool, how Ending) {
	known := true
	if e.Row != 0 {
		at = int32(e.Row - 1)
	} else if at, known = t.find(e.Name, s.config.FoldCase); !known {
		if e.Op == Update || e.Op == Delete {
			return 0, false, NotFound
		}
	}
	if known && t.at(at).lock != 0 {
		return at, false, Committed // who has it decides whether it will be there
	}
	if !known || t.at(at).raw == "" && !s.config.FoldCase && e.Row == 0 {
		at, claimed = t.claim(e.Name, s.config.FoldCase), true
	}
	exists := s.exists(t.at(at))
	switch {
	case t.at(at).expired && t.at(at).record == nil:
		how = NotFound
	case e.Op == Create && exists:
		how = Duplicate
	case (e.Op == Update || e.Op == Delete) && !exists:
		how = NotFound
	default:
		return at, claimed, Committed
	}
	if claimed && !exists {
		t.unclaim(at)
	}
	return at, false, how
}

// exists reports whether a record is there, as the transaction that is being
// staged sees it.
func (s *System) exists(r *row) bool {
	if r.stage != 0 {
		return s.changes[r.stage-1].Op != engine.Delete
	}
	return r.alive()
}

// open stages a row that the transaction touches for the first time.
func (s *System) open(t *table, at int32, claimed bool) {
	r := t.at(at)
	c := engine.Change{Key: r.key, Op: engine.Create, Before: r.record, Room: t.m.Room()}
	c.After = c.Room.Values
	if r.alive() {
		c.Op = engine.Update
		copy(c.After, r.record.Values)
	}
	s.changes = append(s.changes, c)
	s.stages = append(s.stages, stage{t, at, claimed})
	r.stage = int32(len(s.stages))
}

// assign sets one column. A lookup must name a record that is there and stays.
func (s *System) assign(tx *Tx, v *engine.Value, a *Assignment) Ending {
	if a.Row == 0 && a.Lookup == nil {
		*v = a.Value
		return Committed
	}
	t := &s.tables[a.Map]
	i := int32(a.Row - 1)
	if a.Row == 0 {
		var known bool
		if i, known = t.find(*a.Lookup, s.config.FoldCase); !known {
			return NotFound
		}
	}
	r := t.at(i)
	switch {
	case r.doomed:
		return s.await(tx)
	case !s.exists(r):
		return NotFound
	}
	*v = engine.Lookup(&r.key)
	return Committed
}

// refusesUser asks the validations that users meet.
func (s *System) refusesUser(c *engine.Change) bool {
	for i := range s.config.Validations {
		v := &s.config.Validations[i]
		if !v.Users || v.Map != c.Key.Map || c.Op == engine.Delete {
			continue
		}
		number := uint32(1)
		if c.Before != nil {
			number = c.Before.Mark.Number + 1
		}
		t := &s.tables[c.Key.Map]
		if _, refused := s.refuses(i, &c.Key, c.After, t.at(t.ensure(c.Key)).hash, number); refused {
			return true
		}
	}
	return false
}
