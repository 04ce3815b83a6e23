package findings

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// fullOf is what a full queue did to one side, over the runs that figures are
// pooled of.
type fullOf struct {
	side  string
	first time.Duration   // when it was full first, in the first run that saw it
	times int             // how often, all runs together
	spans []time.Duration // how long in all, of each run that saw it, ascending
	most  []float64       // the most references in both outboxes meanwhile, of each of these, ascending
}

// fullQueues tell how long the engine left an outbox alone because its queue was
// full.
func fullQueues(set *result.Set) (list []fullOf) {
	in := func(r *result.Run) []Pause { return stretches(r, "full.") }
	for _, side := range words.Sides {
		all, spans := pausesOf(set, side, in)
		if len(spans) == 0 {
			continue
		}
		f := fullOf{side: side, first: all[0].From, times: len(all), spans: spans}
		for i := range set.Runs {
			if waited, ok := outboxWhile(&set.Runs[i], side, in(&set.Runs[i])); ok {
				f.most = append(f.most, waited)
			}
		}
		slices.Sort(f.most)
		if f.most[len(f.most)-1] > 0 { // else nothing was there to be fetched
			list = append(list, f)
		}
	}
	return list
}

// outboxWhile is the most that lay in both outboxes while one of them was left alone.
func outboxWhile(r *result.Run, side string, all []Pause) (most float64, ok bool) {
	points, _ := Series(r, "outbox")
	for _, p := range all {
		if p.Side != side || p.To == p.From {
			continue
		}
		ok, most = true, max(most, At(points, p.From))
		for _, at := range points {
			if at.At > p.From && at.At < p.To {
				most = max(most, at.Value)
			}
		}
	}
	return most, ok
}

// span writes how long the queue was full.
func (f *fullOf) span() string {
	return words.Between(words.Duration(f.spans[0]), words.Duration(f.spans[len(f.spans)-1]))
}

// waited writes how much lay in the outboxes meanwhile.
func (f *fullOf) waited() string {
	return words.Between(words.Count(int64(f.most[0])), words.Count(int64(f.most[len(f.most)-1])))
}

// fulls tells where the queue was full.
func fulls(set *result.Set, clock words.Clock) (events []timedEvent) {
	for _, f := range fullQueues(set) {
		long := fmt.Sprintf("%s, for %s in all", times(uint64(f.times)), f.span())
		if len(set.Runs) > 1 {
			long = fmt.Sprintf("in %s, for %s a run", ofRuns(len(f.spans), len(set.Runs)), f.span())
		}
		events = append(events, timedEvent{f.first, Event{
			When: clock.Minute(f.first), What: "The queue was full",
			Text: fmt.Sprintf("The engine held as many references of %s as engine.queue lets it, and fetched no more from there %s. At most %s references lay in the outboxes meanwhile.",
				words.Side(f.side), long, f.waited()),
		}})
	}
	return events
}

// FullHead names the columns of [FullRows].
var FullHead = []string{"Side", "Runs", "Times full", "First at", "In all, of a run", "References in the outboxes, at most"}

// FullRows tell how often and how long the engine left an outbox alone because its
// queue was full.
func FullRows(set *result.Set) (rows [][]string) {
	set = summary.Pool(set)
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	for _, f := range fullQueues(set) {
		rows = append(rows, []string{words.Side(f.side), ofAll(len(f.spans), len(set.Runs)), words.Count(f.times), clock.Minute(f.first), f.span(), f.waited()})
	}
	return rows
}
