package comparison

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Threshold is the least difference that matters in practice, as a share of the
// first setting's figure.
const Threshold = 0.02

// significance is the chance of even one false difference in a whole table.
const significance = 0.05

// Comparison is what [Of] found.
type Comparison struct {
	Schema       string                `json:"schema"`
	Name         string                `json:"name"`
	Axis         string                `json:"axis"`
	Settings     []Setting             `json:"settings"`
	Figures      []Figure              `json:"figures"` // by question
	Sentences    []Sentence            `json:"sentences"`
	Advice       *Advice               `json:"advice,omitempty"` // where modes were compared
	Notes        []string              `json:"notes"`            // what a reader must know before believing it
	Expectations []summary.Expectation `json:"expectations,omitempty"`
	Command      string                `json:"command"`
}

// Setting names one of what is compared.
type Setting struct {
	Name    string         `json:"name"`
	Mode    string         `json:"mode"`
	Hash    string         `json:"hash"` // of its results
	Seed    uint64         `json:"seed,string"`
	Runs    int            `json:"runs"` // complete ones, which figures are of
	Verdict result.Verdict `json:"verdict"`
	Command string         `json:"command"`
}

// Figure is one row: a figure under every setting.
type Figure struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Question string `json:"question"`
	Unit     Unit   `json:"unit"`
	Cells    []Cell `json:"cells"` // one a setting

	better better
}

// Cell is a figure under one setting: its mean over runs.
type Cell struct {
	Known   bool            `json:"known"`             // it was measured
	Foreign bool            `json:"foreign,omitempty"` // the mode has no such thing, so that it does not apply
	Runs    int             `json:"runs"`
	Mean    summary.Rounded `json:"mean"`
	Low     summary.Rounded `json:"low"` // of the 95 % interval; the mean itself where one run is all
	High    summary.Rounded `json:"high"`
	AtLeast bool            `json:"at_least"`          // the mean is a lower bound
	Against *Against        `json:"against,omitempty"` // what separates it from the first setting
}

// Against is how a figure differs from that of the first setting.
type Against struct {
	Shown       Shown           `json:"shown"`
	Runs        int             `json:"runs"`
	Mean        summary.Rounded `json:"mean"` // this setting minus the first
	Low         summary.Rounded `json:"low"`
	High        summary.Rounded `json:"high"`
	Relative    summary.Rounded `json:"relative"` // by the first setting's figure; null where that is 0
	Paired      bool            `json:"paired"`   // run i with run i; else Welch's test for independent runs
	Correlation summary.Rounded `json:"correlation"`
	Gain        summary.Rounded `json:"gain"` // variance without pairing over that with it
	P           summary.Rounded `json:"p"`
	Adjusted    summary.Rounded `json:"p_holm"`

	difference stats.Difference
	base       float64 // the first setting's mean
	bound      bool    // one of the two figures is a lower bound: what was claimed holds for every greater value
}

// Shown is what the runs show about a difference.
type Shown string

// What they can show.
const (
	Nothing Shown = "no-difference" // shown: the interval holds 0, or all is below the threshold
	Better  Shown = "better"
	Worse   Shown = "worse"
	Differs Shown = "differs" // of a figure that is neither good nor bad
	Unknown Shown = "unknown" // one run, or nothing measured, or lower bounds that do not tell
)

// Of compares the settings with the first of them.
func Of(c *result.Comparison) Comparison {
	out := Comparison{Schema: Schema, Name: c.Name, Axis: c.Axis, Command: c.Command, Settings: []Setting{}, Figures: []Figure{}, Notes: []string{}}
	sets := make([]*result.Set, len(c.Settings))
	for i, s := range c.Settings {
		sets[i] = whole(s.Set)
		out.Settings = append(out.Settings, Setting{
			s.Name, s.Set.Scenario.Mode, s.Set.Scenario.Hash, s.Set.Scenario.Seed, len(sets[i].Runs), s.Set.Verdict(), s.Set.Scenario.Command,
		})
	}
	for _, m := range metrics() {
		if f, _ := m.row(sets); f.worthShowing() {
			out.Figures = append(out.Figures, f)
		}
	}
	all := make([]*Figure, len(out.Figures))
	for i := range out.Figures {
		all[i] = &out.Figures[i]
	}
	correct(all)
	for _, e := range c.Expectations {
		out.Expectations = append(out.Expectations, summary.Expectation(e))
	}
	out.Notes = notes(c, &out)
	out.Sentences = out.sentences()
	out.Advice = advise(c)
	return out
}

