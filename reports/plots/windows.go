package plots

import (
	"cmp"
	"slices"
	"time"

	"gonum.org/v1/plot/vg"

	"github.com/twinwrite/twinwrite/reports/paint"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// windowed are the windows of several runs, one over the other. Complete runs have
// the same ones; of others the longest run's count.
type windowed struct {
	spans []result.Window // their bounds
	runs  []*result.Run   // that have windows
	end   time.Duration
}

func windowsOf(set *result.Set) windowed {
	var w windowed
	for i := range set.Runs {
		r := &set.Runs[i]
		if len(r.Windows) == 0 {
			continue
		}
		w.runs = append(w.runs, r)
		if len(r.Windows) > len(w.spans) {
			w.spans = r.Windows
		}
		w.end = max(w.end, r.End)
	}
	return w
}

// copied reports whether the data integrator ran, which books nothing.
func (w windowed) copied() bool { return len(w.runs) > 0 && w.runs[0].Copied != nil }

// sum adds something up over the runs, per window.
func (w windowed) sum(of func(*result.Window) uint64) []uint64 {
	sums := make([]uint64, len(w.spans))
	for _, r := range w.runs {
		for i := range r.Windows {
			sums[i] += of(&r.Windows[i])
		}
	}
	return sums
}

// class counts, per window, what ended in a class.
func (w windowed) class(class string) []uint64 {
	return w.sum(func(x *result.Window) uint64 { return endedIn(x, class) })
}

// endedIn counts what ended in a class within a window.
func endedIn(x *result.Window, class string) (n uint64) {
	for _, e := range x.Ended {
		if e.Class == class {
			n += e.Count
		}
	}
	return n
}

// byRun adds something up over the windows, per run.
func (w windowed) byRun(of func(*result.Window) uint64) (sums []float64) {
	for _, r := range w.runs {
		var n uint64
		for i := range r.Windows {
			n += of(&r.Windows[i])
		}
		sums = append(sums, float64(n))
	}
	return sums
}

// width is how long a window lasts; the last one may be shorter.
func (w windowed) width() time.Duration { return w.spans[0].To - w.spans[0].From }

// rows calls row for stretches of several windows each, as many as a table needs:
// from and to are their places.
func (w windowed) rows(row func(from, to int)) {
	const most = 24
	step := max(1, (len(w.spans)+most-1)/most)
	for i := 0; i < len(w.spans); i += step {
		row(i, min(i+step, len(w.spans)))
	}
}

// begins are when the rows begin.
func (w windowed) begins() (at []time.Duration) {
	w.rows(func(from, _ int) { at = append(at, w.spans[from].From) })
	return at
}

func total(counts []uint64) (n uint64) {
	for _, c := range counts {
		n += c
	}
	return n
}

// bars draws a bar for each window. One that is not nothing can be seen.
func (p panel) bars(w windowed, values []float64, shade paint.Shade) {
	for i, v := range values {
		if v == 0 {
			continue
		}
		x0, x1 := p.x(w.spans[i].From.Seconds()), p.x(w.spans[i].To.Seconds())
		if x1-x0 > 3 {
			x1 -= .8 // bars stand apart
		}
		fill(p.c, shade, x0, p.c.Min.Y, x1, max(p.y(v), p.c.Min.Y+1.5))
	}
}

// barTops is the outline of bars, for labels to keep clear of.
func (p panel) barTops(w windowed, values []float64) []vg.Point {
	var line []vg.Point
	for i, v := range values {
		y := p.y(v)
		line = append(line, vg.Point{X: p.x(w.spans[i].From.Seconds()), Y: y}, vg.Point{X: p.x(w.spans[i].To.Seconds()), Y: y})
	}
	return line
}

// highest is the place of the greatest value, the first of several.
func highest[N cmp.Ordered](values []N) int {
	return slices.Index(values, slices.Max(values))
}

// perRun divides counts by the number of runs.
func (w windowed) perRun(counts []uint64) []float64 {
	out := make([]float64, len(counts))
	for i, n := range counts {
		out[i] = float64(n) / float64(len(w.runs))
	}
	return out
}
