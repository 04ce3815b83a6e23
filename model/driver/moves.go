package driver

import "github.com/twinwrite/twinwrite/engine"

// Move is an item of the queue that is at another place.
type Move struct {
	Key  engine.Key
	Side engine.Side // where the change was made
	To   engine.Place
	Why  engine.Reason // of a failed attempt, and of what is on the error desk
	On   engine.Key    // to [engine.WaitsFor]: the record that it waits for
}

// mover keeps what moves in a step beside what the step asks for.
type mover struct {
	engine.Watcher
	driver *Driver
}

func (m mover) Moved(pair int32, k *engine.Key, side engine.Side, to engine.Place, why engine.Reason, on *engine.Key) {
	move := Move{Key: *k, Side: side, To: to, Why: why}
	if on != nil {
		move.On = *on
	}
	m.driver.moves = append(m.driver.moves, move)
	m.Watcher.Moved(pair, k, side, to, why, on)
}

// tellMoves tells of moves that have come to count, and forgets them.
func (d *Driver) tellMoves(moves *[]Move) {
	for i := range *moves {
		d.config.Moved(&(*moves)[i])
	}
	*moves = (*moves)[:0]
}

// keepMoves lets the moves of a step wait with a batch.
func (d *Driver) keepMoves(b *batch) {
	b.moves = append(b.moves, d.moves...)
	d.moves = d.moves[:0]
}
