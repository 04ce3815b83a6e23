package engine_test

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestThrottledPullWaits has a side answer a pull with a time to wait: until that
// has passed its outbox is left alone, however often it notifies.
func TestThrottledPullWaits(t *testing.T) {
	t.Parallel()
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Mode: engine.Async, Columns: []engine.Column{{Name: "name"}}})
	if err != nil {
		t.Fatal(err)
	}
	core, err := engine.NewCore(engine.Config{Maps: []*engine.TableMap{m}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	second := func(n int) engine.Time { return engine.Time(0).Add(time.Duration(n) * time.Second) }
	step := func(at engine.Time, in engine.Input) (pull engine.BatchID, wake engine.Time) {
		for _, e := range core.Step(at, &in).Do {
			switch {
			case e.Kind == engine.PullOutbox && e.Side == engine.FinOps:
				pull = e.Batch
			case e.Kind == engine.WakeAt:
				wake = e.At
			}
		}
		return pull, wake
	}
	first, _ := step(second(1), engine.Input{Kind: engine.Started})
	if first == 0 {
		t.Fatal("no pull at the start")
	}
	step(second(2), engine.Input{Kind: engine.BatchFailed, Side: engine.FinOps, Batch: first, Failure: engine.Throttled, RetryAfter: 10 * time.Second})
	asked := engine.Time(0)
	for n := 3; n < 12; n++ {
		for _, in := range []engine.Input{{Kind: engine.TimeReached}, {Kind: engine.Notified, Side: engine.FinOps}} {
			pull, wake := step(second(n), in)
			if pull != 0 {
				t.Fatalf("a pull after %d of 10 seconds", n-2)
			}
			asked = max(asked, wake)
		}
	}
	if asked != second(12) {
		t.Errorf("it wants to be woken at %v, want %v", asked, second(12))
	}
	if pull, _ := step(second(12), engine.Input{Kind: engine.TimeReached}); pull == 0 {
		t.Error("no pull when the time has passed")
	}
}
