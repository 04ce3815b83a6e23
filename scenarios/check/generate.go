package check

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/driver"
)

// Generate draws a case by swarm testing: each case leaves out whole features at
// random. A case with all of them at once has so much of everything that what
// needs a lot of one thing never comes about.
func Generate(s *Subject, d Dice) *Case {
	g := generator{subject: s, dice: d, swarm: drawSwarm(d)}
	c := &Case{Schema: CaseSchema, Subject: s.Name, Seed: uint64(d.Bits(32))}
	c.Setup = g.setup()
	c.Transactions = g.transactions(&c.Setup)
	c.Faults = g.faults(&c.Setup, c.Transactions)
	c.Operations = g.operations(c.Transactions)
	for _, side := range engine.Sides {
		c.Setup.System(side).Hides = g.swarm.deletes && d.Bits(1) == 1
	}
	g.plots(c)
	if chance(d, 10) {
		g.lasts(c)
	}
	if g.swarm.tight {
		c.Setup.Queue = oneOf(d, []int{0, 1, 2, 3})
	}
	g.failures(&c.Setup)
	c.freePaths()
	return c
}

// swarm says which features a case has.
type swarm struct {
	crashes, outages, slowness, cuts, losses bool
	deletes, live, operators, limits, others bool
	bothSides, bothCreate, stale, large      bool
	refusals, skew, foldedKeys, oddKeys      bool
	perField, permuted, tight, barrier       bool
	pastHook                                 bool
}

func drawSwarm(d Dice) swarm {
	var w swarm
	for _, feature := range []*bool{
		&w.crashes, &w.outages, &w.slowness, &w.cuts, &w.losses,
		&w.deletes, &w.operators, &w.limits, &w.others,
		&w.bothCreate, &w.stale, &w.large,
		&w.refusals, &w.skew, &w.foldedKeys,
		&w.perField, &w.permuted, &w.tight, &w.barrier,
	} {
		*feature = d.Bits(1) == 1
	}
	w.bothSides = !chance(d, 25)
	w.live = chance(d, 30)
	w.oddKeys = chance(d, 10)
	w.pastHook = chance(d, 30)
	return w
}

type generator struct {
	subject *Subject
	dice    Dice
	swarm   swarm
	keys    int // of each map and company
}

func (g *generator) setup() Setup {
	d, w := g.dice, &g.swarm
	setup := Setup{
		Primary: SideName(below(d, 2)), PerField: w.perField, Permuted: w.permuted,
		Workers: 1 << below(d, 3), Batch: oneOf(d, []int{1, 2, 3, 10}), Pull: oneOf(d, []int{1, 2, 1000}),
		Barrier: w.barrier && w.tight, Proceed: chance(d, 15),
		Timeout: oneOf(d, []Span{second, 4 * second, 20 * second}),
	}
	for _, m := range g.some() {
		setup.Maps = append(setup.Maps, g.subject.Maps[m].Table.Name)
	}
	if w.live {
		for _, name := range setup.Maps {
			if chance(d, 60) {
				setup.Live = append(setup.Live, name)
			}
		}
	}
	setup.DeleteWins = w.deletes && d.Bits(1) == 1
	if w.operators {
		setup.DeskPart, setup.PurgeAfter = oneOf(d, []int{0, 1, 2}), oneOf(d, []Span{0, 20 * second})
	}
	if w.tight {
		setup.Attempts = between(d, 2, 3)
	}
	for _, side := range engine.Sides {
		s := setup.System(side)
		s.Overwrite = d.Bits(1) == 1
		s.FoldCase = w.foldedKeys && d.Bits(1) == 1
		s.Commit = oneOf(d, []Span{0, 20 * millisecond, 300 * millisecond})
		s.Latency = oneOf(d, []Span{0, 30 * millisecond, 400 * millisecond})
		s.Servers = oneOf(d, []int{0, 1, 2})
		if w.losses {
			s.Loss, s.Lost, s.Doubled = oneOf(d, []int{5, 30, 120}), oneOf(d, []int{0, 20, 100}), oneOf(d, []int{0, 50})
		}
		if w.limits {
			g.limits(s)
		}
		if w.skew {
			s.Offset, s.DriftPPM = Span(between(d, -600, 600))*second, between(d, -200, 200)
		}
	}
	if w.refusals {
		for range between(d, 1, 2) {
			setup.Validations = append(setup.Validations, Validation{
				Map: oneOf(d, setup.Maps), Side: SideName(below(d, 2)), Percent: oneOf(d, []int{10, 40, 100}),
			})
		}
	}
	return setup
}

