package engine

import "slices"

// laneID names the work on one pair in one direction: pair index times two,
// plus the source side.
type laneID int32

// noLane is the end of a list of lanes.
const noLane laneID = -1

func (id laneID) side() Side       { return Side(id & 1) }
func (id laneID) pair() int32      { return int32(id >> 1) }
func (id laneID) opposite() laneID { return id ^ 1 }

// laneState is where a lane's item is.
type laneState uint8

const (
	idle     laneState = iota // no open reference
	ready                     // in the ready heap
	inFlight                  // in a batch
	blocked                   // waits for another lane's create, or for a unique value
	backoff                   // waits for its time
	parked                    // waits on the error desk
	laneStates
)

// working reports whether the engine will go on with the item by itself. What is
// blocked is not counted: what it waits for is, unless that waits on the error
// desk, and then so does what is blocked.
func (s laneState) working() bool { return s == ready || s == inFlight || s == backoff }

// String returns the state's name as the error desk shows it.
func (s laneState) String() string {
	return [...]string{"idle", "ready", "in flight", "blocked", "backoff", "parked"}[s]
}

// queued is a reference in the queue.
type queued struct {
	Reference
	order  uint64 // of intake, over both sides
	since  Time   // when this process took it in; 0: before its first step
	judged bool   // it was here when its batch set out, so that the verdict covers it
}

// lane is one direction of a pair: what is settled of it, and the work on what is
// not. Nearly all lanes have nothing open at any time, and take little room.
type lane struct {
	ledger ledger
	*work  // what is open; of a lane at rest the one that all of them share, to be looked at only

	waiters   laneID // first lane that waits for this one
	state     laneState
	overtaken uint8 // items in a row that ended superseded
	awaited   bool  // its job waits for the end of this item
	repair    bool  // by a resync: what differs is carried, whatever the marks say
}

// work is what is to be done in one direction of a pair: its open references in
// capture order, of which the last is the newest and the others ride on it.
type work struct {
	open  []queued
	first [1]queued // room for nearly all
	item
}

// item is how the work on a lane's references stands.
type item struct {
	*detours

	attempts int // failed ones since the newest reference came
	parked   Outcome
	parkedAt Time
	request  uint64 // by an operator, of a parked item
	due      Time   // of a back-off

	blockedOn  laneID // whom it waits for; noLane otherwise
	nextWaiter laneID
	batchMax   int32 // items in its next batch at most, after one timed out; 0: as configured
	refused    uint8 // failed conditions in this attempt

	requested   Requested // what for
	failed      Reason    // of the last attempt, before a back-off
	solo        bool      // no other such item flies beside it: one of them may kill the process
	halfWritten bool      // the record is on the target, but for lookups that close a circle
	forValue    bool      // it is blocked by who is to free a unique value; else by a create
	looked      bool      // ... which its record was read to look up; else a reference says so
}

// noItem is that of a lane at rest.
var noItem = item{blockedOn: noLane, nextWaiter: noLane}

// detours are the other records that an item has to do with out of the ordinary; nearly
// all items have none.
type detours struct {
	pulled []Key // missing lookups that were already pulled for this item
	circle []Key // records that wait for this one, so that it may not wait for them
	ahead  []Key // records that free values for this one and wait for it, so that it may not wait for them
}

// noDetours are those of an item that has none; nobody changes them.
var noDetours = &detours{}

// ways returns the detours of an item, to be looked at.
func (l *lane) ways() *detours {
	if l.detours == nil {
		return noDetours
	}
	return l.detours
}

// detour returns the detours of an item, to be changed.
func (l *lane) detour() *detours {
	if l.detours == nil {
		l.detours = &detours{}
	}
	return l.detours
}

// newest returns the item's newest reference.
func (l *lane) newest() *queued { return &l.open[len(l.open)-1] }

// nameless reports whether the item is one of the engine's own whose number is not known,
// and that nothing would bring back after a crash: a row of an initial sync or resync, or
// what is to be carried over a change that was rejected.
func (l *lane) nameless() bool {
	r := l.newest()
	return (r.Origin == Initial || r.Origin == Resynced || r.Origin == Reassert) && r.Number == 0
}

