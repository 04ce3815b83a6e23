package sim

import (
	"errors"
	"math"
	"slices"
	"time"
)

// LinkConfig says how messages fare in one direction between two places.
type LinkConfig struct {
	Latency   Dist    // seconds
	Loss      float64 // probability that a message does not arrive
	Duplicate float64 // probability that one that arrives does so twice
}

// Validate returns every fault of the configuration.
func (c LinkConfig) Validate() error {
	probability := func(name string, p float64) error {
		return check("link", name, p, p >= 0 && p <= 1, "between 0 and 1")
	}
	faults := errors.Join(probability("loss", c.Loss), probability("duplicate", c.Duplicate))
	if c.Latency == nil {
		return errors.Join(faults, errors.New("link: latency is missing"))
	}
	return errors.Join(faults, c.Latency.Validate())
}

// Link carries messages one way; a connection has two. Each message draws its
// fate by its own key, so neither the traffic nor a partition changes the luck
// of another message. Messages overtake each other as their latencies have it.
type Link struct {
	config                    LinkConfig
	latency, loss, duplicate  Stream
	periods                   []linkPeriod
	losses                    []linkPeriod // the factor is the share that passes
	sent, lost, cut, repeated uint64
}

// linkPeriod is a time in which a link is slow by a factor, or cut.
type linkPeriod struct {
	from, to Time
	factor   float64 // +Inf: cut
}

// NewLink returns a link whose draws are keyed by its name. It panics on a
// configuration that is not valid.
func NewLink(k *Kernel, name string, c LinkConfig) *Link {
	if err := c.Validate(); err != nil {
		k.breach(ValidParameters, name+": "+err.Error())
	}
	return &Link{
		config:    c,
		latency:   k.Stream(name + ".latency"),
		loss:      k.Stream(name + ".loss"),
		duplicate: k.Stream(name + ".duplicate"),
	}
}

// Cut makes the link lose every message sent from one moment on and before
// another. Periods may overlap.
func (l *Link) Cut(from, to Time) { l.Slow(from, to, math.Inf(1)) }

// Slow multiplies the latency of messages sent in that period. Where periods
// overlap, so do the factors.
func (l *Link) Slow(from, to Time, factor float64) {
	if !(factor > 0) || to < from {
		panic(&Breach{Rule: ValidParameters, Now: from, Detail: "link: slow by a factor that is not above 0, or for a negative time"})
	}
	l.periods = append(l.periods, linkPeriod{from, to, factor})
}

// Lose makes the link lose a share of the messages sent in that period, beside
// what it loses anyway. Where periods overlap, each takes its share.
func (l *Link) Lose(from, to Time, share float64) {
	if !(share >= 0 && share <= 1) || to < from {
		panic(&Breach{Rule: ValidParameters, Now: from, Detail: "link: a lost share that is not between 0 and 1, or for a negative time"})
	}
	l.losses = append(l.losses, linkPeriod{from, to, 1 - share})
}

// passes returns the probability that a message sent now is not lost by chance.
func (l *Link) passes(now Time) float64 {
	p := 1 - l.config.Loss
	for _, x := range l.losses {
		if x.from <= now && now < x.to {
			p = float64(p * x.factor)
		}
	}
	return p
}

// factor returns by what the latency is multiplied now, and drops the periods
// that are over.
func (l *Link) factor(now Time) float64 {
	l.periods = slices.DeleteFunc(l.periods, func(p linkPeriod) bool { return p.to <= now })
	f := 1.0
	for _, p := range l.periods {
		if p.from <= now {
			f *= p.factor
		}
	}
	return f
}

// Up reports whether a message sent now would not be cut off.
func (l *Link) Up(now Time) bool { return !math.IsInf(l.factor(now), 1) }

// Fate is what becomes of one message.
type Fate struct {
	Copies int              // that arrive: 0, 1 or 2
	After  [2]time.Duration // their latencies
}

// Fate returns what becomes of the message of that key when it is sent now. A
// message that is sent again is another ordinal of the same entity.
func (l *Link) Fate(now Time, entity, ordinal uint64) Fate {
	l.sent++
	factor := l.factor(now)
	if math.IsInf(factor, 1) {
		l.cut++
		return Fate{}
	}
	loss := l.config.Loss
	if len(l.losses) > 0 {
		loss = 1 - l.passes(now)
	}
	if l.loss.Chance(loss, entity, ordinal) {
		l.lost++
		return Fate{}
	}
	f := Fate{Copies: 1}
	if l.duplicate.Chance(l.config.Duplicate, entity, ordinal) {
		l.repeated++
		f.Copies = 2
	}
	for i := range f.Copies {
		u := l.latency.U(Mix(entity, uint64(i)), ordinal)
		f.After[i] = Seconds(float64(l.config.Latency.Quantile(u) * factor))
	}
	return f
}

// Send schedules the arrival of each copy of a message that is sent now, and
// returns how many there are.
func (l *Link) Send(k *Kernel, p Priority, to ActorID, kind Kind, entity, arg, ordinal uint64) int {
	f := l.Fate(k.now, entity, ordinal)
	for _, d := range f.After[:f.Copies] {
		k.After(d, p, to, kind, entity, arg)
	}
	return f.Copies
}

// LinkStats counts the messages of a link.
type LinkStats struct {
	Sent       uint64
	Lost       uint64 // by chance
	Cut        uint64 // by a partition
	Duplicated uint64
}

// Stats returns the counts so far.
func (l *Link) Stats() LinkStats {
	return LinkStats{Sent: l.sent, Lost: l.lost, Cut: l.cut, Duplicated: l.repeated}
}
