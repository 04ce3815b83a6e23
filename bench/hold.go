package main

import (
	"container/heap"
	"math/bits"

	"github.com/twinwrite/twinwrite/sim"
)

// The hold model: n timers, each of which, when it fires, sets itself again
// after an exponential delay of mean 1 s. The number of pending events stays n,
// so a run measures what one event costs: taking it from the event list, a
// draw, and putting its successor back.
//
// All three variants make the same draws and therefore fire the same timers in
// the same order. Each takes the kernel's trace digest over every event, which
// shows it. What else the kernel does for an event (priorities, actors behind an
// interface, the guards against runaways, the last events kept for a report) the
// other two leave out, as somebody who writes this one model by hand would.

const (
	holdSeed   = 1
	holdStream = "hold"
)

// holdSizes are the numbers of timers that are measured, each as often as it
// takes for a median to settle: a short lap catches more of what else the
// machine does.
var holdSizes = []struct {
	name   string
	timers int
	rounds int
}{{"1k", 1_000, 41}, {"100k", 100_000, 21}, {"1M", 1_000_000, 11}}

// holdModel is the hold model on the kernel: events go through it as they do in
// any model.
type holdModel struct {
	k      *sim.Kernel
	self   sim.ActorID
	draws  sim.Stream
	delays sim.Dist
	limit  uint64
}

func newHold(timers int) *holdModel { return newHoldOf(timers, sim.Exponential(1)) }

// newHoldOf is the hold model with other delays.
func newHoldOf(timers int, delays sim.Dist) *holdModel {
	k := sim.New(sim.Config{Seed: holdSeed})
	m := &holdModel{k: k, draws: k.Stream(holdStream), delays: delays}
	m.self = k.Register("timers", m)
	for i := range uint64(timers) {
		m.arm(i, 0)
	}
	return m
}

// arm sets a timer for the nth time.
func (m *holdModel) arm(timer, nth uint64) {
	d := sim.Draw(m.delays, m.draws, timer, nth)
	m.k.After(d, sim.Normal, m.self, 0, timer, nth)
}

// Handle sets the timer that has fired again.
func (m *holdModel) Handle(ev sim.Event) {
	m.arm(ev.Entity, ev.Arg+1)
	if m.k.Events() == m.limit {
		m.k.Stop()
	}
}

// run fires that many further events and returns the digest so far.
func (m *holdModel) run(events uint64) uint64 {
	m.limit = m.k.Events() + events
	m.k.Run(sim.Forever)
	return uint64(m.k.Digest())
}

// standardHold is the hold model on the heap of Go's standard library.
type standardHold struct {
	timers timerHeap
	draws  sim.Stream
	armed  uint64
	digest uint64
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
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(timer)) } //nolint:errcheck // it holds nothing else
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}

func newStandardHold(timers int) *standardHold {
	m := &standardHold{draws: sim.NewStream(holdSeed, 0, holdStream), digest: emptyDigest}
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
		t := heap.Pop(&m.timers).(timer) //nolint:errcheck // it holds nothing else
		m.digest = digest(m.digest, t.at, t.timer)
		m.arm(t.at, t.timer, t.nth+1)
	}
	return m.digest
}

// emptyDigest is a kernel's digest before the first event.
const emptyDigest = 0xd1342543de82ef95

// digest is the kernel's digest after one more event of kind 0.
func digest(before uint64, at int64, entity uint64) uint64 {
	hi, lo := bits.Mul64(before^uint64(at)^0xa0761d6478bd642f, entity^0xe7037ed1a0b428db)
	return hi ^ lo
}
