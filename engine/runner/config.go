package runner

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// Config sets up a [Runner]. Store and both Systems must be given; the zero
// value of every other field means its default.
type Config struct {
	Engine engine.Config

	// Store keeps the engine's state. It belongs to the runner from the
	// beginning of Run to its end, and is used by one goroutine at a time.
	Store store.Store

	// Systems are the clients of both sides, by engine.Side.
	Systems [2]System

	// Timeout is how long a request may take, from the moment at which the
	// engine's wish is saved; 20s. It may not be longer than the life of a
	// write, so that none is sent that the target must refuse. For half of it
	// a read that is behind is repeated.
	Timeout time.Duration

	// StopTimeout is how long a run that ends waits for the writes under way;
	// 10s. What has not returned by then is cancelled.
	StopTimeout time.Duration

	// CallsMax bounds the calls to one system at once, those included that were
	// given up and have not returned; one more than Engine.Workers, which is
	// what the engine can use. A request that finds no room in time fails with
	// ErrDown.
	CallsMax int

	// Observe is called when a request is over, from many goroutines at once,
	// and must return soon. Nil observes nothing.
	Observe func(Request)

	// Alert is called when the engine raises an alert of a job, once what it does
	// about it is saved. It must return soon. Nil tells nobody.
	Alert func(engine.Raised)

	// Metrics takes figures. Nil takes none.
	Metrics Metrics
}

// Request is a request to a system that is over, as [Config.Observe] sees it.
type Request struct {
	Side engine.Side
	Kind engine.EffectKind
	Rows int           // references, records or writes that were asked for
	Took time.Duration // until it was answered or given up
	Err  error         // nil when it was answered; ErrEnded when the run was stopped first
}

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	c.Engine = c.Engine.WithDefaults()
	if c.Timeout == 0 {
		c.Timeout = 20 * time.Second
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 10 * time.Second
	}
	if c.CallsMax == 0 {
		c.CallsMax = c.Engine.Workers + 1
	}
	if c.Observe == nil {
		c.Observe = func(Request) {}
	}
	if c.Alert == nil {
		c.Alert = func(engine.Raised) {}
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	return c
}

// Validate reports every fault of a configuration whose defaults are filled in.
func (c Config) Validate() error {
	faults := []error{c.Engine.Validate()}
	if c.Store == nil {
		faults = append(faults, errors.New("runner: there is no store"))
	}
	for side, s := range c.Systems {
		if s == nil {
			faults = append(faults, fmt.Errorf("runner: there is no system for %s", engine.Side(side)))
		}
	}
	if c.Timeout <= 0 || c.Timeout > c.Engine.WriteLife {
		faults = append(faults, fmt.Errorf("runner: the timeout must be longer than zero and at most the life of a write, %v, not %v", c.Engine.WriteLife, c.Timeout))
	}
	if c.StopTimeout < 0 {
		faults = append(faults, fmt.Errorf("runner: the stop timeout must not be negative, as %v is", c.StopTimeout))
	}
	if c.CallsMax < 1 {
		faults = append(faults, fmt.Errorf("runner: at least 1 call to a system must be allowed, not %d", c.CallsMax))
	}
	return errors.Join(faults...)
}
