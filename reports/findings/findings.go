// Package findings turns figures into the sentences that reports say: the
// verdict, the titles of plots and what happened in a run. Each sentence is
// computed from the data, so that a title cannot claim what its plot does not
// show; what cannot be known is said to be unknown.
package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Verdict is the sentence that a report begins with.
func Verdict(s summary.Summary) string {
	if len(s.Runs) == 0 {
		return "Nothing was run, so nothing is known."
	}
	ps := s.Pooled.Properties
	in := ""
	if n := len(s.Runs); n > 1 {
		in = fmt.Sprintf(" in %d runs", n)
	}
	var failed, unknown []string
	for _, p := range ps {
		switch p.Verdict {
		case result.Pass:
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
	case s.Verdict != result.Pass:
		return fmt.Sprintf("Nothing was violated%s, but not every run came to its end.", in)
	}
	if len(ps) == 1 {
		return fmt.Sprintf("The one property that was checked holds%s; %s.", in, leftOver(s))
	}
	return fmt.Sprintf("All %d properties hold%s; %s.", len(ps), in, leftOver(s))
}

// some of all properties, with the verb that fits.
func some(n, all int) string {
	verb := "are"
	if n == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%d of %s %s", n, words.Counted(all, "property", "properties"), verb)
}

// leftOver says what is still to do at the end.
func leftOver(s summary.Summary) string {
	var parked, blocked, open uint64
	for _, m := range s.Pooled.Maps {
		parked += m.Parked
		blocked += m.Blocked
		open += m.Open
	}
	var parts []string
	if parked > 0 {
		parts = append(parts, words.Counted(parked, "pair is", "pairs are")+" on the error desk")
	}
	if blocked > 0 {
		parts = append(parts, words.Counted(blocked, "pair waits", "pairs wait")+" behind one")
	}
	if open > 0 {
		parts = append(parts, words.Counted(open, "pair is", "pairs are")+" still queued")
	}
	if len(parts) == 0 {
		return "nothing is left on the error desk or in the queue"
	}
	left := words.List(parts)
	if len(s.Runs) > 1 {
		left += ", all runs together"
	}
	return left
}

// Convergence says how fast changes converge.
func Convergence(s summary.Summary) string {
	all := s.Pooled.Convergence[0]
	switch {
	case all.N == 0:
		return "No change was captured, so there is no convergence to show"
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

// Torn says how long source transactions stay partly visible.
func Torn(s summary.Summary) string {
	stories := s.Pooled.Stories
	if len(stories) == 0 {
		return "No source transaction was followed"
	}
	long := slices.MaxFunc(stories, func(a, b summary.Story) int { return cmp.Compare(a.PartlyVisible, b.PartlyVisible) })
	title, there := Capital(long.Title), words.Other(long.Side)
	switch {
	case long.Synced == 0:
		return fmt.Sprintf("%s was not seen on %s before the run ended", title, there)
	case long.Censored:
		return fmt.Sprintf("%s never becomes whole on %s: %s of %s records are there", title, there, words.Count(long.Synced), words.Count(long.Records))
	case long.PartlyVisible == 0:
		return "No source transaction that was followed is ever partly visible"
	default:
		return fmt.Sprintf("%s is partly visible on %s for %s", title, there, words.Duration(long.PartlyVisible.Duration()))
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
