package engine_test

import (
	"fmt"
	"maps"

	"github.com/twinwrite/twinwrite/engine"
)

// touch is an edit's change of one column.
type touch struct{ edit, column int }

// history is the set of touches that a record reflects.
type history map[touch]bool

// judge follows the history of every record.
type judge struct {
	schedule   *schedule
	broken     error
	words      int
	leaks      int
	writes     writeBound
	blind      bool            // the hook takes the engine's writes for edits: conflicts with them are no mistake of the engine
	echoed     int             // references that were booked as echoes
	echoes     map[string]bool // by number: changes that the hook made of the engine's writes
	edits      []editMade
	byNumber   map[string]int // by [entry]
	dropped    history        // overridden by the primary, declared by the write
	head       map[int]bool   // the newest edits among the dropped, each time
	uncaptured map[int]bool
	gone       map[int]bool           // their record was deleted with them
	past       history                // went past the hook or was made out of scope, and is not captured yet
	before     map[touch]engine.Value // ... and what stood there before it
	carried    map[int]bool
	outcomes   map[int]engine.Outcome
	forgotten  map[int]bool           // the engine's store was restored to a state that knows nothing of them
	reopened   int                    // ... or in which they had no outcome yet
	told       map[int]engine.Outcome // what the store had told of them before
	equalled   map[int]bool           // were found equal with what the other side held
	hidden     map[numbered]fates     // what live transactions have done to hidden records
	turned     int                    // times the primary changed
	copied     bool                   // the last initial sync has been asked for
	copySteps  int                    // ... and so many requests have been carried out since
	initial    map[*engine.Write]bool // decided while the table map initialized
}

type editMade struct {
	side engine.Side
	key  engine.Key
}

func newJudge(s *schedule) *judge {
	return &judge{
		schedule: s, byNumber: map[string]int{}, echoes: map[string]bool{}, dropped: history{}, head: map[int]bool{},
		uncaptured: map[int]bool{}, gone: map[int]bool{}, past: history{}, before: map[touch]engine.Value{}, carried: map[int]bool{}, outcomes: map[int]engine.Outcome{}, forgotten: map[int]bool{}, equalled: map[int]bool{}, told: map[int]engine.Outcome{}, hidden: map[numbered]fates{}, initial: map[*engine.Write]bool{},
	}
}

// nextWord returns a value: sometimes one that others have too.
func (j *judge) nextWord(word int) int {
	if word == 0 {
		return -1
	}
	j.words++
	return j.words
}

func (j *judge) breach(format string, args ...any) {
	if j.broken == nil && !j.blind {
		j.broken = fmt.Errorf(format, args...)
	}
}

func historyOf(r *engine.Record) history {
	if r == nil || r.Trace == nil {
		return nil
	}
	return r.Trace.(history)
}

func (j *judge) userCommitted(side engine.Side, before, after *engine.Record, c engine.CapturedChange) history {
	if !after.Alive {
		for t := range historyOf(before) {
			j.gone[t.edit] = true
		}
		return nil
	}
	id := len(j.edits)
	h := history{}
	maps.Copy(h, historyOf(before))
	for col := range after.Values {
		leaves := col != finopsColumn && col != dataverseColumn || col == finopsColumn+int(side)
		if leaves && (before == nil || !before.Alive || !before.Values[col].Equal(after.Values[col])) {
			h[touch{id, col}] = true
		}
	}
	if len(h) == len(historyOf(before)) {
		return h // saved as it was: no edit
	}
	if c.Live {
		j.edits = append(j.edits, editMade{side, *after.Key})
		j.outcomes[id] = engine.Outcome{Class: engine.Synced, Reason: engine.Written}
		return h
	}
	if c.Captured { // it stands for what was not captured in the same groups, too
		for t := range historyOf(before) {
			if j.past[t] && c.Reference.Groups.Has(j.schedule.groupOf(t.column)) {
				delete(j.past, t)
				h[touch{id, t.column}] = true
			}
		}
		for t := range h { // what was done out of scope, and is undone now
			if t.edit == id && !c.Reference.Groups.Has(j.schedule.groupOf(t.column)) {
				maps.DeleteFunc(h, func(u touch, _ bool) bool { return u.column == t.column && (u == t || j.past[u]) })
				maps.DeleteFunc(j.past, func(u touch, _ bool) bool { return u.column == t.column && historyOf(before)[u] })
			}
		}
	}
	if !c.Captured {
		j.edits = append(j.edits, editMade{side, engine.Key{}})
		j.uncaptured[id] = true
		for t := range maps.Clone(h) {
			if t.edit == id {
				j.wentPast(h, t, before, after)
			}
		}
		return h
	}
	j.writes.captured(after)
	j.edits = append(j.edits, editMade{side, c.Reference.Key})
	j.byNumber[entry(&c.Reference)] = id
	return h
}

