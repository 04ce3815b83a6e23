package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// bounds is what the oracle knows of how long changes may take. Three things
// together bound that, and each is judged by itself, because the bound on the time
// alone is wide:
//
//   - turn: of one table map and side, what came first is looked at first
//   - tries: an item is not tried for ever while nothing comes of it
//   - time: with all healed, retry policy and backlog say how long it can take
type bounds struct {
	turns  []turns       // by map and side
	rows   bool          // the engine lists records, and their rows go ahead of others
	heals  sim.Time      // when the last fault is over and the last operator has asked
	lasts  sim.Time      // from when on a fault that lasts for ever makes changes wait; 0: none does
	most   uint64        // changes that were open at once, since then
	told   time.Duration // for which sides have asked to be left alone
	before time.Duration // ... of which until then
}

// turns are the items of one map and side that nobody has looked at yet, in the
// order in which they were taken in.
type turns struct {
	waiting []*pair // from head on
	head    int
	gone    uint64 // how many stood before the list
}

// tries counts what is done for a pair in vain.
type tries struct {
	reads uint32 // of the pair, since something came of one
	luck  uint64 // of the process at the first of them
}

// Heals tells, before the run, when all faults and operators' requests will be
// over.
func (o *Oracle) Heals(at sim.Time) {
	if at > o.bounds.heals {
		o.bounds.heals = at
		o.rounds.begin(at)
	}
}

// Lasts tells, before the run, from when on a fault that lasts for ever makes changes
// wait: how long they wait then, nothing bounds.
func (o *Oracle) Lasts(from sim.Time) {
	if from = max(from, 1); o.bounds.lasts == 0 || from < o.bounds.lasts {
		o.bounds.lasts = from
	}
}

// sound returns an instant, or where a fault lasts by then, when that began.
func (b *bounds) sound(at sim.Time) sim.Time {
	if b.lasts == 0 {
		return at
	}
	return min(at, b.lasts)
}

// comes notes an item that waits for its turn. Judged are only those of which
// nothing but the items before them can hold up: the record looks up no other,
// takes over no unique value, was never in a live transaction, has nothing under
// way in the other direction (it would have been read, or its read got lost), and no
// item of the engine's own that it joins. One that an older change joins, taken in
// later, waits from then on: the older one is its oldest.
func (o *Oracle) comes(at sim.Time, p *pair, ref *engine.Reference) {
	x := ref.Side
	p.inTurn[x.Other()] = 0
	if p.overtook(ref) || len(ref.Values) > 0 { // the item that it joins waits for whoever frees a value
		p.inTurn[x] = 0
	}
	if o.bounds.rows || p.lived || p.aided || p.joins[x] || p.tries.reads > 0 || p.pulled[x.Other()] || p.underWay(x.Other(), at) || ref.Origin != engine.Captured || len(ref.Needs)+len(ref.Values) > 0 || p.queued() > 1 {
		return
	}
	t := o.turnsOf(ref.Key.Map, x)
	p.inTurn[x] = t.place(len(t.waiting))
	t.waiting = append(t.waiting, p)
}

// rowsComeFirst ends the judgement of turns: a row that the engine has listed itself
// goes ahead, and so does the item of an earlier change that it joins.
func (o *Oracle) rowsComeFirst() {
	if !o.bounds.rows {
		o.bounds.rows = true
		o.forgetTurns()
	}
}

func (o *Oracle) turnsOf(m engine.MapID, x engine.Side) *turns {
	if o.bounds.turns == nil {
		o.bounds.turns = make([]turns, 2*len(o.shapes))
	}
	return &o.bounds.turns[2*int(m)+int(x)]
}

// queued counts the changes of a pair that are in the engine's queue.
func (p *pair) queued() (n int) {
	for _, side := range engine.Sides {
		all := p.open(side)
		for i := range all {
			if all[i].what.has(taken) && !all[i].what.has(settled) {
				n++
			}
		}
	}
	return n
}

// overtook reports whether a later change of the pair stands in the queue already.
func (p *pair) overtook(ref *engine.Reference) bool {
	all := p.open(ref.Side)
	for i := range all {
		if c := &all[i]; c.what.has(taken) && !c.what.has(settled) && (c.life > ref.Incarnation || c.life == ref.Incarnation && c.number > ref.Number) {
			return true
		}
	}
	return false
}

