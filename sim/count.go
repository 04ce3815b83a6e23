package sim

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Count is the distribution of a whole number of things, at least 0.
type Count interface {
	// Quantile turns one uniform number of the open interval (0, 1) into the
	// least n whose probability of "at most n" reaches u.
	Quantile(u float64) int64

	// Mean is the expected value.
	Mean() float64

	// Validate returns every fault of the parameters. A distribution with
	// faults must not be drawn from.
	Validate() error
}

// Fixed is always the same count.
type Fixed int64

// Quantile implements [Count].
func (c Fixed) Quantile(float64) int64 { return int64(c) }

// Mean implements [Count].
func (c Fixed) Mean() float64 { return float64(c) }

// Validate implements [Count].
func (c Fixed) Validate() error {
	return check("constant", "count", float64(c), c >= 0, "at least 0")
}

// Geometric counts the failures before the first success, given by their mean.
type Geometric float64

// Quantile implements [Count]: P(at most n) = 1 - q^(n+1), q = mean/(1+mean).
func (mean Geometric) Quantile(u float64) int64 {
	m := float64(mean)
	if m == 0 {
		return 0
	}
	return int64(math.Floor(ln(1-u) / ln(m/(1+m))))
}

// Mean implements [Count].
func (mean Geometric) Mean() float64 { return float64(mean) }

// Validate implements [Count].
func (mean Geometric) Validate() error {
	return check("geometric", "mean", float64(mean), mean >= 0 && mean <= 1e12, "between 0 and 1e12")
}

// Tabled is a distribution of counts that is held as a table of its
// distribution function, from the first count that a draw can give to the last.
// See [NewPoisson] and [NewNegBinomial].
type Tabled struct {
	what   string
	mean   float64
	faults error
	first  int64
	atMost []float64 // atMost[i] = P(at most first+i)
}

// tabledMax bounds the length of a table.
const tabledMax = 1 << 20

// NewPoisson returns the distribution of the number of independent things that
// happen in an interval, given by its mean.
func NewPoisson(mean float64) Tabled {
	const what = "poisson"
	faults := check(what, "mean", mean, mean >= 0 && mean <= 1e9, "between 0 and 1e9")
	if faults != nil || mean == 0 {
		return Tabled{what: what, mean: mean, faults: faults, atMost: []float64{1}}
	}
	mode := math.Floor(mean)
	return tabulate(what, mean, int64(mode),
		exp(float64(mode*ln(mean))-mean-lnGamma(mode+1)),
		func(n float64) float64 { return mean / n })
}

// NewNegBinomial returns the distribution of a Poisson count whose mean itself
// varies from case to case by a gamma distribution, given by its mean and its
// coefficient of variation: the usual number of lines on an invoice. The
// variance of a count that varies exceeds its mean: cv² > 1/mean.
func NewNegBinomial(mean, cv float64) Tabled {
	const what = "negbinomial"
	faults := errors.Join(
		check(what, "mean", mean, mean > 0 && mean <= 1e9, "above 0 and at most 1e9"),
		check(what, "cv", cv, cv > 0 && float64(cv*cv*mean) > 1, "above 1/√mean (for less, use poisson or constant)"),
	)
	if faults != nil {
		return Tabled{what: what, mean: mean, faults: faults}
	}
	// P(n) = Γ(n+r)/(n!·Γ(r)) · q^n · (1-q)^r
	r := 1 / (float64(cv*cv) - 1/mean)
	q := mean / (mean + r)
	mode := math.Floor(max(0, float64((r-1)*mean/r)))
	atMode := exp(lnGamma(mode+r) - lnGamma(mode+1) - lnGamma(r) + float64(mode*ln(q)) + float64(r*ln(r/(mean+r))))
	return tabulate(what, mean, int64(mode), atMode,
		func(n float64) float64 { return float64(q * (n + r - 1) / n) })
}

