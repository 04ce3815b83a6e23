package engine

import "slices"

// What a live transaction has written on Y is undone when X did not commit:
//
//	X has told so → read X, read Y → write Y from X ── done ───────→ intent closed
//	                   ↑                │ somebody was faster          ↑
//	                   └── after a while┤ refused, and again           │
//	                                    └→ pair quarantined, Y keeps it┘
//
// Where X holds nothing that Y could be written from, Y has kept what it held
// ([Mark.Hidden]) and gets that back. Only what the transaction itself has created
// goes away. If users of Y have changed it meanwhile, their numbers are known: the
// key's life ends with it, on both sides.
//
// X must have told so itself: that it was told to undo means nothing while the
// message can be lost.

// readX begins to undo what a transaction did on Y, or waits: until no write can land
// any more that nobody has answered for, since what is read of X must stay, and for its
// turn, since after a side has refused requests for a time, transactions are undone one
// after the other.
func (c *Core) readX(t *liveTx) {
	if until := c.landsUntil(t); until > 0 && c.now <= until {
		t.stage, t.until = waitingOut, until+1
		return
	}
	if c.crowded(true) {
		t.stage, t.until = waitingOut, c.now.Add(c.cfg.LockWait)
		return
	}
	t.stage = readingX
	c.send(t, Effect{Kind: ReadBatch, Side: t.intent.Side, Keys: t.keys()})
}

// landsUntil returns the last instant at which a write may land on a row of the
// transaction that an attempt to carry it sent before, and that nobody has answered for.
func (c *Core) landsUntil(t *liveTx) (until Time) {
	for i := range t.intent.Rows {
		until = max(until, c.unanswered[t.intent.Rows[i].Key.Map])
	}
	return until
}

// readOfX takes what X holds. What was created past its hook over a tombstone lives in
// the life that its next change begins.
func (c *Core) readOfX(t *liveTx, xs []*Record) {
	t.x = append(t.x[:0], xs...)
	for i, x := range xs {
		if x != nil && x.risen() {
			next := *x
			next.Mark = c.cfg.Maps[x.Key.Map].nextLife(&x.Mark)
			t.x[i] = &next
		}
	}
	c.readY(t)
}

// readY reads Y, and the life there of what X's records look up.
func (c *Core) readY(t *liveTx) {
	t.stage = readingY
	eff := Effect{Kind: ReadBatch, Side: t.intent.Side.Other(), Keys: t.keys()}
	for _, x := range t.x {
		if x != nil && x.Alive {
			eff.Lookups = append(eff.Lookups, c.cfg.Maps[x.Key.Map].needs(*x.Key, x.Values)...)
		}
	}
	c.send(t, eff)
}

func (t *liveTx) keys() []Key {
	keys := make([]Key, len(t.intent.Rows))
	for i := range keys {
		keys[i] = t.intent.Rows[i].Key
	}
	return keys
}

