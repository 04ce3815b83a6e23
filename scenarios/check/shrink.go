package check

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/twinwrite/twinwrite/sim"
)

// Shrink makes a failing case as small as it can within a number of executions,
// and still failing: it leaves out transactions, edits, faults and operations, leads
// the setup back to its defaults, and draws the instants together. fails says
// whether a case still shows the same bug; what that is, is pinned by the
// caller, so that shrinking does not slip to another one.
//
// It is delta debugging (Zeller and Hildebrandt, 2002) over each list in turn,
// repeated until nothing more can go, by itself or with another: some 60 executions for
// what takes a shrinker of single draws thousands. No case is executed twice.
func Shrink(c *Case, executions int, fails func(*Case) bool) *Case {
	s := newShrinker(c, executions, fails)
	s.shrink()
	return s.best
}

// shrinkBudget is how many executions shrinking a case may take if nobody says how many:
// the larger it is, the more there is to leave out.
func shrinkBudget(c *Case) int {
	return shrinkBase + shrinkEach*c.parts()
}

// parts counts what people do, ask for, and what breaks.
func (c *Case) parts() int { return c.Edits() + len(c.Faults) + len(c.Operations) }

// shrinker is a case that is being made small.
type shrinker struct {
	best  *Case
	text  string // of the best
	left  int    // executions
	fails func(*Case) bool
	tried map[uint64]bool // by the hash of a case's text
}

func newShrinker(c *Case, executions int, fails func(*Case) bool) *shrinker {
	s := &shrinker{left: executions, fails: fails, tried: map[uint64]bool{}}
	s.take(c.Clone(), string(c.Encode()))
	return s
}

// take makes a case the best.
func (s *shrinker) take(c *Case, text string) {
	s.best, s.text = c, text
	s.tried[sim.Hash(text)] = true
}

// shrink leaves out and leads back until nothing more can go: one thing or one kind of
// thing at a time, then two at a time, then elsewhen. What is left of the time between
// becomes round at last, since little else could go after that.
func (s *shrinker) shrink() {
	for again := true; again && s.left > 0; {
		before := s.text
		s.records()
		s.transactions()
		s.edits()
		s.faults()
		s.setup()
		s.columns()
		s.values()
		s.instants()
		again = s.text != before || s.pairs() || s.elsewhen()
	}
	s.round()
}

// try takes over a smaller case if it still fails. What was tried before is not tried
// again: it held, or it is larger than the best.
func (s *shrinker) try(smaller *Case) bool {
	text := string(smaller.Encode())
	hash := sim.Hash(text)
	if s.left <= 0 || s.tried[hash] {
		return false
	}
	s.left, s.tried[hash] = s.left-1, true
	if !s.fails(smaller) {
		return false
	}
	s.take(smaller, text)
	return true
}

// with tries the best case with one change.
func (s *shrinker) with(change func(*Case)) bool {
	c := s.best.Clone()
	change(c)
	return s.try(c)
}

// leaveOut removes as many of n things as it can: at most so many at once, then half as
// many, down to single ones, from the back, because what comes last is most often
// beside the point.
func (s *shrinker) leaveOut(most int, n func() int, remove func(c *Case, from, to int)) {
	for size := most; size >= 1; size /= 2 {
		for to := n(); to > 0 && s.left > 0; to -= size {
			s.with(func(c *Case) { remove(c, max(0, to-size), to) })
		}
	}
}

// all removes everything of a list, if it can, else as much as it can.
func all[T any](s *shrinker, list func(*Case) *[]T) {
	s.leaveOut(
		len(*list(s.best)),
		func() int { return len(*list(s.best)) },
		func(c *Case, from, to int) { l := list(c); *l = slices.Delete(*l, from, to) },
	)
}

// records leaves out all that is done to one record, of each record in turn.
func (s *shrinker) records() {
	var seen []recordName
	for i := range s.best.Transactions {
		for _, e := range s.best.Transactions[i].Edits {
			if r := e.of(); !slices.Contains(seen, r) {
				seen = append(seen, r)
			}
		}
	}
	for _, r := range slices.Backward(seen) {
		s.with(func(c *Case) { c.keep(func(e *Edit) bool { return e.of() != r }) })
	}
}

// transactions leaves out what users commit.
func (s *shrinker) transactions() {
	s.leaveOut(
		(len(s.best.Transactions)+1)/2,
		func() int { return len(s.best.Transactions) },
		func(c *Case, from, to int) { c.Transactions = slices.Delete(c.Transactions, from, to) },
	)
}

// faults leaves out what breaks, what operators ask for, and what else is a list.
func (s *shrinker) faults() {
	all(s, func(c *Case) *[]Fault { return &c.Faults })
	all(s, func(c *Case) *[]Operation { return &c.Operations })
	all(s, func(c *Case) *[]Validation { return &c.Setup.Validations })
	all(s, func(c *Case) *[]string { return &c.Setup.Live })
}

