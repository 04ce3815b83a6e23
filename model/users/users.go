package users

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// The kinds of events of users. They are part of the trace digest.
const (
	kindBegins     sim.Kind = 0x300 + iota // the next transaction of a source begins
	kindSaves                              // a user who has thought saves
	kindAgain                              // a user tries again
	kindConcurrent                         // a user of the other side follows
	kindTurn                               // a closed user has thought
)

// Config says how users behave.
type Config struct {
	Sources []Source

	// Records are there before anybody begins; those who pick pick from them, too.
	Records []Record

	// Patience is how long a user waits, in seconds, before he tries again what
	// an outage kept him from; 60 s on average by default.
	Patience sim.Dist

	// Redo is how long a user takes, in seconds, to make an edit again after his
	// save was refused as stale; 10 s by default. He does it once.
	Redo sim.Dist

	// Again is how long a user waits, in seconds, before he tries again what met
	// a busy record, or a live transaction that failed for a passing reason: the
	// other side or the engine was not reached, or it took too long; 30 s on
	// average by default. He tries Tries times in all; 3 by default, then he
	// gives up. Assumed.
	Again sim.Dist
	Tries int

	// Oversize is what a user does whose transaction is over a limit of live
	// sync.
	Oversize Oversize

	// WaitsMax is how many waits are kept; 100,000. See [Users.Waits].
	WaitsMax int
}

// Record names a record of a table map.
type Record struct {
	Map  engine.MapID
	Name system.Name
}

// Oversize is what becomes of a transaction that is over a limit of live sync.
type Oversize uint8

// The policies.
const (
	GiveUp Oversize = iota // the user lets it be
	Split                  // he saves it in parts, each a transaction of its own that fits; what one record alone makes too large he gives up
)

// Stats counts what users did.
type Stats struct {
	Begun             uint64
	Committed         [2]uint64        // by side
	Rejected          [2]uint64        // failed for good before the commit
	Edits             uint64           // in committed transactions
	Stale             uint64           // saves refused because a record had changed
	Redone            uint64           // of them, those made again
	GivenUp           uint64           // of them, those refused twice
	TurnedAway        uint64           // attempts that met an outage
	Waited            [2]uint64        // by side: transactions that met one, however often
	WaitMost          [2]time.Duration // the longest that one of them waited, from the first attempt to its end
	Empty             uint64           // transactions that found nothing to change
	Concurrent        uint64           // edits that followed one on the other side
	ConcurrentSkipped uint64           // records that had not arrived there yet
	Unseen            uint64           // records that were picked and are not on the user's side
	Split             uint64           // transactions that were saved in parts
	Parts             uint64           // of them, those that committed
	Passing           uint64           // attempts that failed for a passing reason

	// By side and the last ending: transactions that were given up.
	Abandoned [2][system.Endings]uint64
}

// Users executes the sources of a world. Create it with [New].
type Users struct {
	k       *sim.Kernel
	id      sim.ActorID
	config  Config
	systems [2]*system.System
	draws   draws
	counts  []uint64 // transactions begun, by source
	hashes  []uint64 // of the sources' names
	seats   [][]seat // by source: closed users
	records registry
	waits   waits
	saves   uint64 // asked for
	runs    []*run
	free    []int32
	coming  int    // sources that have another transaction
	text    []byte // scratch
	pad     pad
	watch   func(Plan)
	stats   Stats
}

type draws struct {
	count, pick, value, company, think, patience, redo, again, concurrent, gap sim.Stream
}

// run is one transaction on its way, with all its attempts.
type run struct {
	tx        system.Tx
	side      engine.Side
	openFor   time.Duration
	generator *Generator // nil for a recorded one
	echo      bool       // it follows another on the other side
	redone    bool
	opened    bool // records are open on the user's screen
	waits     bool // it has met an outage
	since     sim.Time

	source   int
	user     int // of a closed source; -1: of none
	ordinal  uint64
	tries    int           // that failed for a passing reason
	saving   bool          // a save is under way, ...
	asked    sim.Time      // ... asked for then
	save     uint64        // ... as so-manieth of all
	whole    []system.Edit // of a transaction that is saved in parts; nil else
	done     int           // of them, those that are saved
	partSize int

	steps   []place  // by edit, or by target of an echo
	what    []string // of the plan, where somebody watches
	edits   []system.Edit
	sets    []system.Assignment
	targets []engine.Key // of an echo, by edit
}

