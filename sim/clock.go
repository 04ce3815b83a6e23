package sim

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// ClockConfig says how a clock is wrong.
type ClockConfig struct {
	// Offset is what the clock is ahead at time 0; negative: behind.
	Offset time.Duration

	// DriftPPB is how fast it gains, in nanoseconds a second: 40 ppm are 40,000.
	DriftPPB int64

	// Steps are the moments at which somebody sets the clock.
	Steps []ClockStep

	// Granularity is the distance of two readings: 1s for a clock that shows
	// whole seconds. Readings are rounded down. 0 means 1 ns.
	Granularity time.Duration

	// SlewPPB is the speed, in nanoseconds a second, at which a time daemon takes
	// an error back without a step; NTP slews at 500,000. The error that is left
	// when the daemon has done its work is 0, or grows if the drift is faster
	// than the daemon. 0 means no daemon.
	SlewPPB int64
}

// ClockStep is one sudden change of a clock.
type ClockStep struct {
	At Time
	By time.Duration // negative: back
}

// Validate returns every fault of the configuration.
func (c ClockConfig) Validate() error {
	const ppb = 1_000_000_000
	var faults []error
	if 2*max(c.DriftPPB, -c.DriftPPB) >= ppb {
		faults = append(faults, fmt.Errorf("clock: drift is %d ppb, must be below 500,000,000", c.DriftPPB))
	}
	if c.SlewPPB < 0 || 2*c.SlewPPB >= ppb {
		faults = append(faults, fmt.Errorf("clock: slew is %d ppb, must be between 0 and 500,000,000", c.SlewPPB))
	}
	if c.Granularity < 0 {
		faults = append(faults, fmt.Errorf("clock: granularity is %v, must be at least 0", c.Granularity))
	}
	for _, s := range c.Steps {
		if s.At < 0 {
			faults = append(faults, fmt.Errorf("clock: a step is at %v, must be at or after the start", s.At))
		}
	}
	return errors.Join(faults...)
}

// Clock shows a local time that is wrong in a known way. Between the moments at
// which something changes, its error is a straight line; the clock is the list
// of those lines. It is read-only and exact: integers throughout.
//
// Readings do not fall as true time goes on, neither by drift nor by slewing;
// they do fall at a step back.
type Clock struct {
	lines       []clockLine
	granularity Time
}

// clockLine is the error from one moment on.
type clockLine struct {
	from Time
	off  time.Duration // at from
	ppb  int64         // its growth
}

// at returns the error at a time on the line.
func (l clockLine) at(t Time) time.Duration {
	return l.off + grown(l.ppb, t.Sub(l.from))
}

// NewClock returns the clock. It panics on a configuration that is not valid.
func NewClock(c ClockConfig) *Clock {
	if err := c.Validate(); err != nil {
		panic(&Breach{Rule: ValidParameters, Detail: err.Error()})
	}
	steps := slices.Clone(c.Steps)
	slices.SortStableFunc(steps, func(a, b ClockStep) int { return int(min(1, max(-1, a.At-b.At))) })

	k := &Clock{granularity: max(1, Time(c.Granularity))}
	k.begin(c, 0, c.Offset)
	for _, s := range steps {
		k.begin(c, s.At, k.Error(s.At)+s.By)
	}
	return k
}

// begin adds the line, or the two lines, that follow a moment at which the
// error has a new value: a daemon first brings it to 0 and then holds it there.
func (k *Clock) begin(c ClockConfig, from Time, off time.Duration) {
	// A correction that was still to end after this moment never does.
	for n := len(k.lines); n > 0 && k.lines[n-1].from >= from; n-- {
		k.lines = k.lines[:n-1]
	}
	line := clockLine{from: from, off: off, ppb: c.DriftPPB}
	if off > 0 {
		line.ppb -= c.SlewPPB
	} else if off < 0 {
		line.ppb += c.SlewPPB
	}
	towardsZero := (off > 0 && line.ppb < 0) || (off < 0 && line.ppb > 0)
	if off != 0 {
		k.lines = append(k.lines, line)
		if c.SlewPPB == 0 || !towardsZero {
			return
		}
		zero, ok := line.zero()
		if !ok {
			return
		}
		from = zero
	}
	// What the daemon cannot hold, it slows down.
	rest := c.DriftPPB
	switch {
	case rest > c.SlewPPB:
		rest -= c.SlewPPB
	case rest < -c.SlewPPB:
		rest += c.SlewPPB
	default:
		rest = 0
	}
	k.lines = append(k.lines, clockLine{from: from, ppb: rest})
}

// zero returns the first moment at which a line that tends to zero is there,
// and false if that is past the end of time.
func (l clockLine) zero() (Time, bool) {
	off, ppb := uint64(max(l.off, -l.off)), uint64(max(l.ppb, -l.ppb))
	hi, lo := bits.Mul64(off, 1_000_000_000)
	if hi >= ppb {
		return 0, false
	}
	d, rest := bits.Div64(hi, lo, ppb)
	if rest > 0 {
		d++
	}
	if d > uint64(Forever-l.from) {
		return 0, false
	}
	return l.from + Time(d), true
}

// grown returns ppb·d/10⁹, rounded towards zero.
func grown(ppb int64, d time.Duration) time.Duration {
	hi, lo := bits.Mul64(uint64(max(ppb, -ppb)), uint64(d))
	q, _ := bits.Div64(hi, lo, 1_000_000_000)
	if ppb < 0 {
		return -time.Duration(q)
	}
	return time.Duration(q)
}

// Local returns what the clock shows at true time t, on the same axis: a clock
// without error returns t. A clock that is behind shows negative times near the
// start.
func (k *Clock) Local(t Time) Time {
	local := t + Time(k.Error(t))
	below := local % k.granularity
	if below < 0 {
		below += k.granularity
	}
	return local - below
}

// Highest returns the highest reading from one moment to another, both included.
func (k *Clock) Highest(from, to Time) Time {
	highest := max(k.Local(from), k.Local(to))
	for i := range k.lines {
		if set := k.lines[i].from; set > from && set <= to { // perhaps back
			highest = max(highest, k.Local(set-1))
		}
	}
	return highest
}

// Error returns by how much the clock is ahead at true time t, before
// granularity.
func (k *Clock) Error(t Time) time.Duration {
	i := len(k.lines) - 1
	for i > 0 && k.lines[i].from > t {
		i--
	}
	return k.lines[i].at(t)
}
