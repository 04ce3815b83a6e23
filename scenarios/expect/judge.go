package expect

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Judgement is how an expectation fared over the runs.
type Judgement struct {
	Verdict  result.Verdict
	Interval Interval // of the figure; no runs where nothing was measured
	AtLeast  bool     // in some run the figure is a lower bound only
	Within   float64  // how far the mean may be off to either side because spans were counted by their length; the interval has it
	Note     string   // why it is inconclusive, or what the verdict rests on
}

// reading is a figure of one run.
type reading struct {
	value   float64
	within  float64 // it is known to within so much, to either side
	atLeast bool    // it is no more than a lower bound
	missing string  // why there is none
}

// Judge decides an expectation over runs. The interval covers the mean of the
// figure over runs with the given confidence, 0.95 for 95 %.
func Judge(e *Expectation, runs []Measures, confidence float64) Judgement {
	j := Observe(&e.Figure, runs, confidence)
	if j.Verdict == result.Inconclusive {
		return j
	}
	j.Verdict, j.Note = e.decide(&j)
	return j
}

// Observe takes a figure over runs. Its verdict is inconclusive, with a note,
// when it is missing in some run.
func Observe(f *Figure, runs []Measures, confidence float64) Judgement {
	if len(runs) == 0 {
		return Judgement{Verdict: result.Inconclusive, Note: "there is no run"}
	}
	j := Judgement{Verdict: result.Pass}
	var values []float64
	var within float64
	var missing []string
	for _, m := range runs {
		r := f.read(m)
		switch {
		case r.missing != "":
			missing = append(missing, r.missing)
			continue
		case math.IsNaN(r.value):
			missing = append(missing, "the figure is not a number")
			continue
		}
		j.AtLeast = j.AtLeast || r.atLeast
		values, within = append(values, r.value), within+r.within
	}
	if len(values) > 0 {
		j.Interval, j.Within = MeanInterval(values, confidence), within/float64(len(values))
		j.Interval.Low -= j.Within
		j.Interval.High += j.Within
	}
	if len(missing) > 0 {
		j.Verdict = result.Inconclusive
		j.Note = "not measured: " + missing[0]
		if len(runs) > 1 {
			j.Note = fmt.Sprintf("not measured in %d of %d runs: %s", len(missing), len(runs), missing[0])
		}
	}
	return j
}

// decide compares the interval with the bound.
func (e *Expectation) decide(j *Judgement) (result.Verdict, string) {
	i, bound := j.Interval, e.Bound.Value
	high := i.High
	if j.AtLeast {
		high = math.Inf(1)
	}
	var holds, breaks bool
	switch e.Op {
	case "<":
		holds, breaks = high < bound, i.Low >= bound
	case "<=":
		holds, breaks = high <= bound, i.Low > bound
	case ">":
		holds, breaks = i.Low > bound, high <= bound
	case ">=":
		holds, breaks = i.Low >= bound, high < bound
	case "==":
		holds, breaks = i.Low == bound && high == bound, i.Low > bound || high < bound
	default:
		panic(fmt.Sprintf("expect: unknown comparison %q", e.Op))
	}
	switch {
	case holds && i.Runs == 1:
		return result.Pass, "of one run, which has no interval"
	case holds:
		return result.Pass, ""
	case breaks && i.Runs == 1:
		return result.Fail, "of one run, which has no interval"
	case breaks:
		return result.Fail, ""
	case j.AtLeast:
		return result.Inconclusive, "what it is taken of had not ended when the run did: the figure is a lower bound"
	case e.Op == "==":
		return result.Inconclusive, "it holds in some runs and not in others"
	}
	if math.Abs(i.Mean-bound) <= j.Within {
		return result.Inconclusive, "lengths are kept to within a thirty-second, and the bound lies within that of the figure"
	}
	note := "the interval is on both sides of the bound"
	if distance := math.Abs(i.Mean - bound); distance > 0 {
		ratio := i.Half() / distance
		if need := math.Ceil(float64(i.Runs)*ratio*ratio) + 1; need < 1e6 {
			note += fmt.Sprintf("; by the spread so far about %.0f runs would decide", need)
		}
	}
	return result.Inconclusive, note
}

