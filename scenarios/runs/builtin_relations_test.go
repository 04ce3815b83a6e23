package runs

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios/expect"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// broken runs a built-in scenario with a planted bug, which a property or an
// expectation must notice.
func broken(t *testing.T, name, plant, notices string) {
	t.Helper()
	set := simulate(t, name, Options{Failpoints: []fault.Point{{Name: plant, Terms: fault.Always}}}, "runs.count=1")
	for _, p := range set.Runs[0].Properties {
		if p.ID == notices && p.Verdict == result.Fail {
			return
		}
	}
	if verdicts(set)[notices] != result.Fail {
		t.Errorf("%s with %s: %s does not notice: %+v", name, plant, notices, set.Expectations)
	}
}

// TestSelfLookups: of each circle one record goes ahead, by a write more.
func TestSelfLookups(t *testing.T) {
	t.Parallel()
	const teams, workers, circles = 40, 7, 3
	o := observe(t, "self-lookups")
	exactly(t, "workers on both sides", o.mean("count(pairs{state=converged})"), teams*workers)
	exactly(t, "share carried", o.mean("share(outcome{class=synced})"), 1)
	exactly(t, "writes: one a worker, and one a circle", o.mean("count(engine-writes)"), teams*(workers+circles))
	exactly(t, "left waiting", o.mean("backlog.at(end)"), 0)
	between(t, "seconds until the last of a team is whole", o.mean("max(convergence)"), 2, 30)

	plain := observe(t, "self-lookups", "workload.hiring.trace.rows.placed.lookups={}")
	exactly(t, "writes without any lookup", plain.mean("count(engine-writes)"), teams*workers)
	between(t, "time without any lookup", plain.times(o, "p50(convergence)"), 0.1, 0.6)
	broken(t, "self-lookups", engine.PlantCircleDeadlock, "everybody")
	broken(t, "self-lookups", engine.PlantLookupForgotten, "converged")
}

// TestMultiCompany: the same numbers in three companies are three records, and
// an engine that leaves the company out of a key is found out.
func TestMultiCompany(t *testing.T) {
	t.Parallel()
	o := observe(t, "multi-company")
	exactly(t, "orders of three companies on both sides", o.mean("count(pairs{map=orders,state=converged})"), 3*120)
	exactly(t, "customers of three companies on both sides", o.mean("count(pairs{map=customers,state=converged})"), 3*25)
	exactly(t, "orders that fail", o.mean("share(outcome{map=orders,class=synced})"), 1)
	between(t, "conflicts of people in one company", o.mean("count(outcome{class=conflict})"), 5, 40)
	one := observe(t, "multi-company", "workload.bookings.trace.rows.orders.key={ordernumber: booking}")
	exactly(t, "orders with numbers of their own", one.mean("count(pairs{map=orders,state=converged})"), 3*120)
	between(t, "time with numbers of their own", one.times(o, "p50(convergence{map=orders})"), 0.95, 1.05)
	broken(t, "multi-company", engine.PlantCompanyLeftOut, "converged")
}

// TestValidationStorm: what a rule refuses is parked and is not tried again, its
// orders wait behind it, and the others are as quick as without the rule.
func TestValidationStorm(t *testing.T) {
	t.Parallel()
	const refused = 0.125
	storm, calm := observe(t, "validation-storm"), observe(t, "validation-storm", "validations=[]")
	between(t, "share of customers refused", storm.mean("share(pairs{map=customers,state=parked})"), refused-0.03, refused+0.03)
	between(t, "share of orders behind them", storm.mean("share(pairs{map=orders,state=blocked})"), refused-0.05, refused+0.05)
	exactly(t, "orders on the list of errors", storm.mean("count(error{map=orders})"), 0)
	exactly(t, "attempts wasted", storm.mean("count(retries)"), 0)
	exactly(t, "parked without the rule", calm.mean("max(parked)"), 0)

	// Run by run, the changes that were carried, against the same changes of the
	// same users without the rule.
	var slower []float64
	for i := range storm.Runs {
		a, b := storm.Runs[i].Convergence, calm.Runs[i].Convergence
		if len(a) != len(b) {
			t.Fatalf("run %d has %d changes with the rule, and %d without", i, len(a), len(b))
		}
		var with, without time.Duration
		for j := range a {
			if a[j].Born != b[j].Born || a[j].Map != b[j].Map {
				t.Fatalf("run %d: change %d is another one", i, j)
			}
			if !a[j].Censored {
				with += a[j].Took
				without += b[j].Took
			}
		}
		slower = append(slower, with.Seconds()/without.Seconds())
	}
	between(t, "time of what is carried by that without the rule", expect.MeanInterval(slower, 0.95), 0.97, 1.03)

	proceed := observe(t, "validation-storm", "engine.on-parent-error=proceed")
	exactly(t, "orders that wait when they proceed", proceed.mean("count(pairs{map=orders,state=blocked})"), 0)
	between(t, "length of the list when they proceed", proceed.times(storm, "count(error)"), 2, 5)
}

