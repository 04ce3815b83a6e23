package check

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
)

// A plot is a short course of things that show something only together, and in an
// order: each of them is drawn often, but hardly ever on one record and in time. A
// plot says what happens, and leaves to chance when exactly, so that most of them
// miss by a little, in every way. What else the case has goes on beside them.
var plots = []func(*plot){
	(*plot).dismissed, (*plot).parentGoes, (*plot).pastTheHook, (*plot).toldAgain, (*plot).goneUnderWay, (*plot).answers, (*plot).notGivenUp, (*plot).codesGone, (*plot).leaves,
	(*plot).older, (*plot).handedOver, (*plot).pausedFull, (*plot).stopped, (*plot).resynced, (*plot).deskFull, (*plot).forgotten, (*plot).notTakenBack,
}

// plot is one on its way into a case.
type plot struct {
	*generator
	c  *Case
	at Span // when it begins
}

// plots draws which plots a case has.
func (g *generator) plots(c *Case) {
	last := c.Transactions[len(c.Transactions)-1].At
	for _, play := range plots {
		if chance(g.dice, 10) {
			play(&plot{g, c, Span(below(g.dice, 1000)) * last / 1000})
		}
	}
	slices.SortStableFunc(c.Transactions, func(x, y Transaction) int { return cmp.Compare(x.At, y.At) })
	slices.SortStableFunc(c.Faults, func(x, y Fault) int { return cmp.Compare(x.At, y.At) })
	slices.SortStableFunc(c.Operations, func(x, y Operation) int { return cmp.Compare(x.At, y.At) })
}

// soon draws a time within a span.
func (p *plot) soon(most Span) Span { return Span(below(p.dice, 1000)) * most / 1000 }

// edits adds a transaction of one edit.
func (p *plot) edits(at Span, side SideName, e Edit) *Transaction {
	p.c.Transactions = append(p.c.Transactions, Transaction{At: at, Side: side, Edits: []Edit{e}})
	return &p.c.Transactions[len(p.c.Transactions)-1]
}

// record names a record of a map.
func (p *plot) record(m *Map, key string) Edit {
	e := Edit{Op: "upsert", Map: m.Table.Name, Key: key}
	if m.Table.Company {
		e.Company = "usmf"
	}
	return e
}

// set is an edit that sets some columns, by their places.
func (p *plot) set(e Edit, m *Map, side SideName, columns ...int) Edit {
	e.Set = nil
	for _, i := range columns {
		c := &m.Table.Columns[i]
		e.Set = append(e.Set, Value{Column: c.Name, To: p.value(m, c, side)})
	}
	return e
}

// plain draws a map that takes part, with its columns that flow both ways and hold
// no lookup.
func (p *plot) plain() (m *Map, columns []int) {
	m = &p.subject.Maps[p.subject.place(oneOf(p.dice, p.c.Setup.Maps))]
	return m, m.plain()
}

// plain lists the columns that flow both ways and hold no lookup.
func (m *Map) plain() (columns []int) {
	for i := range m.Table.Columns {
		if c := &m.Table.Columns[i]; c.Flow == engine.BothWays && len(c.Lookups) == 0 {
			columns = append(columns, i)
		}
	}
	return columns
}

// key draws a key that others may edit, too.
func (p *plot) key() string { return "k" + strconv.Itoa(below(p.dice, 4)) }

// dismissed plays that the primary's change is refused and dismissed, and that the
// other side then changes the record, too: its change must lose, and the primary's
// record be carried after all.
func (p *plot) dismissed() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	mine, other := p.c.Setup.Primary, p.c.Setup.Primary^1
	e, column := p.record(m, p.key()), oneOf(p.dice, columns)
	storm := p.at + 2*second + p.soon(6*second)
	p.edits(p.at, mine, p.set(e, m, mine, column))
	p.c.Faults = append(p.c.Faults, Fault{Kind: "refused-writes", At: storm, For: 6 * second, Side: other, Percent: 100})
	p.edits(storm+p.soon(second), mine, p.set(e, m, mine, column))
	p.operates(storm+second+p.soon(4*second), "dismiss")
	p.edits(storm+4*second+p.soon(10*second), other, p.set(e, m, other, column))
}

