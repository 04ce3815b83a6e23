package reports

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
)

// mapRow is what the table of maps tells of one map, or of all together.
type mapRow struct {
	name     string
	counts   summary.MapFigures
	ended    map[string]uint64 // references by class
	p50, p99 stats.Quantile
}

// mapColumn is one figure of a [mapRow].
type mapColumn struct {
	name string
	of   func(r *mapRow) string
}

// mapColumns are the columns of the table of maps: what the mode has. The data
// integrator has no queue, and where all changes go live nothing is queued.
func mapColumns(s summary.Summary) []mapColumn {
	count := func(name string, of func(r *mapRow) uint64) mapColumn {
		return mapColumn{name, func(r *mapRow) string { return words.Count(of(r)) }}
	}
	captured := func(r *mapRow) uint64 { return r.counts.Captured[0] + r.counts.Captured[1] }
	live := count("live", func(r *mapRow) uint64 { return r.counts.Live[0] + r.counts.Live[1] })
	parked := count("parked", func(r *mapRow) uint64 { return r.counts.Parked })
	var all []mapColumn
	switch {
	case s.Copies():
		all = []mapColumn{
			count("changes", captured),
			count("carried", func(r *mapRow) uint64 { return captured(r) - min(captured(r), r.counts.Lost) }),
			count("lost", func(r *mapRow) uint64 { return r.counts.Lost }),
		}
	case s.AllLive():
		all = []mapColumn{live, parked}
	default:
		all = append(all, count("captured", captured))
		if s.Pooled.Totals.Live > 0 {
			all = append(all, live)
		}
		for _, class := range append(slices.Clone(mapClasses), "other") {
			all = append(all, count(class, func(r *mapRow) uint64 { return r.ended[class] }))
		}
		all = append(all, parked)
	}
	return append(all,
		mapColumn{"p50", func(r *mapRow) string { return words.ShortQuantile(r.p50) }},
		mapColumn{"p99", func(r *mapRow) string { return words.ShortQuantile(r.p99) }})
}

// mapClasses are the ends of references that have a column of their own.
var mapClasses = []string{"synced", "concurrency", "conflict", "application"}

// mapNote explains the columns.
func mapNote(s summary.Summary) string {
	switch {
	case s.Copies():
		return "lost: on neither side any more, or never copied · the data integrator has no queue, no outcomes and no error desk"
	case s.AllLive():
		return "live: committed on both sides · parked: pairs on the error desk at the end · nothing is queued in live mode, so that there are no outcomes"
	default:
		return "other: system, no-op, dismissed, still waiting · parked: pairs on the error desk at the end"
	}
}

// mapTable is the table of maps, with its head: the first most of those that have most
// changes, in the scenario's order where all fit, and a row of all together.
func mapTable(s summary.Summary, most int) [][]string {
	columns := mapColumns(s)
	head := []string{"table map"}
	for _, c := range columns {
		head = append(head, c.name)
	}
	rows := [][]string{head}
	maps := s.Pooled.Maps
	if len(maps) > most {
		maps = slices.Clone(maps)
		changes := func(m summary.MapFigures) uint64 { return m.Captured[0] + m.Captured[1] + m.Live[0] + m.Live[1] }
		slices.SortStableFunc(maps, func(a, b summary.MapFigures) int { return cmp.Compare(changes(b), changes(a)) })
		maps = maps[:most]
	}
	var all summary.MapFigures
	for _, m := range s.Pooled.Maps {
		all.Add(m)
	}
	for _, m := range append(slices.Clip(maps), all) {
		r := mapRowOf(s, m)
		row := []string{r.name}
		for _, c := range columns {
			row = append(row, c.of(&r))
		}
		rows = append(rows, row)
	}
	return rows
}

// mapRowOf gathers the row of one map, or of all together where m names none.
func mapRowOf(s summary.Summary, m summary.MapFigures) mapRow {
	r := mapRow{name: cmp.Or(m.Map, "all"), counts: m, ended: map[string]uint64{}}
	for _, o := range s.Pooled.Outcomes {
		if m.Map != "" && o.Map != m.Map {
			continue
		}
		class := o.Class
		if !slices.Contains(mapClasses, class) {
			class = "other"
		}
		r.ended[class] += o.Count
	}
	for _, c := range s.Pooled.Convergence {
		if c.Map == m.Map && c.Side == "" {
			r.p50, r.p99 = c.At("p50"), c.At("p99")
		}
	}
	return r
}
