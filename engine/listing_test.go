package engine_test

import (
	"slices"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestListingGoesThroughAllThatIsAlive reads the test environment's listing page
// by page: what the engine asks of a system.
func TestListingGoesThroughAllThatIsAlive(t *testing.T) {
	t.Parallel()
	e := parkedItems(t, 0)
	s := e.sides[engine.FinOps]
	for _, k := range []engine.Key{{ID: "B", Company: "two"}, {ID: "C", Company: "one"}, {ID: "A", Company: "one"}, {ID: "B", Company: "one"}, {ID: "A", Company: "two"}} {
		s.publish(&engine.Record{Key: &k, Alive: k.ID != "C"})
	}
	for company, want := range map[string][]string{"": {"A@one", "B@one", "A@two", "B@two"}, "two": {"A@two", "B@two"}} {
		for size := range 5 {
			eff := engine.Effect{Kind: engine.ListRecords, Company: company, Max: size + 1}
			var got []string
			for more := true; more; {
				in := s.list(&eff)
				if len(in.Records) > size+1 || in.More && len(in.Records) != size+1 {
					t.Fatalf("a page of %d has %d records, more is %v", size+1, len(in.Records), in.More)
				}
				for _, r := range in.Records {
					got, eff.After = append(got, keyName(*r.Key)), *r.Key
				}
				more = in.More
			}
			if !slices.Equal(got, want) {
				t.Errorf("company %q in pages of %d: %v, expected %v", company, size+1, got, want)
			}
		}
	}
}
