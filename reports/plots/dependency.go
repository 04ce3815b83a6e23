package plots

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// depended is how long the changes of one map waited for records that they look up.
type depended struct {
	name    string
	sketch  stats.Sketch
	waits   uint64
	open    uint64
	changes uint64
	total   time.Duration
}

// dependencyMost is how many maps have a row.
const dependencyMost = 12

// Dependency draws, per table map, how long changes waited for records that they
// look up: what the order of dependencies costs.
func Dependency(set *result.Set) Plot {
	all := dependedOf(set)
	var waits, open uint64
	for _, d := range all {
		waits, open = waits+d.waits, open+d.open
	}
	p := Plot{
		Name:     "dependency",
		Title:    dependencyFinding(all),
		Subtitle: "How long changes waited for a record that they look up, per table map · n = " + words.Counted(waits, "wait", "waits"),
		Table:    dependencyTable(all),
		height:   nothingHeight,
	}
	if all == nil {
		p.draw = nothing("No change waited for another record.")
		return p
	}
	p.Caption = fmt.Sprintf("%s. Thin line: 5 %% to 95 %%, thick: the middle half, dot: median, tick: longest; logarithmic axis, lengths to within a thirty-second.", words.Counted(len(set.Runs), "run", "runs pooled"))
	if open > 0 {
		p.Caption += " " + words.Counted(open, "wait was", "waits were") + " not over at the end: what had passed then counts (arrow)."
	}
	if left := len(all) - dependencyMost; left > 0 {
		p.Caption += fmt.Sprintf(" %s with less to wait for not drawn.", words.Counted(left, "map", "maps"))
		all = all[:dependencyMost]
	}
	demands := waitsDemanded(set, all)
	if demands != nil {
		var texts []string
		for _, d := range demands {
			texts = append(texts, d.text)
		}
		p.Caption += " Red: until when waits may last by what the scenario demands, " + words.List(texts) + "."
	}
	p.height = rowHeight*vg.Length(len(all)) + 60 + sloHeight*vg.Length(len(demands))
	p.draw = func(c draw.Canvas) { drawDependency(c, all, demands) }
	return p
}

// sloHeight is what the text of a demand takes above the rows.
const sloHeight = 13

// waitsDemanded lists what a scenario demands of waits that are drawn.
func waitsDemanded(set *result.Set, all []depended) (list []slo) {
	for _, s := range slosBy(demanded(set), "dependency-wait") {
		if slices.ContainsFunc(all, func(d depended) bool { return s.demandedOf(d.name) }) {
			list = append(list, s)
		}
	}
	return list
}

// demandedOf reports whether a demand is made on the waits of a table map.
func (s slo) demandedOf(name string) bool {
	return s.of == "" || strings.Trim(strings.TrimPrefix(s.of, "map="), "'") == name
}

