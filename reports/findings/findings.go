// Package findings turns figures into the sentences that reports say: the
// verdict, the titles of plots and what happened in a run. Each sentence is
// computed from the data, so that a title cannot claim what its plot does not
// show; what cannot be known is said to be unknown.
package findings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Verdict says which properties hold.
func Verdict(s summary.Summary) string {
	if len(s.Runs) == 0 {
		return "Nothing was run, so nothing is known."
	}
	ps := s.Pooled.Properties
	in := ""
	if n := s.Executed.Started; n > 1 {
		in = fmt.Sprintf(" in %d runs", n)
		if c := s.Executed.Complete; c < n {
			in = fmt.Sprintf(" in %d runs (%s of them complete)", n, words.Count(c))
		}
	}
	if c := s.Pooled.Copied; c != nil {
		return unpromised(s, c, in)
	}
	var failed, unknown, idle []string
	for _, p := range ps {
		switch p.Verdict {
		case result.Pass:
		case result.NoOccasion:
			idle = append(idle, p.ID)
		case result.Fail:
			failed = append(failed, p.ID)
		default:
			unknown = append(unknown, p.ID)
		}
	}
	switch {
	case len(ps) == 0:
		return "No property was checked, so nothing is proved."
	case len(failed) > 0:
		return fmt.Sprintf("%s violated%s: %s.", some(len(failed), len(ps)), in, words.List(failed))
	case len(unknown) > 0:
		return fmt.Sprintf("Nothing was violated%s, but %s inconclusive: %s.", in, some(len(unknown), len(ps)), words.List(unknown))
	case s.Executed.Complete < s.Executed.Started:
		return fmt.Sprintf("Nothing was violated%s, but not every run came to its end.", in)
	}
	switch held := len(ps) - len(idle); {
	case held == 0:
		return fmt.Sprintf("Nothing came up%s that a property speaks of, so nothing is proved.", in)
	case len(idle) > 0:
		return fmt.Sprintf("%s%s; nothing came up for %s.", hold(held), in, words.List(idle))
	default:
		return hold(held) + in + "."
	}
}

// hold says that so many properties hold.
func hold(n int) string {
	if n == 1 {
		return "The one property that was checked holds"
	}
	return fmt.Sprintf("All %d properties hold", n)
}

// unpromised says what a mode that promises nothing did to users' changes.
func unpromised(s summary.Summary, c *summary.Copied, in string) string {
	text := fmt.Sprintf("The data integrator promises nothing, so no property was judged. It lost %s and missed %s%s.",
		words.Counted(c.Lost[0]+c.Lost[1], "change", "changes"), words.Count(c.Missed[0]+c.Missed[1]), in)
	if len(s.Expectations) == 0 {
		text += " The scenario expects nothing, so there is no verdict."
	}
	return text
}

// Interruption says how much of an interrupted execution is there; empty if it
// was not interrupted.
func Interruption(s summary.Summary) string {
	e := s.Executed
	if !e.Interrupted {
		return ""
	}
	text := fmt.Sprintf("INTERRUPTED: %s of %s complete", words.Count(e.Complete), words.Counted(e.Asked, "run", "runs"))
	if e.Complete == 0 && e.Started > 0 {
		text += "; the figures are of runs that were cut short"
	}
	return text
}

// Stopped says when and why runs ended early without having been interrupted;
// empty if none did.
func Stopped(set *result.Set) string {
	n := 0
	var first *result.Run
	for i := range set.Runs {
		r := &set.Runs[i]
		if r.Incomplete == "" || summary.Interrupted(r.Incomplete) {
			continue
		}
		n++
		if first == nil || r.End < first.End {
			first = r
		}
	}
	if first == nil {
		return ""
	}
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	when := clock.Minute(first.End) + " because " + first.Incomplete
	if len(set.Runs) == 1 {
		return "stopped at " + when
	}
	return fmt.Sprintf("%s of %d runs stopped early, the first at %s", words.Count(n), len(set.Runs), when)
}

// Panics says what broke in the runs that a broken rule of the simulation has
// ended, the same only once.
func Panics(s summary.Summary) (list []string) {
	for _, r := range s.Runs {
		what, _, _ := strings.Cut(r.Panic, "\n")
		if r.Panic != "" && !slices.Contains(list, what) {
			list = append(list, what)
		}
	}
	for i, what := range list {
		list[i] = "Broken inside: " + what + ". This is a fault of twinwrite, and says nothing of the scenario."
	}
	return list
}

// Planted names the bugs that were planted on purpose and how often each fired.
func Planted(s summary.Summary) []string {
	var out []string
	for _, p := range s.Scenario.Planted {
		name, _, _ := strings.Cut(p, "=")
		n := 0
		for i := range s.Runs {
			n += firedIn(&s.Runs[i], name)
		}
		text := "bug planted: " + p + "; never fired"
		if n > 0 {
			text = fmt.Sprintf("bug planted: %s; fired %s", p, times(uint64(n)))
		}
		out = append(out, text)
	}
	return out
}

