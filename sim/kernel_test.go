package sim_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/sim"
)

// recorder is an actor that keeps what it is told.
type recorder struct {
	k    *sim.Kernel
	id   sim.ActorID
	seen []string
	then func(ev sim.Event)
}

func newRecorder(k *sim.Kernel) *recorder {
	r := &recorder{k: k}
	r.id = k.Register("recorder", r)
	return r
}

func (r *recorder) Handle(ev sim.Event) {
	if ev.At != r.k.Now() {
		panic(fmt.Sprintf("event at %v is told at %v", ev.At, r.k.Now()))
	}
	r.seen = append(r.seen, fmt.Sprintf("%d:%d", ev.At, ev.Entity))
	if r.then != nil {
		r.then(ev)
	}
}

// breach runs f and returns the breach that it panics with.
func breach(t *testing.T, f func()) (b *sim.Breach) {
	t.Helper()
	defer func() {
		t.Helper()
		err, _ := recover().(error)
		if !errors.As(err, &b) {
			t.Errorf("panicked with %v, want a breach", err)
			b = &sim.Breach{}
		}
	}()
	f()
	return nil
}

func TestEventsFireByTimePriorityAndSequence(t *testing.T) {
	t.Parallel()
	k := sim.New(sim.Config{})
	r := newRecorder(k)
	k.At(5, sim.Normal, r.id, 0, 1, 0)
	k.At(3, sim.Normal, r.id, 0, 2, 0)
	k.At(5, sim.Late, r.id, 0, 3, 0)
	k.At(5, sim.Early, r.id, 0, 4, 0)
	k.At(5, sim.Normal, r.id, 0, 5, 0)
	k.After(0, 255, r.id, 0, 6, 0)
	r.then = func(ev sim.Event) {
		if ev.Entity == 1 {
			// Within the instant: after its equals, before the late.
			k.After(0, sim.Normal, r.id, 0, 7, 0)
			k.After(0, sim.Early, r.id, 0, 8, 0)
		}
	}
	if got := k.Run(sim.Forever); got != sim.Drained {
		t.Errorf("Run ended %v", got)
	}
	want := []string{"0:6", "3:2", "5:4", "5:1", "5:8", "5:5", "5:7", "5:3"}
	if diff := cmp.Diff(want, r.seen); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if k.Events() != 8 || k.Pending() != 0 || k.Now() != 5 {
		t.Errorf("%d events, %d pending, now %v", k.Events(), k.Pending(), k.Now())
	}
}

