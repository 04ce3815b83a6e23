package runs

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/sim"
)

// faults lists what breaks in a run, and which fault of the scenario each is.
// What there is nothing of in mode integrator is left out.
func (p *plan) faults(run int) (all []model.Fault, of []int) {
	for i := range p.scenario.Faults {
		f := &p.scenario.Faults[i]
		if f.Kind == scenarios.StoreFull && p.scenario.Engine.Mode == scenarios.Integrated {
			continue
		}
		for _, at := range f.Times(p.scenario, run) {
			w := worldFault(f)
			w.At = sim.Time(at)
			all, of = append(all, w), append(of, i)
		}
	}
	return all, of
}

// worldKinds are the kinds of faults whose fields mean the same in the model.
var worldKinds = map[scenarios.FaultKind]model.FaultKind{
	scenarios.Outage: model.Outage, scenarios.Slow: model.SlowSystem, scenarios.EngineCrash: model.EngineCrash,
	scenarios.ThrottlingStorm: model.ThrottlingStorm, scenarios.Partition: model.CutLink, scenarios.Loss: model.LossyLink,
	scenarios.LostNotifications: model.LostNotifications, scenarios.DoubleNotifications: model.DoubleNotification,
	scenarios.LateNotifications: model.LateNotifications, scenarios.UnansweredWrites: model.UnansweredWrites,
	scenarios.PartialBatches: model.PartialBatches, scenarios.LockedRecords: model.LockedRecords,
	scenarios.ValidationStorm: model.RefusedWrites, scenarios.StepOfClock: model.ClockStep, scenarios.StoreFull: model.StoreFull,
	scenarios.MappingRemoved: model.MappingRemoved,
}

func worldFault(f *scenarios.Fault) model.Fault {
	w := model.Fault{
		Kind: worldKinds[f.Kind], For: f.For, Side: f.Side, Factor: f.Factor, Share: float64(f.Share), By: f.By,
		Point: f.Point, Restart: f.Restart, Map: engine.MapID(f.Map), Column: f.Column, Code: -1,
	}
	if f.Code != nil {
		w.Code = *f.Code
	}
	if f.Link != nil {
		w.Side = *f.Link
	}
	switch {
	case f.Kind == scenarios.Slow && f.Link != nil:
		w.Kind = model.SlowLink
	case f.Kind == scenarios.Partition && f.Way == scenarios.Requests:
		w.Kind = model.CutRequests
	case f.Kind == scenarios.Partition && f.Way == scenarios.Answers:
		w.Kind = model.CutAnswers
	case f.Kind == scenarios.StepOfClock && f.Clock == scenarios.ClockOfEngine:
		w.Kind = model.EngineClockStep
	case f.Kind == scenarios.StepOfClock && f.Clock == scenarios.ClockOfDataverse:
		w.Side = engine.Dataverse
	}
	return w
}

// operations is the operators' timetable. The data integrator has no error desk
// and no jobs: nobody asks it for anything.
func (p *plan) operations() []model.Operation {
	if p.scenario.Engine.Mode == scenarios.Integrated {
		return nil
	}
	var all []model.Operation
	for i := range p.scenario.Operators {
		o := &p.scenario.Operators[i]
		cmd := engine.Command{Kind: o.Do, Job: o.Job, Resume: o.How, Initial: p.initial(o), Filter: engine.DeskFilter{
			Company: o.Company, Class: o.Class, Since: engine.Time(o.Since), Before: engine.Time(o.Before),
		}}
		for _, m := range o.Maps {
			cmd.Filter.Maps = append(cmd.Filter.Maps, engine.MapID(m))
		}
		if o.Side != nil {
			cmd.Filter.Sides = []engine.Side{*o.Side}
		}
		all = append(all, model.Operation{At: sim.Time(o.At), Command: cmd})
	}
	return all
}

// planned lists when faults are to strike and operators to keep a job from its
// work. Of a fault that
// comes again the list has one.
func planned(s *scenarios.Scenario) []result.Period {
	var all []result.Period
	for i := range s.Faults {
		all = append(all, period(s, &s.Faults[i]))
	}
	if s.Engine.Mode != scenarios.Integrated {
		var done []model.Done
		for i := range s.Operators {
			done = append(done, model.Done{Operation: i, At: sim.Time(s.Operators[i].At)})
		}
		slices.SortStableFunc(done, func(a, b model.Done) int { return cmp.Compare(a.At, b.At) })
		all = append(all, operated(s.Operators, done, nil, s.Time.End())...)
	}
	slices.SortStableFunc(all, func(a, b result.Period) int { return cmp.Compare(a.From, b.From) })
	return all
}

// struck lists when faults were there, and when operators kept a job from its
// work.
func (p *plan) struck(run int, r *model.Result) []result.Period {
	_, of := p.faults(run)
	var all []result.Period
	for _, s := range r.Strikes {
		f := period(p.scenario, &p.scenario.Faults[of[s.Fault]])
		f.From, f.To = time.Duration(s.From), time.Duration(s.To)
		all = append(all, f)
	}
	all = append(all, operated(p.scenario.Operators, r.Done, r.Alerts, time.Duration(r.End))...)
	slices.SortStableFunc(all, func(a, b result.Period) int { return cmp.Compare(a.From, b.From) })
	return all
}

