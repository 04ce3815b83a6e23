package runs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// orders is a day of headers with lines, whose customers come from elsewhere.
const orders = `schema: twinwrite/v1
name: orders
seed: 5
time: {start: 2026-01-30T22:00:00Z, run: 6h, drain: 2h}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name]}
  - {name: orders, finops: Headers, dataverse: salesorders, key: [number], columns: [status], lookups: {customer: customers}}
  - {name: lines, finops: Lines, dataverse: salesorderdetails, key: [line], columns: [{name: price, type: number}], lookups: {order: orders}}
jobs:
  - {name: sales, primary: finops, sequence: [customers, orders, lines]}
workload:
  - name: masters
    side: finops
    arrivals: {rate: 60/h}
    transaction: [{map: customers, create: 1}]
  - name: booked
    side: finops
    arrivals: {rate: 240/h}
    transaction: [{map: orders, create: 1}, {map: lines, create: {dist: negbinomial, mean: 6, cv: 1}}]
`

// run simulates a scenario that is given as text.
func run(t *testing.T, src string, sets ...string) *result.Run {
	t.Helper()
	s, _, err := scenarios.Parse("test.yaml", []byte(src), sets)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Simulate(context.Background(), s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &set.Runs[0]
	if r.Panic != "" {
		t.Fatal(r.Panic)
	}
	return r
}

// holds demands that no property was broken.
func holds(t *testing.T, r *result.Run) {
	t.Helper()
	for _, p := range r.Properties {
		if p.Verdict == result.Fail {
			t.Errorf("%s is broken: %v", p.ID, p.Examples)
		}
	}
}

// TestArrivalProcesses counts the transactions of each process in a world and
// compares with what the language says is to be expected.
func TestArrivalProcesses(t *testing.T) {
	t.Parallel()
	for arrivals, want := range map[string]float64{
		"{rate: 600/h}": 3600,
		"{weekly: [[mon-fri 8h, 600/h], [mon-fri 23h, 60/h], [sat 2h, 1200/h]]}": 600 + 3*60 + 2*1200,
		"{process: bursty, rates: [120/h, 2400/h], dwell: [3m, 1m]}":             690 * 6,
		"{process: periodic, every: 10s, first: 1h}":                             1801,
		"{rate: {profile: [[0h, 0/h], [2h, 1200/h], [4h, 1200/h], [5h, 0/h]]}}":  1200 + 2400 + 600,
		"{weekly: [[sun 0h, 0/h], [fri 23h30m, 7200/h], [fri 23h45m, 0/h]]}":     1800,
		"{process: bursty, rates: [0/h, 1200/h], dwell: [1m, 1m]}":               3600,
		"{weekly: [[mon 0h, 300/h]]}":                                            1800,
	} {
		t.Run(arrivals, func(t *testing.T) {
			t.Parallel()
			r := run(t, orders, "workload.booked.enabled=false", "workload.masters.arrivals="+arrivals)
			got := float64(r.Totals.Transactions[0])
			if off := 5 * math.Sqrt(want) * 2; math.Abs(got-want) > off {
				t.Errorf("%v transactions, want %v within %.0f", got, want, off)
			}
			holds(t, r)
		})
	}
}

// TestUsersTakeEffect: what users do whose save does not get through.
func TestUsersTakeEffect(t *testing.T) {
	t.Parallel()
	down := `faults=[{kind: outage, side: finops, at: 1h, for: 20m}]`
	usual := run(t, orders, down)
	patient := run(t, orders, down, "users.patience=30m")
	if got, was := patient.Totals.OutageWaitMost, usual.Totals.OutageWaitMost; got < 30*time.Minute || was > 26*time.Minute {
		t.Errorf("the longest wait in an outage is %v with much patience, and %v with little", got, was)
	}
	busy := []string{"engine.mode=live", `faults=[{kind: partition, link: engine->dataverse, at: 1h, for: 10m}]`}
	three, ten := run(t, orders, busy...), run(t, orders, append(busy, "users.tries=30", "users.again=1m")...)
	if three.Totals.Rejected < 20 || ten.Totals.Rejected > three.Totals.Rejected/10 {
		t.Errorf("%d given up after three tries, %d after thirty", three.Totals.Rejected, ten.Totals.Rejected)
	}
	holds(t, usual)
	holds(t, patient)
	holds(t, ten)
}

// TestRetryAfterTakesEffect: a client that is told to wait longer is refused less
// often.
func TestRetryAfterTakesEffect(t *testing.T) {
	t.Parallel()
	const tight = "systems.dataverse.throttle.requests=100"
	refused := func(r *result.Run) (n uint64) {
		for _, c := range r.Throttled {
			n += c.Count
		}
		return n
	}
	short, long := run(t, orders, "systems.dataverse.throttle={}", tight), run(t, orders, "systems.dataverse.throttle={}", tight, "systems.dataverse.throttle.retry-after=2m")
	if refused(long) == 0 || 2*refused(long) > refused(short) {
		t.Errorf("%d requests refused where clients wait 1 s at least, %d where they wait 2 m", refused(short), refused(long))
	}
}

// TestEngineOptionsTakeEffect: each setting of the engine changes what happens,
// and none breaks a property.
func TestEngineOptionsTakeEffect(t *testing.T) {
	t.Parallel()
	day := []string{
		`validations=[{map: customers, side: dataverse, refuse: 20%}]`,
		`faults=[{kind: outage, side: dataverse, at: 1h, for: 20m}]`,
	}
	usual := run(t, orders, day...)
	holds(t, usual)
	again := run(t, orders, day...)
	if again.Digest != usual.Digest {
		t.Fatal("the same run has two digests")
	}
	blocked := func(r *result.Run) (n uint64) {
		for _, m := range r.Maps {
			n += m.Blocked
		}
		return n
	}
	parked := func(r *result.Run) (n uint64) {
		for _, m := range r.Maps {
			n += m.Parked
		}
		return n
	}
	peak := func(r *result.Run, name string) (most float64) {
		i := slices.IndexFunc(r.Series, func(s result.Series) bool { return s.Name == name })
		for _, p := range r.Series[i].Points {
			most = max(most, p.Value)
		}
		return most
	}
	if blocked(usual) == 0 {
		t.Error("no child waits for a parent on the error desk: the test shows nothing")
	}
	for _, c := range []struct {
		set   string
		shows func(r *result.Run) string // what is missing
	}{
		{"engine.sequence=barrier", nil},
		{"engine.dependency-graph=false", func(r *result.Run) string {
			if parked(r) <= parked(usual) {
				return fmt.Sprintf("%d pairs on the error desk, and %d with the dependency graph", parked(r), parked(usual))
			}
			return ""
		}},
		{"engine.on-parent-error=proceed", func(r *result.Run) string {
			if blocked(r) > 0 {
				return fmt.Sprintf("%d children still wait", blocked(r))
			}
			return ""
		}},
		{"engine.breaker.trip-after=1000", func(r *result.Run) string {
			if r.Totals.Retries <= usual.Totals.Retries {
				return fmt.Sprintf("%d attempts failed, and %d with a breaker", r.Totals.Retries, usual.Totals.Retries)
			}
			return ""
		}},
		{"engine.breaker.probe=10m", nil},
		{"engine.queue=20", func(r *result.Run) string { // what waits in the outbox counts as backlog
			was, is := peak(usual, "backlog"), peak(r, "backlog")
			if out, before := peak(r, "outbox"), peak(usual, "outbox"); out < 3*before || is < 0.8*was || is > 1.25*was {
				return fmt.Sprintf("at most %v changes wait, of them %v in the outboxes; without a limit %v and %v", is, out, was, before)
			}
			return ""
		}},
	} {
		t.Run(c.set, func(t *testing.T) {
			t.Parallel()
			r := run(t, orders, append([]string{c.set}, day...)...)
			holds(t, r)
			if r.Digest == usual.Digest {
				t.Errorf("it changes nothing")
			}
			if c.shows != nil {
				if missing := c.shows(r); missing != "" {
					t.Error(missing)
				}
			}
		})
	}
}

// TestBarrierStaysInsideItsJob: a barrier lets a map wait for those before it in
// its own job, and for no others.
func TestBarrierStaysInsideItsJob(t *testing.T) {
	t.Parallel()
	// The items are never carried: their side of the job is held up.
	src := orders + "faults: [{kind: slow, link: engine->dataverse, at: 0h, for: 6h, factor: 200}]\n"
	one := run(t, src, "engine.sequence=barrier")
	two := run(t, src, "engine.sequence=barrier", "jobs=[{name: masters, primary: finops, sequence: [customers]}, {name: sales, primary: finops, sequence: [orders, lines]}]")
	median := func(r *result.Run) time.Duration {
		var sum time.Duration
		n := 0
		for _, s := range r.Convergence {
			if s.Map == 2 {
				sum += s.Took
				n++
			}
		}
		return sum / time.Duration(n)
	}
	if a, b := median(one), median(two); b >= a {
		t.Errorf("lines take %v behind a barrier of customers, and %v with customers in a job of their own", a, b)
	}
}
