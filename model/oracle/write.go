package oracle

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// EngineCommit tells of a write of the engine that committed on a side and
// returns the Trace to publish with it. before is nil when the side has never
// held the key; after is final but for its Trace; ref is what was appended to
// the outbox with it, nil for nothing. The oracle keeps after.
func (o *Oracle) EngineCommit(at sim.Time, side engine.Side, w *engine.Write, before, after *engine.Record, ref *engine.Reference) any {
	o.followed(at)
	o.dangling(at)
	source := o.sourceOf(w)
	p := o.pairOfWrite(source, before, after)
	s := &o.shapes[after.Key.Map]
	p.tries.reads = 0
	prev, undone := p.record[side], bypass{}
	row := o.rowOf(p, side, prev)
	o.tallies[noEcho].checked++
	o.repeats(at, side, w, prev, after)
	if w.Intent == 0 && w.Kind <= engine.LateWrite {
		o.totals.EngineWrites++
	} else {
		o.totals.LiveWrites++
	}
	if w.Kind != engine.RestoreWrite && w.Kind != engine.UnhideWrite && source != nil { // what undoes goes back
		o.counters(at, side, prev, after)
	}
	if w.Intent != 0 && w.Kind != engine.SealWrite {
		o.lands(at, p, side, w.Intent, prev, after)
	}
	switch w.Kind {
	case engine.SealWrite:
		o.sealed(at, p, side, w.Intent)
	case engine.LateWrite:
		o.content(at, s, p, side, w, prev, after)
		o.late(at, s, p, side, set(w.Groups), prev, ref)
	case engine.MarkWrite:
		o.totals.MarkWrites++
		o.content(at, s, p, side, w, prev, after)
		// A side also takes note of its own record, before another is undone from it.
		if own := source == p.head[side] && w.Source.Version == prev.Version; own || o.leavesMore(s, p, side, source, w) {
			o.totals.FollowUps++
		}
		o.meet(at, s, p, side, source, w, after)
		o.marked(s, p, side, w, prev)
	case engine.CarryWrite:
		o.content(at, s, p, side, w, prev, after)
		o.carry(at, s, p, side, o.withoutOwn(p, side, source, w.Intent), w, prev, after)
		o.marked(s, p, side, w, prev)
		if w.Intent != 0 {
			o.landedLate(p, side, w.Intent)
		}
	case engine.RestoreWrite:
		o.content(at, s, p, side, w, prev, after)
		if w.Source == w.Target {
			o.letGo(at, p, side, intentOf(prev))
			break
		}
		if alive(prev) && prev.Mark.Incarnation < w.Source.Mark.Incarnation { // its life was ended before
			o.takenAway(at, s, p, side, w, prev, after)
		}
		o.restored(at, p, side, intentOf(prev), source, set(w.Groups), set(w.Override))
		o.restore(at, s, p, side, source, w, prev, after, row)
		if s.restoresLess(side, w, after) { // the engine carries the rest when it can be
			o.totals.FollowUps++
			o.owed++
		}
	case engine.UnhideWrite:
		o.content(at, s, p, side, w, prev, after)
		o.unhide(at, s, p, side, source, w, prev, after)
	case engine.DeleteWrite:
		switch {
		case source != nil:
			o.bury(at, s, p, side, source, w, prev, after)
		case prev != nil && (prev.Alive || prev.Mark.Intent != 0): // a create is undone
			if row != nil && !after.Mark.Dead { // else the life that it was in is over
				undone = row.bypass
			}
			o.takenAway(at, s, p, side, w, prev, after)
			o.restored(at, p, side, intentOf(prev), nil, 0, 0)
		}
	}
	if alive(after) && !alive(prev) && source != nil && w.Kind != engine.RestoreWrite && w.Kind != engine.UnhideWrite {
		o.risen(at, p, side, source, w, prev)
	}
	o.lookers(at, side, prev, after)
	if w.Kind != engine.LateWrite && ref != nil {
		o.breach(noEcho, at, after.Key, "the engine's own %v write on %s was captured as a change, number %d", w.Kind, side, ref.Number)
		c := commit{born: at}
		o.capture(at, p, side, &c, ref)
		o.line(p, side).push(c)
	}
	if p.more != nil { // before it is forgotten how the record was when it went past the hook
		o.scoped(at, s, p, side, w, prev, after)
		if w.Kind == engine.UnhideWrite && row != nil {
			p.more.leave(side, row.left)
			switch was, is := s.outside(side, w.Source), s.outside(side, after); {
			case !was && is: // it has left by what users have changed on top
				p.more.leave(side, w.Source.Values)
			case was && !is: // by what users have changed on top; what they had made of it before comes along
				o.broughtIn(at, s, p, side, s.differ(after.Values, w.Source.Values), w.Source, after)
			}
		}
	}
	switch {
	case alive(prev) && alive(after), w.Kind == engine.SealWrite, w.Kind == engine.UnhideWrite:
		p.caught(side, set(w.Groups))
	default: // it begins anew, or ends
		p.caught(side, s.whole)
		switch {
		case !vanished(after):
		case alive(prev):
			p.vanishes(s, side, prev)
		case row != nil && row.stood != nil: // a delete is undone of what its own side does not hold any more
			p.vanishes(s, side, row.stood)
		}
		p.passedAgain(s, side, &undone)
	}
	if w.Kind == engine.RestoreWrite && w.Source != w.Target {
		p.leftOver(s, side, w, after)
	}
	p.record[side] = after
	o.strokes(at, p, side, w, prev, after)
	if alive(after) && alive(p.record[side.Other()]) { // else what a user has deleted out of scope is only undone here
		if (p.aside || vanished(prev)) && p.more != nil { // what flows only from here did not come back with it
			p.more.drift |= s.out[side] &^ s.out[side.Other()]
		}
		p.aside = false
	}
	if p.head[side] == nil {
		p.head[side] = o.blank(p)
	}
	o.compare(at, p)
	o.forget(p)
	return p.head[side]
}

