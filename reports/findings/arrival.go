package findings

import (
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Arrival answers what a report is opened for: did everything arrive, and what
// became of the rest? Where a property is violated it claims nothing about what
// arrived, and counts only what is left.
func Arrival(s summary.Summary) string {
	runs := s.PooledRuns()
	if len(runs) == 0 {
		return "Nothing was run, so nothing is known."
	}
	all := s.Pooled.Convergence[0]
	left := leftOver(runs)
	in := ""
	if n := len(runs); n > 1 {
		in = fmt.Sprintf(" in %d runs", n)
	}
	arrived := "Everything arrived"
	if s.Copies() {
		arrived = "At the end both sides are alike" // which tells nothing of what was lost on the way
	}
	switch {
	case s.Scenario.Mode == "live" && (s.Pooled.Totals.Captured == 0 || all.N == 0):
		return wentLive(runs, in)
	case all.N == 0:
		return noChange(s) + in + ", so nothing had to arrive."
	case s.Verdict == result.Fail && left == "":
		return "Nothing was left waiting at the end."
	case s.Verdict == result.Fail:
		return "Left at the end: " + left + "."
	case all.Censored == all.N:
		return fmt.Sprintf("None of %s arrived%s: %s.", words.Counted(all.N, "change", "changes"), in, orUnknown(left))
	case 2*all.Censored > all.N:
		return fmt.Sprintf("%s of %s did not arrive%s: %s.", words.Count(all.Censored), words.Counted(all.N, "change", "changes"), in, orUnknown(left))
	case left == "" && all.Censored > 0:
		// No pair differs any more, yet some change was never seen to converge.
		return fmt.Sprintf("%s%s except %s.", arrived, in, words.Counted(all.Censored, "change", "changes"))
	case left == "":
		return arrived + in + "."
	default:
		return arrived + in + " except " + left + "."
	}
}

// noChange says that there was none: only the engine captures what it carries.
func noChange(s summary.Summary) string {
	if s.Copies() || s.AllLive() {
		return "No change was made"
	}
	return "No change was captured"
}

// wentLive answers for live sync, where nothing is queued: what users could not
// commit is what did not arrive.
func wentLive(runs []summary.Run, in string) string {
	var committed, failed uint64
	for _, r := range runs {
		committed += r.Totals.Transactions[0] + r.Totals.Transactions[1]
		failed += r.Totals.Rejected
	}
	if failed+committed == 0 {
		return "Nothing was saved" + in + ", so nothing had to arrive."
	}
	if failed == 0 && committed == 1 {
		return "Nothing waits in live mode: the one user transaction was committed."
	}
	if failed == 0 {
		return fmt.Sprintf("Nothing waits in live mode: all of %s were committed%s.", words.Counted(committed, "user transaction", "user transactions"), in)
	}
	return fmt.Sprintf("Nothing waits in live mode, but %s failed before commit%s; %s were committed.",
		words.Counted(failed, "user transaction", "user transactions"), in, words.Count(committed))
}

func orUnknown(left string) string {
	if left == "" {
		return "nothing tells why"
	}
	return left
}

// ways in which a pair can be left at the end of a run.
var ways = []struct {
	of   func(summary.MapFigures) uint64
	one  string
	many string
}{
	{func(m summary.MapFigures) uint64 { return m.Parked }, "which waits for a person", "which wait for a person"},
	{func(m summary.MapFigures) uint64 { return m.Blocked }, "which waits behind a record like that", "which wait behind records like that"},
	{func(m summary.MapFigures) uint64 { return m.Open }, "which was still on its way when the run ended", "which were still on their way when the run ended"},
}

// mapsNamed is how many table maps a sentence names.
const mapsNamed = 3

// leftOver names per map what is left at the end of a run, as a range if runs
// differ; empty if nothing is.
func leftOver(runs []summary.Run) string {
	var parts []string
	for _, w := range ways {
		var names []string
		all := ranged{}
		maps := 0
		for _, m := range runs[0].Maps {
			one := ranged{}
			for _, r := range runs {
				one.add(mapOf(r, m.Map, w.of))
			}
			if one.most > 0 {
				maps++
				names = append(names, one.text(m.Map))
			}
		}
		for _, r := range runs {
			var n uint64
			for _, m := range r.Maps {
				n += w.of(m)
			}
			all.add(n)
		}
		if maps == 0 {
			continue
		}
		if maps > mapsNamed {
			names = []string{all.text("records") + fmt.Sprintf(" of %d table maps", maps)}
		}
		text := words.List(names)
		if len(runs) > 1 {
			text += " a run"
		}
		which := w.many
		if all.most == 1 {
			which = w.one
		}
		parts = append(parts, text+", "+which)
	}
	drift := ranged{}
	for _, r := range runs {
		drift.add(unexplained(r))
	}
	one, many := " though nothing is queued for it", " though nothing is queued for them"
	if runs[0].Copied != nil {
		one, many = "", "" // nothing ever is
	}
	if drift.most == 1 {
		parts = append(parts, "1 pair that differs"+one)
	} else if drift.most > 1 {
		parts = append(parts, drift.text("pairs")+" that differ"+many)
	}
	return strings.Join(parts, "; ")
}

// leftNamed are the counts that [leftOver] may tell, from the least to the most of
// a run.
func leftNamed(runs []summary.Run) (list []Named) {
	add := func(name string, of func(*summary.Run) uint64) {
		var all ranged
		n := Named{Name: name}
		for i := range runs {
			one := of(&runs[i])
			all.add(one)
			n.Runs = append(n.Runs, float64(one))
		}
		if n.Value = words.Between(words.Count(all.least), words.Count(all.most)); all.most > 0 {
			list = append(list, n)
		}
	}
	if len(runs) == 0 {
		return nil
	}
	for _, w := range ways {
		for _, m := range runs[0].Maps {
			add(m.Map+", "+w.many+", in a run", func(r *summary.Run) uint64 { return mapOf(*r, m.Map, w.of) })
		}
		add("all maps, "+w.many+", in a run", func(r *summary.Run) (n uint64) {
			for _, m := range r.Maps {
				n += w.of(m)
			}
			return n
		})
	}
	name := "pairs that differ though nothing is queued for them, in a run"
	if runs[0].Copied != nil {
		name = "pairs that differ, in a run"
	}
	add(name, func(r *summary.Run) uint64 { return unexplained(*r) })
	return list
}

func mapOf(r summary.Run, name string, of func(summary.MapFigures) uint64) uint64 {
	for _, m := range r.Maps {
		if m.Map == name {
			return of(m)
		}
	}
	return 0
}

// unexplained counts pairs that differ at the end beyond those that wait: at
// least so many, since a pair that waits may be equal already.
func unexplained(r summary.Run) uint64 {
	var waiting uint64
	for _, m := range r.Maps {
		waiting += m.Parked + m.Blocked + m.Open
	}
	if r.Divergent <= waiting {
		return 0
	}
	return r.Divergent - waiting
}

// ranged is a count that may differ between runs.
type ranged struct {
	least, most uint64
	any         bool
}

func (r *ranged) add(n uint64) {
	if !r.any {
		r.least, r.most, r.any = n, n, true
	}
	r.least, r.most = min(r.least, n), max(r.most, n)
}

// text writes the count with the plural that it counts, as "19 items"; of one,
// the singular of which is not known, "1 record of items".
func (r ranged) text(many string) string {
	if r.most == 1 && r.least == 1 {
		if many == "records" {
			return "1 record"
		}
		return "1 record of " + many
	}
	return words.Between(words.Count(r.least), words.Count(r.most)) + " " + many
}
