package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/sim"
)

// obeyed follows what operators dismiss. The oracle sees outcomes, and not what
// they should have been: that is known only to who asked.
type obeyed struct {
	open      map[change]bool     // taken in, without an outcome
	dismissed map[change]sim.Time // by an operator, and not ended since
	core      func() *engine.Core // nil while its process is dead
	property  oracle.Property
}

// change names a reference of one side.
type change struct {
	key                 engine.Key
	side                engine.Side
	incarnation, number uint32
}

func changeOf(r *engine.Reference) change {
	return change{r.Key, r.Side, r.Incarnation, r.Number}
}

func newObeyed() *obeyed {
	return &obeyed{
		open: map[change]bool{}, dismissed: map[change]sim.Time{},
		property: oracle.Property{
			Contract: dismissedStays,
			Verdict:  oracle.Inconclusive,
		},
	}
}

// hear takes in what a world tells.
func (o *obeyed) hear(h model.Told) {
	switch h.What {
	case model.TakenIn:
		o.open[changeOf(h.Reference)] = true
		for c := range o.dismissed { // the item has a newer reference: it runs again
			if c.key == h.Key && c.side == h.Side {
				delete(o.dismissed, c)
			}
		}
	case model.EngineDied: // with what it had not saved
		clear(o.dismissed)
	case model.Dismissed:
		o.ask(h.At)
	case model.Settled:
		if h.Outcome.Reason == engine.Echo { // the end of a duplicate, and not of the change
			return
		}
		c := changeOf(h.Reference)
		delete(o.open, c)
		if at, asked := o.dismissed[c]; asked {
			delete(o.dismissed, c)
			o.property.Checked++
			if h.Outcome.Class != engine.Dismissed {
				o.breach(h.At, c, fmt.Sprintf("change %d of %s was dismissed at %v and ended as %v (%v)", c.number, c.side, at, h.Outcome.Class, h.Outcome.Reason))
			}
		}
	}
}

// ask notes what is on the desk when an operator dismisses it. What has its outcome
// and waits for the save of it is not there any more.
func (o *obeyed) ask(at sim.Time) {
	if o.core() == nil {
		return
	}
	o.core().OpenItems(func(i engine.OpenItem) {
		for c := range o.open {
			if i.Requested == engine.DismissRequested && c.key == i.Key && c.side == i.Side && o.core().Queues(c.key, c.side, c.incarnation, c.number) {
				o.dismissed[c] = at
			}
		}
	})
}

func (o *obeyed) breach(at sim.Time, c change, what string) {
	o.property.Violations++
	o.property.Examples = append(o.property.Examples, oracle.Violation{At: at, Key: c.key, Record: c.key.ID, Message: what})
}

// judge ends the observation. What was dismissed long ago and is still there was
// not dismissed, but where a fault that lasts for ever lets nothing be carried out.
func (o *obeyed) judge(end sim.Time, bar string) oracle.Property {
	left := slices.SortedFunc(maps.Keys(o.dismissed), func(a, b change) int {
		return cmp.Or(a.key.Compare(b.key), cmp.Compare(a.side, b.side), cmp.Compare(a.incarnation, b.incarnation), cmp.Compare(a.number, b.number))
	})
	for _, c := range left {
		if at := o.dismissed[c]; end.Sub(at) > time.Minute && bar == "" {
			o.property.Checked++
			o.breach(end, c, fmt.Sprintf("change %d of %s was dismissed at %v and is still in the queue", c.number, c.side, at))
		}
	}
	switch {
	case o.property.Violations > 0:
		o.property.Verdict = oracle.Fail
	case o.property.Checked > 0:
		o.property.Verdict = oracle.Pass
	}
	return o.property
}
