package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// FromScenario takes the table maps of a scenario as a subject: with their
// columns, directions, codes, filters and lookups. Its workload, faults and
// settings are left out, because drawing those is what a check is for.
func FromScenario(s *scenarios.Scenario) *Subject {
	subject := &Subject{Name: s.Name}
	for i, t := range runs.Tables(s) {
		m := Map{Table: t, Words: map[string][2][]string{}}
		for c := range s.Maps[i].Columns {
			switch col := &s.Maps[i].Columns[c]; {
			case col.Type == scenarios.Number:
				m.Numbers = append(m.Numbers, col.Name)
			case col.Values != nil:
				m.Words[col.Name] = words(col.Values)
			}
		}
		subject.Maps = append(subject.Maps, m)
	}
	return subject
}

// words are the codes of a column on each side.
func words(c *scenarios.Codes) (w [2][]string) {
	for _, pair := range c.Pairs {
		for side, code := range pair {
			if !slices.Contains(w[side], code) {
				w[side] = append(w[side], code)
			}
		}
	}
	return w
}

// Option changes how [Scenario] checks.
type Option func(*Campaign)

// Cases sets how many cases are drawn, at least 1; 1,000 by default.
func Cases(n int) Option {
	return func(c *Campaign) {
		if c.Cases = n; n < 1 {
			c.faults = append(c.faults, fmt.Errorf("Cases(%d): draw at least 1, or leave the option out for %d", n, DefaultCases))
		}
	}
}

// Seed sets the seed of all cases; 1 by default.
func Seed(seed uint64) Option { return func(c *Campaign) { c.Seed = seed } }

// Jobs sets how many cases go at the same time; 1 by default.
func Jobs(n int) Option { return func(c *Campaign) { c.Jobs = n } }

// Corpus names a folder for cases that failed: those in it are run first, and the one that
// fails is kept there, with its recording and, of [Scenario], a Go test. A path is seen from
// the folder of the test.
func Corpus(folder string) Option { return func(c *Campaign) { c.folder.Path = folder } }

// Pictures lets a [Corpus] keep a picture of each case, made by what you hand it, such as
//
//	func(w io.Writer, h *result.History) error { return plots.Lanes(h).WriteSVG(w) }
func Pictures(draw Draw) Option { return func(c *Campaign) { c.folder.Draw = draw } }

// Holds adds a property of your own, under an id that no other has. broken is asked after
// each execution, once the world has come to rest, and returns what is broken, or nothing;
// where it panics, or ends its goroutine as t.Fatal does, that is what is broken. A case is
// executed more than once where that must not matter, and where one is made small; with
// [Jobs] several are at the same time. So broken must say the same of the same execution,
// and keep nothing without a lock.
func Holds(id, contract string, broken func(*Execution) string) Option {
	return func(c *Campaign) {
		c.Plan.Own = append(c.Plan.Own, Own{ID: id, Contract: contract, Broken: broken})
	}
}

// Scenario checks the table maps of a scenario, a file or the name of one that
// comes with the program, in a Go test. The first case that breaks a property
// fails the test with its story and the case itself, and is kept in its [Corpus].
func Scenario(t testing.TB, nameOrPath string, options ...Option) {
	t.Helper()
	subjectHolds(t, MapsOf(t, nameOrPath), nameOrPath, options...)
}

// Maps checks table maps that are given as Go values. A failing case is told, and kept, as
// by [Scenario], but for the Go test: neither that nor the command twinwrite replay could
// know the maps. [Repeat] runs it again, in a test of yours that does.
func Maps(t testing.TB, subject *Subject, options ...Option) {
	t.Helper()
	subjectHolds(t, subject, "", options...)
}

// subjectHolds checks maps; of those that [MapsOf] finds it knows what that takes.
func subjectHolds(t testing.TB, subject *Subject, nameOrPath string, options ...Option) {
	t.Helper()
	c := Campaign{Subject: subject, Seed: 1}
	c.folder.Maps = nameOrPath
	for _, set := range options {
		set(&c)
	}
	if c.folder.Path != "" {
		var err error
		leftOut := func(path string, misfit error) {
			t.Logf("%s is left out, as it does not fit the maps: %v", path, misfit)
		}
		if c.Corpus, err = c.folder.Cases(subject, leftOut); err != nil {
			t.Fatalf("%v; remove the file, or choose another folder", err)
		}
	}
	sum, err := c.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case sum.Failure != nil:
		small := sum.Failure.Smallest()
		story, err := Tell(subject, small, c.Plan, &sum.Failure.Property)
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s breaks %s\n\n%s\nthe case:\n%s%s", sum.Failure.named(c.Seed), sum.Failure.Property.Told(), indent(story.Text()), small.Encode(), c.keep(t, sum.Failure))
	case sum.Cut != "" || sum.Cases == 0:
		t.Errorf("%d cases were run: %s", sum.Cases, sum.Cut)
	case sum.Passed() == 0:
		t.Errorf("none of %d cases had what it was for, so that nothing is shown: let more be drawn", sum.Cases)
	default:
		t.Logf("%d cases were run, %d of them unlike all others. %s", sum.Cases, sum.Timelines, sum.Shown())
	}
}

// named tells which case it was that failed.
func (f *Failure) named(seed uint64) string {
	if f.Number == 0 {
		return "a case that had failed before"
	}
	return fmt.Sprintf("case %d of seed %d", f.Number, seed)
}

// keep writes a failure into the corpus, and tells where; nothing where there is none.
func (c *Campaign) keep(t testing.TB, f *Failure) string {
	t.Helper()
	if c.folder.Path == "" {
		return ""
	}
	kept, err := c.folder.Keep(c, f)
	if err != nil {
		t.Fatal(err)
	}
	told := "\nIt is kept as " + kept.Path + ", and run first the next time.\n"
	if kept.Test != nil {
		return told + "As a Go test: " + strings.Join(kept.Test.Command(), " ") + "\n"
	}
	return told + fmt.Sprintf("To run it alone, with the maps and options of this test: check.Repeat(t, subject, %q, check.Breaks(%q), ...)\n", kept.Path, f.Property.ID)
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
}