// dependedOf puts the runs together, the map first that waited longest in all.
func dependedOf(set *result.Set) (all []depended) {
	for i := range set.Runs {
		r := &set.Runs[i]
		for _, x := range r.Dependency {
			k := slices.IndexFunc(all, func(d depended) bool { return d.name == x.Map })
			if k < 0 {
				k = len(all)
				all = append(all, depended{name: x.Map})
			}
			d := &all[k]
			d.waits, d.open, d.total = d.waits+x.Waits, d.open+x.Open, d.total+x.Total
			d.sketch.Add(x.Bins, x.Most)
		}
	}
	for k := range all {
		for i := range set.Runs {
			for _, m := range set.Runs[i].Maps {
				if m.Map == all[k].name {
					all[k].changes += m.Captured[0] + m.Captured[1]
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b depended) int { return cmp.Compare(b.total, a.total) })
	return all
}

func dependencyFinding(all []depended) string {
	if all == nil {
		return "No change waited for a record that it looks up"
	}
	d := &all[0]
	text := fmt.Sprintf("Changes of %s wait most for what they look up: half of %s below %s, the longest %s",
		d.name, words.Counted(d.waits, "wait", "waits"), words.Duration(d.sketch.Quantile(.5)), words.Duration(d.sketch.Most))
	if d.waits == 1 {
		text = fmt.Sprintf("One change of %s waited for what it looks up, for %s", d.name, words.Duration(d.sketch.Most))
	}
	if d.open > 0 {
		text += " and not over"
	}
	return text
}

func dependencyTable(all []depended) Table {
	t := Table{Head: []string{"Table map", "Waits", "Not over", "Per 10,000 changes", "p50", "p95", "Longest", "In all"}}
	for _, d := range all {
		t.Rows = append(t.Rows, []string{
			d.name, words.Count(d.waits), words.Count(d.open), perTenThousand(d.waits, d.changes),
			words.Duration(d.sketch.Quantile(.5)), words.Duration(d.sketch.Quantile(.95)), words.Duration(d.sketch.Most), words.Duration(d.total),
		})
	}
	if all != nil {
		t.Note = "p50 and p95 to within a thirty-second. A change that waits several times counts each time."
	}
	return t
}

func drawDependency(c draw.Canvas, all []depended, demands []slo) {
	const right = 132 // for the counts
	var names vg.Length
	low, high := time.Duration(math.MaxInt64), time.Duration(0)
	for _, d := range all {
		names = max(names, measure(headStyle, fitMiddle(headStyle, d.name, mapNameMost)))
		low, high = min(low, d.sketch.Quantile(.05)), max(high, d.sketch.Most)
	}
	low, high = reach(low, high, demands)
	xs := spanTicks(max(low, time.Millisecond), max(high, 10*time.Millisecond))
	p := plot.New()
	p.X.Scale = plot.LogScale{}
	p.X.Min, p.X.Max = xs[0].at, xs[len(xs)-1].at
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + names + 16, Y: c.Min.Y + 42}, Max: vg.Point{X: c.Max.X - right, Y: c.Max.Y - 18 - sloHeight*vg.Length(len(demands))}}
	pn := newPanel(c, area, p)
	for _, t := range xs {
		x := pn.x(t.at)
		c.StrokeLine2(ruleLine, x, area.Min.Y, x, area.Max.Y)
		write(c, aligned(tickStyle, draw.XCenter), x, area.Min.Y-14, t.label)
	}
	pn.xTitle("wait for a record that is looked up")
	count := aligned(noteStyle, draw.XRight)
	write(c, count, c.Max.X-62, area.Max.Y+8, "waits")
	write(c, count, c.Max.X, area.Max.Y+8, "of 10,000")
	for i, s := range demands {
		pn.demandAbove(s, area.Max.Y+7+sloHeight*vg.Length(i))
	}
	at := func(d time.Duration) vg.Length { return pn.x(min(max(d.Seconds(), p.X.Min), p.X.Max)) }
	for i, d := range all {
		y := area.Max.Y - rowHeight*(vg.Length(i)+.5)
		writeMiddle(c, headStyle, c.Min.X, y, fitMiddle(headStyle, d.name, mapNameMost))
		shade := paint.Hues[0]
		q := func(q float64) vg.Length { return at(d.sketch.Quantile(q)) }
		c.StrokeLine2(draw.LineStyle{Color: shade, Width: 1.2}, q(.05), y, q(.95), y)
		fill(c, paint.Band, q(.25), y-5, max(q(.75), q(.25)+1), y+5)
		c.StrokeLine2(draw.LineStyle{Color: shade, Width: 1.2}, q(.25), y, max(q(.75), q(.25)+1), y)
		longest := at(d.sketch.Most)
		if d.open > 0 {
			arrow(c, shade, longest, y, 4)
		} else {
			c.StrokeLine2(draw.LineStyle{Color: shade, Width: 1.4}, longest, y-5, longest, y+5)
		}
		pn.dot(vg.Point{X: q(.5), Y: y}, shade, 3)
		for _, s := range demands {
			if s.of != "" && s.demandedOf(d.name) {
				x := at(s.bound)
				c.StrokeLine2(draw.LineStyle{Color: paint.Bad, Width: 2}, x, y-9, x, y+9)
			}
		}
		number := aligned(style(10, regular, paint.Ink), draw.XRight)
		writeMiddle(c, number, c.Max.X-62, y, words.Count(d.waits))
		writeMiddle(c, number, c.Max.X, y, perTenThousand(d.waits, d.changes))
	}
}

// demandAbove writes a demand above the rows, over its bound; one that is made on
// the waits of all maps together is a line through all rows.
func (p panel) demandAbove(s slo, y vg.Length) {
	x := p.x(s.bound.Seconds())
	if s.of == "" {
		p.c.StrokeLine2(sloLine, x, p.c.Min.Y, x, y-2)
	}
	w := measure(sloStyle, s.text)
	write(p.c, sloStyle, min(max(x-w/2, p.c.Min.X), p.c.Max.X-w), y, s.text)
}
