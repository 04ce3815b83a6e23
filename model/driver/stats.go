package driver

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Alert is an alert that reached people.
type Alert struct {
	At sim.Time
	engine.Raised
}

// Alerts lists the alerts that were raised, in order.
func (d *Driver) Alerts() []Alert { return slices.Clone(d.alerts) }

// Stats counts what the engine's process did, over all its lives.
type Stats struct {
	Requests        uint64    // sent
	Timeouts        uint64    // given up without an answer
	Refused         uint64    // answered by a system that was down
	Throttled       [2]uint64 // by side: answered 429
	Ignored         uint64    // answers that nobody waited for any more
	Syncs           uint64
	Mutations       uint64 // synced
	Batches         uint64
	Retries         uint64 // attempts that met a system failure
	ConditionFailed uint64 // writes that found the record changed
	HeldBack        uint64 // times that an outbox had to wait for room in the queue
	Settled         uint64 // references that got their outcome, synced or not
	Live            uint64 // live transactions taken in
	Crashes         uint64
}

// Stats returns the counts so far.
func (d *Driver) Stats() Stats {
	s := d.stats
	if d.core != nil {
		s.add(d.core.Stats())
	}
	return s
}

func (s *Stats) add(c engine.Stats) {
	s.Batches += c.Batches
	s.Retries += c.Retries
	s.ConditionFailed += c.ConditionFailed
	s.HeldBack += c.HeldBack
	s.Settled += c.Settled
}
