package users

import (
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// Plan is what a user has set out to do, before he looks whether he can. Two
// worlds are compared fairly when the plans of their sources are the same.
type Plan struct {
	At      sim.Time
	Source  int // by its place in the configuration
	Ordinal uint64
	Side    engine.Side
	Follows bool     // he changes what somebody has committed on the other side: that depends on what was committed
	What    []string // each record with its operation, each value, each record that is looked up
}

// Watch lets f see every plan of a generator from now on.
func (u *Users) Watch(f func(Plan)) { u.watch = f }

// told hands a finished plan to whoever watches.
func (u *Users) told(r *run) {
	if u.watch != nil {
		u.watch(Plan{At: u.k.Now(), Source: r.source, Ordinal: r.ordinal, Side: r.side, Follows: r.echo, What: r.what})
		r.what = nil
	}
}

func (u *Users) planned(r *run, e *system.Edit) {
	if u.watch != nil {
		r.what = append(r.what, fmt.Sprintf("%v %d/%s/%s", e.Op, e.Map, e.Name.Company, e.Name.ID))
	}
}

func (u *Users) plannedLookup(r *run, n system.Name) {
	if u.watch != nil {
		r.what = append(r.what, "-> "+n.ID)
	}
}

func (u *Users) plannedValue(r *run, v engine.Value) {
	if u.watch != nil {
		r.what = append(r.what, fmt.Sprint(v.Text, v.Number))
	}
}
