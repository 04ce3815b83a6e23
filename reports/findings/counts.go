package findings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Named is a figure that a sentence names. A table has it too, with what a
// sentence has no room for.
type Named struct {
	Name, Value string
	Runs        []float64 // the figure of each run, where that of all runs is made of them
	Unit        string    // of these: " %"; empty where they are counts
}

// NamedHead names the columns of [NamedRows].
func NamedHead(all []Named) []string {
	if overRuns(all) {
		return []string{"Figure", "All runs", "A run", "95 % interval"}
	}
	return []string{"Figure", "Value"}
}

// NamedRows are figures as rows of a table: of several runs with the mean of a
// run and its interval by Student's t.
func NamedRows(all []Named) (rows [][]string) {
	several := overRuns(all)
	for _, n := range all {
		row := []string{n.Name, n.Value}
		if several {
			row = append(row, n.aRun()...)
		}
		rows = append(rows, row)
	}
	return rows
}

func overRuns(all []Named) bool {
	for _, n := range all {
		if len(n.Runs) > 1 {
			return true
		}
	}
	return false
}

// aRun is the mean of a run with its interval.
func (n *Named) aRun() []string {
	if len(n.Runs) < 2 {
		return []string{words.None, words.None}
	}
	mean := stats.MeanOfAmounts(n.Runs)
	text := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) + n.Unit }
	if !mean.Known {
		return []string{text(mean.Mean), words.None}
	}
	return []string{text(mean.Mean), text(mean.Low) + " to " + text(mean.High)}
}

// counted names a count of the pooled runs; ok is false where it is 0.
func counted(runs []result.Run, name string, of func(*result.Run) uint64) (n Named, ok bool) {
	var sum uint64
	n.Name = name
	for i := range runs {
		one := of(&runs[i])
		sum += one
		n.Runs = append(n.Runs, float64(one))
	}
	n.Value = words.Count(sum)
	return n, sum > 0
}

// Counts are the figures that the narrative names: how often what happened, all
// runs together. What never happened is left out.
func Counts(set *result.Set, s summary.Summary) []Named {
	runs := summary.Pool(set).Runs
	var list []Named
	add := func(name string, of func(*result.Run) uint64) {
		if n, ok := counted(runs, name, of); ok {
			list = append(list, n)
		}
	}
	addSides := func(name string, of func(*result.Run) [2]uint64) {
		for side, is := range words.Sides {
			add(name+" "+words.Side(is), func(r *result.Run) uint64 { return of(r)[side] })
		}
	}
	longest := func(name string, of func(*result.Run) time.Duration) {
		var most time.Duration
		for i := range runs {
			most = max(most, of(&runs[i]))
		}
		if most > 0 {
			list = append(list, Named{Name: name, Value: words.Duration(most)})
		}
	}
	if s.Scenario.Mode == "live" {
		add("user transactions committed", func(r *result.Run) uint64 { return r.Totals.Transactions[0] + r.Totals.Transactions[1] })
	}
	addSides("user transactions committed in", func(r *result.Run) [2]uint64 { return r.Totals.Transactions })
	made := "captured changes"
	if s.Copies() {
		made = "changes"
	}
	add(made, func(r *result.Run) uint64 { return r.Totals.Captured })
	add("live changes", func(r *result.Run) uint64 { return r.Totals.Live })
	if s.Pooled.Totals.Captured > 0 && s.Pooled.Totals.Live > 0 {
		add("changes of both kinds", func(r *result.Run) uint64 { return r.Totals.Captured + r.Totals.Live })
	}
	for i := range s.Runs {
		if r := &s.Runs[i]; r.Incomplete != "" && len(s.Runs) == 1 {
			list = append(list, Named{Name: "length of what was run", Value: words.Duration(r.End.Duration())})
		}
	}
	for _, p := range s.Scenario.Planted {
		name, _, _ := strings.Cut(p, "=")
		n := 0
		for i := range s.Runs {
			n += firedIn(&s.Runs[i], name)
		}
		list = append(list, Named{Name: "fired: " + name, Value: words.Count(n)})
	}
	if n := len(s.Pooled.Maps); n > 0 {
		list = append(list, Named{Name: "table maps", Value: words.Count(n)})
	}
	addCopied(s, add)
	addInitial(add)
	if spans := initialSpans(set); len(spans) > 0 {
		list = append(list, Named{Name: "initial sync took", Value: words.Between(words.Duration(slices.Min(spans)), words.Duration(slices.Max(spans)))})
	}
	add("alerts", func(r *result.Run) uint64 { return uint64(len(r.Alerts)) })
	add("pairs compared", func(r *result.Run) uint64 { return r.Totals.Compared })
	add("pairs that differed", func(r *result.Run) uint64 { return r.Totals.Drift })
	add("tried again", func(r *result.Run) uint64 { return r.Totals.Retries })
	add("writes refused, the row had changed", func(r *result.Run) uint64 { return r.Totals.ConditionFailed })
	add("writes that landed late", func(r *result.Run) uint64 { return r.Totals.LateLandings })
	add("crashes of the engine", func(r *result.Run) uint64 { return r.Totals.Crashes })
	for _, t := range s.Pooled.Throttled {
		add(fmt.Sprintf("answered 429 by %s, %s", words.Side(t.Side), t.Why), func(r *result.Run) (n uint64) {
			for _, x := range r.Throttled {
				if x.Side == t.Side && x.Why == t.Why {
					n += x.Count
				}
			}
			return n
		})
	}
	for _, name := range summary.Classes {
		add("references that ended: "+name, func(r *result.Run) (n uint64) {
			for _, o := range r.Outcomes {
				if o.Class == name {
					n += o.Count
				}
			}
			return n
		})
	}
	if l := s.Pooled.Live; l.Committed+l.Undone > 0 {
		addSaves(add)
	}
	longest("one side alone had committed, at most", func(r *result.Run) time.Duration { return r.Live.InDoubtMost })
	addSides("user transactions that met an outage in", func(r *result.Run) [2]uint64 { return r.Totals.TurnedAway })
	longest("wait for an outage to end, at most", func(r *result.Run) time.Duration { return r.Totals.OutageWaitMost })
	add("user transactions that failed", func(r *result.Run) uint64 { return r.Totals.Rejected })
	addSides("saves refused, the row had changed, in", func(r *result.Run) [2]uint64 { return r.Totals.StaleRefused })
	addSides("saves over changes not seen, in", func(r *result.Run) [2]uint64 { return r.Totals.Overwrote })
	return append(list, leftNamed(s.PooledRuns())...)
}

