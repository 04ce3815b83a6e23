package plots

import (
	"fmt"
	"math"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
)

// traded is one setting: what it costs users, and what they get for it.
type traded struct {
	name       string
	wait, pair comparison.Cell // wait for a save, time to converge
	waitText   string
	pairText   string
	hue        int
}

// The two sides of the trade.
const (
	tradeWait = "user-wait-p95"
	tradePair = "convergence-p95"
)

// Trade draws what users wait for a save against how long one side alone has
// their change: left and low is better, and what is neither left of nor below
// another setting is dominated by it. Demands on one of the two are drawn.
func Trade(c *comparison.Comparison, demands []string) Plot {
	var all []traded
	for k, s := range c.Settings {
		t := traded{name: s.Name, hue: k % len(paint.Hues)}
		for i := range c.Figures {
			switch f := &c.Figures[i]; f.ID {
			case tradeWait:
				t.wait, t.waitText = f.Cells[k], f.Value(k)
			case tradePair:
				t.pair, t.pairText = f.Cells[k], f.Value(k)
			}
		}
		if t.wait.Known && t.pair.Known && t.wait.Mean > 0 && t.pair.Mean > 0 {
			all = append(all, t)
		}
	}
	p := Plot{
		Name:     "trade",
		Title:    tradeFinding(all),
		Subtitle: fmt.Sprintf("95 %% of the saves are done, and 95 %% of the changes on both sides, within these times; mean over runs with 95 %% intervals · %s", comparison.RunsText(c.Settings)),
		Table:    Table{Head: []string{"Setting", "Wait for a save, p95", "Time to converge, p95"}},
		height:   nothingHeight,
	}
	for _, t := range all {
		p.Table.Rows = append(p.Table.Rows, []string{t.name, t.waitText, t.pairText})
	}
	if len(all) == 0 {
		p.draw = nothing("No setting has both a wait for saves and a time to converge.")
		return p
	}
	p.Caption = "Logarithmic axes. Left: users wait less; low: both sides agree sooner. > a lower bound."
	if left := len(c.Settings) - len(all); left > 0 {
		p.Caption += " " + words.Counted(left, "setting", "settings") + " without one of the two left out."
	}
	for _, t := range all {
		p.Series = append(p.Series, Series{t.name, []paint.Shade{paint.Hues[t.hue]}})
	}
	wait, pair := levelsOn(demands, tradeWait), levelsOn(demands, tradePair)
	if wait != nil || pair != nil {
		p.Caption += " Red: what the scenario demands."
	}
	p.height = 300
	p.draw = func(c draw.Canvas) { drawTrade(c, all, wait, pair) }
	return p
}

// tradeReach is by how many times a demand may stretch a logarithmic axis.
const tradeReach = 100

// tradeFinding says who is least in which, where the intervals over runs are apart,
// and else that it is not clear.
func tradeFinding(all []traded) string {
	if len(all) < 2 {
		return "Nothing to weigh against each other"
	}
	least := func(of func(traded) comparison.Cell) (traded, bool) {
		best := all[0]
		for _, t := range all[1:] {
			if of(t).Mean < of(best).Mean {
				best = t
			}
		}
		for _, t := range all {
			if t.name != best.name && (of(t).Low <= of(best).High || of(t).Runs < 2) {
				return best, false
			}
		}
		return best, true
	}
	wait, waitClear := least(func(t traded) comparison.Cell { return t.wait })
	pair, pairClear := least(func(t traded) comparison.Cell { return t.pair })
	switch {
	case waitClear && pairClear && wait.name == pair.name:
		return fmt.Sprintf("Under %s users wait least, and both sides agree soonest", wait.name)
	case waitClear && pairClear:
		return fmt.Sprintf("Users wait least under %s, both sides agree soonest under %s", wait.name, pair.name)
	case waitClear:
		return fmt.Sprintf("Users wait least under %s; who agrees soonest is not clear", wait.name)
	case pairClear:
		return fmt.Sprintf("Both sides agree soonest under %s; where users wait least is not clear", pair.name)
	default:
		return "The intervals overlap: neither wait tells the settings apart"
	}
}

func drawTrade(c draw.Canvas, all []traded, wait, pair []level) {
	axis := func(of func(traded) comparison.Cell, demands []level) (low, high float64) {
		low, high = math.Inf(1), 0
		for _, t := range all {
			low, high = min(low, float64(of(t).Mean)), max(high, float64(of(t).Mean), float64(of(t).High))
		}
		for _, l := range demands { // on a logarithmic axis there is room for most
			if l.value <= high*tradeReach && l.value >= low/tradeReach {
				low, high = min(low, l.value), max(high, l.value)
			}
		}
		return low * .8, high * 1.25
	}
	span := func(s float64) time.Duration { return time.Duration(s * 1e9) }
	x0, x1 := axis(func(t traded) comparison.Cell { return t.wait }, wait)
	y0, y1 := axis(func(t traded) comparison.Cell { return t.pair }, pair)
	xs, ys := spanTicks(span(x0), span(x1)), spanTicks(span(y0), span(y1))
	p := plot.New()
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Min, p.X.Max = xs[0].at, xs[len(xs)-1].at
	p.Y.Min, p.Y.Max = ys[0].at, ys[len(ys)-1].at
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + 52, Y: c.Min.Y + 42}, Max: vg.Point{X: c.Max.X - 12, Y: c.Max.Y - 22}}
	pn := newPanel(c, area, p)
	pn.rules(xs, ys, true)
	pn.head("Time to converge", "p95")
	pn.xTitle("wait for a save, p95")

	labels := placer{area: area}
	x := func(v float64) vg.Length { return pn.x(min(max(v, p.X.Min), p.X.Max)) }
	y := func(v float64) vg.Length { return pn.y(min(max(v, p.Y.Min), p.Y.Max)) }
	for _, t := range all {
		shade := paint.Hues[t.hue]
		at := vg.Point{X: x(float64(t.wait.Mean)), Y: y(float64(t.pair.Mean))}
		left, right := vg.Point{X: x(float64(t.wait.Low)), Y: at.Y}, vg.Point{X: x(float64(t.wait.High)), Y: at.Y}
		low, high := vg.Point{X: at.X, Y: y(float64(t.pair.Low))}, vg.Point{X: at.X, Y: y(float64(t.pair.High))}
		pn.polyline(draw.LineStyle{Color: shade, Width: 1.3}, []vg.Point{left, right})
		pn.polyline(draw.LineStyle{Color: shade, Width: 1.3}, []vg.Point{low, high})
		pn.dot(at, shade, 4)
		labels.curve([]vg.Point{left, at, right, at, low, high})
		labels.block(vg.Rectangle{Min: vg.Point{X: at.X - 5, Y: at.Y - 5}, Max: vg.Point{X: at.X + 5, Y: at.Y + 5}})
	}
	pn.levelsAlong(pair, &labels)
	pn.levelsAcross(wait, &labels)
	for i, t := range all {
		st := labelStyle(t.hue)
		lines := []label{{fitMiddle(st, t.name, nameMost), st}, {"wait " + t.waitText + "   converge " + t.pairText, noteStyle}}
		if at, ok := labels.put(i, lines); ok {
			at.draw(pn.c, true)
		}
	}
}
