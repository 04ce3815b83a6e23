package history

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Text prints a history, a line for each step: true time, what the two clocks
// show where they differ from it, and what happened.
func Text(w io.Writer, h *result.History) error {
	var b strings.Builder
	if rows := h.Rows(); len(rows) > 0 {
		widths := make([]int, len(rows[0])-1)
		for _, row := range append(rows, h.Head()) {
			for i := range widths {
				widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
			}
		}
		for _, row := range append([][]string{h.Head()}, rows...) {
			for i, wide := range widths {
				b.WriteString(row[i] + strings.Repeat(" ", wide-utf8.RuneCountInString(row[i])+2))
			}
			b.WriteString(row[len(row)-1] + "\n")
		}
	}
	if h.Cut > 0 {
		fmt.Fprintf(&b, "%d later steps are left out: the history keeps %d\n", h.Cut, len(h.Steps))
	}
	if len(h.Spans) > 0 {
		b.WriteString("\nMeanwhile:\n")
		for _, s := range h.Spans {
			fmt.Fprintf(&b, "  from %s to %s: %s\n", h.At(s.From), h.At(s.To), s.What)
		}
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}

// printable replaces what could move a cursor or turn the direction of writing:
// keys and values are anybody's.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\n' {
			return '?'
		}
		return r
	}, s)
}
