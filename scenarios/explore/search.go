package explore

import (
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/garbage"
)

// explorer goes through the schedules of one world: it begins the world anew for each,
// follows a prefix of choices to where that branches off, and goes on from there until
// it comes to a state that is known. Alternatives that it passes become prefixes.
type explorer struct {
	world   World
	options Options
	maps    []*engine.TableMap
	breadth bool // the shortest schedules first; else the last branch

	todo     []branch
	seen     map[uint64]int32 // states by hash, numbered as they are found
	first    [][]uint8        // by state: how it was found
	ended    []int32          // the states in which nothing is left to happen
	edges    [][2]int32       // from state to state
	hasher   hasher
	broken   *oracle.Property
	schedule []uint8 // that breaks it

	prefix []uint8
	taken  []uint8
	depth  int   // steps since the world began
	at     int32 // the last state; -1: none

	// For tests.
	unpruned bool                        // every schedule is followed to its end
	visits   func(hash uint64)           // hears of each visit to a state
	ends     func(hash uint64, s *stage) // hears of each end, before it is judged
}

// branch is a prefix of choices that nobody has followed, and the state in which the
// last of them was made.
type branch struct {
	prefix []uint8
	from   int32
}

func newExplorer(w World, o Options) *explorer {
	return &explorer{world: w, options: o, maps: w.tableMaps(), todo: []branch{{from: -1}}, seen: map[uint64]int32{}}
}

// search follows all branches, up to the first breach.
func (e *explorer) search(ctx context.Context) error {
	for n := 0; len(e.todo) > 0 && e.broken == nil; n++ {
		if n%64 == 0 {
			if garbage.Tune(); ctx.Err() != nil {
				return ctx.Err()
			}
		}
		last := len(e.todo) - 1
		if b := e.todo[0]; e.breadth {
			e.todo = e.todo[1:]
			e.run(b)
			continue
		}
		b := e.todo[last]
		e.todo[last], e.todo = branch{}, e.todo[:last]
		e.run(b)
	}
	return nil
}

// leftOpen ends a run whose next choice is left to later ones.
type leftOpen struct{}

// run begins the world and follows a branch of it. A rule that is broken inside ends
// it, and is a breach like others.
func (e *explorer) run(b branch) {
	e.prefix, e.taken, e.at, e.depth = b.prefix, e.taken[:0], b.from, 0
	defer func() {
		switch p := recover().(type) {
		case nil, leftOpen:
		default:
			e.breaks(breach(soundWorld, fmt.Sprint(p)))
		}
	}()
	s := newStage(e.world, e.maps, e.options.Bugs, e.choose)
	for e.goesOn(s) {
		e.depth++
	}
}

// goesOn looks at the state that the world is in, and lets a step happen. It reports
// false when there is none, or the state is known.
func (e *explorer) goesOn(s *stage) bool {
	if s.oracle.Stop() {
		e.breaks(judged(s))
		return false
	}
	steps, end := s.steps()
	if len(e.taken) >= len(e.prefix) {
		hash := s.hash(&e.hasher)
		if known := e.enter(hash); known && !e.unpruned {
			return false
		}
		if end {
			e.leave(len(steps), 0)
			e.end(hash, s)
			return false
		}
	}
	s.take(steps[e.choose(len(steps))])
	return true
}

// enter notes the state that the world is in, and reports whether it was known.
func (e *explorer) enter(hash uint64) (known bool) {
	if e.visits != nil {
		e.visits(hash)
	}
	state, known := e.seen[hash]
	if !known {
		state = int32(len(e.seen))
		e.seen[hash] = state
		e.first = append(e.first, slices.Clone(e.taken))
	}
	if e.at >= 0 {
		e.edges = append(e.edges, [2]int32{e.at, state})
	}
	e.at = state
	return known
}

// end judges a world in which nothing is left to happen.
func (e *explorer) end(hash uint64, s *stage) {
	e.ended = append(e.ended, e.at)
	if e.ends != nil {
		e.ends(hash, s)
	}
	if p := judged(s); p != nil {
		e.breaks(p)
	}
}

// choose takes the next choice of the prefix. Behind it, it takes the first
// alternative and leaves the others to later runs, or leaves them all.
func (e *explorer) choose(n int) int {
	at, taken := len(e.taken), 0
	switch {
	case n == 1:
		return 0
	case at < len(e.prefix):
		taken = int(e.prefix[at])
	case e.breadth:
		e.leave(n, 0)
		panic(leftOpen{})
	default:
		e.leave(n, 1)
	}
	e.taken = append(e.taken, uint8(taken))
	return taken
}

// leave leaves alternatives to later runs, from one on.
func (e *explorer) leave(n, from int) {
	for i := from; i < n; i++ {
		prefix := append(make([]uint8, 0, len(e.taken)+1), e.taken...)
		e.todo = append(e.todo, branch{append(prefix, uint8(i)), e.at})
	}
}

// breaks notes what a schedule has broken.
func (e *explorer) breaks(p *oracle.Property) { e.broken, e.schedule = p, slices.Clone(e.taken) }

// restless looks for a state from which no end can be reached, once all are known, and
// returns how to come to the nearest one.
func (e *explorer) restless() (*oracle.Property, []uint8) {
	into := make([][]int32, len(e.seen))
	for _, edge := range e.edges {
		into[edge[1]] = append(into[edge[1]], edge[0])
	}
	rests := make([]bool, len(e.seen))
	for todo := slices.Clone(e.ended); len(todo) > 0; {
		state := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !rests[state] {
			rests[state] = true
			todo = append(todo, into[state]...)
		}
	}
	nearest := -1
	for state := range rests {
		if !rests[state] && (nearest < 0 || len(e.first[state]) < len(e.first[nearest])) {
			nearest = state
		}
	}
	if nearest < 0 {
		return nil, nil
	}
	return breach(comesToRest, "from here on it goes round and round"), e.first[nearest]
}

// count returns how many ways lead from the first state to an end; nil where one can
// come back to where it was.
func (e *explorer) count() *big.Int {
	next, waits := make([][]int32, len(e.seen)), make([]int, len(e.seen))
	for _, edge := range e.edges {
		next[edge[0]] = append(next[edge[0]], edge[1])
		waits[edge[1]]++
	}
	ways := make([]big.Int, len(e.seen))
	ways[0].SetInt64(1)
	done := 0
	for todo := []int32{0}; len(todo) > 0; done++ {
		state := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, to := range next[state] {
			ways[to].Add(&ways[to], &ways[state])
			if waits[to]--; waits[to] == 0 {
				todo = append(todo, to)
			}
		}
	}
	if done < len(e.seen) {
		return nil
	}
	sum := new(big.Int)
	for _, state := range e.ended {
		sum.Add(sum, &ways[state])
	}
	return sum
}
