package store

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
)

// slow is the obvious store: lists that are searched from end to end.
type slow struct {
	open     []engine.OpenReference
	settled  []settled
	lanes    []engine.LaneState
	ingested [2][]uint64
	order    uint64
}

type settled struct {
	key         engine.Key
	side        engine.Side
	incarnation uint32
	engine.SettledAbove
}

func (s *slow) isSettled(r *engine.Reference) (at int) {
	return slices.IndexFunc(s.settled, func(o settled) bool {
		return o.key == r.Key && o.side == r.Side && o.incarnation == r.Incarnation && o.Number == r.Number
	})
}

func (s *slow) isOpen(r *engine.Reference) (at int) {
	return slices.IndexFunc(s.open, func(o engine.OpenReference) bool {
		return o.Reference.Key == r.Key && o.Reference.Side == r.Side &&
			o.Reference.Incarnation == r.Incarnation && o.Reference.Number == r.Number
	})
}

// apply reports whether the mutation makes sense.
func (s *slow) apply(m engine.Mutation) bool {
	r := &m.Reference
	switch m.Kind {
	case engine.ReferenceAdded:
		if at := s.isSettled(r); at >= 0 && !s.settled[at].Held && !r.Origin.Holds() {
			return false
		}
		if at := s.isOpen(r); at >= 0 {
			if !s.open[at].Reference.Origin.Holds() {
				return false
			}
			s.open = slices.Delete(s.open, at, at+1)
		}
		s.open = append(s.open, engine.OpenReference{Reference: *r, Order: m.Order})
		s.order = max(s.order, m.Order)
	case engine.ReferenceSettled:
		at, known := s.isOpen(r), s.isSettled(r)
		if m.Outcome.Reason == engine.Echo {
			return at >= 0 || known >= 0
		}
		if at < 0 {
			return false
		}
		s.open = slices.Delete(s.open, at, at+1)
		if known >= 0 {
			s.settled[known].Held = s.settled[known].Held && r.Origin.Holds()
			return true
		}
		s.settled = append(s.settled, settled{r.Key, r.Side, r.Incarnation, engine.SettledAbove{
			Number: r.Number, Held: r.Origin.Holds(), Outcome: m.Outcome,
		}})
	case engine.LaneChanged:
		s.lanes = slices.DeleteFunc(s.lanes, func(l engine.LaneState) bool { return l.Key == m.Lane.Key && l.Side == m.Lane.Side })
		if m.Lane.Attempts != 0 || m.Lane.Parked.Class != engine.Open {
			s.lanes = append(s.lanes, m.Lane)
		}
	case engine.PositionIngested:
		if slices.Contains(s.ingested[m.Side], m.Position) {
			return false
		}
		s.ingested[m.Side] = append(s.ingested[m.Side], m.Position)
	case engine.PositionAcked:
		at := slices.Index(s.ingested[m.Side], m.Position)
		if at < 0 {
			return false
		}
		s.ingested[m.Side] = slices.Delete(s.ingested[m.Side], at, at+1)
	}
	return true
}

