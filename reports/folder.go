package reports

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/store"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Manifest is what is true of one execution rather than of its results: the
// only place for wall-clock figures, host and versions. The caller fills it.
type Manifest struct {
	Program   string    `json:"program"` // version of twinwrite
	Build     string    `json:"build"`   // names the very program: what another build made is not taken for its own
	Go        string    `json:"go"`      // version of the toolchain
	OS        string    `json:"os"`
	Arch      string    `json:"arch"`
	CPUs      int       `json:"cpus"`
	Host      string    `json:"host,omitempty"`
	Arguments []string  `json:"arguments"` // the command line as typed
	Started   time.Time `json:"started"`

	ElapsedSeconds   float64 `json:"elapsed_seconds"`
	SimulatedSeconds float64 `json:"simulated_seconds"` // run time summed over runs
	EventsPerSecond  float64 `json:"events_per_second"`
}

// Files are the paths that [Report.WriteFolder] wrote, in the order of writing,
// relative to the run folder and with forward slashes.
type Files []string

// Names of the files in a run folder.
const (
	ScenarioFile = "scenario.yaml"
	ResolvedFile = "resolved.yaml"
	ResultsFile  = "results.sqlite"
	SummaryFile  = "summary.json"
	PlotsFolder  = "plots"
	ReportFile   = "report.html"
	JUnitFile    = "junit.xml"
	FailedFolder = "failed" // a text for each case of the suite that failed; without one there is no folder
	ManifestFile = "manifest.json"
)

// Report is a set with its figures, in all forms that there are. The figures are
// worked out once: with many runs their intervals take longer than the runs.
type Report struct {
	set     *result.Set
	figures summary.Summary
}

// Of condenses a set.
func Of(set *result.Set) *Report { return &Report{set, summary.Of(set)} }

// WriteFolder writes all reports of a set into the folder dir, making it if need
// be and replacing what an earlier call left there.
//
// Each file appears whole or not at all: it is written beside its place and
// renamed. The manifest comes last, so a folder with a manifest is complete.
// On an error the files written so far are returned with it.
func (r *Report) WriteFolder(dir string, m Manifest) (Files, error) {
	drawn := r.Plots()
	f, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	f.bytes(ScenarioFile, r.set.Scenario.Source)
	f.bytes(ResolvedFile, r.set.Scenario.Resolved)
	f.path(ResultsFile, func(path string) error { return store.Write(path, r.set) })
	f.write(SummaryFile, r.WriteJSON)
	f.plots(drawn)
	f.write(ReportFile, func(w io.Writer) error { return html.Write(w, r.set, r.figures, drawn) })
	f.suite(r.JUnit())
	f.manifest(m)
	return f.files, f.err
}

// Page writes the page.
func (r *Report) Page(w io.Writer) error { return html.Write(w, r.set, r.figures, r.Plots()) }

// Plots draws the pictures.
func (r *Report) Plots() []plots.Plot { return plots.All(r.set, r.figures) }

// WriteJSON writes the figures, as summary.json has them.
func (r *Report) WriteJSON(w io.Writer) error { return r.figures.WriteJSON(w) }

// folder writes files one after the other until the first error.
type folder struct {
	dir   string
	files Files
	err   error
}

// newFolder makes a folder, or begins it anew. An old manifest must not vouch for
// files that are about to change.
func newFolder(dir string) (*folder, error) {
	if err := os.MkdirAll(filepath.Join(dir, PlotsFolder), 0o755); err != nil {
		return nil, fmt.Errorf("make folder %s: %w", dir, err)
	}
	for _, old := range []string{ManifestFile, FailedFolder} {
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			return nil, fmt.Errorf("start folder %s: %w", dir, err)
		}
	}
	return &folder{dir: dir}, nil
}

// plots writes the pictures.
func (f *folder) plots(drawn []plots.Plot) {
	for _, p := range drawn {
		f.write(PlotsFolder+"/"+p.Name+".svg", p.WriteSVG)
	}
}

// pictures writes the pictures of what keeps no results to draw them from again: for pages
// and, light, for slides.
func (f *folder) pictures(drawn []plots.Plot) {
	f.plots(drawn)
	for _, p := range drawn {
		f.write(PlotsFolder+"/"+p.Name+".png", func(w io.Writer) error { return p.WritePNG(w, false) })
	}
}

// suite writes the verdicts for a continuous integration, and of each case that
// failed what there is to know.
func (f *folder) suite(s junit.Suite) {
	f.write(JUnitFile, s.Write)
	for i := range s.Cases {
		c := &s.Cases[i]
		if c.Verdict != result.Fail || f.err != nil {
			continue
		}
		if err := os.MkdirAll(filepath.Join(f.dir, FailedFolder), 0o755); err != nil {
			f.err = fmt.Errorf("make folder %s: %w", FailedFolder, err)
			return
		}
		f.bytes(FailedFolder+"/"+c.File(), []byte(c.Message+"\n\n"+strings.TrimRight(c.Text, "\n")+"\n"))
	}
}

// manifest ends a folder: what has one is whole.
func (f *folder) manifest(m Manifest) {
	f.write(ManifestFile, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	})
}

// path has write fill a new file beside name, and moves it there.
func (f *folder) path(name string, write func(path string) error) {
	if f.err != nil {
		return
	}
	final := filepath.Join(f.dir, filepath.FromSlash(name))
	partial := final + ".partial"
	err := write(partial)
	if err == nil {
		err = os.Rename(partial, final)
	}
	if err != nil {
		_ = os.Remove(partial) // it may not exist; the first error is the one to report
		f.err = fmt.Errorf("write %s: %w", final, err)
		return
	}
	f.files = append(f.files, name)
}

func (f *folder) write(name string, write func(io.Writer) error) {
	f.path(name, func(path string) error {
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(file)
		return errors.Join(write(w), w.Flush(), file.Close())
	})
}

func (f *folder) bytes(name string, b []byte) {
	f.path(name, func(path string) error { return os.WriteFile(path, b, 0o644) })
}
