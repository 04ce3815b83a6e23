package model

import (
	"iter"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/copier"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// Result is what a run of a world showed.
type Result struct {
	Report oracle.Report

	Digest    sim.Digest
	StateHash uint64 // 0 where [Config.Hash] does not ask for it
	Events    uint64
	End       sim.Time
	Halted    string // why the run ended early; empty when it ran to its end

	Systems  [2]system.Stats
	Stations [2]sim.StationStats
	Use      [2][]Use     // of the stations over time
	Windows  []Window     // what happened in stretches of the run, in order
	Engine   driver.Stats // zero in a world of the data integrator
	Copier   copier.Stats // zero in a world of the engine
	Users    users.Stats
	Waits    []users.Wait // how long users waited for their saves, in the order in which they asked for them
	WaitsOf  uint64       // every so-manieth save is in Waits; 1 for all
	Series   []driver.NamedSeries
	Strikes  []Strike // when faults were there
	Bar      string   // the fault that lasts for ever and lets nothing through; empty for none
	Done     []Done   // what operators asked for, in order

	Alerts      []driver.Alert      // that reached people
	Quarantined []engine.Quarantine // pairs that are, at the end

	Initial  []driver.Leg // the legs of the last initial sync of each job, in the order in which they run
	Drift    int          // pairs that the last resyncs or comparisons found to differ, ...
	Compared int          // ... of so many; the engine forgets both when its process dies
}

// pace is how often a run looks whether it should go on, and what has happened:
// once a minute, a short one more often. Looking moves no event; when a quiet world
// ends depends on it.
func (w *World) pace() time.Duration {
	if w.config.Quiet {
		return time.Minute
	}
	return min(time.Minute, time.Duration(w.config.End-1)/windowsLeast+1)
}

// Run lets the world run to its end and judges it. It is called once. A broken
// rule of the simulation panics; whoever runs the world recovers that and finds
// the last events in its Kernel.
func (w *World) Run() Result {
	halted := ""
	pace := w.pace()
	windows := newWindows(w, pace)
	for at := w.Kernel.Now(); at < w.config.End && halted == ""; {
		at = min(at.Add(pace), w.config.End)
		over := w.Kernel.Run(at)
		w.work.note(w)
		windows.note(w)
		if over == sim.Stopped {
			halted = "it was stopped"
		} else if w.Oracle.Stop() {
			halted = "a property was broken so often that more of the same teaches nothing"
		} else if w.config.Quiet && w.stillQuiet() {
			break
		} else if w.config.Continue != nil && !w.config.Continue(at) && at < w.config.End {
			halted = "it was interrupted"
		}
	}
	seen := windows.list(w) // before the judge books what is left
	r := w.judge(halted)
	r.Windows = seen
	return r
}

// stillQuiet reports whether the world was quiet the last time, too: what a link
// still carries then is past its deadline.
func (w *World) stillQuiet() bool {
	was := w.wasQuiet
	w.wasQuiet = w.quiet()
	return was && w.wasQuiet
}

// quiet reports whether nothing is left to happen but the engine's looking
// whether there is something: no user is at work or still to come, no fault
// is due or lasts, but for ever, and neither the engine nor a request has anything to do.
// What waits for an operator waits for ever.
func (w *World) quiet() bool {
	if w.Kernel.Now() < w.lastFault || !w.Users.Idle() || !w.Driver.Idle() {
		return false
	}
	for _, s := range w.Systems {
		if s.OutboxLen() > 0 || s.Station().Busy()+s.Station().Queued() > 0 {
			return false
		}
	}
	return true
}

func (w *World) judge(halted string) Result {
	r := Result{
		Digest: w.Kernel.Digest(), Events: w.Kernel.Events(), End: w.Kernel.Now(), Halted: halted,
		Users: w.Users.Stats(), Series: w.process.Series(), Strikes: w.Strikes(), Done: w.done,
	}
	r.Waits, r.WaitsOf = w.Users.Waits()
	view := oracle.View{Halted: halted}
	if w.Copier != nil {
		r.Copier, view.Passed = w.Copier.Stats(), w.passed
	} else {
		saved := w.waiting()
		r.Engine, view.Items = w.Driver.Stats(), Items(saved, w.Driver.Core(), w.Driver.Idle(), w.Systems)
		view.Intents, view.Quarantined = saved.Intents, saved.Quarantined
		view.Bar, view.Spoils = w.lasting()
		r.Bar = view.Bar
		r.Quarantined = saved.Quarantined
		r.Alerts, r.Initial = w.Driver.Alerts(), w.Driver.Legs()
		if core := w.Driver.Core(); core != nil {
			r.Compared = core.Drift(func(engine.Drift) { r.Drift++ })
		}
	}
	if w.config.Hash {
		r.StateHash = w.StateHash()
	}
	for side, s := range w.Systems {
		r.Systems[side] = s.Stats()
		r.Stations[side] = s.Station().Stats()
		r.Use[side] = w.work.use(engine.Side(side), s.Station().Servers())
		view.Records[side] = w.records(s)
	}
	r.Report = w.Oracle.Judge(w.Kernel.Now(), view)
	return r
}

// passed reports that no run of the data integrator to come will list a side's
// record as it is now.
func (w *World) passed(side engine.Side, r *engine.Record) bool {
	at, known := w.Systems[side].Place(*r.Key)
	return known && w.Copier.Passed(side, &integrator.Row{
		Record: r, Modified: integrator.LocalTime(w.Systems[side].Modified(r.Key.Map, at)),
	})
}

// records yields all records of a system, by map and creation.
func (w *World) records(s *system.System) iter.Seq[*engine.Record] {
	return func(yield func(*engine.Record) bool) {
		more := true
		for _, m := range w.config.Maps {
			s.Each(m.ID, func(r *engine.Record) {
				more = more && yield(r)
			})
		}
	}
}