func (s *slow) load() *engine.State {
	state := &engine.State{Open: slices.Clone(s.open), Lanes: slices.Clone(s.lanes), Order: s.order}
	slices.SortFunc(state.Open, func(a, b engine.OpenReference) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortFunc(state.Lanes, func(a, b engine.LaneState) int {
		return cmp.Or(compareKeys(a.Key, b.Key), cmp.Compare(a.Side, b.Side))
	})
	all := slices.Clone(s.settled)
	slices.SortFunc(all, func(a, b settled) int {
		return cmp.Or(compareKeys(a.key, b.key), cmp.Compare(a.side, b.side),
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
	for side := range s.ingested {
		state.Ingested[side] = slices.Sorted(slices.Values(s.ingested[side]))
	}
	return state
}

// TestMemoryAgainstSlow saves random mutations, sensible and not, in both
// stores and compares what they load, and which of them they refuse.
func TestMemoryAgainstSlow(t *testing.T) {
	var refused, taken, held int
	rapid.Check(t, func(t *rapid.T) {
		fast, model := NewMemory(), &slow{}
		order := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"save": func(t *rapid.T) {
				m := draw(t, &order)
				if m.Kind == engine.ReferenceAdded && model.isOpen(&m.Reference) >= 0 {
					m.Order = model.open[model.isOpen(&m.Reference)].Order
					taken++
				}
				if m.Kind == engine.ReferenceSettled {
					if at := model.isOpen(&m.Reference); at >= 0 {
						m.Reference = model.open[at].Reference
					}
					if m.Reference.Origin.Holds() {
						held++
					}
				}
				if !model.apply(m) {
					refused++
					before, err := fast.Load()
					if err != nil {
						t.Fatal(err)
					}
					if err := fast.Save([]engine.Mutation{m}); err == nil {
						t.Fatalf("nonsense was saved: %+v", m)
					}
					fast = restored(t, before)
					return
				}
				if err := fast.Save([]engine.Mutation{m}); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				got, err := fast.Load()
				if err != nil {
					t.Fatal(err)
				}
				if d := gocmp.Diff(model.load(), got, cmpopts.EquateEmpty()); d != "" {
					t.Fatalf("loaded state (-want +got):\n%s", d)
				}
			},
		})
	})
	if refused == 0 || taken == 0 || held == 0 {
		t.Errorf("%d refused, %d places taken over, %d held places settled: each must occur", refused, taken, held)
	}
}

// draw makes a mutation over few keys and numbers, so that they meet.
func draw(t *rapid.T, order *uint64) engine.Mutation {
	key := engine.Key{ID: rapid.SampledFrom([]string{"A", "B"}).Draw(t, "key")}
	side := engine.Side(rapid.IntRange(0, 1).Draw(t, "side"))
	m := engine.Mutation{Side: side, Kind: engine.MutationKind(rapid.SampledFrom([]int{0, 0, 0, 1, 1, 1, 2, 3, 4}).Draw(t, "kind"))}
	switch m.Kind {
	case engine.ReferenceAdded, engine.ReferenceSettled:
		m.Reference = engine.Reference{
			Key: key, Side: side,
			Incarnation: uint32(rapid.IntRange(1, 2).Draw(t, "incarnation")),
			Number:      uint32(rapid.IntRange(1, 6).Draw(t, "number")),
			Origin:      rapid.SampledFrom([]engine.Origin{engine.Captured, engine.Captured, engine.Reassert}).Draw(t, "origin"),
		}
		if m.Kind == engine.ReferenceAdded {
			*order++
			m.Order = *order
		} else {
			m.Outcome = rapid.SampledFrom([]engine.Outcome{
				{Class: engine.Synced, Reason: engine.Written}, {Class: engine.NoOp, Reason: engine.Echo},
			}).Draw(t, "outcome")
		}
	case engine.LaneChanged:
		m.Lane = engine.LaneState{Key: key, Side: side, Attempts: rapid.IntRange(0, 2).Draw(t, "attempts")}
	default:
		m.Position = uint64(rapid.IntRange(1, 5).Draw(t, "position"))
	}
	return m
}

// restored makes a store that holds a state.
func restored(t *rapid.T, state *engine.State) *Memory {
	s := NewMemory()
	var all []engine.Mutation
	for _, g := range state.Ledgers {
		settle := func(n uint32, origin engine.Origin, o engine.Outcome) {
			r := engine.Reference{Key: g.Key, Side: g.Side, Incarnation: g.Incarnation, Number: n, Origin: origin}
			all = append(all, engine.Mutation{Kind: engine.ReferenceAdded, Reference: r},
				engine.Mutation{Kind: engine.ReferenceSettled, Reference: r, Outcome: o})
		}
		for n := range g.Settled {
			settle(n+1, engine.Captured, engine.Outcome{Class: engine.Synced, Reason: engine.Written})
		}
		for _, a := range g.Above {
			origin := engine.Captured
			if a.Held {
				origin = engine.Reassert
			}
			settle(a.Number, origin, a.Outcome)
		}
	}
	for _, o := range state.Open {
		all = append(all, engine.Mutation{Kind: engine.ReferenceAdded, Reference: o.Reference, Order: o.Order})
	}
	for _, l := range state.Lanes {
		all = append(all, engine.Mutation{Kind: engine.LaneChanged, Lane: l})
	}
	for side, positions := range state.Ingested {
		for _, p := range positions {
			all = append(all, engine.Mutation{Kind: engine.PositionIngested, Side: engine.Side(side), Position: p})
		}
	}
	all = append(all, engine.Mutation{Kind: engine.LaneChanged})
	if err := s.Save(all); err != nil {
		t.Fatal(err)
	}
	s.order = state.Order
	return s
}

func TestBrokenMemoryStaysBroken(t *testing.T) {
	t.Parallel()
	s := NewMemory()
	bad := []engine.Mutation{{Kind: engine.PositionAcked, Position: 7}}
	if err := s.Save(bad); err == nil {
		t.Fatal("an unknown position was acknowledged")
	}
	if _, err := s.Load(); err == nil {
		t.Error("a store that lost its way must not be loaded")
	}
}

func TestLoadedStateIsACopy(t *testing.T) {
	t.Parallel()
	s := NewMemory()
	key := engine.Key{ID: "A"}
	add := engine.Mutation{Kind: engine.ReferenceAdded, Order: 1, Reference: engine.Reference{
		Key: key, Incarnation: 1, Number: 3, Needs: []engine.Key{{ID: "P"}},
	}}
	if err := s.Save([]engine.Mutation{add}); err != nil {
		t.Fatal(err)
	}
	first, _ := s.Load()
	first.Open[0].Reference.Needs[0].ID = "spoilt"
	second, _ := s.Load()
	if got := second.Open[0].Reference.Needs[0].ID; got != "P" {
		t.Errorf("the store's own reference needs %s", got)
	}
}

// TestSaveAllocatesNothing runs one reference after the other through pairs
// that are known.
func TestSaveAllocatesNothing(t *testing.T) {
	s := NewMemory()
	number, position := uint32(0), uint64(0)
	var batch [4]engine.Mutation
	step := func() {
		number++
		position++
		r := engine.Reference{Key: engine.Key{ID: "A"}, Incarnation: 1, Number: number}
		batch = [4]engine.Mutation{
			{Kind: engine.PositionIngested, Position: position},
			{Kind: engine.ReferenceAdded, Reference: r, Order: position},
			{Kind: engine.ReferenceSettled, Reference: r, Outcome: engine.Outcome{Class: engine.Synced, Reason: engine.Written}},
			{Kind: engine.PositionAcked, Position: position},
		}
		if err := s.Save(batch[:]); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations per reference, want 0", n)
	}
}

func BenchmarkSave(b *testing.B) {
	s := NewMemory()
	keys := make([]engine.Key, 10_000)
	for i := range keys {
		keys[i].ID = fmt.Sprint("CUSTOMER-", i)
	}
	batch := make([]engine.Mutation, 2)
	n := uint32(0)
	for b.Loop() {
		for i := range keys {
			if i == 0 {
				n++
			}
			r := engine.Reference{Key: keys[i], Incarnation: 1, Number: n}
			batch[0] = engine.Mutation{Kind: engine.ReferenceAdded, Reference: r, Order: 1}
			batch[1] = engine.Mutation{Kind: engine.ReferenceSettled, Reference: r, Outcome: engine.Outcome{Class: engine.Synced, Reason: engine.Written}}
			if err := s.Save(batch); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(keys)), "ns/reference")
}
