package stats

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %v, expected %v", what, got, want)
	}
}

// The sleep data of Student (1908), as R's t.test has them: paired t = 4.0621,
// 9 degrees of freedom, p = 0.002833, interval 0.7001142 to 2.4598858.
func TestCompareRunsPaired(t *testing.T) {
	t.Parallel()
	first := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	second := []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
	d := CompareRuns(first, second)
	if !d.Paired || !d.Known || d.Runs != 10 {
		t.Errorf("not a paired comparison of 10 runs: %+v", d)
	}
	near(t, "mean", d.Mean, 1.58, 1e-9)
	near(t, "low", d.Low, 0.7001142, 1e-6)
	near(t, "high", d.High, 2.4598858, 1e-6)
	near(t, "p", d.P, 0.002833, 1e-6)
	near(t, "correlation", d.Correlation, 0.7951702, 1e-6)
	if d.Gain < 4 {
		t.Errorf("pairing gained %v only", d.Gain)
	}
}

// Runs that do not go together fall back on Welch; for the same data taken as
// independent R gives t = 1.8608, df = 17.776, p = 0.07939, interval
// -0.2054832 to 3.3654832.
func TestCompareRunsWelch(t *testing.T) {
	t.Parallel()
	first := []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	second := []float64{4.6, 3.4, 5.5, 4.4, 1.9, -0.1, 0.1, 1.6, 1.1, 0.8} // the order of the runs is all that changed
	d := CompareRuns(first, second)
	if d.Paired || !(d.Correlation < 0) {
		t.Fatalf("paired although the correlation is %v", d.Correlation)
	}
	near(t, "low", d.Low, -0.2054832, 1e-3)
	near(t, "high", d.High, 3.3654832, 1e-3)
	near(t, "p", d.P, 0.07939, 1e-4)
}

// TestCompareGroups: the sleep data as two groups, and groups of unequal size:
// by hand, means 2 and 6, variances 1 and 4 over 3 and 5 runs.
func TestCompareGroups(t *testing.T) {
	t.Parallel()
	d := CompareGroups([]float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}, []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4})
	near(t, "low", d.Low, -0.2054832, 1e-6)
	near(t, "high", d.High, 3.3654832, 1e-6)
	near(t, "p", d.P, 0.07939414, 1e-7)
	near(t, "freedom", d.Freedom, 17.776474, 1e-5)
	u := CompareGroups([]float64{1, 2, 3}, []float64{3.1715729, 6, 8.8284271, 6, 6})
	near(t, "mean", u.Mean, 4, 1e-7)
	near(t, "standard error", (u.High-u.Low)/2/distuv.StudentsT{Sigma: 1, Nu: u.Freedom}.Quantile(.975), math.Sqrt(1./3+4./5), 1e-6)
	near(t, "freedom of unequal groups", u.Freedom, (1./3+.8)*(1./3+.8)/(1./9/2+.64/4), 1e-6)
	if d := CompareGroups([]float64{1}, []float64{2, 3}); d.Known || d.P != 1 {
		t.Errorf("one run beside two: %+v", d)
	}
	if d := CompareGroups([]float64{1, 1}, []float64{2, 2}); d.P != 0 || d.Low != 1 {
		t.Errorf("no spread at all: %+v", d)
	}
	if d := CompareGroups(nil, []float64{1}); d.Known || d.P != 1 {
		t.Errorf("nothing beside one: %+v", d)
	}
}

func TestCompareRunsAtTheEdges(t *testing.T) {
	t.Parallel()
	if d := CompareRuns(nil, nil); d.Known || d.P != 1 {
		t.Errorf("nothing gives %+v", d)
	}
	if d := CompareRuns([]float64{1}, []float64{5}); d.Known || d.P != 1 || d.Mean != 4 {
		t.Errorf("one run gives %+v", d)
	}
	if d := CompareRuns([]float64{1, 2, 3}, []float64{1, 2, 3}); d.P != 1 || d.Mean != 0 || d.Low != 0 {
		t.Errorf("the same twice gives %+v", d)
	}
	if d := CompareRuns([]float64{1, 2, 3}, []float64{2, 3, 4}); d.P != 0 || d.Low != 1 || d.High != 1 {
		t.Errorf("a shift by one gives %+v", d)
	}
}

// TestCompareRunsCovers draws pairs with a known difference: 95 of 100 intervals
// must hold it.
func TestCompareRunsCovers(t *testing.T) {
	t.Parallel()
	for name, common := range map[string]float64{"paired": 3, "independent": 0} {
		r := rand.New(rand.NewPCG(1, 2))
		held := 0
		const times = 2000
		for range times {
			a, b := make([]float64, 12), make([]float64, 12)
			for i := range a {
				shared := common * r.NormFloat64()
				a[i], b[i] = shared+r.NormFloat64(), shared+1+2*r.NormFloat64()
			}
			if d := CompareRuns(a, b); d.Low <= 1 && 1 <= d.High {
				held++
			}
		}
		near(t, name+": share of intervals that hold the difference", float64(held)/times, 0.95, 0.02)
	}
}

