package reports_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// variants are the results that every report must cope with.
var variants = []struct {
	name string
	make func() *result.Set
}{
	{"day", fixture.Day},
	{"none", fixture.None},
	{"empty", fixture.Empty},
	{"one", fixture.One},
	{"broken", fixture.Broken},
	{"runs", func() *result.Set { return fixture.Runs(5) }},
	{"huge", func() *result.Set { return fixture.Huge(100_000) }},
	{"censored", func() *result.Set { return fixture.Censored(0.03) }},
	{"panicked", fixture.Panicked},
	{"live", func() *result.Set { return fixture.Live(2) }},
	{"copied", func() *result.Set { return fixture.Copied(1) }},
}

// read gives the content of every file below dir, by slashed relative path.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWriteFolder(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			first := filepath.Join(t.TempDir(), "runs", "deep", "first")
			second := t.TempDir()
			names, err := reports.Of(v.make()).WriteFolder(first, reports.Manifest{Program: "1", Started: time.Unix(1, 0).UTC()})
			if err != nil {
				t.Fatal(err)
			}
			// A second time over an earlier folder, at another time.
			for _, program := range []string{"2", "3"} {
				if _, err := reports.Of(v.make()).WriteFolder(second, reports.Manifest{Program: program, Started: time.Unix(99, 0)}); err != nil {
					t.Fatal(err)
				}
			}
			a, b := read(t, first), read(t, second)
			var there []string
			for name := range a {
				there = append(there, name)
				if name != reports.ManifestFile && a[name] != b[name] {
					t.Errorf("%s differs between two writings of the same results", name)
				}
				if len(a[name]) == 0 {
					t.Errorf("%s is empty", name)
				}
			}
			slices.Sort(there)
			listed := slices.Sorted(slices.Values(names))
			if diff := cmp.Diff(there, listed); diff != "" {
				t.Errorf("files there and files reported (-there +reported):\n%s", diff)
			}
			if names[len(names)-1] != reports.ManifestFile {
				t.Errorf("the last file is %s, want the manifest", names[len(names)-1])
			}
			if len(a) != len(b) {
				t.Errorf("%d files, then %d", len(a), len(b))
			}
			var m reports.Manifest
			if err := json.Unmarshal([]byte(b[reports.ManifestFile]), &m); err != nil || m.Program != "3" {
				t.Errorf("manifest %+v, %v", m, err)
			}
		})
	}
}

// TestFailedCasesHaveATextEach: what failed stands in the suite and beside it, and
// nothing stays there of an earlier execution.
func TestFailedCasesHaveATextEach(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		set  *result.Set
		want map[string][]string
	}{
		{fixture.Broken(), map[string][]string{"failed/property.no-lost-update.txt": {"violated 2 times", "survives on neither side", "<script>", "twinwrite run"}}},
		{fixture.Panicked(), map[string][]string{"failed/run.run-1.txt": {"an event in the past", "after the events", "oracle.(*Oracle).compare", "twinwrite run"}}},
		{fixture.Day(), nil},
	} {
		if _, err := reports.Of(c.set).WriteFolder(dir, reports.Manifest{}); err != nil {
			t.Fatal(err)
		}
		files := read(t, dir)
		if n := strings.Count(files[reports.JUnitFile], "<failure"); n != len(c.want) {
			t.Errorf("%d failures in %s, want %d", n, reports.JUnitFile, len(c.want))
		}
		for name, text := range files {
			if strings.HasPrefix(name, reports.FailedFolder) && c.want[name] == nil {
				t.Errorf("%s is left", name)
			}
			for _, part := range c.want[name] {
				if !strings.Contains(text, part) {
					t.Errorf("%s does not say %q:\n%s", name, part, text)
				}
			}
		}
		for name := range c.want {
			if files[name] == "" {
				t.Errorf("%s is missing", name)
			}
		}
	}
}

func TestWriteFolderNamesWhatFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "taken"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := reports.Of(fixture.One()).WriteFolder(filepath.Join(dir, "taken"), reports.Manifest{})
	if err == nil || !strings.Contains(err.Error(), "make folder") || !strings.Contains(err.Error(), "taken") {
		t.Errorf("a file in the folder's place: %v", err)
	}

	// A folder stands where the results file must go: everything before it is
	// written, nothing after it, and no manifest says that all is well.
	half := filepath.Join(dir, "half")
	if err := os.MkdirAll(filepath.Join(half, reports.ResultsFile, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, reports.ManifestFile), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := reports.Of(fixture.One()).WriteFolder(half, reports.Manifest{})
	if err == nil || !strings.Contains(err.Error(), reports.ResultsFile) {
		t.Errorf("a folder in a file's place: %v", err)
	}
	if diff := cmp.Diff(reports.Files{reports.ScenarioFile, reports.ResolvedFile}, files); diff != "" {
		t.Errorf("files written before the error (-want +got):\n%s", diff)
	}
	for name := range read(t, half) {
		if name == reports.ManifestFile || strings.HasSuffix(name, ".partial") {
			t.Errorf("%s was left behind", name)
		}
	}
}

