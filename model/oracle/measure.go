package oracle

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// compare brings the pair's agreement up to date and closes the convergence
// of its changes when both sides agree.
func (o *Oracle) compare(at sim.Time, p *pair) {
	how := o.compared(p)
	if differs := how == differ; differs != p.differs {
		p.differs = differs
		if differs {
			o.differ++
		} else {
			o.differ--
		}
		o.apart.Set(at, float64(o.differ))
	}
	if how == differ {
		return
	}
	p.dismissed = false
	if p.astray != nil {
		p.astray.age = 0
	}
	if p.waiting == nil {
		return
	}
	for s := range p.waiting.lines {
		all := p.waiting.lines[s].list()
		for i := len(all) - 1; i >= 0 && !all[i].what.has(agreed); i-- {
			c := &all[i]
			c.what |= agreed
			if c.measured() && how == equal {
				o.sample(p, engine.Side(s), c, at, false)
			}
		}
	}
}

// measured reports whether it is told how long the commit took to converge: it is
// a user's change of this run, captured or live.
func (c *commit) measured() bool {
	return c.what&(captured|wentLive) != 0 && c.what&(users|older) == users
}

// sample notes for how long one side alone had a change.
func (o *Oracle) sample(p *pair, side engine.Side, c *commit, at sim.Time, censored bool) {
	first := c.first()
	took := at.Sub(first)
	if o.samples.wants(c.serial) {
		o.samples.add(Sample{Map: p.key().Map, Side: side, Born: first, Took: took, Censored: censored, serial: c.serial})
	}
	n := len(o.worst)
	if n == o.config.Worst && !o.worst[n-1].slower(took, first, c.serial) {
		return
	}
	w := Worst{Key: *p.key(), Side: side, Born: first, Took: took, Censored: censored, serial: c.serial}
	if c.lead > 0 {
		w.Why = []Wait{{"on the other side, before its own commit", c.lead}}
	}
	if c.born < at {
		w.Why = append(w.Why, o.waits(&p.waiting.lines[side], c.born, at)...)
	}
	i, _ := slices.BinarySearchFunc(o.worst, w, func(a, b Worst) int {
		return cmp.Or(cmp.Compare(b.Took, a.Took), cmp.Compare(a.Born, b.Born), cmp.Compare(a.serial, b.serial))
	})
	if n == o.config.Worst {
		o.worst = o.worst[:n-1]
	}
	o.worst = slices.Insert(o.worst, i, w)
}

// slower reports whether a change belongs before w among the worst.
func (w *Worst) slower(took time.Duration, born sim.Time, serial uint64) bool {
	if took != w.Took {
		return took > w.Took
	}
	if born != w.Born {
		return born < w.Born
	}
	return serial < w.serial
}

// sampler keeps every sample until there are too many, then every second
// change's, then every fourth's, and so on. Which are kept depends on
// the order of commit alone.
type sampler struct {
	kept   []Sample
	most   int
	stride uint64
	seen   uint64
}

func (s *sampler) wants(serial uint64) bool {
	s.seen++
	return serial%s.stride == 0
}

func (s *sampler) add(x Sample) {
	s.kept = append(s.kept, x)
	for len(s.kept) > s.most {
		s.stride *= 2
		s.kept = slices.DeleteFunc(s.kept, func(x Sample) bool { return x.serial%s.stride != 0 })
	}
}

// transaction follows a user's transaction until all its records are visible
// on the other side.
type transaction struct {
	id          engine.TxID
	side        engine.Side
	name        string // of one that the report tells of
	committed   sim.Time
	records     int
	followed    int // commits waited for: all of a named one, else creates
	visible     int
	given       int // commits that were dropped and will never be seen
	first, last sim.Time
	maps        []engine.MapID
	head        *pair   // the first that it waits for
	pairs       []*pair // of a named one
	unfinished  bool    // the run ended before all was visible
	excused     bool    // part of it waited for another record, or for people
}

// add makes the transaction follow a commit.
func (t *transaction) add(p *pair, c *commit) {
	if t.name != "" {
		t.pairs = append(t.pairs, p)
	} else if !c.what.has(created) {
		return
	}
	if t.head == nil {
		t.head = p
	}
	c.tx = t
	t.followed++
	if m := p.key().Map; !slices.Contains(t.maps, m) {
		t.maps = append(t.maps, m)
	}
}

// seen notes that a followed commit became visible on the other side, or never
// will.
func (o *Oracle) seen(at sim.Time, c *commit, visible bool) {
	t := c.tx
	c.tx = nil
	if visible {
		if t.visible == 0 {
			t.first = at
		}
		t.visible++
		t.last = at
	} else {
		t.given++
	}
	if t.visible+t.given == t.followed {
		o.whole(t)
	}
}

// tornMax is how many of the transactions that were partly visible longest are
// kept.
const tornMax = 5

// whole notes how long a transaction was partly visible, now that nothing of it
// is missing on the other side.
func (o *Oracle) whole(t *transaction) {
	if t.visible == 0 {
		return
	}
	span := t.last - t.first
	o.tornFor(t.last, t, span)
	for _, m := range t.maps {
		if span > o.maps[m].partly {
			o.maps[m].partly, o.maps[m].partlyTx = span, t.id
		}
	}
	if span == 0 || t.name != "" { // what has a name is told of anyway
		return
	}
	i := len(o.torn)
	for i > 0 && o.torn[i-1].last-o.torn[i-1].first < span {
		i--
	}
	if i < tornMax {
		o.torn = slices.Insert(o.torn, i, t)
		o.torn = o.torn[:min(len(o.torn), tornMax)]
	}
}

// neverWhole notes a transaction of which something is missing at the end.
func (o *Oracle) neverWhole(at sim.Time, t *transaction) {
	if t.unfinished || t.visible == 0 {
		return
	}
	t.unfinished = true
	o.tornFor(at, t, at-t.first)
	for _, m := range t.maps {
		o.maps[m].neverWhole++
	}
}

// tornFor judges how long a transaction was partly visible.
func (o *Oracle) tornFor(at sim.Time, t *transaction, span sim.Time) {
	most := o.config.TornMax
	if o.config.TornAsLong && most == 0 && !t.excused && !t.unfinished {
		most = o.allowed()
		span = min(span, max(0, o.bounds.sound(at)-o.bounds.heals))
	}
	if most == 0 || t.followed < 2 {
		return
	}
	o.tallies[tornVisible].checked++
	if span > sim.Time(most) {
		o.breach(tornVisible, at, t.head.key(), "transaction %d of %s was partly visible for %v, and at most %v is allowed", t.id, t.side, time.Duration(span), most)
	}
}
