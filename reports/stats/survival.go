package stats

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Survival is the share of changes that have not converged after each span.
type Survival struct {
	Steps []SurvivalStep // ascending by At, one for each span at which some converged
	End   time.Duration  // the longest span seen, converged or not: beyond it nothing is known
}

// SurvivalStep is the share from At on, with its 95 % band.
type SurvivalStep struct {
	At             time.Duration
	Share          float64
	Low, High      float64
	AtRisk, Events int
}

// KaplanMeier estimates the survival of spans of which some were cut off when
// they had lasted so long: at each span at which d of the n that are left
// converge, the share falls by the factor 1-d/n (Kaplan and Meier, 1958). A span
// that was cut off counts among those left up to then. The band is Greenwood's,
// on the scale of log(-log), so that it stays within 0 and 1.
func KaplanMeier(converged, censored []time.Duration) Survival {
	type span struct {
		at    time.Duration
		ended bool
	}
	var all []span
	for _, d := range converged {
		all = append(all, span{d, true})
	}
	for _, d := range censored {
		all = append(all, span{d, false})
	}
	// Of equal spans, those that converged come first: one that was cut off at
	// the same instant was still left.
	slices.SortFunc(all, func(a, b span) int {
		if c := cmp.Compare(a.at, b.at); c != 0 || a.ended == b.ended {
			return c
		}
		if a.ended {
			return -1
		}
		return 1
	})
	var s Survival
	share, greenwood := 1.0, 0.0
	for i := 0; i < len(all); {
		s.End = all[i].at
		left, events, same := len(all)-i, 0, 0
		for ; i+same < len(all) && all[i+same].at == all[i].at; same++ {
			if all[i+same].ended {
				events++
			}
		}
		if events > 0 {
			share *= 1 - float64(events)/float64(left)
			if left > events {
				greenwood += float64(events) / (float64(left) * float64(left-events))
			}
			low, high := band(share, greenwood)
			s.Steps = append(s.Steps, SurvivalStep{At: all[i].at, Share: share, Low: low, High: high, AtRisk: left, Events: events})
		}
		i += same
	}
	return s
}

// band is Greenwood's 95 % band of one share.
func band(share, greenwood float64) (low, high float64) {
	const z = 1.959963984540054
	if share <= 0 || share >= 1 {
		return share, share
	}
	half := z * math.Sqrt(greenwood) / math.Abs(math.Log(share))
	return math.Pow(share, math.Exp(half)), math.Pow(share, math.Exp(-half))
}
