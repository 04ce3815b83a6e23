package findings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestJobs: what is told of initial syncs, alerts and comparisons.
func TestJobs(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	leg := func(stage string, began, ended time.Duration) result.Leg {
		return result.Leg{Map: "customers", Side: "finops", Stage: stage, Began: began, Ended: ended, Rows: 100, Written: 60, Unchanged: 30, Lost: 8, Errors: 2}
	}
	alert := func(at time.Duration, action string) result.Alert {
		return result.Alert{At: at, Job: "billing", Action: action, Count: 10, Within: 15 * minute, Class: "application", Reason: "refused"}
	}
	for name, c := range map[string]struct {
		runs []result.Run
		want []string
	}{
		"one run": {
			[]result.Run{{
				Initial: []result.Leg{leg("done", 10*minute, 14*minute), leg("cut", 14*minute, 20*minute)}, Alerts: []result.Alert{alert(12*minute, "pause"), alert(30*minute, "notify")},
				Totals: result.Totals{Compared: 1000, Drift: 1},
			}},
			[]string{
				"Initial sync: 2 legs of initial sync went through 200 records: 120 written, 60 alike on both sides already, 16 lost to the primary's, 4 waiting for an operator. It took 10m. 1 leg was cut at the most records that one may carry: the others were left.",
				"Alert: The job billing had 10 failures within 15m (the last: application refused), and was paused.",
				"Alert: The job billing had 10 failures within 15m (the last: application refused); people were told.",
				"Both sides compared: Of 1,000 pairs, 1 differed although nothing was queued for them.",
			},
		},
		"two runs": {
			[]result.Run{
				{Initial: []result.Leg{leg("done", 10*minute, 14*minute)}, Alerts: []result.Alert{alert(12*minute, "stop")}},
				{Initial: []result.Leg{leg("done", 10*minute, 16*minute), leg("running", 16*minute, 0)}},
			},
			[]string{
				"Initial sync: 3 legs of initial sync went through 300 records in both runs: 180 written, 90 alike on both sides already, 24 lost to the primary's, 6 waiting for an operator. It took 4m. 1 leg was not over when the run ended.",
				"Alerts: 1 alert was raised in 1 of 2 runs. The first: The job billing had 10 failures within 15m (the last: application refused), and was stopped.",
			},
		},
		"nothing of the kind": {[]result.Run{{}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := &result.Set{Scenario: fixture.Empty().Scenario, Runs: c.runs}
			set.Scenario.Faults = nil
			for i := range set.Runs {
				set.Runs[i].Index, set.Runs[i].End = i, time.Hour
			}
			var got []string
			for _, e := range findings.Narrative(set, summary.Of(set)) {
				if strings.HasPrefix(e.What, "Initial") || strings.HasPrefix(e.What, "Alert") || strings.HasPrefix(e.What, "Both sides compared") {
					got = append(got, e.What+": "+e.Text)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
