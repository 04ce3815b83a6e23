package engine

import "slices"

// Live transactions: a user's transaction on X is held before its commit until
// its rows are on Y. That is how deletes always go, and every change of a table
// map in live mode.
//
//	locks → read Y → intent saved → write Y, all or nothing → X commits → Y sealed → intent closed
//	                                     │ refused: X is undone             │ X did not commit, or nobody knows:
//	                                     ▼                                  ▼ ask X by the transaction's name, then
//	                                 intent closed                        restore Y from X
//
// While the intent is open no item of these pairs runs. Recovery asks X for the
// named transaction, never for a counter: a user may have changed the record
// again meanwhile.

// LiveRow is one record of a held transaction.
type LiveRow struct {
	Key    Key
	Op     Operation
	Before *Record // X as the transaction found it; nil for a key that X has never held
	After  *Record // X as the transaction will leave it, with the moved mark; a tombstone for a delete
}

// numberBefore returns the number that the record had before the transaction, in the life
// that this leaves it in.
func (r *LiveRow) numberBefore() uint32 {
	if r.Before == nil || r.Before.Mark.Incarnation != r.After.Mark.Incarnation {
		return 0
	}
	return r.Before.Mark.Number
}

// liveStage is how far a live transaction has come.
type liveStage uint8

const (
	lockingRows liveStage = iota // waits for items in flight, for LockWait at most
	pausedRows                   // waits until Y may be asked
	readingRows
	capturingLate // what went past Y's hook
	writingRows
	committingSource
	sealingRows
	lookingAtSeals // not all of Y's rows are known to be sealed
	sealingLater   // Y did not answer
	askingSource   // after a crash, or when nobody knows how X ended
	askingLater    // X did not answer
	waitingOut     // for the deadline of a write that may still land
	readingX       // to undo: what X holds now
	preparingX     // ... what X must have before Y is written from it
	readingY       // ... and Y
	capturingOnTop // ... which captures what went past its hook on top of the transaction
	restoringRows  // ... and Y is written from X
)

// liveTx is a live transaction that has not ended.
type liveTx struct {
	intent  Intent
	rows    []LiveRow // nil after a crash
	stage   liveStage
	saved   bool // the intent is in the store
	landed  bool // Y's rows were answered: nothing is left that may land later
	undone  bool // X has told that it did not commit
	request BatchID
	until   Time // of the stage, where it waits
	turns   int  // for which it has waited, paused
	tries   int  // reads after which somebody else had changed a record, or had before and past the hook
	x       []*Record

	undoing  []int     // the rows that a write is under way for
	unhidden []*Record // what comes back to Y as it was
	left     []Key     // the rows that Y will not undo, and that stay
	lacking  []*Record // what X holds of rows that came back without some of it
	refusals int       // times that Y has refused to undo
	whole    bool      // all rows are undone at once next, or none
}

// recovered is a live transaction that a crash has cut off.
func recovered(i Intent) *liveTx { return &liveTx{intent: i, stage: askingSource, saved: true} }

// wake returns when the transaction wants to be looked at.
func (t *liveTx) wake() Time {
	switch t.stage {
	case lockingRows, pausedRows, sealingLater, askingLater, waitingOut:
		return t.until
	default:
		return never
	}
}

// liveTriesMax is how often a live transaction reads again after somebody else
// has changed a record under it.
const liveTriesMax = 3

// liveRequested takes a transaction that is held before its commit.
func (c *Core) liveRequested(in *Input) {
	t := &liveTx{
		intent: Intent{Side: in.Side, Tx: in.Tx}, rows: append([]LiveRow(nil), in.Live...),
		until: c.now.Add(c.cfg.LockWait),
	}
	for i := range t.rows {
		r := &t.rows[i]
		t.intent.Rows = append(t.intent.Rows, IntentRow{Key: r.Key, Op: r.Op, Incarnation: r.After.Mark.Incarnation, Number: r.numberBefore()})
	}
	c.lives = append(c.lives, t)
}

// recoverLives asks for the ends of the transactions that a crash has cut off.
// They get their locks first.
func (c *Core) recoverLives() {
	for _, t := range c.lives {
		c.claim(t)
		c.ask(t)
	}
}

