package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// CommandKind is what an operator asks for.
type CommandKind uint8

// The commands.
const (
	RetryParked   CommandKind = iota // let parked items run again
	DismissParked                    // end parked items for ever
	PauseJob
	ResumeJob // how: see [Command.Resume]
	StopJob
	StartJob
	ResyncMaps  // carry what differs in the filter's maps and company, whatever the marks say: see [Core.Drift]
	CompareMaps // list it, and do nothing
)

// String returns the command's name.
func (k CommandKind) String() string {
	return [...]string{"retry", "dismiss", "pause", "resume", "stop", "start", "resync", "compare"}[k]
}

// ResumeHow is what becomes of the references that queued up during a pause.
type ResumeHow uint8

// The ways to resume a job.
const (
	CatchUp       ResumeHow = iota // carry them
	SkipAndKeep                    // put them on the error desk, to be retried or dismissed
	SkipAndForget                  // dismiss them
)

// String returns the way's name.
func (h ResumeHow) String() string {
	return [...]string{"catch-up", "skip-and-keep", "skip-and-forget"}[h]
}

// Command is an operator's request.
type Command struct {
	Kind   CommandKind
	Job    string
	Filter DeskFilter // RetryParked, DismissParked; of ResyncMaps and CompareMaps the maps and the company
	Resume ResumeHow  // ResumeJob

	Initial []InitialSync // StartJob: the maps that are copied before they run; others are skipped
}

// DeskFilter selects parked items. Its zero value selects all of a job.
type DeskFilter struct {
	Maps    []MapID // none: every map
	Sides   []Side  // of origin; none: both
	Company string  // empty: every company
	Class   Class   // Open: application and system failures
	Since   Time    // parked at this instant of the driver's clock, or later; 0: at any
	Before  Time    // ... and before this one; 0: at any
}

// selects reports whether a request is for an item of a key and side that was parked
// for a reason at some time.
func (f *DeskFilter) selects(k Key, side Side, parked Outcome, at Time) bool {
	return among(f.Maps, k.Map) && among(f.Sides, side) &&
		(f.Company == "" || f.Company == k.Company) && (f.Class == Open || f.Class == parked.Class) &&
		(f.Since == 0 || at >= f.Since) && (f.Before == 0 || at < f.Before)
}

// among reports whether a list names v, or nothing at all.
func among[T comparable](list []T, v T) bool {
	return len(list) == 0 || slices.Contains(list, v)
}

// The documented limits of the error desk, which a [Config] may set lower.
const (
	DeskRequestsMax = 5      // waiting in a job
	DeskRecordsMax  = 10_000 // of one request
)

// Refusals of an operator's request.
var (
	ErrUnknownCommand  = errors.New("engine: no such command")
	ErrUnknownResume   = errors.New("engine: no such way to resume a job")
	ErrUnknownSide     = errors.New("engine: no such side")
	ErrUnknownJob      = errors.New("engine: no such integration job")
	ErrNotOfJob        = errors.New("engine: the table map is in another job")
	ErrJobNotActive    = errors.New("engine: the error desk works only while the job is active")
	ErrJobState        = errors.New("engine: the job is not in a state for that")
	ErrTooManyRequests = errors.New("engine: as many requests of the job as may are waiting already")
	ErrTooManyRecords  = errors.New("engine: the request concerns more records than it may")
)

// choices reports what a request asks for that there is not.
func (cmd *Command) choices() error {
	var faults []error
	if cmd.Kind > CompareMaps {
		faults = append(faults, fmt.Errorf("%w: %d", ErrUnknownCommand, cmd.Kind))
	}
	if cmd.Resume > SkipAndForget {
		faults = append(faults, fmt.Errorf("%w: %d", ErrUnknownResume, cmd.Resume))
	}
	sides := slices.Clone(cmd.Filter.Sides)
	for i := range cmd.Initial {
		sides = append(sides, cmd.Initial[i].Interim, cmd.Initial[i].From)
	}
	for _, side := range sides {
		if side > Dataverse {
			faults = append(faults, fmt.Errorf("%w: %d", ErrUnknownSide, side))
		}
	}
	return errors.Join(faults...)
}

