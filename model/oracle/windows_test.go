package oracle

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// TestScale: every span lies in its bin, bins follow each other without a hole, and
// none is wider than the scale says.
func TestScale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scale scale
		bins  int
	}{{waitScale, waitBins}, {gapScale, gapBins}} {
		random := rand.New(rand.NewPCG(1, uint64(c.bins)))
		for range 20_000 {
			d := time.Duration(random.Uint64() >> (11 + random.IntN(53))) // below the last bin, of all sizes
			i := c.scale.bin(d, c.bins)
			from, to := c.scale.from(i), c.scale.from(i+1)
			if d < from || d >= to && i < c.bins-1 {
				t.Fatalf("%v is in bin %d, from %v to %v", d, i, from, to)
			}
			if i > 0 && (to-from)<<c.scale.fine > from {
				t.Fatalf("bin %d is from %v to %v", i, from, to)
			}
		}
		if i := c.scale.bin(1<<62, c.bins); i != c.bins-1 {
			t.Errorf("the longest span is in bin %d of %d", i, c.bins)
		}
	}
}

// TestGaps: edits on both sides of a pair are counted by the time between them, and
// conflict where neither knew of the other.
func TestGaps(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	h.at(time.Second)
	h.settle(h.user(fin, a, text("1")), engine.Synced, engine.Written)
	h.carry(dat, a)
	h.at(2 * time.Second)
	h.user(dat, a, text("2")) // knows the first
	h.at(2*time.Second + 100*time.Millisecond)
	h.user(fin, a, text("3")) // does not know the second
	h.at(4 * time.Second)
	h.user(fin, a, text("4")) // follows its own side's, 2 s after the other's
	var edits, conflicts [2]uint64
	for _, g := range h.o.tellGaps() {
		at := 0
		if g.From > 400*time.Millisecond {
			at = 1
		}
		if at == 0 && (g.From > 105*time.Millisecond || g.To < 95*time.Millisecond) {
			t.Errorf("a gap from %v to %v", g.From, g.To)
		}
		edits[at], conflicts[at] = edits[at]+g.Edits, conflicts[at]+g.Conflicts
	}
	if edits != [2]uint64{1, 2} || conflicts != [2]uint64{1, 1} {
		t.Errorf("edits %v and conflicts %v: 0.1 s, and 1 s or more", edits, conflicts)
	}
}

// TestDependencyWaits: a wait lasts from when the engine says that an item waits for
// a record until it says that it does not, and counts once for several records.
func TestDependencyWaits(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	h.at(time.Second)
	h.queue(h.user(fin, a, text("1")), Waiting)
	watch := h.o.Watcher(func() sim.Time { return h.now })
	moved := func(at time.Duration, to engine.Place, why engine.Reason) {
		h.at(at)
		key := a
		watch.Moved(0, &key, fin, to, why, nil)
	}
	moved(2*time.Second, engine.WaitsFor, engine.NoReason)
	moved(3*time.Second, engine.WaitsFor, engine.NoReason)
	moved(7*time.Second, engine.InTurn, engine.NoReason)
	moved(8*time.Second, engine.OnTheDesk, engine.TimedOut)
	moved(8*time.Second+time.Millisecond, engine.OnTheDesk, engine.TimedOut) // told again
	moved(9*time.Second, engine.InTurn, engine.NoReason)
	moved(10*time.Second, engine.OnTheDesk, engine.Refused)
	moved(11*time.Second, engine.WaitsFor, engine.NoReason)
	if system, application := h.o.Ended(a.Map, engine.SystemFailure), h.o.Ended(a.Map, engine.ApplicationFailure); system != 1 || application != 1 {
		t.Errorf("%d system and %d application failures came onto the desk", system, application)
	}
	h.at(12 * time.Second)
	got := h.judge().Blocked
	bin := func(d time.Duration, open uint64) Bin {
		i := waitScale.bin(d, waitBins)
		return Bin{From: waitScale.from(i), To: waitScale.from(i + 1), Count: 1, Open: open}
	}
	want := []DependencyWait{{
		Map: a.Map, Waits: 2, Open: 1, Total: 6 * time.Second, Most: 5 * time.Second,
		Bins: []Bin{bin(time.Second, 1), bin(5*time.Second, 0)},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
