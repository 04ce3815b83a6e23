package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// golden compares a text with a file of testdata. UPDATE_GOLDEN=1 renews the
// file instead.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// cases runs a test for each scenario of a folder of testdata. Lines at its
// top like "# set: path=value" are overrides.
func cases(t *testing.T, folder string, least int, run func(t *testing.T, golden, name string, src []byte, sets []string)) {
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < least {
		t.Fatalf("only %d files in testdata/%s, want at least %d", len(files), folder, least)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			t.Parallel()
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			run(t, strings.TrimSuffix(file, "yaml")+"golden", name, src, setsOf(src))
		})
	}
}

func setsOf(src []byte) []string {
	var sets []string
	for line := range strings.Lines(string(src)) {
		set, found := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "# set: ")
		if !found {
			break
		}
		sets = append(sets, set)
	}
	return sets
}

// TestErrors holds the text of every error message.
func TestErrors(t *testing.T) {
	t.Parallel()
	cases(t, "bad", 80, func(t *testing.T, file, name string, src []byte, sets []string) {
		s, _, err := Parse(name, src, sets)
		var all Errors
		if !errors.As(err, &all) || s != nil {
			t.Fatalf("Parse = %v, %v; want Errors", s, err)
		}
		for _, e := range all {
			if e.Line < 1 || e.Column < 1 || e.Msg == "" || e.File != name && e.File != "--set" {
				t.Errorf("incomplete: %+v", e)
			}
			if e.Snippet == "" || !strings.HasSuffix(e.Snippet, "^") {
				t.Errorf("no caret: %+v", e)
			}
			if e.Hint == "" {
				t.Errorf("no hint: %v", e)
			}
		}
		golden(t, file, err.Error()+"\n")
	})
}

// TestWarnings holds the text of what validation foresees.
func TestWarnings(t *testing.T) {
	t.Parallel()
	cases(t, "doubtful", 10, func(t *testing.T, file, name string, src []byte, sets []string) {
		_, warnings, err := Parse(name, src, sets)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, file, Errors(warnings).Error()+"\n")
	})
}
