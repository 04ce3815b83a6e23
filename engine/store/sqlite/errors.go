package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// What can be wrong with a store's file. In all cases what was saved before is
// still there, or as much of it as a damaged file holds.
var (
	ErrLocked       = errors.New("another process has it open")
	ErrReadOnly     = errors.New("it cannot be written")
	ErrFull         = errors.New("there is no room left for it")
	ErrCorrupt      = errors.New("it is damaged")
	ErrNotStore     = errors.New("it is not a store of this program")
	ErrUnreachable  = errors.New("it cannot be opened, or its disk fails")
	ErrNewerVersion = errors.New("a newer version of the program wrote it")
	ErrNames        = errors.New("it was written under other names")
)

// advice says what to do about each of them.
var advice = map[error]string{
	ErrLocked:       "stop the other engine, or let it finish",
	ErrReadOnly:     "let this user write the file, the files beside it and their folder",
	ErrFull:         "free room on its disk and start again; nothing that was saved is lost",
	ErrCorrupt:      "stop, keep the file and those beside it, and restore a copy",
	ErrNotStore:     "name another file; this one was left as it is",
	ErrUnreachable:  "check that its folder exists, that this user may write there, and the disk",
	ErrNewerVersion: "run that version, or restore the copy made before it; this file was left as it is",
	ErrNames:        "keep the order of the names and add new ones at the end; this file was left as it is",
}

// Error says what is wrong with a store's file, and what to do about it.
type Error struct {
	Path   string
	Err    error  // one of the sentinels
	Detail string // versions, names, or what SQLite said
}

// Error names the file, the fault and the remedy.
func (e *Error) Error() string {
	return fmt.Sprintf("store %s: %v (%s): %s", e.Path, e.Err, e.Detail, advice[e.Err])
}

// Unwrap returns the sentinel.
func (e *Error) Unwrap() error { return e.Err }

// faults sorts SQLite's codes by what an operator can do.
var faults = map[sqlite3.ErrNo]error{
	sqlite3.ErrBusy:     ErrLocked,
	sqlite3.ErrLocked:   ErrLocked,
	sqlite3.ErrReadonly: ErrReadOnly,
	sqlite3.ErrPerm:     ErrReadOnly,
	sqlite3.ErrFull:     ErrFull,
	sqlite3.ErrCorrupt:  ErrCorrupt,
	sqlite3.ErrNotADB:   ErrNotStore,
	sqlite3.ErrCantOpen: ErrUnreachable,
	sqlite3.ErrIoErr:    ErrUnreachable,
}

// failure gives an error of SQLite its type. Others pass with the file's name.
func failure(path string, err error) error {
	if raw, ok := errors.AsType[sqlite3.Error](err); ok {
		fault, known := faults[raw.Code]
		// A file that this user may only read is opened so, and then cannot be
		// locked for writing: the system calls that a bad descriptor.
		if errors.Is(raw.SystemErrno, fs.ErrPermission) || raw.SystemErrno == syscall.EBADF {
			fault, known = ErrReadOnly, true
		}
		if known {
			return &Error{Path: path, Err: fault, Detail: raw.Error()}
		}
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	return fmt.Errorf("store %s: %w", path, err)
}
