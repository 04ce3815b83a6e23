package scenarios

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pointsOf writes the points of a sweep.
func pointsOf(t *testing.T, sweep string, sets ...string) []string {
	t.Helper()
	var all []string
	for _, p := range parse(t, small+"sweep: "+sweep+"\n", sets...).Points() {
		all = append(all, strings.Join(p.Sets(), " "))
	}
	return all
}

func TestPoints(t *testing.T) {
	t.Parallel()
	for sweep, want := range map[string][]string{
		"{axes: [{path: engine.workers, values: [2, 4]}, {path: engine.retry.base, values: [1s, 2s]}]}": {
			"engine.workers=2 engine.retry.base=1s", "engine.workers=2 engine.retry.base=2s",
			"engine.workers=4 engine.retry.base=1s", "engine.workers=4 engine.retry.base=2s",
		},
		"{combine: zip, axes: [{path: engine.workers, values: [2, 4]}, {path: engine.batch, values: [10, 5]}]}": {
			"engine.workers=2 engine.batch=10", "engine.workers=4 engine.batch=5",
		},
		`{axes: [{path: engine.workers, values: [2, 4, 8]}], where: "engine.workers > 2 && engine.batch == 10"}`: {
			"engine.workers=4", "engine.workers=8",
		},
		`{axes: [{path: engine.workers, values: [2, 4]}], where: "engine.batch < 10"}`: nil,
		`{axes: [{path: engine.retry, values: [{base: 1s, cap: 10m}, {}]}]}`:           {"engine.retry={base: 1s, cap: 10m}", "engine.retry={}"},
	} {
		if diff := cmp.Diff(want, pointsOf(t, sweep)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", sweep, diff)
		}
	}
	if got := parse(t, small).Points(); len(got) != 1 || len(got[0]) != 0 {
		t.Errorf("without a sweep the points are %v", got)
	}
	if got := pointsOf(t, `{axes: [{path: engine.workers, values: [2]}], where: "engine.batch < 10"}`, "engine.batch=5"); len(got) != 1 {
		t.Errorf("an override does not reach the condition: %v", got)
	}
}

// TestPointsCanRun: each point is a scenario that says what the point says.
func TestPointsCanRun(t *testing.T) {
	t.Parallel()
	src := small + "sweep: {axes: [{path: engine.workers, values: [2, 4]}, {path: faults.fault-1.for, values: [5m, 20m]}]}\n"
	seen := map[string]bool{}
	for _, p := range parse(t, src).Points() {
		s := parse(t, src, p.Sets()...)
		hash, err := s.Hash("1")
		if err != nil {
			t.Fatal(err)
		}
		seen[hash] = true
		if strconv.Itoa(s.Engine.Workers) != p[0].Value || WriteSpan(s.Faults[0].For) != p[1].Value {
			t.Errorf("%v gives %d workers and an outage of %v", p, s.Engine.Workers, s.Faults[0].For)
		}
	}
	if len(seen) != 4 {
		t.Errorf("four points have %d identities", len(seen))
	}
}

// TestLatin: each stratum of each axis is used once, the axes are in different
// orders, and another axis beside them moves neither.
func TestLatin(t *testing.T) {
	t.Parallel()
	const n = 40
	column := func(points []string, i int) (values []string) {
		for _, p := range points {
			_, v, _ := strings.Cut(strings.Split(p, " ")[i], "=")
			values = append(values, v)
		}
		return values
	}
	points := pointsOf(t, "{combine: latin, samples: 40, axes: [{path: engine.retry.base, between: [10s, 50s]}, {path: engine.retry.cap, between: [1m, 1h40m], scale: log}, {path: engine.batch, values: [1, 10]}, {path: engine.workers, between: [1, 400]}]}")
	if len(points) != n {
		t.Fatalf("%d points, want %d", len(points), n)
	}
	strataOf := func(values []string, place func(v string) float64) (seen []int) {
		for _, v := range values {
			seen = append(seen, int(place(v)*n))
		}
		return seen
	}
	span := func(v string) float64 {
		d, err := time.ParseDuration(v)
		if err != nil {
			t.Fatal(err)
		}
		return d.Seconds()
	}
	base := strataOf(column(points, 0), func(v string) float64 { return (span(v) - 10) / 40 })
	ceiling := strataOf(column(points, 1), func(v string) float64 { return math.Log(span(v)/60) / math.Log(100) })
	for name, seen := range map[string][]int{"base": base, "cap": ceiling} {
		sorted := slices.Sorted(slices.Values(seen))
		for i, s := range sorted {
			if s != i {
				t.Errorf("%s: the strata are %v", name, sorted)
				break
			}
		}
	}
	if slices.Equal(base, ceiling) {
		t.Error("two axes go through their strata in one order")
	}
	tens := 0
	for _, v := range column(points, 2) {
		if v == "10" {
			tens++
		}
	}
	if tens != n/2 {
		t.Errorf("of two values one is taken %d times of %d", tens, n)
	}
	for _, v := range column(points, 3) {
		if w, err := strconv.Atoi(v); err != nil || w < 1 || w > 400 {
			t.Errorf("%s is no whole number of the range", v)
		}
	}
	alone := pointsOf(t, "{combine: latin, samples: 40, axes: [{path: engine.retry.base, between: [10s, 50s]}]}")
	if diff := cmp.Diff(column(points, 0), column(alone, 0)); diff != "" {
		t.Errorf("other axes move the values of the first (-with +alone):\n%s", diff)
	}
	if other := pointsOf(t, "{combine: latin, samples: 40, axes: [{path: engine.retry.base, between: [10s, 50s]}]}", "seed=2"); slices.Equal(other, alone) {
		t.Error("another seed gives the same points")
	}
}
