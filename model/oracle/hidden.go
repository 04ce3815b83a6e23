package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// hidden is a record in whose place a live transaction stands that has not ended.
// What fell with it may come back.
type hidden struct {
	record *engine.Record
	falls  []pendingFall
}

// pendingFall is a run of commits of one column group that fall if the transaction
// commits.
type pendingFall struct {
	g        int
	from, to uint32
	how      fallen
}

// hiddenRow returns the row of a live transaction that a record hides something for.
func (o *Oracle) hiddenRow(p *pair, y engine.Side, r *engine.Record) *liveRow {
	if r == nil || r.Mark.Hidden == nil {
		return nil
	}
	l := o.lives[liveID{y.Other(), r.Mark.Intent}]
	if l == nil {
		return nil
	}
	if i := slices.IndexFunc(l.rows, func(row liveRow) bool { return row.pair == p && row.hidden != nil }); i >= 0 {
		return &l.rows[i]
	}
	return nil
}

// falls drops the commits of side y in (from, to] from a column group: at once, or
// when the transaction ends that has hidden them.
func (o *Oracle) falls(at sim.Time, p *pair, y engine.Side, g int, from, to uint32, how fallen, after *engine.Record) {
	if r := o.hiddenRow(p, y, after); r != nil {
		r.hidden.falls = append(r.hidden.falls, pendingFall{g, from, to, how})
		return
	}
	o.fall(at, p, y, g, from, to, how)
}

// uncover lets fall what a row had hidden: it will not come back.
func (o *Oracle) uncover(at sim.Time, r *liveRow, y engine.Side) {
	if r.hidden == nil {
		return
	}
	for _, f := range r.hidden.falls {
		o.fall(at, r.pair, y, f.g, f.from, f.to, f.how)
	}
	r.hidden = nil
}

// unhide is a write that gives side y back what it had hidden for a transaction that
// was undone. In column groups that users have changed on top, their changes stay.
func (o *Oracle) unhide(at sim.Time, s *shape, p *pair, y engine.Side, source *head, w *engine.Write, prev, after *engine.Record) {
	x := y.Other()
	r := o.hiddenRow(p, y, prev)
	switch {
	case r == nil:
		o.breach(noPhantom, at, p.key(), "%s got back what no transaction had hidden there", y)
		return
	case !sameContent(r.hidden.record.Values, w.Source.Values):
		o.breach(noPhantom, at, p.key(), "%s got back something else than what transaction %d of %s had hidden", y, prev.Mark.Intent, x)
	}
	r.hidden = nil // nothing falls
	next := o.standsOf(s, p, y)
	for g := range s.groups {
		if was := *source.of(g); next[g].commits[y] == was.commits[y] {
			next[g] = was
		} else {
			next[g].commits[x] = was.commits[x]
		}
	}
	o.move(p, y, next, source)
	o.references(at, y, intentOf(prev), prev, after)
	o.restored(at, p, y, intentOf(prev))
}
