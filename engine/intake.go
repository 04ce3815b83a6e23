package engine

import "slices"

// outboxReader fetches the references of one side. One pull is under way at a
// time; the positions that are saved are acknowledged with the next one.
type outboxReader struct {
	pulling  bool
	again    bool // something came up while pulling
	full     bool // it is not pulled before there is room: see [Core.mayFetch]
	request  BatchID
	empty    uint64    // pulls that brought nothing
	pollAt   Time      // of the next safety poll
	ingested Positions // positions taken in, until the outbox has forgotten them
	saved    []uint64  // positions to acknowledge with the next pull
	acking   []uint64  // positions acknowledged with the pull under way
	told     uint64    // the highest order that this life has named to the side, or has heard from it
	had      uint64    // ... before the pull under way
	keeps    uint64    // what the side must know, because it has answered a pull that named it; 0: it keeps none
}

// wake returns when the reader wants to be woken.
func (o *outboxReader) wake() Time {
	if o.pulling || o.full {
		return never
	}
	return o.pollAt
}

// pull fetches what a side's outbox holds. A notification only says that there
// may be something: one that is lost or doubled does no harm.
func (c *Core) pull(side Side) {
	o := &c.outbox[side]
	if o.pulling {
		o.again = true
		return
	}
	waits := o.full
	o.full = false
	if c.paused(side) { // whoever notifies
		o.pollAt = c.gates[side].pause
		return
	}
	most := c.mayFetch(side)
	if most == 0 {
		if !waits {
			c.stats.HeldBack++
		}
		o.full = true
		return
	}
	o.pulling, o.again = true, false
	o.request = c.nextRequest()
	o.acking, o.saved = append(o.acking, o.saved...), o.saved[:0]
	o.had, o.told = o.told, max(o.told, c.named)
	c.do = append(c.do, Effect{
		Kind: PullOutbox, Side: side, Batch: o.request, Max: most, Ack: slices.Clone(o.acking),
		Order: c.named, AckOnDelivery: c.bugs.hit(PlantAckBeforeSave),
	})
}

// pulled takes in what a pull brought.
func (c *Core) pulled(in *Input) {
	o := &c.outbox[in.Side]
	if !o.pulling || in.Batch != o.request {
		return
	}
	o.pulling = false
	o.pollAt = c.now.Add(c.cfg.Poll)
	c.gates[in.Side].answered()
	if in.Order > o.had && !c.bugs.hit(OlderStoreUnnoticed) {
		c.olderStore(in.Side, in.Order)
	}
	if in.Order < o.keeps && in.Order > 0 {
		c.olderSide()
	}
	if o.keeps = 0; in.Order > 0 {
		o.keeps = max(in.Order, o.told)
	}
	for _, p := range o.acking {
		o.ingested.Remove(p)
		c.save = append(c.save, Mutation{Kind: PositionAcked, Side: in.Side, Position: p})
	}
	o.acking = o.acking[:0]
	if len(in.References) == 0 {
		o.empty++
	}
	for i := range in.References {
		r := &in.References[i]
		o.saved = append(o.saved, r.Position)
		if !o.ingested.Add(r.Position) {
			continue // delivered again: a crash came between the save and the acknowledgement
		}
		c.save = append(c.save, Mutation{Kind: PositionIngested, Side: in.Side, Position: r.Position})
		if c.loses(c.jobs[c.jobByMap[r.Key.Map]].state) {
			continue
		}
		if i > 0 && c.bugs.hit(PlantCoalesceAcross) {
			r.Key = in.References[0].Key
		}
		c.takeIn(r)
	}
	if o.again || in.More || len(o.saved) > 0 {
		c.pull(in.Side)
	}
}

// loses reports whether a planted bug drops what comes in while a job is in a state.
func (c *Core) loses(s JobState) bool {
	switch s {
	case Paused:
		return c.bugs.hit(PlantPauseLoses)
	case Draining, Halted:
		return c.bugs.hit(PlantStopLoses)
	default:
		return false
	}
}

