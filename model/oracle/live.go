package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// live is a live transaction: it is held before its commit until its rows are on
// the other side. Between the first of them and its own end, one side alone has
// committed.
//
//	held ── row lands ─────── committed                 both sides have it
//	           │   in doubt    undone ── rows restored   neither has
//	           └──────────────────────────────┘
type live struct {
	side   engine.Side // of the user
	tx     engine.TxID
	rows   []liveRow
	undone bool
	landed sim.Time // the first row
	open   int      // rows that have landed and are not restored
	load   load
}

// liveRow is one record of a live transaction. Its history is made when it is
// held, because the other side is written from it first.
type liveRow struct {
	pair   *pair
	head   *head
	own    set     // column groups that it changes
	change counted // what its change is called
	landed bool
	since  sim.Time       // when it landed
	hidden *engine.Record // what stood there, where the other side keeps it
	stood  *engine.Record // what was deleted there, where the other side does not keep it
	older  bool           // ... had no mark
	left   []engine.Value // ... and as what it had left the scope
	parted bool           // the sides differed before it landed
	given  bool           // ... by what an operator has given up, then or since
	bypass bypass         // what had gone past the hook there, where it comes back as it was
	known  []uint32       // by column group: how many commits of the user's side the other one knew of before
	falls  []pendingFall  // what the transaction has overruled, if it commits
	alike  set            // column groups that it has found alike there
}

// liveID names a live transaction.
type liveID struct {
	side engine.Side
	tx   engine.TxID
}

// LiveCount counts live transactions that have ended.
type LiveCount struct {
	Committed   uint64
	Undone      uint64
	InDoubtMost time.Duration // the longest that one side alone had committed
}

// Held tells of a record of a transaction that is held before its commit until
// the record is on the other side, and returns the Trace of after, by which the
// engine's writes tell what they are made of. The transaction ends in
// [Oracle.Transaction] with one [Oracle.UserCommit] for each record, or in
// [Oracle.Undone]; until then nobody else commits the record on that side.
func (o *Oracle) Held(at sim.Time, side engine.Side, tx engine.TxID, before, after *engine.Record) any {
	o.gone(at, side, tx, "held")
	p := o.pairOf(before, after)
	p.lived, p.inTurn = true, [2]uint64{}
	if p.record == [2]*engine.Record{} {
		p.name = after.Key
	}
	l := o.lives[liveID{side, tx}]
	if l == nil {
		l = &live{side: side, tx: tx}
		if o.lives == nil {
			o.lives = map[liveID]*live{}
		}
		o.lives[liveID{side, tx}] = l
		o.between = append(o.between, l)
	}
	o.loads(at, side, &l.load, after)
	s := &o.shapes[after.Key.Map]
	groups, _ := o.changed(s, p, side, p.record[side], after)
	if s.leaves(side, p.record[side], after) {
		groups = 0 // what it writes on the other side is a tombstone
	}
	h := o.grown(p, side, groups)
	l.rows = append(l.rows, liveRow{pair: p, head: h, own: groups, change: counted{after.Mark.Incarnation, after.Mark.Number}})
	return h
}

// Undone tells that a held transaction was undone: nothing of it is there. What
// it wrote on the other side must be undone, too.
func (o *Oracle) Undone(at sim.Time, side engine.Side, tx engine.TxID) {
	l := o.lives[liveID{side, tx}]
	if l == nil {
		panic(fmt.Sprintf("oracle: transaction %d of %s is undone and was not held", tx, side))
	}
	l.undone = true
	for i := range l.rows {
		if r := &l.rows[i]; r.landed {
			r.pair.neverWas(side, r.change)
			o.rollBack(r, side)
		}
	}
	o.ended(at, l)
}

