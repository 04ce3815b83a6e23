package html

import (
	"bytes"
	"fmt"
	"html/template"
	"io"

	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// historyView is the page of a history.
type historyView struct {
	Style  template.HTML
	Policy string

	Title, Name, Command string
	Picture              picture
	Meanwhile            table
}

// WriteHistory writes the page of a history; command is the line that makes it
// again.
func WriteHistory(w io.Writer, h *result.History, command string) error {
	drawn := plots.Lanes(h)
	var svg bytes.Buffer
	if _, err := drawn.Inline(&svg); err != nil {
		return fmt.Errorf("draw %s: %w", drawn.Name, err)
	}
	v := historyView{
		Style: sheet().Style, Policy: sheet().Policy, Title: h.Title, Name: h.Title, Command: command,
		Picture:   picture{Plot: drawn, SVG: template.HTML(svg.String()), Numbers: numbers(drawn.Table)},
		Meanwhile: table{Head: []column{{"From", false}, {"To", false}, {"What", false}}},
	}
	for _, s := range h.Spans {
		v.Meanwhile.Rows = append(v.Meanwhile.Rows, []string{h.At(s.From), h.At(s.To), s.What})
	}
	return fill(w, "history.html", v)
}
