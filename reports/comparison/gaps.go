package comparison

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Whole lists the runs of a set that came to their end.
func Whole(set *result.Set) []*result.Run {
	var list []*result.Run
	for i := range set.Runs {
		if r := &set.Runs[i]; r.Incomplete == "" && r.Panic == "" {
			list = append(list, r)
		}
	}
	return list
}

// Meetings adds up how often edits on both sides met, by the time between them.
func Meetings(runs []*result.Run) (all []result.Gap) {
	for _, r := range runs {
		all = AddGaps(all, r.Gaps)
	}
	return all
}

// AddGaps adds gaps to others; those of all runs have the same bounds.
func AddGaps(to, more []result.Gap) []result.Gap {
	to = slices.Clone(to)
	for _, g := range more {
		i, ok := slices.BinarySearchFunc(to, g, func(a, b result.Gap) int { return cmp.Compare(a.From, b.From) })
		if ok {
			to[i].Edits, to[i].Conflicts = to[i].Edits+g.Edits, to[i].Conflicts+g.Conflicts
		} else {
			to = slices.Insert(to, i, g)
		}
	}
	return to
}

// ClocksApart is how far the clocks of the two systems come apart in runs.
func ClocksApart(runs []*result.Run) (most time.Duration) {
	for _, r := range runs {
		for i := range r.Windows {
			most = max(most, (r.Windows[i].Clock[0] - r.Windows[i].Clock[1]).Abs())
		}
	}
	return most
}
