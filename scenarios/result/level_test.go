package result

import (
	"math"
	"testing"
	"time"
)

// TestMean asks for means of a level, of all its points and of those that are left when its
// burst is told by its peak alone.
func TestMean(t *testing.T) {
	t.Parallel()
	all := []Point{{At: 10 * time.Second, Value: 2}, {At: 20 * time.Second, Value: 100}, {At: 21 * time.Second, Value: 4}, {At: 30 * time.Second, Value: 0}}
	Integrate(all)
	few := []Point{all[0], all[1], all[3]}
	for _, c := range []struct {
		points         []Point
		from, to, want float64
	}{
		{all, 0, 10, 0},
		{all, 0, 20, 1},
		{all, 10, 30, (20 + 100 + 36) / 20.0},
		{all, 15, 25, (10 + 100 + 16) / 10.0},
		{all, 25, 35, 2},
		{all, 40, 50, 0},
		{few, 10, 30, (20 + 100 + 36) / 20.0},
		{few, 0, 60, (20 + 100 + 36) / 60.0},
		{few, 20, 25, (100 + 36) / 10.0}, // the mean of what lies between the points
		{nil, 0, 10, 0},
	} {
		seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
		if got := Mean(c.points, seconds(c.from), seconds(c.to)); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("from %vs to %vs of %d points: %v, want %v", c.from, c.to, len(c.points), got, c.want)
		}
	}
}
