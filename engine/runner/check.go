package runner

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// The engine believes what it is told. What comes from outside is therefore
// looked at here, before it can leave the engine with an index out of range, a
// queue that never runs empty, or a change that is taken for another.

// check refuses an answer that makes no sense.
func (c *call) check(in *engine.Input) error {
	reason := ""
	switch in.Kind {
	case engine.OutboxPulled:
		reason = c.checkPull(in)
	case engine.BatchRead:
		reason = c.checkRead(in)
	case engine.BatchWritten:
		reason = c.checkRows(in)
	case engine.RecordsListed:
		reason = c.checkList(in)
	}
	if reason == "" {
		return nil
	}
	return &AnswerError{Side: c.effect.Side, Kind: c.effect.Kind, Reason: reason}
}

func (c *call) checkPull(in *engine.Input) string {
	switch e := &c.effect; {
	case len(in.References) > e.Max:
		return fmt.Sprintf("%d references, of at most %d", len(in.References), e.Max)
	case in.More && len(in.References) == 0:
		return "there are more references, and it gives none" // we would ask for ever
	}
	positions := make(map[uint64]bool, len(c.effect.Ack)+len(in.References))
	for _, p := range c.effect.Ack {
		positions[p] = true
	}
	for i := range in.References {
		r := &in.References[i]
		if positions[r.Position] { // and here
			return fmt.Sprintf("position %d holds %v, and is acknowledged or given twice", r.Position, r)
		}
		positions[r.Position] = true
		if reason := c.checkReference(r); reason != "" {
			return reason
		}
	}
	return ""
}

func (c *call) checkReference(r *engine.Reference) string {
	switch {
	case c.mapOf(r.Key) == nil:
		return fmt.Sprintf("a reference to record %q of table map %d, which there is not", r.Key.ID, r.Key.Map)
	case r.Side != c.effect.Side, r.Op > engine.Delete, r.Origin > engine.Late:
		return fmt.Sprintf("a reference from side %d with operation %d and origin %d to %q", r.Side, r.Op, r.Origin, r.Key.ID)
	case r.Position == 0, r.Incarnation == 0, r.Number == 0:
		return fmt.Sprintf("%v at position %d: none of these may be 0", r, r.Position)
	}
	// Its groups may be any: none, where the change only took the record into or out of
	// scope, and more than there are, where an earlier version of the map had them.
	for _, need := range r.Needs {
		if c.mapOf(need) == nil {
			return fmt.Sprintf("%v looks up %q of table map %d, which there is not", r, need.ID, need.Map)
		}
	}
	return ""
}

func (c *call) checkRead(in *engine.Input) string {
	keys, lookups := c.effect.Keys, c.effect.Lookups
	if len(in.Records) != len(keys) || len(in.Lookups) != len(lookups) {
		return fmt.Sprintf("%d records and %d lookups, of %d and %d", len(in.Records), len(in.Lookups), len(keys), len(lookups))
	}
	for i := range in.Lookups {
		if in.Lookups[i].Key != lookups[i] {
			return fmt.Sprintf("lookup %q where %q was asked for", in.Lookups[i].Key.ID, lookups[i].ID)
		}
	}
	for i, r := range in.Records {
		if r != nil && r.Key == nil {
			return fmt.Sprintf("a record without a key where %q was asked for", keys[i].ID)
		}
		if r != nil && *r.Key != keys[i] {
			return fmt.Sprintf("record %q where %q was asked for", r.Key.ID, keys[i].ID)
		}
		if r == nil {
			continue
		}
		if r.Version == 0 {
			return fmt.Sprintf("record %q has no version", r.Key.ID)
		}
		if reason := checkRecord(c.loop.config.Engine.Maps, r); reason != "" {
			return fmt.Sprintf("record %q %s", r.Key.ID, reason)
		}
	}
	return ""
}

// checkList refuses what would let the engine go round in circles, or leave
// records out.
func (c *call) checkList(in *engine.Input) string {
	e := &c.effect
	switch {
	case len(in.Records) > e.Max:
		return fmt.Sprintf("%d records, of at most %d", len(in.Records), e.Max)
	case in.More && len(in.Records) == 0:
		return "there are more records, and it gives none"
	}
	last := e.After
	for _, r := range in.Records {
		switch {
		case r == nil || !r.Listed():
			return "a record that is not alive"
		case r.Key == nil:
			return "a record without a key"
		case r.Key.Map != e.After.Map || e.Company != "" && r.Key.Company != e.Company:
			return fmt.Sprintf("record %q of table map %d and company %q where %d and %q were asked for", r.Key.ID, r.Key.Map, r.Key.Company, e.After.Map, e.Company)
		case r.Key.Compare(last) <= 0:
			return fmt.Sprintf("record %q does not come after %q", r.Key.ID, last.ID)
		}
		if r.Version == 0 {
			return fmt.Sprintf("record %q has no version", r.Key.ID)
		}
		if reason := checkRecord(c.loop.config.Engine.Maps, r); reason != "" {
			return fmt.Sprintf("record %q %s", r.Key.ID, reason)
		}
		last = *r.Key
	}
	return ""
}

