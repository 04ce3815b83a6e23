package plots

import (
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Clocks draws how wrong the systems' clocks are over the day, and the conflicts
// below, where they are booked: whether they come where the clocks disagree.
func Clocks(set *result.Set) Plot {
	w := windowsOf(set)
	p := Plot{
		Name:     "clocks",
		Title:    "How wrong the clocks are was not measured",
		Subtitle: "By how much each system's clock is ahead of true time",
		Table:    Table{Head: []string{"Until", "F&O ahead", "Dataverse ahead", "Apart"}},
		height:   nothingHeight,
	}
	if len(w.spans) == 0 {
		p.draw = nothing("How wrong the clocks are was not measured.")
		return p
	}
	conflicts := w.class("conflict")
	clock := words.NewClock(set.Scenario.Start, w.end)
	p.Title = clocksFinding(w, conflicts)
	if !w.copied() {
		p.Subtitle += fmt.Sprintf(", and changes that lost a conflict per %s", words.Duration(w.width()))
		if len(w.runs) > 1 {
			p.Subtitle += fmt.Sprintf(", mean over %d runs", len(w.runs))
		}
		p.Subtitle += " · n = " + words.Counted(total(conflicts), "conflict", "conflicts")
		p.Table.Head = append(p.Table.Head, "Conflicts")
	}
	p.Caption = fmt.Sprintf("Calendar time, UTC, %s. Clocks are alike in all runs, read at the end of every stretch of %s; their granularity is left out. ", clock.Days(), words.Duration(w.width()))
	if w.copied() {
		p.Caption += "The data integrator books no conflicts."
	} else {
		p.Caption += "The engine decides by versions and marks, never by clocks."
	}
	shadings := findings.Shadings(set)
	if len(shadings) > 0 {
		p.Caption += " Shaded: faults, when they really struck."
	}
	p.Named = clocksNamed(w, conflicts)
	w.rows(func(from, to int) {
		s := &w.spans[to-1]
		row := []string{clock.Minute(s.To), words.Duration(s.Clock[0]), words.Duration(s.Clock[1]), words.Duration(apart(s)), words.Count(total(conflicts[from:to]))}
		p.Table.Rows = append(p.Table.Rows, row[:len(p.Table.Head)])
	})
	p.Series = hues(words.Sides[:], words.Side)
	p.overTime(set.Scenario, w.end, w.begins())
	lanes := faultLanes(shadings, w.end)
	strips := []strip{clockStrip(w)}
	if !w.copied() {
		beside := conflictStrip(w, conflicts)
		beside.demands = countsOf(demanded(set), "class=conflict", "outcome")
		strips = append(strips, beside)
	}
	p.Caption += demandedBeside(strips)
	p.height = stripsHeight(lanes, strips...)
	p.draw = func(c draw.Canvas) { drawStrips(c, set.Scenario, lanes, w.end, strips...) }
	return p
}

// apart is how far the two clocks are from each other at the end of a window.
func apart(w *result.Window) time.Duration { return (w.Clock[0] - w.Clock[1]).Abs() }

// clocksFinding says how far the clocks go apart, and how many of the conflicts
// come while they are further apart than half of that.
func clocksFinding(w windowed, conflicts []uint64) string {
	most, far, while := farApart(w, conflicts)
	all := total(conflicts)
	if most == 0 && all == 0 {
		if w.copied() {
			return "The clocks agree; the data integrator notices no conflict"
		}
		return "The clocks agree; no conflict came up"
	}
	if most == 0 {
		return "The clocks agree; " + words.Counted(all, "change loses", "changes lose") + " a conflict"
	}
	text := fmt.Sprintf("The clocks are up to %s apart", words.Duration(most))
	switch {
	case all == 0 && w.copied():
		return text + "; the data integrator notices no conflict"
	case all == 0:
		return text + "; no conflict came up"
	case while == 1:
		return text + "; " + words.Counted(all, "change loses", "changes lose") + " a conflict"
	default:
		return fmt.Sprintf("%s: %s of %s come in the %s of the time in which they are more than half of that apart",
			text, words.Count(far), words.Counted(all, "conflict", "conflicts"), percent(while))
	}
}

// clocksNamed are how far the clocks come apart, how many conflicts there are, and
// how many of these come while the clocks are far apart.
func clocksNamed(w windowed, conflicts []uint64) []findings.Named {
	all := findings.Named{
		Name: "conflicts", Value: words.Count(total(conflicts)),
		Runs: w.byRun(func(x *result.Window) uint64 { return endedIn(x, "conflict") }),
	}
	most, far, while := farApart(w, conflicts)
	if w.copied() {
		return []findings.Named{{Name: "clocks apart, at most", Value: words.Duration(most)}, {Name: "length of a window", Value: words.Duration(w.width())}}
	}
	return []findings.Named{
		all,
		{Name: "clocks apart, at most", Value: words.Duration(most)},
		{Name: "conflicts while it is more than half of that", Value: words.Count(far)},
		{Name: "share of the time in which it is", Value: percent(while)},
		{Name: "length of a window", Value: words.Duration(w.width())},
	}
}

// farApart is how far the clocks come apart at most, how many conflicts come while
// they are further apart than half of that, and which share of the time that is.
func farApart(w windowed, conflicts []uint64) (most time.Duration, far uint64, while float64) {
	for i := range w.spans {
		most = max(most, apart(&w.spans[i]))
	}
	windows := 0
	for i, n := range conflicts {
		if apart(&w.spans[i]) > most/2 {
			far += n
			windows++
		}
	}
	return most, far, float64(windows) / float64(len(conflicts))
}

// clockStrip draws a line a side.
func clockStrip(w windowed) strip {
	low, high := 0., 0.
	for i := range w.spans {
		for _, e := range w.spans[i].Clock {
			low, high = min(low, e.Seconds()), max(high, e.Seconds())
		}
	}
	if low == high {
		high = .9
	}
	room := .06 * (high - low) // no line lies on the frame
	if high += room; low < 0 {
		low -= room
	}
	return strip{name: "Clock ahead", unit: "of true time", height: 120, ys: signedTicks(low, high, 4), draw: func(pn panel) {
		if low < 0 { // true time
			pn.c.StrokeLine2(axisLine, pn.c.Min.X, pn.y(0), pn.c.Max.X, pn.y(0))
		}
		labels := placer{area: pn.c.Rectangle}
		for side := range words.Sides {
			var line []vg.Point
			for i := range w.spans {
				x := &w.spans[i]
				if i == 0 {
					line = append(line, vg.Point{X: pn.x(x.From.Seconds()), Y: pn.y(x.Clock[side].Seconds())})
				}
				line = append(line, vg.Point{X: pn.x(x.To.Seconds()), Y: pn.y(x.Clock[side].Seconds())})
			}
			pn.polyline(draw.LineStyle{Color: paint.Hues[side], Width: 1.6, Dashes: dashes[side]}, line)
			labels.curve(line)
		}
		for side, name := range words.Sides {
			if at, ok := labels.put(side, []label{{words.Side(name), labelStyle(side)}}); ok {
				at.draw(pn.c, true)
			}
		}
	}}
}

// conflictStrip draws the conflicts.
func conflictStrip(w windowed, conflicts []uint64) strip {
	values := w.perRun(conflicts)
	return strip{name: "Conflicts", unit: words.Count(total(conflicts)) + " in all", height: 52, ys: fewTicks(slices.Max(values)), draw: func(pn panel) {
		pn.bars(w, values, paint.Outcome("conflict"))
	}}
}

// signedTicks give a linear axis of spans in seconds that holds low to high, in
// about n steps, and has a tick at 0.
func signedTicks(low, high float64, n int) []tick {
	step := niceStep(max(high-low, 1e-9) / float64(n))
	var ts []tick
	for k := math.Floor(low / step); ; k++ {
		ts = append(ts, tick{k * step, spanText(k * step)})
		if k*step >= high-step*1e-9 && len(ts) > 1 {
			return ts
		}
	}
}
