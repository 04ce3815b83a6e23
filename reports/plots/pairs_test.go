package plots

import (
	"math"
	"testing"

	"github.com/twinwrite/twinwrite/reports/stats"
)

// TestPairsFinding: what gains nothing is not said to be worth anything.
func TestPairsFinding(t *testing.T) {
	t.Parallel()
	of := func(correlation, gain float64) []paired {
		return []paired{{difference: stats.Difference{Paired: true, Correlation: correlation, Gain: gain}}}
	}
	for want, all := range map[string][]paired{
		"Too few runs to say whether they go together":                                                               nil,
		"The runs do not go together: they count as independent":                                                     {{}},
		"Run by run the settings go together (correlation 1.00)":                                                     of(1, math.NaN()),
		"Run by run the settings hardly go together (correlation up to 0.13): that is worth no more runs":            of(.13, 1.01),
		"Run by run the settings go together (correlation up to 0.60): that is worth 2.5 times the runs":             of(.6, 2.5),
		"Run by run the settings go together (correlation up to 1.00): that is worth more than 1,000 times the runs": of(1, 1e30),
	} {
		if got := pairsFinding(all); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for v, want := range map[float64]string{1.5: "1.5 %", 900: "900 %", 5400: "5,400 %"} {
		if got := percentText(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
