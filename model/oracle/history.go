package oracle

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// head is the history of a record on one side: the Trace of the records that
// it published. It never changes, so that sides share it after a fast-forward.
type head struct {
	pair   *pair
	stand         // of the map's first column group
	deaths uint32 // of the record that it knows of
	also   *also
}

// also is what a history has beside, where there is more than one column group,
// or the data integrator copies rows.
type also struct {
	rest    []stand  // of the other column groups
	origins []origin // by cell
}

// stand is the history of one column group.
type stand struct {
	commits [2]uint32   // how many of each side's commits it is made of
	last    engine.Side // where the newest of them was born; noSide for none
}

// noSide stands for the origin of content that was there at the start.
const noSide engine.Side = 2

// of returns the history of a column group.
func (h *head) of(g int) *stand {
	if g == 0 {
		return &h.stand
	}
	return &h.also.rest[g-1]
}

// commit is a user's change of one record, remembered until nothing can be
// said about it any more.
type commit struct {
	born   sim.Time
	lead   time.Duration // for so long before, the other side had it: a live one
	tx     *transaction
	serial uint64 // place among all captured and live changes of the run
	number uint32 // of its reference; of the one before, while it has none
	life   uint32 // incarnation
	size   uint32 // of its record, in the queue
	what   flags
	class  engine.Class
	reign  uint8 // when it was made; see [course]

	groups    set // it changed
	there     set // ... in which the other side has it
	equal     set // ... in which the other side held the same
	dropped   set // ... in which the other side's record was written over it
	went      set // ... and that went with its record
	again     set // that its late capture took in, though the other side had it before: by what had no number then
	fallen    set // ... as the newest of its side: its outcome must say so
	contested set // ... in which the other side had a commit that neither knew of the other
}

// flags are what is known of a commit.
type flags uint32

const (
	captured   flags = 1 << iota // it has a reference
	taken                        // ... which the engine has saved, or one of its own in its place
	saved                        // ... itself
	users                        // a user made it; else the engine's own write leaked a reference
	settled                      // its reference has its outcome
	agreed                       // the pair was equal at some time since
	created                      // it made the record
	queued                       // found in a queue or outbox at the end
	parkedItem                   // ... on the error desk
	overruled                    // written over by a live transaction, or in an initial sync, whoever is primary
	older                        // content that was there before the sync began, and no user's change of this run
	wentLive                     // with a live transaction: it has no reference, and replaces what has
	stands                       // what it may have lost to went away with a record that was restored from its side
	gone                         // its record went away since: users of its side have deleted it, or the create of it was undone
	enqueued                     // the engine has put it into its queue, saved or not, and it has not ended
	weighs                       // ... itself, and none of the engine's own in its place: those have no size
	foretold                     // the engine's own reference in its place has ended: what it will end as was decided then
)

func (f flags) has(g flags) bool { return f&g == g }

// span is a range of one side's commits of a column group: from < place <= to.
type span struct{ from, to uint32 }

// strand is what both sides share of the history of one column group.
type strand struct {
	lost   [2]span   // by side: the latest run of commits that were dropped
	paired [2]uint32 // commits up to here were tested against later ones of the other side
}

// pair is what the oracle knows of one key on both sides.
type pair struct {
	record  [2]*engine.Record // as last published
	head    [2]*head
	waiting *waiting  // commits of which something is open; nil for none
	strand            // of the first column group
	more    *more     // of a map that is not simple
	number  [2]uint32 // of the newest reference
	life    [2]uint32 // its incarnation

	edited    [2]gapTime // by side: when a user last changed it
	state     flags
	deaths    uint32    // committed deletes
	lookers   [2]uint32 // by side: records that look it up, once that is counted
	refused   [2]bool   // by side: its business logic refused what the engine brought
	joins     [2]bool   // by side: its newest reference came to an item that was there
	pulled    [2]bool   // by side: there is an item of the engine's own, from when no change waited
	differs   bool
	aside     bool        // deleted on one side out of the map's scope, and not brought back since
	dismissed bool        // an operator gave a change up, and the pair has not agreed since
	lived     bool        // was in a live transaction at some time
	aided     bool        // waited for people at some time
	astray    *astray     // nil: it has not strayed
	name      *engine.Key // until there is a record
	inTurn    [2]uint64   // by side: the place of its item, which waits for its turn and is held up by nothing but those before it; 0: it does not
	tries     tries
}

// more is what a pair has beside, under a map of several column groups, of one
// that flows one way, or with a filter.
type more struct {
	strands []strand           // of the column groups but the first
	drift   set                // edited where they do not flow from, and not written since
	left    *[2][]engine.Value // by side: as the record was when it left the scope; nil: it never has
}

// leave notes what a side's record was when it left the scope.
func (m *more) leave(side engine.Side, values []engine.Value) {
	if m.left == nil {
		if values == nil {
			return
		}
		m.left = &[2][]engine.Value{}
	}
	m.left[side] = values
}

// leftAs returns what a side's record was when it left the scope; nil where it has not.
func (m *more) leftAs(side engine.Side) []engine.Value {
	if m.left == nil {
		return nil
	}
	return m.left[side]
}

