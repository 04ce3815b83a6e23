package engine

import "slices"

// A resync goes through a table map, page by page, first on the primary side and
// then on the other. It reads the partners of what it finds, compares, lists what
// differs, and makes an item of it; marks decide then, as always. What marks do
// not speak of goes the primary's way: records that are older than the sync,
// values whose mapping has changed, sides that were restored.
//
// The store keeps only that it is under way: after a crash it begins anew, which
// does no harm, because what was mended does not differ any more. A comparison
// does the same without making items, and is not kept.

// Resync is a resync that an operator has asked for.
type Resync struct {
	Map     MapID
	Company string // empty: every company
}

// Drift is a pair that differs although nothing is queued for it.
type Drift struct {
	Key      Key
	From     [2]bool // by side: that it has something for the other
	Restored bool    // a side has forgotten what is known elsewhere
}

// driftMax bounds the list of drift.
const driftMax = 10_000

// resync is a resync or comparison that is under way. They are worked on one
// after the other.
type resync struct {
	Resync
	compareOnly bool
	thorough    bool // the store may have forgotten references: what it does not know of is judged, too
	job         int
	begun       bool
	second      bool      // it goes through the side that is not primary
	before      Key       // what the page was listed after, and ...
	after       Key       // ... its last record
	page        []*Record // what was listed, whose partners are read
	more        bool
	request     BatchID
	until       Time  // of a wait after a failure
	ended       []Key // whose live transactions have ended since the page was asked for: what was read of them may have been undone
}

// resyncPage is how many records are listed and compared at once.
const resyncPage = 100

// resyncRequested accepts a resync or comparison of the maps of a job.
func (c *Core) resyncRequested(j int, cmd *Command) {
	if len(c.resyncs) == 0 {
		c.drift, c.compared = c.drift[:0], 0
	}
	for _, m := range c.cfg.Jobs[j].Maps {
		r := Resync{Map: m, Company: cmd.Filter.Company}
		only := cmd.Kind == CompareMaps
		asked := slices.ContainsFunc(c.resyncs, func(o *resync) bool { return o.Resync == r && o.compareOnly == only })
		if !among(cmd.Filter.Maps, m) || asked {
			continue
		}
		c.resyncs = append(c.resyncs, &resync{Resync: r, compareOnly: only, job: j})
		if !only {
			c.save = append(c.save, Mutation{Kind: ResyncAsked, Resync: r, Order: c.named})
		}
	}
}

// loadResyncs takes up the resyncs that a crash has cut off.
func (c *Core) loadResyncs(all []Resync) {
	for _, r := range all {
		if int(r.Map) < len(c.cfg.Maps) {
			c.resyncs = append(c.resyncs, &resync{Resync: r, job: c.jobByMap[r.Map]})
		}
	}
}

// beThorough lets a resync also judge what the store knows nothing of. It begins, or
// begins anew, when nothing can land any more that a former life of the engine has sent:
// a tombstone that is written after it was looked for would not be found.
func (c *Core) beThorough(r *resync) {
	r.thorough, r.begun, r.second = true, false, false
	r.until = max(r.until, c.now.Add(c.cfg.WriteLife)+1)
}

// workResync asks for the next page of the first resync, once its last one is
// dealt with and the items that it made have read their records.
func (c *Core) workResync() {
	for len(c.resyncs) > 0 {
		r := c.resyncs[0]
		side := r.side(c)
		if r.request != 0 || c.jobs[r.job].state != Active || c.now < max(r.until, c.gates[side].pause) || c.repairs > 0 {
			return
		}
		if !r.begun {
			r.begun, r.more, r.after = true, true, Key{Map: r.Map}
		}
		switch {
		case r.more:
			r.request, r.ended = c.nextRequest(), r.ended[:0]
			c.do = append(c.do, Effect{
				Kind: ListRecords, Side: side, Batch: r.request, After: r.after, Company: r.Company, Max: resyncPage,
			})
			return
		case !r.second:
			r.second, r.more, r.after = true, true, Key{Map: r.Map}
		default:
			if !r.compareOnly {
				c.save = append(c.save, Mutation{Kind: ResyncEnded, Resync: r.Resync})
			}
			c.resyncs = c.resyncs[1:]
		}
	}
}

func (r *resync) side(c *Core) Side {
	if p := c.cfg.Maps[r.Map].Primary; !r.second {
		return p
	}
	return c.cfg.Maps[r.Map].Primary.Other()
}

// resyncOf returns the resync that waits for an answer, or nil.
func (c *Core) resyncOf(in *Input) *resync {
	if len(c.resyncs) > 0 && in.Batch != 0 && c.resyncs[0].request == in.Batch {
		return c.resyncs[0]
	}
	return nil
}

