package users

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// Wait is how long a user looked at the hourglass for one save: from when he
// asked until his system told him how it had ended, whether it committed or not.
// A transaction that is tried again, or is saved in parts, is several saves; the
// pauses between them, in which its user does something else, are none. A system
// that is down takes no save: see [Stats.Waited].
type Wait struct {
	Asked    sim.Time
	Side     engine.Side
	Source   int  // by its place in the configuration
	Live     bool // it was held until its rows were on the other side, or for as long as that was tried
	Ended    system.Ending
	Took     time.Duration
	Censored bool // the run ended first: Took is a lower bound, and Ended means nothing

	serial uint64 // of all saves, in the order in which they were asked for
}

// waits keeps every wait until there are too many, then every second save's,
// then every fourth's. Which are kept depends on the order in which saves begin
// alone.
type waits struct {
	kept   []Wait
	most   int
	stride uint64
}

func (w *waits) add(x Wait) {
	if x.serial%w.stride != 0 {
		return
	}
	w.kept = append(w.kept, x)
	for len(w.kept) > w.most {
		w.stride *= 2
		w.kept = slices.DeleteFunc(w.kept, func(x Wait) bool { return x.serial%w.stride != 0 })
	}
}

// Waits returns how long users waited for their saves, in the order in which
// they asked for them; where there were too many, of every so-manieth save. Of
// a save that is under way it is what its user has waited so far.
func (u *Users) Waits() (list []Wait, stride uint64) {
	list = slices.Clone(u.waits.kept)
	for _, r := range u.runs {
		if r.saving && r.save%u.waits.stride == 0 {
			w := r.wait(u.k.Now())
			w.Censored = true
			list = append(list, w)
		}
	}
	slices.SortFunc(list, func(a, b Wait) int { return cmp.Compare(a.serial, b.serial) })
	return list, u.waits.stride
}

// wait is what the user of a transaction has waited for the save under way.
func (r *run) wait(now sim.Time) Wait {
	return Wait{Asked: r.asked, Side: r.side, Source: r.source, Live: r.tx.Live, Took: now.Sub(r.asked), serial: r.save}
}
