package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// deleted is a user's delete that commits, or a change that takes a record out of a
// scope where that deletes the other side's. The other side must have lost the
// record already, and the delete must not be queued. A delete outside the map's
// scope, or under a stopped map, stays on its side. So does one while the side does not
// capture; but that is drift, which a resync undoes.
func (o *Oracle) deleted(at sim.Time, s *shape, p *pair, x engine.Side, prev *engine.Record, held *head, ref *engine.Reference) {
	y := x.Other()
	if ref != nil {
		o.breach(deleteLive, at, p.key(), "a delete on %s entered the queue, as change %d.%d", x, ref.Incarnation, ref.Number)
	}
	switch {
	case s.Mode == engine.Stopped || s.outside(x, prev):
		p.aside = true
		o.goWith(at, p, x)
		if s.Mode != engine.Stopped {
			p.vanishes(s, x, prev)
		}
		return
	case held == nil && o.courses[p.key().Map].off[x]:
		o.stray(p)
		o.goWith(at, p, x)
		p.vanishes(s, x, prev)
		return
	}
	o.deletes = true
	o.tallies[deleteLive].checked++
	switch {
	case held == nil:
		o.breach(deleteLive, at, p.key(), "a delete on %s committed without the other side", x)
	case alive(p.record[y]) && !risen(p.record[y]):
		o.breach(deleteLive, at, p.key(), "%s was deleted on %s, and %s still holds it", o.record(p.key()), x, y)
	}
	p.deaths++
	o.tallies[noResurrection].checked++
	o.goWith(at, p, x)
	o.drops(s, p, x) // the next life begins with all of this one behind it
	o.endOfLife(s, p)
	if risen(p.record[y]) {
		o.outlives(s, p, y)
	}
}

// drops lets go what a side's record was made of and the other side never got.
func (o *Oracle) drops(s *shape, p *pair, x engine.Side) {
	for g := range s.groups {
		if mine, theirs := p.stand(x, g), p.stand(x.Other(), g); theirs.commits[x] < mine.commits[x] {
			p.of(g).drop(x, theirs.commits[x], mine.commits[x])
		}
	}
}

// outlives notes that the other side knows nothing of a record that was created past
// the hook where a delete had just taken one away.
func (o *Oracle) outlives(s *shape, p *pair, y engine.Side) {
	h := o.again(p, y.Other())
	for all := p.open(y); len(all) > 0; all = all[:len(all)-1] {
		c := &all[len(all)-1]
		for g := range s.groups {
			if c.groups.has(g) {
				h.of(g).commits[y]--
			}
		}
		if c.what.has(created) {
			break
		}
	}
	p.head[y.Other()] = h
}

// vanishes notes how a side's record was that goes away without a tombstone: what is made
// anew past the hook as it was is no change.
func (p *pair) vanishes(s *shape, side engine.Side, prev *engine.Record) {
	p.bypassed(s, side, p.known(s, side, prev), s.out[side])
}

// vanished reports whether a side's users have deleted a record past the hook or out of
// scope, so that it has left no tombstone.
func vanished(r *engine.Record) bool { return r != nil && !r.Alive && !r.Mark.Dead }

// Expired tells that a side has forgotten that it ever held a record, whose tombstone it
// had kept until now.
func (o *Oracle) Expired(_ sim.Time, side engine.Side, tombstone *engine.Record) {
	p := o.pairOfRecord(tombstone)
	p.name, p.record[side] = tombstone.Key, nil
	if p.decided(side) { // by what was read before
		return
	}
	if o.expired == nil {
		o.expired = map[sideOf]bool{}
	}
	o.expired[sideOf{p, side}] = true
}

// sideOf is one side of a pair.
type sideOf struct {
	pair *pair
	side engine.Side
}

// untraced reports whether a side has no trace of a record, and had none when its item was
// read.
func (o *Oracle) untraced(p *pair, side engine.Side) bool {
	return p.record[side] == nil && o.expired[sideOf{p, side}]
}

// goWith lets the open commits of a side go with its record, which its users have
// deleted.
func (o *Oracle) goWith(at sim.Time, p *pair, x engine.Side) {
	all := p.open(x)
	for i := range all {
		c := &all[i]
		p.goes(x, c)
		c.went |= c.groups &^ c.dropped
		if left := c.groups &^ (c.there | c.dropped); left != 0 {
			c.dropped |= left
			if c.tx != nil && c.there == 0 {
				o.seen(at, c, false)
			}
		}
	}
}

