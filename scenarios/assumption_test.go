package scenarios_test

import (
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
