// Package garbage lets garbage be collected less often while little is alive, and more
// often while much is, for as long as worlds are simulated: see [Allow].
package garbage

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// collector is the setting of the whole process. By default Go collects each time when
// as much is garbage as is alive, which for a world of 10 MB is so often that it takes a
// sixth of the time, and for the small worlds of test cases a third, and makes one of
// 1 GB take 2.
type collector struct {
	sync.Mutex
	users   int // that have it their way
	was     int // percent, before the first of them
	percent int
	live    [1]metrics.Sample
}

var theCollector = collector{live: [1]metrics.Sample{{Name: "/gc/heap/live:bytes"}}}

const (
	usualPercent   = 100       // of what is alive may be garbage: Go's own
	mostPercent    = 800       // halved until it fits
	leastPercent   = 50        // ... but no further
	garbageAllowed = 512 << 20 // bytes
)

// Allow lets there be garbage by how much is alive, until end is called. Who has set
// GOGC himself is obeyed.
func Allow() (end func()) {
	theCollector.begin()
	return theCollector.end
}

// Tune looks how much is alive now. Call it often while worlds grow; it seldom does
// anything.
func Tune() {
	theCollector.Lock()
	defer theCollector.Unlock()
	theCollector.set()
}

func (c *collector) begin() {
	c.Lock()
	defer c.Unlock()
	if c.users++; c.users > 1 {
		return
	}
	if c.was = debug.SetGCPercent(usualPercent); c.was != usualPercent {
		debug.SetGCPercent(c.was)
	}
	c.percent = usualPercent
	c.set()
}

func (c *collector) set() {
	if c.was != usualPercent {
		return
	}
	metrics.Read(c.live[:])
	if percent := percentOf(c.live[0].Value.Uint64()); percent != c.percent {
		debug.SetGCPercent(percent)
		c.percent = percent
	}
}

// percentOf returns how much garbage there may be while so many bytes are alive. It
// goes by powers of two, so that it changes seldom.
func percentOf(live uint64) int {
	percent := mostPercent
	for percent > leastPercent && live/100*uint64(percent) > garbageAllowed {
		percent /= 2
	}
	return percent
}

func (c *collector) end() {
	c.Lock()
	defer c.Unlock()
	if c.users--; c.users == 0 && c.percent != usualPercent {
		debug.SetGCPercent(usualPercent)
	}
}
