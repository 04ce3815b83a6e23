package oracle

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// View is the world at the end of a run, as the systems and the engine's store
// hold it.
type View struct {
	// Records yields each side's records, every one once. The oracle compares
	// them with what it was told.
	Records [2]iter.Seq[*engine.Record]

	// Items yields every reference that waits: those of the engine's queue, and
	// those in the outboxes, where it may meet one a second time.
	Items iter.Seq[Item]

	// Intents are the live transactions that the engine's store knows of.
	Intents []engine.Intent

	// Quarantined are the pairs that the engine has quarantined.
	Quarantined []engine.Quarantine

	// Passed reports that no run of the data integrator to come will list a side's
	// record as it is now, nor try it again; nil for a world of the engine.
	Passed func(engine.Side, *engine.Record) bool

	// Bar names the fault that lasts for ever and lets nothing through; empty for none.
	Bar string

	// Spoils names the fault that lasts for ever and fails each write of a record on a
	// side for some end; empty for none. nil: every fault ends.
	Spoils func(k *engine.Key, on engine.Side, to End) string

	// Halted says why the run ended before its queues were empty; it goes into
	// the notes of what could not be judged.
	Halted string
}

// Item is a reference that waits.
type Item struct {
	Reference *engine.Reference
	State     State
	Outcome   engine.Outcome // Parked: why; Blocked: the root cause, if known
	On        engine.Key     // Blocked: the record that it waits for
	Root      engine.Key     // Blocked: the record at the root of it
	Unsaved   int            // references that stand beside it in the engine's queue, and that only its process knows of
}

// State tells where a reference waits.
type State uint8

// The states.
const (
	InOutbox  State = iota // not yet taken in, or not yet forgotten
	Waiting                // in the engine: ready, in flight or backing off
	Blocked                // waits for another record
	Parked                 // on the error desk
	Forgotten              // in the engine's store only: at rest, it does not know of it
)

// String returns the state's name.
func (s State) String() string {
	return [...]string{"in the outbox", "open", "blocked", "parked", "forgotten"}[s]
}

// Report is what a run showed. Every slice has a fixed order.
type Report struct {
	Properties   []Property       // in the order of [Contracts], but for what the configuration cannot exercise; none in a world of the data integrator
	Maps         []MapCount       // by MapID
	Outcomes     []OutcomeCount   // by map, side, class and reason
	Errors       []ErrorCount     // most frequent first, then by class, reason, map and cause
	Samples      []Sample         // ascending by Born, then by order of commit
	SampleStride uint64           // every so-manieth change is in Samples; 1 for all
	SamplesSeen  uint64           // how many there were
	Divergent    sim.Series       // pairs that differ, from each instant on
	Blocked      []DependencyWait // by map: waits for records that are looked up
	Gaps         []Gap            // by the time between edits on both sides of a pair, ascending
	Worst        []Worst          // slowest first
	Stories      []Story          // named transactions, in order of commit
	Torn         []Story          // others that were partly visible longest and became whole, longest first, named by their first record
	Live         LiveCount
	Totals       Totals
	Barred       []Barred     // what waits at the end for faults that last for ever, by fault
	Free         []engine.Key // records for which something else waits then, in a world with such a fault
	Copied       *Copied      // what the data integrator did; nil in a world of the engine
}

// Failed lists the properties that were broken.
func (r *Report) Failed() []Property {
	var failed []Property
	for _, p := range r.Properties {
		if p.Verdict == Fail {
			failed = append(failed, p)
		}
	}
	return failed
}

// MapCount counts what happened to the records of one map.
type MapCount struct {
	Captured    [2]uint64     // captured changes, by side of origin
	Live        [2]uint64     // changes, deletes among them, that committed on both sides with a live transaction
	Creates     [2]uint64     // how many of both made the record
	Alive       [2]uint64     // records on each side at the end
	Converged   uint64        // pairs equal at the end
	Divergent   uint64        // pairs that differ at the end
	Parked      uint64        // pairs with a reference on the error desk
	Blocked     uint64        // pairs, else, with one that waits for another record
	Open        uint64        // pairs, else, with one that waits
	PartlyMost  time.Duration // of transactions that became whole
	PartlyMostT engine.TxID   // the transaction that was partly visible so long
	NeverWhole  uint64        // transactions of which something was missing at the end
}

