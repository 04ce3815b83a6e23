package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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
// stretches in which the engine held back, the largest transaction, then what
// is left for people and what the engine resolved by itself.
//
// Of several runs the times are those of the scenario, and what followed is
// given as a range over the runs that figures are pooled of.
func Narrative(set *result.Set, s summary.Summary) []Event {
	if len(s.Runs) == 0 {
		return nil
	}
	set = summary.Pool(set)
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	events := []Event{load(set, s, clock)}
	timed := faultsOver(set, clock)
	if len(set.Runs) == 1 {
		timed = faults(set, clock)
	}
	timed = append(timed, pauses(set, clock)...)
	timed = append(timed, fulls(set, clock)...)
	timed = append(timed, carried(s, clock)...)
	timed = append(timed, initialSync(set, clock)...)
	timed = append(timed, alerts(set, clock)...)
	slices.SortStableFunc(timed, func(a, b timedEvent) int { return cmp.Compare(a.at, b.at) })
	for _, t := range timed {
		events = append(events, t.Event)
	}
	for _, e := range []Event{integrator(set), compared(s), desk(s), retries(s), throttled(s), conflicts(s), superseded(s), live(s), users(s)} {
		if e.Text != "" {
			events = append(events, e)
		}
	}
	return events
}

func load(set *result.Set, s summary.Summary, clock words.Clock) Event {
	t := s.Pooled.Totals
	e := Event{What: "The load", When: clock.Minute(0)}
	length := set.Scenario.Length
	over := "Over " + words.Duration(length)
	switch n := len(set.Runs); {
	case n > 1:
		over = fmt.Sprintf("In %d runs of %s", n, words.Duration(length))
	case n == 1 && set.Runs[0].End < length:
		over = "In the " + words.Duration(set.Runs[0].End) + " that were run"
	}
	var how []string
	if t.Captured > 0 || t.Live == 0 {
		verb := " captured"
		if s.Copies() {
			verb = " made"
		}
		how = append(how, words.Counted(t.Captured, "change was", "changes were")+verb)
	}
	if t.Live > 0 {
		how = append(how, words.Counted(t.Live, "change", "changes")+" went live")
	}
	if t.Changes() == 0 {
		e.Text = over + " no change was made."
		return e
	}
	e.Text = fmt.Sprintf("%s, users committed %s in F&O and %s in Dataverse; %s in %s.",
		over, words.Counted(t.Transactions[0], "transaction", "transactions"), words.Count(t.Transactions[1]),
		words.List(how), words.Counted(len(s.Pooled.Maps), "table map", "table maps"))
	return e
}

// timedEvent is an event with its place in time.
type timedEvent struct {
	at time.Duration
	Event
}

func faults(set *result.Set, clock words.Clock) []timedEvent {
	var events []timedEvent
	r := &set.Runs[0]
	recoveries := Recoveries(r)
	for _, f := range Strikes(set.Scenario, r) {
		if !f.Due {
			continue
		}
		if !f.Struck {
			events = append(events, timedEvent{f.Planned.From, Event{
				When: clock.Minute(f.Planned.From), What: Capital(faultName(f.Planned)),
				Text: fmt.Sprintf("Armed for %s, never reached.", clock.Minute(f.Planned.From)),
			}})
			continue
		}
		e := Event{When: clock.Minute(f.Actual.From), What: Capital(FaultLabel(f.Actual)), Text: noBacklog(r)}
		if i := slices.IndexFunc(recoveries, func(rec Recovery) bool { return rec.Fault == f.Actual }); i >= 0 {
			e.Text = recovery(recoveries[i], clock)
		}
		events = append(events, timedEvent{f.Actual.From, e})
	}
	return events
}

// noBacklog says why nothing is told of the backlog that a fault made.
func noBacklog(r *result.Run) string {
	if r.Copied != nil {
		return "What this did to a backlog does not apply: the data integrator has no queue."
	}
	return "No backlog was measured, so its effect is not known."
}