// restore writes Y from X where the transaction's write had landed: over the
// tombstone, over what was written, or away with what was created. Over a tombstone
// all groups come back as X holds them, also those that only flow to X; where X had
// not seen Y's changes they are overridden, whoever is primary. What Y has kept comes
// back as it was. What a record looks up comes back before it, and goes away after it.
func (c *Core) restore(t *liveTx, in *Input) {
	if c.captureOnTop(t, in.Records) || c.captureLeft(t, in.Records) || c.prepareX(t, in.Records) {
		return
	}
	eff := Effect{Kind: WriteBatch, Side: t.intent.Side.Other()}
	lookups, sent := slices.Clone(in.Lookups), t.rows == nil || len(t.undoing) > 0
	t.undoing, t.lacking, t.unhidden = t.undoing[:0], t.lacking[:0], t.unhidden[:0]
	var numbers []Write
	for _, i := range c.undoOrder(t, in.Records) {
		r, x, y := &t.intent.Rows[i], t.x[i], in.Records[i]
		if c.bugs.hit(PlantNotRestored) {
			break
		}
		if y == nil || y.Mark.Intent != t.intent.Tx {
			if sent && c.cfg.Maps[r.Key.Map].lacks(t.intent.Side, x, y) { // nobody has heard that it was undone, nor what it came back without
				t.lacking = append(t.lacking, x)
			}
			continue // it never landed and no longer can, or is undone already
		}
		w := Write{Kind: RestoreWrite, Key: r.Key, Source: x, Target: y, Known: r.Number, Deadline: c.deadline()}
		switch {
		case slices.Contains(t.left, r.Key) && y.Mark.Dead:
			w = Write{Kind: SealWrite, Key: r.Key, Intent: t.intent.Tx, Deadline: c.deadline()}
		case slices.Contains(t.left, r.Key): // it is Y's own from now on, and has seen nothing of X
			w.Source, w.Past = y, y.Mark.Past
		case y.hides():
			w.Kind, w.Source = UnhideWrite, y.Mark.Hidden
			if t.rows == nil { // the store may have been restored, and know nothing of its changes
				t.unhidden = append(t.unhidden, y.Mark.Hidden)
			}
			lookups = cameBack(lookups, r.Key, max(y.Mark.Hidden.Mark.Incarnation, 1))
		case c.goesAway(t, i, y): // the key is free for the same life, unless that was ended
			w.Kind, w.Source = DeleteWrite, &Record{Key: y.Key, Mark: Mark{Incarnation: max(x.over(), r.Incarnation-1)}}
		default:
			w.Groups = c.restorable(t, x, lookups)
			if set := c.unnumbered(t, x, y, w.Groups); set != 0 {
				numbers = append(numbers, c.late(c.pairs.ensure(r.Key, t.intent.Side), x, y, set))
			}
			if y.Alive && !y.Mark.Dead { // the transaction has not touched what flows to X only
				w.Groups &= c.cfg.Maps[r.Key.Map].outgoing(t.intent.Side) &^ c.cfg.Maps[r.Key.Map].strayed(t.intent.Side, x, y)
			}
			w.Override, w.Past = unseen(y, x), y.Mark.Past
			if m := c.cfg.Maps[r.Key.Map]; m.standing(x)&m.outgoing(t.intent.Side)&^w.Groups != 0 {
				t.lacking = append(t.lacking, x)
			}
			w.Lookups = c.cfg.Maps[r.Key.Map].conditions(nil, w.Groups, x, lookups)
			lookups = cameBack(lookups, r.Key, x.Mark.Incarnation)
		}
		eff.Writes, t.undoing = append(eff.Writes, w), append(t.undoing, i)
	}
	if len(numbers) > 0 { // X is read again then
		t.stage = preparingX
		c.send(t, Effect{Kind: WriteBatch, Side: t.intent.Side, Writes: numbers})
		return
	}
	if len(eff.Writes) == 0 {
		c.endLive(t)
		c.bringLacking(t)
		return
	}
	eff.Atomic = t.whole && len(eff.Writes) > 1
	t.stage = restoringRows
	c.send(t, eff)
}

// cameBack notes that a record is there for those that come back after it, if it has been
// written by then: it had not been read alive.
func cameBack(lookups []Alive, k Key, incarnation uint32) []Alive {
	lookups = slices.DeleteFunc(lookups, func(a Alive) bool { return a.Key == k })
	return append(lookups, Alive{Key: k, Incarnation: incarnation})
}

// unnumbered returns the groups in which Y's record cannot come back as X holds it, and
// in which nothing stands that users of X have changed in its life: what Y had brought there
// itself, also over a change of X. X gets a number for them, since nobody would bring them to
// Y else.
func (c *Core) unnumbered(t *liveTx, x, y *Record, restorable GroupSet) GroupSet {
	m := c.cfg.Maps[x.Key.Map]
	set := m.outgoing(t.intent.Side) &^ restorable &^ m.standing(x)
	switch {
	case !m.covers(t.intent.Side, x):
		return 0
	case y.Alive && !y.Mark.Dead: // what it still holds alike it keeps
		return m.differing(t.intent.Side.Other(), set, x, y)
	default:
		return set
	}
}

// lacks reports whether users of X have changed something in a record that Y holds without.
func (m *TableMap) lacks(source Side, x, y *Record) bool {
	return x.marked() && y.marked() && x.Mark.Incarnation == y.Mark.Incarnation && pending(m, source, x, y, true) != 0
}

// strayed returns the groups in which X went past its hook while it is out of scope, and
// which the transaction has not touched either: Y holds what X is known to have had, and
// nobody would tell it when X goes back to that.
func (m *TableMap) strayed(source Side, x, y *Record) (s GroupSet) {
	if m.covers(source, x) || x.Mark.Incarnation != y.Mark.Incarnation || x.Mark.MapVersion != y.Mark.MapVersion {
		return 0
	}
	drifted := m.drifted(x, source)
	for g := range m.groups {
		if drifted.Has(g) && y.Mark.Groups[g].Seen == x.Mark.Groups[g].Own {
			s = s.With(g)
		}
	}
	return s
}

// bringLacking makes items of what could not be written back to Y: a value without a
// mapping, a lookup to what is not there. The changes that brought them may have had
// their outcomes long ago, and nobody would hear of it. So it does of what has come
// back to Y and is still to be carried.
func (c *Core) bringLacking(t *liveTx) {
	for _, x := range t.lacking {
		c.enqueueOwn(c.pairs.ensure(*x.Key, t.intent.Side), Reassert, x)
	}
	for _, y := range t.unhidden {
		c.bringUnsettled(c.pairs.ensure(*y.Key, t.intent.Side.Other()), y)
	}
}

