package check

import "slices"

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
	return len(c.Encode()) + 100*c.Edits() + 100*len(c.Faults)
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

// with tries the best case with one change.
func (s *shrinker) with(change func(*Case)) bool {
	c := s.best.Clone()
	change(c)
	return s.try(c)
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

// setup leads each setting back to its default.
func (s *shrinker) setup() {
	plain := func(c *Case) {
		c.Setup = Setup{Maps: c.Setup.Maps, Live: c.Setup.Live, Primary: c.Setup.Primary, Validations: c.Setup.Validations}
	}
	if s.with(plain) {
		s.maps()
		return
	}
	var none Setup
	for _, reset := range []func(*Setup){
		func(u *Setup) { u.FinOps = none.FinOps },
		func(u *Setup) { u.Dataverse = none.Dataverse },
		func(u *Setup) { u.PerField = false },
		func(u *Setup) { u.Permuted = false },
		func(u *Setup) { u.Workers = 0 },
		func(u *Setup) { u.Batch = 0 },
		func(u *Setup) { u.Pull = 0 },
		func(u *Setup) { u.Queue = 0 },
		func(u *Setup) { u.Attempts = 0 },
		func(u *Setup) { u.Barrier = false },
		func(u *Setup) { u.Proceed = false },
		func(u *Setup) { u.DeleteWins = false },
		func(u *Setup) { u.Unlinked = false },
		func(u *Setup) { u.LeaveDelete = false },
		func(u *Setup) { u.Unique = nil },
		func(u *Setup) { u.CopyLookups = 0 },
		func(u *Setup) { u.DeskPart = 0 },
		func(u *Setup) { u.DeskRequests = 0 },
		func(u *Setup) { u.DeskRecords = 0 },
		func(u *Setup) { u.PurgeAfter = 0 },
		func(u *Setup) { u.PauseAge, u.PauseSize = 0, 0 },
		func(u *Setup) { u.Timeout = 0 },
	} {
		c := s.best.Clone()
		reset(&c.Setup)
		if s.changed(c) {
			s.try(c)
		}
	}
	for side := range 2 {
		s.system(side)
	}
	s.maps()
}

// system leads each setting of one system back to its default.
func (s *shrinker) system(side int) {
	of := func(c *Case) *SystemSetup { return [2]*SystemSetup{&c.Setup.FinOps, &c.Setup.Dataverse}[side] }
	for _, reset := range []func(*SystemSetup){
		func(y *SystemSetup) { y.Offset, y.DriftPPM = 0, 0 },
		func(y *SystemSetup) { y.Commit = 0 },
		func(y *SystemSetup) { y.Latency = 0 },
		func(y *SystemSetup) { y.Loss = 0 },
		func(y *SystemSetup) { y.Lost = 0 },
		func(y *SystemSetup) { y.Doubled = 0 },
		func(y *SystemSetup) { y.FoldCase = false },
		func(y *SystemSetup) { y.Overwrite = false },
		func(y *SystemSetup) { y.Servers = 0 },
		func(y *SystemSetup) { y.Requests = 0 },
		func(y *SystemSetup) { y.Concurrent = 0 },
		func(y *SystemSetup) { y.Execution = 0 },
		func(y *SystemSetup) { y.Message = 0 },
		func(y *SystemSetup) { y.LiveRecords = 0 },
		func(y *SystemSetup) { y.Companies = 0 },
		func(y *SystemSetup) { y.LiveBytes = 0 },
		func(y *SystemSetup) { y.LiveTime = 0 },
		func(y *SystemSetup) { y.TakeAll = false },
		func(y *SystemSetup) { y.Hides = false },
	} {
		c := s.best.Clone()
		reset(of(c))
		if s.changed(c) {
			s.try(c)
		}
	}
}

// changed reports whether a case differs from the best one.
func (s *shrinker) changed(c *Case) bool { return !slices.Equal(c.Encode(), s.best.Encode()) }

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

// instants draws the case together: gaps between transactions go, then what is
// left of them becomes round; users save at once; faults end sooner.
func (s *shrinker) instants() {
	for i := range s.best.Transactions {
		if s.best.Transactions[i].PastHook {
			s.with(func(c *Case) { c.Transactions[i].PastHook = false })
		}
		if s.best.Transactions[i].OpenFor != 0 {
			s.with(func(c *Case) { c.Transactions[i].OpenFor = 0 })
		}
		for _, gap := range []Span{0, second, 100 * millisecond} {
			if s.pull(i, gap) {
				break
			}
		}
	}
	for i := range s.best.Faults {
		for _, at := range []Span{0, s.best.Faults[i].At / second * second} {
			if s.best.Faults[i].At != at {
				s.with(func(c *Case) { c.Faults[i].At = at })
			}
		}
		if s.best.Faults[i].Restart != 0 {
			s.with(func(c *Case) { c.Faults[i].Restart = 0 })
		}
		if f := s.best.Faults[i]; f.For > second {
			s.with(func(c *Case) { c.Faults[i].For = second })
		}
	}
}

// pull lets a transaction, and all after it, come a gap after the one before.
// With gap 0 it keeps nothing of its distance, else at most the gap.
func (s *shrinker) pull(i int, gap Span) bool {
	before := Span(0)
	if i > 0 {
		before = s.best.Transactions[i-1].At
	}
	move := s.best.Transactions[i].At - before - gap
	if move <= 0 {
		return move == 0
	}
	return s.with(func(c *Case) {
		for j := i; j < len(c.Transactions); j++ {
			c.Transactions[j].At -= move
		}
	})
}

// values renames keys to the first and texts to "a", where that does not matter.
func (s *shrinker) values() {
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
