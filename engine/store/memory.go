package store

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Memory is a [Store] that lives as long as the process. The simulated engine
// uses it: there a crash takes away the driver, and what was not saved, but
// not the store. The zero value is not usable; see [NewMemory].
type Memory struct {
	index    engine.Index
	pages    []*[pairPage]pair // by number of the index; pages keep pairs where they are
	numbers  []int32           // of the index plus one, by the engine's numbers; 0: not known
	slots    []slot
	free     int32 // first free slot
	open     int
	ingested [2]engine.Positions
	jobs     map[string]engine.JobRecord
	maps     map[engine.MapID]engine.MapRecord
	initials []engine.InitialRecord
	intents  []engine.Intent
	flights  map[int][]engine.FlightNote   // by slot
	stopped  map[engine.Key]engine.Outcome // quarantined pairs
	resyncs  []engine.Resync
	order    uint64
	broken   error
}

// pairPage is how many pairs are allocated at once.
const pairPage = 64

// pair is what is known of one key.
type pair struct {
	key   engine.Key
	lanes [2]lane // by side
}

// lane is what is known of one direction of a pair. Of nearly all it is that every
// number up to one is settled.
type lane struct {
	first       int32  // of its open references plus one, in no order; 0: none
	incarnation uint32 // heard of last; 0: none
	settled     uint32 // every number of it up to this one
	more        *more  // nil: nothing
}

// more is what is seldom known of a lane.
type more struct {
	work   engine.LaneState      // Key and Side are not filled in
	above  []engine.SettledAbove // beyond those up to which all are settled
	others []life                // earlier incarnations
}

// life is what is settled of an earlier incarnation.
type life struct {
	incarnation, settled uint32
	above                []engine.SettledAbove
}

// slot holds one open reference, or is free; next chains either.
type slot struct {
	reference engine.Reference
	order     uint64
	next      int32
}

// none ends a chain of slots.
const none int32 = 0

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		slots:   make([]slot, 1),
		jobs:    map[string]engine.JobRecord{},
		flights: map[int][]engine.FlightNote{},
		maps:    map[engine.MapID]engine.MapRecord{},
		stopped: map[engine.Key]engine.Outcome{},
	}
}

// Save implements [Store].
func (s *Memory) Save(mutations []engine.Mutation) error {
	for i := range mutations {
		if s.broken != nil {
			return s.broken
		}
		if err := s.apply(&mutations[i]); err != nil {
			s.broken = fmt.Errorf("store: mutation %d of %d: %w", i+1, len(mutations), err)
		}
	}
	return s.broken
}

func (s *Memory) apply(m *engine.Mutation) error {
	switch m.Kind {
	case engine.ReferenceAdded:
		return s.add(m)
	case engine.ReferenceSettled:
		return s.settle(m)
	case engine.LaneChanged:
		s.pair(s.known(&m.Lane.Key)).lanes[m.Lane.Side].seldom().work = *m.Lane
	case engine.PositionIngested:
		if !s.ingested[m.Side].Add(m.Position) {
			return fmt.Errorf("%s position %d is taken in twice", m.Side, m.Position)
		}
	case engine.PositionAcked:
		if !s.ingested[m.Side].Remove(m.Position) {
			return fmt.Errorf("%s position %d is acknowledged but was not taken in", m.Side, m.Position)
		}
	case engine.IntentOpened:
		return s.openIntent(*m.Intent)
	case engine.IntentClosed:
		return s.closeIntent(m.Intent)
	case engine.JobMoved:
		s.jobs[m.Job.Name] = *m.Job
	case engine.PairQuarantined:
		s.stopped[m.Lane.Key] = m.Lane.Parked
		if m.Lane.Parked.Class == engine.Open {
			delete(s.stopped, m.Lane.Key)
		}
	case engine.ResyncAsked, engine.ResyncEnded:
		return s.resync(m)
	case engine.BatchNoted:
		s.flights[m.Slot] = append(s.flights[m.Slot][:0], m.Flights...)
	case engine.MapMoved:
		s.maps[m.Map.Map] = *m.Map
	case engine.InitialMoved:
		s.moveInitial(*m.Initial)
	default:
		return fmt.Errorf("unknown kind %d", m.Kind)
	}
	return nil
}

