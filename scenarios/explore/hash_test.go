package explore

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// visit is a way to a state: what was chosen, and how many steps that makes.
type visit struct {
	taken []uint8
	depth int
}

// again returns the world after a visit's steps.
func (v visit) again(w World, maps []*engine.TableMap) *stage {
	at := 0
	s := newStage(w, maps, nil, func(n int) int {
		if n == 1 || at == len(v.taken) {
			return 0
		}
		at++
		return int(v.taken[at-1])
	})
	for range v.depth {
		steps, _ := s.steps()
		s.take(steps[s.choose(len(steps))])
	}
	return s
}

// successors returns the hashes of what each next step leads to, sorted.
func (v visit) successors(w World, maps []*engine.TableMap, h *hasher) (all []uint64) {
	steps, end := v.again(w, maps).steps()
	for _, st := range steps {
		s := v.again(w, maps)
		s.take(st)
		all = append(all, s.hash(h))
	}
	slices.Sort(all)
	if end {
		all = append(all, 0)
	}
	return all
}

// compare comes to the same hash on different ways, for some of the hashes, and
// compares what follows. It returns how many ways it has compared, and what it has
// found; a hash that leaves something out takes two states for one.
func compare(t *testing.T, w World, sample uint64, blind ...string) (compared int, differs string) {
	t.Helper()
	e := newExplorer(w, Options{})
	e.hasher.blind = blind
	ways := map[uint64][]visit{}
	e.visits = func(hash uint64) {
		if hash%sample == 0 && len(ways[hash]) < 4 {
			ways[hash] = append(ways[hash], visit{slices.Clone(e.taken), e.depth})
		}
		if len(e.seen) > 1000 { // enough of a large world
			e.todo = nil
		}
	}
	if err := e.search(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, hash := range slices.Sorted(maps.Keys(ways)) {
		v := ways[hash]
		if got := v[0].again(w, e.maps).hash(&e.hasher); got != hash {
			t.Fatalf("the same way leads to %x and to %x", hash, got)
		}
		want := v[0].successors(w, e.maps, &e.hasher)
		for _, other := range v[1:] {
			compared++
			if got := other.successors(w, e.maps, &e.hasher); !slices.Equal(got, want) {
				return compared, fmt.Sprintf("%v leads on to %x, %v to %x", v[0], want, other, got)
			}
		}
	}
	return compared, ""
}

// TestHashTellsAllThatMatters compares what follows states that hash alike.
func TestHashTellsAllThatMatters(t *testing.T) {
	t.Parallel()
	compared, every := 0, 11
	if soaking() {
		every = 2
	}
	for i, w := range Worlds() {
		if i%every != 3%every || testing.Short() && i%3 != 0 {
			continue
		}
		sample := uint64(29)
		switch {
		case soaking():
			sample = 7
		case w.Fault != NoFault:
			sample = 97
		}
		n, differs := compare(t, w, sample)
		if compared += n; differs != "" {
			t.Errorf("%v: two ways to one hash, and what follows differs: %s", w, differs)
		}
	}
	if compared < 40 {
		t.Errorf("%d pairs of ways were compared: too few", compared)
	}
	t.Logf("%d pairs of ways were compared", compared)
}

// TestHashThatForgetsIsNoticed leaves out, in turn, what follows surely hangs on. Much
// of it is told by several parts, so that one alone is not missed.
func TestHashThatForgetsIsNoticed(t *testing.T) {
	t.Parallel()
	w := World{Edits: [2]Edit{{engine.FinOps, Delete}, {engine.FinOps, Create}}, Fault: LateRequest}
	for _, blind := range [][]string{{"engine.Core", "system.Request"}, {"system.System", "oracle.Oracle"}} {
		if _, differs := compare(t, w, 1, blind...); differs == "" {
			t.Errorf("nobody notices that the hash passes over %v", blind)
		}
	}
}

// TestPruningLosesNothing follows every schedule of the smallest worlds to its end,
// known states or not, and finds the same ends as the exploration that does not, by
// their hashes and by what the two sides and the engine's store hold.
func TestPruningLosesNothing(t *testing.T) {
	t.Parallel()
	for _, w := range []World{
		{Edits: [2]Edit{{engine.FinOps, Delete}, {engine.FinOps, Create}}},
		{Edits: [2]Edit{{engine.Dataverse, Delete}, {engine.FinOps, Create}}},
		{Edits: [2]Edit{{engine.FinOps, Create}, {engine.Dataverse, Delete}}},
	} {
		var found [2]map[string]bool
		var runs [2]int
		for i := range found {
			found[i] = map[string]bool{}
			e := newExplorer(w, Options{})
			e.unpruned = i == 1
			e.ends = func(hash uint64, s *stage) {
				found[i][fmt.Sprintf("%x %s", hash, s.told())] = true
				runs[i]++
			}
			if err := e.search(t.Context()); err != nil {
				t.Fatal(err)
			}
			if e.broken != nil {
				t.Fatalf("%v: %v", w, e.broken)
			}
		}
		if !maps.Equal(found[0], found[1]) {
			t.Errorf("%v: %d ends, and without pruning %d", w, len(found[0]), len(found[1]))
		}
		r, err := Explore(t.Context(), w, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Schedules == nil || r.Schedules.Int64() != int64(runs[1]) {
			t.Errorf("%v: %v schedules are counted, and %d were followed", w, r.Schedules, runs[1])
		}
		t.Logf("%v: %d schedules, %d states", w, runs[1], r.States)
	}
}

// told is what both sides and the engine's store hold, as text.
func (s *stage) told() string {
	var b strings.Builder
	for side := range s.systems {
		for r := range records(s.systems[side]) {
			fmt.Fprintf(&b, "%v %v alive %v mark %d.%d dead %v %v\n", engine.Side(side), r.Values, r.Alive, r.Mark.Incarnation, r.Mark.Number, r.Mark.Dead, r.Mark.Groups)
		}
	}
	fmt.Fprintf(&b, "%+v %d refused", *s.saved(), s.refused)
	return b.String()
}

// TestNothingPassedOverIsStale makes sure that what the hash passes over is still
// there: a field that has got another name would count from then on, unseen.
func TestNothingPassedOverIsStale(t *testing.T) {
	t.Parallel()
	var h hasher
	for _, w := range []World{
		{Edits: [2]Edit{{engine.FinOps, Update}, {engine.Dataverse, Delete}}, Fault: LateRequest},
		{Edits: [2]Edit{{engine.FinOps, Create}, {engine.FinOps, UpdateOther}}},
	} {
		e := newExplorer(w, Options{})
		e.hasher.plans = h.plans
		if err := e.search(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.plans = e.hasher.plans
	}
	there := map[string]bool{}
	for of := range h.plans {
		there[nameOf(of)] = true
		for f := range of.Fields() {
			there[nameOf(of)+"."+f.Name] = true
		}
	}
	for name := range passedOver {
		if !there[name] {
			t.Errorf("the hash passes over %s, and the walk never meets it: take it off the list, or give its new name", name)
		}
	}
}