// rollBack takes the commits of an undone transaction out of what the other side
// is made of, and out of what is held there on top of that: the next ones will have
// their places.
func (o *Oracle) rollBack(r *liveRow, x engine.Side) {
	p, y := r.pair, x.Other()
	for g := range r.known { // and what it has found alike there was so by what it would have committed
		if !r.alike.has(g) {
			continue
		}
		for w := p.walk(x, g, r.known[g], p.stand(x, g).commits[x]); ; {
			c := w.next()
			if c == nil {
				break
			}
			c.equal &^= only(g)
		}
	}
	h := o.again(p, y)
	o.withoutUndone(h, x)
	for g := range r.known { // since it was undone, another commit may have got its place
		st := h.of(g)
		st.commits[x] = min(st.commits[x], r.before(g, x))
	}
	p.head[y] = h
	for _, l := range o.lives { //sim:unordered each row by itself
		for i := range l.rows {
			if held := &l.rows[i]; l.side == y && held.pair == p {
				o.withoutUndone(held.head, x)
			}
		}
	}
}

// withoutOwn returns the history of what a live transaction brings without its own commits,
// where it was undone before that landed: others may have got their places.
func (o *Oracle) withoutOwn(p *pair, y engine.Side, source *head, tx engine.TxID) *head {
	x := y.Other()
	r := o.rowFor(p, y, tx)
	if r == nil || !o.failed(x, tx) {
		return source
	}
	h := *source
	if source.also != nil {
		h.also = &also{rest: slices.Clone(source.also.rest), origins: source.also.origins}
	}
	for g := range r.known {
		st := h.of(g)
		st.commits[x] = min(st.commits[x], r.before(g, x))
	}
	return &h
}

// before returns how many commits of its own side a row was made on.
func (r *liveRow) before(g int, x engine.Side) uint32 {
	n := r.head.of(g).commits[x]
	if r.own.has(g) {
		n--
	}
	return n
}

// withoutUndone takes what a side has not committed out of a history.
func (o *Oracle) withoutUndone(h *head, x engine.Side) {
	for g := range o.shapes[h.pair.key().Map].groups {
		st := h.of(g)
		st.commits[x] = min(st.commits[x], h.pair.stand(x, g).commits[x])
	}
}

// ended closes a live transaction if nothing of it is left between its commits.
// An undone one may still be heard of: a write on its way can land late.
func (o *Oracle) ended(at sim.Time, l *live) {
	if l.undone && l.open > 0 {
		return
	}
	i := slices.Index(o.between, l)
	if i < 0 {
		return
	}
	o.between = slices.Delete(o.between, i, i+1)
	o.tallies[liveAtomic].checked++
	if l.landed > 0 {
		o.liveCount.InDoubtMost = max(o.liveCount.InDoubtMost, at.Sub(l.landed))
	}
	l.landed = 0
	if l.undone {
		o.liveCount.Undone++
		return
	}
	o.liveCount.Committed++
	delete(o.lives, liveID{l.side, l.tx})
}

// landedLate takes what a transaction that was undone long ago has just brought out of
// what the side is made of, as [Oracle.Undone] does with what had landed before.
func (o *Oracle) landedLate(p *pair, y engine.Side, tx engine.TxID) {
	l := o.lives[liveID{y.Other(), tx}]
	if l == nil || !l.undone {
		return
	}
	for i := range l.rows {
		if r := &l.rows[i]; r.pair == p && r.landed {
			p.neverWas(l.side, r.change)
			o.rollBack(r, l.side)
		}
	}
}

