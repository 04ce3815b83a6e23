package check_test

import (
	"path/filepath"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// TestTransformsThatCannotBeTurnedRound searches over columns of which one side cannot tell
// what the other holds: a default stands for null as well as for itself, and a constant for
// anything. Those of testdata/transforms failed once.
func TestTransformsThatCannotBeTurnedRound(t *testing.T) {
	t.Parallel()
	check.Maps(t, transformed(), check.Cases(1500), check.Corpus(filepath.Join("testdata", "transforms")))
}

// transformed returns table maps with defaults and constants: of both sides, of one, beside
// codes, and in columns that flow one way.
func transformed() *check.Subject {
	a, b := engine.Text("a"), engine.Text("b")
	marks := &engine.ValueMap{Name: "marks", Pairs: [][2]engine.Value{{a, engine.Text("1")}, {b, engine.Text("2")}}}
	return &check.Subject{Name: "transforms", Maps: []check.Map{
		{Table: engine.TableMap{Name: "defaults", Columns: []engine.Column{
			{Name: "name"},
			{Name: "state", Into: [2]engine.Transform{{Default: a}, {Default: a}}},
		}}},
		{Table: engine.TableMap{Name: "one-sided", Columns: []engine.Column{
			{Name: "name"},
			{Name: "state", Into: [2]engine.Transform{engine.FinOps: {Default: b}}},
		}}},
		{Table: engine.TableMap{Name: "coded", Columns: []engine.Column{
			{Name: "name"},
			{Name: "mark", Into: [2]engine.Transform{{Values: marks, Default: a}, {Values: marks, Default: engine.Text("2")}}},
		}}, Words: map[string][2][]string{"mark": {{"a", "b"}, {"1", "2"}}}},
		{Table: engine.TableMap{Name: "constants", Columns: []engine.Column{
			{Name: "name"},
			{Name: "currency", Flow: engine.ToDataverse, Into: [2]engine.Transform{engine.Dataverse: {Constant: b}}},
			{Name: "tax", Flow: engine.ToFinOps, Into: [2]engine.Transform{engine.FinOps: {Default: a}}},
		}}},
		{Table: engine.TableMap{Name: "graded", Columns: []engine.Column{
			{Name: "name"},
			{Name: "mark", Flow: engine.ToDataverse, Into: [2]engine.Transform{engine.Dataverse: {Values: marks, Default: engine.Text("1")}}},
		}}, Words: map[string][2][]string{"mark": {{"a", "b"}, {"1", "2"}}}},
	}}
}
