package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// sweepFlags are the flags of the sweep command.
type sweepFlags struct {
	runFlags
	axes    []string
	tornado bool
	suite   junit.Suite // of --junit
}

func sweepCommand() *cobra.Command {
	var f sweepFlags
	cmd := &cobra.Command{
		Use:   "sweep SCENARIO",
		Short: "run a scenario at every point of a sweep",
		Long: `sweep runs the points of the scenario's sweep, or those of the axes that are named
here: every value with every other. Each point is a run folder of its own, as
'twinwrite run' makes it, and what is there already is not run again: an
interrupted sweep goes on where it was. A star marks an expectation that fares
otherwise than at the point before.

With --tornado it changes each assumption of the scenario in turn, everything that
no documentation gives: times, numbers and shares are halved and doubled, words
replaced by the others. It tells which of them move a figure, and which turn a
verdict. Results of single values are kept only until it ends, so that what was
interrupted goes on where it was. Where the command line does not say how many
runs, a scenario that asks for fewer than ` + strconv.Itoa(tornadoRuns) + ` runs is run so often.

Expectations do not decide the exit code, and are no cases of --junit: where they
begin to fail is what a sweep is for. Properties do.

A folder of a sweep that was made of more runs stays as it is: what is made of fewer
goes beside it.`,
		Example: `  twinwrite sweep month-end --axis engine.workers=1,4,16
  twinwrite sweep month-end --tornado
  twinwrite sweep my.yaml --runs 10 --format csv`,
		Args: oneScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.tornado {
				return f.assumptions(cmd, args[0])
			}
			return f.sweep(cmd, args[0])
		},
	}
	flags := cmd.Flags()
	setFlag(cmd, &f.sets)
	flags.StringArrayVar(&f.axes, "axis", nil, "go through values of a setting, as `path=v1,v2,...`; may be repeated")
	flags.BoolVar(&f.tornado, "tornado", false, "change each assumption in turn, in place of a sweep")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of all draws, in place of the scenario's")
	flags.IntVar(&f.runs, "runs", 0, "number of runs of each point, in place of the scenario's")
	flags.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "runs at the same time")
	flags.StringVar(&f.out, "out", "runs", "folder in which the run folders are made")
	flags.StringVar(&f.format, "format", "text", "what is printed: text, json, markdown or csv")
	f.htmlFlag(flags)
	flags.StringVar(&f.junit, "junit", "", "also write the properties of every point to a `file`, as JUnit XML")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress")
	f.shardFlags.add(cmd)
	return cmd
}

func (f *sweepFlags) sweep(cmd *cobra.Command, name string) error {
	if err := f.check(cmd, "text", "json", "markdown", "csv"); err != nil {
		return usage(err)
	}
	axes, err := f.override()
	if err != nil {
		return usage(err)
	}
	whole, err := load(cmd, name, append(slices.Clone(f.overrides(cmd)), axes...))
	if err != nil {
		return err
	}
	if whole.Sweep == nil {
		return usage(fmt.Errorf("%s has no sweep\n  hint: name what differs, for example --axis engine.workers=1,4,16", name))
	}
	points := whole.Points()
	if len(points) == 0 {
		return usage(fmt.Errorf("the sweep of %s has no point: its condition holds for none", name))
	}
	from, err := f.source(cmd, f.out, []string{name})
	if err != nil {
		return usage(err)
	}
	s := &comparison.Sweep{Name: whole.Name, Command: f.sweepCommandLine(cmd, name)}
	for _, a := range whole.Sweep.Axes {
		s.Axes = append(s.Axes, a.Path)
	}
	var code codes
	var of result.Scenario
	h := sha256.New()
	var counts []int     // of runs, by point
	done, begun := 0, "" // points, and what there is of one that was cut short
	for i, p := range points {
		at, hash, err := f.scenarioOf(cmd, name, p)
		if err != nil {
			return err
		}
		fmt.Fprintln(h, hash)
		if cmd.Context().Err() != nil {
			continue // the folder is named after all points
		}
		set, err := f.point(cmd, name, from, at, hash, p, fmt.Sprintf("point %d of %d", i+1, len(points)))
		if err != nil {
			return err
		}
		if from.sharded() {
			continue
		}
		counts = append(counts, set.Complete())
		code.runs(set)
		f.suite.Cases = append(f.suite.Cases, reports.PointCases(set, strings.Join(p.Sets(), " "))...)
		if cmd.Context().Err() == nil {
			done++
		} else if made := set.Complete(); made > 0 {
			begun = fmt.Sprintf(" and %d of %d runs of point %d", made, whole.Runs.Most(), i+1)
		}
		values := make([]string, len(p))
		for k, setting := range p {
			values[k] = setting.Value
		}
		s.Add(values, set)
		of = set.Scenario
	}
	if from.sharded() {
		return from.finish(cmd.Context(), cmd.OutOrStdout())
	}
	dir := filepath.Join(f.out, whole.Name+"-sweep-"+hex.EncodeToString(h.Sum(nil))[:8])
	if cmd.Context().Err() != nil {
		code.raise(exitInterrupted)
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: interrupted: %d of %d points%s; the same command goes on from there\n", done, len(points), begun)
		dir += partial
	} else {
		dir = beside(cmd, dir, reports.SweepFile, counts...)
	}
	if err := errors.Join(reports.WriteSweep(dir, s, of), from.stored(cmd.Context(), dir), f.copyPage(dir, reports.SweepPage)); err != nil {
		return exit{exitInternal, err}
	}
	if err := errors.Join(f.writeSuite("sweep."+s.Name), f.printSweep(cmd.OutOrStdout(), s, dir)); err != nil {
		return exit{exitInternal, err}
	}
	return code.err()
}