// sourceOf returns the history of the record that a write is made of; nil for
// one that is made of none: it seals a tombstone, or undoes a create.
func (o *Oracle) sourceOf(w *engine.Write) *head {
	if w.Source != nil {
		if h, ok := w.Source.Trace.(*head); ok {
			return h
		}
	}
	if w.Kind != engine.SealWrite && w.Kind != engine.DeleteWrite {
		panic(fmt.Sprintf("oracle: the source of a %v write of %v carries no history", w.Kind, w.Key))
	}
	return nil
}

// pairOfWrite finds the pair that is written.
func (o *Oracle) pairOfWrite(source *head, before, after *engine.Record) *pair {
	if source != nil {
		return source.pair
	}
	return o.pairOf(before, after)
}

// intentOf names the live transaction that wrote a record.
func intentOf(r *engine.Record) engine.TxID {
	if r == nil {
		return 0
	}
	return r.Mark.Intent
}

// content checks that a write brings what it carries, and nothing else.
func (o *Oracle) content(at sim.Time, s *shape, p *pair, y engine.Side, w *engine.Write, prev, after *engine.Record) {
	o.tallies[noPhantom].checked++
	x := y.Other()
	if now := p.record[x]; w.Kind == engine.CarryWrite && w.Intent == 0 && now != nil && now.Version == w.Source.Version && !sameContent(now.Values, w.Source.Values) {
		o.breach(noPhantom, at, after.Key, "%s was written from something that %s does not hold", y, x)
	}
	var was []engine.Value
	if alive(prev) {
		was = prev.Values
	}
	for g := range s.groups {
		carries := (w.Kind == engine.CarryWrite || w.Kind == engine.RestoreWrite) && set(w.Groups).has(g)
		for _, c := range s.groups[g].list {
			v := &after.Values[c]
			switch {
			case carries && s.arrived(c, y, &w.Source.Values[c], v):
			case carries && !s.out[x].has(g) && v.Kind == engine.KindNull && !o.hadCode(s, c, x, &w.Source.Values[c], at): // it comes back without what cannot be turned round for want of a code
			case w.Kind == engine.UnhideWrite && sameValue(v, &w.Source.Values[c]):
			case carries:
				o.breach(noPhantom, at, after.Key, "%s was written from %s and holds something else in column %s", y, x, s.Columns[c].Name)
			case w.Kind == engine.UnhideWrite && risen(prev) && v.Kind == engine.KindNull:
				o.breach(noPhantom, at, after.Key, "column %s did not come back on %s, and nobody had filled it in", s.Columns[c].Name, y)
			case was == nil && v.Kind == engine.KindNull, was != nil && sameValue(v, &was[c]):
			default:
				o.breach(noPhantom, at, after.Key, "column %s changed on %s with a write that does not carry it", s.Columns[c].Name, y)
			}
		}
	}
}

