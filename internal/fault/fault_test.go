package fault

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// catalogue stands for the names that the engine declares.
var catalogue = []string{"engine/crash-after-save", "engine/no-loopback-control", "engine/write-without-condition"}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want, err string }{
		{in: "a", want: "a=return(true)"},
		{in: "a=return(true)", want: "a=return(true)"},
		{in: "a=return", want: "a=return"},
		{in: "a=off", want: "a=off"},
		{in: "a=3*off->1*return(true)", want: "a=3*off->1*return(true)"},
		{in: "a=1*return(true)->off", want: "a=1*return(true)->off"},
		{in: "=off", err: "no name"},
		{in: "a=", err: "neither off nor return(true)"},
		{in: "a=30%return(true)", err: "fires by chance"},
		{in: "a=2*30%return(true)", err: "fires by chance"},
		{in: "a=1*sleep(10)", err: "acts on the process"},
		{in: "a=pause", err: "acts on the process"},
		{in: "a=print", err: "acts on the process"},
		{in: `a=panic("x")`, err: "acts on the process"},
		{in: "a=break", err: "acts on the process"},
		{in: "a=return(false)", err: "neither off nor return(true)"},
		{in: "a=x*off", err: "not a number of passes"},
		{in: "a=-1*off", err: "not a number of passes"},
		{in: "a=off->1*return(true)", err: "has no count and holds for ever"},
		{in: "a=1*off->", err: "neither off nor return(true)"},
	} {
		got, err := Parse(tc.in)
		switch {
		case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)):
			t.Errorf("Parse(%q): error %v, want one that says %q", tc.in, err, tc.err)
		case tc.err == "" && err != nil:
			t.Errorf("Parse(%q): %v", tc.in, err)
		case tc.err == "" && got.String() != tc.want:
			t.Errorf("Parse(%q) = %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestNewPlanReturnsAllFaults(t *testing.T) {
	t.Parallel()
	_, err := NewPlan(catalogue,
		Point{"engine/no-loopbck-control", Always},
		Point{"zzz", Always},
		Point{"engine/crash-after-save", "1%return(true)"},
		Point{"engine/crash-after-save", Always})
	want := `failpoint engine/no-loopbck-control: unknown; did you mean engine/no-loopback-control?
failpoint zzz: unknown; there are 3 known names
failpoint engine/crash-after-save: terms "1%return(true)": "1%return(true)" fires by chance, which no seed repeats; use counts, as in "2*off->1*return(true)"
failpoint engine/crash-after-save: armed twice; chain its terms with "->"`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestReplayTerms(t *testing.T) {
	t.Parallel()
	got := Replay([]Fired{{"b", 3}, {"a", 1}, {"b", 4}, {"b", 7}})
	want := []Point{
		{"b", "2*off->1*return(true)->1*return(true)->2*off->1*return(true)"},
		{"a", "1*return(true)"},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNilPlan(t *testing.T) {
	t.Parallel()
	var p *Plan
	if p.Hit(catalogue[0]) || p.Names() != nil || p.Log() != nil || p.Passes(catalogue[0]) != 0 {
		t.Error("the nil plan must arm nothing")
	}
}

func TestHitAllocatesNothingWhileSilent(t *testing.T) {
	for name, p := range map[string]*Plan{"nil": nil, "empty": plan(t)} {
		if n := testing.AllocsPerRun(1000, func() { p.Hit(catalogue[0]) }); n != 0 {
			t.Errorf("%s plan: %v allocations a pass, want 0", name, n)
		}
	}
}

func BenchmarkHit(b *testing.B) {
	for name, p := range map[string]*Plan{"nil": nil, "empty": plan(b)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p.Hit(catalogue[0])
			}
		})
	}
}

func plan(t testing.TB, points ...Point) *Plan {
	t.Helper()
	p, err := NewPlan(catalogue, points...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// passes walks a world's way: n passes of each place in turn. It returns where
// they fired, written down.
func passes(p *Plan, n int) string {
	var fired strings.Builder
	for i := range n {
		for _, name := range catalogue {
			if p.Hit(name) {
				fmt.Fprintf(&fired, "%d %s\n", i+1, name)
			}
		}
	}
	return fired.String()
}