// whole is a set with those of its runs that came to their end.
func whole(set *result.Set) *result.Set {
	out := &result.Set{Scenario: set.Scenario}
	for _, r := range Whole(set) {
		out.Runs = append(out.Runs, *r)
	}
	return out
}

// row takes a figure under every setting. It also returns the readings of the
// first one, run by run.
func (m *metric) row(sets []*result.Set) (Figure, []reading) {
	f := Figure{ID: m.id, Name: m.name, Question: Questions[m.question], Unit: m.unit, better: m.better}
	var first []reading
	for i, set := range sets {
		all := make([]reading, len(set.Runs))
		for j := range set.Runs {
			all[j] = m.of(set, &set.Runs[j])
		}
		cell := cellOf(all)
		if i == 0 {
			first = all
		} else if cell.Known && f.Cells[0].Known {
			cell.Against = against(sets[0], set, first, all)
		}
		f.Cells = append(f.Cells, cell)
	}
	return f, first
}

// cellOf condenses the readings of all runs. What one run could not tell, the
// figure does not know.
func cellOf(all []reading) Cell {
	c := Cell{Known: len(all) > 0}
	c.Foreign = c.Known
	values := make([]float64, len(all))
	for i, r := range all {
		values[i] = r.value
		c.Known = c.Known && r.known
		c.Foreign = c.Foreign && r.foreign
		c.AtLeast = c.AtLeast || r.atLeast
	}
	if !c.Known || c.Foreign {
		return Cell{Foreign: c.Foreign}
	}
	mean := stats.MeanOfAmounts(values)
	c.Runs, c.Mean, c.Low, c.High = mean.Runs, summary.Rounded(mean.Mean), summary.Rounded(mean.Low), summary.Rounded(mean.High)
	return c
}

// against measures what separates the readings b of a set from those of the
// first one: run by run where both had the same draws.
func against(setA, setB *result.Set, a, b []reading) *Against {
	out := &Against{}
	var xs, ys []float64
	lowerA, lowerB := false, false
	take := func(x, y *reading) {
		if x != nil {
			xs, lowerA = append(xs, x.value), lowerA || x.atLeast
		}
		if y != nil {
			ys, lowerB = append(ys, y.value), lowerB || y.atLeast
		}
	}
	if setA.Scenario.Seed == setB.Scenario.Seed {
		for i := range setA.Runs {
			j := slices.IndexFunc(setB.Runs, func(r result.Run) bool { return r.Index == setA.Runs[i].Index })
			if j >= 0 {
				take(&a[i], &b[j])
			}
		}
		out.difference = stats.CompareRuns(xs, ys)
	} else {
		for i := range a {
			take(&a[i], nil)
		}
		for i := range b {
			take(nil, &b[i])
		}
		out.difference = stats.CompareGroups(xs, ys)
	}
	d := &out.difference
	out.base = stats.MeanOverRuns(xs).Mean
	out.Runs, out.Mean, out.Low, out.High = d.Runs, summary.Rounded(d.Mean), summary.Rounded(d.Low), summary.Rounded(d.High)
	out.Relative = summary.Rounded(math.NaN())
	if out.base != 0 {
		out.Relative = summary.Rounded(d.Mean / math.Abs(out.base))
	}
	out.Paired, out.Correlation, out.Gain, out.P = d.Paired, summary.Rounded(d.Correlation), summary.Rounded(d.Gain), summary.Rounded(d.P)
	// A lower bound on this side can only make the difference greater, one on
	// the first side only smaller.
	out.bound = lowerA || lowerB
	if !d.Known || lowerA && lowerB || lowerB && d.Mean < 0 || lowerA && d.Mean > 0 {
		out.Shown = Unknown
	}
	return out
}

// worthShowing leaves out what was measured under no setting, or never happened
// under any.
func (f *Figure) worthShowing() bool {
	return slices.ContainsFunc(f.Cells, func(c Cell) bool {
		return c.Known && (c.Mean != 0 || f.ID == lostID || f.ID == "phantom" || f.ID == "outage-wait")
	})
}

