package plots

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image/png"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// sweepOf goes through values of axes; slower says how much slower a point is.
func sweepOf(axes []string, values [][]string, runs int, slower func(at []int) float64) *comparison.Sweep {
	s := &comparison.Sweep{Name: "day", Axes: axes, Command: "twinwrite sweep day.yaml"}
	at := make([]int, len(axes))
	for {
		point := make([]string, len(axes))
		for k, i := range at {
			point[k] = values[k][i]
		}
		s.Add(point, fixture.Point(runs, slower(at), fmt.Sprint(at)))
		k := len(axes) - 1
		for ; k >= 0; k-- {
			if at[k]++; at[k] < len(values[k]) {
				break
			}
			at[k] = 0
		}
		if k < 0 {
			return s
		}
	}
}

func sweptCases() map[string]*comparison.Sweep {
	workers, load := []string{"1", "2", "4", "8", "16"}, []string{"1x", "2x", "4x"}
	many := make([]string, 14)
	for i := range many {
		many[i] = strconv.Itoa(1 << i)
	}
	hypercube := &comparison.Sweep{Name: "cube", Axes: []string{"engine.poll", "engine.workers"}, Command: "twinwrite sweep cube.yaml"}
	for i, v := range []string{"12.5s", "1m10s", "33s"} {
		hypercube.Add([]string{v, workers[i]}, fixture.Point(2, float64(i+1), v))
	}
	return map[string]*comparison.Sweep{
		"grid": sweepOf([]string{"engine.workers", "workload.bookings.speed"}, [][]string{workers, load}, 3, func(at []int) float64 {
			return float64(at[1]*at[1]+1) * 4 / float64(at[0]+1)
		}),
		"axis":  sweepOf([]string{"engine.workers"}, [][]string{workers}, 3, func(at []int) float64 { return math.Pow(2.5, float64(4-at[0])) / 5 }),
		"words": sweepOf([]string{"engine.sequence", "engine.workers"}, [][]string{{"priority", "barrier"}, {"1", "8"}}, 2, func(at []int) float64 { return float64(at[0] + 1) }),
		"load": sweepOf([]string{"workload.bookings.trace.speed", "engine.mode"}, [][]string{{"1x", "2x", "4x", "8x"}, {"async", "live"}}, 4, func(at []int) float64 {
			return []float64{1, 1.1, 1.3 + 5*float64(at[1]), 9}[at[0]]
		}),
		"cube":   hypercube,
		"single": sweepOf([]string{"engine.workers"}, [][]string{{"8"}}, 1, func([]int) float64 { return 1 }),
		"none":   {Name: "none", Axes: []string{"engine.workers"}},
		"large":  sweepOf([]string{"engine.batch", "engine.workers"}, [][]string{many, many}, 1, func(at []int) float64 { return float64(at[0] + at[1] + 1) }),
	}
}

// tornadoFixture changes four assumptions; one turns the expectation.
func tornadoFixture(runs int) *comparison.Tornado {
	t := comparison.NewTornado("day", "twinwrite sweep day.yaml --tornado", fixture.Point(runs, 2, "base"))
	t.Add("engine.poll", "1m", "assumed: not published", "30s", fixture.Point(runs, 2, "a"))
	t.Add("engine.poll", "1m", "assumed: not published", "2m", fixture.Point(runs, 2.1, "b"))
	t.Add("systems.dataverse.apply", "lognormal p50 90ms p99 1.2s", "assumed: no figures are published", "half", fixture.Point(runs, 1, "c"))
	t.Add("systems.dataverse.apply", "lognormal p50 90ms p99 1.2s", "assumed: no figures are published", "double", fixture.Point(runs, 4, "d"))
	t.Add("engine.sequence", "priority", "assumed: not said", "barrier", fixture.Point(runs, 2, "e"))
	t.Add("engine.workers", "8", "assumed: not published", "4", fixture.Point(runs, 2.5, "f"))
	t.Add("engine.workers", "8", "assumed: not published", "16", fixture.Point(runs, 1.6, "g"))
	t.Settle()
	return t
}

