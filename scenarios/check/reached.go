package check

import (
	"errors"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
)

// Reached counts, over all cases, in how many each thing came about that cases
// are for: every outcome, fault, crash point and limit.
type Reached struct {
	Marks []Mark // in a fixed order; none before the first case
}

// Mark is one thing that cases are for.
type Mark struct {
	Name  string
	Cases int

	// Instead tells why no case can reach it, and which test does; empty where
	// cases must.
	Instead string
}

// Blank reports whether the mark shows a hole in what cases are drawn: nothing
// reached it that should, or something did of which it is said that nothing can.
func (m *Mark) Blank() bool { return (m.Cases == 0) == (m.Instead == "") }

// Blanks lists the marks that show a hole.
func (r *Reached) Blanks() (blank []Mark) {
	for i := range r.Marks {
		if r.Marks[i].Blank() {
			blank = append(blank, r.Marks[i])
		}
	}
	return blank
}

// add takes in what one case showed.
func (r *Reached) add(c *Case, x *Execution) {
	if r.Marks == nil {
		for i := range sights {
			r.Marks = append(r.Marks, Mark{Name: sights[i].name, Instead: elsewhere[sights[i].name]})
		}
	}
	s := look(c, x)
	for i := range sights {
		if sights[i].seen(&s) {
			r.Marks[i].Cases++
		}
	}
}

// sighting is what an execution showed, in the form in which marks ask for it.
type sighting struct {
	*model.Result
	setup   *Setup
	classes [64]bool
	reasons [64]bool
	backup  bool                   // a side was found to be restored from one
	endings [system.Endings]uint64 // of users' transactions, on both sides
	slowed  [system.Throttles]uint64
	struck  map[string]bool // kinds of faults, and crash points
}

func look(c *Case, x *Execution) sighting {
	s := sighting{Result: &x.Result, setup: &c.Setup, struck: map[string]bool{}}
	for _, o := range x.Result.Report.Outcomes {
		s.classes[o.Class], s.reasons[o.Reason] = true, true
	}
	for _, q := range x.Result.Quarantined {
		s.classes[q.Why.Class] = true
		s.reasons[q.Why.Reason] = true
		s.backup = s.backup || q.Why.Reason == engine.Restored && q.Why.Cause != engine.CauseTombstone
	}
	for side := range x.Result.Systems {
		for how, n := range x.Result.Systems[side].Endings {
			s.endings[how] += n
		}
		for why, n := range x.Result.Systems[side].Throttled {
			s.slowed[why] += n
		}
	}
	// The end of a duplicate is not that of a change, and a user is no reference.
	s.reasons[engine.Echo] = x.Result.Report.Totals.Echoes > 0
	s.reasons[engine.Busy] = s.endings[system.Busy] > 0
	for _, b := range x.Result.Strikes {
		f := &c.Faults[b.Fault]
		s.struck[f.Kind] = true
		if f.Point != "" {
			s.struck[crashAt+f.Point] = true
		}
	}
	return s
}

const crashAt = "crash at: "

// sight is one mark: when it counts as reached.
type sight struct {
	name string
	seen func(*sighting) bool
}

// sights lists all marks.
var sights = slices.Concat(outcomeSights(), faultSights(), limitSights(), []sight{
	{name: "a request without an answer", seen: func(s *sighting) bool { return s.Engine.Timeouts > 0 }},
	{name: "an attempt that failed", seen: func(s *sighting) bool { return s.Engine.Retries > 0 }},
	{name: "a record that changed before the write", seen: func(s *sighting) bool { return s.Engine.ConditionFailed > 0 }},
	{name: "a stale save", seen: func(s *sighting) bool { return s.Users.Stale > 0 }},
	{name: "a late capture", seen: func(s *sighting) bool { return s.Report.Totals.LateCaptures > 0 }},
	{name: "an initial sync", seen: func(s *sighting) bool {
		return slices.ContainsFunc(s.Initial, func(l driver.Leg) bool { return l.Stage == engine.InitialDone && l.Rows > 0 })
	}},
	{name: "drift that a resync found", seen: func(s *sighting) bool { return s.Drift > 0 }},
	{name: "drift that nobody had to carry", seen: func(s *sighting) bool { return s.Report.Totals.Straying > 0 }},
	{name: backup, seen: func(s *sighting) bool { return s.backup }},
	{name: "what waits for a fault that lasts for ever", seen: func(s *sighting) bool { return len(s.Report.Barred) > 0 }},
	{name: "lookups that closed a circle", seen: func(s *sighting) bool { return s.Report.Totals.FollowUps > 0 }},
})