// OutcomeCount counts captured changes of one map and side that ended alike.
// Class Open and the two failures on the error desk count what has not ended.
type OutcomeCount struct {
	Map    engine.MapID
	Side   engine.Side
	Class  engine.Class
	Reason engine.Reason
	Count  uint64
}

// Barred counts the records for which something waits that a fault holds up which lasts
// for ever.
type Barred struct {
	Fault   string
	Records uint64
}

// ErrorCount counts the errors of one cause, as the list of sync errors shows
// them.
type ErrorCount struct {
	Class   engine.Class
	Reason  engine.Reason
	Map     engine.MapID
	Cause   string
	Count   uint64
	Example string // one record, for people
}

// Sample is the convergence of one change, captured or live: for how long one side
// alone had it. A captured change begins with its user's commit. A live one begins
// with the write on the other side, and its user's commit is what makes both agree.
type Sample struct {
	Map      engine.MapID
	Side     engine.Side   // of the user
	Born     sim.Time      // the first commit of it, on whichever side
	Took     time.Duration // until both sides agreed on the pair again
	Censored bool          // they had not when the run ended; Took is a lower bound

	serial uint64
}

// Worst is one change that took long to converge.
type Worst struct {
	Key      engine.Key
	Record   string // for people
	Side     engine.Side
	Born     sim.Time
	Took     time.Duration
	Censored bool
	Why      []Wait // how the time was spent, longest first

	serial uint64
}

// Story tells of one named transaction.
type Story struct {
	Name      string
	Side      engine.Side
	Tx        engine.TxID
	Committed sim.Time
	Records   int
	Synced    int      // its pairs on which both sides agree at the end
	Visible   int      // its changes that became visible on the other side
	FirstSeen sim.Time // when the first of them did; 0 with none visible
	LastSeen  sim.Time
	Censored  bool // some had not become visible when the run ended
}

// Totals are counters over the whole run.
type Totals struct {
	Captured         uint64 // captured changes, late captures among them
	Settled          uint64 // of which have their outcome
	Outstanding      uint64 // of which wait
	Live             uint64 // changes of live transactions that committed, deletes among them
	Transactions     [2]uint64
	Refused          uint64 // transactions that the capture hook refused
	EngineWrites     uint64 // of async changes
	LiveWrites       uint64 // of live transactions, what undoes them included
	MarkWrites       uint64 // among them: only the mark was written
	LateCaptures     uint64 // among them: captured what had gone past the hook
	Overrides        uint64 // among them: written over a conflicting change
	FollowUps        uint64 // writes that had to leave something to another one: lookups that close a circle, columns beside those found equal, what a live transaction left
	BroughtBack      uint64 // writes of records that had vanished and were brought back to be looked up
	DriftOverwritten uint64 // carried over content that was never linked
	Retried          uint64 // sent again because there was no answer
	Leaked           uint64 // duplicates that got into an outbox
	CopyRows         uint64 // references that the engine made of rows of an initial sync or resync
	Straying         uint64 // pairs that differ at the end and nobody was to carry what made them so: declared drift
	Echoes           uint64 // duplicates that the engine recognised
	Held             uint64 // outcomes of references that the engine had made to hold a place
	Crashes          uint64
	Pairs            uint64
	FullBatches      uint64 // writes of as many rows as a batch may have
}