// Looks tells that the engine reads records of a side for a batch of items: it
// is their turn, if it comes from them.
func (o *Oracle) Looks(at sim.Time, side engine.Side, keys []engine.Key) {
	for i := range keys {
		p := o.pairs.find(&keys[i])
		if p == nil {
			continue
		}
		o.tried(at, p)
		if p.inTurn[side] == 0 {
			continue
		}
		o.tallies[bounded].checked++
		t := o.turnsOf(keys[i].Map, side)
		first := t.first(side)
		if first != p {
			o.breach(bounded, at, first.key(), "it waited for its turn on %s, and %s, which came later, was looked at first", side, o.record(&keys[i]))
		}
		p.inTurn[side] = 0
		t.first(side)
	}
}

// first takes off the list who waits no more, and returns who has waited longest;
// nil for nobody.
func (t *turns) first(side engine.Side) *pair {
	for ; t.head < len(t.waiting); t.head++ {
		if p := t.waiting[t.head]; p.inTurn[side] == t.place(t.head) {
			break
		}
	}
	if t.head == len(t.waiting) || t.head > 64 && t.head > len(t.waiting)/2 {
		t.gone += uint64(t.head)
		t.waiting, t.head = append(t.waiting[:0], t.waiting[t.head:]...), 0
	}
	if len(t.waiting) == 0 {
		return nil
	}
	return t.waiting[t.head]
}

// place numbers the items in the order in which they came, from 1.
func (t *turns) place(at int) uint64 { return t.gone + uint64(at) + 1 }

// tried counts a read of a pair. An item is tried a number of times before it waits
// for an operator, and within each the condition of its write may fail some times;
// each try reads both sides. A pair has an item for each side with open changes. A row of
// an initial sync or a resync cannot wait for anybody before it has a number, and no more can
// another item of the engine's own, of a side of which no change is captured.
func (o *Oracle) tried(at sim.Time, p *pair) {
	most := o.config.Limits.Attempts
	if most == 0 || p.waiting == nil {
		return
	}
	t := &p.tries
	if t.luck != o.limits.luck {
		*t = tries{luck: o.limits.luck}
	}
	t.reads++
	course := &o.courses[p.key().Map]
	items, numbered, own := 0, true, false
	for s := range p.waiting.lines {
		if open := p.open(engine.Side(s)); len(open) > 0 {
			items++
			has := slices.ContainsFunc(open, func(c commit) bool { return c.what.has(captured) && !c.what.has(settled) })
			numbered, own = numbered && has, own || !has && p.waiting.lines[s].queued()
		}
	}
	if rows := course.legs != 0 || course.resync != 0; own || rows && !numbered {
		return
	}
	if course.age > 1 { // a resync may have made an item of what had its outcome
		items = 2
	}
	if t.reads == uint32(items*(most+1)*2*triesMax) {
		o.breach(bounded, at, p.key(), "it was read %d times, and nothing came of it: %d attempts are allowed", t.reads, most)
	}
}

// triesMax is how often the condition of one attempt may fail, with what else may
// make the engine read again.
const triesMax = 9

// saves notes what an item gets out of the queue's order: it waits for people.
func (o *Oracle) saves(at sim.Time, m *engine.Mutation) {
	var p *pair
	switch {
	case m.Kind == engine.LaneChanged && m.Lane.Parked.Class != engine.Open, m.Kind == engine.PairQuarantined:
		p = o.pairs.find(&m.Lane.Key)
	case m.Kind == engine.ReferenceAdded, m.Kind == engine.ReferenceSettled:
		p = o.of(&m.Reference)
	case m.Kind == engine.JobMoved:
		o.limits.uncounted = true
		o.limits.moves(m.Job)
	}
	if p == nil {
		return
	}
	p.tries.reads = 0
	if m.Kind == engine.ReferenceAdded || m.Kind == engine.ReferenceSettled {
		o.enqueue(p, &m.Reference, m.Kind == engine.ReferenceAdded)
	}
	if m.Kind == engine.PairQuarantined && m.Lane.Parked.Class == engine.Open {
		o.released++
	}
	if m.Kind == engine.ReferenceAdded {
		p.joins[m.Reference.Side] = p.pulled[m.Reference.Side] || p.underWay(m.Reference.Side, at)
	}
	if m.Kind != engine.ReferenceAdded && m.Kind != engine.ReferenceSettled {
		p.aided, p.inTurn = true, [2]uint64{}
	}
}

// enqueue notes that a change is in the engine's queue, or no longer.
func (o *Oracle) enqueue(p *pair, ref *engine.Reference, is bool) {
	if p.waiting == nil {
		return
	}
	c := p.waiting.lines[ref.Side].find(ref.Incarnation, ref.Number)
	if c == nil {
		return
	}
	was := c.what
	switch {
	case !is:
		c.what &^= enqueued | weighs
	case isChange(ref):
		c.what |= enqueued | weighs
	default: // in its place
		c.what |= enqueued
	}
	o.inQueue[ref.Side] += gained(was, c.what, enqueued)
	o.courses[ref.Key.Map].size += int64(gained(was, c.what, weighs)) * int64(c.size)
}

