package engine

import "slices"

// batch is one worker's slot: up to [Config.Batch] items of different pairs
// that go the same way. It reads X, then Y, decides, and writes.
type batch struct {
	busy     bool
	probe    bool // a trial of a side whose breaker is open
	source   Side
	stage    stage
	request  [2]BatchID // the requests under way, by side; 0: none
	flights  []flight
	deadline Time  // of its writes
	keys     []Key // of the flights; both sides' reads hold it, so that it is made anew for each batch
	needs    []Key // looked-up records, distinct over the batch
	refused  bool  // a side has refused one of its requests for a time, or has asked for a pause before it
	noted    bool  // the store has a note of what it holds, or held
	notes    []FlightNote
	rows     [2][]int
}

// stage is how far a batch has come.
type stage uint8

const (
	readingSource stage = iota
	readingTarget
	writing
)

// flight is one item in a batch.
type flight struct {
	lane    laneID
	x, y    *Record
	verdict Verdict
	done    bool // the item has left the batch
}

// dispatch starts batches while workers are free and items may run.
func (c *Core) dispatch() {
	for i := range c.batches {
		b := &c.batches[i]
		if b.busy {
			continue
		}
		if !c.fillBatch(b) {
			return
		}
		b.keys = make([]Key, len(b.flights))
		for j := range b.flights {
			b.keys[j] = c.pairs.at(b.flights[j].lane.pair()).key
		}
		c.stats.Batches++
		c.noteBatch(i)
		b.stage = readingSource
		b.request[b.source] = c.nextRequest()
		c.do = append(c.do, Effect{Kind: ReadBatch, Side: b.source, Batch: b.request[b.source], Keys: b.keys})
	}
}

// fillBatch takes the item that comes first and others that go the same way.
// While a breaker is open, the only batch is a probe with one item.
func (c *Core) fillBatch(b *batch) bool {
	admit, found := c.admission(), false
	if admit == admitNone {
		return false
	}
	for _, side := range Sides {
		c.dropStale(side)
		h := c.ready[side]
		if len(h) > 0 && (!found || h[0].before(c.ready[b.source][0])) {
			b.source, found = side, true
		}
	}
	if !found {
		return false
	}
	size := c.cfg.Batch
	if most := c.pairs.lane(c.ready[b.source][0].lane).batchMax; most > 0 {
		size = min(size, int(most))
	}
	b.probe = admit == admitProbe
	if c.pairs.lane(c.ready[b.source][0].lane).solo {
		size = 1
	}
	if b.probe {
		size = 1
		for s := range c.gates {
			c.gates[s].probing = c.gates[s].shut
		}
	}
	b.busy, b.refused, b.flights = true, false, b.flights[:0]
	for len(b.flights) < size && len(c.ready[b.source]) > 0 {
		l := c.pairs.lane(c.ready[b.source][0].lane)
		if l.solo && len(b.flights) > 0 {
			break
		}
		id := c.ready[b.source].pop().lane
		if l.solo {
			c.soloist = id
		}
		c.move(id, inFlight)
		c.jobOf(id).inFlight++
		c.flying[c.pairs.at(id.pair()).key.Map]++
		for i := range l.open { // what comes in later is newer than what will be read
			l.open[i].judged = true
		}
		b.flights = slices.Grow(b.flights, 1)[:len(b.flights)+1]
		f := &b.flights[len(b.flights)-1]
		*f = flight{lane: id, verdict: Verdict{Outcomes: f.verdict.Outcomes, bugs: c.bugs}}
		c.dropStale(b.source)
	}
	if c.bugs.hit(PlantMapOrder) {
		b.inMapOrder()
	}
	return true
}

