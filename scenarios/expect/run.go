package expect

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Of returns the figures of a run of a set.
func Of(set *result.Set, run *result.Run) Measures { return runMeasures{&set.Scenario, run} }

// runMeasures reads the figures off a result.
type runMeasures struct {
	scenario *result.Scenario
	run      *result.Run
}

func (m runMeasures) Missing() string {
	if m.run.Panic != "" {
		return "the run failed"
	}
	return m.run.Incomplete
}

func (m runMeasures) Window() (from, left, to time.Duration) {
	return m.scenario.Warmup, m.scenario.Length, m.run.End
}

func (m runMeasures) Spans(metric string, l Labels) []Span {
	var spans []Span
	switch metric {
	case "convergence":
		for _, s := range m.run.Convergence {
			if is(l, "map", m.scenario.Maps[s.Map].Name) && is(l, "side", sides[s.Side]) {
				spans = append(spans, Span{s.Took, s.Censored})
			}
		}
	case "partly-visible":
		for _, c := range m.run.Maps {
			if is(l, "map", c.Map) && c.Captured[0]+c.Captured[1]+c.Live[0]+c.Live[1] > 0 {
				spans = append(spans, Span{c.PartlyVisibleMost, c.NeverWhole > 0})
			}
		}
	case "initial-sync-time":
		for i := range m.run.Initial {
			if x := &m.run.Initial[i]; is(l, "map", x.Map) && is(l, "side", x.Side) && (x.Began > 0 || x.Over()) {
				took := m.run.End - x.Began
				if x.Over() {
					took = x.Ended - x.Began
				}
				spans = append(spans, Span{took, !x.Over()})
			}
		}
	case "user-wait":
		for _, w := range m.run.Waits {
			if is(l, "workload", m.scenario.Workloads[w.Workload]) && is(l, "side", sides[w.Side]) && (w.Censored || is(l, "ended", Ended(w.Ended))) {
				spans = append(spans, Span{w.Took, w.Censored})
			}
		}
	case "outage-wait":
		if t := m.run.Totals; t.Transactions != [2]uint64{} || t.TurnedAway != [2]uint64{} {
			spans = append(spans, Span{Took: t.OutageWaitMost})
		}
	case "in-doubt":
		if n := m.run.Live; n.Committed+n.Undone > 0 {
			spans = append(spans, Span{Took: n.InDoubtMost})
		}
	}
	return spans
}

func (m runMeasures) Bins(_ string, l Labels) Bins { // the one metric is dependency-wait
	var b Bins
	for i := range m.run.Dependency {
		if d := &m.run.Dependency[i]; is(l, "map", d.Map) {
			b.Count, b.Open, b.Total, b.Most = b.Count+d.Waits, b.Open+d.Open, b.Total+d.Total, max(b.Most, d.Most)
			b.List = append(b.List, d.Bins...)
		}
	}
	slices.SortStableFunc(b.List, func(a, b result.Bin) int { return cmp.Compare(a.From, b.From) })
	return b
}

func (m runMeasures) Kept(metric string) uint64 {
	switch t := m.run.Thinned; metric {
	case "convergence":
		return max(1, t.Convergence)
	case "user-wait":
		return max(1, t.Waits)
	}
	return 1
}

func (m runMeasures) Level(metric string) []result.Point {
	for _, s := range m.run.Series {
		if s.Name == metric {
			return s.Points
		}
	}
	return nil
}

// sides names the sides by their number.
var sides = [2]string{"finops", "dataverse"}

// is reports whether a label is not given, or has this value.
func is(l Labels, name, value string) bool {
	want := l.Get(name)
	return want == "" || want == value
}

