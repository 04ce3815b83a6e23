package scenarios

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// Fault is something that breaks. Which fields count depends on Kind.
type Fault struct {
	Name    string            `key:"name"`
	Kind    FaultKind         `key:"kind"`
	At      time.Duration     `key:"at"`
	Every   sim.Dist          `key:"every"`   // it comes again and again while users work, from At on, so far apart; nil: once
	For     time.Duration     `key:"for"`     // all but EngineCrash and ClockStep
	Side    engine.Side       `key:"side"`    // those of a system; Slow without Link
	Link    *engine.Side      `key:"link"`    // the engine's link to this side: Partition, Loss; Slow of a link
	Way     Way               `key:"way"`     // Partition
	Factor  float64           `key:"factor"`  // Slow, LateNotifications: how many times longer
	Share   Share             `key:"share"`   // those that strike some and not others
	Clock   Clocks            `key:"clock"`   // ClockStep
	By      time.Duration     `key:"by"`      // ClockStep
	Restart time.Duration     `key:"restart"` // EngineCrash: how long the engine stays dead
	Map     int               `key:"map"`     // MappingRemoved: index into Scenario.Maps
	Column  int               `key:"column"`  // ... index into the map's Columns
	Code    *int              `key:"code"`    // ... index into the column's codes; nil: all
	Point   driver.CrashPoint `key:"point"`   // EngineCrash: dies when it next passes this; empty: at At
}

// FaultKind is what breaks.
type FaultKind uint8

// The kinds of faults.
const (
	Outage FaultKind = iota
	Slow
	EngineCrash
	ThrottlingStorm
	Partition
	Loss
	LostNotifications
	DoubleNotifications
	LateNotifications
	UnansweredWrites
	PartialBatches
	LockedRecords
	ValidationStorm
	StepOfClock
	StoreFull
	MappingRemoved
)

// faultKinds are the kinds as scenarios spell them.
var faultKinds = [...]string{
	"outage", "slow", "engine-crash", "throttling-storm", "partition", "loss", "lost-notifications", "duplicate-notifications",
	"late-notifications", "unanswered-writes", "partial-batches", "locked-records", "validation-storm", "clock-step", "store-full",
	"mapping-removed",
}

// String returns the kind as scenarios spell it.
func (k FaultKind) String() string { return faultKinds[k] }

// Way is which way a link carries nothing.
type Way uint8

// The ways.
const (
	NoWay    Way = iota // neither requests nor answers
	Requests            // what the engine sends is lost; answers come
	Answers             // requests arrive, and nobody hears of it
)

// Clocks names a clock that somebody sets.
type Clocks uint8

// The clocks.
const (
	ClockOfFinOps Clocks = iota
	ClockOfDataverse
	ClockOfEngine
)

// String returns the clock as scenarios spell it.
func (c Clocks) String() string { return [...]string{"finops", "dataverse", "engine"}[c] }

// Target names what the fault strikes; empty for the engine.
func (f *Fault) Target(s *Scenario) string {
	switch {
	case f.Kind == MappingRemoved:
		return s.Maps[f.Map].Name + "." + s.Maps[f.Map].Columns[f.Column].Name
	case f.Kind == EngineCrash || f.Kind == StoreFull:
		return ""
	case f.Kind == StepOfClock && f.Clock == ClockOfEngine:
		return ""
	case f.Kind == StepOfClock:
		return f.Clock.String()
	case f.Link != nil:
		return "engine->" + f.Link.String()
	}
	return f.Side.String()
}

// Lasts returns how long the fault is there.
func (f *Fault) Lasts() time.Duration {
	if f.Kind == EngineCrash {
		return f.Restart
	}
	return f.For
}

