package check

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Folder is where failed cases are kept, and read from to be run first the next time.
type Folder struct {
	Path string
	Maps string // what [MapsOf] takes, for the Go tests; empty: none is written
	Draw Draw   // makes the pictures; nil: there are none
}

// Draw writes a picture of what happened, as SVG.
type Draw func(io.Writer, *result.History) error

// Kept is what a failed case has left in a folder.
type Kept struct {
	Path string  // of the case file; the rest lies beside it
	Test *GoTest // nil: none fails
}

// Cases reads the cases of a subject that failed before. One that asks for what the subject
// does not have any more is left out, and told of: leftOut must not be nil. A folder that does
// not exist has none. A file that cannot be read, or is no case, is an error, which names it.
func (d *Folder) Cases(s *Subject, leftOut func(path string, misfit error)) ([]*Case, error) {
	entries, err := os.ReadDir(d.Path) // in the order of their names
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var cases []*Case
	for _, e := range entries {
		if filepath.Ext(e.Name()) != caseFile {
			continue
		}
		path := filepath.Join(d.Path, e.Name())
		c, err := ReadCase(path)
		if err != nil {
			return nil, err
		}
		if c.Subject != s.Name {
			continue
		}
		if err := s.Fits(c); err != nil {
			leftOut(path, err)
			continue
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// ReadCase reads a case file. An error says why it cannot be read, or is no case.
func ReadCase(path string) (*Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := DecodeCase(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Keep writes a campaign's failure: the case file, how it went event by event, a picture
// of it, and a Go test. After an error some of the files may be there.
func (d *Folder) Keep(c *Campaign, failure *Failure) (kept Kept, err error) {
	small := failure.Smallest()
	_, trace, err := Record(c.Subject, small, c.Plan)
	if err != nil {
		return kept, err
	}
	if err := os.MkdirAll(d.Path, 0o755); err != nil {
		return kept, err
	}
	if kept.Path, err = d.place(failure.Property.ID, small); err != nil {
		return kept, err
	}
	if err := os.WriteFile(kept.Path, small.Encode(), 0o644); err != nil {
		return kept, err
	}
	if d.Draw != nil {
		story, err := Tell(c.Subject, small, c.Plan, &failure.Property)
		if err != nil {
			return kept, err
		}
		var picture bytes.Buffer
		if err := d.Draw(&picture, &story.History); err != nil {
			return kept, err
		}
		if err := os.WriteFile(PicturePath(kept.Path), picture.Bytes(), 0o644); err != nil {
			return kept, err
		}
	}
	if kept.Test, err = d.goTest(c, failure.Property.ID, small, kept.Path); err != nil {
		return kept, err
	}
	return kept, os.WriteFile(TracePath(kept.Path), trace.Encode(), 0o644)
}

// place is where a failed case belongs: the file that has it already, whatever property
// that one was named after, or one that is named after this property.
func (d *Folder) place(property string, c *Case) (string, error) {
	end := "-" + c.Hash() + caseFile
	entries, err := os.ReadDir(d.Path)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), end) {
			return filepath.Join(d.Path, e.Name()), nil
		}
	}
	return filepath.Join(d.Path, fileName(property)+end), err
}

// fileName leaves of a property's name, which may be anybody's, what a file's may hold
// everywhere.
func fileName(property string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, property)
}

// goTest writes a Go test of a failed case that fails as the search did: what needs a
// store in a file gets one. It writes none, and returns nil, where the case does not fail
// again, as it may with a bug that leaves things to chance or a property that only the
// search's own test knows.
func (d *Folder) goTest(c *Campaign, property string, small *Case, path string) (*GoTest, error) {
	if d.Maps == "" {
		return nil, nil
	}
	maps := d.Maps
	if _, err := scenarios.Builtin(maps); err != nil && maps != OwnSubject().Name {
		if maps, err = fromFolder(d.Path, maps); err != nil {
			return nil, err
		}
	}
	test := &GoTest{Path: path, Maps: maps, Property: property, Bugs: c.Plan.Bugs}
	inFile := c.OtherStore
	if c.Plan.Store != nil {
		inFile = c.Plan.Store
	}
	for _, test.Needs = range []File{NoFile, BesideMemory, KeptInFile} {
		if test.Needs != NoFile && inFile == nil {
			continue
		}
		p, other := Plan{Bugs: c.Plan.Bugs}, Store(nil)
		switch test.Needs {
		case BesideMemory:
			other = inFile
		case KeptInFile:
			p.Store = inFile
		}
		if broken, err := Broken(c.Subject, small, p, other, property); err != nil || broken == nil || broken.ID != property {
			continue // where nothing judges the property that is an error
		}
		text, err := test.Text()
		if err != nil {
			return nil, err
		}
		return test, os.WriteFile(GoTestPath(path), text, 0o644)
	}
	if err := os.Remove(GoTestPath(path)); !errors.Is(err, fs.ErrNotExist) { // one of an earlier search
		return nil, err
	}
	return nil, nil
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

// caseFile is how the name of a case file ends.
const caseFile = ".json"

// beside is a file that lies beside a case file.
func beside(path, end string) string { return strings.TrimSuffix(path, caseFile) + end }

// TracePath is where the recording of a case is, seen from its file.
func TracePath(path string) string { return beside(path, ".trace") }

// GoTestPath is where the Go test of a case is, seen from its file.
func GoTestPath(path string) string { return beside(path, "_test.go") }

// PicturePath is where the picture of a case is, seen from its file.
func PicturePath(path string) string { return beside(path, ".svg") }
