package check_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestMapsOfScenarios checks the maps of the scenarios that come with the program, as a
// team would check its own.
func TestMapsOfScenarios(t *testing.T) {
	t.Parallel()
	for _, name := range scenarios.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check.Scenario(t, name, check.Cases(300))
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
	check.Maps(told, subject, check.Cases(500), check.Seed(3), check.Holds("no-d", "nobody is called d", func(x *check.Execution) string {
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

// TestWhatCannotBeChecked gives what no check could be made of, or what would be ignored:
// each is refused at once, and the refusal says what to do.
func TestWhatCannotBeChecked(t *testing.T) {
	t.Parallel()
	wrong := func(change func(m *check.Map)) *check.Subject {
		s := contacts()
		change(&s.Maps[0])
		return s
	}
	twice := contacts()
	twice.Maps = append(twice.Maps, twice.Maps[0])
	fine := func(*check.Execution) string { return "" }
	for _, tc := range []struct {
		subject *check.Subject
		options []check.Option
		want    string
	}{
		{nil, nil, "the subject has no table maps: put them into Subject.Maps"},
		{&check.Subject{Name: "empty"}, nil, "the subject has no table maps: put them into Subject.Maps"},
		{twice, nil, `subject contacts has two table maps "contacts": each needs a name of its own`},
		{
			wrong(func(m *check.Map) { m.Numbers = []string{"phone", "fone"} }), nil,
			`Numbers of table map contacts names column "fone", which it does not have: its columns are name, phone`,
		},
		{
			wrong(func(m *check.Map) { m.Words = map[string][2][]string{"nam": {{"a"}, {"b"}}} }), nil,
			`Words of table map contacts names column "nam", which it does not have: its columns are name, phone`,
		},
		{
			wrong(func(m *check.Map) { m.Table.Columns[1].Lookups = []engine.MapID{1} }), nil,
			"column phone of table map contacts looks up number 1 of Subject.Maps, which has numbers below 1",
		},
		{contacts(), []check.Option{check.Cases(0)}, "Cases(0): draw at least 1, or leave the option out for 1000"},
		{contacts(), []check.Option{check.Cases(-5)}, "Cases(-5): draw at least 1"},
		{contacts(), []check.Option{check.Holds("converged", "all is well", fine)}, `"converged" is the id of a property that is judged anyway: give yours another`},
		{contacts(), []check.Option{check.Holds("deterministic", "all is well", fine)}, `"deterministic" is the id of a property`},
		{contacts(), []check.Option{check.Holds("mine", "one", fine), check.Holds("mine", "two", fine)}, `two properties of your own have the id "mine"`},
		{contacts(), []check.Option{check.Holds("", "all is well", fine)}, "a property of your own has no id"},
	} {
		told := &failures{TB: t}
		func() {
			defer func() { _ = recover() }() // what would end a test
			check.Maps(told, tc.subject, append([]check.Option{check.Cases(3)}, tc.options...)...)
		}()
		if len(told.texts) != 1 || !strings.HasPrefix(told.texts[0], tc.want) {
			t.Errorf("%q is told, expected %s", told.texts, tc.want)
		}
	}
	if _, err := (check.Campaign{Subject: contacts(), Cases: -1}).Run(t.Context()); err == nil {
		t.Error("-1 cases are drawn")
	}
	if _, err := check.Execute(nil, &check.Case{}, check.Plan{}); err == nil {
		t.Error("a case is executed without maps")
	}
}

// TestOwnPropertyIsCutShort lets the function of a property panic, and end its goroutine:
// the property fails, with the case, as it does where something is broken, on one worker
// and on several.
func TestOwnPropertyIsCutShort(t *testing.T) {
	t.Parallel()
	const ended = "the property's own function ended its goroutine, as t.Fatal, t.Skip and runtime.Goexit do"
	for how, counted := range map[string]func(*check.Execution) string{
		"the property's own function panicked: nobody can count": func(*check.Execution) string { panic("nobody can count") },
		ended: func(*check.Execution) string { runtime.Goexit(); return "" },
	} {
		for _, jobs := range []int{1, 3} {
			told := &failures{TB: t}
			check.Maps(told, contacts(), check.Cases(20), check.Jobs(jobs), check.Holds("counted", "all are counted", counted))
			if len(told.texts) != 1 {
				t.Fatalf("%d failures, expected one", len(told.texts))
			}
			for _, want := range []string{"case 1 of seed 1 breaks counted: all are counted", how, `"schema"`} {
				if !strings.Contains(told.texts[0], want) {
					t.Errorf("the failure does not tell of %q:\n%s", want, told.texts[0])
				}
			}
		}
	}
}

// TestStoreIsCutShort: a store that is not opened because t.TempDir fails, or panics, is an
// error of the campaign, and nobody waits for it.
func TestStoreIsCutShort(t *testing.T) {
	t.Parallel()
	for want, open := range map[string]check.Store{
		"open the engine's store: its function ended its goroutine": func([]string, engine.Failpoints) (store.Store, error) { runtime.Goexit(); return nil, nil },
		"open the engine's store: its function panicked: full":      func([]string, engine.Failpoints) (store.Store, error) { panic("full") },
	} {
		_, err := check.Campaign{Subject: contacts(), Cases: 1, Plan: check.Plan{Store: open}}.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %s", err, want)
		}
	}
}

// TestWhatIsShown tells what it shows that no case has failed: with two that are for
// something, a share p of failing ones is ruled out where (1-p)^2 is less than 5 %.
func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	told := &failures{TB: t}
	check.Maps(told, contacts(), check.Cases(3))
	if want := "3 cases were run, 3 of them unlike all others. No case failed, and 2 had all that they were for. With 95 % confidence, fewer than 78 % of such cases do."; len(told.texts) != 0 || !slices.Equal(told.logs, []string{want}) {
		t.Errorf("%q is told, and failed is %q", told.logs, told.texts)
	}
}

// TestCorpusKeepsAndReads fails once and keeps the case; the next search, which draws too
// few cases to find it, begins with it; and it holds where the property is none any more.
func TestCorpusKeepsAndReads(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "cases")
	subject := &check.Subject{Name: "contacts", Maps: []check.Map{
		{Table: engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "name"}, {Name: "phone"}}}},
	}}
	unnamed := check.Holds("no/d", "nobody is called d", func(x *check.Execution) string {
		for _, line := range x.Data {
			if strings.Contains(line, `name="d"`) {
				return line
			}
		}
		return ""
	})
	pictures := check.Pictures(func(w io.Writer, h *result.History) error {
		_, err := io.WriteString(w, h.Title)
		return err
	})
	first, second := &failures{TB: t}, &failures{TB: t}
	check.Maps(first, subject, check.Cases(500), check.Seed(3), unnamed, pictures, check.Corpus(folder))
	files := kept(t, folder)
	if len(files) != 3 || len(first.texts) != 1 {
		t.Fatalf("%d failures, and %q are kept", len(first.texts), files)
	}
	for i, end := range []string{".json", ".svg", ".trace"} {
		if name := filepath.Base(files[i]); !strings.HasPrefix(name, "no-d-") || filepath.Ext(name) != end {
			t.Errorf("%s is kept, where one that ends in %s belongs", name, end)
		}
	}
	for _, want := range []string{"kept as " + files[0], fmt.Sprintf("check.Repeat(t, subject, %q, check.Breaks(%q)", files[0], "no/d")} {
		if !strings.Contains(first.texts[0], want) {
			t.Errorf("nobody says %q:\n%s", want, first.texts[0])
		}
	}
	if picture, err := os.ReadFile(files[1]); err != nil || !strings.Contains(string(picture), "breaks no/d") {
		t.Errorf("the picture is %q: %v", picture, err)
	}
	check.Maps(second, subject, check.Cases(1), check.Seed(4), unnamed, pictures, check.Corpus(folder))
	if len(second.texts) != 1 || !strings.HasPrefix(second.texts[0], "a case that had failed before breaks no/d") {
		t.Errorf("the next search tells: %q", second.texts)
	}
	if again := kept(t, folder); !slices.Equal(again, files) {
		t.Errorf("%q are kept of the same case, and were %q", again, files)
	}
	check.Maps(t, subject, check.Cases(1), check.Seed(4), check.Corpus(folder))
	subject.Maps[0].Table.Columns[0].Name = "title" // what does not fit any more stops nothing
	check.Maps(t, subject, check.Cases(1), check.Seed(4), check.Corpus(folder))
}

