package sqlite

import (
	"fmt"
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
	for _, query := range []string{
		`SELECT id FROM pair WHERE key = 1 AND map = 1 AND company = 1 AND spelling = 1`,
		`SELECT incarnation, settled FROM ledger WHERE lane = 1`,
		`SELECT incarnation, number FROM above WHERE lane = 1 ORDER BY incarnation, number`,
		`SELECT incarnation, number, origin FROM queue WHERE lane = 1`,
		`DELETE FROM above WHERE lane = 1 AND incarnation = 1 AND number <= 1`,
		`DELETE FROM queue WHERE (lane, incarnation, number) IN (VALUES (1, 2, 3), (4, 5, 6))`,
		`DELETE FROM ingested WHERE (side, position) IN (VALUES (1, 2), (3, 4))`,
	} {
		plan := ""
		if err := s.each("EXPLAIN QUERY PLAN "+query, nil, func(scan func(...any) error) error {
			id, parent, unused, detail := 0, 0, 0, ""
			err := scan(&id, &parent, &unused, &detail)
			plan += fmt.Sprintln(detail)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, "SEARCH") || strings.Contains(plan, "SCAN pair") || strings.Contains(plan, "SCAN queue") || strings.Contains(plan, "SCAN ingested") {
			t.Errorf("%s:\n%s", query, plan)
		}
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
