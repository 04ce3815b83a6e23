package integrator

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// request is one request of a run until its answer has come.
type request struct {
	effect    Effect
	waiting   bool        // for its due time, or for the side's pause to end
	due       engine.Time // not to be sent before
	throttled int         // times in a row, without being told how long to wait
}

// send makes a request for the task that a run is working on.
func (c *Core) send(p *project, e Effect) {
	c.request++
	e.Request, e.Project, e.Map = c.request, p.Name, p.Tasks[p.run.task]
	q := &request{effect: e, waiting: true, due: c.now}
	p.run.sent = append(p.run.sent, q)
	if e.Kind == WriteRows {
		p.run.writing++
	}
}

// sendWaiting sends the requests whose time has come and returns when the next
// one's will.
func (c *Core) sendWaiting() engine.Time {
	next := never
	for i := range c.projects {
		p := &c.projects[i]
		if p.run == nil {
			continue
		}
		for _, q := range p.run.sent {
			if !q.waiting {
				continue
			}
			if due := max(q.due, c.pause[q.effect.Side]); due > c.now {
				next = min(next, due)
				continue
			}
			q.waiting = false
			q.effect.Attempt++
			p.run.exec.Requests++
			c.do = append(c.do, q.effect)
		}
	}
	return next
}

// answered takes a request that has its answer out of its run. It returns nil
// for a request that is not under way, or that such an answer does not fit.
func (c *Core) answered(id RequestID, kinds ...EffectKind) (*project, *request) {
	p, i := c.underWay(id)
	if p == nil || !slices.Contains(kinds, p.run.sent[i].effect.Kind) {
		return nil, nil
	}
	q := p.run.sent[i]
	p.run.sent = slices.Delete(p.run.sent, i, i+1)
	if q.effect.Kind == WriteRows {
		p.run.writing--
	}
	return p, q
}

// underWay finds a request whose answer is awaited.
func (c *Core) underWay(id RequestID) (*project, int) {
	for i := range c.projects {
		p := &c.projects[i]
		if p.run == nil {
			continue
		}
		if j := slices.IndexFunc(p.run.sent, func(q *request) bool { return q.effect.Request == id && !q.waiting }); j >= 0 {
			return p, j
		}
	}
	return nil, 0
}

// requestFailed repeats a request later, or breaks its run off when it has had
// all its attempts. A side that asks for a pause gets one from all runs, and no
// attempt is used up. A write that timed out may have landed; to write it again
// is harmless to all but those who edited the row in between.
func (c *Core) requestFailed(in *Input) {
	p, i := c.underWay(in.Request)
	if p == nil {
		return
	}
	q := p.run.sent[i]
	side := q.effect.Side
	q.waiting = true
	switch {
	case in.Failure == engine.Throttled:
		q.effect.Attempt--
		wait := in.RetryAfter
		if wait <= 0 {
			q.throttled++
			wait = c.wait(q.throttled)
		}
		c.pause[side] = max(c.pause[side], c.now.Add(wait))
	case q.effect.Attempt >= c.cfg.Attempts:
		c.breakOff(p, SystemFailed, side, in.Failure)
	default:
		q.due = c.now.Add(c.wait(q.effect.Attempt))
	}
}

// wait returns how long to wait after the nth attempt: RetryBase·2^(n-1), at
// most five minutes.
func (c *Core) wait(n int) time.Duration {
	d := c.cfg.RetryBase
	for ; n > 1 && d < waitMax; n-- {
		d *= 2
	}
	return min(d, waitMax)
}
