package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/reports/parts"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// TestShardGoesOn: what a shard has made is not made again.
func TestShardGoesOn(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	shard := func() (string, *parts.Part) {
		t.Helper()
		if code := execute(t.Context(), []string{"run", "self-lookups", "--runs=3", "--shard=1/2", "--quiet", "--out=" + out}, io.Discard, os.Stderr); code != exitHolds {
			t.Fatalf("exit code %d", code)
		}
		files, err := filepath.Glob(filepath.Join(out, "*"+parts.Ending))
		if err != nil || len(files) != 1 {
			t.Fatalf("parts: %v, %v", files, err)
		}
		p, err := parts.Read(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return files[0], p
	}
	path, p := shard()
	made := p.Shares[0].Runs
	if !p.Whole || len(made) != 2 || made[0].Index != 0 || made[1].Index != 2 {
		t.Fatalf("shard 1/2 of three runs made %d, whole: %v", len(made), p.Whole)
	}
	p.Whole = false // as if it had been interrupted after its first run
	p.Shares[0].Runs = made[:1]
	p.Shares[0].Runs[0].Digest = "kept"
	second := made[1].Digest
	if err := parts.Write(path, p); err != nil {
		t.Fatal(err)
	}
	_, p = shard()
	if made = p.Shares[0].Runs; !p.Whole || len(made) != 2 || made[0].Digest != "kept" || made[1].Digest != second {
		t.Errorf("it did not go on from the first run: %d runs, whole: %v", len(made), p.Whole)
	}
}

// TestTornadoGoesOn: what an interrupted tornado has made is not made again, and is
// gone when it has ended.
func TestTornadoGoesOn(t *testing.T) {
	t.Parallel()
	s, _, err := scenarios.Load("self-lookups", "runs.count=2")
	if err != nil {
		t.Fatal(err)
	}
	from := &source{goes: t.TempDir()}
	simulated := false
	o := runs.Options{Progress: func(runs.Progress) { simulated = true }}
	first, err := from.simulate(t.Context(), s, o)
	if err != nil || !simulated {
		t.Fatalf("nothing was simulated: %v", err)
	}
	simulated = false
	again, err := from.simulate(t.Context(), s, o)
	if err != nil || simulated {
		t.Errorf("it was simulated again: %v", err)
	}
	if diff := cmp.Diff(first, again, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-first +again):\n%s", diff)
	}
	if err := from.ended(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(from.goes); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", from.goes, err)
	}
}
