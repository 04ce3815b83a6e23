package runner

import (
	"errors"

	"github.com/twinwrite/twinwrite/engine"
)

// Stats is what a runner did, and where it stands. Counters begin with the
// run.
type Stats struct {
	Engine    engine.Stats // after the last step
	Sides     [2]SideStats // by engine.Side
	Steps     uint64
	Saves     uint64 // calls of the store
	Mutations uint64 // saved
}

// SideStats is the traffic with one system.
type SideStats struct {
	Waiting int // requests that the engine waits for
	Held    int // live transactions of this side whose users wait
	Calls   int // calls that have not returned, those that were given up included

	Requests  uint64 // sent
	Timeouts  uint64 // not answered: their fate is unknown
	Refused   uint64 // not carried out: the system was down
	Throttled uint64 // not carried out: the system wanted a pause, or was in one
	Nonsense  uint64 // among the timeouts: answers that were refused
	Panics    uint64 // among the timeouts
	Late      uint64 // calls that returned after they had been given up

	Behind uint64 // reads that did not show what had just been heard of a record, and were repeated

	LastError error // of the last request that failed; nil if none did
}

// Stats returns a snapshot. It may be called at any time, from any goroutine.
func (r *Runner) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// count changes the figures.
func (r *Runner) count(f func(*Stats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(&r.stats)
}

// failed books why a request was not answered.
func (s *SideStats) failed(failure engine.Failure, err error) {
	s.LastError = err
	switch failure {
	case engine.Down:
		s.Refused++
	case engine.Throttled:
		s.Throttled++
	default:
		s.Timeouts++
	}
	if _, nonsense := errors.AsType[*AnswerError](err); nonsense {
		s.Nonsense++
	}
	if _, panicked := errors.AsType[*PanicError](err); panicked {
		s.Panics++
	}
}
