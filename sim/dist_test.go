package sim

import (
	"math"
	"strings"
	"testing"
	"time"
)

// distCase is a distribution with its distribution function, written down
// independently of the package, and a bound on its standard deviation.
type distCase struct {
	name  string
	dist  Dist
	cdf   func(x float64) float64
	below func(x float64) float64 // nil if the cdf has no jumps
	sd    float64
}

func distCases() []distCase {
	exponential := func(mean float64) func(float64) float64 {
		return func(x float64) float64 { return -math.Expm1(-max(0, x) / mean) }
	}
	lognormal := func(p50, p99 float64) func(float64) float64 {
		sigma := math.Log(p99/p50) / (math.Sqrt2 * math.Erfinv(0.98))
		return func(x float64) float64 { return 0.5 * math.Erfc(-math.Log(x/p50)/sigma/math.Sqrt2) }
	}
	// A gamma variable of whole shape k is a sum of k exponential ones.
	erlang := func(k int, scale float64) func(float64) float64 {
		return func(x float64) float64 {
			term, sum := 1.0, 0.0
			for i := range k {
				sum += term
				term *= x / scale / float64(i+1)
			}
			return 1 - sum*math.Exp(-x/scale)
		}
	}
	pareto := func(x float64) float64 { return 1 - math.Pow(0.5/x, 1.5) }
	return []distCase{
		{name: "constant", dist: Constant(3), cdf: func(x float64) float64 { return 1 }, below: func(x float64) float64 { return 0 }},
		{name: "uniform", dist: Uniform{2, 5}, cdf: func(x float64) float64 { return (x - 2) / 3 }, sd: 1},
		{name: "exponential", dist: Exponential(0.02), cdf: exponential(0.02), sd: 0.02},
		{name: "gamma of shape ½", dist: NewGamma(2, math.Sqrt2), cdf: func(x float64) float64 { return math.Erf(math.Sqrt(x / 4)) }, sd: 3},
		{name: "gamma of shape 1", dist: NewGamma(2, 1), cdf: exponential(2), sd: 2},
		{name: "gamma of shape 4", dist: NewGamma(2, 0.5), cdf: erlang(4, 0.5), sd: 1},
		{name: "gamma of shape 100", dist: NewGamma(2, 0.1), cdf: erlang(100, 0.02), sd: 0.2},
		{name: "lognormal", dist: Lognormal{0.08, 0.9}, cdf: lognormal(0.08, 0.9), sd: 0.35},
		{name: "weibull", dist: Weibull{0.7, 3}, cdf: func(x float64) float64 { return -math.Expm1(-math.Pow(x/3, 0.7)) }, sd: 6},
		{
			name: "pareto", dist: Pareto{1.5, 0.5, 20},
			cdf: func(x float64) float64 {
				if x >= 20 {
					return 1
				}
				return pareto(x)
			},
			below: pareto, sd: 3,
		},
		{name: "shifted", dist: Shifted{0.015, Exponential(0.02)}, cdf: func(x float64) float64 { return exponential(0.02)(x - 0.015) }, sd: 0.02},
		{
			name: "mixture", dist: Mixture{{3, Exponential(1)}, {1, Uniform{10, 12}}},
			cdf: func(x float64) float64 { return 0.75*exponential(1)(x) + 0.25*identity((x-10)/2) }, sd: 5,
		},
		{
			name: "empirical", dist: NewEmpirical([]float64{4, 1, 2, 2}),
			cdf:   func(x float64) float64 { return map[float64]float64{1: 0.25, 2: 0.75, 4: 1}[x] },
			below: func(x float64) float64 { return map[float64]float64{2: 0.25, 4: 0.75}[x] }, sd: 1.2,
		},
	}
}

