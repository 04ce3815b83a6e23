package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEverythingIsReached draws what the self-test draws without a bug: no outcome,
// reason, fault, crash point or limit may stay blank.
func TestEverythingIsReached(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it draws ten thousand cases")
	}
	s, err := SelfTest{Subject: OwnSubject(), Jobs: 2}.Reach(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f := s.Failure; f != nil {
		t.Fatalf("case %d: %v\n%s", f.Number, f.Property, f.Smallest().Encode())
	}
	for _, m := range s.Reached.Blanks() {
		t.Errorf("%s was reached by %d of %d cases; instead: %q", m.Name, m.Cases, s.Cases, m.Instead)
	}
}

// TestBlanks says which marks are holes: what must be reached and is not, and what
// cannot be reached and is.
func TestBlanks(t *testing.T) {
	t.Parallel()
	var r Reached
	c := Generate(OwnSubject(), KeyedDice(1, 1))
	r.add(c, execute(t, c, Plan{}))
	excused, blank := 0, map[string]bool{}
	for _, m := range r.Blanks() {
		blank[m.Name] = true
	}
	for _, m := range r.Marks {
		if m.Instead != "" {
			excused++
		}
		if hole := m.Cases == 0 && m.Instead == ""; hole != blank[m.Name] {
			t.Errorf("%s with %d cases and %q is a blank: %v", m.Name, m.Cases, m.Instead, blank[m.Name])
		}
	}
	if excused != len(elsewhere) || len(blank) < 20 || len(blank) == len(r.Marks) {
		t.Errorf("%d marks of %d are blank after one case, and %d excused", len(blank), len(r.Marks), excused)
	}
	if m := (Mark{Name: "impossible", Cases: 1, Instead: "so it is said"}); !m.Blank() {
		t.Error("what was reached against its excuse is no blank")
	}
}

// TestWhatReachesTheRest looks for the tests that the excuses name, and for the marks
// that are excused.
func TestWhatReachesTheRest(t *testing.T) {
	t.Parallel()
	for name, instead := range elsewhere {
		if !slices.ContainsFunc(sights, func(s sight) bool { return s.name == name }) {
			t.Errorf("%q is excused, and no mark is called that", name)
		}
		mustExist(t, name, instead)
	}
	if exists(t, "engine", "TestTraces/nothing_of_the_kind") || exists(t, "model", "TestNothingOfTheKind") {
		t.Error("tests are found that do not exist")
	}
}

// mustExist looks for the tests that an excuse names.
func mustExist(t *testing.T, name, instead string) {
	t.Helper()
	at := strings.LastIndex(instead, "; ")
	room, tests, found := strings.Cut(instead[at+1:], ": ")
	if at < 0 || !found {
		t.Errorf("%s: %q names no room and test", name, instead)
		return
	}
	for test := range strings.SplitSeq(tests, ", ") {
		if !exists(t, strings.TrimSpace(room), test) {
			t.Errorf("%s: there is no %s in %s", name, test, room)
		}
	}
}

// exists reports whether a room has a test, or a trace of the engine that one runs.
func exists(t *testing.T, room, test string) bool {
	t.Helper()
	dir := filepath.Join("..", "..", filepath.FromSlash(room))
	if trace, of := strings.CutPrefix(test, "TestTraces/"); of {
		_, err := os.Stat(filepath.Join(dir, "testdata", trace))
		return err == nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+test+"(t *testing.T) {\n") {
			return true
		}
	}
	return false
}
