package scenarios

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/sim"
)

// small is the least that is a scenario, with one of each list.
const small = `schema: twinwrite/v1
name: small
time: {start: 2026-01-31T08:00:00Z, run: 4h}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name, phone]}
jobs:
  - {name: billing, primary: finops, sequence: [customers]}
workload:
  - name: edits
    side: dataverse
    arrivals: {rate: 2/s}
    transaction: [{map: customers, update: 1}]
faults:
  - {at: 14:35, for: 10m, kind: outage, side: dataverse}
`

func parse(t *testing.T, src string, sets ...string) *Scenario {
	t.Helper()
	s, _, err := Parse("test.yaml", []byte(src), sets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func everything(t *testing.T) *Scenario {
	t.Helper()
	src, err := os.ReadFile("testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(src))
}

// TestParse compares the whole typed scenario, written out by hand where the
// file says something and by the documented defaults where it does not.
func TestParse(t *testing.T) {
	t.Parallel()
	got := everything(t)

	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(engine.Filter{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("purpose", got.Purpose, "Two lines, with \"quotes\"\nand a \\ backslash.\n")
	check("seed", got.Seed, uint64(1<<64-1))
	check("time", got.Time, Time{time.Date(2026, 1, 31, 16, 0, 0, 0, time.UTC), 30 * time.Minute, 26 * time.Hour, 0})
	check("runs", []any{got.Runs.Count, got.Runs.Max, got.Runs.Precision.Metric.String(), got.Runs.Precision.Relative, got.Runs.Precision.Confidence},
		[]any{3, 20, "p99(convergence{map=invoices})", Share(0.05), Share(0.9)})
	check("looks", got.Runs.Looks(), []int{3, 6, 12, 20})
	var labels []string
	for i := range got.Expect {
		labels = append(labels, got.Expect[i].ID+": "+got.Expect[i].Label())
	}
	check("expect", labels, []string{
		"slo: p99(convergence{map=invoices}) < 5m", "keys: count(error{reason='ambiguous key'}) == 0",
		"safe: always no-lost-update", "expectation-4: eventually drained, within 1h after the users have left",
	})
	check("sweep", got.Sweep.Axes, []Axis{
		{Name: "axis-1", Path: "engine.workers", Values: []string{"2", "4", "8"}},
		{Name: "mode", Path: "engine.sequence", Values: []string{"priority", "barrier"}},
	})
	check("points", len(got.Points()), 5)
	check("clock", got.Systems.FinOps.Clock, Clock{
		Offset: -2 * time.Second, Drift: 40500, Slew: 500_000, Granularity: 100 * time.Nanosecond,
		Steps: []ClockStep{{"step-1", 3 * time.Hour, 90 * time.Second}, {"back", 90 * time.Minute, -90 * time.Second}},
	})
	check("commit", got.Systems.FinOps.Commit, sim.Dist(sim.Constant(0.08)))
	check("read", got.Systems.FinOps.Read, sim.Dist(sim.Uniform{Low: 0.01, High: 0.05}))
	check("apply", got.Systems.FinOps.Apply, sim.Dist(sim.Weibull{Shape: 1.5, Scale: 0.1}))
	check("per-record", got.Systems.FinOps.PerRecord, sim.Dist(sim.Constant(1.5e-6)))
	check("notification", got.Systems.FinOps.Notification, Notification{sim.Pareto{Shape: 1.5, Low: 0.02, Cap: 120}, 0.003, 0.333333})
	check("finops keys", got.Systems.FinOps.Keys, Keys{true})
	check("finops stale save", got.Systems.FinOps.StaleSave, OverwriteStale)
	check("delete styles", []DeleteStyle{got.Systems.FinOps.DeleteStyle, got.Systems.Dataverse.DeleteStyle}, []DeleteStyle{HideDeleted, RestoreDeleted})
	check("dataverse servers", got.Systems.Dataverse.Servers, 52)
	check("dataverse commit", got.Systems.Dataverse.Commit, sim.Dist(sim.Mixture{
		{Weight: 0.9, Of: sim.Constant(0.02)}, {Weight: 0.1, Of: sim.Exponential(2)},
	}))
	check("dataverse apply has mean", got.Systems.Of(engine.Dataverse).Apply.Mean(), 0.06)
	check("link", *got.Links.Of(engine.Dataverse), Link{sim.Shifted{By: 0.015, Of: sim.Exponential(0.02)}, 0.0001})
	check("default link", *got.Links.Of(engine.FinOps), Link{sim.Shifted{By: 0.005, Of: sim.Exponential(0.01)}, 0})
	check("maps", got.Maps[:3], []Map{
		{
			Name: "customers", FinOps: "CustomersV3", Dataverse: "accounts", Key: []string{"accountnumber"}, Mode: engine.Async,
			Columns: []Column{{Name: "name"}, {Name: "credit", Type: Number}, {Name: "email", Unique: true}}, Lookups: []Lookup{{"parent", []int{0}}},
		},
		{
			Name: "invoices", FinOps: "Headers", Dataverse: "invoices", Key: []string{"invoicenumber"}, Company: true, Mode: engine.Async,
			Columns: []Column{{Name: "status"}}, Lookups: []Lookup{{"customer", []int{0}}},
		},
		{
			Name: "lines", FinOps: "Lines", Dataverse: "details", Key: []string{"invoicenumber", "line"}, Company: true, Mode: engine.Async,
			Columns: []Column{{Name: "price", Type: Number}}, Lookups: []Lookup{{"invoice", []int{1}}},
		},
	})
	one := got.Maps[3]
	toFinOps, empty, eur := engine.ToFinOps, Content(""), Content("EUR")
	check("the map of all transforms", one.Columns, []Column{
		{Name: "status", Values: &Codes{Pairs: [][2]string{{"Open", "1"}, {"Closed", "2"}}, FallThrough: true}},
		{Name: "amount", Type: Number, Canonical: Canonical{Step: 10_000}},
		{Name: "currency", Constant: &eur, Direction: &toFinOps},
		{Name: "state", Values: &Codes{Pairs: [][2]string{{"Open", "1"}, {"Closed", "2"}}}},
		{Name: "memo", Contents: []string{"a", "b"}, Default: &empty, Canonical: Canonical{TrimBlanks: true, FoldCase: true, EmptyIsNull: true}},
	})
	check("its settings", []any{one.Mode, one.Async, one.Granularity, one.Direction, one.Unlinked, one.OnLeave},
		[]any{engine.Live, Unsupported, engine.PerField, engine.BothWays, engine.UnlinkedPrimary, engine.LeaveDelete})
	check("its filters", one.Filter, Filters{
		FinOps: engine.Filter{Test: engine.Equals, Column: "status", Value: engine.Text("Open")},
		Dataverse: engine.Filter{Test: engine.Some, Of: []engine.Filter{
			{Test: engine.Every, Of: []engine.Filter{
				{Test: engine.Differs, Column: "amount", Value: engine.Number(12_500_000)}, {Test: engine.IsNotNull, Column: "memo"},
			}},
			{Test: engine.IsNull, Column: "currency"},
		}},
	})
	check("throttles", []any{got.Systems.FinOps.Throttle.Overload, *got.Systems.Dataverse.Throttle}, []any{20.0, Throttle{
		Requests: 6000, Busy: 20 * time.Minute, Concurrent: 10, Window: 5 * time.Minute, Users: 2, WebServers: 1, RetryAfter: 5 * time.Second,
	}})
	check("live limits", []LiveLimits{got.Systems.FinOps.Live, got.Systems.Dataverse.Live}, []LiveLimits{
		{100, 250, 2_500_000, 2 * time.Minute}, {0, 250, 116_850_000, 3 * time.Minute},
	})
	check("messages", []Message{got.Systems.FinOps.Message, got.Systems.Dataverse.Message}, []Message{
		{90 * time.Second, 10, "#/"}, {2 * time.Minute, 1000, `/<>*%&:\?+`},
	})
	check("lives of tokens", []time.Duration{got.Systems.FinOps.TokenLife, got.Systems.Dataverse.TokenLife}, []time.Duration{7 * 24 * time.Hour, 24 * time.Hour})
	check("users", got.Users, Users{sim.Constant(90), sim.Constant(10), sim.Exponential(30), 5, users.Split})
	check("concurrent edit of other columns", *got.Workload[5].ConcurrentEdit, ConcurrentEdit{0.03, sim.Constant(2), OtherColumns, false})
	check("closed", *got.Workload[6].Arrivals, Arrivals{Process: Closed, Users: 20, Think: sim.Exponential(120)})
	check("deletes", got.Workload[6].Transaction[0].Delete, sim.Count(sim.Fixed(1)))
	check("jobs", got.Jobs[:2], []Job{
		{Name: "masters", Primary: engine.Dataverse, Sequence: []int{0}, Alerts: []Alert{}},
		{Name: "billing", Primary: engine.FinOps, Sequence: []int{1, 2}, Alerts: []Alert{
			{"alert-1", []engine.Class{engine.ApplicationFailure}, 10, 15 * time.Minute, engine.Notify},
			{"bad", []engine.Class{engine.SystemFailure, engine.ConflictFailure}, 3, time.Hour, engine.PauseOnAlert},
		}},
	})

	check("begins", []Beginning{got.Jobs[0].Begins, got.Jobs[2].Begins}, []Beginning{BeginsActive, BeginsStopped})
	check("records", got.Records, []Records{
		{Name: "old", Map: 0, Both: 40, Differ: 0.025, FinOps: 10, Dataverse: 20, Companies: []string{}},
		{Name: "known", Map: 1, Both: 3, Linked: true, Companies: []string{"USMF", "DEMF"}, Contents: []Written{{0, []string{"Open", "Open", "Closed"}}}},
		{Name: "memos", Map: 3, Dataverse: 5, Companies: []string{}, Contents: []Written{{0, []string{"Closed"}}, {1, []string{"12.5", ""}}}},
	})
	check("contents of a step", got.Workload[1].Transaction[2].Contents, []Written{{0, []string{"Closed"}}})

	check("profile", got.Workload[0].Arrivals.Rate, Profile{
		{0, Rate{2, time.Second}}, {time.Hour, Rate{25, time.Minute}}, {24 * time.Hour, Rate{0, time.Hour}},
	})
	check("create", got.Workload[0].Transaction[0].Create, sim.Count(sim.Fixed(1)))
	check("create many has mean", got.Workload[0].Transaction[1].Create.Mean(), 40.0)
	check("steps", got.Workload[1].Transaction[1], Step{Name: "again", Map: 0, Update: sim.Geometric(2)})
	check("first step's pick", got.Workload[1].Transaction[0].Pick, Pick{1.1})
	check("first step's columns", got.Workload[1].Transaction[0].Columns, []int{0, 1})
	check("enabled", []bool{got.Workload[0].Enabled, got.Workload[1].Enabled}, []bool{true, false})
	check("open-for", got.Workload[1].OpenFor, sim.Dist(sim.Lognormal{P50: 40, P99: 600}))
	check("concurrent-edit", *got.Workload[1].ConcurrentEdit, ConcurrentEdit{Probability: 0.02, Gap: sim.Exponential(5)})
	check("no concurrent-edit", got.Workload[0].ConcurrentEdit == nil && got.Workload[0].OpenFor == nil && got.Workload[0].Trace == nil, true)
	check("trace", *got.Workload[2].Trace, Trace{
		File: "day.csv", At: "at", Transaction: "invoice", Speed: 10, Shift: -time.Hour,
		Rows: []TraceRow{
			{
				Name: "customers", Map: 0, Once: PerKey, Ahead: 10 * time.Minute,
				Key: []Source{{Target: 0, Column: "customer", Empty: "WALK-IN"}}, Values: []Source{{Target: 1, Constant: "12.5"}}, Lookups: []Source{},
			},
			{
				Name: "invoices", Map: 1, Once: PerTransaction, Company: "country",
				Key: []Source{{Target: 0, Column: "invoice"}}, Lookups: []Source{{Target: 0, Column: "customer", Empty: "WALK-IN"}}, Values: []Source{{Target: 0, Constant: "Open"}},
			},
			{
				Name: "detail", Map: 2, Company: "country",
				Key: []Source{{Target: 0, Column: "invoice"}, {Target: 1, Column: "line"}}, Lookups: []Source{{Target: 0, Column: "invoice", Map: 1}}, Values: []Source{{Target: 0, Column: "price"}},
			},
		},
		Operation: OperationRule{engine.Update, []OperationCase{{"case-1", "invoice", "#", engine.Create}, {"other", "invoice", "C", engine.Update}}},
	})
	check("validations", got.Validations, []Validation{
		{Name: "validation-1", Map: 2, Side: engine.Dataverse, Refuse: 0.003, Reason: "unit: not allowed"},
		{Name: "validation-2", Map: 0, Side: engine.FinOps, Required: &RuleOn{Column: 0}, Users: true, Reason: "0x80072560: The user is not a member of the organization."},
		{Name: "validation-3", Map: 0, Side: engine.Dataverse, Range: &RuleOn{Column: 1, Low: -500_000, High: 100_000_000}, Reason: "refused by a business rule"},
		{Name: "validation-4", Map: 1, Side: engine.Dataverse, Allowed: &RuleOn{Values: []string{"Open", "Closed"}}, Reason: "refused by a business rule"},
		{Name: "validation-5", Map: 1, Side: engine.Dataverse, Longest: &RuleOn{Most: 60}, Reason: "refused by a business rule"},
	})
	link, other := engine.FinOps, engine.Dataverse
	closed := 1
	check("faults", got.Faults, []Fault{
		{Name: "fault-1", Kind: Outage, At: 2 * time.Hour, For: 10 * time.Minute, Side: engine.Dataverse},
		{Name: "slow", Kind: Slow, At: 7*time.Hour + 59*time.Minute + 30*time.Second, For: 20 * time.Minute, Link: &link, Factor: 8},
		{Name: "fault-3", Kind: Slow, At: 4 * time.Hour, For: 20 * time.Minute, Side: engine.FinOps, Factor: 1.5},
		{Name: "fault-4", Kind: EngineCrash, At: 5 * time.Hour, Restart: 30 * time.Second},
		{Name: "fault-5", Kind: EngineCrash, At: 6 * time.Hour, Restart: time.Minute, Point: "write-landed"},
		{Name: "fault-6", Kind: ThrottlingStorm, At: time.Hour, Every: sim.Exponential(7200), For: 5 * time.Minute, Side: engine.Dataverse},
		{Name: "fault-7", Kind: Partition, At: 3 * time.Hour, For: time.Minute, Link: &link, Way: Answers},
		{Name: "fault-8", Kind: Loss, At: 3 * time.Hour, For: time.Minute, Link: &other, Share: 0.2},
		{Name: "fault-9", Kind: LostNotifications, At: 3 * time.Hour, For: time.Minute, Share: 0.1},
		{Name: "fault-10", Kind: DoubleNotifications, At: 3 * time.Hour, For: time.Minute, Share: 0.1},
		{Name: "fault-11", Kind: LateNotifications, At: 3 * time.Hour, For: time.Minute, Factor: 100},
		{Name: "fault-12", Kind: UnansweredWrites, Every: sim.Constant(3600), For: time.Minute, Side: engine.Dataverse, Share: 0.05},
		{Name: "fault-13", Kind: PartialBatches, At: 3 * time.Hour, For: time.Minute, Side: engine.Dataverse, Share: 1},
		{Name: "fault-14", Kind: LockedRecords, At: 3 * time.Hour, For: time.Minute, Side: engine.Dataverse, Share: 0.01},
		{Name: "fault-15", Kind: ValidationStorm, At: 3 * time.Hour, For: time.Minute, Share: 0.5},
		{Name: "fault-16", Kind: StepOfClock, At: 3 * time.Hour, Clock: ClockOfEngine, By: -90 * time.Second},
		{Name: "fault-17", Kind: StoreFull, At: 3 * time.Hour, For: time.Minute},
		{Name: "codes", Kind: MappingRemoved, At: 3 * time.Hour, For: time.Minute, Map: 3, Column: 3, Code: &closed},
		{Name: "fault-19", Kind: MappingRemoved, At: 4 * time.Hour, For: time.Minute, Map: 3, Column: 3},
	})
	from := engine.FinOps
	check("operators", got.Operators, []Operation{
		{Name: "evening", At: 4 * time.Hour, Do: engine.PauseJob, Job: "billing"},
		{Name: "operation-2", At: 5 * time.Hour, Do: engine.ResumeJob, Job: "billing", How: engine.SkipAndKeep},
		{Name: "operation-3", At: 6 * time.Hour, Do: engine.RetryParked, Job: "billing", Maps: []int{1}, Side: &from, Company: "DAT", Class: engine.ApplicationFailure},
		{Name: "operation-4", At: 6 * time.Hour, Do: engine.DismissParked, Job: "billing", Since: 2 * time.Hour, Before: 13*time.Hour + 30*time.Minute},
		{Name: "operation-5", At: 7 * time.Hour, Do: engine.StopJob, Job: "masters"},
		{Name: "operation-6", At: 7*time.Hour + 30*time.Minute, Do: engine.StartJob, Job: "masters", InitialSync: []InitialSync{}, Prerequisites: true},
		{
			Name: "operation-7", At: 8 * time.Hour, Do: engine.StartJob, Job: "other", Prerequisites: true,
			InitialSync: []InitialSync{{Name: "notes", Map: 3, Primary: engine.Dataverse, Companies: []string{}}},
		},
		{Name: "operation-8", At: 9 * time.Hour, Do: engine.StartJob, Job: "billing", InitialSync: []InitialSync{
			{Name: "all", Map: 2, Primary: engine.Dataverse, Companies: []string{}},
			{Name: "invoices", Map: 1, Legs: engine.ToDataverse, Primary: engine.FinOps, Companies: []string{"USMF"}},
		}},
		{Name: "operation-9", At: 9 * time.Hour, Do: engine.ResyncMaps, Job: "billing", Maps: []int{2}, Company: "USMF"},
		{Name: "operation-10", At: 9 * time.Hour, Do: engine.CompareMaps, Job: "masters"},
	})
	check("engine", got.Engine, Engine{
		Mode: Async, Workers: 2, Batch: 100, Queue: 500, Timeout: 90 * time.Second,
		Retry: Retry{3, 500 * time.Millisecond, 1.5, time.Minute}, Poll: 5 * time.Minute,
		Breaker: Breaker{5, 30 * time.Second}, Sequence: Barrier, OnParentError: Proceed,
		LockWait: 5 * time.Second, DeleteRace: DeleteWins, DeletePolicy: DeleteAll,
		InitialSync: CopyLimits{1000, 10}, Pause: PauseLimits{12 * time.Hour, 1_000_000},
	})
	check("integrator", got.Integrator, Integrator{
		Interval: 5 * time.Minute, Detection: integrator.ByToken, Watermark: integrator.NewestRow, Overlap: 30 * time.Second,
		OnExpired: integrator.Refuse, Batch: 50, RowsMax: 10_000,
		Projects: []Project{{Name: "out", From: engine.FinOps, Maps: []int{0, 1}}, {Name: "back", From: engine.Dataverse, Maps: []int{0}, Offset: 2 * time.Minute}},
	})
	check("bursty", *got.Workload[3].Arrivals, Arrivals{
		Process: Bursty, Rates: [2]Rate{{0.2, time.Second}, {3, time.Second}}, Dwell: [2]time.Duration{20 * time.Minute, 5 * time.Minute},
	})
	check("periodic", *got.Workload[4].Arrivals, Arrivals{Process: Periodic, Every: 10 * time.Minute, First: 2 * time.Hour})
	var week Week
	for day := range 5 {
		midnight := time.Duration(day) * 24 * time.Hour
		week = append(week, RatePoint{midnight + 8*time.Hour, Rate{25, time.Second}}, RatePoint{midnight + 17*time.Hour + 30*time.Minute, Rate{1, time.Second}})
	}
	check("weekly", got.Workload[5].Arrivals.Weekly, append(week, RatePoint{5 * 24 * time.Hour, Rate{0, time.Second}}))
	sample := got.Workload[5].OpenFor.(*Sample)
	check("sample", []any{sample.File, sample.Column, sample.Unit}, []any{"times.csv", "took", time.Millisecond})
	check("spotlight", got.Spotlight, []string{"A1", "~", "null", "- x", "a: b", "#c", "ä"})
}

// TestResolvedRoundTrip: the resolved scenario is complete, means the same,
// and resolves to itself.
func TestResolvedRoundTrip(t *testing.T) {
	t.Parallel()
	month, _, err := Load("month-end", "workload.bookings.trace.speed=4x")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Scenario{parse(t, small), everything(t), month} {
		again := parse(t, string(s.Resolved()))
		if diff := cmp.Diff(string(s.Resolved()), string(again.Resolved())); diff != "" {
			t.Errorf("%s: resolved twice (-once +twice):\n%s", s.Name, diff)
		}
		for _, in := range again.Inputs() {
			if !in.Given {
				t.Errorf("%s: %s is not in the resolved file", s.Name, in.Path)
			}
		}
		values := func(s *Scenario) (out []string) {
			for _, in := range s.Inputs() {
				out = append(out, in.Path+"="+in.Value)
			}
			return out
		}
		if diff := cmp.Diff(values(s), values(again)); diff != "" {
			t.Errorf("%s: inputs (-of the file +of the resolved file):\n%s", s.Name, diff)
		}
	}
	golden(t, "testdata/good/everything.golden", string(everything(t).Resolved()))
}

func TestInputs(t *testing.T) {
	t.Parallel()
	s := parse(t, small, "engine.workers=16", "systems.finops.commit.p50=100ms")
	inputs := map[string]result.Input{}
	before := ""
	for _, in := range s.Inputs() {
		if in.Path <= before {
			t.Errorf("%s after %s", in.Path, before)
		}
		before = in.Path
		inputs[in.Path] = in
	}
	for _, want := range []result.Input{
		{Path: "engine.workers", Value: "16", Default: "8", Given: true, Source: "assumed: the number of background workers is not published"},
		{Path: "engine.batch", Value: "10", Default: "10", Source: "documented: Dataverse guidance for bulk requests starts at about 10 operations; 1,000 is its limit"},
		{Path: "systems.finops.commit.p50", Value: "100ms", Default: "80ms", Given: true, Source: "assumed: no figures are published"},
		{Path: "systems.finops.commit.p99", Value: "900ms", Default: "900ms", Source: "assumed: no figures are published"},
		{Path: "time.run", Value: "4h", Given: true},
		{Path: "faults.fault-1.at", Value: "6h35m", Given: true},
		{Path: "workload.edits.transaction.customers.pick", Value: "uniform", Default: "uniform", Source: "assumed: no record is busier than another"},
		{Path: "maps.customers.columns.phone.type", Value: "text", Default: "text", Source: "assumed: texts are compared as they are"},
		{Path: "spotlight", Value: "[]", Default: "[]", Source: "assumed: no transaction is special"},
	} {
		if diff := cmp.Diff(want, inputs[want.Path]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Path, diff)
		}
	}
}

// TestOverrides sets a value of every kind, by its path.
func TestOverrides(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sets []string
		got  func(s *Scenario) any
		want any
	}{
		{[]string{"name=other"}, func(s *Scenario) any { return s.Name }, "other"},
		{[]string{"seed=7", "seed=8"}, func(s *Scenario) any { return s.Seed }, uint64(8)},
		{[]string{"engine.retry.base=500ms"}, func(s *Scenario) any { return s.Engine.Retry.Base }, 500 * time.Millisecond},
		{[]string{"engine={workers: 2, batch: 3}"}, func(s *Scenario) any { return [2]int{s.Engine.Workers, s.Engine.Batch} }, [2]int{2, 3}},
		{[]string{"engine={workers: 2, batch: 3}", "engine.batch=4"}, func(s *Scenario) any { return [2]int{s.Engine.Workers, s.Engine.Batch} }, [2]int{2, 4}},
		{[]string{"systems.finops.commit.p50=10ms"}, func(s *Scenario) any { return s.Systems.FinOps.Commit }, sim.Lognormal{P50: 0.01, P99: 0.9}},
		{[]string{"systems.finops.commit=10ms"}, func(s *Scenario) any { return s.Systems.FinOps.Commit }, sim.Constant(0.01)},
		{[]string{"links.engine->dataverse.latency.of.mean=1s"}, func(s *Scenario) any { return s.Links.Dataverse.Latency }, sim.Shifted{By: 0.005, Of: sim.Exponential(1)}},
		{[]string{"workload.edits.arrivals.rate=9/h"}, func(s *Scenario) any { return s.Workload[0].Arrivals.Rate }, Profile{{0, Rate{9, time.Hour}}}},
		{[]string{"workload.edits.transaction.customers.update=3"}, func(s *Scenario) any { return s.Workload[0].Transaction[0].Update }, sim.Fixed(3)},
		{[]string{"workload.edits.transaction.customers.pick={zipf: 2}"}, func(s *Scenario) any { return s.Workload[0].Transaction[0].Pick }, Pick{2}},
		{[]string{"faults.fault-1.side=finops"}, func(s *Scenario) any { return s.Faults[0].Side }, engine.FinOps},
		{
			[]string{"faults.fault-1={kind: engine-crash, at: 1h}"},
			func(s *Scenario) any { return s.Faults[0] },
			Fault{Name: "fault-1", Kind: EngineCrash, At: time.Hour, Restart: 30 * time.Second},
		},
		{[]string{"faults=[]"}, func(s *Scenario) any { return len(s.Faults) }, 0},
		{[]string{"time.start=2026-01-31T14:00:00Z"}, func(s *Scenario) any { return s.Faults[0].At }, 35 * time.Minute},
		{[]string{"maps.customers.columns.phone.type=number"}, func(s *Scenario) any { return s.Maps[0].Columns[1].Type }, Number},
	} {
		s := parse(t, small, c.sets...)
		if diff := cmp.Diff(c.want, c.got(s)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.sets, diff)
		}
	}
}

// TestMomentsOfDay: a time of day is its first occurrence from the start on.
func TestMomentsOfDay(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]time.Duration{
		"08:00": 0, "14:35": 6*time.Hour + 35*time.Minute, "07:59:59": 24*time.Hour - time.Second, "3h": 3 * time.Hour,
		"2026-01-31T10:00:00+01:00": time.Hour,
	} {
		if got := parse(t, small, "faults.fault-1.at="+at).Faults[0].At; got != want {
			t.Errorf("%s is %v after the start, want %v", at, got, want)
		}
	}
}

// TestLimits holds what costs a parser dearly to a plain refusal.
func TestLimits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"large":           {strings.Repeat("# a comment\n", documentBytesMax/10), "bytes; a scenario may have"},
		"long line":       {"name: " + strings.Repeat("x", lineBytesMax), "a line may have"},
		"open brackets":   {strings.Repeat("[", 4000), "brackets are nested"},
		"many in a line":  {strings.Repeat("- ", 2000) + "a", "indented by more than"},
		"many keys":       {strings.Repeat("a: 1\n", 100_000), "more than 6000 keys"},
		"many items":      {strings.Repeat("- a\n", 100_000), "more than 10000 items"},
		"many dashes":     {"x:\n" + strings.Repeat("-\n", 200_000), "more than 10000 items"},
		"many commas":     {"x: [" + strings.Repeat(strings.Repeat(",", 80)+"\n", 6000) + "]", "more than 50000 commas"},
		"a long list":     {"x: [" + strings.Repeat("a,\n", 10_001) + "]", "it may have 10000"},
		"many templates":  {"maps:\n" + strings.Repeat("- {template: customers-v3-organizations}\n", 2000), "more than 1000 maps"},
		"alias bomb":      {"a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "an anchor"},
		"deep indent":     {strings.Repeat(" ", 500) + "a: 1\n", "indented by more than"},
		"keys in a line":  {strings.Repeat("a: ", 1300), "not allowed"},
		"10 MB of keys":   {strings.Repeat("a: 1\n", 2_000_000), "bytes; a scenario may have"},
		"a huge number":   {"seed: " + strings.Repeat("9", 4000), "is not"},
		"anchors":         {strings.Repeat("- &a b\n", 5000), "an anchor"},
		"brackets closed": {strings.Repeat("{a: ", 800) + strings.Repeat("}", 800), "brackets are nested"},
	} {
		_, _, err := Parse("x", []byte(c.src), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.200v; want %q", name, err, c.want)
		}
	}
}