func recovery(rec Recovery, clock words.Clock) string {
	crashed := rec.Fault.Kind == crash
	if rec.Peak <= rec.Before && (!crashed || rec.Waited == 0) {
		return "The backlog did not rise."
	}
	text := "The backlog did not rise"
	if rec.Peak > rec.Before {
		text = fmt.Sprintf("The backlog rose from %s to %s at %s", words.Count(int64(rec.Before)),
			words.Counted(int64(rec.Peak), "reference", "references"), clock.Second(rec.PeakAt))
	}
	after := " when the fault ended"
	if rec.Recovered > rec.Fault.To {
		after = fmt.Sprintf(" by %s, %s after the fault ended", clock.Second(rec.Recovered), words.Duration(rec.Recovered-rec.Fault.To))
	}
	switch {
	case !rec.Known:
		return text + " and had not recovered when the run ended."
	case crashed && rec.Waited == 1:
		return text + "; the change that had to wait had converged" + after + "."
	case crashed && rec.Waited > 1:
		return text + fmt.Sprintf("; all %s that had to wait had converged%s.", words.Counted(rec.Waited, "change", "changes"), after)
	default:
		return text + "; 95 % of that was worked off" + after + "."
	}
}

// faultsOver tells of each fault over several runs.
func faultsOver(set *result.Set, clock words.Clock) []timedEvent {
	var events []timedEvent
	for k, f := range set.Scenario.Faults {
		var peaks, backs []float64
		struck, due := 0, 0
		crashed := true
		for i := range set.Runs {
			r := &set.Runs[i]
			st := Strikes(set.Scenario, r)[k]
			if st.Due {
				due++
			}
			if !st.Struck {
				continue
			}
			struck++
			for _, rec := range Recoveries(r) {
				if rec.Fault != st.Actual {
					continue
				}
				peaks = append(peaks, rec.Peak)
				crashed = crashed && rec.Fault.Kind == crash && rec.Waited > 0
				if rec.Known {
					backs = append(backs, float64(rec.Recovered-rec.Fault.To))
				}
				break
			}
		}
		if due == 0 {
			continue
		}
		e := Event{When: clock.Minute(f.From), What: Capital(FaultLabel(f))}
		switch {
		case struck == 0:
			e.What = Capital(faultName(f))
			e.Text = fmt.Sprintf("Armed for %s, never reached in %s.", clock.Minute(f.From), words.Counted(len(set.Runs), "run", "runs"))
		case len(peaks) == 0:
			e.Text = noBacklog(&set.Runs[0])
		default:
			slices.Sort(peaks)
			slices.Sort(backs)
			if peaks[len(peaks)-1] == 0 {
				e.Text = fmt.Sprintf("Struck in %s. Nothing waited for the engine then.", ofRuns(struck, len(set.Runs)))
				break
			}
			e.Text = fmt.Sprintf("Struck in %s. The backlog peaked at %s references", ofRuns(struck, len(set.Runs)),
				words.Between(words.Count(int64(peaks[0])), words.Count(int64(peaks[len(peaks)-1]))))
			if len(backs) > 0 {
				what := "95 % of that was worked off"
				if crashed {
					what = "all changes that had to wait had converged"
				}
				e.Text += fmt.Sprintf("; %s %s after the fault ended, in %s", what,
					words.Between(words.Duration(time.Duration(backs[0])), words.Duration(time.Duration(backs[len(backs)-1]))),
					ofRuns(len(backs), len(set.Runs)))
			}
			if n := struck - len(backs); n > 0 {
				e.Text += fmt.Sprintf("; in %s it had not recovered when the run ended", words.Count(n))
			}
			e.Text += "."
		}
		events = append(events, timedEvent{f.From, e})
	}
	return events
}

// ofRuns says in how many runs of several something happened.
func ofRuns(n, all int) string {
	if n == all && n == 2 {
		return "both runs"
	}
	if n == all {
		return fmt.Sprintf("all %d runs", all)
	}
	return fmt.Sprintf("%d of %d runs", n, all)
}

// pausesMost is how many pauses of one side are told one by one.
const pausesMost = 2

// pauses tells when the breaker held the engine back.
func pauses(set *result.Set, clock words.Clock) []timedEvent {
	var events []timedEvent
	for _, side := range words.Sides {
		of, spans := pausesOf(set, side, Pauses)
		if len(of) == 0 {
			continue
		}
		e := Event{When: clock.Minute(of[0].From), What: "Sending paused"}
		switch {
		case len(set.Runs) > 1:
			e.Text = fmt.Sprintf("The engine paused sending to %s in %s, for %s a run (breaker).", words.Side(side), ofRuns(len(spans), len(set.Runs)),
				words.Between(words.Duration(spans[0]), words.Duration(spans[max(0, len(spans)-1)])))
		case len(of) > pausesMost:
			e.Text = fmt.Sprintf("From then on the engine paused sending to %s %s, for %s in all (breaker).", words.Side(side), times(uint64(len(of))), words.Duration(spans[0]))
		default:
			for _, p := range of {
				until := "to " + clock.Second(p.To)
				if p.Open {
					until = "on, to the end of the run"
				}
				events = append(events, timedEvent{p.From, Event{
					When: clock.Minute(p.From), What: "Sending paused",
					Text: fmt.Sprintf("The engine paused sending to %s from %s %s (breaker).", words.Side(side), clock.Second(p.From), until),
				}})
			}
			continue
		}
		events = append(events, timedEvent{of[0].From, e})
	}
	return events
}

