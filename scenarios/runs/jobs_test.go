package runs

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// desk is customers who come and go on both sides, some of them refused.
const desk = `schema: twinwrite/v1
name: desk
seed: 3
time: {start: 2026-02-02T08:00:00Z, run: 2h, drain: 30m}
maps:
  - name: customers
    finops: CustomersV3
    dataverse: accounts
    key: [accountnumber]
    columns: [name, {name: status, contents: [Open]}]
    filter: {finops: {status: Open}}
jobs:
  - {name: sales, primary: finops, sequence: [customers], alerts: [{count: 5, within: 30m, action: notify}]}
records:
  - {name: old, map: customers, both: 60, differ: 100%}
workload:
  - name: entry
    side: finops
    arrivals: {rate: 1/m}
    transaction: [{map: customers, create: 1}]
  - name: edits
    side: dataverse
    arrivals: {rate: 1/m}
    transaction: [{map: customers, update: 1, columns: [name]}]
  - name: leavers
    side: finops
    arrivals: {rate: 10/h}
    transaction: [{map: customers, update: 1, columns: [status], contents: {status: Closed}}]
validations:
  - {map: customers, side: dataverse, refuse: 20%}
`

// observed runs a scenario that is given as text, and demands that no property is
// broken in it.
func observed(t *testing.T, src string, sets ...string) *result.Run {
	t.Helper()
	r := run(t, src, sets...)
	holds(t, r)
	return r
}

// TestAlerts: people are told of failures, and a job is paused or stopped where
// the alert says so, until an operator lets it go on.
func TestAlerts(t *testing.T) {
	t.Parallel()
	const operators, action = "operators=[{at: 1h30m, do: resume, job: sales}]", "jobs.sales.alerts.alert-1.action="
	told := observed(t, desk)
	if n := len(told.Alerts); n < 2 || told.Alerts[0].Action != "notify" || told.Alerts[0].Job != "sales" || told.Alerts[0].Class != "application" || told.Alerts[0].Count != 5 {
		t.Errorf("%d alerts: %+v", n, told.Alerts)
	}
	if len(told.Faults) > 0 {
		t.Errorf("an alert that tells has kept a job from its work: %+v", told.Faults)
	}
	for _, kind := range []string{"pause", "stop"} {
		held := observed(t, desk, action+kind)
		if len(held.Alerts) != 1 || len(held.Faults) != 1 || held.Faults[0].Kind != kind || held.Faults[0].From != held.Alerts[0].At || held.Faults[0].To != held.End {
			t.Errorf("%s: alerts %+v, periods %+v", kind, held.Alerts, held.Faults)
		}
	}
	resumed := observed(t, desk, action+"pause", operators)
	if len(resumed.Alerts) < 2 || len(resumed.Faults) < 2 || resumed.Faults[0].To != 90*time.Minute || resumed.Faults[1].To != resumed.End {
		t.Errorf("alerts %+v, periods %+v", resumed.Alerts, resumed.Faults)
	}
	if rare := observed(t, desk, "jobs.sales.alerts.alert-1.classes=[system]"); len(rare.Alerts) > 0 {
		t.Errorf("nothing failed for the system's sake: %+v", rare.Alerts)
	}
}

// TestUnlinkedAndLeaving: what becomes of records that no sync has linked, and of
// those that leave their map's filter.
func TestUnlinkedAndLeaving(t *testing.T) {
	t.Parallel()
	const calm = "validations=[]"
	conflicts := func(r *result.Run) uint64 { return countOutcomes(r, "conflict", "") }
	carry, primary := observed(t, desk, calm), observed(t, desk, calm, "maps.customers.unlinked=primary")
	if a, b := conflicts(carry), conflicts(primary); a > 5 || b < 10 {
		t.Errorf("%d conflicts when changes are carried, %d when the primary decides", a, b)
	}
	left, deleted := carry.Maps[0], observed(t, desk, calm, "maps.customers.on-leave=delete").Maps[0]
	if left.Alive[1] < left.Alive[0] || deleted.Alive[1]+5 > deleted.Alive[0] {
		t.Errorf("left alone: %+v; deleted: %+v", left, deleted)
	}
}

// TestRules: what breaks a rule of the other side is refused, every time, with the
// rule's text, and nothing else is.
func TestRules(t *testing.T) {
	t.Parallel()
	const edits = "workload.edits.enabled=false"
	const contents = "workload.entry.transaction.customers.contents="
	const text = "0x80072560: The user is not a member of the organization."
	for name, rule := range map[string]struct{ given, writes string }{
		"required": {"required: name", "{name: [amber, '']}"},
		"allowed":  {"allowed: {name: [amber, blue]}", "{name: [amber, copper]}"},
		"longest":  {"longest: {name: 5}", "{name: [amber, umber-brown]}"},
	} {
		r := observed(t, desk, edits, contents+rule.writes, "validations=[{map: customers, side: dataverse, reason: not-a-member, "+rule.given+"}]")
		m := r.Maps[0]
		refused := uint64(0)
		for _, e := range r.Errors {
			if e.Class == "application" && e.Message == text {
				refused += e.Count
			}
		}
		if refused < 30 || refused > 90 || m.Parked < 30 || m.Parked > 90 {
			t.Errorf("%s: %d refused, %+v, %+v", name, refused, m, r.Errors)
		}
		if r := observed(t, desk, edits, contents+"{name: amber}", "validations=[{map: customers, side: dataverse, "+rule.given+"}]"); r.Maps[0].Parked > 0 {
			t.Errorf("%s: what keeps the rule is refused: %+v", name, r.Errors)
		}
	}
	const number = "maps.customers.columns=[name, {name: status, contents: [Open]}, {name: credit, type: number, contents: [1, 10, 100]}]"
	low := observed(t, desk, edits, number, "validations=[{map: customers, side: dataverse, range: {credit: [0, 50]}}]")
	if p := low.Maps[0].Parked; p < 20 || p > 70 {
		t.Errorf("range: %+v", low.Maps[0])
	}
	strict := observed(t, desk, number, edits, "validations=[{map: customers, side: finops, users: true, range: {credit: [0, 50]}}]")
	if strict.Totals.Rejected < 20 {
		t.Errorf("%d users were refused", strict.Totals.Rejected)
	}
}

// TestDeleteStyle: an engine that dies between the two sides of a live delete whose
// transaction fails then brings the record back, or shows it again.
func TestDeleteStyle(t *testing.T) {
	t.Parallel()
	const src = `schema: twinwrite/v1
name: deletes
time: {start: 2026-02-02T08:00:00Z, run: 1h, drain: 30m}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name, {name: note, direction: to-finops}]}
jobs: [{name: sales, primary: finops, sequence: [customers]}]
records: [{name: old, map: customers, both: 200, linked: true}]
workload:
  - {name: deletes, side: finops, arrivals: {rate: 2/m}, transaction: [{map: customers, delete: 1}]}
faults:
  - {every: 5m, kind: engine-crash, point: live-write-landed, restart: 3m}
`
	restored, hidden := observed(t, src), observed(t, src, "systems.dataverse.delete-style=hide")
	for name, r := range map[string]*result.Run{"restore": restored, "hide": hidden} {
		if r.Live.Undone == 0 || r.Totals.Crashes == 0 {
			t.Errorf("%s: %+v after %d crashes: nothing was undone", name, r.Live, r.Totals.Crashes)
		}
	}
	if restored.Digest == hidden.Digest {
		t.Error("hiding has no effect")
	}
}
