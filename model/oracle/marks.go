package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// counters checks that the marks of a side go forward only.
func (o *Oracle) counters(at sim.Time, side engine.Side, prev, after *engine.Record) {
	o.tallies[monotonic].checked++
	if prev == nil {
		return
	}
	was, is := &prev.Mark, &after.Mark
	switch {
	case is.Incarnation > was.Incarnation:
		return
	case is.Incarnation < was.Incarnation:
		o.breach(monotonic, at, after.Key, "incarnation on %s went back from %d to %d", side, was.Incarnation, is.Incarnation)
		return
	}
	o.forward(at, side, after, "number", was.Number, is.Number)
	for g := range was.Groups {
		a := &was.Groups[g]
		if g >= len(is.Groups) {
			o.breach(monotonic, at, after.Key, "the mark on %s lost its column group %d", side, g)
			continue
		}
		b := &is.Groups[g]
		if prev.Alive || was.Dead { // else users deleted it out of scope, and what it comes back with is none of theirs
			o.forward(at, side, after, "own", a.Own, b.Own)
		}
		o.forward(at, side, after, "seen", a.Seen, b.Seen)
		o.forward(at, side, after, "lost", highest(lostNumbers(a.Lost)), highest(lostNumbers(b.Lost)))
	}
}

func (o *Oracle) forward(at sim.Time, side engine.Side, r *engine.Record, name string, was, is uint32) {
	if is < was {
		o.breach(monotonic, at, r.Key, "%s on %s went back from %d to %d", name, side, was, is)
	}
}

func highest(numbers []uint32) uint32 {
	top := uint32(0)
	for _, n := range numbers {
		top = max(top, n)
	}
	return top
}

// lostNumbers lists the own numbers that a mark says were overridden; nil has none.
func lostNumbers(l *engine.Losses) []uint32 {
	if l == nil {
		return nil
	}
	return *l
}