// limits draws what a system allows, so little that small cases meet it.
func (g *generator) limits(s *SystemSetup) {
	d := g.dice
	s.Requests, s.LiveRecords = oneOf(d, []int{0, 3, 10}), oneOf(d, []int{0, 2})
	s.TakeAll = chance(d, 30)
	if chance(d, 30) {
		s.Concurrent, s.Execution = oneOf(d, []int{0, 1}), oneOf(d, []Span{0, second})
	}
	if chance(d, 20) {
		s.Message = oneOf(d, []Span{2 * millisecond, 50 * millisecond})
	}
	if g.swarm.live || g.swarm.deletes {
		s.Companies, s.LiveBytes = oneOf(d, []int{0, 0, 1}), oneOf(d, []int{0, 0, 600, 1200})
		s.LiveTime = oneOf(d, []Span{0, 0, second, 8 * second})
	}
}

// failures draws how many rows a request may have, fewer than some of the engine's, and
// after how many failures people are told.
func (g *generator) failures(setup *Setup) {
	d := g.dice
	if g.swarm.limits && chance(d, 20) {
		setup.System(engine.Side(below(d, 2))).Records = oneOf(d, []int{1, 2})
	}
	if chance(d, 20) {
		setup.AlertCount, setup.AlertWithin = between(d, 1, 3), oneOf(d, []Span{0, second, 20 * second})
	}
}

// some draws the maps that take part: one, with what it looks up, or a few.
func (g *generator) some() []int {
	in := make([]bool, len(g.subject.Maps))
	for range between(g.dice, 1, 2) {
		g.include(below(g.dice, len(g.subject.Maps)), in)
	}
	var places []int
	for i, takesPart := range in {
		if takesPart {
			places = append(places, i)
		}
	}
	return places
}

// include lets a map take part, and mostly what it looks up, too.
func (g *generator) include(m int, in []bool) {
	if in[m] {
		return
	}
	in[m] = true
	for _, c := range g.subject.Maps[m].Table.Columns {
		for _, target := range c.Lookups {
			if !chance(g.dice, 15) {
				g.include(int(target), in)
			}
		}
	}
}

func (g *generator) transactions(setup *Setup) []Transaction {
	d := g.dice
	n := between(d, 2, 10)
	if g.swarm.large {
		n = between(d, 8, 32)
	}
	g.keys = between(d, 1, 4)
	side := SideName(below(d, 2))
	at := Span(0)
	list := make([]Transaction, 0, n)
	for range n {
		at += g.gap()
		if g.swarm.bothSides {
			side = SideName(below(d, 2))
		}
		t := Transaction{At: at, Side: side}
		if g.swarm.stale && chance(d, 40) {
			t.OpenFor = g.gap()
		}
		t.PastHook = g.swarm.pastHook && chance(d, 20)
		edits := 1
		if chance(d, 30) {
			edits = between(d, 2, 4)
		}
		for range edits {
			t.Edits = append(t.Edits, g.edit(setup, side))
		}
		list = append(list, t)
		if again := g.rebirth(&t); again != nil {
			list = append(list, *again)
		}
	}
	slices.SortStableFunc(list, func(x, y Transaction) int { return cmp.Compare(x.At, y.At) })
	return list
}

// rebirth draws, after some deletes, that the same key is soon created again, on
// either side: what is still under way for its first life must not count for the
// next.
func (g *generator) rebirth(t *Transaction) *Transaction {
	d := g.dice
	if !g.swarm.deletes || t.Edits[0].Op != "delete" || chance(d, 50) {
		return nil
	}
	e := t.Edits[0]
	e.Op = "upsert"
	m := &g.subject.Maps[g.subject.place(e.Map)]
	side := t.Side ^ SideName(below(d, 2))
	for i := range m.Table.Columns {
		if c := &m.Table.Columns[i]; chance(d, 50) {
			e.Set = append(e.Set, Value{Column: c.Name, To: g.value(m, c, side)})
		}
	}
	return &Transaction{At: t.At + Span(below(d, 1500))*millisecond, Side: side, Edits: []Edit{e}}
}