// edits leaves out edits of transactions with several.
func (s *shrinker) edits() {
	for i := range slices.Backward(s.best.Transactions) {
		edits := func() int { return len(s.best.Transactions[i].Edits) }
		s.leaveOut(edits()/2, edits, func(c *Case, from, to int) {
			if t := &c.Transactions[i]; len(t.Edits) > to-from { // else that is for transactions to try
				t.Edits = slices.Delete(t.Edits, from, to)
			}
		})
	}
}

// columns leaves out what edits write.
func (s *shrinker) columns() {
	for i := range slices.Backward(s.best.Transactions) {
		for j := range slices.Backward(s.best.Transactions[i].Edits) {
			all(s, func(c *Case) *[]Value { return &c.Transactions[i].Edits[j].Set })
		}
	}
}

// setup leads the settings back to their defaults. What is a list of maps or validations
// is left out piece by piece, see faults and maps.
func (s *shrinker) setup() {
	n := func() int { return len(s.best.Setup.given()) }
	s.leaveOut(n(), n, func(c *Case, from, to int) {
		for _, f := range c.Setup.given()[from:to] {
			f.SetZero()
		}
	})
	s.maps()
}

// given finds the settings, of both systems too, that are not the defaults.
func (s *Setup) given() (list []reflect.Value) {
	for _, of := range []any{s, &s.FinOps, &s.Dataverse} {
		for name, f := range reflect.ValueOf(of).Elem().Fields() {
			if !f.IsZero() && f.Kind() != reflect.Struct && !slices.Contains([]string{"Maps", "Live", "Validations"}, name.Name) {
				list = append(list, f)
			}
		}
	}
	return list
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
		s.with(func(c *Case) { c.Faults[i].At = c.Faults[i].At.down(second) })
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
		s.with(func(c *Case) { c.Operations[i].At = c.Operations[i].At.down(second) })
	}
}

// pull lets everything from the i-th instant on come nearer to the one before: to none of
// its distance, else to a round one.
func (s *shrinker) pull(i int) bool {
	return s.gap(i, func(Span) []Span { return []Span{0, second, 100 * millisecond} })
}

// gap lets everything from the i-th instant on come so much after the one before as is the
// first possible of some distances, of those that are shorter than what it is.
func (s *shrinker) gap(i int, to func(is Span) []Span) bool {
	all, before := s.best.instants(), Span(0)
	if i > 0 {
		before = all[i-1]
	}
	is := all[i] - before
	for _, gap := range to(is) {
		if gap == is {
			return true
		}
		if gap < is && s.with(func(c *Case) {
			for _, at := range c.moments() {
				if *at >= all[i] {
					*at -= is - gap
				}
			}
		}) {
			return true
		}
	}
	return false
}

// round shortens the time between what is left, and how long faults last: to half of it, as
// often as it can, else to what is left of it without the last digits.
func (s *shrinker) round() {
	for i := 0; i < len(s.best.instants()); i++ {
		for s.gap(i, func(is Span) []Span {
			if is < 2*second {
				return nil
			}
			return []Span{(is / 2).down(second)}
		}) {
			continue // it may be shorter still
		}
		s.gap(i, func(is Span) []Span {
			return []Span{is.down(second), is.down(100 * millisecond), is.down(millisecond)}
		})
	}
	for i := range s.best.Faults {
		for s.best.Faults[i].For > second && s.with(func(c *Case) { c.Faults[i].For = max(second, (c.Faults[i].For / 2).down(second)) }) {
			continue // it may end sooner still
		}
	}
}

// down rounds a span down to a multiple of another.
func (s Span) down(to Span) Span { return s / to * to }

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

// pairs leaves out two things at a time that users do, that break, or that operators ask
// for, first those that come one after the other: of a create and its delete, or a fault
// and what undoes it, neither can go alone. It reports whether two have gone.
func (s *shrinker) pairs() bool {
	order := s.best.inTime()
	for apart := 1; apart < len(order); apart++ {
		for i := range order[apart:] {
			if s.with(func(c *Case) { c.without(func(n int) bool { return n == order[i] || n == order[i+apart] }) }) {
				return true
			}
		}
	}
	return false
}

// without leaves out parts of a case by their number: edits first, and transactions that
// are empty then, then faults, then operations.
func (c *Case) without(gone func(n int) bool) {
	n := -1
	next := func() bool { n++; return gone(n) }
	c.keep(func(*Edit) bool { return !next() })
	c.Faults = slices.DeleteFunc(c.Faults, func(Fault) bool { return next() })
	c.Operations = slices.DeleteFunc(c.Operations, func(Operation) bool { return next() })
}

// inTime lists the numbers of a case's parts in the order in which they come.
func (c *Case) inTime() (order []int) {
	var at []Span
	for i := range c.Transactions {
		for range c.Transactions[i].Edits {
			at = append(at, c.Transactions[i].At)
		}
	}
	for i := range c.Faults {
		at = append(at, c.Faults[i].At)
	}
	for i := range c.Operations {
		at = append(at, c.Operations[i].At)
	}
	for n := range at {
		order = append(order, n)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at[a], at[b]) })
	return order
}
