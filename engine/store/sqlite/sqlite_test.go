package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/storetest"
)

// mustOpen opens a store and closes it at the end, if nobody else does.
func mustOpen(t testing.TB, path string, o Options) *Store {
	t.Helper()
	if o.Maps == nil {
		o.Maps = storetest.Maps()
	}
	s, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for name, pairs := range map[string]int{"everything in memory": 0, "one pair in memory": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(t testing.TB) (store.Store, func() store.Store) {
				path := filepath.Join(t.TempDir(), "store.db")
				s := mustOpen(t, path, Options{Pairs: pairs})
				return s, func() store.Store {
					if err := s.Close(); err != nil {
						t.Fatal(err)
					}
					s = mustOpen(t, path, Options{Pairs: pairs})
					return s
				}
			})
		})
	}
}

func BenchmarkSettle(b *testing.B) {
	storetest.BenchmarkSettle(b, func(t testing.TB) store.Store {
		return mustOpen(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	})
}
