package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Declared drift: a pair that differs because nobody was to carry what made it
// differ. Such pairs stray: they were loaded with different contents, or changed
// while their side did not capture. A pair strays until both sides agree; and one
// that strayed before a resync or a whole initial sync of its map was begun has no
// excuse any more when that is over.

// course is what the oracle knows of the capture and the copies of one map.
type course struct {
	off    [2]bool     // by side: changes are not captured
	rules  engine.Side // whose record wins
	reign  uint8       // counts how often that has changed
	age    uint32      // counts the resyncs and initial syncs begun, from 1
	mended uint32      // pairs that have strayed at this age, or before, are mended
	resync uint32      // the age at which the resync under way was asked for; 0: none
	copied [2]bool     // by side: its leg of the initial sync under way is done
	legs   uint32      // the age before that initial sync; 0: none
	job    string      // whose map it is
	begins bool        // it runs under the rules of its initial sync
	size   int64       // of its changes in the engine's queue, and on the error desk

	exports [2]export // by side
}

// astray is what is known of a pair that has strayed.
type astray struct {
	age    uint32 // see [course]; 0: both sides agree
	last   uint32 // ... whether or not they have agreed since
	sides  [2]bypass
	went   [2]counted // by side: the newest of its changes that went with its record
	left   [2]set     // by side: holds what an undone transaction had brought, since it could not be given back
	buried [2]bool    // by side: an undone transaction had deleted its record, and it would not take that back
}

// counted is how far a side's numbers have come.
type counted struct{ life, number uint32 }

// bypass is how a side stood before what nobody captured: its values and the
// number of its commits, in the column groups that were changed so.
type bypass struct {
	groups  set
	made    set // ... of a record that was not there before
	values  []engine.Value
	commits []uint32
}

// strayed returns what is known of a pair that has strayed, to be added to.
func (p *pair) strayed() *astray {
	if p.astray == nil {
		p.astray = &astray{}
	}
	return p.astray
}

// stray notes that a pair differs, or may, and that nobody will see to it.
func (o *Oracle) stray(p *pair) {
	a := p.strayed()
	a.age = o.courses[p.key().Map].age
	a.last = a.age
}

// known returns a side's record as it was when it was last captured or written in scope;
// nil where it never has been.
func (p *pair) known(s *shape, side engine.Side, prev *engine.Record) *engine.Record {
	if p.more == nil || !s.outside(side, prev) {
		return prev
	}
	if left := p.asCaptured(s, side, p.more.leftAs(side)); left != nil {
		return &engine.Record{Key: prev.Key, Alive: true, Values: left}
	}
	return nil
}

// bypassed notes how a side stood in the column groups that a change is about to
// move past the hook.
func (p *pair) bypassed(s *shape, side engine.Side, prev *engine.Record, changed set) {
	b := &p.strayed().sides[side]
	if !alive(prev) {
		b.made |= changed &^ b.groups
		return
	}
	b.begin(s)
	for g := range s.groups {
		if !changed.has(g) || b.groups.has(g) {
			continue
		}
		b.groups |= only(g)
		b.commits[g] = p.stand(side, g).commits[side]
		for _, c := range s.groups[g].list {
			b.values[c] = prev.Values[c]
		}
	}
}

// goes notes that a change of a side went with its record. The mark of what is made
// anew in the same life goes on from there.
func (p *pair) goes(side engine.Side, c *commit) {
	if c.what |= gone; !c.what.has(captured) {
		return
	}
	p.tells(side, counted{c.life, c.number})
}

// neverWas notes that a change which a side's transaction had brought to the other side is
// none after all. What users of the other side have made of it since has seen it, and so
// does the mark that their record leaves here.
func (p *pair) neverWas(side engine.Side, c counted) {
	if c.life > p.life[side] || c.life == p.life[side] && c.number > p.number[side] {
		p.tells(side, c)
	}
}

// tells notes that a mark may tell of a change of which nothing is left.
func (p *pair) tells(side engine.Side, c counted) {
	if w := &p.strayed().went[side]; c.life > w.life || c.life == w.life && c.number > w.number {
		*w = c
	}
}

