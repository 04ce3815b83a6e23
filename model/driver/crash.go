package driver

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
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

// The crash points of live transactions, in the order in which one passes them.
const (
	LiveTaken       CrashPoint = "live-taken"        // a held transaction is taken in; nothing is read
	LiveRead        CrashPoint = "live-read"         // a side was read for it
	LiveSaved       CrashPoint = "live-saved"        // its intent is saved; no row has left
	LiveWriteSent   CrashPoint = "live-write-sent"   // its rows are on their way to the other side
	LiveWriteLanded CrashPoint = "live-write-landed" // they are there; the answer is on its way
	LiveAnswered    CrashPoint = "live-answered"     // the answer has come; the commit is not asked for
	LiveCommitSent  CrashPoint = "live-commit-sent"  // the commit is asked for
	LiveCommitted   CrashPoint = "live-committed"    // it has committed; the answer is on its way
	LiveSealSent    CrashPoint = "live-seal-sent"    // its tombstones are about to be sealed
	LiveSealed      CrashPoint = "live-sealed"       // they are sealed; the answer is on its way
	LiveAsked       CrashPoint = "live-asked"        // after a restart: the user's side is asked how it ended
	LiveUndoSent    CrashPoint = "live-undo-sent"    // the other side is to be restored
	LiveUndone      CrashPoint = "live-undone"       // it is restored; the answer is on its way
)

// CrashPoints lists the crash points, in the order in which a reference passes
// them.
func CrashPoints() []CrashPoint {
	return []CrashPoint{
		UserCommitted, IntakeBeforeSave, IntakeBeforeAck, ItemTaken, AfterRead,
		WriteSent, WriteLanded, AnswerBeforeSave, AfterSave,
	}
}

// CommandBeforeSave is the crash point of an operator's request: it is taken in
// and not saved.
const CommandBeforeSave CrashPoint = "command-before-save"

// The crash points of a job's start and stop and of its initial sync, in the order
// in which they are passed.
const (
	SwitchSent   CrashPoint = "switch-sent"   // a side is asked to begin or to end its capture
	SwitchLanded CrashPoint = "switch-landed" // it has; the answer is on its way
	PageAsked    CrashPoint = "page-asked"    // a page of records is asked for
	PageListed   CrashPoint = "page-listed"   // it has come; nothing of it is taken in
	PageTaken    CrashPoint = "page-taken"    // its records are taken in, and none of them is carried
)

// CopyCrashPoints lists the crash points of a job's start and stop and of its
// initial sync. Those of a resync are the same.
func CopyCrashPoints() []CrashPoint {
	return []CrashPoint{SwitchSent, SwitchLanded, PageAsked, PageListed, PageTaken}
}

// LiveCrashPoints lists the crash points of live transactions, in the order in
// which one passes them.
func LiveCrashPoints() []CrashPoint {
	return []CrashPoint{
		LiveTaken, LiveRead, LiveSaved, LiveWriteSent, LiveWriteLanded, LiveAnswered, LiveCommitSent,
		LiveCommitted, LiveSealSent, LiveSealed, LiveAsked, LiveUndoSent, LiveUndone,
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
	if all := slices.Concat(CrashPoints(), LiveCrashPoints(), CopyCrashPoints(), []CrashPoint{CommandBeforeSave}); c.Point != noPoint && !slices.Contains(all, c.Point) {
		return fmt.Errorf("driver: %q is no crash point; they are %q", c.Point, all)
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
	if d.crashes[index].Point != noPoint {
		d.armed = append(d.armed, index)
	} else if d.core != nil {
		d.die(index)
	}
}

// pass goes by a crash point and reports whether the process died there.
func (d *Driver) pass(p CrashPoint) bool {
	if len(d.armed) == 0 || d.core == nil || p == noPoint {
		return false
	}
	for i, index := range d.armed {
		if d.crashes[index].Point == p {
			d.armed = slices.Delete(d.armed, i, i+1)
			d.die(index)
			return true
		}
	}
	return false
}

// Death is a time in which the engine's process was dead.
type Death struct {
	Crash int      // by the order of [Driver.Schedule]
	From  sim.Time // when the process died
	To    sim.Time // when it was back; 0 when it is not yet
}

// Deaths lists the times in which the engine's process was dead, ascending. A
// crash that waits for its point, or came when the process was dead already, is
// not among them.
func (d *Driver) Deaths() []Death { return slices.Clone(d.deaths) }

// die loses everything but the store. Requests under way live on in links and
// systems; their answers will find nobody.
func (d *Driver) die(crash int) {
	d.stats.add(d.core.Stats())
	d.stats.Crashes++
	d.core = nil
	d.losePower()
	d.epoch++
	d.busy, d.stalled = false, false
	d.waiting.reset()
	d.syncing.reset()
	d.moves = d.moves[:0]
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
	d.deaths = append(d.deaths, Death{Crash: crash, From: now})
	d.left = d.leftBehind()
	d.taken = d.takenSaved
	d.series[seriesInFlight].Set(now, 0)
	d.series[seriesRequests].Set(now, 0)
	d.series[seriesParked].Set(now, float64(d.left.parked))
	d.sampleBacklog()
	d.judge.Crashed(now)
	d.breakCalls()
	d.k.After(d.crashes[crash].Restart, sim.Early, d.id, kindRestart, 0, d.epoch)
}

// left is the queue of a process that is dead, as the store holds it.
type left struct {
	working int // references that do not wait for an operator
	parked  int // items that do
}

// leftBehind counts what the store holds.
func (d *Driver) leftBehind() left {
	state, err := d.store.Waiting()
	if err != nil {
		panic(fmt.Errorf("driver: load the engine's state: %w", err))
	}
	type lane struct {
		key  engine.Key
		side engine.Side
	}
	onDesk := map[lane]int{} // references of each parked item
	for i := range state.Lanes {
		if l := &state.Lanes[i]; l.Parked.Class != engine.Open {
			onDesk[lane{l.Key, l.Side}] = 0
		}
	}
	q := left{working: len(state.Open)}
	if len(onDesk) == 0 {
		return q
	}
	for i := range state.Open {
		r := &state.Open[i].Reference
		if n, parked := onDesk[lane{r.Key, r.Side}]; parked {
			if n == 0 {
				q.parked++
			}
			q.working--
			onDesk[lane{r.Key, r.Side}] = n + 1
		}
	}
	return q
}
