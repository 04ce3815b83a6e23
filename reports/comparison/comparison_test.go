package comparison

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

func (c *Comparison) figure(t *testing.T, id string) *Figure {
	t.Helper()
	for i := range c.Figures {
		if c.Figures[i].ID == id {
			return &c.Figures[i]
		}
	}
	t.Fatalf("there is no figure %s", id)
	return nil
}

// TestWritten pins the table in every form.
func TestWritten(t *testing.T) {
	t.Parallel()
	c := Of(fixture.Compared(6))
	var text, comment, data bytes.Buffer
	for _, err := range []error{c.WriteText(&text), c.WriteMarkdown(&comment), c.WriteJSON(&data)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, "modes.txt", text.String())
	golden.Check(t, "modes.md", comment.String())
	golden.Check(t, "modes.json", data.String())
	if !json.Valid(data.Bytes()) {
		t.Error("the JSON is none")
	}
}

// TestEverySentenceHasItsFigures: what is said stands in the table as shown.
func TestEverySentenceHasItsFigures(t *testing.T) {
	t.Parallel()
	c := Of(fixture.Compared(6))
	if len(c.Sentences) < 6 {
		t.Errorf("only %d sentences: %+v", len(c.Sentences), c.Sentences)
	}
	for _, s := range c.Sentences {
		for _, id := range s.Figures {
			f := c.figure(t, id)
			if !slices.ContainsFunc(f.Cells, func(x Cell) bool { return x.Against != nil && (x.Against.Shown == Better || x.Against.Shown == Worse) }) {
				t.Errorf("%q speaks of %s, which nothing is shown of", s.Text, id)
			}
		}
		if strings.Contains(s.Text, "95 % interval") != (len(s.Figures) == 1 && !strings.Contains(s.Text, "in 1 figure")) {
			t.Errorf("%q has figures %v", s.Text, s.Figures)
		}
	}
}

// TestShown: what is claimed, and what is not.
func TestShown(t *testing.T) {
	t.Parallel()
	c := Of(fixture.Compared(6))
	for _, w := range []struct {
		id      string
		setting int
		want    Shown
	}{
		{medianID, 1, Better},
		{medianID, 2, Worse},
		{"user-wait-p50", 1, Worse},
		{"user-wait-max", 1, Worse},
		{"user-wait-p50", 2, Nothing},
		{"outage-wait", 1, Nothing},
		{lostID, 1, Nothing},
		{lostID, 2, Worse},
		{"outcome-synced", 2, Differs},
	} {
		if a := c.figure(t, w.id).Cells[w.setting].Against; a == nil || a.Shown != w.want {
			t.Errorf("%s under %s: %+v, want %s", w.id, c.Settings[w.setting].Name, a, w.want)
		}
	}
}

// TestForeign: what a mode has no such thing for is not told as none, and nothing is
// set against it.
func TestForeign(t *testing.T) {
	t.Parallel()
	c := Of(fixture.Compared(6))
	const async, live, integrator = 0, 1, 2
	for id, foreign := range map[string][]int{
		"parked": {integrator}, "errors": {integrator}, "waiting-rows": {async, live},
		"outcome-conflict": {live, integrator}, "outcome-synced": {live}, "outcome-live": {async, integrator}, "outcome-lost": {},
	} {
		f := c.figure(t, id)
		for i, cell := range f.Cells {
			want := slices.Contains(foreign, i)
			if cell.Foreign != want || cell.Known == want || (f.Value(i) == words.Foreign) != want {
				t.Errorf("%s under %s: %+v, shown as %s", id, c.Settings[i].Name, cell, f.Value(i))
			}
			if i > 0 && (f.Difference(i) == words.Foreign) != (want || slices.Contains(foreign, async)) {
				t.Errorf("%s under %s differs by %s", id, c.Settings[i].Name, f.Difference(i))
			}
		}
	}
}

// TestOneRunShowsNothing, whatever the figures are.
func TestOneRunShowsNothing(t *testing.T) {
	t.Parallel()
	c := Of(fixture.Compared(1))
	for _, f := range c.Figures {
		for i, cell := range f.Cells[1:] {
			if a := cell.Against; a != nil && a.Shown != Unknown {
				t.Errorf("%s of %s: %s", f.ID, c.Settings[i+1].Name, a.Shown)
			}
		}
	}
	if !slices.ContainsFunc(c.Notes, func(n string) bool { return strings.Contains(n, "One run has no interval") }) {
		t.Errorf("the notes are %q", c.Notes)
	}
}

