package driver

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// pending are the requests that have no answer yet, in the order in which they
// were sent. All have the same timeout, so that order is also the order in
// which they run out, and one alarm for the oldest is enough.
type pending struct {
	ring    []sent
	head    uint64 // ever taken
	tail    uint64 // ever put
	open    int    // of them without an answer
	alarmed bool
}

// sent is one request; index is negative once it is over.
type sent struct {
	due   sim.Time
	index int32
}

func (p *pending) at(n uint64) *sent { return &p.ring[n&uint64(len(p.ring)-1)] }

// push adds a request and returns its place, from 1.
func (p *pending) push(s sent) (place uint64) {
	if int(p.tail-p.head) == len(p.ring) {
		ring := make([]sent, max(16, 2*len(p.ring)))
		for n := p.head; n < p.tail; n++ {
			ring[n&uint64(len(ring)-1)] = *p.at(n)
		}
		p.ring = ring
	}
	*p.at(p.tail) = s
	p.tail++
	p.open++
	return p.tail
}

// end takes the request at a place out; 0 is nobody's.
func (p *pending) end(place uint64) {
	if place == 0 {
		return
	}
	p.at(place - 1).index = -1
	p.open--
	for p.head < p.tail && p.at(p.head).index < 0 {
		p.head++
	}
}

// send lets a request of the engine leave, which it asked for at some time, or later.
func (d *Driver) send(e *engine.Effect, since sim.Time) {
	index, r := d.requests.New()
	r.Epoch = d.epoch
	s := d.systems[e.Side]
	s.Prepare(r, e, since)
	if e.Kind == engine.ReadBatch && e.Live == 0 {
		d.judge.Looks(d.k.Now(), e.Side, e.Keys)
	}
	d.stats.Requests++
	to, kind := s.Arrives()
	if e.Kind == engine.AbortTx { // nobody waits for an answer
		if d.links[e.Side][0].Send(d.k, sim.Normal, to, kind, r.Entity, uint64(index), r.Ordinal) == 0 {
			d.requests.Release(index)
		}
		return
	}
	r.Place = d.pending.push(sent{due: d.k.Now().Add(d.config.Timeout), index: index})
	if !d.pending.alarmed {
		d.setTimeout()
	}
	if d.links[e.Side][0].Send(d.k, sim.Normal, to, kind, r.Entity, uint64(index), r.Ordinal) > 0 {
		d.requests.Hold(index)
	}
}

// setTimeout schedules the end of the oldest request.
func (d *Driver) setTimeout() {
	d.pending.alarmed = d.pending.head < d.pending.tail
	if d.pending.alarmed {
		d.k.At(d.pending.at(d.pending.head).due, sim.Normal, d.id, kindTimeout, 0, d.epoch)
	}
}

// timeout gives up the requests that have waited too long.
func (d *Driver) timeout(epoch uint64) {
	if epoch != d.epoch || d.core == nil {
		return
	}
	for p := &d.pending; p.head < p.tail && p.at(p.head).due <= d.k.Now(); {
		index := p.at(p.head).index
		r := d.requests.At(index)
		p.end(r.Place)
		d.giveUp(r)
		d.judge.Unanswered()
		d.stats.Timeouts++
		in := engine.Input{Kind: engine.BatchFailed, Side: r.Side, Batch: r.Batch, Tx: r.Tx, Failure: engine.Timeout}
		d.requests.Release(index)
		d.step(in)
		if epoch != d.epoch {
			return // the step's effects ran into a crash
		}
	}
	d.setTimeout()
	d.sync()
}

// giveUp stops waiting for an answer. What the request writes may be written
// again.
func (d *Driver) giveUp(r *system.Request) {
	r.GivenUp = true
	for range r.Writes() {
		d.judge.Retried()
	}
}

// Landed implements [system.Client].
func (d *Driver) Landed(index int32, writes int) {
	r := d.requests.At(index)
	switch {
	case r.Epoch != d.epoch:
	case r.Live != 0 || r.Tx != 0:
		d.pass(landedPoint(r, writes))
	case writes > 0:
		d.pass(WriteLanded)
	case r.Kind == engine.SwitchCapture:
		d.pass(SwitchLanded)
	}
}

// Answered implements [system.Client]: the answer sets out on its way.
func (d *Driver) Answered(index int32) {
	r := d.requests.At(index)
	if d.links[r.Side][1].Send(d.k, sim.Normal, d.id, kindAnswer, r.Entity, uint64(index), r.Ordinal) > 0 {
		d.requests.Hold(index)
	}
}

// answer takes an answer, unless nobody waits for it any more.
func (d *Driver) answer(index int32) {
	r := d.requests.At(index)
	if r.GivenUp || r.Epoch != d.epoch {
		d.stats.Ignored++
		d.requests.Release(index)
		return
	}
	d.pending.end(r.Place)
	d.take(r)
	d.requests.Release(index) // of the way
	d.requests.Release(index) // of the process
	d.sync()
}

// take hands an answer to the engine.
func (d *Driver) take(r *system.Request) {
	in, point := r.Input(), noPoint
	switch {
	case r.Failure != engine.NoFailure:
		d.judge.Unanswered()
		if r.Failure == engine.Throttled {
			d.throttled(r.Side)
			d.judge.AskedToWait(d.now(), r.Side, r.RetryAfter)
		} else {
			d.stats.Refused++
		}
	case r.Kind == engine.PullOutbox:
		point = IntakeBeforeSave
	case r.Kind == engine.ReadBatch:
		read := AfterRead
		if r.Live != 0 {
			read = LiveRead
		}
		if d.pass(read) {
			return
		}
	case r.Kind == engine.WriteBatch:
		if r.Live == 0 {
			point = AnswerBeforeSave
		}
	case r.Kind == engine.ListRecords:
		if d.pass(PageListed) {
			return
		}
		d.judge.Listed(d.k.Now(), r.Side, in.Records)
		d.step(in)
		d.pass(PageTaken)
		return
	}
	if d.step(in) && point != noPoint {
		d.pass(point)
	}
}