// pullFailed leaves the acknowledgements to the next pull, which repeats them.
func (c *Core) pullFailed(side Side) {
	o := &c.outbox[side]
	o.pulling = false
	o.pollAt = c.now.Add(c.cfg.Probe)
}

// takeIn is test 0 and the way into the queue.
func (c *Core) takeIn(r *Reference) {
	if c.bugs.hit(PlantCompanyLeftOut) {
		global := *r
		global.Key.Company = ""
		r = &global
	}
	id := c.pairs.ensure(r.Key, r.Side)
	l := c.pairs.lane(id)
	settled, held := l.ledger.known(r.Incarnation, r.Number)
	settled = settled && !(held == nil && c.bugs.hit(LoopKnownOff))
	if known := l.find(r.Incarnation, r.Number); known != nil {
		if !known.Origin.Holds() || settled && held == nil {
			c.book(r, Outcome{Class: NoOp, Reason: Echo})
			return
		}
		c.replace(id, l, known, r)
		c.saveOpen(r, known.order)
		return
	}
	switch {
	case held != nil: // the engine's own reference held the place and has ended
		c.enqueueSettled(l, r, held.Outcome)
	case settled:
		c.book(r, Outcome{Class: NoOp, Reason: Echo})
		c.check(id, l, r)
	default:
		c.enqueue(id, r)
	}
}

// replace gives the place of the engine's own reference to the captured one,
// which takes over the item.
func (c *Core) replace(id laneID, l *lane, held *queued, r *Reference) {
	c.offDesk(id, l)
	c.weigh(id, l, int64(r.Size)-int64(held.Size))
	held.Reference = *r
	c.values[id.side()].opened(id, r) // what it frees; the engine's own knew of nothing
	if l.lacksValue() {
		c.refusedValue(id, l)
	}
}

// enqueue adds a reference to its lane's item, with fresh attempts: a newer
// reference takes a parked item off the error desk.
func (c *Core) enqueue(id laneID, r *Reference) {
	l := c.pairs.lane(id)
	if !r.Origin.Holds() {
		c.heard(id)
	}
	c.pairs.begin(l)
	if l.detours != nil {
		l.pulled = nil
	}
	waits := l.state != ready && l.state != inFlight
	fresh := l.attempts == 0 && l.state != parked
	switch l.state {
	case parked:
		c.unpark(id, l)
	case blocked: // it may not need any more what it waits for
		c.unblock(id)
	}
	l.attempts, l.solo = 0, false
	if len(l.open) > 0 && l.state != inFlight && c.bugs.hit(PlantRiderEarly) {
		for i := range l.open {
			c.settleOne(id, l, &l.open[i].Reference, Outcome{Class: ConcurrencyFailure, Reason: Superseded})
		}
		l.open = l.open[:0]
	}
	c.order++
	c.insert(id, queued{Reference: *r, order: c.order})
	c.saveOpen(r, c.order)
	c.save[len(c.save)-1].Reference.Pair = id.pair() + 1
	if !fresh {
		c.saveLane(id)
	}
	if waits && !c.putsOff(id, r) {
		c.schedule(id)
	}
}

// saveOpen saves that a reference waits in the queue, with its place.
func (c *Core) saveOpen(r *Reference, order uint64) {
	c.save = append(c.save, Mutation{Kind: ReferenceAdded, Reference: *r, Order: order})
	c.named = max(c.named, order)
}

// check makes sure that a side which tells of a change that has its outcome is
// not one that has forgotten it, and counts on from an older backup: then the
// number stands for another change.
func (c *Core) check(id laneID, l *lane, r *Reference) {
	if len(l.open) == 0 {
		c.enqueueUnread(id, r.Key, Checked, r.Groups)
	}
}

