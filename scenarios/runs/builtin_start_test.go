package runs

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestFirstSync: two systems that grew apart agree after an initial sync, in which
// one side's record wins; without one they go on to differ, and only a
// comparison tells.
func TestFirstSync(t *testing.T) {
	t.Parallel()
	const differ = "count(pairs{state=divergent})"
	const mostlyFinOps, mostlyDataverse = "operators.go-live.initial-sync.customers.primary=finops", "operators.go-live.initial-sync.customers.primary=dataverse"
	both := observe(t, "first-sync")
	exactly(t, "pairs that differ after the initial sync", both.mean(differ), 0)
	exactly(t, "drift that the comparison finds", both.mean("count(drift)"), 0)
	between(t, "pairs on both sides", both.mean("count(pairs{state=converged})"), 1400+40, 1400+120)
	exactly(t, "rows refused", both.mean("count(initial-sync{row=error})"), 0)

	// 40 of the customers on both sides differ, and some more were edited since:
	// whatever the legs, the one that is not that side's loses them.
	for _, c := range []struct{ set, wins, loses string }{{mostlyDataverse, "dataverse", "finops"}, {mostlyFinOps, "finops", "dataverse"}} {
		o := observe(t, "first-sync", c.set, "workload.sales-desk.enabled=false")
		between(t, "customers that lose against "+c.wins, o.mean("count(initial-sync{map=customers,row=lost,side="+c.loses+"})"), 25, 55)
		exactly(t, "customers of "+c.wins+" that lose", o.mean("count(initial-sync{map=customers,row=lost,side="+c.wins+"})"), 0)
	}

	// A map brings along what it looks up.
	alone := observe(t, "first-sync", "operators.go-live.initial-sync=[contacts]")
	exactly(t, "pairs that differ after an initial sync of contacts alone", alone.mean(differ), 0)
	between(t, "records that it goes through", alone.times(both, "count(initial-sync)"), 1, 1)
	ownOnly := observe(t, "first-sync", "operators.go-live.initial-sync=[contacts]", "operators.go-live.prerequisites=false")
	between(t, "pairs that differ when customers are left out", ownOnly.mean(differ), 270, 380)

	skipped := observe(t, "first-sync", "operators.go-live.initial-sync=[]")
	between(t, "pairs that differ without initial sync", skipped.mean(differ), 900, 1000)
	between(t, "drift that the comparison finds, by pairs that differ", skipped.quotient("count(drift)", differ), 1, 1)
	exactly(t, "errors that anybody sees", skipped.mean("count(error{class=application})"), 0)
	resynced := observe(t, "first-sync", "operators.go-live.initial-sync=[]", "operators.evening.do=resync")
	exactly(t, "pairs that differ after a resync", resynced.mean(differ), 0)

	broken(t, "first-sync", engine.PlantNoLateCapture, "all-pairs-agree")
}

// TestInitialLoad: batches share the round trips of a load and more workers its
// rows; what is above the most records of a leg stays behind.
func TestInitialLoad(t *testing.T) {
	t.Parallel()
	const took = "max(initial-sync-time{map=prices})"
	usual := observe(t, "initial-load")
	exactly(t, "records on both sides", usual.mean("count(pairs{state=converged})"), 12000)
	between(t, "seconds that prices take", usual.mean(took), 100, 250)
	fifty, more := observe(t, "initial-load", "engine.batch=50"), observe(t, "initial-load", "engine.batch=200")
	between(t, "time with batches of 50", fifty.times(usual, took), 0.3, 0.5)
	between(t, "time with batches of 200, by that with 50", more.times(fifty, took), 0.95, 1.4)
	twice := observe(t, "initial-load", "engine.batch=50", "engine.workers=16")
	between(t, "time with twice the workers", twice.times(fifty, took), 0.4, 0.8)

	cut := observe(t, "initial-load", "engine.initial-sync.rows=5000")
	exactly(t, "records that the legs carry", cut.mean("count(initial-sync)"), 4000+5000)
	between(t, "pairs left behind", cut.mean("count(pairs{state=divergent})"), 2600, 3000)
	exactly(t, "errors that anybody sees", cut.mean("count(error{class=application})"), 0)
	for i := range cut.Runs {
		if l := cut.Runs[i].Initial; len(l) != 2 || l[0].Stage != "done" || l[1].Stage != "cut" || l[0].Map != "products" || l[1].Map != "prices" {
			t.Errorf("run %d: the legs are %+v", i, l)
		}
	}
}
