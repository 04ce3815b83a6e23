package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestChangeThatOnlyLeavesTheScope filters by a column that only flows to the side
// that is filtered. Its change there takes a record out of scope and touches nothing
// that travels from there: the reference to it is no nonsense, and what comes behind
// it must not wait for ever.
func TestChangeThatOnlyLeavesTheScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := engine.NewTableMap(engine.TableMap{
			ID: customers, Name: "customers", Mode: engine.Async,
			Columns: []engine.Column{{Name: "name"}, {Name: "type", Flow: engine.ToFinOps}},
			Filter:  [2]engine.Filter{engine.FinOps: {Test: engine.Equals, Column: "type", Value: engine.Text("org")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		w := newWorldOf(t, []*engine.TableMap{m})
		stop := w.start()
		w.setBoth(engine.Dataverse, "A", "Contoso", "org")
		time.Sleep(time.Second)
		w.setBoth(engine.FinOps, "A", "Contoso", "person")
		w.setBoth(engine.FinOps, "B", "Adatum", "org")
		time.Sleep(2 * time.Minute)
		if got := w.nameOf(engine.Dataverse, "B"); got != "Adatum" {
			t.Errorf("what came behind the change is %q on the other side", got)
		}
		out := w.store.outcomesOf(change{customer("A"), engine.FinOps, 1, 1})
		if len(out) != 1 || out[0] != (engine.Outcome{Class: engine.NoOp, Reason: engine.Filtered}) {
			t.Errorf("the change that took its record out of scope ended as %v", out)
		}
		if s := w.lastRun.Stats().Sides[engine.FinOps]; s.Nonsense != 0 {
			t.Errorf("an answer was refused: %v", s.LastError)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