// elsewhere is what no case can reach, by the names of the marks, with why, and after the
// last semicolon the room of the tests that reach it, and their names. What is reached all
// the same fails the self-test like a blank.
var elsewhere = map[string]string{
	backup: "no fault takes a commit back, and a side counts as restored for what could not be undone alone; engine: TestTraces/restored_side_waits_for_a_resync",
}

const (
	limitOf = "limit: "
	backup  = "a side that was restored from a backup"
)

// outcomeSights are the ways in which references end.
func outcomeSights() (list []sight) {
	classes, reasons := engine.Outcomes()
	for _, c := range classes {
		if c != engine.Open {
			list = append(list, sight{name: "outcome: " + c.String(), seen: func(s *sighting) bool { return s.classes[c] }})
		}
	}
	for _, w := range reasons {
		if w != engine.NoReason {
			list = append(list, sight{name: "reason: " + w.String(), seen: func(s *sighting) bool { return s.reasons[w] }})
		}
	}
	return list
}

// faultSights are what breaks, and the places at which the engine's process dies.
func faultSights() (list []sight) {
	struck := func(name, as string) {
		list = append(list, sight{name: name, seen: func(s *sighting) bool { return s.struck[as] }})
	}
	for _, kind := range faultNames() {
		struck("fault: "+kind, kind)
	}
	for _, p := range crashPoints() {
		struck(crashAt+string(p), crashAt+string(p))
	}
	return list
}

// limitSights are the documented limits that a case scales down.
func limitSights() (list []sight) {
	met := func(what string, seen func(*sighting) bool) {
		list = append(list, sight{name: limitOf + what, seen: seen})
	}
	ended := func(what string, how system.Ending) {
		met(what, func(s *sighting) bool { return s.endings[how] > 0 })
	}
	slowed := func(what string, why system.Throttle) {
		met(what, func(s *sighting) bool { return s.slowed[why] > 0 })
	}
	met("items of a batch", func(s *sighting) bool { return s.Report.Totals.FullBatches > 0 })
	met("references that are held at once", func(s *sighting) bool { return s.Engine.HeldBack > 0 })
	slowed("requests in a window", system.ManyRequests)
	slowed("execution time in a window", system.LongExecution)
	slowed("requests at once", system.ManyConcurrent)
	ended("records of a live transaction", system.TooManyRecords)
	ended("companies of a live transaction", system.TooManyCompanies)
	ended("bytes of a live transaction", system.TooManyBytes)
	ended("time of a live transaction", system.TooSlow)
	desk := func(what, cause string) {
		met(what, func(s *sighting) bool {
			return slices.ContainsFunc(s.Report.Errors, func(e oracle.ErrorCount) bool { return e.Cause == cause })
		})
	}
	desk("time of one record's write", system.CauseTooLong)
	desk("records of a batch request", system.CauseTooMany)
	met("failures of which people are told", func(s *sighting) bool { return len(s.Alerts) > 0 })
	met("time within which failures count", (*sighting).tooSpread)
	met("time of a pause", func(s *sighting) bool { return s.setup.PauseSize == 0 && s.endings[system.PauseFull] > 0 })
	met("bytes queued up in a pause", func(s *sighting) bool { return s.setup.PauseAge == 0 && s.endings[system.PauseFull] > 0 })
	met("time that skipped references are kept", func(s *sighting) bool { return s.reasons[engine.Purged] })
	met("rows of an initial sync", func(s *sighting) bool {
		return slices.ContainsFunc(s.Initial, func(l driver.Leg) bool { return l.Stage == engine.InitialCut })
	})
	refused := func(what string, why error) {
		met(what, func(s *sighting) bool {
			return slices.ContainsFunc(s.Done, func(d model.Done) bool { return errors.Is(d.Refused, why) })
		})
	}
	refused("requests at the error desk", engine.ErrTooManyRequests)
	refused("records of a request at the error desk", engine.ErrTooManyRecords)
	refused("lookups of a map in an initial sync", engine.ErrTooManyLookups)
	return list
}

// tooSpread reports whether the time within which failures count kept people from being
// told of as many as they are to be told of.
func (s *sighting) tooSpread() bool {
	raised := map[time.Duration]int{}
	for i := range s.Alerts {
		raised[s.Alerts[i].Alert.Within]++
	}
	return s.setup.AlertWithin > 0 && raised[everWithin] > raised[time.Duration(s.setup.AlertWithin)]
}

// crashPoints lists all places at which the engine's process can die.
func crashPoints() []driver.CrashPoint {
	return slices.Concat(driver.CrashPoints(), driver.LiveCrashPoints(), []driver.CrashPoint{driver.CommandBeforeSave}, driver.CopyCrashPoints())
}