// dropStale removes from the top of a ready heap what cannot start: items that
// are no longer ready, those whose pair is in flight the other way, which come
// back when that ends, and those that need a unique value of an item that was
// taken in after them.
func (c *Core) dropStale(source Side) {
	h := &c.ready[source]
	for len(*h) > 0 {
		id := (*h)[0].lane
		if c.pairs.lane(id).state == ready && !c.pairs.at(id.pair()).taken() {
			w := c.jobOf(id)
			switch {
			case c.pairs.lane(id).solo && c.soloist != noLane:
				c.soloists = append(c.soloists, id)
			case !c.mayStart(id):
				w.held = append(w.held, id)
			case c.blockedByValue(id):
				continue
			default:
				return
			}
		}
		h.pop()
	}
}

// read takes the answer of a read request and goes on to the next stage.
func (c *Core) read(in *Input) {
	b := c.batchOf(in)
	if b == nil {
		if !c.resyncRead(in) {
			c.liveRead(in)
		}
		return
	}
	b.request[in.Side] = 0
	c.gates[in.Side].answered()
	if b.stage == readingSource {
		for i := range b.flights {
			b.flights[i].x = in.Records[i]
		}
		c.readTarget(b)
		return
	}
	for i := range b.flights {
		b.flights[i].y = in.Records[i]
	}
	c.decide(b, in.Lookups)
}

// readTarget reads the other side of a batch, and the life of the records that
// the source records look up.
func (c *Core) readTarget(b *batch) {
	b.needs = b.needs[:0]
	for i := range b.flights {
		f, key := &b.flights[i], b.keys[i]
		if f.x == nil || !f.x.Alive {
			continue
		}
		for _, col := range c.cfg.Maps[key.Map].lookups {
			if v := f.x.Values[col]; v.Kind == KindLookup {
				if need := v.Target.Folded(); need != key && !slices.Contains(b.needs, need) {
					b.needs = append(b.needs, need)
				}
			}
		}
	}
	b.stage = readingTarget
	target := b.source.Other()
	if c.paused(target) {
		c.giveUp(b)
		return
	}
	b.request[target] = c.nextRequest()
	c.do = append(c.do, Effect{
		Kind: ReadBatch, Side: target, Batch: b.request[target], Keys: b.keys, Lookups: slices.Clone(b.needs),
	})
}

// giveUp lets the items of a batch start over when a side that they need has asked
// for a pause meanwhile. What was read will be old by then.
func (c *Core) giveUp(b *batch) {
	b.refused = true
	for i := range b.flights {
		if f := &b.flights[i]; !f.done {
			c.again(f, c.pairs.lane(f.lane))
		}
	}
	c.release(b)
}

// decide judges each item of a batch and sends the writes. Lookups answers
// b.needs in order.
func (c *Core) decide(b *batch, lookups []Alive) {
	b.stage, b.deadline = writing, c.deadline()
	b.rows[FinOps], b.rows[Dataverse] = b.rows[FinOps][:0], b.rows[Dataverse][:0]
	var writes [2][]Write
	if c.alive = nil; len(lookups) > 0 { // the writes keep it
		c.alive = make([]Alive, 0, len(b.flights))
	}
	for i := range b.flights {
		f := &b.flights[i]
		l := c.pairs.lane(f.lane)
		m := c.cfg.Maps[c.pairs.at(f.lane.pair()).key.Map]
		c.resolve(l, m, f.x)
		c.refs = c.refs[:0]
		for j := range l.open {
			if l.open[j].judged {
				c.refs = append(c.refs, l.open[j].Reference)
			}
		}
		if len(c.refs) == 0 { // the captured reference came while the engine's own was in flight
			c.again(f, l)
			continue
		}
		Decide(&f.verdict, m, c.refs, f.x, f.y, lookups, l.ways().circle, l.repair)
		if c.images != nil {
			c.recall(f)
		}
		if c.endless(f) {
			c.leave(f, l)
			c.quarantine(f.lane, Outcome{Class: ApplicationFailure, Reason: Oscillation, Cause: causeOscillation})
			continue
		}
		if f.verdict.Equal != 0 && (c.bugs.hit(PlantNoLoopbackControl) || c.bugs.hit(LoopEqualOff) || c.bugs.hit(PlantWrittenOn)) {
			f.verdict.Carry, f.verdict.Equal, f.verdict.Answer = f.verdict.Carry|f.verdict.Equal, 0, 0
		}
		if side, w, ok := c.act(f, l, m, lookups); ok && c.paused(side) {
			b.refused = true
			c.again(f, l)
		} else if ok && c.fallsShort(b, i) {
			c.finish(f, l)
		} else if ok {
			if writes[side] == nil { // most go this way
				writes[side] = make([]Write, 0, len(b.flights)-i)
			}
			b.rows[side] = append(b.rows[side], i)
			writes[side] = append(writes[side], w)
			switch {
			case f.verdict.Answer == 0:
			case c.paused(b.source):
				c.owesAnswer(f)
			default:
				b.rows[b.source] = append(b.rows[b.source], i)
				writes[b.source] = append(writes[b.source], c.answer(f))
			}
		}
	}
	for _, side := range [2]Side{b.source.Other(), b.source} {
		if len(writes[side]) > 0 {
			b.request[side] = c.nextRequest()
			c.do = append(c.do, Effect{Kind: WriteBatch, Side: side, Batch: b.request[side], Writes: writes[side]})
		}
	}
	c.release(b)
}

