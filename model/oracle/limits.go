package oracle

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Limits are those that bind the engine's requests, and what its retry policy
// allows. A zero field does not bind.
type Limits struct {
	Batch       int    // rows of a write
	Pull        int    // references of a pull
	Queue       int    // references of one side in the queue, but for those that are held up
	LiveRecords [2]int // by side of the user: rows of a live transaction

	LiveCompanies [2]int   // by side of the user: companies of a live transaction
	LiveBytes     [2]int64 // ... and what its records weigh
	RecordBytes   [2]int64 // ... of which each weighs so much beside its columns

	Attempts int           // of an item before it waits for an operator
	RetryCap time.Duration // longest back-off
	Timeout  time.Duration // of a request
	Idle     time.Duration // longest that nobody looks: safety polls, probes, waits for locks

	PauseAge  time.Duration // of a paused job that queues up changes
	PauseSize int64         // ... of so many bytes

	DeskRequests int // of operators that wait in a job
	DeskRecords  int // ... for items of one of them
	Lookups      int // of a table map that an initial sync exports from Dataverse
	InitialRows  int // that an initial sync carries of a side's records of a table map, of each company if it goes by companies
}

// full reports whether a queue that holds so many references may be asked for no more: less
// than half of it is free, or less than what one pull may bring.
func (l *Limits) full(held int) bool {
	worth := (l.Queue + 1) / 2
	if l.Pull > 0 {
		worth = min(worth, l.Pull)
	}
	return l.Queue > 0 && l.Queue-held < worth
}

// limits is what the oracle knows of the requests of the engine's process.
type limits struct {
	now        engine.Time    // by the clock of the process, which it lets never go back
	begun      bool           // it has been looked at
	asked      [2]bool        // by side: to be left alone
	leaveAlone [2]engine.Time // ... until when, by the clock of the process
	luck       uint64         // requests that failed, and deaths: what an item is tried for in vain may be theirs
	uncounted  bool           // the process has died, or a job has not run: what counts as queued is not known
	pauses     []pause
}

// Stepped tells what one step of the engine asks to be saved and done. clock is the time as its
// process knows it: a side asks to be left alone for so long, and the process has
// no other clock to measure that by. What a step asks for may leave a little later,
// once the store has synced; it counts as asked for when it was decided.
func (o *Oracle) Stepped(at sim.Time, clock engine.Time, save []engine.Mutation, do []engine.Effect) {
	clock = o.limits.clock(clock)
	for i := range save { // before what is asked for: who fetches more goes by what there is now
		o.saves(at, &save[i])
	}
	for i := range do {
		switch e := &do[i]; e.Kind {
		case engine.WakeAt, engine.RaiseAlert:
		case engine.CommitTx, engine.AbortTx, engine.AskTx: // no system counts them, nor refuses them
		default:
			o.asks(at, clock, e)
		}
	}
	if len(save)+len(do) > 0 { // else it may be no step: an operator was refused
		o.queuesUp(at)
	}
}

// clock reads the clock of the process as the process does.
func (l *limits) clock(shows engine.Time) engine.Time {
	if !l.begun || shows > l.now {
		l.begun, l.now = true, shows
	}
	return l.now
}

// asks judges one request.
func (o *Oracle) asks(at sim.Time, clock engine.Time, e *engine.Effect) {
	o.tallies[limitsKept].checked++
	most := &o.config.Limits
	key := func() *engine.Key {
		switch {
		case len(e.Keys) > 0:
			return &e.Keys[0]
		case len(e.Writes) > 0:
			return &e.Writes[0].Key
		}
		return nil
	}
	if until := o.limits.leaveAlone[e.Side]; o.limits.asked[e.Side] && clock < until {
		o.breach(limitsKept, at, key(), "%s had asked to be left alone for another %v, and was sent %s", e.Side, time.Duration(until-clock), requestName(e))
	}
	switch e.Kind {
	case engine.PullOutbox:
		if most.Pull > 0 && e.Max > most.Pull {
			o.breach(limitsKept, at, nil, "%s was asked for %d references at once, and the limit is %d", e.Side, e.Max, most.Pull)
		}
		if most.Queue > 0 && o.inQueue[e.Side]+e.Max > most.Queue { // what is held up may be among them
			o.fits(at, e)
		}
	case engine.WriteBatch:
		limit := most.Batch
		if e.Live != 0 {
			limit = most.LiveRecords[o.userSide(e)]
		} else if limit > 1 && len(e.Writes) == limit {
			o.totals.FullBatches++
		}
		if limit > 0 && len(e.Writes) > limit {
			o.breach(limitsKept, at, key(), "%s was sent %d rows at once, and the limit is %d", e.Side, len(e.Writes), limit)
		}
	}
}