func (f *Figure) shown(a *Against) Shown {
	d := &a.difference
	switch {
	case float64(a.Adjusted) >= significance, d.Low <= 0 && d.High >= 0, math.Abs(d.Mean) < Threshold*math.Abs(a.base):
		return Nothing
	case f.better == neither:
		return Differs
	case (d.Mean < 0) == (f.better == lower):
		return Better
	default:
		return Worse
	}
}

// notes says what stands in the way of reading the table as it is.
func notes(c *result.Comparison, out *Comparison) []string {
	list := []string{}
	first := c.Settings[0].Set
	for i, s := range c.Settings[1:] {
		if hidden := differing(first, s.Set, c.Axis); len(hidden) > 0 {
			head := fmt.Sprintf("%s and %s differ in more than %s: ", c.Settings[0].Name, s.Name, c.Axis)
			if c.Axis == "" {
				head = fmt.Sprintf("%s and %s differ in ", c.Settings[0].Name, s.Name)
			}
			list = append(list, head+strings.Join(hidden, ", ")+".")
		}
		if first.Scenario.Seed != s.Set.Scenario.Seed {
			list = append(list, fmt.Sprintf("%s and %s have other seeds, so their runs are taken as independent.", c.Settings[0].Name, s.Name))
		}
		if n, m := out.Settings[0].Runs, out.Settings[i+1].Runs; n != m {
			list = append(list, fmt.Sprintf("%s has %s, %s %s: runs of the same number are compared.",
				c.Settings[0].Name, words.Counted(n, "complete run", "complete runs"), s.Name, words.Count(m)))
		}
	}
	for i, s := range out.Settings {
		switch {
		case s.Runs < len(c.Settings[i].Set.Runs):
			list = append(list, fmt.Sprintf("Of %s, %s of %d came to their end; the others are left out.", s.Name, words.Counted(s.Runs, "run", "runs"), len(c.Settings[i].Set.Runs)))
		case s.Runs == 0:
			list = append(list, s.Name+" has no run.")
		}
	}
	if slices.ContainsFunc(out.Settings, func(s Setting) bool { return s.Runs < 2 }) {
		list = append(list, "One run has no interval, so no difference can be shown: take more runs.")
	}
	return list
}

// differencesMost is how many hidden differences are named.
const differencesMost = 8

// differing lists the inputs in which two sets differ, but for the one that is
// meant to.
func differing(a, b *result.Set, axis string) []string {
	values := func(s *result.Set) map[string]string {
		m := map[string]string{}
		for _, in := range s.Scenario.Inputs {
			m[in.Path] = in.Value
		}
		return m
	}
	va, vb := values(a), values(b)
	paths := map[string]bool{}
	var names []string
	for _, s := range []*result.Set{a, b} {
		for _, in := range s.Scenario.Inputs {
			if !paths[in.Path] {
				paths[in.Path] = true
				names = append(names, in.Path)
			}
		}
	}
	slices.Sort(names)
	var list []string
	for _, path := range names {
		if path == axis || path == "name" || path == "purpose" || strings.HasPrefix(path, "expect.") || path == "expect" || result.Aside(path) || va[path] == vb[path] {
			continue
		}
		of := func(v map[string]string) string {
			if x, ok := v[path]; ok {
				return x
			}
			return words.None
		}
		list = append(list, fmt.Sprintf("%s (%s, %s)", path, shorten(of(va)), shorten(of(vb))))
	}
	if a.Scenario.Model != b.Scenario.Model {
		list = append(list, fmt.Sprintf("the version of the model (%s, %s)", a.Scenario.Model, b.Scenario.Model))
	}
	if x, y := strings.Join(a.Scenario.Failpoints, " "), strings.Join(b.Scenario.Failpoints, " "); x != y {
		list = append(list, fmt.Sprintf("planted bugs (%s, %s)", orNone(x), orNone(y)))
	}
	if left := len(list) - differencesMost; left > 0 {
		list = append(list[:differencesMost:differencesMost], words.Counted(left, "more setting", "more settings"))
	}
	return list
}

func orNone(s string) string {
	if s == "" {
		return words.None
	}
	return s
}

// shorten keeps a value that is a whole list from filling the screen.
func shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
