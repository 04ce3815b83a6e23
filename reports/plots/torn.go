package plots

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

const (
	storiesMost  = 12  // transactions that the picture shows
	tornNameMost = 190 // how wide their names are
)

// Torn draws source transactions from their commit on: unseen at first, then
// partly visible on the other side, whole at last. What one side committed at
// one instant, async writes record by record.
func Torn(set *result.Set, s summary.Summary) Plot {
	stories := findings.Followed(s)
	n := len(stories)
	slices.SortStableFunc(stories, func(a, b summary.Story) int {
		return cmp.Compare(b.PartlyVisible, a.PartlyVisible)
	})
	table := tornTable(set, stories)
	left := max(0, len(stories)-storiesMost)
	stories = stories[:len(stories)-left]
	caption := "True time since the commit. Light: not yet visible on the other side; full: records arriving; dot: whole; arrow: some never came before the run ended."
	demands := levelsOf(set, "partly-visible")
	if demands != nil {
		var texts []string
		for _, d := range demands {
			texts = append(texts, d.text)
		}
		caption += " Red: until when records might arrive by what the scenario demands, " + words.List(texts) + "; where it is missing, that is further right."
	}
	if left > 0 {
		caption += " " + words.Counted(left, "shorter one", "shorter ones") + " not drawn."
	}
	return Plot{
		Name:     "torn",
		Title:    findings.Torn(s),
		Subtitle: fmt.Sprintf("Source transactions: those of the spotlight, and those partly visible longest and yet whole at the end · n = %s", words.Count(n)),
		Caption:  caption,
		Table:    table,
		height:   vg.Length(len(stories))*rowHeight + 48,
		draw:     func(c draw.Canvas) { drawTorn(c, stories, demands, len(set.Runs) > 1) },
	}
}

