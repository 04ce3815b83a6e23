package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/scenarios/explore"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// runExhaustive looks at every schedule of the smallest worlds. It fails when one of
// them breaks a property, and proves nothing when it did not get through.
func (f *checkFlags) runExhaustive(cmd *cobra.Command) error {
	bugs, err := f.always(cmd)
	if err != nil {
		return usage(err)
	}
	ctx, stop := f.within(cmd.Context())
	defer stop()
	out, worlds := cmd.OutOrStdout(), explore.Worlds()
	fmt.Fprintf(out, "%-60s %9s %10s  %s\n", "world", "states", "schedules", "verdict")
	started, suite := time.Now(), junit.Suite{Name: "check.exhaustive"}
	p := worldProgress{w: cmd.ErrOrStderr(), quiet: f.quiet, next: started.Add(plainEvery)}
	done, states := 0, 0
	var broken *explore.Result
	err = explore.All(ctx, worlds, f.jobs, explore.Options{Bugs: bugs}, func(r explore.Result) {
		done, states = done+1, states+r.States
		suite.Cases = append(suite.Cases, worldCase(&r))
		fmt.Fprintf(out, "%-60s %9d %10s  %s\n", r.World, r.States, ways(r.Schedules), worldVerdict(&r))
		if r.Broken != nil {
			broken = &r
		}
		p.update(done, len(worlds), states)
	})
	if f.junit != "" {
		if err := writeFile(f.junit, suite.Write); err != nil {
			return exit{exitInternal, err}
		}
	}
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %d worlds, %d states in %v\n", done, states, time.Since(started).Round(10*time.Millisecond))
	}
	switch {
	case broken != nil:
		printBroken(out, broken)
		return exit{code: exitViolated}
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	case errors.Is(err, context.DeadlineExceeded):
		return exit{exitInconclusive, fmt.Errorf("the time was over after %d of %d worlds\n  hint: give it more with --for, or leave that out", done, len(worlds))}
	case err != nil:
		return exit{exitInternal, err}
	}
	fmt.Fprintf(out, "\nEvery schedule of these %d worlds was looked at, in %d states. None breaks a property.\n", done, states)
	return nil
}

// always returns the bugs that a user plants: in every schedule at every pass, because
// schedules that meet in one state must go on alike.
func (f *checkFlags) always(cmd *cobra.Command) (alwaysPlanted, error) {
	if err := needless(cmd, "--exhaustive looks at everything", "cases", "seed", "out", "store", "self-test", "shard"); err != nil {
		return nil, err
	}
	switch {
	case f.scenario != "":
		return nil, fmt.Errorf("--exhaustive has worlds of its own, and cannot take the maps of %s\n  hint: leave the scenario out", f.scenario)
	case f.jobs < 1:
		return nil, fmt.Errorf("--jobs is %d\n  hint: how many worlds are explored at the same time, at least 1", f.jobs)
	case f.most < 0 || cmd.Flags().Changed("for") && f.most == 0:
		return nil, fmt.Errorf("--for is %v\n  hint: a time such as 10m", f.most)
	}
	points, err := parseFailpoints(f.failpoints)
	if err != nil {
		return nil, err
	}
	bugs := alwaysPlanted{}
	for _, p := range points {
		if p.Terms != fault.Always {
			return nil, fmt.Errorf("--failpoint %v: with --exhaustive a bug is there at every pass\n  hint: leave the terms out: --failpoint %s", p, p.Name)
		}
		bugs[p.Name] = true
	}
	return bugs, nil
}

// alwaysPlanted are bugs that are there at every pass.
type alwaysPlanted map[string]bool

// Hit implements [engine.Failpoints].
func (a alwaysPlanted) Hit(name string) bool { return a[name] }

// ways tells how many schedules there are, in few digits.
func ways(n *big.Int) string {
	if n == nil {
		return "-"
	}
	if n.IsInt64() && n.Int64() < 1_000_000 {
		return n.String()
	}
	return new(big.Float).SetInt(n).Text('e', 1)
}

func worldVerdict(r *explore.Result) result.Verdict {
	if r.Broken != nil {
		return result.Fail
	}
	return result.Pass
}

func worldCase(r *explore.Result) junit.Case {
	c := junit.Case{Name: r.World.String(), Class: "world", Verdict: worldVerdict(r), Message: fmt.Sprintf("%d states", r.States)}
	if r.Broken != nil {
		c.Text = r.Broken.String() + "\n" + strings.Join(r.Story, "\n")
	}
	return c
}

// printBroken tells of a broken property and how it comes about.
func printBroken(w io.Writer, r *explore.Result) {
	fmt.Fprintf(w, "\n%v\n\nA shortest schedule that shows it:\n\n", r.Broken)
	for i, what := range r.Story {
		fmt.Fprintf(w, "%4d  %s\n", i+1, what)
	}
}

// worldProgress shows on stderr how far an exploration has come, from time to time.
type worldProgress struct {
	w     io.Writer
	quiet bool
	next  time.Time
}

func (p *worldProgress) update(done, of, states int) {
	if now := time.Now(); !p.quiet && now.After(p.next) {
		p.next = now.Add(plainEvery)
		fmt.Fprintf(p.w, "twinwrite: %d of %d worlds, %d states\n", done, of, states)
	}
}
