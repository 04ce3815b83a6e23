package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// leftover is what a failed case leaves in the folder.
type leftover struct {
	path string        // of the case file; the rest lies beside it
	test *check.GoTest // nil: none fails
}

// keep writes the failed case, how it went event by event, a picture of it, and a Go
// test.
func (f *checkFlags) keep(c *check.Campaign, failure *check.Failure) (left leftover, err error) {
	small := failure.Smallest()
	_, trace, err := check.Record(c.Subject, small, c.Plan)
	if err != nil {
		return left, err
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return left, err
	}
	if left.path, err = f.casePath(failure.Property.ID, small); err != nil {
		return left, err
	}
	if err := os.WriteFile(left.path, small.Encode(), 0o644); err != nil {
		return left, err
	}
	story, err := check.Tell(c.Subject, small, c.Plan, &failure.Property)
	if err != nil {
		return left, err
	}
	if err := writeFile(picturePath(left.path), plots.Lanes(&story.History).WriteSVG); err != nil {
		return left, err
	}
	if left.test, err = f.writeGoTest(c, failure.Property.ID, small, left.path); err != nil {
		return left, err
	}
	return left, os.WriteFile(tracePath(left.path), trace.Encode(), 0o644)
}

// casePath is where a failed case belongs: the file that has it already, whatever property
// that one was named after, or one that is named after this property.
func (f *checkFlags) casePath(property string, c *check.Case) (string, error) {
	end := "-" + c.Hash() + ".json"
	names, err := filepath.Glob(filepath.Join(f.out, "*"+end))
	if err != nil || len(names) == 0 {
		return filepath.Join(f.out, property+end), err
	}
	return names[0], nil
}

// writeGoTest writes a Go test of a failed case that fails as the search did: what needs
// a store in a file gets one. It writes none, and returns nil, where the case does not
// fail again, as it may with a bug that leaves things to chance.
func (f *checkFlags) writeGoTest(c *check.Campaign, property string, small *check.Case, path string) (*check.GoTest, error) {
	maps := cmp.Or(f.scenario, check.OwnSubject().Name)
	if _, err := scenarios.Builtin(maps); err != nil && maps != check.OwnSubject().Name {
		if maps, err = fromFolder(f.out, maps); err != nil {
			return nil, err
		}
	}
	test := &check.GoTest{Path: path, Maps: maps, Property: property, Bugs: c.Plan.Bugs}
	inFile := c.OtherStore
	if c.Plan.Store != nil {
		inFile = c.Plan.Store
	}
	for _, test.Needs = range []check.File{check.NoFile, check.BesideMemory, check.KeptInFile} {
		p, other := check.Plan{Bugs: c.Plan.Bugs}, check.Store(nil)
		switch test.Needs {
		case check.BesideMemory:
			other = inFile
		case check.KeptInFile:
			p.Store = inFile
		}
		if broken, err := check.Broken(c.Subject, small, p, other, property); err != nil || broken == nil || broken.ID != property {
			continue // where nothing judges the property that is an error
		}
		text, err := test.Text()
		if err != nil {
			return nil, err
		}
		return test, os.WriteFile(goTestPath(path), text, 0o644)
	}
	return nil, os.RemoveAll(goTestPath(path)) // one of an earlier search
}

// testLine is the command that runs a Go test.
func (l *leftover) testLine() string {
	words := slices.Clone(l.test.Command())
	for i := range words {
		words[i] = quote(words[i])
	}
	return strings.Join(words, " ")
}

// fromFolder is the path of a file as it is seen from a folder, where go test runs.
func fromFolder(folder, file string) (string, error) {
	from, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	path, err := filepath.Rel(from, to)
	return filepath.ToSlash(path), err
}

// tracePath is where the recording of a case is.
func tracePath(path string) string { return strings.TrimSuffix(path, ".json") + ".trace" }

// goTestPath is where the Go test of a case is.
func goTestPath(path string) string { return strings.TrimSuffix(path, ".json") + "_test.go" }

// picturePath is where the picture of a case is.
func picturePath(path string) string { return strings.TrimSuffix(path, ".json") + ".svg" }