// advanceLives lets transactions go on that wait for locks or for time.
func (c *Core) advanceLives() {
	for i := 0; i < len(c.lives); i++ {
		t := c.lives[i]
		switch {
		case t.stage == lockingRows && c.baseless(t):
			c.abort(t, Outcome{Class: SystemFailure, Reason: Busy}, c.busy(t)...)
			i--
		case t.stage == lockingRows && c.claim(t):
			c.readRows(t)
		case t.stage == lockingRows && c.now >= t.until:
			c.abort(t, Outcome{Class: SystemFailure, Reason: Busy}, c.busy(t)...)
			i--
		case c.now < t.until:
		case t.stage == pausedRows && c.crowded(t.turns < liveTriesMax): // its turn comes; what is being undone may wait for a record that its user has
			t.until = c.now.Add(c.cfg.LockWait)
			t.turns++
		case t.stage == pausedRows:
			c.readRows(t)
		case t.stage == waitingOut && t.undone:
			c.readX(t)
		case t.stage == waitingOut: // X was told to undo, and may not have heard it
			c.ask(t)
		case t.stage == askingLater:
			c.ask(t)
		case t.stage == sealingLater:
			c.committed(t)
		}
	}
}

// baseless reports whether a transaction has changed what one of the other side had brought
// that is being undone. Undoing that waits until the transaction is over, so that it cannot
// succeed; what it has seen must not come to Y when nobody has heard yet that it is over.
func (c *Core) baseless(t *liveTx) bool {
	return slices.ContainsFunc(t.rows, func(r LiveRow) bool {
		return r.Before != nil && r.Before.Mark.Intent != 0 && slices.ContainsFunc(c.lives, func(o *liveTx) bool {
			return o.undone && o.intent.Side != t.intent.Side && o.intent.Tx == r.Before.Mark.Intent
		})
	})
}

// claim takes the locks of all pairs of a transaction, or none, and reports
// whether they are free of items in flight. A claimed pair starts no new ones.
func (c *Core) claim(t *liveTx) bool {
	for i := range t.intent.Rows {
		p := c.pairs.at(c.pairs.ensure(t.intent.Rows[i].Key, FinOps).pair())
		if p.held != nil && p.held != t {
			return false
		}
	}
	free := true
	for i := range t.intent.Rows {
		p := c.pairs.at(c.pairs.ensure(t.intent.Rows[i].Key, FinOps).pair())
		p.held = t
		free = free && (!p.flying() || c.bugs.hit(PlantDeletedReturns))
	}
	return free
}

// busy names the first record that a transaction cannot have: an item of it is in flight,
// or another transaction has it.
func (c *Core) busy(t *liveTx) []Key {
	for i := range t.intent.Rows {
		k := t.intent.Rows[i].Key
		if p := c.pairs.at(c.pairs.ensure(k, FinOps).pair()); p.held != nil && p.held != t || p.flying() {
			return []Key{k}
		}
	}
	return nil
}

// endLive forgets a transaction, gives its locks back and closes its intent.
func (c *Core) endLive(t *liveTx) {
	if t.saved {
		c.save = append(c.save, Mutation{Kind: IntentClosed, Intent: &Intent{Side: t.intent.Side, Tx: t.intent.Tx}})
	}
	for i, o := range c.lives {
		if o == t {
			c.lives = append(c.lives[:i], c.lives[i+1:]...)
			break
		}
	}
	for i := range t.intent.Rows {
		id := c.pairs.ensure(t.intent.Rows[i].Key, FinOps)
		p := c.pairs.at(id.pair())
		if p.held != t {
			continue
		}
		p.held = nil
		c.endedUnderResync(t.intent.Rows[i].Key)
		if t.stage == sealingRows && p.quarantine.Reason == NotUndone { // both sides hold the record now, or neither
			c.lookAtBoth(id)
		}
		for _, side := range Sides {
			l := laneID(id.pair())<<1 | laneID(side)
			switch {
			case t.stage != sealingRows:
			case t.intent.Rows[i].Op != Delete: // what it has carried, or overruled, has nothing left to do
				c.movedOn(l)
			default:
				c.releasePair(l)
				if len(p.lanes[side].open) > 0 {
					c.rouse(l)
				}
			}
			if t.stage >= readingY { // it was undone, and what it looked up may not have come back
				c.lookAgain(l)
			}
			if p.lanes[side].state == ready {
				c.pushReady(l)
			}
		}
	}
}

