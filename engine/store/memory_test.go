package store_test

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) (store.Store, func() store.Store) { return store.NewMemory(), nil })
}

// TestSaveAllocatesNothing runs one reference after the other through pairs
// that are known.
func TestSaveAllocatesNothing(t *testing.T) {
	s := store.NewMemory()
	number, position := uint32(0), uint64(0)
	var batch [4]engine.Mutation
	step := func() {
		number++
		position++
		r := engine.Reference{Key: engine.Key{ID: "A"}, Incarnation: 1, Number: number}
		batch = [4]engine.Mutation{
			{Kind: engine.PositionIngested, Position: position},
			{Kind: engine.ReferenceAdded, Reference: r, Order: position},
			{Kind: engine.ReferenceSettled, Reference: r, Outcome: engine.Outcome{Class: engine.Synced, Reason: engine.Written}},
			{Kind: engine.PositionAcked, Position: position},
		}
		if err := s.Save(batch[:]); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations per reference, want 0", n)
	}
}

func BenchmarkSettle(b *testing.B) {
	storetest.BenchmarkSettle(b, func(testing.TB) store.Store { return store.NewMemory() })
}
