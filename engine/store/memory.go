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
	index    map[laneName]int32
	lanes    []lane
	slots    []slot
	free     int32 // first free slot
	open     int
	ingested [2]map[uint64]struct{}
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

// laneName is one direction of a record pair.
type laneName struct {
	key  engine.Key
	side engine.Side
}

// lane is what is known of one direction of a pair.
type lane struct {
	name   laneName
	first  int32            // of its open references, in no order
	work   engine.LaneState // Key and Side are not filled in
	latest engine.Ledger    // of the incarnation heard of last
	others []engine.Ledger  // of other incarnations; rare
}

// slot holds one open reference, or is free; next chains either.
type slot struct {
	reference engine.Reference
	order     uint64
	next      int32
}

// none ends a chain of slots.
const none int32 = -1

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{
		index:    map[laneName]int32{},
		free:     none,
		ingested: [2]map[uint64]struct{}{{}, {}},
		jobs:     map[string]engine.JobRecord{},
		flights:  map[int][]engine.FlightNote{},
		maps:     map[engine.MapID]engine.MapRecord{},
		stopped:  map[engine.Key]engine.Outcome{},
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
		l := s.lane(m.Lane.Key, m.Lane.Side)
		l.work = *m.Lane
	case engine.PositionIngested:
		known := len(s.ingested[m.Side])
		if s.ingested[m.Side][m.Position] = struct{}{}; len(s.ingested[m.Side]) == known {
			return fmt.Errorf("%s position %d is taken in twice", m.Side, m.Position)
		}
	case engine.PositionAcked:
		known := len(s.ingested[m.Side])
		if delete(s.ingested[m.Side], m.Position); len(s.ingested[m.Side]) == known {
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
	l := s.lane(r.Key, r.Side)
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
	l := s.lane(r.Key, r.Side)
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
		s.resyncs = append(s.resyncs, m.Resync)
	case at < 0:
		return fmt.Errorf("the resync of table map %d has ended but is not under way", m.Resync.Map)
	default:
		s.resyncs = slices.Delete(s.resyncs, at, at+1)
	}
	return nil
}

// lane returns one direction of a pair, which it opens when new. The pointer
// is good until the next call.
func (s *Memory) lane(key engine.Key, side engine.Side) *lane {
	name := laneName{key, side}
	i, known := s.index[name]
	if !known {
		i = int32(len(s.lanes))
		s.lanes = append(s.lanes, lane{name: name, first: none})
		s.index[name] = i
	}
	return &s.lanes[i]
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

// ledger returns what is known of an incarnation; nil when nothing is.
func (l *lane) ledger(incarnation uint32) *engine.Ledger {
	if l.latest.Incarnation == incarnation {
		return &l.latest
	}
	for i := range l.others {
		if l.others[i].Incarnation == incarnation {
			return &l.others[i]
		}
	}
	return nil
}

// known reports whether a number is settled, and whether only a reference of
// the engine's own holds its place. No reference has the number 0.
func (l *lane) known(incarnation, number uint32) (settled, held bool) {
	g := l.ledger(incarnation)
	if g == nil || number == 0 {
		return false, false
	}
	if number <= g.Settled {
		return true, false
	}
	i, found := slices.BinarySearchFunc(g.Above, number, compareNumber)
	return found, found && g.Above[i].Held
}

func compareNumber(a engine.SettledAbove, number uint32) int { return cmp.Compare(a.Number, number) }

// settle books a number: among the contiguous ones if it follows them, else
// above. A held place stays above until the captured reference is settled.
func (l *lane) settle(incarnation uint32, a engine.SettledAbove) {
	g := l.ledger(incarnation)
	if g == nil {
		if l.latest.Incarnation != 0 {
			l.others = append(l.others, l.latest)
		}
		l.latest = engine.Ledger{Key: l.name.key, Side: l.name.side, Incarnation: incarnation}
		g = &l.latest
	}
	switch i, found := slices.BinarySearchFunc(g.Above, a.Number, compareNumber); {
	case a.Number <= g.Settled:
	case found && !a.Held:
		g.Above[i].Held = false
	case found:
	case a.Number == g.Settled+1 && !a.Held:
		g.Settled++
	default:
		g.Above = slices.Insert(g.Above, i, a)
	}
	n := 0
	for n < len(g.Above) && g.Above[n].Number == g.Settled+1 && !g.Above[n].Held {
		g.Settled++
		n++
	}
	g.Above = slices.Delete(g.Above, 0, n)
}

// Load implements [Store].
func (s *Memory) Load() (*engine.State, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	state := &engine.State{Order: s.order, Open: make([]engine.OpenReference, 0, s.open)}
	for i := range s.lanes {
		l := &s.lanes[i]
		for j := l.first; j != none; j = s.slots[j].next {
			o := engine.OpenReference{Reference: s.slots[j].reference, Order: s.slots[j].order}
			o.Reference.Needs = slices.Clone(o.Reference.Needs)
			o.Reference.Values = slices.Clone(o.Reference.Values)
			state.Open = append(state.Open, o)
		}
		if w := l.work; w.Attempts != 0 || w.Parked.Class != engine.Open {
			w.Key, w.Side = l.name.key, l.name.side
			state.Lanes = append(state.Lanes, w)
		}
		if l.latest.Incarnation != 0 {
			state.Ledgers = append(state.Ledgers, copied(l.latest))
		}
		for _, g := range l.others {
			state.Ledgers = append(state.Ledgers, copied(g))
		}
	}
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
	slices.SortFunc(state.Lanes, func(a, b engine.LaneState) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Side, b.Side))
	})
	slices.SortFunc(state.Ledgers, func(a, b engine.Ledger) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Side, b.Side), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	for side := range s.ingested {
		for p := range s.ingested[side] {
			state.Ingested[side] = append(state.Ingested[side], p)
		}
		slices.Sort(state.Ingested[side])
	}
	return state, nil
}

func copied(g engine.Ledger) engine.Ledger {
	g.Above = slices.Clone(g.Above)
	return g
}