// late is a capture of what had gone past the hook, in some column groups.
func (o *Oracle) late(at sim.Time, s *shape, p *pair, side engine.Side, groups set, prev *engine.Record, ref *engine.Reference) {
	o.totals.LateCaptures++
	if ref == nil {
		o.breach(closedBooks, at, p.key(), "a late capture on %s made no reference", side)
		return
	}
	var unheard set // groups whose newest commit bypassed the hook and is still what the side holds
	born := at
	for g := range s.groups {
		if !groups.has(g) {
			continue
		}
		if c := p.stillHeld(side, g); c != nil && !c.what.has(captured) && !(c.dropped | c.equal).has(g) {
			unheard |= only(g)
			born = min(born, c.born)
		}
	}
	if s.decides(prev) && groups&s.out[side]&^unheard != 0 { // the rest of it has a say as well
		unheard = groups & s.out[side]
	} else if all := p.open(side); unheard != 0 {
		if c := &all[len(all)-1]; !c.what.has(captured) && unheard&^c.groups == 0 && c.groups&c.dropped == 0 { // else some of it was changed back
			c.what &^= agreed
			c.again = groups & s.out[side] &^ (unheard &^ c.there)
			o.capture(at, p, side, c, ref)
			return
		}
	}
	c := commit{born: born}
	switch {
	case unheard != 0: // one reference for several commits: the newest of each group
		c.groups, c.what = unheard, users
		o.commit(s, p, side, &c, nil)
	case prev != nil && prev.Mark.Incarnation == 0, o.mends(s, p, side, groups, prev), o.getsNumber(p, side, prev), o.mustFollow(s, p, side, groups, prev), o.undoneWithout(s, p, side, groups, prev), o.keepsUndone(p, side, groups, prev), p.astray != nil && groups&^(p.astray.sides[side].groups|p.astray.sides[side].made) == 0:
		// Content older than the sync, or that a resync or an initial sync carries anew, becomes
		// a change of its own; so does a lookup that follows later, what the other side cannot get back, what it will not give back, and what went past the hook
		// and has reached the other side since, with a live transaction.
		c.groups, c.what = groups&s.out[side], users|older
		o.bound++
		o.commit(s, p, side, &c, nil)
	default:
		o.breach(noEcho, at, p.key(), "late capture on %s of a record that nobody had changed past the hook", side)
	}
	o.capture(at, p, side, &c, ref)
	l := o.line(p, side)
	l.begins(at, &c)
	l.push(c)
}

// stillHeld returns the commit that a side's column group is what it is by: its newest, or
// what stood there before that was changed back past the hook and has not reached the other
// side; nil where it is not known any more.
func (p *pair) stillHeld(side engine.Side, g int) *commit {
	w := p.walk(side, g, 0, p.stand(side, g).commits[side])
	newest := w.next()
	for c := newest; c != nil && c.what&(captured|wentLive) == 0; c = w.next() {
		if !(c.dropped | c.there).has(g) {
			return c
		}
	}
	return newest
}

// decides reports whether a record is older than the sync and counts as changed as a
// whole all the same, so that the primary decides.
func (s *shape) decides(r *engine.Record) bool {
	return s.Unlinked == engine.UnlinkedPrimary && r != nil && r.Mark.Incarnation == 0
}

