package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios/history"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// traceFlags are the flags of the trace command.
type traceFlags struct {
	run      int
	from, to time.Duration
	format   string
	out      string
	scenario string
}

// traceFormats are the forms of a trace.
var traceFormats = []string{"chrome", "jsonl", "text"}

func traceCommand() *cobra.Command {
	var f traceFlags
	cmd := &cobra.Command{
		Use:   "trace RUN",
		Short: "write everything that happened in a run, for Perfetto or as text",
		Long: `trace writes what happened to every record of a run: commits, attempts, waits,
writes, outcomes and faults, in true time. As chrome it is the Trace Event Format,
which https://ui.perfetto.dev and Chrome's chrome://tracing open; as jsonl a line
of JSON for each step, as text a sentence for each. RUN is a run folder; the run is
done once more, and must come to the same digest as the stored one.

Long runs make large traces: name a window with --from and --to.`,
		Example: `  twinwrite trace runs/month-end-bdccb1b3 --from 6h35m --to 6h46m --out month-end.json
  twinwrite trace runs/month-end-bdccb1b3 --format text --to 10m`,
		Args: one("run folder", 1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.trace(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.IntVar(&f.run, "run", 0, "which run of the folder")
	flags.DurationVar(&f.from, "from", 0, "time since the start, from which on it is traced")
	flags.DurationVar(&f.to, "to", 0, "time since the start, up to which it is traced; by default to the end")
	flags.StringVar(&f.format, "format", traceFormats[0], "the form: "+strings.Join(traceFormats, ", "))
	flags.StringVar(&f.scenario, "scenario", "", "`file` of the scenario, where it is not found by itself")
	outFlag(cmd, &f.out)
	return cmd
}

func (f *traceFlags) trace(cmd *cobra.Command, dir string) error {
	switch {
	case !slices.Contains(traceFormats, f.format):
		return usage(fmt.Errorf("--format is %q\n  hint: %s", f.format, strings.Join(traceFormats, ", ")))
	case f.from < 0 || f.to < 0 || f.to > 0 && f.to < f.from:
		return usage(fmt.Errorf("the window is from %v to %v\n  hint: times since the start, such as --from 6h35m --to 6h46m", f.from, f.to))
	}
	stored, err := storedRun(dir)
	if err != nil {
		return err
	}
	kept := runOf(stored.set, f.run)
	if kept == nil {
		return usage(noRun(f.run, stored.set))
	}
	s, points, err := repeat(dir, f.scenario, stored.set)
	if err != nil {
		return err
	}
	tracer := history.Tracer{From: f.from, To: f.to}
	teller := history.Teller{From: f.from, To: f.to, StepsMax: history.TraceMost}
	r, err := runs.Trace(cmd.Context(), s, f.run, runs.Options{Failpoints: points}, func(maps []*engine.TableMap) func(model.Told) {
		if tracer.Maps, teller.Maps = maps, maps; f.format == traceFormats[0] {
			return tracer.Hear
		}
		return teller.Hear
	})
	switch {
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	case err != nil:
		return exit{exitInternal, err}
	}
	if err := asStored(r, kept); err != nil {
		return err
	}
	told := teller.Told(stored.set.Scenario.Name, r.End)
	told.Start = s.Time.Start
	if left := tracer.Cut() + told.Cut; left > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %d steps are left out: a trace keeps %d\n  hint: name a window with --from and --to\n", left, history.TraceMost)
	}
	return deliver(cmd, f.out, func(w io.Writer) error { return f.write(w, &tracer, &told, r) })
}

func (f *traceFlags) write(w io.Writer, t *history.Tracer, told *result.History, r *result.Run) error {
	switch f.format {
	case "jsonl":
		return history.JSONLines(w, told)
	case "text":
		return history.Text(w, told)
	default:
		return t.Write(w, r)
	}
}
