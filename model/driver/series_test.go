package driver

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/sim"
)

// TestSeriesKeepsPeakAndEnd compares a thinned series with all that was set.
func TestSeriesKeepsPeakAndEnd(t *testing.T) {
	t.Parallel()
	thinned := 0
	rapid.Check(t, func(t *rapid.T) {
		const most = 16
		s := Series{most: most}
		at, value, peak := sim.Time(0), int64(0), int64(-1)
		for range rapid.IntRange(1, 500).Draw(t, "changes") {
			at += sim.Time(rapid.IntRange(0, 1000).Draw(t, "gap"))
			next := int64(rapid.IntRange(0, 9).Draw(t, "value"))
			s.Set(at, next)
			value = next
		}
		points := s.Points()
		if len(points) > most {
			t.Fatalf("%d points, at most %d", len(points), most)
		}
		for i, p := range points {
			if i > 0 && p.At <= points[i-1].At {
				t.Fatalf("point %d at %v, after one at %v", i, p.At, points[i-1].At)
			}
			peak = max(peak, p.Value)
		}
		if got := points[len(points)-1].Value; got != value {
			t.Fatalf("it ends at %d, want %d", got, value)
		}
		if s.window > 0 {
			thinned++
		}
	})
	if thinned == 0 {
		t.Error("no series was ever thinned")
	}
}

func TestSeriesPeak(t *testing.T) {
	t.Parallel()
	s := Series{most: 64}
	for i := range 10_000 {
		v := int64(i % 7)
		if i == 4321 {
			v = 1000
		}
		s.Set(sim.Time(i)*1000, v)
	}
	peak := Point{}
	for _, p := range s.Points() {
		if p.Value > peak.Value {
			peak = p
		}
	}
	if peak != (Point{At: 4_321_000, Value: 1000}) {
		t.Errorf("the peak is %+v, want 1000 at 4321000", peak)
	}
}
