package engine

import (
	"errors"
	"fmt"
	"slices"
)

// The life of a job:
//
//	stopped → starting → initializing → active ⇄ paused
//	             │             ↑          ↑        │
//	             └─ no initial sync ──────┤        ↓
//	                                      └─── resuming
//	any of them → draining → stopped
//
// Starting judges the whole job and reports every fault at once; then it waits
// until no write that was sent under another primary can land any more, and
// switches the capture of the job's maps on. Draining switches it off, and waits
// for what is under way. Whatever a job is to be that it was not, it becomes
// while it is stopped.

// MapState is where a table map is in its life, as dual-write names it.
type MapState uint8

// The states of a table map.
const (
	MapNotRunning MapState = iota
	MapInitializing
	MapRunning
	MapPaused
	MapResuming
)

// String returns the state's name.
func (s MapState) String() string {
	return [...]string{"not running", "initializing", "running", "paused", "resuming"}[s]
}

// ErrNotStopped is the fault of a job that comes with other maps, modes,
// sequence numbers or another primary side than it runs with.
var ErrNotStopped = errors.New("stop the job before you change it")

// ErrKeyForm is the fault of a table map whose records the engine's store knows by
// keys of another form: what it holds would be taken for other records.
var ErrKeyForm = errors.New("the store knows its records by keys of another form: put the form back, or begin with an empty store and an initial sync")

// start lets a stopped job start, with an initial sync of some of its maps,
// unless the maps and their settings, or the initial sync, are at fault.
func (c *Core) start(j int, initial []InitialSync) error {
	var running []Job
	for o := range c.jobs {
		if c.jobs[o].state != Halted {
			running = append(running, c.cfg.Jobs[o])
		}
	}
	_, err := ValidateJob(c.given, c.cfg.Jobs[j], running...)
	if err = errors.Join(err, validateInitial(c.given, c.cfg.Jobs[j], initial, c.cfg.Lookups)); err != nil {
		return err
	}
	c.planInitial(j, initial)
	for _, id := range c.cfg.Jobs[j].Maps {
		rules := c.next(j, id)
		if c.recorded[id] {
			rules = c.maps[id].Rules // until it runs
		}
		c.record(j, id, rules)
	}
	c.tell(j, Capturing{})
	c.moveJob(j, Starting)
	return nil
}

// stop lets a job come to rest.
func (c *Core) stop(j int) {
	c.tell(j, Capturing{Off: true})
	c.awaitNothing(&c.jobs[j])
	c.stopInitial(j)
	c.moveJob(j, Draining)
}

// advanceJobs lets jobs move on that have nothing left to wait for.
func (c *Core) advanceJobs() {
	for j := range c.jobs {
		w := &c.jobs[j]
		switch w.state {
		case Starting:
			if c.now > c.landedBy(j) && c.switched(j) {
				w.telling = false
				c.runJob(j)
			}
		case Paused:
			c.watchPause(j)
		case Resuming:
			if !c.awaits(w) {
				if w.told.Full != (PauseLimit{}) {
					c.tell(j, Capturing{})
				}
				c.moveJob(j, Active)
			}
		case Draining:
			if c.switched(j) && w.inFlight == 0 && !c.hasLive(j) {
				w.telling = false
				c.moveJob(j, Halted)
			}
		}
		if w.telling && w.state != Starting && w.state != Draining && c.switched(j) {
			w.telling = false
			c.saveJob(j)
		}
		if w.state == Initializing && c.initialize(j) {
			c.moveJob(j, Active)
		}
	}
}

// runJob lets the items of a job run.
func (c *Core) runJob(j int) {
	for _, id := range c.cfg.Jobs[j].Maps {
		c.record(j, id, c.next(j, id))
	}
	if len(c.jobs[j].initial.legs) > 0 {
		c.moveJob(j, Initializing)
	} else {
		c.moveJob(j, Active)
	}
	c.letGo(j)
}

