package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Settled tells that a reference's outcome has become durable, once for each
// time that the engine recorded one.
//
// References that the engine made to hold a place are no changes and are only
// counted. An echo is the end of a duplicate, never of the change itself: a
// change whose only outcome was an echo is still without one.
func (o *Oracle) Settled(at sim.Time, ref *engine.Reference, out engine.Outcome) {
	if !isChange(ref) {
		o.totals.Held++
		o.held(ref, out)
		return
	}
	o.tallies[closedBooks].checked++
	if out.Reason != engine.Echo { // a duplicate was never taken in
		o.books.stored--
	}
	p := o.of(ref)
	if p == nil || !p.knows(ref) {
		o.breach(closedBooks, at, &ref.Key, "%v ended as %s (%s), and no such change was captured", ref, out.Class, out.Reason)
		return
	}
	if out.Class == engine.NoOp && out.Reason == engine.Echo {
		o.totals.Echoes++
		p.aided, p.inTurn = true, [2]uint64{} // the engine looks whether its side has been restored
		return
	}
	var c *commit
	if p.waiting != nil {
		c = p.waiting.lines[ref.Side].find(ref.Incarnation, ref.Number)
	}
	if c == nil || c.what.has(settled) {
		o.breach(closedBooks, at, &ref.Key, "%v ended a second time, as %s (%s)", ref, out.Class, out.Reason)
		return
	}
	switch out.Class {
	case engine.Synced, engine.NoOp, engine.ConcurrencyFailure, engine.ConflictFailure, engine.Dismissed:
	default:
		o.breach(closedBooks, at, &ref.Key, "%v was booked as ended by %s (%s), which is no end", ref, out.Class, out.Reason)
		return
	}
	o.opens(at)
	o.took(at, p, ref.Side, c)
	if p.inTurn[ref.Side] != 0 || out.Class == engine.Dismissed { // given up: where it stood in the queue, it may come in again
		p.inTurn[ref.Side], p.aided = 0, true
	}
	c.what |= settled
	c.class = out.Class
	o.totals.Settled++
	o.maps[ref.Key.Map].count(ref.Side, out)
	if out.Class == engine.ConcurrencyFailure {
		o.cause(ref, out)
	}
	if c.what.has(users) {
		o.truth(at, p, ref, c, out)
	}
	switch {
	case out.Class == engine.Dismissed:
		o.givesUp(p)
	case out.Reason == engine.Rejected && !c.what.has(foretold): // the primary's record follows, whatever became of its changes
		p.dismissed = false
	}
	o.forget(p)
}

// held notes how a reference ended that the engine made to hold the place of a captured
// one, which will end alike when it comes in.
func (o *Oracle) held(ref *engine.Reference, out engine.Outcome) {
	p := o.of(ref)
	if p == nil {
		return
	}
	if p.waiting != nil {
		if c := p.waiting.lines[ref.Side].find(ref.Incarnation, ref.Number); c != nil {
			c.what |= foretold
		}
	}
	switch {
	case out.Class == engine.Dismissed:
		o.givesUp(p)
	case out.Reason == engine.Rejected:
		p.dismissed = false
	}
}

// GivenUp tells that an item of the engine's own was dismissed that had no number: there
// is no reference of it to settle.
func (o *Oracle) GivenUp(_ sim.Time, k *engine.Key) {
	if p := o.pairs.find(k); p != nil {
		o.givesUp(p)
	}
}

// givesUp notes that an operator has given up what was to be carried of a pair. While a live
// transaction has written one of its sides they may seem to agree, or one of them to be out of
// scope; where that is undone, they differ as they did before.
func (o *Oracle) givesUp(p *pair) {
	p.dismissed = p.dismissed || p.differs
	for _, side := range engine.Sides {
		if row := o.rowOf(p, side, p.record[side]); row != nil {
			row.given = row.given || row.parted
		}
	}
}

// truth compares an outcome with what happened to the change. In its column
// groups different things may have happened.
func (o *Oracle) truth(at sim.Time, p *pair, ref *engine.Reference, c *commit, out engine.Outcome) {
	key, x := &ref.Key, ref.Side
	o.tallies[trueOutcome].checked++
	if c.fallen&^c.equal != 0 && !c.ownsUp() {
		o.breach(noLostUpdate, at, key, "change %d.%d of %s was overridden, and its outcome hides that: %s (%s)",
			c.life, c.number, x, out.Class, out.Reason)
		return
	}
	switch out.Class {
	case engine.Synced:
		if c.groups != 0 && c.there|c.equal == 0 {
			o.breach(trueOutcome, at, key, "change %d.%d of %s ended as synced (%s), and %s never got it", c.life, c.number, x, out.Reason, x.Other())
		}
	case engine.NoOp:
		o.aside(at, ref, c)
	case engine.ConcurrencyFailure:
		o.stale(at, p, ref, c, out)
	case engine.ConflictFailure:
		o.conflict(at, ref, c, out)
	}
}

