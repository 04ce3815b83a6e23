package html

import (
	"fmt"
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
	frame

	Headline string // what is advised, or else what is compared
	Against  string // what is compared, where the headline says something else
	Given    table
	Assumed  table
	Advice   *comparison.Advice
	Evidence any      // a table with its title, of all figures that advice rests on
	Verdicts []string // a sentence on each setting
	Details  []string // a sentence on each difference that is told
	Told     any      // a table with its title, of the figures of those sentences
	Counts   any      // and of how many figures show what
	Notes    []string
	Legend   string
	Blocks   []any // tables with their titles
	Trust    table
}

// WriteCompared writes the page of a comparison; drawn are its plots.
func WriteCompared(w io.Writer, c *result.Comparison, f comparison.Comparison, drawn []plots.Plot) error {
	shared, err := newFrame("comparison", f.Name, f.Name+": "+findings.Capital(f.Against()), f.Command, drawn)
	if err != nil {
		return err
	}
	shared.Demand = "What the scenario demands of one setting beside another."
	shared.Expectations = expectationsOf(summary.Summary{Expectations: f.Expectations})
	shared.Limits = limits(c.Settings[0].Set.Scenario)
	v := comparedView{
		frame: shared, Advice: f.Advice, Headline: findings.Capital(f.Against()), Notes: f.Notes, Legend: comparison.Legend, Trust: trustTable(&f),
	}
	if f.Advice != nil {
		v.Evidence = titled("Figures behind the advice", tableOf(comparison.EvidenceHead, f.Advice.EvidenceRows(), 3))
		v.Headline, v.Against = findings.Capital(f.Advice.Summary()), v.Headline
	}
	v.Given, v.Assumed, _ = inputTables(c.Settings[0].Set.Scenario.Inputs)
	for _, s := range f.Sentences {
		if strings.Contains(s.Text, "95 % interval") {
			v.Details = append(v.Details, findings.Capital(s.Text))
		} else {
			v.Verdicts = append(v.Verdicts, findings.Capital(s.Text))
		}
	}
	v.Told = titled("Figures of the sentences above; a share or multiple is of the two means", tableOf(comparison.ToldHead, f.ToldRows(), 2))
	v.Counts = titled("How many figures show what", tableOf(comparison.CountHead, f.CountRows(), 1))
	for _, s := range f.Settings {
		v.Facts = append(v.Facts, fact{s.Name, fmt.Sprintf("%s, seed %d, results %s", words.Counted(s.Runs, "run", "runs"), s.Seed, s.Hash)})
	}
	for _, b := range f.Blocks() {
		v.Blocks = append(v.Blocks, titled(b.Head, tableOf(f.Head(), b.Rows, 1)))
	}
	return fill(w, "compare.html", v)
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
