package runner_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
)

// TestStopWhileHeld stops at each stage of a live transaction. Its user is told
// the truth, at once where nothing is on its way, and the next run finds both
// sides equal or makes them so.
func TestStopWhileHeld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		kind   engine.EffectKind
		side   engine.Side
		takes  time.Duration
		waits  time.Duration // of the user, from the stop on
		commit bool
	}{
		{"read", engine.ReadBatch, engine.Dataverse, 5 * time.Second, 0, false},
		{"written", engine.WriteBatch, engine.Dataverse, 5 * time.Second, 4 * time.Second, true},
		{"written for too long", engine.WriteBatch, engine.Dataverse, 15 * time.Second, 10 * time.Second, false},
		{"asked how it ended", engine.CommitTx, engine.FinOps, 5 * time.Second, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.set(engine.FinOps, "A", "Contoso")
				w.clients[c.side].misbehave(nil, func(k engine.EffectKind, _ *engine.Input) error {
					if k == c.kind {
						time.Sleep(c.takes)
					}
					return nil
				})
				stop := w.start()
				synctest.Wait()
				time.Sleep(30 * time.Second) // the customer is through
				told := make(chan error, 1)
				var began, heard time.Time
				go func() {
					err := w.write(t.Context(), engine.FinOps, "O", "new")
					heard = time.Now()
					told <- err
				}()
				time.Sleep(time.Second)
				began = time.Now()
				if err := stop(); err != nil && !errors.Is(err, runner.ErrAbandoned) {
					t.Error(err)
				}
				err := <-told
				if (err == nil) != c.commit || err != nil && !errors.Is(err, runner.ErrEnded) {
					t.Errorf("the user was told %v", err)
				}
				if waited := max(0, heard.Sub(began)); waited != c.waits {
					t.Errorf("the user waited for %v, want %v", waited, c.waits)
				}
				w.clients[c.side].misbehave(nil, nil)
				time.Sleep(time.Minute)
				stop = w.start()
				time.Sleep(2 * time.Minute)
				for _, s := range engine.Sides {
					if got := w.textOf(s, "O"); (got == "new") != c.commit {
						t.Errorf("%s holds %q", s, got)
					}
				}
				w.stopsInSync(stop)
			})
		})
	}
}

// TestStopSealsDeletes stops while a delete is on its way. The key may live
// again without waiting for the next run.
func TestStopSealsDeletes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Second)
		w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, _ *engine.Input) error {
			if k == engine.WriteBatch {
				time.Sleep(2 * time.Second)
			}
			return nil
		})
		told := make(chan error, 1)
		go func() { told <- w.remove(t.Context(), engine.FinOps, "A") }()
		time.Sleep(time.Second)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := errors.Join(<-told, w.settled()); err != nil {
			t.Error(err)
		}
	})
}

// TestSideThatDoesNotSayHowItEnded is asked from time to time, not without a
// pause; so is one that does not take the end of a delete.
func TestSideThatDoesNotSayHowItEnded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		side engine.Side
		kind engine.EffectKind
	}{
		{"how its transaction ended", engine.FinOps, engine.CommitTx},
		{"that the delete is final", engine.Dataverse, engine.WriteBatch},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				stop := w.start()
				w.set(engine.Dataverse, "A", "Contoso")
				time.Sleep(time.Second)
				mute := w.clients[c.side]
				writes := 0
				mute.misbehave(func(_ context.Context, k engine.EffectKind) error {
					if k == engine.WriteBatch {
						if writes++; writes == 1 { // the delete itself
							return nil
						}
					}
					if k == c.kind || k == engine.AskTx {
						return runner.ErrDown
					}
					return nil
				}, nil)
				began := time.Now()
				if err := w.remove(t.Context(), engine.FinOps, "A"); err != nil {
					t.Error(err)
				}
				time.Sleep(10 * time.Minute)
				if n := len(mute.since(began, engine.CommitTx, engine.AskTx, engine.WriteBatch)); n < 30 || n > 70 {
					t.Errorf("it was asked %d times in ten minutes", n)
				}
				mute.misbehave(nil, nil)
				time.Sleep(time.Minute)
				w.stopsInSync(stop)
			})
		})
	}
}

