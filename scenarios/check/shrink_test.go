package check

import (
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/internal/fault"
)

// TestShrinkingIsBounded counts what shrinking takes where nothing can go, where all can,
// and where cases run away.
func TestShrinkingIsBounded(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		n := 0
		Shrink(Generate(OwnSubject(), KeyedDice(1, 1)), 30, func(*Case) bool { n++; return fails })
		if n == 0 || n > 30 {
			t.Errorf("%d executions, where 30 are allowed and each fails: %v", n, fails)
		}
	}
	if testing.Short() {
		t.Skip("cases that run away take seconds")
	}
	plan := Plan{Bugs: []fault.Point{{Name: "engine/even-version-wins", Terms: fault.Always}}}
	const most = 2 * eventsMax
	f := campaign(t, Campaign{Seed: 1, Cases: 100, Plan: plan, Pinned: commute.ID, events: most}).Failure
	switch once := 3 * eventsMax; { // what is compared is executed three times
	case f == nil:
		t.Fatal("the bug was not found")
	case f.Events <= most:
		t.Errorf("%d executions had %d events, so that they did not run away", f.Tries, f.Events)
	case f.Events > most+once || f.Tries >= ShrinkMost:
		t.Errorf("%d executions had %d events, where %d are allowed", f.Tries, f.Events, most)
	}
}

// TestUnshrunk tells each bound that a median breaks, and none that single bugs break.
func TestUnshrunk(t *testing.T) {
	t.Parallel()
	small := Caught{Edits: []int{5}, Faults: []int{2}, Tries: []int{triesEnough}, Took: []time.Duration{timeEnough}}
	large := Caught{Edits: []int{6}, Faults: []int{3}, Tries: []int{triesEnough + 1}, Took: []time.Duration{timeEnough + 1}}
	if short := Unshrunk([]Caught{small, large, small}); short != nil {
		t.Errorf("the median holds, and yet: %q", short)
	}
	want := []string{
		"6 edits are left of a case, and 5 is the most",
		"3 faults are left of a case, and 2 is the most",
		"it takes 101 executions, and 100 is the most",
		"it takes 10.000000001s, and 10s is the most",
	}
	if short := Unshrunk([]Caught{large, small, large}); !slices.Equal(short, want) {
		t.Errorf("got  %q\nwant %q", short, want)
	}
	large.Took = nil // nobody timed it
	if short := Unshrunk([]Caught{large}); !slices.Equal(short, want[:3]) {
		t.Errorf("without a clock: %q", short)
	}
}
