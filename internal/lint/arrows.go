package lint

import (
	"slices"
	"strconv"
	"strings"
)

// room is a folder with what its packages may import beside the standard
// library. A folder below it belongs to the same room unless it is a room of
// its own. Packages of one room may import each other.
type room struct {
	dir    string
	ours   []string // rooms; "*" is all of them
	theirs []string // modules
	tests  []string // rooms that its tests may import, too
	why    string
}

const (
	failpoint = "github.com/pingcap/failpoint"
	goyaml    = "github.com/goccy/go-yaml"
	gonum     = "gonum.org/v1/gonum"
	histogram = "github.com/HdrHistogram/hdrhistogram-go"
	rapid     = "pgregory.net/rapid"
	sqlite    = "github.com/mattn/go-sqlite3"
	text      = "golang.org/x/text"
)

// The data's way is one line: scenario file, plan of runs, world, run, result,
// results file, report. Nobody looks back up.
var rooms = []room{
	{
		dir: "sim",
		why: "the kernel knows no business word and stands on the standard library alone: whatever it imports could bring a clock, a goroutine or a map's order into every run",
	},
	{
		dir: "engine", tests: []string{"engine/store", "engine/store/sqlite", "internal/fault"},
		why: "the engine that runs in the simulator is the one that runs in production: it knows nothing of the simulation, does no I/O, and sees stores and failpoints through its own interfaces",
	},
	{
		dir: "engine/store", ours: []string{"engine"}, tests: []string{"engine/store/storetest", "internal/fault"},
		why: "a store keeps what the core hands it; the memory store must build without cgo, for the browser too",
	},
	{
		dir: "engine/store/storetest", ours: []string{"engine", "engine/store"}, theirs: []string{rapid, "github.com/google/go-cmp"},
		why: "one suite for all stores: their tests alone import it, and it brings the tests' modules",
	},
	{
		dir: "engine/store/sqlite", ours: []string{"engine", "engine/store"}, theirs: []string{sqlite}, tests: []string{"engine/store/storetest", "internal/fault"},
		why: "the one package below engine that needs a C compiler; nothing but SQLite comes with it",
	},
	{
		dir: "engine/integrator", ours: []string{"engine"},
		why: "the scheduled copy that teams compare with shares the engine's plain types, and none of its rules",
	},
	{
		dir: "engine/runner", ours: []string{"engine", "engine/store"}, tests: []string{"engine/store/sqlite", "internal/fault"},
		why: "the production driver is handed its store and its clients; it knows nothing of the simulation",
	},
	{
		dir: "model", ours: []string{"sim", "engine", "engine/integrator", "engine/store", "model/oracle"}, theirs: []string{text}, tests: []string{"internal/fault"},
		why: "the two systems are events on the kernel around the engine, which is handed Unicode's tables; they know neither scenarios nor results, and build without cgo",
	},
	{
		dir: "model/oracle", ours: []string{"sim", "engine", "model"}, tests: []string{"internal/fault"},
		why: "the oracle judges by causal histories; it may name the engine's plain types and call none of its code (rule oracle)",
	},
	{
		dir:  "scenarios",
		ours: []string{"sim", "engine", "engine/integrator", "engine/store", "model", "model/oracle", "scenarios/result", "internal/fault"}, theirs: []string{goyaml, histogram},
		why: "scenarios assemble and run worlds; they draw nothing, and stores that need cgo are handed to them",
	},
	{
		dir:    "scenarios/check",
		ours:   []string{"sim", "engine", "engine/store", "model", "model/oracle", "scenarios", "scenarios/result", "internal/fault"},
		theirs: []string{rapid, histogram},
		tests:  []string{"engine/store/sqlite"},
		why:    "case generation draws nothing and needs no cgo: pictures and durable stores are handed to it",
	},
	{
		dir: "scenarios/result",
		why: "the seam between world and report is plain data: an import here would be seen from both sides",
	},
	{
		dir: "reports", ours: []string{"scenarios/result"},
		theirs: []string{sqlite, "gonum.org/v1/plot", gonum, histogram, "golang.org/x/image", "codeberg.org/go-fonts/liberation"},
		why:    "a report is made of results alone, so that it can be made again from the results file without a world",
	},
	{
		dir: "internal/fault", theirs: []string{failpoint},
		why: "failpoints are a leaf: the only importer of " + failpoint + ", which links net/http and os/exec and is left out with -tags nofault",
	},
	{
		dir: "internal/lint",
		why: "the rules must stand when everything they watch is broken",
	},
	{
		dir: "cmd", ours: []string{"*"}, theirs: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
		why: "flags, wiring, progress and exit codes: what needs more belongs into another room",
	},
	{
		dir: "bench", ours: []string{"*"},
		why: "the yardstick measures the rooms as they are and brings nothing of its own",
	},
}

// testModules may be imported by tests in every room.
var testModules = []string{rapid, gonum, "github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "github.com/cockroachdb/datadriven"}

// roomOf is the deepest room that holds a folder.
func roomOf(dir string) (room, bool) {
	var found room
	for _, r := range rooms {
		if within(dir, r.dir) && len(r.dir) > len(found.dir) {
			found = r
		}
	}
	return found, found.dir != ""
}

// within says whether a slash-separated path is parent or lies below it.
func within(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

// arrows checks who imports whom.
func arrows(s *source) []finding {
	var found []finding
	for _, f := range s.files {
		from, ok := roomOf(f.dir)
		if !ok {
			found = append(found, s.find(f, f.Package, "room", "folder %s is no room of this house; the table is in internal/lint/arrows.go and ARCHITECTURE.md", f.dir))
			continue
		}
		for _, spec := range f.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // the parser took it: cannot happen
			}
			switch dir, ours := strings.CutPrefix(path, module+"/"); {
			case path == "C":
				if from.dir != "engine/store/sqlite" {
					found = append(found, s.find(f, spec.Pos(), "cgo", "cgo lives in engine/store/sqlite alone: the rest must build without a C compiler of its own"))
				}
			case ours:
				if to, ok := roomOf(dir); !ok || !from.mayImport(to.dir, f.test) {
					found = append(found, s.find(f, spec.Pos(), "arrow", "%s must not import %s: %s", from.dir, dir, from.why))
				}
			case standard(path):
			case slices.ContainsFunc(from.theirs, func(m string) bool { return within(path, m) }):
			case f.test && slices.ContainsFunc(testModules, func(m string) bool { return within(path, m) }):
			default:
				found = append(found, s.find(f, spec.Pos(), "arrow", "%s must not import %s: %s", from.dir, path, from.why))
			}
		}
	}
	return found
}

func (r room) mayImport(to string, test bool) bool {
	return to == r.dir || slices.Contains(r.ours, to) || slices.Contains(r.ours, "*") || test && slices.Contains(r.tests, to)
}

// standard says whether an import path is of the standard library: those have
// no dot in their first element.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
