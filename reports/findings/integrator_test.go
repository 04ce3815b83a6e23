package findings

import (
	"testing"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

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
		"4 changes were lost (2 made in F&O, 2 in Dataverse): copied over, and on neither side any more. " +
		"4 changes were missed (4 in F&O, 0 in Dataverse): never copied, and no run to come will. " +
		"2 rows wait for the next run. The first to be missed is a change of customers C1."
	if e := integrator(set); e.Text != want {
		t.Errorf("told:\n%s\nwant:\n%s", e.Text, want)
	}
}