func tornTable(set *result.Set, stories []summary.Story) Table {
	t := Table{Head: []string{"Transaction", "From", "Committed", "Records", "Synced", "Missing", "First visible after", "Last visible after", "First to last", "Partly visible for"}}
	if len(set.Runs) > 1 {
		t.Head = append([]string{"Run"}, t.Head...)
	}
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	for _, s := range stories {
		most := words.Quantile(stats.Quantile{Value: s.PartlyVisible.Duration(), Censored: s.Censored, Known: s.Synced > 0})
		first, last, spread := words.None, words.None, words.None
		if s.Synced > 0 {
			first, last = words.Duration((s.FirstSeen - s.Committed).Duration()), words.Duration((s.LastSeen - s.Committed).Duration())
			spread = words.Duration((s.LastSeen - s.FirstSeen).Duration())
		}
		row := []string{
			s.Title, words.Side(s.Side), clock.Second(s.Committed.Duration()), words.Count(s.Records), words.Count(s.Synced),
			words.Count(s.Records - s.Synced), first, last, spread, most,
		}
		if len(set.Runs) > 1 {
			row = append([]string{words.Count(s.Run)}, row...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func drawTorn(c draw.Canvas, stories []summary.Story, demands []level, several bool) {
	const barHeight, note = 9, 150
	titles := make([]string, len(stories))
	var names vg.Length
	var longest time.Duration
	for i, s := range stories {
		run := ""
		if several {
			run = fmt.Sprintf(" (run %d)", s.Run)
		}
		// That it is a transaction stands above; the room is for its name.
		name := strings.TrimPrefix(strings.TrimPrefix(s.Title, "transaction "), "of ")
		titles[i] = fitMiddle(headStyle, name, tornNameMost-measure(headStyle, run)) + run
		names = max(names, measure(headStyle, titles[i])+6+measure(noteStyle, records(s)))
		if s.Synced > 0 {
			longest = max(longest, (s.LastSeen - s.Committed).Duration())
		}
	}
	longest = max(longest, time.Second)
	longest = time.Duration(stretched(longest.Seconds(), demands) * float64(time.Second))

	p := plot.New()
	p.X.Min, p.X.Max = 0, longest.Seconds()
	area := vg.Rectangle{
		Min: vg.Point{X: c.Min.X + names + 16, Y: c.Min.Y + 40},
		Max: vg.Point{X: c.Max.X - note, Y: c.Max.Y - 4},
	}
	pn := newPanel(c, area, p)
	for _, t := range elapsedTicks(longest, 6) {
		x := pn.x(t.at)
		c.StrokeLine2(ruleLine, x, area.Min.Y, x, area.Max.Y)
		write(c, aligned(tickStyle, draw.XCenter), x, area.Min.Y-14, t.label)
	}
	pn.xTitle("time since commit")

	for i, s := range stories {
		y := area.Max.Y - rowHeight*(vg.Length(i)+.5)
		writeMiddle(c, headStyle, c.Min.X, y, titles[i])
		writeMiddle(c, noteStyle, c.Min.X+measure(headStyle, titles[i])+6, y, records(s))

		first := pn.x(max(0, (s.FirstSeen - s.Committed).Duration().Seconds()))
		last := max(pn.x(max(0, (s.LastSeen-s.Committed).Duration().Seconds())), first+2)
		end, text := last, "partly for "+words.Duration(s.PartlyVisible.Duration())
		if s.Censored || s.Synced == 0 {
			end = area.Max.X
			text = fmt.Sprintf("%s of %s came", words.Count(s.Synced), words.Count(s.Records))
		}
		if s.Synced == 0 {
			fill(c, paint.Track, area.Min.X, y-1.5, end, y+1.5)
			arrow(c, paint.Track, end, y, barHeight)
		} else {
			fill(c, paint.Track, area.Min.X, y-1.5, first, y+1.5)
			fill(c, paint.Hues[1], first, y-barHeight/2, last, y+barHeight/2)
			if s.Censored {
				fill(c, paint.Hues[1], last, y-1, end, y+1)
				arrow(c, paint.Hues[1], end, y, barHeight)
			} else {
				pn.dot(vg.Point{X: last, Y: y}, paint.Hues[1], 4)
			}
		}
		at := end + 11
		if s.Synced > 0 {
			at = allowed(pn, s, demands, y, at, measure(noteStyle, text))
		}
		fill(c, paint.Paper, at-2, y-7, at+2+measure(noteStyle, text), y+7)
		writeMiddle(c, noteStyle, at, y, text)
	}
}

// allowed marks on a bar until when its records might arrive by what the scenario
// demands. It returns where text of a width that was to stand at text has room.
func allowed(p panel, s summary.Story, demands []level, y, text, wide vg.Length) vg.Length {
	for _, d := range demands {
		at := max(0, (s.FirstSeen-s.Committed).Duration().Seconds()) + d.value
		if at > p.p.X.Max {
			continue
		}
		x := p.x(at)
		p.c.StrokeLine2(draw.LineStyle{Color: paint.Bad, Width: 2}, x, y-7, x, y+7)
		if x > text-4 && x < text+wide+4 {
			text = x + 7
		}
	}
	return text
}

func records(s summary.Story) string { return words.Counted(s.Records, "record", "records") }

// arrow points on from the end of a bar.
func arrow(c draw.Canvas, shade paint.Shade, x, y, height vg.Length) {
	c.FillPolygon(shade, []vg.Point{{X: x, Y: y - height}, {X: x + 8, Y: y}, {X: x, Y: y + height}})
}

// elapsedSteps are the distances between ticks of an axis of elapsed time.
var elapsedSteps = append([]time.Duration{
	10 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute,
}, clockSteps[5:]...)

// elapsedTicks gives at most n+1 round spans from 0 to longest.
func elapsedTicks(longest time.Duration, n int) []tick {
	step := elapsedSteps[len(elapsedSteps)-1]
	for _, s := range elapsedSteps {
		if longest/s <= time.Duration(n) {
			step = s
			break
		}
	}
	var ts []tick
	for at := time.Duration(0); at <= longest; at += step {
		ts = append(ts, tick{at.Seconds(), words.Duration(at)})
	}
	return ts
}
