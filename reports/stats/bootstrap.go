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
// run they came from, and a draw is a weight per run. How many spans of each run
// stand before every so-manieth place is counted beforehand, so that a quantile
// is looked for between two such places and not along all spans.
func Bootstrap(runs []Sample, qs []float64, seed uint64) []QuantileInterval {
	out := make([]QuantileInterval, len(qs))
	if len(runs) < 2 {
		return out
	}
	converged := newPooled(runs, func(s Sample) []time.Duration { return s.converged })
	all := newPooled(runs, func(s Sample) []time.Duration { return s.all })

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
		for i, d := range converged.at(weight, ended, ranks[:known]) {
			draws[i] = append(draws[i], Quantile{Value: d, Known: true})
		}
		for i, d := range all.at(weight, n, ranks[known:]) {
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

// pooled are the spans of all runs, ascending.
type pooled struct {
	spans  []tagged
	runs   int
	every  int   // spans from one mark to the next
	before []int // by mark, then by run: how many of the run's spans stand before it
}

// marksMost bounds the marks: each takes a look at every run.
const marksMost = 512

func newPooled(runs []Sample, of func(Sample) []time.Duration) *pooled {
	p := &pooled{runs: len(runs)}
	for i, s := range runs {
		for _, d := range of(s) {
			p.spans = append(p.spans, tagged{d, i})
		}
	}
	slices.SortFunc(p.spans, func(a, b tagged) int {
		return cmp.Or(cmp.Compare(a.span, b.span), cmp.Compare(a.run, b.run))
	})
	p.every = max(p.runs, len(p.spans)/marksMost, 1)
	count := make([]int, p.runs)
	for i, s := range p.spans {
		if i%p.every == 0 {
			p.before = append(p.before, count...)
		}
		count[s.run]++
	}
	return p
}

// at gives the spans of the ascending ranks when each span counts as often as its
// run was drawn, and so many were drawn in all.
func (p *pooled) at(weight []int, drawn int, ranks []int) []time.Duration {
	found := make([]time.Duration, len(ranks))
	for i, rank := range ranks {
		mark, passed := p.mark(weight, drawn, rank)
		for _, s := range p.spans[mark*p.every:] {
			if passed += weight[s.run]; passed >= rank {
				found[i] = s.span
				break
			}
		}
	}
	return found
}

// mark finds the last mark before a rank, and how many drawn spans stand before it.
// It looks first where the rank would be if all runs had been drawn alike.
func (p *pooled) mark(weight []int, drawn, rank int) (mark, passed int) {
	last := len(p.before)/p.runs - 1
	mark = min(last, len(p.spans)/p.every*(rank-1)/drawn)
	passed = p.passed(weight, mark)
	for passed >= rank {
		mark--
		passed = p.passed(weight, mark)
	}
	for mark < last {
		next := p.passed(weight, mark+1)
		if next >= rank {
			break
		}
		mark, passed = mark+1, next
	}
	return mark, passed
}

// passed counts the drawn spans before a mark.
func (p *pooled) passed(weight []int, mark int) (n int) {
	for run, before := range p.before[mark*p.runs : (mark+1)*p.runs] {
		n += weight[run] * before
	}
	return n
}