// listed takes a page and reads the partners of its records.
func (c *Core) listed(in *Input) {
	r := c.resyncOf(in)
	if r == nil {
		return
	}
	c.gates[in.Side].answered()
	r.request, r.more = 0, in.More
	if len(in.Records) == 0 {
		r.more = false
		return
	}
	if partner := in.Side.Other(); c.paused(partner) { // list it again then
		r.more, r.until = true, c.gates[partner].pause
		return
	}
	r.page = append(r.page[:0], in.Records...)
	r.before, r.after = r.after, *r.page[len(r.page)-1].Key
	keys := make([]Key, len(r.page))
	for i, x := range r.page {
		keys[i] = *x.Key
	}
	r.request = c.nextRequest()
	c.do = append(c.do, Effect{Kind: ReadBatch, Side: in.Side.Other(), Batch: r.request, Keys: keys})
}

// resyncRead compares a page with what the other side holds. It reports whether
// the answer was one of a resync.
func (c *Core) resyncRead(in *Input) bool {
	r := c.resyncOf(in)
	if r == nil {
		return false
	}
	c.gates[in.Side].answered()
	r.request = 0
	for i, x := range r.page {
		y := in.Records[i]
		if !r.compareOnly && (c.takeUp(in.Side.Other(), x) || c.takeUp(in.Side, y)) {
			c.bringUnheard(in.Side.Other(), x, y)
			if c.pairs.at(c.pairs.ensure(*x.Key, in.Side).pair()).held != nil { // what comes back when it is undone may differ
				c.compare(r, in.Side.Other(), x, y)
			}
			continue
		}
		if !x.Alive { // a tombstone that waits, which a comparison leaves alone
			continue
		}
		if !r.second || y == nil || !y.Alive { // else its pair was counted when the other side was gone through
			c.compared++
		}
		c.compare(r, in.Side.Other(), x, y)
		if r.thorough {
			c.bringUnheard(in.Side.Other(), x, y)
		}
	}
	clear(r.page)
	r.page = r.page[:0]
	return true
}

// resyncFailed asks again later. It reports whether the request was one of a
// resync.
func (c *Core) resyncFailed(in *Input) bool {
	r := c.resyncOf(in)
	if r == nil {
		return false
	}
	r.request, r.more, r.until = 0, true, c.now.Add(c.cfg.Probe)
	if len(r.page) > 0 { // its partners were not read: list it again
		r.after, r.page = r.before, r.page[:0]
	}
	return true
}

// endedUnderResync notes that a live transaction of a record has ended while a page is
// read in which it may stand.
func (c *Core) endedUnderResync(k Key) {
	if len(c.resyncs) > 0 && c.resyncs[0].request != 0 && c.resyncs[0].Map == k.Map {
		c.resyncs[0].ended = append(c.resyncs[0].ended, k)
	}
}

// compare looks at one pair, of which side holds x, and makes items of what
// differs.
func (c *Core) compare(r *resync, side Side, x, y *Record) {
	m := c.cfg.Maps[r.Map]
	id := c.pairs.ensure(*x.Key, side)
	p := c.pairs.at(id.pair())
	live := p.held != nil || slices.Contains(r.ended, *x.Key)
	d := Drift{From: [2]bool{m.outgoing(FinOps) != 0, m.outgoing(Dataverse) != 0}}
	if !live { // else what is seen of it may be undone: its items look when that has ended
		var differs bool
		if d, differs = m.compare(side, x, y); !differs {
			return
		}
	}
	queued := len(p.lanes[FinOps].open)+len(p.lanes[Dataverse].open) > 0
	if !live && (!queued || p.quarantine.Class != Open) {
		if len(c.drift) < driftMax && !(r.second && c.listsDrift(&d.Key)) {
			c.drift = append(c.drift, d)
		}
	}
	lone := d.From[side] && (live || y == nil || !y.Alive) && p.lanes[side].passesBy(x) // what is queued ends without it, or may
	if r.compareOnly || queued && !lone && p.quarantine.Class == Open || c.bugs.hit(PlantResyncOverlooks) {
		return
	}
	if lone {
		c.dismissNow(id)
	}
	for _, s := range Sides {
		own := laneID(id.pair())<<1 | laneID(s)
		if l := c.pairs.lane(own); d.From[s] || len(l.open) > 0 && !lone {
			l.repair = true
			c.repairs++
		}
	}
	c.releasePair(id)
	for _, s := range Sides {
		own := laneID(id.pair())<<1 | laneID(s)
		switch l := c.pairs.lane(own); {
		case !l.repair:
		case len(l.open) == 0:
			c.enqueueUnread(own, *x.Key, Resynced, m.outgoing(s))
		case l.unsaved():
			c.becomesRow(own, l, Resynced)
		case lone && own == id && x.Alive:
			c.addRow(own, Resynced, x)
		case l.state == parked || l.state == blocked: // for a reason of its own: a resync does not wait for it
			c.repaired(l)
		}
	}
}

