package runs

import (
	"testing"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// inTurn is a customer and his order a minute, where everything takes a fixed time:
// a way takes 100 ms, a read 50 ms, a write in Dataverse 2 s.
//
// An order is found to wait for its customer when both are taken in. Then one side is
// read and the other (100 + 50 + 100 ms each), and the customer is written (100 ms + 2 s
// + 100 ms); before each of the three the engine's store saves for 2 ms. So each of
// eleven orders waits for 2.706 s, and no customer for anything.
const inTurn = `schema: twinwrite/v1
name: in-turn
seed: 1
time: {start: 2026-01-31T08:00:00Z, run: 10m, drain: 5m}
systems:
  finops: {read: 50ms, per-record: 0s, commit: 10ms}
  dataverse: {read: 50ms, per-record: 0s, apply: 2s}
links:
  engine->finops: {latency: 100ms}
  engine->dataverse: {latency: 100ms}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], direction: to-dataverse, columns: [name]}
  - {name: orders, finops: SalesOrderHeadersV2, dataverse: salesorders, key: [ordernumber], direction: to-dataverse, columns: [status], lookups: {customer: customers}}
jobs:
  - {name: sales, primary: finops, sequence: [customers, orders]}
workload:
  - {name: entry, side: finops, arrivals: {process: periodic, every: 1m}, transaction: [{map: customers, create: 1}, {map: orders, create: 1}]}
expect:
  - {id: all, expr: "count(dependency-wait) == 11"}
  - {id: longest, expr: "max(dependency-wait{map=orders}) == 2706ms"}
  - {id: mean, expr: "mean(dependency-wait) == 2706ms"}
  - {id: median, expr: "p50(dependency-wait) < 2790ms"}
  - {id: median-above, expr: "p50(dependency-wait) > 2650ms"}
  - {id: too-short, expr: "p95(dependency-wait) < 2600ms"}
  - {id: who-waits-for-nothing, expr: "max(dependency-wait{map=customers}) < 1h"}
`

// TestDependencyWaitByHand: a wait is as long as can be computed by hand, and is
// judged by that. What did not wait is no pass.
func TestDependencyWaitByHand(t *testing.T) {
	t.Parallel()
	s := set(t, inTurn, Options{})
	want := map[string]result.Verdict{"too-short": result.Fail, "who-waits-for-nothing": result.Inconclusive}
	for _, e := range s.Expectations {
		if e.Verdict != want[e.ID] && !(want[e.ID] == "" && e.Verdict == result.Pass) {
			t.Errorf("%s is %s: %s (%s to %s) %s", e.Text, e.Verdict, e.Mean, e.Low, e.High, e.Note)
		}
	}
}
