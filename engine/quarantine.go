package engine

// A pair is quarantined when going on would do harm: its two sides answer each
// other without end, or one of them was restored from a backup. No item of the
// pair runs then; what there is, and what comes, waits on the error desk. A retry
// or a resync releases the pair, and so does the delete of its record.

// Quarantine is the durable note that a pair is quarantined.
type Quarantine struct {
	Key Key
	Why Outcome
}

// quarantine stops a pair, of which one item may be in a batch: that one must
// have left it.
func (c *Core) quarantine(id laneID, why Outcome) {
	p := c.pairs.at(id.pair())
	p.quarantine = why
	p.turns = turns{}
	c.saveQuarantine(p)
	for side := range p.lanes {
		l := &p.lanes[side]
		own := laneID(id.pair())<<1 | laneID(side)
		if len(l.open) == 0 || l.state == parked {
			continue
		}
		if l.state == blocked {
			c.unblock(own)
		}
		c.putOnDesk(own, l, why)
	}
}

func (c *Core) saveQuarantine(p *pair) {
	c.save = append(c.save, Mutation{Kind: PairQuarantined, Lane: &LaneState{Key: p.key, Parked: p.quarantine}})
}

// releasePair lets the items of a pair run again, but for those that wait on the
// desk for another reason. Until they have ended, or can be saved, the store keeps the
// pair quarantined.
func (c *Core) releasePair(id laneID) {
	if p := c.pairs.at(id.pair()); p.quarantine.Class != Open {
		why := p.quarantine
		p.quarantine = Outcome{}
		c.releasing = append(c.releasing, id.pair())
		c.letRun(id, why)
	}
}

// letRun lets those items of a pair run that its quarantine had stopped.
func (c *Core) letRun(id laneID, why Outcome) {
	p := c.pairs.at(id.pair())
	for side := range p.lanes {
		l := &p.lanes[side]
		if own := laneID(id.pair())<<1 | laneID(side); l.state == parked && l.parked == why {
			c.unpark(own, l)
			c.saveLane(own)
			c.schedule(own)
		}
	}
}

// turns follows how the two sides of a pair answer each other. An answer is a
// change that a side made on top of what was just carried to it, while the other
// side changed nothing. One person after the other does that too; what tells
// business logic apart is that it never pauses: it answers before the engine has
// found the side's outbox empty a few times. No clock takes part, and nothing is
// saved: after a restart the count begins anew.
type turns struct {
	incarnation uint32    // of the pair; 0: nothing was carried yet
	number      [2]uint32 // by side: of its mark when a change was carried last
	answers     int32     // in a row
	again       int32     // of them in a row, those that left what the same side had left before
	last        Side      // whose change was carried last
	content     [2]uint64 // by side: what its last carried change left, as a hash
	empty       uint64    // how often the other side's outbox had been found empty
}

// causeOscillation is shown on the error desk.
const causeOscillation = "the business logic of the two sides keeps answering each other: change one of them, then retry"

// The bounds of turns, beside [Config.AnswersMax].
const (
	againMax = 4 // answers in a row that say the same again: both sides have done so twice
	restful  = 2 // times that an outbox is found empty before a change that is no answer any more
)

// answering reports whether what an item is about to carry answers what was carried
// the other way, and returns the hash of its content.
func (c *Core) answering(f *flight) (content uint64, is bool) {
	t, s := &c.pairs.at(f.lane.pair()).turns, f.lane.side()
	v := &f.verdict
	content = fnvOffset
	for g := range f.x.Mark.Groups {
		if v.Carry.Has(g) {
			content = hashWord(hashWord(content, uint64(g)), f.x.Mark.Groups[g].Fingerprint)
		}
	}
	is = t.incarnation != 0 && t.incarnation == f.x.Mark.Incarnation && t.last != s &&
		v.Override|v.Reject|v.Answer == 0 && f.y != nil &&
		f.x.Mark.Number > t.number[s] && f.y.Mark.Number == t.number[s.Other()]
	return content, is
}

// endless reports whether the two sides of a pair keep answering each other, so
// that what an item is about to carry must not be carried.
func (c *Core) endless(f *flight) bool {
	if f.verdict.Carry == 0 || f.verdict.Late != NotLate {
		return false
	}
	t := &c.pairs.at(f.lane.pair()).turns
	content, is := c.answering(f)
	return is && (int(t.answers) >= c.cfg.AnswersMax || t.again+1 >= againMax && content == t.content[f.lane.side()])
}

// tookTurn notes what an item has carried.
func (c *Core) tookTurn(f *flight) {
	if f.verdict.Carry == 0 {
		return
	}
	t, s := &c.pairs.at(f.lane.pair()).turns, f.lane.side()
	content, is := c.answering(f)
	switch {
	case !is:
		t.answers, t.again = 0, 0
	case content == t.content[s]:
		t.answers, t.again = t.answers+1, t.again+1
	default:
		t.answers, t.again = t.answers+1, 0
	}
	t.incarnation, t.last, t.content[s] = f.x.Mark.Incarnation, s, content
	t.number[s], t.number[s.Other()] = f.x.Mark.Number, 0
	if f.y != nil && f.y.Mark.Incarnation == f.x.Mark.Incarnation {
		t.number[s.Other()] = f.y.Mark.Number
	}
	t.empty = c.outbox[s.Other()].empty
}

// heard takes note that a side has a new change. Once the side has been at rest,
// it begins something new.
func (c *Core) heard(id laneID) {
	t := &c.pairs.at(id.pair()).turns
	if t.incarnation != 0 && t.last != id.side() && c.outbox[id.side()].empty-t.empty >= restful {
		*t = turns{}
	}
}
