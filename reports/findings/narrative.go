package findings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Event is one paragraph of what happened.
type Event struct {
	When string // time of day; empty for what concerns the whole run
	What string // a few words
	Text string // one or more sentences
}

// liveMost is the documented limit of live sync: records in one transaction
// from F&O to Dataverse.
const liveMost = 1000

// Narrative tells what happened: the load, each fault and its recovery, the
// largest transaction, then what is left for people and what the engine
// resolved by itself.
// Faults and transactions are told in the order of time, and only for a single
// run, where times are definite.
func Narrative(set *result.Set, s summary.Summary) []Event {
	if len(s.Runs) == 0 {
		return nil
	}
	events := []Event{load(set, s)}
	if len(set.Runs) == 1 {
		events = append(events, faultsAndStory(set, s)...)
	}
	for _, e := range []Event{desk(s), retries(s), conflicts(s), superseded(s), users(s)} {
		if e.Text != "" {
			events = append(events, e)
		}
	}
	return events
}

func load(set *result.Set, s summary.Summary) Event {
	t := s.Pooled.Totals
	e := Event{What: "The load"}
	if len(set.Runs) == 1 {
		e.When = words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain).Minute(0)
	}
	over := "Over " + words.Duration(set.Scenario.Length)
	if n := len(set.Runs); n > 1 {
		over = fmt.Sprintf("In %d runs of %s", n, words.Duration(set.Scenario.Length))
	}
	if t.Captured == 0 {
		e.Text = over + " no change was captured."
		return e
	}
	e.Text = fmt.Sprintf("%s, users committed %s in F&O and %s in Dataverse; %s captured in %s.",
		over, words.Counted(t.Transactions[0], "transaction", "transactions"), words.Count(t.Transactions[1]),
		words.Counted(t.Captured, "change was", "changes were"), words.Counted(len(s.Pooled.Maps), "table map", "table maps"))
	return e
}

func faultsAndStory(set *result.Set, s summary.Summary) []Event {
	type timed struct {
		at summary.Seconds
		Event
	}
	var events []timed
	r := &set.Runs[0]
	clock := words.NewClock(set.Scenario.Start, max(r.End, set.Scenario.Length))
	recoveries := Recoveries(set.Scenario, r)
	for _, f := range set.Scenario.Faults {
		e := Event{When: clock.Minute(f.From), What: Capital(FaultLabel(f))}
		i := slices.IndexFunc(recoveries, func(rec Recovery) bool { return rec.Fault == f })
		if i < 0 {
			e.Text = "No backlog was measured, so its effect is not known."
		} else {
			e.Text = recovery(recoveries[i], clock)
		}
		events = append(events, timed{summary.Seconds(f.From), e})
	}
	if big, ok := largest(s.Pooled.Stories); ok {
		events = append(events, timed{big.Committed, Event{
			When: clock.Minute(big.Committed.Duration()), What: Capital(big.Title), Text: Story(big, clock),
		}})
	}
	slices.SortStableFunc(events, func(a, b timed) int { return int(min(1, max(-1, a.at-b.at))) })
	out := make([]Event, len(events))
	for i, e := range events {
		out[i] = e.Event
	}
	return out
}

func recovery(rec Recovery, clock words.Clock) string {
	if rec.Peak <= rec.Before {
		return "The backlog did not rise."
	}
	text := fmt.Sprintf("The backlog rose from %s to %s at %s", words.Count(int64(rec.Before)),
		words.Counted(int64(rec.Peak), "reference", "references"), clock.Second(rec.PeakAt))
	switch {
	case !rec.Known:
		return text + " and had not recovered when the run ended."
	case rec.Recovered == rec.Fault.To:
		return text + "; 95 % of that was worked off when the fault ended."
	default:
		return text + fmt.Sprintf("; 95 %% of that was worked off by %s, %s after the fault ended.",
			clock.Second(rec.Recovered), words.Duration(rec.Recovered-rec.Fault.To))
	}
}

// largest story by records; the first of equals.
func largest(stories []summary.Story) (summary.Story, bool) {
	var big summary.Story
	for _, s := range stories {
		if s.Records > big.Records {
			big = s
		}
	}
	return big, big.Records > 0
}

