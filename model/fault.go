package model

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// FaultKind is what breaks.
type FaultKind uint8

// The kinds of faults. Those of a share are drawn by record, change and attempt,
// so that the same things are struck whatever else happens.
const (
	Outage             FaultKind = iota // Side is down from At, for For
	SlowSystem                          // Side takes Factor times as long
	SlowLink                            // the engine's link to Side does, both ways
	CutLink                             // ... carries nothing
	EngineCrash                         // the engine's process dies
	ThrottlingStorm                     // Side answers each request of the engine with 429
	CutRequests                         // nothing comes through from the engine to Side, but answers do
	CutAnswers                          // nothing comes through from Side to the engine, but requests do
	LossyLink                           // the engine's link to Side loses a Share of its messages, each way
	LostNotifications                   // a Share of Side's notifications never arrives
	DoubleNotification                  // a Share of them arrives twice
	LateNotifications                   // they take Factor times as long
	UnansweredWrites                    // a Share of Side's write batches is carried out and not answered
	PartialBatches                      // of a Share of them only the first rows are carried out, and nothing is answered
	LockedRecords                       // somebody else has locked a Share of Side's records
	RefusedWrites                       // Side's business logic refuses a Share of the changes that the engine brings
	ClockStep                           // somebody sets Side's clock by By, at At
	EngineClockStep                     // ... that of the engine's process
	StoreFull                           // the engine's store takes nothing; the process waits until it does
	RepeatedReferences                  // Side's outbox holds a Share of the references of that time once more, when it is over
	MappingRemoved                      // somebody takes a Code, or all codes, of a Column of Map out of its mapping
	TombstoneExpired                    // Side, where Key is a tombstone, keeps that for For and no longer
	faultKinds
)

// String returns the kind's name.
func (k FaultKind) String() string {
	return [...]string{
		"outage", "slow system", "slow link", "cut link", "engine crash", "throttling storm", "cut requests", "cut answers",
		"lossy link", "lost notifications", "doubled notifications", "late notifications", "unanswered writes", "partial batches",
		"locked records", "refused writes", "clock step", "engine clock step", "store full", "repeated references",
		"mapping removed", "tombstone expired",
	}[k]
}

// FaultKinds lists the kinds of faults.
func FaultKinds() []FaultKind {
	kinds := make([]FaultKind, faultKinds)
	for i := range kinds {
		kinds[i] = FaultKind(i)
	}
	return kinds
}

// ForEver is how long a fault lasts that never ends. What only shows when it is over,
// and the steps of clocks, cannot.
const ForEver = 100 * 365 * 24 * time.Hour

// tombstoneLeast is how long a tombstone is kept at least: for much longer than a write may
// be on its way, which would bring the record back.
const tombstoneLeast = time.Minute

// Fault is something that breaks. Which fields count depends on the Kind.
type Fault struct {
	Kind   FaultKind
	At     sim.Time
	For    time.Duration // all but EngineCrash and the steps of clocks; or [ForEver]
	Side   engine.Side   // all but EngineCrash, EngineClockStep, StoreFull and MappingRemoved
	Factor float64       // SlowSystem, SlowLink, LateNotifications: above 0
	Share  float64       // those of a share: above 0, at most 1
	By     time.Duration // ClockStep, EngineClockStep; negative: back

	Key          engine.Key   // TombstoneExpired
	Map          engine.MapID // MappingRemoved
	Column, Code int          // ... by their places; code -1: all

	Point   driver.CrashPoint // EngineCrash: where it dies next from At on; empty: at At
	Restart time.Duration     // EngineCrash: how long it stays dead; or [ForEver]
}

// lasts reports whether the fault never ends.
func (f *Fault) lasts() bool { return f.For == ForEver || f.Restart == ForEver }

// canLast reports whether a fault of the kind may last for ever.
func (k FaultKind) canLast() bool {
	return k != ClockStep && k != EngineClockStep && k != RepeatedReferences && k != TombstoneExpired
}

