package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestAlertDefaults checks what an alert is that says nothing: the documented
// example, without its action.
func TestAlertDefaults(t *testing.T) {
	t.Parallel()
	jobs := []engine.Job{{Name: "all", Alerts: []engine.Alert{{}}}}
	a := engine.Config{Jobs: jobs}.WithDefaults().Jobs[0].Alerts[0]
	if a.Count != 10 || a.Within != 15*time.Minute || len(a.Classes) != 1 || a.Classes[0] != engine.ApplicationFailure || a.Action != engine.Notify {
		t.Errorf("an alert that says nothing is %+v", a)
	}
	if jobs[0].Alerts[0].Count != 0 {
		t.Error("filling in the defaults has changed the original")
	}
}

// TestAlertFaults checks that all that is wrong is reported at once.
func TestAlertFaults(t *testing.T) {
	t.Parallel()
	bad := engine.Alert{Classes: []engine.Class{engine.Synced}, Count: -1, Within: -time.Second, Action: 7}
	err := engine.Config{Jobs: []engine.Job{{Name: "sales", Alerts: []engine.Alert{{}, bad}}}}.WithDefaults().Validate()
	if err == nil {
		t.Fatal("a bad alert is accepted")
	}
	for _, want := range []string{
		"an alert of job sales counts synced; it may count application, system, concurrency and conflict failures",
		"an alert of job sales is raised by -1 failures; it must be at least 1",
		"an alert of job sales counts within -1s; it must be longer than zero",
		"an alert of job sales has action 7; it must be notify, pause or stop",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}
