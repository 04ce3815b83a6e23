package sim

// heap is a heap of entries, the earliest at the root. Each entry has four
// children: that halves the number of levels, and the earliest of four is found
// by two comparisons that do not wait for each other and a third.
//
// take leaves a hole at the root instead of closing it: most events schedule a
// successor, which then fills the hole. That is one walk through the heap for
// an event in and an event out, not two.
type heap struct {
	entries []entry
	hole    bool // entries[0] has been taken
}

func (h *heap) len() int {
	if h.hole {
		return len(h.entries) - 1
	}
	return len(h.entries)
}

// first returns the earliest entry, or nil. It is valid until the next change.
func (h *heap) first() *entry {
	if h.hole {
		h.close()
	}
	if len(h.entries) == 0 {
		return nil
	}
	return &h.entries[0]
}

// take removes the entry that first has just returned.
func (h *heap) take() { h.hole = true }

// room returns the place for an entry of that time and rank, which the caller
// must write at once.
func (h *heap) room(at Time, rank uint64) *entry {
	i := len(h.entries)
	if h.hole {
		h.hole = false
		i = h.descend()
	} else {
		h.entries = append(h.entries, entry{})
	}
	return h.rise(i, at, rank)
}

// close fills the hole with the last entry.
func (h *heap) close() {
	h.hole = false
	last := len(h.entries) - 1
	e := h.entries[last]
	h.entries = h.entries[:last]
	if last > 0 {
		*h.rise(h.descend(), e.at, e.rank) = e
	}
}

// descend moves the free place at the root down to a leaf, along the earlier
// children, and returns it. The new entry then rises from there: one that comes
// from the bottom, or from the future, belongs near the bottom, so not to look
// at it on the way down saves a comparison at nearly every level.
func (h *heap) descend() int {
	s := h.entries
	i, child := 0, 1
	for ; child+3 < len(s); child = 4*i + 1 {
		// The winners of two pairs, and the winner of those. Times are not
		// negative, so that the sign of a difference is a comparison, and a
		// shift turns it into a mask: which child is earliest is a coin toss,
		// and the next level waits for it, so neither a branch will do here nor
		// a longer way than this.
		four := s[child : child+4 : child+4]
		d01 := four[1].at - four[0].at
		d23 := four[3].at - four[2].at
		d := four[2].at + d23&(d23>>63) - (four[0].at + d01&(d01>>63))
		var first int
		if d01 == 0 || d23 == 0 || d == 0 {
			first = earliest((*[4]entry)(four))
		} else {
			a := -int(d01 >> 63)
			b := 2 - int(d23>>63)
			first = a + (b-a)&int(d>>63)
		}
		s[i] = four[first&3]
		i = child + first
	}
	if child < len(s) {
		first := child
		for c := child + 1; c < len(s); c++ {
			first += (c - first) & -s[c].before(&s[first])
		}
		s[i] = s[first]
		i = first
	}
	return i
}

// earliest returns which of four entries comes first, by time and rank. It is
// for ties; a call keeps it from taking the registers of the loop in descend.
//
//go:noinline
func earliest(four *[4]entry) int {
	// x & -c is x if c is 1, and 0 if it is 0.
	a := four[1].before(&four[0])
	b := 2 + four[3].before(&four[2])
	return a + (b-a)&-four[b&3].before(&four[a&3])
}

// rise moves the free place i up to where an entry of that time and rank
// belongs, and returns it.
func (h *heap) rise(i int, at Time, rank uint64) *entry {
	s := h.entries
	for i > 0 {
		parent := (i - 1) / 4
		if before(at, rank, &s[parent]) == 0 {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	return &s[i]
}

// drain empties the heap and returns what was in it, in no useful order; the
// slice is valid until the next push.
func (h *heap) drain() []entry {
	if h.hole {
		h.close()
	}
	all := h.entries
	h.entries = all[:0]
	return all
}

// adopt takes entries of one instant, a part of the slice that drain returned,
// as its content.
func (h *heap) adopt(entries []entry) {
	h.entries = h.entries[:0]
	for _, e := range entries {
		*h.room(e.at, e.rank) = e
	}
}
