package sim

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSeriesKeepsPeakMeanAndEnd compares a thinned series with all that was set: the
// highest value, the end and the areas are the same.
func TestSeriesKeepsPeakMeanAndEnd(t *testing.T) {
	t.Parallel()
	thinned := 0
	rapid.Check(t, func(t *rapid.T) {
		const most = 16
		s := NewSeries(most)
		var whole []Point // what holds from each instant on, and the area before it
		at := Time(0)
		for range rapid.IntRange(1, 500).Draw(t, "changes") {
			at += Time(rapid.IntRange(0, 3).Draw(t, "gap")) * Time(time.Second)
			value := float64(rapid.IntRange(0, 9).Draw(t, "value"))
			s.Set(at, value)
			switch n := len(whole); {
			case n == 0:
				whole = append(whole, Point{at, value, 0})
			case whole[n-1].At == at:
				whole[n-1].Value = value
			default:
				before := whole[n-1]
				whole = append(whole, Point{at, value, before.Area + before.Value*float64((at-before.At)/Time(time.Second))})
			}
		}
		points := s.Points()
		if len(points) > most {
			t.Fatalf("%d points, at most %d", len(points), most)
		}
		high, want := points[0].Value, whole[0].Value
		for _, p := range whole {
			want = max(want, p.Value)
		}
		for i, p := range points {
			if i > 0 && p.At <= points[i-1].At {
				t.Fatalf("point %d at %v, after one at %v", i, p.At, points[i-1].At)
			}
			high = max(high, p.Value)
			if j := slices.IndexFunc(whole, func(w Point) bool { return w.At == p.At }); whole[j] != p {
				t.Fatalf("point %d is %v, want %v", i, p, whole[j])
			}
		}
		if high != want {
			t.Fatalf("the highest is %v, want %v", high, want)
		}
		if got, want := points[len(points)-1], whole[len(whole)-1]; got.Value != want.Value {
			t.Fatalf("it ends with %v, want %v", got, want)
		}
		if s.Thinned() {
			thinned++
		}
	})
	if thinned == 0 {
		t.Error("no series was ever thinned")
	}
}

// TestSeriesKeepsABurst: what is high for a moment of a long time stays as high, where it
// was, and counts for no longer than it was there.
func TestSeriesKeepsABurst(t *testing.T) {
	t.Parallel()
	s := NewSeries(64)
	for i := range 10_000 {
		v := float64(i % 7)
		if i == 4321 {
			v = 1000
		}
		s.Set(Time(i)*Time(time.Minute), v)
	}
	points := s.Points()
	peak, last := Point{}, points[len(points)-1]
	for _, p := range points {
		if p.Value > peak.Value {
			peak = p
		}
	}
	if peak.At != 4321*Time(time.Minute) || peak.Value != 1000 {
		t.Errorf("the peak is %v, want 1000 at 4,321 minutes", peak)
	}
	mean := last.Area / time.Duration(last.At).Seconds()
	if want := 3.1; mean < want-0.01 || mean > want+0.01 { // 3 on average, and a thousand once in ten thousand
		t.Errorf("the mean is %v, want %v", mean, want)
	}
}
