package driver

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/sim"
)

// CrashPoint is a place in the life of a reference at which the engine's
// process can be made to die.
type CrashPoint string

// The crash points, in the order in which a reference passes them.
const (
	UserCommitted    CrashPoint = "user-committed"     // a user's transaction has put references into the outbox
	IntakeBeforeSave CrashPoint = "intake-before-save" // references are taken in and not saved
	IntakeBeforeAck  CrashPoint = "intake-before-ack"  // they are saved; the outbox has not heard of it
	ItemTaken        CrashPoint = "item-taken"         // a batch of items is about to be read
	AfterRead        CrashPoint = "after-read"         // one side was read
	WriteSent        CrashPoint = "write-sent"         // a write is on its way
	WriteLanded      CrashPoint = "write-landed"       // it was carried out; its answer is on its way
	AnswerBeforeSave CrashPoint = "answer-before-save" // the answer is taken in and not saved
	AfterSave        CrashPoint = "after-save"         // outcomes are saved; what follows has not been done

	noPoint CrashPoint = ""
)

// CrashPoints lists the crash points, in the order in which a reference passes
// them.
func CrashPoints() []CrashPoint {
	return []CrashPoint{
		UserCommitted, IntakeBeforeSave, IntakeBeforeAck, ItemTaken, AfterRead,
		WriteSent, WriteLanded, AnswerBeforeSave, AfterSave,
	}
}

// Crash is one death of the engine's process.
type Crash struct {
	At      sim.Time
	Point   CrashPoint    // it dies when it next passes this, from At on; empty: at At
	Restart time.Duration // how long it stays dead
}

// Validate reports every fault of a crash.
func (c Crash) Validate() error {
	if c.Point != noPoint && !slices.Contains(CrashPoints(), c.Point) {
		return fmt.Errorf("driver: %q is no crash point; they are %q", c.Point, CrashPoints())
	}
	if c.At < 0 || c.Restart < 0 {
		return fmt.Errorf("driver: a crash at %v with a restart after %v: neither may be negative", c.At, c.Restart)
	}
	return nil
}

// Schedule orders a valid crash.
func (d *Driver) Schedule(c Crash) {
	d.crashes = append(d.crashes, c)
	d.k.At(c.At, sim.Early, d.id, kindCrash, 0, uint64(len(d.crashes)-1))
}

// crashDue lets the process die, or arms the point at which it will. One that
// is dead already cannot die.
func (d *Driver) crashDue(index int) {
	if c := &d.crashes[index]; c.Point != noPoint {
		d.armed = append(d.armed, index)
	} else if d.core != nil {
		d.die(c.Restart)
	}
}

// pass goes by a crash point and reports whether the process died there.
func (d *Driver) pass(p CrashPoint) bool {
	if len(d.armed) == 0 || d.core == nil {
		return false
	}
	for i, index := range d.armed {
		if d.crashes[index].Point == p {
			d.armed = slices.Delete(d.armed, i, i+1)
			d.die(d.crashes[index].Restart)
			return true
		}
	}
	return false
}

// die loses everything but the store. Requests under way live on in links and
// systems; their answers will find nobody.
func (d *Driver) die(restart time.Duration) {
	d.stats.add(d.core.Stats())
	d.stats.Crashes++
	d.core = nil
	d.epoch++
	d.busy = false
	d.waiting.reset()
	d.syncing.reset()
	d.wakeAt = 0
	d.wakes++
	for n := d.pending.head; n < d.pending.tail; n++ {
		if s := d.pending.at(n); s.index >= 0 {
			d.giveUp(d.requests.At(s.index))
			d.requests.Release(s.index)
		}
	}
	d.pending = pending{ring: d.pending.ring}
	now := d.k.Now()
	d.series[seriesInFlight].Set(now, 0)
	d.series[seriesRequests].Set(now, 0)
	d.judge.Crashed(now)
	d.k.After(restart, sim.Early, d.id, kindRestart, 0, d.epoch)
}
