package engine

import "slices"

// What becomes of the items of a batch when their writes are answered, row by row.

// written takes the rows of a write request.
func (c *Core) written(in *Input) {
	b := c.batchOf(in)
	if b == nil {
		c.liveWritten(in)
		return
	}
	b.request[in.Side] = 0
	c.gates[in.Side].answered()
	c.gates[in.Side].refusals = 0
	bad := slices.IndexFunc(in.Rows, func(r RowAnswer) bool { return r.Result == RowRefused })
	for i, row := range b.rows[in.Side] {
		f := &b.flights[row]
		if !c.writesOn(f, in.Side) {
			if in.Rows[i].Result != RowDone {
				c.owesAnswer(f)
			}
			continue
		}
		if !f.done {
			if bad >= 0 && c.bugs.hit(PlantBadRowSpoilsBatch) {
				i = bad
			}
			c.rowAnswered(f, &in.Rows[i])
		}
	}
	c.release(b)
}

// writesOn reports whether the item's own write is on a side; the other side
// may have been sent an answering mark.
func (c *Core) writesOn(f *flight, side Side) bool {
	if f.verdict.Late == LateSource {
		return side == f.lane.side()
	}
	return side != f.lane.side()
}

// rowAnswered goes on with an item whose write was answered.
func (c *Core) rowAnswered(f *flight, row *RowAnswer) {
	l := c.pairs.lane(f.lane)
	switch {
	case row.Result == RowRefused && c.bugs.hit(PlantRefusedIsDone):
		c.finish(f, l)
	case row.Result == RowRefused:
		c.park(f, l, Outcome{Class: ApplicationFailure, Reason: row.Reason, Cause: row.Cause})
	case row.Result == RowFailed:
		c.retry(f, l, Outcome{Class: SystemFailure, Reason: row.Reason, Cause: row.Cause})
	case row.Result == RowConditionFailed:
		c.stats.ConditionFailed++
		l.refused++
		if l.refused >= conditionLimit {
			c.retry(f, l, Outcome{Class: SystemFailure, Reason: ConditionLimit})
			return
		}
		c.again(f, l)
	case f.verdict.Late != NotLate: // captured now: read afresh
		c.again(f, l)
	default:
		c.finish(f, l)
	}
}

// finish ends an item that has nothing left to write but circular lookups that
// must wait: the rest of the same references follows then.
func (c *Core) finish(f *flight, l *lane) {
	if f.verdict.Drift != 0 {
		c.stats.DriftOverwritten++
	}
	c.tookTurn(f)
	if f.verdict.Carry != 0 && l.refused < conditionLimit-1 && c.bugs.hit(PlantWrittenOn) {
		l.refused++
		c.again(f, l)
		return
	}
	c.otherLooksAgain(f)
	if f.verdict.Reject != 0 && c.bugs.hit(PlantConflictRetried) {
		l.attempts = 0
		c.retry(f, l, Outcome{Class: ConflictFailure, Reason: Rejected})
		return
	}
	if f.verdict.Reject != 0 && !c.bugs.hit(PlantNoReassert) {
		c.reassert(f)
	}
	if f.verdict.Later != 0 && !c.bugs.hit(PlantLookupForgotten) {
		c.half(f, l)
		return
	}
	c.settle(f, l)
}

// conditionLimit is how often the condition of one attempt may fail.
const conditionLimit = 8
