package oracle

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// End is what the engine writes a record for.
type End uint8

// The ends.
const (
	Capture End = iota // of what is there, late
	Carry              // from the other side
	Finish             // a live transaction: it is undone, or sealed
)

// bars is what waits at the end of a world in which a fault lasts for ever, with the
// fault that holds it up. Whatever else waits then is free: nothing keeps it from going on.
type bars struct {
	view  *View
	items []waiter
	by    map[*pair]string // empty: nothing does
	order []*pair          // in which they were found
	lives map[*pair]bool   // of a live transaction that has not ended, which comes first
	names []string         // of the faults
	held  [2]int           // by side: references in the queue that a fault holds up
	stand [2]int           // ... and those that are blocked by what waits for people
	holds [2]string        // ... which
}

// waiter is an item that waits, but not for people.
type waiter struct {
	pair   *pair
	side   engine.Side
	state  State
	number uint32
	root   engine.Key
	beside int // references, see [Item.Unsaved]
}

func newBars(v *View) *bars {
	return &bars{view: v, by: map[*pair]string{}, lives: map[*pair]bool{}}
}

// note takes in what waits for a pair. What is parked waits for people, and what is
// blocked by that, too.
func (b *bars) note(p *pair, it *Item) {
	if it.State != Parked && it.State != Forgotten && (it.State != Blocked || it.Outcome.Class == engine.Open) {
		b.items = append(b.items, waiter{p, it.Reference.Side, it.State, it.Reference.Number, it.Root, it.Unsaved})
	} else if it.State == Blocked {
		b.stand[it.Reference.Side] += 1 + it.Unsaved
	}
}

// put notes what holds up a pair. Of several things, what is free counts.
func (b *bars) put(p *pair, fault string) {
	was, known := b.by[p]
	if !known {
		b.order = append(b.order, p)
	}
	if !known || was != "" {
		b.by[p] = fault
	}
}

// doubt takes in a live transaction that has not ended: the engine undoes what it has
// written on the other side, or seals it, however often that fails. First its own side
// captures what has gone past the hook, and takes note of what a record out of scope has come
// to. Until then nothing else goes on with the records.
func (o *Oracle) doubt(i *engine.Intent) {
	b := o.bars
	fault := b.view.Bar
	for r := range i.Rows {
		k := &i.Rows[r].Key
		fault = cmp.Or(fault, b.view.Spoils(k, i.Side.Other(), Finish))
		if p := o.pairs.find(k); p != nil && (p.bypassing(i.Side) || alive(p.record[i.Side]) && o.shapes[k.Map].outside(i.Side, p.record[i.Side])) {
			fault = cmp.Or(fault, b.view.Spoils(k, i.Side, Capture))
		}
	}
	for r := range i.Rows {
		if p := o.pairs.find(&i.Rows[r].Key); p != nil {
			b.put(p, fault)
			b.by[p], b.lives[p] = fault, true
		}
	}
}

// bar sums up what waits, each after what it may wait for.
func (o *Oracle) bar(r *Report) {
	b := o.bars
	if b == nil {
		return
	}
	for i := range b.view.Intents {
		o.doubt(&b.view.Intents[i])
	}
	for _, state := range []State{Waiting, Blocked, InOutbox} {
		for i := range b.items {
			if it := &b.items[i]; it.state == state {
				o.hold(it)
			}
		}
	}
	for _, p := range b.order {
		fault := b.by[p]
		if fault == "" {
			r.Free = append(r.Free, *p.key())
			continue
		}
		i := slices.Index(b.names, fault)
		if i < 0 {
			i = len(b.names)
			b.names, r.Barred = append(b.names, fault), append(r.Barred, Barred{Fault: fault})
		}
		r.Barred[i].Records++
	}
}

// hold tells which fault holds up an item. Writes that fail put on the error desk what has
// a number; what has none is tried until it is carried, or captured late. What is blocked
// waits for what holds up the root of it; what lies in an outbox, for what fills the
// queue, which may let no more in; and what a job has left as it stops, for
// its live transactions.
func (o *Oracle) hold(it *waiter) {
	b, k := o.bars, it.pair.key()
	fault := b.view.Bar
	switch {
	case fault != "":
	case b.lives[it.pair]:
		fault = b.by[it.pair]
	case it.state == Waiting:
		switch c := &o.courses[k.Map]; {
		case c.off != [2]bool{}: // its job stops, or starts anew, once nothing of it is in doubt
			fault = b.doubtOf(func(p *pair) bool { return o.courses[p.key().Map].job == c.job })
		case c.begins && c.legs == 0: // its initial sync ends likewise, once nothing of the map is
			fault = b.doubtOf(func(p *pair) bool { return p.key().Map == k.Map })
		}
		if it.number == 0 {
			fault = cmp.Or(fault, b.view.Spoils(k, it.side, Capture), b.view.Spoils(k, it.side.Other(), Carry))
		}
	case it.state == Blocked:
		fault = b.name(o.pairs.find(&it.root))
	case it.state == InOutbox && b.held[it.side] > 0 && o.config.Limits.full(b.held[it.side]+b.stand[it.side]): // what is blocked counts where something else may run
		fault = b.holds[it.side]
	}
	b.put(it.pair, fault)
	if fault != "" && it.state != InOutbox {
		b.held[it.side] += 1 + it.beside
		b.holds[it.side] = fault
	}
}

// doubtOf returns the fault that holds up a live transaction of some pairs; empty for none.
func (b *bars) doubtOf(of func(*pair) bool) string {
	for _, p := range b.order {
		if b.lives[p] && of(p) {
			return b.by[p]
		}
	}
	return ""
}

// stops reports whether nothing gets through, for ever.
func (b *bars) stops() bool { return b != nil && b.view.Bar != "" }

// name returns the fault that holds up what waits for a pair; empty for none.
func (b *bars) name(p *pair) string {
	if b == nil {
		return ""
	}
	return b.by[p]
}

// free reports whether something waits for a pair that nothing holds up.
func (b *bars) free(p *pair) bool {
	if b == nil {
		return false
	}
	fault, waits := b.by[p]
	return waits && fault == ""
}
