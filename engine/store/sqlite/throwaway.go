package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// Throwaway opens stores for worlds that are thrown away: each in a file of its own in a
// folder, which goes when it is closed. What it returns may be called from several
// goroutines.
func Throwaway(dir string) func(maps []string, bugs engine.Failpoints) (store.Store, error) {
	var made atomic.Uint64
	return func(maps []string, bugs engine.Failpoints) (store.Store, error) {
		path := filepath.Join(dir, strconv.FormatUint(made.Add(1), 10)+".sqlite")
		opened, err := Open(path, Options{Maps: maps, Failpoints: bugs})
		if err != nil {
			return nil, err
		}
		return &throwaway{opened}, nil
	}
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