// enqueueUnread makes a reference of the engine's own to a record whose number it
// learns when it reads it. Until then it is not saved.
func (c *Core) enqueueUnread(id laneID, k Key, origin Origin, groups GroupSet) {
	c.order++
	c.insert(id, queued{Reference: Reference{Key: k, Side: id.side(), Groups: groups, Op: Update, Origin: origin}, order: c.order})
	c.schedule(id)
}

// enqueueSettled books a reference whose place was held by one that ended.
func (c *Core) enqueueSettled(l *lane, r *Reference, o Outcome) {
	c.order++
	c.saveOpen(r, c.order)
	c.save = append(c.save, Mutation{Kind: ReferenceSettled, Reference: *r, Outcome: o})
	l.ledger.settle(r.Incarnation, r.Number, false, o)
}

// book ends a duplicate, which never enters the queue.
func (c *Core) book(r *Reference, o Outcome) {
	c.save = append(c.save, Mutation{Kind: ReferenceSettled, Reference: *r, Outcome: o})
}

// insert puts a reference into capture order.
func (c *Core) insert(id laneID, q queued) {
	l := c.pairs.lane(id)
	q.Pair, q.since = id.pair()+1, c.now
	c.values[id.side()].opened(id, &q.Reference)
	c.pairs.begin(l)
	i := len(l.open)
	for i > 0 && q.before(&l.open[i-1].Reference) {
		i--
	}
	l.open = slices.Insert(l.open, i, q)
	c.hold(id, l, 1)
	c.weigh(id, l, int64(q.Size))
}

// schedule lets a lane's item run, or makes it wait for the first create that
// it needs and that is still ahead of it, or for an item that frees a unique
// value for it. The newest reference tells what it needs: what older ones looked
// up or held may have been replaced since.
func (c *Core) schedule(id laneID) {
	l := c.pairs.lane(id)
	c.move(id, idle)
	if why := c.pairs.at(id.pair()).quarantine; why.Class != Open {
		c.putOnDesk(id, l, why)
		return
	}
	if !c.cfg.Unordered {
		for _, need := range l.newest().Needs {
			parent, known := c.pairs.find(need, id.side())
			if known && parent != id && c.waitsForCreate(parent) && !slices.Contains(l.ways().circle, need) {
				if c.stuck(parent) { // look whether the record still needs it, before it waits for people
					continue
				}
				l.looked = false
				c.block(id, parent, false)
				return
			}
		}
		if c.blockedByValue(id) {
			return
		}
	}
	c.makeReady(id)
}

// waitsForCreate reports whether others should wait for what a lane creates.
func (c *Core) waitsForCreate(parent laneID) bool {
	p := c.pairs.lane(parent)
	return p.creates() && !(c.cfg.Proceed && p.state == parked)
}

// block makes a lane wait for another: for its create, or for the unique value
// that it frees. If that closes a circle, the member that comes first by sequence
// and capture order goes ahead without the lookup that it waits for; only where
// all wait for values, without its value, which the target will refuse.
func (c *Core) block(id, parent laneID, forValue bool) {
	l := c.pairs.lane(id)
	l.forValue = forValue
	first := noLane
	if !c.bugs.hit(PlantCircleDeadlock) {
		first = c.firstInCircle(id, parent)
	}
	if first == id {
		l.skip(c.pairs.at(parent.pair()).key)
		c.schedule(id)
		return
	}
	p := c.pairs.lane(parent)
	l.blockedOn, l.nextWaiter, p.waiters = parent, p.waiters, id
	c.move(id, blocked)
	c.lookForStuck()
	c.repaired(l) // a resync does not wait for it
	if first == noLane && l.waiters != noLane && c.stuck(id) {
		c.recheck(id)
	}
	if first != noLane {
		f := c.pairs.lane(first)
		f.skip(c.pairs.at(f.blockedOn.pair()).key)
		c.unblock(first)
		c.schedule(first)
	}
}

