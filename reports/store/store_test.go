package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/store"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// write makes a results file and opens it for reading.
func write(t *testing.T, set *result.Set) (*sql.DB, string) {
	t.Helper()
	// A path as users have them: SQLite reads ?, # and % in a URI as its own.
	path := filepath.Join(t.TempDir(), "a b?c#d%20.sqlite")
	if err := store.Write(path, set); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "results.sqlite")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, b, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+copied+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db, path
}

// ask gives the single value of a query.
func ask(t *testing.T, db *sql.DB, query string) any {
	t.Helper()
	var v any
	if err := db.QueryRow(query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestEverythingIsThere(t *testing.T) {
	t.Parallel()
	set := fixture.Broken()
	set.Runs = append(set.Runs, fixture.Runs(2).Runs[1])
	set.Runs[1].Copied = &result.Copied{
		Lost: [2]uint64{1, 2}, Missed: [2]uint64{3, 4}, Overwritten: [2]uint64{5, 6}, Rows: 7, Deletes: 8, Echoes: 9,
		Runs: 10, Warnings: 11, Broken: 12, Waiting: 13, Losses: []result.Loss{{Record: "customers C1", Side: "finops", Born: 14, Missed: true}},
	}
	set.Runs[0].Initial = []result.Leg{{Map: "customers", Company: "USMF", Side: "finops", Stage: "cut", Began: 1, Ended: 2, Rows: 3, Written: 4, Unchanged: 5, Lost: 6, Errors: 7}}
	set.Runs[0].Alerts = []result.Alert{{At: 1, Job: "billing", Action: "pause", Count: 10, Within: 2, Class: "application", Reason: "refused"}}
	db, _ := write(t, set)

	want, got := map[string]int64{"scenario": 1, "runs": 2, "totals": 2}, map[string]int64{}
	want["maps"], want["faults"], want["settings"] = int64(len(set.Scenario.Maps)), int64(len(set.Scenario.Faults)), int64(len(set.Scenario.Inputs))
	for _, r := range set.Runs {
		want["properties"] += int64(len(r.Properties))
		for _, p := range r.Properties {
			want["violations"] += int64(len(p.Examples))
		}
		want["outcomes"] += int64(len(r.Outcomes))
		want["map_counts"] += int64(len(r.Maps))
		want["errors"] += int64(len(r.Errors))
		want["convergence"] += int64(len(r.Convergence))
		for _, s := range r.Series {
			want["series"] += int64(len(s.Points))
		}
		want["worst"] += int64(len(r.Worst))
		for _, w := range r.Worst {
			want["worst_reasons"] += int64(len(w.Why))
		}
		if r.Copied != nil {
			want["copied"]++
			want["losses"] += int64(len(r.Copied.Losses))
		}
		want["legs"] += int64(len(r.Initial))
		want["alerts"] += int64(len(r.Alerts))
		want["stories"] += int64(len(r.Story) + len(r.Torn))
		want["windows"] += int64(len(r.Windows))
		for _, w := range r.Windows {
			want["outcome_windows"] += int64(len(w.Ended))
		}
		want["dependency_waits"] += int64(len(r.Dependency))
		for _, d := range r.Dependency {
			want["dependency_wait_bins"] += int64(len(d.Bins))
		}
		want["gaps"] += int64(len(r.Gaps))
		want["sizes"] += int64(len(r.Sizes))
	}
	for table := range want {
		got[table] = ask(t, db, "SELECT count(*) FROM "+table).(int64)
		if want[table] == 0 {
			t.Errorf("the fixture leaves %s empty, so this test shows nothing about it", table)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows per table (-want +got):\n%s", diff)
	}

	// Values, of the table with the most columns and of one with text.
	m := set.Runs[0].Maps[3]
	row := fmt.Sprint(m.Captured[0], m.Captured[1], m.Creates[0], m.Creates[1], m.Alive[0], m.Alive[1], m.Converged, m.Parked, m.Blocked, m.Open)
	if got := ask(t, db, `SELECT captured_finops||' '||captured_dataverse||' '||creates_finops||' '||creates_dataverse||' '||alive_finops||' '||
		alive_dataverse||' '||converged||' '||parked||' '||blocked||' '||open FROM map_counts WHERE run = 0 AND map = 'lines'`); got != row {
		t.Errorf("map_counts of lines: %v, want %v", got, row)
	}
	if got := ask(t, db, `SELECT lost_finops||' '||lost_dataverse||' '||missed_finops||' '||missed_dataverse||' '||overwritten_finops||' '||
		overwritten_dataverse||' '||rows||' '||deletes||' '||echoes||' '||runs||' '||warnings||' '||broken||' '||waiting FROM copied`); got != "1 2 3 4 5 6 7 8 9 10 11 12 13" {
		t.Errorf("copied: %v", got)
	}
	if got := ask(t, db, "SELECT record FROM violations WHERE record LIKE '%script%'"); got != "customers · UKGB · <script>alert(1)</script>" {
		t.Errorf("hostile key became %v", got)
	}
	if got := ask(t, db, "SELECT seed FROM scenario"); got != "20111031" {
		t.Errorf("seed = %v", got)
	}
}

func TestAnswersAgreeWithTheSummary(t *testing.T) {
	t.Parallel()
	set := fixture.Day()
	db, _ := write(t, set)
	if got := ask(t, db, "SELECT count(*) FROM accounting WHERE captured <> accounted"); got != int64(0) {
		t.Errorf("%v maps do not account for their captured changes", got)
	}
	// The query that schema.sql recommends.
	p99 := ask(t, db, `SELECT took FROM convergence_seconds ORDER BY censored, took
		LIMIT 1 OFFSET (SELECT (count(*) * 99 + 99) / 100 - 1 FROM convergence)`).(float64)
	if want := summary.Of(set).Pooled.Convergence[0].At("p99").Value.Seconds(); p99 != want {
		t.Errorf("p99 by SQL is %v, by the summary %v", p99, want)
	}
}

func TestSameSetSameBytes(t *testing.T) {
	t.Parallel()
	_, first := write(t, fixture.Day())
	_, second := write(t, fixture.Day())
	a, errA := os.ReadFile(first)
	b, errB := os.ReadFile(second)
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		t.Errorf("two files of the same results differ (%v, %v)", errA, errB)
	}
}

func TestWriteReplaces(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results.sqlite")
	for range 2 {
		if err := store.Write(path, fixture.One()); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	set := fixture.Huge(100_000)
	path := filepath.Join(b.TempDir(), "results.sqlite")
	for b.Loop() {
		if err := store.Write(path, set); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows(b, path)*b.N)/b.Elapsed().Seconds(), "rows/s")
}

// rows counts the rows of all tables.
func rows(b *testing.B, path string) (all int) {
	b.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	names, err := db.Query(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
	if err != nil {
		b.Fatal(err)
	}
	defer names.Close()
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			b.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Err(); err != nil {
		b.Fatal(err)
	}
	for _, name := range tables {
		n := 0
		if err := db.QueryRow(`SELECT count(*) FROM "` + name + `"`).Scan(&n); err != nil {
			b.Fatal(err)
		}
		all += n
	}
	return all
}

// TestReadBack: what was written is read back, all of it.
func TestReadBack(t *testing.T) {
	t.Parallel()
	copied := fixture.Compared(2).Settings[2].Set
	copied.Runs[1].Copied.Losses = []result.Loss{{Record: "customers C1", Side: "finops", Born: 14, Missed: true}}
	judged := fixture.Runs(2)
	judged.Expectations = []result.Expectation{{ID: "slo", Text: "p99(convergence) < 5m", Verdict: result.Pass, Mean: "4m", Low: "3m", High: "5m", AtLeast: true, Foreign: true, Runs: 2}}
	judged.Looks = []result.Look{{Runs: 2, Figure: "p50", Relative: .25, Enough: true}}
	judged.Runs[0].Initial = []result.Leg{{Map: "customers", Company: "USMF", Side: "finops", Stage: "cut", Began: 1, Ended: 2, Rows: 3, Written: 4, Unchanged: 5, Lost: 6, Errors: 7}}
	judged.Runs[0].Alerts = []result.Alert{{At: 1, Job: "billing", Action: "pause", Count: 10, Within: 2, Class: "application", Reason: "refused"}}
	judged.Runs[0].Totals.Compared, judged.Runs[0].Totals.Drift = 12, 3
	judged.Runs[1].Panic, judged.Runs[1].Incomplete = "an event in the past", "a rule of the simulation was broken"
	judged.Runs[0].Fired = []string{"engine/ack-before-save x3"}
	judged.Scenario.Failpoints = []string{"engine/ack-before-save"}
	for name, set := range map[string]*result.Set{"broken": fixture.Broken(), "stopped": fixture.Stopped(), "integrator": copied, "judged": judged, "nothing": fixture.None()} {
		_, path := write(t, set)
		got, err := store.Read(path)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := *set
		want.Scenario.Source, want.Scenario.Resolved = nil, nil
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// TestReadRefuses what is no results file of this version.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	if _, err := store.Read(filepath.Join(t.TempDir(), "none.sqlite")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	text := filepath.Join(t.TempDir(), "text.sqlite")
	if err := os.WriteFile(text, []byte("not a database at all"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Read(text); err == nil {
		t.Error("a text was read")
	}
	_, path := write(t, fixture.One())
	plain := filepath.Join(t.TempDir(), "old.sqlite")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plain, b, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", plain)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec("UPDATE scenario SET schema = 'twinwrite/results/v0'")
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Read(plain); !errors.Is(err, store.ErrSchema) {
		t.Errorf("another version: %v", err)
	}
}
