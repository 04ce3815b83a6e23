package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Copied is what became of users' changes in a world of the data integrator.
// Changes are captured changes, counted as [Totals] counts them; arrays are by
// the side where a change was made.
type Copied struct {
	// Lost changes have a value that survives on neither side, and no user had
	// written over it.
	Lost [2]uint64
	// Missed changes stand on their own side alone, and no run to come will list
	// them: see [View.Passed]. The next change of the record may still take them
	// along.
	Missed [2]uint64
	// Overwritten changes were written over by a copy where they were made, with
	// something that was read without them. Those that survive on the other side
	// are not lost: the sides have swapped their content.
	Overwritten [2]uint64

	Rows    uint64 // written, deletes among them
	Deletes uint64
	Echoes  uint64 // rows that changed nothing where they were written

	LossesOf []uint64 // lost and missed changes by map

	Losses []Loss // the first of the lost and missed changes, by origin
}

// Loss is one change that was lost, or missed.
type Loss struct {
	Key    engine.Key
	Record string // for people
	Side   engine.Side
	Born   sim.Time
	Missed bool
}

// lossesMax is how many losses a report names.
const lossesMax = 20

// tellCopied counts what became of the changes, from what both sides hold in
// the end.
func (o *Oracle) tellCopied(v View) *Copied {
	c := o.copies
	t := &Copied{Rows: c.rows, Deletes: c.deletes, Echoes: c.echoes, LossesOf: make([]uint64, len(o.maps))}
	held := [2]map[origin]cells{{}, {}} // by side: where changes of either stand
	for i := range o.pairs.count {
		p := o.pairs.pair(i)
		for _, side := range engine.Sides {
			all := p.origins(side)
			for i, from := range all {
				if from == 0 {
					continue
				}
				if held[side][from] == nil {
					held[side][from] = newCells(len(all) - 1)
				}
				held[side][from].add(i)
			}
		}
	}
	for i := 1; i < len(c.changes); i++ {
		ch := &c.changes[i]
		here, there := held[ch.side][origin(i)], held[ch.side.Other()][origin(i)]
		if ch.trodden {
			t.Overwritten[ch.side]++
		}
		missed := false
		switch {
		case ch.lost(here, there):
			t.Lost[ch.side]++
		case ch.alone(here, there) && ch.pair.differs && v.Passed != nil && v.Passed(ch.side, ch.pair.record[ch.side]):
			t.Missed[ch.side]++
			missed = true
		default:
			continue
		}
		t.LossesOf[ch.pair.key().Map]++
		if len(t.Losses) < lossesMax {
			t.Losses = append(t.Losses, Loss{
				Key: *ch.pair.key(), Record: o.record(ch.pair.key()), Side: ch.side, Born: ch.born, Missed: missed,
			})
		}
	}
	return t
}

// lost reports whether something that the change wrote stands nowhere.
func (c *change) lost(here, there cells) bool {
	for w := range c.wrote {
		if c.wrote[w]&^(c.closed[w]|word(here, w)|word(there, w)) != 0 {
			return true
		}
	}
	return false
}

// alone reports whether something that the change wrote stands on its own side
// only.
func (c *change) alone(here, there cells) bool {
	for w := range c.wrote {
		if c.wrote[w]&^c.closed[w]&word(here, w)&^word(there, w) != 0 {
			return true
		}
	}
	return false
}

// word returns one word of a set that may be empty.
func word(s cells, w int) uint64 {
	if s == nil {
		return 0
	}
	return s[w]
}
