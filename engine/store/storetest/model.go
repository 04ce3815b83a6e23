package storetest

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// model is the obvious store: lists that are searched from end to end. It
// tells what a store must load, and which mutations make sense.
type model struct {
	open     []engine.OpenReference
	settled  []settled
	lanes    []engine.LaneState
	jobs     []engine.JobRecord
	maps     []engine.MapRecord
	initials []engine.InitialRecord
	intents  []engine.Intent
	flights  []engine.BatchNote
	stopped  []engine.Quarantine
	resyncs  []engine.Resync
	ingested [2][]uint64
	order    uint64
}

type settled struct {
	key         engine.Key
	side        engine.Side
	incarnation uint32
	engine.SettledAbove
}

func (m *model) clone() *model {
	return &model{
		open: slices.Clone(m.open), settled: slices.Clone(m.settled), lanes: slices.Clone(m.lanes),
		jobs: slices.Clone(m.jobs), maps: slices.Clone(m.maps), initials: slices.Clone(m.initials), intents: slices.Clone(m.intents), flights: slices.Clone(m.flights),
		stopped: slices.Clone(m.stopped), resyncs: slices.Clone(m.resyncs),
		ingested: [2][]uint64{slices.Clone(m.ingested[0]), slices.Clone(m.ingested[1])}, order: m.order,
	}
}

func (m *model) isOpen(r *engine.Reference) (at int) {
	return slices.IndexFunc(m.open, func(o engine.OpenReference) bool {
		return o.Reference.Key == r.Key && o.Reference.Side == r.Side &&
			o.Reference.Incarnation == r.Incarnation && o.Reference.Number == r.Number
	})
}

func (m *model) isSettled(r *engine.Reference) (at int) {
	return slices.IndexFunc(m.settled, func(o settled) bool {
		return o.key == r.Key && o.side == r.Side && o.incarnation == r.Incarnation && o.Number == r.Number
	})
}

func (m *model) hasIntent(side engine.Side, tx engine.TxID) (at int) {
	return slices.IndexFunc(m.intents, func(i engine.Intent) bool { return i.Side == side && i.Tx == tx })
}

// apply reports whether the mutation makes sense. If not, nothing changes.
func (m *model) apply(mu engine.Mutation) bool {
	switch mu.Kind {
	case engine.ReferenceAdded:
		return m.add(mu)
	case engine.ReferenceSettled:
		return m.settle(mu)
	case engine.LaneChanged:
		m.lanes = slices.DeleteFunc(m.lanes, func(l engine.LaneState) bool { return l.Key == mu.Lane.Key && l.Side == mu.Lane.Side })
		if mu.Lane.Attempts != 0 || mu.Lane.Parked.Class != engine.Open {
			m.lanes = append(m.lanes, *mu.Lane)
		}
		return true
	case engine.PositionIngested:
		if slices.Contains(m.ingested[mu.Side], mu.Position) {
			return false
		}
		m.ingested[mu.Side] = append(m.ingested[mu.Side], mu.Position)
		return true
	case engine.PositionAcked:
		at := slices.Index(m.ingested[mu.Side], mu.Position)
		if at >= 0 {
			m.ingested[mu.Side] = slices.Delete(m.ingested[mu.Side], at, at+1)
		}
		return at >= 0
	case engine.IntentOpened:
		if m.hasIntent(mu.Intent.Side, mu.Intent.Tx) >= 0 || len(mu.Intent.Rows) == 0 {
			return false
		}
		m.intents = append(m.intents, *mu.Intent)
		return true
	case engine.IntentClosed:
		at := m.hasIntent(mu.Intent.Side, mu.Intent.Tx)
		if at >= 0 {
			m.intents = slices.Delete(m.intents, at, at+1)
		}
		return at >= 0
	case engine.PairQuarantined:
		m.stopped = slices.DeleteFunc(m.stopped, func(q engine.Quarantine) bool { return q.Key == mu.Lane.Key })
		if mu.Lane.Parked.Class != engine.Open {
			m.stopped = append(m.stopped, engine.Quarantine{Key: mu.Lane.Key, Why: mu.Lane.Parked})
		}
		return true
	case engine.ResyncAsked:
		if slices.Contains(m.resyncs, mu.Resync) {
			return false
		}
		m.resyncs, m.order = append(m.resyncs, mu.Resync), max(m.order, mu.Order)
		return true
	case engine.ResyncEnded:
		at := slices.Index(m.resyncs, mu.Resync)
		if at >= 0 {
			m.resyncs = slices.Delete(m.resyncs, at, at+1)
		}
		return at >= 0
	case engine.BatchNoted:
		m.flights = slices.DeleteFunc(m.flights, func(n engine.BatchNote) bool { return n.Slot == mu.Slot })
		if len(mu.Flights) > 0 {
			m.flights = append(m.flights, engine.BatchNote{Slot: mu.Slot, Flights: mu.Flights})
		}
		return true
	case engine.JobMoved:
		m.jobs = slices.DeleteFunc(m.jobs, func(j engine.JobRecord) bool { return j.Name == mu.Job.Name })
		m.jobs = append(m.jobs, *mu.Job)
		return true
	case engine.MapMoved:
		m.maps = slices.DeleteFunc(m.maps, func(r engine.MapRecord) bool { return r.Map == mu.Map.Map })
		m.maps = append(m.maps, *mu.Map)
		return true
	case engine.InitialMoved:
		m.initials = slices.DeleteFunc(m.initials, func(r engine.InitialRecord) bool {
			return r.Map == mu.Initial.Map && r.Company == mu.Initial.Company && r.Side == mu.Initial.Side
		})
		if mu.Initial.Stage != engine.InitialForgotten {
			m.initials = append(m.initials, *mu.Initial)
		}
		return true
	default:
		return false
	}
}