// hasLive reports whether a live transaction of a job's maps has not ended.
func (c *Core) hasLive(j int) bool { return slices.ContainsFunc(c.cfg.Jobs[j].Maps, c.liveOn) }

// next returns who decides about a map when its job runs.
func (c *Core) next(j int, id MapID) Side {
	if interim, planned := c.jobs[j].planned(id); planned {
		return interim
	}
	return c.given[id].Primary
}

// record saves how a map runs, and who decides about it.
func (c *Core) record(j int, id MapID, rules Side) {
	m := c.given[id]
	c.cfg.Maps[id], c.recorded[id] = m, true
	c.maps[id] = MapRecord{
		Map: id, Job: c.cfg.Jobs[j].Name, Mode: m.Mode, Sequence: m.Sequence, Primary: m.Primary, Rules: rules, WriteLife: c.cfg.WriteLife,
		Keys: m.Keys.String(),
	}
	if _, planned := c.jobs[j].planned(id); planned && c.jobs[j].state == Starting {
		c.beginInterim(id, rules)
	}
	c.saveMap(id)
}

func (c *Core) saveMap(id MapID) {
	r := c.maps[id]
	c.save = append(c.save, Mutation{Kind: MapMoved, Map: &r})
}

// recordAll saves how the maps of jobs run that were running from the first,
// with the first step that saves anything: before that, nothing was carried.
func (c *Core) recordAll() {
	if len(c.save) == 0 || c.allRecorded {
		return
	}
	c.allRecorded = true
	for j := range c.jobs {
		for _, id := range c.cfg.Jobs[j].Maps {
			switch form := c.given[id].Keys.String(); {
			case c.jobs[j].state == Halted:
			case !c.recorded[id]:
				c.record(j, id, c.given[id].Primary)
			case c.maps[id].Keys != form: // nothing is known of its records
				c.maps[id].Keys = form
				c.saveMap(id)
			}
		}
	}
}

// landedBy returns the instant after which no write of a job can land that was
// decided under another primary than the one that is to decide next. Where the
// primary stays, there is nothing to wait for.
func (c *Core) landedBy(j int) Time {
	latest := Time(-1)
	for _, id := range c.cfg.Jobs[j].Maps {
		if c.maps[id].Rules != c.next(j, id) {
			latest = max(latest, c.unanswered[id])
		}
	}
	return latest
}

// lost notes that nobody answered for the writes of a batch: they may land
// until their deadline.
func (c *Core) lost(b *batch) {
	for i := range b.flights {
		if f := &b.flights[i]; !f.done {
			id := c.pairs.at(f.lane.pair()).key.Map
			c.unanswered[id] = max(c.unanswered[id], b.deadline)
		}
	}
}

// lostByCrash assumes of every map whose job was not at rest that it had sent a
// write when the engine died.
func (c *Core) lostByCrash() {
	for id := range c.maps {
		if s := c.jobs[c.jobByMap[id]].state; c.recorded[id] && s != Halted && s != Starting {
			c.unanswered[id] = c.now.Add(max(c.maps[id].WriteLife, c.cfg.WriteLife))
		}
	}
}

// forgetLapsed lets the store forget the work on items that have not outlived the crash.
// An item that comes to such a lane has its attempts before it, and nobody has put it on
// the error desk, or has asked for anything there.
func (c *Core) forgetLapsed() {
	for i := range c.lapsed {
		c.save = append(c.save, Mutation{Kind: LaneChanged, Lane: &c.lapsed[i]})
	}
	c.lapsed = nil
}

