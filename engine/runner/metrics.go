package runner

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Metrics takes figures for whoever watches a runner: an adapter to the
// monitoring system at hand, of one line a method. Its methods are called from
// many goroutines at once and must return soon.
//
// Each figure has one label, whose values are few and known: sides, requests,
// classes of outcomes.
type Metrics interface {
	Count(m Metric, label string, n uint64)          // n more since the last time
	Level(m Metric, label string, n int)             // as it is now
	Latency(m Metric, label string, d time.Duration) // of one thing that has ended
}

// Metric names a figure.
type Metric string

// The counters, levels and latencies, each with what its label tells.
const (
	// MetricSettled counts references that got their outcome, when that is saved;
	// by class.
	MetricSettled Metric = "settled"
	// MetricParked counts items that came to the error desk, when that is saved; by
	// class.
	MetricParked Metric = "parked"
	// MetricRetries counts attempts that met a system failure; no label.
	MetricRetries Metric = "retries"
	// MetricConditionFailed counts writes that found the record changed; no label.
	MetricConditionFailed Metric = "condition_failed"

	// MetricQueue is how many references wait, those on the error desk included; no
	// label.
	MetricQueue Metric = "queue"
	// MetricItems is how many items there are; by where they are: "in flight",
	// "blocked", "backoff" or "parked".
	MetricItems Metric = "items"
	// MetricBreaker is 1 while the breaker of a side is open, else 0; by side.
	MetricBreaker Metric = "breaker"
	// MetricFull is 1 while the outbox of a side keeps what it has until there is room
	// in the queue, else 0; by side.
	MetricFull Metric = "full"
	// MetricOldest is for how many milliseconds the change has been in the queue that
	// came first, but for what waits for people, or for a job that is paused or
	// stopped; every [oldestEvery], by side. One that grows is starved.
	MetricOldest Metric = "oldest"
	// MetricHeld is how many users wait for live transactions; by side.
	MetricHeld Metric = "held"

	// MetricRequest is how long requests to the systems took until they were
	// answered or given up; by side and kind, and " failed" if it was not answered.
	MetricRequest Metric = "request"
	// MetricSave is how long the store took to save; no label.
	MetricSave Metric = "save"
	// MetricLiveWait is how long users waited for live transactions; by their side,
	// and " undone" if it was.
	MetricLiveWait Metric = "live_wait"
)

// noMetrics is for runners that nobody watches.
type noMetrics struct{}

func (noMetrics) Count(Metric, string, uint64)          {}
func (noMetrics) Level(Metric, string, int)             {}
func (noMetrics) Latency(Metric, string, time.Duration) {}

// countSaved counts what is now sure.
func (l *loop) countSaved(mutations []engine.Mutation) {
	var settled, parked [engine.SystemFailure + 1]uint64
	for i := range mutations {
		switch m := &mutations[i]; {
		case m.Kind == engine.ReferenceSettled:
			settled[m.Outcome.Class]++
		case m.Kind == engine.LaneChanged:
			parked[m.Lane.Parked.Class]++
		}
	}
	parked[engine.Open] = 0 // those are not parked
	for class := range engine.SystemFailure + 1 {
		l.countMore(MetricSettled, class.String(), settled[class])
		l.countMore(MetricParked, class.String(), parked[class])
	}
}

func (l *loop) countMore(m Metric, label string, n uint64) {
	if n > 0 {
		l.config.Metrics.Count(m, label, n)
	}
}

// gauge tells how the engine stands, and what it counted since the last time.
func (l *loop) gauge() {
	now, was, m := l.core.Stats(), l.gauged, l.config.Metrics
	l.gauged = now
	l.countMore(MetricRetries, "", now.Retries-was.Retries)
	l.countMore(MetricConditionFailed, "", now.ConditionFailed-was.ConditionFailed)
	m.Level(MetricQueue, "", now.Open)
	m.Level(MetricItems, "in flight", now.InFlight)
	m.Level(MetricItems, "blocked", now.Blocked)
	m.Level(MetricItems, "backoff", now.Backoff)
	m.Level(MetricItems, "parked", now.Parked)
	var held [2]int
	for n := range l.held {
		held[n.side]++
	}
	for _, side := range engine.Sides {
		m.Level(MetricBreaker, side.String(), oneIf(now.BreakerOpen[side]))
		m.Level(MetricFull, side.String(), oneIf(now.Full[side]))
		m.Level(MetricHeld, side.String(), held[side])
	}
	l.tellOldest()
}

// oldestEvery is how often the age of the oldest waiting change is told: all pairs are
// looked at for it.
const oldestEvery = 10 * time.Second

// tellOldest tells it when its time has come.
func (l *loop) tellOldest() {
	if now := time.Now(); now.Sub(l.aged) >= oldestEvery {
		l.aged = now
		for _, side := range engine.Sides {
			l.config.Metrics.Level(MetricOldest, side.String(), int(l.core.Oldest(side).Milliseconds()))
		}
	}
}

// oneIf is the level of what is so or not.
func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}

// ifNot adds a word to a label of what did not go well.
func ifNot(label, word string, err error) string {
	if err != nil {
		return label + " " + word
	}
	return label
}
