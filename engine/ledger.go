package engine

import "slices"

// ledger knows, for one pair and side, which references have their outcomes,
// so that a duplicate is told from a new one.
type ledger struct {
	incarnation uint32
	settled     uint32 // every number up to this one, in this incarnation
	*openEnds          // nil for nearly all
}

// openEnds are what a ledger has beyond a number up to which all are settled.
type openEnds struct {
	above   []SettledAbove
	earlier []Ledger // of earlier incarnations
}

// ends returns the open ends, to be changed.
func (l *ledger) ends() *openEnds {
	if l.openEnds == nil {
		l.openEnds = &openEnds{}
	}
	return l.openEnds
}

// begin turns to a new incarnation.
func (l *ledger) begin(incarnation uint32) {
	if l.incarnation != 0 {
		e := l.ends()
		e.earlier, e.above = append(e.earlier, Ledger{Incarnation: l.incarnation, Settled: l.settled, Above: e.above}), nil
	}
	l.incarnation, l.settled = incarnation, 0
}

// find returns the part of the ledger that speaks for an incarnation; nil when
// nothing is known of it.
func (l *ledger) find(incarnation uint32) (settled uint32, above []SettledAbove) {
	switch {
	case l.openEnds == nil && incarnation == l.incarnation:
		return l.settled, nil
	case l.openEnds == nil:
		return 0, nil
	case incarnation == l.incarnation:
		return l.settled, l.above
	}
	for i := range l.earlier {
		if l.earlier[i].Incarnation == incarnation {
			return l.earlier[i].Settled, l.earlier[i].Above
		}
	}
	return 0, nil
}

// known reports whether the number is settled, and how if only an engine-made
// reference has held its place.
func (l *ledger) known(incarnation, number uint32) (settled bool, held *SettledAbove) {
	low, above := l.find(incarnation)
	if number <= low {
		return true, nil
	}
	if i, ok := slices.BinarySearchFunc(above, number, compareAbove); ok {
		if above[i].Held {
			return true, &above[i]
		}
		return true, nil
	}
	return false, nil
}

func compareAbove(a SettledAbove, number uint32) int { return int(a.Number) - int(number) }

// settle books a number. A held place is booked so that the captured
// reference, when it comes, finds the outcome.
func (l *ledger) settle(incarnation, number uint32, held bool, o Outcome) {
	if incarnation > l.incarnation {
		l.begin(incarnation)
	}
	if l.openEnds == nil && incarnation == l.incarnation && number == l.settled+1 && !held {
		l.settled++
		return
	}
	low, above := &l.settled, &l.ends().above
	if incarnation < l.incarnation {
		low, above = l.earlierLife(incarnation)
	}
	if number <= *low {
		return
	}
	i, found := slices.BinarySearchFunc(*above, number, compareAbove)
	switch {
	case !found:
		if !held && number == *low+1 && i == 0 {
			*low++
			break
		}
		*above = slices.Insert(*above, i, SettledAbove{Number: number, Held: held, Outcome: o})
	case !held:
		(*above)[i].Held = false
	}
	for len(*above) > 0 && (*above)[0].Number == *low+1 && !(*above)[0].Held {
		*low++
		*above = (*above)[1:]
	}
	if len(*above) == 0 {
		*above = nil
	}
}

// earlierLife returns the ledger of an earlier incarnation, opening it when a
// late reference is the first that is heard of it.
func (l *ledger) earlierLife(incarnation uint32) (low *uint32, above *[]SettledAbove) {
	e := l.ends()
	for i := range e.earlier {
		if e.earlier[i].Incarnation == incarnation {
			return &e.earlier[i].Settled, &e.earlier[i].Above
		}
	}
	e.earlier = append(e.earlier, Ledger{Incarnation: incarnation})
	last := &e.earlier[len(e.earlier)-1]
	return &last.Settled, &last.Above
}
