package engine

// Back-pressure. What users capture faster than it is carried waits where it is safe
// and cheap, in the outboxes: of each side the engine holds [Config.QueueMax]
// references at most, and fetches more when some of them have ended.
//
//	held = those that go on by themselves + those that are blocked
//	       (ready, in flight, in back-off)
//
// Parked references do not count, and neither do those of a job that does not run: they
// wait for people, and a pause has limits of its own. What is blocked waits for another
// item of its side, which goes on by itself as a rule. It may wait for people at the end,
// though, behind a parked one, and nothing that lies in the outbox may stand still for
// that: where nothing that is held can run at the moment, blocked references do not count.
//
// Nothing deadlocks by it. What goes on by itself never waits for what is not fetched: a
// record that it looks up is pulled, a value that another is to free is refused, and both
// park. The engine's own references (initial sync, resync, re-asserts) come without a
// pull and are bounded by their pages; they may pass the limit, and pulls wait for them.

// mayFetch returns how many references the next pull of a side may bring; 0 when they are
// to wait. A pull is put off until there is room for many, so that they stay few.
func (c *Core) mayFetch(side Side) int {
	var held [laneStates]int
	for j := range c.jobs {
		if c.jobs[j].state.runs() {
			for s, n := range c.jobs[j].refs[side] {
				held[s] += n
			}
		}
	}
	if c.bugs.hit(PlantQueueUnbounded) {
		return min(c.cfg.PullMax, c.cfg.QueueMax)
	}
	worth := min(c.cfg.PullMax, (c.cfg.QueueMax+1)/2)
	room := c.cfg.QueueMax - held[ready] - held[inFlight] - held[backoff]
	if left := room - held[blocked]; left >= worth || held[ready]+held[inFlight] > 0 {
		room = left
	}
	if room < worth {
		return 0
	}
	return min(c.cfg.PullMax, room)
}

// fetchMore pulls the outboxes that had to wait, as soon as there is room.
func (c *Core) fetchMore() {
	for s := range c.outbox {
		if c.outbox[s].full && !c.bugs.hit(PlantFullForgotten) {
			c.pull(Side(s))
		}
	}
}

// hold counts references that come into a lane, or leave it.
func (c *Core) hold(id laneID, l *lane, by int) { c.jobOf(id).refs[id.side()][l.state] += by }
