package runs

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestFaultsTakeEffect: each kind of fault changes what happens, is told of as
// it struck, and breaks no property.
func TestFaultsTakeEffect(t *testing.T) {
	t.Parallel()
	usual := run(t, crowd, "faults=[]")
	holds(t, usual)
	for _, c := range []struct {
		fault, kind string
		shows       func(r *result.Run) bool
	}{
		{"{kind: throttling-storm, side: dataverse, at: 1h, for: 10m}", "throttling-storm", func(r *result.Run) bool { return slowest(r) > 5*60 }},
		{"{kind: partition, link: engine->dataverse, at: 1h, for: 10m}", "partition", func(r *result.Run) bool { return slowest(r) > 5*60 }},
		{"{kind: partition, link: engine->dataverse, at: 1h, for: 10m, way: requests}", "partition", func(r *result.Run) bool { return slowest(r) > 5*60 }},
		{"{kind: partition, link: engine->dataverse, at: 1h, for: 10m, way: answers}", "partition", func(r *result.Run) bool {
			return r.Totals.Retries > usual.Totals.Retries
		}},
		{"{kind: loss, link: engine->finops, at: 1h, for: 30m, share: 20%}", "loss", func(r *result.Run) bool { return slowest(r) > 2*slowest(usual) }},
		{"{kind: lost-notifications, side: dataverse, at: 1h, for: 30m, share: 100%}", "lost-notifications", func(r *result.Run) bool { return typical(r) > typical(usual) }},
		{"{kind: duplicate-notifications, side: dataverse, at: 1h, for: 30m, share: 100%}", "duplicate-notifications", func(r *result.Run) bool {
			return r.Totals.Notifications > usual.Totals.Notifications
		}},
		{"{kind: late-notifications, side: finops, at: 1h, for: 30m, factor: 100}", "late-notifications", func(r *result.Run) bool { return typical(r) > typical(usual) }},
		{"{kind: unanswered-writes, side: dataverse, at: 1h, for: 30m, share: 20%}", "unanswered-writes", func(r *result.Run) bool { return slowest(r) > 60 }},
		{"{kind: partial-batches, side: dataverse, at: 1h, for: 30m, share: 20%}", "partial-batches", func(r *result.Run) bool { return slowest(r) > 60 }},
		{"{kind: locked-records, side: dataverse, at: 1h, for: 30m, share: 20%}", "locked-records", func(r *result.Run) bool { return slowest(r) > 2*slowest(usual) }},
		{"{kind: validation-storm, side: dataverse, at: 1h, for: 30m, share: 50%}", "validation-storm", func(r *result.Run) bool {
			return countOutcomes(r, "application", "") > 20
		}},
		{"{kind: store-full, at: 1h, for: 10m}", "store-full", func(r *result.Run) bool { return slowest(r) > 5*60 }},
		{"{kind: clock-step, clock: engine, at: 1h, by: +10m}", "clock-step", nil},
		{"{kind: clock-step, clock: dataverse, at: 1h, by: -10m}", "clock-step", nil},
		{"{kind: engine-crash, at: 1h, point: after-read}", "engine-crash", func(r *result.Run) bool { return r.Totals.Crashes == 1 }},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			r := run(t, crowd, "faults=["+c.fault+"]")
			holds(t, r)
			if len(r.Faults) != 1 || r.Faults[0].Kind != c.kind {
				t.Errorf("told of %+v", r.Faults)
			}
			if c.shows != nil && !c.shows(r) {
				t.Errorf("it does not show: the slowest took %.0f s (%.0f s without), the mean %.2f s (%.2f s), %d retries (%d), outcomes %+v",
					slowest(r), slowest(usual), typical(r), typical(usual), r.Totals.Retries, usual.Totals.Retries, r.Outcomes)
			}
		})
	}
}

