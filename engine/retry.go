package engine

import (
	"math/bits"
	"time"
)

// retry lets an item whose attempt met a system failure wait and start over,
// or parks it when its attempts are used up.
func (c *Core) retry(f *flight, l *lane, why Outcome) {
	l.attempts++
	l.refused = 0
	c.stats.Retries++
	switch {
	case l.attempts < c.cfg.Attempts:
	case why.Cause != "" && c.bugs.hit(PlantNeverGivenUp): // one row of a batch failed
	case l.nameless(): // it cannot wait for people, and goes on
	default:
		c.park(f, l, why)
		return
	}
	c.remember(f)
	c.leave(f, l)
	l.failed = why.Reason
	c.move(f.lane, backoff)
	l.due = c.now.Add(c.backoffFor(c.pairs.at(f.lane.pair()).key, l))
	c.waiting.push(dueEntry{at: l.due, order: l.open[0].order, lane: f.lane})
	c.saveLane(f.lane)
}

// backoffFor returns how long an item waits after a failed attempt: somewhere above
// zero, up to min(cap, base·factor^(attempts-1)). Where is told by a hash of the
// reference and the attempt, evenly over the whole range (full jitter), so that items
// that failed together do not come back together.
func (c *Core) backoffFor(k Key, l *lane) time.Duration {
	longest := float64(c.cfg.RetryCap)
	d := float64(c.cfg.RetryBase)
	for i := 1; i < l.attempts && d < longest; i++ {
		d *= c.cfg.RetryTimes
	}
	r := l.newest()
	h := hashText(hashText(hashWord(fnvOffset, uint64(k.Map)), k.Company), k.ID)
	h = hashWord(hashWord(h, uint64(r.Number)<<1|uint64(r.Side)), uint64(l.attempts))
	share, _ := bits.Mul64(spread(h), uint64(min(d, longest)))
	return time.Duration(share) + 1
}

// gate is what the engine knows of a side's health: a breaker that opens after
// failures in a row, and the pause that the side asked for. No request goes to a
// side before its pause has ended, whatever it is for and whoever waits: who comes
// back before that is told to wait longer. Only what it waits for itself, the end of
// a transaction that it holds, is said at once.
type gate struct {
	failures int
	shut     bool // the breaker is open
	probing  bool // one request is on trial
	until    Time // of the next probe
	pause    Time // nothing is asked of the side before this instant
	crowded  bool // it has refused a request for a time, and nothing has got through since
	refusals int  // in a row, of writes that were refused for a time, each after the pause of the one before
}

// answered closes the breaker: the side is there.
func (g *gate) answered() { g.failures, g.shut, g.probing = 0, false, false }

// probeEnded lets another probe pass later, should this one not have reached
// the side at all.
func (g *gate) probeEnded(next Time) {
	if g.probing {
		g.probing, g.until = false, next
	}
}

// wake returns the coming instant at which the gate lets something pass again.
func (g *gate) wake(now Time) Time {
	next := never
	if g.pause > now {
		next = g.pause
	}
	if g.shut && !g.probing && g.until > now {
		next = min(next, g.until)
	}
	return next
}

// paused reports whether nothing may be asked of a side now.
func (c *Core) paused(side Side) bool { return c.gates[side].pause > c.now }

// admission tells what may be sent while a gate is shut.
type admission uint8

const (
	admitNone admission = iota
	admitProbe
	admitAll
)

// admission judges what may set out. Every item needs both sides. A shut gate lets one
// probe pass from time to time.
func (c *Core) admission() admission {
	admit := admitAll
	if c.crowded(true) {
		return admitNone
	}
	for s := range c.gates {
		g := &c.gates[s]
		switch {
		case g.pause > c.now:
			return admitNone
		case g.shut && (g.probing || g.until > c.now):
			return admitNone
		case g.shut:
			admit = admitProbe
		}
	}
	return admit
}