// Judge ends the observation: it judges what only the end can show and returns
// the report. It is called once.
func (o *Oracle) Judge(at sim.Time, v View) Report {
	if o.finished {
		panic("oracle: a run is judged once")
	}
	o.finished = true
	o.recount(v)
	if v.Spoils != nil && v.Halted == "" {
		o.bars = newBars(&v)
	}
	r := Report{Maps: make([]MapCount, len(o.config.Maps))}
	o.items(at, v)
	o.quarantinedAtEnd(v.Quarantined)
	o.livesAtEnd(at, v.Intents)
	o.bar(&r)
	o.dangling(at + 1)
	o.followed(at + 1)
	excuses := o.pairsAtEnd(at, &r)
	o.totals.Straying = excuses.strayed
	o.judgeTraffic(at)
	o.fill(&r)

	r.Samples, r.SampleStride, r.SamplesSeen = o.samples.kept, o.samples.stride, o.samples.seen
	slices.SortFunc(r.Samples, func(a, b Sample) int {
		if a.Born != b.Born { // there are many: nothing is compared that need not be
			return cmp.Compare(a.Born, b.Born)
		}
		return cmp.Compare(a.serial, b.serial)
	})
	r.Divergent = o.apart
	r.Worst = o.worst
	for i := range r.Worst {
		r.Worst[i].Record = o.record(&r.Worst[i].Key)
	}
	r.Blocked, r.Gaps = o.tellBlocked(), o.tellGaps()
	r.Errors = o.errors()
	r.Stories, r.Torn = o.tell(), o.tellTorn()
	r.Live, r.Totals = o.liveCount, o.totals
	if o.copies != nil {
		r.Copied = o.tellCopied(v)
		return r
	}
	for i := range o.tallies {
		if !o.applies(i) {
			continue
		}
		r.Properties = append(r.Properties, o.verdict(i, &excuses, v.Halted))
	}
	return r
}

// recount compares what the systems hold with what the oracle was told. A
// difference is a fault of the simulation, not of the engine.
func (o *Oracle) recount(v View) {
	for side, records := range v.Records {
		if records == nil {
			continue
		}
		told := 0
		for i := range o.pairs.count {
			if o.pairs.pair(i).record[side] != nil {
				told++
			}
		}
		held := 0
		for r := range records {
			held++
			if p := o.pairOfRecord(r); p == nil || *p.key() != *r.Key || p.record[side] == nil || p.record[side].Version != r.Version {
				panic(fmt.Sprintf("oracle: the %s side holds %v in version %d, of which the oracle was not told", engine.Side(side), *r.Key, r.Version))
			}
		}
		if held != told {
			panic(fmt.Sprintf("oracle: the %s side holds %d records, and the oracle was told of %d", engine.Side(side), held, told))
		}
	}
}

// items takes in what waits at the end.
func (o *Oracle) items(at sim.Time, v View) {
	if v.Items == nil {
		return
	}
	for it := range v.Items {
		ref := it.Reference
		p := o.pairs.find(&ref.Key)
		change := isChange(ref)
		if !change {
			o.holding++
		}
		if p == nil || change && !p.knows(ref) {
			o.breach(closedBooks, at, &ref.Key, "%v is %s, and no such change was captured", ref, it.State)
			continue
		}
		var c *commit
		if p.waiting != nil {
			c = p.waiting.lines[ref.Side].find(ref.Incarnation, ref.Number)
		}
		ended := c == nil || c.what.has(settled)
		if change && ended {
			if it.State != InOutbox {
				o.breach(closedBooks, at, &ref.Key, "%v has its outcome and is still %s", ref, it.State)
			}
			continue
		}
		if it.State == Forgotten {
			o.breach(closedBooks, at, &ref.Key, "%v stands in the store, and the engine, which has nothing to do, has forgotten it", ref)
		}
		o.keeps(at, p, &it)
		if o.bars != nil {
			o.bars.note(p, &it)
		}
		switch it.State {
		case Parked:
			p.state |= pairParked
		case Blocked:
			p.state |= pairBlocked
		default:
			p.state |= pairOpen
		}
		if change {
			o.book(ref, c, it)
		}
	}
}

// quarantinedAtEnd notes the pairs that wait for people, with or without items.
func (o *Oracle) quarantinedAtEnd(list []engine.Quarantine) {
	for i := range list {
		if p := o.pairs.find(&list[i].Key); p != nil {
			p.state |= pairParked
		}
	}
}

// What waits for a pair at the end.
const (
	pairOpen flags = 1 << iota
	pairBlocked
	pairParked
)

