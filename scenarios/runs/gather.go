package runs

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// describe tells of the inputs of a set.
func describe(s *scenarios.Scenario, p *plan, hash string, o Options) result.Scenario {
	d := result.Scenario{
		Name: s.Name, Purpose: s.Purpose, Mode: s.Engine.Mode.String(), Seed: s.Seed,
		Hash: hash, Model: ModelVersion, Start: s.Time.Start, Length: s.Time.Run, Warmup: s.Time.Warmup, Drain: s.Time.Drain,
		Inputs: s.Inputs(), Source: s.Source(), Resolved: s.Resolved(), Command: o.Command,
	}
	for _, point := range o.Failpoints {
		name := point.Name
		if point.Terms != fault.Always {
			name = point.String()
		}
		d.Failpoints = append(d.Failpoints, name)
	}
	for i, job := range s.Jobs {
		if i > 0 {
			d.Primary += ", "
		}
		d.Primary += job.Name + ": " + job.Primary.String()
	}
	for _, m := range p.maps {
		d.Maps = append(d.Maps, result.Map{Name: m.Name, FinOps: m.Entity[engine.FinOps], Dataverse: m.Entity[engine.Dataverse], Sequence: m.Sequence})
	}
	for i := range s.Workload {
		if s.Workload[i].Enabled {
			d.Workloads = append(d.Workloads, s.Workload[i].Name)
		}
	}
	for side := range engine.Sides {
		d.LiveMost[side] = s.Systems.Of(engine.Side(side)).Live.Records
	}
	d.Faults = planned(s)
	return d
}

// gather turns what a world showed into a run's result.
func (p *plan) gather(index int, r *model.Result) *result.Run {
	run := &result.Run{
		Index: index, Digest: r.Digest.String(), Events: r.Events, End: time.Duration(r.End),
	}
	if r.Halted != "" {
		run.Incomplete = fmt.Sprintf("%s, at %v of %v", r.Halted, time.Duration(r.End), p.scenario.Time.End())
	}
	for _, q := range r.Report.Properties {
		run.Properties = append(run.Properties, property(&q))
	}
	for i, m := range r.Report.Maps {
		run.Maps = append(run.Maps, result.MapCount{
			Map: p.maps[i].Name, Captured: m.Captured, Live: m.Live, Creates: m.Creates, Alive: m.Alive, Converged: m.Converged, Divergent: m.Divergent,
			Parked: m.Parked, Blocked: m.Blocked, Open: m.Open, PartlyVisibleMost: m.PartlyMost, NeverWhole: m.NeverWhole,
		})
	}
	if c := r.Report.Copied; c != nil {
		for i, n := range c.LossesOf {
			run.Maps[i].Lost = n
		}
	}
	for _, o := range r.Report.Outcomes {
		run.Outcomes = append(run.Outcomes, result.OutcomeCount{
			Map: p.maps[o.Map].Name, Side: o.Side.String(), Class: o.Class.String(), Reason: o.Reason.String(), Count: o.Count,
		})
	}
	run.Faults = p.struck(index, r)
	for _, e := range r.Report.Errors {
		run.Errors = append(run.Errors, result.ErrorCount{
			Class: e.Class.String(), Reason: e.Reason.String(), Map: p.maps[e.Map].Name, Message: e.Cause, Count: e.Count, Example: e.Example,
		})
	}
	for _, s := range r.Report.Samples {
		if time.Duration(s.Born) < p.scenario.Time.Warmup {
			continue
		}
		run.Convergence = append(run.Convergence, result.Sample{
			Map: uint16(s.Map), Side: uint8(s.Side), Born: time.Duration(s.Born), Took: s.Took, Censored: s.Censored,
		})
	}
	run.Thinned = result.Thinned{Convergence: r.Report.SampleStride, Waits: r.WaitsOf, Series: seriesThinned(r)}
	run.Waits = p.waits(r)
	run.Saves, run.Throttled, run.Operations = saves(r), throttled(r), p.requested(r)
	run.Live = result.LiveCount(r.Report.Live)
	for _, w := range r.Report.Worst {
		run.Worst = append(run.Worst, result.Worst{
			Record: w.Record, Map: p.maps[w.Key.Map].Name, Side: w.Side.String(),
			Born: time.Duration(w.Born), Took: w.Took, Censored: w.Censored, Why: reasons(w.Why),
		})
	}
	run.Story = p.stories(r.Report.Stories)
	for _, s := range r.Report.Torn {
		run.Torn = append(run.Torn, story("transaction of "+s.Name, &s))
	}
	run.Series = series(r)
	run.Windows, run.Dependency, run.Gaps, run.Sizes = p.windows(r), p.dependency(r), gaps(r), sizes(r)
	run.Copied = p.copied(r)
	run.Totals = totals(r)
	run.Initial, run.Alerts = p.legs(r), alerts(r)
	return run
}

func reasons(all []oracle.Wait) []result.Reason {
	list := make([]result.Reason, len(all))
	for i, w := range all {
		list[i] = result.Reason{What: w.What, For: w.For}
	}
	return list
}