// meet is a found-equal write: in each of its column groups the target's history
// takes in the source's.
func (o *Oracle) meet(at sim.Time, s *shape, p *pair, y engine.Side, source *head, w *engine.Write, after *engine.Record) {
	o.tallies[noLostUpdate].checked++
	next := o.standsOf(s, p, y)
	for g := range s.groups {
		switch {
		case !set(w.Groups).has(g):
		case s.became(g, y, w.Source.Values, after.Values):
			o.foundSince(p, y, g, source, w)
			next[g] = o.merge(at, p, y, g, source, false, nil)
		default:
			o.breach(noLostUpdate, at, after.Key, "%s was marked as holding what %s holds, and does not", y, y.Other())
		}
	}
	o.move(p, y, next, source)
}

// foundSince notes that a side holds the same as a change of the other one that has been
// overridden since it was read: what was read does not say so yet, and is not what stands
// there by now. A mark that leaves out what had been overridden before is no excuse.
func (o *Oracle) foundSince(p *pair, y engine.Side, g int, source *head, w *engine.Write) {
	x := y.Other()
	news := p.walk(x, g, p.stand(y, g).commits[x], source.of(g).commits[x])
	if c := news.next(); c != nil && c.fallen.has(g) && !c.lostIn(w.Source, g) && p.record[x].Version != w.Source.Version {
		c.equal |= only(g)
	}
}

// merge is what becomes of one column group that both sides hold alike. What a live
// transaction finds so is found when that commits: what stood there may come back.
func (o *Oracle) merge(at sim.Time, p *pair, y engine.Side, g int, source *head, over bool, row *liveRow) stand {
	x := y.Other()
	was, is := p.stand(y, g), *source.of(g)
	o.reached(at, p, x, g, was.commits[x], is.commits[x], found)
	if row != nil {
		row.alike |= only(g)
	}
	f := pendingFall{g: g, from: is.commits[y], to: was.commits[y], how: fallen{found: true}}
	o.alike(p, y, row, f)
	if f.how.silent = over; over {
		o.alike(p, y, row, f)
	}
	return stand{commits: [2]uint32{max(was.commits[0], is.commits[0]), max(was.commits[1], is.commits[1])}, last: is.last}
}

// alike notes that the other side holds what commits of side y made, or, silently, that
// nobody will carry them: at once, or when the live transaction commits that has found
// it so.
func (o *Oracle) alike(p *pair, y engine.Side, row *liveRow, f pendingFall) {
	switch {
	case row != nil:
		row.falls = append(row.falls, f)
		return
	case f.how.silent:
		o.linked(p, y, f.g, f.from, f.to)
		return
	}
	heard := false
	w := p.walk(y, f.g, f.from, f.to)
	for c := w.next(); c != nil; c = w.next() {
		c.equal |= only(f.g)
		heard = heard || c.what&(captured|wentLive) != 0
	}
	// What is forgotten was heard of where the other side has it; else it went with its record.
	if from := max(f.from, min(w.place, p.stand(y.Other(), f.g).commits[y])); !heard && from < f.to {
		o.linked(p, y, f.g, from, f.to)
	}
}

// marked ends what a record holds that had no mark until this write, in the column
// groups that the write does not touch: from now on it counts as known, and nobody
// will carry it.
func (o *Oracle) marked(s *shape, p *pair, y engine.Side, w *engine.Write, prev *engine.Record) {
	if !alive(prev) || prev.Mark.Incarnation != 0 {
		return
	}
	p.caught(y, s.whole)
	o.countsAsKnown(s, p, y, set(w.Groups), o.rowFor(p, y, w.Intent))
}

// countsAsKnown is marked for a record that has its mark now, but for some column groups.
func (o *Oracle) countsAsKnown(s *shape, p *pair, y engine.Side, but set, row *liveRow) {
	for g := range s.groups {
		from, to := p.stand(y.Other(), g).commits[y], p.stand(y, g).commits[y]
		if s.out[y].has(g) && !but.has(g) && from < to {
			o.alike(p, y, row, pendingFall{g: g, from: from, to: to, how: fallen{found: true, silent: true}})
			o.stray(p)
		}
	}
}

// linked ends commits of side y in (from, to] that nobody captured and that were
// found equal: no reference will ever tell the other side, and it has no need.
func (o *Oracle) linked(p *pair, y engine.Side, g int, from, to uint32) {
	for w := p.walk(y, g, from, to); ; {
		c := w.next()
		if c == nil {
			break
		}
		c.dropped |= only(g)
	}
	p.of(g).drop(y, from, to)
}

