package check

import (
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// focus leaves out at once what a violation does not speak of: all records but its own,
// then all but its own and those that it looks up.
func (s *shrinker) focus(subject *Subject, v *oracle.Violation) {
	m := subject.mapOf(&s.best.Setup, v)
	if m == nil || v.Key.ID == "" {
		return
	}
	own := func(e *Edit) bool {
		return e.Map == m.Table.Name && e.Company == v.Key.Company && strings.EqualFold(e.Key, v.Key.ID)
	}
	if s.with(func(c *Case) { c.keep(own) }) {
		return
	}
	named := subject.lookedUp(s.best, own)
	s.with(func(c *Case) {
		c.keep(func(e *Edit) bool {
			return own(e) || slices.ContainsFunc(named, func(n Edit) bool { return n.Map == e.Map && strings.EqualFold(n.Key, e.Key) })
		})
	})
}

// mapOf returns the map that a violation is about; nil when it is about all.
func (s *Subject) mapOf(setup *Setup, v *oracle.Violation) *Map {
	_, kept, err := s.tables(setup)
	if err != nil || int(v.Key.Map) >= len(kept) {
		return nil
	}
	return &s.Maps[kept[v.Key.Map]]
}

// lookedUp lists the records that some edits of a case look up, each by its map and key.
func (s *Subject) lookedUp(c *Case, by func(*Edit) bool) (named []Edit) {
	for i := range c.Transactions {
		for j := range c.Transactions[i].Edits {
			e := &c.Transactions[i].Edits[j]
			if !by(e) {
				continue
			}
			m := &s.Maps[s.place(e.Map)]
			for _, v := range e.Set {
				at := m.column(v.Column)
				if at < 0 || v.To == "" {
					continue
				}
				for _, target := range m.Table.Columns[at].Lookups {
					named = append(named, Edit{Map: s.Maps[target].Table.Name, Key: v.To})
				}
			}
		}
	}
	return named
}

// keep leaves out all edits but some, and transactions that are empty then.
func (c *Case) keep(some func(*Edit) bool) {
	for i := range c.Transactions {
		t := &c.Transactions[i]
		t.Edits = slices.DeleteFunc(t.Edits, func(e Edit) bool { return !some(&e) })
	}
	c.Transactions = slices.DeleteFunc(c.Transactions, func(t Transaction) bool { return len(t.Edits) == 0 })
}

// How often a case that is too large is tried elsewhen.
const (
	elsewhenEach = 300 // for each of its parts
	roundEach    = 10  // ... executions that are left for the time to become round
	lossMany     = 120 // per mille
)

// large reports whether a case is too large to be read.
func (c *Case) large() bool {
	return c.Edits() > editsEnough || len(c.Faults) > faultsEnough || len(c.Operations) > operationsEnough
}

// elsewhen gets a case that is still large on where nothing can go by itself, because
// everything else comes at another time then: it leaves out several things at random,
// under another seed or with one of them at another time, and lets links that lose
// messages lose many, since few messages are left. It reports whether that still fails.
func (s *shrinker) elsewhen() bool {
	d := KeyedDice(s.best.Seed, uint64(s.left))
	for range elsewhenEach * s.best.parts() {
		if s.left <= roundEach*s.best.parts() || !s.best.large() {
			return false
		}
		c := s.best.Clone()
		if chance(d, 60) {
			c.Seed = uint64(d.Bits(16))
		}
		for _, side := range engine.Sides {
			if y := c.Setup.System(side); y.Loss > 0 && chance(d, 50) {
				y.Loss = max(y.Loss, lossMany)
			}
		}
		n := c.parts()
		gone := make([]bool, n)
		for range oneOf(d, []int{1, 2, 3, max(1, n/4)}) {
			gone[below(d, n)] = true
		}
		c.without(func(n int) bool { return gone[n] })
		if chance(d, 50) {
			c.delay(d)
		}
		if c.parts() < s.best.parts() && s.try(c) {
			return true
		}
	}
	return false
}

// delay lets something, or all that comes from some instant on, come at another time.
func (c *Case) delay(d Dice) {
	all := c.moments()
	if len(all) == 0 {
		return
	}
	which, by := all[below(d, len(all))], Span(1<<below(d, 13))*millisecond
	if chance(d, 50) {
		*which = max(0, *which+by*Span(1-2*below(d, 2)))
		return
	}
	from := *which
	for _, at := range all {
		if *at >= from {
			*at += by
		}
	}
}