// parentGoes plays that a record looks up another for a moment, which is deleted
// on the other side while the engine carries what it has read.
func (p *plot) parentGoes() {
	child, column := p.looksUp()
	if child == nil {
		return
	}
	parent := &p.subject.Maps[child.Table.Columns[column].Lookups[0]]
	side := SideName(below(p.dice, 2))
	pace := 200 * millisecond
	if p.dice.Bits(1) == 1 { // at the usual pace it is in time more often
		for _, s := range engine.Sides {
			p.c.Setup.System(s).Commit, p.c.Setup.System(s).Latency = 0, 0
		}
	}
	if p.c.Setup.FinOps.Latency+p.c.Setup.Dataverse.Latency > 100*millisecond {
		pace = 3 * second
	}
	for round := range 6 {
		up := p.record(parent, "p"+strconv.Itoa(round))
		p.edits(p.at, side, up)
		at := p.at + 3*second + p.soon(4*second)
		e := p.record(child, "c"+strconv.Itoa(round))
		e.Set = []Value{{Column: child.Table.Columns[column].Name, To: up.Key}}
		p.edits(at, side, e)
		at += pace*6/10 + p.soon(pace*6/10)
		e.Set = []Value{{Column: child.Table.Columns[column].Name}}
		p.edits(at, side, e)
		up.Op = "delete"
		p.edits(at-pace*6/10+p.soon(pace*6/10), side^1, up)
	}
}

// looksUp draws a map that takes part and one of its lookups into another that does;
// nil when there is none.
func (p *plot) looksUp() (*Map, int) {
	type lookup struct{ m, column int }
	var all []lookup
	for _, name := range p.c.Setup.Maps {
		m := p.subject.place(name)
		for i := range p.subject.Maps[m].Table.Columns {
			for _, target := range p.subject.Maps[m].Table.Columns[i].Lookups {
				if slices.Contains(p.c.Setup.Maps, p.subject.Maps[target].Table.Name) {
					all = append(all, lookup{m, i})
				}
			}
		}
	}
	if len(all) == 0 {
		return nil, 0
	}
	l := oneOf(p.dice, all)
	return &p.subject.Maps[l.m], l.column
}

// pastTheHook plays that a record is changed past the hook, and that somebody then
// changes it on either side as usual.
func (p *plot) pastTheHook() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	side := SideName(below(p.dice, 2))
	e := p.record(m, p.key())
	p.edits(p.at, side, p.set(e, m, side, columns...))
	at := p.at + p.soon(6*second)
	e = p.set(e, m, side, oneOf(p.dice, columns))
	if p.dice.Bits(1) == 1 {
		e.Set[0].To = ""
	}
	p.edits(at, side^SideName(below(p.dice, 2)), e).PastHook = true
	side = SideName(below(p.dice, 2))
	p.edits(at+p.soon(6*second), side, p.set(e, m, side, oneOf(p.dice, columns)))
}

// toldAgain plays that an outbox holds once more what the engine has long carried,
// for a process that has died meanwhile.
func (p *plot) toldAgain() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	side := SideName(below(p.dice, 2))
	e := p.record(m, p.key())
	for range between(p.dice, 1, 2) {
		p.edits(p.at+p.soon(2*second), side, p.set(e, m, side, columns...))
	}
	p.c.Faults = append(p.c.Faults,
		Fault{Kind: "repeated-references", At: p.at, For: 4*second + p.soon(20*second), Side: side, Percent: 100},
		Fault{Kind: "engine-crash", At: p.at + p.soon(20*second), Restart: oneOf(p.dice, []Span{0, second})},
	)
}

// goneUnderWay plays that a record is deleted, on either side, while the engine
// carries a change of it.
func (p *plot) goneUnderWay() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	side := SideName(below(p.dice, 2))
	pace := oneOf(p.dice, []Span{60 * millisecond, 100 * millisecond, 200 * millisecond}) // what a write takes, more or less
	for round := range 4 {
		e := p.record(m, "g"+strconv.Itoa(round))
		p.edits(p.at, side, p.set(e, m, side, columns...))
		at := p.at + 3*second + p.soon(4*second)
		p.edits(at, side, p.set(e, m, side, columns...))
		e.Op, e.Set = "delete", nil
		p.edits(at+p.soon(pace), side^SideName(below(p.dice, 2)), e)
	}
}

// answers plays that the two sides keep answering each other, as business logic does
// that never pauses.
func (p *plot) answers() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	side, column := SideName(below(p.dice, 2)), oneOf(p.dice, columns)
	pace := oneOf(p.dice, []Span{400 * millisecond, second, 3 * second}) // to carry a change takes a part of it
	words := [2]Edit{p.set(p.record(m, "o0"), m, 0, column), p.set(p.record(m, "o0"), m, 1, column)}
	for turn := range 12 {
		p.edits(p.at+Span(turn)*pace, side, words[side])
		side ^= 1
	}
}