// pausesOf lists the pauses of one side, and how long they were together in each run
// that had one, ascending.
func pausesOf(set *result.Set, side string, in func(*result.Run) []Pause) (of []Pause, spans []time.Duration) {
	for i := range set.Runs {
		var span time.Duration
		for _, p := range in(&set.Runs[i]) {
			if p.Side == side {
				of = append(of, p)
				span += p.To - p.From
			}
		}
		if span > 0 {
			spans = append(spans, span)
		}
	}
	slices.Sort(spans)
	return of, spans
}

// carried tells of the largest transaction in the spotlight, over all runs.
func carried(s summary.Summary, clock words.Clock) []timedEvent {
	big, ok := largest(s.Pooled.Stories)
	if !ok {
		return nil
	}
	e := Event{When: clock.Minute(big.Committed.Duration()), What: Capital(big.Title), Text: Story(big, clock)}
	if n := s.Executed.Pooled; n > 1 {
		e.Text = carriedOver(s, big, n, clock)
	}
	return []timedEvent{{big.Committed.Duration(), e}}
}

// carriedOver tells of one transaction of the scenario in all runs.
func carriedOver(s summary.Summary, big summary.Story, runs int, clock words.Clock) string {
	var spans, last []summary.Seconds
	there := 0
	for _, t := range s.Pooled.Stories {
		if t.Title != big.Title || t.Side != big.Side {
			continue
		}
		there++
		if !t.Censored && t.Synced > 0 {
			spans = append(spans, t.PartlyVisible)
			last = append(last, t.LastSeen-t.Committed)
		}
	}
	text := fmt.Sprintf("%s committed in %s at about %s. ", words.Counted(big.Records, "record", "records"), words.Side(big.Side), clock.Minute(big.Committed.Duration()))
	if len(spans) == 0 {
		return text + fmt.Sprintf("Never whole on %s in %s.", words.Other(big.Side), ofRuns(there, runs)) + refused(big)
	}
	slices.Sort(spans)
	slices.Sort(last)
	if last[len(last)-1] < 0 {
		return text + fmt.Sprintf("Live sync had written it whole to %s before, in %s.", words.Other(big.Side), ofRuns(len(spans), runs))
	}
	between := func(ss []summary.Seconds) string {
		return words.Between(words.Duration(ss[0].Duration()), words.Duration(ss[len(ss)-1].Duration()))
	}
	text += fmt.Sprintf("Carried whole to %s in %s, %s after the commit", words.Other(big.Side), ofRuns(len(spans), runs), between(last))
	if spans[len(spans)-1] > 0 {
		text += fmt.Sprintf("; a reader there saw a part of it for %s", between(spans))
	}
	return text + "." + refused(big)
}

// refused says whether live sync would have taken a transaction.
func refused(s summary.Story) string {
	if s.Side == "finops" && s.Records > liveMost {
		return fmt.Sprintf(" Live sync would have refused it: it takes at most %s records in one transaction.", words.Count(liveMost))
	}
	return ""
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
	if s.LastSeen < s.Committed {
		return text + fmt.Sprintf("Live sync had written all of it to %s %s before.", words.Other(s.Side), words.Duration((s.Committed-s.FirstSeen).Duration()))
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
	return text + refused(s)
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
	return Event{What: "Lost to the primary", Text: fmt.Sprintf(
		"%s lost to the primary (%s). Such losses never appear on the sync-errors list; only the back-end table holds them.",
		words.Counted(n, "change", "changes"), s.Scenario.Primary)}
}

// OnDesk tells whether an error of this class stays on the error desk until an
// operator acts; the other classes are listed for information.
func OnDesk(class string) bool { return class == "application" || class == "system" }

// ErrorText is what the list of sync errors says of e; some causes that need
// no action have no message of their own.
func ErrorText(e summary.Error) string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Reason == "superseded":
		return "a newer change of the same record took its place"
	case e.Class == "conflict":
		return "the other side's record won"
	case e.Reason != "":
		return e.Reason
	default:
		return "no message was recorded"
	}
}