func TestRunEndsAtHorizonAndStop(t *testing.T) {
	t.Parallel()
	k := sim.New(sim.Config{})
	r := newRecorder(k)
	for _, at := range []sim.Time{10, 20, 30, 40} {
		k.At(at, sim.Normal, r.id, 0, 0, 0)
	}
	if got := k.Run(20); got != sim.Horizon || k.Now() != 20 || k.Events() != 2 {
		t.Errorf("Run(20): %v at %v after %d events", got, k.Now(), k.Events())
	}
	if got := k.Run(25); got != sim.Horizon || k.Now() != 25 {
		t.Errorf("Run(25): %v at %v", got, k.Now())
	}
	k.After(1, sim.Normal, r.id, 0, 9, 0) // earlier than what is pending
	r.then = func(sim.Event) { k.Stop() }
	if got := k.Run(100); got != sim.Stopped || k.Now() != 26 || k.Pending() != 2 {
		t.Errorf("Run(100): %v at %v with %d pending", got, k.Now(), k.Pending())
	}
	r.then = nil
	if got := k.Run(100); got != sim.Drained || k.Now() != 40 {
		t.Errorf("Run(100) again: %v at %v", got, k.Now())
	}
	want := []string{"10:0", "20:0", "26:9", "30:0", "40:0"}
	if diff := cmp.Diff(want, r.seen); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestBrokenRulesPanicWithTheValues(t *testing.T) {
	t.Parallel()
	type world struct {
		k *sim.Kernel
		r *recorder
	}
	loop := func(w world, d time.Duration) {
		w.r.then = func(sim.Event) { w.k.After(d, sim.Normal, w.r.id, 7, 77, 0) }
		w.k.At(10, sim.Normal, w.r.id, 7, 77, 0)
		w.k.Run(sim.Forever)
	}
	for _, c := range []struct {
		name   string
		config sim.Config
		do     func(w world)
		rule   sim.Rule
		detail string
	}{
		{"past", sim.Config{}, func(w world) { w.k.At(10, 1, w.r.id, 0, 0, 0); w.k.Run(10); w.k.At(9, 1, w.r.id, 3, 0xabc, 5) }, sim.EventInThePast, "9 actor=0 kind=3 entity=0000000000000abc arg=5"},
		{"negative time", sim.Config{}, func(w world) { w.k.At(-1, 1, w.r.id, 0, 0, 0) }, sim.EventInThePast, "-1 actor=0"},
		{"negative delay", sim.Config{}, func(w world) { w.k.After(-2, 1, w.r.id, 0, 0, 0) }, sim.EventInThePast, "-2 actor=0"},
		{"overflow", sim.Config{}, func(w world) { w.k.At(10, 1, w.r.id, 0, 0, 0); w.k.Run(10); w.k.After(1<<63-1, 1, w.r.id, 0, 0, 0) }, sim.EventInThePast, "-9223372036854775799 actor=0"},
		{"nobody", sim.Config{}, func(w world) { w.k.At(1, 1, 4, 0, 0, 0) }, sim.UnknownActor, "actor=4"},
		{"zero-time loop", sim.Config{SameInstantMax: 100}, func(w world) { loop(w, 0) }, sim.ZeroTimeLoop, "more than 100 events at one instant, the last: 10 actor=0 kind=7 entity=000000000000004d"},
		{"runaway", sim.Config{EventsMax: 100}, func(w world) { loop(w, 1) }, sim.Runaway, "more than 100 events"},
		{"no alternative", sim.Config{}, func(w world) { w.k.Choose(0, "coin") }, sim.ChoiceInRange, "coin: 0 alternatives"},
		{"choice out of range", sim.Config{Order: sim.Enumerated, Choices: []int{2}}, func(w world) { w.k.Choose(2, "coin") }, sim.ChoiceInRange, "choice 0 (coin) is 2 of 2"},
		{"run inside a run", sim.Config{}, func(w world) {
			w.r.then = func(sim.Event) { w.k.Run(5) }
			w.k.At(1, 1, w.r.id, 0, 0, 0)
			w.k.Run(5)
		}, sim.Reentered, "Run(5ns)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := sim.New(c.config)
			w := world{k, newRecorder(k)}
			b := breach(t, func() { c.do(w) })
			if b == nil {
				t.Fatal("did not panic")
			}
			if b.Rule != c.rule || !strings.Contains(b.Detail, c.detail) {
				t.Errorf("%v\nwant rule %q and detail %q", b, c.rule, c.detail)
			}
		})
	}
}

// The zero-time guard counts per instant: many events, few at each, are fine.
func TestZeroTimeGuardCountsPerInstant(t *testing.T) {
	t.Parallel()
	k := sim.New(sim.Config{SameInstantMax: 3})
	r := newRecorder(k)
	for i := range 300 {
		k.At(sim.Time(i/3), sim.Normal, r.id, 0, 0, 0)
	}
	k.Run(sim.Forever)
	if k.Events() != 300 {
		t.Errorf("%d events", k.Events())
	}
}

func TestTailHoldsTheLastEvents(t *testing.T) {
	t.Parallel()
	k := sim.New(sim.Config{})
	r := newRecorder(k)
	for i := range 100 {
		k.At(sim.Time(i), sim.Normal, r.id, 0, uint64(i), 0)
	}
	k.Run(2)
	if tail := k.Tail(); len(tail) != 3 || tail[2].Entity != 2 {
		t.Errorf("tail after three events: %v", tail)
	}
	k.Run(sim.Forever)
	if tail := k.Tail(); len(tail) != 64 || tail[0].Entity != 36 || tail[63].Entity != 99 {
		t.Errorf("tail after a hundred events: %v", tail)
	}
}