// TestManyErrors: a file with more faults than anybody reads is cut off.
func TestManyErrors(t *testing.T) {
	t.Parallel()
	src := small
	for i := range 300 {
		src += "bad" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/7) + ": 1\n"
	}
	_, _, err := Parse("x", []byte(src), nil)
	var all Errors
	if !errors.As(err, &all) || len(all) != errorsMax+1 || !strings.Contains(all[errorsMax].Msg, "more errors") {
		t.Errorf("got %d errors, the last: %v", len(all), all[len(all)-1])
	}
}

// TestNobodyReads: once as many faults are shown as will be, no more words are
// compared for suggestions. Else some thousand unknown names of some thousand
// known ones take minutes.
func TestNobodyReads(t *testing.T) {
	t.Parallel()
	errs := &collector{}
	for i := range errorsMax {
		if errs.didYouMean("custmers", []string{"customers"}) == "" {
			t.Fatalf("no suggestion for fault %d", i+1)
		}
		errs.report(position{&origin{file: "x"}, i + 1, 1}, "", "", "a fault")
	}
	if got := errs.didYouMean("custmers", []string{"customers"}); got != "" {
		t.Errorf("with %d faults there is still a suggestion: %s", errorsMax, got)
	}
}

// TestNearest: what is left out because lengths differ would not have been near.
func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"a", "workers", "worker", "work", "batch", "breaker", "a-very-long-word-beside-the-others", "wörkers"}
	for _, word := range words {
		for _, known := range words {
			near := editDistance(word, known) < len(word)/3+2
			if got := nearest(word, []string{known}) != ""; got != near {
				t.Errorf("%s is near %s: %v, want %v", word, known, got, near)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "small.yaml")
	if err := os.WriteFile(file, []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, _, err := Load(file, "seed=3"); err != nil || s.Seed != 3 || string(s.Source()) != small {
		t.Errorf("Load = %v, %v", s, err)
	}
	for _, c := range []struct{ name, want string }{
		{"mont-end", "did you mean month-end?"},
		{filepath.Join(dir, "nothing.yaml"), "no such file"},
		{dir, "not a regular file"},
		{"/dev/zero", "not a regular file"},
	} {
		if _, _, err := Load(c.name); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Load(%q) = %v; want %q", c.name, err, c.want)
		}
	}
	if !slices.Contains(Names(), "month-end") {
		t.Errorf("Names() = %v", Names())
	}
}

// TestHash: the identity follows the settings, the traces and the model, and
// nothing else.
func TestHash(t *testing.T) {
	t.Parallel()
	hash := func(model, trace, src string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "day.csv"), []byte(trace), 0o644); err != nil {
			t.Fatal(err)
		}
		s, _, err := Parse(filepath.Join(dir, "s.yaml"), []byte(src), nil)
		if err != nil {
			t.Fatal(err)
		}
		h, err := s.Hash(model)
		if err != nil || len(h) != 8 {
			t.Fatalf("Hash = %q, %v", h, err)
		}
		return h
	}
	one := hash("1", "", traced)
	if two := hash("1", "", "# a comment\n"+traced); two != one {
		t.Error("a comment changes the hash")
	}
	for what, other := range map[string]string{
		"model":   hash("2", "", traced),
		"trace":   hash("1", "x", traced),
		"setting": hash("1", "", traced+"seed: 2\n"),
	} {
		if other == one {
			t.Errorf("another %s does not change the hash", what)
		}
	}
}