// gained is 1 where something has become true of a commit, and -1 where it is no more.
func gained(was, is, what flags) int {
	switch {
	case is.has(what) && !was.has(what):
		return 1
	case was.has(what) && !is.has(what):
		return -1
	default:
		return 0
	}
}

// underWay reports whether the engine says that a side's item is older than this
// step.
func (p *pair) underWay(x engine.Side, at sim.Time) bool {
	if p.waiting == nil {
		return false
	}
	for _, s := range slices.Backward(p.waiting.lines[x].steps) {
		if s.at < at {
			return s.place != engine.NotQueued && s.place != inOutbox
		}
	}
	return false
}

// forgetTurns ends the judgement of turns of what waits now, as when a process has
// died: the next one has its queue from the store.
func (o *Oracle) forgetTurns() {
	for i := range o.bounds.turns {
		t := &o.bounds.turns[i]
		for _, p := range t.waiting[t.head:] {
			p.inTurn = [2]uint64{}
		}
		t.gone += uint64(len(t.waiting))
		t.waiting, t.head = t.waiting[:0], 0
	}
}

// opens notes how many changes are open.
func (o *Oracle) opens(at sim.Time) {
	b := &o.bounds
	if at <= b.heals {
		b.most, b.before = 0, b.told
	}
	b.most = max(b.most, o.totals.Captured-o.totals.Settled)
}

// allowed is how long a change may wait once all is healed: each attempt behind all
// that is open, one by one, with each request as long as it may take; a back-off
// after each; and what sides have asked for beside. It is 0 where the policy is not
// known.
func (o *Oracle) allowed() time.Duration {
	l, b := &o.config.Limits, &o.bounds
	if l.Attempts == 0 {
		return 0
	}
	turn := time.Duration(b.most+1) * 3 * l.Timeout
	return time.Duration(l.Attempts)*(l.RetryCap+turn) + l.Idle + b.told - b.before
}

// took judges the time that a change took, up to now.
func (o *Oracle) took(at sim.Time, p *pair, side engine.Side, c *commit) {
	allowed := o.allowed()
	if allowed == 0 || p.aided || p.lived || p.waitsForOthers(side) {
		return
	}
	o.tallies[bounded].checked++
	from := max(c.born, o.bounds.heals)
	at = o.bounds.sound(at)
	if waited := at.Sub(from); waited > allowed {
		o.breach(bounded, at, p.key(), "change %d.%d of %s waited %s with nothing broken, and %s are allowed%s",
			c.life, c.number, side, lasting(waited), lasting(allowed), o.longest(&p.waiting.lines[side], from, at))
	}
}

// waitsForOthers reports whether the engine says that the item waits for another
// record. That one is judged in its place.
func (p *pair) waitsForOthers(side engine.Side) bool {
	for _, s := range p.waiting.lines[side].steps {
		if s.place == engine.WaitsFor || s.place == pastHook {
			return true
		}
	}
	return false
}

// longest names what most of a time was spent on.
func (o *Oracle) longest(l *line, from, to sim.Time) string {
	all := o.waits(l, from, to)
	if len(all) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s of it %s", lasting(all[0].For), all[0].What)
}

// noteBound names the longest wait of the run and its reason.
func (o *Oracle) noteBound() string {
	if len(o.worst) == 0 {
		return ""
	}
	w := &o.worst[0]
	text := fmt.Sprintf("longest: %s, of %s", lasting(w.Took), o.record(&w.Key))
	if len(w.Why) > 0 {
		text += fmt.Sprintf(" (%s %s)", lasting(w.Why[0].For), w.Why[0].What)
	}
	return text
}

// lasting writes a length of time as reports do.
func lasting(d time.Duration) string {
	switch seconds := d.Round(time.Second); {
	case seconds >= time.Hour:
		minutes := d.Round(time.Minute)
		return strings.TrimSuffix(fmt.Sprintf("%dh %02dm", minutes/time.Hour, minutes%time.Hour/time.Minute), " 00m")
	case seconds >= time.Minute:
		return strings.TrimSuffix(fmt.Sprintf("%dm %02ds", seconds/time.Minute, seconds%time.Minute/time.Second), " 00s")
	default:
		return d.Round(time.Millisecond).String()
	}
}