// place is where in a generated transaction an edit comes from. What was left
// out before it does not move it.
type place struct {
	step    int // of the generator
	ordinal uint64
}

// New registers the users and schedules the first transaction of each source.
func New(k *sim.Kernel, c Config, systems [2]*system.System, maps []*engine.TableMap) (*Users, error) {
	if c.Patience == nil {
		c.Patience = sim.Exponential(60)
	}
	if c.Redo == nil {
		c.Redo = sim.Constant(10)
	}
	if c.Again == nil {
		c.Again = sim.Exponential(30)
	}
	if c.Tries == 0 {
		c.Tries = 3
	}
	if c.WaitsMax == 0 {
		c.WaitsMax = 100_000
	}
	faults := []error{c.Patience.Validate(), c.Redo.Validate(), c.Again.Validate()}
	if c.Tries < 1 || c.WaitsMax < 1 || c.Oversize > Split {
		faults = append(faults, fmt.Errorf("users: %d tries, %d waits kept, policy %d for what is too large: tries and waits must be at least 1, the policy 0 or 1", c.Tries, c.WaitsMax, c.Oversize))
	}
	for _, s := range c.Sources {
		faults = append(faults, s.validate(maps))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	u := &Users{
		k: k, config: c, systems: systems, counts: make([]uint64, len(c.Sources)),
		draws: draws{
			count: k.Stream("users.count"), pick: k.Stream("users.pick"), value: k.Stream("users.value"),
			company: k.Stream("users.company"), think: k.Stream("users.think"), patience: k.Stream("users.patience"),
			redo: k.Stream("users.redo"), again: k.Stream("users.again"), concurrent: k.Stream("users.concurrent"), gap: k.Stream("users.gap"),
		},
	}
	u.id = k.Register("users", u)
	u.seats = make([][]seat, len(c.Sources))
	u.records = newRegistry(c.Sources, maps)
	for _, r := range c.Records {
		u.records.noteOne(&system.Edit{Map: r.Map, Op: system.Upsert, Name: r.Name})
	}
	u.waits = waits{most: c.WaitsMax, stride: 1}
	for i, s := range c.Sources {
		u.hashes = append(u.hashes, sim.Hash(s.label()))
		if g, ok := s.(*Generator); ok && g.Closed != nil {
			u.seatAll(i, g)
		} else {
			u.await(i)
		}
	}
	return u, nil
}

// Stats returns the counts so far. Those who still wait count with what they
// have waited.
func (u *Users) Stats() Stats {
	s := u.stats
	for _, r := range u.runs {
		if r.waits {
			s.WaitMost[r.side] = max(s.WaitMost[r.side], u.k.Now().Sub(r.since))
		}
	}
	return s
}

// met notes that an outage keeps a transaction from its end, and counts it
// once.
func (u *Users) met(r *run) {
	if !r.waits {
		r.waits, r.since = true, u.k.Now()
		u.stats.Waited[r.side]++
	}
}

// await schedules the next transaction of a source.
func (u *Users) await(source int) {
	if at, more := u.config.Sources[source].next(); more {
		u.coming++
		u.k.At(at, sim.Normal, u.id, kindBegins, u.hashes[source], uint64(source))
	}
}

// Handle implements [sim.Actor].
func (u *Users) Handle(ev sim.Event) {
	switch ev.Kind {
	case kindBegins:
		u.begin(int(ev.Arg))
	case kindConcurrent:
		r := u.runs[ev.Arg]
		u.planAnswer(r)
		u.start(int32(ev.Arg), r)
	case kindTurn:
		u.turn(int(ev.Arg>>32), int(ev.Arg&(turnsMax-1)))
	case kindSaves:
		u.submit(int32(ev.Arg), u.runs[ev.Arg])
	case kindAgain:
		r := u.runs[ev.Arg]
		if r.opened { // the screen shows the records as they are now
			u.open(r)
		}
		u.submit(int32(ev.Arg), r)
	}
}

// begin lets a source's next transaction begin.
func (u *Users) begin(source int) {
	u.coming--
	u.counts[source]++
	index, r := u.newRun()
	r.source, r.user, r.ordinal = source, -1, u.counts[source]
	r.tx.Entity = sim.Mix(u.hashes[source], u.counts[source])
	u.config.Sources[source].plan(u, r)
	u.await(source)
	u.start(index, r)
}

// start lets a user save at once, or open the records and think.
func (u *Users) start(index int32, r *run) {
	u.stats.Begun++
	if len(r.tx.Edits) == 0 {
		u.stats.Empty++
		u.leave(index, r)
		return
	}
	r.tx.User, r.tx.Number = u, uint64(index)
	if r.openFor == 0 {
		u.submit(index, r)
		return
	}
	r.opened = true
	u.open(r)
	u.k.After(r.openFor, sim.Normal, u.id, kindSaves, r.tx.Entity, uint64(index))
}

// open notes the versions of the records that the user has before him.
func (u *Users) open(r *run) {
	s := u.systems[r.side]
	for i := range r.edits {
		e := &r.edits[i]
		row := e.Row
		if row == 0 {
			var known bool
			if row, known = s.FindName(e.Map, e.Name); !known {
				continue
			}
		}
		e.Opened = s.Record(e.Map, row).Version
	}
}

// submit brings the transaction to the system. While that is down the user
// comes back from time to time.
func (u *Users) submit(index int32, r *run) {
	r.tx.Attempt++
	if !u.systems[r.side].Submit(&r.tx) {
		u.stats.TurnedAway++
		u.met(r)
		u.again(index, r, u.config.Patience, u.draws.patience)
		return
	}
	r.saving, r.asked, r.save = true, u.k.Now(), u.saves
	u.saves++
}

func (u *Users) again(index int32, r *run, wait sim.Dist, s sim.Stream) {
	u.k.After(sim.Draw(wait, s, r.tx.Entity, r.tx.Attempt), sim.Normal, u.id, kindAgain, r.tx.Entity, uint64(index))
}

// Ended implements [system.User].
func (u *Users) Ended(tx *system.Tx, how system.Ending) {
	index := int32(tx.Number)
	r := u.runs[index]
	r.saving = false
	wait := r.wait(u.k.Now())
	wait.Ended = how
	u.waits.add(wait)
	if r.waits && how != system.CutOff {
		u.stats.WaitMost[r.side] = max(u.stats.WaitMost[r.side], u.k.Now().Sub(r.since))
		r.waits = false
	}
	switch how {
	case system.Committed:
		if u.nextPart(index, r) {
			return
		}
		u.stats.Committed[r.side]++
		u.stats.Edits += uint64(len(tx.Edits) + r.done)
		if r.generator != nil {
			r.generator.answer(u, r)
		}
	case system.CutOff:
		u.met(r)
		u.again(index, r, u.config.Patience, u.draws.patience)
		return
	case system.Stale:
		u.stats.Stale++
		if !r.redone {
			r.redone = true
			u.stats.Redone++
			u.again(index, r, u.config.Redo, u.draws.redo)
			return
		}
		u.stats.GivenUp++
		u.abandon(r, how)
	case system.Busy, system.OtherFailed, system.TooSlow, system.PauseFull:
		u.stats.Passing++
		if r.tries++; r.tries < u.config.Tries {
			u.again(index, r, u.config.Again, u.draws.again)
			return
		}
		u.abandon(r, how)
	case system.TooManyRecords, system.TooManyCompanies, system.TooManyBytes:
		if u.config.Oversize == Split && u.split(r, how) {
			u.submit(index, r)
			return
		}
		u.abandon(r, how)
	default:
		u.abandon(r, how)
	}
	u.leave(index, r)
}

// abandon counts a transaction that its user gives up.
func (u *Users) abandon(r *run, how system.Ending) {
	u.stats.Rejected[r.side]++
	u.stats.Abandoned[r.side][how]++
}

// leave ends a run. A closed user thinks about his next one.
func (u *Users) leave(index int32, r *run) {
	source, user := r.source, r.user
	u.release(index)
	if user >= 0 {
		u.think(source, user)
	}
}

func (u *Users) newRun() (int32, *run) {
	if n := len(u.free); n > 0 {
		i := u.free[n-1]
		u.free = u.free[:n-1]
		return i, u.runs[i]
	}
	r := &run{}
	u.runs = append(u.runs, r)
	return int32(len(u.runs) - 1), r
}

// release forgets a run.
func (u *Users) release(index int32) {
	r := u.runs[index]
	clear(r.edits)
	clear(r.sets)
	*r = run{steps: r.steps[:0], edits: r.edits[:0], sets: r.sets[:0], targets: r.targets[:0]}
	u.free = append(u.free, index)
}

// Active returns how many transactions are under way.
func (u *Users) Active() int { return len(u.runs) - len(u.free) }

// Idle reports whether all users have done all that they will do.
func (u *Users) Idle() bool { return u.coming == 0 && u.Active() == 0 }
