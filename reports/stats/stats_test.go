package stats_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
)

// slowQuantile is the definition read out: the least span d such that at least
// the share q of all spans is at most d, a censored one never being so.
func slowQuantile(converged, censored []time.Duration, q float64) stats.Quantile {
	n := len(converged) + len(censored)
	if n == 0 {
		return stats.Quantile{}
	}
	enough := func(spans []time.Duration, d time.Duration) bool {
		count := 0
		for _, s := range spans {
			if s <= d {
				count++
			}
		}
		return float64(count) >= q*float64(n)-1e-6
	}
	least := func(spans []time.Duration) (time.Duration, bool) {
		var found []time.Duration
		for _, d := range spans {
			if enough(spans, d) {
				found = append(found, d)
			}
		}
		if len(found) == 0 {
			return 0, false
		}
		return slices.Min(found), true
	}
	if d, ok := least(converged); ok {
		return stats.Quantile{Value: d, Known: true}
	}
	d, _ := least(append(slices.Clone(converged), censored...))
	return stats.Quantile{Value: d, Censored: true, Known: true}
}

func TestQuantileAgainstItsDefinition(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	censoredSeen, knownSeen := 0, 0
	for range 400 {
		draw := func(most int) []time.Duration {
			out := make([]time.Duration, random.IntN(most))
			for i := range out {
				out[i] = time.Duration(1 + random.IntN(12)) // many ties
			}
			return out
		}
		converged, censored := draw(40), draw(6)
		s := stats.NewSample(converged, censored)
		for _, q := range []float64{.01, .25, .5, .9, .95, .99, .999, 1} {
			got, want := s.Quantile(q), slowQuantile(converged, censored, q)
			if got != want {
				t.Fatalf("quantile %v of %v and censored %v: got %+v, want %+v", q, converged, censored, got, want)
			}
			if got.Censored {
				censoredSeen++
			} else if got.Known {
				knownSeen++
			}
		}
	}
	if censoredSeen < 100 || knownSeen < 100 {
		t.Errorf("the draws reached %d censored and %d known quantiles: too few to trust", censoredSeen, knownSeen)
	}
}

func TestQuantileKeepsCensoredSpans(t *testing.T) {
	t.Parallel()
	// 98 spans of 1..98 s and two that were cut off after 3 s and 200 s.
	var converged []time.Duration
	for i := range 98 {
		converged = append(converged, time.Duration(i+1)*time.Second)
	}
	s := stats.NewSample(converged, []time.Duration{3 * time.Second, 200 * time.Second})
	if got := s.Quantile(.98); got.Value != 98*time.Second || got.Censored {
		t.Errorf("p98 = %+v, want 98s: rank 98 of 100 is the slowest that converged", got)
	}
	// Rank 99: with the censored ones at their bounds the 99th is 98 s.
	if got := s.Quantile(.99); got.Value != 98*time.Second || !got.Censored {
		t.Errorf("p99 = %+v, want more than 98s", got)
	}
	if got := s.Quantile(1); got.Value != 200*time.Second || !got.Censored {
		t.Errorf("max = %+v, want more than 200s", got)
	}
}

func TestQuantileRankDoesNotSlip(t *testing.T) {
	t.Parallel()
	var spans []time.Duration
	for i := range 1000 {
		spans = append(spans, time.Duration(i+1))
	}
	s := stats.NewSample(spans, nil)
	for q, want := range map[float64]time.Duration{.5: 500, .9: 900, .95: 950, .99: 990, .999: 999, 1: 1000} {
		if got := s.Quantile(q).Value; got != want {
			t.Errorf("quantile %v of 1..1000 = %d, want %d", q, got, want)
		}
	}
}

func TestMeanOverRuns(t *testing.T) {
	t.Parallel()
	// Gosset's own example, the additional hours of sleep by one of two
	// soporifics (Student, The probable error of a mean, 1908): mean 0.75,
	// s = 1.78901, t(9) = 2.262157, so the interval is ±1.279780.
	got := stats.MeanOverRuns([]float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0})
	for what, pair := range map[string][2]float64{
		"mean": {got.Mean, 0.75}, "low": {got.Low, -0.529780}, "high": {got.High, 2.029780},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-5 {
			t.Errorf("%s = %v, want %v", what, pair[0], pair[1])
		}
	}
	if !got.Known || got.Runs != 10 {
		t.Errorf("got %+v, want a known interval over 10 runs", got)
	}
	if one := stats.MeanOverRuns([]float64{7}); one.Known || one.Mean != 7 {
		t.Errorf("one run: %+v, want its value and no interval", one)
	}
	if none := stats.MeanOverRuns(nil); none.Known || none.Runs != 0 {
		t.Errorf("no run: %+v, want nothing", none)
	}
}

