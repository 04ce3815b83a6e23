package main

import (
	"fmt"
	"os"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/sqlite"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

// shelf makes SQLite stores for worlds that are thrown away, in a folder of its own.
type shelf struct {
	dir  string
	open check.Store
}

// memoryDisk is a folder that Linux keeps in memory: the files there are as real
// as others, and a sync costs nothing.
const memoryDisk = "/dev/shm"

func newShelf() (*shelf, error) {
	dir, err := os.MkdirTemp(memoryDisk, "twinwrite-")
	if err != nil {
		dir, err = os.MkdirTemp("", "twinwrite-")
	}
	return &shelf{dir: dir, open: sqlite.Throwaway(dir)}, err
}

// The names of the stores.
const (
	memoryStore = "memory"
	sqliteStore = "sqlite"
)

// named returns what makes the stores of a name, nil for those in memory, which are made
// where nothing else is asked for; and what makes the others, which must give the same.
func (s *shelf) named(name string) (makes, others check.Store, err error) {
	switch name {
	case memoryStore:
		return nil, s.open, nil
	case sqliteStore:
		return s.open, inMemory, nil
	default:
		return nil, nil, fmt.Errorf("--store is %q\n  hint: %s or %s", name, memoryStore, sqliteStore)
	}
}

// inMemory makes a store that no file holds.
func inMemory([]string, engine.Failpoints) (store.Store, error) { return store.NewMemory(), nil }

// clear removes what is left.
func (s *shelf) clear() error { return os.RemoveAll(s.dir) }