// deskRequest is a retry or dismissal that is under way. Requests of a job are
// worked on in the order in which they were made.
type deskRequest struct {
	lanes []laneID // what is left of it; each knows what was requested
}

// deskPause is the time between two parts of a request.
const deskPause = 10 * time.Millisecond

// Command takes an operator's request at an instant of the driver's clock. A
// request that is refused changes nothing; a retry or dismissal that is accepted
// is worked on in the steps that follow.
func (c *Core) Command(now Time, cmd *Command) (Output, error) {
	if err := cmd.choices(); err != nil {
		return Output{}, fmt.Errorf("job %s: %w", cmd.Job, err)
	}
	c.begin(now)
	if err := c.command(cmd); err != nil {
		return Output{}, fmt.Errorf("%v job %s: %w", cmd.Kind, cmd.Job, err)
	}
	return c.end(), nil
}

func (c *Core) command(cmd *Command) error {
	j := -1
	for i := range c.cfg.Jobs {
		if c.cfg.Jobs[i].Name == cmd.Job {
			j = i
		}
	}
	if j < 0 {
		return ErrUnknownJob
	}
	for _, m := range cmd.Filter.Maps {
		switch {
		case int(m) >= len(c.cfg.Maps):
			return fmt.Errorf("%w: %d", ErrUnknownMap, m)
		case c.jobByMap[m] != j:
			return fmt.Errorf("%w: %s", ErrNotOfJob, c.cfg.Maps[m].Name)
		}
	}
	state := c.jobs[j].state
	switch cmd.Kind {
	case ResyncMaps, CompareMaps:
		if state != Active {
			return fmt.Errorf("%w: it is %v", ErrJobState, state)
		}
		c.resyncRequested(j, cmd)
	case RetryParked, DismissParked:
		return c.deskRequested(j, cmd)
	case PauseJob:
		if state != Active {
			return fmt.Errorf("%w: it is %v", ErrJobState, state)
		}
		c.moveJob(j, Paused)
	case ResumeJob:
		if state != Paused {
			return fmt.Errorf("%w: it is %v", ErrJobState, state)
		}
		c.moveJob(j, Resuming)
		c.resume(j, cmd.Resume)
	case StopJob:
		if state == Draining || state == Halted {
			return fmt.Errorf("%w: it is %v", ErrJobState, state)
		}
		c.stop(j)
	case StartJob:
		if state != Halted {
			return fmt.Errorf("%w: it is %v", ErrJobState, state)
		}
		return c.start(j, cmd.Initial)
	}
	return nil
}

// deskRequested accepts a retry or dismissal.
func (c *Core) deskRequested(j int, cmd *Command) error {
	w := &c.jobs[j]
	switch {
	case w.state != Active:
		return fmt.Errorf("%w: it is %v", ErrJobNotActive, w.state)
	case len(w.desk) >= c.cfg.DeskRequests && !c.bugs.hit(PlantDeskUnbounded):
		return fmt.Errorf("%w: %d; ask again when one is done", ErrTooManyRequests, c.cfg.DeskRequests)
	}
	var r deskRequest
	c.eachLane(j, func(id laneID, l *lane) {
		if l.state == parked && l.requested == 0 && cmd.Filter.selects(c.pairs.at(id.pair()).key, id.side(), l.parked, l.parkedAt) {
			r.lanes = append(r.lanes, id)
		}
	})
	if len(r.lanes) > c.cfg.DeskRecords && !c.bugs.hit(PlantDeskUnbounded) {
		return fmt.Errorf("%w: %d, of %d at most; select fewer", ErrTooManyRecords, len(r.lanes), c.cfg.DeskRecords)
	}
	c.requests++
	for _, id := range r.lanes {
		l := c.pairs.lane(id)
		l.requested, l.request = requestOf(cmd.Kind), c.requests
		c.saveLane(id)
	}
	if len(r.lanes) > 0 {
		w.desk = append(w.desk, r)
	}
	return nil
}

