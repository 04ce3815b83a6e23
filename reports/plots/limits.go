package plots

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// sized counts the saves of one size on both sides, over all runs.
type sized struct {
	upTo        int // 0: any number
	saves, over [2]uint64
}

// Limits draws which share of saves is over the limits of live sync, by size, and
// which share of the engine's requests the systems answer 429, over the day.
func Limits(set *result.Set) Plot {
	all := sizesOf(set)
	w := windowsOf(set)
	var saves, over uint64
	for _, s := range all {
		saves, over = saves+total(s.saves[:]), over+total(s.over[:])
	}
	refused := [2][]uint64{}
	var asked, throttled [2]uint64
	for side := range refused {
		refused[side] = w.sum(func(x *result.Window) uint64 { return x.Throttled[side] })
		throttled[side] = total(refused[side])
		asked[side] = total(w.sum(func(x *result.Window) uint64 { return x.Requests[side] }))
	}
	p := Plot{
		Name:     "limits",
		Title:    limitsFinding(set, saves, over, throttled),
		Subtitle: fmt.Sprintf("Share of users' saves over the limits of live sync, by records changed, and share of the requests that are answered 429 · n = %s, %s", words.Counted(saves, "save", "saves"), words.Counted(asked[0]+asked[1], "request", "requests")),
		Table:    limitsTable(all),
		Named:    limitsNamed(set, w, saves, over, total(asked[:]), total(throttled[:])),
		height:   nothingHeight,
	}
	if saves == 0 {
		p.draw = nothing("No save was counted.")
		return p
	}
	p.Caption = words.Counted(len(set.Runs), "run", "runs pooled") + ". " + findings.Capital(overMeans(set)) + " Each attempt of a transaction that is tried again is a save."
	if throttled[0]+throttled[1] == 0 {
		p.Caption += " No request was answered 429."
		p.height = limitsHeight
		p.draw = func(c draw.Canvas) { drawLimits(c, set.Scenario, all) }
		return p
	}
	p.Caption += " 429: requests that limits of a side count, users' own left out."
	shadings := findings.Shadings(set)
	if len(shadings) > 0 {
		p.Caption += " Shaded: faults, when they really struck."
	}
	lanes := faultLanes(shadings, w.end)
	below := throttleStrip(w, refused)
	below.demands = countsOf(demanded(set), "", "throttled")
	p.Caption += demandedBeside([]strip{below})
	lower := stripsHeight(lanes, below)
	p.height = limitsHeight + 8 + lower
	p.draw = func(c draw.Canvas) {
		upper, rest := c, c
		upper.Min.Y = c.Max.Y - limitsHeight
		rest.Max.Y = c.Min.Y + lower
		drawLimits(upper, set.Scenario, all)
		drawStrips(rest, set.Scenario, lanes, w.end, below)
	}
	return p
}

const limitsHeight = 236 * vg.Length(1)

// overMeans says what counts as over the limits.
func overMeans(set *result.Set) string {
	if set.Scenario.Mode == "live" {
		return "over: refused for its records, companies or bytes, or undone because it was held for too long."
	}
	var parts []string
	for side, most := range set.Scenario.LiveMost {
		if most > 0 {
			parts = append(parts, fmt.Sprintf("%s from %s", words.Count(most), words.Side(words.Sides[side])))
		}
	}
	if parts == nil {
		return "no number of records is over a limit in this scenario."
	}
	return "over: what could not go live as a whole, because it has more records than may (" + strings.Join(parts, ", ") + "); the other limits show in mode live alone."
}

