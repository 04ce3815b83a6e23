package summary

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Waits holds the quantiles of how long users waited for a group of saves, from
// asking until they were told how the save had ended.
type Waits struct {
	Workload  string     `json:"workload"` // empty: all
	Ended     string     `json:"ended"`    // "committed" or "failed"; empty: both
	N         int        `json:"n"`
	Censored  int        `json:"censored"` // of N, those that had not ended when the run did
	Quantiles []Quantile `json:"quantiles"`
}

// At is the quantile of that name, as "p99"; an unknown name is not known.
func (w Waits) At(name string) stats.Quantile { return at(w.Quantiles, name) }

// Interval is what the runs tell of that quantile; not known where there are too few.
func (w Waits) Interval(name string) stats.QuantileInterval { return interval(w.Quantiles, name) }

// Saves counts saves that ended alike.
type Saves struct {
	Side    string `json:"side"`
	Ended   string `json:"ended"`
	Count   uint64 `json:"count"`
	Live    uint64 `json:"live"`     // of them, those that were held until their rows were on the other side
	GivenUp uint64 `json:"given_up"` // transactions that their users let be after it
}

// Throttled counts requests that a side answered 429.
type Throttled struct {
	Side  string `json:"side"`
	Why   string `json:"why"`
	Count uint64 `json:"count"`
}

// Thinned says of which changes and saves the times were kept: every so-manieth; 1
// for all, 0 where there was none. Over several runs it is the most that any of them
// thinned.
type Thinned struct {
	Convergence uint64 `json:"convergence"`
	Waits       uint64 `json:"waits"`
}

// Live counts live transactions that have ended.
type Live struct {
	Committed   uint64  `json:"committed"`
	Undone      uint64  `json:"undone"`
	InDoubtMost Seconds `json:"in_doubt_most"` // the longest that one side alone had committed
}

func (l Live) plus(k Live) Live {
	return Live{l.Committed + k.Committed, l.Undone + k.Undone, max(l.InDoubtMost, k.InDoubtMost)}
}

// Ended selects saves by how they ended.
type Ended uint8

// The selections.
const (
	Anyhow Ended = iota
	Committed
	Failed
)

// endedNames are the selections in JSON.
var endedNames = []string{"", committed, "failed"}

// committed is how a save ended that did not fail.
const committed = "committed"

// Fails reports whether a save that ended so failed.
func Fails(ended string) bool { return ended != committed }

// takes reports whether a wait is of this kind. Of a save that the end of the run
// cut off nobody knows how it would have ended.
func (e Ended) takes(w *result.Wait) bool {
	return e == Anyhow || !w.Censored && Fails(w.Ended) == (e == Failed)
}

// AnyWorkload selects the saves of all workloads in [WaitsOf].
const AnyWorkload = -1

// WaitsOf collects how long users of one workload waited.
func WaitsOf(runs []*result.Run, workload int, how Ended) stats.Sample {
	var ended, censored []time.Duration
	for _, r := range runs {
		for i := range r.Waits {
			w := &r.Waits[i]
			switch {
			case workload != AnyWorkload && int(w.Workload) != workload, !how.takes(w):
			case w.Censored:
				censored = append(censored, w.Took)
			default:
				ended = append(ended, w.Took)
			}
		}
	}
	return stats.NewSample(ended, censored)
}

// waits groups the waits of runs: all, those that committed, those that failed;
// then each workload. Groups without a save are left out, except the first.
func waits(workloads []string, runs []*result.Run) []Waits {
	group := func(name string, workload int, how Ended) Waits {
		s := WaitsOf(runs, workload, how)
		return Waits{name, endedNames[how], s.N(), s.Censored(), quantilesOf(s)}
	}
	out := []Waits{group("", AnyWorkload, Anyhow)}
	add := func(w Waits) {
		if w.N > 0 {
			out = append(out, w)
		}
	}
	add(group("", AnyWorkload, Committed))
	add(group("", AnyWorkload, Failed))
	for i, name := range workloads {
		add(group(name, i, Anyhow))
	}
	return out
}

func poolSaves(runs []Run) []Saves {
	out := []Saves{}
	for _, r := range runs {
		for _, s := range r.Saves {
			i := slices.IndexFunc(out, func(o Saves) bool { return o.Side == s.Side && o.Ended == s.Ended })
			if i < 0 {
				out = append(out, s)
				continue
			}
			out[i].Count += s.Count
			out[i].Live += s.Live
			out[i].GivenUp += s.GivenUp
		}
	}
	slices.SortStableFunc(out, func(a, b Saves) int {
		return cmp.Or(cmp.Compare(sideRank(a.Side), sideRank(b.Side)), cmp.Compare(failed(a), failed(b)), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Ended, b.Ended))
	})
	return out
}

// failed puts what committed before what did not.
func failed(s Saves) int {
	if Fails(s.Ended) {
		return 1
	}
	return 0
}

func poolThrottled(runs []Run) []Throttled {
	out := []Throttled{}
	for _, r := range runs {
		for _, t := range r.Throttled {
			i := slices.IndexFunc(out, func(o Throttled) bool { return o.Side == t.Side && o.Why == t.Why })
			if i < 0 {
				out = append(out, t)
				continue
			}
			out[i].Count += t.Count
		}
	}
	slices.SortStableFunc(out, func(a, b Throttled) int {
		return cmp.Or(cmp.Compare(sideRank(a.Side), sideRank(b.Side)), cmp.Compare(a.Why, b.Why))
	})
	return out
}
