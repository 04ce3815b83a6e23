// Package html writes the page that architects read.
package html

import (
	"io"

	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Write writes the page.
func Write(w io.Writer, set *result.Set, s summary.Summary, drawn []plots.Plot) error { return nil }