// book counts a change that waits, once.
func (o *Oracle) book(ref *engine.Reference, c *commit, it Item) {
	if it.State == Parked && !c.what.has(parkedItem) {
		c.what |= parkedItem
		o.maps[ref.Key.Map].count(ref.Side, it.Outcome)
		o.cause(ref, it.Outcome)
	}
	if !c.what.has(queued) {
		c.what |= queued
		o.totals.Outstanding++
	}
}

// excuses are pairs that differ at the end for a declared reason.
type excuses struct {
	parked, blocked, barred, ambiguous, dismissed, strayed uint64
	open                                                   uint64 // not judged: the run ended too early
}

// pairsAtEnd judges every pair.
func (o *Oracle) pairsAtEnd(at sim.Time, r *Report) excuses {
	var e excuses
	kept, free := false, uint64(0) // pairs that are kept back, and those that they could have stopped
	for i := range o.pairs.count {
		p := o.pairs.pair(i)
		o.totals.Pairs++
		o.tallies[converged].checked++
		m := &r.Maps[p.key().Map]
		for s := range m.Alive {
			if alive(p.record[s]) {
				m.Alive[s]++
			}
		}
		switch {
		case p.state.has(pairParked):
			m.Parked++
		case p.state.has(pairBlocked):
			m.Blocked++
		case p.state.has(pairOpen):
			m.Open++
		}
		switch {
		case p.state&(pairParked|pairBlocked) != 0:
			kept = true
		case p.number != [2]uint32{}: // something of it was in the queue
			free++
		}
		o.changesAtEnd(at, p)
		o.stillBlocked(at, p)
		if !p.differs {
			m.Converged++
			continue
		}
		m.Divergent++
		o.excuse(at, p, &e)
	}
	if kept {
		o.tallies[isolation].checked += free
	}
	return e
}

// excuse sorts a pair that differs by its declared reason, or finds none.
func (o *Oracle) excuse(at sim.Time, p *pair, e *excuses) {
	switch {
	case p.key().Spelling != "":
		e.ambiguous++
	case o.bars.free(p):
		o.breach(converged, at, p.key(), "the sides differ, something is still under way, and no fault that lasts for ever lies on its path: %s", o.difference(p))
	case o.bars.name(p) != "":
		e.barred++
	case p.state.has(pairOpen):
		e.open++
	case p.state.has(pairParked):
		e.parked++
	case p.state.has(pairBlocked):
		e.blocked++
	case p.dismissed:
		e.dismissed++
	case o.strays(p):
		e.strayed++
	default:
		o.breach(converged, at, p.key(), "the sides differ and nothing is queued: %s", o.difference(p))
	}
}

// difference says in which columns a pair differs.
func (o *Oracle) difference(p *pair) string {
	a, b := p.record[engine.FinOps], p.record[engine.Dataverse]
	switch {
	case !alive(a):
		return fmt.Sprintf("only %s holds the record", engine.Dataverse)
	case !alive(b):
		return fmt.Sprintf("only %s holds the record", engine.FinOps)
	}
	var names []string
	s := &o.shapes[p.key().Map]
	for g := range s.groups {
		if !p.parted(s, g) {
			continue
		}
		for _, c := range s.apart(g, a.Values, b.Values) {
			names = append(names, s.Columns[c].Name)
		}
	}
	return "columns " + strings.Join(names, ", ")
}

// changesAtEnd judges the changes of a pair of which something is open.
func (o *Oracle) changesAtEnd(at sim.Time, p *pair) {
	for _, side := range engine.Sides {
		all := p.open(side)
		for i := range all {
			c := &all[i]
			if c.what&(captured|wentLive) == 0 {
				continue
			}
			if c.what.has(captured) && !c.what.has(settled) {
				o.tallies[closedBooks].checked++
				o.opens(at)
				o.took(at, p, side, c)
				if !c.what.has(queued) {
					o.breach(closedBooks, at, p.key(), "change %d.%d of %s, made at %v, has no outcome and is queued nowhere", c.life, c.number, side, c.born)
				}
			}
			if c.measured() && !c.what.has(agreed) {
				o.sample(p, side, c, at, true)
			}
			if c.tx != nil {
				o.neverWhole(at, c.tx)
			}
		}
	}
}

