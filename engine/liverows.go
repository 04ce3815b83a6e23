package engine

import "slices"

// What a live transaction asks of Y, and what it writes there:
//
//	read Y ── nothing went past its hook ──→ judge the rows ──→ intent saved, write Y
//	  ↑  └─ something did ──→ Y captures it late ─┐  └─ refused: X is undone
//	  └───────────────────────────────────────────┘
//
// What is captured late has a number, so that it is a change like any other: a
// delete may be refused for it, and what it loses to says so.

// readRows reads Y, and the life there of what the rows look up.
func (c *Core) readRows(t *liveTx) {
	t.stage = readingRows
	eff := Effect{Kind: ReadBatch, Side: t.intent.Side.Other()}
	for i := range t.rows {
		r := &t.rows[i]
		eff.Keys = append(eff.Keys, r.Key)
		if r.Op != Delete {
			eff.Lookups = append(eff.Lookups, c.cfg.Maps[r.Key.Map].needs(r.Key, r.After.Values)...)
		}
	}
	c.send(t, eff)
}

// writeRows judges the rows by what Y holds, saves the intent and sends the
// writes, of which all are done or none.
func (c *Core) writeRows(t *liveTx, in *Input) {
	if y := t.intent.Side.Other(); c.paused(y) { // what was read will be old by then
		t.stage, t.until = pausedRows, c.gates[y].pause
		return
	}
	if c.captureLate(t, in.Records) {
		return
	}
	var writes []Write
	source := t.intent.Side
	for i := range t.rows {
		r, y := &t.rows[i], in.Records[i]
		m := c.cfg.Maps[r.Key.Map]
		if y != nil && (y.Alive || r.Op == Delete) && y.Mark.Incarnation > r.After.Mark.Incarnation { // another delete was faster, and the key lives again, or has
			c.abort(t, Outcome{Class: ConcurrencyFailure, Reason: ConditionLimit}, r.Key)
			return
		}
		back := c.pairs.ensure(r.Key, source.Other())
		w := Write{
			Key: r.Key, Source: r.After, Target: y, Intent: t.intent.Tx,
			Settled: c.settledUpTo(back, y), Past: c.stillPast(back, y), Deadline: c.deadline(),
		}
		overruled := m.overruled(source, r, y)
		if r.Op == Delete {
			if overruled != 0 && m.Primary != source && !c.cfg.DeleteWins {
				c.abort(t, Outcome{Class: ConflictFailure, Reason: Rejected}, r.Key)
				return
			}
			w.Kind, w.Override = DeleteWrite, overruled
		} else {
			if why := m.unfit(&r.Key); why.Class != Open {
				c.abort(t, why, r.Key)
				return
			}
			linked := y != nil && y.Alive && y.Mark.Incarnation == r.After.Mark.Incarnation
			w.Groups = pending(m, source, r.After, y, linked)
			if linked && m.keptBack(source, r, y)&^w.Groups != 0 { // ended as out of scope; it is carried once the rows are there
				c.enqueueOwn(back, Reassert, y)
			}
			if column := m.unmapped(w.Groups, source.Other(), r.After.Values); column >= 0 {
				c.abort(t, Outcome{Class: ApplicationFailure, Reason: UnmappedValue, Cause: causeUnmapped + m.Columns[column].Name}, r.Key)
				return
			}
			w.Override = m.disputed(source.Other(), w.Groups&overruled, r.After, y)
			if column := c.unresolved(t, m, w.Groups, r, in.Lookups); column >= 0 {
				c.abort(t, Outcome{Class: ApplicationFailure, Reason: LookupNotFound, Cause: causeLookupNotFound + m.Columns[column].Name}, r.Key)
				return
			}
			w.Lookups = m.conditions(nil, w.Groups, r.After, in.Lookups)
		}
		row := &t.intent.Rows[i]
		row.Existed = y != nil && y.Alive
		row.Hidden = row.Existed && c.hides(source.Other(), r)
		w.Hide = row.Hidden
		writes = append(writes, w)
	}
	t.intent.Deadline = c.deadline()
	if t.saved { // a second try: what Y held has changed
		c.save = append(c.save, Mutation{Kind: IntentClosed, Intent: &Intent{Side: source, Tx: t.intent.Tx}})
	}
	if t.saved = !c.bugs.hit(PlantIntentUnsaved); t.saved {
		c.save = append(c.save, Mutation{Kind: IntentOpened, Intent: new(t.intent)})
	}
	t.stage = writingRows
	if c.bugs.hit(PlantLiveOrderSwapped) {
		c.do = append(c.do, Effect{Kind: CommitTx, Side: source, Tx: t.intent.Tx})
	}
	c.send(t, Effect{Kind: WriteBatch, Side: source.Other(), Writes: writes, Atomic: true})
}

