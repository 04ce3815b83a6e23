package storetest

import (
	"math"

	"github.com/twinwrite/twinwrite/engine"
)

// Words of the stories below.
var (
	keyA    = engine.Key{ID: "A"}
	keyB    = engine.Key{Map: 1, Company: "USMF", ID: "B"}
	written = engine.Outcome{Class: engine.Synced, Reason: engine.Written}
	lost    = engine.Outcome{Class: engine.ConflictFailure, Reason: engine.Rejected}
	refused = engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Refused, Cause: "the field {name} must not be empty"}
	echo    = engine.Outcome{Class: engine.NoOp, Reason: engine.Echo}
)

// reference is a change of A on FinOps in its first life.
func reference(number uint32, origin engine.Origin) engine.Reference {
	return engine.Reference{Key: keyA, Incarnation: 1, Number: number, Origin: origin, Op: engine.Update, Groups: 1}
}

func added(r engine.Reference, order uint64) engine.Mutation {
	return engine.Mutation{Kind: engine.ReferenceAdded, Reference: r, Order: order}
}

func ended(r engine.Reference, o engine.Outcome) engine.Mutation {
	return engine.Mutation{Kind: engine.ReferenceSettled, Reference: r, Outcome: o}
}

func changed(attempts int, why engine.Outcome) engine.Mutation {
	return engine.Mutation{Kind: engine.LaneChanged, Lane: &engine.LaneState{Key: keyA, Attempts: attempts, Parked: why}}
}

func ingested(side engine.Side, p uint64) engine.Mutation {
	return engine.Mutation{Kind: engine.PositionIngested, Side: side, Position: p}
}

func acked(side engine.Side, p uint64) engine.Mutation {
	return engine.Mutation{Kind: engine.PositionAcked, Side: side, Position: p}
}

func moved(job string, s engine.JobState, since engine.Time) engine.Mutation {
	return engine.Mutation{Kind: engine.JobMoved, Job: &engine.JobRecord{Name: job, State: s, Since: since, Turn: math.MaxUint64 - uint64(s)}}
}

func full(job string, l engine.PauseLimit, telling bool) engine.Mutation {
	return engine.Mutation{Kind: engine.JobMoved, Job: &engine.JobRecord{Name: job, State: engine.Paused, Full: l, Telling: telling}}
}

func went(r engine.InitialRecord) engine.Mutation {
	return engine.Mutation{Kind: engine.InitialMoved, Initial: &r}
}

func ran(r engine.MapRecord) engine.Mutation {
	return engine.Mutation{Kind: engine.MapMoved, Map: &r}
}

// opened is the intent of a transaction on FinOps that deletes A.
func opened(tx engine.TxID, deadline engine.Time) engine.Mutation {
	return engine.Mutation{Kind: engine.IntentOpened, Intent: new(intent(tx, deadline))}
}

func closed(tx engine.TxID) engine.Mutation {
	return engine.Mutation{Kind: engine.IntentClosed, Intent: &engine.Intent{Tx: tx}}
}

func intent(tx engine.TxID, deadline engine.Time) engine.Intent {
	return engine.Intent{Tx: tx, Deadline: deadline, Rows: []engine.IntentRow{{Key: keyA, Op: engine.Delete, Incarnation: 1, Existed: true}}}
}

func noted(slot int, flights ...engine.FlightNote) engine.Mutation {
	return engine.Mutation{Kind: engine.BatchNoted, Slot: slot, Flights: flights}
}

func quarantined(k engine.Key, why engine.Outcome) engine.Mutation {
	return engine.Mutation{Kind: engine.PairQuarantined, Lane: &engine.LaneState{Key: k, Parked: why}}
}

func resync(kind engine.MutationKind, m engine.MapID, company string) engine.Mutation {
	return engine.Mutation{Kind: kind, Resync: engine.Resync{Map: m, Company: company}}
}

func ledger(settled uint32, above ...engine.SettledAbove) engine.Ledger {
	return engine.Ledger{Key: keyA, Incarnation: 1, Settled: settled, Above: above}
}

func onDataverse(i engine.Intent) engine.Intent {
	i.Side = engine.Dataverse
	return i
}

// inLife is a change of A in one of its lives.
func inLife(incarnation, number uint32) engine.Reference {
	r := reference(number, engine.Captured)
	r.Incarnation = incarnation
	return r
}
