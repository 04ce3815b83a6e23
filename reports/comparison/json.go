package comparison

import (
	"encoding/json"
	"fmt"
	"io"
)

// Schema names the shape of the JSON. A field may be added under this name; a
// field that changes its meaning, or goes, makes a new one. Spans are numbers of
// seconds; what is not a number is null.
const Schema = "twinwrite/comparison/v1"

// WriteJSON writes the comparison, the same bytes for the same results on every
// machine.
func (c Comparison) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // it is a file for programs, never part of a page
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	return nil
}