// TestCorpusOfAScenario keeps a Go test as well, since everybody can have those maps.
func TestCorpusOfAScenario(t *testing.T) {
	t.Parallel()
	folder, told := t.TempDir(), &failures{TB: t}
	check.Scenario(told, "both-sides-edit", check.Cases(300), check.Corpus(folder), check.Plant("engine/no-loopback-control", "return(true)"))
	files := kept(t, folder)
	if len(files) != 3 || !strings.HasSuffix(files[2], "_test.go") {
		t.Fatalf("%q are kept", files)
	}
	if text, err := os.ReadFile(files[2]); err != nil || !strings.Contains(string(text), `check.MapsOf(t, "both-sides-edit")`) {
		t.Errorf("the Go test is %s: %v", text, err)
	}
	if len(told.texts) != 1 || !strings.Contains(told.texts[0], "As a Go test: go test ") {
		t.Errorf("nobody tells of the Go test: %q", told.texts)
	}
	check.Scenario(t, "both-sides-edit", check.Cases(1), check.Corpus(folder)) // without the bug it holds
}

// kept lists the files of a folder.
func kept(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// failures keeps what would fail a test, and what it logs.
type failures struct {
	testing.TB
	texts, logs []string
}

func (f *failures) Logf(format string, args ...any) {
	f.logs = append(f.logs, fmt.Sprintf(format, args...))
}

func (f *failures) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}
