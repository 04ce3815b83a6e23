package runner

import (
	"context"

	"github.com/twinwrite/twinwrite/engine"
)

// order is something to be done by the goroutine that owns the engine.
type order func(*loop) error

// Command takes an operator's request to the engine and returns when it is
// saved, or with the engine's reason to refuse it. It waits for a run to begin;
// after the end of one it returns [ErrEnded]. When ctx or the run ends while
// the request is under way, it may have been accepted.
func (r *Runner) Command(ctx context.Context, cmd *engine.Command) error {
	done, own := make(chan error, 1), *cmd // the caller may be gone when it is looked at
	return r.order(ctx, done, func(l *loop) error {
		var out engine.Output
		var refused error
		if err := guard(func() error { out, refused = l.core.Command(l.now(), &own); return nil }); err != nil {
			return err
		}
		if refused != nil {
			done <- refused
			return nil //nolint:nilerr // who asked is told; the run goes on
		}
		l.stepped(out, done)
		return nil
	})
}

// Items returns every item in the queue and on the error desk. It waits for a
// run to begin; after the end of one it returns [ErrEnded].
func (r *Runner) Items(ctx context.Context) ([]engine.OpenItem, error) {
	var items []engine.OpenItem
	done := make(chan error, 1)
	err := r.order(ctx, done, func(l *loop) error {
		l.core.OpenItems(func(i engine.OpenItem) { items = append(items, i) })
		done <- nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return items, nil
}

// order gives an order and waits until done tells what became of it.
func (r *Runner) order(ctx context.Context, done <-chan error, o order) error {
	select {
	case r.orders <- o:
	case <-r.ended:
		return ErrEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-r.ended:
	}
	select {
	case err := <-done:
		return err
	default:
		return ErrEnded
	}
}
