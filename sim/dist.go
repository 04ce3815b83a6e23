package sim

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// Dist is the distribution of a quantity: of a duration in seconds, or of a
// plain number. Implementations are values; they must not be changed in use.
type Dist interface {
	// Quantile turns one uniform number of the open interval (0, 1) into a
	// value. It is the inverse of the distribution function, so that a larger u
	// never gives a smaller value; only [Mixture] departs from that.
	Quantile(u float64) float64

	// Mean is the expected value; +Inf if there is none.
	Mean() float64

	// Validate returns every fault of the parameters. A distribution with
	// faults must not be drawn from.
	Validate() error
}

// Draw returns the duration that the entity draws for its ordinal-th time:
// rounded to nanoseconds, at least 0 and at most 146 years.
func Draw(d Dist, s Stream, entity, ordinal uint64) time.Duration {
	return Seconds(d.Quantile(s.U(entity, ordinal)))
}

// Seconds turns seconds into a duration, rounded to nanoseconds and held
// between 0 and 146 years.
func Seconds(x float64) time.Duration {
	const longest = 1 << 62
	ns := float64(x*1e9) + 0.5
	switch {
	case ns >= longest:
		return longest
	case ns > 0:
		return time.Duration(ns)
	}
	return 0
}

// check returns an error with the name and value unless ok holds, for a finite
// value.
func check(what, name string, value float64, ok bool, rule string) error {
	if ok && !math.IsNaN(value) && !math.IsInf(value, 0) {
		return nil
	}
	return fmt.Errorf("%s: %s is %v, must be %s", what, name, value, rule)
}

// Constant is always the same value.
type Constant float64

// Quantile implements [Dist].
func (c Constant) Quantile(float64) float64 { return float64(c) }

// Mean implements [Dist].
func (c Constant) Mean() float64 { return float64(c) }

// Validate implements [Dist].
func (c Constant) Validate() error {
	return check("constant", "value", float64(c), c >= 0, "at least 0")
}

// Uniform is spread evenly from Low to High.
type Uniform struct{ Low, High float64 }

// Quantile implements [Dist].
func (d Uniform) Quantile(u float64) float64 { return d.Low + float64(u*(d.High-d.Low)) }

// Mean implements [Dist].
func (d Uniform) Mean() float64 { return float64(0.5 * (d.Low + d.High)) }

// Validate implements [Dist].
func (d Uniform) Validate() error {
	return errors.Join(
		check("uniform", "low", d.Low, d.Low >= 0, "at least 0"),
		check("uniform", "high", d.High, d.High >= d.Low, "at least low"),
	)
}

// Exponential is the time between events without memory, given by its mean.
type Exponential float64

// Quantile implements [Dist].
func (mean Exponential) Quantile(u float64) float64 { return float64(-float64(mean) * ln(1-u)) }

// Mean implements [Dist].
func (mean Exponential) Mean() float64 { return float64(mean) }

// Validate implements [Dist].
func (mean Exponential) Validate() error {
	return check("exponential", "mean", float64(mean), mean > 0, "above 0")
}

// Lognormal is the usual shape of a response time, given by its median and its
// 99th percentile.
type Lognormal struct{ P50, P99 float64 }

// z99 is the 0.99-quantile of the standard normal distribution.
const z99 = 2.3263478740408411

// sigma is the standard deviation of the logarithm.
func (d Lognormal) sigma() float64 { return ln(d.P99/d.P50) / z99 }

// Quantile implements [Dist].
func (d Lognormal) Quantile(u float64) float64 {
	return float64(d.P50 * exp(float64(d.sigma()*normalQuantile(u))))
}

// Mean implements [Dist].
func (d Lognormal) Mean() float64 {
	s := d.sigma()
	return float64(d.P50 * exp(float64(0.5*s*s)))
}

// Validate implements [Dist].
func (d Lognormal) Validate() error {
	return errors.Join(
		check("lognormal", "p50", d.P50, d.P50 > 0, "above 0"),
		check("lognormal", "p99", d.P99, d.P99 > d.P50, "above p50"),
	)
}

// Weibull has a hazard that grows with age for a Shape above 1 and falls below.
type Weibull struct{ Shape, Scale float64 }

// Quantile implements [Dist].
func (d Weibull) Quantile(u float64) float64 { return float64(d.Scale * pow(-ln(1-u), 1/d.Shape)) }

// Mean implements [Dist].
func (d Weibull) Mean() float64 { return float64(d.Scale * exp(lnGamma(1+1/d.Shape))) }

// Validate implements [Dist].
func (d Weibull) Validate() error {
	return errors.Join(
		check("weibull", "shape", d.Shape, d.Shape > 0, "above 0"),
		check("weibull", "scale", d.Scale, d.Scale > 0, "above 0"),
	)
}

