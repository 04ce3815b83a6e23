package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/sim"
)

// BenchmarkHold is one event of the hold model per iteration.
func BenchmarkHold(b *testing.B) {
	for _, size := range holdSizes {
		b.Run(size.name+"/kernel", func(b *testing.B) {
			m := newHold(size.timers)
			m.run(uint64(2 * size.timers))
			benchmarkHold(b, m.run)
		})
		b.Run(size.name+"/container-heap", func(b *testing.B) {
			m := newStandardHold(size.timers)
			m.run(uint64(2 * size.timers))
			benchmarkHold(b, m.run)
		})
	}
}

// BenchmarkEventList is one event of the hold model per iteration, with delays
// that are hard on one kind of event list or another.
func BenchmarkEventList(b *testing.B) {
	for _, mix := range []struct {
		name   string
		delays sim.Dist
	}{
		{"exponential", sim.Exponential(1)},
		{"bimodal", sim.Mixture{{Weight: 1, Of: sim.Uniform{Low: 0.9, High: 1.1}}, {Weight: 1, Of: sim.Uniform{Low: 99, High: 101}}}},
		{"skewed", sim.Mixture{{Weight: 0.9, Of: sim.Constant(0.001)}, {Weight: 0.09, Of: sim.Exponential(1)}, {Weight: 0.01, Of: sim.Constant(30)}}},
		{"equal", sim.Constant(1)},
	} {
		for _, timers := range []int{10, 100, 1_000, 10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%s/%d", mix.name, timers), func(b *testing.B) {
				m := newHoldOf(timers, mix.delays)
				m.run(uint64(2 * timers))
				benchmarkHold(b, m.run)
			})
		}
	}
}

// TestMetrics: every figure that a Go benchmark reports is read, by its unit.
func TestMetrics(t *testing.T) {
	t.Parallel()
	got := metrics(`goos: linux
BenchmarkSettled/memory-2   	     100	  21 ns/op	         0.20 allocs/reference	      2101 ns/reference
BenchmarkSettled/memory-2   	     100	  22 ns/op	         0.20 allocs/reference	      2301 ns/reference
PASS
ok  	github.com/twinwrite/twinwrite/engine	1.2s`)
	if v := got["ns/reference"]; len(v) != 2 || v[0] != 2101 || v[1] != 2301 || len(got) != 3 {
		t.Errorf("read %v", got)
	}
}

// benchmarkHold runs the events in batches, so that starting the kernel's loop
// does not count.
func benchmarkHold(b *testing.B, run func(events uint64) uint64) {
	const batch = 4096
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		if events%batch == 0 {
			run(batch)
		}
		events++
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkMM4 is one customer per iteration.
func BenchmarkMM4(b *testing.B) {
	q := newQueue(4, 3.6, 1)
	q.serve(10_000)
	const batch = 4096
	b.ReportAllocs()
	customers := 0
	for b.Loop() {
		if customers%batch == 0 {
			q.serve(batch)
		}
		customers++
	}
	b.ReportMetric(float64(customers)/b.Elapsed().Seconds(), "customers/s")
}

// The three variants of the hold model fire the same timers.
func TestHoldVariantsAgree(t *testing.T) {
	t.Parallel()
	entrants := []entrant{kernel, standard}
	if program, err := build("holdcpp/hold.cpp", t.TempDir()); errors.Is(err, errNoCompiler) {
		t.Log("no C++ compiler found: C++ is not compared")
	} else if err != nil {
		t.Fatal(err)
	} else {
		entrants = append(entrants, program)
	}
	for _, timers := range []int{1, 100, 20_000} {
		if _, err := race(entrants, timers, 20_000, 3); err != nil {
			t.Errorf("%d timers: %v", timers, err)
		}
	}
}
