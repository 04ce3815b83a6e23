package storetest

import (
	"math"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// story is what happens, one Save after the other, and what is left of it.
type story struct {
	name  string
	saves [][]engine.Mutation
	left  engine.State
}

var stories = []story{
	{name: "a new store is empty"},
	{
		name:  "a reference waits",
		saves: [][]engine.Mutation{{added(reference(1, engine.Captured), 7)}},
		left:  engine.State{Open: []engine.OpenReference{{Reference: reference(1, engine.Captured), Order: 7}}, Order: 7},
	},
	{
		name: "every field comes back, in its full width",
		saves: [][]engine.Mutation{{
			added(widest, math.MaxUint64),
			ingested(engine.Dataverse, math.MaxUint64), ingested(engine.Dataverse, 0),
			{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: widest.Key, Side: engine.Dataverse, Attempts: 3, Parked: refused, Since: math.MaxInt64, Requested: engine.DismissRequested, Request: math.MaxUint64}},
			{Kind: engine.IntentOpened, Intent: &widestIntent},
			noted(math.MaxInt32, widestFlight, engine.FlightNote{Key: keyA}),
		}},
		left: engine.State{
			Open:     []engine.OpenReference{{Reference: widest, Order: math.MaxUint64}},
			Lanes:    []engine.LaneState{{Key: widest.Key, Side: engine.Dataverse, Attempts: 3, Parked: refused, Since: math.MaxInt64, Requested: engine.DismissRequested, Request: math.MaxUint64}},
			Intents:  []engine.Intent{widestIntent},
			Flights:  []engine.BatchNote{{Slot: math.MaxInt32, Flights: []engine.FlightNote{widestFlight, {Key: keyA}}}},
			Ingested: [2][]uint64{nil, {0, math.MaxUint64}},
			Order:    math.MaxUint64,
		},
	},
	{
		name: "a quarantine outlives the references of its pair, and ends when it is released",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Captured), 1), quarantined(keyB, refused), quarantined(keyA, refused)},
			{ended(reference(1, engine.Captured), written), quarantined(engine.Key{ID: "never heard of"}, refused)},
			{quarantined(keyA, lost), quarantined(keyB, engine.Outcome{})},
			{quarantined(keyB, engine.Outcome{})},
		},
		left: engine.State{
			Ledgers:     []engine.Ledger{ledger(1)},
			Quarantined: []engine.Quarantine{{Key: keyA, Why: lost}, {Key: engine.Key{ID: "never heard of"}, Why: refused}},
			Order:       1,
		},
	},
	{
		name: "resyncs are under way in the order in which they were asked for",
		saves: [][]engine.Mutation{
			{resync(engine.ResyncAsked, 2, ""), resync(engine.ResyncAsked, 1, "USMF"), resync(engine.ResyncAsked, 1, "")},
			{resync(engine.ResyncEnded, 1, "USMF"), resync(engine.ResyncAsked, 0, "USMF")},
			{resync(engine.ResyncEnded, 2, ""), resync(engine.ResyncAsked, 2, "")},
			{resync(engine.ResyncAsked, 1, "USMF"), resync(engine.ResyncEnded, 1, "USMF")},
		},
		left: engine.State{Resyncs: []engine.Resync{{Map: 1}, {Company: "USMF"}, {Map: 2}}},
	},
	{
		name: "a slot holds what was noted of it last",
		saves: [][]engine.Mutation{
			{noted(0, engine.FlightNote{Key: keyA, Order: 1}), noted(2, engine.FlightNote{Key: keyB, Order: 2}), noted(1, engine.FlightNote{Key: keyA, Order: 3})},
			{noted(0, engine.FlightNote{Key: keyB, Order: 4}, engine.FlightNote{Key: keyA, Side: engine.Dataverse, Order: 5, Attempts: 1}), noted(1), noted(3)},
			{noted(2), noted(2, engine.FlightNote{Key: keyB, Order: 6})},
		},
		left: engine.State{Flights: []engine.BatchNote{
			{Slot: 0, Flights: []engine.FlightNote{{Key: keyB, Order: 4}, {Key: keyA, Side: engine.Dataverse, Order: 5, Attempts: 1}}},
			{Slot: 2, Flights: []engine.FlightNote{{Key: keyB, Order: 6}}},
		}},
	},
	{
		name: "the queue is in intake order, over both sides and all keys",
		saves: [][]engine.Mutation{{
			added(engine.Reference{Key: keyB, Side: engine.Dataverse, Incarnation: 1, Number: 1}, 3),
			added(reference(1, engine.Captured), 2),
			added(engine.Reference{Key: keyB, Incarnation: 1, Number: 1}, 1),
		}},
		left: engine.State{
			Open: []engine.OpenReference{
				{Reference: engine.Reference{Key: keyB, Incarnation: 1, Number: 1}, Order: 1},
				{Reference: reference(1, engine.Captured), Order: 2},
				{Reference: engine.Reference{Key: keyB, Side: engine.Dataverse, Incarnation: 1, Number: 1}, Order: 3},
			},
			Order: 3,
		},
	},
	{
		name: "the highest order outlives its reference",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Captured), 9)},
			{ended(reference(1, engine.Captured), written)},
		},
		left: engine.State{Ledgers: []engine.Ledger{ledger(1)}, Order: 9},
	},
	{
		name: "a reference comes and is settled in one save",
		saves: [][]engine.Mutation{{
			ingested(engine.FinOps, 4), added(reference(1, engine.Captured), 1), ended(reference(1, engine.Captured), written), acked(engine.FinOps, 4),
		}},
		left: engine.State{Ledgers: []engine.Ledger{ledger(1)}, Order: 1},
	},
	{
		name: "numbers settled out of order are kept apart until the gap closes",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Captured), 1), added(reference(2, engine.Captured), 2), added(reference(3, engine.Captured), 3), added(reference(5, engine.Captured), 4)},
			{ended(reference(3, engine.Captured), lost), ended(reference(5, engine.Captured), written)},
			{ended(reference(1, engine.Captured), written)},
			{ended(reference(2, engine.Captured), written)},
		},
		left: engine.State{
			Ledgers: []engine.Ledger{ledger(3, engine.SettledAbove{Number: 5, Outcome: written})},
			Order:   4,
		},
	},
	{
		name: "the captured reference takes the place of the engine's own",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Reassert), 1)},
			{added(reference(1, engine.Captured), 1)},
		},
		left: engine.State{Open: []engine.OpenReference{{Reference: reference(1, engine.Captured), Order: 1}}, Order: 1},
	},
	{
		name: "a place that the engine held stays held after the outcome",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Pulled), 1)},
			{ended(reference(1, engine.Pulled), written)},
			{added(reference(2, engine.Captured), 2), ended(reference(2, engine.Captured), lost)},
		},
		left: engine.State{
			Ledgers: []engine.Ledger{ledger(0,
				engine.SettledAbove{Number: 1, Held: true, Outcome: written},
				engine.SettledAbove{Number: 2, Outcome: lost})},
			Order: 2,
		},
	},
	{
		name: "the captured reference that comes late closes a held place",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Aged), 1), ended(reference(1, engine.Aged), written)},
			{added(reference(2, engine.Captured), 2), ended(reference(2, engine.Captured), lost)},
			{added(reference(1, engine.Captured), 3), ended(reference(1, engine.Captured), written)},
		},
		left: engine.State{Ledgers: []engine.Ledger{ledger(2)}, Order: 3},
	},
	{
		name: "a late captured reference above a gap keeps the first outcome",
		saves: [][]engine.Mutation{
			{added(reference(4, engine.Reassert), 1)},
			{ended(reference(4, engine.Reassert), written)},
			{added(reference(4, engine.Captured), 2)},
			{ended(reference(4, engine.Captured), lost)},
		},
		left: engine.State{Ledgers: []engine.Ledger{ledger(0, engine.SettledAbove{Number: 4, Outcome: written})}, Order: 2},
	},
	{
		name: "the engine carries a settled change again",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Captured), 1), ended(reference(1, engine.Captured), written), added(reference(1, engine.Reassert), 2)},
			{ended(reference(1, engine.Reassert), lost), added(reference(1, engine.Reassert), 3)},
		},
		left: engine.State{
			Open:    []engine.OpenReference{{Reference: reference(1, engine.Reassert), Order: 3}},
			Ledgers: []engine.Ledger{ledger(1)},
			Order:   3,
		},
	},
	{
		name: "a reference leaves the queue and is back in the same save",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Reassert), 1)},
			{ended(reference(1, engine.Reassert), written), added(reference(1, engine.Captured), 2)},
		},
		left: engine.State{
			Open:    []engine.OpenReference{{Reference: reference(1, engine.Captured), Order: 2}},
			Ledgers: []engine.Ledger{ledger(0, engine.SettledAbove{Number: 1, Held: true, Outcome: written})},
			Order:   2,
		},
	},
	{
		name: "a change found past the hook is counted like a captured one",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Late), 1), ended(reference(1, engine.Late), written)},
		},
		left: engine.State{Ledgers: []engine.Ledger{ledger(1)}, Order: 1},
	},
	{
		name: "a duplicate touches nothing",
		saves: [][]engine.Mutation{
			{added(reference(1, engine.Captured), 1), ended(reference(1, engine.Captured), written)},
			{added(reference(2, engine.Captured), 2)},
			{ended(reference(1, engine.Captured), echo), ended(reference(2, engine.Captured), echo)},
		},
		left: engine.State{
			Open:    []engine.OpenReference{{Reference: reference(2, engine.Captured), Order: 2}},
			Ledgers: []engine.Ledger{ledger(1)},
			Order:   2,
		},
	},
	{
		name: "two lives of a key, heard of in the wrong order",
		saves: [][]engine.Mutation{
			{added(inLife(2, 1), 1), ended(inLife(2, 1), written)},
			{added(inLife(1, 2), 2), ended(inLife(1, 2), lost)},
		},
		left: engine.State{
			Ledgers: []engine.Ledger{
				{Key: keyA, Incarnation: 1, Above: []engine.SettledAbove{{Number: 2, Outcome: lost}}},
				{Key: keyA, Incarnation: 2, Settled: 1},
			},
			Order: 2,
		},
	},
	{
		name:  "an item is parked, with the system's words",
		saves: [][]engine.Mutation{{changed(2, engine.Outcome{})}, {changed(2, refused)}},
		left:  engine.State{Lanes: []engine.LaneState{{Key: keyA, Attempts: 2, Parked: refused}}},
	},
	{
		name:  "an item leaves the error desk",
		saves: [][]engine.Mutation{{changed(2, refused)}, {changed(0, engine.Outcome{})}},
	},
	{
		name:  "a lane changes to and fro in one save",
		saves: [][]engine.Mutation{{changed(1, refused), changed(0, engine.Outcome{}), changed(4, engine.Outcome{})}},
		left:  engine.State{Lanes: []engine.LaneState{{Key: keyA, Attempts: 4}}},
	},
	{
		name: "jobs are in the order of their names, each as it moved last",
		saves: [][]engine.Mutation{
			{moved("sales", engine.Paused, 5), moved("finance", engine.Draining, 0)},
			{moved("finance", engine.Halted, math.MaxInt64), moved("sales", engine.Draining, 0), moved("sales", engine.Active, 0)},
		},
		left: engine.State{Jobs: []engine.JobRecord{
			{Name: "finance", State: engine.Halted, Since: math.MaxInt64, Turn: math.MaxUint64 - uint64(engine.Halted)},
			{Name: "sales", Turn: math.MaxUint64},
		}},
	},
	{
		name: "a paused job keeps for what its changes are refused, and whether both sides know",
		saves: [][]engine.Mutation{
			{full("finance", engine.PauseLimit{Age: math.MaxInt64}, true), full("sales", engine.PauseLimit{Size: math.MaxInt64}, true)},
			{full("sales", engine.PauseLimit{Size: math.MaxInt64}, false)},
		},
		left: engine.State{Jobs: []engine.JobRecord{
			{Name: "finance", State: engine.Paused, Full: engine.PauseLimit{Age: math.MaxInt64}, Telling: true},
			{Name: "sales", State: engine.Paused, Full: engine.PauseLimit{Size: math.MaxInt64}},
		}},
	},
	{
		name: "maps are in the order of their numbers, each as it ran last",
		saves: [][]engine.Mutation{
			{ran(engine.MapRecord{Map: 2, Job: "sales", Mode: engine.Async, Sequence: 7}), ran(widestMap)},
			{ran(engine.MapRecord{Map: 2, Job: "finance", Mode: engine.Live, Sequence: -1, Primary: engine.Dataverse})},
		},
		left: engine.State{Maps: []engine.MapRecord{
			widestMap, {Map: 2, Job: "finance", Mode: engine.Live, Sequence: -1, Primary: engine.Dataverse},
		}},
	},
	{
		name: "legs of initial syncs are in their order, each as it stands, and some are forgotten",
		saves: [][]engine.Mutation{
			{went(engine.InitialRecord{Map: 1, Side: engine.Dataverse, Order: 3, Stage: engine.InitialWaiting}), went(widestInitial)},
			{went(engine.InitialRecord{Map: 1, Order: 2, Stage: engine.InitialRunning, After: engine.Key{Map: 1, ID: "A"}, Rows: 1})},
			{went(engine.InitialRecord{Map: 1, Side: engine.Dataverse, Order: 3, Stage: engine.InitialDone, After: engine.Key{Map: 1}})},
			{went(engine.InitialRecord{Map: 1}), went(engine.InitialRecord{Map: 2})},
		},
		left: engine.State{Initials: []engine.InitialRecord{
			{Map: 1, Side: engine.Dataverse, Order: 3, Stage: engine.InitialDone, After: engine.Key{Map: 1}}, widestInitial,
		}},
	},
	{
		name:  "intents are in the order in which they were opened",
		saves: [][]engine.Mutation{{opened(7, 1), opened(2, 2)}, {opened(5, 3)}, {closed(2), closed(7), opened(2, 4)}},
		left:  engine.State{Intents: []engine.Intent{intent(5, 3), intent(2, 4)}},
	},
	{
		name: "a transaction tries a second time, with another intent",
		saves: [][]engine.Mutation{
			{opened(7, 1)},
			{opened(8, 1)},
			{closed(7), opened(7, 2)},
			{opened(9, 3), closed(9)},
		},
		left: engine.State{Intents: []engine.Intent{intent(8, 1), intent(7, 2)}},
	},
	{
		name: "two sides may give a transaction the same number",
		saves: [][]engine.Mutation{
			{opened(7, 1), {Kind: engine.IntentOpened, Intent: &widestIntent}},
			{{Kind: engine.IntentOpened, Intent: new(onDataverse(intent(7, 9)))}, closed(7)},
		},
		left: engine.State{Intents: []engine.Intent{widestIntent, onDataverse(intent(7, 9))}},
	},
	{
		name:  "the last intent is closed, and the next is the first",
		saves: [][]engine.Mutation{{opened(7, 1)}, {closed(7)}, {opened(7, 2)}},
		left:  engine.State{Intents: []engine.Intent{intent(7, 2)}},
	},
	{
		name: "a position is taken in, forgotten and taken in again",
		saves: [][]engine.Mutation{
			{ingested(engine.FinOps, 5), ingested(engine.Dataverse, 5), acked(engine.FinOps, 5)},
			{acked(engine.Dataverse, 5), ingested(engine.Dataverse, 5), acked(engine.Dataverse, 5), ingested(engine.Dataverse, 5)},
			{ingested(engine.FinOps, 5), ingested(engine.FinOps, 3)},
		},
		left: engine.State{Ingested: [2][]uint64{{3, 5}, {5}}},
	},
	{
		name: "keys that differ in one part are different pairs",
		saves: [][]engine.Mutation{{
			added(engine.Reference{Key: engine.Key{ID: "A", Company: "B"}, Incarnation: 1, Number: 1}, 1),
			added(engine.Reference{Key: engine.Key{ID: "AB"}, Incarnation: 1, Number: 1}, 2),
			added(engine.Reference{Key: engine.Key{ID: "A", Spelling: "B"}, Incarnation: 1, Number: 1}, 3),
			added(engine.Reference{Key: engine.Key{ID: "a"}, Incarnation: 1, Number: 1}, 4),
			added(engine.Reference{Key: engine.Key{ID: "A"}, Incarnation: 1, Number: 1}, 5),
			added(engine.Reference{Key: engine.Key{ID: "A", Map: 2}, Incarnation: 1, Number: 1}, 6),
		}},
		left: engine.State{
			Open: []engine.OpenReference{
				{Reference: engine.Reference{Key: engine.Key{ID: "A", Company: "B"}, Incarnation: 1, Number: 1}, Order: 1},
				{Reference: engine.Reference{Key: engine.Key{ID: "AB"}, Incarnation: 1, Number: 1}, Order: 2},
				{Reference: engine.Reference{Key: engine.Key{ID: "A", Spelling: "B"}, Incarnation: 1, Number: 1}, Order: 3},
				{Reference: engine.Reference{Key: engine.Key{ID: "a"}, Incarnation: 1, Number: 1}, Order: 4},
				{Reference: engine.Reference{Key: engine.Key{ID: "A"}, Incarnation: 1, Number: 1}, Order: 5},
				{Reference: engine.Reference{Key: engine.Key{ID: "A", Map: 2}, Incarnation: 1, Number: 1}, Order: 6},
			},
			Order: 6,
		},
	},
}

