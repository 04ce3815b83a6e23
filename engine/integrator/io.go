package integrator

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// EffectKind tells what an [Effect] asks for.
type EffectKind uint8

// The effects.
const (
	ListChanges EffectKind = iota // a page of Listing on Side; answered by Listed, TokenExpired or RequestFailed
	ReadRows                      // the rows of Keys on Side as they are now; answered by Listed or RequestFailed
	WriteRows                     // Upserts on Side; answered by Written or RequestFailed
	WakeAt                        // answered by TimeReached at or after At
)

// String returns the effect's name.
func (k EffectKind) String() string { return [...]string{"list", "read", "write", "wake"}[k] }

// RequestID tells the integrator's requests apart. A request that is repeated
// keeps its number; an answer to one that is over is ignored.
type RequestID uint64

// Effect is what the integrator asks its driver to do, after the mutations of
// the same step are saved. The slices are shared with later repetitions of the
// request: nobody may change them.
type Effect struct {
	Kind    EffectKind
	Side    engine.Side
	Request RequestID // the answer must name it

	// Who asks, for traces and keyed draws.
	Project string
	Attempt int // of this request, from 1
	Map     engine.MapID

	Listing Listing      // ListChanges
	Keys    []engine.Key // ReadRows
	Columns []int        // WriteRows: the columns to write, ascending
	Upserts []Upsert     // WriteRows
	At      engine.Time  // WakeAt
}

// InputKind tells what an [Input] reports.
type InputKind uint8

// The inputs.
const (
	Started       InputKind = iota // the integrator runs, with the state that was loaded
	Listed                         // Rows; of a listing also More and Until
	Written                        // Results, in the order asked
	RequestFailed                  // Failure; of a write, some rows may have landed, or may land yet
	TokenExpired                   // the source no longer knows what has changed since the token
	TimeReached
)

// String returns the input's name.
func (k InputKind) String() string {
	return [...]string{"started", "listed", "written", "failed", "expired", "time"}[k]
}

// Input is what a driver reports. Its slices must stay unchanged until Step
// returns, the records in them for ever.
type Input struct {
	Kind    InputKind
	Request RequestID

	Rows    []Row // in the order of the listing, or of the keys
	More    bool  // the listing has another page
	Until   Token // ByToken: what the listing reaches up to, the same on all pages
	Results []RowResult

	Failure    engine.Failure
	RetryAfter time.Duration // with Failure Throttled; 0: the system did not say
}
