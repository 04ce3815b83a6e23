package comparison

import "testing"

// TestAgreed: a lower bound is not told as if it were a time within which all is well.
func TestAgreed(t *testing.T) {
	t.Parallel()
	at := func(atLeast bool) measured {
		return measured{Cell{Known: true, Mean: 60, Low: 50, High: 70, AtLeast: atLeast, Runs: 3}, Span}
	}
	for want, got := range map[string]string{
		"99 % of the map's changes are on both sides under async within 1m (95 % interval 50s to 1m 10s, 3 runs)":                               agreed(asyncMode, at(false)),
		"it takes more than 1m (a lower bound, 3 runs) under the integrator until 99 % of the map's changes are on both sides; some never were": agreed(integratorMode, at(true)),
	} {
		if got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

// TestAgainst: where an assumption turns an answer, the figure that decided is told of the
// answer that it was, too.
func TestAgainst(t *testing.T) {
	t.Parallel()
	c := Choice{
		Because: []string{"with 4: p99, all maps: 9s", "with 4: median, all maps: 5s", "with 16: p99, all maps: 8s", "with 16: median, all maps: 4s"},
		decided: "with 4: median, all maps: 5s",
	}
	for answer, want := range map[string]string{
		"16":             ", and with 16: median, all maps: 4s",
		"16; or another": ", and with 16: median, all maps: 4s",
		"4":              "",
		"8":              "",
	} {
		if got := c.against(answer); got != want {
			t.Errorf("%s: told %q, want %q", answer, got, want)
		}
	}
	if got := (&Choice{Because: c.Because}).against("16"); got != "" {
		t.Errorf("nothing decided, and yet %q is told", got)
	}
}
