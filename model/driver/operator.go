package driver

import (
	"errors"

	"github.com/twinwrite/twinwrite/engine"
)

// ErrDead refuses an operator's request that found no process.
var ErrDead = errors.New("driver: the engine's process is dead; ask again when it is back")

// Command hands an operator's request to the engine. What it asks to be saved is
// saved like that of any step; a crash before that undoes the request.
func (d *Driver) Command(cmd *engine.Command) error {
	if d.core == nil {
		return ErrDead
	}
	out, err := d.core.Command(d.now(), cmd)
	if err != nil { // refused, and yet the process has looked at its clock
		d.judge.Stepped(d.k.Now(), d.now(), nil, nil)
		return err
	}
	if d.took(out) && d.pass(CommandBeforeSave) {
		return nil
	}
	d.sync()
	return nil
}

// StartStoreFull lets the store take nothing from now on: the process waits with
// all that it has to save, and with what may only be done afterwards. Periods may
// overlap.
func (d *Driver) StartStoreFull() { d.full++ }

// EndStoreFull ends one such period.
func (d *Driver) EndStoreFull() {
	if d.full--; d.full == 0 && d.stalled {
		d.stalled = false
		d.synced()
	}
}
