package explore

import (
	"context"
	"sync/atomic"
)

// All explores worlds, some at the same time, and tells of each in the order given. It
// ends with the first world in which a property is broken, or with the error of ctx.
func All(ctx context.Context, worlds []World, jobs int, o Options, tell func(Result)) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type explored struct {
		result Result
		err    error
	}
	done := make([]chan explored, len(worlds))
	for i := range done {
		done[i] = make(chan explored, 1)
	}
	var next atomic.Int64
	for range jobs {
		go func() {
			for i := int(next.Add(1)) - 1; i < len(worlds); i = int(next.Add(1)) - 1 {
				r, err := Explore(ctx, worlds[i], o)
				done[i] <- explored{r, err}
			}
		}()
	}
	for _, d := range done {
		x := <-d
		if x.err != nil {
			return x.err
		}
		tell(x.result)
		if x.result.Broken != nil {
			return nil
		}
	}
	return nil
}
