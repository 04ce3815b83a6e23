// Package runs simulates a scenario: it assembles a world for each run, lets
// many runs go side by side, and gathers what they showed into a
// [result.Set]. Begin with [Simulate].
package runs

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/garbage"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/sim"
)

// Options say how a scenario is simulated. None of them moves a result but
// Failpoints.
type Options struct {
	Jobs       int            // runs at the same time; 0 is 1
	Failpoints []fault.Point  // bugs to plant, in every run
	Progress   func(Progress) // called from several goroutines; nil: nobody listens
	Command    string         // the line that reproduces the results

	Ended func(*result.Run)  // called with each run that came to its end, from several goroutines; nil: nobody keeps them
	Made  []result.Run       // runs of this very scenario that exist already: taken as they are
	Takes func(run int) bool // which of the others are simulated; nil: all. Who leaves runs out merges them later

	tell func(model.Told) // hears what happens to records; nil: nobody does
}

// made returns a run that exists already, or nil.
func (o *Options) made(run int) *result.Run {
	for i := range o.Made {
		if o.Made[i].Index == run {
			return &o.Made[i]
		}
	}
	return nil
}

// Progress tells how far a run has come.
type Progress struct {
	Run  int
	Done time.Duration // of run time
}

// CheckFailpoints reports every fault of failpoints that a user asks for.
func CheckFailpoints(points []fault.Point) error {
	_, err := fault.NewPlan(engine.Plants(), points...)
	return err
}

// Simulate runs a scenario as often as it says. When ctx is cancelled, runs
// that have begun end early and are marked incomplete, and the others are left
// out; the set is returned together with the context's error.
//
// A run whose world breaks a rule of its own is recovered and marked; it fails
// no other run.
func Simulate(ctx context.Context, s *scenarios.Scenario, o Options) (*result.Set, error) {
	if err := CheckFailpoints(o.Failpoints); err != nil {
		return nil, err
	}
	if len(o.Failpoints) > 0 && s.Engine.Mode == scenarios.Integrated {
		return nil, fmt.Errorf("simulate scenario %s: the bugs that can be planted are the engine's, and engine.mode is %s: leave the failpoints out, or set engine.mode=async", s.Name, s.Engine.Mode)
	}
	p, err := newPlan(s)
	if err != nil {
		return nil, err
	}
	hash, err := Identity(s, o)
	if err != nil {
		return nil, err
	}
	defer garbage.Allow()()
	set := &result.Set{Scenario: describe(s, p, hash, o)}
	for _, runs := range s.Runs.Looks() {
		p.simulate(ctx, set, runs, o)
		if ctx.Err() != nil || p.enough(set) {
			break
		}
	}
	p.judge(set)
	return set, ctx.Err()
}

// simulate adds runs to a set until there are so many. Each is thinned to its share as
// soon as it is there.
func (p *plan) simulate(ctx context.Context, set *result.Set, runs int, o Options) {
	begun := len(set.Runs)
	done := make([]*result.Run, runs)
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(o.Jobs, 1) {
		workers.Go(func() {
			for run := range next {
				if ctx.Err() != nil { // it was handed over while the last one ended
					continue
				}
				done[run] = p.run(ctx, run, o)
				thin(done[run], p.scenario.Runs.Most())
				if o.Ended != nil && done[run].Incomplete == "" {
					o.Ended(done[run])
				}
			}
		})
	}
	for run := begun; run < runs; run++ {
		if done[run] = o.made(run); done[run] != nil {
			thin(done[run], p.scenario.Runs.Most())
		}
		if done[run] == nil && ctx.Err() == nil && (o.Takes == nil || o.Takes(run)) {
			next <- run
		}
	}
	close(next)
	workers.Wait()
	for _, r := range done {
		if r != nil {
			set.Runs = append(set.Runs, *r)
		}
	}
}

// Identity names the results of a scenario: they depend on nothing but the
// resolved scenario, the model's version and the bugs that are planted.
func Identity(s *scenarios.Scenario, o Options) (string, error) {
	id := []string{ModelVersion}
	for _, p := range o.Failpoints {
		id = append(id, p.String())
	}
	hash, err := s.Hash(strings.Join(id, " "))
	if err != nil {
		return "", fmt.Errorf("identify scenario %s: %w", s.Name, err)
	}
	return hash, nil
}

// run simulates one world from beginning to end.
func (p *plan) run(ctx context.Context, run int, o Options) (out *result.Run) {
	var w *model.World
	var plan *fault.Plan
	defer func() {
		if broken := recover(); broken != nil {
			out = &result.Run{Index: run, Incomplete: "a rule of the simulation was broken", Panic: autopsy(broken, w)}
			if w != nil {
				out.End = time.Duration(w.Kernel.Now())
				out.Incomplete += fmt.Sprintf(", at %v of %v", out.End, p.scenario.Time.End())
			}
		}
		out.Fired = fired(plan)
	}()
	c := p.world(run)
	plan, err := fault.NewPlan(engine.Plants(), o.Failpoints...)
	if err != nil {
		panic(err)
	}
	if len(o.Failpoints) > 0 {
		c.Failpoints = plan
	}
	c.Tell = o.tell
	c.Continue = func(at sim.Time) bool {
		garbage.Tune()
		if o.Progress != nil {
			o.Progress(Progress{Run: run, Done: time.Duration(at)})
		}
		return ctx.Err() == nil
	}
	if w, err = model.New(c); err != nil {
		panic(err)
	}
	r := w.Run()
	return p.gather(run, &r)
}

// fired counts how often the planted failpoints fired.
func fired(plan *fault.Plan) []string {
	times := map[string]int{}
	for _, f := range plan.Log() {
		times[f.Name]++
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(times)) {
		list = append(list, fmt.Sprintf("%s x%d", name, times[name]))
	}
	return list
}

// autopsy tells of a run that panicked: what was broken, the last events, and
// where the program was. It says the same each time: no address, and no path of
// the machine.
func autopsy(broken any, w *model.World) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v\n", broken)
	if w != nil {
		fmt.Fprintf(&b, "at %v, after the events:\n", w.Kernel.Now())
		for _, ev := range w.Kernel.Tail() {
			fmt.Fprintf(&b, "  %v %s kind %#x entity %d arg %d\n", ev.At, w.Kernel.Name(ev.Actor), uint16(ev.Kind), ev.Entity, ev.Arg)
		}
	}
	b.WriteString("in:\n")
	var where [64]uintptr
	frames := runtime.CallersFrames(where[:runtime.Callers(1, where[:])])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, "twinwrite/") {
			fmt.Fprintf(&b, "  %s (%s:%d)\n", frame.Function[strings.LastIndex(frame.Function, "/")+1:], path.Base(filepath.ToSlash(frame.File)), frame.Line)
		}
		if !more {
			return b.String()
		}
	}
}
