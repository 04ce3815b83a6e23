package findings

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// FaultHead names the columns of [FaultRows].
var FaultHead = []string{"Fault", "Planned for", "Runs", "Backlog before", "at most", "at", "Recovered", "after its end", "in", "Had to wait"}

// FaultRows tell of each fault that was due what it did to the backlog, in all
// runs that figures are pooled of: where runs differ, from the least to the most.
// Under the data integrator there is no backlog.
func FaultRows(set *result.Set) (rows [][]string) {
	set = summary.Pool(set)
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	count := func(n float64) string { return words.Count(int64(n)) }
	span := func(s float64) string { return words.Duration(time.Duration(s)) }
	at := func(s float64) string { return clock.Second(time.Duration(s)) }
	for k, f := range set.Scenario.Faults {
		var recs []Recovery
		struck, due := 0, false
		label := FaultLabel(f)
		for i := range set.Runs {
			r := &set.Runs[i]
			st := Strikes(set.Scenario, r)[k]
			due = due || st.Due
			if !st.Struck {
				continue
			}
			if struck++; len(set.Runs) == 1 {
				label = FaultLabel(st.Actual)
			}
			all := Recoveries(r)
			if i := slices.IndexFunc(all, func(rec Recovery) bool { return rec.Fault == st.Actual }); i >= 0 {
				recs = append(recs, all[i])
			}
		}
		if !due {
			continue
		}
		if set.Runs[0].Copied != nil { // it has no queue
			row := []string{label, clock.Minute(f.From), ofAll(struck, len(set.Runs))}
			for len(row) < len(FaultHead) {
				row = append(row, words.Foreign)
			}
			rows = append(rows, row)
			continue
		}
		known := slices.DeleteFunc(slices.Clone(recs), func(r Recovery) bool { return !r.Known })
		rows = append(rows, []string{
			label, clock.Minute(f.From), ofAll(struck, len(set.Runs)),
			ranging(recs, count, func(r Recovery) float64 { return r.Before }),
			ranging(recs, count, func(r Recovery) float64 { return r.Peak }),
			ranging(recs, at, func(r Recovery) float64 { return float64(r.PeakAt) }),
			ranging(known, at, func(r Recovery) float64 { return float64(r.Recovered) }),
			ranging(known, span, func(r Recovery) float64 { return float64(r.Recovered - r.Fault.To) }),
			ofAll(len(known), len(set.Runs)),
			ranging(recs, count, func(r Recovery) float64 { return float64(r.Waited) }),
		})
	}
	return rows
}

// ofAll says of how many runs something is told.
func ofAll(n, all int) string {
	if n == all {
		return words.Counted(n, "run", "runs")
	}
	return fmt.Sprintf("%d of %d runs", n, all)
}

// ranging writes the least and the most of something.
func ranging(recs []Recovery, text func(float64) string, of func(Recovery) float64) string {
	if len(recs) == 0 {
		return words.None
	}
	low, high := of(recs[0]), of(recs[0])
	for _, r := range recs {
		low, high = min(low, of(r)), max(high, of(r))
	}
	return words.Between(text(low), text(high))
}

// PauseHead names the columns of [PauseRows].
var PauseHead = []string{"System", "Runs", "Pauses", "First from", "to", "In all, of a run"}

// PauseRows tell how often and how long a breaker kept the engine from sending.
func PauseRows(set *result.Set) (rows [][]string) {
	set = summary.Pool(set)
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	for _, side := range words.Sides {
		all, spans := pausesOf(set, side, Pauses)
		if len(all) == 0 {
			continue
		}
		if len(set.Runs) == 1 && len(all) <= pausesMost {
			for _, p := range all {
				rows = append(rows, []string{words.Side(side), ofAll(1, 1), "1", clock.Second(p.From), clock.Second(p.To), words.Duration(p.To - p.From)})
			}
			continue
		}
		total := words.None
		if len(spans) > 0 {
			total = words.Between(words.Duration(spans[0]), words.Duration(spans[len(spans)-1]))
		}
		rows = append(rows, []string{words.Side(side), ofAll(len(spans), len(set.Runs)), words.Count(len(all)), clock.Second(all[0].From), clock.Second(all[0].To), total})
	}
	return rows
}
