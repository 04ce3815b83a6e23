package check_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// stub stands for the *testing.T of your own tests. It prints the property by which one
// would fail.
type stub struct{ testing.TB }

func (stub) Helper()                  {}
func (stub) Context() context.Context { return context.Background() }
func (stub) Logf(string, ...any)      {}
func (stub) Errorf(format string, args ...any) {
	_, told, _ := strings.Cut(fmt.Sprintf(format, args...), " breaks ")
	told, _, _ = strings.Cut(told, ": ")
	fmt.Fprintln(os.Stdout, told)
}

// The maps of a scenario file, with a property of your own. It holds, and nothing is
// told.
func ExampleScenario() {
	var t stub
	named := func(x *check.Execution) string {
		for _, line := range x.Data {
			if strings.Contains(line, `name="nobody"`) {
				return line
			}
		}
		return ""
	}
	check.Scenario(t, "month-end", check.Cases(50), check.Holds("named", "nobody is called nobody", named))
	// Output:
}

// Maps as Go values, with the texts that users write, and a property that does not hold:
// the text d is written by somebody, sooner or later.
func ExampleMaps() {
	var t stub
	subject := &check.Subject{Name: "contacts", Maps: []check.Map{{
		Table: engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "grade"}, {Name: "phone"}}},
		Words: map[string][2][]string{"grade": {{"a", "b", "d"}, {"a", "b", "d"}}},
	}}}
	graded := func(x *check.Execution) string {
		for _, line := range x.Data {
			if strings.Contains(line, `grade="d"`) {
				return line
			}
		}
		return ""
	}
	check.Maps(t, subject, check.Cases(500), check.Seed(3), check.Holds("graded", "nobody has the grade d", graded))
	// Output: graded
}

// A folder for cases that failed: the first search finds one and keeps it; the next begins
// with it, and draws one more in vain. In your tests the folder is one of the repository,
// such as testdata/cases.
func ExampleCorpus() {
	var t stub
	folder, err := os.MkdirTemp("", "cases")
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	subject := &check.Subject{Name: "contacts", Maps: []check.Map{{
		Table: engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "grade"}, {Name: "phone"}}},
	}}}
	graded := check.Holds("graded", "nobody has the grade d", func(x *check.Execution) string {
		for _, line := range x.Data {
			if strings.Contains(line, `grade="d"`) {
				return line
			}
		}
		return ""
	})
	check.Maps(t, subject, check.Cases(500), graded, check.Corpus(folder))
	cases, _ := filepath.Glob(filepath.Join(folder, "graded-*.json"))
	fmt.Fprintln(os.Stdout, len(cases), "case is kept")
	check.Maps(t, subject, check.Cases(1), check.Seed(2), graded, check.Corpus(folder))
	// Output:
	// graded
	// 1 case is kept
	// graded
}

// A validation of your own: one side refuses a grade, to its users as to the engine. What
// the other side's users write of it then waits on the error desk, and the property that
// nothing does is broken.
func ExampleValidate() {
	var t stub
	subject := &check.Subject{Name: "contacts", Maps: []check.Map{{
		Table: engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "grade"}, {Name: "phone"}}},
	}}}
	graded := func(r check.Row) error {
		if r.Text("grade") == "d" {
			return errors.New("there is no such grade")
		}
		return nil
	}
	settled := func(x *check.Execution) string {
		for _, m := range x.Result.Report.Maps {
			if m.Parked > 0 {
				return "something is"
			}
		}
		return ""
	}
	check.Maps(t, subject, check.Cases(500), check.Validate("dataverse", "contacts", graded), check.Holds("settled", "nothing is left on the error desk", settled))
	// Output: settled
}

// One case, written by hand, and what both sides hold in its end: an order of a company,
// which looks up a party, and the party.
func ExampleExecute() {
	subject := &check.Subject{Name: "sales", Maps: []check.Map{
		{Table: engine.TableMap{Name: "parties", Columns: []engine.Column{{Name: "name"}}}},
		{Table: engine.TableMap{Name: "orders", Company: true, Columns: []engine.Column{
			{Name: "state"}, {Name: "total"}, {Name: "party", Lookups: []engine.MapID{0}}, {Name: "note"},
		}}, Numbers: []string{"total"}},
	}}
	c := &check.Case{Schema: check.CaseSchema, Subject: "sales", Setup: check.Setup{Maps: []string{"parties", "orders"}}, Transactions: []check.Transaction{{
		Side: check.SideName(engine.FinOps), Edits: []check.Edit{
			{Op: "create", Map: "parties", Key: "k0", Set: []check.Value{{Column: "name", To: `Ann "A" Lee`}}},
			{Op: "create", Map: "orders", Company: "usmf", Key: "k1", Set: []check.Value{{Column: "state", To: "open"}, {Column: "total", To: "-2"}, {Column: "party", To: "k0"}}},
		},
	}}}
	x, err := check.Execute(subject, c, check.Plan{})
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return
	}
	for _, line := range x.Data {
		fmt.Fprintln(os.Stdout, line)
	}
	// Output:
	// dataverse orders usmf K1: state="open" total=-2 party=->K0 note=null
	// dataverse parties  K0: name="Ann \"A\" Lee"
	// finops orders usmf K1: state="open" total=-2 party=->K0 note=null
	// finops parties  K0: name="Ann \"A\" Lee"
}

// A case that twinwrite check has written, with the bug that was planted: what the Go test
// beside the case file says.
func ExampleRepeat() {
	var t stub
	subject := check.MapsOf(t, "both-sides-edit")
	path := filepath.Join("testdata", "echo.json")
	check.Repeat(t, subject, path, check.Breaks("no-echo"), check.Plant("engine/no-loopback-control", "return(true)"))
	check.Repeat(t, subject, path, check.Breaks("no-echo")) // without it, it holds
	// Output: no-echo
}

// A campaign tells more than a test needs: how many cases there were, and what they showed.
func ExampleFromScenario() {
	s, _, err := scenarios.Load("both-sides-edit")
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return
	}
	sum, err := check.Campaign{Subject: check.FromScenario(s), Seed: 1, Cases: 50}.Run(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		return
	}
	fmt.Fprintln(os.Stdout, sum.Cases, "cases of", sum.Subject, "failed:", sum.Failure != nil)
	// Output: 50 cases of both-sides-edit failed: false
}
