package engine

import "time"

// Stats counts what the engine holds and what it has done. The first group
// and the last are levels, the second counters since the start or restart.
type Stats struct {
	Open     int // references in the queue
	OnDesk   int // of them, those of parked items
	InFlight int // items in batches
	Blocked  int // items that wait for another's create
	Parked   int // items on the error desk
	Backoff  int // items that wait for their next attempt
	Live     int // live transactions that have not ended
	Resyncs  int // resyncs and comparisons that have not ended

	Settled          uint64 // references that got their outcome
	Batches          uint64
	Retries          uint64 // attempts that met a system failure
	ConditionFailed  uint64 // writes that found the record changed
	HeldBack         uint64 // times that an outbox had to wait for room in the queue
	DriftOverwritten uint64 // records older than the sync whose content was overwritten by a first change

	BreakerOpen [2]bool // by side
	Full        [2]bool // by side: its outbox keeps what it has until there is room in the queue
}

// move changes where a lane's item is. Nothing else writes the state, so that
// the counts are right.
func (c *Core) move(id laneID, to laneState) {
	p := c.pairs.at(id.pair())
	l := &p.lanes[id.side()]
	c.items[l.state]--
	c.items[to]++
	refs := &c.jobs[c.jobByMap[p.key.Map]].refs[id.side()]
	refs[l.state] -= len(l.open)
	refs[to] += len(l.open)
	if l.state.working() {
		c.working[p.key.Map]--
		c.ranOut = c.ranOut || c.cfg.Barrier && c.working[p.key.Map] == 0
	}
	if to.working() {
		c.working[p.key.Map]++
	}
	if to == parked && l.state != parked {
		c.weigh(id, l, -l.size())
	}
	off := l.state == parked && to != parked
	l.state = to
	if off {
		c.weigh(id, l, l.size())
	}
	if c.cfg.Watch != nil {
		c.watch(id, l, &p.key)
	}
}

// Stats returns the current figures.
func (c *Core) Stats() Stats {
	s := c.stats
	s.Open, s.OnDesk = c.queued()
	s.InFlight, s.Blocked = c.items[inFlight], c.items[blocked]
	s.Parked, s.Backoff = c.items[parked], c.items[backoff]
	s.Live, s.Resyncs = len(c.lives), len(c.resyncs)
	for side := range c.gates {
		s.BreakerOpen[side], s.Full[side] = c.gates[side].shut, c.outbox[side].full
	}
	return s
}

// Queued returns how many references wait, but for those of parked items.
func (c *Core) Queued() int {
	open, onDesk := c.queued()
	return open - onDesk
}

// queued returns how many references are in the queue, and how many of them belong to
// parked items.
func (c *Core) queued() (open, onDesk int) {
	for j := range c.jobs {
		for _, refs := range c.jobs[j].refs {
			for _, n := range refs {
				open += n
			}
			onDesk += refs[parked]
		}
	}
	return open, onDesk
}

// Idle reports whether nothing is under way and no item can run or waits for
// its time: what is left in the queue, if anything, waits for an operator.
func (c *Core) Idle() bool {
	if c.items[ready]+c.items[inFlight]+c.items[backoff] > 0 || len(c.lives) > 0 || c.Stats().Resyncs > 0 {
		return false
	}
	for j := range c.jobs {
		if w := &c.jobs[j]; w.state == Active && len(w.desk) > 0 || w.telling { // an operator waits, or a side has not heard
			return false
		}
		switch c.jobs[j].state {
		case Active, Paused, Halted:
		default: // on its way from one of them to another
			return false
		}
	}
	return true
}

// OpenItem is an item in the queue, as the error desk sees it.
type OpenItem struct {
	Key        Key
	Side       Side
	References int
	State      string  // "ready", "in flight", "blocked", "backoff" or "parked"
	Parked     Outcome // of a parked item
	Since      Time    // ... and from when on, on the driver's clock
	Requested  Requested
	Attempts   int
	BlockedOn  Key // of a blocked item: the record that it waits for
}

// OpenItems calls f with every item in the queue, in the order in which their
// pairs were first heard of.
func (c *Core) OpenItems(f func(OpenItem)) {
	for i := int32(0); i < c.pairs.index.Len(); i++ {
		p := c.pairs.at(i)
		for s := range p.lanes {
			l := &p.lanes[s]
			if len(l.open) == 0 {
				continue
			}
			item := OpenItem{
				Key: p.key, Side: Side(s), References: len(l.open),
				State: l.state.String(), Parked: l.parked, Since: l.parkedAt, Requested: l.requested, Attempts: l.attempts,
			}
			if l.state == blocked {
				item.BlockedOn = c.pairs.at(l.blockedOn.pair()).key
			}
			f(item)
		}
	}
}

// Oldest returns for how long the reference of a side has been in the queue that came first,
// as far as this process knows, but for those that wait for people or stand in the queue of a
// job that carries nothing; 0 where there is none. It looks at every pair.
func (c *Core) Oldest(side Side) time.Duration {
	oldest := c.now
	for i := int32(0); i < c.pairs.index.Len(); i++ {
		p := c.pairs.at(i)
		l := &p.lanes[side]
		if len(l.open) == 0 || l.state == parked || !c.jobs[c.jobByMap[p.key.Map]].state.runs() {
			continue
		}
		for j := range l.open {
			oldest = min(oldest, max(l.open[j].since, c.begun))
		}
	}
	return time.Duration(c.now - oldest)
}

// Queues reports whether a reference is in the queue: taken in, and without an
// outcome, saved or not.
func (c *Core) Queues(k Key, side Side, incarnation, number uint32) bool {
	id, known := c.pairs.find(k, side)
	return known && c.pairs.lane(id).find(incarnation, number) != nil
}
