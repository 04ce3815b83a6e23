package sim

import "math/bits"

// list is the event list: the pending events by (time, priority, sequence).
//
// A heap is best for few events and slows down as it outgrows the
// caches; a [radix] costs the same for a thousand as for a million. The list is
// both: a heap in front, which holds every event up to the base instant of the
// radix behind it, and the radix for all that is later. The heap gives the
// exact order; the radix only has to hand over the next small batch. With the
// base at [Forever] nothing is later, and the list is a plain heap.
type list struct {
	front   heap
	later   radix
	sizes   listSizes
	spillAt int // a front longer than this is handed to the radix
}

// listSizes are the lengths at which a list changes its form. Between the first
// two lies a factor of two, so that a list whose length swings around one of
// them does not change to and fro.
type listSizes struct {
	heapMax   int // a longer heap is handed to the radix
	heapAgain int // a shorter radix is handed back to the heap
	batchMax  int // a bucket no longer than this goes to the heap as it is
}

// usualSizes were found by measurement; they change speed and nothing else.
var usualSizes = listSizes{heapMax: 16384, heapAgain: 8192, batchMax: 512}

func newList(s listSizes) list {
	return list{later: radix{base: Forever}, sizes: s, spillAt: s.heapMax}
}

func (l *list) len() int { return l.front.len() + l.later.count }

func (l *list) push(e entry) { *l.room(e.at, e.rank) = e }

// room returns the place for an entry of that time and rank, which the caller
// must write at once: an entry that is handed down by value is copied at each
// step, and in other pieces than it was written in (see [entry]).
func (l *list) room(at Time, rank uint64) *entry {
	if at > l.later.base {
		return l.later.room(at)
	}
	if n := len(l.front.entries); n >= l.spillAt && n >= l.later.count && !l.front.hole {
		l.spill()
		if at > l.later.base {
			return l.later.room(at)
		}
	}
	return l.front.room(at, rank)
}

// first returns the earliest entry, or nil. It is valid until the next change,
// [list.take] excepted.
func (l *list) first() *entry {
	if h := &l.front; !h.hole && len(h.entries) > 0 {
		return &h.entries[0]
	}
	return l.find()
}

// find is first without the usual case.
func (l *list) find() *entry {
	for {
		if e := l.front.first(); e != nil || l.later.count == 0 {
			return e
		}
		l.refill()
	}
}

// take removes the entry that first has just returned.
func (l *list) take() { l.front.take() }

// spill hands an overlong heap to the radix. The base moves back to the
// earliest event. Buckets above the highest bit in which the old and the new
// base differ are as right as they were; the bucket of that bit is empty, as
// the old base has the bit set.
func (l *list) spill() {
	r := &l.later
	base := l.front.first().at
	moved := bits.Len64(uint64(base ^ r.base))
	var pages *page
	for i := range moved {
		for p := r.detach(i); p != nil; {
			next := p.next
			p.next, pages = pages, p
			p = next
		}
	}
	r.base = base
	early := 0
	all := l.front.drain()
	for _, e := range all {
		if e.at > base {
			*r.room(e.at) = e
			continue
		}
		all[early] = e
		early++
	}
	l.front.adopt(all[:early])
	l.distribute(pages)
	l.spillAt = max(l.sizes.heapMax, 2*early) // a crowd at one instant stays in the heap
}

// refill brings the next batch of events to the empty front.
func (l *list) refill() {
	r := &l.later
	if r.count < l.sizes.heapAgain {
		r.base = Forever
		for r.occupied != 0 {
			l.distribute(r.detach(r.lowest()))
		}
		return
	}
	i := r.lowest()
	if r.buckets[i].count <= l.sizes.batchMax {
		r.base = r.end(i)
	} else {
		r.base = r.buckets[i].earliest
	}
	l.distribute(r.detach(i))
}

// distribute puts the entries of detached pages where the base now says.
func (l *list) distribute(p *page) {
	for p != nil {
		for i := range p.entries[:p.used] {
			e := &p.entries[i]
			if e.at > l.later.base {
				*l.later.room(e.at) = *e
			} else {
				*l.front.room(e.at, e.rank) = *e
			}
		}
		p = l.later.release(p)
	}
}

// appendAll appends every pending entry to dst, in no useful order.
func (l *list) appendAll(dst []entry) []entry {
	l.front.first()
	dst = append(dst, l.front.entries...)
	for i := range l.later.buckets {
		b := &l.later.buckets[i]
		used := b.used
		for p := b.head; p != nil; p = p.next {
			dst = append(dst, p.entries[:used]...)
			used = pageEntries
		}
	}
	return dst
}