// override turns the axes of the command line into the scenario's sweep.
func (f *sweepFlags) override() ([]string, error) {
	var list []string
	for _, a := range f.axes {
		path, values, ok := strings.Cut(a, "=")
		if !ok || path == "" || values == "" {
			return nil, fmt.Errorf("--axis is %q\n  hint: --axis engine.workers=1,4,16", a)
		}
		list = append(list, fmt.Sprintf("{path: %s, values: [%s]}", path, strings.ReplaceAll(values, ",", ", ")))
	}
	if list == nil {
		return nil, nil
	}
	return []string{"sweep={axes: [" + strings.Join(list, ", ") + "]}"}, nil
}

// setsOf are the overrides of a point.
func (f *sweepFlags) setsOf(cmd *cobra.Command, p scenarios.Point) []string {
	return append(slices.Clone(f.overrides(cmd)), p.Sets()...)
}

// scenarioOf is the scenario at a point, with its identity.
func (f *sweepFlags) scenarioOf(cmd *cobra.Command, name string, p scenarios.Point) (*scenarios.Scenario, string, error) {
	s, _, err := scenarios.Load(name, f.setsOf(cmd, p)...)
	if err != nil {
		return nil, "", exit{exitInvalid, err}
	}
	hash, err := runs.Identity(s, runs.Options{})
	if err != nil {
		return nil, "", exit{exitInternal, err}
	}
	return s, hash, nil
}

// point gives the results of a point: those that are stored, or new ones. A folder with
// the runs of the point stays as it is, also where another line made it.
func (f *sweepFlags) point(cmd *cobra.Command, name string, from *source, s *scenarios.Scenario, hash string, p scenarios.Point, which string) (*result.Set, error) {
	dir := filepath.Join(f.out, s.Name+"-"+hash)
	held := kept(dir, hash)
	if held != nil && from.part == nil && (slices.Equal(held.Scenario.Inputs, s.Inputs()) || s.Runs.Precision == nil && len(complete(held)) == s.Runs.Most()) {
		if !f.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s: stored in %s\n", which, dir)
		}
		return held, from.stored(cmd.Context(), dir)
	}
	var made []result.Run
	more := held != nil && len(held.Runs) > s.Runs.Most() // than the point takes: they stay as they are
	if held != nil && !more {
		made = held.Runs
	}
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s: %s\n", which, strings.Join(p.Sets(), " "))
	}
	started := time.Now()
	progress := newProgress(cmd.ErrOrStderr(), from.share(s.Runs.Most()), s.Time.End(), f.quiet)
	set, err := from.simulate(cmd.Context(), s, runs.Options{
		Jobs: f.jobs, Progress: progress.update, Command: lineOf("run", name).with("--set", f.setsOf(cmd, p)...).String(), Made: made,
	})
	progress.finish()
	if err := broken(err); err != nil || from.sharded() {
		return set, err
	}
	if cmd.Context().Err() != nil {
		dir += partial
	} else if more && from.part == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s: %s holds %d runs, and they stay; the point takes %d\n", which, dir, len(held.Runs), len(set.Runs))
		return set, from.stored(cmd.Context(), dir)
	}
	if _, err := reports.Of(set).WriteFolder(dir, manifest(started, set)); err != nil {
		return nil, exit{exitInternal, err}
	}
	if err := from.stored(cmd.Context(), dir); err != nil {
		return nil, exit{exitInternal, err}
	}
	return set, nil
}

func (f *sweepFlags) sweepCommandLine(cmd *cobra.Command, name string) string {
	return lineOf("sweep", name).with("--axis", f.axes...).with("--set", f.overrides(cmd)...).String()
}

// writeSuite writes the cases of all points, if they are asked for.
func (f *sweepFlags) writeSuite(name string) error {
	if f.junit == "" {
		return nil
	}
	f.suite.Name = name
	return writeFile(f.junit, f.suite.Write)
}

// printSweep prints a sweep, which has a row for each figure of each point as
// well.
func (f *sweepFlags) printSweep(w io.Writer, s *comparison.Sweep, dir string) error {
	if f.format == "csv" {
		return s.WriteCSV(w)
	}
	return f.printDocument(w, s, dir, s.Command)
}
