package runs

import (
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// collector lets garbage be collected less often while little is alive, and more often
// while much is. By default that is each time when as much is garbage as is alive,
// which for a world of 10 MB is so often that it takes a sixth of the time, and makes
// one of 1 GB take 2. Who has set GOGC himself is obeyed. The setting is one for the
// whole process, and so is this.
type collector struct {
	sync.Mutex
	sets    int // that are being simulated
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

// begin lets a set have its way, until end.
func (c *collector) begin() {
	c.Lock()
	defer c.Unlock()
	if c.sets++; c.sets > 1 {
		return
	}
	if c.was = debug.SetGCPercent(usualPercent); c.was != usualPercent {
		debug.SetGCPercent(c.was)
	}
	c.percent = usualPercent
	c.set()
}

// tune looks how much is alive now. It is called often, and seldom does anything.
func (c *collector) tune() {
	c.Lock()
	defer c.Unlock()
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
	if c.sets--; c.sets == 0 && c.percent != usualPercent {
		debug.SetGCPercent(usualPercent)
	}
}
