package comparison_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// knownWay leads from 1x to 2x. More workers help from a known value on.
type knownWay struct {
	turns  float64 // in times of the own value
	most   int     // how many trials may be made
	whole  bool    // there are whole numbers alone between
	asked  []float64
	shapes []string
}

func (w *knownWay) At(share float64) (name string, times float64) {
	if w.whole {
		return fmt.Sprint(math.Round(4 + 4*share)), 1 + share
	}
	return fmt.Sprintf("%.4gx", 1+share), 1 + share
}

func (w *knownWay) Try(share float64, like *result.Comparison) (*result.Comparison, error) {
	if len(w.asked) == w.most {
		return nil, nil //nolint:nilnil // as an unaffordable trial
	}
	w.asked = append(w.asked, 1+share)
	shape := ""
	for _, s := range like.Settings {
		shape += s.Name + " "
	}
	for _, v := range like.Variants {
		shape += v.What + v.Name + " "
	}
	w.shapes = append(w.shapes, shape)
	u := helped(1+share >= w.turns)
	u.Settings = slices.DeleteFunc(u.Settings, func(s result.Setting) bool {
		return !slices.ContainsFunc(like.Settings, func(l result.Setting) bool { return l.Name == s.Name })
	})
	return u, nil
}

// helped is a comparison in which more workers help, or do not; less of them harm.
func helped(helps bool) *result.Comparison {
	w := world()
	u := *w.settled
	u.Settings = slices.Clone(u.Settings)
	double := w.same
	if helps {
		double = w.faster
	}
	u.Variants = []result.Variant{workers("4", w.slower), workers("16", double), {What: "batch", Name: "2", Path: "engine.batch", Value: "2", Set: w.same}}
	for i := range u.Variants {
		u.Variants[i].Maps = []string{"lines"}
	}
	return &u
}

// world are results that all comparisons of these tests share.
var world = sync.OnceValue(func() (w struct {
	settled              *result.Comparison
	slower, same, faster *result.Set
},
) {
	w.settled, w.slower, w.same, w.faster = settled(5), async(5, 2), async(5, 1), async(5, .5)
	return w
})

// TestNarrow: the value at which an answer turns is found to within 5 %, by trials of
// what the answer rests on, which all answers share; what may not be spent is left
// and told, and where nothing lies between the search ends.
func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name     string
		way      knownWay
		from, to string // of the bracket; empty: whatever holds the turning point
		near     bool
		tried    int
	}{
		{"near the beginning", knownWay{turns: 1.04, most: 99}, "", "", true, 5},
		{"in the middle", knownWay{turns: 1.4142, most: 99}, "", "", true, 4},
		{"near the other end", knownWay{turns: 1.99, most: 99}, "", "", true, 4},
		{"at a place that is tried", knownWay{turns: 1.5, most: 99}, "", "1.5x", true, 4},
		{"with two trials", knownWay{turns: 1.4142, most: 2}, "1.25x", "1.5x", false, 2},
		{"without a trial", knownWay{turns: 1.4142}, "1x", "2x", false, 0},
		{"of whole numbers", knownWay{turns: 1.4142, most: 99, whole: true}, "5", "6", false, 2},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			c := helped(false)
			c.Assumed = []result.Assumed{{Path: "load", Value: "1x", Other: "2x", Under: helped(true)}}
			if err := comparison.Narrow(c, []comparison.Way{&x.way}); err != nil {
				t.Fatal(err)
			}
			if len(x.way.asked) != x.tried {
				t.Errorf("tried at %v, want %d places", x.way.asked, x.tried)
			}
			for _, shape := range x.way.shapes {
				if shape != "async workers4 workers16 " {
					t.Errorf("what was tried is %q", shape)
				}
			}
			if len(c.Assumed[0].Turns) < 2 {
				t.Fatalf("turns are %+v, want those of the engine and of its maps", c.Assumed[0].Turns)
			}
			for _, turn := range c.Assumed[0].Turns {
				if turn.What != "workers" || turn.Answer != "8" || turn.Other != "16" || turn.Cut != (x.tried == x.way.most) {
					t.Errorf("%+v", turn)
				}
				if x.from != "" && turn.From != x.from || x.to != "" && turn.To != x.to || (turn.Near != "") != x.near {
					t.Errorf("it turns between %s and %s, at about %q", turn.From, turn.To, turn.Near)
				}
				if !x.near {
					continue
				}
				var from, to, near float64
				for text, v := range map[string]*float64{turn.From: &from, turn.To: &to, turn.Near: &near} {
					if _, err := fmt.Sscanf(text, "%gx", v); err != nil {
						t.Fatal(err)
					}
				}
				if x.way.turns <= from || x.way.turns > to || near <= from || near >= to || to-from > .0501*near {
					t.Errorf("it turns between %v and %v, at about %v: want %v to within 5 %%", from, to, near, x.way.turns)
				}
			}
			advice := comparison.Of(c).Advice
			want := fmt.Sprintf("(it turns between %s and %s)", x.from, x.to)
			if last := c.Assumed[0].Turns[0]; x.near {
				want = fmt.Sprintf("(it turns at about %s, between %s and %s)", last.Near, last.From, last.To)
			}
			if got := advice.Jobs[0].Assumed; !strings.Contains(got, want) {
				t.Errorf("told: %q, want %q", got, want)
			}
			if told := strings.Join(advice.Untried, " "); strings.Contains(told, "ended before") != (x.tried == x.way.most) {
				t.Errorf("told of trials: %q", told)
			}
			if !slices.ContainsFunc(advice.Evidence, func(e comparison.Evidence) bool {
				return strings.HasPrefix(e.Figure, "where the answer for workers turns: 8 at ") && e.Setting == "load"
			}) {
				t.Error("where it turns is not among the evidence")
			}
		})
	}
}

// TestNarrowNothing: nothing is tried where no answer turns, or where it turns from a
// word to another.
func TestNarrowNothing(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]result.Assumed{
		"no answer turns": {Path: "load", Value: "1x", Other: "2x", Under: helped(false)},
		"a word":          {Path: "graph", Value: "true", Other: "false", Under: helped(true)},
	} {
		c := helped(false)
		c.Assumed = []result.Assumed{x}
		way := &knownWay{turns: 1.5, most: 99}
		if err := comparison.Narrow(c, []comparison.Way{way}); err != nil || way.asked != nil || c.Assumed[0].Turns != nil || c.Untried != nil {
			t.Errorf("%s: %v, tried at %v, turns %+v, told %q", name, err, way.asked, c.Assumed[0].Turns, c.Untried)
		}
	}
}
