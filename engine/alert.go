package engine

import (
	"fmt"
	"time"
)

// AlertAction is what an alert does besides telling people.
type AlertAction uint8

// The actions.
const (
	Notify AlertAction = iota
	PauseOnAlert
	StopOnAlert
)

// String returns the action's name as scenarios spell it.
func (a AlertAction) String() string { return [...]string{"notify", "pause", "stop"}[a] }

// Alert watches the failures of a job. It is raised when there are too many within
// an interval, and counts anew then. The count does not outlive a restart; that a
// job was paused or stopped does.
type Alert struct {
	Classes []Class       // of failures that count; application failures
	Count   int           // so many ...
	Within  time.Duration // ... within so long, on the driver's clock; 10 within 15m
	Action  AlertAction
}

// Raised tells of an alert that was raised.
type Raised struct {
	Job   string
	Alert Alert
	Last  Outcome // the failure that was one too many
}

func (a Alert) withDefaults() Alert {
	if len(a.Classes) == 0 {
		a.Classes = []Class{ApplicationFailure}
	}
	fill(&a.Count, 10)
	fill(&a.Within, 15*time.Minute)
	return a
}

// faults reports what is wrong with an alert of a job.
func (a Alert) faults(job string) (faults []error) {
	for _, c := range a.Classes {
		if !c.failure() {
			faults = append(faults, fmt.Errorf("engine: an alert of job %s counts %v; it may count application, system, concurrency and conflict failures", job, c))
		}
	}
	if a.Count < 1 {
		faults = append(faults, fmt.Errorf("engine: an alert of job %s is raised by %d failures; it must be at least 1", job, a.Count))
	}
	if a.Within <= 0 {
		faults = append(faults, fmt.Errorf("engine: an alert of job %s counts within %v; it must be longer than zero", job, a.Within))
	}
	if a.Action > StopOnAlert {
		faults = append(faults, fmt.Errorf("engine: an alert of job %s has action %d; it must be notify, pause or stop", job, a.Action))
	}
	return faults
}

// failure reports whether a class is one of the failures.
func (c Class) failure() bool {
	return c == ConcurrencyFailure || c == ConflictFailure || c == ApplicationFailure || c == SystemFailure
}

// tally is when the last failures came that an alert counts, as a ring.
type tally struct {
	at   []Time
	next int
}

// count books a failure, and reports whether it is one too many.
func (t *tally) count(a *Alert, now Time) bool {
	if len(t.at) < a.Count {
		t.at = append(t.at, now)
	} else {
		t.at[t.next] = now
		t.next = (t.next + 1) % len(t.at)
	}
	if len(t.at) < a.Count || now > t.at[t.next].Add(a.Within) {
		return false
	}
	t.at, t.next = t.at[:0], 0
	return true
}

// failure lets the alerts of an item's job count a failure.
func (c *Core) failure(id laneID, why Outcome) {
	if !why.Class.failure() || why.Reason == SkippedAtResume { // that was an operator's wish
		return
	}
	j := c.jobByMap[c.pairs.at(id.pair()).key.Map]
	for i := range c.cfg.Jobs[j].Alerts {
		a := &c.cfg.Jobs[j].Alerts[i]
		if among(a.Classes, why.Class) && c.jobs[j].tallies[i].count(a, c.now) {
			c.raise(j, a, why)
		}
	}
}

// raise tells of an alert. What else it asks for is done when the step has taken
// in all that it was given.
func (c *Core) raise(j int, a *Alert, why Outcome) {
	c.jobs[j].alarm = max(c.jobs[j].alarm, a.Action)
	c.do = append(c.do, Effect{Kind: RaiseAlert, Raised: &Raised{Job: c.cfg.Jobs[j].Name, Alert: *a, Last: why}})
}

// obeyAlerts pauses and stops jobs. Only an active job can be paused.
func (c *Core) obeyAlerts() {
	for j := range c.jobs {
		w := &c.jobs[j]
		alarm := w.alarm
		w.alarm = Notify
		switch {
		case alarm == PauseOnAlert && w.state == Active:
			c.moveJob(j, Paused)
		case alarm == StopOnAlert && w.state != Draining && w.state != Halted:
			c.stop(j)
		}
	}
}
