package driver

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// The quantities that are kept over time.
const (
	seriesBacklog = iota
	seriesInFlight
	seriesBlocked
	seriesParked
	seriesBackoff
	seriesBreakerFinOps
	seriesBreakerDataverse
	seriesRequests
	seriesOutbox
	seriesThrottledFinOps
	seriesThrottledDataverse
	seriesLive
	seriesFullFinOps
	seriesFullDataverse
	seriesCount
)

var seriesNames = [seriesCount]string{
	"backlog", "in-flight", "blocked", "parked", "backoff", "breaker.finops", "breaker.dataverse", "requests", "outbox",
	"throttled.finops", "throttled.dataverse", "live", "full.finops", "full.dataverse",
}

// NamedSeries is a quantity over time. "backlog" counts the references that
// wait for the engine: those that lie in the outboxes and are not taken in
// ("outbox", also a series of its own), and those in its queue, but for the ones
// that wait for an operator. While the process is dead that is what the store
// holds, beside the outboxes. The others are items by state, breakers (1 is
// open), outboxes that keep what they have because the queue is full (1) and
// requests under way; of a dead process they keep their last value,
// but for what is in flight and under way, which is nothing then.
type NamedSeries struct {
	Name    string
	Points  []sim.Point
	Thinned bool // points were left out: see [sim.Series]
}

// Named returns what a series has kept, under a name.
func Named(name string, s *sim.Series) NamedSeries {
	return NamedSeries{name, slices.Clone(s.Points()), s.Thinned()}
}

// throttled counts a request that was answered 429.
func (d *Driver) throttled(side engine.Side) {
	d.stats.Throttled[side]++
	d.series[seriesThrottledFinOps+int(side)].Set(d.k.Now(), float64(d.stats.Throttled[side]))
}

// Series returns what was kept over time, in a fixed order.
func (d *Driver) Series() []NamedSeries {
	all := make([]NamedSeries, seriesCount)
	for i := range d.series {
		all[i] = Named(seriesNames[i], &d.series[i])
	}
	return all
}

// sample notes the engine's levels.
func (d *Driver) sample() {
	s := d.core.Stats()
	for i, v := range [...]int{s.InFlight, s.Blocked, s.Parked, s.Backoff, number(s.BreakerOpen[0]), number(s.BreakerOpen[1]), d.pending.open} {
		d.series[seriesInFlight+i].Set(d.k.Now(), float64(v))
	}
	d.series[seriesLive].Set(d.k.Now(), float64(s.Live))
	for side, full := range s.Full {
		d.series[seriesFullFinOps+side].Set(d.k.Now(), float64(number(full)))
	}
	d.waits(s.Open - s.OnDesk)
}

// sampleBacklog notes what waits for the engine, dead or alive.
func (d *Driver) sampleBacklog() {
	queued := d.left.working
	if d.core != nil {
		queued = d.core.Queued()
	}
	d.waits(queued)
}

// waits notes what waits in the outboxes, with so many references in the queue.
func (d *Driver) waits(queued int) {
	outbox := 0
	for side, s := range d.systems {
		// What a planted bug made the outbox forget unsaved waits nowhere.
		outbox += min(int(s.OutboxEver()-d.taken[side]), s.OutboxLen())
	}
	d.series[seriesOutbox].Set(d.k.Now(), float64(outbox))
	d.series[seriesBacklog].Set(d.k.Now(), float64(queued+outbox))
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