// notRestored looks again where somebody was faster, or has a row. What was refused row by
// row is tried in one piece, as it came: of two records that have swapped a unique value
// neither gets its own back before the other. A row that Y refuses to undo time and again,
// because others look up what the transaction had created, stays as it is: its pair is
// quarantined, and people decide.
func (c *Core) notRestored(t *liveTx, rows []RowAnswer) {
	refused, leaves := false, false
	for i := range rows {
		refused = refused || rows[i].Result == RowRefused
	}
	if refused {
		t.refusals++
	}
	t.whole = refused
	for i := range rows {
		k := t.intent.Rows[t.undoing[i]].Key
		if rows[i].Result == RowRefused && t.refusals >= c.cfg.Attempts && !slices.Contains(t.left, k) {
			t.left, leaves = append(t.left, k), true
			c.quarantine(c.pairs.ensure(k, t.intent.Side.Other()), Outcome{Class: ApplicationFailure, Reason: NotUndone, Cause: causeNotUndone + rows[i].Cause})
		}
	}
	if leaves {
		c.readX(t)
		return
	}
	t.stage, t.until = waitingOut, c.now.Add(c.cfg.LockWait)
}

// causeNotUndone is followed by what the system says.
const causeNotUndone = "a live transaction failed, and what it had written to this side could not be undone: retry to keep the record on both sides, or delete it here; "

// prepareX writes what X has to hold before Y is written from it, and reports whether
// there is anything. X is read again then.
//
// Keys whose records go away from Y with changes of users of Y end their lives on X:
// their numbers must not come again. What went past X's hook, and Y is about to get, is
// captured: else it would count as newer than what users of Y make of it. So is a record
// that is older than the sync and that Y has lost: Y can be written from it then. Out of scope
// X's mark takes it for what it last had: else X could go back to what the mark tells
// of, and nobody would bring it to Y.
func (c *Core) prepareX(t *liveTx, ys []*Record) bool {
	eff := Effect{Kind: WriteBatch, Side: t.intent.Side}
	for i, y := range ys {
		r, x := &t.intent.Rows[i], t.x[i]
		if y == nil || y.Mark.Intent != t.intent.Tx || y.hides() || slices.Contains(t.left, r.Key) {
			continue
		}
		switch m := c.cfg.Maps[r.Key.Map]; {
		case r.Existed && !y.Alive && x.unmarked() && m.covers(t.intent.Side, x) && m.outgoing(t.intent.Side) != 0:
			eff.Writes = append(eff.Writes, c.late(c.pairs.ensure(r.Key, t.intent.Side), x, y, m.outgoing(t.intent.Side)))
		case !c.goesAway(t, i, y):
			switch set := m.drifted(x, t.intent.Side) &^ m.strayed(t.intent.Side, x, y); {
			case set == 0:
			case m.covers(t.intent.Side, x):
				eff.Writes = append(eff.Writes, c.late(c.pairs.ensure(r.Key, t.intent.Side), x, y, set))
			case !x.Mark.blank():
				eff.Writes = append(eff.Writes, Write{Kind: MarkWrite, Key: r.Key, Groups: set, Source: x.asSeen(), Target: x, Deadline: c.deadline()})
			}
		case !y.Alive || y.Mark.Number == 0:
		case x == nil || !x.Alive && x.Mark.Incarnation < y.Mark.Incarnation:
			eff.Writes = append(eff.Writes, Write{
				Kind: DeleteWrite, Key: r.Key, Source: &Record{Key: y.Key, Mark: Mark{Incarnation: y.Mark.Incarnation}},
				Target: x, Deadline: c.deadline(),
			})
		}
	}
	if len(eff.Writes) == 0 {
		return false
	}
	t.stage = preparingX
	c.send(t, eff)
	return true
}

// blank reports whether nobody has ever captured or written the record in its life.
func (m *Mark) blank() bool {
	return !slices.ContainsFunc(m.Groups, func(g GroupMark) bool { return g.Fingerprint != 0 })
}

// asSeen returns the record as a source for its own mark: whatever is written from it has
// seen as much of the other side as the record itself has.
func (r *Record) asSeen() *Record {
	s := *r
	s.Mark.Groups = slices.Clone(r.Mark.Groups)
	for g := range s.Mark.Groups {
		s.Mark.Groups[g].Own = r.Mark.Groups[g].Seen
	}
	return &s
}