// wentPast takes note of a touch that nobody captures. If it brings back what the last
// capture or write has left, nobody can ever see that there was a change: it and those
// that it takes back are none.
func (j *judge) wentPast(h history, t touch, before, after *engine.Record) {
	j.past[t] = true
	if before == nil || !before.Alive {
		return
	}
	first, changes := t.edit, history{t: true}
	for u := range historyOf(before) {
		if u.column == t.column && j.past[u] {
			changes[u], first = true, min(first, u.edit)
		}
	}
	j.before[t] = before.Values[t.column]
	if was, known := j.before[touch{first, t.column}]; known && was.Equal(after.Values[t.column]) {
		for u := range changes {
			delete(h, u)
			delete(j.past, u)
		}
	}
}

// liveCommitted takes note that a live change stands for what had gone past the hook in
// the same groups, too.
func (j *judge) liveCommitted(before *engine.Record, mark *engine.Mark) {
	for t := range historyOf(before) {
		if mark.Groups[j.schedule.groupOf(t.column)].Own == mark.Number {
			delete(j.past, t)
		}
	}
}

// undone forgets the edit of a live transaction that did not commit.
func (j *judge) undone(trace any) {
	newest := -1
	for t := range trace.(history) {
		newest = max(newest, t.edit)
	}
	j.gone[newest] = true
}

func (j *judge) engineCommitted(side engine.Side, w *engine.Write, now, after *engine.Record) history {
	target := historyOf(now)
	j.writes.done(w)
	if w.Hide {
		defer j.hides(side, w, maps.Clone(j.dropped), maps.Clone(j.head), maps.Clone(j.gone))
	}
	if w.Kind == engine.CarryWrite && w.Intent == 0 && w.Override != 0 && side == j.schedule.primary && !j.schedule.jobs { // in a job that starts and stops, the primary changes
		j.breach("the primary's record %s on %v was overridden", w.Key.ID, side)
	}
	switch w.Kind {
	case engine.SealWrite:
		return target
	case engine.UnhideWrite:
		return j.unhidden(side, w, now, after)
	case engine.LateWrite:
		for t := range target {
			if w.Groups.Has(j.schedule.groupOf(t.column)) {
				delete(j.past, t)
			}
		}
		return target
	case engine.DeleteWrite:
		for t := range target {
			j.gone[t.edit] = true // or overridden, should the delete be undone
			if !historyOf(w.Source)[t] {
				j.unheard(w, now, t)
				j.dropped[t] = true
			}
		}
		return nil
	}
	h := maps.Clone(target)
	if h == nil {
		h = history{}
	}
	if j.schedule.unlinked == engine.UnlinkedCarry && !j.initial[w] && now != nil && now.Alive && now.Mark.Incarnation == 0 {
		for t := range target { // older than the sync: drift from now on
			j.dropped[t] = true
		}
	}
	newest := map[int]int{} // by group: the newest edit of this side that is dropped
	for g := range 5 {
		if !w.Groups.Has(g) {
			continue
		}
		var unseen []touch
		source := history{}
		for t := range historyOf(w.Source) {
			if j.schedule.groupOf(t.column) == g {
				source[t] = true
				j.carried[t.edit] = true
			}
		}
		for t := range target {
			if j.schedule.groupOf(t.column) == g && !source[t] && !j.dropped[t] {
				unseen = append(unseen, t)
			}
		}
		maps.Copy(h, source)
		if w.Kind == engine.MarkWrite || equalIn(j.schedule, g, side, w.Source, now) { // found equal: both histories live on
			for t := range source {
				j.equalled[t.edit] = true
			}
			if now != nil && now.Mark.Incarnation == 0 { // what the sync found there says from now on what the source says
				for _, t := range unseen {
					j.dropped[t] = true
				}
			}
			continue
		}
		switch {
		case w.Kind == engine.RestoreWrite || w.Intent != 0: // an undone transaction takes with it what was done on top
		case len(unseen) > 0 && !w.Override.Has(g):
			j.breach("lost update: %v of %s on %v were overwritten unseen", unseen, w.Key.ID, side)
		case len(unseen) == 0 && w.Override.Has(g):
			j.breach("false conflict: the write to %s on %v overrides nothing in group %d", w.Key.ID, side, g)
		}
		for _, t := range unseen {
			if w.Intent != 0 && w.Kind != engine.RestoreWrite {
				j.unheard(w, now, t)
			}
			j.dropped[t] = true
			if j.edits[t.edit].side == side {
				newest[g] = max(newest[g], t.edit+1)
			}
		}
		for t := range h {
			if j.schedule.groupOf(t.column) == g && !source[t] && !j.dropped[t] {
				delete(h, t)
			}
		}
	}
	for _, id := range newest {
		j.head[id-1] = true
	}
	return h
}

// unheard breaks the schedule where a live transaction takes away what went past the
// hook, and nobody will ever tell.
func (j *judge) unheard(w *engine.Write, now *engine.Record, t touch) {
	if j.past[t] && !j.dropped[t] && now.Mark.Incarnation != 0 && !j.schedule.mapping.filters() {
		j.breach("lost update: a live %v write of %s took edit %d away, which had gone past the hook", w.Kind, w.Key.ID, t.edit)
	}
}

