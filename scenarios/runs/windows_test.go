package runs

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestWindowsAddUp: what the windows count is what the whole run counts, and what is
// counted by size and length is all there.
func TestWindowsAddUp(t *testing.T) {
	t.Parallel()
	run := simulate(t, "month-end", Options{}).Runs[0]
	ended, from := map[[2]string]uint64{}, time.Duration(0)
	var asked, refused uint64
	for _, w := range run.Windows {
		if w.From != from || w.To <= w.From {
			t.Fatalf("a window from %v to %v, after one to %v", w.From, w.To, from)
		}
		from = w.To
		asked, refused = asked+w.Requests[0]+w.Requests[1], refused+w.Throttled[0]+w.Throttled[1]
		for _, e := range w.Ended {
			ended[[2]string{e.Map, e.Class}] += e.Count
		}
	}
	if from != run.End || len(run.Windows) < 24 || len(run.Windows) > 97 {
		t.Errorf("%d windows up to %v, the run ended at %v", len(run.Windows), from, run.End)
	}
	whole := map[[2]string]uint64{}
	for _, o := range run.Outcomes {
		if o.Class != "open" {
			whole[[2]string{o.Map, o.Class}] += o.Count
		}
	}
	for of, n := range whole {
		if ended[of] != n { // nobody retried what is on the error desk: it came onto it once
			t.Errorf("%v: %d in windows, %d in the run", of, ended[of], n)
		}
	}
	var throttled uint64
	for _, x := range run.Throttled {
		throttled += x.Count
	}
	if refused != throttled || asked < run.Totals.Reads {
		t.Errorf("%d of %d requests refused, %d in the run with its %d reads", refused, asked, throttled, run.Totals.Reads)
	}
	var saves, sized, over uint64
	for _, s := range run.Saves {
		saves += s.Count
	}
	for _, s := range run.Sizes {
		if sized += s.Saves; s.Over > 0 {
			over += s.Over
			if s.UpTo != 2000 {
				t.Errorf("saves of up to %d records are over the limit", s.UpTo)
			}
		}
	}
	if sized != saves || over != 1 { // the invoice of 1,114 lines
		t.Errorf("%d of %d saves have a size, and %d are over the limit", sized, saves, over)
	}
	lines := result.DependencyWait{}
	for _, d := range run.Dependency {
		if d.Map == "lines" {
			lines = d
		}
		var n uint64
		for _, b := range d.Bins {
			n += b.Count
		}
		if n != d.Waits {
			t.Errorf("%s: bins hold %d of %d waits", d.Map, n, d.Waits)
		}
	}
	if lines.Waits == 0 || lines.Most == 0 {
		t.Errorf("no line waited for its header: %+v", run.Dependency)
	}
	var conflicts uint64
	for _, g := range run.Gaps {
		conflicts += g.Conflicts
	}
	if booked := countOutcomes(&run, "conflict", ""); conflicts < booked || conflicts == 0 {
		t.Errorf("%d edits conflict, and %d changes lost a conflict", conflicts, booked)
	}
}
