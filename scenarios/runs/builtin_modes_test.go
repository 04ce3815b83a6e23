package runs

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// contract returns how a property fared in a run.
func contract(r *result.Run, id string) result.Property {
	for _, p := range r.Properties {
		if p.ID == id {
			return p
		}
	}
	return result.Property{}
}

// alive returns how many records of a map a side has in the end.
func alive(m, side int) func(r *result.Run) float64 {
	return func(r *result.Run) float64 { return float64(r.Maps[m].Alive[side]) }
}

// TestInvoicePeak: live sync refuses the invoices of more than 1,000 records, each
// time and no others; async carries all of them, a part at a time.
func TestInvoicePeak(t *testing.T) {
	t.Parallel()
	const peaks, lines = 3, 1100
	async := observe(t, "invoice-peak")
	exactly(t, "refused in async", async.mean("count(rejected)"), 0)
	exactly(t, "share carried in async", async.mean("share(outcome{class=synced})"), 1)
	between(t, "seconds that an invoice is partly visible", async.mean("max(partly-visible{map=invoices})"), 5, 60)

	live := observe(t, "invoice-peak", "engine.mode=live")
	exactly(t, "refused in live mode", live.mean("count(rejected)"), peaks)
	for i := range live.Runs {
		a, b := &async.Runs[i], &live.Runs[i]
		if invoices, rows := alive(0, 1), alive(1, 1); invoices(a)-invoices(b) != peaks || rows(a)-rows(b) != peaks*lines {
			t.Errorf("run %d: async brought %v invoices with %v lines to Dataverse, live %v with %v", i, invoices(a), rows(a), invoices(b), rows(b))
		}
		if b.Maps[0].Alive[0] != b.Maps[0].Alive[1] {
			t.Errorf("run %d in live mode: %+v", i, b.Maps[0])
		}
	}
	// The header counts: 999 lines are a thousand records.
	for count, refused := range map[string]float64{"999": 0, "1000": peaks} {
		o := observe(t, "invoice-peak", "engine.mode=live", "workload.month-end.transaction.lines.create="+count)
		exactly(t, "refused with "+count+" lines", o.mean("count(rejected)"), refused)
	}
}

// TestMixedTransaction: who writes to both maps is refused, all the time; others
// are not.
func TestMixedTransaction(t *testing.T) {
	t.Parallel()
	mixed := observe(t, "mixed-transaction")
	between(t, "refused", mixed.mean("count(rejected)"), 100, 140)
	for _, set := range []string{"maps.lines.mode=async", "maps.orders.mode=live", "workload.order-entry.enabled=false"} {
		o := observe(t, "mixed-transaction", set)
		exactly(t, "refused with "+set, o.mean("count(rejected)"), 0)
		for i := range o.Runs {
			a, b := o.Runs[i].Totals.Transactions[0], mixed.Runs[i].Totals.Transactions[0]
			if refused := mixed.Runs[i].Totals.Rejected; set != "workload.order-entry.enabled=false" && a != b+refused || set == "workload.order-entry.enabled=false" && a != b {
				t.Errorf("run %d: with %s %d transactions committed; mixed, %d did and %d were refused", i, set, a, b, refused)
			}
		}
	}
	broken(t, "mixed-transaction", engine.PlantMixedPasses, "mixed-rejected")
}

// TestDeleteOvertakes: changes that a delete has overtaken end with it, and
// nothing comes back.
func TestDeleteOvertakes(t *testing.T) {
	t.Parallel()
	const gone = "count(outcome{class=concurrency,reason='gone from the source'})"
	slow, quick := observe(t, "delete-overtakes"), observe(t, "delete-overtakes", "faults.slow.factor=1")
	between(t, "changes overtaken behind a slow network", slow.mean(gone), 100, 2000)
	between(t, "changes overtaken otherwise", quick.mean(gone), 0, 60)
	for i := range slow.Runs {
		m, p := slow.Runs[i].Maps[0], contract(&slow.Runs[i], "no-resurrection")
		if m.Alive[0] != m.Alive[1] || m.Alive[0] == m.Creates[0] || m.Divergent > 0 {
			t.Errorf("run %d: %+v", i, m)
		}
		if p.Verdict != result.Pass || p.Checked < 50 {
			t.Errorf("run %d: %s was checked %d times", i, p.ID, p.Checked)
		}
	}
	broken(t, "delete-overtakes", engine.PlantDeleteQueued, "delete-live")
}