// lands notes a row of a live transaction on the other side.
func (o *Oracle) lands(at sim.Time, p *pair, y engine.Side, tx engine.TxID, prev, after *engine.Record) {
	l := o.lives[liveID{y.Other(), tx}]
	if l == nil {
		o.breach(liveAtomic, at, p.key(), "%s was written for transaction %d of %s, which is not held", y, tx, y.Other())
		return
	}
	for i := range l.rows {
		if r := &l.rows[i]; r.pair == p && !r.landed {
			r.landed, r.since, r.parted, r.given, r.known = true, at, p.differs, p.dismissed, make([]uint32, len(o.shapes[p.key().Map].groups))
			for g := range r.known {
				r.known[g] = p.stand(y, g).commits[y.Other()]
			}
			if after.Mark.Hidden != nil {
				r.hidden = prev
				if p.more != nil {
					r.left = p.more.leftAs(y)
					if !alive(after) { // whatever is made in its place is new
						p.more.leave(y, nil)
					}
				}
			}
			if alive(prev) && !alive(after) && after.Mark.Hidden == nil {
				r.stood = prev
			}
			r.older = alive(prev) && prev.Mark.Incarnation == 0
			if after.Mark.Hidden != nil || !alive(prev) {
				r.bypass = p.passed(y)
			}
			l.open++
			if l.landed == 0 {
				l.landed = at
			}
		}
	}
	if l.undone && !slices.Contains(o.between, l) {
		o.between = append(o.between, l)
		o.liveCount.Undone--
	}
}

// commitHeld takes the row out of the live transaction that commits and returns its
// history, or nil for a record that was not held, and since when the other side has
// it, as it must.
func (o *Oracle) commitHeld(at sim.Time, side engine.Side, p *pair) (h *head, since sim.Time) {
	if len(o.between) == 0 {
		return nil, at
	}
	l := o.lives[liveID{side, o.commits[side].tx}]
	if l == nil || l.undone {
		return nil, at
	}
	for i := range l.rows {
		r := l.rows[i]
		if r.pair != p {
			continue
		}
		if !r.landed {
			o.breach(liveAtomic, at, p.key(), "transaction %d of %s committed, and %s has nothing of it", l.tx, side, side.Other())
			r.since = at
		}
		o.overrules(at, &r, side.Other())
		if l.rows = slices.Delete(l.rows, i, i+1); len(l.rows) == 0 {
			o.ended(at, l)
		}
		return r.head, r.since
	}
	return nil, at
}

// inDoubt reports whether a live transaction that has not ended has written a record of
// the pair.
func (o *Oracle) inDoubt(p *pair) bool {
	for _, l := range o.between {
		if slices.ContainsFunc(l.rows, func(r liveRow) bool { return r.pair == p && r.landed }) {
			return true
		}
	}
	return false
}

// failed reports whether a live transaction has ended without a commit, whatever the
// engine still writes for it.
func (o *Oracle) failed(side engine.Side, tx engine.TxID) bool {
	l := o.lives[liveID{side, tx}]
	return l != nil && l.undone
}

// goesLive counts a change of a live transaction that commits. It has no
// reference. The other side has had it since then.
func (o *Oracle) goesLive(side engine.Side, p *pair, c *commit, since sim.Time) {
	c.what |= wentLive
	c.lead, c.serial = c.born.Sub(since), o.serial
	o.serial++
	t := &o.maps[p.key().Map]
	t.live[side]++
	o.totals.Live++
	if c.what.has(created) {
		t.creates[side]++
	}
	if t := o.current[side]; t != nil && t.name != "" && t.id == o.commits[side].tx {
		if t.visible == 0 || since < t.first {
			t.first = since
		}
		t.pairs = append(t.pairs, p)
		t.records++
		t.followed++
		t.visible++
		t.last = max(t.last, since)
	}
}

// restored notes that a row of an undone transaction is made of what its source is
// again, in some column groups, or is gone; nil: it has none. What it had overruled
// and does not come back so is gone for good, and so says what restores it where the
// transaction did not: that had seen what was undone since.
func (o *Oracle) restored(at sim.Time, p *pair, y engine.Side, tx engine.TxID, source *head, groups, declared set) {
	l := o.lives[liveID{y.Other(), tx}]
	if l == nil || !l.undone {
		o.breach(liveAtomic, at, p.key(), "%s was restored although transaction %d of %s was not undone", y, tx, y.Other())
		return
	}
	for i := range l.rows {
		if r := &l.rows[i]; r.pair == p && r.landed {
			r.landed = false
			p.dismissed = p.dismissed || r.given
			l.open--
			o.goneForGood(at, r, y, source, groups, declared)
		}
	}
	o.ended(at, l)
}