// userSide returns the side of the user whose live transaction a write serves. That is
// the side that is written where the transaction was undone there and what it had brought
// to the other side is not yet gone: nobody else has those records meanwhile. Both sides
// count their transactions alone, so that its name does not tell.
func (o *Oracle) userSide(e *engine.Effect) engine.Side {
	l := o.lives[liveID{e.Side, e.Live}]
	if l == nil || !l.undone || l.open == 0 || len(e.Writes) == 0 {
		return e.Side.Other()
	}
	if p := o.pairs.find(&e.Writes[0].Key); p == nil || !slices.ContainsFunc(l.rows, func(r liveRow) bool { return r.pair == p }) {
		return e.Side.Other()
	}
	return e.Side
}

// exported judges that an initial sync may take a table map out of Dataverse.
func (o *Oracle) exported(at sim.Time, leg *engine.InitialRecord) {
	limit := o.config.Limits.Lookups
	if limit == 0 || leg.Side != engine.Dataverse || leg.Stage != engine.InitialWaiting {
		return
	}
	o.tallies[limitsKept].checked++
	m, n := o.config.Maps[leg.Map], 0
	for i := range m.Columns {
		if c := &m.Columns[i]; len(c.Lookups) > 0 && c.Flow != engine.ToDataverse {
			n++
		}
	}
	if n > limit {
		o.breach(limitsKept, at, nil, "an initial sync exports %s with %d lookups, and the limit is %d", m.Name, n, limit)
	}
}

// fits judges a pull that may bring more than the queue may hold: by what the engine has
// put there itself, one by one, and leaving out what it says is held up.
func (o *Oracle) fits(at sim.Time, e *engine.Effect) {
	if o.limits.uncounted {
		return
	}
	held := 0
	for i := range o.pairs.count {
		if p := o.pairs.pair(i); p.waiting != nil && !p.waiting.lines[e.Side].heldUp(at) {
			held += p.waiting.lines[e.Side].enqueued()
		}
	}
	if limit := o.config.Limits.Queue; held+e.Max > limit {
		o.breach(limitsKept, at, nil, "%s was asked for %d references, with %d of them in the queue, which may hold %d", e.Side, e.Max, held, limit)
	}
}

// enqueued counts the line's changes that are in the engine's queue.
func (l *line) enqueued() (n int) {
	for _, c := range l.list() {
		if c.what.has(enqueued) {
			n++
		}
	}
	return n
}

// heldUp reports whether the line's item waits for people or for another record, or did
// so until this instant.
func (l *line) heldUp(at sim.Time) bool {
	return l.lately(engine.WaitsFor, at) || l.lately(engine.OnTheDesk, at)
}

// lately reports whether the line's item is in a place, or was there until this instant.
func (l *line) lately(place engine.Place, at sim.Time) bool {
	for _, s := range slices.Backward(l.steps) {
		if s.place == place {
			return true
		}
		if s.at < at {
			break
		}
	}
	return false
}

// requestName says what a request asks for, for people.
func requestName(e *engine.Effect) string {
	switch e.Kind {
	case engine.PullOutbox:
		return "a pull of its outbox"
	case engine.ReadBatch:
		return "a read"
	case engine.WriteBatch:
		return "a write"
	case engine.ListRecords:
		return "a request for a page of records"
	default:
		return "a request to switch its capture"
	}
}

// AskedToWait tells that a side has answered a request with a time to leave it
// alone. A process that dies forgets it; nobody else can have heard.
func (o *Oracle) AskedToWait(clock engine.Time, side engine.Side, wait time.Duration) {
	l := &o.limits
	until := l.clock(clock).Add(wait)
	if !l.asked[side] || until > l.leaveAlone[side] {
		l.asked[side], l.leaveAlone[side] = true, until
	}
	o.bounds.told += max(wait, o.config.Limits.RetryCap) // who is refused again and again waits longer
}

// Unanswered tells that a request of the engine was refused, or had no answer in
// time.
func (o *Oracle) Unanswered() { o.limits.luck++ }
