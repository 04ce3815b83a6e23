package expect

import (
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Kind is what a metric measures, which decides how it can be condensed.
type Kind uint8

// The kinds.
const (
	Spans   Kind = iota // one span of time for each of many changes: quantiles, mean, max, min, count
	Counter             // how often something happened: count, rate, and share where a whole is known
	Level               // a quantity over time: at, max, min, mean
	Longest             // the longest of some spans of time: max
	Binned              // many spans of time, counted by their length: what Spans can be condensed to
)

// Metric is a figure that expectations are about.
type Metric struct {
	Name   string
	Kind   Kind
	Labels []string // what it can be narrowed down by
	Part   bool     // a Counter that is part of a whole, so that it has a share
	Only   string   // the mode under which alone there is something to measure; empty: any
	Doc    string
}

// Metrics lists all metrics, by name.
func Metrics() []Metric { return slices.Clone(metrics) }

var metrics = []Metric{
	{Name: "alert", Kind: Counter, Labels: []string{"job", "action"}, Doc: "alerts that people were told of"},
	{Name: "backlog", Kind: Level, Doc: "references that wait for the engine, in outboxes and in its queue, without the error desk"},
	{Name: "backoff", Kind: Level, Doc: "items that wait for their next attempt"},
	{Name: "blocked", Kind: Level, Doc: "items that wait for another record"},
	{Name: "captured", Kind: Counter, Labels: []string{"map", "side"}, Doc: "captured changes, by side of origin"},
	{Name: "compared", Kind: Counter, Doc: "pairs that the last resync or comparison looked at"},
	{Name: "convergence", Kind: Spans, Labels: []string{"map", "side"}, Doc: "true time for which one side alone has a change: from the user's commit until both sides agree on that pair again; of a live change from the write on the other side until the user's commit. Changes of the warm-up are left out"},
	{Name: "dependency-wait", Kind: Binned, Labels: []string{"map"}, Only: "async", Doc: "how long a change waited for records that it looks up, from when the engine found that one was missing until it went on; a change that waits again counts again. Lengths are kept to within a thirty-second, and those of the warm-up too. Where nothing waited there is none: ask for max(blocked) == 0"},
	{Name: "divergent-pairs", Kind: Level, Doc: "pairs on which the sides differ"},
	{Name: "drift", Kind: Counter, Part: true, Doc: "pairs that the last resync or comparison found to differ although nothing was queued for them; a share is of all that it looked at"},
	{Name: "engine-writes", Kind: Counter, Doc: "writes of the engine, those of marks alone among them"},
	{Name: "error", Kind: Counter, Labels: []string{"map", "class", "reason"}, Doc: "entries of the list of sync errors"},
	{Name: "in-doubt", Kind: Longest, Only: "live", Doc: "how long one side alone had committed a live transaction"},
	{Name: "in-flight", Kind: Level, Doc: "items in batches that are under way"},
	{Name: "initial-sync", Kind: Counter, Labels: []string{"map", "side", "row"}, Part: true, Doc: "records that initial sync went through, by the side that they come from and what became of them: written, unchanged, lost (the primary's record won) or error; a share is of all records of the same maps and sides"},
	{Name: "initial-sync-time", Kind: Spans, Labels: []string{"map", "side"}, Doc: "how long legs of an initial sync took"},
	{Name: "live-changes", Kind: Counter, Labels: []string{"map", "side"}, Doc: "changes that committed on both sides with a live transaction, by side of origin"},
	{Name: "lost", Kind: Counter, Labels: []string{"side"}, Part: true, Only: "integrator", Doc: "under the data integrator: changes with a value that survives on neither side, and that no user had written over; a share is of all changes of the same side"},
	{Name: "missed", Kind: Counter, Labels: []string{"side"}, Part: true, Only: "integrator", Doc: "under the data integrator: changes that stand on their own side alone, and that no run to come will list; a share is of all changes of the same side"},
	{Name: "outage-wait", Kind: Longest, Doc: "how long a user waited for a system of his own side that was down"},
	{Name: "outbox", Kind: Level, Doc: "references that the engine has not taken in"},
	{Name: "outcome", Kind: Counter, Labels: []string{"map", "side", "class", "reason"}, Part: true, Only: "async", Doc: "how captured changes ended; a share is of all changes of the same maps and sides"},
	{Name: "overwrote", Kind: Counter, Labels: []string{"side"}, Doc: "saves that went over changes their user had not seen"},
	{Name: "pairs", Kind: Counter, Labels: []string{"map", "state"}, Part: true, Doc: "record pairs at the end, by state: converged or divergent, and parked, blocked or open; a share is of all pairs of the same maps"},
	{Name: "parked", Kind: Level, Doc: "items on the error desk"},
	{Name: "partly-visible", Kind: Longest, Labels: []string{"map"}, Doc: "how long a transaction was partly visible on the other side"},
	{Name: "rejected", Kind: Counter, Doc: "users' transactions that failed before their commit"},
	{Name: "retries", Kind: Counter, Doc: "attempts that met a system failure"},
	{Name: "stale-refused", Kind: Counter, Labels: []string{"side"}, Doc: "saves refused because the record had changed since it was opened"},
	{Name: "throttled", Kind: Counter, Labels: []string{"side"}, Doc: "requests of the engine that a side answered 429"},
	{Name: "transactions", Kind: Counter, Labels: []string{"side"}, Doc: "users' transactions that committed"},
	{Name: "turned-away", Kind: Counter, Labels: []string{"side"}, Doc: "users' transactions that met an outage"},
	{Name: "user-wait", Kind: Spans, Labels: []string{"workload", "side", "ended"}, Doc: "how long a user waited for one save, from asking until his system told him how it had ended: committed, or failed (ended=committed leaves those out); under live sync that includes the other side's work. Saves of the warm-up are left out, and outages, in which nothing can be saved: see outage-wait"},
}

func metricOf(name string) (*Metric, bool) {
	i := slices.IndexFunc(metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return nil, false
	}
	return &metrics[i], true
}

func metricNames() string {
	names := make([]string, len(metrics))
	for i := range metrics {
		names[i] = metrics[i].Name
	}
	return strings.Join(names, ", ")
}

// Aggregates lists what a metric of a kind can be condensed to.
func (m *Metric) Aggregates() []string {
	switch {
	case m.Kind == Spans || m.Kind == Binned:
		return []string{"p50 to p99.99", "mean", "max", "min", "count", "rate"}
	case m.Kind == Level:
		return []string{"max", "min", "mean", "at(t)"}
	case m.Kind == Longest:
		return []string{"max"}
	case m.Part:
		return []string{"count", "rate", "share"}
	default:
		return []string{"count", "rate"}
	}
}

// PairStates are the values of the label state.
var PairStates = []string{"converged", "divergent", "parked", "blocked", "open"}

// Endings are the values of the label ended.
var Endings = []string{"committed", "failed"}

// Ended returns which of [Endings] a save's is. Of one that the run's end cut off it
// is not known, so that it counts under either.
func Ended(how string) string {
	if how == Endings[0] {
		return how
	}
	return Endings[1]
}

// CopiedRows are the values of the label row: what becomes of a record that
// initial sync goes through.
var CopiedRows = []string{"written", "unchanged", "lost", "error"}

// Labels narrow a metric down: a label and the value that it must have.
type Labels []Label

// Label is one of [Labels].
type Label struct{ Name, Value string }

// Get returns the value of a label, or "".
func (l Labels) Get(name string) string {
	for _, x := range l {
		if x.Name == name {
			return x.Value
		}
	}
	return ""
}

// Span is a span of time that was measured; a censored one had not ended when
// the run did, and was at least as long.
type Span struct {
	Took     time.Duration
	Censored bool
}

// Bins tell of many spans by how long they were.
type Bins struct {
	Count, Open uint64 // Open of them had not ended when the run did: Most, Total and List have what had passed then
	Total, Most time.Duration
	List        []result.Bin // ascending by From; there may be several of the same bounds
}

// Measures are the figures of one run.
type Measures interface {
	// Missing says why the run has no figures; empty when it has.
	Missing() string
	// Spans returns what was measured under a metric of kind Spans or Longest.
	Spans(metric string, l Labels) []Span
	// Bins returns what was measured under a metric of kind Binned.
	Bins(metric string, l Labels) Bins
	// Kept returns of how many spans one was kept; 1 where all were.
	Kept(metric string) uint64
	// Count returns how often something happened, and in how many cases it
	// could have.
	Count(metric string, l Labels) (n, of float64)
	// Level returns a quantity over time; nil when there is none.
	Level(metric string) []result.Point
	// Window returns from when figures were taken, when the users left, and
	// when the run ended.
	Window() (from, left, to time.Duration)
}
