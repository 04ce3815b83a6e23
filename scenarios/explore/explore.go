package explore

import (
	"context"
	"fmt"
	"math/big"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/garbage"
	"github.com/twinwrite/twinwrite/scenarios/history"
)

// Options say how a world is explored. The zero value plants nothing.
type Options struct {
	Bugs engine.Failpoints // that are planted; they must answer the same at all times
}

// Result is what the exploration of a world has found.
type Result struct {
	World  World
	States int // distinct ones
	Steps  int // from one state to another
	Ends   int // of the states: nothing is left to happen

	// Schedules is how many ways lead from the beginning to an end; nil where a way can
	// come back to where it was, and there is no end to them.
	Schedules *big.Int

	// Broken is a property that some schedule breaks; nil: none does, and all were
	// looked at. Else the counts stop where it was found, Schedule is one of the
	// shortest that break it, as the numbers of what was chosen, and Story is what
	// happens in it, in sentences.
	Broken   *oracle.Property
	Schedule []uint8
	Story    []string
}

// The contracts that the walk itself finds broken.
var (
	soundWorld  = oracle.Contract{ID: "sound-world", Text: "no rule inside the engine or its world is broken"}
	comesToRest = oracle.Contract{ID: "comes-to-rest", Text: "from every state the world can come to rest, and nothing waits then but for people"}
)

// Explore looks at every schedule of a world, up to the first that breaks a property.
// It returns the error of ctx when that ends first.
func Explore(ctx context.Context, w World, o Options) (Result, error) {
	defer garbage.Allow()()
	deep := newExplorer(w, o)
	if err := deep.search(ctx); err != nil {
		return Result{World: w}, err
	}
	r := Result{World: w, States: len(deep.seen), Steps: len(deep.edges), Ends: len(deep.ended), Broken: deep.broken, Schedule: deep.schedule}
	if r.Broken == nil {
		r.Broken, r.Schedule = deep.restless()
		r.Schedules = deep.count()
	}
	if r.Broken == nil {
		return r, nil
	}
	broad := newExplorer(w, o)
	broad.breadth = true
	if err := broad.search(ctx); err != nil {
		return r, err
	}
	if broad.broken != nil {
		r.Broken, r.Schedule = broad.broken, broad.schedule
	}
	r.Story = tell(w, o, r.Schedule)
	return r, nil
}

// judged ends a world and returns the first property that is broken; nil for none.
// What a breach in the midst of it was comes before what an early end makes of that:
// changes without outcomes, and sides that differ.
func judged(s *stage) *oracle.Property {
	stats, early := s.core.Stats(), s.oracle.Stop()
	r := s.judge()
	failed := r.Failed()
	for i := range failed {
		if p := &failed[i]; !early || p.ID != "converged" && p.ID != "closed-books" {
			return p
		}
	}
	if len(failed) > 0 {
		return &failed[len(failed)-1]
	}
	if waiting := stats.Open - stats.OnDesk; waiting > 0 {
		return breach(comesToRest, fmt.Sprintf("%d references wait, and nobody will come for them", waiting))
	}
	return nil
}

// breach is a contract that was found broken, once.
func breach(c oracle.Contract, how string) *oracle.Property {
	return &oracle.Property{
		Contract: c, Verdict: oracle.Fail, Checked: 1, Violations: 1,
		Examples: []oracle.Violation{{Record: "the world", Message: how}},
	}
}

// tell follows a schedule and writes down what happens in it.
func tell(w World, o Options, schedule []uint8) (story []string) {
	t := &teller{Teller: history.Teller{Maps: w.tableMaps()}}
	defer func() {
		switch p := recover().(type) {
		case nil, leftOpen:
		default:
			t.say(fmt.Sprintf("the world breaks: %v.", p))
		}
		story = t.story
	}()
	at := 0
	s := newStage(w, t.Maps, o.Bugs, func(n int) int {
		switch {
		case n == 1:
			return 0
		case at == len(schedule):
			panic(leftOpen{})
		}
		at++
		return int(schedule[at-1])
	})
	s.teller = t
	for !s.oracle.Stop() {
		steps, end := s.steps()
		if len(steps) == 0 || end && at == len(schedule) {
			break
		}
		s.take(steps[s.choose(len(steps))])
	}
	return t.story
}
