package comparison

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Questions are what every setting is asked, in this order.
var Questions = []string{
	"How long do users wait?",
	"How long until both sides agree?",
	"How do changes end?",
	"What is left for people?",
	"Is anything lost, or made up?",
}

// Unit is what a figure counts.
type Unit string

// The units.
const (
	Span        Unit = "seconds"
	TenThousand Unit = "per 10,000"
	Number      Unit = "number"
)

// metric is one figure of a run.
type metric struct {
	id, name string
	question int // index into [Questions]
	unit     Unit
	better   better
	of       func(set *result.Set, run *result.Run) reading
}

// better is which way a figure should go.
type better int8

// The ways.
const (
	neither better = iota
	lower
	higher
)

// reading is a figure of one run.
type reading struct {
	value   float64
	atLeast bool // no more than a lower bound
	known   bool
	foreign bool // the run has no such thing; beside runs that have, it counts as none
}

func known(v float64) reading { return reading{value: v, known: true} }

// foreign is the reading of a figure that a mode has no such thing for.
func foreign() reading { return reading{known: true, foreign: true} }

// Longest and middle are the figures of time to converge that others refer to.
const (
	medianID = "convergence-p50"
	tailID   = "convergence-p99"
	lostID   = "lost"
)

// metrics lists the figures by question. Those of outcomes come last in theirs,
// in the order of [summary.Classes].
func metrics() []metric {
	all := []metric{
		wait("user-wait-p50", "wait for a save, median", .5),
		wait("user-wait-p95", "wait for a save, p95", .95),
		wait("user-wait-p99", "wait for a save, p99", .99),
		wait("user-wait-max", "longest wait for a save", 1),
		{"saves-failed", "saves that failed", 0, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			failed := uint64(0)
			for _, s := range r.Saves {
				if summary.Fails(s.Ended) {
					failed += s.Count
				}
			}
			return ofSaves(r, failed)
		}},
		{"outage-wait", "longest wait for a system that was down", 0, Span, lower, func(_ *result.Set, r *result.Run) reading {
			return known(r.Totals.OutageWaitMost.Seconds())
		}},
		{"turned-away", "transactions that met an outage", 0, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			return ofTransactions(r, both(r.Totals.TurnedAway))
		}},
		{"rejected", "transactions that failed", 0, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			return ofTransactions(r, r.Totals.Rejected)
		}},
		{"stale-refused", "saves refused as stale", 0, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			return ofSaves(r, both(r.Totals.StaleRefused))
		}},
		convergence(medianID, "time to converge, median", .5),
		convergence("convergence-p95", "time to converge, p95", .95),
		convergence(tailID, "time to converge, p99", .99),
		{"never-converged", "changes that never converged", 1, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			never := uint64(0)
			for _, s := range r.Convergence {
				if s.Censored {
					never++
				}
			}
			return tenThousand(never, uint64(len(r.Convergence)))
		}},
		{"divergent-mean", "pairs that differ, on average", 1, Number, lower, divergentMean},
		{"partly-visible", "longest time partly visible", 1, Span, lower, func(_ *result.Set, r *result.Run) reading {
			most, never := time.Duration(0), false
			for _, m := range r.Maps {
				most, never = max(most, m.PartlyVisibleMost), never || m.NeverWhole > 0
			}
			return reading{value: most.Seconds(), atLeast: never, known: r.Totals.Changes() > 0}
		}},
	}
	for _, class := range Endings {
		all = append(all, metric{"outcome-" + class, endingNames[class], 2, TenThousand, neither, func(set *result.Set, r *result.Run) reading {
			if !ends(set.Scenario.Mode, r, class) {
				return foreign()
			}
			n, of := Ending(r, class)
			return tenThousand(n, of)
		}})
	}
	return append(all,
		metric{"parked", "pairs on the error desk at the end", 3, Number, lower, ofEngine(func(r *result.Run) uint64 {
			return ofMaps(r, func(m *result.MapCount) uint64 { return m.Parked })
		})},
		metric{"blocked", "pairs that wait for one of those", 3, Number, lower, ofEngine(func(r *result.Run) uint64 {
			return ofMaps(r, func(m *result.MapCount) uint64 { return m.Blocked })
		})},
		metric{"errors", "entries of the list of sync errors", 3, Number, lower, ofEngine(func(r *result.Run) (n uint64) {
			for _, e := range r.Errors {
				n += e.Count
			}
			return n
		})},
		metric{"waiting-rows", "rows that wait for the next run", 3, Number, lower, func(_ *result.Set, r *result.Run) reading {
			if r.Copied == nil {
				return foreign()
			}
			return known(float64(r.Copied.Waiting))
		}},
		metric{"divergent", "pairs that differ at the end", 3, Number, lower, func(_ *result.Set, r *result.Run) reading {
			return known(float64(ofMaps(r, func(m *result.MapCount) uint64 { return m.Divergent })))
		}},
		metric{lostID, "changes lost, or never copied", 4, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			if c := r.Copied; c != nil {
				return tenThousand(both(c.Lost)+both(c.Missed), r.Totals.Changes())
			}
			return violations(r, "no-lost-update", "no-skip")
		}},
		metric{"phantom", "values that nobody wrote", 4, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			return violations(r, "no-phantom")
		}},
		metric{"overwrote", "saves over changes not seen", 4, TenThousand, lower, func(_ *result.Set, r *result.Run) reading {
			return ofSaves(r, both(r.Totals.Overwrote))
		}},
	)
}

