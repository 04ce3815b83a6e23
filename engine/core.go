package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Config sets up a [Core]. The zero value of each field but Maps means its
// default.
type Config struct {
	Maps         []*TableMap   // by MapID
	Workers      int           // batches in flight at once; 8
	Batch        int           // items per batch; 10
	PullMax      int           // references per pull; 1,000
	QueueMax     int           // references of one side that are held at once, beside those that wait for people; the outbox keeps the others; 100,000
	Attempts     int           // of an item before it parks; 5
	RetryBase    time.Duration // back-off before the second attempt at its longest; each is spread over all from zero to that; 2s
	RetryTimes   float64       // factor from one back-off to the next; 2
	RetryCap     time.Duration // longest back-off; 5m
	Poll         time.Duration // safety poll of both outboxes; 1m
	Probe        time.Duration // between probes of a side that is down; 10s
	AnswersMax   int           // changes in a row by which the logic of one side answers what was carried to it, before a pair is quarantined; 8
	TripAfter    int           // failed requests in a row that open a side's breaker; 3
	LockWait     time.Duration // how long a live transaction waits for a pair whose item is in flight; 10s
	DeleteWins   bool          // a delete overrules unseen changes even where the other side is primary; else it is refused
	Hides        [2]bool       // by side: it can hide a record until the live delete that takes it away has ended, so that undoing it loses nothing; else that brings back what the other side holds
	WriteLife    time.Duration // after which a target no longer executes a write; 30s
	Jobs         []Job         // each map in exactly one; none: one job "all" that holds all maps
	Barrier      bool          // an item runs only when no lower sequence of its job has any; else sequence is a priority
	Unordered    bool          // a what-if: no item waits for the records that it looks up
	Proceed      bool          // items do not wait for a looked-up record whose item is parked: they fail
	InitialChunk int           // records that initial sync lists at a time; 1,000
	InitialRows  int           // records that one leg of an initial sync carries at most; 500,000
	Lookups      int           // that a table map may have which an initial sync exports from Dataverse; 10
	DeskRequests int           // requests of operators that a job takes before they are worked off; 5
	DeskRecords  int           // items of one of them; 10,000
	DeskPart     int           // items of an operator's request that one step works off, so that a large one does not hold up everything else; 256
	PauseAge     time.Duration // how long a paused job queues up changes, before its maps refuse them: see [PauseLimit]; 24h
	PauseSize    int64         // how many bytes of records it queues up; 1 GB, a thousand million
	PurgeAfter   time.Duration // how long the error desk keeps what a resume has put there; 24h
	Failpoints   Failpoints    // nil plants nothing
	Watch        Watcher       // is told where items are; nil: nobody is
}

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	fill(&c.Workers, 8)
	fill(&c.Batch, 10)
	fill(&c.PullMax, 1000)
	fill(&c.QueueMax, 100_000)
	fill(&c.Attempts, 5)
	fill(&c.RetryBase, 2*time.Second)
	fill(&c.RetryTimes, 2)
	fill(&c.RetryCap, 5*time.Minute)
	fill(&c.Poll, time.Minute)
	fill(&c.Probe, 10*time.Second)
	fill(&c.TripAfter, 3)
	fill(&c.AnswersMax, 8)
	fill(&c.WriteLife, 30*time.Second)
	fill(&c.LockWait, 10*time.Second)
	fill(&c.InitialChunk, 1000)
	fill(&c.InitialRows, 500_000)
	fill(&c.Lookups, LookupsMax)
	fill(&c.DeskRequests, DeskRequestsMax)
	fill(&c.DeskRecords, DeskRecordsMax)
	fill(&c.DeskPart, 256)
	fill(&c.PauseAge, 24*time.Hour)
	fill(&c.PurgeAfter, 24*time.Hour)
	fill(&c.PauseSize, 1_000_000_000)
	c.Jobs = slices.Clone(c.Jobs)
	for j := range c.Jobs {
		c.Jobs[j].Alerts = slices.Clone(c.Jobs[j].Alerts)
		for i, a := range c.Jobs[j].Alerts {
			c.Jobs[j].Alerts[i] = a.withDefaults()
		}
	}
	if c.Failpoints == nil {
		c.Failpoints = noFailpoints{}
	}
	return c
}

