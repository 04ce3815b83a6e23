package engine

// Place is where an item of the queue is.
type Place uint8

// The places, by the state of the item's lane.
const (
	NotQueued  = Place(idle)
	InTurn     = Place(ready) // waits for a worker, and for those before it
	InFlight   = Place(inFlight)
	WaitsFor   = Place(blocked) // for a record that it looks up
	BacksOff   = Place(backoff)
	OnTheDesk  = Place(parked)
	PlaceCount = int(laneStates)
)

// Watcher is told of every item that moves, and why: the reason of a failed
// attempt, or the record that the item waits for. It must not call the core.
// Simulations measure by it where changes spend their time. The engine numbers the
// pairs that it hears of, from 0; the numbers are good for one life of it.
type Watcher interface {
	Moved(pair int32, k *Key, side Side, to Place, why Reason, on *Key)
}

// watch tells the watcher where an item is now.
func (c *Core) watch(id laneID, l *lane, k *Key) {
	if l.state == idle && len(l.open) > 0 {
		return // on its way to another place
	}
	why, on := NoReason, (*Key)(nil)
	switch l.state {
	case blocked:
		on = &c.pairs.at(l.blockedOn.pair()).key
	case backoff:
		why = l.failed
	case parked:
		why = l.parked.Reason
	}
	c.cfg.Watch.Moved(id.pair(), k, id.side(), Place(l.state), why, on)
}