// sizesOf adds the runs up, ascending by size.
func sizesOf(set *result.Set) (all []sized) {
	for i := range set.Runs {
		for _, x := range set.Runs[i].Sizes {
			k := slices.IndexFunc(all, func(s sized) bool { return s.upTo == x.UpTo })
			if k < 0 {
				k = len(all)
				all = append(all, sized{upTo: x.UpTo})
			}
			side := 0
			if x.Side == words.Sides[1] {
				side = 1
			}
			all[k].saves[side] += x.Saves
			all[k].over[side] += x.Over
		}
	}
	slices.SortFunc(all, func(a, b sized) int {
		switch {
		case a.upTo == 0:
			return 1
		case b.upTo == 0:
			return -1
		}
		return a.upTo - b.upTo
	})
	return all
}

func (s sized) name() string {
	if s.upTo == 0 {
		return "more"
	}
	return words.Count(s.upTo)
}

func limitsFinding(set *result.Set, saves, over uint64, throttled [2]uint64) string {
	if saves == 0 {
		return "No save was counted"
	}
	text := "No save is over the limits of live sync"
	if over > 0 {
		are, condition := "are", ""
		switch live := set.Scenario.Mode == "live"; {
		case !live && over == 1:
			are, condition = "would be", ", if it went live"
		case !live:
			are, condition = "would be", ", if they went live"
		case over == 1:
			are = "is"
		}
		text = fmt.Sprintf("%s of %s %s over the limits of live sync%s", words.Count(over), words.Counted(saves, "save", "saves"), are, condition)
	}
	switch all := throttled[0] + throttled[1]; all {
	case 0:
		return text
	default:
		return text + "; " + words.Counted(all, "request was", "requests were") + " answered 429"
	}
}

// limitsNamed are the totals of both sides.
func limitsNamed(set *result.Set, w windowed, saves, over, asked, throttled uint64) []findings.Named {
	if saves == 0 {
		return nil
	}
	sizes := func(of func(*result.SizeCount) uint64) (sums []float64) {
		for i := range set.Runs {
			var n uint64
			for k := range set.Runs[i].Sizes {
				n += of(&set.Runs[i].Sizes[k])
			}
			sums = append(sums, float64(n))
		}
		return sums
	}
	return []findings.Named{
		{Name: "saves", Value: words.Count(saves), Runs: sizes(func(x *result.SizeCount) uint64 { return x.Saves })},
		{Name: "of them over the limits of live sync", Value: words.Count(over), Runs: sizes(func(x *result.SizeCount) uint64 { return x.Over })},
		{Name: "requests of the engine", Value: words.Count(asked), Runs: w.byRun(func(x *result.Window) uint64 { return total(x.Requests[:]) })},
		{Name: "of them answered 429", Value: words.Count(throttled), Runs: w.byRun(func(x *result.Window) uint64 { return total(x.Throttled[:]) })},
	}
}

func limitsTable(all []sized) Table {
	t := Table{Head: []string{"Records, up to", "Saves from F&O", "over", "Saves from Dataverse", "over"}}
	for _, s := range all {
		t.Rows = append(t.Rows, []string{s.name(), words.Count(s.saves[0]), words.Count(s.over[0]), words.Count(s.saves[1]), words.Count(s.over[1])})
	}
	return t
}