// act carries out a verdict: it settles, blocks or parks the item, or returns
// the write that it needs and the side to write.
func (c *Core) act(f *flight, l *lane, m *TableMap, lookups []Alive) (Side, Write, bool) {
	v := &f.verdict
	target := f.lane.side().Other()
	if v.Back != 0 { // what a filter had kept from travelling
		c.reassert(f)
	}
	if l.repair && v.Late == NotLate {
		c.repaired(l)
	}
	switch {
	case v.Late == LateSource:
		return f.lane.side(), c.late(f.lane, f.x, f.y, v.LateSet), true
	case v.Late == LateTarget:
		return target, c.late(f.lane.opposite(), f.y, f.x, v.LateSet), true
	case v.Ended():
		c.otherLooksAgain(f)
		if m.agreed(f) {
			c.owesAnswer(f)
		}
		c.settle(f, l)
	case v.Missing != nil:
		c.waitForLookup(f, l, *v.Missing)
	case v.Park.Reason == Restored:
		c.leave(f, l)
		c.quarantine(f.lane, v.Park)
	case v.Park.Class != Open:
		c.park(f, l, v.Park)
	case v.Carry|v.Equal == 0 && !f.bare(): // rejected in every group that it had, or half written before a crash
		c.finish(f, l)
	default:
		w := Write{
			Key: *f.x.Key, Source: f.x, Target: f.y,
			Groups: v.Carry | v.Equal, Override: v.Override,
			Settled:       c.settledUpTo(f.lane.opposite(), f.y),
			Past:          c.stillPast(f.lane.opposite(), f.y),
			Deadline:      c.deadline(),
			Unconditional: c.bugs.hit(PlantUnconditionalWrite),
			bugs:          c.bugs,
		}
		if v.Carry == 0 && !f.bare() {
			w.Kind = MarkWrite
		}
		if !c.bugs.hit(PlantLookupUnchecked) {
			from := len(c.alive)
			c.alive = m.conditions(c.alive, v.Carry, f.x, lookups)
			w.Lookups = c.alive[from:len(c.alive):len(c.alive)]
		}
		return target, w, true
	}
	return 0, Write{}, false
}

// bare reports whether the target does not hold the record and all that the source
// has for it are lookups that must follow later: it is created without them, or
// those that look it up would wait for ever.
func (f *flight) bare() bool { return f.verdict.Later != 0 && (f.y == nil || !f.y.Alive) }

// late is the write that captures what had gone past a record's hook. Its number
// goes above all that is known of it: as a rule it is there already.
func (c *Core) late(id laneID, r, other *Record, set GroupSet) Write {
	return Write{Kind: LateWrite, Key: *r.Key, Source: r, Target: r, Groups: set, Above: c.highest(id, r, other), Deadline: c.deadline()}
}

