package main

import "testing"

var holdSizes = []struct {
	name   string
	timers int
}{{"1k", 1_000}, {"100k", 100_000}, {"1M", 1_000_000}}

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
