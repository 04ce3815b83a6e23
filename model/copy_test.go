package model

import (
	"fmt"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// settled is a world in which both sides hold records from before the sync, some
// of them alike, some not, and some alone. Its job is stopped when it begins, and
// started with an initial sync of both sides in which Dataverse wins.
func settled(t testing.TB, seed uint64) Config {
	t.Helper()
	c := busyHour(t, seed)
	name, limit := users.Column{Index: 0}, users.Column{Index: 1, Number: true}
	c.Preloads = []Preload{
		{Name: "old", Map: customers, Both: 200, Differ: 0.3, Only: [2]int{150, 120}, Columns: []users.Column{name, limit}},
		{Name: "doc", Map: headers, Both: 20, Only: [2]int{80, 0}, Columns: []users.Column{{Index: 0, Lookup: true, Map: customers}, {Index: 1}}},
	}
	c.Stopped = []string{"all"}
	c.Driver.Engine.InitialChunk = 50
	c.Operations = []Operation{{At: minute(10), Command: engine.Command{Kind: engine.StartJob, Job: "all", Initial: []engine.InitialSync{
		{Map: customers, Interim: engine.Dataverse}, {Map: headers, Interim: engine.FinOps}, {Map: lines, Interim: engine.FinOps},
	}}}}
	c.End = sim.Time(3 * time.Hour)
	return c
}

// mustBeMended fails the test unless the initial sync went through all that both
// sides held and left no drift.
func mustBeMended(t testing.TB, r Result) {
	t.Helper()
	mustHold(t, r)
	for _, d := range r.Done {
		if d.Refused != nil {
			t.Errorf("operation %d: %v", d.Operation, d.Refused)
		}
	}
	if len(r.Initial) != 6 {
		t.Errorf("%d legs, want both of three table maps", len(r.Initial))
	}
	for _, l := range r.Initial {
		if l.Stage != engine.InitialDone {
			t.Errorf("the leg of table map %d from %v is %v", l.Map, l.Side, l.Stage)
		}
	}
	for _, p := range r.Report.Properties {
		if p.ID == "converged" && p.Verdict != oracle.Pass {
			t.Error(p)
		}
	}
	if n := r.Report.Totals.Straying; n != 0 {
		t.Errorf("%d pairs have strayed", n)
	}
}

func TestInitialSync(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := run(t, settled(t, seed))
			mustBeMended(t, r)
			rows, written := 0, 0
			for _, l := range r.Initial[:2] {
				rows, written = rows+l.Rows, written+l.Written
			}
			if rows < 800 || written < 250 {
				t.Errorf("%d rows of customers, %d written", rows, written)
			}
			if o := r.Report.Totals; o.LateCaptures == 0 || o.Overrides == 0 {
				t.Errorf("%d late captures, %d overrides", o.LateCaptures, o.Overrides)
			}
		})
	}
}

// TestCrashInInitialSync lets the process die at each point of a start with an
// initial sync.
func TestCrashInInitialSync(t *testing.T) {
	t.Parallel()
	for _, p := range append(driver.CopyCrashPoints(), driver.CrashPoints()...) {
		t.Run(string(p), func(t *testing.T) {
			t.Parallel()
			c := settled(t, 7)
			for i := range 12 {
				c.Faults = append(c.Faults, Fault{
					Kind: EngineCrash, Point: p, At: minute(10).Add(time.Duration(i) * 4 * time.Second), Restart: 2 * time.Second,
				})
			}
			r := run(t, c)
			mustBeMended(t, r)
			if r.Engine.Crashes < 1 {
				t.Errorf("%d crashes", r.Engine.Crashes)
			}
		})
	}
}

// TestManyCopies stops, starts, copies and resyncs under every kind of crash, with
// all kinds of column groups.
func TestManyCopies(t *testing.T) {
	t.Parallel()
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	crashes := append(driver.CopyCrashPoints(), driver.CrashPoints()...)
	job := func(at int, k engine.CommandKind) Operation {
		return Operation{At: minute(at), Command: engine.Command{Kind: k, Job: "all"}}
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("initial sync ", seed), func(t *testing.T) {
			t.Parallel()
			c := settled(t, seed)
			for i, p := range crashes {
				c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: p, At: minute(10).Add(time.Duration(i+int(seed)%7) * 3 * time.Second), Restart: 2 * time.Second})
			}
			c.Faults = append(c.Faults, Fault{Kind: Outage, Side: engine.Dataverse, At: minute(10).Add(time.Duration(seed%60) * time.Second), For: time.Minute})
			mustBeMended(t, run(t, c))
		})
		for name, c := range map[string]Config{"resync": settled(t, seed), "column groups": crowd(t, seed)} {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				if len(c.Operations) > 0 {
					c.Operations[0].Command.Initial = nil
				}
				c.Operations = append(c.Operations, job(15, engine.StopJob), job(25, engine.StartJob), job(28, engine.ResyncMaps), job(80, engine.ResyncMaps))
				c.Faults = append(c.Faults, Fault{Kind: EngineCrash, Point: driver.PageTaken, At: minute(28), Restart: time.Second})
				r := run(t, c)
				mustHold(t, r)
				if n := r.Report.Totals.Straying; n != 0 {
					t.Errorf("%d pairs have strayed: %+v", n, r.Done)
				}
			})
		}
	}
}