// operated lists the times in which operators or alerts kept a job from its work,
// and what the engine refused operators.
func operated(operators []scenarios.Operation, done []model.Done, alerts []driver.Alert, end time.Duration) []result.Period {
	var all []result.Period
	raised := func(until sim.Time) {
		for len(alerts) > 0 && alerts[0].At <= until {
			all = alarmed(all, &alerts[0], end)
			alerts = alerts[1:]
		}
	}
	over := func(job string, began engine.CommandKind, at time.Duration, how string) {
		for i := len(all) - 1; i >= 0; i-- {
			if p := &all[i]; p.Target == job && p.Kind == began.String() && p.To == end {
				p.To, p.Note = at, how
				return
			}
		}
	}
	for _, d := range done {
		raised(d.At)
		o, at := &operators[d.Operation], time.Duration(d.At)
		switch {
		case d.Refused != nil:
			all = append(all, result.Period{Kind: o.Do.String(), Target: o.Job, From: at, To: at, Note: "refused: " + d.Refused.Error()})
		case o.Do == engine.PauseJob, o.Do == engine.StopJob:
			all = append(all, result.Period{Kind: o.Do.String(), Target: o.Job, From: at, To: end})
		case o.Do == engine.ResumeJob:
			over(o.Job, engine.PauseJob, at, o.How.String())
		case o.Do == engine.StartJob:
			over(o.Job, engine.StopJob, at, "")
		}
	}
	raised(sim.Time(end))
	return all
}

// alarmed adds the time in which an alert keeps a job from its work, unless
// something does already.
func alarmed(all []result.Period, a *driver.Alert, end time.Duration) []result.Period {
	kind, paused := engine.PauseJob, engine.StopJob
	switch a.Alert.Action {
	case engine.Notify:
		return all
	case engine.StopOnAlert:
		kind, paused = engine.StopJob, engine.StopJob // a job that is paused can be stopped
	}
	at := time.Duration(a.At)
	for _, p := range all {
		if p.Target == a.Job && (p.Kind == kind.String() || p.Kind == paused.String()) && p.To == end && p.From < end {
			return all
		}
	}
	return append(all, result.Period{Kind: kind.String(), Target: a.Job, From: at, To: end, Note: "by an alert"})
}

// period is when a fault is to strike. A crash at a point comes when the engine
// next passes it, so that its beginning is the earliest instant.
func period(s *scenarios.Scenario, f *scenarios.Fault) result.Period {
	p := result.Period{Kind: f.Kind.String(), Target: f.Target(s), From: f.At, To: f.At + f.Lasts(), Note: phrase(f)}
	if f.Code != nil {
		p.Note = "the code " + s.Maps[f.Map].Columns[f.Column].Values.Pairs[*f.Code][engine.FinOps]
	}
	return p
}

// phrase says of a fault what its kind, target and times leave open.
func phrase(f *scenarios.Fault) string {
	percent := func(of string) string { return strconv.FormatFloat(100*float64(f.Share), 'g', 4, 64) + " % of " + of }
	switch f.Kind {
	case scenarios.EngineCrash:
		return phrases[f.Point]
	case scenarios.Slow, scenarios.LateNotifications:
		return strconv.FormatFloat(f.Factor, 'g', 4, 64) + " times as slow"
	case scenarios.Partition:
		return [...]string{"", "requests only", "answers only"}[f.Way]
	case scenarios.Loss:
		return percent("messages")
	case scenarios.LostNotifications, scenarios.DoubleNotifications:
		return percent("notifications")
	case scenarios.UnansweredWrites, scenarios.PartialBatches:
		return percent("batches")
	case scenarios.LockedRecords:
		return percent("records")
	case scenarios.ValidationStorm:
		return percent("changes")
	case scenarios.StepOfClock:
		return "by " + f.By.String()
	}
	return ""
}

// phrases say where in the life of a reference a crash strikes.
var phrases = map[driver.CrashPoint]string{
	driver.UserCommitted:    "just after a user's commit",
	driver.IntakeBeforeSave: "while it takes references in",
	driver.IntakeBeforeAck:  "with references saved that the outbox still holds",
	driver.ItemTaken:        "about to read",
	driver.AfterRead:        "between a read and its write",
	driver.WriteSent:        "with a write on its way",
	driver.WriteLanded:      "with an answer on its way",
	driver.AnswerBeforeSave: "with an answer that it had not saved",
	driver.AfterSave:        "just after it saved outcomes",

	driver.CommandBeforeSave: "with an operator's request that it had not saved",

	driver.LiveTaken:       "with a live transaction taken in and nothing read for it",
	driver.LiveRead:        "with a side read for a live transaction",
	driver.LiveSaved:       "with the intent of a live transaction saved and no row sent",
	driver.LiveWriteSent:   "with the rows of a live transaction on their way",
	driver.LiveWriteLanded: "with the rows of a live transaction on the other side only",
	driver.LiveAnswered:    "before it let a live transaction commit",
	driver.LiveCommitSent:  "with the commit of a live transaction on its way",
	driver.LiveCommitted:   "just after a live transaction had committed",
	driver.LiveSealSent:    "about to seal what a live transaction had deleted",
	driver.LiveSealed:      "just after it sealed what a live transaction had deleted",
	driver.LiveAsked:       "while it asked how a live transaction had ended",
	driver.LiveUndoSent:    "while it undid a live transaction",
	driver.LiveUndone:      "just after it undid a live transaction",
}