// FuzzParse: whatever the file, Parse ends with a scenario or with errors
// that have a place, and what it accepts it writes so that it reads it again.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/*/*.yaml", "builtin/*.yaml", "starters/*.yaml"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src, strings.Join(setsOf(src), "\n"))
		}
	}
	f.Add([]byte(small), "engine.workers=3\nfaults.fault-1={kind: slow, at: 1h, for: 1m, link: engine->finops, factor: 2}")
	f.Fuzz(func(t *testing.T, src []byte, set string) {
		var sets []string
		if set != "" {
			sets = strings.Split(set, "\n")
		}
		s, warnings, err := Parse("fuzz.yaml", src, sets)
		var all Errors
		if err != nil && !errors.As(err, &all) {
			t.Fatalf("an error of another kind: %v", err)
		}
		if (err == nil) != (s != nil) {
			t.Fatalf("Parse = %v, %v", s, err)
		}
		for _, e := range append(all, warnings...) {
			if e.Line < 1 || e.Column < 1 || e.Msg == "" {
				t.Errorf("incomplete: %+v", e)
			}
		}
		if err != nil {
			return
		}
		resolved := s.Resolved()
		again, _, err := Parse("again.yaml", resolved, nil)
		if err != nil {
			t.Fatalf("%v\nin the resolved scenario:\n%s", err, resolved)
		}
		if got := again.Resolved(); string(got) != string(resolved) {
			t.Errorf("resolved twice (-once +twice):\n%s", cmp.Diff(string(resolved), string(got)))
		}
	})
}

