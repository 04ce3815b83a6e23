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

// heap gives out small values, the first first. Most come in order: they wait in a run,
// where putting one in and taking it out costs the same however many there are. What
// comes before the last of the run goes into a binary heap beside it.
type heap[E ordered[E]] struct {
	run  []E // ascending
	room []E // the memory that the run moves along
	rest []E
}

func (h *heap[E]) len() int { return len(h.run) + len(h.rest) }

// inRun reports whether the first value is that of the run.
func (h *heap[E]) inRun() bool {
	return len(h.run) > 0 && (len(h.rest) == 0 || !h.rest[0].before(h.run[0]))
}

// first returns what pop will take; there must be something.
func (h *heap[E]) first() E {
	if h.inRun() {
		return h.run[0]
	}
	return h.rest[0]
}

func (h *heap[E]) push(e E) {
	n := len(h.run)
	if n > 0 && e.before(h.run[n-1]) {
		h.rest = siftUp(append(h.rest, e))
		return
	}
	if n == cap(h.run) { // at the end of its room: back to the front, if that is worth it
		if most := max(8, 2*n); cap(h.room) < most {
			h.room = make([]E, 0, most)
		}
		h.run = append(h.room, h.run...)
	}
	h.run = append(h.run, e)
}

func (h *heap[E]) pop() (first E) {
	if h.inRun() {
		first, h.run = h.run[0], h.run[1:]
		return first
	}
	first = h.rest[0]
	h.rest = siftDown(h.rest)
	return first
}

// siftUp puts the last value of a binary heap into its place.
func siftUp[E ordered[E]](s []E) []E {
	i := len(s) - 1
	e := s[i]
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(s[up]) {
			break
		}
		s[i] = s[up]
		i = up
	}
	s[i] = e
	return s
}

// siftDown takes the first value out of a binary heap.
func siftDown[E ordered[E]](s []E) []E {
	last := s[len(s)-1]
	s = s[:len(s)-1]
	if len(s) == 0 {
		return s
	}
	i := 0
	for {
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
	s[i] = last
	return s
}
