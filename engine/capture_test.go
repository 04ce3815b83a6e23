package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestHookKeepsTheLimitsOfLiveSync refuses transactions that are over one limit each, and
// lets pass what is just within it.
func TestHookKeepsTheLimitsOfLiveSync(t *testing.T) {
	t.Parallel()
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Company: true, Mode: engine.Live, Columns: []engine.Column{{Name: "name"}}})
	if err != nil {
		t.Fatal(err)
	}
	var changes []engine.Change
	for _, company := range []string{"USMF", "DEMF"} {
		changes = append(changes, engine.Change{
			Key: engine.Key{Company: company, ID: "C"}, Op: engine.Create, After: []engine.Value{engine.Text(strings.Repeat("a", 1000))},
		})
	}
	ten := func(*engine.TableMap, *engine.Key, []engine.Value) int64 { return 10 }
	for what, limits := range map[string][2]engine.LiveLimits{
		"records":   {{Records: 2}, {Records: 1}},
		"companies": {{Companies: 2}, {Companies: 1}},
		"bytes":     {{Bytes: 4000}, {Bytes: 2000}},
	} {
		for over, limit := range limits {
			hook := engine.NewCapture(engine.FinOps, []*engine.TableMap{m}, nil)
			hook.Limits = limit
			_, err := hook.PreCommit(nil, 1, changes)
			var refused *engine.LiveLimitError
			if is := errors.As(err, &refused); is != (over == 1) || is && refused.What != what {
				t.Errorf("%+v: %v", limit, err)
			}
		}
	}
	hook := engine.NewCapture(engine.FinOps, []*engine.TableMap{m}, nil)
	hook.Limits = engine.LiveLimits{Bytes: 19, Weigh: ten}
	if _, err := hook.PreCommit(nil, 1, changes); err == nil || !strings.Contains(err.Error(), "20 bytes live, and the limit is 19") {
		t.Errorf("weighed by a system's own measure: %v", err)
	}
}

// TestHookOfASideFromWhichNothingFlows captures nothing of what users make or change
// there, in either mode; a delete goes live, as every delete does.
func TestHookOfASideFromWhichNothingFlows(t *testing.T) {
	t.Parallel()
	key, text := engine.Key{ID: "P"}, []engine.Value{engine.Text("a")}
	there := &engine.Record{Key: &key, Alive: true, Values: []engine.Value{engine.Text("b")}}
	for _, mode := range []engine.Mode{engine.Async, engine.Live} {
		m, err := engine.NewTableMap(engine.TableMap{Name: "products", Mode: mode, Columns: []engine.Column{{Name: "name", Flow: engine.ToDataverse}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, change := range []engine.Change{
			{Key: key, Op: engine.Create, After: text},
			{Key: key, Op: engine.Update, Before: there, After: text},
			{Key: key, Op: engine.Delete, Before: there},
		} {
			for _, side := range engine.Sides {
				got, err := engine.NewCapture(side, []*engine.TableMap{m}, nil).PreCommit(nil, 1, []engine.Change{change})
				if err != nil {
					t.Fatal(err)
				}
				want := side == engine.FinOps || change.Op == engine.Delete
				if heard := got[0].Captured || got[0].Live; heard != want {
					t.Errorf("%v map, operation %d on %v: captured or live is %v", mode, change.Op, side, heard)
				}
			}
		}
	}
}
