package plots

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Compared draws the plots of a comparison, of which f are the figures: the trade
// between waiting for a save and waiting for the other side, how long
// changes take and how they end, side by side, and every difference with its
// interval.
func Compared(c *result.Comparison, f *comparison.Comparison) []Plot {
	return []Plot{Trade(f, demanded(c.Settings[0].Set)), convergenceBySetting(c), outcomesBySetting(c), gapsBySetting(c), Forest(f), Pairs(c)}
}

// convergenceBySetting draws a curve a setting: the share of its changes not
// yet converged. A setting under which none was captured has none.
func convergenceBySetting(c *result.Comparison) Plot {
	var curves []survivor
	var without []string
	var sets []*result.Set
	n, never := 0, 0
	table := Table{Head: []string{"Setting", "Changes", "Never converged", "p50", "p95", "p99"}}
	for _, s := range c.Settings {
		sets = append(sets, s.Set)
		sample := comparison.Samples(s.Set)
		row := []string{s.Name, words.Count(sample.N()), words.Count(sample.Censored())}
		for _, q := range []float64{.5, .95, .99} {
			row = append(row, words.ShortQuantile(sample.Quantile(q)))
		}
		table.Rows = append(table.Rows, row)
		switch {
		case len(sample.Converged()) == 0:
			without = append(without, s.Name)
		case len(curves) < linesMost:
			curves = append(curves, survivor{s.Name, sample})
			n, never = n+sample.N(), never+sample.Censored()
		}
	}
	if never > 0 {
		table.Note = "* a lower bound."
	}
	p := Plot{
		Name:     "convergence",
		Title:    convergenceFinding(curves),
		Subtitle: fmt.Sprintf("Share of changes not yet converged, by time since their commit · n = %s", words.Count(n)),
		Table:    table,
		height:   360,
	}
	if len(curves) == 0 {
		p.height, p.draw = nothingHeight, nothing("No change converged under any setting.")
		return p
	}
	p.Caption = "True time from commit until both sides agree on the pair" + live(sets...) + "; " + kept(sets...) + ", complete runs pooled, logarithmic axes. A curve that falls to the edge has converged entirely."
	if never > 0 {
		p.Caption += " A dashed floor: changes that had not converged when the run ended, slower than all others (* a lower bound)."
	}
	if left := len(c.Settings) - len(without) - len(curves); left > 0 {
		p.Caption += " " + words.Counted(left, "setting", "settings") + " not drawn."
	}
	if without != nil {
		p.Caption += " No convergence was measured under " + words.List(without) + "."
	}
	p.Series = hues(curves, survivor.called)
	bounds := slosOf(demanded(c.Settings[0].Set), "convergence")
	if bounds != nil {
		p.Caption += sloCaption
	}
	p.survivors(curves, bounds, nil)
	return p
}

// namedMost is how many settings a title names.
const namedMost = 3

// convergenceFinding says what the curves show.
func convergenceFinding(curves []survivor) string {
	var parts []string
	for _, s := range curves {
		parts = append(parts, words.Quantile(s.sample.Quantile(.5))+" under "+s.name)
	}
	switch {
	case parts == nil:
		return "No change converged"
	case len(parts) > namedMost:
		least, most := curves[0].sample.Quantile(.5), curves[0].sample.Quantile(.5)
		for _, s := range curves {
			if q := s.sample.Quantile(.5); stats.Compare(q, least) < 0 {
				least = q
			} else if stats.Compare(q, most) > 0 {
				most = q
			}
		}
		return "Half of the changes converge within " + words.Between(words.Quantile(least), words.Quantile(most)) + ", by setting"
	}
	return "Half of the changes converge within " + words.List(parts)
}

// outcomesBySetting draws how changes end, a bar a setting.
func outcomesBySetting(c *result.Comparison) Plot {
	var rows []mix
	var classes []string
	counts := map[string][]uint64{} // by setting, parallel to [comparison.Endings]
	var all uint64
	for _, s := range c.Settings {
		list := make([]uint64, len(comparison.Endings))
		for i := range s.Set.Runs {
			r := &s.Set.Runs[i]
			if r.Incomplete != "" {
				continue
			}
			for k, class := range comparison.Endings {
				n, _ := comparison.Ending(r, class)
				if list[k] += n; n > 0 && !slices.Contains(classes, class) {
					classes = append(classes, class)
				}
			}
		}
		counts[s.Name] = list
	}
	slices.SortFunc(classes, func(a, b string) int {
		return slices.Index(comparison.Endings, a) - slices.Index(comparison.Endings, b)
	})
	table := Table{Head: append([]string{"Setting", "Changes"}, classes...), Note: "Per 10,000 changes of the same setting. n/a does not apply: no change can end so in that mode."}
	for _, s := range c.Settings {
		r := mix{name: s.Name}
		for _, class := range classes {
			n := counts[s.Name][slices.Index(comparison.Endings, class)]
			r.counts = append(r.counts, n)
			r.all += n
		}
		for k, n := range r.counts {
			text := words.Foreign
			if comparison.Ends(s.Set, classes[k]) {
				text = perTenThousand(n, r.all)
			}
			r.shown = append(r.shown, text)
		}
		table.Rows = append(table.Rows, append([]string{s.Name, words.Count(r.all)}, r.shown...))
		if all += r.all; r.all > 0 {
			rows = append(rows, r)
		}
	}
	p := Plot{
		Name:     "outcomes",
		Title:    endingFinding(rows, classes),
		Subtitle: "How changes end, per 10,000: share as a bar, numbers beside it · n = " + words.Count(all),
		Caption:  "Complete runs pooled. Slivers are widened to stay visible, the numbers are exact. Under live sync a change is on both sides when it commits. The data integrator books no outcomes: there a change is carried, lost (on neither side any more) or missed (never copied).",
		Table:    table,
	}
	if len(rows) == 0 {
		p.Caption, p.height, p.draw = "", nothingHeight, nothing("No change was captured.")
		return p
	}
	p.bars(classes, rows)
	return p
}

// endingFinding says how many changes are carried to the other side.
func endingFinding(rows []mix, classes []string) string {
	k := slices.Index(classes, "synced")
	var parts []string
	least, most := uint64(10_000), uint64(0)
	for _, r := range rows {
		carried := uint64(0)
		if k >= 0 {
			carried = r.counts[k]
		}
		if live := slices.Index(classes, "live"); live >= 0 {
			carried += r.counts[live]
		}
		n := (carried*10_000 + r.all/2) / r.all
		least, most = min(least, n), max(most, n)
		parts = append(parts, words.Count(n)+" under "+r.name)
	}
	switch {
	case parts == nil:
		return "No change was captured"
	case len(parts) > namedMost:
		return "Of 10,000 changes, " + words.Between(words.Count(least), words.Count(most)) + " are carried to the other side, by setting"
	}
	return "Of 10,000 changes, " + words.List(parts) + " are carried to the other side"
}