// unsaved reports whether a lane has nothing in the queue that outlives a crash: what is
// pulled, and has no number yet, is not saved.
func (l *lane) unsaved() bool {
	return len(l.open) == 0 || l.newest().Origin == Pulled && l.newest().Number == 0
}

// passesBy reports whether a lane comes to an end, or may, without a look at a record that
// its side holds: nothing is queued, or what is was pulled and is not saved, or speaks of
// other lives than the record's. One without a number that was not pulled is read, and does
// not pass by.
func (l *lane) passesBy(r *Record) bool {
	return l.unsaved() || !slices.ContainsFunc(l.open, func(q queued) bool { return q.Number == 0 || q.Incarnation == r.Mark.Incarnation })
}

// creates reports whether the record is still to be created on the target.
func (l *lane) creates() bool {
	if l.halfWritten {
		return false
	}
	for i := range l.open {
		if l.open[i].Op == Create {
			return true
		}
	}
	return false
}

// find returns the open reference with a number, or nil.
func (l *lane) find(incarnation, number uint32) *queued {
	for i := range l.open {
		if l.open[i].Incarnation == incarnation && l.open[i].Number == number {
			return &l.open[i]
		}
	}
	return nil
}

// pair is one record pair that the engine has heard of.
type pair struct {
	key   Key
	lanes [2]lane
	turns turns
	held  *liveTx // the live transaction that has the pair's lock, or is next to get it

	quarantine Outcome // class Open: it is not
}

// taken reports whether no item of the pair may start: one of the two
// directions is in a batch, a live transaction has the lock, or the pair is
// quarantined.
func (p *pair) taken() bool { return p.held != nil || p.flying() || p.quarantine.Class != Open }

// flying reports whether one of the two directions is in a batch.
func (p *pair) flying() bool {
	return p.lanes[FinOps].state == inFlight || p.lanes[Dataverse].state == inFlight
}

// pairPage is how many pairs are allocated at once; pages keep pointers to
// pairs valid while the table grows. A page is small, since most worlds that are
// simulated are those of test cases, and have a dozen pairs.
const pairPage = 32

// pairTable holds the pairs by index and by key.
type pairTable struct {
	index   Index
	pages   []*[pairPage]pair
	resting *work   // of all lanes that have nothing open
	spare   []*work // that was done, for reuse
}

// begin gives a lane at rest work of its own.
func (t *pairTable) begin(l *lane) {
	if l.work != t.resting {
		return
	}
	if n := len(t.spare); n > 0 {
		l.work, t.spare = t.spare[n-1], t.spare[:n-1]
		return
	}
	l.work = &work{item: noItem}
	l.open = l.first[:0]
}

// end lets a lane rest whose work is done, unless something of it must be remembered.
func (t *pairTable) end(l *lane) {
	l.due, l.failed, l.forValue, l.looked = 0, NoReason, false, false
	if l.item == noItem {
		t.spare = append(t.spare, l.work)
		l.work = t.resting
	}
}

// at returns the pair with an index.
func (t *pairTable) at(i int32) *pair { return &t.pages[i/pairPage][i%pairPage] }

func (t *pairTable) key(i int32) *Key { return &t.at(i).key }

// lane returns a direction of a pair.
func (t *pairTable) lane(id laneID) *lane { return &t.at(id.pair()).lanes[id.side()] }

// find returns a direction of the key's pair, if the engine knows the pair.
func (t *pairTable) find(k Key, side Side) (laneID, bool) {
	i, ok := t.index.Find(&k, t.key)
	return laneID(i)<<1 | laneID(side), ok
}

// ensure returns a direction of the key's pair, which it opens when new.
func (t *pairTable) ensure(k Key, side Side) laneID {
	i, ok := t.index.Find(&k, t.key)
	if !ok {
		i = t.index.Add(&k)
		if i%pairPage == 0 {
			t.pages = append(t.pages, new([pairPage]pair))
		}
		if t.resting == nil {
			t.resting = &work{item: noItem}
		}
		p := t.at(i)
		p.key = k
		for s := range p.lanes {
			p.lanes[s].work, p.lanes[s].waiters = t.resting, noLane
		}
	}
	return laneID(i)<<1 | laneID(side)
}
