package plots

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// met is how often edits on both sides conflict, by the time between them, under
// one error of the clocks or one setting.
type met struct {
	name string
	gaps []result.Gap
}

// Gaps draws how often two edits of a record on its two sides conflict, by the time
// between them.
func Gaps(set *result.Set) Plot {
	if set.Scenario.Mode == copying {
		return Plot{
			Name:     "gaps",
			Title:    "The data integrator does not notice that edits on both sides meet",
			Subtitle: "Share of edits that conflict with the edit of the other side before them, by the time between the two",
			Table:    Table{Head: gapsHead},
			height:   nothingHeight,
			draw:     nothing("A copy does not tell whether an edit knew of the other side's."),
		}
	}
	var of []*result.Run
	for i := range set.Runs {
		of = append(of, &set.Runs[i])
	}
	return gapsPlot([]met{{clocksText(comparison.ClocksApart(of)), comparison.Meetings(of)}}, words.Counted(len(set.Runs), "run", "runs pooled"))
}

// copying is the mode in which nobody looks whether edits knew of each other.
const copying = "integrator"

// clocksText names a line by how far the clocks come apart.
func clocksText(apart time.Duration) string {
	if apart == 0 {
		return "clocks agree"
	}
	return "clocks up to " + words.Duration(apart) + " apart"
}

// gapsBySetting draws a line for each setting that is compared.
func gapsBySetting(c *result.Comparison) Plot {
	var lines []met
	var left []string
	for _, s := range c.Settings {
		if s.Set.Scenario.Mode == copying {
			left = append(left, s.Name)
			continue
		}
		lines = append(lines, met{s.Name, comparison.Meetings(comparison.Whole(s.Set))})
	}
	p := gapsPlot(lines, "complete runs pooled")
	if left != nil {
		p.Caption += " Left out: " + words.List(left) + ", where a copy does not tell whether an edit knew of the other side's."
	}
	return p
}

// sweptGaps draws a line for each error of the clocks; where the axes leave the
// clocks alone, all points are one line.
func sweptGaps(s *comparison.Sweep) Plot {
	var lines []met
	var apart []time.Duration
	for i := range s.Points {
		q := &s.Points[i]
		k := slices.Index(apart, q.ClocksApart)
		if k < 0 {
			k = len(apart)
			apart = append(apart, q.ClocksApart)
			lines = append(lines, met{name: clocksText(q.ClocksApart)})
		}
		lines[k].gaps = comparison.AddGaps(lines[k].gaps, q.Gaps)
	}
	return gapsPlot(lines, words.Counted(len(s.Points), "point", "points")+", their complete runs pooled")
}

// gapLeast is how many edits a place of a line stands for at least: fewer have no
// share to speak of, and are put together with their neighbours.
const gapLeast = 20

// gapAt is one place of a line.
type gapAt struct {
	from, to         time.Duration
	edits, conflicts uint64
}

// gathered puts neighbouring gaps together until each place has enough edits.
func (m met) gathered() (all []gapAt) {
	for _, g := range m.gaps {
		if n := len(all); n > 0 && all[n-1].edits < gapLeast {
			last := &all[n-1]
			last.to, last.edits, last.conflicts = g.To, last.edits+g.Edits, last.conflicts+g.Conflicts
			continue
		}
		all = append(all, gapAt{g.From, g.To, g.Edits, g.Conflicts})
	}
	if n := len(all); n > 1 && all[n-1].edits < gapLeast {
		last, before := all[n-1], &all[n-2]
		before.to, before.edits, before.conflicts = last.to, before.edits+last.edits, before.conflicts+last.conflicts
		all = all[:n-1]
	}
	return all
}

// middle is where a place stands on the logarithmic axis.
func (g gapAt) middle() float64 {
	return math.Sqrt(max(g.from.Seconds(), g.to.Seconds()/2) * g.to.Seconds())
}

func (g gapAt) share() float64 { return float64(g.conflicts) / float64(g.edits) }

// interval is Wilson's, of a share of so many, at 95 %.
func (g gapAt) interval() (low, high float64) {
	const z = 1.959964
	n, p := float64(g.edits), g.share()
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, centre-half), min(1, centre+half)
}

var gapsHead = []string{"Setting", "Gap from", "to", "Edits", "Conflicts", "Share"}

func gapsPlot(lines []met, pooled string) Plot {
	lines = slices.DeleteFunc(lines, func(m met) bool { return m.gaps == nil })
	left := max(0, len(lines)-linesMost)
	lines = lines[:len(lines)-left]
	var edits uint64
	table := Table{Head: gapsHead}
	for _, m := range lines {
		for _, g := range m.gathered() {
			edits += g.edits
			table.Rows = append(table.Rows, []string{m.name, words.Duration(g.from), words.Duration(g.to), words.Count(g.edits), words.Count(g.conflicts), words.Share(g.conflicts, g.edits)})
		}
	}
	p := Plot{
		Name:     "gaps",
		Title:    gapsFinding(lines),
		Subtitle: "Share of edits that conflict with the edit of the other side before them, by the time between the two · n = " + words.Counted(edits, "edit", "edits"),
		Table:    table,
		height:   nothingHeight,
	}
	if len(lines) == 0 {
		p.draw = nothing("No record was edited on both sides.")
		return p
	}
	p.Caption = fmt.Sprintf("True time between two edits of a record on its two sides, logarithmic axis; a conflict: neither knew of the other. %s; gaps are put together until %d edits stand for a place; bars: Wilson's 95 %% interval of the share.", findings.Capital(pooled), gapLeast)
	if left > 0 {
		p.Caption += " " + words.Counted(left, "line", "lines") + " not drawn."
	}
	p.Series = hues(lines, func(m met) string { return m.name })
	p.height = 290
	p.draw = func(c draw.Canvas) { drawGaps(c, lines) }
	return p
}

