package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
)

// Waits says how long users wait for their saves; empty where there was none.
func Waits(s summary.Summary) string {
	all := s.Pooled.Waits[0]
	switch {
	case all.N == 0:
		return ""
	case all.N == 1:
		return "The only save took " + words.Quantile(all.At("max")) + "."
	}
	text := fmt.Sprintf("Half of the saves took at most %s%s, 99 %% at most %s%s, the longest %s.",
		words.Quantile(all.At("p50")), words.Within(all.Interval("p50")), words.Quantile(all.At("p99")), words.Within(all.Interval("p99")), words.Quantile(all.At("max")))
	failed := slices.IndexFunc(s.Pooled.Waits, func(w summary.Waits) bool { return w.Workload == "" && w.Ended == "failed" })
	if failed >= 0 {
		text += fmt.Sprintf(" Those that failed took up to %s.", words.Quantile(s.Pooled.Waits[failed].At("max")))
	}
	return text
}

// reasonsMost is how many reasons a sentence names.
const reasonsMost = 4

// GivenUp says why users gave transactions up, most frequent first: ": 5 too many
// records for live sync and 3 record not found"; empty where nothing tells.
func GivenUp(s summary.Summary) string {
	var all []summary.Saves
	for _, w := range s.Pooled.Saves {
		i := slices.IndexFunc(all, func(o summary.Saves) bool { return o.Ended == w.Ended })
		switch {
		case w.GivenUp == 0:
		case i < 0:
			all = append(all, w)
		default:
			all[i].GivenUp += w.GivenUp
		}
	}
	slices.SortStableFunc(all, func(a, b summary.Saves) int { return cmp.Compare(b.GivenUp, a.GivenUp) })
	var parts []string
	var left uint64
	for i, w := range all {
		if i < reasonsMost {
			parts = append(parts, words.Count(w.GivenUp)+" “"+w.Ended+"”")
		} else {
			left += w.GivenUp
		}
	}
	if left > 0 {
		parts = append(parts, words.Counted(left, "other", "others"))
	}
	if parts == nil {
		return ""
	}
	return ": " + words.List(parts)
}

// live tells of transactions that were held until the other side had them.
func live(s summary.Summary) Event {
	l := s.Pooled.Live
	if l.Committed+l.Undone == 0 {
		return Event{}
	}
	var saved, failed summary.Saves
	for _, w := range s.Pooled.Saves {
		to := &saved
		if summary.Fails(w.Ended) {
			to = &failed
		}
		to.Count, to.Live = to.Count+w.Count, to.Live+w.Live
	}
	var parts []string
	switch rest := saved.Count - saved.Live; {
	case saved.Live == 0:
	case rest == 0:
		parts = append(parts, ofSaves(saved, "that committed")+" went live, on both sides.")
	default:
		parts = append(parts, fmt.Sprintf("%s went live, on both sides; the other %s changed nothing that live sync carries.", ofSaves(saved, "that committed"), words.Count(rest)))
	}
	if failed.Live > 0 {
		parts = append(parts, ofSaves(failed, "that failed")+" had begun to go live, and left nothing on either side.")
	}
	last := "No save went live to its end."
	if saved.Live > 0 {
		last = fmt.Sprintf("One side alone had committed for %s at most.", words.Duration(l.InDoubtMost.Duration()))
	}
	return Event{What: "Live sync", Text: strings.Join(append(parts, last), " ")}
}

// ofSaves says how many saves went live, of all that ended alike.
func ofSaves(w summary.Saves, how string) string {
	switch {
	case w.Count == 1:
		return "The one save " + how
	case w.Live == w.Count:
		return fmt.Sprintf("All %s saves %s", words.Count(w.Count), how)
	default:
		return fmt.Sprintf("%s of the %s saves %s", words.Count(w.Live), words.Count(w.Count), how)
	}
}

// throttled tells of requests that were answered 429.
func throttled(s summary.Summary) Event {
	var parts []string
	for _, t := range s.Pooled.Throttled {
		parts = append(parts, fmt.Sprintf("%s by %s (%s)", words.Count(t.Count), words.Side(t.Side), t.Why))
	}
	if parts == nil {
		return Event{}
	}
	return Event{What: "Throttled", Text: "Requests of the engine were answered 429 and came later: " + words.List(parts) + "."}
}
