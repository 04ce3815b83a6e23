package driver

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Point is the value of a series from At on.
type Point struct {
	At    sim.Time
	Value int64
}

// Series is one quantity over time, as a step function. It keeps a bounded
// number of points: when full, time is divided into windows, and of each
// window its highest and its last point stay. So peaks and the end are exact
// and only the course between them gets coarser.
type Series struct {
	points []Point
	most   int
	window sim.Time
}

// NewSeries returns an empty series that keeps at most so many points.
func NewSeries(most int) Series { return Series{most: most} }

// Set notes the value from now on.
func (s *Series) Set(at sim.Time, value int64) {
	if n := len(s.points); n > 0 {
		switch last := &s.points[n-1]; {
		case last.Value == value:
			return
		case last.At == at:
			last.Value = value
			return
		}
	}
	if len(s.points) >= s.most {
		s.thin(at)
	}
	s.points = append(s.points, Point{at, value})
}

// thin widens the windows until half of the room is free.
func (s *Series) thin(now sim.Time) {
	s.window = max(s.window, (now-s.points[0].At)/sim.Time(s.most)+1)
	for {
		kept := s.points[:0]
		for i := 0; i < len(s.points); {
			j, top := i, i
			for ; j < len(s.points) && s.points[j].At/s.window == s.points[i].At/s.window; j++ {
				if s.points[j].Value > s.points[top].Value {
					top = j
				}
			}
			peak, last := s.points[top], s.points[j-1]
			kept = append(kept, peak)
			if top != j-1 {
				kept = append(kept, last)
			}
			i = j
		}
		s.points = kept
		if len(kept) <= s.most/2 {
			return
		}
		s.window *= 2
	}
}

// Points returns the points, ascending in time. They are the series' own.
func (s *Series) Points() []Point { return s.points }

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
	Name   string
	Points []Point
}

// throttled counts a request that was answered 429.
func (d *Driver) throttled(side engine.Side) {
	d.stats.Throttled[side]++
	d.series[seriesThrottledFinOps+int(side)].Set(d.k.Now(), int64(d.stats.Throttled[side]))
}

// Series returns what was kept over time, in a fixed order.
func (d *Driver) Series() []NamedSeries {
	all := make([]NamedSeries, seriesCount)
	for i := range d.series {
		all[i] = NamedSeries{seriesNames[i], slices.Clone(d.series[i].points)}
	}
	return all
}

// sample notes the engine's levels.
func (d *Driver) sample() {
	s := d.core.Stats()
	for i, v := range [...]int{s.InFlight, s.Blocked, s.Parked, s.Backoff, number(s.BreakerOpen[0]), number(s.BreakerOpen[1]), d.pending.open} {
		d.series[seriesInFlight+i].Set(d.k.Now(), int64(v))
	}
	d.series[seriesLive].Set(d.k.Now(), int64(s.Live))
	for side, full := range s.Full {
		d.series[seriesFullFinOps+side].Set(d.k.Now(), int64(number(full)))
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
	d.series[seriesOutbox].Set(d.k.Now(), int64(outbox))
	d.series[seriesBacklog].Set(d.k.Now(), int64(queued+outbox))
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
