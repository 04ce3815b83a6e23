package plots

import (
	"math"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestMeanWithin: the mean of a step function against a sum over seconds.
func TestMeanWithin(t *testing.T) {
	t.Parallel()
	points := []result.Point{{At: 0, Value: 1}, {At: 10 * time.Second, Value: 4}, {At: 25 * time.Second, Value: 0}, {At: 40 * time.Second, Value: 2}}
	value := func(second int) float64 {
		v := 0.0
		for _, p := range points {
			if p.At <= time.Duration(second)*time.Second {
				v = p.Value
			}
		}
		return v
	}
	for _, c := range [][2]int{{0, 10}, {5, 15}, {0, 60}, {26, 39}, {24, 41}, {50, 70}} {
		want := 0.0
		for s := c[0]; s < c[1]; s++ {
			want += value(s)
		}
		want /= float64(c[1] - c[0])
		if got := meanWithin(points, time.Duration(c[0])*time.Second, time.Duration(c[1])*time.Second); math.Abs(got-want) > 1e-9 {
			t.Errorf("from %d to %d: %v, want %v", c[0], c[1], got, want)
		}
	}
}
