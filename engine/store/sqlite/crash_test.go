package sqlite

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/storetest"
)

// files is what a crash leaves: the file proper and the write-ahead log.
type files struct{ db, wal []byte }

func (f files) write(t *testing.T, path string) {
	t.Helper()
	for name, content := range map[string][]byte{path: f.db, path + "-wal": f.wal} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) files {
	t.Helper()
	db, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	return files{db, wal}
}

// statesAfter returns what a store holds before the first Save and after each,
// as the memory store says.
func statesAfter(t *testing.T, saves [][]engine.Mutation) []*engine.State {
	t.Helper()
	m := store.NewMemory()
	states := make([]*engine.State, 0, len(saves)+1)
	for i := 0; ; i++ {
		state, err := m.Load()
		if err != nil {
			t.Fatal(err)
		}
		if states = append(states, state); i == len(saves) {
			return states
		}
		if err := m.Save(saves[i]); err != nil {
			t.Fatal(err)
		}
	}
}

// reopened loads what a file holds.
func reopened(t *testing.T, path string) *engine.State {
	t.Helper()
	s := mustOpen(t, path, Options{})
	state, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return state
}

func same(a, b *engine.State) bool { return cmp.Equal(a, b, cmpopts.EquateEmpty()) }

// The write-ahead log is a header and frames of one page each.
const (
	walHeader = 32
	walFrame  = 24 + 4096
)

// tears calls try for what the log may be after a crash while it grew from
// before to after: a prefix of the new bytes, cut between frames and within
// them. What is behind the cut is as it was: the log is written from its start
// again after a checkpoint.
func tears(before, after []byte, try func(wal []byte)) {
	for frame := 0; walHeader+frame*walFrame < len(after); frame++ {
		start := walHeader + frame*walFrame
		end := min(start+walFrame, len(after))
		if len(before) >= end && bytes.Equal(before[start:end], after[start:end]) {
			continue
		}
		for _, cut := range []int{start, start + 11, start + 24, start + 24 + 1000, end - 1, end} {
			wal := bytes.Clone(after[:cut])
			if cut < len(before) {
				wal = append(wal, before[cut:]...)
			}
			try(wal)
		}
	}
}

// TestTornCommit crashes the store within every commit, at every frame of the
// log and within frames: what is found is the state before the Save or after
// it, and after it once the log is whole. Then it crashes the store within
// every checkpoint, with any pages copied: what is found is the state after.
func TestTornCommit(t *testing.T) {
	t.Parallel()
	for name, checkpoint := range map[string]int{"log grows": checkpointPages, "log starts again": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			saves := storetest.Sequence(1, 16)
			states := statesAfter(t, saves)
			dir := t.TempDir()
			path, crashed := filepath.Join(dir, "store.db"), filepath.Join(dir, "crashed.db")
			s := mustOpen(t, path, Options{})
			if err := s.exec(fmt.Sprintf("PRAGMA wal_autocheckpoint = %d", checkpoint)); err != nil {
				t.Fatal(err)
			}
			r := rand.New(rand.NewPCG(1, 1))
			var undone, done, checkpoints int
			before := read(t, path)
			for i, save := range saves {
				if err := s.Save(save); err != nil {
					t.Fatal(err)
				}
				after := read(t, path)
				tears(before.wal, after.wal, func(wal []byte) {
					files{before.db, wal}.write(t, crashed)
					switch got := reopened(t, crashed); {
					case same(got, states[i+1]):
						done++
					case same(got, states[i]) && !bytes.Equal(wal, after.wal):
						undone++
					default:
						t.Fatalf("save %d, log of %d bytes: neither the state before nor after:\n%s", i, len(wal), cmp.Diff(states[i+1], got, cmpopts.EquateEmpty()))
					}
				})
				if !bytes.Equal(before.db, after.db) {
					checkpoints++
					for range 10 {
						files{somePages(r, before.db, after.db), after.wal}.write(t, crashed)
						if d := cmp.Diff(states[i+1], reopened(t, crashed), cmpopts.EquateEmpty()); d != "" {
							t.Fatalf("save %d, torn checkpoint (-want +got):\n%s", i, d)
						}
					}
				}
				before = after
			}
			if undone == 0 || done == 0 || (checkpoints > 0) != (checkpoint < checkpointPages) {
				t.Errorf("%d commits undone, %d done, %d checkpoints torn: each must occur", undone, done, checkpoints)
			}
			t.Logf("%d commits undone, %d done, %d checkpoints torn", undone, done, checkpoints)
		})
	}
}

