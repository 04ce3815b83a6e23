package users

import (
	"errors"
	"fmt"

	"github.com/twinwrite/twinwrite/sim"
)

// Closed makes a [Generator] a closed source: instead of arrivals from outside,
// some users take turns by themselves. Each thinks, saves, waits until the save
// has ended however it does, and thinks again. So a slow system is asked less
// often: users who wait for live sync do not pile up.
//
// What a user does in his n-th turn is keyed by him and n and is the same
// whatever the engine does; when he comes to it is not.
type Closed struct {
	Users int
	Think sim.Dist // from the end of one turn to the next, in seconds
}

func (c *Closed) faults() error {
	var faults []error
	if c.Users < 1 || c.Users >= turnsMax {
		faults = append(faults, fmt.Errorf("closed users must be at least 1 and below %d, not %d", turnsMax, c.Users))
	}
	if c.Think == nil {
		faults = append(faults, errors.New("closed users need a time to think"))
	} else if err := c.Think.Validate(); err != nil {
		faults = append(faults, fmt.Errorf("think: %w", err))
	}
	return errors.Join(faults...)
}

// turnsMax is how many closed users of one source there may be: their number
// and the source's share the argument of an event.
const turnsMax = 1 << 32

// seat is one closed user.
type seat struct {
	generator *Generator
	turn      uint64
	key       uint64 // of his draws
}

// seatAll lets the users of a closed source think for the first time.
func (u *Users) seatAll(source int, g *Generator) {
	u.seats[source] = make([]seat, g.Closed.Users)
	for i := range u.seats[source] {
		u.seats[source][i] = seat{generator: g, key: sim.Mix(u.hashes[source], uint64(i)+1)}
		u.think(source, i)
	}
}

// think schedules a closed user's next turn.
func (u *Users) think(source, user int) {
	s := &u.seats[source][user]
	g := s.generator
	at := u.k.Now().Add(sim.Draw(g.Closed.Think, u.draws.think, s.key, s.turn<<1|1))
	if g.Until == 0 || at <= g.Until {
		u.coming++
		u.k.At(at, sim.Normal, u.id, kindTurn, s.key, uint64(source)<<32|uint64(user))
	}
}

// turn lets a closed user begin.
func (u *Users) turn(source, user int) {
	u.coming--
	s := &u.seats[source][user]
	s.turn++
	index, r := u.newRun()
	r.source, r.user, r.ordinal = source, user, s.turn
	r.tx.Entity = sim.Mix(s.key, s.turn)
	s.generator.plan(u, r)
	u.start(index, r)
}
