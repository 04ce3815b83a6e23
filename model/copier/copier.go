package copier

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// The kinds of events of the copier. They are part of the trace digest.
const (
	kindSynced  sim.Kind = 0x500 + iota // the store has synced
	kindAnswer                          // an answer arrives
	kindTimeout                         // a request may have waited too long
	kindWake                            // the integrator asked to be woken
	kindCrash                           // a crash is due, or armed
	kindRestart                         // the process is back
	kindStart
	noteRunEnded
)

// Config sets up a [Copier]. The zero value of each field but Integrator means
// its default, which is that of [driver.Config].
type Config struct {
	Integrator integrator.Config
	Clock      sim.ClockConfig   // the process tells the time by it; exact by default
	Links      [2]sim.LinkConfig // process to side: latency and loss of each way
	Sync       sim.Dist          // time of one sync of the store, in seconds
	Timeout    time.Duration     // after which a request without an answer is given up
	PointsMax  int               // points that each statistic keeps over time
}

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	d := driver.Config{Clock: c.Clock, Links: c.Links, Sync: c.Sync, Timeout: c.Timeout, PointsMax: c.PointsMax}.WithDefaults()
	c.Clock, c.Links, c.Sync, c.Timeout, c.PointsMax = d.Clock, d.Links, d.Sync, d.Timeout, d.PointsMax
	c.Integrator = c.Integrator.WithDefaults()
	return c
}

// Validate reports every fault of a configuration whose defaults are filled in.
func (c Config) Validate() error {
	d := driver.Config{Clock: c.Clock, Links: c.Links, Sync: c.Sync, Timeout: c.Timeout, PointsMax: c.PointsMax}.WithDefaults()
	faults := []error{c.Integrator.Validate(), d.Validate()}
	for i := range c.Integrator.Projects {
		if p := &c.Integrator.Projects[i]; p.Every == 0 {
			faults = append(faults, fmt.Errorf("copier: project %s has no schedule, and nobody here starts it by hand: give it an interval", p.Name))
		}
	}
	return errors.Join(faults...)
}

// Copier is the data integrator's process. Create it with [New], then give it
// the two systems with [Copier.Connect].
type Copier struct {
	k        *sim.Kernel
	id       sim.ActorID
	config   Config
	clock    *sim.Clock
	state    integrator.State // what is saved
	judge    Judge
	requests *system.Requests
	systems  [2]*system.System
	links    [2][2]*sim.Link // by side: requests, answers
	latency  sim.Stream      // of the store

	core  *integrator.Core // nil while the process is dead
	epoch uint64           // the process's life

	waiting, syncing batch
	busy             bool // the store syncs
	sent             []sent
	serial           uint64      // of the request sent last
	wakeAt           engine.Time // when it asked to be woken; counts while asked
	asked            bool
	wakes            uint64 // tells the wake-up that counts from those before

	reads   map[string][]uint64 // listings and reads sent, by project and map: their draws' ordinals
	crashes []driver.Crash
	armed   []int // crashes that wait for their points
	deaths  []driver.Death

	stats  Stats
	series [seriesCount]sim.Series
}

// Judge is told when the process died.
type Judge interface{ Crashed(at sim.Time) }

// batch is what some steps asked for: to save, then to do.
type batch struct {
	save []integrator.Mutation
	do   []integrator.Effect
}

func (b *batch) empty() bool { return len(b.save) == 0 && len(b.do) == 0 }

func (b *batch) reset() {
	clear(b.save)
	clear(b.do)
	b.save, b.do = b.save[:0], b.do[:0]
}

// New returns a copier whose integrator starts at time 0.
func New(k *sim.Kernel, c Config, judge Judge) (*Copier, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := &Copier{
		k: k, config: c, clock: sim.NewClock(c.Clock), judge: judge, requests: &system.Requests{},
		latency: k.Stream("store.sync"), reads: map[string][]uint64{},
	}
	for side := range p.links {
		name := "engine->" + engine.Side(side).String() // the links that the engine would use
		p.links[side] = [2]*sim.Link{
			sim.NewLink(k, name+".request", c.Links[side]),
			sim.NewLink(k, name+".answer", c.Links[side]),
		}
	}
	for i := range c.Integrator.Projects {
		p.reads[c.Integrator.Projects[i].Name] = make([]uint64, len(c.Integrator.Maps))
	}
	for i := range p.series {
		p.series[i] = sim.NewSeries(c.PointsMax)
	}
	p.id = k.Register("integrator", p)
	return p, nil
}

// Connect gives the copier its systems and schedules the integrator's start.
func (p *Copier) Connect(systems [2]*system.System) {
	p.systems = systems
	p.k.At(p.k.Now(), sim.Early, p.id, kindStart, 0, 0)
}

// Requests returns the requests that the copier sends, for the systems.
func (p *Copier) Requests() *system.Requests { return p.requests }

