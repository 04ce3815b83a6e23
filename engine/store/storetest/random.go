package storetest

import (
	"fmt"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// random saves random mutations, several at once, in a store and in the model,
// and compares after every Save what they hold.
func random(t *testing.T, open Open) {
	met := map[string]int{}
	durable := false
	rapid.Check(t, func(rt *rapid.T) {
		c := &randomCase{met: met, model: &model{}}
		c.open = func() (store.Store, func() store.Store) { return open(t) }
		c.store, c.reopen = c.open()
		defer func() { c.close() }()
		actions := map[string]func(*rapid.T){
			"save":     c.save,
			"nonsense": c.nonsense,
			"":         func(rt *rapid.T) { mustHold(rt, c.store, c.model.load()) },
		}
		if c.reopen != nil {
			durable = true
			actions["reopen"] = func(*rapid.T) { c.store = c.reopen() }
		}
		rt.Repeat(actions)
	})
	for _, what := range rare {
		if met[what] == 0 && !testing.Short() { // short sequences are tame
			t.Errorf("no case in which %s: the sequences are too tame", what)
		}
	}
	t.Logf("durable: %v; met: %v", durable, met)
}

// rare is what the sequences must have met.
var rare = []string{
	"a reference came and went in one save",
	"a captured reference took the place of the engine's own",
	"the engine's own reference was settled",
	"a captured reference came after its place was settled",
	"the engine carried a settled change again",
	"a number was settled above a gap",
	"a duplicate was booked",
	"a lane was parked",
	"a position was acknowledged",
	"a job moved again",
	"a pair was quarantined",
	"a pair was quarantined for another reason",
	"a pair was released",
	"a resync was asked for",
	"a resync ended that others were asked for after",
	"a batch was noted",
	"a batch took the place of another",
	"a note was forgotten",
	"a map moved again",
	"a leg of an initial sync came further",
	"a leg of an initial sync was forgotten",
	"an intent was opened",
	"an intent was opened again in one save",
	"an intent came and went in one save",
	"an intent was closed that others came after",
	"nonsense was refused",
}

// randomCase is one sequence.
type randomCase struct {
	met    map[string]int
	open   func() (store.Store, func() store.Store)
	store  store.Store
	reopen func() store.Store
	model  *model
	order  uint64
	saved  [][]engine.Mutation
}

func (c *randomCase) close() {
	if s, ok := c.store.(io.Closer); ok {
		_ = s.Close() // the case is decided
	}
}

// save saves a few mutations that make sense.
func (c *randomCase) save(t *rapid.T) {
	batch := c.sensible(t)
	mustSave(t, c.store, batch...)
	c.saved = append(c.saved, batch)
}

// sensible draws mutations that make sense one after the other, and applies
// them to the model.
func (c *randomCase) sensible(t *rapid.T) []engine.Mutation {
	var batch []engine.Mutation
	came := map[string]bool{}
	for n := rapid.IntRange(1, 12).Draw(t, "mutations"); n > 0; n-- {
		m := c.draw(t)
		before := c.model.clone()
		if !c.model.apply(m) {
			continue
		}
		batch = append(batch, m)
		c.note(&m, before, came)
	}
	return batch
}

// note counts what a mutation that made sense meant.
func (c *randomCase) note(m *engine.Mutation, before *model, came map[string]bool) {
	r := &m.Reference
	name := fmt.Sprint(r.Key, r.Side, r.Incarnation, r.Number)
	intent := ""
	if m.Intent != nil {
		intent = fmt.Sprint("intent ", m.Intent.Side, m.Intent.Tx)
	}
	count := func(when bool, what string) {
		if when {
			c.met[what]++
		}
	}
	switch m.Kind {
	case engine.ReferenceAdded:
		came[name] = true
		settled := before.isSettled(r) >= 0
		count(before.isOpen(r) >= 0 && !r.Origin.Holds(), "a captured reference took the place of the engine's own")
		count(settled && !r.Origin.Holds(), "a captured reference came after its place was settled")
		count(settled && r.Origin.Holds(), "the engine carried a settled change again")
	case engine.ReferenceSettled:
		count(m.Outcome.Reason == engine.Echo, "a duplicate was booked")
		if m.Outcome.Reason != engine.Echo {
			count(came[name], "a reference came and went in one save")
			count(r.Origin.Holds(), "the engine's own reference was settled")
			below := *r
			below.Number--
			count(r.Number > 1 && before.isSettled(&below) < 0, "a number was settled above a gap")
		}
	case engine.LaneChanged:
		count(m.Lane.Parked.Class != engine.Open, "a lane was parked")
	case engine.PositionAcked:
		count(true, "a position was acknowledged")
	case engine.IntentOpened:
		count(true, "an intent was opened")
		count(came["closed "+intent], "an intent was opened again in one save")
		came[intent] = true
	case engine.IntentClosed:
		count(came[intent], "an intent came and went in one save")
		at := before.hasIntent(m.Intent.Side, m.Intent.Tx)
		count(at < len(before.intents)-1, "an intent was closed that others came after")
		came["closed "+intent] = true
	case engine.PairQuarantined:
		stopped := slices.ContainsFunc(before.stopped, func(q engine.Quarantine) bool { return q.Key == m.Lane.Key })
		on := m.Lane.Parked.Class != engine.Open
		count(on && !stopped, "a pair was quarantined")
		count(on && stopped, "a pair was quarantined for another reason")
		count(!on && stopped, "a pair was released")
	case engine.ResyncAsked:
		count(true, "a resync was asked for")
	case engine.ResyncEnded:
		count(slices.Index(before.resyncs, m.Resync) < len(before.resyncs)-1, "a resync ended that others were asked for after")
	case engine.BatchNoted:
		noted := slices.ContainsFunc(before.flights, func(n engine.BatchNote) bool { return n.Slot == m.Slot })
		count(len(m.Flights) > 0, "a batch was noted")
		count(noted && len(m.Flights) > 0, "a batch took the place of another")
		count(noted && len(m.Flights) == 0, "a note was forgotten")
	case engine.JobMoved:
		count(slices.ContainsFunc(before.jobs, func(j engine.JobRecord) bool { return j.Name == m.Job.Name }), "a job moved again")
	case engine.MapMoved:
		count(slices.ContainsFunc(before.maps, func(r engine.MapRecord) bool { return r.Map == m.Map.Map }), "a map moved again")
	case engine.InitialMoved:
		known := slices.ContainsFunc(before.initials, func(r engine.InitialRecord) bool {
			return r.Map == m.Initial.Map && r.Company == m.Initial.Company && r.Side == m.Initial.Side
		})
		count(known && m.Initial.Stage != engine.InitialForgotten, "a leg of an initial sync came further")
		count(known && m.Initial.Stage == engine.InitialForgotten, "a leg of an initial sync was forgotten")
	}
}

// nonsense saves something that makes no sense, behind something that does.
// Nothing of it may stay.
func (c *randomCase) nonsense(t *rapid.T) {
	before, order := c.model.clone(), c.order
	batch := c.sensible(t)
	bad := c.draw(t)
	for tries := 0; c.model.clone().apply(bad); tries++ {
		if tries == 20 {
			c.model, c.order = before, order
			t.Skip("all that was drawn makes sense")
		}
		bad = c.draw(t)
	}
	if c.store.Save(append(batch, bad)) == nil {
		t.Fatalf("nonsense was saved: %+v", bad)
	}
	c.met["nonsense was refused"]++
	mustBeBroken(t, c.store)
	c.model, c.order = before, order
	if c.reopen != nil {
		c.store = c.reopen()
		return
	}
	c.store, c.reopen = c.open()
	for _, batch := range c.saved {
		mustSave(t, c.store, batch...)
	}
}

// draw draws a mutation on a few keys, so that they meet often. It may make no
// sense.
func (c *randomCase) draw(t *rapid.T) engine.Mutation {
	side := engine.Side(rapid.IntRange(0, 1).Draw(t, "side"))
	kind := engine.MutationKind(rapid.SampledFrom([]int{0, 0, 0, 6, 7, 0, 1, 1, 1, 6, 7, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 11, 11, 12, 12, 13}).Draw(t, "kind"))
	m := engine.Mutation{Kind: kind}
	switch kind {
	case engine.ReferenceAdded:
		m.Reference = c.reference(t, side)
		c.order++
		m.Order = c.order
		if at := c.model.isOpen(&m.Reference); at >= 0 {
			m.Order = c.model.open[at].Order // the place is taken over
		}
	case engine.ReferenceSettled:
		m.Outcome = rapid.SampledFrom([]engine.Outcome{written, written, lost, echo, {}}).Draw(t, "outcome")
		if open := c.model.open; len(open) > 0 && rapid.IntRange(0, 3).Draw(t, "any") > 0 {
			m.Reference = open[rapid.IntRange(0, len(open)-1).Draw(t, "open")].Reference
		} else {
			m.Reference = c.reference(t, side)
		}
	case engine.LaneChanged:
		m.Lane = &engine.LaneState{
			Key: c.key(t), Side: side, Attempts: rapid.IntRange(0, 2).Draw(t, "attempts"),
			Parked:    rapid.SampledFrom([]engine.Outcome{{}, {}, refused}).Draw(t, "parked"),
			Since:     engine.Time(rapid.Int64().Draw(t, "parked since")),
			Requested: engine.Requested(rapid.IntRange(0, 2).Draw(t, "requested")),
			Request:   rapid.Uint64().Draw(t, "request"),
		}
	case engine.JobMoved:
		m.Job = &engine.JobRecord{
			Name:  rapid.SampledFrom([]string{"finance", "sales"}).Draw(t, "job"),
			State: engine.JobState(rapid.IntRange(0, 6).Draw(t, "state")),
			Since: engine.Time(rapid.Int64().Draw(t, "since")),
			Turn:  rapid.Uint64().Draw(t, "turn"),
			Full: engine.PauseLimit{
				Age: time.Duration(rapid.Int64().Draw(t, "full age")), Size: rapid.Int64().Draw(t, "full size"),
			},
			Telling: rapid.Bool().Draw(t, "telling"),
		}
	case engine.MapMoved:
		m.Map = &engine.MapRecord{
			Map: engine.MapID(rapid.IntRange(0, 2).Draw(t, "map")), Job: rapid.SampledFrom([]string{"finance", "sales"}).Draw(t, "job"),
			Mode: engine.Mode(rapid.IntRange(0, 2).Draw(t, "mode")), Sequence: rapid.Int().Draw(t, "sequence"), Primary: side,
			Initializing: rapid.Bool().Draw(t, "initializing"), Rules: engine.Side(rapid.IntRange(0, 1).Draw(t, "rules")),
			WriteLife: time.Duration(rapid.Int64().Draw(t, "life")), Keys: rapid.SampledFrom([]string{"", "plain"}).Draw(t, "keys"),
		}
	case engine.InitialMoved:
		m.Initial = &engine.InitialRecord{
			Map: engine.MapID(rapid.IntRange(0, 2).Draw(t, "map")), Company: rapid.SampledFrom([]string{"", "USMF"}).Draw(t, "company"), Side: side,
			Interim: engine.Side(rapid.IntRange(0, 1).Draw(t, "interim")), Order: rapid.IntRange(0, 2).Draw(t, "order"),
			Stage: engine.InitialStage(rapid.IntRange(0, 4).Draw(t, "stage")), Rows: rapid.Int().Draw(t, "rows"),
			Written: rapid.Int().Draw(t, "written"), Unchanged: rapid.Int().Draw(t, "unchanged"), Lost: rapid.Int().Draw(t, "lost"), Errors: rapid.Int().Draw(t, "errors"),
		}
		m.Initial.After = c.key(t)
		m.Initial.After.Map = m.Initial.Map
	case engine.IntentOpened:
		m.Intent = &engine.Intent{Side: side, Tx: c.tx(t), Deadline: engine.Time(rapid.Int64().Draw(t, "deadline"))}
		for n := rapid.IntRange(0, 3).Draw(t, "rows"); n > 0; n-- {
			m.Intent.Rows = append(m.Intent.Rows, engine.IntentRow{
				Key: c.key(t), Op: engine.Operation(rapid.IntRange(0, 2).Draw(t, "operation")),
				Incarnation: uint32(rapid.IntRange(1, 3).Draw(t, "incarnation")), Number: uint32(rapid.IntRange(0, 3).Draw(t, "before")), Existed: rapid.Bool().Draw(t, "existed"),
			})
		}
	case engine.IntentClosed:
		m.Intent = &engine.Intent{Side: side, Tx: c.tx(t)}
	case engine.PairQuarantined:
		m.Lane = &engine.LaneState{Key: c.key(t), Parked: rapid.SampledFrom([]engine.Outcome{{}, refused, refused, lost}).Draw(t, "parked")}
	case engine.ResyncAsked, engine.ResyncEnded:
		m.Resync = engine.Resync{
			Map:     engine.MapID(rapid.IntRange(0, 1).Draw(t, "map")),
			Company: rapid.SampledFrom([]string{"", "USMF"}).Draw(t, "company"),
		}
		if m.Kind == engine.ResyncAsked {
			m.Order = c.order + rapid.Uint64Range(0, 2).Draw(t, "above")
		}
	case engine.BatchNoted:
		m.Slot = rapid.IntRange(0, 2).Draw(t, "slot")
		for n := rapid.IntRange(0, 2).Draw(t, "flights"); n > 0; n-- {
			m.Flights = append(m.Flights, engine.FlightNote{
				Key: c.key(t), Side: engine.Side(n - 1), Order: rapid.Uint64().Draw(t, "order"), Attempts: rapid.IntRange(0, 2).Draw(t, "attempts"),
			})
		}
	default:
		m.Side, m.Position = side, uint64(rapid.IntRange(1, 5).Draw(t, "position"))
	}
	return m
}

func (c *randomCase) reference(t *rapid.T, side engine.Side) engine.Reference {
	r := engine.Reference{
		Key: c.key(t), Side: side,
		Incarnation: uint32(rapid.SampledFrom([]int{1, 1, 1, 2}).Draw(t, "incarnation")),
		Number:      uint32(rapid.IntRange(1, 6).Draw(t, "number")),
		Groups:      engine.GroupSet(rapid.Uint64().Draw(t, "groups")),
		Op:          engine.Operation(rapid.IntRange(0, 2).Draw(t, "operation")),
		Origin:      rapid.SampledFrom([]engine.Origin{engine.Captured, engine.Captured, engine.Late, engine.Reassert, engine.Pulled, engine.Aged, engine.Initial, engine.Checked, engine.Resynced}).Draw(t, "origin"),
		Tx:          engine.TxID(rapid.Uint64().Draw(t, "tx")),
		Ordinal:     rapid.Uint32().Draw(t, "ordinal"),
		Size:        rapid.Uint32().Draw(t, "size"),
		Position:    rapid.Uint64().Draw(t, "position"),
	}
	for n := rapid.IntRange(0, 2).Draw(t, "needs"); n > 0; n-- {
		r.Needs = append(r.Needs, c.key(t))
	}
	for n := rapid.IntRange(0, 2).Draw(t, "values"); n > 0; n-- {
		r.Values = append(r.Values, engine.ValueHash{Hash: rapid.Uint64().Draw(t, "hash"), Freed: rapid.Bool().Draw(t, "freed")})
	}
	return r
}

// tx draws one of a few transactions.
func (c *randomCase) tx(t *rapid.T) engine.TxID {
	return engine.TxID(rapid.SampledFrom([]uint64{1, 2, math.MaxUint64}).Draw(t, "transaction"))
}

func (c *randomCase) key(t *rapid.T) engine.Key {
	return rapid.SampledFrom([]engine.Key{
		{ID: "A"}, {ID: "A"}, {Map: 1, Company: "USMF", ID: "A"}, {Map: 2, ID: "B", Spelling: "b"},
	}).Draw(t, "key")
}

// Sequence returns the mutations of Saves that make sense one after the other,
// the same for the same seed. Each leaves another state behind, so that it can
// be told how many of them a store holds.
func Sequence(seed, saves int) [][]engine.Mutation {
	generator := rapid.Custom(func(t *rapid.T) [][]engine.Mutation {
		c := &randomCase{met: map[string]int{}, model: &model{}}
		sequence := make([][]engine.Mutation, saves)
		for i := range sequence {
			place := uint64(1000 + i)
			sequence[i] = append(c.sensible(t), ingested(engine.FinOps, place))
			if i >= 3 {
				sequence[i] = append(sequence[i], acked(engine.FinOps, place-3))
			}
		}
		return sequence
	})
	return generator.Example(seed)
}