// TestSwept pins the pictures of sweeps: words in full, drawings by digest, also
// where there is little or much to draw.
func TestSwept(t *testing.T) {
	t.Parallel()
	var index strings.Builder
	all := sweptCases()
	check := func(name string, p Plot) {
		got := svg(t, p)
		for _, bad := range []string{"NaN", "Inf", "%!"} {
			if strings.Contains(got, bad) {
				t.Errorf("%s %s contains %q", name, p.Name, bad)
			}
		}
		if len(got) > 200_000 {
			t.Errorf("%s %s has %d bytes", name, p.Name, len(got))
		}
		var b bytes.Buffer
		if err := p.WritePNG(&b, true); err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(&b); err != nil {
			t.Errorf("%s %s: %v", name, p.Name, err)
		}
		for _, row := range p.Table.Rows {
			if len(row) != len(p.Table.Head) {
				t.Errorf("%s %s: a row of %d cells under %d heads", name, p.Name, len(row), len(p.Table.Head))
			}
		}
		fmt.Fprintf(&index, "%s %s %d bytes %.8x\n  %s\n  %s\n  %s\n", name, p.Name, len(got), sha256.Sum256([]byte(got)), p.Title, p.Subtitle, p.Caption)
	}
	for _, name := range []string{"grid", "axis", "words", "load", "cube", "single", "none", "large"} {
		for _, p := range Swept(all[name]) {
			check(name, p)
		}
	}
	check("assumptions", Tornado(tornadoFixture(3)))
	check("one-run", Tornado(tornadoFixture(1)))
	check("nothing", Tornado(comparison.NewTornado("none", "x", &result.Set{})))
	golden.Check(t, "swept.txt", index.String())
}

func TestSizeOf(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"8": "8 ", "1m30s": "90 s", "250ms": "0.25 s", "4x": "4 x", "0.5%": "0.5 %", "60/h": "60 /h", `"7"`: "7 ", "-2s": "-2 s", "0": "0 ",
	} {
		v, unit, ok := sizeOf(value)
		if got := fmt.Sprintf("%v %s", v, unit); !ok || got != want {
			t.Errorf("%s is %q (%v), want %q", value, got, ok, want)
		}
	}
	for _, word := range []string{"priority", "{dist: gamma}", ""} {
		if _, _, ok := sizeOf(word); ok {
			t.Errorf("%q is taken for a number", word)
		}
	}
	if s := newSteps([]string{"1", "4", "16"}); !s.log || !s.numeric {
		t.Errorf("1, 4, 16: %+v", s)
	}
	if s := newSteps([]string{"10s", "20s", "30s"}); s.log || !s.numeric {
		t.Errorf("10s, 20s, 30s: %+v", s)
	}
	if s := newSteps([]string{"none", "8"}); s.numeric || s.at[1] != 1 {
		t.Errorf("words: %+v", s)
	}
}

// TestGrid: each crossing holds the point with its values, and the border lies
// between verdicts that differ.
func TestGrid(t *testing.T) {
	t.Parallel()
	s := sweptCases()["grid"]
	g, ok := gridOf(s)
	if !ok || len(g.xs) != 5 || len(g.ys) != 3 {
		t.Fatalf("no grid of 5 by 3: %+v", g)
	}
	for y, row := range g.at {
		for x, i := range row {
			if i < 0 || s.Points[i].Values[g.x] != g.xs[x] || s.Points[i].Values[g.y] != g.ys[y] {
				t.Errorf("point %d stands at %s, %s", i, g.xs[x], g.ys[y])
			}
		}
	}
	if g.expect != 0 {
		t.Error("the expectation that turns is not drawn")
	}
	if _, ok := gridOf(sweptCases()["cube"]); ok {
		t.Error("three points of a hypercube are taken for a grid")
	}
}

// TestAxisName: an axis is named by what tells it from the others.
func TestAxisName(t *testing.T) {
	t.Parallel()
	s := &comparison.Sweep{Axes: []string{"engine.sequence", "jobs.sales.sequence", "engine.workers"}}
	for axis, want := range []string{"engine.sequence", "sales.sequence", "workers"} {
		if got := axisName(s, axis); got != want {
			t.Errorf("axis %d is %s, want %s", axis, got, want)
		}
	}
}
