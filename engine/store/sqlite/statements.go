package sqlite

import (
	"database/sql"
	"errors"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/twinwrite/twinwrite/engine"
)

// statements are prepared once.
type statements struct {
	findPair, findLedgers, findAbove, findOpen     *sql.Stmt
	dropAbove, dropLane, putJob, putMap, putIntake *sql.Stmt
	putInitial, dropInitial                        *sql.Stmt
	addIntent, dropIntent, dropIntentRows          *sql.Stmt
	putFlights, dropFlights                        *sql.Stmt

	addPair, putOpen, dropOpen, putLedger, putAbove, putLane, addOutcome, putPosition, dropPosition, addIntentRow bulk

	prepared []*sql.Stmt // all of them
}

// close lets go of the statements: the file stays locked while one is left.
func (p *statements) close() error {
	var all []error
	for _, s := range p.prepared {
		all = append(all, s.Close())
	}
	return errors.Join(all...)
}

// prepare fails if the file's tables are not those that its version promises.
func (s *Store) prepare() error {
	err := s.statements.prepare(s.sameKey(), func(text string) (*sql.Stmt, error) { return s.conn.PrepareContext(ctx, text) })
	if raw, ok := errors.AsType[sqlite3.Error](err); ok && raw.Code == sqlite3.ErrError {
		return &Error{Path: s.path, Err: ErrCorrupt, Detail: raw.Error()}
	}
	return err
}

// sameKey is the condition by which a pair is found. A planted bug finds it by a key
// that differs in letter case, too.
func (s *Store) sameKey() string {
	if s.hits(engine.PlantKeysFold) {
		return `key = ? COLLATE NOCASE`
	}
	return `key = ?`
}