// Pareto has a tail that falls like x^-Shape from Low on. What would exceed Cap
// is Cap: a bound on the wait for one value, and on the wait for a sample mean
// to settle.
type Pareto struct{ Shape, Low, Cap float64 }

// Quantile implements [Dist].
func (d Pareto) Quantile(u float64) float64 {
	return min(d.Cap, float64(d.Low*pow(1-u, -1/d.Shape)))
}

// Mean implements [Dist]: Low + ∫ (Low/x)^Shape dx from Low to Cap.
func (d Pareto) Mean() float64 {
	if d.Shape == 1 {
		return float64(d.Low * (1 + ln(d.Cap/d.Low)))
	}
	return float64(d.Low * (1 + (1-pow(d.Cap/d.Low, 1-d.Shape))/(d.Shape-1)))
}

// Validate implements [Dist].
func (d Pareto) Validate() error {
	return errors.Join(
		check("pareto", "shape", d.Shape, d.Shape > 0, "above 0"),
		check("pareto", "low", d.Low, d.Low > 0, "above 0"),
		check("pareto", "cap", d.Cap, d.Cap >= d.Low, "at least low"),
	)
}

// Shifted is another distribution moved up: a delay of which a part is fixed.
type Shifted struct {
	By float64
	Of Dist
}

// Quantile implements [Dist].
func (d Shifted) Quantile(u float64) float64 { return d.By + d.Of.Quantile(u) }

// Mean implements [Dist].
func (d Shifted) Mean() float64 { return d.By + d.Of.Mean() }

// Validate implements [Dist].
func (d Shifted) Validate() error {
	if d.Of == nil {
		return errors.New("shifted: of is missing")
	}
	return errors.Join(check("shifted", "by", d.By, d.By >= 0, "at least 0"), d.Of.Validate())
}

// Mixture draws from one of its parts, chosen by weight. The one uniform number
// first chooses the part, then, stretched from that part's share of the unit
// interval to all of it, the value. So the values are distributed as they
// should be, but they do not grow with u where the parts overlap.
type Mixture []Part

// Part is one distribution in a [Mixture]. Weights need not sum to 1.
type Part struct {
	Weight float64
	Of     Dist
}

func (m Mixture) total() float64 {
	sum := 0.0
	for _, p := range m {
		sum += p.Weight
	}
	return sum
}

// Quantile implements [Dist].
func (m Mixture) Quantile(u float64) float64 {
	rest := float64(u * m.total())
	last := len(m) - 1
	for _, p := range m[:last] {
		if rest < p.Weight {
			return p.Of.Quantile(inside(rest / p.Weight))
		}
		rest -= p.Weight
	}
	return m[last].Of.Quantile(inside(rest / m[last].Weight))
}

// inside holds u within the open unit interval, which a division may leave.
func inside(u float64) float64 {
	const least = 1.0 / (1 << 53)
	return min(max(u, least), 1-least)
}

// Mean implements [Dist].
func (m Mixture) Mean() float64 {
	sum := 0.0
	for _, p := range m {
		sum += float64(p.Weight * p.Of.Mean())
	}
	return sum / m.total()
}

// Validate implements [Dist].
func (m Mixture) Validate() error {
	if len(m) == 0 {
		return errors.New("mixture: has no parts")
	}
	var faults []error
	for i, p := range m {
		what := fmt.Sprintf("mixture: part %d", i+1)
		faults = append(faults, check(what, "weight", p.Weight, p.Weight > 0, "above 0"))
		if p.Of == nil {
			faults = append(faults, fmt.Errorf("%s: of is missing", what))
		} else if err := p.Of.Validate(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", what, err))
		}
	}
	return errors.Join(faults...)
}

// Empirical is one of the values of a sample, each as likely as any other. See
// [NewEmpirical].
type Empirical struct {
	sorted []float64
	mean   float64
}

// NewEmpirical returns the distribution of a sample, which it copies.
func NewEmpirical(sample []float64) Empirical {
	d := Empirical{sorted: slices.Clone(sample)}
	slices.SortFunc(d.sorted, cmp.Compare)
	for _, x := range d.sorted {
		d.mean += x / float64(len(d.sorted))
	}
	return d
}

// Quantile implements [Dist].
func (d Empirical) Quantile(u float64) float64 {
	return d.sorted[int(u*float64(len(d.sorted)))]
}

// Mean implements [Dist].
func (d Empirical) Mean() float64 { return d.mean }

// Validate implements [Dist].
func (d Empirical) Validate() error {
	if len(d.sorted) == 0 {
		return errors.New("empirical: the sample is empty")
	}
	return errors.Join(
		check("empirical", "least value", d.sorted[0], d.sorted[0] >= 0, "at least 0"),
		check("empirical", "greatest value", d.sorted[len(d.sorted)-1], true, "finite"),
	)
}
