package comparison

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Evidence is one figure that advice rests on, as it is shown in a table.
type Evidence struct {
	About      string `json:"about"` // a table map, or all of them
	Figure     string `json:"figure"`
	Setting    string `json:"setting"` // "live", "primary Dataverse"
	Value      string `json:"value"`
	Interval   string `json:"interval"` // of 95 %
	Runs       int    `json:"runs"`
	Difference string `json:"difference"` // from async as it is; empty where none is taken
}

// allMaps is what a figure of no single map is about.
const allMaps = "all maps"

// What figures of a map are called.
const (
	lostName = "changes lost, or never copied, per 10,000"
	tailName = "time to converge, p99"
)

// note keeps a figure, once.
func (a *adviser) note(e Evidence) {
	if !slices.Contains(a.evidence, e) {
		a.evidence = append(a.evidence, e)
	}
}

// EvidenceHead names the columns of the table of evidence.
var EvidenceHead = []string{"Table map", "Figure", "Setting", "Mean", "95 % interval", "Runs", "Difference from async as it is"}

// EvidenceRows is the table of evidence.
func (a *Advice) EvidenceRows() [][]string {
	var rows [][]string
	for _, e := range a.Evidence {
		rows = append(rows, []string{e.About, e.Figure, e.Setting, e.Value, e.Interval, words.Count(e.Runs), e.Difference})
	}
	return rows
}

// measured is a figure of one mode with its text.
type measured struct {
	Cell
	unit Unit
}

// measure takes a figure of a mode, and keeps it as evidence.
func (a *adviser) measure(mode, name string, unit Unit, of func(*result.Set, *result.Run) reading) measured {
	set := a.sets[mode]
	if set == nil {
		return measured{unit: unit}
	}
	all := make([]reading, len(set.Runs))
	for i := range set.Runs {
		all[i] = of(set, &set.Runs[i])
	}
	m := measured{cellOf(all), unit}
	if m.Known {
		a.note(m.evidence(a.about, name, mode))
	}
	return m
}

func (m measured) evidence(about, name, setting string) Evidence {
	f := Figure{Unit: m.unit, Cells: []Cell{m.Cell}}
	return Evidence{about, name, setting, f.Value(0), m.interval(), m.Runs, ""}
}

// interval writes what the figure lies between; a dash where one run is all, or
// it is a lower bound.
func (m measured) interval() string {
	switch {
	case m.Runs < 2 || m.AtLeast:
		return words.None
	case m.Low == m.High:
		return "the same in every run"
	}
	return words.Between(m.unit.Write(float64(m.Low)), m.unit.Write(float64(m.High)))
}

// above and none say what the runs show of a count: that it is more than 0, or
// that it was 0 in every run.
func (m measured) above() bool { return m.Known && m.Runs > 1 && m.Low > 0 }
func (m measured) none() bool  { return m.Known && m.Runs > 1 && m.Mean == 0 && m.High == 0 }

// text writes a figure with its interval and number of runs.
func (m measured) text() string {
	if !m.Known {
		return "not measured"
	}
	text := m.unit.Write(float64(m.Mean))
	if m.unit == TenThousand {
		text += " per 10,000"
	}
	switch {
	case m.AtLeast:
		return fmt.Sprintf("more than %s (a lower bound, %s)", text, words.Counted(m.Runs, "run", "runs"))
	case m.Runs < 2:
		return text + " (one run, no interval)"
	case m.Low == m.High:
		return text + " in each of " + words.Counted(m.Runs, "run", "runs")
	}
	return fmt.Sprintf("%s (95 %% interval %s, %s)", text, m.interval(), words.Counted(m.Runs, "run", "runs"))
}

// difference is how a figure under a mode differs from that under async.
func (a *adviser) difference(mode, name string, unit Unit, of func(*result.Set, *result.Run) reading) (Figure, bool) {
	m := metric{name: name, unit: unit, better: lower, of: of}
	f, _ := m.row([]*result.Set{a.sets[asyncMode], a.sets[mode]})
	if f.Cells[1].Against == nil {
		return f, false
	}
	correct([]*Figure{&f})
	a.noteBoth(&f, asyncMode, mode)
	return f, true
}

// noteBoth keeps a figure under two settings with what separates them.
func (a *adviser) noteBoth(f *Figure, first, second string) {
	for i, setting := range []string{first, second} {
		if !f.Cells[i].Known {
			continue
		}
		e := measured{f.Cells[i], f.Unit}.evidence(a.about, f.Name, setting)
		if against := f.Cells[i].Against; i > 0 && against != nil {
			e.Difference = f.Difference(i)
			if against.Shown == Nothing { // by which nobody would know how little it is
				e.Difference += " " + f.Unit.Signed(float64(against.Mean)) + " (" + between(f.Unit, against) + ")"
			}
		}
		a.note(e)
	}
}