// gap draws the time to the next thing: most interesting are things that come at
// once, and those that come while the one before is under way.
func (g *generator) gap() Span {
	d := g.dice
	switch below(d, 8) {
	case 0:
		return 0
	case 1, 2:
		return Span(below(d, 50)) * millisecond
	case 3, 4, 5:
		return Span(below(d, 800)) * millisecond
	case 6:
		return Span(below(d, 10_000)) * millisecond
	default:
		return Span(below(d, 90)) * second
	}
}

// edit draws one operation. A key that nobody has created yet fails an update
// and its transaction, which shows nothing, so most are upserts.
func (g *generator) edit(setup *Setup, side SideName) Edit {
	d := g.dice
	m := &g.subject.Maps[g.subject.place(oneOf(d, setup.Maps))]
	e := Edit{Op: "upsert", Map: m.Table.Name, Key: g.key(d, m, side)}
	switch below(d, 8) {
	case 0:
		e.Op = "create"
	case 1, 2:
		e.Op = "update"
	case 3, 4:
		if g.swarm.deletes {
			e.Op = "delete"
		}
	}
	if m.Table.Company {
		e.Company = oneOf(d, []string{"usmf", "demf"})
	}
	if e.Op == "delete" {
		return e
	}
	some := false
	for i := range m.Table.Columns {
		c := &m.Table.Columns[i]
		if last := i == len(m.Table.Columns)-1; chance(d, 60) || last && !some {
			some = true
			e.Set = append(e.Set, Value{Column: c.Name, To: g.value(m, c, side)})
		}
	}
	return e
}

// key draws a record's key. Without bothCreate each side keeps to keys of its
// own when it creates; both edit all of them.
func (g *generator) key(d Dice, m *Map, side SideName) string {
	letter := "k"
	if g.swarm.foldedKeys && chance(d, 30) {
		letter = "K"
	}
	if g.swarm.oddKeys && chance(d, 20) { // by which one side finds no record
		letter = "k/"
	}
	n := below(d, g.keys)
	if !g.swarm.bothCreate && len(m.Table.Columns)%2 == int(side) && chance(d, 50) {
		n += g.keys
	}
	return letter + strconv.Itoa(n)
}

func (g *generator) value(m *Map, c *engine.Column, side SideName) string {
	d := g.dice
	switch {
	case chance(d, 8):
		return ""
	case len(c.Lookups) > 0:
		return "k" + strconv.Itoa(below(d, g.keys))
	case slices.Contains(m.Numbers, c.Name):
		return strconv.Itoa(below(d, 5))
	case m.Words[c.Name][side] != nil:
		return oneOf(d, m.Words[c.Name][side])
	default:
		return oneOf(d, []string{"a", "b", "c", "d", "A"})
	}
}

// faults draws what breaks while the transactions come, and ends soon after.
func (g *generator) faults(setup *Setup, transactions []Transaction) []Fault {
	d, w := g.dice, &g.swarm
	last := transactions[len(transactions)-1].At + 5*second
	var list []Fault
	add := func(on bool, most int, f func() Fault) {
		if !on {
			return
		}
		for range between(d, 1, most) {
			made := f()
			made.At = Span(below(d, 1000)) * last / 1000
			list = append(list, made)
		}
	}
	length := func() Span { return oneOf(d, []Span{300 * millisecond, 3 * second, 40 * second, 200 * second}) }
	points := driver.CrashPoints()
	if len(setup.Live) > 0 || w.deletes {
		points = append(points, driver.LiveCrashPoints()...)
	}
	if w.operators {
		points = append(points, driver.CommandBeforeSave)
	}
	add(w.crashes, 3, func() Fault {
		f := Fault{Kind: "engine-crash", Restart: oneOf(d, []Span{0, second, 20 * second})}
		if chance(d, 80) {
			f.Point = string(oneOf(d, points))
		}
		return f
	})
	add(w.outages, 2, func() Fault { return Fault{Kind: "outage", Side: SideName(below(d, 2)), For: length()} })
	add(w.slowness, 2, func() Fault {
		return Fault{Kind: oneOf(d, []string{"slow-system", "slow-link"}), Side: SideName(below(d, 2)), For: length(), Factor: oneOf(d, []int{5, 50, 500})}
	})
	add(w.cuts, 2, func() Fault { return Fault{Kind: "cut-link", Side: SideName(below(d, 2)), For: length()} })
	add(w.others, 3, func() Fault {
		f := Fault{Kind: oneOf(d, otherFaults), Side: SideName(below(d, 2)), For: length()}
		switch kind := faultKinds[f.Kind]; {
		case kind == model.ClockStep, kind == model.EngineClockStep:
			f.For, f.By = 0, Span(between(d, -3600, 3600))*second+millisecond
		case kind == model.LateNotifications:
			f.Factor = oneOf(d, []int{10, 1000})
		case kind != model.StoreFull && kind != model.ThrottlingStorm && kind != model.CutRequests && kind != model.CutAnswers:
			f.Percent = oneOf(d, []int{20, 100})
		}
		return f
	})
	slices.SortStableFunc(list, func(x, y Fault) int { return cmp.Compare(x.At, y.At) })
	return list
}