// endOfLife makes both sides know everything of each other.
func (o *Oracle) endOfLife(s *shape, p *pair) {
	for _, side := range engine.Sides {
		if p.head[side] == nil {
			p.head[side] = o.blank(p)
		}
		if p.more != nil { // what enters the scope in the next life is new in it
			p.more.leave(side, nil)
		}
	}
	next := o.again(p, engine.FinOps)
	for g := range s.groups {
		st, other := next.of(g), p.stand(engine.Dataverse, g)
		st.commits = [2]uint32{max(st.commits[0], other.commits[0]), max(st.commits[1], other.commits[1])}
		st.last = noSide
	}
	next.deaths = p.deaths
	p.head = [2]*head{next, next}
}

// bury is the engine's delete of a record. What the user who deletes has not
// seen of it falls, and its references must say so.
func (o *Oracle) bury(at sim.Time, s *shape, p *pair, y engine.Side, source *head, w *engine.Write, prev, after *engine.Record) {
	o.tallies[noLostUpdate].checked++
	for g := range s.groups {
		was, is := p.stand(y, g), *source.of(g)
		if !alive(prev) || !p.of(g).alive(y, is.commits[y], was.commits[y]) {
			if set(w.Override).has(g) {
				p.takenAgain(y, g)
			}
			continue
		}
		over := p.walk(y, g, is.commits[y], was.commits[y])
		c := over.next()
		declared := set(w.Override).has(g) || c.lostIn(prev, g) // by a delete that was undone
		unsought := prev.Mark.Incarnation == 0 || s.outside(y, prev) && p.unheard(y, g, is.commits[y], was.commits[y])
		if c != nil && !unsought && !c.dropped.has(g) && !declared && !o.failed(y.Other(), w.Intent) { // else it will be given back
			o.breach(noLostUpdate, at, p.key(), "%s was deleted over a change that %s had not seen, and no conflict was declared: %s",
				y, y.Other(), o.describe(p, y, g, is.commits[y], was.commits[y]))
		}
		o.falls(at, p, y, g, is.commits[y], was.commits[y], fallen{declared: declared, live: true}, after)
	}
}

// takenAway is what users have changed on a record that goes away with the create
// which is undone. It is gone on both sides, and its references say so. Where the life
// goes on, its mark tells of them still: they may be there again.
func (o *Oracle) takenAway(at sim.Time, s *shape, p *pair, y engine.Side, w *engine.Write, prev, after *engine.Record) {
	row := o.rowOf(p, y, prev)
	if !alive(prev) || row == nil {
		return
	}
	o.tallies[noLostUpdate].checked++
	if p.more != nil && !vanished(after) {
		p.more.leave(y, nil) // whatever is made in its place is new
	}
	for g := range s.groups {
		from, to := p.stand(y.Other(), g).commits[y], p.stand(y, g).commits[y]
		if from == to {
			continue
		}
		on, x := p.walk(y, g, from, to), p.record[y.Other()]
		// Users of the other side may have made the same, or had when it was read, and out of scope nobody looks for it.
		missed := !s.outside(y, prev) && !(alive(x) && s.became(g, y.Other(), prev.Values, x.Values)) &&
			!(alive(w.Source) && s.became(g, y.Other(), prev.Values, w.Source.Values))
		if c := on.next(); c != nil && !c.what.has(captured) && !c.dropped.has(g) && c.born >= row.since && missed {
			o.breach(noLostUpdate, at, p.key(), "%s went away on %s with the create that was undone, and nothing will ever tell of an uncaptured change, made at %v", o.record(p.key()), y, c.born)
		}
		if vanished(after) {
			continue
		}
		for went := p.walk(y, g, from, to); ; {
			c := went.next()
			if c == nil {
				break
			}
			p.goes(y, c)
			c.went |= only(g) &^ c.dropped
		}
		o.linked(p, y, g, from, to)
	}
	if vanished(after) {
		o.goWith(at, p, y)
	}
	h := o.again(p, y)
	for g := range s.groups { // what had come with it is not there any more
		st := h.of(g)
		if had := &st.commits[y.Other()]; *had > row.known[g] {
			o.givenBack(p, y.Other(), g, row.known[g], *had)
			*had = row.known[g]
		}
	}
	p.head[y] = h
}

// lostIn reports whether a record's mark says that the change was overruled; nil never
// was.
func (c *commit) lostIn(r *engine.Record, g int) bool {
	return c != nil && c.what.has(captured) && g < len(r.Mark.Groups) && slices.Contains(lostNumbers(r.Mark.Groups[g].Lost), c.number)
}