// key names the pair.
func (p *pair) key() *engine.Key {
	if p.record[0] != nil {
		return p.record[0].Key
	}
	if p.record[1] != nil {
		return p.record[1].Key
	}
	return p.name
}

// of returns what both sides share of a column group.
func (p *pair) of(g int) *strand {
	if g == 0 {
		return &p.strand
	}
	return &p.more.strands[g-1]
}

// stand returns what a column group of a side's record is made of.
func (p *pair) stand(s engine.Side, g int) stand {
	if p.head[s] == nil {
		return stand{last: noSide}
	}
	return *p.head[s].of(g)
}

// alive reports whether any commit of side s in (from, to] still counts: it
// was not dropped.
//
// One span of dropped commits is enough. Between two such spans lie commits
// that the other side had taken in; whoever asks about commits before the
// older span therefore finds those, and the answer is yes in any case.
func (t *strand) alive(s engine.Side, from, to uint32) bool {
	if t.lost[s].from <= from {
		from = max(from, t.lost[s].to)
	}
	return from < to
}

// drop notes that the commits in (from, to] of side s were written over.
func (t *strand) drop(s engine.Side, from, to uint32) {
	switch l := &t.lost[s]; {
	case l.to == 0 || from > l.to:
		*l = span{from, to}
	case to < l.from: // by what was undone late: commits that count lie between
	default:
		l.from, l.to = min(l.from, from), max(l.to, to)
	}
}

// walk goes over the open commits of a side that changed a column group, and
// whose place among them is in a span, newest first.
type walk struct {
	all   []commit
	g     int
	place uint32 // of the next one
	span
}

func (p *pair) walk(s engine.Side, g int, from, to uint32) walk {
	return walk{all: p.open(s), g: g, place: p.stand(s, g).commits[s], span: span{from, to}}
}

// next returns the next commit, or nil.
func (w *walk) next() *commit {
	for w.place > w.from && len(w.all) > 0 {
		c := &w.all[len(w.all)-1]
		w.all = w.all[:len(w.all)-1]
		if !c.groups.has(w.g) {
			continue
		}
		w.place--
		if w.place < w.to {
			return c
		}
	}
	return nil
}

// waiting holds the commits of a pair about which something is still open,
// by side and oldest first. It is reused by other pairs when both are empty.
type waiting struct{ lines [2]line }

// line is a queue of commits.
type line struct {
	all   []commit
	start int
	steps []step // of the pair's item in this direction, while anything is open
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
// dropped. What came there with a live transaction may yet be given back.
func (o *Oracle) forget(p *pair) {
	if p.waiting == nil || o.inDoubt(p) {
		return
	}
	for s := range p.waiting.lines {
		l, n := &p.waiting.lines[s], 0
		for all := l.list(); n < len(all) && all[n].done(); {
			n++
		}
		if n > 0 {
			l.shift(n)
		}
	}
	if p.waiting.lines[0].over() && p.waiting.lines[1].over() {
		for s := range p.waiting.lines {
			l := &p.waiting.lines[s]
			p.pulled[s] = l.queued()
			l.steps = l.steps[:0]
		}
		o.spare = append(o.spare, p.waiting)
		p.waiting = nil
	}
}

// queued reports whether the engine says that there is an item.
func (l *line) queued() bool {
	n := len(l.steps)
	return n > 0 && l.steps[n-1].place != engine.NotQueued && l.steps[n-1].place < inOutbox
}

// over reports whether nothing is open about a line, and its item is not in flight: what
// comes meanwhile joins it.
func (l *line) over() bool {
	n := len(l.steps)
	return len(l.all) == 0 && (n == 0 || l.steps[n-1].place != engine.InFlight)
}

// first is when one side had the commit alone.
func (c *commit) first() sim.Time { return c.born.Add(-c.lead) }

func (c *commit) done() bool {
	if c.what.has(captured) && !c.what.has(settled|agreed) || c.what.has(wentLive) && !c.what.has(agreed) {
		return false
	}
	return c.groups&^(c.there|c.dropped) == 0
}

// pairOfRecord finds the pair of a record that a system holds; nil where it was not
// told of it.
func (o *Oracle) pairOfRecord(r *engine.Record) *pair {
	if h, ok := r.Trace.(*head); ok {
		return h.pair
	}
	return o.pairs.find(r.Key)
}

// pairOf finds or makes the pair of a record, by its predecessor if it has one.
// The caller sets the record of a new pair before it does anything else.
func (o *Oracle) pairOf(before, after *engine.Record) *pair {
	if before != nil {
		if h, ok := before.Trace.(*head); ok {
			return h.pair
		}
	}
	if p := o.pairs.find(after.Key); p != nil {
		return p
	}
	p := o.pairs.add(after.Key)
	if s := &o.shapes[after.Key.Map]; !s.simple {
		p.more = o.mores.take()
		if n := len(s.groups) - 1; n > 0 {
			p.more.strands = make([]strand, n)
		}
	}
	return p
}
