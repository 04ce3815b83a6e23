// Package model is the world around the engine: two systems, the people who
// work on them, the engine's process with its links and store, the faults that
// strike them, and the oracle that sees everything.
//
// Begin with [World]: give [New] a [Config] of plain Go values, call
// [World.Run], read the [Result]. One world is one simulation from one seed; it
// belongs to one goroutine, and many worlds run side by side. The parts have
// packages of their own: system, users, driver and oracle.
package model

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/model/copier"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// Config is all that a world is made of. The zero value of each field but Maps
// and End means its default. What has a state of its own (Users.Sources, Store,
// Failpoints) serves one world only.
type Config struct {
	Seed, Run uint64
	Order     sim.Order // of what happens at one instant; in sequence by default
	Choices   []int     // with Order Enumerated: the choices to begin with
	EventsMax uint64    // guard against a world that never ends; 0: none

	Maps    []*engine.TableMap // by MapID
	Systems [2]system.Config   // by side; Side and Maps are filled in
	Driver  driver.Config      // Engine.Maps and Engine.Failpoints are filled in

	// Integrator makes the data integrator carry changes in the engine's place,
	// on the links, clock, sync times and time-out of Driver; nil: the engine
	// does. Its Maps are filled in. No side captures anything then, and a map's
	// mode matters only in that changes of a stopped one need not be carried.
	Integrator *integrator.Config

	Users  users.Config
	Store  store.Store // the engine's; nil: one in memory
	Faults []Fault
	Oracle oracle.Config // Maps is filled in
	End    sim.Time      // when the world ends
	Quiet  bool          // it ends as soon as nothing is left to happen; looked at once a simulated minute; not with Integrator

	Failpoints engine.Failpoints // plants bugs; nil: none
	Observe    func(sim.Event)   // sees every event before it fires; nil: nobody does

	// Continue is asked once a simulated minute whether to go on; nil: always.
	Continue func(at sim.Time) bool
}

// FaultKind is what breaks.
type FaultKind uint8

// The kinds of faults.
const (
	Outage      FaultKind = iota // Side is down from At, for For
	SlowSystem                   // Side takes Factor times as long
	SlowLink                     // the engine's link to Side does, both ways
	CutLink                      // ... carries nothing
	EngineCrash                  // the engine's process dies
)

// String returns the kind's name.
func (k FaultKind) String() string {
	return [...]string{"outage", "slow system", "slow link", "cut link", "engine crash"}[k]
}

// Fault is something that breaks. Which fields count depends on the Kind.
type Fault struct {
	Kind   FaultKind
	At     sim.Time
	For    time.Duration // all but EngineCrash
	Side   engine.Side   // all but EngineCrash
	Factor float64       // SlowSystem, SlowLink

	Point   driver.CrashPoint // EngineCrash: where it dies next from At on; empty: at At
	Restart time.Duration     // EngineCrash: how long it stays dead
}

// Validate reports every fault of a fault.
func (f Fault) Validate() error {
	var errs []error
	if f.At < 0 || f.For < 0 {
		errs = append(errs, fmt.Errorf("%v at %v for %v: neither may be negative", f.Kind, f.At, f.For))
	}
	if (f.Kind == SlowSystem || f.Kind == SlowLink) && !(f.Factor > 0) {
		errs = append(errs, fmt.Errorf("%v at %v: the factor must be above 0, not %v", f.Kind, f.At, f.Factor))
	}
	if f.Kind == EngineCrash {
		errs = append(errs, driver.Crash{At: f.At, Point: f.Point, Restart: f.Restart}.Validate())
	}
	if f.Kind > EngineCrash {
		errs = append(errs, fmt.Errorf("unknown kind of fault %d", f.Kind))
	}
	return errors.Join(errs...)
}

// World is one simulated world. Create it with [New].
type World struct {
	Kernel  *sim.Kernel
	Systems [2]*system.System
	Driver  *driver.Driver // nil in a world of the data integrator
	Copier  *copier.Copier // nil in a world of the engine
	Users   *users.Users
	Oracle  *oracle.Oracle

	config  Config
	process process // Driver or Copier
	id      sim.ActorID
	strikes []Strike // of systems
	crashes []int    // by crash of the driver: its fault

	lastFault sim.Time // when the last fault is over
	wasQuiet  bool     // at the last look
}

