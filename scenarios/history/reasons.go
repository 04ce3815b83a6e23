package history

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

// because tells a reason, and what it means where its name does not say it.
func because(r engine.Reason) string {
	if means := meanings[r]; means != "" {
		return r.String() + ": " + means
	}
	return r.String()
}

// meanings say what decided, in the engine's rules.
var meanings = map[engine.Reason]string{
	engine.FoundEqual:       "both sides held the same, and only marks were written",
	engine.AlreadyCarried:   "an earlier attempt had landed, and its answer was lost",
	engine.Override:         "the other side had changed it too, and this side is primary",
	engine.Echo:             "a duplicate of what is known",
	engine.Superseded:       "its own side has changed the record again since",
	engine.GoneFromSource:   "the record was deleted, or lives a newer life",
	engine.Overridden:       "both sides had changed it, and the primary's record was written over this change",
	engine.Rejected:         "the primary holds a change that this side had not seen",
	engine.AmbiguousKey:     "another record's key is the same to the other side",
	engine.LookupNotFound:   "a record that it looks up is not there and will not come",
	engine.DuplicateValue:   "another record holds a value that must be unique",
	engine.TimedOut:         "no answer came in time",
	engine.Unavailable:      "the other system was down, or throttled",
	engine.ConditionLimit:   "the record changed under every attempt",
	engine.SkippedAtResume:  "it was queued during a pause, and not to be caught up",
	engine.Purged:           "skipped when its job was resumed, and on the error desk for as long as that is kept",
	engine.Filtered:         "one side's record is out of the table map's scope",
	engine.UnmappedValue:    "a value has none that it becomes on the other side",
	engine.Busy:             "the engine, or another live transaction, works on it",
	engine.DiedInFlight:     "the engine's process died each time it tried",
	engine.DriftOverwritten: "written over a record that was older than the sync and differed",
	engine.Oscillation:      "the logic of the two sides keeps answering each other",
	engine.Restored:         "a side has forgotten what is known elsewhere",
	engine.KeyRefused:       "no record can be found by such a key",
	engine.NotUndone:        "a live transaction failed, and the other side would not undo it",
}

// Value writes a value so that null, empty and zero differ.
func Value(v *engine.Value) string {
	switch v.Kind {
	case engine.KindText:
		return fmt.Sprintf("%q", v.Text)
	case engine.KindNumber:
		return decimal(v.Number)
	case engine.KindLookup:
		return "->" + v.Target.ID
	default:
		return "null"
	}
}

// decimal writes millionths as the number that they are.
func decimal(millionths int64) string {
	const unit = 1_000_000
	whole, rest := millionths/unit, millionths%unit
	if rest == 0 {
		return strconv.FormatInt(whole, 10)
	}
	sign := ""
	if millionths < 0 {
		sign, whole, rest = "-", -whole, -rest
	}
	return sign + strconv.FormatInt(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%06d", rest), "0")
}
