package engine

import "time"

// Time is an instant on the clock of whoever drives the engine, in
// nanoseconds. The engine uses it for back-off and pauses, never to decide a
// conflict.
type Time int64

// Add returns the instant d later.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// EffectKind tells what an [Effect] asks for.
type EffectKind uint8

// The effects.
const (
	PullOutbox    EffectKind = iota // fetch references from Side's outbox; answered by OutboxPulled
	ReadBatch                       // read Keys and Lookups on Side; answered by BatchRead or BatchFailed
	WriteBatch                      // apply Writes on Side; answered by BatchWritten or BatchFailed
	WakeAt                          // answered by TimeReached at or after At
	CommitTx                        // let the held transaction Tx of Side commit; answered by TxEnded
	AbortTx                         // undo the held transaction Tx of Side; its user is told Why
	AskTx                           // how did the transaction Tx of Side end? one that is held is undone; answered by TxEnded
	ListRecords                     // the next page of what Side holds: see Effect.After; answered by RecordsListed or BatchFailed
	SwitchCapture                   // let Side's hook capture, leave or refuse changes of Maps from now on; answered by CaptureSwitched
	RaiseAlert                      // tell people what Raised says; not answered
)

// String returns the effect's name.
func (k EffectKind) String() string {
	return [...]string{"pull", "read", "write", "wake", "commit", "abort", "ask", "list", "capture", "alert"}[k]
}

// Effect is what the engine asks its driver to do, after the mutations of the
// same step are saved. The slices belong to the driver until it answers.
type Effect struct {
	Kind  EffectKind
	Side  Side
	Batch BatchID // the answer must name it

	// PullOutbox
	Ack           []uint64 // positions that are saved and may be forgotten
	Max           int      // at most so many references; ListRecords: so many records
	Order         uint64   // PullOutbox: the highest intake order that is saved; the side keeps the highest it is told
	AckOnDelivery bool     // a planted bug: forget what is delivered at once

	Keys    []Key   // ReadBatch: records; AbortTx: the one for which, if it is for one
	Lookups []Key   // ReadBatch: records of which only the life is asked
	Writes  []Write // WriteBatch
	Atomic  bool    // WriteBatch: all rows are done, or none
	Live    TxID    // ReadBatch, WriteBatch: the live transaction of the other side, or of Side, that it serves; 0: none
	At      Time    // WakeAt
	Tx      TxID    // CommitTx, AbortTx, AskTx
	Why     Outcome // AbortTx

	// ListRecords asks for the records of After's map, alive or otherwise
	// [Record.Listed], whose keys come after it ([Key.Compare]), in that order. With a Company it stays in that one; a key
	// that names its map alone comes before all. A record that is there all the
	// time must be in one of the pages; one that comes or goes meanwhile may be.
	After   Key
	Company string // empty: every company

	Maps      []MapID   // SwitchCapture
	Capturing Capturing // SwitchCapture
	Turn      uint64    // SwitchCapture: the hook leaves one out that is older than one that it has carried out; see [Capture.Switch]

	Raised *Raised // RaiseAlert
}

// BatchID tells the engine's requests apart; an answer to a request that it
// does not remember is ignored.
type BatchID uint64

// InputKind tells what an [Input] reports.
type InputKind uint8

// The inputs.
const (
	Started      InputKind = iota // the engine runs, with the state that was loaded
	Notified                      // Side's outbox may hold something new
	OutboxPulled                  // References, of which there may be none
	BatchRead                     // Records and Lookups, in the order asked
	BatchWritten                  // Rows, in the order asked
	BatchFailed                   // Failure: no row was answered; a write may have landed. With Tx, a request about that
	TimeReached
	LiveRequested // a transaction of Side is held before its commit until its Live rows are on the other side
	TxEnded       // Tx of Side ended; Committed tells how. Unasked, its user would not wait and it is undone
	RecordsListed // Records, each with its mark as of one instant; More tells of another page
	CaptureSwitched
)

// String returns the input's name.
func (k InputKind) String() string {
	return [...]string{"started", "notified", "pulled", "read", "written", "failed", "time", "live", "ended", "listed", "switched"}[k]
}

// Input is what a driver reports to the engine. Its slices must stay
// unchanged until Step returns.
type Input struct {
	Kind  InputKind
	Side  Side
	Batch BatchID

	References []Reference
	More       bool   // OutboxPulled, RecordsListed: there is more
	Order      uint64 // OutboxPulled: the highest that any pull before this one has told the side; 0: it keeps none

	Records    []*Record // nil for a key that the side has never held
	Lookups    []Alive   // Incarnation 0: not alive
	Rows       []RowAnswer
	Failure    Failure
	RetryAfter time.Duration // with Failure Throttled

	Tx        TxID
	Live      []LiveRow // LiveRequested
	Committed bool      // TxEnded
}

// Failure says why a request as a whole was not answered.
type Failure uint8

// The failures. All are system failures.
const (
	NoFailure Failure = iota
	Timeout           // unknown: a write may have landed, or may land yet
	Down              // refused at once: nothing was done
	Throttled         // refused at once, with a time to wait
)

// String returns the failure's name.
func (f Failure) String() string { return [...]string{"none", "timeout", "down", "throttled"}[f] }

// RowAnswer answers one [Write] of a batch.
type RowAnswer struct {
	Result RowResult
	Reason Reason // RowRefused: Refused, DuplicateValue or AmbiguousKey; RowFailed: TimedOut or Unavailable
	Cause  string // of both: the system's text, as a template without business data
}

// RowResult is how one row of a write batch ended.
type RowResult uint8

// The results of a row.
const (
	RowDone            RowResult = iota
	RowConditionFailed           // the record, or a looked-up one, is not as it was read
	RowRefused                   // the system's business logic said no: an application failure
	RowUndone                    // of an atomic batch: nothing was wrong with it, but with another row
	RowFailed                    // the system could not, for a deadlock or a time-out of its own: a system failure of this row; it may have been done
)

// String returns the result's name.
func (r RowResult) String() string {
	return [...]string{"done", "condition", "refused", "undone", "failed"}[r]
}
