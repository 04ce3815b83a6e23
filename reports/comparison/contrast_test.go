package comparison_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// tails reads the 99th percentile of each run by itself.
func tails(set *result.Set) []float64 {
	var all []float64
	for i := range set.Runs {
		one := *set
		one.Runs = set.Runs[i : i+1]
		all = append(all, comparison.Samples(&one).Quantile(.99).Value.Seconds())
	}
	return all
}

// TestEffects: what is said between the ends of an axis is the paired difference
// of the runs, corrected for all that are looked at.
func TestEffects(t *testing.T) {
	t.Parallel()
	s := &comparison.Sweep{Name: "day", Axes: []string{"load", "unused"}}
	sets := []*result.Set{fixture.Point(4, 1, "a"), fixture.Point(4, 1.5, "b"), fixture.Point(4, 4, "c")}
	for i, set := range sets {
		s.Add([]string{[]string{"1x", "2x", "4x"}[i], "same"}, set)
	}
	want := stats.CompareRuns(tails(sets[0]), tails(sets[2]))
	seen := false
	var ps []float64
	effects := s.Effects()
	for _, e := range effects {
		a := e.Figure.Cells[1].Against
		if e.Axis != 0 || e.From != 0 || e.To != 2 {
			t.Errorf("%s between points %d and %d of axis %d", e.Figure.ID, e.From, e.To, e.Axis)
		}
		if a.P < 1 || a.Mean != 0 {
			ps = append(ps, float64(a.P))
		}
		if e.Figure.ID != "convergence-p99" {
			continue
		}
		seen = true
		for what, pair := range map[string][2]float64{"mean": {float64(a.Mean), want.Mean}, "low": {float64(a.Low), want.Low}, "high": {float64(a.High), want.High}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Errorf("%s is %v, want %v", what, pair[0], pair[1])
			}
		}
		if a.Shown != comparison.Worse || !a.Paired {
			t.Errorf("shown %s, paired %v", a.Shown, a.Paired)
		}
	}
	if !seen || len(ps) < 2 {
		t.Fatalf("%d effects were tested, the tail among them: %v", len(ps), seen)
	}
	for _, e := range effects {
		if a := e.Figure.Cells[1].Against; a.P > 0 && a.P < 1 && a.Adjusted < a.P {
			t.Errorf("%s: %v after correction is less than %v", e.Figure.ID, a.Adjusted, a.P)
		}
	}
	if knee, ok := s.Knee(0, 0); !ok || knee.From != 1 || knee.To != 2 {
		t.Errorf("the knee is %+v (%v), want the step from the second point", knee, ok)
	}
	if _, ok := s.Knee(1, 0); ok {
		t.Error("an axis with one value has a knee")
	}
	words := *s
	words.Points = slices.Clone(s.Points)
	for i := range words.Points {
		words.Points[i].Values = append([]string{fmt.Sprintf("word %d", i)}, words.Points[i].Values[1:]...)
	}
	if _, ok := words.Knee(0, 0); ok {
		t.Error("an axis with words has a knee")
	}
	var text string
	for _, x := range s.Sentences() {
		text += x.Text + "\n"
	}
	for _, want := range []string{"load = 4x, time to converge, p99", "The knee of load lies between 2x and 4x", "soon (p99(convergence) < 15m) turns: pass at load = 2x", "fail at 4x"} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
}

// TestOneRunShowsNothing: without intervals no sentence claims a difference.
func TestOneRunShowsNothing(t *testing.T) {
	t.Parallel()
	s := &comparison.Sweep{Name: "day", Axes: []string{"load"}}
	s.Add([]string{"1x"}, fixture.Point(1, 1, "a"))
	s.Add([]string{"4x"}, fixture.Point(1, 2, "b"))
	for _, x := range s.Sentences() {
		t.Errorf("one run says: %s", x.Text)
	}
}

// TestTornado: assumptions that turn a verdict come first, then those that move
// most, and what moves nothing is not told as if it did.
func TestTornado(t *testing.T) {
	t.Parallel()
	tor := comparison.NewTornado("day", "twinwrite sweep day --tornado", fixture.Point(4, 2, "base"))
	tor.Add("little", "8", "assumed", "16", fixture.Point(4, 2.2, "a"))
	tor.Add("nothing", "8", "assumed", "16", fixture.Point(4, 2, "b"))
	tor.Add("much", "8", "assumed", "4", fixture.Point(4, .5, "c"))
	tor.Add("turns", "8", "assumed", "4", fixture.Point(4, 3.01, "d"))
	tor.Settle()
	order := ""
	for _, b := range tor.Bars {
		order += " " + b.Path
	}
	if order != " turns much little nothing" {
		t.Errorf("the order is%s", order)
	}
	if tor.Bars[3].Moves() || !tor.Bars[2].Moves() {
		t.Error("the assumption that moves nothing is said to, or one that does is not")
	}
	if moving, resting := len(tor.Moving()), len(tor.Resting()); moving != 4 || resting != 1 {
		t.Errorf("%d rows move and %d rest", moving, resting)
	}
	var text string
	for _, x := range tor.Sentences() {
		text += x.Text + "\n"
	}
	for _, want := range []string{"With turns at 4 in place of 8: soon is fail, measured 20m (17m to 23m, mean of 4 runs) in place of pass", "3 of 4"} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
}

// TestOtherAxes: what is told of one axis says where the others stand.
func TestOtherAxes(t *testing.T) {
	t.Parallel()
	s := &comparison.Sweep{Name: "day", Axes: []string{"load", "batch"}}
	for i, load := range []string{"1x", "2x", "4x"} {
		factor := []float64{1, 1.5, 4}[i]
		s.Add([]string{load, "1"}, fixture.Point(4, factor, load+"a"))
		s.Add([]string{load, "10"}, fixture.Point(4, 3*factor, load+"b"))
	}
	told := 0
	for _, x := range s.Sentences() {
		told++
		if strings.Contains(x.Text, "(with batch = 1)") == strings.Contains(x.Text, "(with load = 1x)") && !strings.Contains(x.Text, "turns") {
			t.Errorf("it does not say where the other axis stands: %s", x.Text)
		}
		if strings.Contains(x.Text, "turns") && !strings.Contains(x.Text, "(with batch = 1)") {
			t.Errorf("it does not say where the other axis stands: %s", x.Text)
		}
	}
	if told < 4 {
		t.Errorf("only %d sentences", told)
	}
}
