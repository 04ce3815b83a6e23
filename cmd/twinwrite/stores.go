package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/sqlite"
)

// shelf makes SQLite stores for worlds that are thrown away: each in a file of
// its own, which goes with it.
type shelf struct {
	dir  string
	made atomic.Uint64
}

// memoryDisk is a folder that Linux keeps in memory: the files there are as real
// as others, and a sync costs nothing.
const memoryDisk = "/dev/shm"

func newShelf() (*shelf, error) {
	dir, err := os.MkdirTemp(memoryDisk, "twinwrite-")
	if err != nil {
		dir, err = os.MkdirTemp("", "twinwrite-")
	}
	return &shelf{dir: dir}, err
}

// inMemory makes a store that no file holds.
func inMemory([]string, engine.Failpoints) (store.Store, error) { return store.NewMemory(), nil }

// open makes a store. It may be called from several goroutines.
func (s *shelf) open(maps []string, bugs engine.Failpoints) (store.Store, error) {
	path := filepath.Join(s.dir, strconv.FormatUint(s.made.Add(1), 10)+".sqlite")
	opened, err := sqlite.Open(path, sqlite.Options{Maps: maps, Failpoints: bugs})
	if err != nil {
		return nil, err
	}
	return &throwaway{Store: opened, path: path}, nil
}

// clear removes what is left.
func (s *shelf) clear() error { return os.RemoveAll(s.dir) }

// throwaway is a store whose file goes when it is closed.
type throwaway struct {
	*sqlite.Store
	path string
}

func (t *throwaway) Close() error {
	err := t.Store.Close()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if gone := os.Remove(t.path + suffix); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