// becomesRow makes a row of an initial sync or resync of what was pulled and has no number:
// whoever looks it up may give up, and a crash would forget it. Should it wait for people, it
// is captured first.
func (c *Core) becomesRow(id laneID, l *lane, origin Origin) {
	l.newest().Origin = origin
	c.movedOn(id)
}

// addRow makes an item of a row of an initial sync or resync, also where what is queued
// speaks of other lives of its key.
func (c *Core) addRow(id laneID, origin Origin, r *Record) {
	if r.Mark.Number > 0 && !r.Mark.Dead {
		c.enqueueOwn(id, origin, r)
		return
	}
	m, side := c.cfg.Maps[r.Key.Map], id.side() // it has no number yet, so that nothing is saved of it
	l := c.pairs.lane(id)
	waits := l.state != ready && l.state != inFlight
	switch l.state {
	case parked:
		c.unpark(id, l)
		c.saveLane(id)
	case blocked:
		c.unblock(id)
	}
	c.order++
	c.insert(id, queued{Reference: Reference{
		Key: *r.Key, Side: side, Incarnation: r.Mark.Incarnation, Groups: m.outgoing(side), Op: Create, Origin: origin,
		Needs: m.needs(*r.Key, r.Values), Values: m.values(side, r.Key, nil, r.Values),
	}, order: c.order})
	if waits {
		c.schedule(id)
	}
}

// listsDrift reports whether a record is on the list of drift: a pair that differs is met
// on both sides.
func (c *Core) listsDrift(k *Key) bool {
	return slices.ContainsFunc(c.drift, func(d Drift) bool { return d.Key == *k })
}

// bringUnheard makes items of the latest changes of a pair, x of a side and y of the
// other, that have no outcome. As a rule their references are in the queue, or on their
// way; but a store that was restored may have forgotten them.
func (c *Core) bringUnheard(side Side, x, y *Record) {
	id := c.pairs.ensure(*x.Key, side)
	c.bringUnsettled(id, x)
	if y != nil {
		c.bringUnsettled(id.opposite(), y)
	}
}

// bringUnsettled makes an item of a record's latest change, unless it has its outcome.
func (c *Core) bringUnsettled(id laneID, r *Record) {
	if !r.Alive || r.Mark.Dead || r.Mark.Number == 0 {
		return
	}
	if settled, _ := c.pairs.lane(id).ledger.known(r.Mark.Incarnation, r.Mark.Number); !settled {
		c.enqueueOwn(id, Resynced, r)
	}
}

// repaired takes note that an item is not, or no longer, one whose marks must be
// mended.
func (c *Core) repaired(l *lane) {
	if l.repair {
		l.repair = false
		c.repairs--
	}
}

// compare tells what two records of a pair have for each other, x of a side and
// alive. It reports whether they differ.
func (m *TableMap) compare(side Side, x, y *Record) (Drift, bool) {
	d := Drift{Key: *x.Key}
	x, y = m.fitted(x), m.fitted(y)
	other := side.Other()
	if !m.covers(side, x) || !m.covers(other, y) {
		return d, false
	}
	switch {
	case y == nil || !y.Alive:
		d.From[side] = true
		d.Restored = y != nil && y.Mark.Dead && !x.Mark.Dead && y.Mark.Incarnation >= x.Mark.Incarnation
	case x.Mark.Dead || y.Mark.Dead: // created anew past the hook
		d.From[m.Primary] = m.unequal(side, x, y)|m.unequal(other, y, x) != 0
	case x.Mark.Incarnation != y.Mark.Incarnation && x.Mark.Incarnation != 0 && y.Mark.Incarnation != 0:
		d.From[side] = x.Mark.Incarnation > y.Mark.Incarnation
		d.From[other] = !d.From[side]
	case x.Mark.Incarnation != y.Mark.Incarnation || x.Mark.Incarnation == 0: // older than the sync
		d.From[m.Primary] = m.unequal(side, x, y)|m.unequal(other, y, x) != 0
	case forgotten(x, y)|forgotten(y, x) != 0:
		d.Restored, d.From[m.Primary] = true, true
	default:
		d.From[side] = pending(m, side, x, y, true)|m.drifted(x, side) != 0
		d.From[other] = pending(m, other, y, x, true)|m.drifted(y, other) != 0
		if d.From == [2]bool{} {
			d.From[side] = m.unequal(side, x, y) != 0
			d.From[other] = m.unequal(other, y, x) != 0
		}
	}
	return d, d.From != [2]bool{}
}

// Drift calls f with the pairs that were found to differ by the resyncs and
// comparisons since the engine last had none to do, 10,000 at most, and returns how many were compared.
func (c *Core) Drift(f func(Drift)) (compared int) {
	for _, d := range c.drift {
		f(d)
	}
	return c.compared
}
