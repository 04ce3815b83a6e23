package runner_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
)

// write is a user's live transaction: it gives an order a text.
func (w *world) write(ctx context.Context, side engine.Side, id, text string) error {
	return w.sides[side].Update(ctx, func(tx *memory.Tx) error {
		return tx.Set(order(id), engine.Text(text), engine.Value{})
	})
}

// remove is a user's delete of a customer, which goes live.
func (w *world) remove(ctx context.Context, side engine.Side, id string) error {
	return w.sides[side].Update(ctx, func(tx *memory.Tx) error { return tx.Delete(customer(id)) })
}

// textOf returns an order's text, or "" if there is none.
func (w *world) textOf(side engine.Side, id string) string {
	return firstOf(w.sides[side].Record(order(id)))
}

// undone checks that a live transaction was undone for a reason.
func undone(t *testing.T, err error, says string) {
	t.Helper()
	if _, ok := errors.AsType[*runner.UndoneError](err); !ok || !strings.Contains(err.Error(), says) {
		t.Errorf("error %v, want it undone: %s", err, says)
	}
}

func TestLiveDelete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Second)
		if err := w.remove(t.Context(), engine.Dataverse, "A"); err != nil {
			t.Error(err)
		}
		for _, s := range engine.Sides { // at once
			if r := w.sides[s].Record(customer("A")); r.Alive || !r.Mark.Dead {
				t.Errorf("%s holds %v", s, r)
			}
		}
		time.Sleep(time.Second)
		w.set(engine.FinOps, "A", "Contoso again")
		time.Sleep(time.Second)
		if got := w.nameOf(engine.Dataverse, "A"); got != "Contoso again" {
			t.Errorf("the key's next life is %q", got)
		}
		w.stopsInSync(stop)
	})
}

