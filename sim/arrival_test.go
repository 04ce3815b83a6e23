package sim

import (
	"math"
	"testing"
	"time"
)

// collect returns the arrivals up to a moment, in seconds.
func collect(t *testing.T, a Arrivals, until time.Duration) []float64 {
	t.Helper()
	var got []float64
	last := Time(0)
	for {
		at, ok := a.Next()
		if !ok || at > Time(until) {
			return got
		}
		if at < last {
			t.Fatalf("an arrival at %v after one at %v", at, last)
		}
		last = at
		got = append(got, at.Seconds())
	}
}

// Arrivals by a profile are spread like its integral, and there are as many as
// that says.
func TestPoissonArrivalsFollowTheirProfile(t *testing.T) {
	t.Parallel()
	const h = time.Hour
	peak := Profile{Points: []RatePoint{{0, 2}, {h, 25}, {3 * h, 25}, {4 * h, 2}}}
	week := Calendar(24*h, RatePoint{0, 0}, RatePoint{8 * h, 3}, RatePoint{17 * h, 0.2})
	saw := Profile{Points: []RatePoint{{0, 0}, {h, 4}}, Period: h + h/2}
	late := week
	late.Phase = 12 * h
	shifted := peak
	shifted.Phase = 2 * h
	for _, c := range []struct {
		name    string
		profile Profile
		until   time.Duration
		rate    func(hour float64) float64 // per second, by the hour
	}{
		{"steady", Steady(3), 8 * h, func(float64) float64 { return 3 }},
		{"peak", peak, 6 * h, func(x float64) float64 { return max(2, min(25, 2+23*x, 2+23*(4-x))) }},
		{"peak, begun in the midst", shifted, 3 * h, func(x float64) float64 { return max(2, min(25, 2+23*(2-x))) }},
		{"calendar", week, 50 * h, func(x float64) float64 { return atHour(math.Mod(x, 24)) }},
		{"calendar from noon", late, 50 * h, func(x float64) float64 { return atHour(math.Mod(x+12, 24)) }},
		{"saw", saw, 10 * h, func(x float64) float64 {
			if x = math.Mod(x, 1.5); x < 1 {
				return 4 * x
			}
			return 8 * (1.5 - x)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := collect(t, NewPoissonArrivals(c.profile, NewStream(2, 0, "arrivals"), 1), c.until)
			// The integral of the rate by small steps.
			const steps = 200_000
			total := c.until.Seconds()
			mass := make([]float64, steps+1)
			for i := range steps {
				mass[i+1] = mass[i] + c.rate((float64(i)+0.5)*total/steps/3600)*total/steps
			}
			expected := mass[steps]
			if off := math.Abs(float64(len(got)) - expected); off > 6*math.Sqrt(expected) {
				t.Errorf("%d arrivals, expected %.0f", len(got), expected)
			}
			cdf := func(x float64) float64 { return mass[min(steps, int(x/total*steps))] / expected }
			if d := ksDistance(got, cdf, cdf); d > ksBound(len(got))+1e-4 {
				t.Errorf("distance %v from the integral of the profile, believed up to %v", d, ksBound(len(got)))
			}
		})
	}
}

func atHour(x float64) float64 {
	switch {
	case x < 8:
		return 0
	case x < 17:
		return 3
	}
	return 0.2
}

// Between arrivals of a constant rate lie exponential times.
func TestPoissonArrivalsAreIndependent(t *testing.T) {
	t.Parallel()
	got := collect(t, NewPoissonArrivals(Steady(2), NewStream(3, 0, "x"), 0), 10*time.Hour)
	gaps := make([]float64, len(got)-1)
	for i := range gaps {
		gaps[i] = got[i+1] - got[i]
	}
	cdf := func(x float64) float64 { return -math.Expm1(-2 * x) }
	if d := ksDistance(gaps, cdf, cdf); d > ksBound(len(gaps)) {
		t.Errorf("distance %v of the gaps from exponential, believed up to %v", d, ksBound(len(gaps)))
	}
}

