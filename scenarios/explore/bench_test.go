package explore

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// BenchmarkExplore explores a world of 1,294 states.
func BenchmarkExplore(b *testing.B) {
	w := World{Edits: [2]Edit{{engine.FinOps, Update}, {engine.Dataverse, Update}}}
	states := 0
	for b.Loop() {
		r, err := Explore(b.Context(), w, Options{})
		if err != nil {
			b.Fatal(err)
		}
		states += r.States
	}
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
}
