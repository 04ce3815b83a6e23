package driver

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// The kinds of events of the driver. They are part of the trace digest.
const (
	kindSynced  sim.Kind = 0x200 + iota // the store has synced
	kindAnswer                          // an answer arrives
	kindTimeout                         // the oldest request may have waited too long
	kindWake                            // the engine asked to be woken
	kindCrash                           // a crash is due, or armed
	kindRestart                         // the engine's process is back
	kindStart
	kindHeld // a system calls about a transaction that it holds
	noteSettled
)

// Config sets up a [Driver]. The zero value of each field but Engine means its
// default.
type Config struct {
	Engine  engine.Config
	Clock   sim.ClockConfig   // the engine's process tells the time by it; exact by default
	Links   [2]sim.LinkConfig // engine to side: latency and loss of each way; latency is 10 ms by default
	Sync    sim.Dist          // time of one sync of the store, in seconds; 2 ms
	Timeout time.Duration     // after which a request without an answer is given up; 20s

	// Moved hears of each item that moves, as [engine.Config.Watch] does, which it needs,
	// but only once the move counts: when what it was decided with is saved, and before
	// a request of it leaves. A crash before that undoes the move. nil: nobody does.
	Moved func(*Move)

	// PointsMax is how many points each statistic keeps over time; 4,096. See
	// [sim.Series] for what is kept.
	PointsMax int
}

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	c.Engine = c.Engine.WithDefaults()
	for i := range c.Links {
		if c.Links[i].Latency == nil {
			c.Links[i].Latency = sim.Constant(0.010)
		}
	}
	if c.Sync == nil {
		c.Sync = sim.Constant(0.002)
	}
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.PointsMax == 0 {
		c.PointsMax = 4096
	}
	return c
}

// Validate reports every fault of a configuration whose defaults are filled
// in.
func (c Config) Validate() error {
	faults := []error{c.Engine.Validate(), c.Clock.Validate(), c.Sync.Validate()}
	for side, l := range c.Links {
		if err := l.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("engine->%s: %w", engine.Side(side), err))
		}
		if l.Duplicate != 0 {
			faults = append(faults, fmt.Errorf("engine->%s: requests are answered once; duplicate must be 0, not %v", engine.Side(side), l.Duplicate))
		}
	}
	if c.Timeout <= 0 {
		faults = append(faults, fmt.Errorf("driver: the timeout must be longer than zero, not %v", c.Timeout))
	}
	if c.PointsMax < 16 {
		faults = append(faults, fmt.Errorf("driver: at least 16 points must be kept over time, not %d", c.PointsMax))
	}
	return errors.Join(faults...)
}

// Judge is told what became durable, when the process died, and of each row
// of a write whose answer never came and that may therefore be written twice.
type Judge interface {
	TakenIn(at sim.Time, ref *engine.Reference)
	Settled(at sim.Time, ref *engine.Reference, out engine.Outcome)
	GivenUp(at sim.Time, k *engine.Key)         // an item that had no reference to settle
	Requested(at sim.Time, l *engine.LaneState) // what an operator has asked for an item, or nothing any more
	Crashed(at sim.Time)
	Restarted(at sim.Time, open []engine.OpenReference) // with what its store holds
	Retried()

	Stepped(at sim.Time, clock engine.Time, save []engine.Mutation, do []engine.Effect) // what a step asks for; the lists are not kept
	Looks(at sim.Time, side engine.Side, keys []engine.Key)                             // a side is read for a batch of items
	AskedToWait(clock engine.Time, side engine.Side, wait time.Duration)                // instead of an answer
	Unanswered()                                                                        // a request was refused, or had no answer in time

	Ruled(at sim.Time, m *engine.MapRecord)        // how a map runs, and whose record wins
	Copied(at sim.Time, leg *engine.InitialRecord) // how far an initial sync has come
	Listed(at sim.Time, side engine.Side, records []*engine.Record)
	Resynced(at sim.Time, r engine.Resync, over bool) // a resync has begun, or is over
}

// Driver is the engine's process. Create it with [New], then give it the two
// systems with [Driver.Connect].
type Driver struct {
	k        *sim.Kernel
	id       sim.ActorID
	config   Config
	clock    *sim.Clock
	store    store.Store
	judge    Judge
	requests *system.Requests
	systems  [2]*system.System
	links    [2][2]*sim.Link // by side: requests, answers
	latency  sim.Stream      // of the store

	core  *engine.Core // nil while the process is dead
	epoch uint64       // the process's life

	waiting, syncing batch
	moves            []Move // of the step that is being taken
	busy             bool   // the store syncs
	full             int    // times in which the store takes nothing
	stalled          bool   // a sync has ended and found it full
	pending          pending
	wakeAt           engine.Time // 0: not asked
	wakes            uint64      // tells the wake-up that counts from those before

	crashes []Crash
	armed   []int // crashes that wait for their points
	deaths  []Death
	left    left // while the process is dead

	taken      [2]uint64 // by side: positions of the outbox that the engine has taken in
	takenSaved [2]uint64 // ... and saved: a crash goes back to these

	alerts []Alert
	legs   []Leg // of initial syncs
	stats  Stats
	series [seriesCount]sim.Series
	input  engine.Input // scratch
}

