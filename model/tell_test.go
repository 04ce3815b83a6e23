package model

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// TestToldInOrder listens to an hour in which saving takes long and the process dies at
// each of its points: an attempt is told of only once all that it comes from is saved, and
// before its write can be seen; whoever is dead does nothing.
func TestToldInOrder(t *testing.T) {
	t.Parallel()
	type direction struct {
		key  engine.Key
		side engine.Side
	}
	c := busyHour(t, 4)
	c.Driver.Sync = sim.Exponential(0.3)
	for i, p := range driver.CrashPoints() {
		c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: p, At: sim.Time(time.Duration(3*i+1) * time.Minute), Restart: 5 * time.Second})
	}
	var (
		last  sim.Time
		dead  bool
		open  = map[direction]int{}  // changes that are saved in the queue
		tried = map[direction]bool{} // ever

		begun, written, died int
	)
	c.Tell = func(h Told) {
		if h.At < last {
			t.Errorf("%v is told after what came at %v", h.At, last)
		}
		last = h.At
		at := direction{h.Key, h.Side}
		switch h.What {
		case TakenIn:
			open[at]++
		case Settled:
			open[at]--
		case EngineDied:
			dead = true
			died++
		case EngineBack:
			dead = false
		case Moved:
			if dead {
				t.Errorf("%v: an item of %v moves while the process is dead", h.At, h.Key)
			}
			if h.Place != engine.InFlight {
				return
			}
			begun++
			tried[at] = true
			if open[at] == 0 {
				t.Errorf("%v: an attempt begins to carry %v from %v, and no change of it is saved", h.At, h.Key, h.Side)
			}
		case EngineWrote:
			written++
			own := h.Write.Kind == engine.MarkWrite && tried[at] // both sides were found equal: the source's mark is moved, too
			if !own && !tried[direction{h.Key, h.Side.Other()}] {
				t.Errorf("%v: %v is written on %v, and no attempt had begun", h.At, h.Key, h.Side)
			}
		}
	}
	r := run(t, c)
	mustHold(t, r)
	if begun < 500 || written < 500 || died < len(driver.CrashPoints())/2 {
		t.Errorf("%d attempts, %d writes and %d deaths: the world is too kind", begun, written, died)
	}
}
