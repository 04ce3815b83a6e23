package system

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Name is how a user names a record: by its key as he spells it.
type Name struct {
	Company string // empty for a global map
	ID      string
}

// Assignment is the new content of one column.
type Assignment struct {
	Column int
	Value  engine.Value // plain data, or null

	// For a lookup, the record to name, by Row or by Name, which must exist on
	// the user's side or be created earlier in the same transaction. Both are
	// zero for plain data.
	Lookup *Name
	Row    Row
	Map    engine.MapID // of the looked-up record
}

// Op is what an edit does.
type Op uint8

// The operations. An edit that cannot be done fails its whole transaction.
const (
	Create Op = iota // fails when the record exists
	Update           // fails when it does not
	Upsert           // creates or updates
	Delete           // fails when the record does not exist, or when another looks it up
)

// String returns the operation's name.
func (o Op) String() string { return [...]string{"create", "update", "upsert", "delete"}[o] }

// Edit is one operation on one record.
type Edit struct {
	Map engine.MapID
	Op  Op

	Name Name // of the record; not looked at when Row is given
	Row  Row  // of an existing record

	// Opened is the version that the user had before him when he began; 0 for
	// one who does not care.
	Opened engine.Version

	Set []Assignment // columns that are not set keep their content, or are null
}

// Row names a record inside its table. The zero Row names none.
type Row int32

// Tx is one attempt of a user to commit some edits. It belongs to the caller,
// who must leave it alone until its [User] is told how it ended.
type Tx struct {
	Label   string // what a report calls it: "invoice 573585"; empty for one that it need not tell of
	Entity  uint64 // with Attempt, the key of all its draws
	Attempt uint64
	Edits   []Edit
	User    User
	Number  uint64 // for the user: what he knows the attempt by

	// PastHook says that no capture hook sees the transaction, as when somebody loads
	// rows straight into the database: marks and outbox stay as they are.
	PastHook bool

	// Live tells, once the transaction has ended, that it was held until its
	// rows were on the other side, or for as long as that was tried.
	Live bool

	id    engine.TxID
	first uint64   // of the outbox positions reserved for it
	due   sim.Time // while it waits for a locked record: the end of its wait
}

// User is told how his transaction ended.
type User interface{ Ended(tx *Tx, how Ending) }

// Ending is how a transaction ended.
type Ending uint8

// The endings.
const (
	Committed        Ending = iota
	CutOff                  // the system went down and undid it
	Stale                   // refused: a record has changed since it was opened
	Duplicate               // rejected: a record to create exists
	NotFound                // rejected: a record to change, or to look up, does not exist
	Invalid                 // rejected by a validation
	Mixed                   // rejected by the capture hook: async and live table maps in one transaction
	Referenced              // rejected: a record to delete is looked up by another
	Busy                    // refused: a record is in use by somebody else's transaction, or by the engine
	TooManyRecords          // rejected: over the limit of records that go live
	TooManyCompanies        // rejected: over the limit of companies
	TooManyBytes            // rejected: over the limit of bytes
	OtherRefused            // undone: the other side's business logic said no
	OtherChanged            // undone: a delete would have lost what the other side, being primary, has changed
	OtherFailed             // undone: the other side, or the engine, could not be reached
	TooSlow                 // undone: it was held for longer than the time limit
	PauseFull               // refused by the capture hook: a paused table map has queued up as much as it may
	ValueTaken              // rejected: another record holds a value that must be unique
	endings
)

// String returns the ending in words.
func (e Ending) String() string {
	return [...]string{
		"committed", "cut off by an outage", "refused as stale", "record exists", "record not found",
		"refused by validation", "async and live mixed", "record is looked up", "record is busy",
		"too many records for live sync", "too many companies for live sync", "too many bytes for live sync",
		"refused by the other side", "changed on the other side", "other side not reached", "over the time limit",
		"paused and full", "unique value in use",
	}[e]
}

// Endings is how many endings there are.
const Endings = int(endings)
