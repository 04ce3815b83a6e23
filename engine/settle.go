package engine

import "slices"

// settle ends the references of an item that the verdict has ended, or whose
// write is done. References that came in since stay, and so do riders that the
// verdict left open when the newest had ended without a write.
func (c *Core) settle(f *flight, l *lane) {
	v := &f.verdict
	wrote := !v.Ended()
	kept, judged := l.open[:0], 0
	newest := Outcome{}
	for i := range l.open {
		q := l.open[i]
		if !q.judged {
			if c.bugs.hit(PlantUnjudgedSettled) {
				c.settleOne(f.lane, l, &q.Reference, Outcome{Class: ConcurrencyFailure, Reason: Superseded})
				continue
			}
			kept = append(kept, q)
			continue
		}
		newest = v.Outcomes[judged]
		judged++
		if newest.Class == Open {
			if !wrote {
				kept = append(kept, q)
				continue
			}
			newest = v.Carried(&q.Reference, f.x)
		}
		c.settleOne(f.lane, l, &q.Reference, newest)
	}
	clear(l.open[len(kept):])
	l.open = kept
	l.batchMax = 0
	l.refused, l.detours, l.halfWritten, l.solo = 0, nil, false, false
	if l.attempts > 0 {
		l.attempts = 0
		c.saveLane(f.lane)
	}
	c.age(f, l, newest)
	if wrote && v.Carry != 0 && v.Reject == 0 { // also for a row whose own reference was superseded
		c.arrived(f.lane, l, Outcome{Class: Synced, Reason: Written})
	}
	c.arrived(f.lane, l, newest)
	c.land(f, l)
	if wrote {
		c.released(f)
	}
	if wrote && v.Override|v.Answer != 0 {
		c.movedOn(f.lane.opposite())
	}
}

// movedOn lets a parked or blocked item run again: one of the other direction when
// nothing may be left for it to do, since its change was overridden, or found equal, and
// one that has become a row of an initial sync or resync. One that an operator has
// dismissed is about to end as was asked.
func (c *Core) movedOn(id laneID) {
	l := c.pairs.lane(id)
	if l.state == blocked {
		c.unblock(id)
		c.makeReady(id)
	}
	if l.state != parked || l.requested == DismissRequested {
		return
	}
	c.unpark(id, l)
	c.saveLane(id)
	c.schedule(id)
	c.lookAgain(id) // what its references looked up its record may look up no more
}

// settleOne gives a reference its outcome. A pulled reference that never learnt its
// number was never saved.
func (c *Core) settleOne(id laneID, l *lane, r *Reference, o Outcome) {
	c.hold(id, l, -1)
	c.stats.Settled++
	c.values[id.side()].closed(id, r)
	c.weigh(id, l, -int64(r.Size))
	if r.Number == 0 {
		return
	}
	l.ledger.settle(r.Incarnation, r.Number, r.Origin.Holds(), o)
	ended := Mutation{Kind: ReferenceSettled, Attempts: uint32(l.attempts), At: c.now, Reference: *r, Outcome: o}
	c.save = append(c.save, ended)
	if c.bugs.hit(PlantOutcomeTwice) {
		c.save = append(c.save, ended)
	}
	if !r.Origin.Holds() {
		c.failure(id, o)
	}
}

// overtakenMax is how many items of a lane in a row may end superseded before
// the pair is carried at its current version.
const overtakenMax = 3

// age keeps a pair that changes faster than it is carried from starving.
func (c *Core) age(f *flight, l *lane, newest Outcome) {
	if newest.Reason != Superseded {
		l.overtaken = 0
		return
	}
	l.overtaken++
	if l.overtaken < overtakenMax || len(l.open) > 0 {
		return
	}
	l.overtaken = 0
	if settled, _ := l.ledger.known(f.x.Mark.Incarnation, f.x.Mark.Number); !settled {
		c.enqueueOwn(f.lane, Aged, f.x)
	}
}

// reassert makes sure that the primary's record is carried over the change
// that was just rejected: by the item that exists, or by one of the engine's
// own.
func (c *Core) reassert(f *flight) { c.enqueueOwn(f.lane.opposite(), Reassert, f.y) }

// enqueueOwn makes a reference to the latest change of a record, unless that
// change is in the queue or on the error desk already. Where the record has no change by
// which that could be saved, the reference learns its number when the record is read.
func (c *Core) enqueueOwn(id laneID, origin Origin, r *Record) {
	if r.Mark.Number == 0 {
		if len(c.pairs.lane(id).open) == 0 {
			c.enqueueUnread(id, *r.Key, origin, c.cfg.Maps[r.Key.Map].outgoing(id.side()))
		}
		return
	}
	if c.pairs.lane(id).find(r.Mark.Incarnation, r.Mark.Number) != nil {
		return
	}
	m := c.cfg.Maps[r.Key.Map]
	c.enqueue(id, &Reference{
		Key: *r.Key, Side: id.side(), Incarnation: r.Mark.Incarnation, Number: r.Mark.Number,
		Groups: m.lastTouched(&r.Mark) & m.outgoing(id.side()), Op: Update, Origin: origin,
		Needs: m.needs(*r.Key, r.Values), Values: m.values(id.side(), r.Key, nil, r.Values),
	})
}

