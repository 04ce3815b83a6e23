package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/scenarios"
)

func planCommand() *cobra.Command {
	var sets []string
	cmd := &cobra.Command{
		Use:   "plan SCENARIO",
		Short: "say what a scenario will run, without running it",
		Long: `plan prints what a run will do: the calendar, the table maps in their order, what
users do and how much that is, what breaks, what is expected, and the points of
the sweep. With --resolved it prints the scenario with every default and override
written out.`,
		Example: "  twinwrite plan month-end\n  twinwrite plan month-end --set workload.bookings.trace.speed=4x\n  twinwrite plan month-end --resolved",
		Args:    oneScenario,
	}
	resolved := cmd.Flags().Bool("resolved", false, "print the scenario with defaults and overrides written out")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s, err := load(cmd, args[0], sets)
		if err != nil {
			return err
		}
		if *resolved {
			_, err := cmd.OutOrStdout().Write(s.Resolved())
			return err
		}
		return printPlan(cmd.OutOrStdout(), s)
	}
	setFlag(cmd, &sets)
	return cmd
}

// printPlan writes the parts of a plan, one below the other.
func printPlan(w io.Writer, s *scenarios.Scenario) error {
	fmt.Fprintf(w, "%s\n", s.Name)
	if s.Purpose != "" {
		fmt.Fprintf(w, "%s\n", strings.TrimSpace(s.Purpose))
	}
	fmt.Fprintf(w, "\ntime       %s, %s of work and %s to drain", s.Time.Start.Format(time.RFC3339), scenarios.WriteSpan(s.Time.Run), scenarios.WriteSpan(s.Time.Drain))
	if s.Time.Warmup > 0 {
		fmt.Fprintf(w, "; figures from %s on", scenarios.WriteSpan(s.Time.Warmup))
	}
	fmt.Fprintf(w, "\nruns       %s, seed %d, in mode %s\n", runsText(s.Runs), s.Seed, s.Engine.Mode)

	sections := []struct {
		title string
		rows  func(row func(cells ...any)) error
	}{
		{"table maps, by job and sequence", func(row func(...any)) error { planMaps(s, row); return nil }},
		{"workload", func(row func(...any)) error { return planWorkload(s, row) }},
		{"faults", func(row func(...any)) error { planFaults(s, row); return nil }},
		{"operators", func(row func(...any)) error { planOperators(s, row); return nil }},
		{"expectations", func(row func(...any)) error { planExpectations(s, row); return nil }},
		{"points of the sweep", func(row func(...any)) error { planPoints(s, row); return nil }},
	}
	for _, section := range sections {
		var table strings.Builder
		t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
		err := section.rows(func(cells ...any) {
			for i, c := range cells {
				if i > 0 {
					fmt.Fprint(t, "\t")
				}
				fmt.Fprint(t, c)
			}
			fmt.Fprintln(t)
		})
		if err != nil {
			return err
		}
		if err := t.Flush(); err != nil {
			return err
		}
		if table.Len() == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\n", section.title)
		for line := range strings.Lines(table.String()) {
			fmt.Fprintln(w, "  "+strings.TrimRight(line, " \n"))
		}
	}
	return nil
}

func runsText(r scenarios.Runs) string {
	if r.Precision == nil {
		return fmt.Sprint(r.Count)
	}
	return fmt.Sprintf("looked at after %v until %s is known to %.3g %%", strings.Trim(fmt.Sprint(r.Looks()), "[]"), r.Precision.Metric, 100*float64(r.Precision.Relative))
}

func planMaps(s *scenarios.Scenario, row func(...any)) {
	mode := func(m *scenarios.Map) string {
		if s.Engine.Mode != scenarios.Async { // what a map says counts beside async only
			return s.Engine.Mode.String()
		}
		return m.Mode.String()
	}
	for _, j := range s.Jobs {
		for place, i := range j.Sequence {
			m := &s.Maps[i]
			key := strings.Join(m.Key, "+")
			if m.Company {
				key = "company+" + key
			}
			after := ""
			for _, l := range m.Lookups {
				for _, of := range l.Maps {
					after += ", " + s.Maps[of].Name
				}
			}
			if after != "" {
				after = "after " + after[2:]
			}
			row(fmt.Sprintf("%s %d", j.Name, place+1), m.Name, m.FinOps+" - "+m.Dataverse, "by "+key, mode(m), "primary "+j.Primary.String(), after)
		}
	}
}

// planWorkload says how much users do: of a trace exactly, of a generator on
// average.
func planWorkload(s *scenarios.Scenario, row func(...any)) error {
	for i := range s.Workload {
		w := &s.Workload[i]
		switch {
		case !w.Enabled:
			row(w.Name, "on "+w.Side.String(), "not enabled")
		case w.Trace != nil:
			all, err := s.Transactions(w)
			if err != nil {
				return exit{exitInvalid, err}
			}
			records := 0
			for _, t := range all {
				records += len(t.Rows)
			}
			row(w.Name, "on "+w.Side.String(), fmt.Sprintf("%d transactions", len(all)), fmt.Sprintf("%d records", records), "recorded in "+w.Trace.File)
		default:
			transactions, records := w.Expected(s.Time)
			row(w.Name, "on "+w.Side.String(), fmt.Sprintf("about %.0f transactions", transactions), fmt.Sprintf("about %.0f records", transactions*records), steps(s, w))
		}
	}
	return nil
}

// steps says what a generated transaction does.
func steps(s *scenarios.Scenario, w *scenarios.Workload) string {
	var all []string
	for _, step := range w.Transaction {
		verb, count := "update", step.Update
		switch {
		case step.Create != nil:
			verb, count = "create", step.Create
		case step.Delete != nil:
			verb, count = "delete", step.Delete
		}
		all = append(all, fmt.Sprintf("%s %.3g %s", verb, count.Mean(), s.Maps[step.Map].Name))
	}
	return strings.Join(all, ", ")
}

func planFaults(s *scenarios.Scenario, row func(...any)) {
	clock := func(at time.Duration) string { return s.Time.Start.Add(at).Format("2006-01-02 15:04:05") }
	for i := range s.Faults {
		f := &s.Faults[i]
		what := strings.TrimSpace(f.Kind.String() + " " + f.Target(s))
		if f.Point != "" {
			what += " at " + string(f.Point)
		}
		when := "from " + clock(f.At)
		if f.Every != nil {
			when += fmt.Sprintf(" on, every %s on average", scenarios.WriteSpan(time.Duration(f.Every.Mean()*float64(time.Second)).Round(time.Second)))
		}
		row(f.Name, what, when, "for "+scenarios.WriteSpan(f.Lasts()))
	}
}

func planOperators(s *scenarios.Scenario, row func(...any)) {
	for i := range s.Operators {
		o := &s.Operators[i]
		row(o.Name, o.Do.String()+" "+o.Job, "at "+s.Time.Start.Add(o.At).Format("2006-01-02 15:04:05"))
	}
}

func planExpectations(s *scenarios.Scenario, row func(...any)) {
	for i := range s.Expect {
		row(s.Expect[i].ID, s.Expect[i].Label())
	}
}

// pointsShown is how many points of a sweep a plan lists.
const pointsShown = 50

func planPoints(s *scenarios.Scenario, row func(...any)) {
	if s.Sweep == nil {
		return
	}
	points := s.Points()
	for i, p := range points[:min(len(points), pointsShown)] {
		cells := []any{i + 1}
		for _, set := range p.Sets() {
			cells = append(cells, set)
		}
		row(cells...)
	}
	if left := len(points) - pointsShown; left > 0 {
		row(fmt.Sprintf("... and %d more", left))
	}
}
