package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// pendingFall is a run of commits of one column group that fall if the live
// transaction commits that was written over them.
type pendingFall struct {
	g        int
	from, to uint32
	how      fallen
}

// rowOf returns the row of a live transaction that a record was written by.
func (o *Oracle) rowOf(p *pair, y engine.Side, r *engine.Record) *liveRow {
	return o.rowFor(p, y, intentOf(r))
}

// rowFor returns the row of a live transaction that has landed on side y; nil for none.
func (o *Oracle) rowFor(p *pair, y engine.Side, tx engine.TxID) *liveRow {
	if tx == 0 {
		return nil
	}
	l := o.lives[liveID{y.Other(), tx}]
	if l == nil {
		return nil
	}
	if i := slices.IndexFunc(l.rows, func(row liveRow) bool { return row.pair == p && row.landed }); i >= 0 {
		return &l.rows[i]
	}
	return nil
}

// falls drops the commits of side y in (from, to] from a column group: at once, or
// when the live transaction commits that wrote over them.
func (o *Oracle) falls(at sim.Time, p *pair, y engine.Side, g int, from, to uint32, how fallen, after *engine.Record) {
	if r := o.rowOf(p, y, after); how.live && r != nil {
		r.falls = append(r.falls, pendingFall{g, from, to, how})
		return
	}
	o.fall(at, p, y, g, from, to, how)
}

// overrules lets fall what a row was written over, as its transaction commits, and
// notes what that has found alike.
func (o *Oracle) overrules(at sim.Time, r *liveRow, y engine.Side) {
	for _, f := range r.falls {
		if f.how.found {
			o.alike(r.pair, y, nil, f)
		} else {
			o.fall(at, r.pair, y, f.g, f.from, f.to, f.how)
		}
	}
	r.falls, r.hidden = nil, nil
}

// goneForGood lets fall what an undone row was written over, but for what comes back
// with a source in some column groups. What restores it may declare what the row did not.
func (o *Oracle) goneForGood(at sim.Time, r *liveRow, y engine.Side, source *head, groups, declared set) {
	for _, f := range r.falls {
		if f.how.found {
			if r.older && !(source != nil && groups.has(f.g)) { // it has a mark now: it counts as known, and nobody will carry it
				o.linked(r.pair, y, f.g, f.from, f.to)
				o.stray(r.pair)
			}
			continue
		}
		if source != nil && groups.has(f.g) {
			f.from = max(f.from, source.of(f.g).commits[y])
		}
		f.how.declared = f.how.declared || declared.has(f.g)
		if f.from < f.to {
			o.fall(at, r.pair, y, f.g, f.from, f.to, f.how)
		}
	}
	r.falls, r.hidden = nil, nil
}

// unhide is a write that gives side y back what it had hidden for a transaction that
// was undone. In column groups that users have changed on top, their changes stay. A
// create past the hook where the record had been deleted has changed what it fills in.
func (o *Oracle) unhide(at sim.Time, s *shape, p *pair, y engine.Side, source *head, w *engine.Write, prev, after *engine.Record) {
	x := y.Other()
	r := o.rowOf(p, y, prev)
	switch {
	case r == nil || r.hidden == nil:
		o.breach(noPhantom, at, p.key(), "%s got back what no transaction had hidden there", y)
		return
	case !sameContent(r.hidden.Values, w.Source.Values):
		o.breach(noPhantom, at, p.key(), "%s got back something else than what transaction %d of %s had hidden", y, prev.Mark.Intent, x)
	}
	p.backAgainstTheFlow(s, y)
	p.passedAgain(s, y, &r.bypass)
	next, edited := o.standsOf(s, p, y), s.differ(after.Values, w.Source.Values)
	for g := range s.groups {
		if p.unknown(y, g, source.of(g).commits[y], next[g].commits[y]) {
			p.restsOn(s, y, g, &r.bypass, w.Source.Values, source.of(g).commits[y])
		}
		o.givenBack(p, x, g, source.of(g).commits[x], next[g].commits[x])
		switch was := *source.of(g); {
		case next[g].commits[y] == was.commits[y]:
			next[g] = was
		case !edited.has(g) && (risen(prev) || p.unknown(y, g, was.commits[y], next[g].commits[y])):
			o.linked(p, y, g, was.commits[y], next[g].commits[y])
			p.nothingPassed(y, g, &r.bypass)
			was.commits[y] = next[g].commits[y] // their places are taken
			next[g] = was
		default:
			if p.of(g).alive(y, was.commits[y], next[g].commits[y]) { // perhaps to what it was: its mark tells of what stood there meanwhile
				edited |= only(g)
			}
			next[g].commits[x] = was.commits[x]
			o.concurrentAgain(p, x, g, was.commits, next[g].commits[y])
		}
	}
	o.move(p, y, next, source)
	if r.hidden.Mark.Incarnation == 0 && after.Mark.Incarnation != 0 { // it has got a mark by what was changed on top
		o.countsAsKnown(s, p, y, edited, nil)
	}
	o.references(at, y, intentOf(prev), prev, after, r.hidden)
	o.restored(at, p, y, intentOf(prev), source, ^set(0), 0)
}

// unknown reports whether nobody has captured any commit of side y in (from, to].
func (p *pair) unknown(y engine.Side, g int, from, to uint32) bool {
	w := p.walk(y, g, from, to)
	for c := w.next(); c != nil; c = w.next() {
		if c.what&(captured|wentLive) != 0 {
			return false
		}
	}
	return w.place <= from
}

// givenBack notes that the commits of side x in (from, to] are not part of the other
// side's record any more: they had come with what was undone.
func (o *Oracle) givenBack(p *pair, x engine.Side, g int, from, to uint32) {
	for w := p.walk(x, g, from, to); ; {
		c := w.next()
		if c == nil {
			return
		}
		c.there &^= only(g)
	}
}

// concurrentAgain notes that the commits of one side that were made on top of what is
// undone, up to a place, and those of side x that had come with it do not know each other.
func (o *Oracle) concurrentAgain(p *pair, x engine.Side, g int, known [2]uint32, to uint32) {
	y := x.Other()
	if !p.of(g).alive(x, known[x], p.stand(x, g).commits[x]) {
		return
	}
	o.contest(p, x, g, known[x])
	for w := p.walk(y, g, known[y], to); ; {
		c := w.next()
		if c == nil {
			return
		}
		c.contested |= only(g)
	}
}

// risen reports whether a record was created past the hook over a tombstone.
func risen(r *engine.Record) bool { return alive(r) && r.Mark.Dead }