// abort undoes X before anything was written on Y, and names the record for which.
func (c *Core) abort(t *liveTx, why Outcome, about ...Key) {
	c.undo(t, why, about...)
	c.endLive(t)
}

// undo undoes X, unless its user was faster.
func (c *Core) undo(t *liveTx, why Outcome, about ...Key) {
	if !t.undone {
		c.do = append(c.do, Effect{Kind: AbortTx, Side: t.intent.Side, Tx: t.intent.Tx, Why: why, Keys: about})
	}
}

func (c *Core) ask(t *liveTx) {
	if side := t.intent.Side; c.paused(side) {
		t.stage, t.until = askingLater, c.gates[side].pause
		return
	}
	t.stage = askingSource
	c.do = append(c.do, Effect{Kind: AskTx, Side: t.intent.Side, Tx: t.intent.Tx})
}

// send lets a request leave, or the transaction wait until its side may be asked.
func (c *Core) send(t *liveTx, eff Effect) {
	if c.paused(eff.Side) {
		t.until = c.gates[eff.Side].pause
		switch t.stage {
		case readingRows, capturingLate:
			t.stage = pausedRows
		case sealingRows, lookingAtSeals:
			t.stage = sealingLater
		default: // it is being undone
			t.stage = waitingOut
		}
		return
	}
	t.request = c.nextRequest()
	eff.Batch, eff.Live = t.request, t.intent.Tx
	c.do = append(c.do, eff)
}

// liveOf finds the transaction that waits for an answer.
func (c *Core) liveOf(in *Input) *liveTx {
	for _, t := range c.lives {
		if t.request == in.Batch && in.Batch != 0 {
			return t
		}
	}
	return nil
}

// liveRead takes the answer of a read.
func (c *Core) liveRead(in *Input) {
	t := c.liveOf(in)
	if t == nil {
		return
	}
	t.request = 0
	c.gates[in.Side].answered()
	switch t.stage {
	case readingRows:
		c.writeRows(t, in)
	case lookingAtSeals:
		c.unsealed(t, in.Records)
	case readingX:
		c.readOfX(t, in.Records)
	case readingY:
		c.restore(t, in)
	}
}

// liveWritten takes the answer of a write.
func (c *Core) liveWritten(in *Input) {
	t := c.liveOf(in)
	if t == nil {
		return
	}
	t.request = 0
	c.gates[in.Side].answered()
	before := t.stage == writingRows || t.stage == capturingLate // nothing of it is on Y yet
	failed, about := RowAnswer{}, []Key(nil)
	for i, row := range in.Rows {
		if row.Result != RowDone && row.Result != RowUndone {
			if failed = row; t.stage == writingRows { // the batch has a row for each of the transaction
				about = []Key{t.intent.Rows[i].Key}
			}
			break
		}
	}
	switch {
	case before && failed.Result == RowRefused:
		c.abort(t, Outcome{Class: ApplicationFailure, Reason: failed.Reason, Cause: failed.Cause}, about...)
	case t.stage == writingRows && failed.Result == RowFailed:
		c.abort(t, Outcome{Class: SystemFailure, Reason: failed.Reason, Cause: failed.Cause}, about...)
	case before && failed.Result == RowConditionFailed, t.stage == capturingLate:
		if t.tries++; t.tries >= liveTriesMax || t.undone {
			c.abort(t, Outcome{Class: ConcurrencyFailure, Reason: ConditionLimit}, about...)
			return
		}
		c.readRows(t)
	case t.stage == writingRows:
		c.gotThrough()
		c.commit(t)
	case t.stage == sealingRows && failed.Result != RowDone: // perhaps it was sealed already, perhaps it came too late
		t.stage = lookingAtSeals
		c.send(t, Effect{Kind: ReadBatch, Side: t.intent.Side.Other(), Keys: t.keys()})
	case t.stage == restoringRows && failed.Result != RowDone:
		c.notRestored(t, in.Rows)
	case (t.stage == preparingX || t.stage == capturingOnTop) && failed.Result != RowDone: // a user was faster
		t.stage, t.until = waitingOut, c.now.Add(c.cfg.LockWait)
	case t.stage == capturingOnTop:
		c.readY(t)
	case t.stage == preparingX:
		c.readX(t)
	default: // sealed, or restored
		if t.stage == restoringRows {
			c.gotThrough()
		}
		c.endLive(t)
		c.bringLacking(t)
	}
}