func (s *story) run(t *testing.T, open Open) {
	st, reopen := open(t)
	for _, save := range s.saves {
		mustSave(t, st, save...)
		if reopen != nil {
			st = reopen()
		}
	}
	mustHold(t, st, &s.left)

	together, _ := open(t)
	for _, save := range s.saves {
		mustSave(t, together, save...)
	}
	mustHold(t, together, &s.left)
}

// loadedStateIsACopy spoils a loaded state: the store must not notice.
func loadedStateIsACopy(t *testing.T, open Open) {
	s, _ := open(t)
	r := reference(3, engine.Captured)
	r.Needs, r.Values = []engine.Key{keyB}, []engine.ValueHash{{Hash: 7}}
	other := reference(5, engine.Captured)
	mustSave(t, s, added(r, 1), added(other, 2), ended(other, written), ingested(engine.FinOps, 1), opened(1, 5), noted(0, engine.FlightNote{Key: keyA, Order: 1}))
	want, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	spoilt, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	spoilt.Open[0].Reference.Needs[0].ID = "spoilt"
	spoilt.Open[0].Reference.Values[0].Hash = 99
	spoilt.Open[0].Order = 99
	spoilt.Ledgers[0].Above[0].Number = 99
	spoilt.Ingested[0][0] = 99
	spoilt.Intents[0].Rows[0].Key.ID = "spoilt"
	spoilt.Intents[0].Tx = 99
	spoilt.Flights[0].Flights[0].Order = 99
	mustHold(t, s, want)
}

// mutationsAreOverwritten does what the engine does with the slices of one step
// in the next.
func mutationsAreOverwritten(t *testing.T, open Open) {
	s, _ := open(t)
	batch := []engine.Mutation{added(reference(1, engine.Captured), 1), changed(1, refused), opened(1, 5), noted(0, engine.FlightNote{Key: keyA, Order: 1})}
	if err := s.Save(batch); err != nil {
		t.Fatal(err)
	}
	want, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	batch[0] = added(engine.Reference{Key: keyB, Incarnation: 9, Number: 9}, 9)
	batch[1] = changed(9, written)
	batch[2].Intent.Rows[0].Existed, batch[2].Intent.Rows[0].Hidden = true, true // the second try finds another record
	batch[2] = opened(9, 9)
	batch[3].Flights[0].Order = 9 // the slot's next batch
	mustHold(t, s, want)
	mustSave(t, s, ended(reference(1, engine.Captured), written), closed(1))
}