// somePages returns a file of which a random half of the pages has changed.
func somePages(r *rand.Rand, before, after []byte) []byte {
	const page = 4096
	mixed := bytes.Clone(before)
	for at := 0; at < len(after); at += page {
		if r.IntN(2) == 0 {
			if at+page > len(mixed) {
				mixed = append(mixed, make([]byte, at+page-len(mixed))...)
			}
			copy(mixed[at:at+page], after[at:])
		}
	}
	return mixed
}

// TestTornCreation crashes the store while it makes its tables: a store that
// works is found, and it is empty.
func TestTornCreation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, crashed := filepath.Join(dir, "store.db"), filepath.Join(dir, "crashed.db")
	mustOpen(t, path, Options{})
	whole := read(t, path)
	tried := 0
	tears(nil, whole.wal, func(wal []byte) {
		tried++
		files{whole.db, wal}.write(t, crashed)
		if got := reopened(t, crashed); !same(got, &engine.State{}) {
			t.Fatalf("log of %d bytes: not empty: %+v", len(wal), got)
		}
	})
	if tried < 20 {
		t.Errorf("%d crashes are too few", tried)
	}
}

// TestPlantedCrash lets the third Save crash on either side of its commit. The
// caller sees the same error; the file knows better.
func TestPlantedCrash(t *testing.T) {
	t.Parallel()
	saves := storetest.Sequence(2, 4)
	states := statesAfter(t, saves)
	for point, holds := range map[string]int{CrashBeforeCommit: 2, CrashAfterCommit: 3} {
		path := filepath.Join(t.TempDir(), "store.db")
		s := mustOpen(t, path, Options{Failpoints: &nthPass{point, 3}})
		for i, save := range saves {
			err := s.Save(save)
			if (i < 2) != (err == nil) || i >= 2 && !errors.Is(err, ErrCrashed) {
				t.Errorf("%s: save %d: %v", point, i, err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(states[holds], reopened(t, path), cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", point, d)
		}
	}
}

// nthPass is a failpoint that fires once, at its left-th pass.
type nthPass struct {
	point string
	left  int
}

func (p *nthPass) Hit(name string) bool {
	if name == p.point {
		p.left--
	}
	return name == p.point && p.left == 0
}

// How the test calls itself as another process.
const (
	childPath = "TWINWRITE_STORE_CHILD"
	childFrom = "TWINWRITE_STORE_CHILD_FROM"
	childSeed = 3
	childMax  = 600 // Saves
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childPath); path != "" {
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child saves one batch after the other and tells how many are saved.
func child(path string) error {
	from, err := strconv.Atoi(os.Getenv(childFrom))
	if err != nil {
		return err
	}
	s, err := Open(path, Options{Maps: storetest.Maps()})
	if err != nil {
		return err
	}
	if err := s.exec("PRAGMA wal_autocheckpoint = 50"); err != nil {
		return err
	}
	for i, save := range storetest.Sequence(childSeed, childMax)[from:] {
		if err := s.Save(save); err != nil {
			return err
		}
		fmt.Println(from + i + 1)
	}
	return s.Close()
}

// TestKilled kills a process that saves, again and again: no Save that had
// returned is lost, and none is found in part.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	states := statesAfter(t, storetest.Sequence(childSeed, childMax))
	r := rand.New(rand.NewPCG(3, 3))
	saved := 0
	for round := range 10 {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), childPath+"="+path, childFrom+"="+strconv.Itoa(saved))
		c.Stderr = os.Stderr
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		told := saved
		for n, enough := 0, 1+r.IntN(50); lines.Scan(); n++ {
			if told, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if n == 0 && round == 0 {
				if _, err := Open(path, Options{Maps: storetest.Maps()}); !errors.Is(err, ErrLocked) {
					t.Errorf("a store that another process has open: %v", err)
				}
			}
			if n == enough {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := c.Wait(); err == nil {
			t.Fatal("the process ended before it was killed")
		}
		switch got := reopened(t, path); {
		case same(got, states[told]):
			saved = told
		case same(got, states[told+1]): // it was killed before it could tell
			saved = told + 1
		default:
			t.Fatalf("after %d saves (-want +got):\n%s", told, cmp.Diff(states[told], got, cmpopts.EquateEmpty()))
		}
	}
	t.Logf("%d saves in 10 lives", saved)
}