// Endings are the ways in which a change can end under any mode, in the order
// of showing. A live change is on both sides when it commits, and has no outcome.
// The data integrator knows none either: there a change is lost, missed, or
// carried.
var Endings = append(append(slices.Clone(summary.Classes), "lost", "missed"), "live")

var endingNames = map[string]string{
	"synced": "carried", "no-op": "nothing to carry", "concurrency": "superseded (concurrency)", "conflict": "lost to the primary (conflict)",
	"application": "refused (application)", "system": "given up (system)", "dismissed": "dismissed", "parked": "left on the error desk",
	"open": "still under way", "lost": "lost without a word", "missed": "never copied",
	"live": "committed on both sides (live)",
}

// EndingName says how a change ended, for people.
func EndingName(class string) string { return endingNames[class] }

// Ending counts the changes of a run that ended in one way, and all of them.
func Ending(r *result.Run, class string) (n, of uint64) {
	if c := r.Copied; c != nil {
		lost, missed := both(c.Lost), both(c.Missed)
		switch of = r.Totals.Captured; class {
		case "lost":
			n = lost
		case "missed":
			n = missed
		case "synced":
			n = of - min(of, lost+missed)
		}
		return n, of
	}
	if of = r.Totals.Live; class == "live" {
		n = of
	}
	for _, o := range r.Outcomes {
		if of += o.Count; o.Class == class {
			n += o.Count
		}
	}
	return n, of
}

// Ends reports whether a change can end in a way at all under a setting: the data
// integrator books no outcomes, and live sync queues nothing that could have one.
func Ends(set *result.Set, class string) bool {
	return slices.ContainsFunc(set.Runs, func(r result.Run) bool { return ends(set.Scenario.Mode, &r, class) })
}

// ends is [Ends] of one run, in a mode. A change that is captured under live
// sync, having gone past the hook, has an outcome.
func ends(mode string, r *result.Run, class string) bool {
	switch {
	case r.Copied != nil:
		return class == "synced" || class == "lost" || class == "missed"
	case class == "lost" || class == "missed":
		return true // none is, since each ends in a way of its own
	case class == "live":
		return mode == "live" || r.Totals.Live > 0
	default:
		return mode != "live" || len(r.Outcomes) > 0
	}
}

func both(n [2]uint64) uint64 { return n[0] + n[1] }

func tenThousand(n, of uint64) reading {
	if of == 0 {
		return reading{}
	}
	return known(1e4 * float64(n) / float64(of))
}

func ofTransactions(r *result.Run, n uint64) reading {
	return tenThousand(n, both(r.Totals.Transactions)+r.Totals.Rejected)
}

// ofSaves is a share of all saves, those that a transaction is tried again with among them.
func ofSaves(r *result.Run, n uint64) reading {
	all := uint64(0)
	for _, s := range r.Saves {
		all += s.Count
	}
	return tenThousand(n, all)
}

func ofMaps(r *result.Run, of func(*result.MapCount) uint64) (n uint64) {
	for i := range r.Maps {
		n += of(&r.Maps[i])
	}
	return n
}

// ofEngine is a count that there is only where the engine carries changes.
func ofEngine(of func(*result.Run) uint64) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		if r.Copied != nil {
			return foreign()
		}
		return known(float64(of(r)))
	}
}

// violations counts breaches of properties that were decided.
func violations(r *result.Run, ids ...string) reading {
	n, checked := uint64(0), false
	for _, p := range r.Properties {
		if slices.Contains(ids, p.ID) && (p.Verdict == result.Pass || p.Verdict == result.Fail) {
			n, checked = n+p.Violations, true
		}
	}
	if !checked {
		return reading{}
	}
	return tenThousand(n, r.Totals.Changes())
}

func convergence(id, name string, q float64) metric {
	return metric{id, name, 1, Span, lower, func(_ *result.Set, r *result.Run) reading {
		at := summary.SampleOf([]*result.Run{r}, summary.AnyMap, summary.AnySide).Quantile(q)
		return reading{value: at.Value.Seconds(), atLeast: at.Censored, known: at.Known}
	}}
}

func wait(id, name string, q float64) metric {
	return metric{id, name, 0, Span, lower, func(_ *result.Set, r *result.Run) reading {
		at := summary.WaitsOf([]*result.Run{r}, summary.AnyWorkload, summary.Anyhow).Quantile(q)
		return reading{value: at.Value.Seconds(), atLeast: at.Censored, known: at.Known}
	}}
}

// divergentMean is the number of pairs that differ, averaged over the time from
// the warm-up on.
func divergentMean(set *result.Set, r *result.Run) reading {
	for _, s := range r.Series {
		if s.Name != "divergent-pairs" {
			continue
		}
		if from := set.Scenario.Warmup; r.End > from {
			return known(result.Mean(s.Points, from, r.End))
		}
	}
	return reading{}
}

// Samples pools the convergence of a setting's complete runs.
func Samples(set *result.Set) stats.Sample {
	pooled := summary.Pool(set)
	runs := make([]*result.Run, len(pooled.Runs))
	for i := range pooled.Runs {
		runs[i] = &pooled.Runs[i]
	}
	return summary.SampleOf(runs, summary.AnyMap, summary.AnySide)
}