// Requested is what an operator has asked for an item that is still parked.
type Requested uint8

// The requests.
const (
	NothingRequested Requested = iota
	RetryRequested
	DismissRequested
)

func requestOf(k CommandKind) Requested {
	if k == DismissParked {
		return DismissRequested
	}
	return RetryRequested
}

// eachLane calls f with every lane of a job that holds references, in the
// order in which their pairs were first heard of.
func (c *Core) eachLane(j int, f func(laneID, *lane)) {
	for i := int32(0); i < c.pairs.index.Len(); i++ {
		p := c.pairs.at(i)
		if c.jobByMap[p.key.Map] != j {
			continue
		}
		for s := range p.lanes {
			if len(p.lanes[s].open) > 0 {
				f(laneID(i)<<1|laneID(s), &p.lanes[s])
			}
		}
	}
}

// workDesk carries out a part of the first request of each job.
func (c *Core) workDesk() {
	for j := range c.jobs {
		w := &c.jobs[j]
		if w.state != Active || len(w.desk) == 0 {
			continue
		}
		r := &w.desk[0]
		n := min(c.cfg.DeskPart, len(r.lanes))
		for _, id := range r.lanes[:n] {
			c.carryOut(id)
		}
		if r.lanes = r.lanes[n:]; len(r.lanes) == 0 || c.bugs.hit(PlantFirstPageOnly) {
			w.desk = w.desk[1:]
		}
	}
}

// carryOut does what was requested for an item, unless it has left the desk
// meanwhile, from where that was requested: it may be there again.
func (c *Core) carryOut(id laneID) {
	l := c.pairs.lane(id)
	if l.requested == NothingRequested {
		return
	}
	what := l.requested
	if what == RetryRequested {
		if c.pairs.at(id.pair()).quarantine.Reason == NotUndone {
			c.lookAtBoth(id)
		} else {
			c.releasePair(id)
		}
	}
	if l.state != parked {
		return
	}
	if what == DismissRequested && !c.bugs.hit(PlantDismissedReturns) {
		c.takeOff(id, l)
		c.dismiss(id, l, NoReason)
		return
	}
	c.unpark(id, l)
	c.saveLane(id)
	c.schedule(id)
}

// lookAtBoth releases a pair that could not be undone, and makes sure that it has an item
// each way: what is left on one side may be a tombstone, and no item of the other side
// tells of what that still holds.
func (c *Core) lookAtBoth(id laneID) {
	p := c.pairs.at(id.pair())
	c.releasePair(id)
	for _, side := range Sides {
		own := laneID(id.pair())<<1 | laneID(side)
		if len(c.pairs.lane(own).open) == 0 {
			c.enqueueUnread(own, p.key, Resynced, c.cfg.Maps[p.key.Map].outgoing(side))
		}
	}
}

// saveReleases saves that pairs are released, once they have no item any more that a crash
// would forget.
func (c *Core) saveReleases() {
	c.releasing = slices.DeleteFunc(c.releasing, func(pair int32) bool {
		p := c.pairs.at(pair)
		for side := range p.lanes {
			if l := &p.lanes[side]; len(l.open) > 0 && l.newest().Number == 0 {
				return false
			}
		}
		if p.quarantine.Class == Open {
			c.saveQuarantine(p)
		}
		return true
	})
}

// unpark takes an item off the desk, with fresh attempts.
func (c *Core) unpark(id laneID, l *lane) {
	c.takeOff(id, l)
	l.attempts = 0
}

// takeOff takes an item off the desk, and what was requested for it there has had its
// end: should it come back, it can be asked for again. How often it was tried is still known.
func (c *Core) takeOff(id laneID, l *lane) {
	c.offDesk(id, l)
	c.move(id, idle)
	l.solo, l.parked, l.parkedAt = false, Outcome{}, 0
	l.requested, l.request = NothingRequested, 0
}

