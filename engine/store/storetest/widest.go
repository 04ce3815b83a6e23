package storetest

import (
	"math"

	"github.com/twinwrite/twinwrite/engine"
)

// widest has the highest value in every field, and a key of bytes that are no
// text.
var widest = engine.Reference{
	Key:  engine.Key{Map: 2, Company: "DEMF\x00'", ID: "\xff\x00ß\"%", Spelling: "?"},
	Side: engine.Dataverse, Incarnation: math.MaxUint32, Number: math.MaxUint32, Groups: math.MaxUint64,
	Op: engine.Delete, Origin: engine.Aged, Tx: math.MaxUint64, Ordinal: math.MaxUint32, Size: math.MaxUint32, Position: math.MaxUint64,
	Needs: []engine.Key{keyB, {ID: "never heard of"}}, Values: []engine.ValueHash{{Hash: math.MaxUint64, Freed: true}, {}, {Hash: 1}},
}

// widestFlight is its like among the notes.
var widestFlight = engine.FlightNote{Key: widest.Key, Side: engine.Dataverse, Order: math.MaxUint64, Attempts: math.MaxInt32}

// widestIntent is its like among the intents, with rows in no order.
var widestIntent = engine.Intent{
	Side: engine.Dataverse, Tx: math.MaxUint64, Deadline: math.MaxInt64,
	Rows: []engine.IntentRow{
		{Key: keyB, Op: engine.Delete, Incarnation: math.MaxUint32, Number: math.MaxUint32, Existed: true},
		{Key: widest.Key, Op: engine.Create, Incarnation: 1},
		{Key: engine.Key{ID: "only here"}, Op: engine.Update, Incarnation: 2, Existed: true},
	},
}

// widestMap is its like among the maps.
var widestMap = engine.MapRecord{
	Map: 1, Job: "DEMF\x00'", Mode: engine.Live, Sequence: math.MinInt64, Primary: engine.Dataverse,
	Initializing: true, Rules: engine.Dataverse, WriteLife: math.MaxInt64, Keys: "DEMF\x00'",
}

// widestInitial is its like among the legs of initial syncs.
var widestInitial = engine.InitialRecord{
	Map: 2, Company: "DEMF\x00'", Side: engine.Dataverse, Interim: engine.Dataverse, Order: math.MaxInt64, Stage: engine.InitialCut,
	After: engine.Key{Map: 2, Company: "DEMF\x00'", ID: "\xff\x00ß\"%", Spelling: "?"},
	Rows:  math.MaxInt64, Written: math.MaxInt64 - 1, Unchanged: math.MaxInt64 - 2, Lost: math.MaxInt64 - 3, Errors: math.MaxInt64 - 4,
}
