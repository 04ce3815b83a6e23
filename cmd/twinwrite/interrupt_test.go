package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// interrupter stops a command as soon as it has said something.
type interrupter struct {
	bytes.Buffer
	after string
	stop  context.CancelFunc
}

func (i *interrupter) Write(p []byte) (int, error) {
	n, err := i.Buffer.Write(p)
	if strings.Contains(i.String(), i.after) {
		i.stop()
	}
	return n, err
}

// TestSweepIsInterrupted: a point that was cut short is none of those that are done, and
// when the sweep has come to its end nothing is left of the interruption.
func TestSweepIsInterrupted(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	sweep := []string{"sweep", "self-lookups", "--axis=engine.workers=1,2", "--runs=3", "--jobs=1", "--out=" + out}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	said := &interrupter{after: "point 2 of 2", stop: stop}
	var shown bytes.Buffer
	if code := execute(ctx, sweep, &shown, said); code != exitInterrupted {
		t.Fatalf("exit code %d: %s", code, said)
	}
	if !regexp.MustCompile(`interrupted: 1 of 2 points( and [12] of 3 runs of point 2)?; the same command`).MatchString(said.String()) {
		t.Errorf("it says %s", said)
	}
	if strings.HasSuffix(strings.TrimSpace(shown.String()), "what follows") || regexp.MustCompile(`what follows\n\n`).MatchString(shown.String()) {
		t.Errorf("nothing follows, under a heading:\n%s", &shown)
	}
	if left := leftovers(t, out); len(left) == 0 {
		t.Error("an interrupted sweep leaves nothing")
	}
	if code := execute(t.Context(), sweep, io.Discard, os.Stderr); code != exitHolds {
		t.Fatalf("exit code %d", code)
	}
	if left := leftovers(t, out); len(left) > 0 {
		t.Errorf("a sweep that ended leaves %v", left)
	}
}

// leftovers are what stands in a folder for a command to go on from.
func leftovers(t *testing.T, out string) []string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(out, "*"+partial))
	if err != nil {
		t.Fatal(err)
	}
	return append(folders, logs(t, out)...)
}
