package runs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// pipelined is documents of one header and five lines, carried by eight workers
// at once: a read takes 20 ms on average, a write 50 ms, and one in a hundred
// writes is lost on its way and comes again.
const pipelined = `
schema: twinwrite/v1
name: pipeline
seed: 1
time: {start: 2026-01-05T00:00:00Z, run: %v, drain: 2h}
runs: {count: 1}
systems:
  finops: {servers: 64, commit: 5ms, read: {dist: exponential, mean: 20ms}, apply: {dist: exponential, mean: 50ms}}
  dataverse: {servers: 64, commit: 5ms, read: {dist: exponential, mean: 20ms}, apply: {dist: exponential, mean: 50ms}, throttle: {requests: 10000000, busy: 1000000s, concurrent: 1000}}
links: {engine->dataverse: {loss: 1%%}}
maps:
  - {name: headers, finops: SalesInvoiceHeadersV2, dataverse: invoices, key: [invoice], columns: [amount], direction: to-dataverse}
  - {name: lines, finops: SalesInvoiceLinesV2, dataverse: invoicedetails, key: [line], columns: [quantity], direction: to-dataverse, lookups: {invoice: headers}}
jobs:
  - {name: billing, primary: finops, sequence: [headers, lines]}
workload:
  - name: documents
    side: finops
    arrivals: {rate: 4/s}
    transaction: [{map: headers, create: 1}, {map: lines, create: 5}]
engine: {workers: 8, batch: 10}
`

// BenchmarkPipeline is a whole world: both systems, the engine, the oracle and
// the digest, at three lengths, so that the cost of a record shows its slope.
func BenchmarkPipeline(b *testing.B) {
	for _, records := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			const perSecond = 24 // the eight workers can do twice as much: what waits would be measured otherwise
			s := written(b, fmt.Sprintf(pipelined, time.Duration(records/perSecond)*time.Second))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			synced := uint64(0)
			for b.Loop() {
				synced += syncedIn(b, simulated(b, s, 1))
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(synced)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/float64(synced), "allocs/record")
		})
	}
}

// BenchmarkLongRun is thirty days and a million changes of two hundred thousand
// records on both sides.
func BenchmarkLongRun(b *testing.B) {
	s := written(b, `
schema: twinwrite/v1
name: month
seed: 1
time: {start: 2026-01-01T00:00:00Z, run: 720h, drain: 2h}
runs: {count: 1}
maps:
  - {name: customers, finops: CustomersV3, dataverse: accounts, key: [accountnumber], columns: [name, phone]}
jobs:
  - {name: billing, primary: finops, sequence: [customers]}
workload:
  - {name: births, side: finops, arrivals: {rate: 280/h}, transaction: [{map: customers, create: 1}]}
  - {name: sales, side: dataverse, arrivals: {rate: 555/h}, transaction: [{map: customers, update: 1}]}
  - {name: billing, side: finops, arrivals: {rate: 555/h}, transaction: [{map: customers, update: 1}]}
`)
	simulatedTime, changes := time.Duration(0), uint64(0)
	for b.Loop() {
		set := simulated(b, s, 1)
		simulatedTime += set.Runs[0].End
		changes += set.Runs[0].Totals.Captured
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(simulatedTime.Seconds()/b.Elapsed().Seconds(), "×real")
	b.ReportMetric(float64(changes)/float64(b.N), "changes")
	b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB") // the heap at its largest
}

// BenchmarkManyRuns makes 32 runs on one core and on two.
func BenchmarkManyRuns(b *testing.B) {
	s := written(b, fmt.Sprintf(pipelined, 8*time.Minute)+"\n")
	s.Runs.Count = 32
	took := map[int]time.Duration{}
	for b.Loop() {
		for _, jobs := range []int{1, 2} {
			begun := b.Elapsed()
			simulated(b, s, jobs)
			took[jobs] += b.Elapsed() - begun
		}
	}
	b.ReportMetric(took[1].Seconds()/took[2].Seconds(), "×faster")
}

func written(b *testing.B, text string) *scenarios.Scenario {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bench.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	s, _, err := scenarios.Load(path)
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func simulated(b *testing.B, s *scenarios.Scenario, jobs int) *result.Set {
	b.Helper()
	set, err := runs.Simulate(b.Context(), s, runs.Options{Jobs: jobs})
	if err != nil {
		b.Fatal(err)
	}
	if v := set.Verdict(); v != result.Pass {
		b.Fatalf("the run is %s", v)
	}
	return set
}

// syncedIn counts the synced references of a set of one run.
func syncedIn(b *testing.B, set *result.Set) (n uint64) {
	b.Helper()
	for _, o := range set.Runs[0].Outcomes {
		if o.Class == "synced" {
			n += o.Count
		}
	}
	if n < set.Runs[0].Totals.Captured*9/10 {
		b.Fatalf("%d of %d changes were synced", n, set.Runs[0].Totals.Captured)
	}
	return n
}
