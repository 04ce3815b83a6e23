package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestOutcomesInOrder: maps as the scenario has them, sides and classes as in reports,
// runs by number, whichever run was the first to have one.
func TestOutcomesInOrder(t *testing.T) {
	t.Parallel()
	end := func(m, side, class, reason string) result.OutcomeCount {
		return result.OutcomeCount{Map: m, Side: side, Class: class, Reason: reason, Count: 1}
	}
	set := &result.Set{
		Scenario: result.Scenario{Maps: []result.Map{{Name: "lines"}, {Name: "items"}}},
		Runs: []result.Run{
			{Index: 2, Outcomes: []result.OutcomeCount{end("items", "dataverse", "conflict", "rejected"), end("items", "finops", "synced", "written")}},
			{Index: 10, Outcomes: []result.OutcomeCount{end("lines", "finops", "synced", "written"), end("items", "finops", "synced", "found equal"), end("items", "finops", "synced", "written")}},
		},
	}
	for by, want := range map[string]string{
		"map side class reason": "[lines finops synced written 1] [items finops synced found equal 1] [items finops synced written 2] [items dataverse conflict rejected 1]",
		"run map":               "[2 items 2] [10 lines 1] [10 items 2]",
	} {
		f := outcomesFlags{run: -1, by: strings.Fields(by)}
		var got []string
		for _, row := range f.outcomes(set).Rows {
			got = append(got, fmt.Sprint(row))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("by %s: %s\nwant %s", by, text, want)
		}
	}
}
