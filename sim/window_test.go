package sim

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWindowIsASum compares a window with all that was ever added.
func TestWindowIsASum(t *testing.T) {
	t.Parallel()
	waited, compacted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		span := time.Duration(rapid.IntRange(1, 50).Draw(t, "span"))
		w := NewWindow(span)
		var all []windowPart
		at := Time(0)
		sum := func(at Time) (n int64) {
			for _, p := range all {
				if at.Sub(p.at) < span {
					n += p.amount
				}
			}
			return n
		}
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			at += Time(rapid.IntRange(0, 5).Draw(t, "gap"))
			p := windowPart{at, int64(rapid.IntRange(0, 9).Draw(t, "amount"))}
			w.Add(at, p.amount)
			all = append(all, p)
			if got, want := w.Sum(at), sum(at); got != want {
				t.Fatalf("the sum at %d is %d, want %d", at, got, want)
			}
			limit := int64(rapid.IntRange(1, 100).Draw(t, "limit"))
			wait := time.Duration(0)
			for sum(at.Add(wait)) >= limit {
				wait++
			}
			if got := w.UntilBelow(at, limit); got != wait {
				t.Fatalf("below %d after %d, want %d", limit, got, wait)
			}
			if wait > 0 {
				waited++
			}
			if w.first == 0 && len(w.parts) < len(all)/2 {
				compacted++
			}
		}
	})
	if waited == 0 || compacted == 0 {
		t.Errorf("%d waits, %d compactions: both must occur", waited, compacted)
	}
}
