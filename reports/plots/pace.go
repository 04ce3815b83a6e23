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
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// paceStretches is into about how many stretches of a round length the day is
// cut; paceLeast is how many changes a stretch needs to have percentiles: of
// fewer, the 95th is the slowest.
const (
	paceStretches = 60
	paceLeast     = 5
)

// paced are the quantiles drawn, from the bulk to the tail.
var paced = []struct {
	name  string
	q     float64
	shade paint.Shade
}{{"p50", .5, paint.Hues[0]}, {"p95", .95, paint.Hues[1]}}

// stretch is what the changes committed within a span of the day took.
type stretch struct {
	from, to time.Duration
	sample   stats.Sample
}

// Pace draws how long changes took by the time of their commit: when a day is
// slow, and for whom.
func Pace(set *result.Set) Plot {
	var end time.Duration
	for _, r := range set.Runs {
		end = max(end, r.End)
	}
	all := stretches(set, min(end, set.Scenario.Length))
	shadings := findings.Shadings(set)
	p := Plot{
		Name:     "pace",
		Title:    paceFinding(set, all),
		Subtitle: "Time from commit until both sides agree, by time of commit: half of the changes of a stretch are below p50, 95 % below p95",
		Table:    paceTable(set, all),
		height:   nothingHeight,
	}
	if !slices.ContainsFunc(all, func(s stretch) bool { return s.drawn() }) {
		p.draw = nothing("No stretch of time has enough changes that converged.")
		return p
	}
	p.Caption = fmt.Sprintf("Calendar time, UTC, %s; stretches of %s, %s, %s; logarithmic axis. No line where fewer than %d changes were made.",
		words.NewClock(set.Scenario.Start, end).Days(), words.Duration(all[0].to-all[0].from), kept(set), words.Counted(len(set.Runs), "run", "runs pooled"), paceLeast)
	p.Named = []findings.Named{{Name: "length of a stretch", Value: words.Duration(all[0].to - all[0].from)}}
	p.Caption += warmupCaption(&set.Scenario)
	if slices.ContainsFunc(all, func(s stretch) bool { return s.sample.Quantile(.95).Censored }) {
		p.Caption += " Triangles: a lower bound, because so many changes never converged."
	}
	if len(shadings) > 0 {
		p.Caption += " Shaded: faults, when they really struck."
	}
	axisEnd := min(end, set.Scenario.Length)
	lanes := faultLanes(shadings, axisEnd)
	var at []time.Duration
	for _, s := range all {
		if s.sample.N() > 0 {
			at = append(at, s.from)
		}
	}
	for _, q := range paced {
		p.Series = append(p.Series, Series{q.name, []paint.Shade{q.shade}})
	}
	p.overTime(set.Scenario, axisEnd, at)
	bounds := drawnIn(slosOf(demanded(set), "convergence"))
	if bounds != nil {
		p.Caption += " Red: what the scenario demands of the whole run."
	}
	pace := paceStrip(all, axisEnd, bounds)
	p.height = stripsHeight(lanes, pace)
	p.draw = func(c draw.Canvas) { drawStrips(c, set.Scenario, lanes, axisEnd, pace) }
	return p
}

// times says from when to when a stretch is.
func (s stretch) times(clock words.Clock) string {
	write := clock.Minute
	if (s.to-s.from)%time.Minute != 0 {
		write = clock.Second
	}
	return write(s.from) + " to " + write(s.to)
}

func (s stretch) drawn() bool { return s.sample.N() >= paceLeast && len(s.sample.Converged()) > 0 }

// stretches cuts the day and sorts the changes of all runs by their commit.
func stretches(set *result.Set, end time.Duration) []stretch {
	step := time.Duration(0)
	for _, s := range clockSteps {
		if step = s; end/s < paceStretches {
			break
		}
	}
	if end <= 0 {
		return nil
	}
	n := int((end + step - 1) / step)
	converged, censored := make([][]time.Duration, n), make([][]time.Duration, n)
	for _, r := range set.Runs {
		for _, s := range r.Convergence {
			switch i := int(s.Born / step); {
			case i >= n:
			case s.Censored:
				censored[i] = append(censored[i], s.Took)
			default:
				converged[i] = append(converged[i], s.Took)
			}
		}
	}
	all := make([]stretch, n)
	for i := range all {
		all[i] = stretch{time.Duration(i) * step, time.Duration(i+1) * step, stats.NewSample(converged[i], censored[i])}
	}
	return all
}

