package system

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
)

// TestOutboxAgainstSlow lets transactions begin, commit and give up in any
// order, and compares what the outbox delivers with a list.
func TestOutboxAgainstSlow(t *testing.T) {
	gaps, outOfOrder := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		type tx struct{ from, to uint64 }
		o := newOutbox()
		var open []tx
		var waits []uint64 // filled and not acknowledged
		next := uint64(1)
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				n := rapid.IntRange(0, 5).Draw(t, "edits")
				if at := o.reserve(n); at != next {
					t.Fatalf("positions from %d, want %d", at, next)
				}
				open = append(open, tx{next, next + uint64(n)})
				next += uint64(n)
			},
			"end": func(t *rapid.T) {
				if len(open) == 0 {
					t.Skip("no transaction")
				}
				i := rapid.IntRange(0, len(open)-1).Draw(t, "which")
				x := open[i]
				open = slices.Delete(open, i, i+1)
				if i > 0 {
					outOfOrder++
				}
				fill := x.from + uint64(rapid.IntRange(0, int(x.to-x.from)).Draw(t, "references"))
				for p := x.from; p < fill; p++ {
					if r := o.fill(p, &engine.Reference{Number: uint32(p)}); r.Position != p {
						t.Fatalf("position %d in the reference at %d", r.Position, p)
					}
					waits = append(waits, p)
				}
				if fill < x.to {
					gaps++
				}
				o.abandon(fill, x.to)
				slices.Sort(waits)
			},
			"ack": func(t *rapid.T) {
				p := uint64(rapid.IntRange(0, int(next)+2).Draw(t, "position"))
				o.ack(p)
				o.ack(p)
				waits = slices.DeleteFunc(waits, func(w uint64) bool { return w == p })
			},
			"": func(t *rapid.T) {
				n := rapid.IntRange(0, 6).Draw(t, "max")
				got, more := o.pull(nil, n)
				if more != (len(waits) > n) {
					t.Fatalf("more is %v with %d waiting and at most %d", more, len(waits), n)
				}
				want := waits[:min(n, len(waits))]
				if len(got) != len(want) {
					t.Fatalf("%d references, want %v", len(got), want)
				}
				for i := range got {
					if got[i].Position != want[i] || got[i].Number != uint32(want[i]) {
						t.Fatalf("got %d at place %d, want %v", got[i].Position, i, want)
					}
				}
				horizon := next
				for _, x := range open {
					if x.from < x.to {
						horizon = min(horizon, x.from)
					}
				}
				low := horizon
				if len(waits) > 0 {
					low = min(low, waits[0])
				}
				if o.horizon() != horizon || o.first != low || o.filled != len(waits) {
					t.Fatalf("horizon %d, low %d, %d waiting; want %d, %d, %d", o.horizon(), o.first, o.filled, horizon, low, len(waits))
				}
			},
		})
	})
	if gaps == 0 || outOfOrder == 0 {
		t.Errorf("%d gaps, %d commits out of order: both must occur", gaps, outOfOrder)
	}
}
