package sim

import (
	"fmt"
	"slices"
)

// Order says in which order the events of one instant and one priority fire,
// and how [Kernel.Choose] decides. All three orders are legal in the modelled
// world: where a model needs one event before another it uses priorities or
// lets the first schedule the second.
type Order uint8

const (
	// InSequence fires events as they were scheduled; a choice is always the
	// first alternative.
	InSequence Order = iota

	// Permuted fires events by a rank drawn from the seed and from the event
	// itself, so that leaving one out does not stir the others. A choice is
	// drawn likewise.
	Permuted

	// Enumerated replays [Config.Choices] and then continues in sequence. Every
	// decision is recorded in [Kernel.Choices]; with [NextChoices] a loop visits
	// all ways in which a world can go.
	Enumerated
)

var orderNames = [...]string{"in sequence", "permuted", "enumerated"}

// String is the order in words.
func (o Order) String() string {
	if int(o) < len(orderNames) {
		return orderNames[o]
	}
	return fmt.Sprintf("Order(%d)", uint8(o))
}

// Choice is one decision that was taken in a run.
type Choice struct {
	Label string // what was decided; "order" for the events of one instant
	At    Time
	Arity int // how many alternatives there were
	Taken int
}

// orderLabel marks the choices of the kernel itself.
const orderLabel = "order"

// NextChoices returns the prefix of choices for the run after the one that took
// the given choices, in depth-first order, and false when that was the last:
//
//	for choices, more := []int(nil), true; more; {
//		k := sim.New(sim.Config{Order: sim.Enumerated, Choices: choices})
//		... // build the world and run it
//		choices, more = sim.NextChoices(k.Choices())
//	}
func NextChoices(taken []Choice) ([]int, bool) {
	last := len(taken) - 1
	for last >= 0 && taken[last].Taken+1 >= taken[last].Arity {
		last--
	}
	if last < 0 {
		return nil, false
	}
	next := make([]int, last+1)
	for i := range next {
		next[i] = taken[i].Taken
	}
	next[last]++
	return next, true
}

// chooser takes every free decision of a world.
type chooser struct {
	order  Order
	prefix []int
	taken  []Choice

	ranks  Stream // of events, when permuted
	draws  Stream // of the model's choices, when permuted
	at     Time   // of the model's latest choice
	nth    uint64 // among the choices at that instant
	ties   []entry
	sorted []entry // scratch of the state hash
}

// sequenceLow are the bits of the sequence number that stay in a permuted rank,
// to tell apart two events that drew the same.
const sequenceLow = 32

// place returns the lower part of a permuted event's rank: its place among the
// events of its instant and priority, elsewhere the sequence number.
func (c *chooser) place(at Time, address, entity, arg, sequence uint64) uint64 {
	where := Mix(uint64(at), address)
	drawn := c.ranks.Bits(Mix(where, entity), arg) >> (64 - sequenceBits + sequenceLow)
	return drawn<<sequenceLow | sequence&(1<<sequenceLow-1)
}

// choose decides among n alternatives.
func (c *chooser) choose(n int, label string, now Time) int {
	taken := 0
	switch c.order {
	case Permuted:
		if now != c.at {
			c.at, c.nth = now, 0
		}
		taken = int(c.draws.Bits(Mix(Hash(label), uint64(now)), c.nth) % uint64(n))
		c.nth++
	case Enumerated:
		if len(c.taken) < len(c.prefix) {
			taken = c.prefix[len(c.taken)]
			if taken < 0 || taken >= n {
				panic(&Breach{Rule: ChoiceInRange, Now: now, Detail: fmt.Sprintf("choice %d (%s) is %d of %d", len(c.taken), label, taken, n)})
			}
		}
		c.taken = append(c.taken, Choice{Label: label, At: now, Arity: n, Taken: taken})
	}
	return taken
}

// pick removes from the list one of the events that may fire next. It is valid
// until the next pick.
func (c *chooser) pick(l *list) *entry {
	c.ties = c.ties[:0]
	for e := l.first(); e != nil && (len(c.ties) == 0 || e.tied(&c.ties[0])); e = l.first() {
		c.ties = append(c.ties, *e)
		l.take()
	}
	taken := 0
	if len(c.ties) > 1 {
		taken = c.choose(len(c.ties), orderLabel, c.ties[0].at)
	}
	for i := range c.ties {
		if i != taken {
			l.push(c.ties[i])
		}
	}
	return &c.ties[taken]
}

// hash returns the hash of the pending events as seen from now: by their
// distance in time, in the order in which they are to fire. Where that order is
// still to be enumerated, ties count as a set.
func (c *chooser) hash(l *list, now Time) uint64 {
	c.sorted = l.appendAll(c.sorted[:0])
	slices.SortFunc(c.sorted, func(a, b entry) int { return b.before(&a) - a.before(&b) })
	var done, open uint64 // open: the sum over the ties at hand
	for i := range c.sorted {
		e := &c.sorted[i]
		h := Mix(uint64(e.at-now), uint64(e.priority())<<32|e.address)
		h = Mix(Mix(h, e.entity), e.arg)
		if c.order == Enumerated && i > 0 && e.tied(&c.sorted[i-1]) {
			open += h
			continue
		}
		done, open = Mix(done, open), h
	}
	return Mix(done, open)
}
