package parts_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/reports/internal/fixture"
	"github.com/twinwrite/twinwrite/reports/parts"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

func part(number, of int, runs ...result.Run) *parts.Part {
	return &parts.Part{
		Program: "v1", Arguments: []string{"run", "x"}, Number: number, Of: of, Whole: true,
		Shares: []parts.Share{{Hash: "abcd", Runs: runs}},
	}
}

// TestReadBack: a part comes back as it was, whatever went wrong in its runs.
func TestReadBack(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]*result.Set{"broken": fixture.Broken(), "stopped": fixture.Stopped(), "day": fixture.Day(), "copied": fixture.Compared(2).Settings[2].Set} {
		path := filepath.Join(t.TempDir(), name+parts.Ending)
		want := part(1, 1, set.Runs...)
		if err := parts.Write(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := parts.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	run := func(i int) result.Run { return result.Run{Index: i} }
	interrupted := part(2, 2, run(1))
	interrupted.Whole = false
	other, newer := part(2, 2, run(1)), part(2, 2, run(1))
	other.Arguments = []string{"run", "y"}
	newer.Program = "v2"
	for _, c := range []struct {
		name string
		all  []*parts.Part
		want error
		says string
	}{
		{"whole", []*parts.Part{part(2, 2, run(1)), part(1, 2, run(0), run(2)), part(2, 2, run(1))}, nil, ""},
		{"none", nil, parts.ErrMissing, "there is none"},
		{"one is missing", []*parts.Part{part(1, 3), part(3, 3)}, parts.ErrMissing, "2/3"},
		{"one was interrupted", []*parts.Part{part(1, 2), interrupted}, parts.ErrMissing, "2/2"},
		{"other command", []*parts.Part{part(1, 2), other}, parts.ErrForeign, "run y, shard 2/2"},
		{"other number of shards", []*parts.Part{part(1, 2), part(2, 3)}, parts.ErrForeign, "shard 2/3"},
		{"other version", []*parts.Part{part(1, 2), newer}, parts.ErrForeign, "by v2"},
	} {
		got, err := parts.Merge(c.all)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && len(got.Made("abcd")) != 3 {
			t.Errorf("%s: %d runs", c.name, len(got.Made("abcd")))
		}
	}
}

// TestReadRefuses what is no part, or was cut short.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x"+parts.Ending)
	if err := parts.Write(path, part(1, 1, fixture.Day().Runs...)); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 5, 60, len(b) / 2, len(b) - 1} {
		if err := os.WriteFile(path, b[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := parts.Read(path); !errors.Is(err, parts.ErrSchema) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}