// notGivenUp plays that a live transaction fails after its record has come to the other
// side, where users look it up before that is undone.
func (p *plot) notGivenUp() {
	child, column := p.looksUp()
	if child == nil || len(p.c.Setup.Live) == 0 {
		return
	}
	parent := &p.subject.Maps[child.Table.Columns[column].Lookups[0]]
	if parent == child {
		return
	}
	side := SideName(below(p.dice, 2))
	p.c.Setup.Live = []string{parent.Table.Name}
	p.c.Setup.System(engine.Side(side)).LiveTime = second
	up := p.record(parent, "n0")
	p.edits(p.at, side, up)
	p.c.Faults = append(p.c.Faults, Fault{Kind: "unanswered-writes", At: p.at, For: second + p.soon(second), Side: side ^ 1, Percent: 100})
	e := p.record(child, "n1")
	e.Set = []Value{{Column: child.Table.Columns[column].Name, To: up.Key}}
	p.edits(p.at+200*millisecond+p.soon(second), side^1, e)
}

// codesGone plays that somebody takes codes of a column away while users write its
// values, and brings them back.
func (p *plot) codesGone() {
	type coded struct {
		m      *Map
		column int
	}
	var all []coded
	for _, name := range p.c.Setup.Maps {
		m := &p.subject.Maps[p.subject.place(name)]
		for i := range m.Table.Columns {
			if m.codes(i) != nil {
				all = append(all, coded{m, i})
			}
		}
	}
	if len(all) == 0 {
		return
	}
	of := oneOf(p.dice, all)
	f := Fault{
		Kind: "mapping-removed", At: p.at + p.soon(3*second), For: oneOf(p.dice, []Span{300 * millisecond, 3 * second, 40 * second}),
		Map: of.m.Table.Name, Column: of.m.Table.Columns[of.column].Name,
	}
	if p.dice.Bits(1) == 1 {
		f.Code = oneOf(p.dice, of.m.codes(of.column).Pairs)[engine.FinOps].Text
	}
	p.c.Faults = append(p.c.Faults, f)
	e := p.record(of.m, p.key())
	for range between(p.dice, 1, 4) {
		side := SideName(below(p.dice, 2))
		p.edits(p.at+p.soon(4*second+f.For), side, p.set(e, of.m, side, of.column))
	}
}

// leaves plays that a record moves between the scope of its map and what lies outside,
// where leaving it deletes the other side's, that users of the other side change it
// meanwhile, and that the engine dies over it.
func (p *plot) leaves() {
	var all []*Map
	for _, name := range p.c.Setup.Maps {
		if m := &p.subject.Maps[p.subject.place(name)]; m.filtered() {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return
	}
	p.c.Setup.LeaveDelete = true
	m := oneOf(p.dice, all)
	var columns []int
	for i := range m.Table.Columns {
		columns = append(columns, i)
	}
	side, at := SideName(below(p.dice, 2)), p.at
	e := p.record(m, "l0")
	for range 8 {
		p.edits(at, side^SideName(below(p.dice, 4)/3), p.set(e, m, side, columns...))
		at += p.soon(3 * second)
	}
	if p.dice.Bits(1) == 1 {
		p.c.Faults = append(p.c.Faults, Fault{
			Kind: "engine-crash", At: p.at + p.soon(8*second), Restart: oneOf(p.dice, []Span{0, second, 20 * second}),
			Point: string(oneOf(p.dice, driver.LiveCrashPoints())),
		})
	}
}

// older plays that both sides hold a record that nothing has linked, since each made it
// past its hook, and that somebody then changes it.
func (p *plot) older() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	p.c.Setup.Unlinked = true
	e := p.record(m, "u0")
	for _, side := range engine.Sides {
		p.edits(p.at, SideName(side), p.set(e, m, SideName(side), columns...)).PastHook = true
	}
	for range between(p.dice, 1, 3) {
		side := SideName(below(p.dice, 2))
		p.edits(p.at+millisecond+p.soon(4*second), side, p.set(e, m, side, oneOf(p.dice, columns)))
	}
}