// dismiss ends all references of an item, because an operator has asked for it or
// for another reason. The value may still travel later, as
// part of a newer change.
func (c *Core) dismiss(id laneID, l *lane, why Reason) {
	given, unsaved := Outcome{Class: Dismissed, Reason: why}, false
	for i := range l.open {
		unsaved = unsaved || l.open[i].Number == 0
		c.settleOne(id, l, &l.open[i].Reference, given)
	}
	clear(l.open)
	l.open, l.attempts = l.open[:0], 0
	c.arrived(id, l, given)
	if m := c.saveLane(id); unsaved {
		m.Outcome = given
	}
	c.rest(id, l)
}

// keepForAWhile notes when an item is to be purged, if it was skipped at a resume.
func (c *Core) keepForAWhile(id laneID, l *lane) {
	if l.parked.Reason == SkippedAtResume {
		c.purges.push(dueEntry{at: l.parkedAt.Add(c.cfg.PurgeAfter), order: l.open[0].order, lane: id})
	}
}

// purge dismisses what was skipped at a resume and has waited on the desk for as long
// as that is kept: nobody has asked for it.
func (c *Core) purge() {
	for c.purges.len() > 0 && c.purges.first().at <= c.now {
		id := c.purges.pop().lane
		l := c.pairs.lane(id)
		if l.state != parked || l.parked.Reason != SkippedAtResume || l.parkedAt.Add(c.cfg.PurgeAfter) > c.now {
			continue
		}
		c.takeOff(id, l)
		c.dismiss(id, l, Purged)
	}
}

// resume deals with what queued up during a pause.
func (c *Core) resume(j int, how ResumeHow) {
	c.letGo(j)
	if how == CatchUp {
		c.awaitQueue(j)
		return
	}
	c.eachLane(j, func(id laneID, l *lane) {
		if how == SkipAndKeep && l.nameless() { // no change that has queued up; and the desk would lose it with a crash
			return
		}
		switch l.state {
		case inFlight, parked:
			return
		case blocked:
			c.unblock(id)
		}
		c.move(id, idle)
		if how == SkipAndForget {
			c.dismiss(id, l, NoReason)
			return
		}
		c.putOnDesk(id, l, Outcome{Class: SystemFailure, Reason: SkippedAtResume})
	})
}

// awaitQueue lets a job wait for what is in its queue, but for what waits for an
// operator.
func (c *Core) awaitQueue(j int) {
	c.eachLane(j, func(id laneID, l *lane) {
		if l.state != parked {
			c.await(id)
		}
	})
}

// loadJobs takes over the states of jobs, and the requests that were under way.
func (c *Core) loadJobs(state *State) {
	for _, r := range state.Jobs {
		for j := range c.cfg.Jobs {
			if c.cfg.Jobs[j].Name != r.Name {
				continue
			}
			w := &c.jobs[j]
			w.state, w.since, w.turn = r.State, r.Since, r.Turn
			w.told, w.telling = Capturing{Off: r.State == Draining || r.State == Halted, Full: r.Full}, r.Telling
			if w.telling {
				c.tellAgain(j)
			}
			if w.state == Paused {
				w.size = c.queuedUp(j)
			}
		}
	}
	c.countPauses()
	lanes := slices.Clone(state.Lanes)
	slices.SortStableFunc(lanes, func(a, b LaneState) int { return cmp.Compare(a.Request, b.Request) })
	last := uint64(0)
	for _, s := range lanes {
		id, known := c.pairs.find(s.Key, s.Side)
		if !known || s.Requested == NothingRequested || c.pairs.lane(id).state != parked {
			continue
		}
		w := c.jobOf(id)
		if s.Request != last {
			w.desk = append(w.desk, deskRequest{})
			last = s.Request
		}
		w.desk[len(w.desk)-1].lanes = append(w.desk[len(w.desk)-1].lanes, id)
		c.requests = max(c.requests, s.Request)
	}
}
