package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// quiet is an hour of a side that books, without faults.
const quiet = `schema: twinwrite/v1
name: quiet
time: {start: 2026-01-31T08:00:00Z, run: 20m, drain: 20m}
runs: {count: 8}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name, phone]}
jobs:
  - {name: billing, primary: finops, sequence: [customers]}
workload:
  - {name: births, side: finops, arrivals: {rate: 10/m}, transaction: [{map: customers, create: 1}]}
`

// TestBaselineTells: how often a gate on a baseline is right, over many seeds. A
// tenth slower must be seen under the same seed, and an unchanged engine must
// pass under another one.
func TestBaselineTells(t *testing.T) {
	t.Parallel()
	seeds := 100
	if testing.Short() {
		seeds = 20
	}
	simulate := func(seed int, sets ...string) *result.Set {
		s, _, err := scenarios.Parse("quiet.yaml", []byte(quiet), append(sets, fmt.Sprintf("seed=%d", seed)))
		if err != nil {
			t.Fatal(err)
		}
		set, err := runs.Simulate(context.Background(), s, runs.Options{Jobs: 2})
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	gate := func(base, now *result.Set) comparison.Gate {
		c := comparison.Of(&result.Comparison{Settings: []result.Setting{{Name: "baseline", Set: base}, {Name: "now", Set: now}}})
		return c.Baseline()
	}
	const slower = `faults=[{kind: slow, side: dataverse, at: 0h, for: 40m, factor: 1.1}, {kind: slow, side: finops, at: 0h, for: 40m, factor: 1.1},` +
		`{kind: slow, link: engine->dataverse, at: 0h, for: 40m, factor: 1.1}, {kind: slow, link: engine->finops, at: 0h, for: 40m, factor: 1.1}]`
	caught, passed := 0, 0
	for seed := range seeds {
		base := simulate(seed)
		g := gate(base, simulate(seed, slower))
		if g.Verdict == result.Fail {
			caught++
		} else {
			t.Logf("seed %d, a tenth slower: %s: %s", seed, g.Verdict, g.Text)
		}
		if g := gate(base, simulate(seed+1000)); g.Verdict == result.Pass {
			passed++
		} else {
			t.Logf("seed %d, unchanged: %s: %s", seed, g.Verdict, g.Text)
		}
	}
	if caught*100 < seeds*90 || passed*100 < seeds*95 {
		t.Errorf("of %d seeds, %d slow-downs were caught and %d unchanged engines passed", seeds, caught, passed)
	}
}
