package model

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Window is what happened in a stretch of a run.
type Window struct {
	From, To            sim.Time
	Clock               [2]time.Duration // by how much the systems' clocks are ahead at its end
	Requests, Throttled [2]uint64        // of those that carry changes: that limits count, and of them those answered 429
	Ended               []Ended          // by map and class, where there are any
}

// Ended counts the changes of one map that ended in one class; of application and
// system failures, items that came onto the error desk.
type Ended struct {
	Map   engine.MapID
	Class engine.Class
	Count uint64
}

// A run is cut into at most so many windows, and even a short one into at least so
// many.
const (
	windowsMost  = 96
	windowsLeast = 24
)

// windows looks at counters at the ends of windows: nothing is counted for it per
// event.
type windows struct {
	width  sim.Time
	done   []Window
	from   sim.Time
	before Window                     // counters as they were at from
	ended  [][len(countedEnds)]uint64 // likewise, by map
}

// countedEnds are the classes that windows tell of. What is open has not ended.
var countedEnds = [...]engine.Class{
	engine.Synced, engine.NoOp, engine.ConcurrencyFailure, engine.ConflictFailure, engine.Dismissed, engine.ApplicationFailure, engine.SystemFailure,
}

// newWindows cuts a run into windows of whole steps of its pace.
func newWindows(w *World, pace time.Duration) *windows {
	steps := (w.config.End-1)/sim.Time(pace) + 1
	return &windows{width: sim.Time(pace) * ((steps-1)/windowsMost + 1), ended: make([][len(countedEnds)]uint64, len(w.config.Maps))}
}

// note ends a window if it is over.
func (k *windows) note(w *World) {
	if w.Kernel.Now() >= k.from+k.width {
		k.end(w)
	}
}

// end makes a window of what has happened since the last one.
func (k *windows) end(w *World) {
	now := w.Kernel.Now()
	x := Window{From: k.from, To: now}
	for side, s := range w.Systems {
		x.Clock[side] = s.Clock().Error(now)
		stats := s.Stats()
		var refused uint64
		for _, n := range stats.Throttled {
			refused += n
		}
		x.Requests[side], k.before.Requests[side] = stats.Requests-k.before.Requests[side], stats.Requests
		x.Throttled[side], k.before.Throttled[side] = refused-k.before.Throttled[side], refused
	}
	for m := range k.ended {
		for i, class := range countedEnds {
			n := w.Oracle.Ended(engine.MapID(m), class)
			if n > k.ended[m][i] {
				x.Ended = append(x.Ended, Ended{engine.MapID(m), class, n - k.ended[m][i]})
			}
			k.ended[m][i] = n
		}
	}
	k.done, k.from = append(k.done, x), now
}

// list ends the last window and returns all.
func (k *windows) list(w *World) []Window {
	if w.Kernel.Now() > k.from {
		k.end(w)
	}
	return k.done
}
