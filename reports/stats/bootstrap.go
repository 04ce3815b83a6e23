package stats

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Resamples is how often [Bootstrap] draws a set of runs: the ends of a 95 %
// interval then rest on 25 draws each side.
const Resamples = 1000

// QuantileInterval is a pooled quantile with its interval over runs.
type QuantileInterval struct {
	Low, High Quantile
	Known     bool // at least two runs
}

// Bootstrap gives, for each of the ascending qs, the 95 % percentile interval of the pooled
// quantile: runs are drawn with replacement, all samples of a drawn run
// together, and the quantile is taken of what was drawn. The same runs and seed
// give the same interval.
//
// Each draw would need its own sort; instead all spans are sorted once with the
// run they came from, a draw is a weight per run, and one walk along the spans
// finds all quantiles of it.
func Bootstrap(runs []Sample, qs []float64, seed uint64) []QuantileInterval {
	out := make([]QuantileInterval, len(qs))
	if len(runs) < 2 {
		return out
	}
	converged := merge(runs, func(s Sample) []time.Duration { return s.converged })
	all := merge(runs, func(s Sample) []time.Duration { return s.all })

	random := rand.New(rand.NewPCG(seed, 0x626f6f7473747261))
	draws := make([][]Quantile, len(qs))
	weight := make([]int, len(runs))
	for range Resamples {
		clear(weight)
		n, ended := 0, 0
		for range runs {
			i := random.IntN(len(runs))
			weight[i]++
			n += runs[i].N()
			ended += len(runs[i].converged)
		}
		if n == 0 {
			continue
		}
		ranks := make([]int, len(qs))
		known := 0 // as many quantiles, the lower ones, fall among spans that ended
		for i, q := range qs {
			ranks[i] = rank(q, n)
			if ranks[i] <= ended {
				known = i + 1
			}
		}
		for i, d := range weighted(converged, weight, ranks[:known]) {
			draws[i] = append(draws[i], Quantile{Value: d, Known: true})
		}
		for i, d := range weighted(all, weight, ranks[known:]) {
			draws[known+i] = append(draws[known+i], Quantile{Value: d, Censored: true, Known: true})
		}
	}
	for i, ds := range draws {
		if len(ds) == 0 {
			continue
		}
		slices.SortFunc(ds, Compare)
		out[i] = QuantileInterval{
			Low:   ds[rank((1-confidence)/2, len(ds))-1],
			High:  ds[rank(1-(1-confidence)/2, len(ds))-1],
			Known: true,
		}
	}
	return out
}

// Compare orders quantiles: a censored one is above every one that is not.
func Compare(a, b Quantile) int {
	if a.Censored != b.Censored {
		if a.Censored {
			return 1
		}
		return -1
	}
	return cmp.Compare(a.Value, b.Value)
}

// tagged is a span with the run that it came from.
type tagged struct {
	span time.Duration
	run  int
}

func merge(runs []Sample, of func(Sample) []time.Duration) []tagged {
	var all []tagged
	for i, s := range runs {
		for _, d := range of(s) {
			all = append(all, tagged{d, i})
		}
	}
	slices.SortStableFunc(all, func(a, b tagged) int { return cmp.Compare(a.span, b.span) })
	return all
}

// weighted gives the spans of the ascending ranks when each span counts as
// often as its run was drawn.
func weighted(spans []tagged, weight, ranks []int) []time.Duration {
	var found []time.Duration
	passed := 0
	for _, s := range spans {
		if len(found) == len(ranks) {
			break
		}
		passed += weight[s.run]
		for len(found) < len(ranks) && ranks[len(found)] <= passed {
			found = append(found, s.span)
		}
	}
	return found
}
