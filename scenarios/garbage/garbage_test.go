package garbage

import "testing"

// TestGarbageIsBounded: while little is alive there may be much garbage, and a world
// of a gigabyte takes less than twice that.
func TestGarbageIsBounded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		live    uint64 // MiB
		percent int
	}{{0, 800}, {60, 800}, {70, 400}, {250, 200}, {300, 100}, {500, 100}, {600, 50}, {1000, 50}, {10_000, 50}} {
		if got := percentOf(c.live << 20); got != c.percent {
			t.Errorf("with %d MiB alive %d %% may be garbage, want %d", c.live, got, c.percent)
		}
	}
}
