package scenarios

import (
	"strings"
	"testing"
)

// TestReference demands that every key that an input can have is told, with its
// default, and that nothing is told twice.
func TestReference(t *testing.T) {
	t.Parallel()
	told, twice := map[string]bool{}, map[string]bool{}
	for _, s := range Reference() {
		if len(s.Entries) == 0 {
			t.Errorf("%s tells nothing", s.Title)
		}
		for _, e := range s.Entries {
			name := s.Title + " " + e.Where + " " + e.Path
			if twice[name] {
				t.Errorf("%s is told twice", name)
			}
			twice[name] = true
			told[strings.ReplaceAll(e.Path, "[]", ".*")] = true
			if e.Doc == "" || e.Form == "" {
				t.Errorf("%s: doc %q, form %q", name, e.Doc, e.Form)
			}
			if e.Default != "" && e.Source == "" {
				t.Errorf("%s does not say where its default comes from", name)
			}
		}
	}
	for _, d := range Defaults() {
		last := d.Path[strings.LastIndex(d.Path, ".")+1:]
		if !told[d.Path] && !told[last] {
			t.Errorf("%s has a default and is not told", d.Path)
		}
	}
	if len(told) < 150 {
		t.Errorf("only %d keys are told", len(told))
	}
}
