package check

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
)

// Reached counts, over all cases, in how many each thing came about that cases
// are for. A blank among them is a hole in the generator.
type Reached struct {
	Marks []Mark // in a fixed order
}

// Mark is one thing that cases are for.
type Mark struct {
	Name  string
	Cases int
}

// add takes in what one case showed.
func (r *Reached) add(c *Case, x *Execution) {
	if r.Marks == nil {
		r.list()
	}
	at := 0
	mark := func(reached bool) {
		if reached {
			r.Marks[at].Cases++
		}
		at++
	}
	var reasons [64]bool
	for _, o := range x.Result.Report.Outcomes {
		reasons[o.Reason] = reasons[o.Reason] || o.Count > 0
	}
	for _, w := range reasonsToReach() {
		mark(reasons[w])
	}
	struck := map[string]bool{}
	for _, s := range x.Result.Strikes {
		f := &c.Faults[s.Fault]
		struck[f.Kind] = true
		if f.Point != "" {
			struck["crash at "+f.Point] = true
		}
	}
	for _, kind := range faultNames() {
		mark(struck[kind])
	}
	for _, p := range crashPoints() {
		mark(struck["crash at "+string(p)])
	}
	e := &x.Result.Engine
	mark(e.Timeouts > 0)
	mark(e.Retries > 0)
	mark(e.ConditionFailed > 0)
	mark(x.Result.Users.Stale > 0)
}

// list names the marks, in the order in which add counts them.
func (r *Reached) list() {
	name := func(s string) { r.Marks = append(r.Marks, Mark{Name: s}) }
	for _, w := range reasonsToReach() {
		name("outcome: " + w.String())
	}
	for _, kind := range faultNames() {
		name("fault: " + kind)
	}
	for _, p := range crashPoints() {
		name("crash at: " + string(p))
	}
	for _, s := range []string{"a request without an answer", "an attempt that failed", "a record that changed before the write", "a stale save"} {
		name(s)
	}
}

// reasonsToReach are the reasons with which a reference can end.
func reasonsToReach() []engine.Reason {
	_, why := engine.Outcomes()
	return slices.DeleteFunc(why, func(r engine.Reason) bool { return r == engine.NoReason })
}

// crashPoints lists all places at which the engine's process can die.
func crashPoints() []driver.CrashPoint {
	return slices.Concat(driver.CrashPoints(), driver.LiveCrashPoints(), []driver.CrashPoint{driver.CommandBeforeSave})
}