// TestLiveVerdicts tells users why a transaction is undone; nothing of it may
// be anywhere.
func TestLiveVerdicts(t *testing.T) {
	t.Parallel()
	none := func(*testing.T, *world) {}
	set := func(tx *memory.Tx) error { return tx.Set(order("O"), engine.Text("new"), engine.Value{}) }
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, *world)
		tx      func(*memory.Tx) error
		says    string // "": it commits
		why     engine.Reason
	}{
		{"commits", none, set, "", engine.NoReason},
		{"looks up what is not there", none, func(tx *memory.Tx) error {
			missing := customer("nobody")
			return errors.Join(set(tx), tx.Set(order("P"), engine.Text("new"), engine.Lookup(&missing)))
		}, "create that first", engine.LookupNotFound},
		{"the other side refuses", func(_ *testing.T, w *world) {
			w.clients[engine.Dataverse].misbehave(nil, nil)
			w.clients[engine.Dataverse].refuseWrites("on hold")
		}, set, "refused by validation: on hold", engine.Refused},
		{"the other side is down", func(_ *testing.T, w *world) {
			w.clients[engine.Dataverse].misbehave(always(runner.ErrDown, engine.ReadBatch), nil)
		}, set, "dataverse did not answer (system unavailable)", engine.Unavailable},
		{"the other side throttles", func(_ *testing.T, w *world) {
			w.clients[engine.Dataverse].misbehave(always(&runner.ThrottledError{RetryAfter: time.Minute}, engine.WriteBatch), nil)
		}, set, "dataverse did not answer (system unavailable)", engine.Unavailable},
		{"the other side hangs", func(_ *testing.T, w *world) {
			w.clients[engine.Dataverse].misbehave(func(ctx context.Context, _ engine.EffectKind) error { <-ctx.Done(); return ctx.Err() }, nil)
		}, set, "dataverse did not answer (timed out)", engine.TimedOut},
		{"records keep changing", func(_ *testing.T, w *world) {
			w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
				for i := range in.Records {
					in.Records[i] = &engine.Record{Key: new(order("O")), Version: 77}
				}
				return nil
			})
		}, set, "kept changing on dataverse", engine.ConditionLimit},
		{"deletes what has an unseen change", func(t *testing.T, w *world) {
			w.set(engine.FinOps, "A", "Contoso")
			time.Sleep(time.Second)
			w.deaf()
			w.set(engine.FinOps, "A", "Contoso Ltd")
		}, func(tx *memory.Tx) error { return tx.Delete(customer("A")) }, "wait for it", engine.Rejected},
		{"a record is being synced", func(_ *testing.T, w *world) {
			w.set(engine.Dataverse, "A", "Contoso")
			time.Sleep(time.Second)
			w.clients[engine.FinOps].misbehave(func(ctx context.Context, _ engine.EffectKind) error { <-ctx.Done(); return ctx.Err() }, nil)
			w.set(engine.Dataverse, "A", "Contoso Ltd")
			time.Sleep(time.Second)
		}, func(tx *memory.Tx) error { return tx.Delete(customer("A")) }, "try again", engine.Busy},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				stop := w.start()
				c.prepare(t, w)
				from := engine.FinOps
				if c.why == engine.Rejected {
					from = engine.Dataverse
				}
				err := w.sides[from].Update(t.Context(), c.tx)
				if c.says == "" && err != nil {
					t.Error(err)
				}
				if c.says != "" {
					undone(t, err, c.says)
					if why, ok := errors.AsType[*runner.UndoneError](err); ok && why.Why().Reason != c.why {
						t.Errorf("the reason is %v, want %v", why.Why().Reason, c.why)
					}
				}
				w.clients[engine.FinOps].misbehave(nil, nil)
				w.clients[engine.Dataverse].misbehave(nil, nil)
				time.Sleep(3 * time.Minute)
				for _, s := range engine.Sides {
					if got := w.textOf(s, "O"); (got != "") != (c.says == "") {
						t.Errorf("%s holds %q", s, got)
					}
				}
				if err := w.settled(); err != nil && !strings.Contains(err.Error(), "nothing was changed") {
					t.Error(err)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestLiveWithoutARun waits as long as the product lets a user wait.
func TestLiveWithoutARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r, err := runner.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		w.sides[engine.FinOps].OnHold(r.Live)
		began := time.Now()
		err = w.write(t.Context(), engine.FinOps, "O", "a")
		undone(t, err, "finops")
		if took := time.Since(began); took != 120*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v after %v, want %v after 120s", err, took, context.DeadlineExceeded)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
		if err := w.write(t.Context(), engine.FinOps, "O", "a"); !errors.Is(err, runner.ErrEnded) {
			t.Errorf("after the run: %v, want %v", err, runner.ErrEnded)
		}
		w.sides[engine.FinOps].OnHold(nil)
		if err := w.write(t.Context(), engine.FinOps, "O", "a"); err == nil {
			t.Error("without an engine, a live change was committed")
		}
	})
}

// TestLiveUserWouldNotWait gives up at each stage. The pair must be free again,
// and nothing of the transaction may be left.
func TestLiveUserWouldNotWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		kind engine.EffectKind // of the request on the other side that takes 5s
		side engine.Side
		free time.Duration // when the next user gets through
	}{
		{"while it is read", engine.ReadBatch, engine.Dataverse, 0},
		{"while it is written", engine.WriteBatch, engine.Dataverse, 4 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var slow atomic.Int32
				slow.Store(1)
				w.clients[c.side].misbehave(nil, func(k engine.EffectKind, _ *engine.Input) error {
					if k == c.kind && slow.Add(-1) == 0 {
						time.Sleep(5 * time.Second)
					}
					return nil
				})
				stop := w.start()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				err := w.write(ctx, engine.FinOps, "O", "given up")
				undone(t, err, "deadline")
				if took := time.Since(began); took != time.Second {
					t.Errorf("the user waited for %v", took)
				}
				began = time.Now()
				if err := w.write(t.Context(), engine.FinOps, "O", "kept"); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != c.free {
					t.Errorf("the next user waited for %v, want %v", took, c.free)
				}
				time.Sleep(time.Minute)
				for _, s := range engine.Sides {
					if got := w.textOf(s, "O"); got != "kept" {
						t.Errorf("%s holds %q", s, got)
					}
				}
				w.set(engine.FinOps, "A", "so that there is something to count")
				time.Sleep(time.Second)
				w.stopsInSync(stop)
			})
		})
	}
}