// read takes the figure of one run.
func (f *Figure) read(m Measures) reading {
	if why := m.Missing(); why != "" {
		return reading{missing: why}
	}
	switch f.Metric.Kind {
	case Spans, Longest:
		return f.readSpans(m)
	case Binned:
		return f.readBins(m)
	case Level:
		return f.readLevel(m)
	default:
		return f.readCount(m)
	}
}

func (f *Figure) readCount(m Measures) reading {
	n, of := m.Count(f.Metric.Name, f.Labels)
	if of == 0 {
		return reading{missing: "nothing happened that " + f.Metric.Name + " could count"}
	}
	switch f.Aggregate {
	case "share":
		return reading{value: n / of}
	case "rate":
		_, _, to := m.Window() // counters know no warm-up
		return reading{value: n / to.Seconds()}
	default:
		return reading{value: n}
	}
}

func (f *Figure) readSpans(m Measures) reading {
	spans := m.Spans(f.Metric.Name, f.Labels)
	if len(spans) == 0 {
		return reading{missing: "no " + f.Metric.Name + " was measured"}
	}
	var ended, all []time.Duration
	for _, s := range spans {
		all = append(all, s.Took)
		if !s.Censored {
			ended = append(ended, s.Took)
		}
	}
	slices.Sort(ended)
	slices.Sort(all)
	some := len(ended) < len(all)
	switch f.Aggregate {
	case "count":
		return reading{value: float64(uint64(len(all)) * m.Kept(f.Metric.Name))}
	case "rate":
		from, _, to := m.Window()
		return reading{value: float64(uint64(len(all))*m.Kept(f.Metric.Name)) / (to - from).Seconds()}
	case "mean":
		sum := 0.0
		for _, d := range all {
			sum += d.Seconds()
		}
		return reading{value: sum / float64(len(all)), atLeast: some}
	case "max":
		return reading{value: all[len(all)-1].Seconds(), atLeast: some}
	case "min":
		return reading{value: all[0].Seconds(), atLeast: len(ended) == 0 || ended[0] != all[0]}
	}
	k := rank(f.Quantile, len(all))
	if k <= len(ended) {
		return reading{value: ended[k-1].Seconds()}
	}
	return reading{value: all[k-1].Seconds(), atLeast: true}
}

// rank is the place of a quantile among n spans: ceil(q·n). Spans that had not ended
// are slower than every one that had.
func rank(q float64, n int) int {
	return min(max(int(math.Ceil(q*float64(n)-1e-9*float64(n))), 1), n)
}

func (f *Figure) readBins(m Measures) reading {
	b := m.Bins(f.Metric.Name, f.Labels)
	if b.Count == 0 {
		return reading{missing: "no " + f.Metric.Name + " was measured"}
	}
	some := b.Open > 0
	switch f.Aggregate {
	case "count":
		return reading{value: float64(b.Count)}
	case "rate":
		_, _, to := m.Window() // those of the warm-up count too
		return reading{value: float64(b.Count) / to.Seconds()}
	case "mean":
		return reading{value: b.Total.Seconds() / float64(b.Count), atLeast: some}
	case "max":
		return reading{value: b.Most.Seconds(), atLeast: some}
	case "min":
		least := b.List[0]
		return b.inside(least, least.Open == least.Count)
	}
	k := rank(f.Quantile, int(b.Count))
	if ended := int(b.Count - b.Open); k <= ended {
		return b.inside(b.at(k, func(x result.Bin) uint64 { return x.Count - x.Open }), false)
	}
	return b.inside(b.at(k, func(x result.Bin) uint64 { return x.Count }), true)
}

// at finds the bin with the k-th of the spans that are counted.
func (b Bins) at(k int, count func(result.Bin) uint64) result.Bin {
	for _, x := range b.List {
		if k -= int(count(x)); k <= 0 {
			return x
		}
	}
	return b.List[len(b.List)-1]
}

// inside reads a span off its bin, none of which goes beyond the longest span. Of
// one that had not ended only the lower bound counts.
func (b Bins) inside(x result.Bin, atLeast bool) reading {
	low, high := x.From.Seconds(), min(x.To, b.Most).Seconds()
	if atLeast {
		return reading{value: low, atLeast: true}
	}
	return reading{value: (low + high) / 2, within: (high - low) / 2}
}