// TestWrongSequence: the dependency graph makes the sequence a matter of taste.
// Without it only a barrier in the right order protects.
func TestWrongSequence(t *testing.T) {
	t.Parallel()
	const synced = "share(outcome{map=lines,class=synced})"
	const off, barrier, right = "engine.dependency-graph=false", "engine.sequence=barrier", "jobs.sales.sequence=[customers, orders, lines]"
	wrong := observe(t, "wrong-sequence")
	for _, sets := range [][]string{{}, {right}, {barrier}, {barrier, right}} {
		o := observe(t, "wrong-sequence", sets...)
		exactly(t, "lines carried with the graph", o.mean(synced), 1)
		exactly(t, "parked with the graph", o.mean("max(parked)"), 0)
		between(t, "time by that of the wrong sequence", o.times(wrong, "p99(convergence)"), 0.7, 1.5)
	}
	for _, sets := range [][]string{{off}, {off, right}, {off, barrier}} {
		o := observe(t, "wrong-sequence", sets...)
		between(t, "lines carried without the graph", o.mean(synced), 0, 0.05)
		between(t, "lines whose lookup was not found", o.quotient("count(error{map=lines,reason='lookup not found'})", "count(captured{map=lines})"), 0.95, 1)
	}
	o := observe(t, "wrong-sequence", off, barrier, right)
	exactly(t, "lines carried behind a barrier in the right order", o.mean(synced), 1)
}

// TestTornHeader: in async a header stands there with a part of its lines; the
// more lines, the longer. In live mode it never does.
func TestTornHeader(t *testing.T) {
	t.Parallel()
	const torn, headers, lines = "max(partly-visible{map=orders})", "p50(convergence{map=orders})", "p50(convergence{map=lines})"
	usual := observe(t, "torn-header")
	between(t, "seconds that the longest is torn", usual.mean(torn), 1, 30)
	between(t, "lines by headers", usual.quotient(lines, headers), 1.5, 4)
	more := observe(t, "torn-header", "workload.order-entry.transaction.lines.create={dist: geometric, mean: 36}")
	between(t, "with three times as many lines", more.times(usual, torn), 1.02, 10)
	single := observe(t, "torn-header", "workload.order-entry.transaction.lines.create=1")
	between(t, "seconds with a single line, by those with twelve", single.times(usual, torn), 0.1, 0.99)
	barrier := observe(t, "torn-header", "engine.sequence=barrier", "engine.workers=16")
	between(t, "with a barrier and more workers", barrier.mean(torn), 0.5, 30)

	live := observe(t, "torn-header", "engine.mode=live")
	exactly(t, "changes queued in live mode", live.of(func(r *result.Run) float64 { return float64(r.Totals.Captured) }), 0)
	for i := range live.Runs {
		r := &live.Runs[i]
		for j, m := range r.Maps {
			if m.Alive[0] != m.Alive[1] || m.Alive[0] != usual.Runs[i].Maps[j].Alive[0] || m.PartlyVisibleMost > 0 {
				t.Errorf("run %d in live mode: %+v; in async %+v", i, m, usual.Runs[i].Maps[j])
			}
		}
		if p := contract(r, "live-atomic"); p.Verdict != result.Pass || p.Checked == 0 {
			t.Errorf("run %d in live mode: %+v", i, p)
		}
	}
}