// TestLowerBounds: where changes never converged, only what holds for every
// greater value is claimed.
func TestLowerBounds(t *testing.T) {
	t.Parallel()
	shown := func(first, second time.Duration, firstNever, secondNever bool) Shown {
		set := func(took time.Duration, never bool) *result.Set {
			s := fixture.Runs(5)
			for i := range s.Runs {
				s.Runs[i].Convergence = []result.Sample{{Took: took + time.Duration(i)*time.Millisecond, Censored: never}}
			}
			return s
		}
		c := Of(&result.Comparison{Settings: []result.Setting{{Name: "a", Set: set(first, firstNever)}, {Name: "b", Set: set(second, secondNever)}}})
		return c.figure(t, medianID).Cells[1].Against.Shown
	}
	for _, w := range []struct {
		first, second           time.Duration
		firstNever, secondNever bool
		want                    Shown
	}{
		{time.Second, time.Hour, false, true, Worse}, // at least an hour is more than a second
		{time.Hour, time.Second, false, true, Unknown},
		{time.Hour, time.Second, true, false, Better},
		{time.Second, time.Hour, true, false, Unknown},
		{time.Second, time.Hour, true, true, Unknown},
		{time.Second, time.Hour, false, false, Worse},
	} {
		if got := shown(w.first, w.second, w.firstNever, w.secondNever); got != w.want {
			t.Errorf("%v (never %v) and %v (never %v): %s, want %s", w.first, w.firstNever, w.second, w.secondNever, got, w.want)
		}
	}
}

// TestThreshold: a difference below 2 % is none, however sure.
func TestThreshold(t *testing.T) {
	t.Parallel()
	for factor, want := range map[float64]Shown{1.01: Nothing, 1.05: Worse, 0.95: Better} {
		c := Of(&result.Comparison{Settings: []result.Setting{{Name: "a", Set: fixture.Runs(5)}, {Name: "b", Set: fixture.Slower(fixture.Runs(5), factor)}}})
		if got := c.figure(t, medianID).Cells[1].Against.Shown; got != want {
			t.Errorf("a factor of %v: %s, want %s", factor, got, want)
		}
	}
}

// TestHiddenDifferences: what differs beside the axis is named.
func TestHiddenDifferences(t *testing.T) {
	t.Parallel()
	c := fixture.Compared(2)
	if notes := Of(c).Notes; len(notes) != 0 {
		t.Errorf("without a hidden difference: %q", notes)
	}
	hidden := c.Settings[1].Set
	hidden.Scenario.Inputs = append(hidden.Scenario.Inputs, result.Input{Path: "zz.workers", Value: "16"})
	hidden.Scenario.Seed++
	notes := strings.Join(Of(c).Notes, "\n")
	for _, want := range []string{"async and live differ in more than engine.mode: zz.workers (–, 16)", "other seeds"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%q is not in %q", want, notes)
		}
	}
	if a := Of(c).Figures[0].Cells[1].Against; a.Paired {
		t.Error("runs of two seeds are paired")
	}
}

// TestHostileNames: what comes from a file cannot steer a terminal or a page.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	c := fixture.Compared(2)
	c.Name, c.Settings[1].Name = "<script>|\x1b[31m", "a|b`"
	figures := Of(c)
	var text, comment bytes.Buffer
	if err := figures.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := figures.WriteMarkdown(&comment); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(text.String()+comment.String(), '\x1b') || strings.Contains(comment.String(), "<script>") || strings.Contains(comment.String(), " a|b") {
		t.Error("a name is taken for markup")
	}
}

// noisy is a set of runs whose changes take about a minute, each run slower or
// faster by a draw of its own.
func noisy(r *rand.Rand, runs int, spread, factor float64) *result.Set {
	set := &result.Set{}
	for i := range runs {
		by := factor * math.Exp(spread*r.NormFloat64())
		run := result.Run{Index: i, Totals: result.Totals{Captured: 100, OutageWaitMost: time.Second}}
		for j := range 100 {
			run.Convergence = append(run.Convergence, result.Sample{Took: time.Duration(by * float64(j+1) * float64(time.Second))})
		}
		set.Runs = append(set.Runs, run)
	}
	return set
}

// TestBaselineErrs: how often the gate errs, with independent runs of a known
// spread.
func TestBaselineErrs(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const times = 200
	gates := func(spread, factor float64, runs int) map[result.Verdict]int {
		seen := map[result.Verdict]int{}
		for range times {
			a, b := noisy(r, runs, spread, 1), noisy(r, runs, spread, factor)
			b.Scenario.Seed++
			c := Of(&result.Comparison{Settings: []result.Setting{{Name: "baseline", Set: a}, {Name: "now", Set: b}}})
			g := c.Baseline()
			if g.Text == "" || (g.Verdict == result.Fail) != (len(g.Worse) > 0) {
				t.Errorf("the gate says %+v", g)
			}
			shown := 0
			for i := range c.Figures {
				if a := c.Figures[i].Cells[1].Against; a != nil && a.Shown == Worse {
					shown++
				}
			}
			if shown != len(g.Worse) {
				t.Errorf("the gate tells %d figures, and the table %d", len(g.Worse), shown)
			}
			seen[g.Verdict]++
		}
		return seen
	}
	if seen := gates(.01, 1, 6); seen[result.Pass] < times*95/100 {
		t.Errorf("unchanged: %v", seen)
	}
	if seen := gates(.01, 1.1, 6); seen[result.Fail] < times*9/10 {
		t.Errorf("a tenth slower: %v", seen)
	}
	if seen := gates(.5, 1, 3); seen[result.Inconclusive] < times*8/10 {
		t.Errorf("runs that spread by half cannot tell: %v", seen)
	}
}
