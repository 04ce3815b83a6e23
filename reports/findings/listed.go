package findings

import (
	"slices"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// ListedMost is how many runs a page lists.
const ListedMost = 500

// Listed are the indexes of the runs that a page lists, ascending: those that do
// not hold before others, where there are more than a page has room for.
func Listed(set *result.Set) (listed []int) {
	var holding []int
	for i := range set.Runs {
		switch r := &set.Runs[i]; {
		case r.Verdict() == result.Pass:
			holding = append(holding, r.Index)
		case len(listed) < ListedMost:
			listed = append(listed, r.Index)
		}
	}
	listed = append(listed, holding[:min(len(holding), ListedMost-len(listed))]...)
	slices.Sort(listed)
	return listed
}
