package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestAlertReachesPeople lets a system refuse a write: people are told, and the
// job is paused.
func TestAlertReachesPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.Engine.Jobs = []engine.Job{{Name: "all", Maps: []engine.MapID{0, 1, 2}, Alerts: []engine.Alert{{Count: 1, Action: engine.PauseOnAlert}}}}
		var raised []engine.Raised
		w.config.Alert = func(r engine.Raised) { raised = append(raised, r) }
		w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
			for i := range in.Rows {
				in.Rows[i] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "validation"}
			}
			return nil
		})
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Second)
		err := w.lastRun.Command(t.Context(), &engine.Command{Kind: engine.PauseJob, Job: "all"})
		if err == nil {
			t.Error("a job that its alert has paused can be paused")
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if len(raised) != 1 || raised[0].Job != "all" || raised[0].Last.Reason != engine.Refused {
			t.Errorf("raised: %+v", raised)
		}
	})
}
