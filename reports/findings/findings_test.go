package findings_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestSentences pins every sentence about every kind of result.
func TestSentences(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, c := range []struct {
		name string
		set  *result.Set
	}{
		{"none", fixture.None()},
		{"empty", fixture.Empty()},
		{"one", fixture.One()},
		{"day", fixture.Day()},
		{"broken", fixture.Broken()},
		{"censored", fixture.Censored(.03)},
		{"half censored", fixture.Censored(.6)},
		{"never", fixture.Censored(1)},
		{"two runs", fixture.Runs(2)},
		{"interrupted", fixture.Interrupted(3, 200)},
		{"interrupted at once", fixture.Interrupted(0, 200)},
		{"stopped", fixture.Stopped()},
	} {
		s := summary.Of(c.set)
		b.WriteString("# " + c.name + "\n")
		for _, line := range []string{
			findings.Interruption(s), findings.Stopped(c.set), strings.Join(findings.Planted(s), "\n"), findings.Arrival(s),
			findings.Verdict(s), findings.Convergence(s), findings.Backlog(c.set), findings.Outcomes(s), findings.Torn(s), findings.NeverWhole(s),
		} {
			if line != "" {
				b.WriteString(line + "\n")
			}
		}
		for _, e := range findings.Narrative(c.set, s) {
			b.WriteString("- " + strings.TrimSpace(e.When+" "+e.What) + ": " + e.Text + "\n")
		}
		b.WriteString("\n")
	}
	golden.Check(t, "sentences.txt", b.String())
}

func TestRecoveries(t *testing.T) {
	t.Parallel()
	run := func(points ...result.Point) *result.Run {
		return &result.Run{
			End: 10 * time.Minute, Series: []result.Series{{Name: "backlog", Points: points}},
			Faults: []result.Period{{Kind: "outage", From: 10 * time.Second, To: 20 * time.Second}},
		}
	}
	crash := func(samples []result.Sample, points ...result.Point) *result.Run {
		r := run(points...)
		r.Faults[0].Kind, r.Convergence = "engine-crash", samples
		return r
	}
	at := func(s int, v float64) result.Point { return result.Point{At: time.Duration(s) * time.Second, Value: v} }
	change := func(born, took int, censored bool) result.Sample {
		return result.Sample{Born: time.Duration(born) * time.Second, Took: time.Duration(took) * time.Second, Censored: censored}
	}
	// A restarted engine knows of nothing: its backlog is empty for an instant.
	dip := []result.Point{at(0, 0), at(11, 146), at(20, 0), at(21, 146), at(22, 149), at(24, 90), at(28, 3), at(30, 0)}
	for _, c := range []struct {
		name      string
		run       *result.Run
		peak      float64
		recovered time.Duration
		known     bool
	}{
		{"rises and drains", run(at(0, 2), at(12, 9), at(21, 11), at(25, 5), at(30, 2), at(100, 50)), 11, 30 * time.Second, true},
		{"leaves a twentieth", run(at(0, 0), at(12, 100), at(25, 6), at(30, 5)), 100, 30 * time.Second, true},
		{"never drains", run(at(0, 2), at(12, 9)), 9, 0, false},
		{"does not rise", run(at(0, 2)), 2, 20 * time.Second, true},
		{"drains inside", run(at(0, 2), at(12, 9), at(15, 1)), 9, 20 * time.Second, true},
		{"does not stay low", run(at(0, 2), at(12, 30), at(22, 1), at(23, 99), at(40, 2)), 99, 40 * time.Second, true},
		{"peak after recovery is another's", run(at(0, 2), at(12, 3), at(22, 1), at(83, 99)), 3, 22 * time.Second, true},
		{"empty for an instant", run(dip...), 149, 28 * time.Second, true},
		{"crash, empty for an instant", crash(nil, dip...), 149, 28 * time.Second, true},
		{"crash, until the last that waited", crash([]result.Sample{change(9, 2, false), change(9, 15, false), change(11, 24, false), change(25, 60, false)}, dip...), 149, 35 * time.Second, true},
		{"crash, later load moves the level only", crash([]result.Sample{change(11, 24, false)}, append(slices.Clip(dip), at(36, 20), at(50, 0))...), 149, 35 * time.Second, true},
		{"outage, all but a twentieth that waited", func() *result.Run {
			r := run(at(0, 0), at(12, 40), at(24, 1), at(90, 0))
			for range 19 {
				r.Convergence = append(r.Convergence, change(11, 13, false))
			}
			r.Convergence = append(r.Convergence, change(11, 79, false))
			return r
		}(), 40, 24 * time.Second, true},
		{"nothing waited, later load is not its doing", crash([]result.Sample{change(30, 5, false)}, at(0, 0), at(30, 50), at(35, 0)), 0, 20 * time.Second, true},
		{"crash, one that is parked does not count", crash([]result.Sample{change(11, 24, false), change(5, 500, true)}, dip...), 149, 35 * time.Second, true},
	} {
		got := findings.Recoveries(c.run)
		if len(got) != 1 || got[0].Peak != c.peak || got[0].Recovered != c.recovered || got[0].Known != c.known {
			t.Errorf("%s: got %+v, want peak %v, recovered %v %v", c.name, got, c.peak, c.recovered, c.known)
		}
	}
	if got := findings.Recoveries(&result.Run{End: time.Minute}); got != nil {
		t.Errorf("no series: got %+v", got)
	}
}