// mapped is a day of orders with a status that has codes.
const mapped = `schema: twinwrite/v1
name: mapped
seed: 3
time: {start: 2026-01-31T08:00:00Z, run: 3h, drain: 30m}
runs: {count: 3}
maps:
  - name: orders
    finops: SalesOrderHeadersV2
    dataverse: salesorders
    key: [ordernumber]
    columns: [name, {name: status, values: {codes: [[Open, "1"], [Backorder, "2"], [Delivered, "3"], [Invoiced, "4"]]}}]
jobs:
  - {name: sales, primary: finops, sequence: [orders]}
workload:
  - {name: new, side: finops, arrivals: {rate: 100/h}, transaction: [{map: orders, create: 1}]}
  - {name: crm, side: dataverse, arrivals: {rate: 100/h}, transaction: [{map: orders, update: 1}]}
`

// TestMappingRemoved: while a code is missing, changes to it fail and others do
// not; once it is back, a retry carries them. Users of live sync are told at once.
func TestMappingRemoved(t *testing.T) {
	t.Parallel()
	one := `faults=[{kind: mapping-removed, map: orders, column: status, code: Delivered, at: 1h, for: 1h}]`
	all := `faults=[{kind: mapping-removed, map: orders, column: status, at: 1h, for: 1h}]`
	twice := `faults=[{kind: mapping-removed, map: orders, column: status, at: 1h, for: 1h}, {kind: mapping-removed, map: orders, column: status, code: Open, at: 30m, for: 1h}]`
	unmapped := func(r *result.Run) uint64 { return countOutcomes(r, "application", "unmapped value") }
	if usual := run(t, mapped); unmapped(usual) != 0 {
		t.Fatalf("%d changes fail with all codes there", unmapped(usual))
	}
	some, every, both := run(t, mapped, one), run(t, mapped, all), run(t, mapped, twice)
	for _, r := range []*result.Run{some, every, both} {
		holds(t, r)
	}
	// 200 changes an hour, a quarter of them to each code; edits of Dataverse leave it
	// as often as they write it.
	if n := unmapped(some); n < 25 || n > 75 {
		t.Errorf("without one code of four %d changes fail, want about 45 of 200", n)
	}
	if n := unmapped(every); n < 2*unmapped(some) || n > 200 {
		t.Errorf("without any code %d changes fail", n)
	}
	if n := unmapped(both); n < unmapped(every)+10 {
		t.Errorf("%d changes fail where one code is missing for half an hour more, %d else", n, unmapped(every))
	}
	if f := some.Faults; len(f) != 1 || f[0].Target != "orders.status" || f[0].Note != "the code Delivered" || f[0].To-f[0].From != time.Hour {
		t.Errorf("told of %+v", f)
	}
	retried := run(t, mapped, one, "operators=[{at: 2h1m, do: retry, job: sales}]")
	if n := unmapped(retried); n != 0 || retried.Maps[0].Divergent != 0 || retried.Maps[0].Parked != 0 {
		t.Errorf("after a retry %d changes have failed: %+v", n, retried.Maps[0])
	}
	live := run(t, mapped, one, "engine.mode=live")
	holds(t, live)
	if n := endedSaves(live, "refused by the other side"); n < 25 || live.Totals.Rejected != n {
		t.Errorf("%d saves are refused by the other side, of %d that fail", n, live.Totals.Rejected)
	}
}

