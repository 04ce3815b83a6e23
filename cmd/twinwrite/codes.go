package main

import (
	"context"
	"slices"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// urgency orders the exit codes: when several apply, the first counts.
var urgency = []int{exitInternal, exitInterrupted, exitViolated, exitNotRepeated, exitFailed, exitInconclusive, exitHolds}

// codes gathers the exit codes that apply. The zero value holds none, which is
// exit code 0.
type codes struct{ code int }

func (c *codes) raise(code int) {
	if slices.Index(urgency, code) < slices.Index(urgency, c.code) {
		c.code = code
	}
}

// expectation takes the verdict of something that was demanded of figures.
func (c *codes) expectation(v result.Verdict) {
	switch v {
	case result.Pass:
	case result.Fail:
		c.raise(exitFailed)
	default:
		c.raise(exitInconclusive)
	}
}

// runs takes what went wrong in the runs of a set: broken worlds, properties
// that were violated, or no run at all.
func (c *codes) runs(set *result.Set) {
	if len(set.Runs) == 0 {
		c.raise(exitInconclusive)
	}
	for i := range set.Runs {
		r := &set.Runs[i]
		if r.Panic != "" {
			c.raise(exitInternal)
		}
		for _, p := range r.Properties {
			if p.Verdict == result.Fail {
				c.raise(exitViolated)
			}
		}
	}
}

// err is what a command returns: nil where all holds.
func (c *codes) err() error {
	if c.code == exitHolds {
		return nil
	}
	return exit{code: c.code}
}

// verdictCode turns what the runs of a scenario showed into an exit code.
func verdictCode(ctx context.Context, set *result.Set) error {
	var c codes
	if ctx.Err() != nil {
		c.raise(exitInterrupted)
	}
	c.runs(set)
	for _, e := range set.Expectations {
		if e.Verdict == result.Fail {
			c.raise(exitFailed)
		}
	}
	if v := set.Verdict(); v != result.Pass && v != result.Fail {
		c.raise(exitInconclusive)
	}
	return c.err()
}
