package reports

import (
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// JUnit turns the verdicts of properties and expectations into a suite.
func JUnit(set *result.Set) junit.Suite {
	s := Summary(set)
	suite := junit.Suite{Name: "run." + s.Scenario.Name}
	for _, p := range s.Pooled.Properties {
		c := junit.Case{Name: p.ID, Class: "property", Verdict: p.Verdict, Message: p.Note, Text: p.Contract + "\n"}
		if p.Violations > 0 {
			c.Message = fmt.Sprintf("violated %d times", p.Violations)
		}
		for _, v := range p.Examples {
			c.Text += fmt.Sprintf("run %d, at %v, %s: %s\n", v.Run, v.At.Duration(), v.Record, v.Message)
		}
		c.Text += s.Scenario.Command
		suite.Cases = append(suite.Cases, c)
	}
	for _, e := range s.Expectations {
		suite.Cases = append(suite.Cases, junit.Case{
			Name: e.ID, Class: "expectation", Verdict: e.Verdict, Message: strings.TrimSpace(e.Seen() + " " + e.Note), Text: e.Text + "\n" + s.Scenario.Command,
		})
	}
	return suite
}
