// Package junit writes verdicts as JUnit XML, the one format that every
// continuous integration reads. Begin with [Suite].
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Suite is one execution of the program.
type Suite struct {
	Name       string     // of the scenario or subject
	Properties []Property // of the execution as a whole
	Cases      []Case
}

// Property is one thing to know about an execution, such as its seed.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// Case is one contract or expectation.
type Case struct {
	Name    string // its ID
	Class   string // "property" or "expectation"
	Verdict result.Verdict
	Message string // one line: what was broken, or why it is inconclusive
	Text    string // the rest: examples, how to repeat it
}

// File names a file about the case.
func (c *Case) File() string {
	name := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}
	return strings.Map(name, c.Class+"."+c.Name) + ".txt"
}

// Write writes the suite. A verdict that is inconclusive is written as an error,
// so that no tool shows it as passed, and one that had no occasion as skipped; times are left out, because the same
// results give the same bytes.
func (s Suite) Write(w io.Writer) error {
	out := suite{Name: s.Name, Tests: len(s.Cases)}
	for _, p := range s.Properties {
		out.Properties = append(out.Properties, Property{Name: clean(p.Name), Value: clean(p.Value)})
	}
	for _, c := range s.Cases {
		x := testcase{Name: clean(c.Name), Class: clean(s.Name + "." + c.Class)}
		detail := &detail{Message: clean(c.Message), Type: string(c.Verdict), Text: clean(c.Text)}
		switch c.Verdict {
		case result.Pass:
		case result.NoOccasion:
			x.Skipped = detail
			out.Skipped++
		case result.Fail:
			x.Failure = detail
			out.Failures++
		default:
			x.Error = detail
			out.Errors++
		}
		out.Cases = append(out.Cases, x)
	}
	all := suites{Tests: out.Tests, Failures: out.Failures, Errors: out.Errors, Suites: []suite{out}}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

// clean leaves out the control characters that XML cannot hold: a record's key
// may have any.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"`
	Suites   []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`

	Properties []Property `xml:"properties>property,omitempty"`
	Cases      []testcase `xml:"testcase"`
}

type testcase struct {
	Name    string  `xml:"name,attr"`
	Class   string  `xml:"classname,attr"`
	Failure *detail `xml:"failure"`
	Skipped *detail `xml:"skipped"`
	Error   *detail `xml:"error"`
}

type detail struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}