// captureLate lets Y capture what went past its hook in the records that the rows are
// about to take the place of, and reports whether anything did. Y is read again then.
func (c *Core) captureLate(t *liveTx, ys []*Record) bool {
	var late []Write
	for i := range t.rows {
		r := &t.rows[i]
		x := r.After
		if r.Op == Delete { // what stays on Y is compared with what was there
			x = r.Before
		}
		if set := c.cfg.Maps[r.Key.Map].unheard(t.intent.Side, x, ys[i]); set != 0 && !c.bugs.hit(PlantLiveUnlooked) {
			late = append(late, c.late(c.pairs.ensure(r.Key, t.intent.Side.Other()), ys[i], x, set))
		}
	}
	return c.sendLate(t, capturingLate, late)
}

// captureOnTop is captureLate for a transaction that is being undone: what went past
// the hook on top of what it had written on Y. What Y has hidden comes back beside
// that.
func (c *Core) captureOnTop(t *liveTx, ys []*Record) bool {
	var late []Write
	for i, y := range ys {
		k, side := t.intent.Rows[i].Key, t.intent.Side.Other()
		if y == nil || !y.Alive || y.Mark.Intent != t.intent.Tx || y.hides() || slices.Contains(t.left, k) {
			continue
		}
		m := c.cfg.Maps[k.Map]
		if !m.covers(side, y) {
			continue
		}
		set := m.drifted(y, side)
		if set == 0 || !c.goesAway(t, i, y) && m.differing(side, set, t.x[i], y) == 0 { // what X holds alike comes back as it is
			continue
		}
		late = append(late, c.late(c.pairs.ensure(k, side), y, t.x[i], set))
	}
	return c.sendLate(t, capturingOnTop, late)
}

// captureLeft lets Y capture what it does not undo, in the groups that nobody would tell
// the other side of else: the transaction had changed them, perhaps over Y's own change,
// and neither side's mark says so. It is Y's own from now on.
func (c *Core) captureLeft(t *liveTx, ys []*Record) bool {
	var late []Write
	for i, y := range ys {
		k, side := t.intent.Rows[i].Key, t.intent.Side.Other()
		if y == nil || !y.Alive || y.Mark.Dead || y.Mark.Intent != t.intent.Tx || !slices.Contains(t.left, k) {
			continue
		}
		if set := c.cfg.Maps[k.Map].untoldOf(side, y, t.x[i]); set != 0 {
			late = append(late, c.late(c.pairs.ensure(k, side), y, t.x[i], set))
		}
	}
	return c.sendLate(t, capturingOnTop, late)
}

// untoldOf returns the groups in which two records of one life differ, although neither side
// has something for the other, whatever the source has seen: of those that flow both ways,
// since a transaction of the other side has changed no others.
func (m *TableMap) untoldOf(source Side, x, y *Record) GroupSet {
	if !y.marked() || y.Mark.Dead || x.Mark.Incarnation != y.Mark.Incarnation || !m.covers(source, x) || !m.covers(source.Other(), y) {
		return 0
	}
	silent := m.outgoing(source) & m.outgoing(source.Other()) &^ pending(m, source, x, y, true) &^ m.standing(y)
	return m.differing(source.Other(), silent, x, y)
}

// sendLate asks Y for late captures, if there are any.
func (c *Core) sendLate(t *liveTx, stage liveStage, late []Write) bool {
	if len(late) == 0 {
		return false
	}
	t.stage = stage
	c.send(t, Effect{Kind: WriteBatch, Side: t.intent.Side.Other(), Writes: late})
	return true
}

