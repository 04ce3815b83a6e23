package runs

import (
	"context"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Trace simulates one run of a scenario again and lets somebody listen: begin is
// told of its table maps, and gives who hears what happens.
func Trace(ctx context.Context, s *scenarios.Scenario, run int, o Options, begin func([]*engine.TableMap) func(model.Told)) (*result.Run, error) {
	if err := CheckFailpoints(o.Failpoints); err != nil {
		return nil, err
	}
	p, err := newPlan(s)
	if err != nil {
		return nil, err
	}
	o.tell = begin(p.maps)
	return p.run(ctx, run, o), nil
}