// firedIn is how often a failpoint fired in a run.
func firedIn(r *summary.Run, name string) (n int) {
	for _, f := range r.Fired {
		fired, times, ok := strings.Cut(f, " x")
		if k, err := strconv.Atoi(times); ok && err == nil && fired == name {
			n += k
		}
	}
	return n
}

// FirstViolation is the earliest breach that was kept, with its property.
func FirstViolation(s summary.Summary) (p summary.Property, v summary.Violation, ok bool) {
	for _, q := range s.Pooled.Properties {
		for _, w := range q.Examples {
			if q.Verdict == result.Fail && (!ok || w.At < v.At) {
				p, v, ok = q, w, true
			}
		}
	}
	return p, v, ok
}

// Violations writes how often a property was broken. One test can find several
// breaches, so the number of tests would mislead beside it.
func Violations(n uint64) string { return words.Counted(n, "violation", "violations") }

// some of all properties, with the verb that fits.
func some(n, all int) string {
	verb := "are"
	if n == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s", n, words.Counted(all, "property", "properties"), verb)
}

// Convergence says how fast changes converge.
func Convergence(s summary.Summary) string {
	text := convergence(s)
	if n := s.Pooled.Thinned.Convergence; n > 1 && s.Pooled.Convergence[0].N > 0 {
		text += " (of " + words.Every(n) + " change)"
	}
	return text
}

func convergence(s summary.Summary) string {
	all := s.Pooled.Convergence[0]
	switch {
	case all.N == 0:
		return noChange(s) + ", so there is no convergence to show"
	case s.Pooled.Totals.Captured == 0 && s.Pooled.Totals.Live > 0 && all.Censored == 0 && all.N == 1:
		return "Live sync commits both sides: one of them alone has the only change for " + words.Duration(all.At("max").Value)
	case s.Pooled.Totals.Captured == 0 && s.Pooled.Totals.Live > 0 && all.Censored == 0:
		return fmt.Sprintf("Live sync commits both sides: one of them alone has a change for at most %s in half of the cases, %s in 99 %%",
			words.Quantile(all.At("p50")), words.Quantile(all.At("p99")))
	case all.N == 1 && all.Censored == 0:
		return "The only change converged in " + words.Duration(all.At("max").Value)
	case all.N == all.Censored:
		return fmt.Sprintf("None of %s converged before the run ended", words.Counted(all.N, "change", "changes"))
	}
	p50, p99 := all.At("p50"), all.At("p99")
	if p50.Censored {
		return fmt.Sprintf("More than half of the changes never converged: %s of %s", words.Count(all.Censored), words.Count(all.N))
	}
	if longest := all.At("max"); longest == p50 {
		return fmt.Sprintf("All %s changes converge within %s", words.Count(all.N), words.Duration(p50.Value))
	}
	text := "Half of the changes converge within " + words.Duration(p50.Value)
	if !p99.Censored {
		text += ", 99 % within " + words.Duration(p99.Value)
	}
	if all.Censored > 0 {
		text += fmt.Sprintf("; %s never did", words.Count(all.Censored))
	}
	return text
}

// Thinned says of which changes and saves the times were kept; empty where all were.
// Counts of outcomes, saves and pairs are of all in any case.
func Thinned(s summary.Summary) string {
	var parts []string
	if n := s.Pooled.Thinned.Convergence; n > 1 {
		parts = append(parts, "of "+words.Every(n)+" change")
	}
	if n := s.Pooled.Thinned.Waits; n > 1 {
		parts = append(parts, "of "+words.Every(n)+" save")
	}
	return words.List(parts)
}

// Outcomes says how the references ended.
func Outcomes(s summary.Summary) string {
	var all, synced, waiting uint64
	failed := map[string]uint64{}
	for _, o := range s.Pooled.Outcomes {
		all += o.Count
		switch o.Class {
		case "synced", "no-op":
			synced += o.Count
		case "parked", "open":
			waiting += o.Count
		default:
			failed[o.Class] += o.Count
		}
	}
	if all == 0 {
		return "No reference was processed"
	}
	if synced == all {
		if all == 1 {
			return "The only reference reached the other side or needed no write"
		}
		return fmt.Sprintf("All %s references reached the other side or needed no write", words.Count(all))
	}
	text := fmt.Sprintf("%s of %s reached the other side or needed no write", words.Share(synced, all), words.Counted(all, "reference", "references"))
	most := ""
	for _, class := range summary.Classes { // in a fixed order
		if failed[class] > failed[most] {
			most = class
		}
	}
	if waiting > failed[most] {
		return text + "; " + words.Counted(waiting, "has not ended", "have not ended")
	}
	return text + fmt.Sprintf("; the largest group that did not: %s %s", words.Count(failed[most]), Class(most, failed[most]))
}

