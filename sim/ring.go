package sim

// ring is a queue in a circular buffer whose length is a power of two. It keeps
// its memory.
type ring struct {
	slots      []waiting
	head, tail uint64 // ever taken, ever put
}

func (r *ring) len() int { return int(r.tail - r.head) }

// at returns the i-th in the queue, 0 the next to be taken.
func (r *ring) at(i int) *waiting {
	return &r.slots[(r.head+uint64(i))&uint64(len(r.slots)-1)]
}

// push returns the slot at the end of the queue, for the caller to write.
func (r *ring) push() *waiting {
	if r.len() == len(r.slots) {
		r.grow()
	}
	r.tail++
	return r.at(r.len() - 1)
}

// pop takes the next one, which stays in its slot until another push.
func (r *ring) pop() *waiting {
	w := r.at(0)
	r.head++
	return w
}

func (r *ring) grow() {
	slots := make([]waiting, max(16, 2*len(r.slots)))
	n := r.len()
	for i := range n {
		slots[i] = *r.at(i)
	}
	r.slots, r.head, r.tail = slots, 0, uint64(n)
}
