package oracle

import (
	"math/bits"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// What a report tells over time and by size is counted here in places that are
// made before the run: nothing is allocated per event.

// Ended returns how many changes of a map have ended in a class up to now; of
// what waits for an operator, how many items have come onto the error desk, each
// time anew. It is asked before [Oracle.Judge], which books what is left.
func (o *Oracle) Ended(m engine.MapID, class engine.Class) (n uint64) {
	t := &o.maps[m]
	for side := range t.outcomes {
		if reasons := t.outcomes[side][class]; reasons != nil {
			for _, count := range reasons {
				n += count
			}
		}
	}
	return n + t.desk[class]
}

// deskClass is the class of what waits on the error desk for a reason.
func deskClass(why engine.Reason) engine.Class {
	switch why {
	case engine.TimedOut, engine.Unavailable, engine.ConditionLimit, engine.SkippedAtResume, engine.DiedInFlight:
		return engine.SystemFailure
	case engine.Rejected:
		return engine.ConflictFailure
	}
	return engine.ApplicationFailure
}

// scale cuts the spans from a shortest one on into bins whose bounds grow with
// them: each doubling has 1<<fine of equal width. Integers decide, so that all
// processors agree.
type scale struct{ shortest, fine int } // the shortest is 1<<shortest nanoseconds

// bin is the place of a span; what is shorter than the shortest is in the first.
func (s scale) bin(d time.Duration, bins int) int {
	top := bits.Len64(uint64(max(d, 0))) - 1
	if top < s.shortest {
		return 0
	}
	within := int(uint64(d)>>(top-s.fine)) & (1<<s.fine - 1)
	return min(1+(top-s.shortest)<<s.fine+within, bins-1)
}

// from is the shortest span of a bin.
func (s scale) from(bin int) time.Duration {
	if bin == 0 {
		return 0
	}
	octave, within := (bin-1)>>s.fine+s.shortest, (bin-1)&(1<<s.fine-1)
	return time.Duration(1<<octave + within<<(octave-s.fine))
}

// Waits of a millisecond to a hundred days, within 3 % of themselves.
var waitScale = scale{shortest: 20, fine: 5}

const waitBins = 1 + (53-20)<<5

// spans counts waits of one kind.
type spans struct {
	count, open uint64 // all; of them those that were not over at the end
	total, most time.Duration
	bins        [waitBins]uint32
	left        []uint32 // of bins, those that were not over at the end; nil where all were
}

func (s *spans) add(d time.Duration) {
	s.count++
	s.total += d
	s.most = max(s.most, d)
	s.bins[waitScale.bin(d, waitBins)]++
}

// leave counts a wait that is not over at the end, when so much of it has passed.
func (s *spans) leave(d time.Duration) {
	s.add(d)
	s.open++
	if s.left == nil {
		s.left = make([]uint32, waitBins)
	}
	s.left[waitScale.bin(d, waitBins)]++
}

// DependencyWait tells of the waits for records that are looked up, of one map's
// items.
type DependencyWait struct {
	Map   engine.MapID
	Waits uint64
	Open  uint64 // of them, those that were not over at the end
	Total time.Duration
	Most  time.Duration
	Bins  []Bin // ascending, those with a wait
}

// Bin counts spans of about one length.
type Bin struct {
	From, To time.Duration // To is excluded
	Count    uint64
	Open     uint64 // of them, those that were not over at the end
}

// stillBlocked takes in the waits that are not over at the end.
func (o *Oracle) stillBlocked(at sim.Time, p *pair) {
	if p.waiting == nil {
		return
	}
	for s := range p.waiting.lines {
		if since, ok := p.waiting.lines[s].blockedSince(); ok {
			o.maps[p.key().Map].blocked.leave(at.Sub(since))
		}
	}
}

// tellBlocked lists the maps of which items waited for other records.
func (o *Oracle) tellBlocked() (list []DependencyWait) {
	for m := range o.maps {
		s := &o.maps[m].blocked
		if s.count == 0 {
			continue
		}
		b := DependencyWait{Map: engine.MapID(m), Waits: s.count, Open: s.open, Total: s.total, Most: s.most}
		for i, n := range s.bins {
			if n == 0 {
				continue
			}
			bin := Bin{From: waitScale.from(i), To: waitScale.from(i + 1), Count: uint64(n)}
			if s.left != nil {
				bin.Open = uint64(s.left[i])
			}
			b.Bins = append(b.Bins, bin)
		}
		list = append(list, b)
	}
	return list
}

// gapTime is an instant in steps of some 4 ms, counted from 1; 0 is never. It
// lasts for 200 days; later instants are the last of them.
type gapTime uint32

const gapStep = 22

func gapTimeOf(at sim.Time) gapTime { return gapTime(min(uint64(at)>>gapStep, 1<<32-2)) + 1 }

// Gaps of some 4 ms to a hundred days, two bins a doubling.
var gapScale = scale{shortest: gapStep, fine: 1}

const gapBins = 1 + (53-gapStep)<<1

// gaps counts the edits that followed one of the other side, by the time between.
type gaps [gapBins]struct{ edits, conflicts uint64 }

// Gap counts the edits of a pair that followed one on its other side after about
// the same time.
type Gap struct {
	From, To  time.Duration
	Edits     uint64
	Conflicts uint64 // of them: the two did not know of each other
}

// meets counts a user's edit if one of the other side came before. What the data
// integrator copies takes no knowledge of an edit along, so that nothing could be told
// of its edits.
func (o *Oracle) meets(at sim.Time, p *pair, side engine.Side, c *commit) {
	now := gapTimeOf(at)
	p.edited[side] = now
	other := p.edited[side.Other()]
	if other == 0 || c.groups == 0 || o.copies != nil {
		return
	}
	g := &o.gaps[gapScale.bin(time.Duration(now-other)<<gapStep, gapBins)]
	g.edits++
	if c.contested != 0 {
		g.conflicts++
	}
}

// tellGaps lists the gaps that were met, ascending.
func (o *Oracle) tellGaps() (list []Gap) {
	for i, g := range o.gaps {
		if g.edits > 0 {
			list = append(list, Gap{gapScale.from(i), gapScale.from(i + 1), g.edits, g.conflicts})
		}
	}
	return list
}