// At twice the rate the same arrivals come in half the time.
func TestRateStretchesTheSameArrivals(t *testing.T) {
	t.Parallel()
	s := NewStream(3, 0, "x")
	slow, fast := NewPoissonArrivals(Steady(1), s, 7), NewPoissonArrivals(Steady(2), s, 7)
	for range 1000 {
		a, _ := slow.Next()
		b, _ := fast.Next()
		if off := a - 2*b; off > 2 || off < -2 {
			t.Fatalf("%v and %v", a, b)
		}
	}
}

func TestArrivalsEnd(t *testing.T) {
	t.Parallel()
	p := Profile{Points: []RatePoint{{0, 1}, {100 * time.Second, 1}, {100 * time.Second, 0}}}
	a := NewPoissonArrivals(p, NewStream(1, 0, "x"), 0)
	n := len(collect(t, a, math.MaxInt64))
	if n < 60 || n > 140 {
		t.Errorf("%d arrivals, expected 100", n)
	}
	if at, ok := a.Next(); ok {
		t.Errorf("one more at %v", at)
	}
}

func TestBurstyArrivals(t *testing.T) {
	t.Parallel()
	b := Bursty{Rates: [2]float64{0.2, 3}, Dwells: [2]time.Duration{20 * time.Minute, 5 * time.Minute}}
	const hours = 3000
	got := collect(t, NewBurstyArrivals(b, NewStream(4, 0, "bursty"), 0), hours*time.Hour)
	// 4/5 of the time at 0.2/s, 1/5 at 3/s.
	if mean := float64(len(got)) / (hours * 3600); math.Abs(mean-0.76) > 0.04 {
		t.Errorf("rate is %v, want 0.76", mean)
	}
	// Counts in windows vary far more than Poisson ones: variance over mean is
	// 1 for those, and for windows of a minute near 1 + 60·Var(rate)/mean.
	count := make([]float64, hours*60+1)
	for _, x := range got {
		count[int(x/60)]++
	}
	mean, square := 0.0, 0.0
	for _, c := range count {
		mean += c / float64(len(count))
		square += c * c / float64(len(count))
	}
	want := 1 + 60*0.8*0.2*(3-0.2)*(3-0.2)/0.76*0.92 // 0.92: the state changes within a window
	if got := (square - mean*mean) / mean; math.Abs(got-want) > 0.1*want {
		t.Errorf("variance over mean of counts per minute is %v, want about %v", got, want)
	}
}

func TestPeriodicArrivals(t *testing.T) {
	t.Parallel()
	p := &Periodic{First: 5, Every: 10}
	for _, want := range []Time{5, 15, 25} {
		if got, ok := p.Next(); !ok || got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	p = &Periodic{First: 1, Every: math.MaxInt64 - 1}
	if at, ok := p.Next(); !ok || at != 1 {
		t.Errorf("%v, %v", at, ok)
	}
	if at, ok := p.Next(); !ok || at != Forever {
		t.Errorf("%v, %v", at, ok)
	}
	if at, ok := p.Next(); ok {
		t.Errorf("one more at %v", at)
	}
}

func TestArrivalFaults(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"no points":       Profile{}.Validate(),
		"negative rate":   Steady(-1).Validate(),
		"out of order":    Profile{Points: []RatePoint{{5, 1}, {4, 1}}}.Validate(),
		"short period":    Profile{Points: []RatePoint{{0, 1}, {5, 1}}, Period: 4}.Validate(),
		"never":           Profile{Points: []RatePoint{{0, 0}}, Period: 4}.Validate(),
		"phase":           Profile{Points: []RatePoint{{0, 1}}, Period: 4, Phase: 4}.Validate(),
		"bursty, silent":  Bursty{Dwells: [2]time.Duration{1, 1}}.Validate(),
		"bursty, instant": Bursty{Rates: [2]float64{1, 1}}.Validate(),
	} {
		if err == nil {
			t.Errorf("%s: taken for valid", name)
		}
	}
	if err := Calendar(time.Hour, RatePoint{0, 1}, RatePoint{time.Minute, 0}).Validate(); err != nil {
		t.Error(err)
	}
}
