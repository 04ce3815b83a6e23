package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/tables"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// outcomesFlags are the flags of the outcomes command.
type outcomesFlags struct {
	maps, classes, reasons []string
	side                   string
	run                    int
	by                     []string
	errors, backend        bool
	format                 string
}

// outcomeColumns are what outcomes can be told apart by.
var outcomeColumns = []string{"run", "map", "side", "class", "reason"}

// conflictClass is the class that stands in the back-end table alone.
const conflictClass = "conflict"

func outcomesCommand() *cobra.Command {
	var f outcomesFlags
	cmd := &cobra.Command{
		Use:   "outcomes RUN",
		Short: "count how changes ended, by map, side, class and reason",
		Long: `outcomes counts how the changes of a run folder ended. Each captured change has
exactly one outcome, or is still open or parked, so that the counts of a whole
folder add up to its captured changes.

With --errors it prints the sync-errors list as an operator sees it, folded by
cause; with --backend the table behind it, which also has the changes that lost a
conflict: those are never on the list.`,
		Example: `  twinwrite outcomes runs/month-end-bdccb1b3
  twinwrite outcomes runs/month-end-bdccb1b3 --by class,reason
  twinwrite outcomes runs/month-end-bdccb1b3 --map invoices --class conflict
  twinwrite outcomes runs/month-end-bdccb1b3 --backend`,
		Args: one("run folder", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return usage(err)
			}
			stored, err := storedRun(args[0])
			if err != nil {
				return err
			}
			return f.list(cmd.OutOrStdout(), stored.set)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.maps, "map", nil, "only these table `maps`")
	flags.StringVar(&f.side, "side", "", "only changes made on this `side`: finops or dataverse")
	flags.StringSliceVar(&f.classes, "class", nil, "only these `classes`: synced, conflict, application, parked, ...")
	flags.StringSliceVar(&f.reasons, "reason", nil, "only these `reasons`: written, override, superseded, ...")
	flags.IntVar(&f.run, "run", -1, "only this run of the folder")
	flags.StringSliceVar(&f.by, "by", []string{"map", "side", "class", "reason"}, "what to tell apart, of run, map, side, class and reason")
	flags.BoolVar(&f.errors, "errors", false, "the sync-errors list in place of all outcomes")
	flags.BoolVar(&f.backend, "backend", false, "the table behind the sync-errors list, with the changes that lost a conflict")
	flags.StringVar(&f.format, "format", "text", "what is printed: "+strings.Join(tables.Formats(), ", "))
	return cmd
}

func (f *outcomesFlags) check() error {
	if !slices.Contains(tables.Formats(), f.format) {
		return fmt.Errorf("--format is %q\n  hint: %s", f.format, strings.Join(tables.Formats(), ", "))
	}
	for _, b := range f.by {
		if !slices.Contains(outcomeColumns, b) {
			return fmt.Errorf("--by names %q\n  hint: %s", b, strings.Join(outcomeColumns, ", "))
		}
	}
	if f.side != "" && !slices.Contains(words.Sides[:], f.side) {
		return fmt.Errorf("--side is %q\n  hint: %s", f.side, strings.Join(words.Sides[:], " or "))
	}
	return nil
}

// list prints what is asked for.
func (f *outcomesFlags) list(w io.Writer, set *result.Set) error {
	if err := f.known(set); err != nil {
		return usage(err)
	}
	table := f.outcomes(set)
	if f.errors || f.backend {
		table = f.errorsList(set)
	}
	if err := table.Write(w, f.format); err != nil {
		return exit{exitInternal, err}
	}
	if f.format == "text" && !f.errors && !f.backend && !f.filters() {
		fmt.Fprintf(w, "\n%s\n", account(set))
	}
	return nil
}

// known refuses filters that can match nothing in this folder, with what there
// is in place of it.
func (f *outcomesFlags) known(set *result.Set) error {
	var maps, classes, reasons []string
	for _, m := range set.Scenario.Maps {
		maps = append(maps, m.Name)
	}
	for i := range set.Runs {
		for _, o := range set.Runs[i].Outcomes {
			classes, reasons = append(classes, o.Class), append(reasons, o.Reason)
		}
	}
	for _, x := range []struct {
		flag         string
		asked, there []string
	}{{"map", f.maps, maps}, {"class", f.classes, classes}, {"reason", f.reasons, reasons}} {
		slices.Sort(x.there)
		for _, a := range x.asked {
			if !slices.Contains(x.there, a) {
				return fmt.Errorf("--%s: nothing here has %q\n  hint: there are: %s", x.flag, a, strings.Join(slices.Compact(x.there), ", "))
			}
		}
	}
	if f.run >= 0 && runOf(set, f.run) == nil {
		return noRun(f.run, set)
	}
	return nil
}

func (f *outcomesFlags) filters() bool {
	return f.maps != nil || f.side != "" || f.classes != nil || f.reasons != nil || f.run >= 0
}

// takes reports whether the filters let something through. An empty side is that
// of a line which does not name one.
func (f *outcomesFlags) takes(m, side, class, reason string) bool {
	in := func(list []string, x string) bool { return list == nil || slices.Contains(list, x) }
	return in(f.maps, m) && (f.side == "" || side == "" || side == f.side) && in(f.classes, class) && in(f.reasons, reason)
}

