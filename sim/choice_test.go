package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/sim"
)

// ties runs n events of one instant, leaving out one of them, and returns their
// order.
func ties(c sim.Config, n, without int) (string, *sim.Kernel) {
	k := sim.New(c)
	r := newRecorder(k)
	for i := range n {
		if i != without {
			k.At(5, sim.Normal, r.id, 0, uint64(i), 0)
		}
	}
	k.Run(sim.Forever)
	return strings.Join(r.seen, " "), k
}

func TestPermutedOrderIsDrawnFromTheSeed(t *testing.T) {
	t.Parallel()
	inSequence, _ := ties(sim.Config{Seed: 1}, 8, -1)
	seen := map[string]bool{}
	for seed := range uint64(50) {
		c := sim.Config{Seed: seed, Order: sim.Permuted}
		got, _ := ties(c, 8, -1)
		if again, _ := ties(c, 8, -1); again != got {
			t.Fatalf("seed %d gives %s and %s", seed, got, again)
		}
		a, b := strings.Fields(got), strings.Fields(inSequence)
		slices.Sort(a)
		if !slices.Equal(a, b) {
			t.Fatalf("%s is no permutation of %s", got, inSequence)
		}
		seen[got] = true

		// Without one of them, the others keep their order.
		rest, _ := ties(c, 8, 3)
		if want := strings.Join(slices.DeleteFunc(strings.Fields(got), func(s string) bool { return s == "5:3" }), " "); rest != want {
			t.Errorf("seed %d: without one, the order is %s, want %s", seed, rest, want)
		}
	}
	if len(seen) < 45 {
		t.Errorf("%d orders from 50 seeds", len(seen))
	}
}

// Each of the six orders of three ties comes about equally often.
func TestPermutedOrderIsFair(t *testing.T) {
	t.Parallel()
	const n = 6000
	count := map[string]int{}
	for run := range uint64(n) {
		got, _ := ties(sim.Config{Seed: 1, Run: run, Order: sim.Permuted}, 3, -1)
		count[got]++
	}
	chi := 0.0
	for _, c := range count {
		chi += float64((c-n/6)*(c-n/6)) / (n / 6)
	}
	if len(count) != 6 || chi > 40 { // 5 degrees of freedom: below 10⁻⁶
		t.Errorf("orders %v, chi-square %.1f", count, chi)
	}
}

// Time and priority are kept whatever the order of ties.
func TestEveryOrderKeepsTimeAndPriority(t *testing.T) {
	t.Parallel()
	for _, order := range []sim.Order{sim.InSequence, sim.Permuted, sim.Enumerated} {
		k := sim.New(sim.Config{Seed: 9, Order: order})
		s := k.Stream("x")
		var last sim.Event
		id := k.Register("a", sim.ActorFunc(func(ev sim.Event) {
			if ev.At < last.At || ev.At == last.At && ev.Priority < last.Priority {
				t.Errorf("%v: %v after %v", order, ev, last)
			}
			last = ev
		}))
		for i := range uint64(500) {
			k.At(sim.Time(s.Bits(0, i)%20), sim.Priority(s.Bits(1, i)%3), id, 0, i, 0)
		}
		k.Run(sim.Forever)
		if k.Events() != 500 {
			t.Errorf("%v: %d events", order, k.Events())
		}
	}
}

func TestEnumerationVisitsEveryOrderOnce(t *testing.T) {
	t.Parallel()
	factorial := 1
	for n := 1; n <= 6; n++ {
		factorial *= n
		seen := map[string]bool{}
		runs := 0
		for choices, more := []int(nil), true; more; runs++ {
			got, k := ties(sim.Config{Order: sim.Enumerated, Choices: choices}, n, -1)
			if runs == 0 {
				if inSequence, _ := ties(sim.Config{}, n, -1); got != inSequence {
					t.Errorf("the first run has order %s, want %s", got, inSequence)
				}
			}
			if seen[got] {
				t.Fatalf("%s came twice", got)
			}
			seen[got] = true
			choices, more = sim.NextChoices(k.Choices())
		}
		if runs != factorial {
			t.Errorf("%d runs for the orders of %d ties, want %d", runs, n, factorial)
		}
	}
}

// Events that join an instant are among the alternatives from then on, and the
// model's own choices are enumerated together with them.
func TestEnumerationOfAGrowingInstantAndOwnChoices(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for choices, more := []int(nil), true; more; {
		k := sim.New(sim.Config{Order: sim.Enumerated, Choices: choices})
		r := newRecorder(k)
		r.then = func(ev sim.Event) {
			if ev.Entity == 1 {
				k.After(0, sim.Normal, r.id, 0, 3, 0)
				r.seen = append(r.seen, fmt.Sprint("coin ", k.Choose(2, "coin")))
			}
		}
		k.At(1, sim.Normal, r.id, 0, 1, 0)
		k.At(1, sim.Normal, r.id, 0, 2, 0)
		k.Run(sim.Forever)
		seen[strings.Join(r.seen, " ")]++
		for _, c := range k.Choices() {
			if want := map[string]bool{"order": true, "coin": true}; !want[c.Label] || c.Arity != 2 || c.At != 1 {
				t.Errorf("choice %+v", c)
			}
		}
		choices, more = sim.NextChoices(k.Choices())
	}
	// 2 before 1; or 1, the coin, and then 2 and 3 in either order.
	for _, want := range []string{
		"1:2 1:1 coin 0 1:3", "1:2 1:1 coin 1 1:3",
		"1:1 coin 0 1:2 1:3", "1:1 coin 0 1:3 1:2",
		"1:1 coin 1 1:2 1:3", "1:1 coin 1 1:3 1:2",
	} {
		if seen[want] != 1 {
			t.Errorf("%q came %d times", want, seen[want])
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d ways: %v", len(seen), seen)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	k := sim.New(sim.Config{})
	for range 10 {
		if got := k.Choose(5, "x"); got != 0 {
			t.Errorf("in sequence, the choice is %d", got)
		}
	}
	k = sim.New(sim.Config{Order: sim.Permuted, Seed: 3})
	var count [5]int
	for range 5000 {
		count[k.Choose(5, "x")]++
	}
	for i, c := range count {
		if c < 850 || c > 1150 {
			t.Errorf("permuted, alternative %d is chosen %d times of 5000", i, c)
		}
	}
	if n := len(k.Choices()); n != 0 {
		t.Errorf("%d choices are recorded without enumeration", n)
	}
}
