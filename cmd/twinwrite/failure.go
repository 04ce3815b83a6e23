package main

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// folder is where cases that failed are kept.
func (f *checkFlags) folder() *check.Folder {
	return &check.Folder{
		Path: f.out, Maps: cmp.Or(f.scenario, check.OwnSubject().Name),
		Draw: func(w io.Writer, h *result.History) error { return plots.Lanes(h).WriteSVG(w) },
	}
}

// testLine is the command that runs a Go test.
func testLine(t *check.GoTest) string {
	words := slices.Clone(t.Command())
	for i := range words {
		words[i] = quote(words[i])
	}
	return strings.Join(words, " ")
}
