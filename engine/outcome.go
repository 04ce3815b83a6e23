package engine

// Class is one of the ways in which a reference can end.
type Class uint8

// The classes. Application and system failures wait on the error desk until
// an operator retries or dismisses them; they are not yet ends.
const (
	Open Class = iota // not ended
	Synced
	NoOp
	ConcurrencyFailure
	ConflictFailure
	Dismissed
	ApplicationFailure
	SystemFailure
	classes
)

// String returns the class's name.
func (c Class) String() string {
	return [...]string{
		"open", "synced", "no-op", "concurrency", "conflict", "dismissed", "application", "system",
	}[c]
}

// Reason says why a reference ended in its class.
type Reason uint8

// The closed list of reasons.
const (
	NoReason         Reason = iota
	Written                 // the target was written
	FoundEqual              // both sides held the same; only marks were written
	AlreadyCarried          // an earlier attempt had landed and its answer was lost
	Override                // written over a conflicting change of the other side
	Echo                    // a duplicate of a known reference
	Superseded              // not its own side's latest change
	GoneFromSource          // the record was deleted, or lives a newer life
	Overridden              // the primary's record was written over this change
	Rejected                // the primary holds a change that this side has not seen
	AmbiguousKey            // another record's key folds to the same
	LookupNotFound          // a looked-up record is not there and will not come
	Refused                 // the target's business validation or logic said no
	DuplicateValue          // another record holds a unique value
	TimedOut                // no answer in time
	Unavailable             // the system was down
	ConditionLimit          // the record changed under every attempt
	SkippedAtResume         // queued during a pause, and not to be caught up
	Filtered                // one side's record is out of the table map's scope
	UnmappedValue           // a value has no mapping on the other side
	Busy                    // the record is in use by the engine, or by another live transaction
	DiedInFlight            // the engine died each time it tried
	DriftOverwritten        // written over a record that was older than the sync and differed
	Oscillation             // the logic of the two sides keeps answering each other
	Restored                // a side has forgotten what is known elsewhere
	Untraced                // the record is gone without a tombstone
	KeyRefused              // no record can be found by the key: it is empty, or has a character that a side refuses
	NotUndone               // a live transaction failed, and the other side would not undo it
	Purged                  // skipped at a resume, and on the error desk for as long as that is kept
	reasons
)

// String returns the reason's name.
func (r Reason) String() string {
	return [...]string{
		"none", "written", "found equal", "already carried", "override", "echo", "superseded",
		"gone from the source", "overridden", "rejected", "ambiguous key", "lookup not found",
		"refused by validation", "duplicate value", "timed out", "system unavailable",
		"condition failed too often", "skipped at resume",
		"filtered", "unmapped value",
		"record in use", "engine died trying", "drift overwritten", "oscillation", "side was restored", "gone without a trace",
		"key refused", "not undone", "purged",
	}[r]
}

// Outcome is how a reference ended, or why it waits on the error desk.
type Outcome struct {
	Class  Class
	Reason Reason
	Cause  string // a text template of the system that refused; holds no business data
}

// Outcomes lists every class and reason that a report may meet, in order.
func Outcomes() (list []Class, why []Reason) {
	for c := range classes {
		list = append(list, c)
	}
	for r := range reasons { // with Busy: the user of a live transaction is told so
		why = append(why, r)
	}
	return list, why
}
