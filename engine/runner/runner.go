package runner

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/twinwrite/twinwrite/engine"
)

// Runner is one process of the engine. Create it with [New].
type Runner struct {
	config   Config
	used     atomic.Bool
	notified [2]chan struct{} // by side, of capacity 1: a hint that waits is enough
	orders   chan order
	leaving  chan txName   // of live transactions whose users would not wait
	ended    chan struct{} // closed when Run returns

	mu    sync.Mutex
	stats Stats
}

// New returns a runner that is ready to [Runner.Run].
func New(c Config) (*Runner, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	r := &Runner{config: c, orders: make(chan order), leaving: make(chan txName), ended: make(chan struct{})}
	for side := range r.notified {
		r.notified[side] = make(chan struct{}, 1)
	}
	return r, nil
}

// Run loads what the store holds and syncs the two systems until ctx ends or
// the store fails. It returns nil if ctx ended and all is in order: what was
// answered is saved, no call is under way, and the store is no longer in use.
// It may end later than [Config.StopTimeout] only if the store does not return.
//
// A runner runs once. To start again, make a new one over the same store.
func (r *Runner) Run(ctx context.Context) error {
	if r.used.Swap(true) {
		return ErrUsed
	}
	defer close(r.ended)
	var state *engine.State
	if err := guard(func() (err error) { state, err = r.config.Store.Load(); return err }); err != nil {
		return &StoreError{Op: "load", Err: err}
	}
	core, err := engine.NewCore(r.config.Engine, state)
	if err != nil {
		return err
	}
	return newLoop(ctx, r, core, state).run(ctx)
}

// Notify says that a side's outbox may hold something new. It never blocks,
// may be called from any goroutine, and is harmless before and after a run.
func (r *Runner) Notify(side engine.Side) {
	select {
	case r.notified[side] <- struct{}{}:
	default: // one that waits will do for both
	}
}

// guard turns a panic of f into an error.
func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = caught(v)
		}
	}()
	return f()
}
