package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports/html"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/history"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// explainFlags are the flags of the explain command.
type explainFlags struct {
	run        int
	format     string
	svg, html  string
	scenario   string
	failpoints []string
}

func explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain RUN KEY | explain CASE",
		Short: "tell the whole story of one record",
		Long: `explain tells everything that happened to one record of a run: each change, each
attempt to carry it, each decision with its reason, and how it ended, in true
time and by the clocks of both systems. RUN is a run folder. KEY is the record's
key, with the table map and the company before it where others have the same.
Without a KEY it lists the records that took longest.

A run folder does not keep the history of every record: the run is done once
more, and must come to the same digest as the stored one.

With a CASE that 'twinwrite check' has written, the whole case is told.`,
		Example: `  twinwrite explain runs/month-end-bdccb1b3
  twinwrite explain runs/month-end-bdccb1b3 84997D
  twinwrite explain runs/month-end-bdccb1b3 'invoices United Kingdom 573585' --svg 573585.svg
  twinwrite explain runs/check/closed-books-1f0c2d3e.json`,
		Args: one("run folder", 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.format != "text" && f.format != "json" {
				return usage(fmt.Errorf("--format is %q\n  hint: text or json", f.format))
			}
			if info, err := os.Stat(args[0]); err == nil && !info.IsDir() {
				return f.explainCase(cmd, args)
			}
			return f.explainRun(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.run, "run", 0, "which run of the folder")
	flags.StringVar(&f.format, "format", "text", "what is printed: text or json")
	flags.StringVar(&f.svg, "svg", "", "also draw it into a `file`: a lane for each side and one for the engine")
	flags.StringVar(&f.html, "html", "", "also write it as a page, with the picture, into a `file`")
	flags.StringVar(&f.scenario, "scenario", "", "`file` of the scenario, where it is not found by itself")
	failpointFlag(cmd, &f.failpoints)
	return cmd
}

// explainCase tells a case that check has written.
func (f *explainFlags) explainCase(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(fmt.Errorf("a case is told as a whole\n  hint: twinwrite explain %s", quote(args[0])))
	}
	points, err := parseFailpoints(f.failpoints)
	if err != nil {
		return usage(err)
	}
	c, err := check.ReadCase(args[0])
	if err != nil {
		return usage(fmt.Errorf("%w\n  hint: name a run folder and a key, or a file that 'twinwrite check' has written", err))
	}
	name := f.scenario
	if name == "" {
		name = c.Subject
	}
	subject, err := subjectOf(cmd, name)
	if err != nil {
		return err
	}
	files, err := newShelf()
	if err != nil {
		return exit{exitInternal, fmt.Errorf("make a folder for stores: %w", err)}
	}
	defer func() { _ = files.clear() }() // what is left there is of no use to anybody
	plan := check.Plan{Bugs: points}
	broken, err := check.Broken(subject, c, plan, files.open, "")
	if err != nil {
		return exit{exitInvalid, err}
	}
	story, err := check.Tell(subject, c, plan, broken)
	if err != nil {
		return exit{exitInternal, err}
	}
	if err := f.write(cmd.OutOrStdout(), &story.History, f.again(args)); err != nil {
		return exit{exitInternal, err}
	}
	if f.format == "text" {
		fmt.Fprint(cmd.OutOrStdout(), story.Breach())
	}
	return nil
}

// explainRun does a run of a folder once more and tells of one record.
func (f *explainFlags) explainRun(cmd *cobra.Command, args []string) error {
	stored, err := storedRun(args[0])
	if err != nil {
		return err
	}
	kept := runOf(stored.set, f.run)
	if kept == nil {
		return usage(noRun(f.run, stored.set))
	}
	if len(args) == 1 {
		return listWorst(cmd.OutOrStdout(), stored.set, kept, args[0])
	}
	s, points, err := repeat(args[0], f.scenario, stored.set)
	if err != nil {
		return err
	}
	x, err := runs.Explain(cmd.Context(), s, f.run, args[1], runs.Options{Failpoints: points})
	var unknown *runs.UnknownRecordError
	switch {
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	case errors.As(err, &unknown) && unknown.Several:
		return usage(fmt.Errorf("%w\n  hint: put the table map, and the company, before the key", err))
	case errors.As(err, &unknown) && len(unknown.Near) > 0:
		return usage(fmt.Errorf("%w\n  hint: there are %s", err, strings.Join(unknown.Near, ", ")))
	case errors.As(err, &unknown):
		return usage(fmt.Errorf("%w\n  hint: 'twinwrite explain %s' lists some", err, quote(args[0])))
	case err != nil:
		return exit{exitInternal, err}
	}
	if err := asStored(x.Run, kept); err != nil {
		return err
	}
	if err := f.write(cmd.OutOrStdout(), &x.History, f.again(args)); err != nil {
		return exit{exitInternal, err}
	}
	return nil
}

// listWorst prints the records that took longest, for somebody who has no key.
func listWorst(w io.Writer, set *result.Set, r *result.Run, dir string) error {
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	if len(r.Worst) == 0 {
		_, err := fmt.Fprintln(w, "no record is known that took long; name the key of any")
		return err
	}
	fmt.Fprintf(w, "the records of run %d that took longest; tell of one with: twinwrite explain %s KEY\n\n", r.Index, quote(dir))
	for _, x := range r.Worst {
		took := words.Duration(x.Took)
		if x.Censored {
			took = "not converged in " + took
		}
		fmt.Fprintf(w, "  %-44s changed on %-9s at %s  %s\n", x.Record, x.Side, clock.Second(x.Born), took)
	}
	return nil
}

// again is the line that tells the same once more.
func (f *explainFlags) again(args []string) string {
	l := lineOf("explain", args...)
	if f.run != 0 {
		l = l.with("--run", strconv.Itoa(f.run))
	}
	if f.scenario != "" {
		l = l.with("--scenario", f.scenario)
	}
	return l.with("--failpoint", f.failpoints...).String()
}

// write prints a history, and writes the files that are asked for.
func (f *explainFlags) write(w io.Writer, h *result.History, command string) error {
	if f.svg != "" {
		if err := writeFile(f.svg, plots.Lanes(h).WriteSVG); err != nil {
			return err
		}
	}
	if f.html != "" {
		if err := writeFile(f.html, func(w io.Writer) error { return html.WriteHistory(w, h, command) }); err != nil {
			return err
		}
	}
	if f.format == "json" {
		return history.JSON(w, h)
	}
	fmt.Fprintf(w, "%s\n\n", h.Title)
	return history.Text(w, h)
}

// writeFile writes a file with what write gives.
func writeFile(path string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
