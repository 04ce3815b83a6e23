package plots

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestGapsFinding: a gap counts as safe where wider ones were seen to be, and each
// line is told by its name.
func TestGapsFinding(t *testing.T) {
	t.Parallel()
	line := func(name string, conflicts ...uint64) met {
		m := met{name: name}
		for i, n := range conflicts {
			m.gaps = append(m.gaps, result.Gap{From: time.Duration(i) * time.Second, To: time.Duration(i+1) * time.Second, Edits: 100, Conflicts: n})
		}
		return m
	}
	async, live, integrator := line("async", 90, 30, 1), line("live", 1, 0, 0), line("integrator", 99, 98, 97)
	for _, x := range []struct {
		lines []met
		want  string
	}{
		{[]met{async}, "Edits on both sides conflict less than one time in twenty when they are 2s or more apart"},
		{[]met{live}, "Fewer than one edit in twenty conflicts with one of the other side, however close they are"},
		{[]met{integrator}, "More than one edit in twenty conflicts with one of the other side, also when they are furthest apart"},
		{[]met{{name: "async", gaps: []result.Gap{{To: time.Second, Edits: 1, Conflicts: 1}}}}, "Too few edits on both sides to tell how far apart they conflict"},
		{[]met{line("live", 0, 0)}, "No two edits conflicted, however close they were"},
		{[]met{async, live, integrator}, "Edits on both sides conflict less than one time in twenty at any gap (live), when they are 2s or more apart (async), at no gap seen (integrator)"},
	} {
		if got := gapsFinding(x.lines); got != x.want {
			t.Errorf("%q, want %q", got, x.want)
		}
	}
}

// TestGapsOfCopies: of the data integrator, whose copies take no knowledge along,
// nothing is told, by itself or beside others.
func TestGapsOfCopies(t *testing.T) {
	t.Parallel()
	alone := Gaps(fixture.As(fixture.Runs(2), "integrator"))
	if alone.Table.Rows != nil || !strings.Contains(alone.Title, "does not notice") {
		t.Errorf("%q, %q", alone.Title, alone.Table.Rows)
	}
	beside := gapsBySetting(fixture.Compared(2))
	if strings.Contains(beside.Title, "integrator") || !strings.Contains(beside.Caption, "Left out: integrator,") {
		t.Errorf("%q, %q", beside.Title, beside.Caption)
	}
	for _, row := range beside.Table.Rows {
		if row[0] == "integrator" {
			t.Errorf("told: %q", row)
		}
	}
}
