package engine

import (
	"errors"
	"fmt"
	"time"
)

// MutationKind tells what a [Mutation] changes.
type MutationKind uint8

// The mutations.
const (
	ReferenceAdded   MutationKind = iota // Reference waits in the queue, with its place in Order
	ReferenceSettled                     // Reference has its Outcome and has left the queue
	LaneChanged                          // Lane replaces what was known of it
	PositionIngested                     // Position of Side's outbox is taken in
	PositionAcked                        // Position of Side's outbox is forgotten there
	JobMoved                             // Job has a new state
	IntentOpened                         // Intent is on its way to the other side
	IntentClosed                         // the intent of Intent's side and transaction has ended
	BatchNoted                           // the batch in Slot holds Flights, and no longer what was noted of it before
	MapMoved                             // Map runs with new settings
	InitialMoved                         // the leg Initial of an initial sync has come further
	PairQuarantined                      // the pair of Lane's Key runs no item, for what it is Parked; class Open: it does again
	ResyncAsked                          // Resync is under way
	ResyncEnded                          // Resync no longer
)

// Mutation is one durable change of the engine's state. The mutations of one
// step are saved together or not at all.
type Mutation struct {
	Kind      MutationKind
	Attempts  uint32 // ReferenceSettled: of its item that had failed
	At        Time   // ReferenceSettled: when, on the driver's clock
	Reference Reference
	Order     uint64  // ReferenceAdded; ResyncAsked: the highest that has been given, as far as is known
	Outcome   Outcome // LaneChanged: of an item that was given up and of which nothing was saved; else Open
	Side      Side
	Position  uint64
	Resync    Resync
	Slot      int
	Flights   []FlightNote

	// What is rare stands apart, so that all the others are small. None of it changes
	// afterwards but the rows of an intent, which a store copies.
	Lane    *LaneState // LaneChanged, PairQuarantined
	Job     *JobRecord
	Intent  *Intent
	Map     *MapRecord
	Initial *InitialRecord
}

// Intent is the durable note that a live transaction is between its two
// commits.
type Intent struct {
	Side     Side // of the user
	Tx       TxID
	Deadline Time // after which the other side no longer executes the writes
	Rows     []IntentRow
}

// IntentRow is one record of an [Intent].
type IntentRow struct {
	Key         Key
	Op          Operation
	Incarnation uint32
	Number      uint32 // of the user's record before, in that life; what the other side has seen above it is the transaction's
	Existed     bool   // the other side held the record before
	Hidden      bool   // ... and keeps it as it was, in the mark, until the intent is closed
}

// JobRecord is the state of a job. A job that was never recorded is active.
type JobRecord struct {
	Name  string
	State JobState
	Since Time   // of a pause, on the driver's clock; of a stopped or starting job: until when a write of it may still land
	Turn  uint64 // the last one given to this job; see [Effect.Turn]

	Full    PauseLimit // for which the hooks were told to refuse changes; zero: they were not
	Telling bool       // ... or to refuse them no more, and one of them may not have heard
}

// MapRecord is how a table map runs, or ran last. Only a stopped job may start
// with other settings than these.
type MapRecord struct {
	Map          MapID
	Job          string
	Mode         Mode
	Sequence     int
	Primary      Side
	Initializing bool          // not yet under Primary
	Rules        Side          // whose record wins a conflict, or won it last
	WriteLife    time.Duration // of the writes that were sent
	Keys         string        // the form of its keys: [KeyForm.String]
}

// LaneState is what survives a crash of the work on one pair in one
// direction, beside its references.
type LaneState struct {
	Key      Key
	Side     Side
	Attempts int     // used since the newest reference came
	Parked   Outcome // why it waits on the error desk; Class Open when it does not
	Since    Time    // ... and from when on, on the driver's clock

	Requested Requested // what an operator has asked for and is not done yet
	Request   uint64    // the request's number: they are worked on in order
}

// OpenReference is a reference in the queue.
type OpenReference struct {
	Reference Reference
	Order     uint64 // intake order over both sides
}

// Ledger knows which references of one pair, side and incarnation have their
// outcomes.
type Ledger struct {
	Key         Key
	Side        Side
	Incarnation uint32
	Settled     uint32         // every number up to this one
	Above       []SettledAbove // and these beyond it, ascending
}

// SettledAbove is a settled number beyond the contiguous ones.
type SettledAbove struct {
	Number  uint32
	Held    bool // by a reference of the engine's own: the captured one is still to come
	Outcome Outcome
}

// State is what the engine starts from after a restart: all that was saved.
type State struct {
	Open        []OpenReference // ascending by Order
	Lanes       []LaneState     // in any order, at most one per key and side
	Jobs        []JobRecord     // in any order, at most one per name
	Maps        []MapRecord     // in any order, at most one per map
	Initials    []InitialRecord // by Order within each job, at most one per map, company and side
	Intents     []Intent        // in the order in which they were opened
	Quarantined []Quarantine    // by key
	Resyncs     []Resync        // in the order asked
	Flights     []BatchNote     // by slot; batches that held anything when they were noted last
	Ledgers     []Ledger        // in any order
	Ingested    [2][]uint64     // by side: positions taken in and not yet known to be forgotten
	Order       uint64          // the highest order given
}

// unknownMaps reports what was saved of table maps beyond the first n: the program
// runs with fewer than the one that saved it.
func (s *State) unknownMaps(n int) error {
	var faults []error
	look := func(what string, m MapID) {
		if int(m) >= n {
			faults = append(faults, fmt.Errorf("engine: the saved %s: %w: %d", what, ErrUnknownMap, m))
		}
	}
	for i := range s.Open {
		look("reference "+s.Open[i].Reference.String(), s.Open[i].Reference.Key.Map)
	}
	for i := range s.Ledgers {
		look("ledger of "+s.Ledgers[i].Key.ID, s.Ledgers[i].Key.Map)
	}
	for i := range s.Quarantined {
		look("quarantine of "+s.Quarantined[i].Key.ID, s.Quarantined[i].Key.Map)
	}
	for _, t := range s.Intents {
		for i := range t.Rows {
			look(fmt.Sprintf("intent of transaction %d on %s", t.Tx, t.Side), t.Rows[i].Key.Map)
		}
	}
	return errors.Join(faults...)
}