// land takes an item out of its batch. What is left of it is scheduled again.
func (c *Core) land(f *flight, l *lane) {
	c.leave(f, l)
	c.rest(f.lane, l)
}

// rest schedules what is left of a lane's item, and lets those look again that
// waited for it.
func (c *Core) rest(id laneID, l *lane) {
	if len(l.open) > 0 {
		c.schedule(id)
	} else {
		c.move(id, idle)
		c.repaired(l)
		c.pairs.end(l)
	}
	if l.waiters != noLane && !c.bugs.hit(PlantWaitersForgotten) {
		c.wakeWaiters(id)
	}
}

// leave ends the flight of an item and lets the pair's other direction run.
func (c *Core) leave(f *flight, l *lane) {
	f.done = true
	c.move(f.lane, idle)
	for i := range l.open {
		l.open[i].judged = false
	}
	c.landed(f.lane)
	if c.soloist == f.lane {
		c.nextSoloist()
	}
	if o := c.pairs.lane(f.lane.opposite()); o.state == ready {
		c.pushReady(f.lane.opposite())
	}
	c.flightEnded = true
}

// half goes on with an item whose record is on the target but for the lookups
// that close a circle. Those that waited for the record can run now, and the
// same references settle when the lookups are filled in.
func (c *Core) half(f *flight, l *lane) {
	if l.halfWritten = true; l.detours != nil {
		l.circle = nil
	}
	c.leave(f, l)
	c.wakeWaiters(f.lane)
	c.schedule(f.lane)
}

// again starts an item over from fresh reads; that costs no attempt.
func (c *Core) again(f *flight, l *lane) {
	c.leave(f, l)
	c.schedule(f.lane)
}

// park puts an item of a batch on the error desk. A row of an initial sync or resync that
// has no number could not be found there after a crash: it is tried until it has one.
func (c *Core) park(f *flight, l *lane, why Outcome) {
	switch {
	case !l.newest().judged: // a newer reference came meanwhile, and would have taken it off the desk
		c.again(f, l)
		return
	case l.nameless():
		c.retry(f, l, why)
		return
	}
	c.leave(f, l)
	c.putOnDesk(f.lane, l, why)
	c.otherLooksAgain(f)
}

// putOnDesk lets an item wait for an operator, or for a newer reference. Where
// nobody is held up by such an item, or by one that was refused a value, those
// that wait for it go on.
func (c *Core) putOnDesk(id laneID, l *lane, why Outcome) {
	if l.parked, l.parkedAt, l.refused = why, c.now, 0; l.detours != nil {
		l.ahead = nil
	}
	c.move(id, parked)
	c.arrived(id, l, why)
	c.lookForStuck()
	c.keepForAWhile(id, l)
	c.repaired(l)
	c.saveLane(id)
	c.failure(id, why)
	if why.Reason == DuplicateValue {
		c.refusedValue(id, l)
	}
	switch {
	case l.waiters == noLane:
	case c.cfg.Proceed || why.Reason == DuplicateValue:
		c.wakeWaiters(id)
	default:
		c.recheck(id)
	}
}

// saveLane saves how the work on a lane stands. What it returns may be filled in further
// until more is saved.
func (c *Core) saveLane(id laneID) *Mutation {
	l := c.pairs.lane(id)
	c.save = append(c.save, Mutation{Kind: LaneChanged, Lane: &LaneState{
		Key: c.pairs.at(id.pair()).key, Side: id.side(), Attempts: l.attempts, Parked: l.parked, Since: l.parkedAt,
		Requested: l.requested, Request: l.request,
	}})
	return &c.save[len(c.save)-1]
}

// waitForLookup makes an item wait for the record that it looks up: for the
// item that will carry it, or for one that the engine pulls.
func (c *Core) waitForLookup(f *flight, l *lane) {
	need := *f.verdict.Missing
	if !l.newest().judged { // a newer reference came meanwhile, which may not need it
		c.again(f, l)
		return
	}
	parent := c.pairs.ensure(need, f.lane.side())
	p := c.pairs.lane(parent)
	switch {
	case len(p.open) > 0 && !c.cfg.Unordered && !(c.cfg.Proceed && p.state == parked):
		if p.newest().Origin == Pulled { // for another item that looks it up: we need not pull it again
			l.detour().pulled = append(l.detour().pulled, need)
		}
	case len(p.open) > 0 || slices.Contains(l.ways().pulled, need) || c.cfg.Unordered:
		c.park(f, l, Outcome{Class: ApplicationFailure, Reason: LookupNotFound, Cause: causeLookupNotFound + c.cfg.Maps[f.x.Key.Map].Columns[f.verdict.MissingIn].Name})
		return
	default:
		l.detour().pulled = append(l.detour().pulled, need)
		c.order++
		c.insert(parent, queued{Reference: Reference{
			Key: need, Side: f.lane.side(), Groups: c.cfg.Maps[need.Map].outgoing(f.lane.side()), Op: Create, Origin: Pulled,
		}, order: c.order})
		c.schedule(parent)
	}
	c.leave(f, l)
	l.looked = true
	c.block(f.lane, parent, false)
}

// causeLookupNotFound is the text that dual-write shows for it, followed by the column's
// name.
const causeLookupNotFound = "couldn't resolve the guid for the field: "
