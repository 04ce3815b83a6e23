package comparison

import (
	"io"

	"github.com/twinwrite/twinwrite/reports/summary"
)

// Schema names the shape of the JSON. A field may be added under this name; a
// field that changes its meaning, or goes, makes a new one. Spans are numbers of
// seconds; what is not a number is null.
const Schema = "twinwrite/comparison/v1"

// WriteJSON writes the comparison, the same bytes for the same results on every
// machine.
func (c Comparison) WriteJSON(w io.Writer) error { return summary.Encode(w, "comparison", c) }
