package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// TakenIn tells that the engine has saved a reference in its queue.
func (o *Oracle) TakenIn(at sim.Time, ref *engine.Reference) {
	if ref.Origin == engine.Initial || ref.Origin == engine.Resynced {
		o.totals.CopyRows++
		o.rowsComeFirst()
	}
	if isChange(ref) {
		o.stores(at, o.of(ref), ref)
	}
	if c := o.commitOf(ref); c != nil {
		c.what |= taken
		if isChange(ref) {
			c.what |= saved
		}
		o.comes(at, o.of(ref), ref)
	} else if p := o.of(ref); p != nil { // its change has its outcome: what joins it now stands where it came in
		p.inTurn[ref.Side], p.aided = 0, true
	}
}

// Forgot tells that a side's outbox forgets a reference. From then on the
// engine's store alone knows of the change: it must have saved it.
func (o *Oracle) Forgot(at sim.Time, side engine.Side, ref *engine.Reference) {
	o.tallies[noSkip].checked++
	if c := o.commitOf(ref); c != nil && c.what&(saved|settled) == 0 {
		o.breach(closedBooks, at, &ref.Key, "change %d.%d of %s is queued nowhere and has no outcome: its outbox has forgotten it, and the engine has not saved it", ref.Incarnation, ref.Number, side)
		o.breach(noSkip, at, &ref.Key, "the outbox of %s forgot change %d.%d, and the engine has not saved it", side, ref.Incarnation, ref.Number)
	}
}

// commitOf finds the change that a reference stands for, or nil when nothing is
// open about it.
func (o *Oracle) commitOf(ref *engine.Reference) *commit {
	p := o.of(ref)
	if p == nil || p.waiting == nil {
		return nil
	}
	return p.waiting.lines[ref.Side].find(ref.Incarnation, ref.Number)
}

// OutboxLow tells the position up to which a side's outbox has forgotten all.
func (o *Oracle) OutboxLow(at sim.Time, side engine.Side, low uint64) {
	o.tallies[monotonic].checked++
	if low < o.outbox[side] {
		o.breach(monotonic, at, nil, "the low-water mark of the %s outbox went back from %d to %d", side, o.outbox[side], low)
	}
	o.outbox[side] = low
}
