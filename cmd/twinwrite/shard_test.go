package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/twinwrite/twinwrite/reports/parts"
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
	runs := p.Shares[0].Runs
	if !p.Whole || len(runs) != 2 || runs[0].Index != 0 || runs[1].Index != 2 {
		t.Fatalf("shard 1/2 of three runs made %d, whole: %v", len(runs), p.Whole)
	}
	p.Whole = false // as if it had been interrupted after its first run
	p.Shares[0].Runs = runs[:1]
	p.Shares[0].Runs[0].Digest = "kept"
	second := runs[1].Digest
	if err := parts.Write(path, p); err != nil {
		t.Fatal(err)
	}
	_, p = shard()
	if runs = p.Shares[0].Runs; !p.Whole || len(runs) != 2 || runs[0].Digest != "kept" || runs[1].Digest != second {
		t.Errorf("it did not go on from the first run: %d runs, whole: %v", len(runs), p.Whole)
	}
}
