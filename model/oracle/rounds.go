package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// rounds looks for livelocks: when nobody edits any more, no request of an operator is
// open and everything has healed that does, the engine must not bring the world back to
// a state that it has led it away from.
//
// The state is what the two sides hold: of each record, on each side, whether it is alive,
// its mapped columns, and of its mark what does not grow with every write. Columns alone
// are too little: a write that was on its way when a user changed his record, and back
// again, lands and is followed by what he has made of it, so that users see the same three
// times, and yet the second time one side knows more of the other than the first. The
// marks as they are would be too much: their numbers never go back, so that a livelock in
// which each write is captured, and carried back for that, would never be in one state
// twice. Fingerprints may stay: they come back with the contents that they are of. So numbers count by their distance: how many changes of a column group one side
// has for the other, and which side is in the later life. Each write of a sound engine
// brings that distance down, or up for something that it captures late, which is then
// captured for good. What the engine keeps for itself, its queue and its attempts, is left
// out: it is no state that anybody would look at, and an attempt of which nothing comes
// counts up for ever.
//
// A write that changes nothing of this is no step on the way: not one that was refused, nor
// one that is made once more since its answer was lost. What a live transaction writes
// on the other side is the user's doing, and like his commit the way begins anew with it:
// undoing it then leads to where the way has not been. So it begins when a fault is over, an
// operator has asked, or the process is back. A fault that lasts for ever is no excuse, and
// makes no livelock either: it keeps writes from landing, or their answers from coming, and
// writes nothing itself, so that the way goes on beside it. A side that is restored from a
// backup would have to begin it anew; no fault of the model restores one.
type rounds struct {
	fresh []stroke // the latest writes, of which it is not known yet where they have led
	way   []visit  // where those before have led, but for those that changed nothing
	since sim.Time // when it began
	state uint64   // at the end of the way
}

// stroke is a write of the engine.
type stroke struct {
	pair                *pair
	prev, after, beside *engine.Record // beside: of the other side
	at                  sim.Time
	side                engine.Side
}

// visit is a state of the world, as a sum over its records. Only differences are known
// of it: where the way begins it is 0.
type visit struct {
	state uint64
	at    sim.Time
	pair  *pair // that was written
}

// freshMax is how many strokes are kept with their records.
const freshMax = 256

// begin begins the way anew.
func (r *rounds) begin(at sim.Time) {
	r.fresh, r.way, r.since, r.state = r.fresh[:0], r.way[:0], at, 0
}

// strokes notes a write of the engine.
func (o *Oracle) strokes(at sim.Time, p *pair, side engine.Side, w *engine.Write, prev, after *engine.Record) {
	r := &o.rounds
	switch {
	case o.copies != nil || at <= o.bounds.heals:
		return
	case w.Intent != 0 && w.Kind != engine.SealWrite:
		r.begin(at)
		return
	}
	r.fresh = append(r.fresh, stroke{p, prev, after, p.record[side.Other()], at, side})
	if len(r.fresh) == freshMax {
		r.walk()
	}
}

// walk finds out where the latest writes have led.
func (r *rounds) walk() {
	for i := range r.fresh {
		s := &r.fresh[i]
		was, is := [2]*engine.Record{s.beside, s.beside}, [2]*engine.Record{s.beside, s.beside}
		was[s.side], is[s.side] = s.prev, s.after
		if step := share(s.after.Key, &is) - share(s.after.Key, &was); step != 0 {
			r.state += step
			r.way = append(r.way, visit{r.state, s.at, s.pair})
		}
	}
	r.fresh = r.fresh[:0]
}

// share is the part that the two records of a pair have in the state of the world.
func share(k *engine.Key, both *[2]*engine.Record) uint64 {
	h := keySum(k)
	for _, side := range engine.Sides {
		r, other := both[side], both[side.Other()]
		if h = sim.Mix(h, uint64(side)); r == nil {
			continue
		}
		m := &r.Mark
		h = sim.Mix(h, bit(r.Alive, 0)|bit(m.Dead, 1)|bit(m.Incarnation > 0, 2)|bit(m.Intent != 0, 3)|bit(m.Hidden != nil, 4)|
			bit(other != nil && m.Incarnation > other.Mark.Incarnation, 5))
		for g := range m.Groups {
			h = sim.Mix(sim.Mix(h, m.Groups[g].Fingerprint), uint64(owes(r, other, g)))
		}
		if r.Alive {
			for i := range r.Values {
				h = sim.Mix(h, valueSum(&r.Values[i]))
			}
		}
	}
	return h
}

// bit is a bit in its place, if it is set.
func bit(is bool, place int) uint64 {
	if is {
		return 1 << place
	}
	return 0
}

// owes counts the changes of a column group that a record's side has for the other one, as
// far as marks tell: the other's record may be nil.
func owes(r, other *engine.Record, g int) uint32 {
	mine := &r.Mark.Groups[g]
	known := highest(lostNumbers(mine.Lost))
	if other != nil {
		switch theirs := &other.Mark; {
		case theirs.Incarnation > r.Mark.Incarnation:
			return 0
		case theirs.Incarnation == r.Mark.Incarnation && g < len(theirs.Groups):
			known = max(known, theirs.Groups[g].Seen)
		}
	}
	return mine.Own - min(mine.Own, known)
}

// valueSum is the hash of a value, alike for those that are the same.
func valueSum(v *engine.Value) uint64 {
	h := uint64(v.Kind)
	switch v.Kind {
	case engine.KindText:
		h = sim.Mix(h, sim.Hash(v.Text))
	case engine.KindNumber:
		h = sim.Mix(h, uint64(v.Number))
	case engine.KindLookup:
		k := *v.Target
		k.Spelling = ""
		h = sim.Mix(h, keySum(&k))
	}
	return h
}

// judgeRounds looks for a state in which the world was before.
func (o *Oracle) judgeRounds() {
	r := &o.rounds
	r.walk()
	if len(r.way) < 2 {
		return
	}
	from := max(r.since, o.bounds.heals)
	reached := make(map[uint64]int, len(r.way)+1) // how many steps led to each state
	reached[0] = 0
	for i := range r.way {
		first, again := reached[r.way[i].state]
		if !again {
			reached[r.way[i].state] = i + 1
			continue
		}
		if first > 0 {
			from = r.way[first-1].at
		}
		o.goesRound(from, r.way[first:i+1], r.way[i+1:])
		return
	}
}

// goesRound tells of writes that have led back to where they began, and how often the
// others did so after them.
func (o *Oracle) goesRound(from sim.Time, round, rest []visit) {
	end := round[len(round)-1]
	var names []string
	for i := range round {
		if n := o.record(round[i].pair.key()); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	const most = 5
	if n := len(names) - most; n > 0 {
		names = append(names[:most], fmt.Sprintf("%d others", n))
	}
	more := ""
	for i, n := 0, 0; i < len(rest); i++ {
		if rest[i].state == end.state {
			n++
			more = fmt.Sprintf("; it did so %d times more, the last time at %v", n, rest[i].at)
		}
	}
	o.breach(trafficStops, end.at, round[0].pair.key(), "with nobody editing and nothing that heals still broken, both sides hold what they held at %v, %s before, and the engine had changed that with %d writes meanwhile and changed it back: %s went round%s",
		from, lasting(end.at.Sub(from)), len(round), strings.Join(names, ", "), more)
}
