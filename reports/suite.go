package reports

import (
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// JUnit turns the verdicts of properties and expectations into a suite.
func (r *Report) JUnit() junit.Suite {
	s := &r.figures
	suite := junit.Suite{Name: "run." + s.Scenario.Name, Cases: append(propertyCases(s.Pooled.Properties, s.Scenario.Command, "property"), expectationCases(s.Expectations, s.Scenario.Command)...)}
	suite.Cases = append(suite.Cases, brokenCases(r.set, "run")...)
	return suite
}

// ComparedJUnit turns a comparison into a suite: the properties of each setting,
// what is expected of one beside another, and whether a baseline is kept.
func ComparedJUnit(c *result.Comparison, figures *comparison.Comparison, gate *comparison.Gate) junit.Suite {
	suite := junit.Suite{Name: "compare." + c.Name}
	for _, s := range c.Settings {
		suite.Cases = append(suite.Cases, propertyCases(summary.Properties(s.Set), s.Set.Scenario.Command, s.Name+".property")...)
		suite.Cases = append(suite.Cases, brokenCases(s.Set, s.Name+".run")...)
	}
	suite.Cases = append(suite.Cases, expectationCases(figures.Expectations, c.Command)...)
	if gate != nil {
		suite.Cases = append(suite.Cases, junit.Case{Name: "not-worse", Class: "baseline", Verdict: gate.Verdict, Message: gate.Text, Text: c.Command})
	}
	return suite
}

// PointCases are what decides at one point of a sweep: the properties of its runs.
// Where expectations begin to fail is what a sweep is for, and fails nothing.
func PointCases(set *result.Set, point string) []junit.Case {
	return append(propertyCases(summary.Properties(set), set.Scenario.Command, point+".property"), brokenCases(set, point+".run")...)
}

func propertyCases(all []summary.Property, command, class string) (list []junit.Case) {
	for _, p := range all {
		c := junit.Case{Name: p.ID, Class: class, Verdict: p.Verdict, Message: p.Note, Text: p.Contract + "\n"}
		if p.Violations > 0 {
			c.Message = fmt.Sprintf("violated %d times", p.Violations)
		}
		for _, v := range p.Examples {
			c.Text += fmt.Sprintf("run %d, at %v, %s: %s\n", v.Run, v.At.Duration(), v.Record, v.Message)
		}
		c.Text += command
		list = append(list, c)
	}
	return list
}

// brokenCases are the runs that a broken rule of the simulation has ended.
func brokenCases(set *result.Set, class string) (list []junit.Case) {
	for i := range set.Runs {
		if r := &set.Runs[i]; r.Panic != "" {
			first, rest, _ := strings.Cut(r.Panic, "\n")
			list = append(list, junit.Case{
				Name: fmt.Sprintf("run-%d", r.Index), Class: class, Verdict: result.Fail,
				Message: r.Incomplete + ": " + first, Text: rest + set.Scenario.Command,
			})
		}
	}
	return list
}

func expectationCases(all []summary.Expectation, command string) (list []junit.Case) {
	for i := range all {
		e := &all[i]
		list = append(list, junit.Case{
			Name: e.ID, Class: "expectation", Verdict: e.Verdict, Message: strings.TrimSpace(e.Seen() + " " + e.Note), Text: e.Text + "\n" + command,
		})
	}
	return list
}
