package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

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
)

// WriteSweep writes the points of a sweep into the folder dir. Their results
// are in run folders of their own.
func WriteSweep(dir string, s comparison.Sweep) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder %s: %w", dir, err)
	}
	f := folder{dir: dir}
	f.write(SweepFile, s.WriteJSON)
	f.write(SweepTableFile, s.WriteCSV)
	return f.err
}

// WriteComparison writes the reports of a comparison into the folder dir, as
// [WriteFolder] does those of a set.
func WriteComparison(dir string, c *result.Comparison, figures comparison.Comparison, m Manifest) (Files, error) {
	if err := os.MkdirAll(filepath.Join(dir, PlotsFolder), 0o755); err != nil {
		return nil, fmt.Errorf("make folder %s: %w", dir, err)
	}
	if err := os.Remove(filepath.Join(dir, ManifestFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("start folder %s: %w", dir, err)
	}
	drawn := plots.Compared(c, &figures)
	f := folder{dir: dir}
	f.write(ComparisonFile, figures.WriteJSON)
	f.write(CommentFile, figures.WriteMarkdown)
	for _, p := range drawn {
		f.write(PlotsFolder+"/"+p.Name+".svg", p.WriteSVG)
	}
	f.write(ComparedFile, func(w io.Writer) error { return html.WriteCompared(w, c, figures, drawn) })
	f.write(ManifestFile, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(m)
	})
	return f.files, f.err
}
