// Package store writes results.sqlite, the results file that users query with
// plain SQL. Its shape, table by table and column by column, is schema.sql; the
// same text stands in every file, under sqlite_schema.
package store

import (
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Schema is the version of the file's shape, in the table scenario.
const Schema = "twinwrite/results/v7"

//go:embed schema.sql
var schema string

// Write makes a new results file at path, replacing one that is there. The
// same set gives the same bytes. A reader never sees a half-written file only
// if the caller writes beside the final place and renames.
func Write(path string, set *result.Set) (err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	dsn, err := fileURI(path)
	if err != nil {
		return err
	}
	// The file is new and nobody else knows it: no journal is needed, and a
	// crash leaves a partial file that is never renamed into place.
	db, err := sql.Open("sqlite3", dsn+"?_journal_mode=OFF&_synchronous=OFF")
	if err != nil {
		return fmt.Errorf("open results: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)

	if _, err := db.Exec(schema); err != nil {
		return fmt.Errorf("make tables: %w", err)
	}
	tx, err := db.Begin()
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // does nothing once committed
	if err := fill(&writer{tx: tx}, set); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// fileURI escapes path for SQLite, which reads '?' and '#' in a file URI as
// its own.
func fileURI(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("locate results: %w", err)
	}
	abs = filepath.ToSlash(abs)
	if !strings.HasPrefix(abs, "/") { // C:/...
		abs = "/" + abs
	}
	return (&url.URL{Scheme: "file", Path: abs}).String(), nil
}

func fill(w *writer, set *result.Set) error {
	sc := set.Scenario
	w.table("scenario", 15, func(row func(...any)) {
		row(Schema, sc.Name, sc.Purpose, sc.Mode, strconv.FormatUint(sc.Seed, 10), sc.Hash, sc.Model,
			sc.Start.UTC().Format(time.RFC3339Nano), sc.Length, sc.Warmup, sc.Drain, sc.Primary, sc.LiveMost[0], sc.LiveMost[1], sc.Command)
	})
	w.table("expectations", 10, func(row func(...any)) {
		for _, e := range set.Expectations {
			row(e.ID, e.Text, string(e.Verdict), e.Note, e.Mean, e.Low, e.High, e.AtLeast, e.Foreign, e.Runs)
		}
	})
	w.table("looks", 4, func(row func(...any)) {
		for _, l := range set.Looks {
			row(l.Runs, l.Figure, l.Relative, l.Enough)
		}
	})
	w.table("maps", 5, func(row func(...any)) {
		for i, m := range sc.Maps {
			row(i, m.Name, m.FinOps, m.Dataverse, m.Sequence)
		}
	})
	w.table("workloads", 2, func(row func(...any)) {
		for i, name := range sc.Workloads {
			row(i, name)
		}
	})
	w.table("faults", 5, func(row func(...any)) {
		for _, f := range sc.Faults {
			row(f.Kind, f.Target, f.From, f.To, f.Note)
		}
	})
	w.table("failpoints", 1, func(row func(...any)) {
		for _, f := range sc.Failpoints {
			row(f)
		}
	})
	w.table("settings", 5, func(row func(...any)) {
		for _, s := range sc.Inputs {
			row(s.Path, s.Value, s.Default, s.Given, s.Source)
		}
	})
	for i := range set.Runs {
		fillRun(w, &set.Runs[i])
	}
	return w.err
}

func fillRun(w *writer, r *result.Run) {
	n := r.Index
	w.table("runs", 6, func(row func(...any)) { row(n, r.Digest, r.Events, r.End, r.Incomplete, r.Panic) })
	w.table("properties", 7, func(row func(...any)) {
		for _, p := range r.Properties {
			row(n, p.ID, p.Contract, string(p.Verdict), p.Checked, p.Violations, p.Note)
		}
	})
	w.table("violations", 5, func(row func(...any)) {
		for _, p := range r.Properties {
			for _, v := range p.Examples {
				row(n, p.ID, v.At, v.Record, v.Message)
			}
		}
	})
	w.table("outcomes", 6, func(row func(...any)) {
		for _, o := range r.Outcomes {
			row(n, o.Map, o.Side, o.Class, o.Reason, o.Count)
		}
	})
	w.table("copied", 14, func(row func(...any)) {
		if c := r.Copied; c != nil {
			row(n, c.Lost[0], c.Lost[1], c.Missed[0], c.Missed[1], c.Overwritten[0], c.Overwritten[1],
				c.Rows, c.Deletes, c.Echoes, c.Runs, c.Warnings, c.Broken, c.Waiting)
		}
	})
	w.table("losses", 5, func(row func(...any)) {
		if c := r.Copied; c != nil {
			for _, l := range c.Losses {
				row(n, l.Record, l.Side, l.Born, l.Missed)
			}
		}
	})
	w.table("map_counts", 18, func(row func(...any)) {
		for _, m := range r.Maps {
			row(n, m.Map, m.Captured[0], m.Captured[1], m.Live[0], m.Live[1], m.Creates[0], m.Creates[1], m.Alive[0], m.Alive[1],
				m.Converged, m.Divergent, m.Parked, m.Blocked, m.Open, m.PartlyVisibleMost, m.NeverWhole, m.Lost)
		}
	})
	w.table("errors", 8, func(row func(...any)) {
		for _, e := range r.Errors {
			row(n, e.Class, e.Reason, e.Map, e.Message, e.Count, e.Retried, e.Example)
		}
	})
	w.table("convergence", 6, func(row func(...any)) {
		for _, s := range r.Convergence {
			row(n, s.Map, sideName(s.Side), s.Born, s.Took, s.Censored)
		}
	})
	fillUsers(w, r)
	fillWindows(w, r)
	w.table("series", 6, func(row func(...any)) {
		for _, s := range r.Series {
			for _, p := range s.Points {
				row(n, s.Name, s.Unit, p.At, p.Value, p.Area)
			}
		}
	})
	w.table("worst", 8, func(row func(...any)) {
		for i, x := range r.Worst {
			row(n, i+1, x.Record, x.Map, x.Side, x.Born, x.Took, x.Censored)
		}
	})
	w.table("worst_reasons", 4, func(row func(...any)) {
		for i, x := range r.Worst {
			for _, why := range x.Why {
				row(n, i+1, why.What, why.For)
			}
		}
	})
	w.table("stories", 10, func(row func(...any)) {
		for _, l := range []struct {
			name    string
			stories []result.Story
		}{{"spotlight", r.Story}, {"torn", r.Torn}} {
			for _, s := range l.stories {
				row(n, l.name, s.Title, s.Side, s.Committed, s.Records, s.Synced, s.FirstSeen, s.LastSeen, s.Censored)
			}
		}
	})
	w.table("strikes", 6, func(row func(...any)) {
		for _, f := range r.Faults {
			row(n, f.Kind, f.Target, f.From, f.To, f.Note)
		}
	})
	w.table("fired", 2, func(row func(...any)) {
		for _, f := range r.Fired {
			row(n, f)
		}
	})
	w.table("legs", 12, func(row func(...any)) {
		for _, l := range r.Initial {
			row(n, l.Map, l.Company, l.Side, l.Stage, l.Began, l.Ended, l.Rows, l.Written, l.Unchanged, l.Lost, l.Errors)
		}
	})
	w.table("alerts", 8, func(row func(...any)) {
		for _, a := range r.Alerts {
			row(n, a.At, a.Job, a.Action, a.Count, a.Within, a.Class, a.Reason)
		}
	})
	t := r.Totals
	w.table("totals", 24, func(row func(...any)) {
		row(n, t.Captured, t.Live, t.Transactions[0], t.Transactions[1], t.Rejected, t.StaleRefused[0], t.StaleRefused[1],
			t.Overwrote[0], t.Overwrote[1], t.TurnedAway[0], t.TurnedAway[1], t.OutageWaitMost, t.DriftOverwrote, t.EngineWrites,
			t.MarkOnlyWrites, t.Retries, t.ConditionFailed, t.LateLandings, t.Crashes, t.Notifications, t.Reads, t.Compared, t.Drift)
	})
}

// fillUsers writes what users waited for, and what the systems and operators did.
func fillUsers(w *writer, r *result.Run) {
	n := r.Index
	w.table("waits", 8, func(row func(...any)) {
		for _, x := range r.Waits {
			row(n, x.Workload, sideName(x.Side), x.Live, x.Ended, x.Asked, x.Took, x.Censored)
		}
	})
	w.table("saves", 6, func(row func(...any)) {
		for _, x := range r.Saves {
			row(n, x.Side, x.Ended, x.Count, x.Live, x.GivenUp)
		}
	})
	w.table("throttled", 4, func(row func(...any)) {
		for _, x := range r.Throttled {
			row(n, x.Side, x.Why, x.Count)
		}
	})
	w.table("operations", 5, func(row func(...any)) {
		for _, x := range r.Operations {
			row(n, x.At, x.Do, x.Job, x.Refused)
		}
	})
	w.table("live", 4, func(row func(...any)) { row(n, r.Live.Committed, r.Live.Undone, r.Live.InDoubtMost) })
	w.table("thinned", 5, func(row func(...any)) {
		row(n, r.Thinned.Convergence, r.Thinned.Waits, r.Thinned.Windows, r.Thinned.Series)
	})
}

// fillWindows writes what happened over time, and what is counted by length and
// size.
func fillWindows(w *writer, r *result.Run) {
	n := r.Index
	w.table("windows", 9, func(row func(...any)) {
		for i := range r.Windows {
			x := &r.Windows[i]
			row(n, x.From, x.To, x.Clock[0], x.Clock[1], x.Requests[0], x.Requests[1], x.Throttled[0], x.Throttled[1])
		}
	})
	w.table("outcome_windows", 5, func(row func(...any)) {
		for i := range r.Windows {
			for _, e := range r.Windows[i].Ended {
				row(n, r.Windows[i].From, e.Map, e.Class, e.Count)
			}
		}
	})
	w.table("dependency_waits", 6, func(row func(...any)) {
		for _, d := range r.Dependency {
			row(n, d.Map, d.Waits, d.Open, d.Total, d.Most)
		}
	})
	w.table("dependency_wait_bins", 6, func(row func(...any)) {
		for _, d := range r.Dependency {
			for _, b := range d.Bins {
				row(n, d.Map, b.From, b.To, b.Count, b.Open)
			}
		}
	})
	w.table("gaps", 5, func(row func(...any)) {
		for _, g := range r.Gaps {
			row(n, g.From, g.To, g.Edits, g.Conflicts)
		}
	})
	w.table("sizes", 5, func(row func(...any)) {
		for _, s := range r.Sizes {
			row(n, s.Side, s.UpTo, s.Saves, s.Over)
		}
	})
}

func sideName(side uint8) string {
	if side == 0 {
		return "finops"
	}
	return "dataverse"
}

// writer inserts rows many at a time, about twice as fast as one by one, until
// the first error.
type writer struct {
	tx  *sql.Tx
	err error
}

// rowsAtOnce rows go into one INSERT; with 24 columns that stays far below
// SQLite's limit of 32,766 parameters.
const rowsAtOnce = 50

// table inserts the rows that emit passes on into the table called name, which
// has this many columns.
func (w *writer) table(name string, columns int, emit func(row func(...any))) {
	if w.err != nil {
		return
	}
	insert := func(rows int) string {
		one := "(?" + strings.Repeat(",?", columns-1) + ")"
		return "INSERT INTO " + name + " VALUES " + one + strings.Repeat(","+one, rows-1)
	}
	full, err := w.tx.Prepare(insert(rowsAtOnce)) // parsing it each time would take longer than running it
	if err != nil {
		w.err = fmt.Errorf("prepare %s: %w", name, err)
		return
	}
	defer func() { w.err = errors.Join(w.err, full.Close()) }()

	var args []any
	emit(func(values ...any) {
		if w.err != nil {
			return
		}
		for _, v := range values {
			args = append(args, plain(v))
		}
		if len(args) == rowsAtOnce*columns {
			_, err := full.Exec(args...)
			w.fail(name, err)
			args = args[:0]
		}
	})
	if w.err == nil && len(args) > 0 {
		_, err := w.tx.Exec(insert(len(args)/columns), args...)
		w.fail(name, err)
	}
}

func (w *writer) fail(table string, err error) {
	if err != nil {
		w.err = fmt.Errorf("insert into %s: %w", table, err)
	}
}

// plain turns a value into one that the driver stores as such: unsigned
// counters keep their bits (none reaches 2⁶³), truths become 0 and 1.
func plain(v any) any {
	switch v := v.(type) {
	case time.Duration:
		return int64(v)
	case uint64:
		return int64(v)
	case uint16:
		return int64(v)
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	default:
		return v
	}
}
