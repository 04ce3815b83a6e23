package engine

// readyEntry is an item that may run. Lower sequence first, then capture
// order.
type readyEntry struct {
	sequence int32
	lane     laneID
	order    uint64
}

func (e readyEntry) before(o readyEntry) bool {
	if e.sequence != o.sequence {
		return e.sequence < o.sequence
	}
	return e.order < o.order
}

// dueEntry is an item in back-off. Earlier first, then capture order.
type dueEntry struct {
	at    Time
	order uint64
	lane  laneID
}

func (e dueEntry) before(o dueEntry) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	return e.order < o.order
}

// ordered is what a heap can hold.
type ordered[E any] interface{ before(E) bool }

// heap is a binary heap of small values.
type heap[E ordered[E]] []E

func (h *heap[E]) push(e E) {
	*h = append(*h, e)
	s := *h
	i := len(s) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = e
}

func (h *heap[E]) pop() E {
	s := *h
	top, last := s[0], s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	i := 0
	for len(s) > 0 {
		down := 2*i + 1
		if down >= len(s) {
			break
		}
		if down+1 < len(s) && s[down+1].before(s[down]) {
			down++
		}
		if !s[down].before(last) {
			break
		}
		s[i] = s[down]
		i = down
	}
	if len(s) > 0 {
		s[i] = last
	}
	return top
}
