package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestUniqueValueSchedules lets five records hand three unique values around, at
// random, while requests are lost and the engine crashes. Both sides refuse a
// value that another record holds. Whatever was handed on without a swap must
// arrive without an operator; a swap waits on the error desk, for a record that
// is given another value. It must make no difference whether hashes collide.
func TestUniqueValueSchedules(t *testing.T) {
	t.Parallel()
	for _, hashes := range []uint64{0, 1, 2} {
		t.Run(fmt.Sprintf("hashes below %d", hashes), func(t *testing.T) {
			t.Parallel()
			waited, swaps, retried, n := 0, 0, 0, 0
			for seed := range schedulesPerMixture(t) {
				s := newHandovers(t, uint64(seed), hashes)
				s.run()
				waited += s.waited
				swaps += s.swaps
				retried += len(s.retried)
				n++
				if t.Failed() {
					t.Fatalf("seed %d\n%s", seed, s.e.trace.String())
				}
			}
			if waited == 0 || swaps == 0 {
				t.Errorf("%d items waited for a value, and %d were refused one: too tame", waited, swaps)
			}
			if retried > 1+n/200 {
				t.Errorf("an operator had to retry %d items in %d schedules", retried, n)
			}
		})
	}
}

// handovers is one schedule.
type handovers struct {
	t      *testing.T
	r      *rand.Rand
	e      *environment
	fresh  int
	waited int
	swaps  int

	retried map[engine.Key]bool // by an operator
}

func newHandovers(t *testing.T, seed, hashes uint64) *handovers {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	e := newEnvironment(t)
	if err := e.declare([]string{"items code{unique} note"}); err != nil {
		t.Fatal(err)
	}
	e.maps[0].CollideValues(hashes)
	e.cfg = engine.Config{Workers: 1 + r.IntN(3), Batch: 1 + r.IntN(3), PullMax: 1 + r.IntN(4), Attempts: 1000}
	e.build()
	return &handovers{retried: map[engine.Key]bool{}, t: t, r: r, e: e}
}

func (s *handovers) run() {
	for range 10 + s.r.IntN(50) {
		switch n := s.r.IntN(20); {
		case n < 7:
			s.user()
		case n < 9:
			s.e.input(&engine.Input{Kind: engine.Notified})
		case n < 17 && len(s.e.pending) > 0:
			s.e.step([]fate{carryOut, carryOut, carryOut, carryOut, loseRequest, loseAnswer}[s.r.IntN(6)])
		case n == 18:
			s.e.crash(s.r.IntN(2) == 0)
		default:
			s.e.letTimePass(5 * time.Second)
		}
		s.e.core.OpenItems(func(i engine.OpenItem) {
			if i.State == "blocked" {
				s.waited++
			}
		})
	}
	s.heal()
}

// user commits one transaction: a record takes a value, and whoever held it gets
// a fresh one, in either order; or two records swap theirs.
func (s *handovers) user() {
	f := s.e.sides[engine.FinOps]
	taker := engine.Key{ID: string(rune('A' + s.r.IntN(5)))}
	value := engine.Text(fmt.Sprint("value", s.r.IntN(3)))
	take := f.change(taker)
	instead := take.After[0]
	if s.r.IntN(10) > 0 || instead.Kind == engine.KindNull { // no swap
		s.fresh++
		instead = engine.Text(fmt.Sprint("fresh", s.fresh))
	}
	take.After[0] = value
	changes := []engine.Change{take}
	for _, k := range slices.SortedFunc(maps.Keys(f.records), func(a, b engine.Key) int { return strings.Compare(a.ID, b.ID) }) {
		if k != taker && f.records[k].Values[0].Equal(value) {
			give := f.change(k)
			give.After[0] = instead
			changes = append(changes, give)
		}
	}
	if s.r.IntN(2) == 0 {
		slices.Reverse(changes)
	}
	if err := f.commit(changes, false); err != nil {
		s.t.Fatal(err)
	}
}

// heal lets the queue run empty. Only what was refused a value that another
// record will not free first may be parked.
func (s *handovers) heal() {
	e := s.e
	for round := 0; ; round++ {
		if round > 100 {
			s.t.Errorf("livelock: %+v", e.core.Stats())
			return
		}
		for steps := 0; len(e.pending) > 0; steps++ {
			if steps > 5000 {
				s.t.Error("livelock: requests never end")
				return
			}
			e.step(carryOut)
		}
		if e.core.Stats().Open == 0 && len(e.sides[engine.FinOps].outbox) == 0 && len(e.pending) == 0 {
			break
		}
		if parked := s.parked(); len(e.sides[engine.FinOps].outbox) == 0 && len(parked) > 0 && len(parked) == len(s.open()) {
			s.swaps++
			if len(parked) == 1 && !s.retried[parked[0]] {
				// The change that freed the value was replaced before it was carried,
				// and what replaced it was not taken in yet: a retry finds it free.
				s.retried[parked[0]] = true
				if err := e.ask(engine.RetryParked, engine.DeskFilter{}); err != nil {
					s.t.Fatal(err)
				}
				continue
			}
			if len(parked) == 1 {
				s.t.Errorf("%v waits on the error desk for a value that nobody else needs another for", parked[0])
				return
			}
			s.fresh++
			c := e.sides[engine.FinOps].change(parked[0])
			c.After[0] = engine.Text(fmt.Sprint("fresh", s.fresh))
			if err := e.sides[engine.FinOps].commit([]engine.Change{c}, false); err != nil {
				s.t.Fatal(err)
			}
		}
		e.letTimePass(2 * time.Minute)
	}
	e.accounts.close(s.t)
	for _, k := range e.sides[engine.FinOps].keys {
		if a, b := e.values(engine.FinOps, k), e.values(engine.Dataverse, k); a != b {
			s.t.Errorf("diverged when quiet: %s is %q and %q", k.ID, a, b)
		}
	}
}

func (s *handovers) open() (keys []engine.Key) {
	s.e.core.OpenItems(func(i engine.OpenItem) { keys = append(keys, i.Key) })
	return keys
}

func (s *handovers) parked() (keys []engine.Key) {
	s.e.core.OpenItems(func(i engine.OpenItem) {
		if i.State == "parked" && i.Parked.Reason == engine.DuplicateValue {
			keys = append(keys, i.Key)
		}
	})
	return keys
}