// TestLiveRecovery loses each request and each answer in turn, and dies in each
// save, with it or without it. What a user was told must be true on both sides.
func TestLiveRecovery(t *testing.T) {
	t.Parallel()
	type trouble struct {
		name string
		make func(*world, int) (met func() bool)
	}
	lose := func(side engine.Side, answer bool, kinds ...engine.EffectKind) func(*world, int) func() bool {
		return func(w *world, n int) func() bool {
			var passed atomic.Int32
			fails := func(k engine.EffectKind) error {
				for _, one := range kinds {
					if k == one && passed.Add(1) == int32(n) {
						return errLost
					}
				}
				return nil
			}
			if answer {
				w.clients[side].misbehave(nil, func(k engine.EffectKind, _ *engine.Input) error { return fails(k) })
			} else {
				w.clients[side].misbehave(func(_ context.Context, k engine.EffectKind) error { return fails(k) }, nil)
			}
			return func() bool { return passed.Load() >= int32(n) }
		}
	}
	die := func(after bool) func(*world, int) func() bool {
		return func(w *world, n int) func() bool {
			var met atomic.Bool
			w.store.failNext(func(save int) saveFault {
				if save == n {
					met.Store(true)
					return saveFault{errKilled, after}
				}
				return saveFault{}
			})
			return met.Load
		}
	}
	total := 0
	for _, c := range []trouble{
		{"requests to the other side", lose(engine.Dataverse, false, engine.ReadBatch, engine.WriteBatch)},
		{"answers of the other side", lose(engine.Dataverse, true, engine.ReadBatch, engine.WriteBatch)},
		{"questions to its own side", lose(engine.FinOps, false, engine.CommitTx, engine.AskTx)},
		{"answers of its own side", lose(engine.FinOps, true, engine.CommitTx, engine.AskTx)},
		{"the save", die(false)},
		{"the answer of the save", die(true)},
	} {
		for n := 1; ; n++ {
			met := false
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				stop := w.start()
				w.set(engine.Dataverse, "A", "Contoso")
				if err := w.write(t.Context(), engine.FinOps, "O", "old"); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second)
				hit := c.make(w, n)
				written := w.write(t.Context(), engine.FinOps, "O", "new")
				removed := w.remove(t.Context(), engine.FinOps, "A")
				met = hit()
				_ = stop()
				w.store.fail = nil
				for _, client := range w.clients {
					client.misbehave(nil, nil)
				}
				stop = w.start()
				time.Sleep(2 * time.Minute)
				w.set(engine.Dataverse, "B", "Adatum") // so that there is something to count
				time.Sleep(time.Second)
				for _, s := range engine.Sides {
					if got := w.textOf(s, "O"); (got == "new") != (written == nil) || got == "" {
						t.Errorf("%s, %d: %s holds %q, and the user was told %v", c.name, n, s, got, written)
					}
					if got := w.nameOf(s, "A"); (got == "") != (removed == nil) {
						t.Errorf("%s, %d: %s holds %q, and the user was told %v", c.name, n, s, got, removed)
					}
				}
				if err := w.settled(); err != nil {
					t.Errorf("%s, %d: %v", c.name, n, err)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
			if !met || t.Failed() {
				break
			}
			total++
		}
	}
	if total < 15 {
		t.Errorf("only %d troubles were met", total)
	}
}
