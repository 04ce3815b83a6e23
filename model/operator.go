package model

import (
	"errors"
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Operation is what an operator asks of the engine, on a timetable: to pause,
// resume, stop or start a job, to retry or dismiss what is on its error desk. It
// reaches the engine's process at once, or finds it dead.
//
// A job that is stopped captures nothing: what users change meanwhile is found
// with a later change of the record, if there is one, or by a resync or an initial
// sync. Until then it is declared drift.
type Operation struct {
	At      sim.Time
	Command engine.Command
}

// Done is how an operation went.
type Done struct {
	Operation int // by its place in the configuration
	At        sim.Time
	Refused   error // why the engine refused it; nil when it did not
}

func (c *Config) operationFaults() (errs []error) {
	for i, o := range c.Operations {
		if o.At < 0 {
			errs = append(errs, fmt.Errorf("world: operation %d (%v): it is at %v, before the start", i+1, o.Command.Kind, o.At))
		}
		if o.Command.Job == "" {
			errs = append(errs, fmt.Errorf("world: operation %d (%v): name the job that it is about", i+1, o.Command.Kind))
		}
	}
	if len(c.Operations) > 0 && c.Integrator != nil {
		errs = append(errs, errors.New("world: the data integrator has no error desk: leave the operations out"))
	}
	return errs
}

// operate lets an operator ask.
func (w *World) operate(i int) {
	d := Done{Operation: i, At: w.Kernel.Now()}
	cmd := &w.config.Operations[i].Command
	if d.Refused = w.Driver.Command(cmd); d.Refused == nil && cmd.Kind == engine.DismissParked && w.config.Tell != nil {
		w.tell(Told{At: d.At, What: Dismissed})
	}
	w.done = append(w.done, d)
}
