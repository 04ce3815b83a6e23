package html

import (
	"bytes"
	"fmt"
	"html/template"
	"io"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/plots"
)

// frame is what every page has: its head, the line that makes it again, its
// pictures, the limits of the model and the glossary. parts.html shows them.
type frame struct {
	Style  template.HTML
	Policy string

	Kind, Name, Title string // "report", the scenario, what a browser's tab says
	Command, Cut      string
	Facts             []fact
	Demand            string // what expectations are
	Expectations      []expectation
	Plots             []picture
	Foreign           string // which pictures do not apply
	Limits            []string
	Terms             []term
}

// newFrame draws the pictures into a frame.
func newFrame(kind, name, title, command string, drawn []plots.Plot) (frame, error) {
	f := frame{Style: sheet().Style, Policy: sheet().Policy, Kind: kind, Name: name, Title: title, Command: command, Terms: terms}
	for _, p := range drawn {
		var svg bytes.Buffer
		lines, err := p.Inline(&svg)
		if err != nil {
			return f, fmt.Errorf("draw %s: %w", p.Name, err)
		}
		f.Plots = append(f.Plots, picture{Plot: p, SVG: template.HTML(svg.String()), Numbers: numbers(p.Table), Named: tableOf(findings.NamedHead(p.Named), findings.NamedRows(p.Named), 1), Runs: lines})
	}
	return f, nil
}

// fill puts a view through a page's template.
func fill(w io.Writer, name string, view any) error {
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, name, view); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}
