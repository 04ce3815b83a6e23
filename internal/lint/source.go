package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// module is the path of this module.
const module = "github.com/twinwrite/twinwrite"

// finding is one broken rule.
type finding struct {
	file string // relative to the root, with slashes
	line int
	rule string
	why  string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.rule, f.why)
}

// inOrder sorts findings by place.
func inOrder(found []finding) []finding {
	slices.SortFunc(found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.rule, b.rule), cmp.Compare(a.why, b.why))
	})
	return found
}

// source is every Go file below root, whatever its build tags.
type source struct {
	root  string
	fset  *token.FileSet
	files []*file
}

type file struct {
	path string // relative to the root, with slashes
	dir  string // the folder of path; "." at the root
	test bool
	*ast.File
}

func (s *source) find(f *file, at token.Pos, rule, format string, args ...any) finding {
	return finding{f.path, s.fset.Position(at).Line, rule, fmt.Sprintf(format, args...)}
}

// read parses the Go files below root. It leaves out what the go command
// leaves out (testdata, hidden folders) and what the programs write.
func read(root string) (*source, error) {
	s := &source{root: root, fset: token.NewFileSet()}
	err := walk(root, func(rel string) error {
		if path.Ext(rel) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(s.fset, filepath.Join(root, rel), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s.files = append(s.files, &file{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), parsed})
		return nil
	})
	return s, err
}

// walk calls visit for every regular file below root, in lexical order.
func walk(root string, visit func(rel string) error) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			hidden := rel != "." && rel != ".ci" && strings.HasPrefix(d.Name(), ".")
			written := rel == "bin" || rel == "runs" || rel == "dist" || d.Name() == "node_modules"
			if hidden || written || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return visit(rel)
	})
}

// checked is one package with its types.
type checked struct {
	path string // import path
	fset *token.FileSet
	root string
	ast  []*ast.File
	info *types.Info
}

func (c *checked) find(at token.Pos, rule, format string, args ...any) finding {
	p := c.fset.Position(at)
	rel, err := filepath.Rel(c.root, p.Filename)
	if err != nil {
		rel = p.Filename
	}
	return finding{filepath.ToSlash(rel), p.Line, rule, fmt.Sprintf(format, args...)}
}

// check type-checks the packages that the patterns name, without their tests.
// What they import comes from the compiler's own export data, which the build
// cache has: that is fast, and agrees with the build.
func check(root string, patterns ...string) ([]*checked, error) {
	args := append([]string{"list", "-e", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export,DepOnly,Error"}, patterns...)
	list := exec.Command("go", args...)
	list.Dir = root
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &stderr)
	}
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
		DepOnly                 bool
		Error                   *struct{ Err string }
	}
	var targets []listed
	exports := map[string]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		exports[l.ImportPath] = l.Export
		if !l.DepOnly && len(l.GoFiles) > 0 {
			if l.Error != nil {
				return nil, fmt.Errorf("%s does not compile: %s", l.ImportPath, l.Error.Err)
			}
			targets = append(targets, l)
		}
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data for %s; does it compile?", path)
		}
		return os.Open(exports[path])
	})
	var packages []*checked
	for _, l := range targets {
		c := &checked{path: l.ImportPath, fset: fset, root: root, info: &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{},
			Uses:  map[*ast.Ident]types.Object{},
			Defs:  map[*ast.Ident]types.Object{},
		}}
		for _, name := range l.GoFiles {
			parsed, err := parser.ParseFile(fset, filepath.Join(l.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			c.ast = append(c.ast, parsed)
		}
		config := types.Config{Importer: imports}
		if _, err := config.Check(l.ImportPath, fset, c.ast, c.info); err != nil {
			return nil, err
		}
		packages = append(packages, c)
	}
	return packages, nil
}
