package plots

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
)

// mix is how the references of one map and side ended.
type mix struct {
	name, from string
	counts     []uint64 // by class, parallel to the classes in use
	all        uint64
}

// Outcomes draws, per table map and side of origin, how references ended: a bar
// of shares, and the counts beside it. A class that a bar can hardly show still
// gets a sliver and its number: nineteen failures in six thousand references
// are what the reader came for.
func Outcomes(s summary.Summary) Plot {
	classes, rows := mixes(s)
	var all uint64
	for _, r := range rows {
		all += r.all
	}
	p := Plot{
		Name:  "outcomes",
		Title: findings.Outcomes(s),
		Subtitle: fmt.Sprintf("How references ended, per table map and side of origin: share as a bar, counts beside it · n = %s",
			words.Count(all)),
		Caption: fmt.Sprintf("%s. Each reference ends in exactly one class; slivers are widened to stay visible, the counts are exact.",
			findings.Capital(words.Counted(len(s.Runs), "run", "runs pooled"))),
		Table:  outcomesTable(s),
		height: vg.Length(len(rows))*25 + 34,
	}
	if len(rows) == 0 {
		p.height, p.draw = nothingHeight, nothing("No reference was processed.")
		return p
	}
	p.draw = func(c draw.Canvas) { drawOutcomes(c, classes, rows) }
	return p
}

// mixes gathers rows in the order of the scenario, and the classes that occur.
func mixes(s summary.Summary) (classes []string, rows []mix) {
	for _, o := range s.Pooled.Outcomes {
		if o.Count > 0 && !slices.Contains(classes, o.Class) {
			classes = append(classes, o.Class)
		}
	}
	slices.SortStableFunc(classes, func(a, b string) int { return summary.ClassRank(a) - summary.ClassRank(b) })
	for _, o := range s.Pooled.Outcomes {
		if o.Count == 0 {
			continue
		}
		from := "from " + words.Side(o.Side)
		i := slices.IndexFunc(rows, func(r mix) bool { return r.name == o.Map && r.from == from })
		if i < 0 {
			i = len(rows)
			rows = append(rows, mix{name: o.Map, from: from, counts: make([]uint64, len(classes))})
		}
		rows[i].counts[slices.Index(classes, o.Class)] += o.Count
		rows[i].all += o.Count
	}
	return classes, rows
}

func outcomesTable(s summary.Summary) Table {
	t := Table{
		Head: []string{"Table map", "From", "Class", "Reason", "References", "Per 10,000"},
		Note: "Per 10,000 references of the same map and side.",
	}
	_, rows := mixes(s)
	for _, o := range s.Pooled.Outcomes {
		from := "from " + words.Side(o.Side)
		var all uint64
		if i := slices.IndexFunc(rows, func(r mix) bool { return r.name == o.Map && r.from == from }); i >= 0 {
			all = rows[i].all
		}
		t.Rows = append(t.Rows, []string{o.Map, words.Side(o.Side), o.Class, o.Reason, words.Count(o.Count), perTenThousand(o.Count, all)})
	}
	return t
}

// perTenThousand rounds to one decimal, in integers.
func perTenThousand(part, whole uint64) string {
	if whole == 0 {
		return words.None
	}
	tenths := (part*100_000 + whole/2) / whole
	if part > 0 && tenths == 0 {
		return "< 0.1"
	}
	return fmt.Sprintf("%s.%d", words.Count(tenths/10), tenths%10)
}

func drawOutcomes(c draw.Canvas, classes []string, rows []mix) {
	const (
		rowHeight = 25
		barHeight = 15
		sliver    = 3
	)
	name := style(10.5, bold, paint.Ink)
	from := style(9.5, regular, paint.Soft)
	head := aligned(style(9.5, regular, paint.Soft), draw.XRight)
	count := aligned(style(10, regular, paint.Ink), draw.XRight)
	none := aligned(style(10, regular, paint.Faint), draw.XRight)

	var names vg.Length
	for _, r := range rows {
		names = max(names, measure(name, fit(name, r.name, 110))+6+measure(from, r.from))
	}
	widths := make([]vg.Length, len(classes))
	var counts vg.Length
	for k, class := range classes {
		widths[k] = max(measure(head, class)+13, 40) + 12
		counts += widths[k]
	}
	x0 := c.Min.X + names + 14
	x1 := c.Max.X - counts - 4

	// The heads of the number columns are the legend of the bars.
	y := c.Max.Y - 12
	x := x1 + 4
	for k, class := range classes {
		x += widths[k]
		write(c, head, x, y, class)
		square := x - measure(head, class) - 12
		fill(c, paint.Outcome(class), square, y-.5, square+8, y+7.5)
	}
	write(c, aligned(head, draw.XLeft), x0, y, "share of references")
	c.StrokeLine2(ruleLine, c.Min.X, y-9, c.Max.X, y-9)

	for i, r := range rows {
		middle := y - 9 - rowHeight*(vg.Length(i)+.5) - 3
		shown := fit(name, r.name, 110)
		writeMiddle(c, name, c.Min.X, middle, shown)
		writeMiddle(c, from, c.Min.X+measure(name, shown)+6, middle, r.from)

		at := x0
		for k, w := range barWidths(r, x1-x0, sliver) {
			if w > 0 {
				fill(c, paint.Outcome(classes[k]), at, middle-barHeight/2, at+w-min(1, w/4), middle+barHeight/2)
				at += w
			}
		}
		x := x1 + 4
		for k, n := range r.counts {
			x += widths[k]
			if n == 0 {
				writeMiddle(c, none, x, middle, "·")
				continue
			}
			writeMiddle(c, count, x, middle, words.Count(n))
		}
	}
}

// barWidths shares a bar's width out by count, giving every class that occurs
// at least the least width, at the cost of the others in proportion.
func barWidths(r mix, whole, least vg.Length) []vg.Length {
	ws := make([]vg.Length, len(r.counts))
	small, rest := vg.Length(0), uint64(0)
	for k, n := range r.counts {
		switch w := whole * vg.Length(float64(n)/float64(r.all)); {
		case n == 0:
		case w < least:
			ws[k] = least
			small += least
		default:
			rest += n
		}
	}
	for k, n := range r.counts {
		if n > 0 && ws[k] == 0 {
			ws[k] = (whole - small) * vg.Length(float64(n)/float64(rest))
		}
	}
	return ws
}
