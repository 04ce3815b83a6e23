package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// runSelfTest plants every known bug in turn and prints what caught it. It fails
// when one was not found, when the cases that show them are not made small in time, when
// a property that must catch one caught none, or when cases do not reach all that they
// are for. Other maps than the program's own need not show every bug, nor give occasion
// for everything: a map without a filter filters nothing. One bug they must show.
func (f *checkFlags) runSelfTest(cmd *cobra.Command, subject *check.Subject) error {
	if err := needless(cmd, "--self-test plants each bug by itself and keeps no case", "for", "out", "store", "shard", "failpoint"); err != nil {
		return usage(err)
	}
	if f.jobs < 1 || f.cases < 0 {
		return usage(fmt.Errorf("--jobs is %d and --cases %d\n  hint: at least 1 each", f.jobs, f.cases))
	}
	files, err := newShelf()
	if err != nil {
		return exit{exitInternal, fmt.Errorf("make a folder for stores: %w", err)}
	}
	defer func() { _ = files.clear() }() // what is left there is of no use to anybody
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%-32s %-16s %9s %6s %7s %10s %5s %7s\n", "bug", "must break", "cases", "edits", "faults", "operations", "runs", "took")
	started := time.Now()
	marks := newReportCard(subject)
	test := check.SelfTest{
		Subject: subject, Seeds: []uint64{f.seed}, Cases: f.cases, Jobs: f.jobs, OtherStore: files.open,
		Clock: func() time.Duration { return time.Since(started) },
		Progress: func(c check.Caught) {
			fared := marks.missed()
			if c.Found() {
				fared = fmt.Sprintf("%9d %6d %7d %10d %5d %7v", check.Median(c.Cases), check.Median(c.Edits), check.Median(c.Faults), check.Median(c.Operations),
					check.Median(c.Tries), check.Median(c.Took).Round(time.Millisecond))
			}
			fmt.Fprintf(out, "%-32s %-16s %9s\n", strings.TrimPrefix(c.Name, "engine/"), c.Property, fared)
		},
	}
	all, err := test.Run(cmd.Context())
	switch {
	case err != nil:
		return exit{exitInternal, err}
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	}
	marks.bugs(all)
	fmt.Fprintf(out, "\n%d of %d planted bugs were found.\n", marks.found, len(all))
	for _, short := range marks.demand("shrunk", check.Unshrunk(all)) {
		fmt.Fprintf(out, "Shrinking does too little: in the median %s.\n", short)
	}
	reached, err := test.Reach(cmd.Context())
	switch {
	case err != nil:
		return exit{exitInternal, err}
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	}
	if idle := marks.expect("every-property-catches", check.Idle(all, reached.Properties)); len(idle) > 0 {
		fmt.Fprintf(out, "No bug was caught by: %s.\n", strings.Join(idle, ", "))
	}
	printReached(out, reached, marks)
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: the self-test took %v\n", time.Since(started).Round(time.Second))
	}
	if f.junit != "" {
		marks.suite.Properties = []junit.Property{{Name: "seed", Value: fmt.Sprint(f.seed)}}
		if err := writeFile(f.junit, marks.suite.Write); err != nil {
			return exit{exitInternal, err}
		}
	}
	if marks.failed {
		return exit{code: exitViolated}
	}
	return nil
}

// reportCard holds what the self-test demands, and how that fared.
type reportCard struct {
	own    bool // the maps are the program's own, which show everything
	found  int  // bugs
	failed bool
	suite  junit.Suite
}

func newReportCard(subject *check.Subject) *reportCard {
	return &reportCard{own: subject.Name == check.OwnSubject().Name, suite: junit.Suite{Name: "check.self-test." + subject.Name}}
}

// missed says what it means that a bug was not found.
func (r *reportCard) missed() string {
	if r.own {
		return "not found"
	}
	return "not shown by these maps"
}

// bugs takes in how the planted bugs fared.
func (r *reportCard) bugs(all []check.Caught) {
	for i := range all {
		c := &all[i]
		bug := junit.Case{Name: c.Name, Class: "bug", Verdict: result.Pass, Message: "must break " + c.Property}
		switch {
		case c.Found():
			r.found++
		case r.own:
			bug.Verdict, r.failed = result.Fail, true
			bug.Message += ": " + r.missed()
		default:
			bug.Verdict = result.NoOccasion
			bug.Message += ": " + r.missed()
		}
		r.suite.Cases = append(r.suite.Cases, bug)
	}
	var none []string
	if r.found == 0 {
		none = []string{"no bug was found"}
	}
	r.demand("found", none)
}

// demand takes in what is wrong about one thing, and returns it.
func (r *reportCard) demand(what string, wrong []string) []string {
	return r.take(what, wrong, result.Fail)
}

// expect demands something of the program's own maps alone.
func (r *reportCard) expect(what string, wrong []string) []string {
	if r.own {
		return r.demand(what, wrong)
	}
	return r.take(what, wrong, result.NoOccasion)
}

func (r *reportCard) take(what string, wrong []string, otherwise result.Verdict) []string {
	c := junit.Case{Name: what, Class: "demand", Verdict: result.Pass, Message: strings.Join(wrong, "; ")}
	if len(wrong) > 0 {
		c.Verdict = otherwise
	}
	r.failed = r.failed || c.Verdict == result.Fail
	r.suite.Cases = append(r.suite.Cases, c)
	return wrong
}

// printReached prints in how many cases without a bug each thing came about that
// cases are for, and what is wrong about that.
func printReached(out io.Writer, s *check.Summary, r *reportCard) {
	fmt.Fprintf(out, "\nWhat %s without a bug reached:\n\n", plural(s.Cases, "case"))
	for _, m := range s.Reached.Marks {
		fmt.Fprintf(out, "%6d  %s", m.Cases, m.Name)
		if m.Instead != "" {
			fmt.Fprintf(out, ": %s", m.Instead)
		}
		fmt.Fprintln(out)
	}
	var breaks []string
	if s.Failure != nil { // what else they reach is not known
		breaks = append(breaks, fmt.Sprintf("Case %d fails without any bug: %v\n'twinwrite check --cases %d --seed %d' on the same maps tells all of it.", s.Failure.Number, s.Failure.Property, s.Failure.Number, s.Seed))
	}
	for _, text := range r.demand("holds-without-a-bug", breaks) {
		fmt.Fprintf(out, "\n%s\n", text)
	}
	if s.Failure != nil {
		return
	}
	var blanks []string
	for _, m := range s.Reached.Blanks() {
		blanks = append(blanks, meaning(&m))
	}
	for _, text := range r.expect("everything-is-reached", blanks) {
		fmt.Fprintf(out, "\nBlank: %s\n", text)
	}
}

// meaning says what a blank means.
func meaning(m *check.Mark) string {
	if m.Instead != "" {
		return fmt.Sprintf("%s was reached, and is listed as what no case can reach: take it off that list", m.Name)
	}
	return fmt.Sprintf("no case reached %q, so that a bug which needs it would not be found: draw cases that reach it, or list it with the test that does", m.Name)
}
