package main

import (
	"container/heap"

	"github.com/twinwrite/twinwrite/sim"
)

// The hold model: n timers, each of which, when it fires, sets itself again
// after an exponential delay of mean 1 s. The number of pending events stays n,
// so a run measures what one event costs: taking it from the event list, a
// draw, and putting its successor back.
//
// All three variants make the same draws and therefore fire the same timers in
// the same order, which the checksum shows.

const (
	holdSeed   = 1
	holdStream = "hold"
)

// holdSizes are the numbers of timers that are measured.
var holdSizes = []struct {
	name   string
	timers int
}{{"1k", 1_000}, {"100k", 100_000}, {"1M", 1_000_000}}

// checksum goes on with the next timer fired.
func checksum(sum uint64, at int64, timer uint64) uint64 {
	return (sum ^ uint64(at) ^ timer<<48) * 0x9e3779b97f4a7c15
}

// holdModel is the hold model on the kernel: events go through it as they do in
// any model, the trace digest included.
type holdModel struct {
	k     *sim.Kernel
	self  sim.ActorID
	draws sim.Stream
	sum   uint64
	limit uint64
}

func newHold(timers int) *holdModel {
	k := sim.New(sim.Config{Seed: holdSeed})
	m := &holdModel{k: k, draws: k.Stream(holdStream)}
	m.self = k.Register("timers", m)
	for i := range uint64(timers) {
		m.arm(i, 0)
	}
	return m
}

// arm sets a timer for the nth time.
func (m *holdModel) arm(timer, nth uint64) {
	d := sim.Draw(sim.Exponential(1), m.draws, timer, nth)
	m.k.After(d, sim.Normal, m.self, 0, timer, nth)
}

// Handle sets the timer that has fired again.
func (m *holdModel) Handle(ev sim.Event) {
	m.sum = checksum(m.sum, int64(ev.At), ev.Entity)
	m.arm(ev.Entity, ev.Arg+1)
	if m.k.Events() == m.limit {
		m.k.Stop()
	}
}

// run fires that many further events and returns the checksum so far.
func (m *holdModel) run(events uint64) uint64 {
	m.limit = m.k.Events() + events
	m.k.Run(sim.Forever)
	return m.sum
}

// standardHold is the hold model on the heap of Go's standard library.
type standardHold struct {
	timers timerHeap
	draws  sim.Stream
	armed  uint64
	sum    uint64
}

type timer struct {
	at         int64
	sequence   uint64
	timer, nth uint64
}

type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].sequence < h[j].sequence
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(timer)) }
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

func newStandardHold(timers int) *standardHold {
	m := &standardHold{draws: sim.NewStream(holdSeed, 0, holdStream)}
	for i := range uint64(timers) {
		m.arm(0, i, 0)
	}
	return m
}

func (m *standardHold) arm(now int64, id, nth uint64) {
	d := sim.Draw(sim.Exponential(1), m.draws, id, nth)
	heap.Push(&m.timers, timer{at: now + int64(d), sequence: m.armed, timer: id, nth: nth})
	m.armed++
}

func (m *standardHold) run(events uint64) uint64 {
	for range events {
		t := heap.Pop(&m.timers).(timer)
		m.sum = checksum(m.sum, t.at, t.timer)
		m.arm(t.at, t.timer, t.nth+1)
	}
	return m.sum
}