// sealed notes that a tombstone waits for its transaction no more. Where that was
// undone, its side would not give the tombstone up.
func (o *Oracle) sealed(at sim.Time, p *pair, y engine.Side, tx engine.TxID) {
	if l := o.lives[liveID{y.Other(), tx}]; l != nil && l.undone {
		o.letGo(at, p, y, tx)
	}
}

// letGo notes that a row of an undone transaction stays: its side would not give
// the record up, and the engine says so.
func (o *Oracle) letGo(at sim.Time, p *pair, y engine.Side, tx engine.TxID) {
	if !p.refused[y] {
		o.breach(liveAtomic, at, p.key(), "%s keeps what transaction %d of %s had written, and has never refused to undo it", y, tx, y.Other())
	}
	o.kept++
	row := o.rowFor(p, y, tx)
	p.strayed().buried[y] = !alive(p.record[y])
	if alive(p.record[y]) { // a retry carries it to the other side, whenever that comes
		o.totals.FollowUps++
		o.owed++
		h, x := o.again(p, y), y.Other() // it is its side's own, and has seen nothing of the other
		for g := range o.shapes[p.key().Map].groups {
			st := h.of(g)
			o.givenBack(p, x, g, 0, st.commits[x])
			st.commits[x], st.last = 0, y
			switch known := p.stand(x, g).commits[y]; {
			case known >= st.commits[y]:
			case row != nil && row.older && p.unheard(y, g, known, st.commits[y]): // it has a mark now: it counts as known, and nobody will carry it
				o.linked(p, y, g, known, st.commits[y])
				o.stray(p)
			default:
				base := [2]uint32{}
				base[y] = known
				o.concurrentAgain(p, x, g, base, st.commits[y])
			}
		}
		p.head[y] = h
	}
	p.backAgainstTheFlow(&o.shapes[p.key().Map], y)
	o.restored(at, p, y, tx, nil, 0, 0)
}

// livesAtEnd judges the transactions that are between their commits at the end.
// One of which the engine knows nothing any more will stay there for ever.
func (o *Oracle) livesAtEnd(at sim.Time, intents []engine.Intent) {
	for _, l := range o.between {
		known := slices.ContainsFunc(intents, func(i engine.Intent) bool { return i.Side == l.side && i.Tx == l.tx })
		if l.open > 0 && !known {
			o.breach(liveAtomic, at, l.rows[0].pair.key(), "transaction %d of %s has left %s written and itself not, and the engine does not know", l.tx, l.side, l.side.Other())
			continue
		}
		for i := range l.rows {
			l.rows[i].pair.state |= pairOpen
		}
	}
}

// doubtful counts the transactions that had landed and not ended at the end.
func (o *Oracle) doubtful() (n int) {
	for _, l := range o.between {
		if l.open > 0 {
			n++
		}
	}
	return n
}

// noteLives tells how long one side alone had committed.
func (o *Oracle) noteLives() string {
	note := fmt.Sprintf("one side alone had committed for %v at most", o.liveCount.InDoubtMost.Round(time.Millisecond))
	if o.kept > 0 {
		note = fmt.Sprintf("%d records of undone transactions stayed on one side, which would not give them up; %s", o.kept, note)
	}
	if o.valuesLost > 0 {
		note = fmt.Sprintf("%d values of columns that flow one way, and that only one side held, were lost with deletes that had to be undone; %s", o.valuesLost, note)
	}
	if n := o.doubtful(); n > 0 {
		note = fmt.Sprintf("%d transactions were between their commits when the run ended; %s", n, note)
	}
	return note
}
