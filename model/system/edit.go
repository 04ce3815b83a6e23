package system

import "github.com/twinwrite/twinwrite/engine"

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
)

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

	id    engine.TxID
	first uint64 // of the outbox positions reserved for it
}

// User is told how his transaction ended.
type User interface{ Ended(tx *Tx, how Ending) }

// Ending is how a transaction ended.
type Ending uint8

// The endings.
const (
	Committed Ending = iota
	CutOff           // the system went down and undid it
	Stale            // refused: a record has changed since it was opened
	Duplicate        // rejected: a record to create exists
	NotFound         // rejected: a record to update, or to look up, does not exist
	Invalid          // rejected by a validation
	Mixed            // rejected by the capture hook
	endings
)

// String returns the ending in words.
func (e Ending) String() string {
	return [...]string{
		"committed", "cut off by an outage", "refused as stale", "record exists", "record not found",
		"refused by validation", "rejected by capture",
	}[e]
}
