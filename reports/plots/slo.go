package plots

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// slo is a bound that a scenario sets to times: to converge, of saves, or of waits
// for another record.
type slo struct {
	q     float64 // of them are to be shorter ...
	bound time.Duration
	of    string // "map=lines"; empty: of all
	text  string // as the scenario writes it
}

// sloText is how expectations write it: "p99(convergence) < 5m".
var sloText = regexp.MustCompile(`^(?:p([0-9.]+)|max)\((convergence|user-wait|dependency-wait)(?:\{([^}]*)\})?\) <=? ([0-9a-z.µ]+)$`)

// demanded are the texts of what a set's scenario demands.
func demanded(set *result.Set) (texts []string) {
	for _, e := range set.Expectations {
		texts = append(texts, e.Text)
	}
	return texts
}

// slosOf lists the bounds that demands set to all times of a metric.
func slosOf(demands []string, metric string) []slo {
	return slices.DeleteFunc(slosBy(demands, metric), func(s slo) bool { return s.of != "" })
}

// slosBy lists them with those that are set to some of the times.
func slosBy(demands []string, metric string) (list []slo) {
	for _, text := range demands {
		parts := sloText.FindStringSubmatch(text)
		if parts == nil || parts[2] != metric {
			continue
		}
		bound, err := time.ParseDuration(parts[4])
		if err != nil || bound <= 0 {
			continue
		}
		s := slo{q: 1, bound: bound, of: parts[3], text: text}
		if parts[1] != "" {
			percent, err := strconv.ParseFloat(parts[1], 64)
			if err != nil || percent > 100 {
				continue
			}
			s.q = percent / 100
		}
		list = append(list, s)
	}
	return list
}

const sloCaption = " Red: what the scenario demands of all changes together; a curve of all of them must pass left of the foot of the line."

var (
	sloLine  = draw.LineStyle{Color: paint.Bad, Width: 1, Dashes: []vg.Length{5, 3}}
	sloStyle = style(9.5, bold, paint.Bad)
)

// sloWithin draws, over an area of shares by time, the bound from the top down to the
// share that may take longer: a curve that is right of its foot misses it.
func (p panel) sloWithin(all []slo, labels *placer) {
	for i, s := range all {
		x := p.x(min(max(s.bound.Seconds(), p.p.X.Min), p.p.X.Max))
		foot := p.y(max(1-s.q, p.p.Y.Min))
		p.c.StrokeLine2(sloLine, x, foot, x, p.c.Max.Y)
		p.c.StrokeLine2(draw.LineStyle{Color: paint.Bad, Width: 2}, x-5, foot, x+5, foot)
		text := strings.Replace(s.text, "(convergence)", "", 1)
		w := measure(sloStyle, text)
		at, y := x+5, p.c.Max.Y-12-13*vg.Length(i) // at the top, where curves are on the left
		if at+w > p.c.Max.X {
			at = x - 5 - w
		}
		p.sloTag(at, y, text, labels)
		labels.block(vg.Rectangle{Min: vg.Point{X: x - 5, Y: foot - 2}, Max: vg.Point{X: x + 5, Y: p.c.Max.Y}})
	}
}

// sloAlong draws the bounds of a quantile across an area of times by the time of day.
func (p panel) sloAlong(all []slo, labels *placer) {
	for _, s := range all {
		y := p.y(min(max(s.bound.Seconds(), p.p.Y.Min), p.p.Y.Max))
		p.c.StrokeLine2(sloLine, p.c.Min.X, y, p.c.Max.X, y)
		p.sloTag(p.c.Max.X-measure(sloStyle, s.text)-6, y+4, s.text, labels)
	}
}

// level is what a scenario demands of the most that a quantity reaches.
type level struct {
	value float64 // seconds, where it is a span
	text  string  // as the scenario writes it
}

// levelText is how expectations write it: "max(backlog) < 500",
// "max(partly-visible{map=invoices}) < 2m".
var levelText = regexp.MustCompile(`^max\(([a-z-]+)(?:\{[^}]*\})?\) [<>]=? ([0-9a-z.µ]+)$`)

// levelsOf lists the demands on the most of a metric among the expectations of a set.
func levelsOf(set *result.Set, metric string) (list []level) {
	for _, e := range set.Expectations {
		parts := levelText.FindStringSubmatch(e.Text)
		if parts == nil || parts[1] != metric {
			continue
		}
		value, err := strconv.ParseFloat(parts[2], 64)
		if err != nil {
			span, err := time.ParseDuration(parts[2])
			if err != nil {
				continue
			}
			value = span.Seconds()
		}
		if value > 0 {
			list = append(list, level{value, e.Text})
		}
	}
	return list
}

// levelScale is by how many times a demand may stretch an axis: further away, it
// would flatten what was measured, and stands at the edge.
const levelScale = 4