// batch is what some steps asked for: to save, then to do.
type batch struct {
	save  []engine.Mutation
	do    []engine.Effect
	moves []Move   // which count from then on
	since sim.Time // when the engine asked for the first of them
}

func (b *batch) empty() bool { return len(b.save) == 0 && len(b.do) == 0 }

func (b *batch) reset() {
	clear(b.save)
	clear(b.do)
	b.save, b.do, b.moves = b.save[:0], b.do[:0], b.moves[:0]
}

// New returns a driver whose engine starts at time 0.
func New(k *sim.Kernel, c Config, s store.Store, judge Judge) (*Driver, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if engine.Plantable && c.Engine.Failpoints != nil {
		s = &unsynced{Store: s, points: c.Engine.Failpoints}
	}
	d := &Driver{
		k: k, config: c, clock: sim.NewClock(c.Clock), store: s, judge: judge,
		requests: &system.Requests{}, latency: k.Stream("store.sync"),
	}
	for side := range d.links {
		name := "engine->" + engine.Side(side).String()
		d.links[side] = [2]*sim.Link{
			sim.NewLink(k, name+".request", c.Links[side]),
			sim.NewLink(k, name+".answer", c.Links[side]),
		}
	}
	for i := range d.series {
		d.series[i] = sim.NewSeries(c.PointsMax)
	}
	if c.Moved != nil {
		d.config.Engine.Watch = mover{c.Engine.Watch, d}
	}
	d.id = k.Register("engine", d)
	return d, nil
}

// Connect gives the driver its systems and schedules the engine's start.
func (d *Driver) Connect(systems [2]*system.System) {
	d.systems = systems
	d.k.At(d.k.Now(), sim.Early, d.id, kindStart, 0, 0)
}

// Requests returns the requests that the driver sends, for the systems.
func (d *Driver) Requests() *system.Requests { return d.requests }

// Clock returns the clock of the engine's process.
func (d *Driver) Clock() *sim.Clock { return d.clock }

// Link returns both ways of the link to a side: requests, then answers.
func (d *Driver) Link(side engine.Side) [2]*sim.Link { return d.links[side] }

// Core returns the engine; nil while its process is dead.
func (d *Driver) Core() *engine.Core { return d.core }

// Idle reports whether the engine's process is alive and has nothing to do: no
// request is under way, nothing waits to be saved, and no item can run.
func (d *Driver) Idle() bool {
	return d.core != nil && !d.busy && d.waiting.empty() && d.pending.open == 0 && d.core.Idle()
}

// Store returns the engine's store.
func (d *Driver) Store() store.Store { return d.store }

// Handle implements [sim.Actor].
func (d *Driver) Handle(ev sim.Event) {
	switch ev.Kind {
	case kindSynced:
		if ev.Arg == d.epoch {
			d.synced()
		}
	case kindAnswer:
		d.answer(int32(ev.Arg))
	case kindTimeout:
		d.timeout(ev.Arg)
	case kindWake:
		d.wake(ev.Arg)
	case kindCrash:
		d.crashDue(int(ev.Arg))
	case kindStart, kindRestart:
		d.start()
	case kindHeld:
		d.heldArrived(ev.Entity, ev.Arg)
	}
}

// start loads what was saved and lets the engine begin.
func (d *Driver) start() {
	state, err := d.store.Load()
	if err != nil {
		panic(fmt.Errorf("driver: load the engine's state: %w", err))
	}
	core, err := engine.NewCore(d.config.Engine, state)
	if err != nil {
		panic(fmt.Errorf("driver: start the engine: %w", err))
	}
	d.core = core
	if n := len(d.deaths); n > 0 {
		d.deaths[n-1].To = d.k.Now()
		d.judge.Restarted(d.k.Now(), state.Open)
	}
	d.step(engine.Input{Kind: engine.Started})
	d.sync()
}

// now is the time as the engine's process knows it.
func (d *Driver) now() engine.Time { return engine.Time(d.clock.Local(d.k.Now())) }

// step lets the engine take one input. It reports whether the step asked for
// something to be saved.
func (d *Driver) step(in engine.Input) (saves bool) {
	d.input = in
	return d.took(d.core.Step(d.now(), &d.input))
}

// took takes what a step asks for. It reports whether something is to be saved.
func (d *Driver) took(out engine.Output) (saves bool) {
	countTaken(&d.taken, out.Save)
	d.judge.Stepped(d.k.Now(), d.now(), out.Save, out.Do)
	d.sample()
	if len(out.Save) == 0 && d.waiting.empty() {
		switch {
		case !d.busy:
			d.tellMoves(&d.moves)
			d.do(out.Do, d.k.Now())
			return false
		case len(out.Do) == 0: // nothing more to wait for than what is being saved
			d.keepMoves(&d.syncing)
			return false
		}
	}
	d.keepMoves(&d.waiting)
	if len(d.waiting.do) == 0 {
		d.waiting.since = d.k.Now()
	}
	d.waiting.save = append(d.waiting.save, out.Save...)
	d.waiting.do = append(d.waiting.do, out.Do...)
	return len(out.Save) > 0
}