// addSaves adds how many saves went live, of those that committed and of those that
// failed.
func addSaves(add func(string, func(*result.Run) uint64)) {
	for _, fails := range []bool{false, true} {
		of := func(name string, of func(*result.SaveCount) uint64) {
			add(name, func(r *result.Run) (n uint64) {
				for i := range r.Saves {
					if s := &r.Saves[i]; summary.Fails(s.Ended) == fails {
						n += of(s)
					}
				}
				return n
			})
		}
		name, there := "saves that committed", "of them on both sides, live"
		if fails {
			name, there = "saves that failed", "of them while they went live"
		}
		of(name, func(s *result.SaveCount) uint64 { return s.Count })
		of(there, func(s *result.SaveCount) uint64 { return s.Live })
		if !fails {
			of("saves that committed and changed nothing that live sync carries", func(s *result.SaveCount) uint64 { return s.Count - s.Live })
		}
	}
}

// addCopied adds what the data integrator did.
func addCopied(s summary.Summary, add func(string, func(*result.Run) uint64)) {
	if s.Pooled.Copied == nil {
		return
	}
	of := func(name string, of func(*result.Copied) uint64) {
		add(name, func(r *result.Run) uint64 {
			if r.Copied == nil {
				return 0
			}
			return of(r.Copied)
		})
	}
	of("runs of projects", func(c *result.Copied) uint64 { return c.Runs })
	of("of them with warnings", func(c *result.Copied) uint64 { return c.Warnings })
	of("of them broken off", func(c *result.Copied) uint64 { return c.Broken })
	of("rows written", func(c *result.Copied) uint64 { return c.Rows })
	of("of them without a change", func(c *result.Copied) uint64 { return c.Echoes })
	of("rows that wait for the next run", func(c *result.Copied) uint64 { return c.Waiting })
	of("changes lost", func(c *result.Copied) uint64 { return c.Lost[0] + c.Lost[1] })
	of("changes missed", func(c *result.Copied) uint64 { return c.Missed[0] + c.Missed[1] })
	for side, is := range words.Sides {
		of("changes lost, made in "+words.Side(is), func(c *result.Copied) uint64 { return c.Lost[side] })
		of("changes missed, made in "+words.Side(is), func(c *result.Copied) uint64 { return c.Missed[side] })
	}
}

// addInitial adds what initial sync carried.
func addInitial(add func(string, func(*result.Run) uint64)) {
	of := func(name string, of func(*result.Leg) uint64) {
		add("initial sync, "+name, func(r *result.Run) (n uint64) {
			for i := range r.Initial {
				n += of(&r.Initial[i])
			}
			return n
		})
	}
	where := func(is bool) uint64 {
		if is {
			return 1
		}
		return 0
	}
	of("legs", func(*result.Leg) uint64 { return 1 })
	of("legs not over", func(l *result.Leg) uint64 { return where(!l.Over()) })
	of("legs cut", func(l *result.Leg) uint64 { return where(l.Stage == "cut") })
	of("records", func(l *result.Leg) uint64 { return l.Rows })
	of("written", func(l *result.Leg) uint64 { return l.Written })
	of("alike already", func(l *result.Leg) uint64 { return l.Unchanged })
	of("lost to the primary's", func(l *result.Leg) uint64 { return l.Lost })
	of("waiting for an operator", func(l *result.Leg) uint64 { return l.Errors })
}
