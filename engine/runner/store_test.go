package runner_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

var errDisk = errors.New("the disk is full")

// TestStoreFails lets each save in turn fail, either with nothing saved or
// with everything saved and the answer lost, and starts again from what is
// there.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	failed := 0
	for _, after := range []bool{false, true} {
		for n := 1; ; n++ {
			ended := false
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.store.fail = func(save int) saveFault {
					if save == n {
						return saveFault{errDisk, after}
					}
					return saveFault{}
				}
				stop := w.start()
				for i := range 6 {
					w.set(engine.Sides[i%2], fmt.Sprint("C", i%4), fmt.Sprint("name ", i))
					time.Sleep(time.Millisecond)
				}
				time.Sleep(time.Minute)
				err := stop()
				if ended = err == nil; ended {
					return // there are no more saves
				}
				failed++
				var typed *runner.StoreError
				if !errors.As(err, &typed) || typed.Op != "save" || !errors.Is(err, errDisk) {
					t.Errorf("save %d: %v", n, err)
				}
				stop = w.start()
				time.Sleep(2 * time.Minute)
				if err := w.settled(); err != nil {
					t.Errorf("save %d, after %v: %v", n, after, err)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
			if ended {
				break
			}
		}
	}
	if failed < 10 {
		t.Errorf("only %d saves failed", failed)
	}
}

// brokenStore fails in ways that stores should not.
type brokenStore struct {
	load, save func() error
}

func (s brokenStore) Load() (*engine.State, error)    { return &engine.State{}, s.load() }
func (s brokenStore) Waiting() (*engine.State, error) { return s.Load() }
func (s brokenStore) Save([]engine.Mutation) error    { return s.save() }

func TestBrokenStore(t *testing.T) {
	t.Parallel()
	fine := func() error { return nil }
	fails := func() error { return errDisk }
	panics := func() error { panic(errDisk) }
	for _, c := range []struct {
		name string
		op   string
		brokenStore
		panics bool
	}{
		{"load fails", "load", brokenStore{fails, fine}, false},
		{"load panics", "load", brokenStore{panics, fine}, true},
		{"save fails", "save", brokenStore{fine, fails}, false},
		{"save panics", "save", brokenStore{fine, panics}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.config.Store = c.brokenStore
				stop := w.start()
				w.set(engine.FinOps, "A", "Contoso")
				time.Sleep(time.Second)
				err := stop()
				var typed *runner.StoreError
				if !errors.As(err, &typed) || typed.Op != c.op || !errors.Is(err, errDisk) {
					t.Errorf("error %v, want one of %s that wraps %v", err, c.op, errDisk)
				}
				var panicked *runner.PanicError
				if errors.As(err, &panicked) != c.panics {
					t.Errorf("error %v, want a panic: %v", err, c.panics)
				}
			})
		})
	}
}

// panicky lets the engine itself panic, as a broken invariant would.
type panicky struct{}

func (panicky) Hit(string) bool { panic("a broken invariant") }

// TestRunOutlivesItsSaves lets the engine panic while a save is under way: Run
// must not return before the store does.
func TestRunOutlivesItsSaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var saved, panics atomic.Bool
		w.config.Engine.Failpoints = panicsWhen{&panics}
		w.config.Store = brokenStore{
			load: func() error { return nil },
			save: func() error {
				time.Sleep(5 * time.Second)
				saved.Store(true)
				return nil
			},
		}
		w.deaf()
		w.set(engine.FinOps, "A", "Contoso")
		stop := w.start()
		time.Sleep(time.Second)
		panics.Store(true)
		w.lastRun.Notify(engine.Dataverse)
		synctest.Wait()
		err := stop()
		if _, panicked := errors.AsType[*runner.PanicError](err); !panicked {
			t.Errorf("error %v, want a panic", err)
		}
		if !saved.Load() {
			t.Error("Run has returned while the store was in use")
		}
	})
}

type panicsWhen struct{ now *atomic.Bool }

func (p panicsWhen) Hit(string) bool {
	if p.now.Load() {
		panic("a broken invariant")
	}
	return false
}

func TestEngineThatPanicsEndsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Engine.Failpoints = panicky{}
		err := w.start()()
		var panicked *runner.PanicError
		if !errors.As(err, &panicked) || panicked.Value != "a broken invariant" || len(panicked.Stack) == 0 {
			t.Errorf("error %v", err)
		}
	})
}
