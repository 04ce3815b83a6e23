package stats

import (
	"cmp"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Sketch tells how many spans there were of about which length. Sketches of several
// runs add up, in any order. A quantile is right to within the width of a bin.
type Sketch struct {
	Most time.Duration // the longest, exactly
	bins []result.Bin  // ascending
	n    uint64
}

// Add takes in bins, which have the same bounds in all runs, and the longest span
// in them.
func (s *Sketch) Add(bins []result.Bin, most time.Duration) {
	s.Most = max(s.Most, most)
	for _, b := range bins {
		s.n += b.Count
		i, ok := slices.BinarySearchFunc(s.bins, b, func(a, b result.Bin) int { return cmp.Compare(a.From, b.From) })
		if ok {
			s.bins[i].Count += b.Count
		} else {
			s.bins = slices.Insert(s.bins, i, b)
		}
	}
}

// N is how many spans there are.
func (s *Sketch) N() uint64 { return s.n }

// Quantile is the middle of the bin that holds the quantile, and no more than the
// longest span. It is 0 where there is none.
func (s *Sketch) Quantile(q float64) time.Duration {
	left := rank(q, int(s.n))
	for _, b := range s.bins {
		if left <= int(b.Count) {
			return min(b.From+(b.To-b.From)/2, s.Most)
		}
		left -= int(b.Count)
	}
	return s.Most
}
