package plots

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestStretches: every change is in the one stretch in which it was committed.
func TestStretches(t *testing.T) {
	t.Parallel()
	set := fixture.Runs(2)
	all := stretches(set, set.Scenario.Length)
	if len(all) < 20 || all[len(all)-1].to < set.Scenario.Length {
		t.Fatalf("%d stretches up to %v", len(all), all[len(all)-1].to)
	}
	counted := 0
	for i, s := range all {
		if i > 0 && s.from != all[i-1].to {
			t.Errorf("a gap before %v", s.from)
		}
		var converged, censored []time.Duration
		for _, r := range set.Runs {
			for _, c := range r.Convergence {
				switch {
				case c.Born < s.from || c.Born >= s.to:
				case c.Censored:
					censored = append(censored, c.Took)
				default:
					converged = append(converged, c.Took)
				}
			}
		}
		want := stats.NewSample(converged, censored)
		counted += want.N()
		for _, q := range []float64{.5, .95} {
			if got := s.sample.Quantile(q); got != want.Quantile(q) || s.sample.N() != want.N() {
				t.Errorf("from %v: quantile %v is %+v of %d, want %+v of %d", s.from, q, got, s.sample.N(), want.Quantile(q), want.N())
			}
		}
	}
	if counted < 10_000 {
		t.Errorf("only %d changes were counted", counted)
	}
}

// TestRunningMeans: the last of the running means is that of all runs.
func TestRunningMeans(t *testing.T) {
	t.Parallel()
	set := fixture.Runs(4)
	means, censored := runningMeans(set)
	if len(means) != 4 || censored {
		t.Fatalf("%d means, censored %v", len(means), censored)
	}
	var medians []float64
	for _, r := range set.Runs {
		var spans, never []time.Duration
		for _, s := range r.Convergence {
			if s.Censored {
				never = append(never, s.Took)
			} else {
				spans = append(spans, s.Took)
			}
		}
		medians = append(medians, stats.NewSample(spans, never).Quantile(.5).Value.Seconds())
	}
	if got, want := means[3].Interval, stats.MeanOverRuns(medians); got != want {
		t.Errorf("after all runs %+v, want %+v", got, want)
	}
	if means[0].Known || !means[1].Known {
		t.Error("one run has an interval, or two have none")
	}
}

func TestMultipleTicks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		low, high float64
		want      string
	}{
		{.8, 1.25, "÷1.25 ÷1.1 same ×1.1 ×1.25"},
		{.09, 2, "÷10 ÷5 ÷2 same ×2"},
		{.01, 800, "÷100 ÷10 same ×10 ×100"},
	} {
		got := ""
		for _, tk := range multipleTicks(c.low, c.high) {
			got += " " + tk.label
		}
		if got[1:] != c.want {
			t.Errorf("%v to %v: %q, want %q", c.low, c.high, got[1:], c.want)
		}
	}
}

// TestSlowHalf does not call a day even of which half is slow.
func TestSlowHalf(t *testing.T) {
	t.Parallel()
	day := func(tails ...time.Duration) (all []stretch) {
		for i, tail := range tails {
			took := make([]time.Duration, paceLeast)
			for j := range took {
				took[j] = tail
			}
			all = append(all, stretch{time.Duration(i) * time.Hour, time.Duration(i+1) * time.Hour, stats.NewSample(took, nil)})
		}
		return all
	}
	set := &result.Set{Scenario: result.Scenario{Length: 5 * time.Hour}}
	for _, c := range []struct {
		all  []stretch
		want string
	}{
		{day(time.Second, time.Second, 2*time.Second), "No stretch stands out"},
		{day(time.Second, time.Second, time.Minute), "Changes made from 02:00 to 03:00 took longest: 95 % within 1m, where 1s is usual"},
		{day(time.Second, time.Minute, time.Minute), "where 1s is the best"},
	} {
		if got := paceFinding(set, c.all); !strings.Contains(got, c.want) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestWarmupIsSaid: where changes do not count, the pictures of times to converge say so.
func TestWarmupIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		warmup time.Duration
		want   bool
	}{{0, false}, {15 * time.Minute, true}} {
		set := *fixture.Day()
		set.Scenario.Warmup = c.warmup
		said := 0
		for _, p := range all(&set) {
			if strings.Contains(p.Caption, "Changes of the first 15m, the warm-up, are left out.") {
				said++
			}
		}
		if (said == 2) != c.want || said != 0 && !c.want {
			t.Errorf("with a warm-up of %v %d pictures say so", c.warmup, said)
		}
	}
}