// conditions adds to a list the looked-up records that must still be alive when a
// write of some groups commits.
func (m *TableMap) conditions(list []Alive, groups GroupSet, x *Record, lookups []Alive) []Alive {
	if len(m.lookups) == 0 {
		return list
	}
	for g := range m.groups {
		for _, c := range m.groups[g].columns {
			if !groups.Has(g) || x.Values[c].Kind != KindLookup {
				continue
			}
			need := x.Values[c].Target.Folded()
			if inc := incarnationOf(need, lookups); inc != 0 {
				list = append(list, Alive{Key: need, Incarnation: inc})
			}
		}
	}
	return list
}

// answer is the mark of the source when both sides were found equal and the
// target had something for the source as well: it spares the other direction
// a write. Should its condition fail, that direction does the work: [Core.owesAnswer].
func (c *Core) answer(f *flight) Write {
	return Write{
		Kind: MarkWrite, Key: *f.x.Key, Source: f.y, Target: f.x, Groups: f.verdict.Answer,
		Settled: c.settledUpTo(f.lane, f.x), Past: c.stillPast(f.lane, f.x), Deadline: c.deadline(),
	}
}

// owesAnswer makes sure that an item goes the other way when the source has not been
// told what both sides agree on. Where the target's change is still in the queue, or on
// its way there, that is one; but it may have been rejected long ago.
func (c *Core) owesAnswer(f *flight) {
	id := f.lane.opposite()
	l := c.pairs.lane(id)
	if settled, _ := l.ledger.known(f.y.Mark.Incarnation, f.y.Mark.Number); settled && len(l.open) == 0 {
		c.enqueueOwn(id, Reassert, f.y)
	}
}

// agreed reports whether an item that was carried already was found equal, and the
// answer did not reach its source.
func (m *TableMap) agreed(f *flight) bool {
	o := f.verdict.Outcomes
	if o[len(o)-1].Reason != AlreadyCarried {
		return false
	}
	source := f.lane.side()
	back := pending(m, source.Other(), f.y, f.x, true)
	for g := range m.groups {
		if back.Has(g) && m.equal(g, source, f.y.Values, f.x.Values) {
			return true
		}
	}
	return false
}

func (c *Core) deadline() Time { return c.now.Add(c.cfg.WriteLife) }

// settledUpTo returns the number up to which a lane's references of the
// record's incarnation have their outcomes.
func (c *Core) settledUpTo(id laneID, r *Record) uint32 {
	if r == nil {
		return 0
	}
	settled, _ := c.pairs.lane(id).ledger.find(r.Mark.Incarnation)
	return settled
}

// stillPast returns what a record tells of changes that were overridden in earlier
// lives of its key, but for those that have their outcomes.
func (c *Core) stillPast(id laneID, r *Record) (still *PastLoss) {
	if r == nil {
		return nil
	}
	l := c.pairs.lane(id)
	for p := r.Mark.Past; p != nil; p = p.Next {
		if settled, _ := l.ledger.known(p.Incarnation, p.Number); !settled {
			still = &PastLoss{Incarnation: p.Incarnation, Number: p.Number, Next: still}
		}
	}
	return still
}

// resolve gives the engine's own references without a number the one that the
// record was found to have.
func (c *Core) resolve(l *lane, m *TableMap, x *Record) {
	for i := range l.open {
		q := &l.open[i]
		if !q.Origin.Holds() || q.Number != 0 || x == nil || !x.Alive || x.Mark.Dead {
			continue
		}
		number, inc := x.Mark.Number, x.Mark.Incarnation
		if number == 0 { // only ever written by the engine: there is no change that has a number
			q.Incarnation = inc
			return
		}
		if l.find(inc, number) != nil {
			l.open = slices.Delete(l.open, i, i+1)
			c.stats.Open--
			return
		}
		q.Number, q.Incarnation = number, inc
		q.Groups |= m.lastTouched(&x.Mark) & m.outgoing(q.Side) // it answers for that change
		q.Values = m.values(q.Side, &q.Key, nil, x.Values)
		c.saveOpen(&q.Reference, q.order)
		return
	}
}