// paceFinding says how far the slowest stretch is from the ordinary one, or from the
// best where slow ones are as many.
func paceFinding(set *result.Set, all []stretch) string {
	var tails []time.Duration
	worst := -1
	for i, s := range all {
		if !s.drawn() {
			continue
		}
		q := s.sample.Quantile(.95)
		tails = append(tails, q.Value)
		if worst < 0 || stats.Compare(q, all[worst].sample.Quantile(.95)) > 0 {
			worst = i
		}
	}
	if worst < 0 {
		return "Too few changes to tell how the time to converge went"
	}
	slices.Sort(tails)
	usual := tails[(len(tails)-1)/2]
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length)
	slow := all[worst].sample.Quantile(.95)
	within := "from " + all[worst].times(clock)
	switch {
	case slow.Censored:
		return fmt.Sprintf("Of the changes made %s, more than 5 %% never converged; 95 %% within %s is usual",
			within, words.Duration(usual))
	case slow.Value <= 2*tails[0]:
		return fmt.Sprintf("No stretch stands out: 95 %% of the changes of every stretch converge within %s", words.Quantile(slow))
	case slow.Value <= 2*usual: // half of the day is slow, and calls itself usual
		return fmt.Sprintf("Changes made %s took longest: 95 %% within %s, where %s is the best",
			within, words.Quantile(slow), words.Duration(tails[0]))
	}
	return fmt.Sprintf("Changes made %s took longest: 95 %% within %s, where %s is usual",
		within, words.Quantile(slow), words.Duration(usual))
}

func paceTable(set *result.Set, all []stretch) Table {
	t := Table{Head: []string{"Committed", "Changes", "Never converged", "p50", "p95"}, Note: "By time of commit; stretches without a change are left out."}
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length)
	censored := false
	for _, s := range all {
		if s.sample.N() == 0 {
			continue
		}
		censored = censored || s.sample.Quantile(.95).Censored
		t.Rows = append(t.Rows, []string{
			s.times(clock), words.Count(s.sample.N()), words.Count(s.sample.Censored()),
			words.ShortQuantile(s.sample.Quantile(.5)), words.ShortQuantile(s.sample.Quantile(.95)),
		})
	}
	if censored {
		t.Note += " * a lower bound."
	}
	return t
}

// paceStrip draws a line a quantile.
func paceStrip(all []stretch, end time.Duration, demands []slo) strip {
	low, high := time.Duration(math.MaxInt64), time.Duration(0)
	for _, s := range all {
		if s.drawn() {
			low, high = min(low, s.sample.Quantile(.5).Value), max(high, s.sample.Quantile(.95).Value)
		}
	}
	low, high = reach(low, high, demands)
	ys := spanTicks(max(low, time.Microsecond), max(high, 2*time.Microsecond))
	return strip{name: "Time to converge", height: 186, ys: ys, log: true, draw: func(pn panel) { drawPace(pn, all, end, demands) }}
}

func drawPace(pn panel, all []stretch, end time.Duration, demands []slo) {
	labels := placer{area: pn.c.Rectangle}
	pn.sloAlong(demands, &labels)
	var bounds []func()
	for i, q := range paced {
		pieces, at := pn.pace(all, q.q, end)
		var whole []vg.Point
		for _, piece := range pieces {
			pn.polyline(draw.LineStyle{Color: q.shade, Width: 1.8, Dashes: dashes[i]}, piece)
			whole = append(whole, piece...)
		}
		labels.curve(whole)
		for _, b := range at {
			bounds = append(bounds, func() {
				pn.c.FillPolygon(q.shade, []vg.Point{{X: b.X - 4, Y: b.Y}, {X: b.X, Y: b.Y + 6}, {X: b.X + 4, Y: b.Y}})
			})
		}
	}
	for _, b := range bounds {
		b()
	}
	for i, q := range paced {
		if at, ok := labels.put(i, []label{{q.name, style(11, bold, q.shade)}}); ok {
			at.draw(pn.c, true)
		}
	}
}

// pace gives one quantile over the day as pieces without gaps, and the places
// where it is a lower bound.
func (p panel) pace(all []stretch, q float64, end time.Duration) (pieces [][]vg.Point, bounds []vg.Point) {
	open := false
	for _, s := range all {
		if !s.drawn() {
			open = false
			continue
		}
		v := s.sample.Quantile(q)
		y := p.y(min(max(v.Value.Seconds(), p.p.Y.Min), p.p.Y.Max))
		from, to := vg.Point{X: p.x(s.from.Seconds()), Y: y}, vg.Point{X: p.x(min(s.to, end).Seconds()), Y: y}
		if !open {
			pieces, open = append(pieces, nil), true
		}
		last := len(pieces) - 1
		pieces[last] = append(pieces[last], from, to)
		if v.Censored {
			bounds = append(bounds, vg.Point{X: (from.X + to.X) / 2, Y: y})
		}
	}
	return pieces, bounds
}