// over returns the last life of a record's key that is over.
func (r *Record) over() uint32 {
	switch {
	case r == nil:
		return 0
	case r.Mark.Dead:
		return r.Mark.Incarnation
	default:
		return max(r.Mark.Incarnation, 1) - 1
	}
}

// hides reports whether a record stands where another one may come back. Where its
// users have taken it away there is nothing to come back to.
func (r *Record) hides() bool { return r != nil && r.Mark.Hidden != nil && (r.Alive || r.Mark.Dead) }

// goesAway reports whether undoing a row leaves nothing on Y: X holds nothing for it,
// or Y did not hold it, and X would bring it again, or never would: out of scope.
func (c *Core) goesAway(t *liveTx, i int, y *Record) bool {
	x, row := t.x[i], &t.intent.Rows[i]
	return !x.marked() || !row.Existed && (y != nil && y.Mark.Dead || !c.cfg.Maps[row.Key.Map].covers(t.intent.Side, x))
}

// marked reports whether a record is there and has a mark, so that another may be
// written from it.
func (r *Record) marked() bool { return r != nil && r.Alive && r.Mark.Incarnation > 0 }

// unmarked reports whether a record is there, and is older than the sync.
func (r *Record) unmarked() bool { return r != nil && r.Alive && r.Mark.Incarnation == 0 }

// undoOrder returns the rows in the order in which they are undone: first what
// comes back to Y, each after what it looks up among them, then what goes away, in
// the opposite order. In a circle the order does not matter: no one is first.
func (c *Core) undoOrder(t *liveTx, y []*Record) []int {
	place := make(map[Key]int, len(y))
	for i := range t.intent.Rows {
		place[t.intent.Rows[i].Key] = i
	}
	order, seen := make([]int, 0, len(y)), make([]bool, len(y))
	back := slices.Clone(t.x) // what stands on Y in the end
	for i := range y {
		if y[i].hides() {
			back[i] = y[i].Mark.Hidden
		}
	}
	var visit func(i int, of []*Record)
	visit = func(i int, of []*Record) {
		if seen[i] {
			return
		}
		seen[i] = true
		if r := of[i]; r != nil && r.Alive {
			for c := range r.Values {
				if v := &r.Values[c]; v.Kind == KindLookup {
					if j, own := place[v.Target.Folded()]; own {
						visit(j, of)
					}
				}
			}
		}
		order = append(order, i)
	}
	for i := range y {
		if y[i].hides() || !c.goesAway(t, i, y[i]) {
			visit(i, back)
		}
	}
	away := len(order)
	for i := range y {
		visit(i, y)
	}
	slices.Reverse(order[away:])
	return order
}

// restorable returns the groups of X's record that Y can hold. What has no mapping
// stays away, and so does a lookup to what Y neither holds nor gets back: users of
// X have changed it since, and their change stays to be carried.
func (c *Core) restorable(t *liveTx, x *Record, lookups []Alive) (s GroupSet) {
	m := c.cfg.Maps[x.Key.Map]
	for g := range m.groups {
		only := GroupSet(0).With(g)
		if m.unmapped(only, t.intent.Side.Other(), x.Values) < 0 && c.resolvedBy(t, m, g, x, lookups) {
			s |= only
		}
	}
	return s
}

// resolvedBy reports whether Y holds all that a group of X's record looks up, or
// gets it back with the same transaction.
func (c *Core) resolvedBy(t *liveTx, m *TableMap, g int, x *Record, lookups []Alive) bool {
	for _, col := range m.groups[g].columns {
		v := x.Values[col]
		if v.Kind != KindLookup {
			continue
		}
		if need := v.Target.Folded(); need != x.Key.Folded() && incarnationOf(need, lookups) == 0 && !t.bringsBack(need) {
			return false
		}
	}
	return true
}

// bringsBack reports whether undoing the transaction brings a record back to Y: unless Y
// would not take it.
func (t *liveTx) bringsBack(k Key) bool {
	for i := range t.intent.Rows {
		r := &t.intent.Rows[i]
		if r.Key == k && r.Op == Delete && r.Existed && t.x[i].marked() && !slices.Contains(t.left, k) {
			return true
		}
	}
	return false
}

// unseen returns the groups in which a has changes that b does not know and
// that were not overridden. What its users have taken away past everything has none left.
func unseen(a, b *Record) GroupSet {
	var s GroupSet
	if !a.Alive && !a.Mark.Dead {
		return 0
	}
	for g := range a.Mark.Groups {
		ga := &a.Mark.Groups[g]
		if a.Mark.Incarnation == b.Mark.Incarnation && ga.Own > max(b.Mark.Groups[g].Seen, ga.lostHighest()) {
			s = s.With(g)
		}
	}
	return s
}
