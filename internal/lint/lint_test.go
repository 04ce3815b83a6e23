package lint

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHouse runs every rule over the module.
func TestHouse(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	s, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.files) < 20 {
		t.Fatalf("read %d files below %s: the rules saw next to nothing", len(s.files), root)
	}
	for name, rule := range map[string]func(*source) []finding{
		"arrows": arrows, "comments": comments, "names": packageNames, "glossary": glossary,
	} {
		t.Run(name, func(t *testing.T) { show(t, rule(s)) })
	}
	t.Run("mentions", func(t *testing.T) {
		found, err := mentions(root)
		if err != nil {
			t.Fatal(err)
		}
		show(t, found)
	})
	t.Run("determinism", func(t *testing.T) {
		if testing.Short() {
			t.Skip("type-checks the rooms; runs without -short")
		}
		packages, err := check(root, "./sim/...", "./engine/...", "./model/...")
		if err != nil {
			t.Fatal(err)
		}
		rooms := map[string]bool{}
		for _, c := range packages {
			dir := strings.TrimPrefix(c.path, module+"/")
			if deterministic(dir) {
				r, _ := roomOf(dir)
				rooms[r.dir] = true
				show(t, determinism(c))
			}
			if within(dir, "model/oracle") {
				show(t, oracle(c))
			}
		}
		for _, room := range []string{"sim", "engine", "model"} {
			if !rooms[room] {
				t.Errorf("room %s holds no package: nothing was checked there", room)
			}
		}
	})
}

// TestRulesReport runs each rule over packages that break it.
func TestRulesReport(t *testing.T) {
	t.Parallel()
	for folder, rule := range map[string]func(*source) []finding{
		"arrows": arrows, "comments": comments, "names": packageNames, "glossary": glossary,
	} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			s, err := read(filepath.Join("testdata", folder))
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, f := range s.files {
				want = append(want, wanted(f.File, f.path, func(n ast.Node) int { return s.fset.Position(n.Pos()).Line })...)
			}
			compare(t, rule(s), want)
		})
	}
	for folder, rule := range map[string]func(*checked) []finding{"determinism": determinism, "oracle": oracle} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("type-checks packages; runs without -short")
			}
			root, err := filepath.Abs(filepath.Join("testdata", folder))
			if err != nil {
				t.Fatal(err)
			}
			packages, err := check(root, "./"+map[string]string{"determinism": "sim", "oracle": "model/oracle"}[folder])
			if err != nil {
				t.Fatal(err)
			}
			var found []finding
			var want []string
			for _, c := range packages {
				found = append(found, rule(c)...)
				for _, f := range c.ast {
					line := func(n ast.Node) int { return c.fset.Position(n.Pos()).Line }
					want = append(want, wanted(f, c.find(f.Pos(), "", "").file, line)...)
				}
			}
			compare(t, found, want)
		})
	}
	t.Run("mentions", func(t *testing.T) {
		t.Parallel()
		root := t.TempDir()
		text := fmt.Sprintf("fine\nsee %s/notes.md\nand %s\n", outside[0], outside[1])
		if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		found, err := mentions(root)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, found, []string{"README.md:2: mention", "README.md:3: mention"})
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"HTTPLagMax": "http lag max", "Tenant": "tenant", "LagP99": "lag p99", "Flag": "flag",
		"PeerID": "peer id", "Replicas_Max": "replicas max", "RNG": "rng", "Plague": "plague",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("words(%s) = %s, want %s", name, got, want)
		}
	}
}

// TestRoomsExist keeps the table of rooms honest: an arrow to a room that is
// not in the table would allow nothing and say nothing.
func TestRoomsExist(t *testing.T) {
	t.Parallel()
	for _, r := range rooms {
		for _, to := range slices.Concat(r.ours, r.tests) {
			if !slices.ContainsFunc(rooms, func(r room) bool { return to == "*" || r.dir == to }) {
				t.Errorf("room %s may import %s, which is no room", r.dir, to)
			}
		}
		if r.why == "" {
			t.Errorf("room %s has no reason", r.dir)
		}
	}
}

func show(t *testing.T, found []finding) {
	t.Helper()
	for _, f := range inOrder(found) {
		t.Error(f)
	}
}

// wanted are the comments "want RULE..." of a file, as "file:line: RULE".
func wanted(f *ast.File, path string, line func(ast.Node) int) []string {
	var all []string
	for _, group := range f.Comments {
		for _, c := range group.List {
			_, rules, ok := strings.Cut(c.Text, "want ")
			for rule := range strings.FieldsSeq(rules) {
				if ok {
					all = append(all, fmt.Sprintf("%s:%d: %s", path, line(c), rule))
				}
			}
		}
	}
	return all
}

// compare wants exactly the given findings, and at least one.
func compare(t *testing.T, found []finding, want []string) {
	t.Helper()
	if len(want) == 0 {
		t.Fatal("nothing to find: this test would prove nothing")
	}
	var got []string
	for _, f := range inOrder(found) {
		t.Log(f)
		got = append(got, fmt.Sprintf("%s:%d: %s", f.file, f.line, f.rule))
	}
	slices.Sort(got)
	slices.Sort(want)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not reported: %s", w)
		}
	}
	for _, g := range got {
		if !slices.Contains(want, g) {
			t.Errorf("reported but not wanted: %s", g)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d findings, want %d", len(got), len(want))
	}
}

// moduleRoot is the folder of go.mod: tests run in the folder of their package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return root
}
