package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	_ "github.com/mattn/go-sqlite3" // registers the driver

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// Options sets up a [Store].
type Options struct {
	// Maps are the names of the engine's table maps, by engine.MapID. The file
	// keeps them: later, names may be added at the end, and nothing else.
	Maps []string

	// Wait is how long Open waits for another process to let go of the file. 0
	// means not at all.
	Wait time.Duration

	// Pairs is how many record pairs are kept in memory beside those that the
	// Save under way touches; 65,536 when 0. It changes the speed only.
	Pairs int

	// Failpoints crashes the store at [CrashBeforeCommit] and
	// [CrashAfterCommit], and plants bugs. Nil does neither.
	Failpoints engine.Failpoints
}

// Store is a store.Store in a file. It is not safe for concurrent use.
type Store struct {
	path       string
	failpoints engine.Failpoints

	db   *sql.DB
	conn *sql.Conn // the only one: the file's owner
	statements

	maps       int // table maps that have a name
	pairs      cache
	lastPair   int64
	intake     uint64
	ingested   [2]map[uint64]bool // true: the file has it
	intents    []openIntent       // by id; few at a time
	lastIntent int64
	resyncs    []engine.Resync // under way

	changes  changes // of the Save under way
	unsynced bool    // a planted bug: the last transaction has not been committed
	broken   error
}

var _ store.Store = (*Store)(nil)

// Open opens the store in a file, which it creates when there is none.
func Open(path string, o Options) (*Store, error) { return openWith(path, o, current) }

// openWith is Open for a program whose schema is what the steps lead to.
func openWith(path string, o Options, steps []string) (_ *Store, err error) {
	if err := checkNames(o.Maps); err != nil {
		return nil, fmt.Errorf("store %s: %w", path, err)
	}
	db, err := sql.Open("sqlite3", source(path, o.Wait))
	if err != nil {
		return nil, failure(path, err)
	}
	s := &Store{path: path, db: db, failpoints: o.Failpoints, maps: len(o.Maps), pairs: newCache(o.Pairs)}
	defer func() {
		if err != nil {
			_ = s.Close() // what went wrong first is what counts
		}
	}()
	if s.conn, err = db.Conn(ctx); err != nil {
		return nil, failure(path, err)
	}
	if err := s.prepareFile(steps, o.Maps); err != nil {
		return nil, err
	}
	if err := errors.Join(s.prepare(), s.recall()); err != nil {
		return nil, failure(path, err)
	}
	return s, nil
}

// ctx is never cancelled: one that can be costs a goroutine for each statement,
// and a Save that stops halfway helps nobody.
var ctx = context.Background()

// source is the driver's name for a file. Locking is exclusive from the first
// read on, so that two engines never share a queue.
func source(path string, wait time.Duration) string {
	escaped := (&url.URL{Path: path}).EscapedPath()
	return fmt.Sprintf("file:%s?_busy_timeout=%d&_locking_mode=EXCLUSIVE&_synchronous=FULL", escaped, wait.Milliseconds())
}

// recall reads the few facts that every Save needs.
func (s *Store) recall() error {
	highest := int64(0)
	err := errors.Join(
		s.conn.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM pair`).Scan(&s.lastPair),
		s.conn.QueryRowContext(ctx, `SELECT highest FROM intake`).Scan(&highest),
		s.recallIntents(),
		s.recallResyncs(),
	)
	if err != nil {
		return err
	}
	s.intake, s.changes.intake = uint64(highest), uint64(highest)
	positions, err := s.positions()
	for side := range positions {
		s.ingested[side] = make(map[uint64]bool, len(positions[side]))
		for _, p := range positions[side] {
			s.ingested[side][p] = true
		}
	}
	return err
}

// Close lets go of the file. What was saved stays.
func (s *Store) Close() error {
	if s.broken == nil {
		s.broken = errClosed
	}
	err := s.statements.close()
	if s.conn != nil {
		err = errors.Join(err, s.conn.Close())
	}
	return errors.Join(err, s.db.Close())
}

var errClosed = errors.New("store: closed")