var faultChoice = choice{
	name: "a fault",
	by:   "kind",
	cases: []alternative{
		fault(Outage, "a side answers nothing", faultFor, faultSide),
		slowFault(),
		fault(EngineCrash, "the engine's process dies",
			key{
				name: "restart", shape: positive{timeSpan}, standard: "30s", source: "assumed: a process that is supervised",
				doc: "how long it stays dead",
			},
			key{name: "point", shape: crashPointWord(), doc: "where in its work it dies, at the first pass after at"}),
		fault(ThrottlingStorm, "a side answers each request of the engine with 429", faultFor, faultSide),
		fault(Partition, "a link carries nothing, one way or both", faultFor, faultLink,
			key{
				name: "way", standard: "both", source: "assumed: a cable is cut for both", doc: "what is lost: both, requests (of the engine) or answers",
				shape: word{name: "a way", choices: []meaning{{word: "both", value: NoWay}, {word: "requests", value: Requests}, {word: "answers", value: Answers}}},
			}),
		fault(Loss, "a link loses a share of its messages, each way", faultFor, faultLink, faultShare("messages")),
		fault(LostNotifications, "a share of a side's notifications never arrives", faultFor, faultSide, faultShare("notifications")),
		fault(DoubleNotifications, "a share of a side's notifications arrives twice", faultFor, faultSide, faultShare("notifications")),
		fault(LateNotifications, "a side's notifications take longer", faultFor, faultSide, faultFactor),
		fault(UnansweredWrites, "a share of a side's write batches is carried out, and not answered", faultFor, faultSide, faultShare("batches")),
		fault(PartialBatches, "of a share of a side's write batches only the first rows are carried out, and nothing is answered", faultFor, faultSide, faultShare("batches")),
		fault(LockedRecords, "somebody else has locked a share of a side's records", faultFor, faultSide, faultShare("records")),
		fault(ValidationStorm, "a side's business logic refuses a share of the changes that the engine brings", faultFor, faultSide, faultShare("changes")),
		fault(StepOfClock, "somebody sets a clock",
			key{
				name: "clock", required: true, doc: "whose clock is set: finops, dataverse or engine",
				shape: word{name: "a clock", choices: []meaning{{word: "finops", value: ClockOfFinOps}, {word: "dataverse", value: ClockOfDataverse}, {word: "engine", value: ClockOfEngine}}},
			},
			key{name: "by", shape: leaf{timeSpan}, required: true, doc: "how far the clock is moved, for example +90s"}),
		mappingFault(),
		fault(StoreFull, "the engine's store takes nothing; the process waits until it does", faultFor),
	},
}

// Keys that several kinds of faults have.
var (
	faultFor    = key{name: "for", shape: positive{timeSpan}, required: true, doc: "how long, for example 10m"}
	faultSide   = key{name: "side", shape: sideWord, required: true, doc: "the side that it strikes: finops or dataverse"}
	faultLink   = key{name: "link", shape: linkWord, required: true, doc: "the link that it strikes: engine->finops or engine->dataverse"}
	faultFactor = key{name: "factor", shape: leaf{number(1, 10_000)}, required: true, doc: "how many times longer, for example 8"}
)

var linkWord = word{name: "a link", choices: []meaning{
	{word: "engine->finops", value: engine.FinOps},
	{word: "engine->dataverse", value: engine.Dataverse},
}}

func faultShare(of string) key {
	return key{name: "share", shape: leaf{share}, required: true, doc: "how many of the " + of + ", for example 20%"}
}

// fault is one kind of fault.
func fault(kind FaultKind, doc string, keys ...key) alternative {
	return alternative{word: kind.String(), object: object{
		name: "the fault " + kind.String(),
		keys: append([]key{
			{name: "name", shape: name, doc: "its name in paths"},
			{
				name: "kind", required: true, doc: doc,
				shape: word{name: kind.String(), choices: []meaning{{word: kind.String(), value: kind}}},
			},
			{name: "at", shape: composite(readMoment), doc: "when, for example 3h or 14:35; with every: from when on"},
			{name: "every", shape: distribution, doc: "again and again while users work, from one beginning to the next so long, for example {dist: exponential, mean: 2h}"},
		}, keys...),
		also: checkFault,
	}}
}

func slowFault() alternative {
	side, link := faultSide, faultLink
	side.required, link.required = false, false
	side.doc, link.doc = "the side that is slow", "the link that is slow: engine->finops or engine->dataverse"
	a := fault(Slow, "a side or a link takes longer", faultFor, side, link, faultFactor)
	a.object.also = func(c *checker, raw, n *node, path string) {
		checkFault(c, raw, n, path)
		if (raw.get("side") == nil) == (raw.get("link") == nil) {
			c.fault(n, path, "write side: dataverse, or link: engine->dataverse", "a slow fault strikes either a side or a link")
		}
	}
	return a
}

