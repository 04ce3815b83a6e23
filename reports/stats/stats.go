// Package stats turns convergence samples into quantiles and intervals.
//
// Two rules run through it. A change that had not converged when its run ended
// is right-censored: it counts as slower than every change that did converge
// and is never dropped, so a quantile that falls among such changes is only a
// lower bound ([Quantile.Censored]). And an interval speaks about runs, never
// about the changes inside a run: those share one day, one outage and one
// queue, so they are not independent.
//
// Begin with [NewSample] and [Sample.Quantile].
package stats

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Sample is a set of spans, some of them right-censored, ready for quantiles.
type Sample struct {
	converged []time.Duration // ascending
	all       []time.Duration // ascending, censored ones at their lower bound
}

// NewSample sorts converged and censored spans; it keeps neither slice.
func NewSample(converged, censored []time.Duration) Sample {
	s := Sample{converged: slices.Clone(converged)}
	s.all = append(slices.Clone(converged), censored...)
	slices.Sort(s.converged)
	slices.Sort(s.all)
	return s
}

// N is the number of spans, censored ones included.
func (s Sample) N() int { return len(s.all) }

// Censored is the number of censored spans.
func (s Sample) Censored() int { return len(s.all) - len(s.converged) }

// Converged returns the spans that ended, ascending; callers must not change it.
func (s Sample) Converged() []time.Duration { return s.converged }

// Quantile is the value of one quantile.
type Quantile struct {
	Value    time.Duration
	Censored bool // Value is a lower bound: the quantile falls among changes that never converged
	Known    bool // false when there was nothing to take it of
}

// Quantile is the smallest span that at least the share q of all spans do not
// exceed: the order statistic of rank ceil(q·n), without interpolation, so the
// answer is always a span that was seen.
//
// If fewer spans than that converged, the value is the same order statistic
// with every censored span at its lower bound. Each true span is at least what
// it is replaced by, hence so is the order statistic.
func (s Sample) Quantile(q float64) Quantile {
	if s.N() == 0 {
		return Quantile{}
	}
	k := rank(q, s.N())
	if k <= len(s.converged) {
		return Quantile{Value: s.converged[k-1], Known: true}
	}
	return Quantile{Value: s.all[k-1], Censored: true, Known: true}
}

// rank is ceil(q·n) within 1..n. The small allowance undoes products such as
// 0.999·1000 = 999.0000000000001, which would move a rank up by one.
func rank(q float64, n int) int {
	k := int(math.Ceil(q*float64(n) - 1e-9*float64(n)))
	return min(max(k, 1), n)
}

// Interval is an estimate over runs with its 95 % confidence interval.
type Interval struct {
	Mean, Low, High float64
	Runs            int
	Known           bool // Low and High hold: at least two runs
}

// confidence of every interval this package gives.
const confidence = 0.95

// MeanOfAmounts is [MeanOverRuns] of what is never below zero: of the interval
// neither is told.
func MeanOfAmounts(xs []float64) Interval {
	i := MeanOverRuns(xs)
	i.Low = max(0, i.Low)
	return i
}

// MeanOverRuns is the mean of one number per run with its Student t interval:
// mean ± t(n−1)·s/√n. One run has no interval.
func MeanOverRuns(xs []float64) Interval {
	n := len(xs)
	if n == 0 {
		return Interval{}
	}
	var sum float64
	for _, x := range xs {
		sum += x
	}
	mean := sum / float64(n)
	if n == 1 {
		return Interval{Mean: mean, Low: mean, High: mean, Runs: 1}
	}
	var squares float64
	for _, x := range xs {
		squares += float64((x - mean) * (x - mean))
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)}.Quantile(1 - (1-confidence)/2)
	half := t * math.Sqrt(squares/float64(n-1)/float64(n))
	return Interval{Mean: mean, Low: mean - half, High: mean + half, Runs: n, Known: true}
}
