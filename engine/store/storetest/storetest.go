// Package storetest says what every store of the engine must do.
//
// Run [Run] in the tests of a store: it saves sequences written by hand and
// random ones, among them nonsense, and compares what the store loads with a
// slow, obvious model. A store that outlives its process is closed and opened
// again on the way. [BenchmarkSettle] measures all stores by the same work.
package storetest

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// Open makes an empty store that knows [Maps]. Reopen, nil for a store that
// dies with its process, closes the store and opens it again. What is open at
// the end is closed by the caller, in a cleanup of t.
type Open func(t testing.TB) (s store.Store, reopen func() store.Store)

// Maps are the names of the table maps that a store under test must know.
func Maps() []string { return []string{"customers", "orders", "products"} }

// Run puts a store to the test.
func Run(t *testing.T, open Open) {
	t.Run("Stories", func(t *testing.T) {
		for _, s := range stories {
			t.Run(s.name, func(t *testing.T) { s.run(t, open) })
		}
	})
	t.Run("Nonsense", func(t *testing.T) {
		for _, n := range nonsense {
			t.Run(n.name, func(t *testing.T) { n.run(t, open) })
		}
	})
	t.Run("LoadedStateIsACopy", func(t *testing.T) { loadedStateIsACopy(t, open) })
	t.Run("MutationsAreOverwritten", func(t *testing.T) { mutationsAreOverwritten(t, open) })
	t.Run("Random", func(t *testing.T) { random(t, open) })
}

// failer is a test, or one case of a property.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func mustSave(t failer, s store.Store, mutations ...engine.Mutation) {
	t.Helper()
	if err := s.Save(mutations); err != nil {
		t.Fatal(err)
	}
}

// mustHold fails unless the store loads a state, and what waits of it. A list
// without elements may be nil or not.
func mustHold(t failer, s store.Store, want *engine.State) {
	t.Helper()
	mustLoad(t, s.Load, want)
	waits := *want
	waits.Ledgers = nil
	mustLoad(t, s.Waiting, &waits)
}

func mustLoad(t failer, load func() (*engine.State, error), want *engine.State) {
	t.Helper()
	got, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(want, got) { // many times as fast as finding no difference
		return
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("loaded state (-want +got):\n%s", d)
	}
}

// mustBeBroken fails unless the store has given up for good.
func mustBeBroken(t failer, s store.Store) {
	t.Helper()
	if err := s.Save([]engine.Mutation{{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: engine.Key{ID: "A"}}}}); err == nil {
		t.Fatal("a store that lost its way saves again")
	}
	if err := s.Save(nil); err == nil {
		t.Fatal("a store that lost its way saves nothing without an error")
	}
	if _, err := s.Load(); err == nil {
		t.Fatal("a store that lost its way can be loaded")
	}
}