// TestArrivalsExpected compares mean numbers of arrivals with sums by hand.
func TestArrivalsExpected(t *testing.T) {
	t.Parallel()
	hour := func(n float64) Rate { return Rate{n, time.Hour} }
	office := Week{{8 * time.Hour, hour(10)}, {16 * time.Hour, hour(1)}, {5 * 24 * time.Hour, hour(0)}}
	monday := time.Date(2026, 1, 26, 6, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		arrivals Arrivals
		time     Time
		want     float64
	}{
		{"bursty", Arrivals{Process: Bursty, Rates: [2]Rate{hour(2), hour(10)}, Dwell: [2]time.Duration{3 * time.Hour, time.Hour}}, Time{Run: 8 * time.Hour}, 32},
		{"periodic", Arrivals{Process: Periodic, Every: time.Hour, First: 30 * time.Minute}, Time{Run: 4 * time.Hour}, 4},
		{"periodic begins too late", Arrivals{Process: Periodic, Every: time.Hour, First: 5 * time.Hour}, Time{Run: 4 * time.Hour}, 0},
		{"a Monday", Arrivals{Weekly: office}, Time{Start: monday, Run: 12 * time.Hour}, 8*10 + 2*1},
		{"a whole week", Arrivals{Weekly: office}, Time{Start: monday, Run: weekLength}, 8*10 + 4*24 + 8},
		{"the Monday after", Arrivals{Weekly: office}, Time{Start: monday.AddDate(0, 0, -1), Run: 27 * time.Hour}, 10},
	} {
		if got := c.arrivals.expected(c.time); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v arrivals, want %v", c.name, got, c.want)
		}
	}
}