// tellsOfGone reports whether all that a record's mark tells of a column group are
// changes that went with the record that was there before, or never came to be: they may
// be overruled, although nothing of them is left.
func (p *pair) tellsOfGone(side engine.Side, g int, r *engine.Record) bool {
	if p.astray == nil || g >= len(r.Mark.Groups) {
		return false
	}
	own, went := r.Mark.Groups[g].Own, p.astray.went[side]
	return r.Mark.Incarnation == went.life && own > 0 && own <= went.number
}

// passed returns what of a side's record has gone past the hook, for the case that it
// comes back as it is.
func (p *pair) passed(side engine.Side) bypass {
	if p.astray == nil {
		return bypass{}
	}
	b := p.astray.sides[side]
	b.values, b.commits = slices.Clone(b.values), slices.Clone(b.commits)
	return b
}

// heldBefore returns what a side's column group held before it was changed past the hook,
// or vanished; nil where it was not.
func (p *pair) heldBefore(side engine.Side, g int) []engine.Value {
	if p.astray == nil || !p.astray.sides[side].groups.has(g) {
		return nil
	}
	return p.astray.sides[side].values
}

// bypassing reports whether a side holds something that has gone past its hook, and that
// nobody has captured since.
func (p *pair) bypassing(side engine.Side) bool {
	return p.astray != nil && p.astray.sides[side].groups|p.astray.sides[side].made != 0
}

// passedAgain notes that what had gone past the hook is there again, but for what has
// since.
func (p *pair) passedAgain(s *shape, side engine.Side, was *bypass) {
	if was.groups|was.made == 0 {
		return
	}
	now := &p.astray.sides[side]
	if was.made |= now.made; now.groups == 0 {
		*now = *was
		return
	}
	for g := range s.groups {
		if !was.groups.has(g) || now.groups.has(g) {
			continue
		}
		now.commits[g] = was.commits[g]
		for _, c := range s.groups[g].list {
			now.values[c] = was.values[c]
		}
	}
	now.groups, now.made = now.groups|was.groups, was.made
}

// restsOn notes that what has gone past the hook in a column group, or was made so, on top
// of what is undone, is a change of what stands there again: of values after so many commits
// of its side, or of what these themselves had gone past the hook from.
func (p *pair) restsOn(s *shape, side engine.Side, g int, was *bypass, values []engine.Value, commits uint32) {
	if p.astray == nil || !(p.astray.sides[side].groups | p.astray.sides[side].made).has(g) {
		return
	}
	if was.groups.has(g) {
		values, commits = was.values, was.commits[g]
	}
	now := &p.astray.sides[side]
	now.begin(s)
	now.groups |= only(g)
	now.made = now.made&^only(g) | was.made&only(g)
	now.commits[g] = commits
	for _, c := range s.groups[g].list {
		now.values[c] = values[c]
	}
}

// begin makes room for how a side stood.
func (b *bypass) begin(s *shape) {
	if b.values == nil {
		b.values, b.commits = make([]engine.Value, len(s.Columns)), make([]uint32, len(s.groups))
	}
}

// nothingPassed notes that a column group is again what it was before an undone transaction:
// nothing has gone past the hook since.
func (p *pair) nothingPassed(side engine.Side, g int, was *bypass) {
	if p.astray != nil {
		p.astray.sides[side].groups &^= only(g) &^ was.groups
	}
}

// asCaptured returns values that a side's record had, but for what had gone past the
// hook by then: with what was there before.
func (p *pair) asCaptured(s *shape, side engine.Side, values []engine.Value) []engine.Value {
	if p.astray == nil || p.astray.sides[side].groups == 0 {
		return values
	}
	b, known := &p.astray.sides[side], slices.Clone(values)
	if known == nil && b.groups == s.whole { // it had vanished, and was made anew out of scope
		known = make([]engine.Value, len(b.values))
	}
	if known == nil {
		return nil
	}
	for g := range s.groups {
		for _, c := range s.groups[g].list {
			if b.groups.has(g) {
				known[c] = b.values[c]
			}
		}
	}
	return known
}