// timesOf are the figures of a comparison or a sweep on which bounds of times are
// levels.
var timesOf = map[string]struct {
	metric string
	q      float64
}{
	"convergence-p50": {"convergence", .5}, "convergence-p95": {"convergence", .95}, "convergence-p99": {"convergence", .99},
	"user-wait-p50": {"user-wait", .5}, "user-wait-p95": {"user-wait", .95}, "user-wait-p99": {"user-wait", .99}, "user-wait-max": {"user-wait", 1},
}

// levelsOn lists what demands say of a figure of a comparison or a sweep.
func levelsOn(demands []string, figure string) (list []level) {
	of, ok := timesOf[figure]
	if !ok {
		return nil
	}
	for _, s := range slosOf(demands, of.metric) {
		if s.q == of.q {
			list = append(list, level{s.bound.Seconds(), s.text})
		}
	}
	return list
}

// counted is how demands on a number of errors or answers are written:
// "count(outcome{class=conflict}) > 20".
var counted = regexp.MustCompile(`^(?:count|rate|share)\(([a-z-]+)(?:\{([^}]*)\})?\) `)

// countsOf lists the demands on a count of metrics with a label, as
// "class=conflict"; one without "=" means those that do not have the label.
func countsOf(demands []string, label string, metrics ...string) (list []string) {
	key, _, _ := strings.Cut(label, "=")
	for _, text := range demands {
		parts := counted.FindStringSubmatch(text)
		if parts == nil || !slices.Contains(metrics, parts[1]) {
			continue
		}
		labels := strings.Split(parts[2], ",")
		has := slices.Contains(labels, label)
		if key == label { // "class": none is named
			has = !slices.ContainsFunc(labels, func(l string) bool { return strings.HasPrefix(l, key+"=") })
		}
		if has {
			list = append(list, text)
		}
	}
	return list
}

// stretched is how far an axis goes that shows values up to most, and the demands
// on them.
func stretched(most float64, all []level) float64 {
	to := most
	for _, l := range all {
		if l.value <= levelScale*most {
			to = max(to, l.value)
		}
	}
	return to
}

// levelsAlong draws demands across an area of values over time. One that lies
// beyond the axis is told at its edge.
func (p panel) levelsAlong(all []level, labels *placer) {
	beyond, below := 0, 0
	for _, l := range all {
		text, y := l.text, p.c.Max.Y
		switch {
		case l.value < p.p.Y.Min:
			text += ": further down"
			y = p.c.Min.Y + 14*vg.Length(below)
			below++
		case l.value <= p.p.Y.Max:
			y = p.y(l.value)
			p.c.StrokeLine2(sloLine, p.c.Min.X, y, p.c.Max.X, y)
			labels.block(vg.Rectangle{Min: vg.Point{X: p.c.Min.X, Y: y - 1}, Max: vg.Point{X: p.c.Max.X, Y: y + 1}})
		default:
			text += ": further up"
			y -= 14 * vg.Length(beyond)
			beyond++
		}
		if y+15 > p.c.Max.Y { // no room above the line
			y -= 16
		}
		p.sloTag(p.c.Max.X-measure(sloStyle, text)-6, y+4, text, labels)
	}
}

// sloTag writes a demand on paper of its own.
func (p panel) sloTag(x, y vg.Length, text string, labels *placer) {
	box := vg.Rectangle{Min: vg.Point{X: x - 2, Y: y - 3}, Max: vg.Point{X: x + measure(sloStyle, text) + 2, Y: y + 9}}
	fill(p.c, paint.Paper, box.Min.X, box.Min.Y, box.Max.X, box.Max.Y)
	write(p.c, sloStyle, x, y, text)
	labels.block(box)
}

// levelsAcross draws demands up an area whose values go to the right.
func (p panel) levelsAcross(all []level, labels *placer) {
	for i, l := range all {
		text, x := l.text, min(max(l.value, p.p.X.Min), p.p.X.Max)
		at := p.x(x)
		switch {
		case l.value < x:
			text += ": further left"
		case l.value > x:
			text += ": further right"
		default:
			p.c.StrokeLine2(sloLine, at, p.c.Min.Y, at, p.c.Max.Y)
			labels.block(vg.Rectangle{Min: vg.Point{X: at - 2, Y: p.c.Min.Y}, Max: vg.Point{X: at + 2, Y: p.c.Max.Y}})
		}
		from, w := at+5, measure(sloStyle, text)
		if from+w > p.c.Max.X {
			from = at - 5 - w
		}
		p.sloTag(from, p.c.Min.Y+6+13*vg.Length(i), text, labels)
	}
}

// drawnIn are the bounds of the quantiles that [Pace] draws.
func drawnIn(all []slo) (list []slo) {
	for _, s := range all {
		for _, q := range paced {
			if s.q == q.q {
				list = append(list, s)
			}
		}
	}
	return list
}

// reach widens a range of times so that it holds the bounds.
func reach(low, high time.Duration, all []slo) (time.Duration, time.Duration) {
	for _, s := range all {
		low, high = min(low, s.bound), max(high, s.bound)
	}
	return low, high
}
