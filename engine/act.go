package engine

import "slices"

// What a batch does about the verdicts of its items: some end, wait or park, and the
// others give it a write to send.

// decide judges each item of a batch and sends the writes. Lookups answers
// b.needs in order.
func (c *Core) decide(b *batch, lookups []Alive) {
	b.stage, b.deadline = writing, c.deadline()
	b.rows[FinOps], b.rows[Dataverse] = b.rows[FinOps][:0], b.rows[Dataverse][:0]
	var writes [2][]Write
	if c.alive = nil; len(lookups) > 0 { // the writes keep it
		c.alive = make([]Alive, 0, len(b.flights))
	}
	for i := range b.flights {
		f := &b.flights[i]
		l := c.pairs.lane(f.lane)
		m := c.cfg.Maps[c.pairs.at(f.lane.pair()).key.Map]
		if c.takeUp(b.source, f.x) || c.takeUp(b.source.Other(), f.y) {
			c.again(f, l)
			continue
		}
		c.resolve(f.lane, l, m, f.x)
		c.refs = c.refs[:0]
		for j := range l.open {
			if l.open[j].judged {
				c.refs = append(c.refs, l.open[j].Reference)
			}
		}
		if len(c.refs) == 0 { // the captured reference came while the engine's own was in flight
			c.again(f, l)
			continue
		}
		Decide(&f.verdict, m, c.refs, f.x, f.y, lookups, l.ways().circle, l.repair)
		if c.images != nil {
			c.recall(f)
		}
		if c.endless(f) {
			c.leave(f, l)
			c.quarantine(f.lane, Outcome{Class: ApplicationFailure, Reason: Oscillation, Cause: causeOscillation})
			continue
		}
		if f.verdict.Equal != 0 && (c.bugs.hit(PlantNoLoopbackControl) || c.bugs.hit(LoopEqualOff) || c.bugs.hit(PlantWrittenOn)) {
			f.verdict.Carry, f.verdict.Equal, f.verdict.Answer = f.verdict.Carry|f.verdict.Equal, 0, 0
		}
		if side, w, ok := c.act(f, l, m, lookups); ok && c.paused(side) {
			b.refused = true
			c.again(f, l)
		} else if ok && c.fallsShort(b, i) {
			c.finish(f, l)
		} else if ok {
			if writes[side] == nil { // most go this way
				writes[side] = make([]Write, 0, len(b.flights)-i)
			}
			b.rows[side] = append(b.rows[side], i)
			writes[side] = append(writes[side], w)
			switch {
			case f.verdict.Answer == 0:
			case c.paused(b.source):
				c.owesAnswer(f)
			default:
				b.rows[b.source] = append(b.rows[b.source], i)
				writes[b.source] = append(writes[b.source], c.answer(f))
			}
		}
	}
	for _, side := range [2]Side{b.source.Other(), b.source} {
		if len(writes[side]) > 0 {
			b.request[side] = c.nextRequest()
			c.do = append(c.do, Effect{Kind: WriteBatch, Side: side, Batch: b.request[side], Writes: writes[side]})
		}
	}
	c.release(b)
}

// act carries out a verdict: it settles, blocks or parks the item, or returns
// the write that it needs and the side to write.
func (c *Core) act(f *flight, l *lane, m *TableMap, lookups []Alive) (Side, Write, bool) {
	v := &f.verdict
	target := f.lane.side().Other()
	if v.Back != 0 { // what a filter had kept from travelling
		c.reassert(f)
	}
	if l.nameless() && (l.attempts > 0 || v.Missing != nil) && v.Late == NotLate && !v.Ended() && (f.y == nil || !f.y.Alive) { // by a number it can wait for people
		v.Late, v.LateSet = LateSource, m.outgoing(f.lane.side())
	}
	if l.repair && v.Late == NotLate && (v.Ended() || l.newest().Number != 0) { // what has no number is found again by its resync alone
		c.repaired(l)
	}
	switch {
	case v.Late == LateSource:
		return f.lane.side(), c.late(f.lane, f.x, f.y, v.LateSet), true
	case v.Late == LateTarget:
		return target, c.late(f.lane.opposite(), f.y, f.x, v.LateSet), true
	case v.Ended():
		c.otherLooksAgain(f)
		if m.agreed(f) {
			c.owesAnswer(f)
		}
		c.settle(f, l)
	case v.Missing != nil:
		c.waitForLookup(f, l)
	case v.Park.Reason == Restored:
		c.leave(f, l)
		c.quarantine(f.lane, v.Park)
	case v.Park.Class != Open:
		c.park(f, l, v.Park)
	case v.Carry|v.Equal == 0 && !f.bare(): // rejected in every group that it had, or half written before a crash
		c.finish(f, l)
	default:
		w := Write{
			Key: *f.x.Key, Source: f.x, Target: f.y,
			Groups: v.Carry | v.Equal, Override: v.Override,
			Settled:       c.settledUpTo(f.lane.opposite(), f.y),
			Past:          c.stillPast(f.lane.opposite(), f.y),
			Deadline:      c.deadline(),
			Unconditional: c.bugs.hit(PlantUnconditionalWrite),
			bugs:          c.bugs,
		}
		if v.Carry == 0 && !f.bare() {
			w.Kind = MarkWrite
		}
		if !c.bugs.hit(PlantLookupUnchecked) {
			from := len(c.alive)
			c.alive = m.conditions(c.alive, v.Carry, f.x, lookups)
			w.Lookups = c.alive[from:len(c.alive):len(c.alive)]
		}
		return target, w, true
	}
	return 0, Write{}, false
}

