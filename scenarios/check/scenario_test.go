package check_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// TestMapsOfScenarios checks the maps of the scenarios that come with the program, as a
// team would check its own.
func TestMapsOfScenarios(t *testing.T) {
	t.Parallel()
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check.Scenario(t, name, check.Number(300))
		})
	}
}

// TestOwnProperty adds a property that some cases break, and looks at what a
// user is told.
func TestOwnProperty(t *testing.T) {
	t.Parallel()
	told := &failures{TB: t}
	subject := &check.Subject{Name: "contacts", Maps: []check.Map{
		{Table: engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "name"}, {Name: "phone"}}}},
	}}
	check.Maps(told, subject, check.Number(500), check.Seed(3), check.Holds("no-d", "nobody is called d", func(x *check.Execution) string {
		for _, line := range x.Data {
			if strings.Contains(line, `name="d"`) {
				return line
			}
		}
		return ""
	}))
	if len(told.texts) != 1 {
		t.Fatalf("%d failures, expected one", len(told.texts))
	}
	for _, want := range []string{"no-d", "nobody is called d", `A user of`, `"op": "upsert"`} {
		if !strings.Contains(told.texts[0], want) {
			t.Errorf("the failure does not tell of %q:\n%s", want, told.texts[0])
		}
	}
}

// failures keeps what would fail a test.
type failures struct {
	testing.TB
	texts []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

func TestRapidProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, check.Property(check.OwnSubject(), check.Plan{}))
}

func FuzzCases(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(check.Property(check.OwnSubject(), check.Plan{})))
}