// mappingFault takes codes out of a column.
func mappingFault() alternative {
	a := fault(MappingRemoved, "somebody removes codes of a column from a map, and changes with them fail", faultFor,
		key{name: "map", shape: composite(readMapName), required: true, doc: "the map, for example orders"},
		key{name: "column", shape: name, required: true, doc: "its column with codes, for example status"},
		key{name: "code", shape: cellShape{}, doc: "the code of finance & operations that is removed; all if not given"})
	a.object.also = func(c *checker, raw, n *node, path string) {
		checkFault(c, raw, n, path)
		c.resolveMapping(n, path)
	}
	return a
}

// resolveMapping turns the names of a column and of its code into their places.
func (c *checker) resolveMapping(n *node, path string) {
	m, column := c.mapOf(n), n.get("column")
	if m == nil || column == nil {
		return
	}
	i := slices.Index(m.columns, column.text)
	if i < 0 {
		c.fault(column, join(path, "column"), c.errs.didYouMean(column.text, m.columns), "the map %s has no column %s", m.name, quote(column.text))
		return
	}
	column.value = i
	codes := m.codes[i]
	switch {
	case codes == nil:
		c.fault(column, join(path, "column"), "name a column with values: {codes: ...}", "%s has no codes that could be removed", quote(column.text))
		return
	case codes.FallThrough:
		c.fault(column, join(path, "column"), "remove fall-through: true from the column", "values of %s that have no code pass as they are: nothing would fail", quote(column.text))
		return
	}
	code := n.get("code")
	if code == nil {
		return
	}
	k := slices.IndexFunc(codes.Pairs, func(pair [2]string) bool { return pair[engine.FinOps] == code.text })
	if k < 0 {
		var known []string
		for _, pair := range codes.Pairs {
			known = append(known, pair[engine.FinOps])
		}
		c.fault(code, join(path, "code"), c.errs.didYouMean(code.text, known), "%s of %s has no code %s", column.text, m.name, quote(code.text))
		return
	}
	code.value = k
}

// shortestGap is how soon a fault that comes again may come again.
const shortestGap = time.Second

// checkFault judges when a fault comes, and whether it does anything.
func checkFault(c *checker, raw, n *node, path string) {
	if raw.get("at") == nil && raw.get("every") == nil {
		c.fault(n, join(path, "at"), "write at: 3h, or every: {dist: exponential, mean: 2h}", "a fault needs a time at which it comes")
	}
	if every := n.get("every"); every != nil && as[sim.Dist](every.value).Mean() < shortestGap.Seconds() {
		c.fault(every, join(path, "every"), "for example 2h", "a fault that comes more often than once a second on average")
	}
	if share := n.get("share"); share != nil && as[Share](share.value) == 0 {
		c.fault(share, join(path, "share"), "for example 20%", "a share of nothing")
	}
	if by := n.get("by"); by != nil && as[time.Duration](by.value) == 0 {
		c.fault(by, join(path, "by"), "for example +90s", "a clock that is set to what it shows")
	}
}

func crashPointWord() word {
	w := word{name: "a crash point"}
	for _, points := range [][]driver.CrashPoint{driver.CrashPoints(), {driver.CommandBeforeSave}, driver.LiveCrashPoints()} {
		for _, p := range points {
			w.choices = append(w.choices, meaning{word: string(p), value: p})
		}
	}
	return w
}

// Times returns when the fault comes in a run, ascending. One that comes again
// does so while users work: what is left when they go is to be seen.
func (f *Fault) Times(s *Scenario, run int) []time.Duration {
	if f.Every == nil {
		return []time.Duration{f.At}
	}
	draws, entity := sim.NewStream(s.Seed, uint64(run), "faults"), sim.Hash(f.Name)
	var all []time.Duration
	for at := f.At; ; {
		at += max(sim.Draw(f.Every, draws, entity, uint64(len(all))), shortestGap)
		if at >= s.Time.Run {
			return all
		}
		all = append(all, at)
	}
}
