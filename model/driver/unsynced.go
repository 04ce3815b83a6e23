package driver

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// unsynced is a store that can be made to lie, as a planted bug: it says that a
// commit is safe, and a crash takes the last one away.
type unsynced struct {
	store.Store
	points engine.Failpoints
	last   []engine.Mutation // not on the disk yet
}

// Save implements [store.Store].
func (u *unsynced) Save(mutations []engine.Mutation) error {
	if err := u.flush(); err != nil {
		return err
	}
	if !u.points.Hit(engine.PlantCommitUnsynced) {
		return u.Store.Save(mutations)
	}
	u.last = append(u.last, mutations...)
	for i := range u.last {
		u.last[i].Flights = slices.Clone(u.last[i].Flights) // the engine uses the list again
	}
	return nil
}

// Load implements [store.Store]. Who asks without a crash sees all that was saved.
func (u *unsynced) Load() (*engine.State, error) {
	if err := u.flush(); err != nil {
		return nil, err
	}
	return u.Store.Load()
}

// Waiting implements [store.Store].
func (u *unsynced) Waiting() (*engine.State, error) {
	if err := u.flush(); err != nil {
		return nil, err
	}
	return u.Store.Waiting()
}

// flush puts on the disk what was said to be there.
func (u *unsynced) flush() error {
	err := u.Store.Save(u.last)
	u.last = u.last[:0]
	return err
}

// losePower takes away what only a planted bug has not put on the disk.
func (d *Driver) losePower() {
	if u, lies := d.store.(*unsynced); lies {
		u.last = u.last[:0]
	}
}
