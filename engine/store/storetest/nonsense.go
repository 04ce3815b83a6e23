package storetest

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// nonsensical is a mutation that no engine may ask for, after those that do
// make sense.
type nonsensical struct {
	name   string
	before []engine.Mutation
	bad    engine.Mutation
}

var nonsense = []nonsensical{
	{"a reference without a number", nil, added(reference(0, engine.Captured), 1)},
	{"a reference without an incarnation", nil, added(inLife(0, 1), 1)},
	{"a reference queued twice", []engine.Mutation{added(reference(1, engine.Captured), 1)}, added(reference(1, engine.Captured), 2)},
	{
		"the engine's own reference in the place of a captured one",
		[]engine.Mutation{added(reference(1, engine.Captured), 1)},
		added(reference(1, engine.Reassert), 2),
	},
	{
		"a captured reference that has its outcome",
		[]engine.Mutation{added(reference(1, engine.Captured), 1), ended(reference(1, engine.Captured), written)},
		added(reference(1, engine.Captured), 2),
	},
	{
		"a captured reference that has its outcome, above a gap",
		[]engine.Mutation{added(reference(3, engine.Captured), 1), ended(reference(3, engine.Captured), written)},
		added(reference(3, engine.Captured), 2),
	},
	{"an outcome for a reference that is not in the queue", nil, ended(reference(1, engine.Captured), written)},
	{
		"a second outcome",
		[]engine.Mutation{added(reference(1, engine.Captured), 1), ended(reference(1, engine.Captured), written)},
		ended(reference(1, engine.Captured), written),
	},
	{
		"an end without an outcome",
		[]engine.Mutation{added(reference(1, engine.Captured), 1)},
		ended(reference(1, engine.Captured), engine.Outcome{}),
	},
	{"a duplicate of nothing", []engine.Mutation{added(reference(1, engine.Captured), 1)}, ended(reference(2, engine.Captured), echo)},
	{"a duplicate without a number", nil, ended(inLife(0, 0), echo)},
	{
		"a duplicate without a number, of a pair that is known",
		[]engine.Mutation{added(reference(1, engine.Captured), 1), ended(reference(1, engine.Captured), written)},
		ended(reference(0, engine.Captured), echo),
	},
	{"a position taken in twice", []engine.Mutation{ingested(engine.FinOps, 1)}, ingested(engine.FinOps, 1)},
	{"a position forgotten that was never taken in", []engine.Mutation{ingested(engine.FinOps, 1)}, acked(engine.Dataverse, 1)},
	{"an intent opened twice", []engine.Mutation{opened(1, 5)}, opened(1, 6)},
	{"an intent without rows", nil, engine.Mutation{Kind: engine.IntentOpened, Intent: &engine.Intent{Tx: 1}}},
	{"an intent closed that is not open", []engine.Mutation{opened(1, 5)}, closed(2)},
	{"an intent of the other side closed", []engine.Mutation{opened(1, 5)}, engine.Mutation{Kind: engine.IntentClosed, Intent: new(onDataverse(intent(1, 5)))}},
	{"an intent closed twice", []engine.Mutation{opened(1, 5), closed(1)}, closed(1)},
	{"a resync asked for twice", []engine.Mutation{resync(engine.ResyncAsked, 1, "USMF")}, resync(engine.ResyncAsked, 1, "USMF")},
	{"a resync that ends and is not under way", []engine.Mutation{resync(engine.ResyncAsked, 1, "USMF")}, resync(engine.ResyncEnded, 1, "")},
	{"a mutation of no kind", nil, engine.Mutation{Kind: 99}},
}

// run saves the nonsense in three ways: after a Save that made sense, in the
// same Save, and before something sensible. Nothing of such a Save may stay.
func (n *nonsensical) run(t *testing.T, open Open) {
	sensible := added(engine.Reference{Key: keyB, Incarnation: 1, Number: 1}, 77)
	for _, bad := range [][]engine.Mutation{{n.bad}, {sensible, n.bad}, {n.bad, sensible}} {
		s, reopen := open(t)
		mustSave(t, s, n.before...)
		want, err := s.Load()
		if err != nil {
			t.Fatal(err)
		}
		if s.Save(bad) == nil {
			t.Fatal("nonsense was saved")
		}
		mustBeBroken(t, s)
		if reopen != nil {
			mustHold(t, reopen(), want)
		}
	}
	together, _ := open(t)
	all := append(append([]engine.Mutation{}, n.before...), n.bad)
	if together.Save(all) == nil {
		t.Fatal("nonsense was saved together with what made it nonsense")
	}
}
