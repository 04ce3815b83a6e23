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

	Users      users.Config
	Store      store.Store // the engine's; nil: one in memory
	Faults     []Fault
	Operations []Operation   // of operators; not with Integrator
	Preloads   []Preload     // records that are there before the world begins
	Stopped    []string      // jobs that are stopped when it begins, and capture nothing; not with Integrator
	Oracle     oracle.Config // Maps is filled in
	End        sim.Time      // when the world ends
	Quiet      bool          // it ends as soon as nothing is left to happen; looked at once a simulated minute; not with Integrator

	Hash bool // the result tells a hash of the state in the end

	Failpoints engine.Failpoints // plants bugs; nil: none
	Observe    func(sim.Event)   // sees every event before it fires; nil: nobody does
	Tell       func(Told)        // hears what happens to records; nil: nobody does

	// Continue is asked once a simulated minute whether to go on, in a short world
	// more often; nil: always.
	Continue func(at sim.Time) bool
}

// World is one simulated world. Create it with [New].
type World struct {
	Kernel  *sim.Kernel
	Systems [2]*system.System
	Driver  *driver.Driver // nil in a world of the data integrator
	Copier  *copier.Copier // nil in a world of the engine
	Users   *users.Users
	Oracle  *oracle.Oracle

	config   Config
	process  process // Driver or Copier
	id       sim.ActorID
	strikes  []Strike // of systems
	crashes  []int    // by crash of the driver: its fault
	done     []Done   // operations
	work     work
	mappings mappings
	buried   map[int]engine.Version // by fault: the tombstone that is to expire
	holds    []hold                 // records of live transactions, where somebody listens

	lastFault sim.Time // when the last fault is over, and those that last for ever have begun
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
	c.steps()
	c.Oracle.Maps, c.Oracle.Copies, c.Oracle.Limits = c.Maps, c.Integrator != nil, c.limits()
	own, removed := ownMaps(c.Maps, c.Faults)
	c.Maps, c.Driver.Engine.Maps = own, own
	if c.Failpoints != nil {
		c.Driver.Engine.Failpoints = c.Failpoints
	}
	w := &World{
		config: c, mappings: removed,
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
			Observer: w.witness(),
			Engine:   w.process.Clock(),
		})
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := w.stopJobs(); err != nil {
		return nil, err
	}
	w.process.Connect(w.Systems)
	w.preload()
	for _, p := range c.Preloads {
		p.names(func(_ engine.Side, n system.Name) {
			c.Users.Records = append(c.Users.Records, users.Record{Map: p.Map, Name: n})
		})
	}
	if w.Users, err = users.New(w.Kernel, c.Users, w.Systems, c.Maps); err != nil {
		return nil, err
	}
	w.schedule()
	return w, nil
}

// limits tells the oracle what binds the engine's requests.
func (c *Config) limits() oracle.Limits {
	d := c.Driver.WithDefaults()
	e := &d.Engine
	l := oracle.Limits{
		Batch: e.Batch, Pull: e.PullMax, Queue: e.QueueMax, Attempts: e.Attempts, RetryCap: e.RetryCap, Timeout: d.Timeout,
		PauseAge: e.PauseAge, PauseSize: e.PauseSize, DeskRequests: e.DeskRequests, DeskRecords: e.DeskRecords, Lookups: e.Lookups, InitialRows: e.InitialRows,
		Idle: e.Poll + e.Probe + e.LockWait,
	}
	for _, side := range engine.Sides {
		s := c.Systems[side]
		s.Side = side
		s = s.WithDefaults()
		l.LiveRecords[side], l.LiveCompanies[side], l.LiveBytes[side] = max(0, s.Live.Records), max(0, s.Live.Companies), max(0, s.Live.Bytes)
		l.RecordBytes[side] = s.Live.RecordBytes
		l.Idle += s.LockWait + s.Live.TimeLimit // a record may be held so long
	}
	return l
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
	if c.Tell != nil {
		c.Driver.Moved = w.moved
	}
	for _, f := range c.Faults {
		if f.Kind == Outage {
			w.Oracle.Outage(f.Side, f.At, f.At.Add(f.For))
		}
	}
	w.Driver, err = driver.New(w.Kernel, c.Driver, c.Store, w.witness())
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
		if err := c.mappingFault(&f); err != nil {
			errs = append(errs, fmt.Errorf("world: fault %d: %w", i+1, err))
		}
		if f.Kind == StoreFull && c.Integrator != nil {
			errs = append(errs, fmt.Errorf("world: fault %d: the data integrator has no store that could be full", i+1))
		}
	}
	errs = append(errs, c.operationFaults()...)
	errs = append(errs, c.preloadFaults()...)
	return errors.Join(errs...)
}

// trouble is a fault of a system that is up.
func (w *World) trouble(f *Fault) system.Trouble {
	kinds := map[FaultKind]system.TroubleKind{
		LostNotifications: system.LostNotifications, DoubleNotification: system.DoubleNotifications,
		LateNotifications: system.LateNotifications, UnansweredWrites: system.UnansweredWrites,
		PartialBatches: system.PartialBatches, LockedRecords: system.LockedRecords, RefusedWrites: system.RefusedWrites, RepeatedReferences: system.RepeatedReferences,
	}
	return system.Trouble{Kind: kinds[f.Kind], Share: f.Share, Factor: f.Factor, Key: uint64(f.At)}
}

// struck notes the beginning or the end of a system's fault. A step of a clock
// is over at once.
func (w *World) struck(fault int, begins bool) {
	if begins {
		to := w.config.End
		if k := w.config.Faults[fault].Kind; k == ClockStep || k == EngineClockStep {
			to = w.Kernel.Now()
		}
		w.strikes = append(w.strikes, Strike{Fault: fault, From: w.Kernel.Now(), To: to})
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
		if f.Kind.ofLink() && f.At < now {
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
func (w *World) load() *engine.State { return loaded(w.Driver.Store().Load()) }

// waiting returns what of it waits.
func (w *World) waiting() *engine.State { return loaded(w.Driver.Store().Waiting()) }

func loaded(state *engine.State, err error) *engine.State {
	if err != nil {
		panic(fmt.Errorf("world: load the engine's state: %w", err))
	}
	return state
}
