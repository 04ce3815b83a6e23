package sim_test

import (
	"math"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/sim"
)

func newLink(c sim.LinkConfig) (*sim.Kernel, *sim.Link) {
	k := sim.New(sim.Config{Seed: 11})
	return k, sim.NewLink(k, "there", c)
}

func TestLinkRates(t *testing.T) {
	t.Parallel()
	_, l := newLink(sim.LinkConfig{Latency: sim.Shifted{By: 0.015, Of: sim.Exponential(0.02)}, Loss: 0.1, Duplicate: 0.05})
	const n = 100_000
	var copies [3]int
	latency := 0.0
	for i := range uint64(n) {
		f := l.Fate(0, i, 0)
		copies[f.Copies]++
		for _, d := range f.After[:f.Copies] {
			latency += d.Seconds()
			if d < 15*time.Millisecond {
				t.Fatalf("latency %v", d)
			}
		}
	}
	near := func(what string, got, want, sd float64) {
		if math.Abs(got-want) > 6*sd {
			t.Errorf("%s is %v, want %v ± %v", what, got, want, 6*sd)
		}
	}
	near("loss", float64(copies[0])/n, 0.1, math.Sqrt(0.1*0.9/n))
	near("duplication", float64(copies[2])/n, 0.9*0.05, math.Sqrt(0.045/n))
	near("latency", latency/float64(copies[1]+2*copies[2]), 0.035, 0.02/math.Sqrt(n))
	want := sim.LinkStats{Sent: n, Lost: uint64(copies[0]), Duplicated: uint64(copies[2])}
	if got := l.Stats(); got != want {
		t.Errorf("statistics %+v, want %+v", got, want)
	}
}

// One direction may be cut while the other is not, and a cut changes nothing
// for the messages after it.
func TestLinkCutAndSlow(t *testing.T) {
	t.Parallel()
	config := sim.LinkConfig{Latency: sim.Exponential(0.1)}
	_, free := newLink(config)
	k, l := newLink(config)
	back := sim.NewLink(k, "back", config)
	l.Cut(100, 200)
	l.Cut(150, 300)
	l.Slow(250, 500, 8)
	l.Slow(400, 600, 0.5)
	for _, c := range []struct {
		at     sim.Time
		factor int64 // in sixteenths
	}{{0, 16}, {99, 16}, {100, 0}, {199, 0}, {200, 0}, {299, 0}, {300, 128}, {400, 64}, {500, 8}, {600, 16}} {
		at, factor := c.at, c.factor
		want := time.Duration(int64(free.Fate(at, uint64(at), 0).After[0]) * factor / 16)
		got := l.Fate(at, uint64(at), 0)
		if (got.Copies == 0) != (factor == 0) || max(got.After[0]-want, want-got.After[0]) > 10 {
			t.Errorf("at %d: %d copies after %v, want %v", at, got.Copies, got.After[0], want)
		}
		if l.Up(at) != (factor != 0) {
			t.Errorf("at %d: up is %v", at, l.Up(at))
		}
		if back.Fate(at, uint64(at), 0).Copies != 1 {
			t.Errorf("at %d: the way back is cut", at)
		}
	}
}

func TestLinkSend(t *testing.T) {
	t.Parallel()
	k, l := newLink(sim.LinkConfig{Latency: sim.Constant(2e-9), Duplicate: 1})
	r := newRecorder(k)
	if n := l.Send(k, sim.Normal, r.id, 1, 42, 0, 0); n != 2 {
		t.Errorf("%d copies", n)
	}
	k.Run(sim.Forever)
	if len(r.seen) != 2 || r.seen[0] != "2:42" || r.seen[1] != "2:42" {
		t.Errorf("arrived: %v", r.seen)
	}
	l.Cut(0, sim.Forever)
	if n := l.Send(k, sim.Normal, r.id, 1, 42, 0, 1); n != 0 || k.Pending() != 0 || l.Stats().Cut != 1 {
		t.Errorf("through a cut link: %d copies, %d pending, %+v", n, k.Pending(), l.Stats())
	}
}

func TestLinkFaults(t *testing.T) {
	t.Parallel()
	if err := (sim.LinkConfig{Loss: 2, Duplicate: -1}).Validate(); err == nil {
		t.Error("taken for valid")
	}
	k := sim.New(sim.Config{})
	if b := breach(t, func() { sim.NewLink(k, "x", sim.LinkConfig{}) }); b == nil || b.Rule != sim.ValidParameters {
		t.Errorf("%v", b)
	}
	_, l := newLink(sim.LinkConfig{Latency: sim.Constant(1)})
	if b := breach(t, func() { l.Slow(0, 1, 0) }); b == nil {
		t.Error("slow by 0 is taken for valid")
	}
}
