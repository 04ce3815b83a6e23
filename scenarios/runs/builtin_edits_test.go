package runs

import (
	"math"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestBothSidesEdit: who saves second within a second or two meets the other's
// work, the primary's stands, and the loser is booked.
func TestBothSidesEdit(t *testing.T) {
	t.Parallel()
	const conflicts, loserInDataverse, loserInFinOps = "count(outcome{class=conflict})", "count(outcome{class=conflict,side=dataverse})", "count(outcome{class=conflict,side=finops})"
	near, apart := observe(t, "both-sides-edit"), observe(t, "both-sides-edit", "workload.crm-edits.concurrent-edit.gap=1m")
	between(t, "conflicts of people who save within seconds", near.mean(conflicts), 25, 100)
	between(t, "conflicts of people a minute apart", apart.mean(conflicts), -1, 1)
	exactly(t, "changes of the primary that lose", near.mean(loserInFinOps), 0)
	exactly(t, "pairs that differ in the end", near.mean("divergent-pairs.at(end)"), 0)

	turned := observe(t, "both-sides-edit", "jobs.masters.primary=dataverse")
	exactly(t, "changes of the other primary that lose", turned.mean(loserInDataverse), 0)
	between(t, "conflicts by whoever is primary", turned.times(near, conflicts), 0.9, 1.1)
	skewed := observe(t, "both-sides-edit", "systems.dataverse.clock.offset=1h")
	for i := range near.Runs {
		if near.Runs[i].Digest == turned.Runs[i].Digest {
			t.Error("the primary changes nothing")
		}
		if a, b := digestOfRun(near, i), digestOfRun(skewed, i); a != b {
			t.Errorf("an hour's error of a clock changes run %d:\n%s%s", i, a, b)
		}
	}
}

// digestOfRun tells of one run of a study.
func digestOfRun(o study, i int) string {
	return digest(&result.Set{Scenario: o.Scenario, Runs: o.Runs[i : i+1]})
}

// TestSkewedClocks: the integrator misses the share of bookings that the skew is
// of its interval, and async none.
func TestSkewedClocks(t *testing.T) {
	t.Parallel()
	const interval = 10 * time.Minute
	for offset, behind := range map[string]time.Duration{"-1m": time.Minute, "-2m": 2 * time.Minute, "-4m": 4 * time.Minute} {
		clock := "systems.finops.clock.offset=" + offset
		copied := observe(t, "skewed-clocks", "engine.mode=integrator", clock)
		want := float64(behind) / float64(interval)
		// Bookings come at random: of 1,200, some 14 more or fewer fall into a share of 20 %.
		between(t, "share missed at "+offset, copied.mean("share(missed)"), want-0.03, want+0.03)
		for i := range copied.Runs {
			if c := copied.Runs[i].Copied; c.Warnings+c.Broken+c.Waiting > 0 {
				t.Errorf("at %s it tells: %+v", offset, *c)
			}
		}
		async := observe(t, "skewed-clocks", clock)
		exactly(t, "pairs that async leaves apart at "+offset, async.mean("divergent-pairs.at(end)"), 0)
		exactly(t, "share that async carries at "+offset, async.mean("share(outcome{class=synced})"), 1)
	}
	right := observe(t, "skewed-clocks", "engine.mode=integrator", "systems.finops.clock.offset=0s")
	between(t, "share missed by right clocks that show seconds", right.mean("share(missed)"), 0.0001, 0.005)
	for what, sets := range map[string][]string{
		"right clocks that show milliseconds": {"systems.finops.clock.offset=0s", "systems.finops.clock.granularity=1ms"},
		"a clock that is ahead":               {"systems.finops.clock.offset=2m"},
		"reaching back":                       {"integrator.overlap=3m"},
	} {
		none := observe(t, "skewed-clocks", append([]string{"engine.mode=integrator"}, sets...)...)
		exactly(t, "missed with "+what, none.mean("count(missed)"), 0)
		echoes := none.of(func(r *result.Run) float64 { return float64(r.Copied.Echoes) })
		if what != "right clocks that show milliseconds" {
			between(t, "rows copied twice with "+what, echoes, 50, 500)
		} else { // one that commits while the run looks
			between(t, "rows copied twice with "+what, echoes, -1, 1)
		}
	}
}

// TestHotCustomer: of many changes of one record the newest is carried.
func TestHotCustomer(t *testing.T) {
	t.Parallel()
	const superseded, writes, captured = "share(outcome{class=concurrency,reason=superseded})", "count(engine-writes)", "count(captured)"
	hot := observe(t, "hot-customer")
	even := observe(t, "hot-customer", "workload.scoring.transaction.customers.pick=uniform")
	between(t, "superseded of hot customers", hot.mean(superseded), 0.15, 0.4)
	between(t, "superseded when spread evenly", even.mean(superseded), 0, 0.01)
	between(t, "writes of hot customers by those when spread evenly", hot.times(even, writes), 0.6, 0.9)
	between(t, "changes of hot customers by those when spread evenly", hot.times(even, captured), 0.99, 1.01)
	for _, o := range []study{hot, even} {
		exactly(t, "pairs that differ in the end", o.mean("divergent-pairs.at(end)"), 0)
		exactly(t, "on the error desk", o.mean("max(parked)"), 0)
	}
}

// TestDataverseOutage: the backlog grows as fast as people work and drains, and
// the slowest wait about as long as the outage.
func TestDataverseOutage(t *testing.T) {
	t.Parallel()
	const p99, parked = "p99(convergence{side=finops})", "max(parked)"
	ten, twenty := observe(t, "dataverse-outage"), observe(t, "dataverse-outage", "faults.down.for=20m")
	between(t, "seconds that the slowest take in ten minutes of outage", ten.mean(p99), 9*60, 10.2*60)
	between(t, "seconds that the slowest take in twenty", twenty.mean(p99), 19*60, 20.4*60)
	between(t, "backlog after five minutes of the outage", ten.mean("backlog.at(25m)"), 260, 340)
	between(t, "backlog at its end", ten.mean("backlog.at(30m)"), 550, 670)
	between(t, "backlog before", ten.mean("backlog.at(20m)"), -10, 10)
	between(t, "backlog a minute after", ten.mean("backlog.at(31m)"), -10, 10)
	between(t, "highest backlog of twenty minutes by that of ten", twenty.times(ten, "max(backlog)"), 1.8, 2.2)
	exactly(t, "on the error desk", ten.mean(parked), 0)
	exactly(t, "pairs that differ in the end", ten.mean("divergent-pairs.at(end)"), 0)

	open := observe(t, "dataverse-outage", "engine.breaker.trip-after=1000")
	between(t, "on the error desk without a breaker", open.mean(parked), 100, 400)
	between(t, "attempts without a breaker by those with one", open.times(ten, "count(retries)"), 50, math.Inf(1))
	between(t, "users of Dataverse turned away", ten.mean("count(turned-away{side=dataverse})"), 30, 120)
	exactly(t, "users of F&O turned away", ten.mean("count(turned-away{side=finops})"), 0)
}

// TestWorksheetBurst: the lines of a header follow in batches; so many lines
// take so long, and more batches at once make it shorter.
func TestWorksheetBurst(t *testing.T) {
	t.Parallel()
	const half, lines, headers = "max(partly-visible)", "p50(convergence{map=lines})", "p50(convergence{map=worksheets})"
	usual := observe(t, "worksheet-burst")
	between(t, "seconds in which a worksheet is half filled", usual.mean(half), 3, 8)
	between(t, "lines by headers", usual.quotient(lines, headers), 3, 8)
	fewer := observe(t, "worksheet-burst", "workload.approvals.transaction.lines.create=100")
	between(t, "a quarter of the lines", fewer.times(usual, half), 0.2, 0.6)
	wider := observe(t, "worksheet-burst", "engine.workers=16")
	between(t, "twice as many batches at once", wider.times(usual, half), 0.4, 0.85)
	exactly(t, "share that is carried", usual.mean("share(outcome{class=synced})"), 1)
}
