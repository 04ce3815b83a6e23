package sim

// heap is a heap of entries, the earliest at the root. Each entry has four
// children: that halves the number of levels, and the earliest of four is found
// by two comparisons that do not wait for each other and a third.
//
// take leaves a hole at the root instead of closing it: most events schedule a
// successor, which then goes into the hole and sinks to its place. That is one
// walk through the heap for an event in and an event out, not two.
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

func (h *heap) push(e entry) {
	if h.hole {
		h.fill(e)
		return
	}
	h.entries = append(h.entries, e)
	h.rise(len(h.entries)-1, e)
}

// fill puts an entry into the hole.
func (h *heap) fill(e entry) {
	h.hole = false
	h.sink(e)
}

// close fills the hole with the last entry.
func (h *heap) close() {
	h.hole = false
	last := len(h.entries) - 1
	e := h.entries[last]
	h.entries = h.entries[:last]
	if last > 0 {
		h.sink(e)
	}
}

// sink places e in the heap whose root is free. The free place goes down to a
// leaf along the earlier children, without looking at e, and e rises from
// there: an entry that comes from the bottom, or from the future, belongs near
// the bottom, so this saves a comparison at nearly every level.
func (h *heap) sink(e entry) {
	s := h.entries
	i, child := 0, 1
	for ; child+3 < len(s); child = 4*i + 1 {
		// x & -c is x if c is 1, and 0 if it is 0.
		four := s[child : child+4 : child+4]
		a := four[1].before(&four[0])
		b := 2 + four[3].before(&four[2])
		first := (a + (b-a)&-four[b&3].before(&four[a&3])) & 3
		s[i] = four[first]
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
	h.rise(i, e)
}

// rise places e in the free place i or above it.
func (h *heap) rise(i int, e entry) {
	s := h.entries
	for i > 0 {
		parent := (i - 1) / 4
		if e.before(&s[parent]) == 0 {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = e
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
	for i := range entries {
		h.push(entries[i])
	}
}
