package system

import "github.com/twinwrite/twinwrite/engine"

// outbox holds the references that commits have left for the engine, in a ring
// by position.
//
// A position is reserved when its transaction begins. It is then filled, or
// becomes a gap; a filled one is gone once the engine has acknowledged it.
type outbox struct {
	states     []slotState
	references []engine.Reference
	first      uint64 // oldest position that is not gone; all below are
	next       uint64 // next position to be given
	open       uint64 // oldest position that is reserved, at the earliest
	filled     int
	ever       uint64 // references that were ever put in
	told       uint64 // the highest intake order that the engine has told
}

type slotState uint8

const (
	gone slotState = iota
	reserved
	filled
)

func newOutbox() outbox { return outbox{first: 1, next: 1, open: 1} }

func (o *outbox) slot(position uint64) int { return int(position & uint64(len(o.states)-1)) }

// reserve gives n positions and returns the first.
func (o *outbox) reserve(n int) uint64 {
	for int(o.next-o.first)+n > len(o.states) {
		o.grow()
	}
	at := o.next
	for range n {
		o.states[o.slot(o.next)] = reserved
		o.next++
	}
	return at
}

func (o *outbox) grow() {
	size := max(16, 2*len(o.states))
	states, references := make([]slotState, size), make([]engine.Reference, size)
	for p := o.first; p < o.next; p++ {
		to := p & uint64(size-1)
		states[to], references[to] = o.states[o.slot(p)], o.references[o.slot(p)]
	}
	o.states, o.references = states, references
}

// fill puts a reference at a reserved position and returns it as it now
// stands. The pointer is good until the next position is reserved.
func (o *outbox) fill(position uint64, r *engine.Reference) *engine.Reference {
	i := o.slot(position)
	o.states[i], o.references[i] = filled, *r
	o.references[i].Position = position
	o.filled++
	o.ever++
	return &o.references[i]
}

// abandon makes reserved positions gaps.
func (o *outbox) abandon(from, to uint64) {
	for p := from; p < to; p++ {
		o.states[o.slot(p)] = gone
	}
	o.advance()
}

// at returns the reference at a position, or nil when it is forgotten already.
func (o *outbox) at(position uint64) *engine.Reference {
	if position < o.first || position >= o.next || o.states[o.slot(position)] != filled {
		return nil
	}
	return &o.references[o.slot(position)]
}

// ack forgets a filled position. What is not there is forgotten already.
func (o *outbox) ack(position uint64) {
	if o.at(position) == nil {
		return
	}
	i := o.slot(position)
	o.states[i], o.references[i] = gone, engine.Reference{}
	o.filled--
	o.advance()
}

func (o *outbox) advance() {
	for o.first < o.next && o.states[o.slot(o.first)] == gone {
		o.first++
	}
}

// horizon returns the position below which nothing can be filled any more.
func (o *outbox) horizon() uint64 {
	o.open = max(o.open, o.first)
	for o.open < o.next && o.states[o.slot(o.open)] != reserved {
		o.open++
	}
	return o.open
}

// pull appends up to n references to dst, by position, and reports whether
// there are more.
func (o *outbox) pull(dst []engine.Reference, n int) ([]engine.Reference, bool) {
	left := o.filled
	for p := o.first; p < o.next && left > 0; p++ {
		if o.states[o.slot(p)] != filled {
			continue
		}
		if n == 0 {
			return dst, true
		}
		dst = append(dst, o.references[o.slot(p)])
		n--
		left--
	}
	return dst, false
}