// crowded reports whether a side has refused a request for a time, nothing has got
// through since, and a batch or a request of a live transaction is under way; of one that is
// being undone only where undos count. They set out one by one then: if all began again at
// once, their reads could use up, every time, what the side allows, and nothing would ever
// be left for a write.
func (c *Core) crowded(undos bool) bool {
	if !c.gates[FinOps].crowded && !c.gates[Dataverse].crowded {
		return false
	}
	for _, t := range c.lives {
		if t.request != 0 && (undos || !t.undone) {
			return true
		}
	}
	for i := range c.batches {
		if c.batches[i].busy {
			return true
		}
	}
	return false
}

// failed takes a request that was not answered.
func (c *Core) failed(in *Input) {
	if o := &c.outbox[in.Side]; o.pulling && in.Batch == o.request {
		c.pullFailed(in.Side)
		c.gateFailed(in, false)
		return
	}
	if in.Tx != 0 {
		c.txUnknown(in)
		return
	}
	b := c.batchOf(in)
	if b == nil {
		if c.resyncFailed(in) || c.liveFailed(in) || c.switchFailed(in) || c.listingFailed(in) || in.Failure == Throttled { // whoever asked
			c.gateFailed(in, false)
		}
		return
	}
	free := c.gateFailed(in, b.stage == writing)
	b.refused = b.refused || free
	if b.stage == writing && in.Failure == Timeout {
		c.lost(b)
	}
	b.request[in.Side] = 0
	why := Outcome{Class: SystemFailure, Reason: TimedOut}
	if in.Failure != Timeout {
		why.Reason = Unavailable
	}
	for i := range b.flights {
		f := &b.flights[i]
		if b.stage == writing && !c.writesOn(f, in.Side) {
			if f.verdict.Answer != 0 {
				c.owesAnswer(f)
			}
			continue
		}
		if f.done {
			continue
		}
		l := c.pairs.lane(f.lane)
		switch {
		case free && c.bugs.hit(PlantThrottledDropped):
			l.open = l.open[:0]
			c.land(f, l)
		case b.stage == writing && in.Failure == Timeout && c.bugs.hit(PlantTimeoutIsDone):
			c.finish(f, l)
		case free:
			c.again(f, l)
		case in.Failure == Timeout && len(b.flights) > 1: // perhaps one of them is to blame: ask again in halves
			l.batchMax = int32((len(b.flights) + 1) / 2)
			c.again(f, l)
		default:
			c.retry(f, l, why)
		}
	}
	c.release(b)
}

// gotThrough notes that something did, on both sides.
func (c *Core) gotThrough() { c.gates[FinOps].crowded, c.gates[Dataverse].crowded = false, false }

// pauseOf returns the end of the pause after a refused write. A write that is refused
// again after it had waited as long as it was told waits twice as long the next time:
// an item reads before it writes, and where what the side allows comes back one
// request at a time, its read would take it, every time.
func (c *Core) pauseOf(g *gate, told time.Duration) Time {
	if c.now >= g.pause {
		g.refusals++
	}
	wait := told
	for i := 1; i < g.refusals && wait < c.cfg.RetryCap; i++ {
		wait = min(2*wait, max(told, c.cfg.RetryCap))
	}
	return c.now.Add(wait)
}

// gateFailed books a failure against a side. It reports whether the failure
// costs the items no attempt: the side asked us to wait, or we knew that it was
// down.
func (c *Core) gateFailed(in *Input, write bool) (free bool) {
	g := &c.gates[in.Side]
	if in.Failure == Throttled {
		until := c.now.Add(in.RetryAfter)
		if write {
			until = c.pauseOf(g, in.RetryAfter)
		}
		if g.pause = max(g.pause, until); c.bugs.hit(PlantRetryAfterIgnored) {
			g.pause = min(g.pause, c.now)
		}
		g.probing, g.crowded = false, true
		return true
	}
	free = g.shut
	g.failures++
	g.probing = false
	if g.shut || g.failures >= c.cfg.TripAfter {
		g.shut, g.until = true, c.now.Add(c.cfg.Probe)
	}
	return free
}
