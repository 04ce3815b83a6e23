package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Difference is what separates two settings, measured over runs: b minus a.
type Difference struct {
	Interval
	P           float64 // of no difference, two-sided; 1 when it is not Known
	Freedom     float64 // degrees of freedom of the interval's t; 0 when it is not Known
	Paired      bool    // run i was taken with run i; else the runs counted as independent (Welch)
	Correlation float64 // of the two over the runs; NaN where one of them never varied
	Gain        float64 // variance of an unpaired difference over that of the paired one: how much pairing helped; NaN where all pairs differ by the same
}

// CompareRuns measures b minus a where a[i] and b[i] come from runs with the same
// draws. Pairing takes out what the runs have in common, which is why modes are
// compared on the same arrivals. Where the two do not go together (no positive
// correlation) pairing would only cost degrees of freedom, and Welch's test for
// independent runs is taken.
func CompareRuns(a, b []float64) Difference {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	deltas := make([]float64, n)
	for i := range deltas {
		deltas[i] = b[i] - a[i]
	}
	d := Difference{Interval: MeanOverRuns(deltas), P: 1, Paired: true, Correlation: math.NaN(), Gain: math.NaN()}
	if n < 2 {
		return d
	}
	d.Freedom = float64(n - 1)
	va, vb, vd := stat.Variance(a, nil), stat.Variance(b, nil), stat.Variance(deltas, nil)
	if va > 0 && vb > 0 {
		d.Correlation = stat.Correlation(a, b, nil)
	}
	if vd > float64(rounding*(va+vb)) {
		d.Gain = (va + vb) / vd
	}
	if !(d.Correlation > 0) && va+vb > 0 {
		welch(&d, va, vb, n, n)
		return d
	}
	d.P = twoSided(d.Mean, math.Sqrt(vd/float64(n)), d.Freedom)
	return d
}

// rounding is the share of a variance below which it is one of the arithmetic.
const rounding = 1e-12

// welch takes the runs as independent: the variances add, and the degrees of
// freedom are those of Welch and Satterthwaite.
func welch(d *Difference, va, vb float64, na, nb int) {
	d.Paired = false
	ea, eb := va/float64(na), vb/float64(nb)
	se := math.Sqrt(ea + eb)
	d.Freedom = (ea + eb) * (ea + eb) / (ea*ea/float64(na-1) + eb*eb/float64(nb-1))
	half := distuv.StudentsT{Sigma: 1, Nu: d.Freedom}.Quantile(1-(1-confidence)/2) * se
	d.Low, d.High = d.Mean-half, d.Mean+half
	d.P = twoSided(d.Mean, se, d.Freedom)
}

// twoSided is the chance of a mean at least as far from 0, were there no
// difference. Runs that all differ by the same amount leave no doubt.
func twoSided(mean, se, freedom float64) float64 {
	switch {
	case se == 0 && mean == 0:
		return 1
	case se == 0:
		return 0
	}
	return 2 * distuv.StudentsT{Sigma: 1, Nu: freedom}.Survival(math.Abs(mean)/se)
}

// Equivalent reports whether a difference is shown to lie within ±margin: both
// one-sided tests at 5 %, which is the 90 % interval inside the margins
// (Schuirmann, 1987). That nothing was found is no proof of that.
func (d Difference) Equivalent(margin float64) bool {
	if !d.Known || d.High == d.Low {
		return d.Known && math.Abs(d.Mean) < margin
	}
	// The interval is the 95 % one; narrow it with the quantiles of its own t.
	t := distuv.StudentsT{Sigma: 1, Nu: d.Freedom}
	half := (d.High - d.Low) / 2 * t.Quantile(0.95) / t.Quantile(0.975)
	return d.Mean-half > -margin && d.Mean+half < margin
}

// Holm adjusts the p-values of several comparisons, so that the chance of even
// one false alarm among all stays at 5 % (Holm, 1979). The order is kept.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(ps[i], ps[j]) })
	adjusted := make([]float64, len(ps))
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, float64(len(ps)-rank)*ps[i]))
		adjusted[i] = highest
	}
	return adjusted
}

// CompareGroups measures b minus a where the runs of a have nothing to do with
// those of b, as of two seeds: Welch's test. The two may differ in number.
func CompareGroups(a, b []float64) Difference {
	d := Difference{P: 1, Correlation: math.NaN(), Gain: math.NaN()}
	if len(a) == 0 || len(b) == 0 {
		return d
	}
	d.Mean, d.Runs = MeanOverRuns(b).Mean-MeanOverRuns(a).Mean, min(len(a), len(b))
	d.Low, d.High = d.Mean, d.Mean
	if d.Runs < 2 {
		return d
	}
	d.Known = true
	va, vb := stat.Variance(a, nil), stat.Variance(b, nil)
	if va+vb == 0 {
		d.Freedom = float64(len(a) + len(b) - 2)
		d.P = twoSided(d.Mean, 0, d.Freedom)
		return d
	}
	welch(&d, va, vb, len(a), len(b))
	return d
}