// TestHeldNonsense lets a system ask for what no hook would ask for.
func TestHeldNonsense(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		good := func() engine.LiveRow {
			mark := engine.Mark{Incarnation: 1, Number: 1, Groups: make([]engine.GroupMark, w.maps[orders].Groups())}
			return engine.LiveRow{Key: order("O"), After: &engine.Record{
				Key: new(order("O")), Alive: true, Values: make([]engine.Value, 2), Mark: mark,
			}}
		}
		for _, c := range []struct {
			says string
			f    func(*engine.LiveRow)
		}{
			{"table map 9", func(r *engine.LiveRow) { r.Key.Map = 9 }},
			{"operation 7", func(r *engine.LiveRow) { r.Op = 7 }},
			{"not the one before or after", func(r *engine.LiveRow) { r.After = nil }},
			{"not the one before or after", func(r *engine.LiveRow) { r.After.Key.ID = "other" }},
			{"not the one before or after", func(r *engine.LiveRow) { r.Before = &engine.Record{} }},
			{"as no delete leaves it", func(r *engine.LiveRow) { r.Op = engine.Delete }},
			{"as no create leaves it", func(r *engine.LiveRow) { r.After.Alive = false }},
			{"the hook did not make", func(r *engine.LiveRow) { r.After.Mark.Groups = nil }},
			{"the hook did not make", func(r *engine.LiveRow) { r.After.Mark.Incarnation = 0 }},
			{"1 columns, of 2", func(r *engine.LiveRow) { r.After.Values = r.After.Values[1:] }},
			{"before the change has 0 columns", func(r *engine.LiveRow) { r.Before = &engine.Record{Key: &r.Key, Alive: true} }},
			{"column group 0", func(r *engine.LiveRow) { r.After.Mark.Groups[0].Own = 5 }},
		} {
			r := good()
			c.f(&r)
			undone(t, w.lastRun.Live(t.Context(), engine.FinOps, 900, []engine.LiveRow{r}), c.says)
		}
		err := w.lastRun.Live(t.Context(), 7, 0, []engine.LiveRow{good(), good()})
		for _, says := range []string{"no side 7", "no name", `"O" comes twice`} {
			undone(t, err, says)
		}
		undone(t, w.lastRun.Live(t.Context(), engine.FinOps, 900, nil), "no live rows")
		w.clients[engine.Dataverse].misbehave(func(context.Context, engine.EffectKind) error { time.Sleep(time.Second); return nil }, nil)
		first := make(chan error, 1)
		go func() { first <- w.lastRun.Live(t.Context(), engine.FinOps, 901, []engine.LiveRow{good()}) }()
		synctest.Wait()
		undone(t, w.lastRun.Live(t.Context(), engine.FinOps, 901, []engine.LiveRow{good()}), "held already")
		if err := <-first; err != nil {
			t.Errorf("the first of that name: %v", err)
		}
		w.clients[engine.Dataverse].misbehave(nil, nil)
		time.Sleep(time.Minute)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestLiveAnswersOfNonsense lets the other side answer the rows of a live
// transaction as no side may. Nobody knows then what it did: the user is
// refused, and what was done is undone.
func TestLiveAnswersOfNonsense(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		says string
		rows []engine.RowResult // instead of two that are done
	}{
		{"too few rows", "1 rows, of 2", []engine.RowResult{engine.RowDone}},
		{"one done, one not", "1 rows done, of 2", []engine.RowResult{engine.RowDone, engine.RowUndone}},
		{"none done, no reason", "none says why", []engine.RowResult{engine.RowUndone, engine.RowUndone}},
		{"no such result", "row 1 ended as 9", []engine.RowResult{engine.RowDone, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var h heard
				w.config.Observe = h.observe
				w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
					if k == engine.WriteBatch {
						in.Rows = nil
						for _, r := range c.rows {
							in.Rows = append(in.Rows, engine.RowAnswer{Result: r})
						}
					}
					return nil
				})
				stop := w.start()
				err := w.sides[engine.FinOps].Update(t.Context(), func(tx *memory.Tx) error {
					return errors.Join(tx.Set(order("O"), engine.Text("new"), engine.Value{}), tx.Set(order("P"), engine.Text("new"), engine.Value{}))
				})
				undone(t, err, "did not answer")
				if lies := h.errs(func(err error) bool { return strings.Contains(err.Error(), c.says) }); len(lies) != 1 {
					t.Errorf("%d errors say %q", len(lies), c.says)
				}
				w.clients[engine.Dataverse].misbehave(nil, nil)
				time.Sleep(2 * time.Minute)
				for _, s := range engine.Sides {
					if got := fmt.Sprint(w.textOf(s, "O"), w.textOf(s, "P")); got != "" {
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
