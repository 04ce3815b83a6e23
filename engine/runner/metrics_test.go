package runner_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

// gauges keeps what a runner tells: sums, highest and last levels, and the
// longest latencies, by metric and label.
type gauges struct {
	mu            sync.Mutex
	sums          map[string]uint64
	highest, last map[string]int
	longest       map[string]time.Duration
}

func (g *gauges) Count(m runner.Metric, label string, n uint64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sums[fmt.Sprintf("%s/%s", m, label)] += n
}

func (g *gauges) Level(m runner.Metric, label string, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	name := fmt.Sprintf("%s/%s", m, label)
	g.last[name], g.highest[name] = n, max(n, g.highest[name])
}

func (g *gauges) Latency(m runner.Metric, label string, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	name := fmt.Sprintf("%s/%s", m, label)
	g.longest[name] = max(g.longest[name], d)
}

// TestMetrics lets something happen for each figure, in virtual time.
func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		g := &gauges{sums: map[string]uint64{}, highest: map[string]int{}, last: map[string]int{}, longest: map[string]time.Duration{}}
		w.config.Metrics, w.config.Engine.QueueMax = g, 1
		target := w.clients[engine.Dataverse]
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")                                                                  // synced
		time.Sleep(90 * time.Second)                                                                          // and no poll is near
		target.misbehave(always(runner.ErrDown, engine.PullOutbox, engine.ReadBatch, engine.WriteBatch), nil) // trips the breaker
		w.set(engine.FinOps, "A", "Contoso Ltd")
		time.Sleep(20 * time.Second)
		target.misbehave(nil, nil)
		time.Sleep(time.Minute)
		target.refuseWrites("on hold") // parks
		w.set(engine.FinOps, "B", "Adatum")
		time.Sleep(time.Minute)
		target.refuseWrites("")
		target.misbehave(func(_ context.Context, k engine.EffectKind) error {
			if k == engine.WriteBatch {
				time.Sleep(3 * time.Second)
			}
			return nil
		}, nil)
		if err := w.write(t.Context(), engine.FinOps, "O", "a"); err != nil { // committed after 3s
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := w.write(ctx, engine.FinOps, "O", "b"); err == nil { // undone after 2s
			t.Error("the user has not left")
		}
		time.Sleep(time.Minute)
		if err := stop(); err != nil {
			t.Error(err)
		}
		// The breaker opens at the third failure in a row; then they cost nothing.
		if d := cmp.Diff(map[string]uint64{"settled/synced": 2, "parked/application": 1, "retries/": 3}, g.sums); d != "" {
			t.Errorf("counters (-want +got):\n%s", d)
		}
		for name, want := range map[string][2]int{
			"queue/": {1, 1}, "items/in flight": {1, 0}, "items/parked": {1, 1}, "items/backoff": {1, 0}, "items/blocked": {0, 0},
			"breaker/dataverse": {1, 0}, "breaker/finops": {0, 0}, "full/finops": {1, 0}, "full/dataverse": {0, 0}, "held/finops": {1, 0}, "held/dataverse": {0, 0},
			"oldest/dataverse": {0, 0},
		} {
			if got := [2]int{g.highest[name], g.last[name]}; got != want {
				t.Errorf("%s: highest and last %v, want %v", name, got, want)
			}
		}
		// The change of A waits for twenty seconds until the other side is back, and then for its turn; B waits for people.
		if highest := g.highest["oldest/finops"]; highest < 15_000 || highest > 45_000 || g.last["oldest/finops"] != 0 {
			t.Errorf("the oldest change had waited for %d ms, at the end for %d", highest, g.last["oldest/finops"])
		}
		for name, want := range map[string]time.Duration{
			"live_wait/finops": 3 * time.Second, "live_wait/finops undone": 2 * time.Second,
			"request/dataverse write": 3 * time.Second, "request/dataverse read failed": 0, "save/": 0, "request/finops commit": 0,
		} {
			if got, known := g.longest[name]; !known || got != want {
				t.Errorf("%s took at most %v (known: %v), want %v", name, got, known, want)
			}
		}
	})
}
