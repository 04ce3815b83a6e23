package sim

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Arrivals are moments at which something comes from outside, one after the
// other. They are drawn by ordinal, so the n-th moment does not depend on what
// happens in the world between.
type Arrivals interface {
	// Next returns the next moment, never before the previous one, and false
	// when no more come.
	Next() (Time, bool)
}

// Periodic is an arrival at First and then Every so often. Every must be
// positive.
type Periodic struct {
	First Time
	Every time.Duration
	n     int64
}

// Next implements [Arrivals].
func (p *Periodic) Next() (Time, bool) {
	if p.n > int64(Forever-p.First)/int64(p.Every) {
		return Forever, false
	}
	at := p.First + Time(p.n*int64(p.Every))
	p.n++
	return at, true
}

// Profile is a rate of arrivals that changes with time: straight lines between
// points. Two points at one moment make a jump.
type Profile struct {
	Points []RatePoint // by time

	// Period, if not 0, is after what time the profile begins anew: 168h for a
	// weekly calendar. All points lie within it; from the last point the line
	// runs to the first of the next period. Without a period, the last rate
	// holds for ever.
	Period time.Duration

	// Phase is how far into the profile time 0 is: with a weekly calendar, how
	// long after the beginning of the week the world starts.
	Phase time.Duration
}

// RatePoint is a rate at a moment, in arrivals per second.
type RatePoint struct {
	At   time.Duration
	Rate float64
}

// Steady is the profile of a rate that does not change.
func Steady(rate float64) Profile {
	return Profile{Points: []RatePoint{{Rate: rate}}}
}

// Calendar is the profile of rates that hold from each point to the next and
// begin anew after the period. The first point must be at 0.
func Calendar(period time.Duration, steps ...RatePoint) Profile {
	p := Profile{Period: period}
	for i, s := range steps {
		if i > 0 {
			p.Points = append(p.Points, RatePoint{At: s.At, Rate: steps[i-1].Rate})
		}
		p.Points = append(p.Points, s)
	}
	if n := len(steps); n > 0 {
		p.Points = append(p.Points, RatePoint{At: period, Rate: steps[n-1].Rate})
	}
	return p
}

// Validate returns every fault of the profile.
func (p Profile) Validate() error {
	if len(p.Points) == 0 {
		return errors.New("profile: has no points")
	}
	var faults []error
	peak := 0.0
	for i, q := range p.Points {
		faults = append(faults, check("profile", fmt.Sprintf("rate of point %d", i+1), q.Rate, q.Rate >= 0, "at least 0"))
		peak = max(peak, q.Rate)
		if q.At < 0 || (i > 0 && q.At < p.Points[i-1].At) {
			faults = append(faults, fmt.Errorf("profile: point %d at %v is before point %d", i+1, q.At, i))
		}
	}
	if p.Period < 0 || (p.Period > 0 && p.Points[len(p.Points)-1].At > p.Period) {
		faults = append(faults, fmt.Errorf("profile: period is %v, must not end before the last point", p.Period))
	}
	if p.Period > 0 && peak == 0 {
		faults = append(faults, errors.New("profile: no rate is above 0"))
	}
	if p.Phase < 0 || (p.Period > 0 && p.Phase >= p.Period) {
		faults = append(faults, fmt.Errorf("profile: phase is %v, must be within the period", p.Phase))
	}
	return errors.Join(faults...)
}

// line returns the i-th straight part of the profile on the axis of true time;
// parts may be empty, or lie before time 0.
func (p *Profile) line(i uint64) rateLine {
	if p.Period == 0 {
		last := uint64(len(p.Points))
		l := rateLine{from: Time(-p.Phase)}
		switch {
		case i == 0: // up to the first point
			l.to = l.from.Add(p.Points[0].At)
			l.begin, l.end = p.Points[0].Rate, p.Points[0].Rate
		case i < last:
			a, b := p.Points[i-1], p.Points[i]
			l.from, l.to = l.from.Add(a.At), l.from.Add(b.At)
			l.begin, l.end = a.Rate, b.Rate
		default:
			a := p.Points[last-1]
			l.from, l.to = l.from.Add(a.At), Forever
			l.begin, l.end = a.Rate, a.Rate
		}
		return l
	}
	n := uint64(len(p.Points))
	cycle, at := i/n, i%n
	zero := Time(cycle)*Time(p.Period) - Time(p.Phase)
	a, b := p.Points[at], p.Points[(at+1)%n]
	if at == n-1 {
		b.At += p.Period
	}
	return rateLine{from: zero.Add(a.At), to: zero.Add(b.At), begin: a.Rate, end: b.Rate}
}

// rateLine is a rate that changes evenly between two moments.
type rateLine struct {
	from, to   Time
	begin, end float64 // arrivals per second
}