// outcomeRow is what ended alike.
type outcomeRow struct {
	ranks []int // by column: maps as the scenario has them, sides and classes as reports do
	cells []string
	count uint64
}

// compare puts rows in order, by one column after the other.
func (r *outcomeRow) compare(o *outcomeRow) int {
	for i := range r.cells {
		if c := cmp.Or(cmp.Compare(r.ranks[i], o.ranks[i]), cmp.Compare(r.cells[i], o.cells[i])); c != 0 {
			return c
		}
	}
	return 0
}

// outcomes counts what ended alike, whatever run it was in.
func (f *outcomesFlags) outcomes(set *result.Set) tables.Table {
	t := tables.Table{Schema: "twinwrite/outcomes/v1", Head: append(slices.Clone(f.by), "count"), Sum: "count"}
	rows := map[string]*outcomeRow{}
	for i := range set.Runs {
		r := &set.Runs[i]
		if f.run >= 0 && r.Index != f.run {
			continue
		}
		for _, o := range r.Outcomes {
			if !f.takes(o.Map, o.Side, o.Class, o.Reason) {
				continue
			}
			row := &outcomeRow{}
			for _, b := range f.by {
				rank, cell := 0, o.Reason
				switch b {
				case "run":
					rank, cell = r.Index, strconv.Itoa(r.Index)
				case "map":
					rank, cell = slices.IndexFunc(set.Scenario.Maps, func(m result.Map) bool { return m.Name == o.Map }), o.Map
				case "side":
					rank, cell = slices.Index(words.Sides[:], o.Side), o.Side
				case "class":
					rank, cell = summary.ClassRank(o.Class), o.Class
				}
				row.ranks, row.cells = append(row.ranks, rank), append(row.cells, cell)
			}
			key := strings.Join(row.cells, "\x00")
			if rows[key] == nil {
				rows[key] = row
			}
			rows[key].count += o.Count
		}
	}
	for _, r := range slices.SortedFunc(maps.Values(rows), func(a, b *outcomeRow) int { return a.compare(b) }) {
		var row []any
		for _, c := range r.cells {
			row = append(row, c)
		}
		t.Rows = append(t.Rows, append(row, r.count))
	}
	return t
}

// account tells whether the books close. What went live, or was copied by the data
// integrator, has no reference, and is told beside them.
func account(set *result.Set) string {
	var captured, ended, desk, queued, live uint64
	for i := range set.Runs {
		live += set.Runs[i].Totals.Live
		for _, m := range set.Runs[i].Maps {
			captured += m.Captured[0] + m.Captured[1]
		}
		for _, o := range set.Runs[i].Outcomes {
			switch o.Class {
			case "open":
				queued += o.Count
			case "application", "system", "parked":
				desk += o.Count
			default:
				ended += o.Count
			}
		}
	}
	text := fmt.Sprintf("%s captured changes: %s have ended, %s are on the error desk, %s are queued", words.Count(captured), words.Count(ended), words.Count(desk), words.Count(queued))
	switch sum := ended + desk + queued; {
	case sum > captured:
		text += fmt.Sprintf("; %s of them are rows that the engine listed itself", words.Count(sum-captured))
	case sum < captured && set.Scenario.Mode == "integrator":
		text += fmt.Sprintf("; the other %s were left to the data integrator, which keeps no outcomes: the report tells what it carried, and what it lost", words.Count(captured-sum))
	case sum < captured:
		text += fmt.Sprintf("; the other %s were never queued", words.Count(captured-sum))
	}
	if live > 0 {
		text += fmt.Sprintf("; %s more changes went live, and have no outcome", words.Count(live))
	}
	return text
}

// errorsList is the sync-errors list of the runs, most frequent first.
func (f *outcomesFlags) errorsList(set *result.Set) tables.Table {
	t := tables.Table{
		Schema: "twinwrite/errors/v1", Title: "the sync-errors list, folded by cause",
		Head: []string{"map", "class", "reason", "count", "example", "message"}, Sum: "count",
	}
	if f.backend {
		t.Title = "the table behind the sync-errors list, folded by cause"
	}
	var list []result.ErrorCount
	add := func(e result.ErrorCount) {
		at := slices.IndexFunc(list, func(x result.ErrorCount) bool {
			return x.Map == e.Map && x.Class == e.Class && x.Reason == e.Reason && x.Message == e.Message
		})
		if at < 0 {
			list = append(list, e)
		} else {
			list[at].Count += e.Count
		}
	}
	for i := range set.Runs {
		r := &set.Runs[i]
		if f.run >= 0 && r.Index != f.run {
			continue
		}
		for _, e := range r.Errors {
			if e.Class != conflictClass && f.takes(e.Map, "", e.Class, e.Reason) {
				add(e)
			}
		}
		for _, o := range r.Outcomes {
			if f.backend && o.Class == conflictClass && f.takes(o.Map, o.Side, o.Class, o.Reason) {
				add(result.ErrorCount{Map: o.Map, Class: o.Class, Reason: o.Reason, Count: o.Count})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b result.ErrorCount) int { return cmp.Compare(b.Count, a.Count) })
	for _, e := range list {
		t.Rows = append(t.Rows, []any{e.Map, e.Class, e.Reason, e.Count, e.Example, e.Message})
	}
	return t
}
