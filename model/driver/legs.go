package driver

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Leg is a leg of an initial sync with its times, which the engine does not keep.
type Leg struct {
	engine.InitialRecord
	From sim.Time // when its first records were asked for; 0: they were not
	To   sim.Time // when the last one had come to an end; 0: it is under way
}

// noteLeg notes how far a leg has come. One that waits again belongs to a new
// start.
func (d *Driver) noteLeg(now sim.Time, r *engine.InitialRecord) {
	at := slices.IndexFunc(d.legs, func(l Leg) bool { return l.Map == r.Map && l.Company == r.Company && l.Side == r.Side })
	switch {
	case r.Stage == engine.InitialForgotten && at >= 0:
		d.legs = slices.Delete(d.legs, at, at+1)
	case r.Stage == engine.InitialForgotten:
	case at < 0:
		d.legs = append(d.legs, Leg{InitialRecord: *r})
	default:
		l := &d.legs[at]
		l.InitialRecord = *r
		if r.Stage >= engine.InitialDone {
			l.To = now
		}
	}
}

// legAsked notes that records of a leg are asked for.
func (d *Driver) legAsked(e *engine.Effect) {
	for i := range d.legs {
		l := &d.legs[i]
		if l.Stage == engine.InitialWaiting && l.From == 0 && l.Map == e.After.Map && l.Company == e.Company && l.Side == e.Side {
			l.From = d.k.Now()
		}
	}
}

// Legs lists the legs of the last initial sync of each job, in the order in which
// they were planned.
func (d *Driver) Legs() []Leg { return slices.Clone(d.legs) }