func TestObserveSeesEachEventFirst(t *testing.T) {
	t.Parallel()
	var seen []string
	k := sim.New(sim.Config{Observe: func(ev sim.Event) { seen = append(seen, "observed "+ev.String()) }})
	id := k.Register("a", sim.ActorFunc(func(ev sim.Event) { seen = append(seen, "handled") }))
	k.At(1, 2, id, 3, 4, 5)
	k.Run(sim.Forever)
	want := []string{"observed 1 actor=0 kind=3 entity=0000000000000004 arg=5 priority=2", "handled"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// bustle is a world with a bit of everything, ties included. It returns the
// digest after the given number of events.
func bustle(c sim.Config, events uint64) sim.Digest {
	k := sim.New(c)
	s := k.Stream("bustle")
	link := sim.NewLink(k, "link", sim.LinkConfig{Latency: sim.Lognormal{P50: 0.01, P99: 0.3}, Loss: 0.01, Duplicate: 0.02})
	var actor sim.ActorID
	var station *sim.Station
	actor = k.Register("actor", sim.ActorFunc(func(ev sim.Event) {
		switch ev.Kind {
		case 0:
			k.After(time.Duration(s.Bits(ev.Entity, ev.Arg)%5)*time.Millisecond, sim.Normal, actor, 0, ev.Entity, ev.Arg+1)
			link.Send(k, sim.Normal, actor, 1, ev.Entity, ev.Arg, ev.Arg)
		case 1:
			station.Submit(sim.Job{Entity: ev.Entity, Ordinal: ev.Arg, To: actor, Kind: 2})
		case 2:
			k.Note(3, uint64(k.Choose(3, "three ways")))
		}
		if k.Events() == events {
			k.Stop()
		}
	}))
	station = sim.NewStation(k, "station", sim.StationConfig{Servers: 3, QueueMax: 1000, Service: sim.NewGamma(0.001, 0.8), Stream: k.Stream("service")})
	for i := range uint64(20) {
		k.At(0, sim.Normal, actor, 0, i, 0)
	}
	k.Run(sim.Forever)
	return k.Digest()
}

const bustleEvents = 30_000

func TestSameSeedSameDigest(t *testing.T) {
	// Not parallel: it sets GOMAXPROCS.
	for _, order := range []sim.Order{sim.InSequence, sim.Permuted} {
		c := sim.Config{Seed: 42, Run: 7, Order: order}
		want := bustle(c, bustleEvents)
		before := runtime.GOMAXPROCS(1)
		one := bustle(c, bustleEvents)
		runtime.GOMAXPROCS(2)
		two := bustle(c, bustleEvents)
		runtime.GOMAXPROCS(before)
		if one != want || two != want {
			t.Errorf("%v: digests %v, %v with one processor, %v with two", order, want, one, two)
		}
		for name, other := range map[string]sim.Config{
			"seed":  {Seed: 43, Run: 7, Order: order},
			"run":   {Seed: 42, Run: 8, Order: order},
			"order": {Seed: 42, Run: 7, Order: 1 - order},
		} {
			if bustle(other, bustleEvents) == want {
				t.Errorf("%v: another %s, the same digest %v", order, name, want)
			}
		}
	}
}

// The digest on record: it may change with a change of the kernel's draws or
// order, never by processor, system or Go version.
func TestDigestOnRecord(t *testing.T) {
	t.Parallel()
	const want = "ba27542a2da783b9"
	if got := bustle(sim.Config{Seed: 42, Run: 7}, bustleEvents).String(); got != want {
		t.Errorf("digest %v, on record is %v", got, want)
	}
}

const printDigest = "TWINWRITE_SIM_TEST_PRINT_DIGEST"

func TestMain(m *testing.M) {
	if os.Getenv(printDigest) != "" {
		fmt.Println(bustle(sim.Config{Seed: 42, Run: 7}, bustleEvents))
		return
	}
	os.Exit(m.Run())
}

func TestTwoProcessesSameDigest(t *testing.T) {
	t.Parallel()
	want := bustle(sim.Config{Seed: 42, Run: 7}, bustleEvents).String()
	for range 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), printDigest+"=1")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(out)); got != want {
			t.Errorf("another process has digest %s, this one %s", got, want)
		}
	}
}