// Story tells of one source transaction in a sentence or two.
func Story(s summary.Story, clock words.Clock) string {
	text := fmt.Sprintf("%s committed in %s at %s. ", words.Counted(s.Records, "record", "records"), words.Side(s.Side), clock.Second(s.Committed.Duration()))
	if s.Synced == 0 {
		return text + "None was seen on the other side before the run ended."
	}
	text += fmt.Sprintf("The first was visible on %s %s later", words.Other(s.Side), words.Duration((s.FirstSeen - s.Committed).Duration()))
	spread := words.Duration((s.LastSeen - s.FirstSeen).Duration())
	switch {
	case s.Censored:
		text += fmt.Sprintf(", the last that came %s after that. %s of %s never did, so the transaction stays visible only in part.",
			spread, words.Count(s.Records-s.Synced), words.Count(s.Records))
	case s.PartlyVisible == 0:
		text += ", and all of it at once."
	default:
		text += fmt.Sprintf(", the last one %s after that: for so long a reader there saw part of the transaction.", spread)
	}
	if s.Side == "finops" && s.Records > liveMost {
		text += fmt.Sprintf(" Live sync would have refused it: it takes at most %s records in one transaction.", words.Count(liveMost))
	}
	return text
}

// class counts the references of one class over all maps.
func class(s summary.Summary, name string) uint64 {
	var n uint64
	for _, o := range s.Pooled.Outcomes {
		if o.Class == name {
			n += o.Count
		}
	}
	return n
}

func retries(s summary.Summary) Event {
	t := s.Pooled.Totals
	var parts []string
	if t.Retries > 0 {
		parts = append(parts, fmt.Sprintf("The engine tried again %s.", times(t.Retries)))
	}
	if t.ConditionFailed > 0 {
		parts = append(parts, fmt.Sprintf("%s refused because the row had changed since it was read, and decided again.",
			words.Counted(t.ConditionFailed, "write was", "writes were")))
	}
	if t.LateLandings > 0 {
		parts = append(parts, fmt.Sprintf("%s after the engine had given up waiting; its next read of the pair saw them.",
			words.Counted(t.LateLandings, "write landed", "writes landed")))
	}
	if t.Crashes > 0 {
		parts = append(parts, fmt.Sprintf("The engine crashed %s and went on from what it had saved.", times(t.Crashes)))
	}
	return Event{What: "Tried again", Text: strings.Join(parts, " ")}
}

func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return words.Count(n) + " times"
}

func superseded(s summary.Summary) Event {
	n := class(s, "concurrency")
	if n == 0 {
		return Event{}
	}
	return Event{What: "Superseded", Text: fmt.Sprintf(
		"%s ended as concurrency failure: the record had changed again, or was gone, when its turn came. What was done to it later is what counts.",
		words.Counted(n, "reference", "references"))}
}

func conflicts(s summary.Summary) Event {
	n := class(s, "conflict")
	if n == 0 {
		return Event{}
	}
	return Event{What: "Both sides edited", Text: fmt.Sprintf(
		"%s lost to the primary (%s). Such losses never appear on the sync-errors list; only the back-end table holds them.",
		words.Counted(n, "change", "changes"), s.Scenario.Primary)}
}

func desk(s summary.Summary) Event {
	if len(s.Pooled.Errors) == 0 {
		return Event{}
	}
	var n uint64
	for _, e := range s.Pooled.Errors {
		n += e.Count
	}
	top := s.Pooled.Errors[0]
	cause := strings.TrimRight(top.Message, ".")
	if cause == "" {
		cause = top.Reason
	}
	return Event{What: "For the error desk", Text: fmt.Sprintf("%s on the sync-errors list, most often (%s) on %s: “%s”.",
		words.Counted(n, "reference is", "references are"), words.Count(top.Count), top.Map, cause)}
}

func users(s summary.Summary) Event {
	t := s.Pooled.Totals
	var parts []string
	if t.Rejected > 0 {
		parts = append(parts, fmt.Sprintf("%s before commit.", words.Counted(t.Rejected, "user transaction failed", "user transactions failed")))
	}
	if t.Overwritten > 0 {
		parts = append(parts, fmt.Sprintf("%s refused or redone because the row had changed meanwhile.", words.Counted(t.Overwritten, "user edit was", "user edits were")))
	}
	return Event{What: "What users felt", Text: strings.Join(parts, " ")}
}
