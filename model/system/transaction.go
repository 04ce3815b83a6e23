package system

import (
	"slices"
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

// Submit begins a user's transaction. It reports false when the system is down:
// nothing has begun, and the user knows it.
func (s *System) Submit(tx *Tx) bool {
	if s.down > 0 {
		return false
	}
	s.lastTx++
	tx.id = s.lastTx
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

// put gives a transaction a slot, by which the station names it.
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

// finish ends a transaction: it commits, fails, or is undone.
func (s *System) finish(tx *Tx, lands bool) {
	how := CutOff
	if lands {
		how = s.commit(tx)
	}
	s.stats.Endings[how]++
	if how != Committed {
		low := s.outbox.first
		s.outbox.abandon(tx.first, tx.first+uint64(len(tx.Edits)))
		s.lowWater(low)
	}
	tx.User.Ended(tx, how)
}

// commit executes a transaction as a whole, or not at all.
func (s *System) commit(tx *Tx) Ending {
	how := s.stage(tx)
	if how == Committed {
		if err := s.preCommit(tx.id); err != nil {
			s.observer.Refused(s.k.Now(), s.config.Side, tx.id, s.changes, err)
			how = Mixed
		}
	}
	for i := range s.stages {
		st := &s.stages[i]
		st.table.at(st.row).stage = 0
		if how != Committed && st.claimed && s.changes[i].Before == nil {
			st.table.unclaim(st.row)
		}
	}
	if how == Committed {
		s.land(tx)
	}
	clear(s.changes)
	s.stages, s.changes = s.stages[:0], s.changes[:0]
	return how
}

// land publishes what is staged, with its marks, and fills the outbox.
func (s *System) land(tx *Tx) {
	now := s.k.Now()
	position := tx.first
	low := s.outbox.first
	references := 0
	for i := range s.captured {
		if s.captured[i].Reference.Number > 0 {
			references++
		}
	}
	s.observer.Transaction(now, s.config.Side, tx.id, tx.Label, references)
	for i := range s.changes {
		c, captured := &s.changes[i], &s.captured[i]
		after := &engine.Record{Key: c.Key, Version: s.nextVersion(), Alive: true, Values: c.After, Mark: captured.Mark}
		var ref *engine.Reference
		if captured.Captured {
			ref = s.outbox.fill(position, &captured.Reference)
			position++
		} else if captured.Reference.Number > 0 {
			ref = &captured.Reference
		}
		after.Trace = s.observer.UserCommit(now, s.config.Side, c.Before, after, ref)
		st := &s.stages[i]
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
	unseen := false
	for i := range tx.Edits {
		e := &tx.Edits[i]
		t := &s.tables[e.Map]
		at, claimed, how := s.resolve(t, e)
		if how != Committed {
			return how
		}
		r := t.at(at)
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
		for j := range e.Set {
			if !s.assign(&c.After[e.Set[j].Column], &e.Set[j]) {
				return NotFound
			}
		}
	}
	for i := range s.changes {
		if s.refusesUser(&s.changes[i]) {
			return Invalid
		}
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
		if e.Op == Update {
			return 0, false, NotFound
		}
	}
	if !known || t.at(at).raw == "" && !s.config.FoldCase && e.Row == 0 {
		at, claimed = t.claim(e.Name, s.config.FoldCase), true
	}
	exists := t.at(at).alive() || t.at(at).stage != 0
	switch {
	case e.Op == Create && exists:
		how = Duplicate
	case e.Op == Update && !exists:
		how = NotFound
	default:
		return at, claimed, Committed
	}
	if claimed && !exists {
		t.unclaim(at)
	}
	return at, false, how
}

// open stages a row that the transaction touches for the first time.
func (s *System) open(t *table, at int32, claimed bool) {
	r := t.at(at)
	c := engine.Change{Key: r.key, Op: engine.Create, Before: r.record}
	if r.alive() {
		c.Op = engine.Update
		c.After = slices.Clone(r.record.Values)
	} else {
		c.After = make([]engine.Value, len(t.m.Columns))
	}
	s.changes = append(s.changes, c)
	s.stages = append(s.stages, stage{t, at, claimed})
	r.stage = int32(len(s.stages))
}

// assign sets one column. It reports false for a lookup to a record that is not
// there.
func (s *System) assign(v *engine.Value, a *Assignment) bool {
	if a.Row == 0 && a.Lookup == nil {
		*v = a.Value
		return true
	}
	t := &s.tables[a.Map]
	i := int32(a.Row - 1)
	if a.Row == 0 {
		var known bool
		if i, known = t.find(*a.Lookup, s.config.FoldCase); !known {
			return false
		}
	}
	r := t.at(i)
	if !r.alive() && r.stage == 0 {
		return false
	}
	*v = engine.Lookup(&r.key)
	return true
}

// refusesUser asks the validations that users meet.
func (s *System) refusesUser(c *engine.Change) bool {
	for i := range s.config.Validations {
		v := &s.config.Validations[i]
		if !v.Users || v.Map != c.Key.Map {
			continue
		}
		number := uint32(1)
		if c.Before != nil {
			number = c.Before.Mark.Number + 1
		}
		t := &s.tables[c.Key.Map]
		if s.refuses(i, t.at(t.ensure(c.Key)).hash, number) {
			return true
		}
	}
	return false
}

// refuses draws whether a validation refuses a change.
func (s *System) refuses(validation int, record uint64, number uint32) bool {
	return s.draws.refuse[validation].Chance(s.config.Validations[validation].Refuse, record, uint64(number))
}
