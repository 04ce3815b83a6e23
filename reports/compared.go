package reports

import (
	"io"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Names of the files in the folder of a comparison.
const (
	ComparisonFile = "comparison.json"
	CommentFile    = "comparison.md"
	ComparedFile   = "comparison.html"
)

// Names of the files in the folder of a sweep.
const (
	SweepFile      = "sweep.json"
	SweepTableFile = "sweep.csv"
	SweepNoteFile  = "sweep.md"
	SweepPage      = "sweep.html"
)

// Names of the files in the folder of a tornado.
const (
	TornadoFile     = "tornado.json"
	TornadoNoteFile = "tornado.md"
	TornadoPage     = "tornado.html"
)

// WriteSweep writes the points of a sweep of scenario sc into the folder dir.
// Their results are in run folders of their own.
func WriteSweep(dir string, s *comparison.Sweep, sc result.Scenario) error {
	drawn := plots.Swept(s)
	f, err := newFolder(dir)
	if err != nil {
		return err
	}
	f.pictures(drawn)
	f.write(SweepFile, s.WriteJSON)
	f.write(SweepTableFile, s.WriteCSV)
	f.write(SweepNoteFile, s.WriteMarkdown)
	f.write(SweepPage, func(w io.Writer) error { return html.WriteSwept(w, s, sc, drawn) })
	return f.err
}

// WriteTornado writes what hangs on the assumptions of scenario sc into the
// folder dir.
func WriteTornado(dir string, t *comparison.Tornado, sc result.Scenario) error {
	drawn := []plots.Plot{plots.Tornado(t)}
	f, err := newFolder(dir)
	if err != nil {
		return err
	}
	f.pictures(drawn)
	f.write(TornadoFile, t.WriteJSON)
	f.write(TornadoNoteFile, t.WriteMarkdown)
	f.write(TornadoPage, func(w io.Writer) error { return html.WriteTornado(w, t, sc, drawn) })
	return f.err
}

// WriteComparison writes the reports of a comparison into the folder dir, as
// [Report.WriteFolder] does those of a set.
func WriteComparison(dir string, c *result.Comparison, figures comparison.Comparison, m Manifest) (Files, error) {
	drawn := plots.Compared(c, &figures)
	f, err := newFolder(dir)
	if err != nil {
		return nil, err
	}
	f.pictures(drawn)
	f.write(ComparisonFile, figures.WriteJSON)
	f.write(CommentFile, figures.WriteMarkdown)
	f.write(ComparedFile, func(w io.Writer) error { return html.WriteCompared(w, c, figures, drawn) })
	f.manifest(m)
	return f.files, f.err
}