// TestSwitchIsAskedAgain loses most of what is said to one side: a job stops and
// starts all the same.
func TestSwitchIsAskedAgain(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Driver.Links[engine.Dataverse].Loss = 0.7
	c.Operations = []Operation{
		{At: minute(5), Command: engine.Command{Kind: engine.StopJob, Job: "all"}},
		{At: minute(30), Command: engine.Command{Kind: engine.StartJob, Job: "all"}},
		{At: minute(58), Command: engine.Command{Kind: engine.PauseJob, Job: "all"}},
	}
	r := run(t, c)
	mustHold(t, r)
	for _, d := range r.Done {
		if d.Refused != nil {
			t.Errorf("operation %d: %v", d.Operation, d.Refused)
		}
	}
	if n := r.Systems[engine.Dataverse].Switches; n < 4 {
		t.Errorf("%d requests to switch the capture: nothing was lost", n)
	}
}

// TestAlerts lets validations refuse what the engine brings: people hear of it,
// and the job pauses or stops, as it is told.
func TestAlerts(t *testing.T) {
	t.Parallel()
	for _, action := range []engine.AlertAction{engine.Notify, engine.PauseOnAlert, engine.StopOnAlert} {
		t.Run(action.String(), func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 9)
			c.Systems[engine.Dataverse].Validations[0].Refuse = 0.3
			c.Driver.Engine.Jobs = []engine.Job{{Name: "billing", Maps: []engine.MapID{customers, headers, lines}, Alerts: []engine.Alert{{Count: 5, Within: time.Hour, Action: action}}}}
			w, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			r := w.Run()
			mustHold(t, r)
			if len(r.Alerts) == 0 || r.Alerts[0].Job != "billing" || r.Alerts[0].Alert.Action != action || r.Alerts[0].Last.Class != engine.ApplicationFailure {
				t.Fatalf("alerts: %+v", r.Alerts)
			}
			want := map[engine.AlertAction]engine.JobState{engine.PauseOnAlert: engine.Paused, engine.StopOnAlert: engine.Halted}[action]
			if is, _ := w.Driver.Core().JobState("billing"); is != want {
				t.Errorf("the job is %v, want %v", is, want)
			}
		})
	}
}

// TestDriftIsDeclared leaves out the initial sync: what differs from before the
// sync, or is changed while the job is stopped, is drift and nobody's fault. A
// resync mends it.
func TestDriftIsDeclared(t *testing.T) {
	t.Parallel()
	c := settled(t, 8)
	c.Operations[0].Command.Initial = nil
	job := func(at int, k engine.CommandKind) Operation {
		return Operation{At: minute(at), Command: engine.Command{Kind: k, Job: "all"}}
	}
	c.Operations = append(c.Operations, job(30, engine.StopJob), job(45, engine.StartJob), job(100, engine.CompareMaps))
	r := run(t, c)
	mustHold(t, r)
	if n := r.Report.Totals.Straying; n < 250 || uint64(r.Drift) < n || r.Compared < r.Drift {
		t.Errorf("%d pairs have strayed; a comparison of %d finds %d", n, r.Compared, r.Drift)
	}
	c = settled(t, 8)
	c.Operations[0].Command.Initial = nil
	c.Operations = append(c.Operations, job(30, engine.StopJob), job(45, engine.StartJob), job(100, engine.ResyncMaps))
	c.Faults = []Fault{{Kind: EngineCrash, Point: driver.PageTaken, At: minute(100), Restart: time.Second}}
	r = run(t, c)
	mustHold(t, r)
	if n := r.Report.Totals.Straying; n != 0 || r.Drift < 250 {
		t.Errorf("%d pairs have strayed, and a resync of %d has found %d", n, r.Compared, r.Drift)
	}
}

// TestLinkedPreload has records as a sync left them: an edit of one is carried as
// any other, and nothing else is.
func TestLinkedPreload(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Preloads = []Preload{{Name: "old", Map: customers, Both: 100, Linked: true, Columns: []users.Column{{Index: 0}, {Index: 1, Number: true}}}}
	trace := c.Users.Sources[0].(*users.Trace)
	trace.Transactions = append(trace.Transactions, users.Transaction{At: minute(30), Edits: []system.Edit{{
		Map: customers, Op: system.Update, Name: system.Name{ID: "OLD-7"}, Set: []system.Assignment{{Value: engine.Text("new")}},
	}}})
	c.Operations = []Operation{{At: minute(40), Command: engine.Command{Kind: engine.ResyncMaps, Job: "all"}}}
	r := run(t, c)
	mustHold(t, r)
	if o := r.Report.Totals; count(r, engine.Synced) != 3 || o.LateCaptures+o.DriftOverwritten+o.Overrides != 0 || r.Compared != 101 || r.Drift != 0 {
		t.Errorf("%d synced, %d of %d differ: %+v", count(r, engine.Synced), r.Drift, r.Compared, o)
	}
}