// TestThrottled: the number of requests binds with small batches, so that twice
// the batch is twice as quick; with large ones the time of the requests does.
func TestThrottled(t *testing.T) {
	t.Parallel()
	const all, changes, aSecond = "max(convergence)", 2000, 1.0
	at := func(batch string, sets ...string) study {
		return observe(t, "throttled", append([]string{"engine.batch=" + batch}, sets...)...)
	}
	two, five, ten, twenty, eighty := at("2"), at("5"), at("10"), at("20"), at("80")
	// Each batch is read once and written once, and so many requests are allowed.
	between(t, "seconds with batches of two", two.mean(all), 2*changes/2/aSecond, 1.3*2*changes/2/aSecond)
	between(t, "seconds with batches of five", five.mean(all), 2*changes/5/aSecond, 1.3*2*changes/5/aSecond)
	between(t, "five times the batch", two.times(ten, all), 4, 6)
	// A record takes 90 ms there, and half of each second may be used.
	between(t, "seconds with batches of twenty", twenty.mean(all), 200, 0.09*changes/0.5)
	between(t, "four times the batch", twenty.times(eighty, all), 1, 2)
	between(t, "batches of twenty when the time binds by when it does not", twenty.times(at("20", "systems.dataverse.plug-ins=10ms"), all), 1.4, 2.2)
	free := at("10", "systems.dataverse.throttle={}")
	between(t, "by the documented limits", ten.times(free, all), 4, 20)
	exactly(t, "on the error desk", two.mean("max(parked)"), 0)
	broken(t, "throttled", engine.PlantThrottledDropped, "closed-books")
}

// TestPauseWeekend: the other side is behind by the pause and by no more; the
// queue takes in a day, then orders are refused, and nothing of it is lost.
func TestPauseWeekend(t *testing.T) {
	t.Parallel()
	const hourly, pause, day = 12, 59, 24
	o := observe(t, "pause-weekend")
	between(t, "seconds that the slowest take", o.mean("max(convergence)"), (pause-1)*3600, (pause+0.1)*3600)
	between(t, "queued up", o.mean("backlog.at(59h59m)"), 0.9*hourly*day, 1.1*hourly*day)
	between(t, "orders refused", o.mean("count(rejected)"), 0.9*hourly*(pause-day), 1.1*hourly*(pause-day))
	exactly(t, "share carried", o.mean("share(outcome{class=synced})"), 1)
	between(t, "left five minutes after", o.mean("backlog.at(60h5m)"), -1, 2)

	night := observe(t, "pause-weekend", "operators.monday.at=15h")
	exactly(t, "orders refused in a night", night.mean("count(rejected)"), 0)
	between(t, "seconds that the slowest take in a night", night.mean("max(convergence)"), 13*3600, 14.1*3600)

	week := observe(t, "pause-weekend", "engine.pause.longest=168h")
	exactly(t, "orders refused where a pause may last a week", week.mean("count(rejected)"), 0)
	small := observe(t, "pause-weekend", "engine.pause.size=1kB")
	between(t, "queued up where 1,000 bytes may be", small.mean("backlog.at(59h59m)"), 30, 120)

	skipped := observe(t, "pause-weekend", "operators.monday.how=skip-and-keep")
	between(t, "on the error desk without catching up", skipped.mean("count(pairs{state=parked})"), 0.9*hourly*day, 1.1*hourly*day)
	exactly(t, "changes captured by those when it catches up", skipped.times(o, "count(captured)"), 1)
	broken(t, "pause-weekend", engine.PlantPauseLoses, "closed-books")
}

// TestMonthEnd: the recorded day arrives but for the codes that fold together; the
// slowest wait as long as the outage, and conflicts come from people. The integrator
// loses edits, and live sync leaves invoices out.
func TestMonthEnd(t *testing.T) {
	t.Parallel()
	const slowest, conflicts, invoices = "max(convergence{map=lines})", "count(outcome{class=conflict})", "count(pairs{map=invoices,state=converged})"
	day := observe(t, "month-end")
	exactly(t, "items with an ambiguous key", day.mean("count(pairs{map=items,state=parked})"), 19)
	exactly(t, "pairs that differ in the end, these among them", day.mean("divergent-pairs.at(end)"), 19)
	exactly(t, "share of lines carried", day.mean("share(outcome{map=lines,class=synced})"), 1)
	between(t, "seconds that the slowest wait", day.mean(slowest), 9*60, 11*60)
	between(t, "conflicts", day.mean(conflicts), 15, 60)

	quiet := observe(t, "month-end", "faults=[]")
	between(t, "seconds that the slowest wait without faults", quiet.mean(slowest), 1, 90)
	alone := observe(t, "month-end", "workload.finops-edits.enabled=false", "workload.crm-edits.concurrent-edit={probability: 0%, gap: 1s}", "workload.settlement.enabled=false")
	between(t, "conflicts of people on one side", alone.times(day, conflicts), 0, 0.6)

	copied := observe(t, "month-end", "engine.mode=integrator")
	between(t, "changes that the integrator loses", copied.mean("count(lost)"), 5, 1000)
	// Live sync refuses what looks up an item whose code folds into another's, too.
	live := observe(t, "month-end", "engine.mode=live")
	between(t, "invoices that live sync brings, by those of async", live.times(day, invoices), 0.7, 0.9)
}
