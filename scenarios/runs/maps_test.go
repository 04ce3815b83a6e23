package runs

import (
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// crowd is an afternoon in which both sides create and edit the same records.
const crowd = `schema: twinwrite/v1
name: crowd
seed: 11
time: {start: 2026-01-30T12:00:00Z, run: 3h, drain: 1h}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name, phone, note]}
  - {name: orders, finops: Headers, dataverse: salesorders, key: [number], columns: [status], lookups: {customer: customers}}
jobs:
  - {name: sales, primary: finops, sequence: [customers, orders]}
workload:
  - name: masters
    side: finops
    arrivals: {rate: 120/h}
    transaction: [{map: customers, create: 1}]
  - name: orders
    side: finops
    arrivals: {rate: 120/h}
    transaction: [{map: orders, create: 2}]
  - name: finops-edits
    side: finops
    arrivals: {rate: 240/h}
    transaction: [{map: customers, update: 1, pick: {zipf: 1.1}, columns: [phone]}]
    concurrent-edit: {probability: 50%, gap: {dist: exponential, mean: 1s}}
  - name: dataverse-edits
    side: dataverse
    arrivals: {rate: 240/h}
    transaction: [{map: customers, update: 1, pick: {zipf: 1.1}, columns: [note]}]
faults: [{kind: outage, side: dataverse, at: 1h, for: 10m}]
`

// TestMapsTakeEffect: each setting of a map, and of what needs it, changes what
// happens, shows what it is named after, and breaks no property.
func TestMapsTakeEffect(t *testing.T) {
	t.Parallel()
	usual := run(t, crowd)
	holds(t, usual)
	conflicts := func(r *result.Run) uint64 { return countOutcomes(r, "conflict", "") }
	from := func(r *result.Run, side int) (n uint64) {
		for _, m := range r.Maps {
			n += m.Captured[side]
		}
		return n
	}
	alive := func(r *result.Run, m, side int) uint64 { return r.Maps[m].Alive[side] }
	divergent := func(r *result.Run) (n uint64) {
		for _, m := range r.Maps {
			n += m.Divergent
		}
		return n
	}
	if conflicts(usual) == 0 || divergent(usual) > 0 {
		t.Fatalf("%d conflicts and %d pairs that differ: the test shows nothing", conflicts(usual), divergent(usual))
	}
	const columns = "maps.customers.columns="
	pool := "1"
	for i := range 300 {
		pool += fmt.Sprintf(", %d", i+2)
	}
	both := []string{ // create and edit nothing, and do not hear of each other for a while
		"workload.finops-edits.enabled=false", "workload.dataverse-edits.transaction=[{map: customers, create: 1}]",
		"faults=[{kind: partition, link: engine->dataverse, at: 20m, for: 20m}]",
	}
	for _, c := range []struct {
		name  string
		sets  []string
		shows func(r *result.Run) bool
	}{
		{"one way", []string{"maps.customers.direction=to-dataverse"}, func(r *result.Run) bool { return from(r, 1) == 0 && from(r, 0) > 0 }},
		{"a column one way", []string{columns + "[name, phone, {name: note, direction: to-finops}]"}, func(r *result.Run) bool { return conflicts(r) < conflicts(usual) }},
		{"each field by itself", []string{"maps.customers.granularity=field"}, func(r *result.Run) bool { return conflicts(r) < conflicts(usual) }},
		{"codes without fall-through", []string{columns + "[name, phone, {name: note, contents: [amber, blue], values: {codes: [[amber, A]]}}]"}, func(r *result.Run) bool {
			return countOutcomes(r, "application", "unmapped value") > 0
		}},
		{"codes with fall-through", []string{columns + "[name, phone, {name: note, contents: [amber, blue, copper, A], values: {codes: [[amber, A], [blue, B]], fall-through: true}}]"}, func(r *result.Run) bool {
			// What looks like a code of the other side has none of its own; copper
			// passes as it is.
			failed := countOutcomes(r, "application", "unmapped value")
			return failed > 0 && countOutcomes(r, "application", "") == failed && countOutcomes(r, "synced", "") > 2*failed
		}},
		{"codes that users write", []string{columns + "[name, phone, {name: note, values: {codes: [[amber, A], [blue, B]]}}]"}, func(r *result.Run) bool {
			return countOutcomes(r, "application", "") == 0 && conflicts(r) > 0
		}},
		{"a constant", []string{columns + "[name, phone, {name: note, direction: to-dataverse, constant: X}]"}, func(r *result.Run) bool { return countOutcomes(r, "synced", "") > 0 }},
		{"a filter", []string{"maps.customers.filter={finops: {name: amber}}"}, func(r *result.Run) bool {
			return alive(r, 0, 1) < alive(r, 0, 0)/2 && alive(r, 0, 1) > 0
		}},
		{"a unique column", append([]string{columns + "[name, phone, {name: note, unique: true, contents: [" + pool + "]}]"}, both...), func(r *result.Run) bool {
			// Each side turns its own users away. What both sides have given to
			// different records meanwhile, the other side refuses the engine.
			return endedSaves(r, "unique value in use") > 100 && r.Maps[0].Parked > 0
		}},
		{"the same contents, not unique", append([]string{columns + "[name, phone, {name: note, contents: [" + pool + "]}]"}, both...), func(r *result.Run) bool {
			return endedSaves(r, "unique value in use") == 0 && r.Maps[0].Parked == 0
		}},
		{"a canonical form", []string{columns + "[name, phone, {name: note, canonical: {trim-blanks: true, fold-case: true, empty-is-null: true}}]"}, nil},
		{"live orders", []string{"maps.orders.mode=live", "maps.customers.mode=live"}, func(r *result.Run) bool {
			return countOutcomes(r, "synced", "") == 0 || r.Totals.Rejected > usual.Totals.Rejected
		}},
		{"all live", []string{"engine.mode=live"}, func(r *result.Run) bool {
			return r.Totals.Captured == 0 && alive(r, 1, 1) == alive(r, 1, 0) && alive(r, 1, 0) > 0
		}},
		{"live orders, and no more than one record", []string{"maps.orders.mode=live", "systems.finops.live.records=1"}, func(r *result.Run) bool {
			return r.Totals.Rejected > 100
		}},
		{"live orders, saved in parts", []string{"maps.orders.mode=live", "systems.finops.live.records=1", "users.oversize=split"}, func(r *result.Run) bool {
			return r.Totals.Rejected < 20 && alive(r, 1, 1) > 500
		}},
		{"live edits of a few bytes", []string{"engine.mode=live", "systems.dataverse.live.size=100B"}, func(r *result.Run) bool {
			return endedSaves(r, "too many bytes for live sync") > 300
		}},
		{"concurrent edits of other columns, record by record", []string{"workload.finops-edits.concurrent-edit.columns=other", "workload.dataverse-edits.enabled=false"}, func(r *result.Run) bool {
			return conflicts(r) > 100
		}},
		{"concurrent edits of other columns, each field by itself", []string{
			"workload.finops-edits.concurrent-edit.columns=other", "workload.dataverse-edits.enabled=false", "maps.customers.granularity=field",
		}, func(r *result.Run) bool { return conflicts(r) == 0 && from(r, 1) > 100 }},
		{"concurrent edits of the same columns, each field by itself", []string{"workload.dataverse-edits.enabled=false", "maps.customers.granularity=field"}, func(r *result.Run) bool {
			return conflicts(r) > 50
		}},
		{"characters that keys may not hold", []string{`systems.dataverse.message.refused-in-keys="-"`}, func(r *result.Run) bool {
			return countOutcomes(r, "synced", "") == 0 && r.Maps[0].Parked > 300
		}},
		{"messages of no time", []string{"systems.dataverse.message.time=1ms"}, func(r *result.Run) bool {
			return countOutcomes(r, "application", "refused by validation")+r.Maps[0].Parked > 100
		}},
		{"requests of one record", []string{"systems.dataverse.message.records=1"}, func(r *result.Run) bool {
			return r.Maps[1].Parked > 100 // orders come in twos
		}},
		{"deletes", []string{"workload.finops-edits.transaction=[{map: orders, delete: 1}]"}, func(r *result.Run) bool {
			return alive(r, 1, 0) < alive(usual, 1, 0) && alive(r, 1, 1) < alive(usual, 1, 1)
		}},
		{"deletes that win", []string{"workload.finops-edits.transaction=[{map: orders, delete: 1}]", "engine.delete-race=delete-wins", "engine.delete-policy=transaction"}, nil},
		{"closed users", []string{"workload.masters.arrivals={process: closed, users: 5, think: {dist: exponential, mean: 1m}}"}, func(r *result.Run) bool {
			return r.Maps[0].Creates[0] > 500 && r.Maps[0].Creates[0] < 1300
		}},
		{"throttled", []string{"systems.dataverse.throttle={requests: 10, window: 300s}"}, func(r *result.Run) bool { return slowest(r) > 2*slowest(usual) }},
		{"plug-ins", []string{"systems.dataverse.plug-ins=6s"}, func(r *result.Run) bool { return typical(r) > 1.5*typical(usual) }},
		{"created on both sides", []string{
			"workload.masters.concurrent-edit={probability: 50%, gap: 10ms, creates: true}",
		}, func(r *result.Run) bool { return r.Maps[0].Creates[1] > 50 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, crowd, c.sets...)
			holds(t, r)
			if r.Digest == usual.Digest && c.shows != nil {
				t.Error("it changes nothing")
			}
			if c.shows != nil && !c.shows(r) {
				t.Errorf("it does not show: %d and %d captured, %d conflicts, %d rejected, %d pairs differ, outcomes %+v, maps %+v",
					from(r, 0), from(r, 1), conflicts(r), r.Totals.Rejected, divergent(r), r.Outcomes, r.Maps)
			}
		})
	}
}

// slowest is the longest convergence of a run, in seconds; typical the mean.
func slowest(r *result.Run) (most float64) {
	for _, s := range r.Convergence {
		most = max(most, s.Took.Seconds())
	}
	return most
}

func typical(r *result.Run) float64 {
	sum := 0.0
	for _, s := range r.Convergence {
		sum += s.Took.Seconds()
	}
	return sum / float64(max(1, len(r.Convergence)))
}

// endedSaves counts users' saves that ended in a way.
func endedSaves(r *result.Run, how string) (n uint64) {
	for _, s := range r.Saves {
		if s.Ended == how {
			n += s.Count
		}
	}
	return n
}
