package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// writeBound counts the engine's writes against what they may be at most: one for
// each captured change, override and late capture, one more for a change whose
// lookups may follow later, and one for each row whose answer never came.
type writeBound struct {
	marks, carries, most int
}

// captured notes a user's captured change.
func (b *writeBound) captured(after *engine.Record) {
	b.most++
	for i := range after.Values {
		if after.Values[i].Kind == engine.KindLookup {
			b.most++
		}
	}
}

// done notes an engine's write. What belongs to a live transaction is bounded by
// its rows.
func (b *writeBound) done(w *engine.Write) {
	switch {
	case w.Kind == engine.LateWrite:
		b.most += 2 // the capture itself, and what it carries
		b.marks++
	case w.Intent != 0:
	case w.Kind == engine.CarryWrite:
		b.carries++
	case w.Kind == engine.MarkWrite:
		b.marks++
		if leavesMore(w) {
			b.most++
		}
	}
	if w.Override != 0 {
		b.most++
	}
}

// leavesMore reports whether a write that only marks what both sides hold alike
// leaves other columns to another write that goes its way.
func leavesMore(w *engine.Write) bool {
	for g := range w.Source.Mark.Groups {
		seen := uint32(0)
		if g < len(w.Target.Mark.Groups) {
			seen = w.Target.Mark.Groups[g].Seen
		}
		if !w.Groups.Has(g) && w.Source.Mark.Groups[g].Own > seen {
			return true
		}
	}
	return false
}

// kept reports a bound that was passed. An echo that the hook has captured costs
// a mark, and never content.
func (b *writeBound) kept(echoes int) error {
	if b.carries > b.most || b.carries+b.marks > b.most+echoes {
		return fmt.Errorf("the engine has written %d records and %d marks, and %d changes and %d echoes were captured: an echo", b.carries, b.marks, b.most, echoes)
	}
	return nil
}

// TestLoopLayersStandAlone switches off all layers of loopback control but one,
// whichever it is. The two sides must not answer each other, and nothing else may
// change; but where the hook takes the engine's writes for a user's, there are
// conflicts with these, which end without answering each other.
func TestLoopLayersStandAlone(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]plants{
		"origin tag":    {engine.LoopKnownOff: true, engine.LoopEqualOff: true},
		"known number":  {engine.LoopTagOff: true, engine.LoopEqualOff: true},
		"equal content": {engine.LoopTagBlind: true, engine.LoopKnownOff: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]int{}
			for seed := range schedulesPerMixture(t) {
				s := draw(rand.New(rand.NewPCG(uint64(seed), 3)), mixtures["losses"])
				if _, err := s.run(off, seen); err != nil {
					s = shrinkWith(s, off)
					story, err := s.run(off, seen)
					t.Fatalf("seed %d: %v\n%s", seed, err, story)
				}
			}
			switch {
			case name == "known number" && seen["echo"] == 0:
				t.Error("no echo was leaked")
			case name == "equal content" && seen["blind"] == 0:
				t.Error("no echo was captured")
			}
		})
	}
}

// TestNoLoopLayerIsNoticed: without any layer the judge must object.
func TestNoLoopLayerIsNoticed(t *testing.T) {
	t.Parallel()
	for seed := range 400 {
		s := draw(rand.New(rand.NewPCG(uint64(seed), 3)), mixtures["losses"])
		if _, err := s.run(plants{engine.LoopTagBlind: true, engine.LoopKnownOff: true, engine.LoopEqualOff: true}, map[string]int{}); err != nil {
			return
		}
	}
	t.Error("400 schedules without loopback control went by unnoticed")
}
