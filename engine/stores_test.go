package engine_test

import (
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/sqlite"
)

// openStore gives the environment an empty store.
func (e *environment) openStore() {
	if e.file == "" {
		e.store = store.NewMemory()
	}
	e.reopenStore()
}

// reopenStore does with a file what a process does that starts again.
func (e *environment) reopenStore() {
	if e.file == "" {
		return
	}
	e.closeStore()
	names := make([]string, len(e.maps))
	for i, m := range e.maps {
		names[i] = m.Name
	}
	file, err := sqlite.Open(e.file, sqlite.Options{Maps: names, Pairs: 2, Failpoints: e.planted})
	if err != nil {
		panic(err)
	}
	e.store = file
}

func (e *environment) closeStore() {
	if file, open := e.store.(*sqlite.Store); open {
		if err := file.Close(); err != nil {
			panic(err)
		}
	}
}

// TestSchedulesOnFile runs some of the random schedules over a file. Each must
// tell the very same story as over the memory store.
func TestSchedulesOnFile(t *testing.T) {
	t.Parallel()
	cases := 12
	if testing.Short() {
		cases = 3
	}
	for _, name := range slices.Sorted(maps.Keys(mixtures)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := 0
			for seed := range cases {
				s := draw(rand.New(rand.NewPCG(uint64(seed), 2)), mixtures[name])
				if name == "live" {
					s.live, s.mapping = true, mapping{}
				}
				want, err := s.run(nil, map[string]int{})
				if err != nil {
					t.Fatalf("seed %d, in memory: %v\n%s", seed, err, want)
				}
				s.file = filepath.Join(t.TempDir(), "store")
				got, err := s.run(nil, map[string]int{})
				if err != nil || got != want {
					t.Fatalf("seed %d, on file: %v\n%s\nin memory:\n%s", seed, err, got, want)
				}
				told += len(got)
			}
			if told == 0 {
				t.Error("nothing happened")
			}
		})
	}
}