// handedOver plays that records of one side hand unique values over to each other, at
// once or one after the other, while users of the other side want them, too.
func (p *plot) handedOver() {
	m, column, found := p.unique()
	if !found {
		return
	}
	side := SideName(below(p.dice, 2))
	var has [3]Edit
	for i := range has {
		has[i] = p.set(p.record(m, "v"+strconv.Itoa(i)), m, side, column)
		p.edits(p.at+Span(i)*10*millisecond, side, has[i])
	}
	at := p.at + 2*second
	for range between(p.dice, 2, 5) {
		at += p.soon(second)
		from, to := below(p.dice, 3), below(p.dice, 3)
		gives, takes := p.set(has[from], m, side, column), has[to]
		takes.Set = has[from].Set
		has[from], has[to] = gives, takes
		t := p.edits(at, side^SideName(below(p.dice, 4)/3), gives)
		if at += p.soon(100 * millisecond); p.dice.Bits(1) == 1 {
			t.Edits = append(t.Edits, takes)
		} else {
			p.edits(at, side, takes)
		}
	}
}

// changes adds some edits of one record by users of both sides within a span.
func (p *plot) changes(from, most Span, m *Map, e Edit, columns []int) {
	for range between(p.dice, 2, 5) {
		side := SideName(below(p.dice, 2))
		p.edits(from+p.soon(most), side, p.set(e, m, side, columns...))
	}
}

// operates adds what an operator asks for.
func (p *plot) operates(at Span, what string) {
	p.c.Operations = append(p.c.Operations, Operation{At: at, What: what})
}

// pausedFull plays that a job is paused for longer, or while users change more, than it
// may queue up.
func (p *plot) pausedFull() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	if p.dice.Bits(1) == 1 {
		p.c.Setup.PauseAge = 2 * second
	} else {
		p.c.Setup.PauseSize = oneOf(p.dice, []int{1, 20, 60})
	}
	pause := 4*second + p.soon(8*second)
	p.operates(p.at, "pause")
	p.changes(p.at, pause, m, p.record(m, "w0"), columns)
	p.operates(p.at+pause, oneOf(p.dice, []string{"resume", "resume", "resume-keep", "resume-forget"}))
	p.changes(p.at+pause, 4*second, m, p.record(m, "w0"), columns)
}

// stopped plays that a job is stopped while users go on, and started again: as it is, or
// with an initial sync of all its maps.
func (p *plot) stopped() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	e := p.record(m, oneOf(p.dice, []string{p.key(), "s0"}))
	if p.dice.Bits(1) == 1 {
		p.changes(p.at, 2*second, m, e, columns)
	}
	stop := p.at + p.soon(4*second)
	p.operates(stop, "stop")
	rest := second + p.soon(8*second)
	p.changes(stop, rest, m, e, columns)
	start := stop + rest
	p.c.Setup.Chunk, p.c.Setup.CopyRows = oneOf(p.dice, []int{0, 1, 2}), oneOf(p.dice, []int{0, 0, 0, 2})
	p.c.Setup.CopyLookups = oneOf(p.dice, []int{0, 1})
	p.operates(start, oneOf(p.dice, []string{"start", "start", "start-with-finops", "start-with-dataverse"}))
	p.operates(start+20*second, "start") // the first may have come while it was stopping
	if p.dice.Bits(1) == 1 {
		p.changes(start, 4*second, m, e, columns)
	}
	p.dies(stop, 10*second+rest)
	if p.dice.Bits(1) == 1 {
		p.operates(start+p.soon(40*second), "resync")
	}
}

// resynced plays that sides are compared while users change what is compared, some of it
// past their hooks.
func (p *plot) resynced() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	e := p.record(m, p.key())
	p.changes(p.at, 4*second, m, e, columns)
	for range between(p.dice, 0, 2) {
		side := SideName(below(p.dice, 2))
		p.edits(p.at+p.soon(4*second), side, p.set(e, m, side, columns...)).PastHook = true
	}
	at := p.at + second + p.soon(4*second)
	p.operates(at, "resync")
	p.dies(at, second)
}

