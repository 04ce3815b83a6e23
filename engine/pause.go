package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// A paused job queues up changes for a while: for [Config.PauseAge] at most, and
// records of [Config.PauseSize] bytes at most. Past either, the hooks of both sides
// refuse what they would capture for it, so that a user hears of it and nothing is
// lost. They capture again when the job was resumed and has caught up.
//
//	paused ── a limit is reached ──→ paused, hooks told to refuse
//	                                    │ resume
//	                                    ↓
//	                                 resuming ── caught up ──→ active, hooks told to capture
//
// What the hooks are told is saved before they are asked ([JobRecord]), and asked for
// until both say yes. What they had captured before they heard is taken in.

// PauseLimit is the limit that a pause has reached. The zero value is none.
type PauseLimit struct {
	Age  time.Duration // it has lasted so long
	Size int64         // records of so many bytes are queued up
}

// String tells the limit.
func (l PauseLimit) String() string {
	switch {
	case l.Age != 0:
		return fmt.Sprintf("changes have queued up for %v", l.Age)
	case l.Size != 0:
		return fmt.Sprintf("%d bytes of records have queued up", l.Size)
	default:
		return "none"
	}
}

// PauseLimitError refuses a change of a table map whose pause has reached a limit.
type PauseLimitError struct {
	Map   string
	Limit PauseLimit
}

// Error names the table map and the limit, and says what to do.
func (e *PauseLimitError) Error() string {
	return fmt.Sprintf("engine: table map %s is paused, and %v, which is the limit: resume its job, and try again when that has caught up", e.Map, e.Limit)
}

// notFull refuses changes that would be captured for maps which are paused and full.
func (c *Capture) notFull(captured []CapturedChange) error {
	var faults []error
	var told []MapID
	for i := range captured {
		r := &captured[i].Reference
		if full := c.switches[r.Key.Map].how.Full; captured[i].Captured && full != (PauseLimit{}) && !slices.Contains(told, r.Key.Map) {
			told = append(told, r.Key.Map)
			faults = append(faults, &PauseLimitError{Map: c.maps[r.Key.Map].Name, Limit: full})
		}
	}
	return errors.Join(faults...)
}

// sizeOf returns how large a record is while it is queued up, in bytes: its key, and
// its values as the side writes them.
func sizeOf(k *Key, values []Value) uint32 {
	const number = 8
	n := len(k.Company) + len(k.ID)
	for i := range values {
		switch v := &values[i]; v.Kind {
		case KindText:
			n += len(v.Text)
		case KindNumber:
			n += number
		case KindLookup:
			n += len(v.Target.Company) + len(v.Target.ID)
		}
	}
	return uint32(min(n, math.MaxUint32))
}

// size returns how much is queued up in a lane.
func (l *lane) size() (n int64) {
	for i := range l.open {
		n += int64(l.open[i].Size)
	}
	return n
}

// weigh adds to what has queued up in a paused job. What waits on the error desk is
// there, and not in the queue.
func (c *Core) weigh(id laneID, l *lane, by int64) {
	if c.pauses == 0 || l.state == parked {
		return
	}
	if w := c.jobOf(id); w.state == Paused {
		w.size += by
	}
}

// countPauses counts the jobs that are paused, so that weighing costs nothing while
// there are none.
func (c *Core) countPauses() {
	c.pauses = 0
	for j := range c.jobs {
		if c.jobs[j].state == Paused {
			c.pauses++
		}
	}
}

// queuedUp returns the size of all that is in a job's queue.
func (c *Core) queuedUp(j int) (n int64) {
	c.eachLane(j, func(_ laneID, l *lane) {
		if l.state != parked {
			n += l.size()
		}
	})
	return n
}

// watchPause lets the hooks refuse changes of a paused job that has reached a limit.
func (c *Core) watchPause(j int) {
	w := &c.jobs[j]
	full := PauseLimit{}
	switch {
	case w.told.Full != full:
		return
	case c.now >= w.since.Add(c.cfg.PauseAge):
		full.Age = c.cfg.PauseAge
	case w.size >= c.cfg.PauseSize:
		full.Size = c.cfg.PauseSize
	default:
		return
	}
	c.tell(j, Capturing{Full: full})
	c.saveJob(j)
}

// pauseWake returns when a pause will have lasted as long as it may.
func (c *Core) pauseWake(w *jobWork) Time {
	if w.state != Paused || w.told.Full != (PauseLimit{}) {
		return never
	}
	return w.since.Add(c.cfg.PauseAge)
}