// returned ends the changes past the hook of each column group that is what it
// was before them: nobody can see that there were any.
func (o *Oracle) returned(p *pair, s *shape, side engine.Side, after *engine.Record) {
	b := &p.astray.sides[side]
	if b.groups == 0 || !alive(after) {
		return
	}
	differs := s.differ(b.values, after.Values)
	for g := range s.groups {
		if b.groups.has(g) && !differs.has(g) {
			if !b.made.has(g) { // else it is seen that the record was made
				o.linked(p, side, g, b.commits[g], p.stand(side, g).commits[side])
			}
			b.groups &^= only(g)
		}
	}
}

// leftOver notes the column groups in which a side goes on holding what an undone
// transaction had brought: what it does not get back now may be carried.
func (p *pair) leftOver(s *shape, side engine.Side, w *engine.Write, after *engine.Record) {
	for g := range s.groups {
		if set(w.Groups).has(g) || s.became(g, side, w.Source.Values, after.Values) {
			continue
		}
		p.strayed().left[side] |= only(g)
	}
}

// holdsLeftOver reports whether a side's column group is not what its history says.
func (p *pair) holdsLeftOver(side engine.Side, g int) bool {
	return p.astray != nil && p.astray.left[side].has(g)
}

// caught notes that a side's column groups were captured, or written by the
// engine.
func (p *pair) caught(side engine.Side, groups set) {
	if p.astray != nil {
		p.astray.sides[side].groups &^= groups
		p.astray.sides[side].made &^= groups
		p.astray.left[side] &^= groups
	}
}

// Capturing tells that a side begins or ends to capture the changes of a map.
func (o *Oracle) Capturing(_ sim.Time, side engine.Side, m engine.MapID, captures bool) {
	o.courses[m].off[side] = !captures
}

// Ruled tells how a map runs from now on, and whose record wins a conflict.
func (o *Oracle) Ruled(_ sim.Time, m *engine.MapRecord) {
	c := &o.courses[m.Map]
	c.job, c.begins = m.Job, m.Initializing
	if c.rules != m.Rules {
		c.rules = m.Rules
		c.reign++
	}
}

// Copied tells how far a leg of an initial sync has come. A map of which both
// legs are done, with all companies, holds nothing any more that had strayed
// before.
func (o *Oracle) Copied(at sim.Time, leg *engine.InitialRecord) {
	o.exported(at, leg)
	o.carriesRows(at, leg)
	if leg.Stage == engine.InitialWaiting {
		o.rowsComeFirst() // they have no numbers as a rule, so that nothing is saved of them
	}
	c := &o.courses[leg.Map]
	switch {
	case leg.Company != "":
	case leg.Stage == engine.InitialWaiting:
		if c.legs == 0 {
			c.legs, c.copied = c.age, [2]bool{}
			c.age++
		}
	case leg.Stage == engine.InitialForgotten:
		c.legs = 0
	case leg.Stage == engine.InitialDone:
		c.copied[leg.Side] = true
		if c.copied == [2]bool{true, true} && c.legs != 0 {
			c.mended, c.legs = max(c.mended, c.legs), 0
		}
	}
}

// Resynced tells that a resync of a map has been asked for, or is over.
func (o *Oracle) Resynced(_ sim.Time, r engine.Resync, over bool) {
	o.rowsComeFirst() // it reads records whose turn has not come
	c := &o.courses[r.Map]
	switch {
	case r.Company != "":
	case !over:
		c.resync = c.age
		c.age++
	case c.resync != 0:
		c.mended, c.resync = max(c.mended, c.resync), 0
	}
}

// strays reports whether a pair that differs has strayed and was not to be mended
// yet.
func (o *Oracle) strays(p *pair) bool {
	if p.astray == nil {
		return false
	}
	age, sides := p.astray.age, &p.astray.sides
	for side := range sides { // they may have agreed by chance, with something on its way; nobody has captured it
		silent := o.shapes[p.key().Map].out[side] == 0 && vanished(p.record[side])
		if sides[side].groups|sides[side].made != 0 || silent {
			age = p.astray.last
		}
	}
	return age > o.courses[p.key().Map].mended
}

// interim reports whether an initial sync has given a map another primary.
func (o *Oracle) interim(m engine.MapID) bool { return o.courses[m].rules != o.config.Maps[m].Primary }