// TestMappingRemovedInOneWorld: runs share their maps, and a code that is missing
// in one is not missing in another.
func TestMappingRemovedInOneWorld(t *testing.T) {
	t.Parallel()
	src := mapped + "faults: [{kind: mapping-removed, map: orders, column: status, every: {dist: exponential, mean: 1h}, for: 10m}]\n"
	s, _, err := scenarios.Parse("test.yaml", []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	one, err := Simulate(context.Background(), s, Options{Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	three, err := Simulate(context.Background(), s, Options{Jobs: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i := range one.Runs {
		if one.Runs[i].Digest != three.Runs[i].Digest {
			t.Errorf("run %d differs where others run beside it", i+1)
		}
	}
}

// TestFaultThatComesAgain: it strikes while users work, at other times in each
// run, and in the same run always at the same times.
func TestFaultThatComesAgain(t *testing.T) {
	t.Parallel()
	const again = "faults=[{kind: outage, side: dataverse, at: 30m, every: {dist: exponential, mean: 30m}, for: 2m}]"
	got := set(t, crowd, Options{}, again, "runs.count=3")
	times := map[time.Duration]bool{}
	for _, r := range got.Runs {
		for _, f := range r.Faults {
			if f.From < 30*time.Minute || f.From >= 3*time.Hour || f.To-f.From != 2*time.Minute {
				t.Errorf("an outage from %v to %v", f.From, f.To)
			}
			times[f.From] = true
		}
	}
	if len(times) < 6 || len(times) > 30 {
		t.Errorf("%d outages in three runs of 2.5 hours, each half an hour apart on average", len(times))
	}
	same := set(t, crowd, Options{Jobs: 2}, again, "runs.count=3")
	for i := range got.Runs {
		if got.Runs[i].Digest != same.Runs[i].Digest {
			t.Errorf("run %d differs from itself", i)
		}
	}
}

// TestOperators: a job that an operator pauses carries nothing until it is
// resumed, in one of three ways; what is on the error desk is retried or
// dismissed; what the engine refuses is told.
func TestOperators(t *testing.T) {
	t.Parallel()
	const pause = "operators=[{at: 1h, do: pause, job: sales}, {at: 2h, do: resume, job: sales"
	usual := run(t, crowd, "faults=[]")
	caught := run(t, crowd, "faults=[]", pause+"}]")
	holds(t, caught)
	if s := slowest(caught); s < 55*60 || s > 70*60 {
		t.Errorf("the slowest change took %.0f s over a pause of an hour", s)
	}
	if len(caught.Faults) != 1 || caught.Faults[0] != (result.Period{Kind: "pause", Target: "sales", From: time.Hour, To: 2 * time.Hour, Note: "catch-up"}) {
		t.Errorf("told of %+v", caught.Faults)
	}
	kept := run(t, crowd, "faults=[]", pause+", how: skip-and-keep}]")
	if n := countOutcomes(kept, "parked", ""); n+countOutcomes(kept, "application", "")+countOutcomes(kept, "system", "") < 100 {
		t.Errorf("after skip-and-keep: %+v", kept.Outcomes)
	}
	forgot := run(t, crowd, "faults=[]", pause+", how: skip-and-forget}]")
	if countOutcomes(forgot, "dismissed", "") < 100 || countOutcomes(usual, "dismissed", "") > 0 {
		t.Errorf("after skip-and-forget: %+v", forgot.Outcomes)
	}

	const refuse = "faults=[{kind: validation-storm, side: dataverse, at: 30m, for: 30m, share: 50%}]"
	left := run(t, crowd, refuse)
	retried := run(t, crowd, refuse, "operators=[{at: 2h, do: retry, job: sales, class: application}]")
	holds(t, retried)
	if was, is := countOutcomes(left, "application", ""), countOutcomes(retried, "application", ""); was < 20 || is > was/4 {
		t.Errorf("%d application failures at the end, %d after a retry", was, is)
	}
	dismissed := run(t, crowd, refuse, "operators=[{at: 2h, do: dismiss, job: sales, maps: [orders]}]")
	if countOutcomes(dismissed, "dismissed", "") == 0 {
		t.Errorf("after a dismissal: %+v", dismissed.Outcomes)
	}
	all := countOutcomes(dismissed, "dismissed", "")
	for span, some := range map[string]bool{"since: 45m": true, "before: 45m": true, "since: 30m, before: 1h1m": false, "before: 30m": true, "since: 1h1m": true} {
		n := countOutcomes(run(t, crowd, refuse, "operators=[{at: 2h, do: dismiss, job: sales, maps: [orders], "+span+"}]"), "dismissed", "")
		if none := span == "before: 30m" || span == "since: 1h1m"; n > all || none != (n == 0) || some && n == all {
			t.Errorf("%d of %d are dismissed that have failed %s", n, all, span)
		}
	}
	refused := run(t, crowd, "faults=[]", "operators=[{at: 1h, do: resume, job: sales}]")
	if len(refused.Faults) != 1 || !strings.HasPrefix(refused.Faults[0].Note, "refused: ") {
		t.Errorf("told of %+v", refused.Faults)
	}
}
