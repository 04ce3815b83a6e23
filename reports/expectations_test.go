package reports_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/store"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TestExpectationsAreTold: every report shows what was demanded, how it fared
// and what was measured, and the whole is no better than its expectations.
func TestExpectationsAreTold(t *testing.T) {
	t.Parallel()
	set := fixture.Day()
	if v := summary.Of(set).Verdict; v != result.Pass {
		t.Fatalf("the fixture is %s", v)
	}
	set.Expectations = []result.Expectation{
		{ID: "slo", Text: "p99(convergence) < 5m", Verdict: result.Pass, Mean: "4m12s", Low: "3m50s", High: "4m33s", Runs: 30},
		{ID: "mix", Text: "share(outcome{class=conflict}) < 1%", Verdict: result.Inconclusive, Mean: "1.1%", Note: "the interval is on both sides", AtLeast: true, Runs: 1},
	}
	set.Looks = []result.Look{{Runs: 30, Figure: "p99(convergence)", Relative: 0.043, Enough: true}}
	if v := summary.Of(set).Verdict; v != result.Inconclusive {
		t.Errorf("with an inconclusive expectation the whole is %s", v)
	}
	set.Expectations[1].Verdict = result.Fail
	if v := summary.Of(set).Verdict; v != result.Fail {
		t.Errorf("with a broken expectation the whole is %s", v)
	}

	var terminal, page strings.Builder
	if err := reports.Of(set).Terminal(&terminal, reports.TerminalOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"PASS  slo: p99(convergence) < 5m: 4m12s (3m50s to 4m33s, mean of 30 runs)", "FAIL  mix:", "at least 1.1%", "the interval is on both sides",
		"p99(convergence) is known to ±4.3 % after 30 runs",
	} {
		if !strings.Contains(strings.Join(strings.Fields(terminal.String()), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the terminal does not say %q:\n%s", want, terminal.String())
		}
	}
	if err := html.Write(&page, set, summary.Of(set), nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`id="expectations"`, "p99(convergence) &lt; 5m", "4m12s (3m50s to 4m33s, mean of 30 runs)"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}

	file := filepath.Join(t.TempDir(), "results.sqlite")
	if err := store.Write(file, set); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var id, mean string
	if err := db.QueryRow("SELECT id, mean FROM expectations WHERE verdict = 'fail' AND at_least = 1").Scan(&id, &mean); err != nil || id != "mix" || mean != "1.1%" {
		t.Errorf("the results file has %s, %s, %v", id, mean, err)
	}
}
