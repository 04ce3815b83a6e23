package findings

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// initialSync tells what was copied before maps ran, how long that took, and
// where it stopped short.
func initialSync(set *result.Set, clock words.Clock) []timedEvent {
	var sum result.Leg
	var legs, over, cut, runs int
	for i := range set.Runs {
		var from time.Duration
		for _, l := range set.Runs[i].Initial {
			legs++
			sum.Rows, sum.Written, sum.Unchanged = sum.Rows+l.Rows, sum.Written+l.Written, sum.Unchanged+l.Unchanged
			sum.Lost, sum.Errors = sum.Lost+l.Lost, sum.Errors+l.Errors
			if l.Stage == "cut" {
				cut++
			}
			if !l.Over() {
				continue
			}
			over++
			if from == 0 || l.Began < from {
				from = l.Began
			}
		}
		if len(set.Runs[i].Initial) == 0 {
			continue
		}
		runs++
		if sum.Began == 0 || from < sum.Began {
			sum.Began = from
		}
	}
	if legs == 0 {
		return nil
	}
	in := ""
	if len(set.Runs) > 1 {
		in = " in " + ofRuns(runs, len(set.Runs))
	}
	text := fmt.Sprintf("%s of initial sync went through %s%s: %s written, %s alike on both sides already, %s lost to the primary's, %s waiting for an operator.",
		words.Counted(legs, "leg", "legs"), words.Counted(sum.Rows, "record", "records"), in,
		words.Count(sum.Written), words.Count(sum.Unchanged), words.Count(sum.Lost), words.Count(sum.Errors))
	if spans := initialSpans(set); len(spans) > 0 {
		text += fmt.Sprintf(" It took %s.", words.Between(words.Duration(slices.Min(spans)), words.Duration(slices.Max(spans))))
	}
	if n := legs - over; n > 0 {
		text += fmt.Sprintf(" %s not over when the run ended.", words.Counted(n, "leg was", "legs were"))
	}
	if cut > 0 {
		text += fmt.Sprintf(" %s cut at the most records that one may carry: the others were left.", words.Counted(cut, "leg was", "legs were"))
	}
	return []timedEvent{{sum.Began, Event{When: clock.Minute(sum.Began), What: "Initial sync", Text: text}}}
}

// initialSpans are how long initial sync took in each run in which it came to its
// end.
func initialSpans(set *result.Set) (spans []time.Duration) {
	for i := range set.Runs {
		legs := set.Runs[i].Initial
		if len(legs) == 0 || slices.ContainsFunc(legs, func(l result.Leg) bool { return !l.Over() }) {
			continue
		}
		from, to := legs[0].Began, legs[0].Ended
		for _, l := range legs[1:] {
			from, to = min(from, l.Began), max(to, l.Ended)
		}
		spans = append(spans, to-from)
	}
	return spans
}

// alertsMost is how many alerts of a run are told one by one.
const alertsMost = 3

// alerts tells what people were told of, and what was done besides.
func alerts(set *result.Set, clock words.Clock) []timedEvent {
	if len(set.Runs) == 1 && len(set.Runs[0].Alerts) <= alertsMost {
		var events []timedEvent
		for _, a := range set.Runs[0].Alerts {
			events = append(events, timedEvent{a.At, Event{When: clock.Minute(a.At), What: "Alert", Text: Alert(a)}})
		}
		return events
	}
	var first *result.Alert
	n, runs := 0, 0
	for i := range set.Runs {
		all := set.Runs[i].Alerts
		if len(all) == 0 {
			continue
		}
		runs++
		n += len(all)
		if first == nil || all[0].At < first.At {
			first = &all[0]
		}
	}
	if n == 0 {
		return nil
	}
	text := fmt.Sprintf("%s raised. The first: %s", words.Counted(n, "alert was", "alerts were"), Alert(*first))
	if len(set.Runs) > 1 {
		text = fmt.Sprintf("%s raised in %s. The first: %s", words.Counted(n, "alert was", "alerts were"), ofRuns(runs, len(set.Runs)), Alert(*first))
	}
	return []timedEvent{{first.At, Event{When: clock.Minute(first.At), What: "Alerts", Text: text}}}
}

// Alert says why an alert was raised and what was done.
func Alert(a result.Alert) string {
	text := fmt.Sprintf("The job %s had %s within %s", a.Job, words.Counted(a.Count, "failure", "failures"), words.Duration(a.Within))
	if a.Class != "" {
		text += fmt.Sprintf(" (the last: %s)", strings.TrimSpace(a.Class+" "+a.Reason))
	}
	switch a.Action {
	case "pause":
		return text + ", and was paused."
	case "stop":
		return text + ", and was stopped."
	}
	return text + "; people were told."
}

// compared tells what the last resync or comparison found.
func compared(s summary.Summary) Event {
	t := s.Pooled.Totals
	if t.Compared == 0 {
		return Event{}
	}
	return Event{What: "Both sides compared", Text: fmt.Sprintf("Of %s, %s although nothing was queued for them.",
		words.Counted(t.Compared, "pair", "pairs"), words.Counted(t.Drift, "differed", "differed"))}
}
