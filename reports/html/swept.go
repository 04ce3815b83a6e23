package html

import (
	"fmt"
	"io"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// sweptView is the page of a sweep, or of a tornado, in the order of reading.
type sweptView struct {
	frame

	Headline, Second        string
	Details                 []string
	PointsHead, PointsTitle string
	Legend                  string
	Points, Others          table
	Told                    table // figures of the sentences, as those of what was demanded and how many show what
	Demands, Counts         table
	Left                    table
	Beside                  string
}

// WriteSwept writes the page of a sweep; drawn are its plots.
func WriteSwept(w io.Writer, s *comparison.Sweep, sc result.Scenario, drawn []plots.Plot) error {
	f, err := newFrame("sweep", s.Name, s.Name+": "+words.List(s.Axes), s.Command, drawn)
	if err != nil {
		return err
	}
	f.Limits = limits(sc)
	v := sweptView{
		frame:      f,
		Headline:   drawn[0].Title,
		Second:     fmt.Sprintf("%s of %s, with the same users, edits and faults at each.", findings.Capital(words.Counted(len(s.Points), "point", "points")), words.List(s.Axes)),
		PointsHead: "Points", PointsTitle: "Each point with its figures and verdicts",
		Legend:  "Means over runs, in brackets their 95 % intervals. * fares otherwise than at the point before. > a lower bound.",
		Points:  tableOf(s.Head(), s.Rows(true), len(s.Axes)),
		Beside:  "sweep.json and sweep.csv hold every figure for programs, sweep.md the table for a pull request; each point has a run folder of its own.",
		Details: texts(s.Sentences()),
	}
	v.Told, v.Demands = tableOf(comparison.ContrastHead, s.ToldRows(), 3), tableOf(comparison.DemandHead, s.DemandRows(), 4)
	v.Counts = tableOf(comparison.CountHead, s.CountRows(), 1)
	v.Facts = []fact{{"Points", words.Count(len(s.Points))}}
	if len(s.Points) > 0 {
		v.Facts = append(v.Facts, fact{"Runs", words.Count(s.Points[0].Runs) + " at the first point"}, fact{"Model", sc.Model})
	}
	return fill(w, "sweep.html", v)
}

// WriteTornado writes the page of a tornado; drawn are its plots.
func WriteTornado(w io.Writer, t *comparison.Tornado, sc result.Scenario, drawn []plots.Plot) error {
	f, err := newFrame("sensitivity study", t.Name, t.Name+": what hangs on assumptions", t.Command, drawn)
	if err != nil {
		return err
	}
	f.Limits = limits(sc)
	f.Facts = []fact{
		{"Runs", words.Count(t.Base.Runs) + " with each value"},
		{"Results", t.Base.Hash},
	}
	v := sweptView{
		frame:      f,
		Headline:   drawn[0].Title,
		Second:     fmt.Sprintf("%s, one changed at a time; everything else, the draws included, stays.", findings.Capital(words.Counted(len(t.Bars), "assumption", "assumptions"))),
		PointsHead: "Assumptions", PointsTitle: "Each value with what it moves, those that turn a verdict first",
		Legend:  "Differences from the scenario as it is, with their 95 % intervals; ~ none is shown after Holm's correction over the whole table.",
		Points:  tableOf(t.Head(), t.Moving(), 3),
		Left:    table{Head: []column{{"Assumption", false}, {"Value", false}, {"Why", false}}},
		Beside:  "tornado.json holds every figure for programs, tornado.md the table for a pull request.",
		Details: texts(t.Sentences()),
	}
	v.Told, v.Demands = tableOf(comparison.ContrastHead, t.ToldRows(), 3), tableOf(comparison.DemandHead, t.DemandRows(), 4)
	for _, row := range t.Resting() {
		v.Others.Rows = append(v.Others.Rows, row[:3])
	}
	v.Others.Head = tableOf(t.Head()[:3], nil, 3).Head
	for _, u := range t.Left {
		v.Left.Rows = append(v.Left.Rows, []string{u.Path, u.Value, u.Why})
	}
	return fill(w, "sweep.html", v)
}

// texts are the sentences alone.
func texts(all []comparison.Sentence) []string {
	var list []string
	for _, s := range all {
		list = append(list, s.Text)
	}
	return list
}

// tableOf makes a table whose first columns are words and the others numbers.
func tableOf(head []string, rows [][]string, words int) table {
	t := table{Rows: rows}
	for i, h := range head {
		t.Head = append(t.Head, column{h, i >= words})
	}
	return t
}