// written takes the rows of a write request.
func (c *Core) written(in *Input) {
	b := c.batchOf(in)
	if b == nil {
		c.liveWritten(in)
		return
	}
	b.request[in.Side] = 0
	c.gates[in.Side].answered()
	c.gates[in.Side].refusals = 0
	bad := slices.IndexFunc(in.Rows, func(r RowAnswer) bool { return r.Result == RowRefused })
	for i, row := range b.rows[in.Side] {
		f := &b.flights[row]
		if !c.writesOn(f, in.Side) {
			if in.Rows[i].Result == RowConditionFailed {
				c.owesAnswer(f)
			}
			continue
		}
		if !f.done {
			if bad >= 0 && c.bugs.hit(PlantBadRowSpoilsBatch) {
				i = bad
			}
			c.rowAnswered(f, &in.Rows[i])
		}
	}
	c.release(b)
}

// writesOn reports whether the item's own write is on a side; the other side
// may have been sent an answering mark.
func (c *Core) writesOn(f *flight, side Side) bool {
	if f.verdict.Late == LateSource {
		return side == f.lane.side()
	}
	return side != f.lane.side()
}

// rowAnswered goes on with an item whose write was answered.
func (c *Core) rowAnswered(f *flight, row *RowAnswer) {
	l := c.pairs.lane(f.lane)
	switch {
	case row.Result == RowRefused && c.bugs.hit(PlantRefusedIsDone):
		c.finish(f, l)
	case row.Result == RowRefused:
		c.park(f, l, Outcome{Class: ApplicationFailure, Reason: row.Reason, Cause: row.Cause})
	case row.Result == RowConditionFailed:
		c.stats.ConditionFailed++
		l.refused++
		if l.refused >= conditionLimit {
			c.retry(f, l, Outcome{Class: SystemFailure, Reason: ConditionLimit})
			return
		}
		c.again(f, l)
	case f.verdict.Late != NotLate: // captured now: read afresh
		c.again(f, l)
	default:
		c.finish(f, l)
	}
}

// finish ends an item that has nothing left to write but circular lookups that
// must wait: the rest of the same references follows then.
func (c *Core) finish(f *flight, l *lane) {
	if f.verdict.Drift != 0 {
		c.stats.DriftOverwritten++
	}
	c.tookTurn(f)
	if f.verdict.Carry != 0 && l.refused < conditionLimit-1 && c.bugs.hit(PlantWrittenOn) {
		l.refused++
		c.again(f, l)
		return
	}
	c.otherLooksAgain(f)
	if f.verdict.Reject != 0 && c.bugs.hit(PlantConflictRetried) {
		l.attempts = 0
		c.retry(f, l, Outcome{Class: ConflictFailure, Reason: Rejected})
		return
	}
	if f.verdict.Reject != 0 && !c.bugs.hit(PlantNoReassert) {
		c.reassert(f)
	}
	if f.verdict.Later != 0 && !c.bugs.hit(PlantLookupForgotten) {
		c.half(f, l)
		return
	}
	c.settle(f, l)
}

// conditionLimit is how often the condition of one attempt may fail.
const conditionLimit = 8

// release frees a batch's slot once every request is answered.
func (c *Core) release(b *batch) {
	if b.request == [2]BatchID{} {
		b.busy = false
		if !b.refused {
			c.gates[FinOps].crowded, c.gates[Dataverse].crowded = false, false
		}
		if b.probe {
			c.gates[FinOps].probeEnded(c.now.Add(c.cfg.Probe))
			c.gates[Dataverse].probeEnded(c.now.Add(c.cfg.Probe))
		}
		for i := range b.flights {
			b.flights[i].x, b.flights[i].y = nil, nil
		}
	}
}

// batchOf finds the batch that a request belongs to; nil when the engine has
// given it up.
func (c *Core) batchOf(in *Input) *batch {
	for i := range c.batches {
		if b := &c.batches[i]; b.busy && b.request[in.Side] == in.Batch && in.Batch != 0 {
			return b
		}
	}
	return nil
}
