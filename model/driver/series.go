package driver

import "github.com/twinwrite/twinwrite/sim"

// Point is the value of a series from At on.
type Point struct {
	At    sim.Time
	Value int64
}

// Series is one quantity over time, as a step function. It keeps a bounded
// number of points: when full, time is divided into windows, and of each
// window its highest and its last point stay. So peaks and the end are exact
// and only the course between them gets coarser.
type Series struct {
	points []Point
	most   int
	window sim.Time
}

// NewSeries returns an empty series that keeps at most so many points.
func NewSeries(most int) Series { return Series{most: most} }

// Set notes the value from now on.
func (s *Series) Set(at sim.Time, value int64) {
	if n := len(s.points); n > 0 {
		switch last := &s.points[n-1]; {
		case last.Value == value:
			return
		case last.At == at:
			last.Value = value
			return
		}
	}
	if len(s.points) >= s.most {
		s.thin(at)
	}
	s.points = append(s.points, Point{at, value})
}

// thin widens the windows until half of the room is free.
func (s *Series) thin(now sim.Time) {
	s.window = max(s.window, (now-s.points[0].At)/sim.Time(s.most)+1)
	for {
		kept := s.points[:0]
		for i := 0; i < len(s.points); {
			j, top := i, i
			for ; j < len(s.points) && s.points[j].At/s.window == s.points[i].At/s.window; j++ {
				if s.points[j].Value > s.points[top].Value {
					top = j
				}
			}
			peak, last := s.points[top], s.points[j-1]
			kept = append(kept, peak)
			if top != j-1 {
				kept = append(kept, last)
			}
			i = j
		}
		s.points = kept
		if len(kept) <= s.most/2 {
			return
		}
		s.window *= 2
	}
}

// Points returns the points, ascending in time. They are the series' own.
func (s *Series) Points() []Point { return s.points }
