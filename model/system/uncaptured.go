package system

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// preCommit asks the capture hook about the changes of a transaction. On a side
// without one, each change that it would capture is numbered all the same and
// told to the observer by a reference that goes nowhere: the draws of a change
// are keyed by its number, and reports count the same changes, whoever carries
// them.
func (s *System) preCommit(tx engine.TxID) (err error) {
	s.captured = s.captured[:0]
	if s.capture != nil {
		s.captured, err = s.capture.PreCommit(s.captured, tx, s.changes)
		return err
	}
	for i := range s.changes {
		s.captured = append(s.captured, s.number(tx, uint32(i), &s.changes[i]))
	}
	return nil
}

// passHook lets the changes of a transaction stand without the hook: each record
// keeps the mark that it has.
func (s *System) passHook() {
	s.captured = s.captured[:0]
	for i := range s.changes {
		old := engine.Mark{}
		if before := s.changes[i].Before; before != nil {
			old = before.Mark
		}
		s.captured = append(s.captured, engine.CapturedChange{Mark: old, Filtered: true})
	}
}

// blind lists the maps of a transaction that goes past the hook of a side which
// would have captured it.
func (s *System) blind(tx *Tx) (maps []engine.MapID) {
	if !tx.PastHook || s.capture == nil {
		return nil
	}
	for i := range s.changes {
		if m := s.changes[i].Key.Map; s.capture.Captures(m) && !slices.Contains(maps, m) {
			maps = append(maps, m)
		}
	}
	return maps
}

// tellCapture tells the observer that some maps are captured, or not.
func (s *System) tellCapture(maps []engine.MapID, captures bool) {
	for _, m := range maps {
		s.observer.Capturing(s.k.Now(), s.config.Side, m, captures)
	}
}

// number is what a side without a capture hook keeps of a change: its number in
// the mark, and nothing else.
func (s *System) number(tx engine.TxID, ordinal uint32, c *engine.Change) engine.CapturedChange {
	old := engine.Mark{}
	if c.Before != nil {
		old = c.Before.Mark
	}
	if !s.counts(c) {
		return engine.CapturedChange{Mark: old, Filtered: true}
	}
	mark := engine.Mark{Incarnation: 1, Number: old.Number + 1}
	return engine.CapturedChange{
		Mark: mark,
		Reference: engine.Reference{
			Key: c.Key, Side: s.config.Side, Op: c.Op, Tx: tx, Ordinal: ordinal,
			Incarnation: mark.Incarnation, Number: mark.Number,
		},
	}
}

// counts reports whether a change is one that has to reach the other side: the
// record was or is in the map's scope, and the change took it in or out, or
// touched a column that flows out of this side.
func (s *System) counts(c *engine.Change) bool {
	m := s.tables[c.Key.Map].m
	was := c.Before != nil && c.Before.Alive && m.InScope(s.config.Side, c.Key, c.Before.Values)
	is := c.Op != engine.Delete && m.InScope(s.config.Side, c.Key, c.After)
	if m.Mode == engine.Stopped || was != is || !was {
		return m.Mode != engine.Stopped && was != is
	}
	against := engine.ToFinOps
	if s.config.Side == engine.Dataverse {
		against = engine.ToDataverse
	}
	for i := range m.Columns {
		if col := &m.Columns[i]; col.Flow != against && !col.Canonical.Equal(c.Before.Values[i], c.After[i]) {
			return true
		}
	}
	return false
}
