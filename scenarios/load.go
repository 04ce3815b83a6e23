package scenarios

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

//go:embed builtin/*.yaml
var builtin embed.FS

//go:embed data/*.csv
var data embed.FS

// Load reads a scenario that comes with the program, by its name, or a file,
// by its path, and checks it together with the traces that it names. sets are
// overrides as "path=value". A scenario with faults gives [Errors].
func Load(nameOrPath string, sets ...string) (*Scenario, Warnings, error) {
	s, err := load(nameOrPath, sets)
	if err != nil {
		return nil, nil, err
	}
	if err := s.LoadSamples(); err != nil {
		return nil, nil, err
	}
	if err := s.checkTraces(); err != nil {
		return nil, nil, err
	}
	return s, foresee(s), nil
}

func load(nameOrPath string, sets []string) (*Scenario, error) {
	if src, err := Builtin(nameOrPath); err == nil {
		s, err := parseFile(nameOrPath+".yaml", src, sets)
		if err != nil {
			return nil, err
		}
		s.files = func(name string) (fs.File, error) { return data.Open(path.Join("data", name)) }
		return s, nil
	}
	src, err := readLimited(nameOrPath)
	if err != nil {
		if os.IsNotExist(err) && !strings.ContainsAny(nameOrPath, `./\`) {
			return nil, fmt.Errorf("there is no scenario %s: %s", quote(nameOrPath), didYouMean(nameOrPath, Names()))
		}
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return parseFile(nameOrPath, src, sets)
}

// readLimited reads a file, but no more of it than [Parse] refuses.
func readLimited(name string) ([]byte, error) {
	f, err := openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it is only read
	return io.ReadAll(io.LimitReader(f, documentBytesMax+1))
}

// Builtin returns the source of a scenario that comes with the program.
func Builtin(name string) ([]byte, error) {
	return builtin.ReadFile(path.Join("builtin", name+".yaml"))
}

// Extract writes a scenario that comes with the program into a folder, as
// NAME.yaml with the traces that it names beside it, so that it can be changed
// and run. It makes the folder, replaces no file, and returns what it wrote.
func Extract(name, dir string) ([]string, error) {
	s, err := load(name, nil)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("extract scenario %s: %w", name, err)
	}
	var written []string
	write := func(file string, content []byte) error {
		f, err := os.OpenFile(filepath.Join(dir, file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return fmt.Errorf("extract scenario %s: %w", name, err)
		}
		if _, err := f.Write(content); err != nil {
			_ = f.Close() // the first error is the one to report
			return fmt.Errorf("extract scenario %s: %w", name, err)
		}
		written = append(written, f.Name())
		return f.Close()
	}
	if err := write(name+".yaml", s.src); err != nil {
		return written, err
	}
	for _, file := range s.fileNames() {
		content, err := data.ReadFile(path.Join("data", file))
		if err != nil {
			return written, fmt.Errorf("extract scenario %s: %w", name, err)
		}
		if err := write(file, content); err != nil {
			return written, err
		}
	}
	return written, nil
}

// fileNames lists the files that a scenario names, each once.
func (s *Scenario) fileNames() []string {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range s.Workload {
		if t := s.Workload[i].Trace; t != nil {
			add(t.File)
		}
	}
	for _, sample := range s.samples {
		add(sample.File)
	}
	return names
}

// Names lists the scenarios that come with the program, sorted.
func Names() []string {
	files, err := builtin.ReadDir("builtin")
	if err != nil {
		panic(err)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = strings.TrimSuffix(f.Name(), ".yaml")
	}
	return names
}

// Parse checks a scenario without looking at other files. file names it in
// messages; traces and samples are found beside it. A scenario with faults
// gives [Errors]: all of them, in the order of the file.
func Parse(file string, src []byte, sets []string) (*Scenario, Warnings, error) {
	s, err := parseFile(file, src, sets)
	if err != nil {
		return nil, nil, err
	}
	return s, foresee(s), nil
}

func parseFile(file string, src []byte, sets []string) (*Scenario, error) {
	errs := &collector{}
	root := parseTree(&origin{file: file}, src, errs)
	if root == nil {
		return nil, errs.sorted()
	}
	var open []OpenLookup
	if root.kind == mapping {
		var ok bool
		if open, ok = expand(root, errs); !ok {
			return nil, errs.sorted()
		}
		for i, set := range sets {
			override(root, set, i+1, errs)
		}
	}
	c := &checker{errs: errs}
	c.outline(root)
	tree := schema.check(c, root, "")
	if errs.count() > 0 {
		return nil, errs.sorted()
	}
	s := &Scenario{
		Open: open,
		tree: tree, src: bytes.Clone(src), samples: c.samples,
		files: func(name string) (fs.File, error) {
			if !filepath.IsAbs(name) {
				name = filepath.Join(filepath.Dir(file), name)
			}
			return openRegular(name)
		},
	}
	bind(tree, reflect.ValueOf(s).Elem())
	if !slices.Contains(sets, noSweep) {
		if errs := s.checkPoints(file, sets); errs != nil {
			return nil, errs
		}
	}
	return s, nil
}

// openRegular opens a file that has an end.
func openRegular(name string) (fs.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return os.Open(name)
}