func (m *model) add(mu engine.Mutation) bool {
	r := &mu.Reference
	if r.Incarnation == 0 || r.Number == 0 {
		return false
	}
	if at := m.isSettled(r); at >= 0 && !m.settled[at].Held && !r.Origin.Holds() {
		return false
	}
	if at := m.isOpen(r); at >= 0 {
		if !m.open[at].Reference.Origin.Holds() {
			return false
		}
		m.open = slices.Delete(m.open, at, at+1)
	}
	m.open = append(m.open, engine.OpenReference{Reference: *r, Order: mu.Order})
	m.order = max(m.order, mu.Order)
	return true
}

func (m *model) settle(mu engine.Mutation) bool {
	r := &mu.Reference
	at, before := m.isOpen(r), m.isSettled(r)
	if mu.Outcome.Reason == engine.Echo {
		return at >= 0 || before >= 0
	}
	if at < 0 || mu.Outcome.Class == engine.Open {
		return false
	}
	m.open = slices.Delete(m.open, at, at+1)
	if before >= 0 {
		m.settled[before].Held = m.settled[before].Held && r.Origin.Holds()
		return true
	}
	m.settled = append(m.settled, settled{r.Key, r.Side, r.Incarnation, engine.SettledAbove{
		Number: r.Number, Held: r.Origin.Holds(), Outcome: mu.Outcome,
	}})
	return true
}

// load returns the state that a store must load.
func (m *model) load() *engine.State {
	state := &engine.State{
		Open: slices.Clone(m.open), Lanes: slices.Clone(m.lanes), Jobs: slices.Clone(m.jobs), Maps: slices.Clone(m.maps), Initials: slices.Clone(m.initials), Intents: slices.Clone(m.intents),
		Flights: slices.Clone(m.flights), Quarantined: slices.Clone(m.stopped), Resyncs: slices.Clone(m.resyncs), Order: m.order,
	}
	slices.SortFunc(state.Quarantined, func(a, b engine.Quarantine) int { return a.Key.Compare(b.Key) })
	slices.SortFunc(state.Flights, func(a, b engine.BatchNote) int { return cmp.Compare(a.Slot, b.Slot) })
	slices.SortFunc(state.Open, func(a, b engine.OpenReference) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortFunc(state.Lanes, func(a, b engine.LaneState) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Side, b.Side))
	})
	slices.SortFunc(state.Jobs, func(a, b engine.JobRecord) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(state.Initials, func(a, b engine.InitialRecord) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Map, b.Map), cmp.Compare(a.Company, b.Company), cmp.Compare(a.Side, b.Side))
	})
	slices.SortFunc(state.Maps, func(a, b engine.MapRecord) int { return cmp.Compare(a.Map, b.Map) })
	all := slices.Clone(m.settled)
	slices.SortFunc(all, func(a, b settled) int {
		return cmp.Or(a.key.Compare(b.key), cmp.Compare(a.side, b.side),
			cmp.Compare(a.incarnation, b.incarnation), cmp.Compare(a.Number, b.Number))
	})
	for i, o := range all {
		if i == 0 || o.key != all[i-1].key || o.side != all[i-1].side || o.incarnation != all[i-1].incarnation {
			state.Ledgers = append(state.Ledgers, engine.Ledger{Key: o.key, Side: o.side, Incarnation: o.incarnation})
		}
		g := &state.Ledgers[len(state.Ledgers)-1]
		if o.Number == g.Settled+1 && !o.Held && len(g.Above) == 0 {
			g.Settled++
		} else {
			g.Above = append(g.Above, o.SettledAbove)
		}
	}
	for side := range m.ingested {
		state.Ingested[side] = slices.Sorted(slices.Values(m.ingested[side]))
	}
	return state
}
