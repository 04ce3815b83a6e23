package sim_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/sim"
)

const (
	second = sim.Time(time.Second)
	hour   = sim.Time(time.Hour)
)

func TestClock(t *testing.T) {
	t.Parallel()
	const ppm = 1000
	for _, c := range []struct {
		name   string
		config sim.ClockConfig
		want   map[sim.Time]sim.Time
	}{
		{"right", sim.ClockConfig{}, map[sim.Time]sim.Time{0: 0, 5: 5, sim.Forever: sim.Forever}},
		{"offset", sim.ClockConfig{Offset: -2 * time.Second}, map[sim.Time]sim.Time{0: -2 * second, hour: hour - 2*second}},
		{
			"drift",
			sim.ClockConfig{Offset: time.Second, DriftPPB: 40 * ppm},
			map[sim.Time]sim.Time{0: second, 1e6 * second: 1e6*second + 41*second},
		},
		{"losing", sim.ClockConfig{DriftPPB: -15 * ppm}, map[sim.Time]sim.Time{1e6 * second: 1e6*second - 15*second}},
		{
			"steps",
			sim.ClockConfig{DriftPPB: 1000 * ppm, Steps: []sim.ClockStep{{3 * hour, -time.Minute}, {hour, 90 * time.Second}}},
			map[sim.Time]sim.Time{
				hour - 1: hour - 1 + sim.Time(3600*time.Millisecond) - 1,
				hour:     hour + sim.Time(93600*time.Millisecond),
				3 * hour: 3*hour + sim.Time(90*time.Second+10800*time.Millisecond-time.Minute),
			},
		},
		{
			"granularity",
			sim.ClockConfig{Offset: -1500 * time.Millisecond, Granularity: time.Second},
			map[sim.Time]sim.Time{0: -2 * second, second / 2: -second, second: -second, 2 * second: 0, 3 * second: second},
		},
		{
			"slewing",
			sim.ClockConfig{Offset: time.Second, SlewPPB: 500 * ppm, Steps: []sim.ClockStep{{hour, -time.Second}, {hour + 1000*second, 0}}},
			map[sim.Time]sim.Time{
				1000 * second:          1000*second + second/2,
				2000 * second:          2000 * second,
				hour - 1:               hour - 1,
				hour:                   hour - second,
				hour + 1000*second:     hour + 1000*second - second/2,
				hour + 2000*second:     hour + 2000*second,
				hour + 5*hour:          6 * hour,
				1000*second + 2*second: 1002*second + 499*second/1000,
			},
		},
		{
			"slewing against drift",
			sim.ClockConfig{Offset: -time.Second, DriftPPB: 100 * ppm, SlewPPB: 400 * ppm},
			map[sim.Time]sim.Time{1000 * second: 999*second + second/2, 2000 * second: 2000 * second, 9000 * second: 9000 * second},
		},
		{
			"drift too fast for the daemon",
			sim.ClockConfig{DriftPPB: 600 * ppm, SlewPPB: 500 * ppm},
			map[sim.Time]sim.Time{1000 * second: 1000*second + second/10},
		},
		{
			"a step at the start",
			sim.ClockConfig{Offset: time.Second, SlewPPB: 500 * ppm, Steps: []sim.ClockStep{{0, -time.Second}}},
			map[sim.Time]sim.Time{0: 0, hour: hour},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock := sim.NewClock(c.config)
			for at, want := range c.want {
				if got := clock.Local(at); got != want {
					t.Errorf("at %v the clock shows %v, want %v", at, got, want)
				}
			}
		})
	}
}

// Without steps back, no reading is before an earlier one; and readings are
// whole multiples of the granularity, not more than one of it below the truth
// plus the error.
func TestClockReadingsDoNotFall(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		config := sim.ClockConfig{
			Offset:      time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "offset")),
			DriftPPB:    rapid.Int64Range(-4e8, 4e8).Draw(t, "drift"),
			SlewPPB:     rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(1, 4e8)).Draw(t, "slew"),
			Granularity: time.Duration(rapid.SampledFrom([]int64{0, 1, 7, 1e3, 1e9}).Draw(t, "granularity")),
		}
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			config.Steps = append(config.Steps, sim.ClockStep{
				At: sim.Time(rapid.Int64Range(0, 1e13).Draw(t, "at")),
				By: time.Duration(rapid.Int64Range(0, 1e11).Draw(t, "by")),
			})
		}
		clock := sim.NewClock(config)
		at := sim.Time(0)
		last := clock.Local(0)
		for range 50 {
			at += sim.Time(rapid.Int64Range(0, 1e12).Draw(t, "later"))
			now := clock.Local(at)
			if now < last {
				t.Fatalf("the clock shows %v and then, at %v, %v", last, at, now)
			}
			g := max(1, sim.Time(config.Granularity))
			exact := at.Add(clock.Error(at))
			if now%g != 0 || now > exact || exact-now >= g {
				t.Fatalf("at %v the clock shows %v of %v", at, now, exact)
			}
			last = now
		}
	})
}

// TestClockHighest compares the highest reading with a look at every moment.
func TestClockHighest(t *testing.T) {
	t.Parallel()
	c := sim.NewClock(sim.ClockConfig{Offset: 7, Granularity: 3, Steps: []sim.ClockStep{{At: 20, By: 30}, {At: 25, By: -40}, {At: 60, By: -5}}})
	for from := range sim.Time(80) {
		want := c.Local(from)
		for to := from; to < 80; to++ {
			want = max(want, c.Local(to))
			if got := c.Highest(from, to); got != want {
				t.Fatalf("from %d to %d: %d, want %d", from, to, got, want)
			}
		}
	}
}

func TestClockFaults(t *testing.T) {
	t.Parallel()
	err := sim.ClockConfig{DriftPPB: -5e8, SlewPPB: -1, Granularity: -1, Steps: []sim.ClockStep{{At: -1}}}.Validate()
	if err == nil {
		t.Fatal("taken for valid")
	}
	for _, want := range []string{"drift is -500000000 ppb", "slew is -1 ppb", "granularity is -1ns", "a step is at -1ns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}
