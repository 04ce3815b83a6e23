package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// Throwaway opens stores for worlds that are thrown away: each in a file of its own in a
// folder, which goes when it is closed. What it returns may be called from several
// goroutines. A file begins as a copy of an empty store's: to make the tables anew took
// a third of the time of a small world.
func Throwaway(dir string) func(maps []string, bugs engine.Failpoints) (store.Store, error) {
	empty := sync.OnceValues(func() ([]byte, error) { return emptyFile(filepath.Join(dir, "empty.sqlite")) })
	var made atomic.Uint64
	return func(maps []string, bugs engine.Failpoints) (store.Store, error) {
		bytes, err := empty()
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, strconv.FormatUint(made.Add(1), 10)+".sqlite")
		if err := os.WriteFile(path, bytes, 0o600); err != nil {
			return nil, failure(path, err)
		}
		opened, err := Open(path, Options{Maps: maps, Failpoints: bugs})
		if err != nil {
			return nil, err
		}
		return &throwaway{opened}, nil
	}
}

// emptyFile returns what is in the file of a store that holds nothing.
func emptyFile(path string) ([]byte, error) {
	s, err := Open(path, Options{})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // writes back the log
		return nil, failure(path, err)
	}
	bytes, err := os.ReadFile(path)
	return bytes, errors.Join(err, os.Remove(path))
}

// throwaway is a store whose file goes when it is closed.
type throwaway struct{ *Store }

func (t *throwaway) Close() error {
	err := t.Store.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if gone := os.Remove(t.path + suffix); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
