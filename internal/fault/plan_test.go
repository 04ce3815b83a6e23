//go:build !nofault

package fault

import (
	"slices"
	"testing"
)

func TestHitFollowsTheTerms(t *testing.T) {
	t.Parallel()
	const name = "engine/crash-after-save"
	for _, tc := range []struct {
		terms string
		fires []int // of 8 passes
	}{
		{Always, []int{1, 2, 3, 4, 5, 6, 7, 8}},
		{"return", []int{1, 2, 3, 4, 5, 6, 7, 8}},
		{"off", nil},
		{"2*return(true)", []int{1, 2}},
		{"2*off->1*return(true)", []int{3}},
		{"0*off->1*return(true)", []int{1}},
		{"1*return(true)->3*off->2*return(true)->off", []int{1, 5, 6}},
		{"6*off->return(true)", []int{7, 8}},
	} {
		p := plan(t, Point{name, tc.terms})
		var fires []int
		for pass := 1; pass <= 8; pass++ {
			if p.Hit(name) {
				fires = append(fires, pass)
			}
			if p.Hit(catalogue[1]) {
				t.Errorf("%s: a point that is not armed fired", tc.terms)
			}
		}
		if !slices.Equal(fires, tc.fires) {
			t.Errorf("%s: fired at passes %v, want %v", tc.terms, fires, tc.fires)
		}
		if got := p.Passes(name); got != 8 {
			t.Errorf("%s: counted %d passes, want 8", tc.terms, got)
		}
		if got := p.Names(); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: names %v", tc.terms, got)
		}
		if len(p.Log()) != len(tc.fires) {
			t.Errorf("%s: log %v, want passes %v", tc.terms, p.Log(), tc.fires)
		}
	}
}

func TestReplayFiresAtTheSamePasses(t *testing.T) {
	t.Parallel()
	first := plan(t,
		Point{catalogue[0], "3*off->2*return(true)->5*off->1*return(true)"},
		Point{catalogue[1], "off"},
		Point{catalogue[2], "10*return(true)"})
	want := passes(first, 20)
	second := plan(t, Replay(first.Log())...)
	if got := passes(second, 20); got != want {
		t.Errorf("replay fired at\n%swant\n%s", got, want)
	}
	if !slices.Equal(first.Log(), second.Log()) {
		t.Errorf("replay logged %v, want %v", second.Log(), first.Log())
	}
}

// Worlds with different plans run side by side and see nothing of each other;
// the race detector watches.
func TestPlansAreIndependent(t *testing.T) {
	t.Parallel()
	terms := []string{Always, "off", "7*off->1*return(true)", "3*return(true)->off"}
	want := make([]string, len(terms))
	for i := range terms {
		want[i] = passes(plan(t, Point{catalogue[i%3], terms[i]}), 200)
	}
	got := make(chan [2]string)
	const rounds = 64
	for n := range rounds {
		p := plan(t, Point{catalogue[n%4%3], terms[n%4]})
		go func() { got <- [2]string{passes(p, 200), want[n%4]} }()
	}
	for range rounds {
		if pair := <-got; pair[0] != pair[1] {
			t.Errorf("beside other plans it fired at\n%salone at\n%s", pair[0], pair[1])
		}
	}
}

func BenchmarkHitArmed(b *testing.B) {
	b.Run("other", func(b *testing.B) {
		p := plan(b, Point{catalogue[0], Always})
		for b.Loop() {
			p.Hit(catalogue[1])
		}
	})
	b.Run("off", func(b *testing.B) {
		p := plan(b, Point{catalogue[0], "off"})
		for b.Loop() {
			p.Hit(catalogue[0])
		}
	})
}
