package engine

// Poison: an item that kills the process each time it is tried would be tried
// for ever, because every attempt starts anew. What a batch holds is therefore
// noted before its first request leaves, and an item that was in flight when the
// process died has used an attempt. It parks once they are used up.
//
// The note costs one mutation per batch. It goes with the step that starts the
// batch, which has references or outcomes to save as a rule, so that nobody
// waits for it by itself. A note speaks of an item as it was: it counts only
// while the item's newest reference and its attempts are those noted, so that
// one that was overtaken counts nothing, and none counts twice.

// FlightNote tells that an item was in flight.
type FlightNote struct {
	Key      Key
	Side     Side
	Order    uint64 // of its newest reference
	Attempts int    // that it had used before
}

// BatchNote tells what the batch in one slot held.
type BatchNote struct {
	Slot    int
	Flights []FlightNote
}

// soloFrom is how many attempts make an item fly alone after a restart: no other
// such item flies beside it, so that the next death tells them apart. After a
// first death all go on as before, because most processes die of something else.
const soloFrom = 2

// noteBatch notes what a slot's batch holds.
func (c *Core) noteBatch(slot int) {
	b := &c.batches[slot]
	b.notes = b.notes[:0]
	for i := range b.flights {
		id := b.flights[i].lane
		l := c.pairs.lane(id)
		b.notes = append(b.notes, FlightNote{
			Key: c.pairs.at(id.pair()).key, Side: id.side(), Order: l.newest().order, Attempts: l.attempts,
		})
	}
	b.noted = true
	c.save = append(c.save, Mutation{Kind: BatchNoted, Slot: slot, Flights: b.notes})
}

// forgetBatches forgets the notes of slots that are free again and stay so.
func (c *Core) forgetBatches() {
	for i := range c.batches {
		if b := &c.batches[i]; b.noted && !b.busy {
			b.noted = false
			c.save = append(c.save, Mutation{Kind: BatchNoted, Slot: i})
		}
	}
}

// countDeaths costs each item that the last life ended with in flight an
// attempt. The notes have done their work then.
func (c *Core) countDeaths(notes []BatchNote) {
	for _, note := range notes {
		for i := range note.Flights {
			c.countDeath(&note.Flights[i])
		}
		c.save = append(c.save, Mutation{Kind: BatchNoted, Slot: note.Slot})
	}
}

func (c *Core) countDeath(n *FlightNote) {
	id, known := c.pairs.find(n.Key, n.Side)
	if !known {
		return
	}
	l := c.pairs.lane(id)
	if len(l.open) == 0 || l.state == parked || l.newest().order != n.Order || l.attempts != n.Attempts {
		return
	}
	if c.bugs.hit(PlantFlightGivenUp) {
		if l.state == blocked {
			c.unblock(id)
		}
		c.move(id, idle)
		c.dismiss(id, l, NoReason)
		return
	}
	l.attempts++
	l.solo = l.attempts >= soloFrom
	if l.attempts < c.cfg.Attempts {
		c.saveLane(id)
		return
	}
	if l.state == blocked {
		c.unblock(id)
	}
	c.putOnDesk(id, l, Outcome{Class: SystemFailure, Reason: DiedInFlight})
}

// nextSoloist lets those fly that waited for the item that flew alone.
func (c *Core) nextSoloist() {
	waited := c.soloists
	c.soloist, c.soloists = noLane, nil
	for _, id := range waited {
		if c.pairs.lane(id).state == ready {
			c.pushReady(id)
		}
	}
}