// standsOf returns what a side's record is made of, by column group, to be
// changed.
func (o *Oracle) standsOf(s *shape, p *pair, y engine.Side) []stand {
	o.stands = o.stands[:0]
	for g := range s.groups {
		o.stands = append(o.stands, p.stand(y, g))
	}
	return o.stands
}

// move sets the history of side y, sharing one that exists if it fits.
func (o *Oracle) move(p *pair, y engine.Side, now []stand, source *head) {
	for _, h := range [2]*head{source, p.head[y]} {
		if h == nil {
			continue
		}
		fits := true
		for g := range now {
			fits = fits && *h.of(g) == now[g]
		}
		if fits {
			p.head[y] = h
			return
		}
	}
	h := &head{pair: p, stand: now[0], deaths: source.deaths}
	if len(now) > 1 {
		h.also = &also{rest: slices.Clone(now[1:])}
	}
	p.head[y] = h
}

// carry is a write of the source's content: in each column group a fast-forward,
// or one that drops commits of the target.
func (o *Oracle) carry(at sim.Time, s *shape, p *pair, y engine.Side, source *head, w *engine.Write, prev, after *engine.Record) {
	o.tallies[noLostUpdate].checked++
	if w.Override != 0 {
		o.totals.Overrides++
	}
	if o.leavesLookups(s, p, y, source, w) {
		o.totals.FollowUps++
	}
	if vanished(prev) && w.Intent == 0 && !o.brings(s, p, y, source, w) {
		o.totals.BroughtBack++
	}
	next := o.standsOf(s, p, y)
	for g := range s.groups {
		if prev != nil && !prev.Alive && source.of(g).commits[y] < next[g].commits[y] { // it comes back without what its side's users had made of it before they deleted it
			p.of(g).drop(y, source.of(g).commits[y], next[g].commits[y])
		}
	}
	groups := set(w.Groups)
	several := groups&(groups-1) != 0
	for g := range s.groups {
		switch {
		case !groups.has(g) && vanished(prev): // it comes back whole, though a lookup that closes a circle follows later
			o.standAgain(p, y.Other(), g, next[g].commits[y.Other()], source.of(g).commits[y.Other()])
		case !groups.has(g):
		case (several || w.Intent != 0) && alive(prev) && !set(w.Override).has(g) && s.became(g, y, w.Source.Values, prev.Values):
			next[g] = o.merge(at, p, y, g, source, outlived(prev, after), o.rowFor(p, y, w.Intent)) // it goes along with others, and is only marked
		default:
			next[g] = o.overwrite(at, s, p, y, g, source, w, prev, after)
		}
	}
	o.move(p, y, next, source)
	o.references(at, y, w.Intent, prev, after, nil)
}

// leavesLookups reports whether a write brings a record without a lookup that
// closes a circle, although it has one to bring: that takes another write.
func (o *Oracle) leavesLookups(s *shape, p *pair, y engine.Side, source *head, w *engine.Write) bool {
	x := y.Other()
	for g := range s.groups {
		c := s.groups[g].list[0]
		if s.Columns[c].Circular && !set(w.Groups).has(g) && w.Source.Values[c].Kind == engine.KindLookup &&
			source.of(g).commits[x] > p.stand(y, g).commits[x] {
			return true
		}
	}
	return false
}

// brings reports whether a write carries a change that its target's side has not had. A
// record that has vanished there is also brought back without one, when it is looked up.
func (o *Oracle) brings(s *shape, p *pair, y engine.Side, source *head, w *engine.Write) bool {
	x := y.Other()
	for g := range s.groups {
		if set(w.Groups).has(g) && p.of(g).alive(x, p.stand(y, g).commits[x], source.of(g).commits[x]) {
			return true
		}
	}
	return false
}

// restoresLess reports whether what a side gets back with an undone transaction lacks what
// the other side has for it by its mark: what is looked up is not there, or has no code.
func (s *shape) restoresLess(y engine.Side, w *engine.Write, after *engine.Record) bool {
	for g := range s.groups {
		if s.out[y.Other()].has(g) && !set(w.Groups).has(g) && alive(after) && g < len(w.Source.Mark.Groups) && g < len(after.Mark.Groups) &&
			w.Source.Mark.Groups[g].Own > after.Mark.Groups[g].Seen && !s.became(g, y, w.Source.Values, after.Values) {
			return true
		}
	}
	return false
}

