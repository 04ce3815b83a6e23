package check

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios"
)

// Plant plants a bug of the engine, at the passes that terms tell.
func Plant(name, terms string) Option {
	return func(c *Campaign) { c.Plan.Bugs = append(c.Plan.Bugs, fault.Point{Name: name, Terms: terms}) }
}

// Breaks names the property that a case of [Repeat] breaks: of those that compare two
// runs no other is judged then.
func Breaks(property string) Option { return func(c *Campaign) { c.Pinned = property } }

// MapsOf returns the table maps of a scenario, a file or the name of one that comes
// with the program, or with the name "own" those that the program tests itself with.
func MapsOf(t testing.TB, nameOrPath string) *Subject {
	t.Helper()
	if own := OwnSubject(); nameOrPath == own.Name {
		return own
	}
	s, _, err := scenarios.Load(nameOrPath)
	if err != nil {
		t.Fatal(err)
	}
	return FromScenario(s)
}

// Repeat runs a case file once more in a Go test, and fails as the case does, with its
// story. Of the options it takes [Plant], [Breaks], [StoredIn], [ComparedWith], [Holds] and
// [Validate], which no case file can hold; the others are about drawing cases.
func Repeat(t testing.TB, subject *Subject, path string, options ...Option) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := DecodeCase(text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var with Campaign
	for _, set := range options {
		set(&with)
	}
	if len(with.faults) > 0 {
		t.Fatal(errors.Join(with.faults...))
	}
	broken, err := Broken(subject, c, with.Plan, with.OtherStore, with.Pinned)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if broken == nil {
		return
	}
	story, err := Tell(subject, c, with.Plan, broken)
	if err != nil {
		t.Fatal(err)
	}
	t.Errorf("%s breaks %s\n\n%s", path, broken.Told(), indent(story.Text()))
}

// Broken runs a case and returns the property that it breaks: the one of that name, else
// the first; nil for none. other is what [Campaign.OtherStore] is. A name that nothing
// judges is an error.
func Broken(s *Subject, c *Case, p Plan, other Store, property string) (*oracle.Property, error) {
	x, err := alone(s, other).execute(c, p, property)
	if err != nil {
		return nil, err
	}
	if broken := x.failed(property); broken != nil {
		return broken, nil
	}
	if broken := x.failed(""); broken != nil {
		return broken, nil
	}
	if property != "" && property != soundWorld.ID && property != soundRules.ID && !x.judged(property) {
		return nil, fmt.Errorf("nothing judges the property %q in this case", property)
	}
	return nil, nil
}

// judged reports whether a property is among those that a run was asked for.
func (x *Execution) judged(property string) bool {
	for i := range x.Properties {
		if x.Properties[i].ID == property {
			return true
		}
	}
	return false
}

// CaseTag is the build tag of the Go tests that are written of failed cases: without it
// nobody's go test ./... knows of them.
const CaseTag = "twinwrite_case"

// Module is the one that a module with such a test has to require.
const Module = "github.com/twinwrite/twinwrite"

// GoTest says what a Go test must hold to repeat a failed case.
type GoTest struct {
	Path     string // of the case file; the test belongs beside it
	Maps     string // what [MapsOf] takes, seen from that folder
	Property string
	Bugs     []fault.Point
	Needs    File
}

// File says what a case needs a store in a file for, if it is to fail.
type File string

// The ways in which a case needs one, named by the options that give it.
const (
	NoFile       File = ""
	KeptInFile   File = "StoredIn"
	BesideMemory File = "ComparedWith"
)

// StoredIn keeps the engine's state in stores of another kind than those in memory.
func StoredIn(open Store) Option { return func(c *Campaign) { c.Plan.Store = open } }

// ComparedWith opens stores of another kind, which must give the same.
func ComparedWith(open Store) Option { return func(c *Campaign) { c.OtherStore = open } }

// Command is the one that runs the test, word by word.
func (g *GoTest) Command() []string {
	folder := filepath.Dir(g.Path)
	if filepath.IsLocal(folder) {
		folder = "./" + filepath.ToSlash(folder)
	}
	return []string{"go", "test", "-count=1", "-tags", CaseTag, "-run", g.name(), folder}
}

func (g *GoTest) name() string {
	return "Test" + identifier(strings.TrimSuffix(filepath.Base(g.Path), ".json"))
}

// Text writes the test: a file for the folder of the case.
func (g *GoTest) Text() ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `// Written by twinwrite check: a case that breaks %s, made small. It fails while the
// case does; keep it beside its case file to see that it stays mended. Run it with
//
//	%s
//
// from inside a Go module that requires %s. It has a build
// tag of its own, so that go test ./... goes on without it.

//go:build %s

package cases_test

import (
	"testing"

`, g.Property, strings.Join(g.Command(), " "), Module, CaseTag)
	if g.Needs != NoFile {
		b.WriteString("\"github.com/twinwrite/twinwrite/engine/store/sqlite\"\n")
	}
	fmt.Fprintf(&b, `"github.com/twinwrite/twinwrite/scenarios/check"
)

func %s(t *testing.T) {
check.Repeat(t, check.MapsOf(t, %q), %q, check.Breaks(%q)`, g.name(), g.Maps, filepath.Base(g.Path), g.Property)
	if g.Needs != NoFile {
		fmt.Fprintf(&b, ", check.%s(sqlite.Throwaway(t.TempDir()))", g.Needs)
	}
	for _, p := range g.Bugs {
		fmt.Fprintf(&b, ", check.Plant(%q, %q)", p.Name, p.Terms)
	}
	b.WriteString(")\n}\n")
	return format.Source(b.Bytes())
}

// identifier makes what can be part of a Go name: words begin with a capital, and what
// no name may hold is left out.
func identifier(text string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
