// Package plots draws the pictures of a report with gonum/plot: scales and
// drawing are gonum's, the frame, axes and labels are this package's own.
//
// [All] makes every [Plot] that a set has data for. A plot can be written as a
// stand-alone SVG file ([Plot.WriteSVG]), as the inner part of a page that
// brings its own headings ([Plot.Inline]), or as PNG ([Plot.WritePNG]). The
// bytes depend on the data alone. Behind every plot stands the [Table] of what
// it shows, for readers who cannot see it or want the numbers.
//
// How a picture is built, from the outside in: figure.go is the frame with
// title and caption, panel.go the area with axes and grid, labels.go puts text
// where it covers nothing, and one file per plot draws the data. Below them
// are the backends, svg.go and png.go, and the lettering.
package plots

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Plot is one picture, ready to be drawn.
type Plot struct {
	Name     string           // file name without extension: "convergence"
	Title    string           // the finding, one sentence without full stop
	Subtitle string           // what is shown, in which unit, of how many
	Caption  string           // n and method
	Table    Table            // the numbers behind it
	Named    []findings.Named // those of its title and subtitle that are no row of the table
	Series   []Series         // what a reader may hide; nil where it is one thing
	Cursor   *Cursor          // nil: no axis of it is calendar time

	height vg.Length // of the inner part
	draw   func(c draw.Canvas)
}

// Table is what a plot shows, as text.
type Table struct {
	Head []string
	Rows [][]string
	Note string // what was folded or left out; empty when nothing was
}

// All draws every plot of the runs of set that figures are pooled of, in the
// order of a report. A plot whose data is missing says so instead of being left
// out, except those of what a set need not have: transactions that were
// followed, and several runs; and those of what its mode has nothing of, which
// [Foreign] names.
func All(set *result.Set, s summary.Summary) []Plot {
	set = summary.Pool(set)
	all := []Plot{Convergence(set, s), Pace(set), Backlog(set), Use(set)}
	switch {
	case s.Copies():
		all = append(all, Carried(s))
	case s.AllLive():
		all = append(all, Errors(set))
	default:
		all = append(all, Outcomes(s), Errors(set), Dependency(set))
	}
	all = append(all, Clocks(set), Gaps(set), Limits(set))
	if len(findings.Followed(s)) > 0 {
		all = append(all, Torn(set, s))
	}
	if len(set.Runs) > 1 {
		all = append(all, Trust(set))
	}
	return all
}

// Foreign says which plots do not apply, and why; empty where all do.
func Foreign(s summary.Summary) string {
	switch {
	case s.Copies():
		return "How references ended, errors over time and waits for records that are looked up do not apply: the data integrator has no queue, no outcomes and no error desk."
	case s.AllLive():
		return "How references ended and waits for records that are looked up do not apply: every change went live, and none was queued."
	default:
		return ""
	}
}