// hides reports whether Y must keep what a row takes the place of: where undoing it
// from X would lose it, and Y can. What X itself may have to give back is nothing to undo
// from, either.
func (c *Core) hides(y Side, r *LiveRow) bool {
	if r.Op == Delete {
		return c.cfg.Hides[y]
	}
	return r.Before == nil || !r.Before.Alive || r.Before.Mark.Incarnation == 0 || r.Before.hides()
}

// overruled returns the groups in which Y has something for X. A record that a
// user of X creates, or that is older than the sync, has seen nothing of one that Y
// already holds in that life, or in an earlier one that has not ended there. The mark of
// one that was created past the hook over a tombstone tells of a life that is over.
func (m *TableMap) overruled(source Side, r *LiveRow, y *Record) GroupSet {
	x := r.Before
	switch {
	case x != nil && x.Mark.Incarnation > 0 && x.Mark.Incarnation == r.After.Mark.Incarnation: // perhaps it had vanished past the hook: its mark tells what it had seen
		x = &Record{Key: r.After.Key, Alive: true, Mark: x.Mark}
	case x == nil || !x.Alive || x.Mark.Dead || x.Mark.Incarnation == 0:
		x = &Record{Key: r.After.Key, Alive: true, Mark: Mark{Incarnation: r.After.Mark.Incarnation, Groups: make([]GroupMark, len(m.groups))}}
	}
	switch {
	case y == nil || !y.Alive || y.risen():
		return 0
	case y.outlived(x):
		return m.standing(y) & m.outgoing(source.Other())
	case y.Mark.Incarnation != x.Mark.Incarnation:
		return 0
	}
	return pending(m, source.Other(), y, x, true)
}

// outlived reports whether a record lives on although the other side's lives a newer life:
// a delete of it could not be undone there. The newer life wins, whoever is primary.
func (r *Record) outlived(by *Record) bool {
	return r != nil && r.Alive && !r.Mark.Dead && r.Mark.Incarnation > 0 && r.Mark.Incarnation < by.Mark.Incarnation && by.Alive
}

// keptBack returns the groups in which Y has something for X that could not travel,
// because one of them was out of scope: a live change may bring it back.
func (m *TableMap) keptBack(source Side, r *LiveRow, y *Record) GroupSet {
	if m.covers(source, r.Before) && m.covers(source.Other(), y) {
		return 0
	}
	return pending(m, source.Other(), y, r.After, true)
}

// standing returns the groups that users of a record's side have changed in its life,
// and that nothing was written over since.
func (m *TableMap) standing(r *Record) (s GroupSet) {
	for g := range r.Mark.Groups {
		if gm := &r.Mark.Groups[g]; gm.Own > gm.lostHighest() {
			s = s.With(g)
		}
	}
	return s
}

// differing returns those of the groups in which the target does not hold what the
// source would bring it.
func (m *TableMap) differing(target Side, groups GroupSet, x, y *Record) (s GroupSet) {
	for g := range m.groups {
		if groups.Has(g) && !m.equal(g, target, x.Values, y.Values) {
			s = s.With(g)
		}
	}
	return s
}

// disputed returns those of the groups that are not the same seen from either side; in all of
// them both sides have something for each other.
func (m *TableMap) disputed(target Side, groups GroupSet, x, y *Record) (s GroupSet) {
	for g := range m.groups {
		if groups.Has(g) && !m.mutual(g, target, x.Values, y.Values) {
			s = s.With(g)
		}
	}
	return s
}

// unresolved returns a column by which a row looks up what Y neither holds nor gets in the
// same batch; -1 if there is none.
func (c *Core) unresolved(t *liveTx, m *TableMap, groups GroupSet, r *LiveRow, lookups []Alive) (column int) {
	for g := range m.groups {
		for _, col := range m.groups[g].columns {
			v := r.After.Values[col]
			if !groups.Has(g) || v.Kind != KindLookup {
				continue
			}
			need := v.Target.Folded()
			if need != r.Key && incarnationOf(need, lookups) == 0 && !t.creates(need) {
				return col
			}
		}
	}
	return -1
}

// creates reports whether the transaction itself creates a record.
func (t *liveTx) creates(k Key) bool {
	for i := range t.rows {
		if t.rows[i].Op == Create && t.rows[i].Key == k {
			return true
		}
	}
	return false
}