// restore is a write that undoes on side y what an undone transaction had done
// there: y becomes what the source is. What it cannot be written back is not part of it
// any more.
func (o *Oracle) restore(at sim.Time, s *shape, p *pair, y engine.Side, source *head, w *engine.Write, prev, after *engine.Record, row *liveRow) {
	x := y.Other()
	o.tallies[noLostUpdate].checked++
	next := o.standsOf(s, p, y)
	p.backAgainstTheFlow(s, y)
	if row != nil && row.stood != nil {
		o.valuesLost += s.lostAgainstTheFlow(y, row.stood.Values, after.Values)
	}
	for g := range s.groups {
		was, is := p.stand(y, g), *source.of(g)
		if !set(w.Groups).has(g) {
			if vanished(prev) && is.commits[y] < was.commits[y] { // what its users had made of it went with it
				p.of(g).drop(y, is.commits[y], was.commits[y])
			}
			if row != nil && row.known[g] < was.commits[x] {
				o.givenBack(p, x, g, row.known[g], was.commits[x])
				was.commits[x], next[g].commits[x] = row.known[g], row.known[g]
				known := is.commits
				known[x] = row.known[g]
				o.concurrentAgain(p, x, g, known, was.commits[y])
			}
			o.standAgain(p, x, g, was.commits[x], is.commits[x])
			continue
		}
		if p.of(g).alive(y, is.commits[y], was.commits[y]) {
			declared := set(w.Override).has(g)
			if over := p.walk(y, g, is.commits[y], was.commits[y]); !declared {
				c := over.next()
				declared = c.lostIn(after, g) // by what is undone here, which had reached this side late
				if c != nil && c.what.has(captured) && !c.dropped.has(g) && !declared {
					o.breach(noLostUpdate, at, p.key(), "%s was restored over change %d.%d of %s, made at %v, and no conflict was declared", y, c.life, c.number, y, c.born)
				}
			}
			o.fall(at, p, y, g, is.commits[y], was.commits[y], fallen{declared: declared, live: true})
		}
		back := p.walk(y, g, 0, is.commits[y])
		if c := back.next(); c.lostIn(after, g) { // declared by the delete that is undone, and it has come back all the same
			c.what |= overruled
		}
		o.reached(at, p, x, g, was.commits[x], is.commits[x], liveOrBack)
		is.commits[y] = max(is.commits[y], was.commits[y])
		next[g] = is
	}
	o.move(p, y, next, source)
	o.references(at, y, intentOf(prev), prev, after, nil)
}

// lostAgainstTheFlow counts the values of columns which flow only from a side, and that have
// not come back there as they stood: nobody else held them. A default or a code tells at best
// what they may have been.
func (s *shape) lostAgainstTheFlow(y engine.Side, stood, back []engine.Value) (n uint64) {
	for g := range s.groups {
		if s.out[y.Other()].has(g) {
			continue
		}
		for _, c := range s.groups[g].list {
			if !s.same(c, &stood[c], &back[c]) {
				n++
			}
		}
	}
	return n
}

// backAgainstTheFlow notes that a side holds again what it held before a transaction
// that is undone, what had been edited against the flow included.
func (p *pair) backAgainstTheFlow(s *shape, y engine.Side) {
	if p.more != nil {
		p.more.drift |= s.whole &^ s.out[y]
	}
}

// standAgain notes that the commits of side x in (from, to] of a column group may yet
// be carried, whatever they had lost to: the other side's record was made anew without
// the group.
func (o *Oracle) standAgain(p *pair, x engine.Side, g int, from, to uint32) {
	for w := p.walk(x, g, from, to); ; {
		c := w.next()
		if c == nil {
			return
		}
		c.what |= stands
	}
}

// risen checks that a record which the engine brings to life is not one that a
// user has deleted. A live create of the next life may have ended without a commit before
// that delete committed: the engine hears of it late, and what it has brought goes away again.
func (o *Oracle) risen(at sim.Time, p *pair, y engine.Side, source *head, w *engine.Write, prev *engine.Record) {
	if p.deaths == 0 {
		return
	}
	o.tallies[noResurrection].checked++
	next := prev != nil && prev.Mark.Incarnation < w.Source.Mark.Incarnation
	if source.deaths < p.deaths && !(next && o.failed(y.Other(), w.Intent)) {
		o.breach(noResurrection, at, p.key(), "%s got back a record that a user had deleted", y)
	}
}