// StopsAll reports whether nothing at all gets through while the fault lasts: every
// item needs both sides, the links to them and the store.
func (f *Fault) StopsAll() bool {
	switch f.Kind {
	case Outage, CutLink, EngineCrash, ThrottlingStorm, CutRequests, CutAnswers, StoreFull:
		return true
	case LossyLink:
		return f.Share == 1
	}
	return false
}

// holdsUp reports whether the fault makes changes wait. A notification only tells of
// them sooner than the engine asks itself.
func (k FaultKind) holdsUp() bool {
	return k != LostNotifications && k != DoubleNotification && k != LateNotifications && k != TombstoneExpired
}

// ofLink reports whether the fault is one of a link, which the link itself
// carries out.
func (k FaultKind) ofLink() bool {
	switch k {
	case SlowLink, CutLink, CutRequests, CutAnswers, LossyLink:
		return true
	}
	return false
}

// ofShare reports whether the fault strikes a share of something.
func (k FaultKind) ofShare() bool {
	switch k {
	case LossyLink, LostNotifications, DoubleNotification, UnansweredWrites, PartialBatches, LockedRecords, RefusedWrites, RepeatedReferences:
		return true
	}
	return false
}

// ofFactor reports whether the fault makes something slower.
func (k FaultKind) ofFactor() bool {
	return k == SlowSystem || k == SlowLink || k == LateNotifications
}

// Validate reports every fault of a fault.
func (f Fault) Validate() error {
	if f.Kind >= faultKinds {
		return fmt.Errorf("unknown kind of fault %d", f.Kind)
	}
	var errs []error
	if f.At < 0 || f.For < 0 {
		errs = append(errs, fmt.Errorf("%v at %v for %v: neither may be negative", f.Kind, f.At, f.For))
	}
	if f.Kind.ofFactor() && !(f.Factor > 0) {
		errs = append(errs, fmt.Errorf("%v at %v: the factor must be above 0, not %v", f.Kind, f.At, f.Factor))
	}
	if f.Kind.ofShare() && !(f.Share > 0 && f.Share <= 1) {
		errs = append(errs, fmt.Errorf("%v at %v: the share must be above 0 and at most 1, not %v", f.Kind, f.At, f.Share))
	}
	if (f.Kind == ClockStep || f.Kind == EngineClockStep) && f.By == 0 {
		errs = append(errs, fmt.Errorf("%v at %v: say by how much the clock is set", f.Kind, f.At))
	}
	if f.lasts() && !f.Kind.canLast() {
		errs = append(errs, fmt.Errorf("%v at %v: it cannot last for ever", f.Kind, f.At))
	}
	if f.Kind == TombstoneExpired && f.For < tombstoneLeast {
		errs = append(errs, fmt.Errorf("%v at %v: a tombstone is kept for %v at least, so that nothing is on its way any more, not for %v", f.Kind, f.At, tombstoneLeast, f.For))
	}
	if f.Kind == EngineCrash {
		errs = append(errs, driver.Crash{At: f.At, Point: f.Point, Restart: f.Restart}.Validate())
	}
	return errors.Join(errs...)
}

// steps gives the clocks the steps that faults make.
func (c *Config) steps() {
	for _, f := range c.Faults {
		step := sim.ClockStep{At: f.At, By: f.By}
		switch f.Kind {
		case ClockStep:
			clock := &c.Systems[f.Side].Clock
			clock.Steps = append(slices.Clip(clock.Steps), step)
		case EngineClockStep:
			clock := &c.Driver.Clock
			clock.Steps = append(slices.Clip(clock.Steps), step)
		}
	}
}

// The kinds of events of the world itself. They are part of the trace digest.
const (
	kindFault    sim.Kind = 0x400 + iota // a fault begins
	kindOver                             // it is over
	kindOperator                         // an operator asks for something
)

