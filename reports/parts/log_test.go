package parts_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/parts"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// open opens a log for a program and so many runs, and adds to it.
func open(t *testing.T, path, program string, most int, add ...result.Run) []result.Run {
	t.Helper()
	l, err := parts.OpenLog(path, program, most)
	if err != nil {
		t.Fatal(err)
	}
	for i := range add {
		if err := l.Add(&add[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Runs
}

func indexes(runs []result.Run) (list []int) {
	for i := range runs {
		list = append(list, runs[i].Index)
	}
	return list
}

// TestLog: what was added comes back whole, in order, once.
func TestLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x"+parts.LogEnding)
	want := fixture.Runs(3).Runs
	open(t, path, "v1", 3, want[2], want[0])
	open(t, path, "v1", 3, want[0], want[1])
	if diff := cmp.Diff(want, open(t, path, "v1", 5), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestLogOfOthers: another program's runs are not taken, nor what may be thinned more.
func TestLogOfOthers(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]func(path string) []result.Run{
		"another program": func(path string) []result.Run { return open(t, path, "v2", 3) },
		"fewer runs":      func(path string) []result.Run { return open(t, path, "v1", 2) },
	} {
		path := filepath.Join(t.TempDir(), "x"+parts.LogEnding)
		open(t, path, "v1", 3, result.Run{Index: 0})
		if got := again(path); len(got) > 0 {
			t.Errorf("%s: %d runs were taken", name, len(got))
		}
		if got := open(t, path, "v1", 3); len(got) > 0 {
			t.Errorf("%s: %d runs are left", name, len(got))
		}
	}
}

// TestTornLog cuts a log, and damages it, at the edges of its entries and between:
// what stands before is there, and what is added afterwards too.
func TestTornLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x"+parts.LogEnding)
	var ends []int64
	for i := range 3 {
		open(t, path, "v1", 3, result.Run{Index: i, Digest: "d"})
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, info.Size())
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	between := 199
	if testing.Short() {
		between = 1999
	}
	for at := range whole {
		edge := slices.ContainsFunc(ends, func(end int64) bool { return int64(at) >= end-2 && int64(at) < end+9 })
		if !edge && at%between != 0 {
			continue
		}
		damaged := append([]byte{}, whole...)
		damaged[at] ^= 0x5a
		for what, content := range map[string][]byte{"cut": whole[:at], "damaged": damaged} {
			want := []int(nil)
			for i, end := range ends {
				if int64(at) >= end {
					want = append(want, i)
				}
			}
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := indexes(open(t, path, "v1", 3, result.Run{Index: 9})); !cmp.Equal(got, want) {
				t.Fatalf("%s at %d: runs %v, want %v", what, at, got, want)
			}
			if got := indexes(open(t, path, "v1", 3)); !cmp.Equal(got, append(want, 9)) {
				t.Fatalf("%s at %d: with one more, runs %v, want %v and 9", what, at, got, want)
			}
		}
	}
}
