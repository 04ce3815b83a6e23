package runs

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// The recorded month, and the scenario that replays it.
const (
	octoberScenario = "../october/october.yaml"
	octoberFile     = "../october/retail-2011-10.csv.gz"
)

// linesOf counts the lines of each invoice of a recording, by the plainest means:
// by splitting at commas. Countries are not counted: no invoice has two.
func linesOf(t *testing.T, file string) map[string]int {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var text io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if text, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	counts := map[string]int{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		if cells := strings.Split(lines.Text(), ","); cells[1] != "invoice" {
			counts[cells[1]]++
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}

func sum(counts map[string]int) (n uint64) {
	for _, c := range counts {
		n += uint64(c)
	}
	return n
}

func october(t *testing.T, sets ...string) *scenarios.Scenario {
	t.Helper()
	if testing.Short() {
		t.Skip("a month takes seconds")
	}
	s, _, err := scenarios.Load(octoberScenario, sets...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func octoberIn(t *testing.T, mode string) (*result.Set, *result.Run) {
	t.Helper()
	set, err := Simulate(context.Background(), october(t, "engine.mode="+mode), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &set.Runs[0]
	if r.Incomplete != "" || r.Panic != "" {
		t.Fatalf("%s%s", r.Incomplete, r.Panic)
	}
	return set, r
}

// octoberCounts are the records of the month: customers, items, invoices, lines.
var octoberCounts = [4]uint64{1431, 2859, 2637, 60742}

// TestOctoberAsync carries all of the month.
func TestOctoberAsync(t *testing.T) {
	t.Parallel()
	set, r := octoberIn(t, "async")
	if set.Verdict() != result.Pass {
		t.Errorf("the verdict is %s", set.Verdict())
	}
	counts := linesOf(t, octoberFile)
	if len(counts) != int(octoberCounts[2]) || sum(counts) != octoberCounts[3] {
		t.Fatalf("%d invoices with %d lines", len(counts), sum(counts))
	}
	for i, want := range octoberCounts {
		if m := r.Maps[i]; m.Captured != [2]uint64{want, 0} || m.Alive != [2]uint64{want, want} || m.Converged != want || m.Live != [2]uint64{} {
			t.Errorf("%+v, want %d captured and carried", m, want)
		}
	}
	if want := (result.SaveCount{Side: "finops", Ended: "committed", Count: r.Totals.Transactions[0]}); len(r.Saves) != 1 || r.Saves[0] != want || len(r.Waits) != int(want.Count) {
		t.Errorf("saves %+v, %d waits; want %+v", r.Saves, len(r.Waits), want)
	}
}

// TestOctoberKeepsPeaksAndMeans: of the month's series not all points are kept, and that is
// said. Each record changes once, so that what the pairs differ for comes to the times to
// converge; the invoice of 1,114 lines, with its head, still shows as high as it was.
func TestOctoberKeepsPeaksAndMeans(t *testing.T) {
	t.Parallel()
	_, r := octoberIn(t, "async")
	if !r.Thinned.Series || r.Thinned.Convergence != 1 {
		t.Fatalf("thinned: %+v; want series, and no changes", r.Thinned)
	}
	took := 0.0
	for _, c := range r.Convergence {
		took += c.Took.Seconds()
	}
	for _, s := range r.Series {
		if s.Name != "divergent-pairs" && s.Name != "backlog" {
			continue
		}
		if peak(s) != 1115 {
			t.Errorf("%s peaks at %v, want 1,115", s.Name, peak(s))
		}
		if got := result.Mean(s.Points, 0, r.End) * r.End.Seconds(); s.Name == "divergent-pairs" && (got < took*(1-1e-9) || got > took*(1+1e-9)) {
			t.Errorf("pairs differ for %v seconds in all, want %v", got, took)
		}
	}
}

// TestOctoberLive commits all of the month but the one invoice over the limit.
func TestOctoberLive(t *testing.T) {
	t.Parallel()
	set, r := octoberIn(t, "live")
	if set.Verdict() != result.Pass {
		t.Errorf("the verdict is %s", set.Verdict())
	}
	const big = 1114 // lines of 573585
	for i, want := range [4]uint64{octoberCounts[0], octoberCounts[1], octoberCounts[2] - 1, octoberCounts[3] - big} {
		if m := r.Maps[i]; m.Live != [2]uint64{want, 0} || m.Alive != [2]uint64{want, want} || m.Converged != want || m.Captured != [2]uint64{} {
			t.Errorf("%+v, want %d live", m, want)
		}
	}
	want := []result.SaveCount{
		{Side: "finops", Ended: "committed", Count: r.Live.Committed, Live: r.Live.Committed},
		{Side: "finops", Ended: "too many records for live sync", Count: 1, GivenUp: 1},
	}
	if diff := cmp.Diff(want, r.Saves); diff != "" || r.Live.Committed != r.Totals.Transactions[0] || r.Totals.Rejected != 1 {
		t.Errorf("saves (-want +got):\n%s\n%+v", diff, r.Live)
	}
	if n := len(r.Convergence); uint64(n) != r.Totals.Live {
		t.Errorf("%d changes converged, %d went live", n, r.Totals.Live)
	}
}

// TestOctoberIntegrator copies all of the month, in the end.
func TestOctoberIntegrator(t *testing.T) {
	t.Parallel()
	_, r := octoberIn(t, "integrator")
	for i, want := range octoberCounts {
		if m := r.Maps[i]; m.Captured != [2]uint64{want, 0} || m.Alive != [2]uint64{want, want} || m.Converged != want {
			t.Errorf("%+v, want %d copied", m, want)
		}
	}
	if c := r.Copied; c.Lost != [2]uint64{} || c.Missed != [2]uint64{} || c.Waiting != 0 || c.Rows != 67_669 {
		t.Errorf("it did %+v", *c)
	}
}

// TestLiveRefusesBySize lets the size of invoices alone decide: their masters are
// carried in the background. Those whose records are over the limit, the header
// counted like a line, are refused, and told why; no other is.
func TestLiveRefusesBySize(t *testing.T) {
	t.Parallel()
	counts := linesOf(t, octoberFile)
	day := linesOf(t, "../data/retail-2011-10-31.csv")
	for _, tc := range []struct{ limit, month, day int }{{1000, 1, 1}, {100, 87, 5}, {20, 932, 35}} {
		t.Run(fmt.Sprint(tc.limit), func(t *testing.T) {
			t.Parallel()
			p, err := newPlan(october(t, "maps.invoices.mode=live", "maps.lines.mode=live", fmt.Sprintf("systems.finops.live.records=%d", tc.limit)))
			if err != nil {
				t.Fatal(err)
			}
			w, err := model.New(p.world(0))
			if err != nil {
				t.Fatal(err)
			}
			shown := w.Run()
			r := p.gather(0, &shown)

			there := [2]map[string]int{{}, {}} // by side: the lines of the invoices that are there
			for side, s := range w.Systems {
				s.Each(2, func(r *engine.Record) { there[side][r.Key.ID] = 0 })
				s.Each(3, func(r *engine.Record) {
					invoice, _, _ := strings.Cut(r.Key.ID, "|")
					there[side][invoice]++
				})
			}
			want := map[string]int{}
			var refused []string
			for invoice, lines := range counts {
				if 1+lines > tc.limit {
					refused = append(refused, invoice)
				} else {
					want[strings.ToUpper(invoice)] = lines
				}
			}
			onDay := 0
			for _, invoice := range refused {
				if day[invoice] > 0 {
					onDay++
				}
			}
			if len(refused) != tc.month || onDay != tc.day {
				t.Fatalf("%d invoices are over the limit, %d of them on the last day; want %d and %d", len(refused), onDay, tc.month, tc.day)
			}
			if exactly := slices.Contains(refused, "571105"); tc.limit == 100 && (!exactly || counts["571105"] != 100) {
				t.Errorf("571105 has %d lines, and is refused: %v", counts["571105"], exactly)
			}
			for side, got := range there {
				folded := map[string]int{}
				for invoice, lines := range got {
					folded[strings.ToUpper(invoice)] = lines
				}
				if diff := cmp.Diff(want, folded); diff != "" {
					t.Errorf("invoices and their lines on side %d (-want +got):\n%.2000s", side, diff)
				}
			}
			n := uint64(len(refused))
			if i := slices.IndexFunc(r.Saves, func(s result.SaveCount) bool { return s.Ended == system.TooManyRecords.String() }); i < 0 || r.Saves[i].Count != n || r.Saves[i].GivenUp != n || r.Totals.Rejected != n {
				t.Errorf("saves %+v, want %d too many records; %d transactions failed", r.Saves, n, r.Totals.Rejected)
			}
		})
	}
}

// edge has invoices of 1,000 and of 1,001 records.
const edge = `schema: twinwrite/v1
name: edge
seed: 3
time: {start: 2026-01-30T12:00:00Z, run: 1h, drain: 10m}
engine: {timeout: 2m}
maps:
  - {name: invoices, finops: Headers, dataverse: invoices, key: [number], mode: live, columns: [status]}
  - {name: lines, finops: Lines, dataverse: invoicedetails, key: [line], mode: live, columns: [{name: price, type: number}], lookups: {invoice: invoices}}
jobs:
  - {name: billing, primary: finops, sequence: [invoices, lines]}
workload:
  - name: fits
    side: finops
    arrivals: {process: periodic, every: 20m} # from 0m to 60m
    transaction: [{map: invoices, create: 1}, {map: lines, create: 999}]
  - name: over
    side: finops
    arrivals: {process: periodic, every: 20m, first: 5m}
    transaction: [{map: invoices, create: 1}, {map: lines, create: 1000}]
`

// TestTheHeaderCounts: 999 lines and their header go live, one line more does not.
func TestTheHeaderCounts(t *testing.T) {
	t.Parallel()
	r := run(t, edge)
	holds(t, r)
	ended := map[int]map[string]int{0: {}, 1: {}}
	for _, w := range r.Waits {
		ended[int(w.Workload)][w.Ended]++
	}
	want := map[int]map[string]int{0: {"committed": 4}, 1: {"too many records for live sync": 3}}
	if diff := cmp.Diff(want, ended); diff != "" {
		t.Errorf("how saves ended (-want +got):\n%s", diff)
	}
	if r.Maps[0].Alive != [2]uint64{4, 4} || r.Maps[1].Alive != [2]uint64{3996, 3996} {
		t.Errorf("%+v", r.Maps)
	}
}
