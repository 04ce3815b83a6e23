package findings_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestSentences pins every sentence about every kind of result.
func TestSentences(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, c := range []struct {
		name string
		set  *result.Set
	}{
		{"none", fixture.None()},
		{"empty", fixture.Empty()},
		{"one", fixture.One()},
		{"day", fixture.Day()},
		{"broken", fixture.Broken()},
		{"censored", fixture.Censored(.03)},
		{"half censored", fixture.Censored(.6)},
		{"never", fixture.Censored(1)},
		{"two runs", fixture.Runs(2)},
	} {
		s := summary.Of(c.set)
		b.WriteString("# " + c.name + "\n")
		for _, line := range []string{
			findings.Verdict(s), findings.Convergence(s), findings.Backlog(c.set), findings.Outcomes(s), findings.Torn(s),
		} {
			b.WriteString(line + "\n")
		}
		for _, e := range findings.Narrative(c.set, s) {
			b.WriteString("- " + strings.TrimSpace(e.When+" "+e.What) + ": " + e.Text + "\n")
		}
		b.WriteString("\n")
	}
	golden.Check(t, "sentences.txt", b.String())
}

func TestRecoveries(t *testing.T) {
	t.Parallel()
	sc := result.Scenario{Faults: []result.Period{{Kind: "outage", From: 10 * time.Second, To: 20 * time.Second}}}
	run := func(points ...result.Point) *result.Run {
		return &result.Run{End: time.Minute, Series: []result.Series{{Name: "backlog", Points: points}}}
	}
	at := func(s int, v float64) result.Point { return result.Point{At: time.Duration(s) * time.Second, Value: v} }
	for _, c := range []struct {
		name      string
		run       *result.Run
		peak      float64
		recovered time.Duration
		known     bool
	}{
		{"rises and drains", run(at(0, 2), at(12, 9), at(21, 11), at(25, 5), at(30, 2), at(40, 50)), 11, 30 * time.Second, true},
		{"leaves a twentieth", run(at(0, 0), at(12, 100), at(25, 6), at(30, 5)), 100, 30 * time.Second, true},
		{"never drains", run(at(0, 2), at(12, 9)), 9, 0, false},
		{"does not rise", run(at(0, 2)), 2, 20 * time.Second, true},
		{"drains inside", run(at(0, 2), at(12, 9), at(15, 1)), 9, 20 * time.Second, true},
		{"peak after recovery is another's", run(at(0, 2), at(12, 3), at(22, 1), at(23, 99)), 3, 22 * time.Second, true},
	} {
		got := findings.Recoveries(sc, c.run)
		if len(got) != 1 || got[0].Peak != c.peak || got[0].Recovered != c.recovered || got[0].Known != c.known {
			t.Errorf("%s: got %+v, want peak %v, recovered %v %v", c.name, got, c.peak, c.recovered, c.known)
		}
	}
	if got := findings.Recoveries(sc, &result.Run{End: time.Minute}); got != nil {
		t.Errorf("no series: got %+v", got)
	}
}

func TestAtIsAStepFunction(t *testing.T) {
	t.Parallel()
	points := []result.Point{{At: 2, Value: 5}, {At: 4, Value: 7}, {At: 4, Value: 8}, {At: 9, Value: 1}}
	for at, want := range map[time.Duration]float64{0: 0, 2: 5, 3: 5, 4: 8, 8: 8, 9: 1, 99: 1} {
		if got := findings.At(points, at); got != want {
			t.Errorf("At(%d) = %v, want %v", at, got, want)
		}
	}
}