// seldom is the share of edits below which a gap counts as safe.
const seldom = .05

// safe is the gap from which on fewer than one edit in twenty conflicts; known is
// false where the widest gaps that were seen do not show it.
func (m met) safe() (gap time.Duration, known bool) {
	known = true
	for _, g := range m.gathered() {
		if known = g.share() < seldom; !known {
			gap = g.to
		}
	}
	return gap, known
}

// gapsFinding says from which gap on fewer than one edit in twenty conflicts.
func gapsFinding(lines []met) string {
	if len(lines) == 0 {
		return "No record was edited on both sides"
	}
	conflicts, edits := uint64(0), uint64(0)
	var always, beyond, never []string // lines by what they show
	for _, m := range lines {
		for _, g := range m.gathered() {
			conflicts, edits = conflicts+g.conflicts, edits+g.edits
		}
		switch gap, known := m.safe(); {
		case !known:
			never = append(never, m.name)
		case gap == 0:
			always = append(always, m.name)
		default:
			beyond = append(beyond, words.Duration(gap)+" or more apart ("+m.name+")")
		}
	}
	gap, known := lines[0].safe()
	switch {
	case edits < gapLeast:
		return "Too few edits on both sides to tell how far apart they conflict"
	case conflicts == 0:
		return "No two edits conflicted, however close they were"
	case len(always) == len(lines):
		return "Fewer than one edit in twenty conflicts with one of the other side, however close they are"
	case len(never) == len(lines):
		return "More than one edit in twenty conflicts with one of the other side, also when they are furthest apart"
	case len(lines) == 1 && known:
		return fmt.Sprintf("Edits on both sides conflict less than one time in twenty when they are %s or more apart", words.Duration(gap))
	case len(lines) > namedMost:
		return "How far apart edits on both sides must be to conflict less than one time in twenty differs by line"
	}
	var parts []string
	if always != nil {
		parts = append(parts, "at any gap ("+words.List(always)+")")
	}
	if beyond != nil {
		parts = append(parts, "when they are "+words.List(beyond))
	}
	if never != nil {
		parts = append(parts, "at no gap seen ("+words.List(never)+")")
	}
	return "Edits on both sides conflict less than one time in twenty " + strings.Join(parts, ", ")
}

func drawGaps(c draw.Canvas, lines []met) {
	low, high := math.Inf(1), 0.
	for _, m := range lines {
		for _, g := range m.gathered() {
			low, high = min(low, g.middle()), max(high, g.middle())
		}
	}
	xs := spanTicks(time.Duration(low*1e9), time.Duration(high*1e9))
	p := plot.New()
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = xs[0].at, xs[len(xs)-1].at
	p.Y.Min, p.Y.Max = 0, 1
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + 52, Y: c.Min.Y + 42}, Max: vg.Point{X: c.Max.X - 14, Y: c.Max.Y - 26}}
	pn := newPanel(c, area, p)
	pn.rules(xs, []tick{{0, "0 %"}, {.25, "25 %"}, {.5, "50 %"}, {.75, "75 %"}, {1, "100 %"}}, true)
	pn.head("Conflict", "share of edits")
	pn.xTitle("time between the edits on the two sides")
	labels := placer{area: area}
	for i, m := range lines {
		var line []vg.Point
		var dots []func()
		for _, g := range m.gathered() {
			at := vg.Point{X: pn.x(min(max(g.middle(), p.X.Min), p.X.Max)), Y: pn.y(g.share())}
			line = append(line, at)
			lo, hi := g.interval()
			labels.block(vg.Rectangle{Min: vg.Point{X: at.X - 1, Y: pn.y(lo)}, Max: vg.Point{X: at.X + 1, Y: pn.y(hi)}})
			dots = append(dots, func() {
				pn.c.StrokeLine2(draw.LineStyle{Color: paint.Hues[i], Width: .9}, at.X, pn.y(lo), at.X, pn.y(hi))
				pn.dot(at, paint.Hues[i], 2.6)
			})
		}
		pn.polyline(draw.LineStyle{Color: paint.Hues[i], Width: 1.6, Dashes: dashes[i]}, line)
		for _, d := range dots {
			d()
		}
		labels.curve(line)
	}
	for i, m := range lines {
		if at, ok := labels.put(i, []label{{fitMiddle(labelStyle(i), m.name, 190), labelStyle(i)}}); ok {
			at.draw(pn.c, true)
		}
	}
}
