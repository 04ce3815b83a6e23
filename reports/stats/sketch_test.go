package stats_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestSketchAgainstExactQuantiles: a sketch of two runs, in either order, is as
// right as its bins are narrow.
func TestSketchAgainstExactQuantiles(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	binned := func(spans []time.Duration) (bins []result.Bin) {
		for from := time.Millisecond; from < time.Hour; from += from / 8 {
			b := result.Bin{From: from, To: from + from/8}
			for _, d := range spans {
				if d >= b.From && d < b.To {
					b.Count++
				}
			}
			if b.Count > 0 {
				bins = append(bins, b)
			}
		}
		return bins
	}
	for range 30 {
		var all []time.Duration
		var runs [2][]time.Duration
		for range 1 + random.IntN(300) {
			d := time.Duration(float64(time.Second) * random.ExpFloat64() * 30)
			d = max(d, time.Millisecond)
			all = append(all, d)
		}
		runs[0], runs[1] = all[:len(all)/3], all[len(all)/3:]
		slices.Sort(all)
		exact := stats.NewSample(all, nil)
		for _, order := range [][2]int{{0, 1}, {1, 0}} {
			var s stats.Sketch
			for _, r := range order {
				most := time.Duration(0)
				if len(runs[r]) > 0 {
					most = slices.Max(runs[r])
				}
				s.Add(binned(runs[r]), most)
			}
			if s.N() != uint64(len(all)) {
				t.Fatalf("%d of %d spans", s.N(), len(all))
			}
			for _, q := range []float64{.05, .5, .95, 1} {
				got, want := s.Quantile(q), exact.Quantile(q).Value
				if (got - want).Abs() > want/8+time.Millisecond {
					t.Errorf("q %v of %d: %v, exactly %v", q, len(all), got, want)
				}
			}
		}
	}
}