// countTaken counts the positions that are taken in.
func countTaken(taken *[2]uint64, save []engine.Mutation) {
	for i := range save {
		if save[i].Kind == engine.PositionIngested {
			taken[save[i].Side]++
		}
	}
}

// sync hands the store what has come together, unless it is busy.
func (d *Driver) sync() {
	if d.busy || d.waiting.empty() || d.core == nil {
		return
	}
	d.busy = true
	d.waiting, d.syncing = d.syncing, d.waiting
	d.stats.Syncs++
	entity := uint64(0)
	if len(d.syncing.save) > 0 {
		entity = mutationHash(&d.syncing.save[0])
	}
	delay := sim.Draw(d.config.Sync, d.latency, entity, uint64(len(d.syncing.save)))
	d.k.After(delay, sim.Normal, d.id, kindSynced, entity, d.epoch)
}

// synced makes a batch durable and lets its effects leave.
func (d *Driver) synced() {
	if d.full > 0 {
		d.stalled = true
		return
	}
	b := &d.syncing
	if err := d.store.Save(b.save); err != nil {
		panic(fmt.Errorf("driver: save the engine's state: %w", err))
	}
	d.stats.Mutations += uint64(len(b.save))
	countTaken(&d.takenSaved, b.save)
	now := d.k.Now()
	settled := false
	for i := range b.save {
		switch m := &b.save[i]; m.Kind {
		case engine.ReferenceAdded:
			d.judge.TakenIn(now, &m.Reference)
		case engine.LaneChanged:
			d.judge.Requested(now, m.Lane)
			if m.Outcome.Class == engine.Dismissed {
				d.judge.GivenUp(now, &m.Lane.Key)
			}
		case engine.MapMoved:
			d.judge.Ruled(now, m.Map)
		case engine.InitialMoved:
			d.judge.Copied(now, m.Initial)
			d.noteLeg(now, m.Initial)
		case engine.ResyncAsked, engine.ResyncEnded:
			d.judge.Resynced(now, m.Resync, m.Kind == engine.ResyncEnded)
		case engine.ReferenceSettled:
			settled = true
			d.judge.Settled(now, &m.Reference, m.Outcome)
			d.k.Note(noteSettled, sim.Mix(referenceHash(&m.Reference), uint64(m.Outcome.Class)<<8|uint64(m.Outcome.Reason)))
		}
	}
	d.busy = false
	d.tellMoves(&b.moves)
	if settled && d.pass(AfterSave) {
		return
	}
	epoch := d.epoch
	d.do(b.do, b.since)
	if d.epoch == epoch {
		b.reset()
		d.sync()
	}
}

// do carries out effects that the engine asked for at some time, or later, in order. It
// stops where the process dies.
func (d *Driver) do(effects []engine.Effect, since sim.Time) {
	for i := range effects {
		e := &effects[i]
		before, after := noPoint, noPoint
		switch {
		case e.Kind == engine.WakeAt:
			d.wakeUp(e.At)
			continue
		case e.Kind == engine.RaiseAlert:
			d.alerts = append(d.alerts, Alert{At: d.k.Now(), Raised: *e.Raised})
			continue
		case e.Live != 0 || e.Tx != 0:
			before, after = livePoint(e)
		case e.Kind == engine.PullOutbox && len(e.Ack) > 0:
			before = IntakeBeforeAck
		case e.Kind == engine.ReadBatch:
			before = ItemTaken
		case e.Kind == engine.WriteBatch:
			after = WriteSent
		case e.Kind == engine.SwitchCapture:
			after = SwitchSent
		case e.Kind == engine.ListRecords:
			after = PageAsked
			d.legAsked(e)
		}
		if d.pass(before) {
			return
		}
		d.send(e, since)
		if d.pass(after) {
			return
		}
	}
}

// wakeUp notes when the engine wants to be woken: only the earliest instant
// counts, and the engine asks again once it has come.
func (d *Driver) wakeUp(at engine.Time) {
	if d.wakeAt != 0 && d.wakeAt <= at {
		return
	}
	d.wakeAt = at
	d.wakes++
	d.setAlarm()
}

// setAlarm schedules the wake-up for when the process's clock should show it.
func (d *Driver) setAlarm() {
	d.k.After(max(0, time.Duration(d.wakeAt-d.now())), sim.Normal, d.id, kindWake, 0, d.wakes)
}

func (d *Driver) wake(n uint64) {
	switch {
	case n != d.wakes || d.core == nil:
		return
	case d.now() < d.wakeAt: // the clock has been set back, or runs slow
		d.setAlarm()
		return
	}
	d.wakeAt = 0
	d.step(engine.Input{Kind: engine.TimeReached})
	d.sync()
}

// Committed implements [system.Client].
func (d *Driver) Committed(engine.Side) {
	d.sampleBacklog()
	d.pass(UserCommitted)
}

// Notified implements [system.Client].
func (d *Driver) Notified(side engine.Side) {
	if d.core == nil {
		return
	}
	d.step(engine.Input{Kind: engine.Notified, Side: side})
	d.sync()
}
