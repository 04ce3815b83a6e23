// Package golden compares what a test made with a file in testdata.
package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Check fails t unless got is the content of testdata/name. With
// UPDATE_GOLDEN=1 in the environment it writes the file instead.
func Check(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE_GOLDEN") == "1" { //nolint:forbidigo // only tests call this: one variable renews all golden files
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 writes it)", err)
	}
	want := string(b)
	if got == want {
		return
	}
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(wanted) && i < len(gotten) && wanted[i] == gotten[i] {
		i++
	}
	t.Errorf("%s differs from line %d on; UPDATE_GOLDEN=1 renews it, git diff shows all of it\nwant: %s\ngot:  %s",
		path, i+1, line(wanted, i), line(gotten, i))
}

// line shows one line, shortened: a picture's lines can be long.
func line(lines []string, i int) string {
	if i >= len(lines) {
		return "(end of file)"
	}
	const most = 300
	if r := []rune(lines[i]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return lines[i]
}
