package sqlite

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// pair is a record pair as Saves work on it.
type pair struct {
	id    int64
	isNew bool     // the file does not have it yet
	lanes [2]*lane // nil until they are asked for
}

// lane is what is known of one direction of a pair, with what the file does
// not have yet.
type lane struct {
	id      int64 // twice its pair's, plus the side
	open    []waiting
	gone    []waiting // the file has them, the queue no longer
	ledgers []ledger

	touched bool              // it is among the changes of this Save
	work    *engine.LaneState // what this Save has changed beside its references
}

// waiting is the name of an open reference. The rest of it is in the file, or in
// the mutation of this Save that brought it.
type waiting struct {
	incarnation, number uint32
	holds               bool
	stored              bool             // the file has a row for it
	fresh               *engine.Mutation // nil when that row is up to date
}

// ledger is engine.Ledger for one incarnation of a lane.
type ledger struct {
	incarnation uint32
	settled     uint32
	above       []above // ascending
	changed     bool
	absorbed    bool // rows of numbers that are now contiguous must go
}

// above is engine.SettledAbove.
type above struct {
	engine.SettledAbove
	stored bool // the file has a row for it
	fresh  bool // which is not there, or not up to date
}

// find returns the index of an open reference, or -1.
func (l *lane) find(incarnation, number uint32) int {
	return slices.IndexFunc(l.open, func(o waiting) bool { return o.incarnation == incarnation && o.number == number })
}

// remove takes an open reference out of the lane.
func (l *lane) remove(i int) {
	if l.open[i].stored {
		l.gone = append(l.gone, l.open[i])
	}
	last := len(l.open) - 1
	l.open[i] = l.open[last]
	l.open[last] = waiting{}
	l.open = l.open[:last]
}

// ledger returns the ledger of an incarnation; nil when nothing is known of it.
func (l *lane) ledger(incarnation uint32) *ledger {
	for i := range l.ledgers {
		if l.ledgers[i].incarnation == incarnation {
			return &l.ledgers[i]
		}
	}
	return nil
}

// known reports whether a number is settled, and whether only a reference of
// the engine's own holds its place. No reference has the number 0.
func (l *lane) known(incarnation, number uint32) (settled, held bool) {
	g := l.ledger(incarnation)
	if g == nil || number == 0 {
		return false, false
	}
	if number <= g.settled {
		return true, false
	}
	i, found := slices.BinarySearchFunc(g.above, number, compareNumber)
	return found, found && g.above[i].Held
}

func compareNumber(a above, number uint32) int { return cmp.Compare(a.Number, number) }

// settle books a number: among the contiguous ones if it follows them, else
// above. A held place stays above until the captured reference is settled.
func (l *lane) settle(incarnation uint32, a engine.SettledAbove) {
	g := l.ledger(incarnation)
	if g == nil {
		l.ledgers = append(l.ledgers, ledger{incarnation: incarnation, changed: true})
		g = &l.ledgers[len(l.ledgers)-1]
	}
	i, found := slices.BinarySearchFunc(g.above, a.Number, compareNumber)
	switch {
	case a.Number <= g.settled, found && a.Held:
		return
	case found:
		g.above[i].Held, g.above[i].fresh = false, true
	case a.Number == g.settled+1 && !a.Held:
		g.settled++
	default:
		g.above = slices.Insert(g.above, i, above{SettledAbove: a, fresh: true})
	}
	n := 0
	for n < len(g.above) && g.above[n].Number == g.settled+1 && !g.above[n].Held {
		g.absorbed = g.absorbed || g.above[n].stored
		g.settled++
		n++
	}
	g.above = slices.Delete(g.above, 0, n)
	g.changed = true
}