// leavesMore reports whether a write that only marks what both sides hold alike
// leaves other columns to another write that goes its way.
func (o *Oracle) leavesMore(s *shape, p *pair, y engine.Side, source *head, w *engine.Write) bool {
	x := y.Other()
	for g := range s.groups {
		if s.out[x].has(g) && !set(w.Groups).has(g) &&
			source.of(g).commits[x] > p.stand(y, g).commits[x] {
			return true
		}
	}
	return false
}

// overwrite is what becomes of one column group of the target that is written.
func (o *Oracle) overwrite(at sim.Time, s *shape, p *pair, y engine.Side, g int, source *head, w *engine.Write, prev, after *engine.Record) stand {
	x, key, t := y.Other(), after.Key, p.of(g)
	old, now := p.stand(y, g), *source.of(g)
	was, is := old.commits, now.commits
	declared := set(w.Override).has(g)
	fresh := t.alive(x, was[x], is[x])
	newLife := outlived(prev, after)
	if alive(prev) {
		unseen := t.alive(y, is[y], was[y])
		stale := t.alive(x, is[x], was[x])
		older := prev.Mark.Incarnation == 0 || s.outside(y, prev) && p.unheard(y, g, is[y], was[y]) // nobody looks for it out of scope
		switch {
		case unseen && older:
			if s.decides(prev) && w.Intent == 0 && s.out[y].has(g) && !s.outside(y, prev) && !s.became(g, y, w.Source.Values, prev.Values) {
				o.breach(noLostUpdate, at, key, "%s was written over what %s had held before the sync, and which the primary was to decide about", x, y)
			}
			if !declared {
				o.totals.DriftOverwritten++
			}
		case unseen && o.failed(x, w.Intent): // it will be given back
		case unseen:
			o.written(at, p, y, g, is, was, w.Intent != 0 || newLife, declared, fresh)
		case declared && newLife: // what was known of it is of a life that is over
		case declared && (p.takenAgain(y, g) || p.tellsOfGone(y, g, prev)):
		case declared:
			o.breach(trueOutcome, at, key, "%s was overridden although %s knew all its changes", y, x)
		}
		if stale && !o.failed(x, w.Intent) {
			o.breach(noLostUpdate, at, key, "an older state of %s was written over a newer one on %s: %s",
				x, y, o.describe(p, x, g, is[x], was[x]))
		}
		if !fresh && !unseen && !stale && now.last == y && !o.failed(x, w.Intent) && !p.holdsLeftOver(y, g) {
			o.breach(noEcho, at, key, "%s got back from %s what was last changed on %s, and held it already", y, x, y)
		}
		if unseen {
			o.falls(at, p, y, g, is[y], was[y], fallen{declared: declared || older, silent: older && !declared, live: w.Intent != 0, interim: newLife || o.interim(key.Map)}, after)
		}
		if p.more != nil && p.more.drift.has(g) && !s.out[y].has(g) && !s.became(g, y, w.Source.Values, prev.Values) {
			o.totals.DriftOverwritten++
		}
	}
	if p.more != nil && !s.out[y].has(g) {
		p.more.drift &^= only(g)
	}
	how := brought
	if w.Intent != 0 || !alive(prev) && o.strays(p) || vanished(prev) { // it comes back whole
		how = liveOrBack
	}
	o.reached(at, p, x, g, was[x], is[x], how)
	now.commits[y] = max(is[y], was[y])
	return now
}

// outlived reports whether a record is in a life that is over on the side of another: a
// delete of it could not be undone there. A record that begins the next life wins, whoever
// is primary.
func outlived(r, by *engine.Record) bool {
	return alive(r) && alive(by) && r.Mark.Incarnation > 0 && r.Mark.Incarnation < by.Mark.Incarnation
}