func fill[T int | int64 | float64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Validate reports every fault of a configuration whose defaults are filled
// in.
func (c Config) Validate() error {
	faults := c.validateSettings()
	for i, m := range c.Maps {
		if int(m.ID) != i {
			faults = append(faults, fmt.Errorf("engine: table map %s has ID %d but stands at %d", m.Name, m.ID, i))
		}
	}
	faults = append(faults, c.validateLookups()...)
	return errors.Join(append(faults, c.validateJobs()...)...)
}

// validateLookups reports lookups to table maps that there are not.
func (c Config) validateLookups() (faults []error) {
	for _, m := range c.Maps {
		for i := range m.Columns {
			for _, id := range m.Columns[i].Lookups {
				if int(id) >= len(c.Maps) {
					faults = append(faults, fmt.Errorf("engine: table map %s, column %s: %w: %d", m.Name, m.Columns[i].Name, ErrUnknownMap, id))
				}
			}
		}
	}
	return faults
}

// validateJobs reports jobs that cannot be told apart, and maps that are in no job,
// or in several.
func (c Config) validateJobs() []error {
	if len(c.Jobs) == 0 {
		return nil
	}
	var faults []error
	in := make([]int, len(c.Maps))
	for i, j := range c.Jobs {
		number := fmt.Sprintf("number %d", i+1)
		if j.Name == "" {
			faults = append(faults, &JobError{Err: ErrNoName, Other: number})
		} else if slices.ContainsFunc(c.Jobs[:i], func(o Job) bool { return o.Name == j.Name }) {
			faults = append(faults, &JobError{Job: j.Name, Err: ErrNameTwice, Other: number})
		}
		for _, a := range j.Alerts {
			faults = append(faults, a.faults(j.Name)...)
		}
		for _, m := range j.Maps {
			if int(m) >= len(c.Maps) {
				faults = append(faults, &JobError{Job: j.Name, Err: ErrUnknownMap, Other: fmt.Sprint(m)})
				continue
			}
			in[m]++
		}
	}
	for i, n := range in {
		if n != 1 {
			faults = append(faults, fmt.Errorf("engine: table map %s is in %d jobs; it must be in one", c.Maps[i].Name, n))
		}
	}
	return faults
}

// Output is what one step asks of the driver: save Save, all or nothing, and
// only then do Do, in order. Both slices are overwritten by the next step.
type Output struct {
	Save []Mutation
	Do   []Effect
}

// Core is the engine's state machine. It is single-threaded: one goroutine
// calls [Core.Step], and nothing else touches it.
type Core struct {
	cfg   Config
	now   Time
	begun Time // the first step of this process
	pairs pairTable
	order uint64 // last intake order given; turns of jobs are among them
	named uint64 // ... and the highest of them that is saved
	older bool   // the store was found to be older than what the sides were told

	ready     [2]heap[readyEntry] // by source side
	waiting   heap[dueEntry]      // items in back-off
	releasing []int32             // pairs that run again, and of which the store does not know it yet
	purges    heap[dueEntry]      // items that were skipped at a resume, some of which have left the desk since
	batches   []batch             // one slot per worker
	outbox    [2]outboxReader
	gates     [2]gate
	jobs      []jobWork
	jobByMap  []int
	pauses    int           // jobs that are paused
	values    [2]valueTable // by source side
	bugs      planted
	request   BatchID // last one given
	requests  uint64  // operators' requests so far

	died        []BatchNote // what the last life ended with in flight, until it is counted
	lapsed      []LaneState // items whose work the last life had saved, but no reference: nothing of them is left
	soloist     laneID      // the item that flies alone, or noLane
	soloists    []laneID    // ready items that wait for their turn to do so
	given       []*TableMap // as configured; in cfg.Maps an interim primary may take the primary's place
	settling    []bool      // by map: no item starts, until the interim primary's writes can no longer land
	flying      []int       // by map: items in batches
	maps        []MapRecord // how each map runs, or ran last
	recorded    []bool      // ... and whether that is saved
	allRecorded bool
	unanswered  []Time // by map: until when a write may land that nobody answered for

	resyncs  []*resync // that have not ended, in the order asked
	repairs  int       // items that have not read their records since a resync found them
	drift    []Drift
	compared int // pairs, by the last resync

	lives       []*liveTx // live transactions that have not ended, oldest first
	flightEnded bool      // an item has landed since live transactions last asked for locks
	wakeAt      Time      // when the driver was last asked to wake us; 0: not asked

	images map[laneID]flight // a planted bug's; see [Core.remember]

	refs    []Reference     // scratch for Decide
	alive   []Alive         // what the writes of one batch look up
	stats   Stats           // the counters
	items   [laneStates]int // by state
	working []int           // by map: items that will go on by themselves
	ranOut  bool            // a map has run out of them, since barriers were last looked at
	save    []Mutation
	do      []Effect
}

// NewCore returns an engine with the state that was saved before, or an empty
// one when state is nil. Its first input must be [Started].
func NewCore(cfg Config, state *State) (*Core, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Core{cfg: cfg, batches: make([]batch, cfg.Workers), soloist: noLane, bugs: plantedIn(cfg.Failpoints)}
	c.given, c.cfg.Maps = c.cfg.Maps, slices.Clone(c.cfg.Maps)
	c.settling, c.flying = make([]bool, len(cfg.Maps)), make([]int, len(cfg.Maps))
	c.working, c.unanswered = make([]int, len(cfg.Maps)), make([]Time, len(cfg.Maps))
	c.maps, c.recorded = make([]MapRecord, len(cfg.Maps)), make([]bool, len(cfg.Maps))
	c.assignJobs()
	if state != nil {
		if err := c.load(state); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// load takes over what was saved. Whatever was in flight is in the queue
// again, and every attempt starts with fresh reads.
func (c *Core) load(state *State) error {
	if err := errors.Join(state.unknownMaps(len(c.cfg.Maps)), c.loadMaps(state)); err != nil {
		return err
	}
	c.order = max(c.order, state.Order)
	c.named = c.order
	for _, l := range state.Ledgers {
		if c.bugs.hit(PlantLedgerForgotten) {
			continue
		}
		ledger := &c.pairs.lane(c.pairs.ensure(l.Key, l.Side)).ledger
		if l.Incarnation > ledger.incarnation {
			ledger.begin(l.Incarnation)
			if ledger.settled = l.Settled; len(l.Above) > 0 {
				ledger.ends().above = slices.Clone(l.Above)
			}
		} else {
			ledger.ends().earlier = append(ledger.ends().earlier, Ledger{Incarnation: l.Incarnation, Settled: l.Settled, Above: slices.Clone(l.Above)})
		}
	}
	for i := range state.Open {
		r := &state.Open[i]
		c.insert(c.pairs.ensure(r.Reference.Key, r.Reference.Side), queued{Reference: r.Reference, order: r.Order})
	}
	for _, s := range state.Lanes {
		id, known := c.pairs.find(s.Key, s.Side)
		if !known || len(c.pairs.lane(id).open) == 0 {
			c.lapsed = append(c.lapsed, LaneState{Key: s.Key, Side: s.Side})
			continue
		}
		l := c.pairs.lane(id)
		l.attempts, l.solo = s.Attempts, s.Attempts >= soloFrom
		if s.Parked.Class != Open {
			l.parked, l.parkedAt, l.requested, l.request = s.Parked, s.Since, s.Requested, s.Request
			c.move(id, parked)
			c.keepForAWhile(id, l)
			if s.Parked.Reason == DuplicateValue {
				c.refusedValue(id, l)
			}
		}
	}
	c.loadJobs(state)
	c.loadInitial(state)
	c.loadResyncs(state.Resyncs)
	for _, i := range state.Intents {
		c.lives = append(c.lives, recovered(i))
	}
	for s := range c.outbox {
		c.outbox[s].told = c.order
		for _, p := range state.Ingested[s] {
			if c.bugs.hit(PlantRedelivered) {
				continue
			}
			c.outbox[s].ingested.Add(p)
			c.outbox[s].saved = append(c.outbox[s].saved, p) // the outbox may have forgotten it, and we not heard so
		}
	}
	c.died = state.Flights
	for _, q := range state.Quarantined {
		c.pairs.at(c.pairs.ensure(q.Key, FinOps).pair()).quarantine = q.Why
	}
	for i := range state.Open {
		r := &state.Open[i].Reference
		if id, _ := c.pairs.find(r.Key, r.Side); c.pairs.lane(id).state == idle {
			c.schedule(id)
		}
	}
	for j := range c.jobs {
		if c.jobs[j].state == Resuming {
			c.awaitQueue(j)
		}
	}
	return nil
}

// Step takes one input at an instant of the driver's clock, which must not go
// back.
func (c *Core) Step(now Time, in *Input) Output {
	c.begin(now)
	switch in.Kind {
	case Started:
		c.lostByCrash()
		c.countDeaths(c.died)
		c.died = nil
		c.forgetLapsed()
		c.recoverLives()
		for _, r := range c.resyncs {
			c.beThorough(r)
		}
		c.pull(FinOps)
		c.pull(Dataverse)
	case Notified:
		c.pull(in.Side)
	case OutboxPulled:
		c.pulled(in)
	case BatchRead:
		c.read(in)
	case BatchWritten:
		c.written(in)
	case BatchFailed:
		c.failed(in)
	case TimeReached:
		c.wakeAt = 0
		c.timePassed()
	case LiveRequested:
		c.liveRequested(in)
	case TxEnded:
		c.txEnded(in)
	case CaptureSwitched:
		c.captureSwitched(in)
	case RecordsListed:
		if !c.chunkListed(in) {
			c.listed(in)
		}
	}
	c.workDesk()
	return c.end()
}

// begin starts a step.
func (c *Core) begin(now Time) {
	c.now = max(now, c.now)
	if c.begun == 0 {
		c.begun = c.now
	}
	c.save, c.do = c.save[:0], c.do[:0]
}

// end starts what may run now and hands over what the step asks for.
func (c *Core) end() Output {
	c.obeyAlerts()
	c.advanceLives()
	c.workResync()
	c.openBarriers()
	c.advanceJobs()
	c.dispatch()
	c.fetchMore()
	c.forgetBatches()
	c.saveReleases()
	c.askToWake()
	c.recordAll()
	return Output{Save: c.save, Do: c.do}
}

// timePassed makes due what has waited long enough.
func (c *Core) timePassed() {
	for c.waiting.len() > 0 && c.waiting.first().at <= c.now {
		e := c.waiting.pop()
		if l := c.pairs.lane(e.lane); l.state == backoff && l.due <= c.now && !c.bugs.hit(PlantBackoffForEver) {
			c.makeReady(e.lane)
		}
	}
	c.purge()
	for s := range c.outbox {
		if o := &c.outbox[s]; o.wake() <= c.now {
			c.pull(Side(s))
		}
	}
}

// askToWake asks for the earliest instant at which something falls due,
// unless the driver already wakes us no later.
func (c *Core) askToWake() {
	next := min(c.outbox[FinOps].wake(), c.outbox[Dataverse].wake())
	if c.waiting.len() > 0 {
		next = min(next, c.waiting.first().at)
	}
	if c.purges.len() > 0 {
		next = min(next, c.purges.first().at)
	}
	for _, t := range c.lives {
		next = min(next, t.wake())
	}
	if len(c.resyncs) > 0 {
		if until := max(c.resyncs[0].until, c.gates[c.resyncs[0].side(c)].pause); until > c.now {
			next = min(next, until)
		}
	}
	for j := range c.jobs {
		w := &c.jobs[j]
		if len(w.desk) > 0 && w.state == Active {
			next = min(next, c.now.Add(deskPause))
		}
		switch {
		case w.state == Starting && c.landedBy(j) >= c.now:
			next = min(next, c.landedBy(j)+1)
		case w.state == Initializing:
			next = min(next, c.initialWake(j))
		default:
			next = min(next, c.switchWake(w), c.pauseWake(w))
		}
	}
	if c.ready[FinOps].len()+c.ready[Dataverse].len() > 0 {
		next = min(next, c.gates[FinOps].wake(c.now), c.gates[Dataverse].wake(c.now))
	}
	if next == never || c.wakeAt != 0 && c.wakeAt <= next {
		return
	}
	c.wakeAt = max(next, c.now+1)
	c.do = append(c.do, Effect{Kind: WakeAt, At: c.wakeAt})
}

// never is later than any instant.
const never = Time(1<<63 - 1)

// nextRequest numbers a request to a system.
func (c *Core) nextRequest() BatchID {
	c.request++
	return c.request
}
