package sim

import "time"

// Point is the value of a [Series] from At on.
type Point struct {
	At    Time
	Value float64
	Area  float64 // of the whole series before At: its value times the seconds for which it was that
}

// Series is one quantity over time, as a step function. It keeps a bounded
// number of points: when full, time is divided into windows, and of each
// window its highest and its last point stay. So peaks and the end are exact, and
// so are means between points, by their areas; only the course between them gets
// coarser.
type Series struct {
	points []Point
	most   int
	window Time // 0: nothing was left out
}

// NewSeries returns an empty series that keeps at most so many points; 16 or more.
func NewSeries(most int) Series { return Series{most: most} }

// Set notes the value from now on. Of several values of one instant the last counts.
func (s *Series) Set(at Time, value float64) {
	area := 0.0
	if n := len(s.points); n > 0 {
		switch last := &s.points[n-1]; {
		case last.Value == value:
			return
		case last.At == at && n > 1 && s.points[n-2].Value == value:
			s.points = s.points[:n-1]
			return
		case last.At == at:
			last.Value = value
			return
		default:
			area = last.Area + float64(last.Value*time.Duration(at-last.At).Seconds())
		}
	}
	if len(s.points) >= s.most {
		s.thin(at)
	}
	s.points = append(s.points, Point{at, value, area})
}

// Points returns the points, ascending in time. They are the series' own.
func (s *Series) Points() []Point { return s.points }

// Thinned reports whether points were left out.
func (s *Series) Thinned() bool { return s.window > 0 }

// thin widens the windows until half of the room is free.
func (s *Series) thin(now Time) {
	s.window = max(s.window, (now-s.points[0].At)/Time(s.most)+1)
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
