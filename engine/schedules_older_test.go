package engine_test

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// Schedules in which the engine's store comes back as it was at a backup. What it
// knows of outcomes is what counts: of a change that it has forgotten nobody can ask
// for one, and one that is open again has another. The data must be as good as ever.

// forgetOutcomes forgets what the store is about to tell anew.
func (j *judge) forgetOutcomes() {
	for _, id := range j.byNumber {
		if o, ended := j.outcomes[id]; ended {
			j.told[id] = o
		}
		delete(j.outcomes, id)
	}
}

// restored takes note of what the store has forgotten: changes that it has no outcome
// of, and that are not open and not in an outbox.
func (j *judge) restored(known map[string]bool, open int) {
	for name, id := range j.byNumber {
		if _, ended := j.outcomes[id]; !ended && !known[name] {
			j.forgotten[id] = true
		}
	}
	j.reopened += open
	j.writes.most += open + 6 // what is open may be written again, and the resync looks at both sides of three pairs
}

// TestOlderStoreMustBeNoticed: the judge must object to an engine that goes on with an
// older store as if nothing had happened.
func TestOlderStoreMustBeNoticed(t *testing.T) {
	t.Parallel()
	schedulesNotice(t, engine.OlderStoreUnnoticed, "older store", "")
}