func TestEquivalent(t *testing.T) {
	t.Parallel()
	a := []float64{10, 11, 9, 10.5, 9.5, 10, 10.2, 9.8}
	b := []float64{10.1, 11.1, 9, 10.4, 9.6, 10.1, 10.2, 9.7}
	d := CompareRuns(a, b)
	if !d.Equivalent(0.2) {
		t.Errorf("%+v is not within 0.2", d)
	}
	if d.Equivalent(0.02) {
		t.Errorf("%+v is within 0.02", d)
	}
	if CompareRuns([]float64{1}, []float64{1}).Equivalent(1) {
		t.Error("one run shows nothing")
	}
	if wide := CompareRuns([]float64{0, 9, 4}, []float64{9, 1, 3}); wide.P < 0.05 || wide.Equivalent(1) {
		t.Errorf("no difference was found, and that is taken for a proof of none: %+v", wide)
	}
}

// R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
func TestHolm(t *testing.T) {
	t.Parallel()
	for i, got := range Holm([]float64{0.01, 0.04, 0.03, 0.005}) {
		near(t, "adjusted p", got, []float64{0.03, 0.06, 0.06, 0.02}[i], 1e-12)
	}
}

func TestMSER5(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	var transient []float64
	for i := range 1000 {
		transient = append(transient, 10+40*math.Exp(-float64(i)/50)+r.NormFloat64())
	}
	if cut, known := MSER5(transient); !known || cut < 100 || cut > 300 {
		t.Errorf("the beginning ends at %d (%v)", cut, known)
	}
	slowMean := func(cut int) float64 { // the definition, without the running sums
		var means []float64
		for i := 0; i+5 <= len(transient); i += 5 {
			sum := 0.0
			for _, v := range transient[i : i+5] {
				sum += v
			}
			means = append(means, sum/5)
		}
		means = means[cut/5:]
		mean, squares := 0.0, 0.0
		for _, m := range means {
			mean += m / float64(len(means))
		}
		for _, m := range means {
			squares += (m - mean) * (m - mean)
		}
		return squares / float64(len(means)*len(means))
	}
	cut, _ := MSER5(transient)
	for other := 0; other < 900; other += 5 {
		if slowMean(other) < slowMean(cut)*(1-1e-9) {
			t.Fatalf("cut %d has less error than %d", other, cut)
		}
	}
	var rising []float64
	for i := range 200 {
		rising = append(rising, float64(i))
	}
	if _, known := MSER5(rising); known {
		t.Error("a series that only rises is taken for one with a steady state")
	}
	if _, known := MSER5(make([]float64, 10)); known {
		t.Error("ten values show nothing")
	}
}

// The leukaemia data of Freireich (1963), treated arm, as in every textbook: the
// survival is 0.857 at 6 weeks, 0.807 at 7, 0.753 at 10, 0.690 at 13, 0.627 at
// 16, 0.538 at 22 and 0.448 at 23.
func TestKaplanMeier(t *testing.T) {
	t.Parallel()
	weeks := func(n ...int) (spans []time.Duration) {
		for _, w := range n {
			spans = append(spans, time.Duration(w)*time.Hour)
		}
		return spans
	}
	s := KaplanMeier(weeks(6, 6, 6, 7, 10, 13, 16, 22, 23), weeks(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35))
	want := map[int]float64{6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
	if len(s.Steps) != len(want) || s.End != 35*time.Hour {
		t.Fatalf("%d steps up to %v", len(s.Steps), s.End)
	}
	for _, step := range s.Steps {
		near(t, step.At.String(), step.Share, want[int(step.At/time.Hour)], 0.0005)
		if !(step.Low < step.Share && step.Share < step.High && step.Low > 0 && step.High < 1) {
			t.Errorf("the band at %v is %v to %v around %v", step.At, step.Low, step.High, step.Share)
		}
	}
	if first := s.Steps[0]; first.AtRisk != 21 || first.Events != 3 {
		t.Errorf("%d of %d at the first step", first.Events, first.AtRisk)
	}
	if none := KaplanMeier(nil, weeks(3, 4)); len(none.Steps) != 0 || none.End != 4*time.Hour {
		t.Errorf("without an event: %+v", none)
	}
	if all := KaplanMeier(weeks(1, 2), nil); all.Steps[1].Share != 0 {
		t.Errorf("all have converged, and the share left is %v", all.Steps[1].Share)
	}
}
