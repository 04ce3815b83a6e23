package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/html/traced"
	"github.com/twinwrite/twinwrite/scenarios"
)

// TestPagesAreTraced: every number in a sentence of the page of a built-in
// scenario's run, and of a sweep, stands in a table of the page.
func TestPagesAreTraced(t *testing.T) {
	t.Parallel()
	page := func(t *testing.T, file string, args ...string) *traced.Page {
		t.Helper()
		dir := t.TempDir()
		var out, progress bytes.Buffer
		if code := execute(context.Background(), append(args, "--quiet", "--out", dir), &out, &progress); code == exitUsage || code == exitInvalid || code == exitInternal {
			t.Fatalf("%v ended with %d: %s", args, code, progress.String())
		}
		pages, err := filepath.Glob(filepath.Join(dir, "*", file))
		if err != nil || len(pages) != 1 {
			t.Fatalf("%v wrote %d pages (%v)", args, len(pages), err)
		}
		doc, err := os.ReadFile(pages[0])
		if err != nil {
			t.Fatal(err)
		}
		return traced.Read(string(doc))
	}
	trace := func(t *testing.T, p *traced.Page) {
		t.Helper()
		for _, s := range p.Sentences {
			if missing := p.Untraced(s); len(missing) > 0 {
				t.Errorf("%q: no table of the page has %q", s, missing)
			}
		}
		if p.Numbers < 10 {
			t.Errorf("only %d numbers were traced", p.Numbers)
		}
	}
	several := []string{"month-end", "initial-load", "wrong-sequence"}
	names := scenarios.Names()
	if testing.Short() {
		names = several[:1]
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trace(t, page(t, reports.ReportFile, "run", name, "--runs", "1"))
			if !slices.Contains(several, name) {
				return
			}
			p := page(t, reports.ReportFile, "run", name, "--runs", "3")
			if trace(t, p); p.Estimates < 4 {
				t.Errorf("of 3 runs, only %d numbers have an interval", p.Estimates)
			}
		})
	}
	t.Run("sweep", func(t *testing.T) {
		t.Parallel()
		trace(t, page(t, reports.SweepPage, "sweep", "invoice-peak", "--axis", "engine.workers=1,16", "--runs", "3"))
	})
	t.Run("tornado", func(t *testing.T) {
		if testing.Short() {
			t.Skip("a run for each of forty assumptions")
		}
		t.Parallel()
		trace(t, page(t, reports.TornadoPage, "sweep", "both-sides-edit", "--tornado", "--runs", "3"))
	})
}