// process carries the changes: what the engine's and the data integrator's have
// in common.
type process interface {
	system.Client
	Connect(systems [2]*system.System)
	Requests() *system.Requests
	Clock() *sim.Clock
	Link(side engine.Side) [2]*sim.Link
	Schedule(c driver.Crash)
	Deaths() []driver.Death
	Series() []driver.NamedSeries
}

// Strike is a time in which a fault of [Config.Faults] was really there.
type Strike struct {
	Fault    int // by its place in the configuration
	From, To sim.Time
}

// New builds a world, in which nothing has happened yet. It reports every fault
// of its parts' configurations.
func New(c Config) (*World, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.Oracle.Maps, c.Oracle.Copies = c.Maps, c.Integrator != nil
	c.Driver.Engine.Maps = c.Maps
	if c.Failpoints != nil {
		c.Driver.Engine.Failpoints = c.Failpoints
	}
	w := &World{
		config: c,
		Kernel: sim.New(sim.Config{
			Seed: c.Seed, Run: c.Run, Order: c.Order, Choices: c.Choices, EventsMax: c.EventsMax, Observe: c.Observe,
		}),
		Oracle: oracle.New(c.Oracle),
	}
	if err := w.found(&c); err != nil {
		return nil, err
	}
	var err error
	var errs []error
	for _, side := range engine.Sides {
		sc := c.Systems[side]
		sc.Side, sc.Maps = side, c.Maps
		w.Systems[side], err = system.New(w.Kernel, sc, system.Parts{
			Capture:  w.capture(side),
			Requests: w.process.Requests(),
			Client:   w.process,
			Observer: w.Oracle,
			Engine:   w.process.Clock(),
		})
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	w.process.Connect(w.Systems)
	if w.Users, err = users.New(w.Kernel, c.Users, w.Systems, c.Maps); err != nil {
		return nil, err
	}
	w.schedule()
	return w, nil
}

// found creates the process that carries changes.
func (w *World) found(c *Config) (err error) {
	if c.Integrator != nil {
		copies := copier.Config{
			Integrator: *c.Integrator, Clock: c.Driver.Clock, Links: c.Driver.Links, Sync: c.Driver.Sync,
			Timeout: c.Driver.Timeout, PointsMax: c.Driver.PointsMax,
		}
		copies.Integrator.Maps = c.Maps
		w.Copier, err = copier.New(w.Kernel, copies, w.Oracle)
		w.process = w.Copier
		return err
	}
	if c.Store == nil {
		c.Store = store.NewMemory()
	}
	c.Driver.Engine.Watch = w.Oracle.Watcher(w.Kernel.Now)
	for _, f := range c.Faults {
		if f.Kind == Outage {
			w.Oracle.Outage(f.Side, f.At, f.At.Add(f.For))
		}
	}
	w.Driver, err = driver.New(w.Kernel, c.Driver, c.Store, w.Oracle)
	w.process = w.Driver
	return err
}

// capture returns the hook of a side; none where the data integrator lists what
// has changed.
func (w *World) capture(side engine.Side) *engine.Capture {
	if w.Copier != nil {
		return nil
	}
	return engine.NewCapture(side, w.config.Maps, w.config.Failpoints)
}

func (c *Config) validate() error {
	var errs []error
	if len(c.Maps) == 0 {
		errs = append(errs, errors.New("world: it needs a table map"))
	}
	for i, m := range c.Maps {
		if int(m.ID) != i {
			errs = append(errs, fmt.Errorf("world: table map %s has ID %d but stands at %d", m.Name, m.ID, i))
		}
	}
	if c.Quiet && c.Integrator != nil {
		errs = append(errs, errors.New("world: the data integrator's schedule never comes to rest: let the world run to its end"))
	}
	if c.End <= 0 {
		errs = append(errs, fmt.Errorf("world: it must end after 0, not at %v", c.End))
	}
	for i, f := range c.Faults {
		if err := f.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("world: fault %d: %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}

// The kinds of events of the world itself. They are part of the trace digest.
const (
	kindFault sim.Kind = 0x400 + iota // a fault begins
	kindOver                          // it is over
)

// schedule lets the faults come.
func (w *World) schedule() {
	w.id = w.Kernel.Register("faults", w)
	for i, f := range w.config.Faults {
		to := f.At.Add(f.For)
		w.lastFault = max(w.lastFault, to.Add(f.Restart))
		switch f.Kind {
		case Outage, SlowSystem:
			w.Kernel.At(f.At, sim.Early, w.id, kindFault, uint64(f.Side), uint64(i))
			w.Kernel.At(to, sim.Early, w.id, kindOver, uint64(f.Side), uint64(i))
		case SlowLink:
			for _, l := range w.process.Link(f.Side) {
				l.Slow(f.At, to, f.Factor)
			}
		case CutLink:
			for _, l := range w.process.Link(f.Side) {
				l.Cut(f.At, to)
			}
		case EngineCrash:
			w.crashes = append(w.crashes, i)
			w.process.Schedule(driver.Crash{At: f.At, Point: f.Point, Restart: f.Restart})
		}
	}
}

// Handle lets a fault begin or end. It implements [sim.Actor].
func (w *World) Handle(ev sim.Event) {
	f := &w.config.Faults[ev.Arg]
	s := w.Systems[f.Side]
	w.struck(int(ev.Arg), ev.Kind == kindFault)
	switch begins := ev.Kind == kindFault; {
	case f.Kind == Outage && begins:
		s.StartOutage()
	case f.Kind == Outage:
		s.EndOutage()
	case begins:
		s.StartSlow(f.Factor)
	default:
		s.EndSlow(f.Factor)
	}
}

// struck notes the beginning or the end of a system's fault.
func (w *World) struck(fault int, begins bool) {
	if begins {
		w.strikes = append(w.strikes, Strike{Fault: fault, From: w.Kernel.Now(), To: w.config.End})
		return
	}
	for i := range w.strikes {
		if w.strikes[i].Fault == fault {
			w.strikes[i].To = w.Kernel.Now()
		}
	}
}

// Strikes lists when the faults were there up to now, ascending by From and
// then by fault. One that has not come, or found the process dead that it was
// to kill, is left out.
func (w *World) Strikes() []Strike {
	now := w.Kernel.Now()
	all := slices.Clone(w.strikes)
	for _, d := range w.process.Deaths() {
		to := d.To
		if to == 0 {
			to = now
		}
		all = append(all, Strike{Fault: w.crashes[d.Crash], From: d.From, To: to})
	}
	for i, f := range w.config.Faults {
		if (f.Kind == SlowLink || f.Kind == CutLink) && f.At < now {
			all = append(all, Strike{Fault: i, From: f.At, To: f.At.Add(f.For)})
		}
	}
	for i := range all {
		all[i].To = min(all[i].To, now)
	}
	slices.SortFunc(all, func(a, b Strike) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Fault, b.Fault))
	})
	return all
}

// StateHash returns a hash of the whole world: what the systems hold, the
// engine's queue, and the pending events. Equal worlds hash alike.
func (w *World) StateHash() uint64 {
	if w.Copier != nil {
		return w.Kernel.StateHash(w.Systems[engine.FinOps].StateHash(), w.Systems[engine.Dataverse].StateHash(), w.Copier.StateHash())
	}
	return w.hash(w.load())
}

func (w *World) hash(saved *engine.State) uint64 {
	return w.Kernel.StateHash(w.Systems[engine.FinOps].StateHash(), w.Systems[engine.Dataverse].StateHash(), w.Driver.StateHash(saved))
}

// load returns what the engine has saved.
func (w *World) load() *engine.State {
	state, err := w.Driver.Store().Load()
	if err != nil {
		panic(fmt.Errorf("world: load the engine's state: %w", err))
	}
	return state
}