// add puts a reference into the queue. The captured reference takes the place
// of one that the engine had made to hold it; the engine may carry a settled
// change again on its own account.
func (s *Memory) add(m *engine.Mutation) error {
	r := &m.Reference
	if r.Incarnation == 0 || r.Number == 0 {
		return fmt.Errorf("%v is queued without a number", r)
	}
	l := s.laneOf(r)
	settled, held := l.known(r.Incarnation, r.Number)
	if settled && !held && !r.Origin.Holds() {
		return fmt.Errorf("%v is queued but has its outcome", r)
	}
	if i := s.find(l, r); i != none {
		open := &s.slots[i]
		if !open.reference.Origin.Holds() {
			return fmt.Errorf("%v is queued twice", r)
		}
		open.reference, open.order = *r, m.Order
		open.reference.Pair = 0
	} else {
		s.push(l, r, m.Order)
	}
	s.order = max(s.order, m.Order)
	return nil
}

// settle gives a reference its outcome. A duplicate is booked without ever
// having been queued, and touches nothing.
func (s *Memory) settle(m *engine.Mutation) error {
	r := &m.Reference
	l := s.laneOf(r)
	if m.Outcome.Reason == engine.Echo {
		if settled, _ := l.known(r.Incarnation, r.Number); settled || s.find(l, r) != none {
			return nil
		}
		return fmt.Errorf("%v is booked as a duplicate of a reference that nobody knows", r)
	}
	if m.Outcome.Class == engine.Open {
		return fmt.Errorf("%v is settled without an outcome", r)
	}
	if !s.remove(l, r) {
		return fmt.Errorf("%v is settled but not in the queue", r)
	}
	l.settle(r.Incarnation, engine.SettledAbove{Number: r.Number, Held: r.Origin.Holds(), Outcome: m.Outcome})
	return nil
}

// openIntent keeps an intent until it is closed. A transaction has one at a
// time.
func (s *Memory) openIntent(i engine.Intent) error {
	switch {
	case s.findIntent(&i) >= 0:
		return fmt.Errorf("the intent of transaction %d on %s is opened twice", i.Tx, i.Side)
	case len(i.Rows) == 0:
		return fmt.Errorf("the intent of transaction %d on %s has no rows", i.Tx, i.Side)
	}
	i.Rows = slices.Clone(i.Rows)
	s.intents = append(s.intents, i)
	return nil
}

func (s *Memory) closeIntent(i *engine.Intent) error {
	at := s.findIntent(i)
	if at < 0 {
		return fmt.Errorf("the intent of transaction %d on %s is closed but not open", i.Tx, i.Side)
	}
	s.intents = slices.Delete(s.intents, at, at+1)
	return nil
}

func (s *Memory) findIntent(i *engine.Intent) int {
	return slices.IndexFunc(s.intents, func(o engine.Intent) bool { return o.Side == i.Side && o.Tx == i.Tx })
}

// moveInitial keeps how far a leg of an initial sync has come, until it is
// forgotten.
func (s *Memory) moveInitial(r engine.InitialRecord) {
	s.initials = slices.DeleteFunc(s.initials, func(o engine.InitialRecord) bool {
		return o.Map == r.Map && o.Company == r.Company && o.Side == r.Side
	})
	if r.Stage != engine.InitialForgotten {
		s.initials = append(s.initials, r)
	}
}

// resync keeps a resync until it has ended. There is one of a kind at a time.
func (s *Memory) resync(m *engine.Mutation) error {
	at := slices.Index(s.resyncs, m.Resync)
	switch {
	case m.Kind == engine.ResyncAsked && at >= 0:
		return fmt.Errorf("the resync of table map %d is asked for twice", m.Resync.Map)
	case m.Kind == engine.ResyncAsked:
		s.resyncs, s.order = append(s.resyncs, m.Resync), max(s.order, m.Order)
	case at < 0:
		return fmt.Errorf("the resync of table map %d has ended but is not under way", m.Resync.Map)
	default:
		s.resyncs = slices.Delete(s.resyncs, at, at+1)
	}
	return nil
}

// pair returns the pair with a number of the index.
func (s *Memory) pair(i int32) *pair { return &s.pages[i/pairPage][i%pairPage] }

func (s *Memory) key(i int32) *engine.Key { return &s.pair(i).key }

