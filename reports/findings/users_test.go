package findings

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestLiveAddsUp: of all saves those that went live are told, and what the others were.
func TestLiveAddsUp(t *testing.T) {
	t.Parallel()
	of := func(saves ...result.SaveCount) summary.Summary {
		r := result.Run{Saves: saves}
		for _, s := range saves {
			if s.Ended == "committed" {
				r.Live.Committed += s.Live
			} else {
				r.Live.Undone += s.Live
			}
		}
		return summary.Of(&result.Set{Runs: []result.Run{r}})
	}
	for want, s := range map[string]summary.Summary{
		"": of(result.SaveCount{Side: "finops", Ended: "committed", Count: 9}),
		"12 of the 15 saves that committed went live, on both sides; the other 3 changed nothing that live sync carries. 2 of the 7 saves that failed had begun to go live, and left nothing on either side. One side alone had committed for 0s at most.": of(
			result.SaveCount{Side: "finops", Ended: "committed", Count: 10, Live: 8}, result.SaveCount{Side: "dataverse", Ended: "committed", Count: 5, Live: 4},
			result.SaveCount{Side: "finops", Ended: "refused as stale", Count: 4}, result.SaveCount{Side: "finops", Ended: "other side not reached", Count: 3, Live: 2}),
		"All 3 saves that committed went live, on both sides. One side alone had committed for 0s at most.":             of(result.SaveCount{Side: "finops", Ended: "committed", Count: 3, Live: 3}),
		"The one save that failed had begun to go live, and left nothing on either side. No save went live to its end.": of(result.SaveCount{Side: "finops", Ended: "other side not reached", Count: 1, Live: 1}),
	} {
		if got := live(s).Text; got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
	}
}

// TestOneGoesLive: one is not several.
func TestOneGoesLive(t *testing.T) {
	t.Parallel()
	r := result.Run{Convergence: []result.Sample{{Took: 108 * time.Millisecond}}}
	r.Totals.Live, r.Totals.Transactions = 1, [2]uint64{1, 0}
	s := summary.Of(&result.Set{Scenario: result.Scenario{Mode: "live"}, Runs: []result.Run{r}})
	const arrival, convergence = "Nothing waits in live mode: the one user transaction was committed.", "Live sync commits both sides: one of them alone has the only change for 108ms"
	if a, c := Arrival(s), Convergence(s); a != arrival || c != convergence {
		t.Errorf("%q, %q\nwant %q, %q", a, c, arrival, convergence)
	}
}

// TestNothingHappened: an empty run is told as one in every mode, in its own words.
func TestNothingHappened(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]string{
		"async":      "No change was captured, so nothing had to arrive.",
		"live":       "Nothing was saved, so nothing had to arrive.",
		"integrator": "No change was made, so nothing had to arrive.",
	} {
		r := result.Run{}
		if mode == "integrator" {
			r.Copied = &result.Copied{}
		}
		if got := Arrival(summary.Of(&result.Set{Scenario: result.Scenario{Mode: mode}, Runs: []result.Run{r}})); got != want {
			t.Errorf("%s: %q, want %q", mode, got, want)
		}
	}
}
