package check

import (
	"reflect"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Shrink makes a failing case as small as it can within a number of executions,
// and still failing: it leaves out transactions, faults and edits, leads the
// setup back to its defaults, and draws the instants together. fails says
// whether a case still shows the same bug; what that is, is pinned by the
// caller, so that shrinking does not slip to another one.
//
// It is delta debugging (Zeller and Hildebrandt, 2002) over each list in turn,
// repeated until nothing more can go: some 60 executions for what takes a
// shrinker of single draws thousands.
func Shrink(c *Case, executions int, fails func(*Case) bool) *Case {
	s := &shrinker{best: c.Clone(), left: executions, fails: fails}
	s.shrink()
	return s.best
}

// shrink leaves out and leads back until nothing more can go, here or elsewhen.
func (s *shrinker) shrink() {
	for before := -1; s.left > 0 && (s.weight() != before || s.elsewhen()); {
		before = s.weight()
		s.transactions()
		s.faults()
		s.edits()
		s.setup()
		s.instants()
		s.values()
	}
}

type shrinker struct {
	best  *Case
	left  int // executions
	fails func(*Case) bool
}

// weight measures how much there is that could still go. It only falls.
func (s *shrinker) weight() int {
	c := s.best
	return len(c.Encode()) + 100*c.Edits() + 100*len(c.Faults) + 100*len(c.Operations)
}

// try takes over a smaller case if it still fails.
func (s *shrinker) try(smaller *Case) bool {
	if s.left <= 0 {
		return false
	}
	s.left--
	if !s.fails(smaller) {
		return false
	}
	s.best = smaller
	return true
}

// with tries the best case with one change; one that changes nothing is none.
func (s *shrinker) with(change func(*Case)) bool {
	c := s.best.Clone()
	change(c)
	return !slices.Equal(c.Encode(), s.best.Encode()) && s.try(c)
}

// leaveOut removes as many of n things as it can: halves first, then quarters,
// down to single ones, from the back, because what comes last is most often
// beside the point.
func (s *shrinker) leaveOut(n func() int, remove func(c *Case, from, to int)) {
	for size := (n() + 1) / 2; size >= 1; size /= 2 {
		for to := n(); to > 0; to -= size {
			from := max(0, to-size)
			if n() == 0 || to > n() {
				break
			}
			s.with(func(c *Case) { remove(c, from, to) })
			if s.left <= 0 {
				return
			}
		}
	}
}

func (s *shrinker) transactions() {
	s.leaveOut(
		func() int { return len(s.best.Transactions) },
		func(c *Case, from, to int) { c.Transactions = slices.Delete(c.Transactions, from, to) },
	)
}

func (s *shrinker) faults() {
	s.leaveOut(
		func() int { return len(s.best.Faults) },
		func(c *Case, from, to int) { c.Faults = slices.Delete(c.Faults, from, to) },
	)
	s.leaveOut(
		func() int { return len(s.best.Operations) },
		func(c *Case, from, to int) { c.Operations = slices.Delete(c.Operations, from, to) },
	)
	s.leaveOut(
		func() int { return len(s.best.Setup.Live) },
		func(c *Case, from, to int) { c.Setup.Live = slices.Delete(c.Setup.Live, from, to) },
	)
	s.leaveOut(
		func() int { return len(s.best.Setup.Validations) },
		func(c *Case, from, to int) { c.Setup.Validations = slices.Delete(c.Setup.Validations, from, to) },
	)
}

// edits leaves out single edits of transactions with several, and single columns.
func (s *shrinker) edits() {
	for i := len(s.best.Transactions) - 1; i >= 0; i-- {
		for j := len(s.best.Transactions[i].Edits) - 1; j >= 0; j-- {
			if len(s.best.Transactions[i].Edits) > 1 && s.with(func(c *Case) {
				t := &c.Transactions[i]
				t.Edits = slices.Delete(t.Edits, j, j+1)
			}) {
				continue
			}
			for k := range slices.Backward(s.best.Transactions[i].Edits[j].Set) {
				s.with(func(c *Case) {
					e := &c.Transactions[i].Edits[j]
					e.Set = slices.Delete(e.Set, k, k+1)
				})
			}
		}
	}
}

// setup leads the settings back to their defaults: all at once, then one by one. What is a
// list of maps or validations is left out piece by piece, see faults and maps.
func (s *shrinker) setup() {
	s.with(func(c *Case) {
		c.Setup = Setup{Maps: c.Setup.Maps, Live: c.Setup.Live, Primary: c.Setup.Primary, Validations: c.Setup.Validations}
	})
	s.fields(func(c *Case) any { return &c.Setup }, "Maps", "Live", "Validations")
	for _, side := range engine.Sides {
		s.fields(func(c *Case) any { return c.Setup.System(side) })
	}
	s.maps()
}

// fields leads each field of a struct of settings, but some, back to its zero value.
func (s *shrinker) fields(of func(*Case) any, but ...string) {
	for _, f := range reflect.VisibleFields(reflect.TypeOf(of(s.best)).Elem()) {
		if !slices.Contains(but, f.Name) {
			s.with(func(c *Case) { reflect.ValueOf(of(c)).Elem().FieldByIndex(f.Index).SetZero() })
		}
	}
}

// maps leaves out table maps that no edit names.
func (s *shrinker) maps() {
	for i := len(s.best.Setup.Maps) - 1; i >= 0 && len(s.best.Setup.Maps) > 1; i-- {
		if !s.best.edits(s.best.Setup.Maps[i]) {
			s.with(func(c *Case) {
				gone := c.Setup.Maps[i]
				c.Setup.Maps = slices.Delete(c.Setup.Maps, i, i+1)
				c.Setup.Live = slices.DeleteFunc(c.Setup.Live, func(name string) bool { return name == gone })
			})
		}
	}
}

// edits reports whether a case edits records of a map.
func (c *Case) edits(name string) bool {
	return slices.ContainsFunc(c.Transactions, func(t Transaction) bool {
		return slices.ContainsFunc(t.Edits, func(e Edit) bool { return e.Map == name })
	})
}

// instants draws the case together: gaps between what people do and what breaks go, then
// what is left of them becomes round; users save at once; faults end sooner.
func (s *shrinker) instants() {
	for i := range s.best.Transactions {
		s.with(func(c *Case) { c.Transactions[i].PastHook = false })
		s.with(func(c *Case) { c.Transactions[i].OpenFor = 0 })
	}
	for i := 0; i < len(s.best.instants()); {
		if before := len(s.best.instants()); !s.pull(i) || len(s.best.instants()) == before {
			i++ // else it has come together with the one before, and the next is i
		}
	}
	for i := range s.best.Faults {
		s.with(func(c *Case) { c.Faults[i].At = 0 })
		s.with(func(c *Case) { c.Faults[i].At = c.Faults[i].At / second * second })
		s.with(func(c *Case) { c.Faults[i].Restart = 0 })
		if s.best.Faults[i].ForEver {
			s.with(func(c *Case) {
				f := &c.Faults[i]
				if f.ForEver = false; f.Kind == "engine-crash" {
					f.Restart = second
				} else {
					f.For = second
				}
			})
		}
		s.with(func(c *Case) { c.Faults[i].For = min(c.Faults[i].For, second) })
	}
	for i := range s.best.Operations {
		s.with(func(c *Case) { c.Operations[i].At = 0 })
		s.with(func(c *Case) { c.Operations[i].At = c.Operations[i].At / second * second })
	}
}

// pull lets everything from the i-th instant on come nearer to the one before: to none of
// its distance, else to a round one.
func (s *shrinker) pull(i int) bool {
	all, before := s.best.instants(), Span(0)
	if i > 0 {
		before = all[i-1]
	}
	for _, gap := range []Span{0, second, 100 * millisecond} {
		move := all[i] - before - gap
		if move == 0 {
			return true
		}
		if move > 0 && s.with(func(c *Case) {
			for _, at := range c.moments() {
				if *at >= all[i] {
					*at -= move
				}
			}
		}) {
			return true
		}
	}
	return false
}

// instants lists when something happens by a case's plan, in order and each once.
func (c *Case) instants() (list []Span) {
	for _, at := range c.moments() {
		list = append(list, *at)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// moments finds when each thing happens.
func (c *Case) moments() (list []*Span) {
	for i := range c.Transactions {
		list = append(list, &c.Transactions[i].At)
	}
	for i := range c.Faults {
		list = append(list, &c.Faults[i].At)
	}
	for i := range c.Operations {
		list = append(list, &c.Operations[i].At)
	}
	return list
}

// values empties what is written and asks for everything, where that does not matter.
func (s *shrinker) values() {
	for i := range s.best.Operations {
		s.with(func(c *Case) { c.Operations[i].Map = "" })
		s.with(func(c *Case) { c.Operations[i].Company = "" })
	}
	for i := range s.best.Transactions {
		for j := range s.best.Transactions[i].Edits {
			if e := &s.best.Transactions[i].Edits[j]; e.Op != "upsert" {
				s.with(func(c *Case) { c.Transactions[i].Edits[j].Op = "upsert" })
			}
			for k := range s.best.Transactions[i].Edits[j].Set {
				if v := s.best.Transactions[i].Edits[j].Set[k]; v.To != "" && len(v.To) > 1 {
					s.with(func(c *Case) { c.Transactions[i].Edits[j].Set[k].To = "" })
				}
			}
		}
	}
}