// drawLimits draws the shares side by side for each size that occurs; how many
// saves there were stands below.
func drawLimits(c draw.Canvas, sc result.Scenario, all []sized) {
	p := plot.New()
	p.X.Min, p.X.Max = -.5, float64(len(all))-.5
	p.Y.Min, p.Y.Max = 0, 1.08 // room for a label above a full bar
	area := vg.Rectangle{Min: vg.Point{X: c.Min.X + 88, Y: c.Min.Y + 78}, Max: vg.Point{X: c.Max.X - 12, Y: c.Max.Y - 26}}
	pn := newPanel(c, area, p)
	pn.rules(nil, []tick{{0, "0 %"}, {.25, "25 %"}, {.5, "50 %"}, {.75, "75 %"}, {1, "100 %"}}, false)
	pn.head("Over the limits of live sync", "share of saves of that size")
	right, centre := aligned(noteStyle, draw.XRight), aligned(noteStyle, draw.XCenter)
	write(c, right, area.Min.X-7, area.Min.Y-16, "records, up to")
	slot := pn.x(1) - pn.x(0)
	bar := min(slot*.32, 26)
	row := 0
	for side, name := range words.Sides {
		used := slices.ContainsFunc(all, func(s sized) bool { return s.saves[side] > 0 })
		if !used {
			continue
		}
		y := area.Min.Y - 34 - 15*vg.Length(row)
		write(c, aligned(style(9.5, bold, paint.Hues[side]), draw.XRight), area.Min.X-7, y, words.Side(name))
		for i, s := range all {
			x := pn.x(float64(i))
			if s.saves[side] == 0 {
				write(c, centre, x, y, "·")
				continue
			}
			write(c, centre, x, y, words.Count(s.saves[side]))
			share := float64(s.over[side]) / float64(s.saves[side])
			x0 := x - bar/2
			if s.over[0] > 0 && s.over[1] > 0 { // side by side
				x0 = x + (vg.Length(side)-1)*(bar+1)
			}
			if s.over[side] > 0 {
				fill(pn.c, paint.Hues[side], x0, area.Min.Y, x0+bar, max(pn.y(share), area.Min.Y+1))
				write(c, aligned(style(9.5, bold, paint.Hues[side]), draw.XCenter), x0+bar/2, pn.y(share)+3, words.Share(s.over[side], s.saves[side]))
			}
		}
		row++
	}
	for i, s := range all {
		write(c, aligned(tickStyle, draw.XCenter), pn.x(float64(i)), area.Min.Y-16, s.name())
	}
	write(c, aligned(unitStyle, draw.XCenter), (area.Min.X+area.Max.X)/2, area.Min.Y-34-15*vg.Length(row)-4, "records changed in one save; below: how many saves")
	pn.limitLines(sc, all)
}

// limitLines mark how many records may go live, between the sizes.
func (p panel) limitLines(sc result.Scenario, all []sized) {
	for side, most := range sc.LiveMost {
		i := slices.IndexFunc(all, func(s sized) bool { return s.upTo == 0 || s.upTo > most })
		if most == 0 || i <= 0 {
			continue
		}
		x := p.x(float64(i) - .5)
		p.c.StrokeLine2(draw.LineStyle{Color: paint.FaultEdge, Width: .9, Dashes: []vg.Length{3, 3}}, x, p.c.Min.Y, x, p.y(1))
		text := words.Count(most) + " from " + words.Side(words.Sides[side])
		write(p.c, aligned(style(9.5, bold, paint.FaultEdge), draw.XRight), x-4, p.c.Max.Y-22-12*vg.Length(side), text)
	}
}

// throttleStrip draws the share of requests answered 429, a line a side.
func throttleStrip(w windowed, refused [2][]uint64) strip {
	shares := [2][]float64{}
	high := 0.
	for side := range refused {
		asked := w.sum(func(x *result.Window) uint64 { return x.Requests[side] })
		for i, n := range refused[side] {
			share := 0.
			if asked[i] > 0 {
				share = float64(n) / float64(asked[i])
			}
			shares[side] = append(shares[side], share)
			high = max(high, share)
		}
	}
	return strip{name: "Answered 429", unit: "share of requests", height: 90, ys: percentTicks(high), draw: func(pn panel) {
		labels := placer{area: pn.c.Rectangle}
		for side := range shares {
			line := pn.barTops(w, shares[side])
			if total(refused[side]) > 0 {
				pn.polyline(draw.LineStyle{Color: paint.Hues[side], Width: 1.6, Dashes: dashes[side]}, line)
			}
			labels.curve(line)
		}
		for side, name := range words.Sides {
			if total(refused[side]) == 0 {
				continue
			}
			if at, ok := labels.put(side, []label{{words.Side(name), labelStyle(side)}}); ok {
				at.draw(pn.c, true)
			}
		}
	}}
}
