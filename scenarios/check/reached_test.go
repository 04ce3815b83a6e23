package check

import (
	"os"
	"path/filepath"
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

// TestWhatReachesTheRest looks for the tests that the excuses name.
func TestWhatReachesTheRest(t *testing.T) {
	t.Parallel()
	for why, instead := range elsewhere {
		_, name, found := strings.Cut(instead, "TestTraces/")
		name, _, _ = strings.Cut(name, ",")
		if _, err := os.Stat(filepath.Join("..", "..", "engine", "testdata", name)); !found || err != nil {
			t.Errorf("%v: %q names no trace of the engine: %v", why, instead, err)
		}
	}
}