// Clock returns the clock of the process.
func (p *Copier) Clock() *sim.Clock { return p.clock }

// Link returns both ways of the link to a side: requests, then answers.
func (p *Copier) Link(side engine.Side) [2]*sim.Link { return p.links[side] }

// Handle implements [sim.Actor].
func (p *Copier) Handle(ev sim.Event) {
	switch ev.Kind {
	case kindSynced:
		if ev.Arg == p.epoch {
			p.synced()
		}
	case kindAnswer:
		p.answer(int32(ev.Arg))
	case kindTimeout:
		p.timeout(ev.Arg)
	case kindWake:
		p.wake(ev.Arg)
	case kindCrash:
		p.crashDue(int(ev.Arg))
	case kindStart, kindRestart:
		p.start()
	}
}

// start lets the integrator begin with what was saved.
func (p *Copier) start() {
	core, err := integrator.NewCore(p.config.Integrator, p.state.Clone())
	if err != nil {
		panic(fmt.Errorf("copier: start the integrator: %w", err))
	}
	p.core = core
	if n := len(p.deaths); n > 0 {
		p.deaths[n-1].To = p.k.Now()
	}
	p.step(&integrator.Input{Kind: integrator.Started})
}

// now is the time as the process knows it.
func (p *Copier) now() engine.Time { return engine.Time(p.clock.Local(p.k.Now())) }

// step lets the integrator take one input.
func (p *Copier) step(in *integrator.Input) {
	out := p.core.Step(p.now(), in)
	p.waiting.save = append(p.waiting.save, out.Save...)
	p.waiting.do = append(p.waiting.do, out.Do...)
	p.sample()
	p.sync()
}

// sync hands the store what has come together, unless it is busy. Where nothing
// is to be saved the effects leave at once.
func (p *Copier) sync() {
	if p.busy || p.waiting.empty() || p.core == nil {
		return
	}
	p.waiting, p.syncing = p.syncing, p.waiting
	if len(p.syncing.save) == 0 {
		p.synced()
		return
	}
	p.busy = true
	p.stats.Syncs++
	m := &p.syncing.save[0]
	entity := sim.Mix(sim.Hash(m.Project)^sim.Hash(m.Execution.Project), uint64(m.Kind))
	delay := sim.Draw(p.config.Sync, p.latency, entity, p.stats.Syncs)
	p.k.After(delay, sim.Normal, p.id, kindSynced, entity, p.epoch)
}

// synced makes a batch durable and lets its effects leave.
func (p *Copier) synced() {
	b := &p.syncing
	p.state.Apply(b.save)
	p.busy = false
	p.sample()
	ended := p.count(b.save)
	if ended && p.pass(driver.AfterSave) {
		return
	}
	epoch := p.epoch
	p.do(b.do)
	if p.epoch == epoch {
		b.reset()
		p.sync()
	}
}

// count adds up the executions that ended.
func (p *Copier) count(save []integrator.Mutation) (ended bool) {
	for i := range save {
		if save[i].Kind != integrator.RunEnded {
			continue
		}
		ended = true
		x := &save[i].Execution
		p.stats.end(x)
		p.k.Note(noteRunEnded, sim.Mix(sim.Hash(x.Project), x.Number<<8|uint64(x.Cause)))
	}
	return ended
}

// do carries out effects, in order. It stops where the process dies.
func (p *Copier) do(effects []integrator.Effect) {
	for i := range effects {
		e := effects[i] // a copy: requests outlive the batch
		switch e.Kind {
		case integrator.WakeAt:
			p.wakeAt, p.asked = e.At, true
			p.wakes++
			p.setAlarm()
		case integrator.ListChanges, integrator.ReadRows:
			if p.pass(driver.ItemTaken) {
				return
			}
			p.send(&e)
		case integrator.WriteRows:
			p.send(&e)
			if p.pass(driver.WriteSent) {
				return
			}
		}
	}
}

// setAlarm schedules the wake-up for when the process's clock should show it.
func (p *Copier) setAlarm() {
	p.k.After(max(0, time.Duration(p.wakeAt-p.now())), sim.Normal, p.id, kindWake, 0, p.wakes)
}

func (p *Copier) wake(n uint64) {
	switch {
	case n != p.wakes || p.core == nil || !p.asked:
	case p.now() < p.wakeAt: // the clock has been set back, or runs slow
		p.setAlarm()
	default:
		p.asked = false
		p.step(&integrator.Input{Kind: integrator.TimeReached})
	}
}

// Committed implements [system.Client]: users leave no references here.
func (p *Copier) Committed(engine.Side) {}

// Called implements [system.Client]: nothing goes live without a capture hook.
func (p *Copier) Called(engine.Side, engine.TxID, uint64, uint64) {}

// Notified implements [system.Client]: nobody notifies a schedule.
func (p *Copier) Notified(engine.Side) {}