func property(q *oracle.Property) result.Property {
	out := result.Property{
		ID: q.ID, Contract: q.Text, Verdict: result.Verdict(q.Verdict), Checked: q.Checked, Violations: q.Violations, Note: q.Note,
	}
	for _, v := range q.Examples {
		out.Examples = append(out.Examples, result.Violation{At: time.Duration(v.At), Record: v.Record, Message: v.Message})
	}
	return out
}

// stories keeps the transactions of the scenario's spotlight, in its order.
func (p *plan) stories(all []oracle.Story) []result.Story {
	var list []result.Story
	for _, id := range p.scenario.Spotlight {
		for _, s := range all {
			if s.Name != id {
				continue
			}
			list = append(list, story("transaction "+s.Name, &s))
		}
	}
	return list
}

func story(title string, s *oracle.Story) result.Story {
	return result.Story{
		Title: title, Side: s.Side.String(), Committed: time.Duration(s.Committed), Records: s.Records, Synced: s.Synced,
		FirstSeen: time.Duration(s.FirstSeen), LastSeen: time.Duration(s.LastSeen), Censored: s.Censored,
	}
}

// seriesThinned reports whether a series had too many points to keep them all.
func seriesThinned(r *model.Result) bool {
	return r.Report.Divergent.Thinned() || slices.ContainsFunc(r.Series, func(s driver.NamedSeries) bool { return s.Thinned })
}

// series puts the driver's series and the oracle's into one list by name.
func series(r *model.Result) []result.Series {
	var list []result.Series
	for _, s := range r.Series {
		out := result.Series{Name: s.Name, Unit: seriesUnit(s.Name)}
		for _, pt := range s.Points {
			out.Points = append(out.Points, result.Point{At: time.Duration(pt.At), Value: pt.Value, Area: pt.Area})
		}
		list = append(list, out)
	}
	divergent := result.Series{Name: "divergent-pairs", Unit: "pairs"}
	for _, pt := range r.Report.Divergent.Points() {
		divergent.Points = append(divergent.Points, result.Point{At: time.Duration(pt.At), Value: pt.Value, Area: pt.Area})
	}
	list = append(list, divergent)
	for side, uses := range r.Use {
		use := result.Series{Name: "use." + engine.Side(side).String(), Unit: "share"}
		for _, u := range uses {
			use.Points = append(use.Points, result.Point{At: time.Duration(u.At), Value: u.Share})
		}
		result.Integrate(use.Points)
		list = append(list, use)
	}
	slices.SortFunc(list, func(a, b result.Series) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func seriesUnit(name string) string {
	switch name {
	case "backlog", "outbox":
		return "references"
	case "requests":
		return "requests"
	default:
		return "items"
	}
}

// legs tells how far the initial syncs came.
func (p *plan) legs(r *model.Result) (list []result.Leg) {
	for i := range r.Initial {
		l := &r.Initial[i]
		list = append(list, result.Leg{
			Map: p.maps[l.Map].Name, Company: l.Company, Side: l.Side.String(), Stage: l.Stage.String(),
			Began: time.Duration(l.From), Ended: time.Duration(l.To), Rows: uint64(l.Rows),
			Written: uint64(l.Written), Unchanged: uint64(l.Unchanged), Lost: uint64(l.Lost), Errors: uint64(l.Errors),
		})
	}
	return list
}

// alerts lists the alerts that people were told of.
func alerts(r *model.Result) (list []result.Alert) {
	for _, a := range r.Alerts {
		list = append(list, result.Alert{
			At: time.Duration(a.At), Job: a.Job, Action: a.Alert.Action.String(), Count: uint64(a.Alert.Count), Within: a.Alert.Within,
			Class: a.Last.Class.String(), Reason: a.Last.Reason.String(),
		})
	}
	return list
}

func totals(r *model.Result) result.Totals {
	t := result.Totals{
		Captured: r.Report.Totals.Captured, Live: r.Report.Totals.Live, DriftOverwrote: r.Report.Totals.DriftOverwritten, Transactions: r.Users.Committed,
		Rejected:     r.Users.Rejected[engine.FinOps] + r.Users.Rejected[engine.Dataverse],
		EngineWrites: r.Report.Totals.EngineWrites, MarkOnlyWrites: r.Report.Totals.MarkWrites,
		Retries: r.Engine.Retries, Crashes: r.Engine.Crashes + r.Copier.Crashes,
		Compared: uint64(r.Compared), Drift: uint64(r.Drift),
	}
	for side, s := range r.Systems {
		t.TurnedAway[side] = r.Users.Waited[side]
		t.OutageWaitMost = max(t.OutageWaitMost, r.Users.WaitMost[side])
		t.StaleRefused[side], t.Overwrote[side] = s.Endings[system.Stale], s.Overwrote
		t.ConditionFailed += s.ConditionFailed
		t.LateLandings += s.LateLandings
		t.Notifications += s.Notifications
		t.Reads += s.Reads
	}
	return t
}
