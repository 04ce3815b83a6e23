package main

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestReportCard has two planted bugs, of which the program's own maps must show both, and
// others one.
func TestReportCard(t *testing.T) {
	t.Parallel()
	bugs := func(found ...bool) (all []check.Caught) {
		for _, is := range found {
			c := check.Caught{Plant: engine.Plant{Name: "a bug", Property: "converged"}, Missed: 1}
			if is {
				c.Cases, c.Missed = []int{1}, 0
			}
			all = append(all, c)
		}
		return all
	}
	blank := []string{"nothing was filtered"}
	for name, c := range map[string]struct {
		maps   string
		all    []check.Caught
		demand []string // what is wrong about something that all maps must show
		expect []string // ... that the program's own must
		failed bool
		missed result.Verdict // of the bug that was not found
	}{
		"both, of the program's own": {maps: "own", all: bugs(true, true)},
		"one, of the program's own":  {maps: "own", all: bugs(true, false), failed: true, missed: result.Fail},
		"one, of other maps":         {maps: "mine", all: bugs(true, false), missed: result.NoOccasion},
		"none, of other maps":        {maps: "mine", all: bugs(false, false), failed: true, missed: result.NoOccasion},
		"a blank of the own":         {maps: "own", all: bugs(true, true), expect: blank, failed: true},
		"a blank of other maps":      {maps: "mine", all: bugs(true, true), expect: blank},
		"a failure of other maps":    {maps: "mine", all: bugs(true, true), demand: []string{"it fails without a bug"}, failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReportCard(&check.Subject{Name: c.maps})
			r.bugs(c.all)
			r.demand("holds", c.demand)
			r.expect("reached", c.expect)
			if r.failed != c.failed {
				t.Errorf("failed: %v, expected %v", r.failed, c.failed)
			}
			failures := false
			for i, bug := range r.suite.Cases {
				failures = failures || bug.Verdict == result.Fail
				if i < len(c.all) && !c.all[i].Found() && bug.Verdict != c.missed {
					t.Errorf("%s is %q, expected %q", bug.Name, bug.Verdict, c.missed)
				}
			}
			if failures != c.failed {
				t.Errorf("the suite has failures: %v", failures)
			}
		})
	}
}

// TestCutText asks for a number of cases, or for as many as a time lets through.
func TestCutText(t *testing.T) {
	t.Parallel()
	const interrupted = "it was interrupted"
	for _, c := range []struct {
		cut  string
		of   int
		want string
	}{
		{"", 1000, ""},
		{check.TimeOver, 1000, "its time was over after 7 of 1000 cases"},
		{interrupted, 1000, "it was interrupted after 7 of 1000 cases"},
		{check.TimeOver, noEnd, ""},
		{check.TimeOver, noEnd + 3, ""}, // with those of the corpus
		{interrupted, noEnd, "it was interrupted after 7 cases"},
	} {
		if got := cutText(&check.Summary{Cut: c.cut, Of: c.of, Cases: 7}); got != c.want {
			t.Errorf("cut %q of %d: %q, expected %q", c.cut, c.of, got, c.want)
		}
	}
}
