package engine

// A job moves on when certain lanes have come to an end: those that queued up
// during a pause, before it is active again, and those of a chunk of initial
// sync, before the next one is listed. An end is an outcome of the lane's item,
// or a place on the error desk, or the wait for what has such a place: whoever
// waits for an operator must not keep a job from moving on.

// await lets a job wait for a lane.
func (c *Core) await(id laneID) {
	if l := c.pairs.lane(id); !l.awaited {
		l.awaited = true
		w := c.jobOf(id)
		w.awaited = append(w.awaited, id)
		w.awaiting++
		w.look = true
	}
}

// arrived tells the job that a lane's item has come to an end, and how.
func (c *Core) arrived(id laneID, l *lane, how Outcome) {
	if l.awaited {
		l.awaited = false
		w := c.jobOf(id)
		w.awaiting--
		w.initial.count(how)
	}
}

// lookForStuck makes jobs look anew which of their awaited lanes wait for an
// operator: an item has been parked, or has begun to wait for another.
func (c *Core) lookForStuck() {
	for j := range c.jobs {
		c.jobs[j].look = true
	}
}

// awaits reports whether a job still waits for a lane. Lanes are looked at only
// when all that are left may be blocked.
func (c *Core) awaits(w *jobWork) bool {
	if w.look && w.awaiting > 0 && w.awaiting <= c.items[blocked] {
		w.look = false
		kept := w.awaited[:0]
		for _, id := range w.awaited {
			l := c.pairs.lane(id)
			switch {
			case !l.awaited:
			case c.stuck(id):
				c.arrived(id, l, Outcome{Class: ApplicationFailure})
			default:
				kept = append(kept, id)
			}
		}
		w.awaited = kept
	}
	if w.awaiting == 0 {
		w.awaited = w.awaited[:0]
	}
	return w.awaiting > 0
}

// stuck reports whether a lane waits for a record whose item is on the error
// desk. It follows no more waits than there are pairs: a circle of them, which a
// planted bug may leave, must not take the engine with it.
func (c *Core) stuck(id laneID) bool {
	for range c.pairs.index.Len() {
		l := c.pairs.lane(id)
		if l.state != blocked || l.blockedOn == noLane { // it is just being woken
			break
		}
		id = l.blockedOn
	}
	return c.pairs.lane(id).state == parked
}

// awaitNothing lets a job wait for no lane any more.
func (c *Core) awaitNothing(w *jobWork) {
	for _, id := range w.awaited {
		c.arrived(id, c.pairs.lane(id), Outcome{})
	}
	w.awaited = w.awaited[:0]
}