// bare reports whether the target does not hold the record and all that the source
// has for it are lookups that must follow later: it is created without them, or
// those that look it up would wait for ever.
func (f *flight) bare() bool { return f.verdict.Later != 0 && (f.y == nil || !f.y.Alive) }

// late is the write that captures what had gone past a record's hook. Its number
// goes above all that is known of it: as a rule it is there already.
func (c *Core) late(id laneID, r, other *Record, set GroupSet) Write {
	return Write{Kind: LateWrite, Key: *r.Key, Source: r, Target: r, Groups: set, Above: c.highest(id, r, other), Deadline: c.deadline()}
}

// answer is the mark of the source when both sides were found equal and the
// target had something for the source as well: it spares the other direction
// a write. Should its condition fail, that direction does the work: [Core.owesAnswer].
func (c *Core) answer(f *flight) Write {
	return Write{
		Kind: MarkWrite, Key: *f.x.Key, Source: f.y, Target: f.x, Groups: f.verdict.Answer,
		Settled: c.settledUpTo(f.lane, f.x), Past: c.stillPast(f.lane, f.x), Deadline: c.deadline(),
	}
}

// owesAnswer makes sure that an item goes the other way when the source has not been
// told what both sides agree on. Where the target's change is still in the queue, or on
// its way there, that is one; but it may have been rejected long ago.
func (c *Core) owesAnswer(f *flight) {
	id := f.lane.opposite()
	l := c.pairs.lane(id)
	if settled, _ := l.ledger.known(f.y.Mark.Incarnation, f.y.Mark.Number); settled && len(l.open) == 0 {
		c.enqueueOwn(id, Reassert, f.y)
	}
}

// agreed reports whether an item that was carried already was found equal, and the
// answer did not reach its source.
func (m *TableMap) agreed(f *flight) bool {
	o := f.verdict.Outcomes
	if o[len(o)-1].Reason != AlreadyCarried {
		return false
	}
	source := f.lane.side()
	back := pending(m, source.Other(), f.y, f.x, true)
	for g := range m.groups {
		if back.Has(g) && m.equal(g, source, f.y.Values, f.x.Values) {
			return true
		}
	}
	return false
}

func (c *Core) deadline() Time { return c.now.Add(c.cfg.WriteLife) }

// settledUpTo returns the number up to which a lane's references of the
// record's incarnation have their outcomes.
func (c *Core) settledUpTo(id laneID, r *Record) uint32 {
	if r == nil {
		return 0
	}
	settled, _ := c.pairs.lane(id).ledger.find(r.Mark.Incarnation)
	return settled
}

// stillPast returns what a record tells of changes that were overridden in earlier
// lives of its key, but for those that have their outcomes.
func (c *Core) stillPast(id laneID, r *Record) (still *PastLoss) {
	if r == nil {
		return nil
	}
	l := c.pairs.lane(id)
	for p := r.Mark.Past; p != nil; p = p.Next {
		if settled, _ := l.ledger.known(p.Incarnation, p.Number); !settled {
			still = &PastLoss{Incarnation: p.Incarnation, Number: p.Number, Next: still}
		}
	}
	return still
}

// resolve gives the engine's own references without a number the one that the
// record was found to have.
func (c *Core) resolve(id laneID, l *lane, m *TableMap, x *Record) {
	for i := range l.open {
		q := &l.open[i]
		if !q.Origin.Holds() || q.Number != 0 || x == nil || !x.Alive || x.Mark.Dead {
			continue
		}
		number, inc := x.Mark.Number, x.Mark.Incarnation
		if number == 0 { // only ever written by the engine: there is no change that has a number
			q.Incarnation = inc
			return
		}
		if l.find(inc, number) != nil {
			l.open = slices.Delete(l.open, i, i+1)
			c.hold(id, l, -1)
			return
		}
		q.Number, q.Incarnation = number, inc
		q.Groups |= m.lastTouched(&x.Mark) & m.outgoing(q.Side) // it answers for that change
		q.Values = m.values(q.Side, &q.Key, nil, x.Values)
		c.saveOpen(&q.Reference, q.order)
		for j := i + 1; j < len(l.open) && l.open[j].before(&l.open[j-1].Reference); j++ { // what came since may stand for older changes
			l.open[j-1], l.open[j] = l.open[j], l.open[j-1]
		}
		return
	}
}
