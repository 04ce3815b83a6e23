package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// NonVacuous is the contract of which the count says how many cases had what they were for.
const NonVacuous = "non-vacuous"

// nonVacuous is never broken: a case that did not have what it was for shows nothing of
// it, whatever else holds in it.
var nonVacuous = oracle.Contract{ID: NonVacuous, Text: "the case really had what it was for, a user's change that was to be carried and each kind of fault and crash point that it names, else its verdict is inconclusive"}

// wasFor judges whether a case had what it was for.
func wasFor(c *Case, r *model.Result) oracle.Property {
	p := oracle.Property{Contract: nonVacuous, Verdict: oracle.Pass, Checked: 1}
	var struck, missed []string
	for _, s := range r.Strikes {
		struck = append(struck, c.Faults[s.Fault].called())
	}
	if t := &r.Report.Totals; t.Captured+t.Live == 0 {
		missed = append(missed, "change that was captured or went live")
	}
	for i := range c.Faults {
		if name := c.Faults[i].called(); !slices.Contains(struck, name) && !slices.Contains(missed, name) {
			missed = append(missed, name)
		}
	}
	if len(missed) > 0 {
		p.Verdict, p.Checked, p.Note = oracle.Inconclusive, 0, "there was no "+strings.Join(missed, ", nor any ")
	}
	return p
}

// Passed returns how many cases had what they were for: where none has failed, so many
// have passed, and the others are inconclusive.
func (s *Summary) Passed() int {
	for i := range s.Properties {
		if s.Properties[i].ID == NonVacuous {
			return s.Properties[i].Cases
		}
	}
	return 0
}

// Shown says in a sentence what it shows that no case has failed; empty where it shows
// nothing. If a share p of the cases that are for something failed, n of them would all
// hold with chance (1-p)^n: where that is less than 5 %, p is ruled out.
func (s *Summary) Shown() string {
	n := s.Passed()
	if s.Failure != nil || n == 0 {
		return ""
	}
	ruledOut := 1 - math.Pow(0.05, 1/float64(n))
	return fmt.Sprintf("No case failed, and %d had all that they were for. With 95 %% confidence, fewer than %.2g %% of such cases do.", n, 100*ruledOut)
}

// Vacuous tells what an execution lacked of what its case was for; empty: nothing.
func (x *Execution) Vacuous() string {
	for i := range x.Properties {
		if p := &x.Properties[i]; p.ID == NonVacuous && p.Verdict == oracle.Inconclusive {
			return p.Note
		}
	}
	return ""
}

// called names a fault by its kind, and a crash by its point.
func (f *Fault) called() string {
	if f.Point != "" {
		return f.Kind + " at " + f.Point
	}
	return f.Kind
}