// known returns the number of a key in the index, which it adds when new.
func (s *Memory) known(key *engine.Key) int32 {
	i, known := s.index.Find(key, s.key)
	if !known {
		if i = s.index.Add(key); i%pairPage == 0 {
			s.pages = append(s.pages, new([pairPage]pair))
		}
		s.pair(i).key = *key
	}
	return i
}

// laneOf returns the direction of a pair that a reference belongs to. The engine's
// number for the pair is believed only if it led to the same key before.
func (s *Memory) laneOf(r *engine.Reference) *lane {
	if r.Pair <= 0 {
		return &s.pair(s.known(&r.Key)).lanes[r.Side]
	}
	if n := int(r.Pair); n >= len(s.numbers) {
		s.numbers = append(s.numbers, make([]int32, n+1-len(s.numbers))...)
	}
	i := s.numbers[r.Pair] - 1
	if i < 0 || *s.key(i) != r.Key {
		i = s.known(&r.Key)
		s.numbers[r.Pair] = i + 1
	}
	return &s.pair(i).lanes[r.Side]
}

// seldom returns what is seldom known of a lane, to be changed.
func (l *lane) seldom() *more {
	if l.more == nil {
		l.more = &more{}
	}
	return l.more
}

// find returns the slot of an open reference, or none.
func (s *Memory) find(l *lane, r *engine.Reference) int32 {
	for i := l.first; i != none; i = s.slots[i].next {
		if o := &s.slots[i].reference; o.Incarnation == r.Incarnation && o.Number == r.Number {
			return i
		}
	}
	return none
}

func (s *Memory) push(l *lane, r *engine.Reference, order uint64) {
	i := s.free
	if i == none {
		i = int32(len(s.slots))
		s.slots = append(s.slots, slot{})
	} else {
		s.free = s.slots[i].next
	}
	s.slots[i] = slot{reference: *r, order: order, next: l.first}
	s.slots[i].reference.Pair = 0
	l.first = i
	s.open++
}

func (s *Memory) remove(l *lane, r *engine.Reference) bool {
	i := s.find(l, r)
	if i == none {
		return false
	}
	link := &l.first
	for *link != i {
		link = &s.slots[*link].next
	}
	*link = s.slots[i].next
	s.slots[i] = slot{next: s.free}
	s.free = i
	s.open--
	return true
}

// life returns what is settled of an incarnation; nothing when it was never heard of.
func (l *lane) life(incarnation uint32) life {
	found := life{incarnation: incarnation}
	switch {
	case l.incarnation == incarnation:
		if found.settled = l.settled; l.more != nil {
			found.above = l.more.above
		}
	case l.more != nil:
		if i := l.more.other(incarnation); i >= 0 {
			found = l.more.others[i]
		}
	}
	return found
}

func (m *more) other(incarnation uint32) int {
	return slices.IndexFunc(m.others, func(o life) bool { return o.incarnation == incarnation })
}

// keep puts back what a settled number has changed.
func (l *lane) keep(g life) {
	if l.incarnation == g.incarnation {
		if l.settled = g.settled; len(g.above) > 0 || l.more != nil {
			l.seldom().above = g.above
		}
		return
	}
	m := l.seldom()
	m.others[m.other(g.incarnation)] = g
}

// known reports whether a number is settled, and whether only a reference of
// the engine's own holds its place. No reference has the number 0.
func (l *lane) known(incarnation, number uint32) (settled, held bool) {
	g := l.life(incarnation)
	if number <= g.settled {
		return number > 0, false
	}
	i, found := slices.BinarySearchFunc(g.above, number, compareNumber)
	return found, found && g.above[i].Held
}

func compareNumber(a engine.SettledAbove, number uint32) int { return cmp.Compare(a.Number, number) }

// settle books a number: among the contiguous ones if it follows them, else
// above. A held place stays above until the captured reference is settled. What is
// heard of last becomes the latest incarnation.
func (l *lane) settle(incarnation uint32, a engine.SettledAbove) {
	if l.incarnation != incarnation && (l.more == nil || l.more.other(incarnation) < 0) {
		if l.incarnation != 0 {
			m := l.seldom()
			m.others, m.above = append(m.others, life{l.incarnation, l.settled, m.above}), nil
		}
		l.incarnation, l.settled = incarnation, 0
	}
	g := l.life(incarnation)
	switch i, found := slices.BinarySearchFunc(g.above, a.Number, compareNumber); {
	case a.Number <= g.settled:
	case found && !a.Held:
		g.above[i].Held = false
	case found:
	case a.Number == g.settled+1 && !a.Held:
		g.settled++
	default:
		g.above = slices.Insert(g.above, i, a)
	}
	n := 0
	for n < len(g.above) && g.above[n].Number == g.settled+1 && !g.above[n].Held {
		g.settled++
		n++
	}
	g.above = slices.Delete(g.above, 0, n)
	l.keep(g)
}

