package engine_test

import (
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// fits reports a pull that brings more than the queue may hold, by what the engine tells
// of its items: what goes on by itself fits always, and what is blocked, too, unless
// nothing could run.
func (e *environment) fits(eff *engine.Effect) error {
	state, _ := e.core.JobState("all")
	if eff.Kind != engine.PullOutbox || e.cfg.QueueMax == 0 || state != engine.Active && state != engine.Initializing && state != engine.Resuming {
		return nil
	}
	held := map[string]int{}
	e.core.OpenItems(func(i engine.OpenItem) {
		if i.Side == eff.Side {
			held[i.State] += i.References
		}
	})
	most := e.cfg.QueueMax - held["ready"] - held["in flight"] - held["backoff"]
	if held["ready"]+held["in flight"] > 0 {
		most -= held["blocked"]
	}
	if eff.Max > most {
		return fmt.Errorf("%v is asked for %d references, and there is room for %d of %d beside %v", eff.Side, eff.Max, most, e.cfg.QueueMax, held)
	}
	return nil
}

// TestQueueIsBounded lets users of both sides make far more changes than the queue may
// hold, crashes the engine again and again meanwhile, and looks at the queue at every
// step. Nothing is blocked here, so that the limit holds without exception.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 2, 3, 7, 40} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			const changes = 500
			e := newEnvironment(t)
			e.quiet, e.keeps = true, false
			e.cfg.QueueMax, e.cfg.PullMax = most, 10
			if err := e.declare([]string{"accounts name"}); err != nil {
				t.Fatal(err)
			}
			e.build()
			for i := range changes {
				for _, s := range e.sides {
					c := s.change(engine.Key{ID: fmt.Sprintf("%v %d", s.side, i%(changes/2))})
					c.After[0] = engine.Text(fmt.Sprint(i))
					if err := s.commit([]engine.Change{c}, false); err != nil {
						t.Fatal(err)
					}
				}
			}
			highest := 0
			for steps := 0; len(e.pending) > 0 || e.core.Stats().Open > 0; steps++ {
				if len(e.pending) == 0 {
					t.Fatalf("%d references are open, and nothing is asked for", e.core.Stats().Open)
				}
				if steps%100 == 99 {
					e.crash(steps%200 == 99)
				}
				e.step(carryOut)
				open := [2]int{}
				e.core.OpenItems(func(i engine.OpenItem) { open[i.Side] += i.References })
				highest = max(highest, open[0], open[1])
				full := e.core.Stats().Full
				for s := range open {
					if waiting := len(e.sides[s].outbox); full[s] && waiting == 0 && open[s] == 0 {
						t.Fatalf("nothing waits on %v, which is said to be full", e.sides[s].side)
					}
				}
			}
			if highest != most {
				t.Errorf("at most %d references were held, and %d may be", highest, most)
			}
			if n := len(e.sides[0].outbox) + len(e.sides[1].outbox); n > 0 {
				t.Errorf("%d references are left in the outboxes", n)
			}
			e.flush()
			settled := 0
			for _, list := range e.outcomes {
				settled += len(list)
			}
			if settled != 2*changes {
				t.Errorf("%d changes have an outcome, of %d", settled, 2*changes)
			}
			e.accounts.close(t)
		})
	}
}