// loadMaps takes over how the maps ran, and refuses other settings for those
// whose job is not stopped.
func (c *Core) loadMaps(state *State) error {
	jobs := map[string]JobRecord{}
	for _, r := range state.Jobs {
		jobs[r.Name] = r
		c.order = max(c.order, r.Turn)
	}
	var faults []error
	known := map[string]bool{} // jobs that ran
	for _, r := range state.Maps {
		known[r.Job] = true
		if int(r.Map) >= len(c.cfg.Maps) {
			if jobs[r.Job].State == Halted {
				continue
			}
			faults = append(faults, &JobError{Job: r.Job, Other: fmt.Sprintf("table map %d is gone", r.Map), Err: ErrNotStopped})
			continue
		}
		c.maps[r.Map], c.recorded[r.Map] = r, true
		was := jobs[r.Job]
		if was.State == Halted || was.State == Starting {
			c.unanswered[r.Map] = was.Since
		}
		if was.State != Halted {
			faults = append(faults, c.changed(&r)...)
		}
		if form := c.given[r.Map].Keys.String(); form != r.Keys && state.holds(r.Map) {
			faults = append(faults, &JobError{
				Job: r.Job, Map: c.given[r.Map].Name, Err: ErrKeyForm, Other: fmt.Sprintf("it was %q and would be %q", r.Keys, form),
			})
		}
	}
	for j, job := range c.cfg.Jobs {
		for _, id := range job.Maps {
			if !c.recorded[id] && known[job.Name] && jobs[job.Name].State != Halted {
				faults = append(faults, &JobError{Job: c.cfg.Jobs[j].Name, Map: c.cfg.Maps[id].Name, Other: "the table map is new in the job", Err: ErrNotStopped})
			}
		}
	}
	return errors.Join(faults...)
}

// holds reports whether anything is known of a map's records.
func (s *State) holds(m MapID) bool {
	return slices.ContainsFunc(s.Ledgers, func(l Ledger) bool { return l.Key.Map == m }) ||
		slices.ContainsFunc(s.Open, func(o OpenReference) bool { return o.Reference.Key.Map == m }) ||
		slices.ContainsFunc(s.Quarantined, func(q Quarantine) bool { return q.Key.Map == m }) ||
		slices.ContainsFunc(s.Intents, func(i Intent) bool {
			return slices.ContainsFunc(i.Rows, func(r IntentRow) bool { return r.Key.Map == m })
		}) ||
		slices.ContainsFunc(s.Initials, func(i InitialRecord) bool { return i.Map == m && i.After.ID != "" })
}

// changed returns what differs between how a map ran and how it is to run.
func (c *Core) changed(r *MapRecord) (faults []error) {
	m := c.cfg.Maps[r.Map]
	differs := func(what string, was, is any) {
		if was != is {
			faults = append(faults, &JobError{
				Job: r.Job, Map: m.Name, Err: ErrNotStopped, Other: fmt.Sprintf("%s is %v and would be %v", what, was, is),
			})
		}
	}
	differs("the job", r.Job, c.cfg.Jobs[c.jobByMap[r.Map]].Name)
	differs("the mode", r.Mode, m.Mode)
	differs("the sequence", r.Sequence, m.Sequence)
	differs("the primary side", r.Primary, m.Primary)
	return faults
}

// MapStatus is a table map as an operator sees it.
type MapStatus struct {
	Map     MapID
	Job     string
	State   MapState
	Primary Side // whose record wins a conflict now
}

// MapStatuses calls f with every table map, by ID.
func (c *Core) MapStatuses(f func(MapStatus)) {
	for id, m := range c.cfg.Maps {
		j := c.jobByMap[id]
		f(MapStatus{Map: MapID(id), Job: c.cfg.Jobs[j].Name, State: c.mapState(MapID(id)), Primary: m.Primary})
	}
}

func (c *Core) mapState(id MapID) MapState {
	switch s := c.jobs[c.jobByMap[id]].state; {
	case s == Initializing && c.maps[id].Initializing:
		return MapInitializing
	case s == Active || s == Initializing:
		return MapRunning
	case s == Paused:
		return MapPaused
	case s == Resuming:
		return MapResuming
	default:
		return MapNotRunning
	}
}

// JobState returns where a job is in its life; false when there is none of that
// name.
func (c *Core) JobState(name string) (JobState, bool) {
	for j := range c.jobs {
		if c.cfg.Jobs[j].Name == name {
			return c.jobs[j].state, true
		}
	}
	return 0, false
}