func terminal(t *testing.T, set *result.Set, o reports.TerminalOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := reports.Of(set).Terminal(&b, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			got := terminal(t, v.make(), reports.TerminalOptions{Folder: "runs/month-end-day-7c1f09ab"})
			fitsScreen(t, got)
			if v.name != "huge" {
				golden.Check(t, "terminal-"+v.name+".txt", got)
			}
		})
	}
}

func fitsScreen(t *testing.T, got string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) > 40 {
		t.Errorf("%d lines do not fit on one screen", len(lines))
	}
	for _, l := range lines {
		if utf8.RuneCountInString(l) > 100 {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(l), l)
		}
	}
}

// TestTerminalIsOneScreenAtWorst has many maps, long names, every property
// broken, and keys that try to steer the terminal.
func TestTerminalIsOneScreenAtWorst(t *testing.T) {
	t.Parallel()
	set := fixture.Broken()
	r := &set.Runs[0]
	for i := range 30 {
		name := fmt.Sprintf("a table map with a rather long name %d", i)
		set.Scenario.Maps = append(set.Scenario.Maps, result.Map{Name: name})
		r.Maps = append(r.Maps, result.MapCount{Map: name, Captured: [2]uint64{uint64(i * 1_000_000), 3}, Parked: 7})
		r.Outcomes = append(r.Outcomes, result.OutcomeCount{Map: name, Side: "finops", Class: "synced", Count: uint64(i * 1_000_000)})
	}
	for i := range r.Properties {
		r.Properties[i].Verdict = result.Fail
		r.Properties[i].Examples = []result.Violation{{Record: "key \x1b[2J\r\n\x07end", Message: "lost"}}
	}
	got := terminal(t, set, reports.TerminalOptions{Folder: "runs/x"})
	fitsScreen(t, got)
	if strings.ContainsAny(got, "\x1b\r\x07") {
		t.Error("a record's control characters reached the terminal")
	}
	if !strings.Contains(got, "key ?[2J???end") {
		t.Errorf("the hostile key is not shown, so the test does not test:\n%s", got)
	}
	if !strings.HasSuffix(got, "reproduce  "+set.Scenario.Command+"\n") {
		t.Error("the reproduce line is not the last one")
	}
}

func TestTerminalColor(t *testing.T) {
	t.Parallel()
	if plain := terminal(t, fixture.Broken(), reports.TerminalOptions{}); strings.Contains(plain, "\x1b") {
		t.Error("colour without being asked for")
	}
	colored := terminal(t, fixture.Broken(), reports.TerminalOptions{Color: true})
	for _, want := range []string{"\x1b[1;31mFAIL\x1b[0m  month-end-day", "  \x1b[1;31mFAIL\x1b[0m  no-lost-update", "\x1b[1;33mINCONCLUSIVE\x1b[0m"} {
		if !strings.Contains(colored, want) {
			t.Errorf("no %q in\n%s", want, colored)
		}
	}
}

// TestLook writes everything that there is to see into the folder REPORTS_LOOK,
// for people: run folders and PNG pictures of every variant.
func TestLook(t *testing.T) {
	folder := os.Getenv("REPORTS_LOOK")
	if folder == "" {
		t.Skip("REPORTS_LOOK names no folder to write to")
	}
	for _, v := range variants {
		set := v.make()
		dir := filepath.Join(folder, v.name)
		if _, err := reports.Of(set).WriteFolder(dir, reports.Manifest{Program: "look"}); err != nil {
			t.Fatal(err)
		}
		for _, p := range reports.Of(set).Plots() {
			var light, dark bytes.Buffer
			if err := p.WritePNG(&light, false); err != nil {
				t.Fatal(err)
			}
			if err := p.WritePNG(&dark, true); err != nil {
				t.Fatal(err)
			}
			for name, b := range map[string][]byte{p.Name + ".png": light.Bytes(), p.Name + "-dark.png": dark.Bytes()} {
				if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
