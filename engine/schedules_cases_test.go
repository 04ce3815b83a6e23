package engine_test

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestScheduleCases holds what long random schedules once stumbled over, shrunk.
func TestScheduleCases(t *testing.T) {
	t.Parallel()
	const (
		f = engine.FinOps
		d = engine.Dataverse
	)
	for name, s := range map[string]schedule{
		// The judge took this for a lost update: what is changed and changed back while
		// nothing is captured is no change.
		"changed and changed back while the job was stopped": {
			workers: 2, batch: 1, pull: 2, primary: d, lookups: true, mapping: mapping{filter: [2]bool{false, true}},
			hides: [2]bool{true, true}, jobs: true, chunk: 1, crashCopy: 4,
			actions: []action{
				{edit, f, 2, 1},
				{changePrimary, f, 0, 3},
				{stopJob, d, 1, 2},
				{loseNextAnswer, f, 1, 2},
				{edit, d, 2, 1},
				{edit, f, 2, 3},
				{edit, f, 2, 1},
			},
		},
		// So does what is found equal with a record older than the sync: it says from then
		// on what the other side says.
		"found equal with a record older than the sync": {
			workers: 2, batch: 1, pull: 4, primary: d, lookups: true, flows: true, perField: true,
			unlinked: engine.UnlinkedPrimary, hides: [2]bool{false, true}, jobs: true, chunk: 2, crashCopy: 27,
			actions: []action{
				{edit, f, 0, 0},
				{edit, d, 1, 0},
				{carryNext, f, 0, 4},
				{stopJob, d, 1, 3},
				{carryNext, f, 2, 0},
				{crashSaved, d, 1, 4},
				{carryNext, d, 0, 1},
				{carryNext, d, 1, 0},
				{carryNext, d, 1, 0},
				{carryNext, f, 2, 4},
				{startJob, f, 0, 0},
				{edit, d, 0, 0},
				{carryNext, f, 0, 3},
				{carryNext, d, 0, 0},
				{carryNext, f, 1, 4},
				{edit, f, 0, 3},
			},
		},
		// The pair was quarantined as restored, for a tombstone that told of no life.
		"a delete undone of what was older than the sync": {
			workers: 3, batch: 1, pull: 1, primary: d, lookups: true, mapping: mapping{filter: [2]bool{true, false}},
			hides: [2]bool{false, true}, jobs: true, chunk: 2, crashCopy: 28,
			actions: []action{
				{stopJob, d, 1, 4},
				{carryNext, d, 1, 2},
				{carryNext, d, 2, 0},
				{loseNextAnswer, f, 0, 3},
				{carryNext, f, 1, 3},
				{edit, d, 2, 1},
				{crashUnsaved, d, 2, 3},
				{carryNext, d, 1, 3},
				{carryNext, d, 2, 4},
				{carryNext, d, 1, 3},
				{carryNext, f, 1, 4},
				{startJob, d, 1, 1},
				{holdNext, f, 0, 4},
				{carryNext, d, 1, 4},
				{deleteRecord, d, 2, 2},
				{carryNext, f, 2, 4},
				{loseNextAnswer, d, 0, 1},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if story, err := s.run(nil, map[string]int{}); err != nil {
				t.Fatalf("%v\n%s", err, story)
			}
		})
	}
}