// Desk splits the list of sync errors into what waits for an operator and what
// needs no action.
func Desk(s summary.Summary) (waits, rest []summary.Error) {
	for _, e := range s.Pooled.Errors {
		if OnDesk(e.Class) {
			waits = append(waits, e)
		} else {
			rest = append(rest, e)
		}
	}
	return waits, rest
}

// DeskCounts says how much waits for an operator and what is listed besides.
func DeskCounts(s summary.Summary) string {
	waits, rest := Desk(s)
	var listed, pairs uint64
	for _, e := range waits {
		listed += e.Count
	}
	for _, m := range s.Pooled.Maps {
		pairs += m.Parked
	}
	n := class(s, "application") + class(s, "system") + class(s, "parked")
	text := "Nothing waits for an operator"
	if n > 0 || pairs > 0 {
		text = words.Counted(max(n, pairs), "reference waits", "references wait") + " for an operator"
		if pairs > 0 && pairs != n {
			text += fmt.Sprintf(", on %s", words.Counted(pairs, "pair", "pairs"))
		}
	}
	if listed > n {
		text += fmt.Sprintf("; %s more had failed and went through later or were dismissed", words.Count(listed-n))
	}
	var others []string
	for _, e := range rest {
		what := e.Reason
		if what == "" {
			what = e.Class
		}
		others = append(others, words.Count(e.Count)+" "+what+" on "+e.Map)
	}
	if len(others) > listedMost {
		var all uint64
		for _, e := range rest {
			all += e.Count
		}
		others = []string{words.Counted(all, "other", "others")}
	}
	switch {
	case len(others) == 0:
	case n == 0 && pairs == 0:
		text += "; listed, with no action needed: " + words.List(others)
	default:
		text += "; plus " + words.List(others) + ", no action needed"
	}
	if s.Executed.Pooled > 1 {
		text += ", all runs together"
	}
	return text + "."
}

// listedMost is how many causes a sentence lists.
const listedMost = 4

func desk(s summary.Summary) Event {
	if len(s.Pooled.Errors) == 0 {
		return Event{}
	}
	text := DeskCounts(s)
	if waits, _ := Desk(s); len(waits) > 0 {
		top := waits[0]
		often := "All"
		if len(waits) > 1 {
			often = fmt.Sprintf("Most often (%s)", words.Count(top.Count))
		}
		text += fmt.Sprintf(" %s on %s: “%s”.", often, top.Map, strings.TrimRight(ErrorText(top), "."))
	}
	return Event{What: "For the error desk", Text: text}
}

func users(s summary.Summary) Event {
	t := s.Pooled.Totals
	var parts []string
	// of counts something on both sides: "3 saves in F&O and 11 in Dataverse".
	of := func(n [2]uint64, one, many string) string {
		var in []string
		for side, k := range n {
			if k == 0 {
				continue
			}
			text := words.Count(k)
			if len(in) == 0 {
				text = words.Counted(k, one, many)
			}
			in = append(in, text+" in "+words.Side(words.Sides[side]))
		}
		return words.List(in)
	}
	parts = append(parts, Waits(s))
	if n := t.TurnedAway[0] + t.TurnedAway[1]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s met an outage and had to wait, the longest %s.",
			of(t.TurnedAway, "user transaction", "user transactions"), words.Duration(t.OutageWaitMost.Duration())))
	}
	if t.Rejected > 0 {
		parts = append(parts, fmt.Sprintf("%s before commit%s.", words.Counted(t.Rejected, "user transaction failed", "user transactions failed"), GivenUp(s)))
	}
	if n := t.StaleRefused[0] + t.StaleRefused[1]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s %s refused because the row had changed since it was opened.", of(t.StaleRefused, "save", "saves"), was(n)))
	}
	if n := t.Overwrote[0] + t.Overwrote[1]; n > 0 {
		parts = append(parts, of(t.Overwrote, "save", "saves")+" went over changes that the user had not seen.")
	}
	return Event{What: "What users felt", Text: strings.TrimSpace(strings.Join(parts, " "))}
}

func was(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
