package runs

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// copiedDay runs the recorded day under the data integrator.
func copiedDay(t *testing.T, sets ...string) *result.Run {
	t.Helper()
	set := simulate(t, "month-end", Options{}, append([]string{"engine.mode=integrator", "integrator.interval=15m"}, sets...)...)
	if set.Scenario.Mode != "integrator" {
		t.Fatalf("the mode is told as %q", set.Scenario.Mode)
	}
	run := &set.Runs[0]
	if run.Incomplete != "" || run.Panic != "" || run.Copied == nil {
		t.Fatalf("the run is %q, %q; the integrator did %+v", run.Incomplete, run.Panic, run.Copied)
	}
	return run
}

// TestSameFileUnderTheIntegrator: the file that async runs, with the same users.
func TestSameFileUnderTheIntegrator(t *testing.T) {
	t.Parallel()
	async := simulate(t, "month-end", Options{}).Runs[0]
	run := copiedDay(t)
	if async.Copied != nil || len(async.Properties) == 0 || len(run.Properties) != 0 || len(run.Outcomes) != 0 {
		t.Errorf("async: %+v, %d contracts; integrator: %d contracts, %d kinds of outcomes", async.Copied, len(async.Properties), len(run.Properties), len(run.Outcomes))
	}
	c := run.Copied
	t.Logf("%+v", *c)
	t.Log(run.Totals)
	// 46 starts of each project fall into 11.5 hours.
	if c.Runs < 80 || c.Runs > 92 || c.Warnings == 0 || c.Broken == 0 {
		t.Errorf("%d runs, %d with warnings and %d broken off: Dataverse refuses rows, and is down for ten minutes", c.Runs, c.Warnings, c.Broken)
	}
	if c.Lost[0]+c.Lost[1] == 0 || c.Overwritten[0]+c.Overwritten[1] < c.Lost[0]+c.Lost[1] || c.Echoes*2 < c.Rows || len(c.Losses) == 0 {
		t.Errorf("both sides edit, and two projects feed each other: %+v", *c)
	}
	for _, w := range run.Worst {
		if slices.ContainsFunc(w.Why, func(why result.Reason) bool { return why.What == "in the outbox" }) {
			t.Errorf("%s waited for %v: the data integrator reads no outbox", w.Record, w.Why)
		}
	}
	for i, m := range run.Maps { // what users create depends on nothing that is copied
		if m.Creates != async.Maps[i].Creates {
			t.Errorf("%s: %v created, under async %v", m.Map, m.Creates, async.Maps[i].Creates)
		}
	}
	// Saves refused as stale, and edits that follow one on the other side to a
	// record which has not arrived there, are all that differs.
	for side, a := range async.Totals.Transactions {
		if b := run.Totals.Transactions[side]; max(a, b)-min(a, b) > a/50 {
			t.Errorf("%v: %d transactions, under async %d", engine.Side(side), b, a)
		}
	}
}

// TestProjectsAsTheFileSays: one project, one map, one way, by token.
func TestProjectsAsTheFileSays(t *testing.T) {
	t.Parallel()
	run := copiedDay(t, "integrator.detection=token", "integrator.projects=[{name: customers-only, from: finops, maps: [customers]}]", "faults=[]")
	c := run.Copied
	for i, m := range run.Maps {
		if (m.Alive[engine.Dataverse] > 0) != (i == 0) {
			t.Errorf("%s: %d records in Dataverse", m.Map, m.Alive[engine.Dataverse])
		}
	}
	if c.Missed[engine.FinOps] != 0 || c.Broken != 0 || c.Runs < 44 || c.Runs > 47 {
		t.Errorf("by token, one way: %+v", *c)
	}
}

// TestLifeOfTokens: a token that is older than the system keeps it is refused, and a
// project that copies all then loses nothing.
func TestLifeOfTokens(t *testing.T) {
	t.Parallel()
	token := []string{"integrator.detection=token", "faults=[]", "integrator.on-expired=refuse"}
	if c := copiedDay(t, token...).Copied; c.Broken != 0 {
		t.Errorf("%d runs broken off with tokens that live for a week", c.Broken)
	}
	short := append(token, "systems.finops.token-life=5m", "systems.dataverse.token-life=5m")
	if c := copiedDay(t, short...).Copied; c.Broken < c.Runs-4 {
		t.Errorf("of %d runs %d are broken off with tokens that live for 5 minutes", c.Runs, c.Broken)
	}
}

// TestSlewTakesEffect: a time daemon brings a clock that is behind to the right
// time, and the integrator, which goes by clocks, then misses less.
func TestSlewTakesEffect(t *testing.T) {
	t.Parallel()
	behind := []string{"faults=[]", "systems.finops.clock={offset: -10m, granularity: 1s}", "systems.dataverse.clock={}"}
	never, soon := copiedDay(t, behind...).Copied, copiedDay(t, append(behind, "systems.finops.clock.slew=90000ppm")...).Copied
	if never.Missed[0] < 100 || soon.Missed[0] > never.Missed[0]/2 {
		t.Errorf("%d changes missed with a clock that stays behind, %d with one that is mended", never.Missed[0], soon.Missed[0])
	}
}

// TestBugsOfTheEngineNeedTheEngine: what would have no effect is refused.
func TestBugsOfTheEngineNeedTheEngine(t *testing.T) {
	t.Parallel()
	s, _, err := scenarios.Load("month-end", "engine.mode=integrator")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Simulate(context.Background(), s, Options{Failpoints: []fault.Point{{Name: engine.PlantAckBeforeSave, Terms: fault.Always}}})
	if err == nil || !strings.Contains(err.Error(), "set engine.mode=async") {
		t.Errorf("the error is %v", err)
	}
}

// TestSavesTellWhatWentLive: what users saved and what went live add up.
func TestSavesTellWhatWentLive(t *testing.T) {
	t.Parallel()
	r := simulate(t, "month-end", Options{}, "engine.mode=live").Runs[0]
	var saved, live, undone uint64
	for _, s := range r.Saves {
		if s.Ended == "committed" {
			saved, live = saved+s.Count, live+s.Live
		} else {
			undone += s.Live
		}
		if s.Live > s.Count {
			t.Errorf("%+v: more went live than there were", s)
		}
	}
	if live != r.Live.Committed || undone != r.Live.Undone || saved <= live || undone == 0 {
		t.Errorf("%d saves committed, %d of them live, and %d live ones failed; the oracle saw %+v", saved, live, undone, r.Live)
	}
}