// written judges a write over commits of the target that its source does not
// know, or one that wins anyway, whoever is primary.
func (o *Oracle) written(at sim.Time, p *pair, y engine.Side, g int, is, was [2]uint32, anyway, declared, fresh bool) {
	x, key := y.Other(), p.key()
	o.tallies[primaryWins].checked++
	if x != o.courses[key.Map].rules && !anyway {
		o.breach(primaryWins, at, key, "%s, which is not primary, was written over a concurrent change of %s", x, y)
	}
	switch {
	case !declared:
		o.breach(noLostUpdate, at, key, "%s was written over a change of %s that %s had not seen, and no conflict was declared: %s",
			x, y, x, o.describe(p, y, g, is[y], was[y]))
	case !fresh:
		o.breach(trueOutcome, at, key, "%s was overridden by %s, which had no change of its own", y, x)
	}
}

// takenAgain reports whether an open change of side y stands for what the other side
// had had before it was captured. No mark can tell, so that it may be overruled although
// it was seen, and its reference says so.
func (p *pair) takenAgain(y engine.Side, g int) bool {
	all := p.open(y)
	for i := range all {
		if c := &all[i]; c.again.has(g) {
			c.what |= overruled
			return true
		}
	}
	return false
}

// unheard reports whether the newest commit of side s in (from, to] was never captured,
// or is done with.
func (p *pair) unheard(s engine.Side, g int, from, to uint32) bool {
	w := p.walk(s, g, from, to)
	c := w.next()
	return c == nil || c.what&(captured|wentLive) == 0
}

// describe tells the newest commit of side s in (from, to].
func (o *Oracle) describe(p *pair, s engine.Side, g int, from, to uint32) string {
	w := p.walk(s, g, from, to)
	switch c := w.next(); {
	case c == nil:
		return fmt.Sprintf("%d changes of %s", to-from, s)
	case c.what.has(captured):
		return fmt.Sprintf("change %d.%d of %s, made at %v", c.life, c.number, s, c.born)
	default:
		return fmt.Sprintf("an uncaptured change of %s, made at %v", s, c.born)
	}
}

// fallen is how commits are dropped.
type fallen struct {
	declared bool // the write says that it overrides something
	silent   bool // nobody need say so: nothing was ever linked
	live     bool // by a live transaction, whoever is primary
	interim  bool // by the other side, whoever is primary: in an initial sync, or by a newer life
	found    bool // they do not fall: a live transaction has found them alike, if it commits
}

// fall drops the commits of side y in (from, to] from a column group. The newest
// of them is the one whose reference must say so.
func (o *Oracle) fall(at sim.Time, p *pair, y engine.Side, g int, from, to uint32, how fallen) {
	newest := !how.silent
	for w := p.walk(y, g, from, to); ; {
		c := w.next()
		if c == nil {
			break
		}
		if c.dropped.has(g) {
			if how.declared && how.live && c.what.has(gone) { // a delete out of scope leaves its number on the mark
				c.what |= overruled
			}
			continue
		}
		c.dropped |= only(g)
		if newest && how.declared {
			c.fallen |= only(g)
			if how.live || how.interim {
				c.what |= overruled
			}
			switch {
			case c.equal.has(g):
			case !c.what.has(captured) && how.live:
				o.totals.DriftOverwritten++
			case !c.what.has(captured):
				o.breach(noLostUpdate, at, p.key(), "an uncaptured change of %s, made at %v, was overridden: nothing will ever tell", y, c.born)
			case c.what.has(settled) && !c.ownsUp():
				o.breach(noLostUpdate, at, p.key(), "change %d.%d of %s was overridden after it had ended as %s", c.life, c.number, y, c.class)
			}
		}
		newest = newest && how.live && c.what&(captured|wentLive) == 0 // no mark knows of what went past the hook: the one before it must say so
		if c.tx != nil && c.groups&^c.dropped == 0 {
			o.seen(at, c, false)
		}
	}
	p.of(g).drop(y, from, to)
}

// ownsUp reports whether a change ended in a way that says that its value may
// not survive.
func (c *commit) ownsUp() bool {
	return c.class == engine.ConflictFailure || c.class == engine.Dismissed || c.class == engine.NoOp
}

// arrival is how a change became part of the other side's record.
type arrival uint8

