package comparison

import (
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// What follows is measured of one table map, for advice: the figures of
// metric.go are of all maps together.

// mapLost are changes of the map that were lost, or never copied. Under the
// engine, whose contracts are told for all maps together, they are those of all.
func mapLost(m int) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		if r.Copied == nil {
			return violations(r, "no-lost-update", "no-skip")
		}
		if m >= len(r.Maps) {
			return reading{}
		}
		return tenThousand(r.Maps[m].Lost, both(r.Maps[m].Captured))
	}
}

// mapConvergence is a quantile of the time to converge of the map's changes.
func mapConvergence(m int, q float64) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		at := summary.SampleOf([]*result.Run{r}, m, summary.AnySide).Quantile(q)
		return reading{value: at.Value.Seconds(), atLeast: at.Censored, known: at.Known}
	}
}

// mapChanges counts the map's changes of one side.
func mapChanges(m, side int) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		if m >= len(r.Maps) {
			return reading{}
		}
		return known(float64(r.Maps[m].Captured[side] + r.Maps[m].Live[side]))
	}
}

// mapConflicts are changes of the map that lost to the primary, those made on one
// side or on any, of all its changes.
func mapConflicts(m, side int) func(*result.Set, *result.Run) reading {
	return func(set *result.Set, r *result.Run) reading {
		if r.Copied != nil || m >= len(r.Maps) {
			return reading{}
		}
		lost := uint64(0)
		for _, o := range r.Outcomes {
			if o.Map == set.Scenario.Maps[m].Name && o.Class == "conflict" && (side == summary.AnySide || o.Side == words.Sides[side]) {
				lost += o.Count
			}
		}
		return tenThousand(lost, both(r.Maps[m].Captured))
	}
}

// limitEndings are how saves end that live sync can never take; coupledEndings
// are those that fail because the other side must take part.
var (
	limitEndings   = []string{"too many records for live sync", "too many companies for live sync", "too many bytes for live sync", "over the time limit"}
	coupledEndings = []string{"refused by the other side", "changed on the other side", "other side not reached"}
)

// failedSaves are saves of some workloads that ended in one of some ways.
func failedSaves(workloads []int, endings []string) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		all, failed := uint64(0), uint64(0)
		for i := range r.Waits {
			if w := &r.Waits[i]; slices.Contains(workloads, int(w.Workload)) && !w.Censored {
				if all++; slices.Contains(endings, w.Ended) {
					failed++
				}
			}
		}
		return tenThousand(failed, all)
	}
}

// saveWait is a quantile of how long users of some workloads waited, or of all
// where [summary.AnyWorkload] is among them.
func saveWait(workloads []int, q float64) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		var ended, censored []time.Duration
		for i := range r.Waits {
			switch w := &r.Waits[i]; {
			case !slices.Contains(workloads, int(w.Workload)) && !slices.Contains(workloads, summary.AnyWorkload):
			case w.Censored:
				censored = append(censored, w.Took)
			default:
				ended = append(ended, w.Took)
			}
		}
		at := stats.NewSample(ended, censored).Quantile(q)
		return reading{value: at.Value.Seconds(), atLeast: at.Censored, known: at.Known}
	}
}

// busy is how many of the engine's workers have a request under way on average,
// while any has; all is the share of that time in which none is free.
func busy(workers float64, all bool) func(*result.Set, *result.Run) reading {
	return func(_ *result.Set, r *result.Run) reading {
		var under, full, area float64
		for _, s := range r.Series {
			if s.Name != "requests" {
				continue
			}
			for i, p := range s.Points {
				end := r.End
				if i+1 < len(s.Points) {
					end = s.Points[i+1].At
				}
				span := (end - p.At).Seconds()
				if p.Value <= 0 || span <= 0 {
					continue
				}
				under += span
				area += p.Value * span
				if p.Value >= workers {
					full += span
				}
			}
		}
		switch {
		case under == 0:
			return reading{}
		case all:
			return known(1e4 * full / under)
		default:
			return known(area / under)
		}
	}
}

// batchFill is how many items are in flight for each request under way.
func batchFill(_ *result.Set, r *result.Run) reading {
	area := map[string]float64{}
	for _, s := range r.Series {
		if s.Name != "requests" && s.Name != "in-flight" {
			continue
		}
		for i, p := range s.Points {
			end := r.End
			if i+1 < len(s.Points) {
				end = s.Points[i+1].At
			}
			area[s.Name] += p.Value * max(0, (end-p.At).Seconds())
		}
	}
	if area["requests"] == 0 {
		return reading{}
	}
	return known(area["in-flight"] / area["requests"])
}

// input is a resolved setting of a scenario, or a text where it has none.
func input(sc *result.Scenario, path, or string) string {
	for _, in := range sc.Inputs {
		if in.Path == path {
			return strings.Trim(in.Value, `"`)
		}
	}
	return or
}

// workloadsOf lists the workloads whose transactions touch a map, as indexes.
func workloadsOf(sc *result.Scenario, m string) []int {
	var list []int
	for i, w := range sc.Workloads {
		if slices.ContainsFunc(sc.Inputs, func(in result.Input) bool {
			return strings.HasPrefix(in.Path, "workload."+w+".") && strings.HasSuffix(in.Path, ".map") && strings.Trim(in.Value, `"`) == m
		}) {
			list = append(list, i)
		}
	}
	return list
}

// parentsOf lists the maps that a map looks up, itself left out.
func parentsOf(sc *result.Scenario, m string) []string {
	var list []string
	for _, in := range sc.Inputs {
		parent := strings.Trim(in.Value, `"`)
		if strings.HasPrefix(in.Path, "maps."+m+".lookups.") && parent != m && !slices.Contains(list, parent) &&
			slices.ContainsFunc(sc.Maps, func(x result.Map) bool { return x.Name == parent }) {
			list = append(list, parent)
		}
	}
	return list
}

// listed names workloads for people.
func listed(sc *result.Scenario, workloads []int) string {
	var names []string
	for _, w := range workloads {
		names = append(names, sc.Workloads[w])
	}
	return words.List(names)
}
