package plots

import (
	"bytes"
	"strings"
	"testing"

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
		return map[string]Plot{"backlog": Backlog(set), "torn": Torn(set, summary.Of(set))}
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
	for _, x := range []struct{ demand, in string }{
		{"max(backlog) < 700", "backlog"},
		{"max(backlog) < 50000", "backlog"},
		{"max(divergent-pairs) < 900", "backlog"},
		{"max(partly-visible{map=invoices}) < 2m", "torn"},
		{"max(parked) < 3", ""},
	} {
		for name, p := range drawn(x.demand) {
			if told, want := strings.Contains(p.Caption, " Red: "), name == x.in; told != want || (svg(p) != svg(without[name])) != want {
				t.Errorf("%s: %s tells of it: %v; caption %q", x.demand, name, told, p.Caption)
			}
		}
	}
}
