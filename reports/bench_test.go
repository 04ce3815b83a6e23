package reports_test

import (
	"io"
	"testing"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/internal/fixture"
)

// BenchmarkWriteFolder writes a run folder: one run of 100,000 changes, and
// five runs of 6,000 with their intervals.
func BenchmarkWriteFolder(b *testing.B) {
	huge, runs := fixture.Huge(100_000), fixture.Runs(5)
	b.Run("100k changes", func(b *testing.B) {
		dir := b.TempDir()
		for b.Loop() {
			if _, err := reports.Of(huge).WriteFolder(dir, reports.Manifest{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("5 runs", func(b *testing.B) {
		dir := b.TempDir()
		for b.Loop() {
			if _, err := reports.Of(runs).WriteFolder(dir, reports.Manifest{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("terminal", func(b *testing.B) {
		for b.Loop() {
			if err := reports.Of(runs).Terminal(io.Discard, reports.TerminalOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
