package plots

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestDemandsStandInTheirPictures: what the scenario demands of a figure is drawn
// where that figure is, near or far, and nowhere else.
func TestDemandsStandInTheirPictures(t *testing.T) {
	t.Parallel()
	drawn := func(demand string) map[string]Plot {
		set := fixture.Runs(2)
		set.Expectations = []result.Expectation{{ID: "demand", Text: demand}}
		c := fixture.Compared(2)
		c.Settings[0].Set.Expectations = set.Expectations
		f := comparison.Of(c)
		sweep := &comparison.Sweep{Name: "more", Axes: []string{"workload.invoices.rate"}}
		for i, v := range []string{"1", "2"} {
			point := fixture.Point(2, float64(1+i), v)
			point.Expectations = set.Expectations
			sweep.Add([]string{v}, point)
		}
		loaded, _ := load(sweep)
		return map[string]Plot{
			"backlog": Backlog(set), "torn": Torn(set, summary.Of(set)), "errors": Errors(set), "clocks": Clocks(set), "limits": Limits(set), "dependency": Dependency(set),
			"trade": Trade(&f, demanded(c.Settings[0].Set)), "load": loaded, "lines": SweepLines(sweep),
		}
	}
	svg := func(p Plot) string {
		var b bytes.Buffer
		p.Caption = "" // the picture alone
		if err := p.WriteSVG(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	without := drawn("count(retries) == 0")
	for _, x := range []struct {
		demand string
		in     []string
	}{
		{"max(backlog) < 700", []string{"backlog"}},
		{"max(backlog) < 50000", []string{"backlog"}},
		{"max(divergent-pairs) < 900", []string{"backlog"}},
		{"max(partly-visible{map=invoices}) < 2m", []string{"torn"}},
		{"max(parked) < 3", nil},
		{"p95(user-wait) < 1s", []string{"trade", "load"}},  // it does not differ between the points
		{"p95(user-wait) < 9h", []string{"trade", "load"}},  // it does not differ between the points
		{"p95(user-wait) < 1ms", []string{"trade", "load"}}, // it does not differ between the points
		{"p95(convergence) < 20s", []string{"trade"}},
		{"p99(convergence) < 20m", []string{"load", "lines"}},
		{"p95(dependency-wait) < 10s", []string{"dependency"}},
		{"max(dependency-wait{map=lines}) <= 12h", []string{"dependency"}},
		{"p50(dependency-wait{map='invoices'}) < 1ms", []string{"dependency"}},
		{"p95(dependency-wait{map=nobody}) < 10s", nil},
		{"p95(convergence{map=lines}) < 10s", nil},
		{"count(error) < 5", []string{"errors"}},
		{"count(error{class=application}) < 5", []string{"errors"}},
		{"count(outcome{class=conflict}) > 20", []string{"errors", "clocks"}},
		{"count(outcome{class=synced}) > 20", nil},
		{"rate(throttled{side=dataverse}) < 3/m", []string{"limits"}},
	} {
		for name, p := range drawn(x.demand) {
			if told, want := strings.Contains(p.Caption, " Red: "), slices.Contains(x.in, name); told != want || (svg(p) != svg(without[name])) != want {
				t.Errorf("%s: %s tells of it: %v; caption %q", x.demand, name, told, p.Caption)
			}
		}
	}
}
