package main

import (
	"errors"
	"testing"
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