// mass is the number of arrivals to be expected on the line.
func (l rateLine) mass() float64 {
	if l.to == Forever && l.begin > 0 {
		return math.Inf(1)
	}
	return float64(0.5 * (l.begin + l.end) * l.to.Sub(l.from).Seconds())
}

// reach returns the time from the beginning of the line in which mass m is to
// be expected: the solution x of begin·x + slope·x²/2 = m, in the form that
// does not cancel.
func (l rateLine) reach(m float64) time.Duration {
	slope := 0.0
	if l.to != Forever && l.to > l.from {
		slope = (l.end - l.begin) / l.to.Sub(l.from).Seconds()
	}
	square := float64(l.begin*l.begin) + float64(2*slope*m)
	x := 2 * m / (l.begin + math.Sqrt(max(0, square)))
	return min(Seconds(x), l.to.Sub(l.from))
}

// after cuts off what lies before t.
func (l rateLine) after(t Time) rateLine {
	if l.from >= t || l.to <= l.from {
		return l
	}
	if l.to <= t {
		return rateLine{from: t, to: t}
	}
	share := 0.0
	if l.to != Forever {
		share = t.Sub(l.from).Seconds() / l.to.Sub(l.from).Seconds()
	}
	l.begin += float64(share * (l.end - l.begin))
	l.from = t
	return l
}

// Poisson arrivals come independently of each other at a given rate, constant,
// by a [Profile], or [Bursty]. A Poisson process of rate 1, drawn once and for
// all, is stretched by the inverse of the expected number of arrivals: with
// another rate the same arrivals come, earlier or later.
type Poisson struct {
	rate   rateLines
	draws  Stream
	entity uint64

	n     uint64   // arrivals so far
	i     uint64   // the line they have reached
	line  rateLine // that line
	spent float64  // mass used of it
}

// rateLines is a rate as a sequence of straight lines that follow each other in
// time.
type rateLines interface {
	line(i uint64) rateLine
}

// NewPoissonArrivals returns the arrivals with the rate of a valid profile. The
// n-th draws by (entity, n) from the stream.
func NewPoissonArrivals(p Profile, s Stream, entity uint64) *Poisson {
	if err := p.Validate(); err != nil {
		panic(&Breach{Rule: ValidParameters, Detail: err.Error()})
	}
	return newPoisson(&p, s, entity)
}

func newPoisson(rate rateLines, s Stream, entity uint64) *Poisson {
	return &Poisson{rate: rate, draws: s, entity: entity, line: rate.line(0).after(0)}
}

// Next implements [Arrivals].
func (p *Poisson) Next() (Time, bool) {
	mass := p.spent - ln(1-p.draws.U(p.entity, p.n))
	for {
		whole := p.line.mass()
		if mass < whole {
			break
		}
		if p.line.to == Forever {
			return Forever, false
		}
		mass -= whole
		p.i++
		p.line = p.rate.line(p.i).after(0)
	}
	p.spent = mass
	p.n++
	return p.line.from.Add(p.line.reach(mass)), true
}

// Bursty is a rate that alternates between two values, each held for an
// exponential time.
type Bursty struct {
	Rates  [2]float64       // arrivals per second
	Dwells [2]time.Duration // mean time for which each rate holds
}

// Validate returns every fault of the parameters.
func (b Bursty) Validate() error {
	var faults []error
	for i := range b.Rates {
		faults = append(faults, check("bursty", fmt.Sprintf("rate %d", i+1), b.Rates[i], b.Rates[i] >= 0, "at least 0"))
		if b.Dwells[i] <= 0 {
			faults = append(faults, fmt.Errorf("bursty: dwell %d is %v, must be above 0", i+1, b.Dwells[i]))
		}
	}
	if b.Rates[0] == 0 && b.Rates[1] == 0 {
		faults = append(faults, errors.New("bursty: no rate is above 0"))
	}
	return errors.Join(faults...)
}

// NewBurstyArrivals returns the arrivals of a two-state process, beginning with
// the first rate.
func NewBurstyArrivals(b Bursty, s Stream, entity uint64) *Poisson {
	if err := b.Validate(); err != nil {
		panic(&Breach{Rule: ValidParameters, Detail: err.Error()})
	}
	return newPoisson(&dwelling{Bursty: b, draws: s, entity: Mix(entity, Hash("dwell"))}, s, entity)
}

// dwelling makes the lines of a bursty rate, in order.
type dwelling struct {
	Bursty
	draws  Stream
	entity uint64
	to     Time // the end of the latest line
}

func (d *dwelling) line(i uint64) rateLine {
	rate := d.Rates[i%2]
	l := rateLine{from: d.to, begin: rate, end: rate}
	l.to = l.from.Add(Draw(Exponential(d.Dwells[i%2].Seconds()), d.draws, d.entity, i))
	d.to = l.to
	return l
}
