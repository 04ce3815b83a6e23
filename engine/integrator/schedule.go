package integrator

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// next returns the first instant, not before t, at which the project's schedule
// starts a run.
func (p *Project) next(t engine.Time) engine.Time {
	if p.Every == 0 {
		return never
	}
	past := (t - engine.Time(p.Offset)) % engine.Time(p.Every)
	switch {
	case past == 0:
		return t
	case past < 0:
		return t - past
	default:
		return t - past + engine.Time(p.Every)
	}
}

// startRuns begins the runs that are due and returns when the next may.
func (c *Core) startRuns() engine.Time {
	next := never
	for i := range c.projects {
		p := &c.projects[i]
		if p.due <= c.now {
			if !p.late {
				p.late, p.overdue = true, p.due
			}
			p.due = p.next(c.now + 1)
		}
		next = min(next, p.due)
		if p.run != nil || !p.late && !p.asked {
			continue
		}
		if p.asked {
			p.asked = false
			c.beginRun(p, ByHand, c.now)
		} else if free := c.mayStart(); free <= c.now {
			p.late = false
			c.beginRun(p, OnSchedule, p.overdue)
		} else {
			next = min(next, free)
		}
	}
	return next
}

// mayStart returns when the next scheduled run may begin: when the first of the
// last StartsMax starts is a minute old.
func (c *Core) mayStart() engine.Time {
	if c.cfg.StartsMax == 0 {
		return c.now
	}
	c.starts = slices.DeleteFunc(c.starts, func(t engine.Time) bool { return t.Add(time.Minute) <= c.now })
	if len(c.starts) < c.cfg.StartsMax {
		c.starts = append(c.starts, c.now)
		return c.now
	}
	return c.starts[0].Add(time.Minute)
}
