package sqlite

import (
	_ "embed" // the schema
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

//go:embed schema.sql
var version1 string

//go:embed schema2.sql
var version2 string

//go:embed schema3.sql
var version3 string

// current leads from an empty file to the schema of this program: step i takes
// a file from version i to i+1. A step that was ever released is never changed;
// what is new is a new step. Empty and old files go the same way.
var current = []string{version1, version2, version3}

// applicationID marks a file as a store of this program: "twin" in ASCII.
const applicationID = 0x7477696e

// prepareFile makes a file ready for use: it refuses what is not a store or is
// newer than the program, brings an older one up to date, and checks that
// every number still means what it meant. A file that is refused is left as it
// is.
func (s *Store) prepareFile(steps, maps []string) error {
	version, err := s.identify()
	if err != nil {
		return failure(s.path, err)
	}
	if version > len(steps) {
		return &Error{Path: s.path, Err: ErrNewerVersion, Detail: fmt.Sprintf("its schema has version %d, this program knows up to %d", version, len(steps))}
	}
	if err := s.writeAhead(); err != nil {
		return failure(s.path, err)
	}
	err = s.transaction(func() error {
		for i, step := range steps[version:] {
			if err := s.exec(step); err != nil {
				return fmt.Errorf("schema version %d: %w", version+i+1, err)
			}
		}
		if version < len(steps) {
			mark := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(steps))
			if err := s.exec(mark); err != nil {
				return err
			}
		}
		return s.assign(maps)
	})
	if err != nil {
		return failure(s.path, err)
	}
	if err := s.inspect(); err != nil {
		return failure(s.path, err)
	}
	return nil
}

// identify returns the version of the file's schema, 0 for an empty file.
func (s *Store) identify() (version int, err error) {
	var application, objects int
	err = errors.Join(
		s.conn.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version),
		s.conn.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&application),
		s.conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&objects),
	)
	if err != nil {
		return 0, err
	}
	if application == applicationID || application == 0 && version == 0 && objects == 0 {
		return version, nil
	}
	return 0, &Error{Path: s.path, Err: ErrNotStore, Detail: fmt.Sprintf("a database with application id %#x", application)}
}

// writeAhead turns on the write-ahead log.
func (s *Store) writeAhead() error {
	mode := ""
	if err := s.conn.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return &Error{Path: s.path, Err: ErrUnreachable, Detail: "no write-ahead log is possible, the journal mode stays " + mode}
	}
	return s.exec(fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpointPages))
}

// checkpointPages is how many pages the log takes before they are copied into
// the file proper: 16 MiB. More copies a page that changes often less often,
// less makes a restart shorter.
const checkpointPages = 4096

// inspect looks for damage in the tables that Load reads, which a start reads
// anyway.
func (s *Store) inspect() error {
	for _, table := range []string{"maps", "pair", "queue", "lane", "ledger", "above", "ingested", "job", "map_run", "initial", "intent", "intent_row", "quarantine", "resync", "flight", "intake"} {
		found := ""
		if err := s.conn.QueryRowContext(ctx, `PRAGMA quick_check(`+table+`)`).Scan(&found); err != nil {
			return err
		}
		if found != "ok" {
			return &Error{Path: s.path, Err: ErrCorrupt, Detail: "table " + table + ": " + found}
		}
	}
	return nil
}

// assign writes down which number stands for which name, and refuses a file
// where it stands for another.
func (s *Store) assign(maps []string) error {
	if err := s.assignNames("table map", maps, `SELECT name FROM maps ORDER BY id`, `INSERT INTO maps (name, id) VALUES (?, ?)`); err != nil {
		return err
	}
	for _, c := range codes() {
		read := `SELECT name FROM codes WHERE kind = '` + c.kind + `' ORDER BY id`
		write := `INSERT INTO codes (name, id, kind) VALUES (?, ?, '` + c.kind + `')`
		if err := s.assignNames(c.kind, c.names, read, write); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) assignNames(kind string, names []string, read, write string) error {
	var stored []string
	err := s.each(read, nil, func(scan func(...any) error) error {
		stored = append(stored, "")
		return scan(&stored[len(stored)-1])
	})
	if err != nil {
		return err
	}
	if len(stored) > len(names) || !slices.Equal(stored, names[:len(stored)]) {
		return &Error{Path: s.path, Err: ErrNames, Detail: difference(kind, stored, names)}
	}
	for i := len(stored); i < len(names); i++ {
		if err := s.exec(write, names[i], i); err != nil {
			return err
		}
	}
	return nil
}

// difference tells every number that would change its meaning.
func difference(kind string, stored, names []string) string {
	var all []string
	for i, was := range stored {
		switch {
		case i >= len(names):
			all = append(all, fmt.Sprintf("%s %d is %s and would be gone", kind, i, was))
		case names[i] != was:
			all = append(all, fmt.Sprintf("%s %d is %s and would be %s", kind, i, was, names[i]))
		}
	}
	return strings.Join(all, "; ")
}

// checkNames reports table maps that no file can tell apart.
func checkNames(maps []string) error {
	var faults []error
	for i, name := range maps {
		switch first := slices.Index(maps, name); {
		case name == "":
			faults = append(faults, fmt.Errorf("table map %d has no name", i))
		case first < i:
			faults = append(faults, fmt.Errorf("table maps %d and %d are both named %s", first, i, name))
		}
	}
	return errors.Join(faults...)
}

// code lists the names of one of the engine's enumerations, by number.
type code struct {
	kind  string
	names []string
}

func codes() []code {
	classes, reasons := engine.Outcomes()
	return []code{
		{"side", namesOf(engine.Sides[:])},
		{"operation", namesOf([]engine.Operation{engine.Create, engine.Update, engine.Delete})},
		{"origin", namesOf([]engine.Origin{engine.Captured, engine.Late, engine.Reassert, engine.Pulled, engine.Aged, engine.Initial, engine.Checked, engine.Resynced})},
		{"requested", []string{"nothing", "retry", "dismiss"}},
		{"job", namesOf([]engine.JobState{engine.Active, engine.Paused, engine.Draining, engine.Halted, engine.Starting, engine.Initializing, engine.Resuming})},
		{"mode", namesOf([]engine.Mode{engine.Stopped, engine.Async, engine.Live})},
		{"initial", namesOf([]engine.InitialStage{engine.InitialForgotten, engine.InitialWaiting, engine.InitialRunning, engine.InitialDone, engine.InitialCut})},
		{"class", namesOf(classes)},
		{"reason", namesOf(reasons)},
	}
}

func namesOf[T fmt.Stringer](values []T) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = v.String()
	}
	return names
}
