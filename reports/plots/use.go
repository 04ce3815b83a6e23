package plots

import (
	"fmt"
	"slices"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// useColumns is into how many stretches the day is cut for [Use].
const useColumns = 96

// useRow is how many stretches a row of the table tells of.
const useRow = 4

// used is how busy one system was, per stretch: the mean over runs.
type used struct {
	side   string
	shares []float64
}

// Use draws how busy the two systems were over the day, users' saves and the
// engine's requests together, with the fault periods behind.
func Use(set *result.Set) Plot {
	var end time.Duration
	for _, r := range set.Runs {
		end = max(end, r.End)
	}
	var all []used
	for _, side := range words.Sides {
		if shares := sharesOf(set, "use."+side, end); shares != nil {
			all = append(all, used{side, shares})
		}
	}
	shadings := findings.Shadings(set)
	p := Plot{
		Name:     "use",
		Title:    useFinding(set, all, end),
		Subtitle: "Share of the servers' time that each system spent on requests, users' and the engine's, mean over runs",
		Table:    useTable(set, all, end),
		Named:    useNamed(set, all, end),
		height:   nothingHeight,
	}
	if all == nil {
		p.draw = nothing("How busy the systems were was not measured.")
		return p
	}
	p.Caption = fmt.Sprintf("Calendar time, UTC, %s; stretches of %s, %s.", words.NewClock(set.Scenario.Start, end).Days(),
		words.Duration((end / useColumns).Round(time.Second)), words.Counted(len(set.Runs), "run", "runs"))
	if len(shadings) > 0 {
		p.Caption += " Shaded: faults, when they really struck."
	}
	lanes := faultLanes(shadings, end)
	at := make([]time.Duration, len(p.Table.Rows))
	for i := range at {
		at[i] = end * time.Duration(i) * useRow / useColumns
	}
	p.Series = hues(all, func(u used) string { return words.Side(u.side) })
	p.overTime(set.Scenario, end, at)
	busy := useStrip(all, end)
	p.height = stripsHeight(lanes, busy)
	p.draw = func(c draw.Canvas) { drawStrips(c, set.Scenario, lanes, end, busy) }
	return p
}

// sharesOf averages a series over stretches of time and over runs; nil where no
// run has it.
func sharesOf(set *result.Set, name string, end time.Duration) []float64 {
	var out []float64
	runs := 0
	for i := range set.Runs {
		points, ok := findings.Series(&set.Runs[i], name)
		if !ok || len(points) == 0 || end == 0 {
			continue
		}
		if runs++; out == nil {
			out = make([]float64, useColumns)
		}
		for k := range out {
			out[k] += meanWithin(points, end*time.Duration(k)/useColumns, end*time.Duration(k+1)/useColumns)
		}
	}
	for k := range out {
		out[k] /= float64(runs)
	}
	return out
}

// meanWithin is the mean of a step function over [from, to).
func meanWithin(points []result.Point, from, to time.Duration) float64 {
	at, value, area := from, findings.At(points, from), 0.0
	for _, p := range points {
		if p.At <= from {
			continue
		}
		if p.At >= to {
			break
		}
		area += value * (p.At - at).Seconds()
		at, value = p.At, p.Value
	}
	area += value * (to - at).Seconds()
	return area / (to - from).Seconds()
}

func useFinding(set *result.Set, all []used, end time.Duration) string {
	if all == nil {
		return "How busy the systems were is not known"
	}
	most, at := all[0], highest(all[0].shares)
	for _, u := range all[1:] {
		if k := highest(u.shares); u.shares[k] > most.shares[at] {
			most, at = u, k
		}
	}
	clock := words.NewClock(set.Scenario.Start, end)
	return fmt.Sprintf("%s is busiest at %s, with %s of its servers' time", words.Side(most.side), clock.Minute(end*time.Duration(at)/useColumns), percent(most.shares[at]))
}

// useNamed are the busiest stretches.
func useNamed(set *result.Set, all []used, end time.Duration) (list []findings.Named) {
	clock := words.NewClock(set.Scenario.Start, end)
	for _, u := range all {
		at := highest(u.shares)
		list = append(list, findings.Named{
			Name:  words.Side(u.side) + ", busiest stretch, from " + clock.Minute(end*time.Duration(at)/useColumns),
			Value: percent(u.shares[at]),
		})
	}
	if all != nil {
		list = append(list, findings.Named{Name: "length of a stretch", Value: words.Duration((end / useColumns).Round(time.Second))})
	}
	return list
}

func useTable(set *result.Set, all []used, end time.Duration) Table {
	t := Table{Head: []string{"Time"}, Note: "Mean share of the servers' time within the stretch."}
	clock := words.NewClock(set.Scenario.Start, end)
	for _, u := range all {
		t.Head = append(t.Head, words.Side(u.side))
	}
	for k := 0; k < useColumns && all != nil; k += useRow {
		row := []string{clock.Minute(end * time.Duration(k) / useColumns)}
		for _, u := range all {
			row = append(row, fmt.Sprintf("%.1f %%", 25*(u.shares[k]+u.shares[k+1]+u.shares[k+2]+u.shares[k+3])))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// useStrip draws a step line a side.
func useStrip(all []used, end time.Duration) strip {
	high := 0.
	for _, u := range all {
		high = max(high, slices.Max(u.shares))
	}
	return strip{name: "Busy", unit: "share of servers' time", height: 156, ys: percentTicks(high), draw: func(pn panel) {
		labels := placer{area: pn.c.Rectangle}
		for i, u := range all {
			var line []vg.Point
			for k, v := range u.shares {
				y := pn.y(v)
				line = append(line,
					vg.Point{X: pn.x((end * time.Duration(k) / useColumns).Seconds()), Y: y},
					vg.Point{X: pn.x((end * time.Duration(k+1) / useColumns).Seconds()), Y: y})
			}
			pn.polyline(draw.LineStyle{Color: paint.Hues[i], Width: 1.6, Dashes: dashes[i]}, line)
			labels.curve(line)
		}
		for i, u := range all {
			if at, ok := labels.put(i, []label{{words.Side(u.side), labelStyle(i)}}); ok {
				at.draw(pn.c, true)
			}
		}
	}}
}

// percent writes a share with two digits.
func percent(share float64) string {
	if share >= .995 {
		return fmt.Sprintf("%.0f %%", 100*share)
	}
	return fmt.Sprintf("%.2g %%", 100*share)
}

// percentTicks are round shares from 0 to at least high, in about four steps.
func percentTicks(high float64) []tick {
	step := niceStep(max(high, .001) * 100 / 4)
	var ts []tick
	for v := 0.; ; v += step {
		ts = append(ts, tick{v / 100, percentText(v)})
		if v >= 100*high && v > 0 {
			return ts
		}
	}
}

// percentText writes a share in percent, however large.
func percentText(v float64) string {
	if v >= 1000 {
		return words.Count(int64(v+.5)) + " %"
	}
	return fmt.Sprintf("%.3g %%", v)
}
