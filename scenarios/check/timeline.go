package check

import (
	"math/bits"

	"github.com/twinwrite/twinwrite/sim"
)

// timeline is a cheap abstract of what happened in a case: which kind of event
// followed which, whoever was concerned and whenever it was. Two cases with one
// timeline tell the same story with other names.
type timeline struct {
	hash sim.Digest
	last uint64
	seen coverage
}

// coverage is a set of steps from one kind of event to the next, by hash.
type coverage [1 << 10]uint64

// observe takes in one event. Runs of one kind count as one.
func (t *timeline) observe(ev sim.Event) {
	kind := uint64(ev.Kind)<<32 | uint64(uint32(ev.Actor))
	if kind == t.last {
		return
	}
	step := sim.Mix(t.last, kind)
	t.hash = sim.Digest(sim.Mix(uint64(t.hash), kind))
	t.seen[step>>6%uint64(len(t.seen))] |= 1 << (step % 64)
	t.last = kind
}

// add unites two sets, and returns how many steps were new.
func (c *coverage) add(other *coverage) (fresh int) {
	for i, w := range other {
		fresh += bits.OnesCount64(w &^ c[i])
		c[i] |= w
	}
	return fresh
}