// slowBootstrap draws the same runs and pools them each time, for comparison.
func slowBootstrap(runs [][2][]time.Duration, q float64, seed uint64) (low, high stats.Quantile) {
	random := rand.New(rand.NewPCG(seed, 0x626f6f7473747261))
	var draws []stats.Quantile
	for range stats.Resamples {
		var converged, censored []time.Duration
		for range runs {
			r := runs[random.IntN(len(runs))]
			converged = append(converged, r[0]...)
			censored = append(censored, r[1]...)
		}
		if d := slowQuantile(converged, censored, q); d.Known {
			draws = append(draws, d)
		}
	}
	slices.SortFunc(draws, stats.Compare)
	at := func(q float64) stats.Quantile { return draws[int(math.Ceil(q*float64(len(draws))-1e-6))-1] }
	return at(.025), at(.975)
}

// TestBootstrapAgainstPooling: few runs and many, short and long, with spans that
// many share and with none that any two do.
func TestBootstrapAgainstPooling(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 2))
	qs := []float64{.01, .5, .99, 1}
	cases := []struct{ runs, spans, longest int }{{2, 1, 3}, {4, 8, 50}, {20, 3, 10}, {3, 60, 1 << 40}, {3, 400, 1 << 40}, {40, 12, 1 << 40}}
	if testing.Short() { // the slow one takes its time
		cases = cases[:4]
	}
	for _, c := range cases {
		var runs [][2][]time.Duration
		var samples []stats.Sample
		for range c.runs {
			var r [2][]time.Duration
			for range 1 + random.IntN(c.spans) {
				r[0] = append(r[0], time.Duration(1+random.IntN(c.longest)))
			}
			for range random.IntN(3) {
				r[1] = append(r[1], time.Duration(1+random.IntN(c.longest)))
			}
			runs = append(runs, r)
			samples = append(samples, stats.NewSample(r[0], r[1]))
		}
		for i, got := range stats.Bootstrap(samples, qs, 7) {
			low, high := slowBootstrap(runs, qs[i], 7)
			if got.Low != low || got.High != high || !got.Known {
				t.Errorf("%+v, quantile %v: got %+v, want %+v to %+v", c, qs[i], got, low, high)
			}
		}
	}
}

func TestBootstrapOfTooLittle(t *testing.T) {
	t.Parallel()
	qs := []float64{.5}
	samples := []stats.Sample{stats.NewSample([]time.Duration{1}, nil)}
	if got := stats.Bootstrap(samples, qs, 7); got[0].Known {
		t.Errorf("one run has an interval: %+v", got[0])
	}
	if got := stats.Bootstrap(make([]stats.Sample, 3), qs, 7); got[0].Known {
		t.Errorf("runs without changes have an interval: %+v", got[0])
	}
}

// TestBootstrapCovers draws days whose changes share what the day was like: of
// the intervals for the median over days, about 95 of 100 must hold the true one.
// Changes inside a run are not independent, so that an interval over changes
// would be far too narrow.
func TestBootstrapCovers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(11, 12))
	const times, runs, changes = 300, 30, 60
	// A day's factor is lognormal about 1, a change's time lognormal about 1 s
	// times the factor: the pooled median is 1 s.
	held, naive := 0, 0
	for range times {
		samples := make([]stats.Sample, runs)
		var all []time.Duration
		for i := range samples {
			day := math.Exp(.3 * random.NormFloat64())
			spans := make([]time.Duration, changes)
			for k := range spans {
				spans[k] = time.Duration(1e9 * day * math.Exp(.5*random.NormFloat64()))
			}
			samples[i] = stats.NewSample(spans, nil)
			all = append(all, spans...)
		}
		got := stats.Bootstrap(samples, []float64{.5}, random.Uint64())[0]
		if got.Low.Value <= time.Second && time.Second <= got.High.Value {
			held++
		}
		// The order statistics that bound a median of independent values.
		slices.Sort(all)
		half := .98 * math.Sqrt(float64(len(all)))
		middle := float64(len(all)) / 2
		if all[int(middle-half)] <= time.Second && time.Second <= all[int(middle+half)] {
			naive++
		}
	}
	if share := float64(held) / times; share < .91 || share > .985 {
		t.Errorf("%.3f of the intervals hold the true median, expected about 0.95", share)
	}
	if share := float64(naive) / times; share > .75 {
		t.Errorf("%.3f of the intervals over changes hold it: the days of this test are too alike to tell the two apart", share)
	}
}