// recheck lets those read their records that wait for an item which waits for people
// now. A reference tells what its record looked up when it was captured; the other
// side may have changed that since.
func (c *Core) recheck(id laneID) {
	var waiting []laneID
	for w := c.pairs.lane(id).waiters; w != noLane; w = c.pairs.lane(w).nextWaiter {
		waiting = append(waiting, w)
	}
	for _, w := range slices.Backward(waiting) { // in the order in which they came
		if l := c.pairs.lane(w); l.looked || l.forValue {
			c.recheck(w)
			continue
		}
		c.lookAgain(w)
	}
}

// lookAgain lets a blocked item run, whatever it has waited for.
func (c *Core) lookAgain(id laneID) {
	if l := c.pairs.lane(id); l.state == blocked && !l.forValue {
		c.unblock(id)
		c.makeReady(id)
	}
}

// otherLooksAgain lets the other direction of a pair look again at what it waits for,
// when an item has come to an end that may have changed what the record looks up: by
// the write that has just been answered, or by one whose answer was lost.
func (c *Core) otherLooksAgain(f *flight) {
	if c.cfg.Maps[c.pairs.at(f.lane.pair()).key.Map].lookingUp != 0 {
		c.lookAgain(f.lane.opposite())
	}
}

// skip lets an item go on without what it waits for: another record, or its
// unique value.
func (l *lane) skip(k Key) {
	if l.forValue {
		l.detour().ahead = append(l.detour().ahead, k)
	} else {
		l.detour().circle = append(l.detour().circle, k)
	}
}

// firstInCircle follows what parent waits for. If that leads back to id, it
// returns the member of the circle that comes first, else noLane.
func (c *Core) firstInCircle(id, parent laneID) laneID {
	first := id
	for w := parent; w != id; w = c.pairs.lane(w).blockedOn {
		if w == noLane {
			return noLane
		}
		if c.goesAhead(w, first) {
			first = w
		}
	}
	return first
}

// goesAhead reports whether, of two members of a circle, the first is to break
// it: a lookup may be left out for a while, a unique value may not.
func (c *Core) goesAhead(id, other laneID) bool {
	if a, b := c.pairs.lane(id).forValue, c.pairs.lane(other).forValue; a != b {
		return b
	}
	return c.readyEntry(id).before(c.readyEntry(other))
}

// unblock takes a lane off the list of those that wait with it.
func (c *Core) unblock(id laneID) {
	l := c.pairs.lane(id)
	link := &c.pairs.lane(l.blockedOn).waiters
	for *link != id {
		link = &c.pairs.lane(*link).nextWaiter
	}
	*link = l.nextWaiter
	l.nextWaiter, l.blockedOn = noLane, noLane
}

// wakeWaiters lets all run that waited for a lane, in the order in which they
// came.
func (c *Core) wakeWaiters(id laneID) {
	p := c.pairs.lane(id)
	var first laneID = noLane
	for w := p.waiters; w != noLane; { // the list is newest first: turn it round
		l := c.pairs.lane(w)
		next := l.nextWaiter
		l.nextWaiter, l.blockedOn = first, noLane
		first, w = w, next
	}
	p.waiters = noLane
	for w := first; w != noLane; {
		l := c.pairs.lane(w)
		next := l.nextWaiter
		l.nextWaiter = noLane
		c.schedule(w)
		w = next
	}
}

// makeReady lets a lane's item run.
func (c *Core) makeReady(id laneID) {
	c.move(id, ready)
	c.pushReady(id)
}

func (c *Core) pushReady(id laneID) { c.ready[id.side()].push(c.readyEntry(id)) }

// readyEntry tells when a lane's item runs among those that may.
func (c *Core) readyEntry(id laneID) readyEntry {
	p := c.pairs.at(id.pair())
	sequence := int32(c.cfg.Maps[p.key.Map].Sequence)
	order := p.lanes[id.side()].open[0].order
	if c.bugs.hit(PlantOldestStarves) {
		order = ^order
	}
	return readyEntry{sequence: sequence, lane: id, order: order}
}
