package check_test

import (
	"path/filepath"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// TestFiltersOfBothSides searches over records that each side's filter judges by another
// value, and that look each other up. Those of testdata/filters failed once.
func TestFiltersOfBothSides(t *testing.T) {
	t.Parallel()
	check.Maps(t, filtered(), check.Cases(1500), check.Corpus(filepath.Join("testdata", "filters")))
}

// filtered returns a table map with a filter on each side and a lookup to itself.
func filtered() *check.Subject {
	not := func(text string) engine.Filter {
		return engine.Filter{Test: engine.Differs, Column: "name", Value: engine.Text(text)}
	}
	return &check.Subject{Name: "filters", Maps: []check.Map{
		{Table: engine.TableMap{Name: "customers", Columns: []engine.Column{
			{Name: "name"},
			{Name: "state"},
			{Name: "parent", Lookups: []engine.MapID{0}},
		}, Filter: [2]engine.Filter{engine.FinOps: not("d"), engine.Dataverse: not("c")}}},
	}}
}
