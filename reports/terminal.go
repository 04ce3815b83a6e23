package reports

import (
	"io"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// TerminalOptions say how [Terminal] prints.
type TerminalOptions struct {
	Folder string // run folder, to name the report in; empty: no folder was written
	Color  bool   // use ANSI colours for verdicts
}

// Terminal prints set on one screen.
func Terminal(w io.Writer, set *result.Set, o TerminalOptions) error {
	return nil
}