// TestSamples reads measured times, and refuses what is none.
func TestSamples(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load := func(sample, form string) (*Scenario, error) {
		for file, text := range map[string]string{"times.csv": sample, "s.yaml": small} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s, _, err := Load(filepath.Join(dir, "s.yaml"), "workload.edits.open-for="+form)
		return s, err
	}
	const form = "{dist: shifted, by: 1s, of: {dist: empirical, file: times.csv, column: took, unit: 1ms}}"
	s, err := load("who,took\na,250\nb,0.75s\nc,\"500\"\n", form)
	if err != nil {
		t.Fatal(err)
	}
	d := s.Workload[0].OpenFor
	for u, want := range map[float64]float64{0.1: 1.25, 0.5: 1.5, 0.9: 1.75} {
		if got := d.Quantile(u); math.Abs(got-want) > 1e-12 {
			t.Errorf("the quantile of %v is %v s, want %v", u, got, want)
		}
	}
	if math.Abs(d.Mean()-1.5) > 1e-12 {
		t.Errorf("the mean is %v s, want 1.5", d.Mean())
	}
	hash, err := s.Hash("1")
	if err != nil {
		t.Fatal(err)
	}
	if s, err = load("who,took\na,251\n", form); err != nil {
		t.Fatal(err)
	}
	if other, err := s.Hash("1"); err != nil || other == hash {
		t.Errorf("another sample has the hash %s too, %v", other, err)
	}

	var all []string
	for _, c := range [][2]string{
		{"who,took\na,fast\nb,-5\nc,-5ms\nd,1e99\n", form},
		{"took\n250\n", "{dist: empirical, file: times.csv, column: took}"},
		{"took\n250\n", "{dist: empirical, file: times.csv, column: tok}"},
		{"took\n", "{dist: empirical, file: times.csv, column: took}"},
		{"", "{dist: empirical, file: times.csv, column: took}"},
		{"took\n1s,2s\n", "{dist: empirical, file: times.csv, column: took}"},
		{"took\n1s\n", "{dist: empirical, file: nothing.csv, column: took}"},
	} {
		_, err := load(c[0], c[1])
		if err == nil {
			t.Fatalf("%q was taken for a sample", c[0])
		}
		all = append(all, err.Error())
	}
	golden(t, "testdata/sample.golden", strings.Join(all, "\n---\n")+"\n")
}

// TestProfileExpected compares the mean number of events with areas by hand.
func TestProfileExpected(t *testing.T) {
	t.Parallel()
	at := func(after time.Duration, perHour float64) RatePoint {
		return RatePoint{after, Rate{perHour, time.Hour}}
	}
	for _, c := range []struct {
		name    string
		profile Profile
		length  time.Duration
		want    float64
	}{
		{"constant", Profile{at(0, 6)}, 90 * time.Minute, 9},
		{"ramp", Profile{at(0, 0), at(2*time.Hour, 8)}, 2 * time.Hour, 8},
		{"half a ramp", Profile{at(0, 0), at(2*time.Hour, 8)}, time.Hour, 2},
		{"constant before and after", Profile{at(time.Hour, 4), at(2*time.Hour, 8)}, 3 * time.Hour, 4 + 6 + 8},
		{"ends before the first point", Profile{at(time.Hour, 4), at(2*time.Hour, 8)}, 30 * time.Minute, 2},
	} {
		if got := c.profile.expected(c.length); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: %v events, want %v", c.name, got, c.want)
		}
	}
}