func TestDistributions(t *testing.T) {
	t.Parallel()
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	for _, c := range distCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if err := c.dist.Validate(); err != nil {
				t.Fatal(err)
			}
			s := NewStream(1, 0, c.name)
			draws := make([]float64, n)
			sum := 0.0
			for i := range draws {
				draws[i] = c.dist.Quantile(s.U(0, uint64(i)))
				sum += draws[i]
			}
			below := c.below
			if below == nil {
				below = c.cdf
			}
			if d := ksDistance(draws, c.cdf, below); d > ksBound(n) {
				t.Errorf("distance %v from the distribution function, believed up to %v", d, ksBound(n))
			}
			if mean, bound := sum/float64(n), 6*c.sd/math.Sqrt(float64(n)); math.Abs(mean-c.dist.Mean()) > bound+1e-12 {
				t.Errorf("mean of the draws is %v, Mean is %v, believed within %v", mean, c.dist.Mean(), bound)
			}
		})
	}
}

// Inverting the distribution function exactly, deep into both tails.
func TestQuantilesInvertTheirDistribution(t *testing.T) {
	t.Parallel()
	for _, c := range distCases() {
		if c.below != nil || c.name == "mixture" {
			continue
		}
		last := math.Inf(-1)
		for _, u := range []float64{0x1p-53, 1e-12, 1e-6, 1e-3, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1 - 1e-6, 1 - 1e-12, 1 - 0x1p-53} {
			x := c.dist.Quantile(u)
			if !(x >= last) || math.IsInf(x, 0) {
				t.Errorf("%s: the quantile at %v is %v, after %v", c.name, u, x, last)
			}
			last = x
			if back := c.cdf(x); math.Abs(back-u) > 1e-12 {
				t.Errorf("%s: the quantile at %v is %v, of which the distribution function is %v", c.name, u, x, back)
			}
		}
	}
}

func TestGammaConverges(t *testing.T) {
	t.Parallel()
	s := NewStream(1, 0, "gamma")
	for i := range uint64(5000) {
		cv := 0.01 * math.Pow(1000, s.U(0, i))
		u := s.U(1, i)
		d := NewGamma(1, cv)
		x := d.Quantile(u) / d.scale
		if p, _ := gammaP(d.shape, x); math.Abs(p-u) > 1e-9 && x > smallestNormal*2 {
			t.Fatalf("cv %v: the quantile at %v is %v, of which the distribution function is %v", cv, u, x, p)
		}
	}
}

func TestDistributionFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dist Dist
		want []string
	}{
		{Constant(-1), []string{"constant: value is -1"}},
		{Uniform{-2, -3}, []string{"uniform: low is -2", "uniform: high is -3"}},
		{Exponential(0), []string{"exponential: mean is 0"}},
		{Exponential(math.NaN()), []string{"mean is NaN"}},
		{NewGamma(0, 0), []string{"gamma: mean is 0", "gamma: cv is 0"}},
		{Lognormal{0, -1}, []string{"lognormal: p50 is 0", "lognormal: p99 is -1"}},
		{Weibull{0, 0}, []string{"weibull: shape is 0", "weibull: scale is 0"}},
		{Pareto{0, 0, -1}, []string{"pareto: shape is 0", "pareto: low is 0", "pareto: cap is -1"}},
		{Shifted{1, nil}, []string{"shifted: of is missing"}},
		{Shifted{-1, Exponential(-1)}, []string{"shifted: by is -1", "exponential: mean is -1"}},
		{Mixture{}, []string{"mixture: has no parts"}},
		{Mixture{{0, nil}, {1, Constant(-1)}}, []string{"part 1: weight is 0", "part 1: of is missing", "part 2: constant"}},
		{NewEmpirical(nil), []string{"empirical: the sample is empty"}},
		{NewEmpirical([]float64{-1, math.Inf(1)}), []string{"least value is -1", "greatest value is +Inf"}},
	} {
		err := c.dist.Validate()
		if err == nil {
			t.Errorf("%#v is taken for valid", c.dist)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%#v: %q does not say %q", c.dist, err, want)
			}
		}
	}
}

func TestSecondsAreHeldWithinBounds(t *testing.T) {
	t.Parallel()
	for x, want := range map[float64]time.Duration{
		0: 0, -5: 0, 1: time.Second, 1.4e-9: 1, 1.6e-9: 2, 1e30: 1 << 62, math.Inf(1): 1 << 62, math.Inf(-1): 0,
	} {
		if got := Seconds(x); got != want {
			t.Errorf("Seconds(%v) is %v, want %v", x, got, want)
		}
	}
}
