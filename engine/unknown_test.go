package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// mustNameUnknown fails unless an error says which table maps there are not, a line
// each.
func mustNameUnknown(t *testing.T, err error, want ...string) {
	t.Helper()
	if !errors.Is(err, engine.ErrUnknownMap) {
		t.Fatalf("%v, expected an unknown table map", err)
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUnknownMapsAreNamed names table maps that there are not, wherever one can be
// named. Nothing may change by that.
func TestUnknownMapsAreNamed(t *testing.T) {
	t.Parallel()
	t.Run("in the configuration", func(t *testing.T) {
		t.Parallel()
		declared := []engine.TableMap{{Name: "orders", Columns: []engine.Column{{Name: "customer", Lookups: []engine.MapID{0, 7}}}}}
		engine.MarkCircular(declared)
		maps := buildMaps(t, declared...)
		_, err := engine.NewCore(engine.Config{Maps: maps, Jobs: []engine.Job{{Name: "sales", Maps: []engine.MapID{0, 9}}}}, nil)
		mustNameUnknown(t, err,
			"engine: table map orders, column customer: no table map has this number: 7",
			"engine: job sales: no table map has this number: 9")
	})
	t.Run("in what was saved", func(t *testing.T) {
		t.Parallel()
		gone := engine.Key{Map: 3, ID: "G"}
		state := &engine.State{
			Open:        []engine.OpenReference{{Reference: engine.Reference{Key: gone, Incarnation: 1, Number: 2}, Order: 1}},
			Ledgers:     []engine.Ledger{{Key: gone, Incarnation: 1, Settled: 1}, {Key: engine.Key{ID: "A"}, Incarnation: 1, Settled: 1}},
			Quarantined: []engine.Quarantine{{Key: gone, Why: engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Oscillation}}},
			Intents:     []engine.Intent{{Tx: 5, Rows: []engine.IntentRow{{Key: gone, Op: engine.Delete}}}},
		}
		_, err := engine.NewCore(engine.Config{Maps: buildMaps(t, engine.TableMap{Name: "customers"})}, state)
		mustNameUnknown(t, err,
			"engine: the saved reference finops create G#1.2: no table map has this number: 3",
			"engine: the saved ledger of G: no table map has this number: 3",
			"engine: the saved quarantine of G: no table map has this number: 3",
			"engine: the saved intent of transaction 5 on finops: no table map has this number: 3")
	})
	t.Run("in a transaction", func(t *testing.T) {
		t.Parallel()
		capture := engine.NewCapture(engine.FinOps, buildMaps(t, engine.TableMap{Name: "customers"}), nil)
		known := engine.Change{Key: engine.Key{ID: "A"}, After: []engine.Value{engine.Text("a")}}
		captured, err := capture.PreCommit(nil, 1, []engine.Change{known, {Key: engine.Key{Map: 4, ID: "A"}}})
		mustNameUnknown(t, err, "engine: the transaction changes a record of table map 4: no table map has this number")
		if len(captured) > 0 {
			t.Errorf("%d changes were captured of a transaction that must not commit", len(captured))
		}
	})
	t.Run("in an operator's request", func(t *testing.T) {
		t.Parallel()
		e := parkedItems(t, 1)
		e.cfg.Jobs = []engine.Job{{Name: "sales", Maps: []engine.MapID{0}}, {Name: "stock", Maps: []engine.MapID{1}}}
		e.cfg.Maps = append(slices.Clone(e.maps), buildMaps(t, engine.TableMap{Name: "customers"}, engine.TableMap{Name: "products"})[1])
		e.store = store.NewMemory()
		e.restart()
		for kind := engine.RetryParked; kind <= engine.CompareMaps; kind++ {
			for id, want := range map[engine.MapID]error{1: engine.ErrNotOfJob, 8: engine.ErrUnknownMap} {
				out, err := e.core.Command(e.now, &engine.Command{Kind: kind, Job: "sales", Filter: engine.DeskFilter{Maps: []engine.MapID{0, id}}})
				if !errors.Is(err, want) || len(out.Save)+len(out.Do) > 0 {
					t.Errorf("%v of table map %d: %v, and it asks for %d things", kind, id, err, len(out.Save)+len(out.Do))
				}
			}
		}
	})
}
