package sqlite

import (
	"database/sql"
	"path/filepath"
	"strings"
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

// TestPlans: no statement of a Save walks through a table, however many rows it
// has.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, filepath.Join(t.TempDir(), "store.db"), Options{})
	searches := 0
	var again statements
	err := again.prepare(s.sameKey(), func(text string) (*sql.Stmt, error) {
		plan := ""
		err := s.each("EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?")), func(scan func(...any) error) error {
			id, parent, unused, detail := 0, 0, 0, ""
			err := scan(&id, &parent, &unused, &detail)
			plan += detail + "\n"
			return err
		})
		searches += strings.Count(plan, "SEARCH")
		for _, table := range []string{"pair", "queue", "ledger", "above", "lane", "outcome", "ingested", "intent"} {
			if strings.Contains(plan, "SCAN "+table) {
				t.Errorf("%.120s:\n%s", text, plan)
			}
		}
		return s.findPair, err
	})
	if err != nil || searches < 8 {
		t.Errorf("%d searches, %v", searches, err)
	}
}

func BenchmarkSettle(b *testing.B) {
	storetest.BenchmarkSettle(b, opener(Options{}))
}

// BenchmarkSettleForgotten reads every pair from the file again, as if there
// were far more of them than are kept in memory.
func BenchmarkSettleForgotten(b *testing.B) {
	storetest.BenchmarkSettle(b, opener(Options{Pairs: 1}))
}

func opener(o Options) func(testing.TB) store.Store {
	return func(t testing.TB) store.Store { return mustOpen(t, filepath.Join(t.TempDir(), "store.db"), o) }
}
