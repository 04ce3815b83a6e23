package expect

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestFiellerCovers draws pairs whose means have the ratio 0.5: 95 of 100
// intervals must hold it.
func TestFiellerCovers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	const times = 3000
	held := 0
	for range times {
		a, b := make([]float64, 8), make([]float64, 8)
		for i := range a {
			shared := r.NormFloat64()
			a[i], b[i] = 5+shared+.5*r.NormFloat64(), 10+shared+r.NormFloat64()
		}
		if i := fieller(a, b, .95); i.Low <= .5 && .5 <= i.High {
			held++
		}
	}
	if share := float64(held) / times; math.Abs(share-.95) > .015 {
		t.Errorf("%.3f of the intervals hold the ratio", share)
	}
}

// TestFieller by hand: with no spread of b it is the t interval of a, divided;
// and where b may be zero, nothing bounds the ratio.
func TestFieller(t *testing.T) {
	t.Parallel()
	got, plain := fieller([]float64{1, 2, 3}, []float64{4, 4, 4}, .95), MeanInterval([]float64{1, 2, 3}, .95)
	for i, pair := range [][2]float64{{got.Mean, plain.Mean / 4}, {got.Low, plain.Low / 4}, {got.High, plain.High / 4}} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%d: %v, want %v", i, pair[0], pair[1])
		}
	}
	if i := fieller([]float64{1, 1, 1}, []float64{-1, 1, .1}, .95); !math.IsInf(i.High, 1) || !math.IsInf(i.Low, -1) {
		t.Errorf("divided by what may be zero: %+v", i)
	}
}

// took is a run whose changes all took equally long.
func took(seconds float64, never bool) Measures {
	set := &result.Set{Scenario: result.Scenario{Maps: []result.Map{{Name: "orders"}}}}
	run := &result.Run{Convergence: []result.Sample{{Took: time.Duration(seconds * float64(time.Second)), Censored: never}}}
	return Of(set, run)
}

func TestJudgeRatio(t *testing.T) {
	t.Parallel()
	f, err := ParseFigure("p95(convergence)", nil)
	if err != nil {
		t.Fatal(err)
	}
	fast := []Measures{took(1, false), took(1.1, false), took(.9, false)}
	slow := []Measures{took(10, false), took(11, false), took(9, false)}
	never := []Measures{took(10, true), took(11, false), took(9, false)}
	zero := []Measures{took(0, false), took(0, false), took(0, false)}
	for _, w := range []struct {
		name         string
		ours, theirs []Measures
		demand       string
		want         result.Verdict
	}{
		{"a tenth", fast, slow, "ratio < 0.5", result.Pass},
		{"ten times", slow, fast, "ratio < 0.5", result.Fail},
		{"more is wanted", slow, fast, "ratio > 5", result.Pass},
		{"a lower bound", never, fast, "ratio < 0.5", result.Inconclusive},
		{"nothing to divide by", fast, zero, "ratio < 0.5", result.Inconclusive},
		{"no run", nil, fast, "ratio < 0.5", result.Inconclusive},
		{"not in pairs", fast[:2], slow, "ratio < 0.5", result.Inconclusive},
	} {
		demand, err := ParseRatio(w.demand)
		if err != nil {
			t.Fatal(err)
		}
		if j := JudgeRatio(&f, demand, w.ours, w.theirs, .95); j.Verdict != w.want || (j.Note == "") != (w.want != result.Inconclusive) {
			t.Errorf("%s: %+v, want %s", w.name, j, w.want)
		}
	}
}