// checkRecord tells what is wrong with a record of one of the maps.
func checkRecord(maps []*engine.TableMap, r *engine.Record) string {
	m := maps[r.Key.Map]
	switch {
	case !r.Alive: // nobody looks at the values of the dead
		return ""
	case len(r.Values) != len(m.Columns):
		return fmt.Sprintf("has %d columns, of %d", len(r.Values), len(m.Columns))
	case len(r.Mark.Groups) != m.Groups() && r.Mark.Incarnation != 0 && r.Mark.MapVersion == m.Version:
		return fmt.Sprintf("has a mark of %d column groups, of %d", len(r.Mark.Groups), m.Groups())
	}
	for g := range r.Mark.Groups {
		if own := r.Mark.Groups[g].Own; own > r.Mark.Number {
			return fmt.Sprintf("has come to change %d, and column group %d to %d", r.Mark.Number, g, own)
		}
	}
	for i, v := range r.Values {
		switch {
		case v.Kind > engine.KindLookup:
			return fmt.Sprintf("holds a value of kind %d in column %d", v.Kind, i)
		case v.Kind != engine.KindLookup:
		case v.Target == nil || mapOf(maps, *v.Target) == nil || !slices.Contains(m.Columns[i].Lookups, v.Target.Map):
			return fmt.Sprintf("looks up in column %s what that cannot name", m.Columns[i].Name)
		}
	}
	return ""
}

func (c *call) checkRows(in *engine.Input) string {
	if len(in.Rows) != len(c.effect.Writes) {
		return fmt.Sprintf("%d rows, of %d", len(in.Rows), len(c.effect.Writes))
	}
	for i := range in.Rows {
		row := &in.Rows[i]
		known := false
		switch row.Result {
		case engine.RowDone, engine.RowConditionFailed:
			known = true
		case engine.RowRefused:
			known = row.Reason == engine.Refused || row.Reason == engine.DuplicateValue || row.Reason == engine.AmbiguousKey
		case engine.RowUndone:
			known = c.effect.Atomic
		case engine.RowFailed:
			known = row.Reason == engine.TimedOut || row.Reason == engine.Unavailable
		}
		if !known {
			return fmt.Sprintf("row %d ended as %d for reason %d", i, row.Result, row.Reason)
		}
	}
	if c.effect.Atomic {
		return checkAllOrNothing(in.Rows)
	}
	return ""
}

// checkAllOrNothing tells what is wrong with the rows of an atomic batch: all
// are done, or none is and one of them says why.
func checkAllOrNothing(rows []engine.RowAnswer) string {
	done, undone := 0, 0
	for i := range rows {
		switch rows[i].Result {
		case engine.RowDone:
			done++
		case engine.RowUndone:
			undone++
		}
	}
	switch {
	case done != 0 && done != len(rows):
		return fmt.Sprintf("%d rows done, of %d that are done together or not at all", done, len(rows))
	case undone == len(rows):
		return "no row is done, and none says why"
	}
	return ""
}

// checkHeld reports everything that is wrong with a transaction that a system
// asks to be carried before its commit.
func checkHeld(maps []*engine.TableMap, side engine.Side, tx engine.TxID, rows []engine.LiveRow) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if side > engine.Dataverse {
		fault("there is no side %d", side)
	}
	if tx == 0 {
		fault("it has no name")
	}
	if len(rows) == 0 {
		fault("it has no live rows, and needs nobody to carry them")
	}
	seen := make(map[engine.Key]bool, len(rows))
	for i := range rows {
		r := &rows[i]
		if seen[r.Key] {
			fault("record %q comes twice", r.Key.ID)
		}
		seen[r.Key] = true
		if reason := checkLiveRow(maps, r); reason != "" {
			fault("record %q %s", r.Key.ID, reason)
		}
	}
	return errors.Join(faults...)
}

func checkLiveRow(maps []*engine.TableMap, r *engine.LiveRow) string {
	m := mapOf(maps, r.Key)
	switch {
	case m == nil:
		return fmt.Sprintf("is of table map %d, which there is not", r.Key.Map)
	case r.Op > engine.Delete:
		return fmt.Sprintf("meets operation %d", r.Op)
	case r.After == nil || !r.After.Names(&r.Key) || r.Before != nil && !r.Before.Names(&r.Key):
		return "is not the one before or after the change"
	case r.After.Alive == (r.Op == engine.Delete) || r.After.Mark.Dead == r.After.Alive:
		return fmt.Sprintf("is left alive, or dead, as no %s leaves it", r.Op)
	case r.After.Mark.Incarnation == 0 || r.After.Mark.MapVersion != m.Version || len(r.After.Mark.Groups) != m.Groups():
		return "has a mark that the hook did not make"
	case r.Before != nil:
		if reason := checkRecord(maps, r.Before); reason != "" {
			return "before the change " + reason
		}
	}
	return checkRecord(maps, r.After)
}

// mapOf returns a key's table map, or nil.
func (c *call) mapOf(k engine.Key) *engine.TableMap { return mapOf(c.loop.config.Engine.Maps, k) }

func mapOf(maps []*engine.TableMap, k engine.Key) *engine.TableMap {
	if int(k.Map) >= len(maps) {
		return nil
	}
	return maps[k.Map]
}
