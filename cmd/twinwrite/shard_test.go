package main

import (
	"context"
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

// TestGoesOn: what a command has made that was killed is not made again, and gone when
// it has ended.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	s, _, err := scenarios.Load("self-lookups", "runs.count=4")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := runs.Simulate(t.Context(), s, runs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	killed, kill := context.WithCancel(t.Context())
	_, err = (&source{out: out}).simulate(killed, s, runs.Options{Progress: func(p runs.Progress) {
		if p.Run == 2 {
			kill()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not killed: %v", err)
	}
	from := &source{out: out}
	simulated := map[int]bool{}
	again, err := from.simulate(t.Context(), s, runs.Options{Progress: func(p runs.Progress) { simulated[p.Run] = true }})
	if want := map[int]bool{2: true, 3: true}; err != nil || !cmp.Equal(simulated, want) {
		t.Errorf("runs %v were simulated: %v", simulated, err)
	}
	if diff := cmp.Diff(whole, again, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-whole +again):\n%s", diff)
	}
	if err := from.stored(killed); err != nil {
		t.Fatal(err)
	}
	if left := logs(t, out); len(left) != 1 {
		t.Errorf("a command that was interrupted leaves %v", left)
	}
	from.logs = logs(t, out)
	if err := from.stored(t.Context()); err != nil || len(logs(t, out)) > 0 {
		t.Errorf("%v are left: %v", logs(t, out), err)
	}
}

func logs(t *testing.T, out string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(out, "*"+parts.LogEnding))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
