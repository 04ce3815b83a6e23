package engine

// JobState is where an integration job is in its life.
type JobState uint8

// The states of a job.
const (
	Active       JobState = iota // items run
	Paused                       // references queue up, no item starts
	Draining                     // stopping: what is in flight ends, no item starts
	Halted                       // stopped: the queue and the error desk are frozen, and nothing is captured
	Starting                     // the sides begin to capture, no item starts
	Initializing                 // initial sync is under way, and items run
	Resuming                     // what queued up during a pause runs, and newer items with it
)

// String returns the state's name.
func (s JobState) String() string {
	return [...]string{"active", "paused", "draining", "stopped", "starting", "initializing", "resuming"}[s]
}

// runs reports whether items of the job may start.
func (s JobState) runs() bool { return s == Active || s == Initializing || s == Resuming }

// Job is an integration job: table maps that are started, paused and stopped
// together. Their sequence and primary side stand in the maps.
type Job struct {
	Name   string
	Maps   []MapID
	Alerts []Alert // of its failures
}

// jobWork is what the engine knows of a job.
type jobWork struct {
	state    JobState
	since    Time               // of the pause
	inFlight int                // items of the job in batches
	held     []laneID           // ready items that may not start, in order
	refs     [2][laneStates]int // references in the queue, by side and by where their item is
	desk     []deskRequest
	tallies  []tally     // by alert
	alarm    AlertAction // what the alerts of this step ask for

	told     Capturing // what the hooks of both sides were told last
	telling  bool      // ... and one of them may not have heard
	turn     uint64    // of that
	switches [2]sideSwitch
	size     int64 // while it is paused: of the records that are queued up, in bytes
	initial  initialWork
	awaited  []laneID // lanes that the job waits for; see [Core.await]
	awaiting int      // how many of them have not come to an end
	look     bool     // some of them may wait for an operator
}

// jobOf returns the job of a pair's map.
func (c *Core) jobOf(id laneID) *jobWork { return &c.jobs[c.jobByMap[c.pairs.at(id.pair()).key.Map]] }

// assignJobs prepares the jobs; without any configured, one holds all maps.
func (c *Core) assignJobs() {
	if len(c.cfg.Jobs) == 0 {
		c.cfg.Jobs = []Job{{Name: "all"}}
		for i := range c.cfg.Maps {
			c.cfg.Jobs[0].Maps = append(c.cfg.Jobs[0].Maps, MapID(i))
		}
	}
	c.jobs = make([]jobWork, len(c.cfg.Jobs))
	c.jobByMap = make([]int, len(c.cfg.Maps))
	for j := range c.cfg.Jobs {
		c.jobs[j].tallies = make([]tally, len(c.cfg.Jobs[j].Alerts))
		for _, m := range c.cfg.Jobs[j].Maps {
			c.jobByMap[m] = j
		}
	}
}

// moveJob changes a job's state.
func (c *Core) moveJob(j int, s JobState) {
	w := &c.jobs[j]
	switch s {
	case Paused:
		w.since, w.size = c.now, c.queuedUp(j)
	case Halted, Starting:
		w.since = 0
		for _, m := range c.cfg.Jobs[j].Maps {
			w.since = max(w.since, c.unanswered[m])
		}
	}
	w.state = s
	c.countPauses()
	c.saveJob(j)
}

// saveJob saves a job as it is now.
func (c *Core) saveJob(j int) {
	w := &c.jobs[j]
	c.save = append(c.save, Mutation{Kind: JobMoved, Job: &JobRecord{
		Name: c.cfg.Jobs[j].Name, State: w.state, Since: w.since, Turn: w.turn, Full: w.told.Full, Telling: w.telling,
	}})
}

// landed tells a job that one of its items has left its batch.
func (c *Core) landed(id laneID) {
	c.jobOf(id).inFlight--
	c.flying[c.pairs.at(id.pair()).key.Map]--
}

// mayStart reports whether an item that is ready may run.
func (c *Core) mayStart(id laneID) bool {
	return c.jobOf(id).state.runs() && !c.settling[c.pairs.at(id.pair()).key.Map] && !c.behindBarrier(id)
}

// behindBarrier reports whether an item must wait until its job has no work
// left in maps of a lower sequence. What is on the error desk holds nobody up,
// and neither does what waits for it.
func (c *Core) behindBarrier(id laneID) bool {
	if !c.cfg.Barrier {
		return false
	}
	own := c.pairs.at(id.pair()).key.Map
	for _, m := range c.cfg.Jobs[c.jobByMap[own]].Maps {
		if c.cfg.Maps[m].Sequence < c.cfg.Maps[own].Sequence && c.working[m] > 0 {
			return true
		}
	}
	return false
}

// openBarriers lets go what was held back, once a map of some job has run out
// of work.
func (c *Core) openBarriers() {
	if !c.ranOut {
		return
	}
	c.ranOut = false
	for j := range c.jobs {
		if c.jobs[j].state.runs() && len(c.jobs[j].held) > 0 {
			c.letGo(j)
		}
	}
}

// letGo puts the items that a job held back into the ready heap.
func (c *Core) letGo(j int) {
	held := c.jobs[j].held
	c.jobs[j].held = nil
	for _, id := range held {
		if c.pairs.lane(id).state == ready {
			c.pushReady(id)
		}
	}
}