// fill fills in the counts of outcomes, and of changes without one.
func (o *Oracle) fill(r *Report) {
	for m := range o.maps {
		t := &o.maps[m]
		r.Maps[m].Captured, r.Maps[m].Live, r.Maps[m].Creates = t.captured, t.live, t.creates
		r.Maps[m].PartlyMost, r.Maps[m].PartlyMostT = time.Duration(t.partly), t.partlyTx
		r.Maps[m].NeverWhole = t.neverWhole
		for _, side := range engine.Sides {
			rest := t.captured[side]
			at := len(r.Outcomes)
			for c, reasons := range t.outcomes[side] {
				if reasons == nil {
					continue
				}
				for why, n := range reasons {
					if n > 0 {
						rest -= n
						r.Outcomes = append(r.Outcomes, OutcomeCount{engine.MapID(m), side, engine.Class(c), engine.Reason(why), n})
					}
				}
			}
			if rest > 0 && o.copies == nil { // else nothing ever has an outcome
				r.Outcomes = slices.Insert(r.Outcomes, at, OutcomeCount{engine.MapID(m), side, engine.Open, engine.NoReason, rest})
			}
		}
	}
}

// errors puts the list of sync errors in order.
func (o *Oracle) errors() []ErrorCount {
	slices.SortFunc(o.causes, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Map, b.Map), cmp.Compare(a.Cause, b.Cause))
	})
	return o.causes
}

// tell makes the stories of the named transactions.
func (o *Oracle) tell() []Story {
	stories := make([]Story, 0, len(o.stories))
	for _, t := range o.stories {
		s := Story{
			Name: t.name, Side: t.side, Tx: t.id, Committed: t.committed, Records: t.records,
			Visible: t.visible, FirstSeen: t.first, LastSeen: t.last,
			Censored: t.visible+t.given < t.followed,
		}
		for _, p := range t.pairs {
			if !p.differs {
				s.Synced++
			}
		}
		stories = append(stories, s)
	}
	return stories
}

// tellTorn makes the stories of those that were partly visible longest.
func (o *Oracle) tellTorn() []Story {
	stories := make([]Story, len(o.torn))
	for i, t := range o.torn {
		stories[i] = Story{
			Name: o.record(t.head.key()), Side: t.side, Tx: t.id, Committed: t.committed, Records: t.records,
			Synced: t.visible, Visible: t.visible, FirstSeen: t.first, LastSeen: t.last,
		}
	}
	return stories
}

// verdict sums a property up.
func (o *Oracle) verdict(i int, e *excuses, halted string) Property {
	t := &o.tallies[i]
	p := Property{Contract: contracts[i], Verdict: Pass, Checked: t.checked, Violations: t.violations, Examples: t.examples}
	doubt := e.open > 0
	switch i {
	case converged:
		p.Note = e.note(halted, o.bars)
	case bounded:
		p.Note = o.noteBound()
	case liveAtomic:
		p.Note = o.noteLives()
		doubt = o.doubtful()+o.kept > 0
	}
	switch {
	case t.violations > 0:
		p.Verdict = Fail
	case t.checked == 0 && o.needsOccasion(i):
		p.Verdict, p.Note = NoOccasion, "nothing came up that it speaks of"
	case t.checked == 0:
		p.Verdict, p.Note = Inconclusive, "nothing was there to check"
	case doubt && (i == converged || i == liveAtomic):
		p.Verdict = Inconclusive
	}
	return p
}

// note tells what was excused or could not be judged.
func (e *excuses) note(halted string, b *bars) string {
	var parts []string
	say := func(n uint64, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	say(e.open, "pairs differ with references still waiting when the run ended")
	say(e.parked, "excused: parked on the error desk")
	say(e.blocked, "excused: blocked by another record")
	if e.barred > 0 {
		say(e.barred, "excused: blocked by a fault, "+strings.Join(b.names, ", "))
	}
	say(e.ambiguous, "excused: the key differs from another only in spelling")
	say(e.dismissed, "excused: drifting after a dismissal")
	say(e.strayed, "excused: declared drift, from before the sync or from a time without capture")
	if e.open > 0 && halted != "" {
		parts = append(parts, halted)
	}
	return strings.Join(parts, "; ")
}
