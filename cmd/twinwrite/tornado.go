package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// tornadoRuns is how often a scenario is run at least with each value of an
// assumption where nobody says how often.
const tornadoRuns = 5

// assumptions changes the assumptions of a scenario one at a time.
func (f *sweepFlags) assumptions(cmd *cobra.Command, name string) error {
	if err := f.check(cmd, "text", "json", "markdown"); err != nil {
		return usage(err)
	}
	if f.axes != nil {
		return usage(errors.New("--tornado and --axis are two questions\n  hint: ask one at a time"))
	}
	sets := slices.Clone(f.overrides(cmd))
	s, err := load(cmd, name, sets)
	if err != nil {
		return err
	}
	if !f.saysRuns(cmd) && s.Runs.Most() < tornadoRuns {
		sets = append(sets, "runs.count="+strconv.Itoa(tornadoRuns))
	}
	all, err := scenarios.Assumptions(name, sets...)
	if err != nil {
		return exit{exitInvalid, err}
	}
	count := 1
	for _, a := range all {
		count += len(a.Others)
	}
	from, err := f.source(cmd, f.out, []string{name})
	if err != nil {
		return usage(err)
	}
	var code codes
	ran := 0
	simulate := func(point scenarios.Point) (*result.Set, error) {
		ran++
		set, err := f.value(cmd, name, from, append(slices.Clone(sets), point.Sets()...), fmt.Sprintf("value %d of %d", ran, count), point)
		if err == nil && cmd.Context().Err() == nil && !from.sharded() {
			code.runs(set)
			f.suite.Cases = append(f.suite.Cases, reports.PointCases(set, strings.Join(append([]string{"value"}, point.Sets()...), " "))...)
		}
		return set, err
	}
	base, err := simulate(nil)
	if err != nil {
		return err
	}
	t := comparison.NewTornado(s.Name, append(lineOf("sweep", name), "--tornado").with("--set", f.overrides(cmd)...).String(), base)
	for _, a := range all {
		if a.Left != "" {
			t.Left = append(t.Left, comparison.Unexamined{Path: a.Path, Value: a.Value, Why: a.Left})
		}
		for _, o := range a.Others {
			if cmd.Context().Err() != nil {
				break
			}
			set, err := simulate(o.Point)
			if err != nil {
				return err
			}
			if cmd.Context().Err() == nil && !from.sharded() { // what was cut short says nothing
				t.Add(a.Path, a.Value, a.Source, o.Name, set)
			}
		}
	}
	if from.sharded() {
		return from.finish(cmd.Context(), cmd.OutOrStdout())
	}
	t.Settle()
	dir := filepath.Join(f.out, s.Name+"-tornado-"+base.Scenario.Hash)
	if cmd.Context().Err() != nil {
		code.raise(exitInterrupted)
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: interrupted: %d of %d values; the same command goes on from there\n", ran, count)
		dir += partial
	} else {
		dir = beside(cmd, dir, reports.TornadoFile, base.Complete())
	}
	if err := errors.Join(reports.WriteTornado(dir, t, base.Scenario), from.stored(cmd.Context(), dir), f.copyPage(dir, reports.TornadoPage)); err != nil {
		return exit{exitInternal, err}
	}
	if err := errors.Join(f.writeSuite("tornado."+s.Name), f.printDocument(cmd.OutOrStdout(), t, dir, t.Command)); err != nil {
		return exit{exitInternal, err}
	}
	return code.err()
}

// value runs the scenario with one assumption changed.
func (f *sweepFlags) value(cmd *cobra.Command, name string, from *source, sets []string, which string, point scenarios.Point) (*result.Set, error) {
	s, _, err := scenarios.Load(name, sets...)
	if err != nil {
		return nil, exit{exitInvalid, err}
	}
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s: %s\n", which, strings.Join(point.Sets(), " "))
	}
	set, err := from.simulate(cmd.Context(), s, runs.Options{Jobs: f.jobs, Command: "twinwrite run " + quote(name)})
	return set, broken(err)
}
