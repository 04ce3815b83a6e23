package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/twinwrite/twinwrite/reports"
)

// The scripts run this program as the command twinwrite.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"twinwrite": func() { os.Exit(execute(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_GOLDEN") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "glob": glob, "same": same, "samefolders": sameFolders, "folder": folder,
		},
	})
}

// exits runs a command and demands an exit code: exits 3 twinwrite run ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT ...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, expected %s", code, args[0])
	}
}

// glob demands that each pattern matches files, none of them empty.
func glob(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: glob PATTERN ...")
	}
	for _, pattern := range args {
		matches, err := filepath.Glob(ts.MkAbs(pattern))
		if err != nil || len(matches) == 0 {
			ts.Fatalf("%s matches nothing (%v)", pattern, err)
		}
		for _, path := range matches {
			if info, err := os.Stat(path); err != nil || info.Size() == 0 {
				ts.Fatalf("%s is empty (%v)", path, err)
			}
		}
	}
}

// same demands that a file of the run folders below two folders has the same
// bytes: same DIR DIR NAME. Negated, that it has not.
func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: [!] same DIR DIR NAME")
	}
	var content [2][]byte
	for i, dir := range args[:2] {
		matches, err := filepath.Glob(filepath.Join(ts.MkAbs(dir), "*", args[2]))
		if err != nil || len(matches) != 1 {
			ts.Fatalf("%s holds %d files %s (%v)", dir, len(matches), args[2], err)
		}
		content[i], err = os.ReadFile(matches[0])
		ts.Check(err)
	}
	if bytes.Equal(content[0], content[1]) == neg {
		ts.Fatalf("%s of %s and %s: same is %v", args[2], args[0], args[1], !neg)
	}
}

// sameFolders demands that two folders hold the same files with the same bytes,
// but for what is true of one execution only: samefolders DIR DIR.
func sameFolders(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samefolders DIR DIR")
	}
	var files [2]map[string]string
	for i, dir := range args {
		files[i] = map[string]string{}
		root := os.DirFS(ts.MkAbs(dir))
		ts.Check(fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == reports.ManifestFile {
				return err
			}
			b, err := fs.ReadFile(root, path)
			files[i][path] = string(b)
			return err
		}))
	}
	if len(files[0]) == 0 || len(files[0]) != len(files[1]) {
		ts.Fatalf("%s has %d files, and %s %d", args[0], len(files[0]), args[1], len(files[1]))
	}
	for path, content := range files[0] {
		if other, ok := files[1][path]; !ok || other != content {
			ts.Fatalf("%s differs between %s and %s (there: %v)", path, args[0], args[1], ok)
		}
	}
}

// folder puts the one path that a pattern matches into a variable: folder NAME
// PATTERN.
func folder(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: folder NAME PATTERN")
	}
	matches, err := filepath.Glob(ts.MkAbs(args[1]))
	if err != nil || len(matches) != 1 {
		ts.Fatalf("%s matches %d paths (%v)", args[1], len(matches), err)
	}
	ts.Setenv(args[0], matches[0])
}
