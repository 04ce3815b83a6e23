package engine

import "time"

// retry lets an item whose attempt met a system failure wait and start over,
// or parks it when its attempts are used up.
func (c *Core) retry(f *flight, l *lane, why Outcome) {
	l.attempts++
	l.refused = 0
	c.stats.Retries++
	if l.attempts >= c.cfg.Attempts {
		c.park(f, l, why)
		return
	}
	c.leave(f, l)
	c.move(f.lane, backoff)
	l.due = c.now.Add(c.backoffFor(c.pairs.at(f.lane.pair()).key, l))
	c.waiting.push(dueEntry{at: l.due, order: l.open[0].order, lane: f.lane})
	c.saveLane(f.lane)
}

// backoffFor returns min(cap, base·factor^(attempts-1)), of which the second
// half is spread by a hash of the reference and the attempt, so that items
// that failed together do not come back together.
func (c *Core) backoffFor(k Key, l *lane) time.Duration {
	d := c.cfg.RetryBase
	for i := 1; i < l.attempts && d < c.cfg.RetryCap; i++ {
		d = time.Duration(float64(d) * c.cfg.RetryTimes)
	}
	d = min(d, c.cfg.RetryCap)
	r := l.newest()
	h := hashText(hashText(hashWord(fnvOffset, uint64(k.Map)), k.Company), k.ID)
	h = hashWord(hashWord(h, uint64(r.Number)<<1|uint64(r.Side)), uint64(l.attempts))
	const steps = 1 << 16
	return d/2 + d/2/steps*time.Duration(h>>48)
}

// gate is what the engine knows of a side's health: a breaker that opens after
// failures in a row, and a pause that the side asked for.
type gate struct {
	failures int
	shut     bool // the breaker is open
	probing  bool // one request is on trial
	until    Time // of the next probe
	paused   Time // nothing is sent before this instant
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
	if g.paused > now {
		next = g.paused
	}
	if g.shut && !g.probing && g.until > now {
		next = min(next, g.until)
	}
	return next
}

// admission tells what may be sent while a gate is shut.
type admission uint8

const (
	admitNone admission = iota
	admitProbe
	admitAll
)

// admission judges both gates: an item reads both sides, so that neither may
// be shut or paused. A shut gate lets one probe pass from time to time.
func (c *Core) admission() admission {
	admit := admitAll
	for s := range c.gates {
		g := &c.gates[s]
		switch {
		case g.paused > c.now || g.shut && (g.probing || g.until > c.now):
			return admitNone
		case g.shut:
			admit = admitProbe
		}
	}
	return admit
}

// failed takes a request that was not answered.
func (c *Core) failed(in *Input) {
	if o := &c.outbox[in.Side]; o.pulling && in.Batch == o.request {
		c.pullFailed(in.Side)
		c.gateFailed(in)
		return
	}
	b := c.batchOf(in)
	if b == nil {
		return
	}
	free := c.gateFailed(in)
	b.request[in.Side] = 0
	why := Outcome{Class: SystemFailure, Reason: TimedOut}
	if in.Failure != Timeout {
		why.Reason = Unavailable
	}
	for i := range b.flights {
		f := &b.flights[i]
		if f.done || b.stage == writing && !c.writesOn(f, in.Side) {
			continue
		}
		l := c.pairs.lane(f.lane)
		if free {
			c.again(f, l)
		} else {
			c.retry(f, l, why)
		}
	}
	c.release(b)
}

// gateFailed books a failure against a side. It reports whether the failure
// costs the items no attempt: the side asked us to wait, or we knew that it was
// down.
func (c *Core) gateFailed(in *Input) (free bool) {
	g := &c.gates[in.Side]
	if in.Failure == Throttled {
		g.paused = max(g.paused, c.now.Add(in.RetryAfter))
		g.probing = false
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