// mustFollow reports whether a late capture is of lookups that close a circle, of a
// record that the other side does not hold, or did not when it was read: it is created
// there without them, and nothing else would say that they must follow.
func (o *Oracle) mustFollow(s *shape, p *pair, side engine.Side, groups set, prev *engine.Record) bool {
	if !alive(prev) || alive(p.record[side.Other()]) && !p.madeMeanwhile(side) {
		return false
	}
	for g := range s.groups {
		if c := s.groups[g].list[0]; groups.has(g) && !(s.Columns[c].Circular && prev.Values[c].Kind == engine.KindLookup) {
			return false
		}
	}
	return true
}

// madeMeanwhile reports whether users of the other side have made its record since a
// side's item set out: until it is back, their change has no outcome.
func (p *pair) madeMeanwhile(side engine.Side) bool {
	since := p.setOut(side) // where nobody saw it, nothing was open then
	return slices.ContainsFunc(p.open(side.Other()), func(c commit) bool { return c.what.has(created) && c.born >= since })
}

// undoneWithout reports whether a late capture is of what the other side cannot get back
// when a transaction is undone there: it looks up what is not there any more, or has no
// code. Where the other side had made it itself, nobody would bring it again.
func (o *Oracle) undoneWithout(s *shape, p *pair, side engine.Side, groups set, prev *engine.Record) bool {
	y := side.Other()
	other := p.record[y]
	row := o.rowOf(p, y, other)
	if !alive(prev) || row == nil || !o.failed(side, intentOf(other)) {
		return false
	}
	for g := range s.groups {
		if groups.has(g) && !slices.ContainsFunc(s.groups[g].list, func(c int) bool {
			v := &prev.Values[c]
			_, fits := translated(&s.Columns[c], y, *v)
			if fits = fits && o.hadCode(s, c, side, v, row.since); !fits || v.Kind != engine.KindLookup {
				return !fits
			}
			k := *v.Target
			k.Spelling = ""
			target := o.pairs.find(&k)
			return target == nil || !alive(target.record[y])
		}) {
			return false
		}
	}
	return true
}

// keepsUndone reports whether a late capture is of what an undone transaction of the other
// side has changed, on a side that has refused to undo it: that is its own from then on.
func (o *Oracle) keepsUndone(p *pair, side engine.Side, groups set, prev *engine.Record) bool {
	row := o.rowOf(p, side, prev)
	return alive(prev) && row != nil && o.failed(side.Other(), intentOf(prev)) && p.refused[side] && groups&^row.own == 0
}

// mends reports whether a late capture is that of a resync: the other side has
// come to differ in these column groups, and what this one holds is carried anew. The
// other side's record may have vanished since the resync looked.
func (o *Oracle) mends(s *shape, p *pair, side engine.Side, groups set, prev *engine.Record) bool {
	y := side.Other()
	other := p.record[y]
	if o.courses[p.key().Map].age == 1 || !alive(prev) || !alive(other) && !vanished(other) {
		return false
	}
	for g := range s.groups {
		edited := p.more != nil && p.more.drift.has(g) // where it does not flow from: perhaps back to what this side holds, since the resync looked
		if !groups.has(g) || edited {
			continue
		}
		held := other.Values
		if !alive(other) {
			held = p.heldBefore(y, g)
		}
		if held == nil || s.became(g, y, prev.Values, held) {
			return false
		}
	}
	return true
}

// getsNumber reports whether a late capture may be that of a row of an initial sync or
// resync of which users of its side have made nothing: the other side's record has vanished,
// or was never there, because its transaction was undone and left this one, and would not come
// back, or has come since it was read. By a number it can wait for people. So can what a delete
// has left here that was undone, where the other side would not take the record back.
func (o *Oracle) getsNumber(p *pair, side engine.Side, prev *engine.Record) bool {
	if !alive(prev) || prev.Mark.Number != 0 {
		return false
	}
	other := p.record[side.Other()]
	goes := p.astray != nil && p.astray.buried[side.Other()] && other != nil && !other.Alive && other.Mark.Incarnation == prev.Mark.Incarnation
	never := other == nil || vanished(other) || !other.Alive && other.Mark.Incarnation < prev.Mark.Incarnation
	return goes || o.courses[p.key().Map].age > 1 && (never || p.madeMeanwhile(side))
}
