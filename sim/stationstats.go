package sim

import (
	"math"
	"math/bits"
	"time"
)

// StationStats is what a station did since its creation or the last
// [Station.ResetStats]. Means are over that period.
type StationStats struct {
	Served, Refused, Evicted uint64
	QueueMax                 int
	Period                   time.Duration

	Work        time.Duration // that servers spent on jobs, all together
	Utilisation float64       // ... as a share of the servers' time
	MeanQueue   float64       // jobs waiting, over time
	MeanWait    time.Duration // in the queue, over the jobs served
}

// Stats returns the statistics up to now.
func (s *Station) Stats() StationStats {
	st := s.counters
	now := s.k.now
	st.Period = now.Sub(s.queueing.start)
	st.Work = time.Duration(s.busy.upTo(now).lo)
	if st.Period > 0 {
		span := float64(st.Period)
		st.MeanQueue = s.queueing.upTo(now).float() / span
		st.Utilisation = s.busy.upTo(now).float() / span / float64(len(s.servers))
	}
	if st.Served > 0 {
		st.MeanWait = time.Duration(s.waited.float() / float64(st.Served))
	}
	return st
}

// ResetStats begins a new period, at the end of a warm-up. A job that is
// present counts as served in the period in which it ends, with all its wait.
func (s *Station) ResetStats() {
	now := s.k.now
	s.counters = StationStats{QueueMax: s.queue.len()}
	s.waited = sum128{}
	s.queueing = integral{start: now, at: now, level: uint64(s.queue.len())}
	s.busy = integral{start: now, at: now, level: uint64(s.Busy())}
}

// integral is a whole number's integral over time, exact.
type integral struct {
	sum       sum128
	start, at Time
	level     uint64
}

// change adds to the level from now on.
func (g *integral) change(now Time, by int) {
	g.sum = g.upTo(now)
	g.at = now
	g.level += uint64(by)
}

// upTo returns the integral from the start to now, in nanoseconds.
func (g *integral) upTo(now Time) sum128 {
	s := g.sum
	hi, lo := bits.Mul64(g.level, uint64(now-g.at))
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi += hi + carry
	return s
}

// sum128 is a sum that nothing in a run can overflow.
type sum128 struct{ hi, lo uint64 }

func (s *sum128) add(x uint64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, x, 0)
	s.hi += carry
}

func (s sum128) float() float64 { return math.Ldexp(float64(s.hi), 64) + float64(s.lo) }