// lasts adds a fault that never ends, of one that lets nothing through, or of one that
// lets through all that does not end on the error desk.
func (g *generator) lasts(c *Case) {
	d := g.dice
	last := c.Transactions[len(c.Transactions)-1].At + 5*second
	f := Fault{Kind: oneOf(d, lastingFaults), ForEver: true, At: Span(below(d, 1000)) * last / 1000, Side: SideName(below(d, 2))}
	if chance(d, 25) { // the others are much alike: they let nothing through
		f.Kind = "locked-records"
	}
	switch kind := faultKinds[f.Kind]; kind {
	case model.EngineCrash:
		if chance(d, 50) {
			f.Point = string(oneOf(d, driver.CrashPoints()))
		}
	case model.LateNotifications:
		f.Factor = 1000
	case model.LossyLink:
		f.Percent = oneOf(d, []int{20, 100})
	case model.LockedRecords:
		f.Percent = oneOf(d, []int{50, 100})
	case model.UnansweredWrites, model.PartialBatches:
		f.Percent = 50
	case model.RefusedWrites, model.LostNotifications, model.DoubleNotification:
		f.Percent = 100
	}
	c.Faults = append(c.Faults, f)
	slices.SortStableFunc(c.Faults, func(x, y Fault) int { return cmp.Compare(x.At, y.At) })
}

// freePaths takes away what would hold up everything else behind a record that is locked for
// ever: a limit of requests, all of which its attempts may use up, and a barrier.
func (c *Case) freePaths() {
	if !slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.ForEver && faultKinds[f.Kind] == model.LockedRecords }) {
		return
	}
	c.Setup.FinOps.Requests, c.Setup.Dataverse.Requests, c.Setup.Barrier = 0, 0, false
}

// lastingFaults are the kinds that may last for ever. A side or link that is slow is none
// of them: beside a short time-out it lets nothing through, and with a long one everything.
var lastingFaults = []string{
	"outage", "cut-link", "cut-requests", "cut-answers", "throttling-storm", "store-full", "engine-crash", "lossy-link",
	"lost-notifications", "doubled-notifications", "late-notifications", "unanswered-writes", "partial-batches", "locked-records", "refused-writes",
}

// otherFaults are the kinds that no feature of a swarm is about.
var otherFaults = []string{
	"throttling-storm", "cut-requests", "cut-answers", "lossy-link", "lost-notifications", "doubled-notifications", "late-notifications",
	"unanswered-writes", "partial-batches", "locked-records", "refused-writes", "clock-step", "store-full", "engine-clock-step", "repeated-references",
}

// operations draws what operators ask for: pauses that end, and what they do at
// the error desk, also after everything else.
func (g *generator) operations(transactions []Transaction) []Operation {
	d := g.dice
	if !g.swarm.operators {
		return nil
	}
	last := transactions[len(transactions)-1].At + 10*second
	at := func() Span { return Span(below(d, 1000)) * last / 1000 }
	var list []Operation
	if chance(d, 60) {
		from := at()
		how := []string{"resume", "resume", "resume-keep", "resume-forget"}
		list = append(list, Operation{At: from, What: "pause"}, Operation{At: from + Span(between(d, 0, 60))*second, What: oneOf(d, how)})
	}
	for range between(d, 0, 5) {
		list = append(list, Operation{At: at() + Span(below(d, 200))*second, What: oneOf(d, []string{"retry", "dismiss"})})
	}
	slices.SortStableFunc(list, func(x, y Operation) int { return cmp.Compare(x.At, y.At) })
	return list
}

const (
	second      = Span(time.Second)
	millisecond = Span(time.Millisecond)
)