// Load implements [Store].
func (s *Memory) Load() (*engine.State, error) {
	state, err := s.Waiting()
	if err != nil {
		return nil, err
	}
	numbers := make([]int32, s.index.Len())
	for i := range numbers {
		numbers[i] = int32(i)
	}
	slices.SortFunc(numbers, func(a, b int32) int { return s.key(a).Compare(*s.key(b)) })
	state.Ledgers = make([]engine.Ledger, 0, len(numbers))
	for _, i := range numbers {
		p := s.pair(i)
		for _, side := range engine.Sides {
			for _, g := range p.lanes[side].lives() {
				state.Ledgers = append(state.Ledgers, engine.Ledger{
					Key: p.key, Side: side, Incarnation: g.incarnation, Settled: g.settled, Above: slices.Clone(g.above),
				})
			}
		}
	}
	return state, nil
}

// Waiting implements [Store].
func (s *Memory) Waiting() (*engine.State, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	state := &engine.State{Order: s.order, Open: make([]engine.OpenReference, 0, s.open)}
	for i := range s.index.Len() {
		for _, side := range engine.Sides {
			s.waitingIn(state, s.pair(i), side)
		}
	}
	slices.SortFunc(state.Lanes, func(a, b engine.LaneState) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Side, b.Side))
	})
	for _, i := range s.intents {
		i.Rows = slices.Clone(i.Rows)
		state.Intents = append(state.Intents, i)
	}
	state.Resyncs = slices.Clone(s.resyncs)
	for _, k := range slices.SortedFunc(maps.Keys(s.stopped), engine.Key.Compare) {
		state.Quarantined = append(state.Quarantined, engine.Quarantine{Key: k, Why: s.stopped[k]})
	}
	for _, slot := range slices.Sorted(maps.Keys(s.flights)) {
		if f := s.flights[slot]; len(f) > 0 {
			state.Flights = append(state.Flights, engine.BatchNote{Slot: slot, Flights: slices.Clone(f)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.jobs)) {
		state.Jobs = append(state.Jobs, s.jobs[name])
	}
	for _, id := range slices.Sorted(maps.Keys(s.maps)) {
		state.Maps = append(state.Maps, s.maps[id])
	}
	state.Initials = slices.Clone(s.initials)
	slices.SortFunc(state.Initials, func(a, b engine.InitialRecord) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Map, b.Map), cmp.Compare(a.Company, b.Company), cmp.Compare(a.Side, b.Side))
	})
	slices.SortFunc(state.Open, func(a, b engine.OpenReference) int { return cmp.Compare(a.Order, b.Order) })
	for side := range s.ingested {
		state.Ingested[side] = s.ingested[side].List()
	}
	return state, nil
}

// waitingIn adds what waits in one direction of a pair to a state.
func (s *Memory) waitingIn(state *engine.State, p *pair, side engine.Side) {
	l := &p.lanes[side]
	for j := l.first; j != none; j = s.slots[j].next {
		o := engine.OpenReference{Reference: s.slots[j].reference, Order: s.slots[j].order}
		o.Reference.Needs = slices.Clone(o.Reference.Needs)
		o.Reference.Values = slices.Clone(o.Reference.Values)
		state.Open = append(state.Open, o)
	}
	if l.more == nil {
		return
	}
	if w := l.more.work; w.Attempts != 0 || w.Parked.Class != engine.Open {
		w.Key, w.Side = p.key, side
		state.Lanes = append(state.Lanes, w)
	}
}

// lives returns what is settled of all incarnations, ascending.
func (l *lane) lives() (all []life) {
	if l.incarnation == 0 {
		return nil
	}
	if l.more != nil {
		all = append(all, l.more.others...)
	}
	all = append(all, l.life(l.incarnation))
	slices.SortFunc(all, func(a, b life) int { return cmp.Compare(a.incarnation, b.incarnation) })
	return all
}