// tabulate builds the table from the probability of the mode outwards, until
// what is left is too improbable for any draw. step(n) is P(n)/P(n-1).
func tabulate(what string, mean float64, mode int64, atMode float64, step func(n float64) float64) Tabled {
	const negligible = 0x1p-60
	d := Tabled{what: what, mean: mean, first: mode}
	tooLong := func(length int64) bool {
		if length > tabledMax {
			d.faults = fmt.Errorf("%s: mean %v spreads over more than %d counts", what, mean, tabledMax)
		}
		return d.faults != nil
	}

	// Down from the mode, to be reversed; then up.
	p := atMode
	var below []float64
	for d.first > 0 && p > negligible {
		p /= step(float64(d.first))
		d.first--
		below = append(below, p)
		if tooLong(int64(len(below))) {
			return d
		}
	}
	d.atMost = make([]float64, 0, 2*len(below)+1)
	for _, b := range slices.Backward(below) {
		d.atMost = append(d.atMost, b)
	}
	p = atMode
	for n := mode; ; n++ {
		d.atMost = append(d.atMost, p)
		ratio := step(float64(n + 1))
		if tooLong(int64(len(d.atMost))) {
			return d
		}
		// The tail falls at least like a geometric series of this ratio.
		if p *= ratio; ratio < 1 && p < negligible*(1-ratio) {
			break
		}
	}

	sum := 0.0
	for i, p := range d.atMost {
		sum += p
		d.atMost[i] = sum
	}
	for i := range d.atMost {
		d.atMost[i] /= sum
	}
	return d
}

// Quantile implements [Count].
func (d Tabled) Quantile(u float64) int64 {
	return d.first + int64(sort.SearchFloat64s(d.atMost, u))
}

// Mean implements [Count].
func (d Tabled) Mean() float64 { return d.mean }

// Validate implements [Count].
func (d Tabled) Validate() error {
	if d.what == "" {
		return errors.New("count: the distribution was not made by its constructor")
	}
	return d.faults
}

// Zipf picks one of n things of falling popularity: the k-th, counted from 1,
// with a probability proportional to k^-Exponent. n may differ from pick to
// pick, as populations grow. See [NewZipf].
//
// The first few ranks, which get most of the picks, are exact. Beyond them the
// sum of k^-s is replaced by the integral of x^-s from k-½ to k+½, which can be
// inverted in closed form; the probabilities are then right to a few parts in
// a hundred thousand.
type Zipf struct {
	exponent float64
	head     [zipfHead + 1]float64 // head[k] = Σ i^-s for i from 1 to k
}

const zipfHead = 64

// NewZipf returns the picker of that exponent: 0 picks evenly, 1 is the classic
// law of word frequencies.
func NewZipf(exponent float64) *Zipf {
	z := &Zipf{exponent: exponent}
	if z.Validate() != nil {
		return z
	}
	for k := 1; k <= zipfHead; k++ {
		z.head[k] = z.head[k-1] + pow(float64(k), -exponent)
	}
	return z
}

// Validate returns the fault of the exponent, if any.
func (z *Zipf) Validate() error {
	return check("zipf", "exponent", z.exponent, z.exponent >= 0 && z.exponent <= 20, "between 0 and 20")
}

// Pick turns one uniform number into one of 0 to n-1, of which 0 is the most
// popular. n must be positive.
func (z *Zipf) Pick(u float64, n int64) int64 {
	last := min(n, zipfHead)
	total := z.head[last]
	if n > zipfHead {
		total += z.between(zipfHead+0.5, float64(n)+0.5)
	}
	mass := float64(u * total)
	if mass < z.head[last] {
		return int64(sort.Search(int(last), func(k int) bool { return z.head[k+1] > mass }))
	}
	x := z.reach(zipfHead+0.5, mass-z.head[last])
	return min(max(int64(x+0.5)-1, last), n-1) // rank k owns k-½ to k+½
}

// between is the integral of x^-s from a to b.
func (z *Zipf) between(a, b float64) float64 {
	if e := 1 - z.exponent; e != 0 {
		return (pow(b, e) - pow(a, e)) / e
	}
	return ln(b / a)
}

// reach is the b for which the integral from a to b has that mass.
func (z *Zipf) reach(a, mass float64) float64 {
	if e := 1 - z.exponent; e != 0 {
		return pow(max(smallestNormal, pow(a, e)+float64(e*mass)), 1/e)
	}
	return float64(a * exp(mass))
}
