package runs

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// clone copies a run with all its lists.
func clone(t *testing.T, r *result.Run) *result.Run {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	out := new(result.Run)
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestThinningTwiceIsThinningOnce: a folder of few runs that is extended, and shards,
// give what many runs at once give. What is kept is no more than the share, peaks and
// sums stay, and what was cut is said.
func TestThinningTwiceIsThinningOnce(t *testing.T) {
	t.Parallel()
	whole := clone(t, &simulate(t, "month-end", Options{}).Runs[0])
	few := clone(t, whole)
	thin(few, 10)
	if diff := cmp.Diff(whole, few); diff != "" {
		t.Errorf("of ten runs of this length nothing needs to be cut:\n%s", diff)
	}
	for _, many := range []int{1_000, 30_000} {
		once, twice := clone(t, whole), clone(t, whole)
		thin(once, many)
		thin(twice, 400)
		thin(twice, many)
		if diff := cmp.Diff(once, twice); diff != "" {
			t.Errorf("for %d runs at once and by way of 400 (-once +twice):\n%s", many, diff)
		}
		if n := len(once.Convergence); n > samplesMost/many || n == 0 || once.Thinned.Convergence < 2 {
			t.Errorf("for %d runs one keeps %d changes, every %d", many, n, once.Thinned.Convergence)
		}
		if len(once.Windows) > windowsMost/many || once.Thinned.Windows < 2 || !once.Thinned.Series {
			t.Errorf("for %d runs one keeps %d windows; %+v", many, len(once.Windows), once.Thinned)
		}
		for i, s := range once.Series {
			before := whole.Series[i]
			if len(before.Points) == 0 {
				continue
			}
			if peak(s) != peak(before) && s.Name != "use.finops" && s.Name != "use.dataverse" {
				t.Errorf("%s peaks at %v, and at %v in %d runs", s.Name, peak(before), peak(s), many)
			}
			if a, b := area(before, whole.End), area(s, whole.End); s.Name == "use.finops" && (b-a > 1e-6 || a-b > 1e-6) {
				t.Errorf("%s comes to %v, and to %v in %d runs", s.Name, a, b, many)
			}
			if a, b := result.Mean(before.Points, 0, whole.End), result.Mean(s.Points, 0, whole.End); b-a > 1e-9 || a-b > 1e-9 {
				t.Errorf("%s is %v on average, and %v in %d runs", s.Name, a, b, many)
			}
			if s.Points[len(s.Points)-1] != before.Points[len(before.Points)-1] {
				t.Errorf("%s ends otherwise", s.Name)
			}
		}
		if a, b := ended(whole), ended(once); a != b {
			t.Errorf("windows count %d changes, and %d in %d runs", a, b, many)
		}
	}
}

func peak(s result.Series) (top float64) {
	for _, p := range s.Points {
		top = max(top, p.Value)
	}
	return top
}

func area(s result.Series, end time.Duration) (sum float64) {
	for i, p := range s.Points {
		to := end
		if i+1 < len(s.Points) {
			to = s.Points[i+1].At
		}
		sum += p.Value * (to - p.At).Seconds()
	}
	return sum
}

func ended(r *result.Run) (n uint64) {
	for _, w := range r.Windows {
		for _, e := range w.Ended {
			n += e.Count
		}
	}
	return n
}
