package scenarios_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/scenarios"
)

// TestAssumptions: every assumption that has other values can be set to each of
// them and is then another scenario; the others say why they have none.
func TestAssumptions(t *testing.T) {
	t.Parallel()
	all, err := scenarios.Assumptions("month-end")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := scenarios.Load("month-end")
	if err != nil {
		t.Fatal(err)
	}
	own, err := s.Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string][]string{}
	for _, a := range all {
		if _, twice := seen[a.Path]; twice {
			t.Errorf("%s is listed twice", a.Path)
		}
		seen[a.Path] = []string{}
		if (len(a.Others) == 0) != (a.Left != "") || !strings.HasPrefix(a.Source, "assumed") {
			t.Errorf("%s has %d other values, left out because %q, source %q", a.Path, len(a.Others), a.Left, a.Source)
		}
		for i, o := range a.Others {
			if seen[a.Path] = append(seen[a.Path], strings.Join(o.Point.Sets(), " ")); i > 0 {
				continue
			}
			other, _, err := scenarios.Load("month-end", o.Point.Sets()...)
			if err != nil {
				t.Errorf("%s as %s: %v", a.Path, o.Name, err)
				continue
			}
			if hash, err := other.Hash("x"); err != nil || hash == own {
				t.Errorf("%s as %s is the same scenario (%v)", a.Path, o.Name, err)
			}
		}
	}
	for path, want := range map[string][]string{
		"engine.workers":                 {"engine.workers=4", "engine.workers=16"},
		"engine.poll":                    {"engine.poll=30s", "engine.poll=2m"},
		"engine.retry.attempts":          {"engine.retry.attempts=3", "engine.retry.attempts=10"},
		"engine.dependency-graph":        {"engine.dependency-graph=false"},
		"systems.dataverse.apply":        {"systems.dataverse.apply.p50=45ms systems.dataverse.apply.p99=600ms", "systems.dataverse.apply.p50=180ms systems.dataverse.apply.p99=2.4s"},
		"links.engine->dataverse.loss":   {"links.engine->dataverse.loss=0.1%", "links.engine->dataverse.loss=0.4%"},
		"workload.bookings.trace.speed":  {"workload.bookings.trace.speed=2x"}, // at half the speed the day would end after its time
		"systems.finops.clock.offset":    {"systems.finops.clock.offset=-1s", "systems.finops.clock.offset=-4s"},
		"systems.dataverse.clock.drift":  {"systems.dataverse.clock.drift=-7.5ppm", "systems.dataverse.clock.drift=-30ppm"},
		"systems.dataverse.clock.offset": {"systems.dataverse.clock.offset=175ms", "systems.dataverse.clock.offset=700ms"},
	} {
		if got := seen[path]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, path := range []string{"seed", "runs.count", "maps.lines.columns.price.type", "integrator.interval", "engine.mode"} {
		if _, ok := seen[path]; ok {
			t.Errorf("%s is taken for an assumption", path)
		}
	}
	if copied, err := scenarios.Assumptions("month-end", "engine.mode=integrator"); err != nil || !slices.ContainsFunc(copied, func(a scenarios.Assumption) bool { return a.Path == "integrator.interval" }) {
		t.Errorf("the integrator's interval is not among its assumptions (%v)", err)
	}
}

// TestBetween: values on the way to another one are of the same kind, to three
// digits, and can be set; between words there is none.
func TestBetween(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		own, other string
		point      scenarios.Point // of the other
		share      float64
		want       string // the value; empty: none
		times      float64
	}{
		{"1x", "2x", nil, .375, "1.38x", 1.38},
		{"1x", "2x", nil, 0, "1x", 1},
		{"60s", "30s", nil, .5, "45s", .75},
		{"1m", "2m", nil, .0625, "1m3.8s", 1.0633},
		{"-2s", "-4s", nil, .25, "-2.5s", 1.25},
		{"8", "16", nil, .3125, "11", 1.375},
		{"8", "4", nil, 1, "4", .5},
		{"0.2%", "0.4%", nil, .5, "0.3%", 1.5},
		{"true", "false", nil, .5, "", 0},
		{"refuse", "overwrite", nil, .5, "", 0},
		{"lognormal p50 90ms p99 1.2s", "half", scenarios.Point{{Path: "a.p50", Value: "45ms"}, {Path: "a.p99", Value: "600ms"}}, .5, "0.75-fold a.p50=67.5ms a.p99=900ms", .75},
		{"lognormal p50 90ms", "double", scenarios.Point{{Path: "a.p50", Value: "180ms"}}, .25, "1.25-fold a.p50=112.5ms", 1.25},
	} {
		a := &scenarios.Assumption{Path: "a", Value: x.own}
		if x.point == nil {
			x.point = scenarios.Point{{Path: "a", Value: x.other}}
		}
		b, times, ok := a.Between(scenarios.Other{Name: x.other, Point: x.point}, x.share)
		got := b.Name
		if ok && len(b.Point) > 0 && b.Point[0].Path != "a" {
			got += " " + strings.Join(b.Point.Sets(), " ")
		}
		if ok != (x.want != "") || ok && (got != x.want || math.Abs(times-x.times) > 1e-3) {
			t.Errorf("%v of the way from %s to %s: %s, %v times (%v), want %s, %v times", x.share, x.own, x.other, got, times, ok, x.want, x.times)
		}
	}
}

// TestDistributionsReadWell: the word comes first, and what it is made of behind it.
func TestDistributionsReadWell(t *testing.T) {
	t.Parallel()
	list, err := scenarios.Assumptions("month-end")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range list {
		got[a.Path] = a.Value
	}
	for path, want := range map[string]string{
		"links.engine->dataverse.latency": "shifted by 15ms, exponential mean 20ms",
		"systems.finops.commit":           "lognormal p50 80ms p99 900ms",
	} {
		if got[path] != want {
			t.Errorf("%s: %q, want %q", path, got[path], want)
		}
	}
}