// deskFull plays that operators ask for more than the error desk takes: for too many items
// at once, or before it has done what it was asked for.
func (p *plot) deskFull() {
	side := SideName(below(p.dice, 2))
	p.c.Faults = append(p.c.Faults, Fault{Kind: "refused-writes", At: p.at, For: 8 * second, Side: side ^ 1, Percent: 100})
	for i := range between(p.dice, 2, 6) {
		m, columns := p.plain()
		e := p.record(m, "d"+strconv.Itoa(i))
		if m.Table.Company && p.dice.Bits(1) == 1 {
			e.Company = "demf"
		}
		p.edits(p.at+p.soon(second), side, p.set(e, m, side, columns...))
	}
	p.c.Setup.DeskPart, p.c.Setup.DeskRequests, p.c.Setup.DeskRecords = 1, oneOf(p.dice, []int{0, 1, 2}), oneOf(p.dice, []int{0, 1, 3})
	at := p.at + 4*second + p.soon(8*second)
	for range between(p.dice, 2, 4) {
		o := Operation{At: at, What: oneOf(p.dice, []string{"retry", "retry", "dismiss"})}
		if p.dice.Bits(1) == 1 {
			o.Map = oneOf(p.dice, p.c.Setup.Maps)
		} else {
			o.Company = oneOf(p.dice, []string{"", "usmf", "demf"})
		}
		p.c.Operations = append(p.c.Operations, o)
		at += p.soon(20 * millisecond)
	}
}

// notTakenBack plays that a live delete fails after its tombstone has come to the other
// side, whose users have given the record's unique value to another one meanwhile, so that
// it cannot be undone there; and that the record is changed where it still is, and an
// operator has all that tried again.
func (p *plot) notTakenBack() {
	m, column, found := p.unique()
	if !found {
		return
	}
	side, at := SideName(below(p.dice, 2)), p.at+3*second
	p.c.Setup.System(engine.Side(side)).LiveTime = second
	has := p.set(p.record(m, "b0"), m, side, column)
	p.edits(p.at, side, has)
	gone := p.record(m, "b0")
	gone.Op = "delete"
	p.edits(at, side, gone)
	p.c.Faults = append(p.c.Faults, Fault{Kind: "unanswered-writes", At: at, For: second, Side: side ^ 1, Percent: 100})
	takes := p.record(m, "b1")
	takes.Set = has.Set
	p.edits(at+200*millisecond+p.soon(second), side^1, takes)
	p.c.Setup.Attempts = oneOf(p.dice, []int{0, 1, 2})
	others := slices.DeleteFunc(m.plain(), func(c int) bool { return c == column })
	for range 3 {
		if at += 20*second + p.soon(30*second); len(others) > 0 {
			p.edits(at, side, p.set(p.record(m, "b0"), m, side, oneOf(p.dice, others)))
		}
		at += second + p.soon(20*second)
		p.operates(at, "retry")
	}
}

// unique draws a column of a map that takes part, and lets no two records share a value
// of it.
func (p *plot) unique() (m *Map, column int, found bool) {
	m, columns := p.plain()
	columns = slices.DeleteFunc(columns, func(c int) bool { return m.codes(c) != nil })
	if len(columns) == 0 {
		return nil, 0, false
	}
	column = oneOf(p.dice, columns)
	p.c.Setup.Unique = []string{m.Table.Name + "." + m.Table.Columns[column].Name}
	return m, column, true
}

// forgotten plays that a job is paused for so long that the tombstone of a record has gone
// when its last change has its turn.
func (p *plot) forgotten() {
	m, columns := p.plain()
	if len(columns) == 0 {
		return
	}
	side, e := SideName(below(p.dice, 2)), p.record(m, "t0")
	p.edits(p.at, side, p.set(e, m, side, columns...))
	pause := p.at + p.soon(4*second)
	p.operates(pause, "pause")
	p.edits(pause+p.soon(2*second), side, p.set(e, m, side, oneOf(p.dice, columns)))
	deleted := e
	deleted.Op = "delete"
	at := pause + second + p.soon(4*second)
	p.edits(at, side^SideName(below(p.dice, 4)/3), deleted)
	f := Fault{Kind: "tombstone-expired", At: at + p.soon(4*second), For: 60 * second, Side: side, Map: e.Map, Company: e.Company, Key: e.Key}
	p.c.Faults = append(p.c.Faults, f)
	p.operates(f.At+f.For-second+p.soon(4*second), oneOf(p.dice, []string{"resume", "resume", "resume-keep"}))
}

// dies lets the engine die, in half of all cases, over a copy within a span.
func (p *plot) dies(from, most Span) {
	if p.dice.Bits(1) == 0 {
		return
	}
	p.c.Faults = append(p.c.Faults, Fault{
		Kind: "engine-crash", At: from + p.soon(most), Restart: oneOf(p.dice, []Span{0, second, 20 * second}),
		Point: string(oneOf(p.dice, driver.CopyCrashPoints())),
	})
}