func (p *statements) prepare(sameKey string, statement func(text string) (*sql.Stmt, error)) (err error) {
	single := func(into **sql.Stmt, text string) {
		if err != nil {
			return
		}
		if *into, err = statement(text); err == nil { //nolint:sqlclosecheck // closed with the store
			p.prepared = append(p.prepared, *into)
		}
	}
	single(&p.findPair, `SELECT id FROM pair WHERE `+sameKey+` AND map = ? AND company = ? AND spelling = ?`)
	single(&p.findLedgers, `SELECT incarnation, settled FROM ledger WHERE lane = ?`)
	single(&p.findAbove, `SELECT incarnation, number, held, class, reason, cause FROM above WHERE lane = ? ORDER BY incarnation, number`)
	single(&p.findOpen, `SELECT incarnation, number, origin FROM queue WHERE lane = ?`)
	single(&p.dropAbove, `DELETE FROM above WHERE lane = ? AND incarnation = ? AND number <= ?`)
	single(&p.dropLane, `DELETE FROM lane WHERE lane = ?`)
	single(&p.putJob, `REPLACE INTO job (name, state, since, turn, full_age, full_size, telling) VALUES (?, ?, ?, ?, ?, ?, ?)`)
	single(&p.putMap, `REPLACE INTO map_run (map, job, mode, sequence, primary_side, initializing, rules, write_life, keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	single(&p.putInitial, `REPLACE INTO initial (map, company, side, interim, place, stage, after_company, after_key, after_spelling, seen, written, unchanged, lost, errors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	single(&p.dropInitial, `DELETE FROM initial WHERE map = ? AND company = ? AND side = ?`)
	single(&p.putIntake, `UPDATE intake SET highest = ?`)
	single(&p.putFlights, `REPLACE INTO flight (slot, items) VALUES (?, ?)`)
	single(&p.dropFlights, `DELETE FROM flight WHERE slot = ?`)
	single(&p.addIntent, `INSERT INTO intent (id, side, tx, deadline) VALUES (?, ?, ?, ?)`)
	single(&p.dropIntent, `DELETE FROM intent WHERE id = ?`)
	single(&p.dropIntentRows, `DELETE FROM intent_row WHERE intent = ?`)

	many := func(into *bulk, columns int, before, after string) {
		row := "(?" + strings.Repeat(", ?", columns-1) + ")"
		into.columns = columns
		single(&into.one, before+row+after)
		into.prepare = func() error {
			single(&into.all, before+row+strings.Repeat(", "+row, bulkRows-1)+after)
			return err
		}
	}
	many(&p.addPair, 5, `INSERT INTO pair (id, map, company, key, spelling) VALUES `, ``)
	many(&p.putOpen, 13, `REPLACE INTO queue (lane, incarnation, number, intake, groups, operation, origin, tx, ordinal, size, position, needs, unique_values) VALUES `, ``)
	many(&p.dropOpen, 3, `DELETE FROM queue WHERE (lane, incarnation, number) IN (VALUES `, `)`)
	many(&p.putLedger, 3, `REPLACE INTO ledger (lane, incarnation, settled) VALUES `, ``)
	many(&p.putAbove, 7, `REPLACE INTO above (lane, incarnation, number, held, class, reason, cause) VALUES `, ``)
	many(&p.putLane, 8, `REPLACE INTO lane (lane, attempts, class, reason, cause, since, requested, request) VALUES `, ``)
	many(&p.addOutcome, 10, `INSERT INTO outcome (lane, incarnation, number, operation, origin, class, reason, cause, attempts, at) VALUES `, ``)
	many(&p.putPosition, 2, `INSERT INTO ingested (side, position) VALUES `, ``)
	many(&p.addIntentRow, 8, `INSERT INTO intent_row (intent, row, pair, operation, incarnation, number, existed, hidden) VALUES `, ``)
	many(&p.dropPosition, 2, `DELETE FROM ingested WHERE (side, position) IN (VALUES `, `)`)
	return err
}

// bulk runs one statement for many rows, bulkRows at a time and the rest one
// by one. The long statement is prepared when it is first run: a store that lives
// for a second hardly ever needs it, and to read it takes longer than all the others.
type bulk struct {
	one, all *sql.Stmt
	prepare  func() error // makes all
	columns  int
	rows     []any // of those that wait, one after the other
}

// bulkRows balances the cost of a call against that of the rest, which on
// average is half as many calls.
const bulkRows = 32

// add runs the statement for a row, at the latest with finish.
func (b *bulk) add(row ...any) error {
	b.rows = append(b.rows, row...)
	if len(b.rows) < b.columns*bulkRows {
		return nil
	}
	if b.all == nil {
		if err := b.prepare(); err != nil {
			return err
		}
	}
	_, err := b.all.ExecContext(ctx, b.rows...)
	b.rows = b.rows[:0]
	return err
}

// finish runs the statement for the rows that wait.
func (b *bulk) finish() error {
	for at := 0; at < len(b.rows); at += b.columns {
		if _, err := b.one.ExecContext(ctx, b.rows[at:at+b.columns]...); err != nil {
			return err
		}
	}
	b.rows = b.rows[:0]
	return nil
}

// exec runs a statement that is used once.
func (s *Store) exec(text string, args ...any) error {
	_, err := s.conn.ExecContext(ctx, text, args...)
	return err
}

// transaction runs do and commits what it did, unless it fails.
func (s *Store) transaction(do func() error) error {
	if err := s.begin(); err != nil {
		return err
	}
	err := do()
	if err == nil {
		if err = s.commit(); err == nil {
			return nil
		}
	}
	_ = s.exec(`ROLLBACK`) // fails when SQLite has already done it
	return err
}

func (s *Store) begin() error {
	if s.unsynced {
		s.unsynced = false
		if err := s.exec(`COMMIT`); err != nil {
			return err
		}
	}
	return s.exec(`BEGIN IMMEDIATE`)
}

// commit puts a transaction on the disk, or leaves that, as a planted bug, to the
// beginning of the next one.
func (s *Store) commit() error {
	if s.hits(engine.PlantCommitUnsynced) {
		s.unsynced = true
		return nil
	}
	return s.exec(`COMMIT`)
}

// each calls row for each row of a query, which is used once.
func (s *Store) each(query string, args []any, row func(scan func(...any) error) error) error {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return drain(rows, row)
}

// eachRow calls row for each row of a prepared query.
func eachRow(query *sql.Stmt, arg any, row func(scan func(...any) error) error) error {
	rows, err := query.QueryContext(ctx, arg)
	if err != nil {
		return err
	}
	return drain(rows, row)
}

func drain(rows *sql.Rows, row func(scan func(...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
