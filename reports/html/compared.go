package html

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// comparedView is the page of a comparison, in the order of reading.
type comparedView struct {
	Style  template.HTML
	Policy string

	Name, Against, Command string
	Verdicts               []string // a sentence on each setting
	Details                []string // a sentence on each difference that is told
	Notes                  []string
	Facts                  []fact
	Expectations           []expectation
	Legend                 string
	Blocks                 []any // tables with their titles
	Plots                  []picture
	Trust                  table
	Limits                 []string
	Terms                  []term
}

// WriteCompared writes the page of a comparison; drawn are its plots.
func WriteCompared(w io.Writer, c *result.Comparison, f comparison.Comparison, drawn []plots.Plot) error {
	v := comparedView{
		Style: sheet().Style, Policy: sheet().Policy,
		Name: f.Name, Against: findings.Capital(f.Against()), Command: f.Command, Notes: f.Notes, Legend: comparison.Legend,
		Expectations: expectationsOf(summary.Summary{Expectations: f.Expectations}), Trust: trustTable(&f),
		Limits: limits(c.Settings[0].Set.Scenario), Terms: terms,
	}
	for _, s := range f.Sentences {
		if strings.Contains(s.Text, "95 % interval") {
			v.Details = append(v.Details, s.Text)
		} else {
			v.Verdicts = append(v.Verdicts, s.Text)
		}
	}
	for _, s := range f.Settings {
		v.Facts = append(v.Facts, fact{s.Name, fmt.Sprintf("%s, seed %d, results %s", words.Counted(s.Runs, "run", "runs"), s.Seed, s.Hash)})
	}
	for _, b := range f.Blocks() {
		t := table{Rows: b.Rows}
		for i, head := range f.Head() {
			t.Head = append(t.Head, column{head, i > 0})
		}
		v.Blocks = append(v.Blocks, titled(b.Head, t))
	}
	for _, p := range drawn {
		var svg bytes.Buffer
		if err := p.Inline(&svg); err != nil {
			return fmt.Errorf("draw %s: %w", p.Name, err)
		}
		v.Plots = append(v.Plots, picture{Plot: p, SVG: template.HTML(svg.String()), Numbers: numbers(p.Table)})
	}
	var b bytes.Buffer
	if err := page.ExecuteTemplate(&b, "compare.html", v); err != nil {
		return fmt.Errorf("fill page: %w", err)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// trustTable says of every difference how it was measured.
func trustTable(f *comparison.Comparison) table {
	t := table{Head: []column{{"Figure", false}, {"Setting", false}, {"Measured by", false}, {"p", true}, {"p after Holm", true}}}
	for i := range f.Figures {
		for k, cell := range f.Figures[i].Cells {
			if a := cell.Against; a != nil {
				t.Rows = append(t.Rows, []string{
					f.Figures[i].Name, f.Settings[k].Name, a.Trust(), fmt.Sprintf("%.2g", float64(a.P)), fmt.Sprintf("%.2g", float64(a.Adjusted)),
				})
			}
		}
	}
	return t
}
