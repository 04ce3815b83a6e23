package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// copies follows what becomes of users' changes where the data integrator
// copies rows. It promises nothing that could be broken, so that losses are
// measured here and judged nowhere.
//
// Each cell of a record, that is each column and whether the record lives, has
// an origin on each side: the user's change that its content stems from. A user
// who writes a cell becomes its origin. A copy moves the origins of the row that
// was read along with its values, whatever the target holds:
//
//	FinOps     a1 ──────── read ─ a2 ──────────────────── a1 again: a2 is lost
//	                          └──── copy ──┐               │
//	Dataverse                              a1 ── copied back, as it was read
//
// A change is lost when one of its values stands on neither side at the end,
// and no user had written over it: nobody has decided against it.
type copies struct {
	changes []change // by origin; the first stands for no change
	rows    uint64
	echoes  uint64
	deletes uint64
}

// origin is the place of a change among all of a run; 0 is none: content that
// nobody wrote, or whose change need not be carried.
type origin uint32

// change is one user's change of one record.
type change struct {
	pair    *pair
	side    engine.Side
	born    sim.Time
	life    uint32 // with number, its reference
	number  uint32
	wrote   cells // what it wrote
	closed  cells // ... that a user has written over since, or that was found equal on the other side
	copied  bool  // the other side has got some of it
	trodden bool  // a copy was written over some of it where it was made
}

// cells is a set of cells of one record: columns by number, and life.
type cells []uint64

func newCells(columns int) cells { return make(cells, columns/64+1) }

func (s cells) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

func (s cells) add(i int) { s[i/64] |= 1 << (i % 64) }

// origins returns where the cells of a side's record come from: by column, and
// life as the last. It is nil where nothing is known.
func (p *pair) origins(s engine.Side) []origin {
	if p.head[s] == nil {
		return nil
	}
	return p.head[s].also.origins
}

// cell returns the origin of one cell.
func cell(all []origin, i int) origin {
	if all == nil {
		return 0
	}
	return all[i]
}

// edited notes what a user's commit wrote and returns the new origins. A change
// without a reference need not be carried, and is the origin of nothing.
func (c *copies) edited(at sim.Time, p *pair, side engine.Side, columns int, before, after *engine.Record, ref *engine.Reference) []origin {
	is := make([]origin, columns+1)
	copy(is, p.origins(side))
	me := origin(0)
	if ref != nil {
		if len(c.changes) == 0 {
			c.changes = append(c.changes, change{})
		}
		me = origin(len(c.changes))
		c.changes = append(c.changes, change{
			pair: p, side: side, born: at, life: ref.Incarnation, number: ref.Number,
			wrote: newCells(columns), closed: newCells(columns),
		})
	}
	wrote := func(i int, from origin) {
		if was := is[i]; was != 0 {
			c.changes[was].closed.add(i)
		}
		is[i] = from
		if from != 0 {
			c.changes[from].wrote.add(i)
		}
	}
	for i := range columns {
		x, y := valueOf(before, i), valueOf(after, i)
		switch {
		case !alive(after):
			wrote(i, 0)
		case !sameValue(&x, &y):
			wrote(i, me)
		}
	}
	if alive(before) != alive(after) || me != 0 { // who edits a record wants it to live
		wrote(columns, me)
	}
	return is
}

// valueOf returns the content of a column; null where no record lives.
func valueOf(r *engine.Record, column int) engine.Value {
	if !alive(r) || column >= len(r.Values) {
		return engine.Value{}
	}
	return r.Values[column]
}

// CopyCommit tells of a row that the data integrator wrote on a side, whatever
// that held, and returns the Trace to publish with it. source is the row as it
// was read on the other side, columns are those that were carried. before is
// nil when the side has never held the key; after is final but for its Trace.
// The oracle keeps after.
func (o *Oracle) CopyCommit(at sim.Time, side engine.Side, columns []int, source, before, after *engine.Record) any {
	p := o.pairOf(before, after)
	c := o.copies
	read, _ := source.Trace.(*head)
	var from []origin
	if read != nil {
		from = read.also.origins
	}
	life := len(o.config.Maps[after.Key.Map].Columns)
	is := make([]origin, life+1)
	copy(is, p.origins(side))
	echo := alive(before) == alive(after)
	bring := func(i int, same bool) {
		had, got := is[i], cell(from, i)
		echo = echo && same
		if had != got {
			is[i] = c.meet(had, got, side, i, same)
		}
		if got := is[i]; got != 0 && c.changes[got].side != side {
			o.copied(at, got)
		}
	}
	if alive(after) {
		for _, i := range columns {
			x, y := valueOf(before, i), valueOf(after, i)
			bring(i, sameValue(&x, &y))
		}
	} else {
		for i := range life {
			c.meet(is[i], 0, side, i, false)
			is[i] = 0
		}
		c.deletes++
	}
	bring(life, alive(before) == alive(after))
	c.rows++
	if echo {
		c.echoes++
	}
	p.record[side] = after
	h := o.again(p, side)
	h.also.origins = is
	p.head[side] = h
	o.compare(at, p)
	return h
}

// meet decides the origin of a cell into which a copy brings another. Where both
// had written the same, they go on as one.
func (c *copies) meet(had, got origin, side engine.Side, i int, same bool) origin {
	switch {
	case had == 0:
		return got
	case same && got == 0:
		return had
	}
	old := &c.changes[had]
	switch {
	case same:
		old.closed.add(i)
	case old.side == side && !old.closed.has(i):
		old.trodden = true
	}
	return got
}

// copied notes that something of a change has come to the other side.
func (o *Oracle) copied(at sim.Time, from origin) {
	c := &o.copies.changes[from]
	if c.copied {
		return
	}
	c.copied = true
	if c.pair.waiting == nil {
		return
	}
	if commit := c.pair.waiting.lines[c.side].find(c.life, c.number); commit != nil {
		commit.there |= commit.groups
		if commit.tx != nil {
			o.seen(at, commit, true)
		}
	}
}