func equalIn(s *schedule, g int, side engine.Side, a, b *engine.Record) bool {
	if b == nil || !b.Alive {
		return false
	}
	for col := range a.Values {
		if s.groupOf(col) == g && !s.mapping.means(col, side.Other(), a.Values[col], b.Values[col]) {
			return false
		}
	}
	return true
}

func (j *judge) settled(r *engine.Reference, o engine.Outcome) {
	if o.Reason == engine.Echo {
		j.leaks--
		j.echoed++
		if j.leaks < 0 {
			j.breach("a user's change is booked as an echo: %v", r)
		}
		return
	}
	id, known := j.byNumber[entry(r)]
	if !known {
		if r.Origin != engine.Late && !j.echoes[entry(r)] {
			j.breach("an outcome for a change that nobody made: %v", r)
		}
		return
	}
	if old, twice := j.outcomes[id]; twice {
		j.breach("two outcomes for %v: %v (%v) and %v (%v)", r, old.Class, old.Reason, o.Class, o.Reason)
	}
	j.outcomes[id] = o
}

// verdict judges the quiet world.
func (j *judge) verdict(e *environment) error {
	if j.broken != nil {
		return j.broken
	}
	if s := e.core.Stats(); s.Open|s.OnDesk|s.InFlight|s.Blocked|s.Parked|s.Backoff != 0 {
		return fmt.Errorf("nothing is open, and the engine counts %+v", s)
	}
	if err := j.writes.kept(len(j.echoes)); err != nil && !j.schedule.jobs { // the rows of an initial sync are not counted here
		return err
	}
	if len(e.planted) == 0 { // with a layer of loopback control off, marks tell of what nobody did
		if err := e.compareAll(); err != nil {
			return err
		}
	}
	for id, made := range j.edits {
		if j.uncaptured[id] || j.blind {
			continue
		}
		o, ended := j.outcomes[id]
		switch {
		case !ended && j.forgotten[id]:
		case !ended:
			return fmt.Errorf("edit %d of %s on %v has no outcome", id, made.key.ID, made.side)
		case j.gone[id]:
		case o.Class == engine.Synced && !j.carried[id]:
			return fmt.Errorf("edit %d of %s on %v is booked as synced (%v) and was never carried", id, made.key.ID, made.side, o.Reason)
		case o.Reason == engine.Filtered:
			if !j.schedule.mapping.filters() {
				return fmt.Errorf("edit %d of %s on %v is booked as filtered, and there is no filter", id, made.key.ID, made.side)
			}
		case o.Reason == engine.FoundEqual && j.equalled[id]: // a write that was under way may have overridden it then
		case (o.Reason == engine.Superseded || o.Reason == engine.AlreadyCarried) && j.told[id].Class == engine.ConflictFailure: // it was told, and the mark has forgotten it
		case j.head[id] && o.Class != engine.ConflictFailure:
			return fmt.Errorf("edit %d of %s on %v was overridden and is booked as %v (%v)", id, made.key.ID, made.side, o.Class, o.Reason)
		case o.Reason == engine.Overridden && !j.droppedAny(id):
			return fmt.Errorf("edit %d of %s on %v is booked as overridden and was not", id, made.key.ID, made.side)
		case o.Reason == engine.GoneFromSource:
			return fmt.Errorf("edit %d of %s on %v is booked as gone, and nothing was deleted", id, made.key.ID, made.side)
		}
	}
	for p := range 3 {
		k := engine.Key{ID: string(rune('A' + p))}
		a, b := e.sides[engine.FinOps].records[k], e.sides[engine.Dataverse].records[k]
		for _, r := range []*engine.Record{a, b} {
			if r != nil && r.Mark.Dead && r.Mark.Intent != 0 {
				return fmt.Errorf("the tombstone of %s waits when all is quiet: its key is busy for ever", k.ID)
			}
		}
		pending := !j.schedule.jobs && (drifting(j, a) || drifting(j, b)) // an uncaptured edit that nothing touched since
		mapped := &j.schedule.mapping
		if mapped.out(engine.FinOps, a) || mapped.out(engine.Dataverse, b) {
			continue
		}
		if va, vb := mapped.say(engine.FinOps, a), mapped.say(engine.Dataverse, b); va != vb && !pending {
			return fmt.Errorf("diverged when quiet: %s is %q and %q", k.ID, va, vb)
		}
	}
	return nil
}

// droppedAny reports whether any part of an edit was overridden.
func (j *judge) droppedAny(id int) bool {
	for t := range j.dropped {
		if t.edit == id {
			return true
		}
	}
	return false
}

// drifting reports whether a record's newest edit went past the hook and was
// not captured late: that is drift until somebody touches the record.
func drifting(j *judge, r *engine.Record) bool {
	newest := -1
	for t := range historyOf(r) {
		newest = max(newest, t.edit)
	}
	return newest >= 0 && j.uncaptured[newest]
}
