package findings

import (
	"testing"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestVerdictWhereNothingIsPromised: a property without an occasion is told and
// decides nothing; the data integrator is judged by expectations alone.
func TestVerdictWhereNothingIsPromised(t *testing.T) {
	t.Parallel()
	holds := result.Property{ID: "converged", Verdict: result.Pass, Checked: 1}
	idle := result.Property{ID: "primary-wins", Verdict: result.NoOccasion}
	copied := result.Run{Copied: &result.Copied{Lost: [2]uint64{1, 2}, Missed: [2]uint64{4, 0}}}
	for _, c := range []struct {
		set     result.Set
		verdict result.Verdict
		told    string
	}{
		{
			result.Set{Runs: []result.Run{{Properties: []result.Property{holds, idle}}}},
			result.Pass,
			"The one property that was checked holds; nothing came up for primary-wins.",
		},
		{
			result.Set{Runs: []result.Run{{Properties: []result.Property{idle}}}},
			result.Inconclusive,
			"Nothing came up that a property speaks of, so nothing is proved.",
		},
		{
			result.Set{Runs: []result.Run{copied}},
			result.Inconclusive,
			"The data integrator promises nothing, so no property was judged. It lost 3 changes and missed 4. The scenario expects nothing, so there is no verdict.",
		},
		{
			result.Set{Runs: []result.Run{copied, copied}, Expectations: []result.Expectation{{Verdict: result.Pass}}},
			result.Pass,
			"The data integrator promises nothing, so no property was judged. It lost 6 changes and missed 8 in 2 runs.",
		},
	} {
		s := summary.Of(&c.set)
		if got := Verdict(s); got != c.told || s.Verdict != c.verdict {
			t.Errorf("%s: %s\nwant %s: %s", s.Verdict, got, c.verdict, c.told)
		}
	}
}

func TestIntegratorTellsWhatItLost(t *testing.T) {
	t.Parallel()
	if e := integrator(&result.Set{Runs: []result.Run{{}}}); e != (Event{}) {
		t.Errorf("a run of the engine tells %q", e.Text)
	}
	set := &result.Set{Runs: []result.Run{
		{Copied: &result.Copied{Lost: [2]uint64{1, 2}, Missed: [2]uint64{4, 0}, Rows: 1000, Echoes: 900, Runs: 20, Warnings: 3, Broken: 1}},
		{Copied: &result.Copied{
			Lost: [2]uint64{1, 0}, Rows: 500, Echoes: 1, Runs: 20, Waiting: 2,
			Losses: []result.Loss{{Record: "customers C1", Side: "finops", Missed: true}},
		}},
	}}
	const want = "Its projects ran 40 times (3 with warnings, 1 broken off) and wrote 1,500 rows, of which 901 changed nothing. " +
		"4 changes were lost (2 made in F&O, 2 made in Dataverse): copied over, and on neither side any more. " +
		"4 changes were missed (4 made in F&O): never copied, and no run to come will. " +
		"2 rows wait for the next run. The first to be missed is a change of customers C1."
	if e := integrator(set); e.Text != want {
		t.Errorf("told:\n%s\nwant:\n%s", e.Text, want)
	}
}
