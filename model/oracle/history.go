package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// head is the history of a record on one side: the Trace of the records that
// it published. It never changes, so that sides share it after a fast-forward.
type head struct {
	pair    *pair
	commits [2]uint32   // how many of each side's commits the record is made of
	last    engine.Side // where the newest of them was born; noSide for none
	origins []origin    // by cell, in a world of the data integrator
}

// noSide stands for the origin of content that was there at the start.
const noSide engine.Side = 2

// commit is a user's change of one record, remembered until nothing can be
// said about it any more.
type commit struct {
	born   sim.Time
	tx     *transaction
	serial uint64 // place among all captured changes of the run
	index  uint32 // place among this side's commits of the pair, from 1
	number uint32 // of its reference; of the one before, while it has none
	life   uint32 // incarnation
	what   flags
	class  engine.Class
}

// flags are what is known of a commit.
type flags uint16

const (
	captured    flags = 1 << iota // it has a reference
	users                         // a user made it; else the engine's own write leaked a reference
	settled                       // its reference has its outcome
	agreed                        // the pair was equal at some time since
	carried                       // the other side has it
	foundEqual                    // ... because it held the same
	dropped                       // the other side's record was written over it
	fallen                        // ... as the newest of its side: its outcome must say so
	contested                     // the other side had a commit that neither knew of the other
	created                       // it made the record
	queued                        // found in a queue or outbox at the end
	outstanding                   // ... of the engine, not only in an outbox
	parkedItem
)

func (f flags) has(g flags) bool { return f&g == g }

// span is a range of one side's commits: from < index <= to.
type span struct{ from, to uint32 }

// pair is what the oracle knows of one key on both sides.
type pair struct {
	record  [2]*engine.Record // as last published
	head    [2]*head
	waiting *waiting  // commits of which something is open; nil for none
	lost    [2]span   // by side: the latest run of commits that were dropped
	paired  [2]uint32 // commits up to here were tested against later ones of the other side
	number  [2]uint32 // of the newest reference
	life    [2]uint32 // its incarnation

	differs   bool
	dismissed bool // an operator gave a change up, and the pair has not agreed since
	state     flags
}

// key names the pair.
func (p *pair) key() *engine.Key {
	if p.record[0] != nil {
		return &p.record[0].Key
	}
	return &p.record[1].Key
}

// commits returns what a side's record is made of.
func (p *pair) commits(s engine.Side) [2]uint32 {
	if p.head[s] == nil {
		return [2]uint32{}
	}
	return p.head[s].commits
}

// alive reports whether any commit of side s in (from, to] still counts: it
// was not dropped.
//
// One span of dropped commits is enough. Between two such spans lie commits
// that the other side had taken in; whoever asks about commits before the
// older span therefore finds those, and the answer is yes in any case.
func (p *pair) alive(s engine.Side, from, to uint32) bool {
	if p.lost[s].from <= from {
		from = max(from, p.lost[s].to)
	}
	return from < to
}

// isLost reports whether a commit is known to be dropped.
func (p *pair) isLost(s engine.Side, index uint32) bool {
	return p.lost[s].from < index && index <= p.lost[s].to
}

// drop notes that the commits in (from, to] of side s were written over.
func (p *pair) drop(s engine.Side, from, to uint32) {
	if l := &p.lost[s]; l.to == 0 || from > l.to {
		*l = span{from, to}
	} else {
		l.from, l.to = min(l.from, from), max(l.to, to)
	}
}

// waiting holds the commits of a pair about which something is still open,
// by side and oldest first. It is reused by other pairs when both are empty.
type waiting struct{ lines [2]line }

// line is a queue of commits.
type line struct {
	all   []commit
	start int
}

func (l *line) list() []commit { return l.all[l.start:] }

func (l *line) push(c commit) { l.all = append(l.all, c) }

// shift takes the oldest n commits off.
func (l *line) shift(n int) {
	clear(l.all[l.start : l.start+n])
	l.start += n
	switch {
	case l.start == len(l.all):
		l.all, l.start = l.all[:0], 0
	case l.start > 32 && l.start > len(l.all)/2:
		l.all, l.start = append(l.all[:0], l.list()...), 0
	}
}

// find returns the commit of a reference, or nil. Commits are in the order of
// their references; one without a reference follows its predecessor.
func (l *line) find(life, number uint32) *commit {
	all := l.list()
	low, high := 0, len(all)
	for low < high {
		middle := int(uint(low+high) >> 1)
		c := &all[middle]
		if c.life < life || c.life == life && c.number < number {
			low = middle + 1
		} else {
			high = middle
		}
	}
	for ; low < len(all) && all[low].life == life && all[low].number == number; low++ {
		if all[low].what.has(captured) {
			return &all[low]
		}
	}
	return nil
}

// line returns the open commits of a side, for adding to it.
func (o *Oracle) line(p *pair, s engine.Side) *line {
	if p.waiting == nil {
		if n := len(o.spare); n > 0 {
			p.waiting, o.spare = o.spare[n-1], o.spare[:n-1]
		} else {
			p.waiting = &waiting{}
		}
	}
	return &p.waiting.lines[s]
}

// open returns the open commits of a side.
func (p *pair) open(s engine.Side) []commit {
	if p.waiting == nil {
		return nil
	}
	return p.waiting.lines[s].list()
}

// forget drops the oldest commits of which nothing is open: each has its
// outcome, was followed by agreement, and reached the other side or was
// dropped.
func (o *Oracle) forget(p *pair) {
	if p.waiting == nil {
		return
	}
	for s := range p.waiting.lines {
		l, n := &p.waiting.lines[s], 0
		for _, c := range l.list() {
			if !p.done(engine.Side(s), &c) {
				break
			}
			n++
		}
		if n > 0 {
			l.shift(n)
		}
	}
	if len(p.waiting.lines[0].all) == 0 && len(p.waiting.lines[1].all) == 0 {
		o.spare = append(o.spare, p.waiting)
		p.waiting = nil
	}
}

func (p *pair) done(s engine.Side, c *commit) bool {
	if c.what.has(captured) && !c.what.has(settled|agreed) {
		return false
	}
	return !c.what.has(users) || c.index <= p.commits(s.Other())[s] || p.isLost(s, c.index)
}

// pairOf finds or makes the pair of a record, by its predecessor if it has one.
// The caller sets the record of a new pair before it does anything else.
func (o *Oracle) pairOf(before, after *engine.Record) *pair {
	if before != nil {
		if h, ok := before.Trace.(*head); ok {
			return h.pair
		}
	}
	if p := o.pairs.find(&after.Key); p != nil {
		return p
	}
	return o.pairs.add(&after.Key)
}