const (
	brought    arrival = iota
	found              // the other side held the same
	liveOrBack         // by a live transaction, or by undoing one: also a change that had lost
)

// reached notes that the commits of side x in (from, to] of a column group are
// now part of the other side's record: written there, or found there.
func (o *Oracle) reached(at sim.Time, p *pair, x engine.Side, g int, from, to uint32, how arrival) {
	for w := p.walk(x, g, from, to); ; {
		c := w.next()
		if c == nil {
			return
		}
		if c.dropped.has(g) && !c.went.has(g) { // else the write was on its way when the record went
			continue
		}
		decided := c.what.has(settled) && !c.what.has(stands) && c.reign == o.courses[p.key().Map].reign // else it may win that had lost before
		if decided && c.class == engine.ConflictFailure && (c.contested|c.fallen == 0 || c.contested.has(g)) && how == brought && !(c.there | c.equal | c.went).has(g) {
			o.breach(trueOutcome, at, p.key(), "change %d.%d of %s ended as a conflict failure and was carried all the same", c.life, c.number, x)
		}
		if c.tx != nil && c.there == 0 {
			c.tx.excused = c.tx.excused || p.aided || p.lived || p.waitsForOthers(x)
			o.seen(at, c, true)
		}
		c.there |= only(g)
		if how == found {
			c.equal |= only(g)
		}
	}
}

// references checks the lookups that an engine write brought to a side. What a
// live transaction brings is there at one instant, in any order. What the side gets
// back, if anything, names by its own spelling what it named before.
func (o *Oracle) references(at sim.Time, y engine.Side, tx engine.TxID, prev, after, back *engine.Record) {
	key := after.Key
	for _, c := range o.shapes[key.Map].lookups {
		v := &after.Values[c]
		if v.Kind != engine.KindLookup || alive(prev) && sameValue(v, &prev.Values[c]) {
			continue
		}
		o.tallies[referenceOrder].checked++
		l := &o.target[y]
		if l.at != v.Target || l.pair == nil {
			k := *v.Target
			k.Spelling = ""
			*l = lookedUp{v.Target, o.pairs.find(&k)}
		}
		if k := v.Target; k.Map == key.Map && k.Company == key.Company && k.ID == key.ID && key.Spelling == "" {
			continue // it looks itself up
		}
		switch {
		case l.pair != nil && alive(l.pair.record[y]):
		case back != nil && sameValue(v, &back.Values[c]) && o.holds(y, v.Target):
		case tx != 0:
			o.lookups.early = append(o.lookups.early, early{at: at, side: y, from: after, to: v.Target})
		default:
			o.unheld(at, y, key, v.Target)
		}
	}
}

func (o *Oracle) unheld(at sim.Time, y engine.Side, key, target *engine.Key) {
	o.breach(referenceOrder, at, key, "%s was given a lookup to %s, which it does not hold", y, o.record(target))
}

// repeats checks that a write of an open change brings something: content that the
// target does not hold, or knowledge. An attempt that had landed is not made again.
func (o *Oracle) repeats(at sim.Time, side engine.Side, w *engine.Write, prev, after *engine.Record) {
	if w.Kind != engine.CarryWrite && w.Kind != engine.MarkWrite || w.Intent != 0 {
		return
	}
	o.tallies[idempotent].checked++
	if !alive(prev) || !alive(after) || !sameContent(prev.Values, after.Values) || prev.Mark.Incarnation != after.Mark.Incarnation {
		return
	}
	for g := range after.Mark.Groups {
		was, is := &prev.Mark.Groups[g], &after.Mark.Groups[g]
		if was.Seen != is.Seen || was.Own != is.Own || was.Fingerprint != is.Fingerprint || !slices.Equal(lostNumbers(was.Lost), lostNumbers(is.Lost)) {
			return
		}
	}
	if prev.Mark.Past == after.Mark.Past && prev.Mark.Intent == after.Mark.Intent && prev.Mark.MapVersion == after.Mark.MapVersion {
		o.breach(idempotent, at, after.Key, "%s was written once more with what it held and knew already, so that version %d follows on %d for nothing", side, after.Version, prev.Version)
	}
}
