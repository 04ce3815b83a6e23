package plots

import (
	"fmt"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
)

// Carried draws, per table map, what became of changes under the data integrator,
// which books no outcomes: a bar of shares, and the counts beside it.
func Carried(s summary.Summary) Plot {
	p := Plot{
		Name:    "outcomes",
		Caption: fmt.Sprintf("%s. Lost: on neither side any more, or never copied, and no run to come will. Slivers are widened to stay visible, the counts are exact.", findings.Capital(words.Counted(s.Executed.Pooled, "run", "runs pooled"))),
		Table:   Table{Head: []string{"Table map", "Changes", "Carried", "Lost", "Lost, per 10,000"}},
	}
	var rows []mix
	var all, lost uint64
	for _, m := range s.Pooled.Maps {
		n := m.Captured[0] + m.Captured[1]
		gone := min(n, m.Lost)
		all, lost = all+n, lost+gone
		p.Table.Rows = append(p.Table.Rows, []string{m.Map, words.Count(n), words.Count(n - gone), words.Count(gone), perTenThousand(gone, n)})
		if n > 0 {
			rows = append(rows, mix{name: m.Map, counts: []uint64{n - gone, gone}, all: n})
		}
	}
	p.Subtitle = "What became of changes, per table map: share as a bar, counts beside it · n = " + words.Count(all)
	p.Named = []findings.Named{{Name: "changes", Value: words.Count(all)}, {Name: "of them lost", Value: words.Count(lost)}, {Name: "share", Value: words.Share(lost, all)}}
	switch {
	case all == 0:
		p.Title, p.Caption, p.Named = "No change was made", "", nil
		p.height, p.draw = nothingHeight, nothing("No change was made.")
		return p
	case lost == 0:
		p.Title = fmt.Sprintf("The data integrator loses none of %s", words.Counted(all, "change", "changes"))
	default:
		p.Title = fmt.Sprintf("The data integrator loses %s of %s: %s", words.Count(lost), words.Counted(all, "change", "changes"), words.Share(lost, all))
	}
	p.bars([]string{"carried", "lost"}, rows)
	return p
}
