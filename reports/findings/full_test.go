package findings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestFullQueue: how long a full queue kept an outbox waiting is told with what lay
// there; where nothing lay there it kept nothing waiting.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	told := func(set *result.Set) (text string) {
		for _, e := range findings.Narrative(set, summary.Of(set)) {
			if e.What == "The queue was full" {
				text += e.When + " " + e.Text + "\n"
			}
		}
		return text
	}
	if got := told(fixture.Day()); got != "" || findings.FullRows(fixture.Day()) != nil {
		t.Errorf("of a queue that was never full it says %q", got)
	}
	for runs, want := range map[int]string{
		1: "07:10 The engine held as many references of F&O as engine.queue lets it, and fetched no more from there 2 times, for 30s in all. At most 41 references lay in the outboxes meanwhile.\n",
		2: "07:10 The engine held as many references of F&O as engine.queue lets it, and fetched no more from there in both runs, for 30s to 31s a run. At most 41 to 42 references lay in the outboxes meanwhile.\n",
	} {
		set := fixture.Full(runs)
		set.Scenario.Start = time.Date(2026, 1, 31, 7, 0, 0, 0, time.UTC)
		if got := told(set); got != want {
			t.Errorf("of %d runs it says %q, want %q", runs, got, want)
		}
		rows := findings.FullRows(set)
		if len(rows) != 1 || !strings.HasPrefix(rows[0][0], "F&O") {
			t.Errorf("the rows are %q", rows)
		}
	}
}

// TestFaultWithoutBacklog: where nothing waited, nothing was worked off.
func TestFaultWithoutBacklog(t *testing.T) {
	t.Parallel()
	set := fixture.Runs(2)
	for i := range set.Runs {
		set.Runs[i].Series = []result.Series{{Name: "backlog", Points: []result.Point{{}}}}
	}
	told := ""
	for _, e := range findings.Narrative(set, summary.Of(set)) {
		told += e.Text + "\n"
	}
	if !strings.Contains(told, "Struck in both runs. Nothing waited for the engine then.") || strings.Contains(told, "peaked at 0") {
		t.Errorf("it says %s", told)
	}
}
