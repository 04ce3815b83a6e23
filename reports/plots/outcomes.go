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
	shown      []string // what stands beside the bar in place of the counts; nil: the counts
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
			findings.Capital(words.Counted(s.Executed.Pooled, "run", "runs pooled"))),
		Table: outcomesTable(s),
		Named: findings.OutcomesNamed(s),
	}
	if len(rows) == 0 {
		p.Caption, p.height, p.draw = "", nothingHeight, nothing("No reference was processed.")
		return p
	}
	p.bars(classes, rows)
	return p
}

// bars makes the plot one of bars, a row each.
func (p *Plot) bars(classes []string, rows []mix) {
	p.Series = mixSeries(classes)
	l := layOutcomes(classes, rows)
	p.height = rowHeight*vg.Length(len(rows)) + 34
	if l.compact {
		p.height += legendRow
	}
	p.draw = func(c draw.Canvas) { drawOutcomes(c, classes, rows, l) }
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

// outcomeLayout says where the columns of the picture stand.
type outcomeLayout struct {
	bar0, bar1 vg.Length   // ends of the bars
	columns    []vg.Length // right edges of the number columns
	compact    bool        // the legend has its own row
}

const (
	mapNameMost = 110 // width that a map's name may take
	barLeast    = 90
	rowHeight   = 25
	legendRow   = 22 // height of a legend of its own
)

// layOutcomes gives the number columns what they need and the bars the rest.
// The columns' heads are the legend of the bars; with so many classes that no
// room is left, the columns keep only the colour.
func layOutcomes(classes []string, rows []mix) outcomeLayout {
	var l outcomeLayout
	for _, r := range rows {
		l.bar0 = max(l.bar0, measure(headStyle, fitMiddle(headStyle, r.name, mapNameMost))+6+measure(noteStyle, r.from)+14)
	}
	columns := func(column func(class string) vg.Length) {
		l.bar1 = width
		l.columns = make([]vg.Length, len(classes))
		for k := len(classes) - 1; k >= 0; k-- {
			l.columns[k] = l.bar1
			l.bar1 -= column(classes[k])
		}
	}
	columns(func(class string) vg.Length { return max(measure(noteStyle, class)+13, 40) + 11 })
	if l.compact = l.bar1-l.bar0 < barLeast; l.compact {
		columns(func(string) vg.Length { return 41 })
	}
	return l
}

func drawOutcomes(c draw.Canvas, classes []string, rows []mix, l outcomeLayout) {
	const barHeight, sliver = 15, 3
	count := aligned(style(10, regular, paint.Ink), draw.XRight)
	none := aligned(style(10, regular, paint.Faint), draw.XRight)

	y := c.Max.Y - 12
	if l.compact {
		x := c.Min.X
		for _, class := range classes {
			swatch(c, class, x, y)
			write(c, noteStyle, x+12, y, class)
			x += measure(noteStyle, class) + 27
		}
		y -= legendRow
	}
	write(c, noteStyle, l.bar0, y, "share")
	for k, class := range classes {
		if l.compact {
			swatch(c, class, l.columns[k]-8, y)
			continue
		}
		write(c, aligned(noteStyle, draw.XRight), l.columns[k], y, class)
		swatch(c, class, l.columns[k]-measure(noteStyle, class)-12, y)
	}
	c.StrokeLine2(ruleLine, c.Min.X, y-9, c.Max.X, y-9)

	for i, r := range rows {
		middle := y - 12 - rowHeight*(vg.Length(i)+.5)
		shown := fitMiddle(headStyle, r.name, mapNameMost)
		writeMiddle(c, headStyle, c.Min.X, middle, shown)
		writeMiddle(c, noteStyle, c.Min.X+measure(headStyle, shown)+6, middle, r.from)

		at := l.bar0
		for k, w := range barWidths(r, l.bar1-l.bar0, sliver) {
			if w > 0 {
				fill(c, paint.Outcome(classes[k]), at, middle-barHeight/2, at+w-min(1, w/4), middle+barHeight/2)
				at += w
			}
		}
		for k, n := range r.counts {
			text, ink := words.Count(n), count
			if r.shown != nil {
				text = r.shown[k]
			}
			if n == 0 {
				ink = none
				if text != words.Foreign {
					text = "·"
				}
			}
			writeMiddle(c, ink, l.columns[k], middle, text)
		}
	}
}

func swatch(c draw.Canvas, class string, x, y vg.Length) {
	fill(c, paint.Outcome(class), x, y-.5, x+8, y+7.5)
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
