package html

import (
	"strconv"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// savesTable says how long users waited for their saves.
func savesTable(s summary.Summary) table {
	t := table{Head: []column{{"Saves", false}, {"Measured", true}, {"p50", true}, {"p95", true}, {"p99", true}, {"Longest", true}}}
	for _, w := range s.Pooled.Waits {
		name := "of " + w.Workload
		switch {
		case w.Workload == "" && w.Ended == "":
			name = "all"
		case w.Workload == "":
			name = "that " + w.Ended
		}
		if w.N > 0 {
			t.Rows = append(t.Rows, []string{
				name, words.Count(w.N), words.ShortQuantile(w.At("p50")), words.ShortQuantile(w.At("p95")), words.ShortQuantile(w.At("p99")), words.ShortQuantile(w.At("max")),
			})
		}
	}
	return t
}

// endingsTable says how saves ended.
func endingsTable(s summary.Summary) table {
	t := table{Head: []column{{"Ended", false}, {"Side", false}, {"Saves", true}, {"Of them live", true}, {"Given up after it", true}}}
	for _, w := range s.Pooled.Saves {
		live := words.Count(w.Live)
		if l := s.Pooled.Live; l.Committed+l.Undone == 0 {
			live = words.Foreign
		}
		t.Rows = append(t.Rows, []string{w.Ended, words.Side(w.Side), words.Count(w.Count), live, words.Count(w.GivenUp)})
	}
	return t
}

// systemsTable says how busy the systems were, and what they refused the engine.
func systemsTable(set *result.Set, s summary.Summary, clock words.Clock) table {
	t := table{Head: []column{{"System", false}, {"Servers busy", true}, {"Busiest moment", true}, {"At", true}, {"Answered 429", true}}}
	percent := func(share float64) string { return strconv.FormatFloat(100*share, 'f', 1, 64) + " %" }
	for _, side := range words.Sides {
		var peak result.Point
		sum, span := 0.0, 0.0
		for i := range set.Runs {
			r := &set.Runs[i]
			points, _ := findings.Series(r, "use."+side)
			for k, p := range points {
				end := r.End
				if k+1 < len(points) {
					end = points[k+1].At
				}
				if p.Value > peak.Value {
					peak = p
				}
				sum += float64(p.Value * (end - p.At).Seconds())
				span += (end - p.At).Seconds()
			}
		}
		var refused uint64
		for _, x := range s.Pooled.Throttled {
			if x.Side == side {
				refused += x.Count
			}
		}
		if span > 0 {
			t.Rows = append(t.Rows, []string{words.Side(side), percent(sum / span), percent(peak.Value), clock.Minute(peak.At), words.Count(refused)})
		}
	}
	return t
}

// askedMost is how many requests of operators the page lists.
const askedMost = 50

// askedTable lists what operators asked for, in the first run.
func askedTable(set *result.Set, clock words.Clock) table {
	t := table{Head: []column{{"At", true}, {"What", false}, {"Job", false}, {"Refused", false}}}
	if len(set.Runs) == 0 {
		return t
	}
	all := set.Runs[0].Operations
	for _, o := range all[:min(askedMost, len(all))] {
		refused := o.Refused
		if refused == "" {
			refused = words.None
		}
		t.Rows = append(t.Rows, []string{clock.Second(o.At), o.Do, o.Job, refused})
	}
	return t
}
