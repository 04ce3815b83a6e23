package sim

import (
	"math"
	"testing"
)

// countMatches compares draws with the probabilities p(n), by Kolmogorov's
// distance (which is only smaller for a distribution with jumps).
func countMatches(t *testing.T, d Count, p func(n float64) float64) {
	t.Helper()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	s := NewStream(1, 0, "count")
	seen := map[int64]int{}
	top := int64(0)
	sum := 0.0
	for i := range uint64(n) {
		x := d.Quantile(s.U(0, i))
		seen[x]++
		top = max(top, x)
		sum += float64(x)
	}
	want, got := 0.0, 0.0
	for x := int64(0); x <= top; x++ {
		want += p(float64(x))
		got += float64(seen[x]) / n
		if math.Abs(want-got) > ksBound(n) {
			t.Fatalf("P(at most %d) is %v in the draws, want %v", x, got, want)
		}
		// Exactly: the quantile just below and above the jump.
		if u := want - p(float64(x))*0.5; p(float64(x)) > 1e-6 && d.Quantile(u) != x {
			t.Fatalf("the quantile at %v is %d, want %d", u, d.Quantile(u), x)
		}
	}
	if want < 1-1e-3 {
		t.Errorf("the probabilities up to %d sum to %v", top, want)
	}
	if mean := sum / n; math.Abs(mean-d.Mean()) > 0.05*max(0.2, d.Mean()) {
		t.Errorf("mean of the draws is %v, Mean is %v", mean, d.Mean())
	}
}

func lgamma(x float64) float64 { l, _ := math.Lgamma(x); return l }

func TestCounts(t *testing.T) {
	t.Parallel()
	for _, mean := range []float64{0.01, 0.5, 1, 7.3, 40, 5000} {
		countMatches(t, NewPoisson(mean), func(n float64) float64 { return math.Exp(n*math.Log(mean) - mean - lgamma(n+1)) })
	}
	for _, c := range [][2]float64{{40, 1.5}, {1, 2}, {0.1, 5}, {200, 0.1}} {
		mean, cv := c[0], c[1]
		r := 1 / (cv*cv - 1/mean)
		q := mean / (mean + r)
		countMatches(t, NewNegBinomial(mean, cv), func(n float64) float64 {
			return math.Exp(lgamma(n+r) - lgamma(n+1) - lgamma(r) + n*math.Log(q) + r*math.Log(1-q))
		})
	}
	for _, mean := range []float64{0.2, 1, 30} {
		q := mean / (1 + mean)
		countMatches(t, Geometric(mean), func(n float64) float64 { return math.Pow(q, n) * (1 - q) })
	}
	countMatches(t, Fixed(3), func(n float64) float64 {
		if n == 3 {
			return 1
		}
		return 0
	})
	if got := Geometric(0).Quantile(0.9999); got != 0 {
		t.Errorf("geometric of mean 0 gives %d", got)
	}
	if got := NewPoisson(0).Quantile(0.9999); got != 0 {
		t.Errorf("poisson of mean 0 gives %d", got)
	}
}

func TestCountFaults(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Count{
		"negative":          Fixed(-1),
		"negative mean":     NewPoisson(-1),
		"no number":         NewPoisson(math.NaN()),
		"cv of a constant":  NewNegBinomial(40, 0.1),
		"too wide a table":  NewNegBinomial(1e8, 2),
		"geometric":         Geometric(-0.1),
		"made by hand":      Tabled{},
		"mean 0, so no cv":  NewNegBinomial(0, 1),
		"poisson too large": NewPoisson(1e10),
	} {
		if d.Validate() == nil {
			t.Errorf("%s: %#v is taken for valid", name, d)
		}
	}
}

// Chi-square over ranks, with those of few expected picks taken together.
func TestZipf(t *testing.T) {
	t.Parallel()
	for _, exponent := range []float64{0, 0.5, 1, 1.1, 2.5} {
		for _, n := range []int64{1, 2, 64, 65, 66, 1000, 50_000} {
			z := NewZipf(exponent)
			s := NewStream(1, uint64(n), "zipf")
			const picks = 200_000
			seen := make([]int, n)
			for i := range uint64(picks) {
				seen[z.Pick(s.U(0, i), n)]++
			}
			total := 0.0
			for k := range n {
				total += math.Pow(float64(k+1), -exponent)
			}
			chi, cells, expected, got := 0.0, 0, 0.0, 0
			for k := range n {
				expected += picks * math.Pow(float64(k+1), -exponent) / total
				got += seen[k]
				if expected >= 20 {
					chi += (float64(got) - expected) * (float64(got) - expected) / expected
					cells++
					expected, got = 0, 0
				}
			}
			// The normal approximation at six standard deviations.
			if bound := float64(cells) + 6*math.Sqrt(2*float64(cells)) + 10; chi > bound {
				t.Errorf("exponent %v of %d: chi-square is %.0f over %d cells, believed up to %.0f", exponent, n, chi, cells, bound)
			}
			for _, u := range []float64{0x1p-53, 1 - 0x1p-53} {
				if k := z.Pick(u, n); k < 0 || k >= n {
					t.Errorf("exponent %v of %d: %v picks %d", exponent, n, u, k)
				}
			}
		}
	}
	if NewZipf(-1).Validate() == nil {
		t.Error("a negative exponent is taken for valid")
	}
}
