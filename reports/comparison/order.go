package comparison

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// waitingName is what [meanBlocked] measures.
const waitingName = "items that wait for a record they look up, on average"

// sequence puts a map after those that it looks up, and before or after a
// neighbour where the runs show that this is better.
func (a *adviser) sequence(m int) Choice {
	c := Choice{What: sequenceWhat, Because: []string{}}
	own := a.sc.Maps[m]
	var before, late []string
	for _, p := range parentsOf(a.sc, own.Name) {
		i := slices.IndexFunc(a.sc.Maps, func(x result.Map) bool { return x.Name == p })
		before = append(before, p)
		if a.sc.Maps[i].Sequence >= own.Sequence {
			late = append(late, p)
		}
	}
	slices.Sort(before)
	now := "number " + strconv.Itoa(own.Sequence)
	switch {
	case before == nil:
		c.Answer = now + " stands"
		c.Because = append(c.Because, "it looks up no other map")
	case late == nil:
		c.Answer = now + " stands"
		c.Because = append(c.Because, fmt.Sprintf("it comes after %s, which it looks up", words.List(before)))
	default:
		c.Answer = "after " + words.List(late)
		c.Because = append(c.Because, fmt.Sprintf("it looks up %s, and comes before as %s", words.List(late), now))
	}
	if blocked := a.measure(asyncMode, waitingName, Number, meanBlocked); blocked.Known && before != nil {
		c.Because = append(c.Because, fmt.Sprintf("%s: %s", waitingName, blocked.text()))
	}
	for _, t := range a.triedOf(sequenceWhat, own.Name) {
		c.Because = append(c.Because, t.texts()...)
		for _, whole := range a.triedOf(sequenceWhat, allMaps) {
			if whole.variant == t.variant && late == nil && t.shown() == Better && whole.shown() != Worse {
				c.Answer, c.decided = t.variant.Name, t.decisive()
			}
		}
	}
	c.Flips = "a lookup is added or removed"
	return c
}

// meanBlocked is how many items wait for a record that they look up, on average.
func meanBlocked(_ *result.Set, r *result.Run) reading {
	for _, s := range r.Series {
		if s.Name != "blocked" || r.End == 0 {
			continue
		}
		return known(result.Mean(s.Points, 0, r.End))
	}
	return reading{}
}