func TestDigestCoversTimeKindEntityAndNotes(t *testing.T) {
	t.Parallel()
	digest := func(at sim.Time, kind sim.Kind, entity uint64, note bool) sim.Digest {
		k := sim.New(sim.Config{})
		r := newRecorder(k)
		k.At(1, sim.Normal, r.id, 1, 1, 0)
		k.At(at, sim.Normal, r.id, kind, entity, 0)
		k.Run(sim.Forever)
		if note {
			k.Note(1, 1)
		}
		return k.Digest()
	}
	all := []sim.Digest{digest(1, 1, 1, false), digest(2, 1, 1, false), digest(1, 2, 1, false), digest(1, 1, 2, false), digest(1, 1, 1, true)}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != 5 {
		t.Errorf("%d digests of 5 traces", n)
	}
}

// A steady world does not allocate: small, and large enough for the radix.
func TestEventsDoNotAllocate(t *testing.T) {
	for _, timers := range []uint64{100, 30_000} {
		k := sim.New(sim.Config{})
		s := k.Stream("hold")
		var id sim.ActorID
		id = k.Register("timers", sim.ActorFunc(func(ev sim.Event) {
			k.After(sim.Draw(sim.Exponential(1), s, ev.Entity, ev.Arg), sim.Normal, id, 0, ev.Entity, ev.Arg+1)
		}))
		for i := range timers {
			k.At(0, sim.Normal, id, 0, i, 0)
		}
		until := sim.Time(0)
		step := func() {
			until = until.Add(100 * time.Millisecond)
			k.Run(until)
		}
		for range 50 {
			step()
		}
		before := k.Events()
		if got := testing.AllocsPerRun(10, step); got > 0.5 {
			t.Errorf("%d timers: %v allocations in %d events", timers, got, (k.Events()-before)/11)
		}
	}
}

func TestStateHash(t *testing.T) {
	t.Parallel()
	type pending struct {
		in     time.Duration
		p      sim.Priority
		kind   sim.Kind
		entity uint64
		arg    uint64
	}
	hash := func(order sim.Order, from sim.Time, part uint64, events ...pending) uint64 {
		k := sim.New(sim.Config{Order: order})
		r := newRecorder(k)
		k.At(from, sim.Normal, r.id, 0, 0, 0)
		k.Run(from)
		for _, e := range events {
			k.After(e.in, e.p, r.id, e.kind, e.entity, e.arg)
		}
		return k.StateHash(part)
	}
	a, b, c := pending{1, 1, 1, 1, 1}, pending{1, 1, 1, 2, 1}, pending{5, 1, 1, 1, 1}
	for _, order := range []sim.Order{sim.InSequence, sim.Enumerated} {
		base := hash(order, 10, 1, a, b, c)
		if got := hash(order, 1000, 1, a, b, c); got != base {
			t.Errorf("%v: the same state later hashes to %x, not %x", order, got, base)
		}
		if got := hash(order, 10, 1, c, a, b); got != base {
			t.Errorf("%v: the same events scheduled in another order hash to %x, not %x", order, got, base)
		}
		for name, got := range map[string]uint64{
			"part":     hash(order, 10, 2, a, b, c),
			"missing":  hash(order, 10, 1, a, b),
			"twice":    hash(order, 10, 1, a, b, c, c),
			"time":     hash(order, 10, 1, a, b, pending{6, 1, 1, 1, 1}),
			"priority": hash(order, 10, 1, a, b, pending{5, 2, 1, 1, 1}),
			"kind":     hash(order, 10, 1, a, b, pending{5, 1, 2, 1, 1}),
			"entity":   hash(order, 10, 1, a, b, pending{5, 1, 1, 2, 1}),
			"arg":      hash(order, 10, 1, a, b, pending{5, 1, 1, 1, 2}),
		} {
			if got == base {
				t.Errorf("%v: another %s hashes alike", order, name)
			}
		}
		// The order of a tie is part of the state unless it is still open.
		if swapped := hash(order, 10, 1, b, a, c); (swapped == base) != (order == sim.Enumerated) {
			t.Errorf("%v: with a tie swapped the hash is %x, was %x", order, swapped, base)
		}
	}
}
