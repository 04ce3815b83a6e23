package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// ErrSchema is returned for a file of another shape than [Schema].
var ErrSchema = errors.New("store: a results file of another version")

// Read reads back what [Write] wrote. The scenario file and its resolved form
// are not in a results file: they stand beside it in the run folder.
func Read(path string) (set *result.Set, err error) {
	err = reading(path, func(db *sql.DB) error {
		r := &reader{db: db, set: &result.Set{}, strings: map[string]string{}}
		r.scenario()
		r.runs()
		set = r.set
		return r.err
	})
	if err != nil {
		return nil, err
	}
	return set, nil
}

// reading lets f read a results file.
func reading(path string, f func(*sql.DB) error) (err error) {
	if _, err := os.Stat(path); err != nil { // SQLite would make the file
		return err
	}
	dsn, err := fileURI(path)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", dsn+"?mode=ro&immutable=1")
	if err != nil {
		return fmt.Errorf("open results: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f(db)
}

// reader reads one table after the other, until the first error.
type reader struct {
	db  *sql.DB
	set *result.Set
	err error

	strings map[string]string // that were read: runs have most of theirs in common
}

// table calls row for each row of a table in the order of writing; row scans
// the columns in the order of schema.sql.
func (r *reader) table(name string, row func(scan func(...any))) {
	if r.err != nil {
		return
	}
	rows, err := r.db.Query("SELECT * FROM " + name + " ORDER BY rowid")
	if err != nil {
		r.err = fmt.Errorf("read %s: %w", name, err)
		return
	}
	defer rows.Close()
	for rows.Next() && r.err == nil {
		row(func(into ...any) {
			if err := rows.Scan(into...); err != nil {
				r.err = fmt.Errorf("read %s: %w", name, err)
			}
			for _, column := range into {
				if text, ok := column.(*string); ok {
					*text = r.shared(*text)
				}
			}
		})
	}
	if err := rows.Err(); err != nil && r.err == nil {
		r.err = fmt.Errorf("read %s: %w", name, err)
	}
}

// shared returns the same string for the same text.
func (r *reader) shared(text string) string {
	if s, ok := r.strings[text]; ok {
		return s
	}
	r.strings[text] = text
	return text
}

func (r *reader) scenario() {
	s := &r.set.Scenario
	r.table("scenario", func(scan func(...any)) {
		var schema, seed, start string
		scan(&schema, &s.Name, &s.Purpose, &s.Mode, &seed, &s.Hash, &s.Model, &start, &s.Length, &s.Warmup, &s.Drain, &s.Primary, &s.LiveMost[0], &s.LiveMost[1], &s.Command)
		if r.err != nil {
			return
		}
		if schema != Schema {
			r.err = fmt.Errorf("%w: it is %s, and this program reads %s", ErrSchema, schema, Schema)
			return
		}
		var errs [2]error
		s.Seed, errs[0] = strconv.ParseUint(seed, 10, 64)
		s.Start, errs[1] = time.Parse(time.RFC3339Nano, start)
		if err := errors.Join(errs[:]...); err != nil {
			r.err = fmt.Errorf("read scenario: %w", err)
		}
	})
	r.table("expectations", func(scan func(...any)) {
		var e result.Expectation
		scan(&e.ID, &e.Text, &e.Verdict, &e.Note, &e.Mean, &e.Low, &e.High, &e.AtLeast, &e.Foreign, &e.Runs)
		r.set.Expectations = append(r.set.Expectations, e)
	})
	r.table("looks", func(scan func(...any)) {
		var l result.Look
		scan(&l.Runs, &l.Figure, &l.Relative, &l.Enough)
		r.set.Looks = append(r.set.Looks, l)
	})
	r.table("maps", func(scan func(...any)) {
		var m result.Map
		var place int
		scan(&place, &m.Name, &m.FinOps, &m.Dataverse, &m.Sequence)
		s.Maps = append(s.Maps, m)
	})
	r.table("workloads", func(scan func(...any)) {
		var place int
		var name string
		scan(&place, &name)
		s.Workloads = append(s.Workloads, name)
	})
	r.table("faults", func(scan func(...any)) {
		var f result.Period
		scan(&f.Kind, &f.Target, &f.From, &f.To, &f.Note)
		s.Faults = append(s.Faults, f)
	})
	r.table("failpoints", func(scan func(...any)) {
		var f string
		scan(&f)
		s.Failpoints = append(s.Failpoints, f)
	})
	r.table("settings", func(scan func(...any)) {
		var in result.Input
		scan(&in.Path, &in.Value, &in.Default, &in.Given, &in.Source)
		s.Inputs = append(s.Inputs, in)
	})
}

// runs reads the runs, and then table by table what they showed.
func (r *reader) runs() {
	at := map[int]int{}
	r.table("runs", func(scan func(...any)) {
		var x result.Run
		scan(&x.Index, &x.Digest, &x.Events, &x.End, &x.Incomplete, &x.Panic)
		at[x.Index] = len(r.set.Runs)
		r.set.Runs = append(r.set.Runs, x)
	})
	// of reads a table about runs: the first column names the run.
	of := func(name string, row func(scan func(...any)) func(*result.Run)) {
		r.table(name, func(scan func(...any)) {
			run := 0
			into := row(func(columns ...any) { scan(append([]any{&run}, columns...)...) })
			i, ok := at[run]
			switch {
			case r.err != nil:
			case !ok:
				r.err = fmt.Errorf("read %s: there is no run %d", name, run)
			default:
				into(&r.set.Runs[i])
			}
		})
	}
	r.judged(of)
	r.counted(of)
	r.measured(of)
	r.used(of)
	r.windows(of)
}

// ofRun reads a table about runs.
type ofRun func(name string, row func(scan func(...any)) func(*result.Run))

// judged reads properties and their breaches.
func (r *reader) judged(of ofRun) {
	of("properties", func(scan func(...any)) func(*result.Run) {
		var p result.Property
		scan(&p.ID, &p.Contract, &p.Verdict, &p.Checked, &p.Violations, &p.Note)
		return func(x *result.Run) { x.Properties = append(x.Properties, p) }
	})
	of("violations", func(scan func(...any)) func(*result.Run) {
		var v result.Violation
		var id string
		scan(&id, &v.At, &v.Record, &v.Message)
		return func(x *result.Run) {
			for i := range x.Properties {
				if p := &x.Properties[i]; p.ID == id {
					p.Examples = append(p.Examples, v)
				}
			}
		}
	})
}

// counted reads what was counted.
func (r *reader) counted(of ofRun) {
	of("outcomes", func(scan func(...any)) func(*result.Run) {
		var o result.OutcomeCount
		scan(&o.Map, &o.Side, &o.Class, &o.Reason, &o.Count)
		return func(x *result.Run) { x.Outcomes = append(x.Outcomes, o) }
	})
	of("copied", func(scan func(...any)) func(*result.Run) {
		var c result.Copied
		scan(&c.Lost[0], &c.Lost[1], &c.Missed[0], &c.Missed[1], &c.Overwritten[0], &c.Overwritten[1],
			&c.Rows, &c.Deletes, &c.Echoes, &c.Runs, &c.Warnings, &c.Broken, &c.Waiting)
		return func(x *result.Run) { x.Copied = &c }
	})
	of("losses", func(scan func(...any)) func(*result.Run) {
		var l result.Loss
		scan(&l.Record, &l.Side, &l.Born, &l.Missed)
		return func(x *result.Run) {
			if x.Copied != nil {
				x.Copied.Losses = append(x.Copied.Losses, l)
			}
		}
	})
	of("map_counts", func(scan func(...any)) func(*result.Run) {
		var m result.MapCount
		scan(&m.Map, &m.Captured[0], &m.Captured[1], &m.Live[0], &m.Live[1], &m.Creates[0], &m.Creates[1], &m.Alive[0], &m.Alive[1],
			&m.Converged, &m.Divergent, &m.Parked, &m.Blocked, &m.Open, &m.PartlyVisibleMost, &m.NeverWhole, &m.Lost)
		return func(x *result.Run) { x.Maps = append(x.Maps, m) }
	})
	of("errors", func(scan func(...any)) func(*result.Run) {
		var e result.ErrorCount
		scan(&e.Class, &e.Reason, &e.Map, &e.Message, &e.Count, &e.Retried, &e.Example)
		return func(x *result.Run) { x.Errors = append(x.Errors, e) }
	})
	of("totals", func(scan func(...any)) func(*result.Run) {
		var t result.Totals
		scan(&t.Captured, &t.Live, &t.Transactions[0], &t.Transactions[1], &t.Rejected, &t.StaleRefused[0], &t.StaleRefused[1],
			&t.Overwrote[0], &t.Overwrote[1], &t.TurnedAway[0], &t.TurnedAway[1], &t.OutageWaitMost, &t.DriftOverwrote, &t.EngineWrites,
			&t.MarkOnlyWrites, &t.Retries, &t.ConditionFailed, &t.LateLandings, &t.Crashes, &t.Notifications, &t.Reads, &t.Compared, &t.Drift)
		return func(x *result.Run) { x.Totals = t }
	})
}

// measured reads times, and quantities over time.
func (r *reader) measured(of ofRun) {
	of("convergence", func(scan func(...any)) func(*result.Run) {
		var s result.Sample
		var side string
		scan(&s.Map, &side, &s.Born, &s.Took, &s.Censored)
		s.Side = sideOf(side)
		return func(x *result.Run) { x.Convergence = append(x.Convergence, s) }
	})
	of("series", func(scan func(...any)) func(*result.Run) {
		var name, unit string
		var p result.Point
		scan(&name, &unit, &p.At, &p.Value, &p.Area)
		return func(x *result.Run) {
			if n := len(x.Series); n == 0 || x.Series[n-1].Name != name {
				x.Series = append(x.Series, result.Series{Name: name, Unit: unit})
			}
			s := &x.Series[len(x.Series)-1]
			s.Points = append(s.Points, p)
		}
	})
	of("worst", func(scan func(...any)) func(*result.Run) {
		var w result.Worst
		var rank int
		scan(&rank, &w.Record, &w.Map, &w.Side, &w.Born, &w.Took, &w.Censored)
		return func(x *result.Run) { x.Worst = append(x.Worst, w) }
	})
	of("worst_reasons", func(scan func(...any)) func(*result.Run) {
		var why result.Reason
		var rank int
		scan(&rank, &why.What, &why.For)
		return func(x *result.Run) {
			if rank >= 1 && rank <= len(x.Worst) {
				w := &x.Worst[rank-1]
				w.Why = append(w.Why, why)
			}
		}
	})
	of("stories", func(scan func(...any)) func(*result.Run) {
		var s result.Story
		var list string
		scan(&list, &s.Title, &s.Side, &s.Committed, &s.Records, &s.Synced, &s.FirstSeen, &s.LastSeen, &s.Censored)
		return func(x *result.Run) {
			if list == "torn" {
				x.Torn = append(x.Torn, s)
			} else {
				x.Story = append(x.Story, s)
			}
		}
	})
	of("strikes", func(scan func(...any)) func(*result.Run) {
		var f result.Period
		scan(&f.Kind, &f.Target, &f.From, &f.To, &f.Note)
		return func(x *result.Run) { x.Faults = append(x.Faults, f) }
	})
	of("legs", func(scan func(...any)) func(*result.Run) {
		var l result.Leg
		scan(&l.Map, &l.Company, &l.Side, &l.Stage, &l.Began, &l.Ended, &l.Rows, &l.Written, &l.Unchanged, &l.Lost, &l.Errors)
		return func(x *result.Run) { x.Initial = append(x.Initial, l) }
	})
	of("alerts", func(scan func(...any)) func(*result.Run) {
		var a result.Alert
		scan(&a.At, &a.Job, &a.Action, &a.Count, &a.Within, &a.Class, &a.Reason)
		return func(x *result.Run) { x.Alerts = append(x.Alerts, a) }
	})
	of("fired", func(scan func(...any)) func(*result.Run) {
		var f string
		scan(&f)
		return func(x *result.Run) { x.Fired = append(x.Fired, f) }
	})
}

// used reads what users waited for, and what the systems and operators did.
func (r *reader) used(of ofRun) {
	of("waits", func(scan func(...any)) func(*result.Run) {
		var w result.Wait
		var side string
		scan(&w.Workload, &side, &w.Live, &w.Ended, &w.Asked, &w.Took, &w.Censored)
		w.Side = sideOf(side)
		return func(x *result.Run) { x.Waits = append(x.Waits, w) }
	})
	of("saves", func(scan func(...any)) func(*result.Run) {
		var s result.SaveCount
		scan(&s.Side, &s.Ended, &s.Count, &s.Live, &s.GivenUp)
		return func(x *result.Run) { x.Saves = append(x.Saves, s) }
	})
	of("throttled", func(scan func(...any)) func(*result.Run) {
		var t result.ThrottleCount
		scan(&t.Side, &t.Why, &t.Count)
		return func(x *result.Run) { x.Throttled = append(x.Throttled, t) }
	})
	of("operations", func(scan func(...any)) func(*result.Run) {
		var o result.Operation
		scan(&o.At, &o.Do, &o.Job, &o.Refused)
		return func(x *result.Run) { x.Operations = append(x.Operations, o) }
	})
	of("live", func(scan func(...any)) func(*result.Run) {
		var l result.LiveCount
		scan(&l.Committed, &l.Undone, &l.InDoubtMost)
		return func(x *result.Run) { x.Live = l }
	})
	of("thinned", func(scan func(...any)) func(*result.Run) {
		var t result.Thinned
		scan(&t.Convergence, &t.Waits, &t.Windows, &t.Series)
		return func(x *result.Run) { x.Thinned = t }
	})
}

// windows reads what happened over time, and what is counted by length and size.
func (r *reader) windows(of ofRun) {
	of("windows", func(scan func(...any)) func(*result.Run) {
		var w result.Window
		scan(&w.From, &w.To, &w.Clock[0], &w.Clock[1], &w.Requests[0], &w.Requests[1], &w.Throttled[0], &w.Throttled[1])
		return func(x *result.Run) { x.Windows = append(x.Windows, w) }
	})
	of("outcome_windows", func(scan func(...any)) func(*result.Run) {
		var e result.WindowCount
		var from time.Duration
		scan(&from, &e.Map, &e.Class, &e.Count)
		return func(x *result.Run) {
			i, ok := slices.BinarySearchFunc(x.Windows, from, func(w result.Window, from time.Duration) int { return cmp.Compare(w.From, from) })
			if !ok {
				r.err = fmt.Errorf("read outcome_windows: run %d has no window from %v", x.Index, from)
				return
			}
			x.Windows[i].Ended = append(x.Windows[i].Ended, e)
		}
	})
	of("dependency_waits", func(scan func(...any)) func(*result.Run) {
		var d result.DependencyWait
		scan(&d.Map, &d.Waits, &d.Open, &d.Total, &d.Most)
		return func(x *result.Run) { x.Dependency = append(x.Dependency, d) }
	})
	of("dependency_wait_bins", func(scan func(...any)) func(*result.Run) {
		var name string
		var b result.Bin
		scan(&name, &b.From, &b.To, &b.Count, &b.Open)
		return func(x *result.Run) {
			for i := range x.Dependency {
				if d := &x.Dependency[i]; d.Map == name {
					d.Bins = append(d.Bins, b)
				}
			}
		}
	})
	of("gaps", func(scan func(...any)) func(*result.Run) {
		var g result.Gap
		scan(&g.From, &g.To, &g.Edits, &g.Conflicts)
		return func(x *result.Run) { x.Gaps = append(x.Gaps, g) }
	})
	of("sizes", func(scan func(...any)) func(*result.Run) {
		var s result.SizeCount
		scan(&s.Side, &s.UpTo, &s.Saves, &s.Over)
		return func(x *result.Run) { x.Sizes = append(x.Sizes, s) }
	})
}

// sideOf is the number of a side.
func sideOf(name string) uint8 {
	if name == sideName(0) {
		return 0
	}
	return 1
}
