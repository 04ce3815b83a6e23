package engine

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestHeapGivesOutInOrder compares the heap with a sorted list, whatever comes in order
// and whatever does not.
func TestHeapGivesOutInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var h heap[readyEntry]
		var all []readyEntry
		compare := func(a, b readyEntry) int {
			if a.before(b) {
				return -1
			}
			return 1
		}
		steps := rapid.SliceOfN(rapid.IntRange(0, 9), 0, 300).Draw(t, "steps")
		for i, step := range steps {
			switch {
			case step < 3 && len(all) > 0:
				if got := h.pop(); got != all[0] {
					t.Fatalf("step %d: %v came out, expected %v", i, got, all[0])
				}
				all = all[1:]
			case step < 8: // in order
				e := readyEntry{order: uint64(1000 + i)}
				h.push(e)
				all = append(all, e)
			default:
				e := readyEntry{sequence: int32(step - 8), order: uint64(step*i%100)*1000 + uint64(i)}
				h.push(e)
				all = append(all, e)
			}
			slices.SortFunc(all, compare)
			if h.len() != len(all) || len(all) > 0 && h.first() != all[0] {
				t.Fatalf("step %d: %d values and not %d, or another first", i, h.len(), len(all))
			}
		}
	})
}

// TestHeapStaysSmall checks that what has been taken out takes no room, and that a heap
// that has grown to its size allocates nothing.
func TestHeapStaysSmall(t *testing.T) { // not parallel: it counts allocations
	var h heap[dueEntry]
	order := uint64(0)
	turn := func() {
		for range 100 {
			order++
			h.push(dueEntry{order: order})
			if h.len() > 50 {
				h.pop()
			}
		}
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n != 0 {
		t.Errorf("%v allocations for a hundred values that come and go", n)
	}
	if n := cap(h.room); n > 200 {
		t.Errorf("room for %d values, of which 50 are there", n)
	}
}