func (f *Figure) readLevel(m Measures) reading {
	points := m.Level(f.Metric.Name)
	from, _, to := m.Window()
	if len(points) == 0 {
		return reading{missing: f.Metric.Name + " was never observed"}
	}
	if f.Aggregate == "at" {
		at := f.At
		if f.AtEnd {
			at = to
		}
		if at > to {
			return reading{missing: fmt.Sprintf("the run ends at %s, before %s", shortSpan(to), shortSpan(at))}
		}
		return reading{value: levelAt(points, at)}
	}
	if to <= from {
		return reading{missing: fmt.Sprintf("the run ends at %s, before the warm-up is over", shortSpan(to))}
	}
	low := levelAt(points, from)
	high := low
	for _, p := range points {
		if p.At > from && p.At <= to {
			low, high = min(low, p.Value), max(high, p.Value)
		}
	}
	switch f.Aggregate {
	case "max":
		return reading{value: high}
	case "min":
		return reading{value: low}
	default:
		return reading{value: result.Mean(points, from, to)}
	}
}

// levelAt is the value at an instant; 0 before the first point.
func levelAt(points []result.Point, at time.Duration) float64 {
	v := 0.0
	for _, p := range points {
		if p.At > at {
			break
		}
		v = p.Value
	}
	return v
}

// States are what can be expected to come in the end, each with the level that
// is zero then.
var States = []State{
	{"converged", "divergent-pairs", "both sides agree on every pair"},
	{"drained", "backlog", "no reference waits for the engine"},
}

// State is something that comes when a level has fallen to zero and stays.
type State struct{ Name, Level, Doc string }

// Eventually judges whether a state has come, and stays, within some time after
// the users have left: in every run.
func Eventually(s State, within time.Duration, runs []Measures) (result.Verdict, string) {
	return every(runs, func(m Measures) (result.Verdict, string) {
		points := m.Level(s.Level)
		_, left, to := m.Window()
		if len(points) == 0 {
			return result.Inconclusive, s.Level + " was never observed"
		}
		since, zero := time.Duration(0), true // before the first point nothing is there
		for _, p := range points {
			if p.At > to {
				break
			}
			if is := p.Value == 0; is != zero {
				zero, since = is, p.At
			}
		}
		deadline := left + within
		switch {
		case zero && since <= deadline:
			return result.Pass, ""
		case zero:
			return result.Fail, fmt.Sprintf("it came at %s, %s too late", shortSpan(since.Round(time.Second)), shortSpan((since - deadline).Round(time.Second)))
		case to < deadline:
			return result.Inconclusive, fmt.Sprintf("the run ends at %s, before the time is over", shortSpan(to))
		default:
			return result.Fail, fmt.Sprintf("%s is %s at the end", s.Level, number(levelAt(points, to)))
		}
	})
}

// Always judges a property over runs: verdict returns how it fared in a run.
func Always(runs []Measures, verdict func(run int) (result.Verdict, string)) (result.Verdict, string) {
	i := -1
	return every(runs, func(Measures) (result.Verdict, string) {
		i++
		return verdict(i)
	})
}

// every lets one run that fails decide, then one that is inconclusive.
func every(runs []Measures, judge func(m Measures) (result.Verdict, string)) (result.Verdict, string) {
	if len(runs) == 0 {
		return result.Inconclusive, "there is no run"
	}
	var notes [2][]string // of runs that fail, and that are inconclusive
	for _, m := range runs {
		v, note := judge(m)
		if why := m.Missing(); why != "" && v != result.Fail {
			v, note = result.Inconclusive, why
		}
		switch v {
		case result.Fail:
			notes[0] = append(notes[0], note)
		case result.Inconclusive:
			notes[1] = append(notes[1], note)
		}
	}
	for i, v := range []result.Verdict{result.Fail, result.Inconclusive} {
		if n := len(notes[i]); n > 0 && len(runs) > 1 {
			return v, strings.TrimSuffix(fmt.Sprintf("in %d of %d runs: %s", n, len(runs), notes[i][0]), ": ")
		} else if n > 0 {
			return v, notes[i][0]
		}
	}
	return result.Pass, ""
}