// schedule lets the faults and the operators come.
func (w *World) schedule() {
	w.id = w.Kernel.Register("faults", w)
	back := time.Duration(0) // until its clock shows an instant again, the process waits longer than it means to
	var healed, lasting sim.Time
	for i, f := range w.config.Faults {
		to := f.At.Add(f.For)
		if !f.lasts() {
			healed = max(healed, to.Add(f.Restart))
		} else if lasting = max(lasting, f.At); f.Kind.holdsUp() {
			w.Oracle.Lasts(f.At)
		}
		links := w.process.Link(f.Side)
		switch f.Kind {
		case SlowLink:
			for _, l := range links {
				l.Slow(f.At, to, f.Factor)
			}
		case LossyLink:
			for _, l := range links {
				l.Lose(f.At, to, f.Share)
			}
		case CutLink:
			for _, l := range links {
				l.Cut(f.At, to)
			}
		case CutRequests:
			links[0].Cut(f.At, to)
		case CutAnswers:
			links[1].Cut(f.At, to)
		case EngineCrash:
			w.crashes = append(w.crashes, i)
			w.process.Schedule(driver.Crash{At: f.At, Point: f.Point, Restart: f.Restart})
		case ClockStep, EngineClockStep:
			if f.Kind == EngineClockStep && f.By < 0 {
				back -= f.By
			}
			w.Kernel.At(f.At, sim.Early, w.id, kindFault, uint64(f.Side), uint64(i))
		default:
			w.Kernel.At(f.At, sim.Early, w.id, kindFault, uint64(f.Side), uint64(i))
			w.Kernel.At(to, sim.Early, w.id, kindOver, uint64(f.Side), uint64(i))
		}
	}
	for i, o := range w.config.Operations {
		healed = max(healed, o.At)
		w.Kernel.At(o.At, sim.Early, w.id, kindOperator, 0, uint64(i))
	}
	w.lastFault = max(healed, lasting)
	w.Oracle.Heals(healed.Add(back))
}

// Handle lets a fault begin or end, or an operator ask. It implements
// [sim.Actor].
func (w *World) Handle(ev sim.Event) {
	if ev.Kind == kindOperator {
		w.operate(int(ev.Arg))
		return
	}
	f := &w.config.Faults[ev.Arg]
	begins := ev.Kind == kindFault
	s := w.Systems[f.Side]
	if f.Kind == TombstoneExpired {
		either(begins, func() { w.bury(int(ev.Arg)) }, func() { w.expire(int(ev.Arg)) })
		return
	}
	w.struck(int(ev.Arg), begins)
	switch f.Kind {
	case Outage:
		either(begins, s.StartOutage, s.EndOutage)
	case SlowSystem:
		either(begins, func() { s.StartSlow(f.Factor) }, func() { s.EndSlow(f.Factor) })
	case ThrottlingStorm:
		either(begins, s.StartStorm, s.EndStorm)
	case StoreFull:
		either(begins, w.Driver.StartStoreFull, w.Driver.EndStoreFull)
	case ClockStep, EngineClockStep: // the clock itself knows
	case MappingRemoved:
		either(begins, func() { w.removeCodes(f, +1) }, func() { w.removeCodes(f, -1) })
	default:
		t := w.trouble(f)
		either(begins, func() { s.StartTrouble(t) }, func() { s.EndTrouble(t) })
	}
}

// bury looks which tombstone is to expire.
func (w *World) bury(fault int) {
	if w.buried == nil {
		w.buried = map[int]engine.Version{}
	}
	f := &w.config.Faults[fault]
	w.buried[fault] = w.Systems[f.Side].Tombstone(f.Key)
}

// expire takes a tombstone away that is still the one which it was when the fault began.
// Only then has the fault struck.
func (w *World) expire(fault int) {
	f := &w.config.Faults[fault]
	if w.Systems[f.Side].Expire(f.Key, w.buried[fault]) {
		w.struck(fault, true)
		w.struck(fault, false)
	}
}

func either(begins bool, start, end func()) {
	if begins {
		start()
	} else {
		end()
	}
}
