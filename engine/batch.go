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
		if h := &c.ready[side]; h.len() > 0 && (!found || h.first().before(c.ready[b.source].first())) {
			b.source, found = side, true
		}
	}
	if !found {
		return false
	}
	size, h := c.cfg.Batch, &c.ready[b.source]
	first := c.pairs.lane(h.first().lane)
	if most := first.batchMax; most > 0 {
		size = min(size, int(most))
	}
	b.probe = admit == admitProbe
	if first.solo {
		size = 1
	}
	if b.probe {
		size = 1
		for s := range c.gates {
			c.gates[s].probing = c.gates[s].shut
		}
	}
	*b = batch{
		busy: true, probe: b.probe, source: b.source, noted: b.noted, notes: b.notes,
		flights: b.flights[:0], needs: b.needs[:0], rows: [2][]int{b.rows[FinOps][:0], b.rows[Dataverse][:0]}, // room that it had before
	}
	for len(b.flights) < size && h.len() > 0 {
		id := h.first().lane
		l := c.pairs.lane(id)
		if l.solo && len(b.flights) > 0 {
			break
		}
		h.pop()
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
		*f = flight{lane: id, verdict: Verdict{Outcomes: f.verdict.Outcomes[:0], bugs: c.bugs}}
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
	for h.len() > 0 {
		id := h.first().lane
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

// release frees a batch's slot once every request is answered.
func (c *Core) release(b *batch) {
	if b.request == [2]BatchID{} {
		b.busy = false
		if !b.refused {
			c.gotThrough()
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
