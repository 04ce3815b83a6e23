package runs

import (
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// What all runs of a scenario keep together at most, of what grows with their
// length: the results of a thousand runs are as large as those of a hundred.
const (
	samplesMost = 1_000_000 // times to converge, and waits of users
	pointsMost  = 1_000_000 // of all series
	windowsMost = 40_000
	worstMost   = 20_000
)

// thin takes out of a run what is more than its share of what so many runs may keep,
// and notes it.
//
// Lists are halved until they fit, and halving goes by the list alone. So a run that
// was thinned for few runs, and is thinned again for many, is the same as one that
// was thinned for many at once: runs that extend a folder, or come from shards, give
// the same results to the byte.
func thin(r *result.Run, runs int) {
	share := func(most int) int { return max(1, most/runs) }
	r.Convergence = halved(r.Convergence, share(samplesMost), &r.Thinned.Convergence, second)
	r.Waits = halved(r.Waits, share(samplesMost), &r.Thinned.Waits, second)
	for i := range r.Series {
		s := &r.Series[i]
		merge := highest
		if strings.HasPrefix(s.Name, "use.") {
			merge = mean
		}
		var each uint64
		s.Points = halved(s.Points, max(2, share(pointsMost)/len(r.Series)), &each, func(all []result.Point) []result.Point { return pairwise(all, merge) })
		r.Thinned.Series = r.Thinned.Series || each > 0
	}
	r.Windows = halved(r.Windows, share(windowsMost), &r.Thinned.Windows, wider)
	r.Worst = r.Worst[:min(len(r.Worst), share(worstMost))]
}

// halved halves a list until it has at most so many, and multiplies the number of
// those that each of the kept stands for.
func halved[T any](all []T, most int, each *uint64, half func([]T) []T) []T {
	for len(all) > most {
		all = half(all)
		*each = max(*each, 1) * 2
	}
	return all
}

// second keeps every second.
func second[T any](all []T) []T {
	kept := make([]T, 0, (len(all)+1)/2)
	for i := 0; i < len(all); i += 2 {
		kept = append(kept, all[i])
	}
	return kept
}

// pairwise makes one point of two; the last one stays as it is.
func pairwise(all []result.Point, merge func(a, b, next result.Point) float64) []result.Point {
	last := len(all) - 1
	kept := make([]result.Point, 0, len(all)/2+2)
	for i := 0; i < last; i += 2 {
		p := all[i]
		if i+1 < last {
			p.Value = merge(all[i], all[i+1], all[i+2])
		}
		kept = append(kept, p)
	}
	return append(kept, all[last])
}

// highest keeps peaks.
func highest(a, b, _ result.Point) float64 { return max(a.Value, b.Value) }

// mean keeps what a share comes to over both steps.
func mean(a, b, next result.Point) float64 {
	first, second := (b.At - a.At).Seconds(), (next.At - b.At).Seconds()
	if first+second == 0 {
		return b.Value
	}
	return (float64(a.Value*first) + float64(b.Value*second)) / (first + second)
}

// wider makes one window of two.
func wider(all []result.Window) []result.Window {
	kept := make([]result.Window, 0, (len(all)+1)/2)
	for i := 0; i < len(all); i += 2 {
		w := all[i]
		w.Ended = slices.Clone(w.Ended)
		if i+1 < len(all) {
			join(&w, &all[i+1])
		}
		kept = append(kept, w)
	}
	return kept
}

// join adds the window that follows. Counts stay by map and class, in the order in
// which they first come up.
func join(w, next *result.Window) {
	w.To, w.Clock = next.To, next.Clock
	for side := range w.Requests {
		w.Requests[side] += next.Requests[side]
		w.Throttled[side] += next.Throttled[side]
	}
	for _, e := range next.Ended {
		i := slices.IndexFunc(w.Ended, func(x result.WindowCount) bool { return x.Map == e.Map && x.Class == e.Class })
		if i < 0 {
			w.Ended = append(w.Ended, e)
		} else {
			w.Ended[i].Count += e.Count
		}
	}
}
