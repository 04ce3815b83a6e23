package check_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// TestGoTestOfAFailure plants a bug, and gives what is written of the failure to go test:
// it fails by the same property, of the program's own maps and of a scenario file. The
// case alone, without the bug, holds.
func TestGoTestOfAFailure(t *testing.T) {
	t.Parallel()
	const property = "no-lost-update"
	bugs := []fault.Point{{Name: "engine/write-without-condition", Terms: fault.Always}}
	dir := t.TempDir()
	yaml, err := scenarios.Builtin("both-sides-edit")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "mine.yaml"), yaml)
	for name, maps := range map[string]string{"own": "own", "file": filepath.Join(dir, "mine.yaml")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			subject := check.MapsOf(t, maps)
			sum, err := check.Campaign{Subject: subject, Seed: 1, Cases: 5000, Plan: check.Plan{Bugs: bugs}, Pinned: property}.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if sum.Failure == nil {
				t.Fatal("the bug was not found, so that there is nothing to write")
			}
			path := filepath.Join(dir, property+"-"+name+".json")
			write(t, path, sum.Failure.Smallest().Encode())
			text, err := check.GoTest(path, strings.TrimPrefix(maps, dir+string(filepath.Separator)), property, bugs)
			if err != nil {
				t.Fatal(err)
			}
			file := strings.TrimSuffix(path, ".json") + "_test.go"
			write(t, file, text)
			told, err := exec.CommandContext(t.Context(), "go", "test", file).CombinedOutput()
			if err == nil {
				t.Errorf("it holds:\n%s", text)
			}
			for _, want := range []string{path[len(dir)+1:] + " breaks fail: " + property + ": ", "--- FAIL: TestNoLostUpdate", "A user of"} {
				if !strings.Contains(string(told), want) {
					t.Errorf("go test does not tell of %q:\n%s\n%s", want, told, text)
				}
			}
			check.Repeat(t, subject, path, check.Breaks(property))
		})
	}
}

// TestRepeatDemandsAJudge names a property that nothing judges: a case that says nothing
// of it does not hold.
func TestRepeatDemandsAJudge(t *testing.T) {
	t.Parallel()
	subject := check.OwnSubject()
	c := check.Generate(subject, check.KeyedDice(1, 1))
	for _, property := range []string{"converged", "deterministic", ""} {
		if broken, err := check.Broken(subject, c, check.Plan{}, property); broken != nil || err != nil {
			t.Errorf("%q: %v, %v", property, broken, err)
		}
	}
	for _, property := range []string{"convergd", "store-twin"} {
		if _, err := check.Broken(subject, c, check.Plan{}, property); err == nil {
			t.Errorf("%q is taken for judged", property)
		}
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
