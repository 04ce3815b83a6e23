package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/scenarios/check"
)

// runSelfTest plants every known bug in turn and prints what caught it. It fails
// when one was not found, when the cases that show them are not made small in time, when
// a property that must catch one caught none, or when cases do not reach all that they
// are for.
func (f *checkFlags) runSelfTest(cmd *cobra.Command, subject *check.Subject) error {
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
	test := check.SelfTest{
		Subject: subject, Seeds: []uint64{f.seed}, Cases: f.cases, Jobs: f.jobs, OtherStore: files.open,
		Clock: func() time.Duration { return time.Since(started) },
		Progress: func(c check.Caught) {
			fared := "not found"
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
	missed := 0
	for i := range all {
		if !all[i].Found() {
			missed++
		}
	}
	fmt.Fprintf(out, "\n%d of %d planted bugs were found.\n", len(all)-missed, len(all))
	unshrunk := check.Unshrunk(all)
	for _, short := range unshrunk {
		fmt.Fprintf(out, "Shrinking does too little: in the median %s.\n", short)
	}
	reached, err := test.Reach(cmd.Context())
	switch {
	case err != nil:
		return exit{exitInternal, err}
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	}
	idle := check.Idle(all, reached.Properties)
	if len(idle) > 0 {
		fmt.Fprintf(out, "No bug was caught by: %s.\n", strings.Join(idle, ", "))
	}
	whole := printReached(out, reached, subject.Name == check.OwnSubject().Name)
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: the self-test took %v\n", time.Since(started).Round(time.Second))
	}
	if missed+len(unshrunk) > 0 || len(idle) > 0 || !whole {
		return exit{code: exitViolated}
	}
	return nil
}

// printReached prints in how many cases without a bug each thing came about that
// cases are for, and reports whether nothing is blank. Other maps than the
// program's own may have no occasion for something: a map without a filter filters
// nothing.
func printReached(out io.Writer, s *check.Summary, all bool) bool {
	fmt.Fprintf(out, "\nWhat %s without a bug reached:\n\n", plural(s.Cases, "case"))
	for _, m := range s.Reached.Marks {
		fmt.Fprintf(out, "%6d  %s", m.Cases, m.Name)
		if m.Instead != "" {
			fmt.Fprintf(out, ": %s", m.Instead)
		}
		fmt.Fprintln(out)
	}
	if s.Failure != nil {
		fmt.Fprintf(out, "\nCase %d fails without any bug: %v\n", s.Failure.Number, s.Failure.Property)
		return false
	}
	blanks := s.Reached.Blanks()
	for _, m := range blanks {
		fmt.Fprintf(out, "\nBlank: %s\n", meaning(&m))
	}
	return len(blanks) == 0 || !all
}

// meaning says what a blank means.
func meaning(m *check.Mark) string {
	if m.Instead != "" {
		return fmt.Sprintf("%s was reached, and is listed as what no case can reach: take it off that list", m.Name)
	}
	return fmt.Sprintf("no case reached %q, so that a bug which needs it would not be found: draw cases that reach it, or list it with the test that does", m.Name)
}