// TestFaultsThatNeverStruck: a crash waits for the engine at a point of its
// code, and a run that ends before a fault has nothing to tell of it.
func TestFaultsThatNeverStruck(t *testing.T) {
	t.Parallel()
	told := func(change func(*result.Set)) string {
		set := fixture.Day()
		change(set)
		var b strings.Builder
		for _, e := range findings.Narrative(set, summary.Of(set)) {
			b.WriteString(e.When + " " + e.What + ": " + e.Text + "\n")
		}
		return b.String()
	}
	if got, want := told(func(s *result.Set) { s.Runs[0].Faults = s.Runs[0].Faults[1:] }), "11:12 Engine crash: Armed for 11:12, never reached."; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
	if got := told(func(s *result.Set) { s.Runs[0].Faults, s.Runs[0].End = nil, time.Hour }); strings.Contains(got, "rash:") || strings.Contains(got, "outage:") {
		t.Errorf("a fault that never came is told of:\n%s", got)
	}
	// The crash struck three seconds late, and the text says when.
	if got, want := told(func(s *result.Set) {
		s.Runs[0].Faults[0].From += 40 * time.Minute
		s.Runs[0].Faults[0].To += 40 * time.Minute
	}), "11:52 Engine crash · 30s: "; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// TestArrival reads the question off the counts of each map.
func TestArrival(t *testing.T) {
	t.Parallel()
	of := func(runs int, change func(run int, m []result.MapCount)) string {
		set := fixture.Runs(runs)
		for i := range set.Runs {
			r := &set.Runs[i]
			r.Series = nil
			for j := range r.Maps {
				r.Maps[j].Parked, r.Maps[j].Blocked, r.Maps[j].Open = 0, 0, 0
			}
			for j := range r.Convergence {
				r.Convergence[j].Censored = false
			}
			change(i, r.Maps)
		}
		return findings.Arrival(summary.Of(set))
	}
	for _, c := range []struct {
		want   string
		runs   int
		change func(run int, m []result.MapCount)
	}{
		{"Everything arrived.", 1, func(int, []result.MapCount) {}},
		{"Everything arrived in 3 runs.", 3, func(int, []result.MapCount) {}},
		{"Everything arrived except 19 items, which wait for a person.", 1, func(_ int, m []result.MapCount) { m[1].Parked = 19 }},
		{"Everything arrived except 1 record of items, which waits for a person.", 1, func(_ int, m []result.MapCount) { m[1].Parked = 1 }},
		{
			"Everything arrived except 2 customers and 3 items, which wait for a person; 4 lines, which wait behind records like that; 5 lines, which were still on their way when the run ended.",
			1, func(_ int, m []result.MapCount) { m[0].Parked, m[1].Parked, m[3].Blocked, m[3].Open = 2, 3, 4, 5 },
		},
		{"Everything arrived except 10 records of 4 table maps, which wait for a person.", 1, func(_ int, m []result.MapCount) {
			for i := range m {
				m[i].Parked = uint64(i + 1)
			}
		}},
		{"Everything arrived in 2 runs except 19 items a run, which wait for a person.", 2, func(_ int, m []result.MapCount) { m[1].Parked = 19 }},
		{"Everything arrived in 3 runs except 17 to 19 items a run, which wait for a person.", 3, func(run int, m []result.MapCount) { m[1].Parked = uint64(17 + run) }},
	} {
		if got := of(c.runs, c.change); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	// A pair that differs although nothing waits for it is never passed over.
	set := fixture.One()
	set.Runs[0].Series[1].Points = []result.Point{{At: 0, Value: 2}}
	if got, want := findings.Arrival(summary.Of(set)), "Everything arrived except 2 pairs that differ though nothing is queued for them."; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestArrivalLive checks that a live run, where nothing is ever queued, does not
// pass for one in which nothing happened.
func TestArrivalLive(t *testing.T) {
	t.Parallel()
	for failed, want := range map[uint64]string{
		0:  "Nothing waits in live mode: all of 300 user transactions were committed in 2 runs.",
		45: "Nothing waits in live mode, but 90 user transactions failed before commit in 2 runs; 300 were committed.",
	} {
		set := fixture.Runs(2)
		set.Scenario.Mode = "live"
		for i := range set.Runs {
			r := &set.Runs[i]
			r.Convergence, r.Totals.Transactions, r.Totals.Rejected = nil, [2]uint64{100, 50}, failed
		}
		if got := findings.Arrival(summary.Of(set)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAtIsAStepFunction(t *testing.T) {
	t.Parallel()
	points := []result.Point{{At: 2, Value: 5}, {At: 4, Value: 7}, {At: 4, Value: 8}, {At: 9, Value: 1}}
	for at, want := range map[time.Duration]float64{0: 0, 2: 5, 3: 5, 4: 8, 8: 8, 9: 1, 99: 1} {
		if got := findings.At(points, at); got != want {
			t.Errorf("At(%d) = %v, want %v", at, got, want)
		}
	}
}

// TestThinnedTimesSaySo: where only some times were kept, no sentence counts them
// as all.
func TestThinnedTimesSaySo(t *testing.T) {
	t.Parallel()
	set := fixture.Day()
	if text := findings.Thinned(summary.Of(set)); text != "" {
		t.Errorf("all are kept, and it says %q", text)
	}
	set.Runs[0].Thinned = result.Thinned{Convergence: 16, Waits: 2}
	s := summary.Of(set)
	if got, want := findings.Thinned(s), "of every 16th change and of every 2nd save"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got := findings.Convergence(s); !strings.HasSuffix(got, "(of every 16th change)") {
		t.Errorf("it says %q", got)
	}
}

// TestNothingWaits: what is listed besides is no addition to nothing.
func TestNothingWaits(t *testing.T) {
	t.Parallel()
	s := summary.Of(fixture.Day())
	s.Pooled.Outcomes, s.Pooled.Maps = nil, nil
	s.Pooled.Errors = []summary.Error{{Class: "concurrency", Reason: "superseded", Map: "customers", Count: 2}}
	if got, want := findings.DeskCounts(s), "Nothing waits for an operator; listed, with no action needed: 2 superseded on customers."; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestSamePeak: where all runs go as high, nothing depends on the run.
func TestSamePeak(t *testing.T) {
	t.Parallel()
	set := fixture.Runs(1)
	again := set.Runs[0]
	again.Index = 1
	set.Runs = append(set.Runs, again)
	if got := findings.Backlog(set); !strings.HasSuffix(got, " references in every run") {
		t.Errorf("%q", got)
	}
}