// liveFailed takes a request that was not answered. It reports whether it was
// one of a live transaction.
func (c *Core) liveFailed(in *Input) bool {
	t := c.liveOf(in)
	if t == nil {
		return false
	}
	t.request = 0
	why := Outcome{Class: SystemFailure, Reason: TimedOut}
	if in.Failure != Timeout {
		why.Reason = Unavailable
	}
	switch {
	case t.stage == readingRows || t.stage == capturingLate || t.stage == writingRows && in.Failure != Timeout:
		c.abort(t, why)
	case t.stage == writingRows: // nobody knows: X is undone, and Y when the write can no longer land
		c.undo(t, why)
		t.stage, t.until = waitingOut, t.intent.Deadline+1
	case t.stage == sealingRows || t.stage == lookingAtSeals:
		t.stage, t.until = sealingLater, c.now.Add(c.cfg.Probe)
	default: // undoing: again, after a while
		t.stage, t.until = waitingOut, c.now.Add(c.cfg.Probe)
	}
	return true
}

// txEnded takes how X ended. One that waits for Y may end by itself: its user
// would not wait, and it is undone.
func (c *Core) txEnded(in *Input) {
	for _, t := range c.lives {
		if t.intent.Side != in.Side || t.intent.Tx != in.Tx {
			continue
		}
		switch {
		case !in.Committed && t.stage < writingRows:
			c.endLive(t)
		case in.Committed && (t.stage == committingSource || t.stage == askingSource):
			c.committed(t)
		case in.Committed:
		case t.stage != committingSource && t.stage != askingSource:
			t.undone = true
		case t.landed:
			t.undone = true
			c.readX(t)
		default:
			t.undone = true
			t.stage, t.until = waitingOut, max(t.intent.Deadline+1, c.now)
		}
		return
	}
}

// commit lets X commit, now that Y's rows are there.
func (c *Core) commit(t *liveTx) {
	t.landed = true
	if t.undone {
		c.readX(t)
		return
	}
	t.stage = committingSource
	c.do = append(c.do, Effect{Kind: CommitTx, Side: t.intent.Side, Tx: t.intent.Tx})
}

// txUnknown takes that a request about a transaction of X was not answered: X
// is asked, at once and then from time to time, until it answers.
func (c *Core) txUnknown(in *Input) {
	for _, t := range c.lives {
		switch {
		case t.intent.Side != in.Side || t.intent.Tx != in.Tx:
		case t.stage == committingSource:
			c.ask(t)
		case t.stage == askingSource:
			t.stage, t.until = askingLater, c.now.Add(c.cfg.Probe)
		}
	}
}

// committed seals the tombstones of Y, so that their keys may live again, and lets
// go of what was kept for the case that the transaction is undone.
func (c *Core) committed(t *liveTx) {
	t.stage = sealingRows
	eff := Effect{Kind: WriteBatch, Side: t.intent.Side.Other()}
	for i := range t.intent.Rows {
		if r := &t.intent.Rows[i]; r.Op == Delete || r.Hidden {
			eff.Writes = append(eff.Writes, Write{Kind: SealWrite, Key: r.Key, Intent: t.intent.Tx, Deadline: c.deadline()})
		}
	}
	if len(eff.Writes) == 0 {
		c.endLive(t)
		return
	}
	c.send(t, eff)
}

// unsealed ends a transaction whose rows are all sealed, or seals again after a while:
// a key must not be busy for ever.
func (c *Core) unsealed(t *liveTx, ys []*Record) {
	if slices.ContainsFunc(ys, func(y *Record) bool {
		return y != nil && y.Mark.Intent == t.intent.Tx && (y.Mark.Dead || y.Mark.Hidden != nil)
	}) {
		t.stage, t.until = sealingLater, c.now.Add(c.cfg.LockWait)
		return
	}
	t.stage = sealingRows
	c.endLive(t)
}

// rouse lets the items of a record run that was deleted, whatever they waited
// for: each ends by test 1, as a conflict failure where the tombstone says that
// it was overridden.
func (c *Core) rouse(id laneID) {
	l := c.pairs.lane(id)
	switch l.state {
	case blocked:
		c.unblock(id)
	case parked:
		if l.requested == DismissRequested { // it is about to end as an operator has asked
			return
		}
		c.unpark(id, l)
		c.saveLane(id)
	case backoff:
	default:
		return
	}
	c.makeReady(id)
}
