package system

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/sim"
)

// Request is one request of the engine, or of the data integrator, on its way
// to a system and back. The fields that it asks with are filled in by
// [System.Prepare] or [System.PrepareCopy], the others by the system that
// answers.
type Request struct {
	Kind  engine.EffectKind // all but WakeAt
	Side  engine.Side
	Batch engine.BatchID
	Tx    engine.TxID // CommitTx, AbortTx, AskTx: the transaction
	Live  engine.TxID // ReadBatch, WriteBatch: the live transaction that it belongs to; 0: none
	Epoch uint64      // for the driver: which life of the engine's process sent it
	Place uint64      // ... and where it stands among those that wait for an answer; 0: it does not

	// Copy is what the data integrator asks for, and Answer what it is told, but
	// for a Failure; Copy is nil for a request of the engine. Kind then says only
	// whether it reads or writes.
	Copy   *integrator.Effect
	Answer integrator.Input

	// GivenUp tells that nobody waits for the answer any more. What such a
	// request still writes is counted as a late landing.
	GivenUp bool

	// Entity and Ordinal key the draws of the request as a whole.
	Entity, Ordinal uint64

	since    sim.Time // when the engine asked for it
	rows     []int32  // of the records to read or write, by table of keys
	maps     []engine.MapID
	needs    []engine.Alive // ReadBatch: the looked-up records
	work     time.Duration  // at the station, beyond the draw for the whole
	writes   []engine.Write
	works    []time.Duration // by write: its part of work
	alive    []engine.Alive  // backs the lookups of writes
	acks     []uint64
	max      int            // PullOutbox, ListRecords
	order    uint64         // PullOutbox
	forget   bool           // forget what is delivered at once: a planted bug
	atomic   bool           // all rows are written, or none
	switched []engine.MapID // SwitchCapture: its maps
	after    engine.Key     // ListRecords: the page begins behind it
	company  string         // ListRecords: of this one only; empty: of all
	how      engine.Capturing
	turn     uint64
	why      engine.Outcome

	// The answer. Failure is NoFailure for one that was carried out.
	Failure    engine.Failure
	RetryAfter time.Duration // with Failure Throttled
	References []engine.Reference
	More       bool
	Order      uint64 // of a pull: see [engine.Input.Order]
	Records    []*engine.Record
	Lookups    []engine.Alive
	Rows       []engine.RowAnswer
	Committed  bool // how Tx ended

	holders uint8
}

// Writes returns how many rows the request asks to write.
func (r *Request) Writes() int {
	if r.Copy != nil {
		return len(r.Copy.Upserts)
	}
	return len(r.writes)
}

// Input is what the engine is told by the answer.
func (r *Request) Input() engine.Input {
	in := engine.Input{Side: r.Side, Batch: r.Batch, Tx: r.Tx}
	switch {
	case r.Failure != engine.NoFailure:
		in.Kind, in.Failure, in.RetryAfter = engine.BatchFailed, r.Failure, r.RetryAfter
	case r.Kind == engine.PullOutbox:
		in.Kind, in.References, in.More, in.Order = engine.OutboxPulled, r.References, r.More, r.Order
	case r.Kind == engine.ReadBatch:
		in.Kind, in.Records, in.Lookups = engine.BatchRead, r.Records, r.Lookups
	case r.Kind == engine.WriteBatch:
		in.Kind, in.Rows = engine.BatchWritten, r.Rows
	case r.Kind == engine.SwitchCapture:
		in.Kind = engine.CaptureSwitched
	case r.Kind == engine.ListRecords:
		in.Kind, in.Records, in.More = engine.RecordsListed, r.Records, r.More
	case r.Tx != 0:
		in.Kind, in.Committed = engine.TxEnded, r.Committed
	}
	return in
}

// Atomic reports whether all rows are to be written, or none.
func (r *Request) Atomic() bool { return r.atomic }

// Seals reports whether the request tells tombstones that their transaction has
// committed.
func (r *Request) Seals() bool { return len(r.writes) > 0 && r.writes[0].Kind == engine.SealWrite }

// Requests holds the requests of one world by index, so that events can carry
// them, and keeps their memory for the next ones. The driver and the system
// each hold a request for as long as they may still look at it.
type Requests struct {
	all  []*Request
	free []int32
	live int
}

// New returns an empty request, held once.
func (q *Requests) New() (int32, *Request) {
	q.live++
	if n := len(q.free); n > 0 {
		i := q.free[n-1]
		q.free = q.free[:n-1]
		r := q.all[i]
		r.holders = 1
		return i, r
	}
	r := &Request{holders: 1}
	q.all = append(q.all, r)
	return int32(len(q.all) - 1), r
}

// At returns a request that is held.
func (q *Requests) At(i int32) *Request { return q.all[i] }

// Hold lets one more party look at a request.
func (q *Requests) Hold(i int32) { q.all[i].holders++ }

// Release ends what [Requests.New] or [Requests.Hold] began. The last one frees
// the request.
func (q *Requests) Release(i int32) {
	r := q.all[i]
	if r.holders == 0 {
		panic("system: a request is released more often than it was held")
	}
	if r.holders--; r.holders > 0 {
		return
	}
	q.live--
	clear(r.writes)
	clear(r.Records)
	clear(r.References)
	*r = Request{
		rows: r.rows[:0], maps: r.maps[:0], needs: r.needs[:0], writes: r.writes[:0], switched: r.switched[:0], works: r.works[:0], alive: r.alive[:0], acks: r.acks[:0],
		References: r.References[:0], Records: r.Records[:0], Lookups: r.Lookups[:0], Rows: r.Rows[:0],
	}
	q.free = append(q.free, i)
}

// Live returns how many requests are held.
func (q *Requests) Live() int { return q.live }
