package check_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine/store/sqlite"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// TestGoTestOfAFailure plants bugs, and gives what is written of the failures to go test,
// in a module of a user's: they fail by the same property, of the program's own maps and
// of a scenario file, in memory and beside a store in a file. Without the tag the module's
// tests pass as before, and without the bug the case alone holds.
func TestGoTestOfAFailure(t *testing.T) {
	t.Parallel()
	module := userModule(t)
	yaml, err := scenarios.Builtin("both-sides-edit")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(module, "mine.yaml"), yaml)
	t.Run("cases", func(t *testing.T) {
		for name, is := range map[string]struct {
			maps string // seen from the module
			test check.GoTest
		}{
			"own":  {"own", check.GoTest{Maps: "own", Property: "no-lost-update", Bugs: plant("engine/write-without-condition")}},
			"file": {filepath.Join(module, "mine.yaml"), check.GoTest{Maps: "../../mine.yaml", Property: "no-lost-update", Bugs: plant("engine/write-without-condition")}},
			"twin": {"own", check.GoTest{Maps: "own", Property: "store-twin", Bugs: plant("store/keys-fold"), Needs: check.BesideMemory}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				goTestFails(t, module, name, check.MapsOf(t, is.maps), &is.test)
			})
		}
	})
	told, err := goTool(t, module, "test", "./...")
	if err != nil || strings.Contains(told, "runs/") || !strings.Contains(told, "ok  \tmine") {
		t.Errorf("without the tag: %v\n%s", err, told)
	}
}

func plant(bug string) []fault.Point { return []fault.Point{{Name: bug, Terms: fault.Always}} }

// goTestFails looks for a planted bug, writes what is written of it, and demands that go
// test fails by it.
func goTestFails(t *testing.T, module, name string, subject *check.Subject, test *check.GoTest) {
	t.Helper()
	search := check.Campaign{Subject: subject, Seed: 1, Cases: 5000, Plan: check.Plan{Bugs: test.Bugs}, Pinned: test.Property}
	option := check.StoredIn(nil)
	if test.Needs == check.BesideMemory {
		search.OtherStore = sqlite.Throwaway(t.TempDir())
		option = check.ComparedWith(search.OtherStore)
	}
	sum, err := search.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Failure == nil {
		t.Fatal("the bug was not found, so that there is nothing to write")
	}
	all, err := check.Judge(subject, sum.Failure.Smallest(), search.Plan, search.OtherStore)
	if err != nil || !slices.ContainsFunc(all.Properties, func(p oracle.Property) bool { return p.ID == test.Property && p.Verdict == oracle.Fail }) {
		t.Errorf("where every property is judged, %s is not broken: %v", test.Property, err)
	}
	test.Path = filepath.Join("runs", name, test.Property+"-"+name+".json") // a folder each: go test reads all of it
	path := filepath.Join(module, test.Path)
	write(t, path, sum.Failure.Smallest().Encode())
	text, err := test.Text()
	if err != nil {
		t.Fatal(err)
	}
	write(t, strings.TrimSuffix(path, ".json")+"_test.go", text)
	command := test.Command()
	if !strings.Contains(string(text), "\n//	"+strings.Join(command, " ")+"\n") {
		t.Errorf("the header does not tell of %q:\n%s", command, text)
	}
	told, err := goTool(t, module, command[1:]...)
	if err == nil {
		t.Errorf("it holds:\n%s", text)
	}
	for _, want := range []string{filepath.Base(path) + " breaks " + test.Property + ": ", "--- FAIL: " + command[6], "A user of"} {
		if !strings.Contains(told, want) {
			t.Errorf("go test does not tell of %q:\n%s\n%s", want, told, text)
		}
	}
	check.Repeat(t, subject, path, check.Breaks(test.Property), option)
}

// userModule makes a module that needs this one and has a test that passes.
func userModule(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "go.mod" {
			const ours = "github.com/twinwrite/twinwrite"
			text = []byte(strings.Replace(string(text), "module "+ours, "module mine", 1) +
				"\nrequire " + ours + " v0.0.0\nreplace " + ours + " => " + root + "\n")
		}
		write(t, filepath.Join(dir, name), text)
	}
	write(t, filepath.Join(dir, "mine_test.go"), []byte("package mine\n\nimport \"testing\"\n\nfunc TestMine(*testing.T) {}\n"))
	return dir
}

// goTool runs the go command in a module.
func goTool(t *testing.T, module string, arguments ...string) (string, error) {
	t.Helper()
	tool := exec.CommandContext(t.Context(), "go", arguments...)
	tool.Dir = module
	told, err := tool.CombinedOutput()
	return string(told), err
}

// TestRepeatDemandsAJudge names a property that nothing judges: a case that says nothing
// of it does not hold.
func TestRepeatDemandsAJudge(t *testing.T) {
	t.Parallel()
	subject := check.OwnSubject()
	c := check.Generate(subject, check.KeyedDice(1, 1))
	for _, property := range []string{"converged", "deterministic", ""} {
		if broken, err := check.Broken(subject, c, check.Plan{}, nil, property); broken != nil || err != nil {
			t.Errorf("%q: %v, %v", property, broken, err)
		}
	}
	for _, property := range []string{"convergd", "store-twin"} {
		if _, err := check.Broken(subject, c, check.Plan{}, nil, property); err == nil {
			t.Errorf("%q is taken for judged", property)
		}
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
