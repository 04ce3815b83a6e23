package runner_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

// TestStopWaitsForWrites stops while a write is under way.
func TestStopWaitsForWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, _ *engine.Input) error {
			if k == engine.WriteBatch {
				time.Sleep(5 * time.Second)
			}
			return nil
		})
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Second)
		began := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("it took %v to stop, want 4s", took)
		}
		if err := w.settled(); err != nil {
			t.Errorf("the answer was not saved: %v", err)
		}
	})
}

// TestStopGivesUp stops while requests are under way that will not end in
// time, and starts again.
func TestStopGivesUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		kind engine.EffectKind
		deaf bool // to its context
		want time.Duration
		err  error
	}{
		{"pulls at once", engine.PullOutbox, false, 0, nil},
		{"reads at once", engine.ReadBatch, false, 0, nil},
		{"writes at the deadline", engine.WriteBatch, false, 7 * time.Second, nil},
		{"calls that do not return", engine.WriteBatch, true, 8 * time.Second, runner.ErrAbandoned},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.config.StopTimeout = 7 * time.Second
				hangs := make(chan struct{})
				w.clients[engine.Dataverse].misbehave(func(ctx context.Context, k engine.EffectKind) error {
					if k != c.kind {
						return nil
					}
					if c.deaf {
						<-hangs
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				}, nil)
				stop := w.start()
				w.set(engine.FinOps, "A", "Contoso")
				time.Sleep(time.Second)
				began := time.Now()
				if err := stop(); !errors.Is(err, c.err) || err != nil && c.err == nil {
					t.Errorf("error %v, want %v", err, c.err)
				}
				if took := time.Since(began); took != c.want {
					t.Errorf("it took %v to stop, want %v", took, c.want)
				}
				close(hangs)
				w.clients[engine.Dataverse].misbehave(nil, nil)
				synctest.Wait()
				state, err := w.store.Load()
				if err != nil || len(state.Lanes) != 0 {
					t.Errorf("the stop has cost attempts: %+v (%v)", state.Lanes, err)
				}
				stop = w.start()
				time.Sleep(time.Minute)
				w.stopsInSync(stop)
			})
		})
	}
}

// TestStopSendsNothingNew stops while a write is under way whose answer gives
// the engine more to do.
func TestStopSendsNothingNew(t *testing.T) {
	t.Parallel()
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
				if k == engine.WriteBatch {
					time.Sleep(2 * time.Second)
					in.Rows[0].Result = engine.RowConditionFailed // so that both sides must be read again
				}
				return nil
			})
			stop := w.start()
			w.set(engine.FinOps, "A", "Contoso")
			time.Sleep(time.Second)
			began := time.Now()
			if err := stop(); err != nil {
				t.Error(err)
			}
			for _, c := range w.clients {
				if n := len(c.since(began, engine.PullOutbox, engine.ReadBatch, engine.WriteBatch)); n != 0 {
					t.Errorf("%d calls of %s after the stop", n, c.side)
				}
			}
			if s := w.lastRun.Stats(); s.Engine.ConditionFailed != 1 {
				t.Errorf("the answer was not taken: %+v", s)
			}
		})
	}
}

// TestStopWhileIdle ends at once, and what comes later is harmless.
func TestStopWhileIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		synctest.Wait()
		began := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v to stop", took)
		}
		for range 100 {
			w.lastRun.Notify(engine.FinOps)
		}
		if err := w.lastRun.Run(t.Context()); !errors.Is(err, runner.ErrUsed) {
			t.Errorf("a second run: %v, want %v", err, runner.ErrUsed)
		}
	})
}

// TestNotificationsBeforeTheRunAreHeard needs no notification to be repeated.
func TestNotificationsBeforeTheRunAreHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r, err := runner.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		w.set(engine.FinOps, "A", "Contoso")
		for range 100 {
			r.Notify(engine.FinOps)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		if err := w.settled(); err != nil {
			t.Error(err)
		}
	})
}