// stale judges a concurrency failure.
func (o *Oracle) stale(at sim.Time, p *pair, ref *engine.Reference, c *commit, out engine.Outcome) {
	x := ref.Side
	switch out.Reason {
	case engine.Superseded:
		if p.life[x] == c.life && p.newest(x, c, set(ref.Groups)) {
			o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as superseded, and is the latest of its side", c.life, c.number, x)
		}
	case engine.GoneFromSource:
		mine, theirs := p.record[x], p.record[x.Other()]
		if o.untraced(p, x) {
			o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as gone from the source, where nothing tells that there was such a record", c.life, c.number, x)
			return
		}
		newer := theirs != nil && theirs.Mark.Incarnation > c.life
		if alive(mine) && mine.Mark.Incarnation == c.life && !newer && !p.madeAnew(x, c) && !c.what.has(gone) {
			o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as gone from the source, and the record lives", c.life, c.number, x)
		}
	}
}

// madeAnew reports whether a change's record vanished past the hook, and was made again
// in the same life: whoever looked in between found nothing.
func (p *pair) madeAnew(x engine.Side, c *commit) bool {
	for all := p.open(x); ; all = all[:len(all)-1] {
		switch last := &all[len(all)-1]; {
		case last == c:
			return false
		case last.what.has(created) && last.life == c.life:
			return true
		}
	}
}

// newest reports whether a change is the latest of its side that the engine knows
// of, captured or live, in any of the column groups that it was captured in: what had
// gone past the hook and back again beside it was not.
func (p *pair) newest(x engine.Side, c *commit, in set) bool {
	left, live := c.groups&in, false
	if c.what.has(gone) {
		return false
	}
	for all := p.open(x); ; all = all[:len(all)-1] {
		switch last := &all[len(all)-1]; {
		case last == c:
			return left != 0
		case !last.what.has(users): // the engine takes what it has leaked for a change of all
			return false
		case last.what.has(captured) || last.what.has(wentLive) || live: // what had gone past the hook goes with a live change
			left &^= last.groups
			live = live || last.what.has(wentLive)
		}
	}
}

// conflict judges a conflict failure.
func (o *Oracle) conflict(at sim.Time, ref *engine.Reference, c *commit, out engine.Outcome) {
	x := ref.Side
	o.tallies[primaryWins].checked++
	if c.what.has(overruled) {
		return
	}
	p := o.of(ref)
	newLife := outlived(p.record[x], p.record[x.Other()])
	if rule := &o.courses[ref.Key.Map]; x == rule.rules && c.reign == rule.reign && !newLife {
		o.breach(primaryWins, at, &ref.Key, "change %d.%d of %s ended as a conflict failure, and that side is primary", c.life, c.number, x)
		return
	}
	switch {
	case c.contested|c.again == 0 && !c.what.has(gone) && !newLife: // no mark tells that the other side had it before it had a number, or in a life that is over
		o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as a conflict failure, and no change of %s was concurrent with it", c.life, c.number, x, x.Other())
	case out.Reason == engine.Overridden && c.dropped == 0:
		o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as overridden, and nothing was written over it", c.life, c.number, x)
	case c.groups&^(c.there&^c.equal&^c.dropped) == 0 && !c.what.has(foretold) && !newLife: // else it may have come there since
		o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as a conflict failure, and %s holds it", c.life, c.number, x, x.Other())
	}
}

// aside judges the outcome that nothing was to be carried.
func (o *Oracle) aside(at sim.Time, ref *engine.Reference, c *commit) {
	s := &o.shapes[ref.Key.Map]
	if c.groups != 0 && s.simple && !s.Company {
		o.breach(trueOutcome, at, &ref.Key, "change %d.%d of %s ended as out of scope, and its table map has no filter", c.life, c.number, ref.Side)
	}
}

// cause folds what belongs on the list of sync errors.
func (o *Oracle) cause(ref *engine.Reference, out engine.Outcome) {
	for i := range o.causes {
		e := &o.causes[i]
		if e.Class == out.Class && e.Reason == out.Reason && e.Map == ref.Key.Map && e.Cause == out.Cause {
			e.Count++
			return
		}
	}
	o.causes = append(o.causes, ErrorCount{
		Class: out.Class, Reason: out.Reason, Map: ref.Key.Map, Cause: out.Cause, Count: 1, Example: o.record(&ref.Key),
	})
}