// OutcomesNamed are the figures of [Outcomes] and of what did not arrive.
func OutcomesNamed(s summary.Summary) []Named {
	runs := s.PooledRuns()
	of := func(r *summary.Run, classes ...string) (n uint64) {
		for _, o := range r.Outcomes {
			if len(classes) == 0 || slices.Contains(classes, o.Class) {
				n += o.Count
			}
		}
		return n
	}
	all := Named{Name: "references"}
	share := Named{Name: "of them reached the other side or needed no write", Unit: " %"}
	var sum, arrived uint64
	for i := range runs {
		n, good := of(&runs[i]), of(&runs[i], "synced", "no-op")
		sum, arrived = sum+n, arrived+good
		all.Runs = append(all.Runs, float64(n))
		if n > 0 {
			share.Runs = append(share.Runs, 100*float64(good)/float64(n))
		}
	}
	if sum == 0 {
		return nil
	}
	all.Value, share.Value = words.Count(sum), words.Share(arrived, sum)
	list := []Named{all, share}
	for _, group := range [][]string{{"concurrency"}, {"conflict"}, {"application"}, {"system"}, {"dismissed"}, {"parked", "open"}} {
		n := Named{Name: words.List(group)}
		var sum uint64
		for i := range runs {
			one := of(&runs[i], group...)
			sum += one
			n.Runs = append(n.Runs, float64(one))
		}
		if n.Value = words.Count(sum); sum > 0 {
			list = append(list, n)
		}
	}
	return list
}

// Class names an outcome class with its noun, for a count of n.
func Class(class string, n uint64) string {
	switch class {
	case "application", "system", "concurrency", "conflict":
		if n == 1 {
			return class + " failure"
		}
		return class + " failures"
	default:
		return class
	}
}

// Followed are the transactions that a report tells of: those of the scenario's
// spotlight, then those that were partly visible longest and yet became whole.
func Followed(s summary.Summary) []summary.Story {
	out := slices.Clone(s.Pooled.Stories)
	for _, t := range s.Pooled.Torn {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// PartlyVisible is the longest time that a transaction was partly visible
// before it became whole. The story is the one it belongs to, if it is known.
func PartlyVisible(s summary.Summary) (longest summary.Seconds, of summary.Story, known bool) {
	for _, m := range s.Pooled.Maps {
		longest = max(longest, m.PartlyVisibleMost)
	}
	for _, t := range Followed(s) {
		if !t.Censored && t.Synced > 0 && t.PartlyVisible > 0 && t.PartlyVisible >= longest {
			longest, of, known = t.PartlyVisible, t, true
		}
	}
	return longest, of, known
}

// NeverWhole says how many transactions never became whole, by table map: a
// transaction with records of two maps may count in both. Empty if all did.
func NeverWhole(s summary.Summary) string {
	var parts []string
	var n uint64
	for _, m := range s.Pooled.Maps {
		if m.NeverWhole > 0 {
			n = m.NeverWhole
			parts = append(parts, words.Count(n)+" in "+m.Map)
		}
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return words.Count(n) + " never became whole"
	default:
		return words.List(parts) + " never became whole"
	}
}

// Torn says how long source transactions stay partly visible, of those that
// reports tell of.
func Torn(s summary.Summary) string {
	stories := Followed(s)
	if len(stories) == 0 {
		return "No source transaction was followed"
	}
	var whole, broken summary.Story
	for _, t := range stories {
		switch {
		case t.Synced == 0 || t.Censored:
			if broken.Records < t.Records {
				broken = t
			}
		case t.PartlyVisible > whole.PartlyVisible || whole.Records == 0:
			whole = t
		}
	}
	text := ""
	if broken.Records > 0 {
		title, there := Capital(broken.Title), words.Other(broken.Side)
		text = fmt.Sprintf("%s never becomes whole on %s: %s of %s records are there", title, there, words.Count(broken.Synced), words.Count(broken.Records))
		if broken.Synced == 0 {
			text = fmt.Sprintf("%s was not seen on %s before the run ended", title, there)
		}
	}
	switch {
	case whole.PartlyVisible > 0:
		longest, _, _ := PartlyVisible(s)
		if text != "" {
			return fmt.Sprintf("%s; %s is partly visible for %s", text, whole.Title, words.Duration(whole.PartlyVisible.Duration()))
		}
		if whole.PartlyVisible >= longest && len(s.Pooled.Torn) > 0 {
			return fmt.Sprintf("No transaction that became whole was partly visible longer than %s: %s on %s", whole.Title, words.Duration(whole.PartlyVisible.Duration()), words.Other(whole.Side))
		}
		return fmt.Sprintf("%s is partly visible on %s for %s", Capital(whole.Title), words.Other(whole.Side), words.Duration(whole.PartlyVisible.Duration()))
	case text != "":
		return text
	default:
		return "No source transaction that was followed is ever partly visible"
	}
}

// Capital writes the first letter of text large.
func Capital(text string) string {
	if text == "" {
		return text
	}
	r := []rune(text)
	return strings.ToUpper(string(r[0])) + string(r[1:])
}
