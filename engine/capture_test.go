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