func (m runMeasures) Count(metric string, l Labels) (n, of float64) {
	t := &m.run.Totals
	began := float64(t.Transactions[0] + t.Transactions[1] + t.Rejected)
	switch metric {
	case "captured":
		for _, c := range m.run.Maps {
			if is(l, "map", c.Map) {
				n += bySide(l, c.Captured)
			}
		}
		return n, began
	case "live-changes":
		for _, c := range m.run.Maps {
			if is(l, "map", c.Map) {
				n += bySide(l, c.Live)
			}
		}
		return n, began
	case "throttled":
		for _, x := range m.run.Throttled {
			if is(l, "side", x.Side) {
				n += float64(x.Count)
			}
		}
		return n, float64(t.Changes())
	case "outcome":
		for _, o := range m.run.Outcomes {
			if !is(l, "map", o.Map) || !is(l, "side", o.Side) {
				continue
			}
			of += float64(o.Count)
			if is(l, "class", o.Class) && is(l, "reason", o.Reason) {
				n += float64(o.Count)
			}
		}
		return n, of
	case "error":
		for _, e := range m.run.Errors {
			if is(l, "map", e.Map) && is(l, "class", e.Class) && is(l, "reason", e.Reason) {
				n += float64(e.Count)
			}
		}
		return n, float64(t.Changes())
	case "pairs":
		return m.pairs(l)
	case "initial-sync":
		return m.initialSync(l)
	case "drift":
		return float64(t.Drift), float64(t.Compared)
	case "compared":
		return float64(t.Compared), began
	case "alert":
		for _, a := range m.run.Alerts {
			if is(l, "job", a.Job) && is(l, "action", a.Action) {
				n++
			}
		}
		return n, float64(t.Captured)
	case "lost", "missed":
		return m.copied(metric, l)
	case "transactions":
		return bySide(l, t.Transactions), began
	case "rejected":
		return float64(t.Rejected), began
	case "stale-refused":
		return bySide(l, t.StaleRefused), began + bySide(nil, t.StaleRefused)
	case "overwrote":
		return bySide(l, t.Overwrote), began
	case "turned-away":
		return bySide(l, t.TurnedAway), began + bySide(nil, t.TurnedAway)
	case "retries":
		return float64(t.Retries), float64(t.Changes())
	case "engine-writes":
		return float64(t.EngineWrites), float64(t.Changes())
	}
	return 0, 0
}

// bySide returns the number of the side that is asked for, or of both.
func bySide(l Labels, n [2]uint64) (sum float64) {
	for i, name := range sides {
		if is(l, "side", name) {
			sum += float64(n[i])
		}
	}
	return sum
}

// pairs counts record pairs. A pair that is parked may agree all the same.
func (m runMeasures) pairs(l Labels) (n, of float64) {
	for _, c := range m.run.Maps {
		if !is(l, "map", c.Map) {
			continue
		}
		of += float64(c.Converged + c.Divergent)
		switch l.Get("state") {
		case "":
			n += float64(c.Converged + c.Divergent)
		case "converged":
			n += float64(c.Converged)
		case "divergent":
			n += float64(c.Divergent)
		case "parked":
			n += float64(c.Parked)
		case "blocked":
			n += float64(c.Blocked)
		case "open":
			n += float64(c.Open)
		}
	}
	return n, of
}

// initialSync counts the records that initial sync went through.
func (m runMeasures) initialSync(l Labels) (n, of float64) {
	for i := range m.run.Initial {
		x := &m.run.Initial[i]
		if !is(l, "map", x.Map) || !is(l, "side", x.Side) {
			continue
		}
		of += float64(x.Rows)
		switch l.Get("row") {
		case "":
			n += float64(x.Rows)
		case "written":
			n += float64(x.Written)
		case "unchanged":
			n += float64(x.Unchanged)
		case "lost":
			n += float64(x.Lost)
		case "error":
			n += float64(x.Errors)
		}
	}
	return n, of
}

// copied counts what became of the changes that the data integrator carried.
// Nothing is counted where it was not at work.
func (m runMeasures) copied(metric string, l Labels) (n, of float64) {
	c := m.run.Copied
	if c == nil {
		return 0, 0
	}
	for _, all := range m.run.Maps {
		of += bySide(l, all.Captured)
	}
	if metric == "lost" {
		return bySide(l, c.Lost), of
	}
	return bySide(l, c.Missed), of
}
