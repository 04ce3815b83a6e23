package plots

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// errorClasses are the classes that are errors, those that leave work for people
// first.
var errorClasses = []string{"application", "system", "conflict", "concurrency", "dismissed"}

// erred is how often one class came up, per window.
type erred struct {
	class  string
	counts []uint64 // over all runs
	values []float64
	all    uint64
}

// Errors draws when errors came up, a strip a class: rare ones would not be seen
// under frequent ones.
func Errors(set *result.Set) Plot {
	w := windowsOf(set)
	var all []erred
	for _, class := range errorClasses {
		e := erred{class: class, counts: w.class(class)}
		if e.all = total(e.counts); e.all > 0 {
			e.values = w.perRun(e.counts)
			all = append(all, e)
		}
	}
	p := Plot{
		Name:     "errors",
		Title:    errorsFinding(set, w, all),
		Subtitle: "Changes that ended in an error, or came onto the error desk, by class",
		Table:    errorsTable(set, w, all),
		height:   nothingHeight,
	}
	switch {
	case len(w.spans) == 0:
		p.draw = nothing("When changes ended was not measured.")
		return p
	case all == nil:
		p.draw = nothing("No error came up.")
		return p
	}
	p.Subtitle += fmt.Sprintf("; per %s", words.Duration(w.width()))
	if len(w.runs) > 1 {
		p.Subtitle += fmt.Sprintf(", mean over %d runs", len(w.runs))
	}
	var sum uint64
	for _, e := range all {
		sum += e.all
	}
	p.Subtitle += " · n = " + words.Count(sum)
	p.Named = errorsNamed(w, all, sum, words.NewClock(set.Scenario.Start, w.end))
	p.Caption = fmt.Sprintf("Calendar time, UTC, %s; %s. Application and system errors count each time that one comes onto the error desk; concurrency and conflict failures are ends. Each strip has its own scale.",
		words.NewClock(set.Scenario.Start, w.end).Days(), words.Counted(len(w.runs), "run", "runs"))
	shadings := findings.Shadings(set)
	if len(shadings) > 0 {
		p.Caption += " Shaded: faults, when they really struck."
	}
	p.overTime(set.Scenario, w.end, w.begins())
	lanes := faultLanes(shadings, w.end)
	var strips []strip
	demands := demanded(set)
	for i, e := range all {
		s := e.strip(w, words.NewClock(set.Scenario.Start, w.end))
		if i == 0 { // those on errors of all classes
			s.demands = countsOf(demands, "class", "error")
		}
		s.demands = append(s.demands, countsOf(demands, "class="+e.class, "error", "outcome")...)
		strips = append(strips, s)
	}
	p.Caption += demandedBeside(strips)
	p.height = stripsHeight(lanes, strips...)
	p.draw = func(c draw.Canvas) { drawStrips(c, set.Scenario, lanes, w.end, strips...) }
	return p
}

// errorsFinding names the worst stretch of the class that is first in the list.
func errorsFinding(set *result.Set, w windowed, all []erred) string {
	switch {
	case len(w.spans) == 0:
		return "When errors came up is not known"
	case all == nil:
		return "No error came up"
	}
	clock := words.NewClock(set.Scenario.Start, w.end)
	e := all[0]
	at := highest(e.counts)
	in := ""
	if len(w.runs) > 1 {
		in = fmt.Sprintf(" in %d runs", len(w.runs))
	}
	text := words.Count(e.all) + " " + findings.Class(e.class, e.all) + in
	switch {
	case e.all == 1:
		return findings.Capital("one " + findings.Class(e.class, 1) + in + ", after " + clock.Minute(w.spans[at].From))
	case e.all == e.counts[at]:
		return fmt.Sprintf("%s, all within %s from %s on", text, words.Duration(w.width()), clock.Minute(w.spans[at].From))
	}
	return fmt.Sprintf("%s, at most %s of them within %s, from %s on", text, words.Count(e.counts[at]), words.Duration(w.width()), clock.Minute(w.spans[at].From))
}

// errorsNamed are how many errors of a class there were, and its worst window.
func errorsNamed(w windowed, all []erred, sum uint64, clock words.Clock) (list []findings.Named) {
	for _, e := range all {
		n := findings.Named{
			Name: findings.Class(e.class, 2), Value: words.Count(e.all),
			Runs: w.byRun(func(x *result.Window) uint64 { return endedIn(x, e.class) }),
		}
		at := highest(e.counts)
		list = append(list, n, findings.Named{Name: "at most within a window, from " + clock.Minute(w.spans[at].From), Value: words.Count(e.counts[at])})
	}
	return append(list, findings.Named{Name: "errors of all classes", Value: words.Count(sum)}, findings.Named{Name: "length of a window", Value: words.Duration(w.width())})
}

func errorsTable(set *result.Set, w windowed, all []erred) Table {
	t := Table{Head: []string{"From"}}
	if len(w.runs) > 1 {
		t.Note = fmt.Sprintf("Counts of all %d runs.", len(w.runs))
	}
	for _, e := range all {
		t.Head = append(t.Head, findings.Capital(e.class))
	}
	if all == nil {
		return t
	}
	clock := words.NewClock(set.Scenario.Start, w.end)
	w.rows(func(from, to int) {
		row := []string{clock.Minute(w.spans[from].From)}
		for _, e := range all {
			row = append(row, words.Count(total(e.counts[from:to])))
		}
		t.Rows = append(t.Rows, row)
	})
	return t
}

// strip draws one class, with its highest bar named.
func (e erred) strip(w windowed, clock words.Clock) strip {
	top := slices.Max(e.values)
	shade := paint.Outcome(e.class)
	name := findings.Capital(e.class)
	return strip{name: name, unit: words.Count(e.all) + " in all", height: 52, ys: fewTicks(top), draw: func(pn panel) {
		pn.bars(w, e.values, shade)
		at := highest(e.counts)
		text := words.Count(e.counts[at])
		if len(w.runs) > 1 {
			text = fmt.Sprintf("%.3g", e.values[at])
		}
		tops := pn.barTops(w, e.values)
		labels := placer{area: vg.Rectangle{Min: pn.c.Min, Max: vg.Point{X: pn.c.Max.X, Y: pn.c.Max.Y + 6}}}
		peak := vg.Point{X: (tops[2*at].X + tops[2*at+1].X) / 2, Y: tops[2*at].Y}
		labels.curve([]vg.Point{peak})
		labels.curve(tops)
		if l, ok := labels.put(0, []label{{text + " at " + clock.Minute(w.spans[at].From), style(10, bold, paint.Ink)}}); ok {
			l.draw(pn.c, true)
		}
	}}
}

// fewTicks are 0 and one round number that is not below high, for a strip with
// little room.
func fewTicks(high float64) []tick {
	if high == 0 {
		return []tick{{0, "0"}, {1, "1"}}
	}
	step := decimalStep(max(high, 1e-3))
	return []tick{{0, "0"}, {step, fmt.Sprintf("%.3g", step)}}
}
