package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Recovery is what a fault did to the backlog of one run. The backlog has
// recovered when 95 % of its rise is worked off: the rest may be references
// that wait for people, and these stay however long one looks.
type Recovery struct {
	Fault     result.Period
	Before    float64       // backlog when the fault began
	Peak      float64       // highest from then until it recovered
	PeakAt    time.Duration // first time of it
	Recovered time.Duration // not before the fault's end
	Known     bool          // it recovered before the run ended
}

// rest is the part of a rise that a recovery may leave.
const rest = 0.05

// Recoveries tells for each fault of the scenario what it did to the backlog of
// run r; none if the run has no backlog series.
func Recoveries(sc result.Scenario, r *result.Run) []Recovery {
	points, ok := Series(r, "backlog")
	if !ok || len(points) == 0 {
		return nil
	}
	var out []Recovery
	for _, f := range sc.Faults {
		if f.From > r.End {
			continue
		}
		rec := Recovery{Fault: f, Before: At(points, f.From), PeakAt: f.From}
		rec.Peak = rec.Before
		// The fault's end is an instant to look at, whether or not the backlog
		// moved then.
		look := result.Point{At: f.To, Value: At(points, f.To)}
		for _, p := range insert(points, look) {
			if p.At < f.From {
				continue
			}
			if p.Value > rec.Peak {
				rec.Peak, rec.PeakAt = p.Value, p.At
			}
			if p.At >= f.To && p.At <= r.End && p.Value <= rec.Before+rest*(rec.Peak-rec.Before) {
				rec.Recovered, rec.Known = p.At, true
				break
			}
		}
		out = append(out, rec)
	}
	return out
}

// insert puts p behind all points up to its instant.
func insert(points []result.Point, p result.Point) []result.Point {
	i := 0
	for i < len(points) && points[i].At <= p.At {
		i++
	}
	return slices.Insert(slices.Clone(points), i, p)
}

// Series finds a series of a run by name.
func Series(r *result.Run, name string) ([]result.Point, bool) {
	for _, s := range r.Series {
		if s.Name == name {
			return s.Points, true
		}
	}
	return nil, false
}

// At is the value of a step function at an instant; 0 before its first point.
func At(points []result.Point, at time.Duration) float64 {
	i, found := slices.BinarySearchFunc(points, at, func(p result.Point, at time.Duration) int {
		return int(min(1, max(-1, p.At-at)))
	})
	for found && i+1 < len(points) && points[i+1].At == at {
		i++ // several points at one instant: the last one holds
	}
	switch {
	case found:
		return points[i].Value
	case i == 0:
		return 0
	default:
		return points[i-1].Value
	}
}

// Peak is the highest value of a series and when it was first reached.
func Peak(points []result.Point) result.Point {
	var top result.Point
	for i, p := range points {
		if i == 0 || p.Value > top.Value {
			top = p
		}
	}
	return top
}

// Backlog says what the backlog did.
func Backlog(set *result.Set) string {
	switch len(set.Runs) {
	case 0:
		return "Nothing was run, so there is no backlog to show"
	case 1:
		return backlogOfOne(set)
	}
	var peaks []float64
	for i := range set.Runs {
		if points, ok := Series(&set.Runs[i], "backlog"); ok && len(points) > 0 {
			peaks = append(peaks, Peak(points).Value)
		}
	}
	if len(peaks) == 0 {
		return "No backlog was measured"
	}
	slices.Sort(peaks)
	return fmt.Sprintf("The backlog peaks between %s and %s references, depending on the run",
		words.Count(int64(peaks[0])), words.Count(int64(peaks[len(peaks)-1])))
}

func backlogOfOne(set *result.Set) string {
	r := &set.Runs[0]
	points, ok := Series(r, "backlog")
	if !ok || len(points) == 0 {
		return "No backlog was measured"
	}
	clock := words.NewClock(set.Scenario.Start, r.End)
	top := Peak(points)
	if top.Value == 0 {
		return "Nothing ever waited: the backlog stays at zero"
	}
	text := fmt.Sprintf("The backlog peaks at %s at %s", words.Counted(int64(top.Value), "reference", "references"), clock.Minute(top.At))
	rec, ok := worstRecovery(Recoveries(set.Scenario, r))
	switch {
	case !ok || rec.PeakAt != top.At:
		if last := points[len(points)-1]; last.Value > 0 {
			text += fmt.Sprintf(" and is %s at the end", words.Count(int64(last.Value)))
		}
		return text
	case !rec.Known:
		return text + fmt.Sprintf(" and has not recovered from the %s when the run ends", fault(rec.Fault))
	default:
		return text + fmt.Sprintf("; 95 %% of that is worked off %s after the %s ends", words.Duration(rec.Recovered-rec.Fault.To), fault(rec.Fault))
	}
}

// worstRecovery is the one with the highest peak.
func worstRecovery(recs []Recovery) (Recovery, bool) {
	var worst Recovery
	for _, r := range recs {
		if r.Peak > r.Before && r.Peak > worst.Peak {
			worst = r
		}
	}
	return worst, worst.Peak > 0
}

// fault names a fault's kind in prose: "engine crash".
func fault(p result.Period) string { return strings.ReplaceAll(p.Kind, "-", " ") }

// FaultLabel names a fault on a plot or in a list: "Dataverse outage · 10m".
// The scenario's own name for it may be any word, so it is not used.
func FaultLabel(p result.Period) string {
	name := fault(p)
	if p.Target != "" {
		name = words.Side(p.Target) + " " + name
	}
	if p.To > p.From {
		name += " · " + words.Duration(p.To-p.From)
	}
	return name
}
