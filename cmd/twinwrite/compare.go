package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/reports/store"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// compareFlags are the flags of the compare command.
type compareFlags struct {
	runFlags
	modes    []string
	baseline string
	advice   bool
}

func compareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare SCENARIO [SCENARIO ...]",
		Short: "set modes, scenarios or stored results side by side",
		Long: `compare runs a scenario in several modes, or several scenarios, and sets their
figures side by side. In place of a scenario it takes the folder of a run, with
its stored results. All are compared with the first; run i of one has the same
users, edits and faults as run i of the others, so that differences are measured
pair by pair. A difference is shown with its 95 % interval, or as ~ where the runs
show none.

With --modes, async among them, it advises on each table map: who carries its
changes, the primary side, the sequence, workers and batch. For this it tries the
other primary side, exchanged neighbours, and half and double of workers and
batch, ` + strconv.Itoa(comparison.VariantRuns) + ` runs each, probes every assumption, and makes the comparison again
under the ` + strconv.Itoa(comparison.ExaminedMost) + ` that move it most. --advice=false leaves that out,
and writes a folder of its own. Shards leave it to 'twinwrite merge'.

With --baseline it answers one question: is the scenario worse than what is
stored in a folder? Then it exits with 1 when a figure is shown to be worse, and
differs by 2 % or more, and with 4 when the runs are too few to tell.

Where the command line does not say how many runs, a scenario that asks for
fewer than ` + strconv.Itoa(comparedRuns) + ` is run so often; with --baseline, as often as the baseline was. A folder that
was made of more runs stays as it is: what is made of fewer goes beside it.`,
		Example: `  twinwrite compare month-end --modes async,integrator
  twinwrite compare monday.yaml tuesday.yaml --runs 30
  twinwrite compare runs/month-end-1a2b3c4d runs/month-end-5e6f7a8b
  twinwrite compare month-end --baseline runs/month-end-1a2b3c4d`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return f.compare(cmd, args) },
	}
	flags := cmd.Flags()
	setFlag(cmd, &f.sets)
	flags.StringSliceVar(&f.modes, "modes", nil, "modes to compare, the first with the others: async,integrator")
	flags.BoolVar(&f.advice, "advice", true, "with --modes, try other settings and assumptions for the advice by table map")
	flags.StringVar(&f.baseline, "baseline", "", "`folder` of a run that the scenario must not be worse than")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of all draws, in place of the scenario's")
	flags.IntVar(&f.runs, "runs", 0, "number of runs of each, in place of the scenario's")
	flags.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "runs at the same time")
	flags.StringVar(&f.out, "out", "runs", "folder in which the folder of the comparison is made")
	flags.StringVar(&f.format, "format", "text", "what is printed: text, json or markdown")
	f.htmlFlag(flags)
	flags.StringVar(&f.junit, "junit", "", "also write the verdicts to a `file`, as JUnit XML")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress")
	f.shardFlags.add(cmd)
	return cmd
}

// comparedRuns is how often a scenario is run at least where nobody says how
// often: one run has no interval.
const comparedRuns = 10

// contender is one of what is compared: a scenario to be run, or results.
type contender struct {
	name     string
	scenario *scenarios.Scenario
	sets     []string // what differs from the scenario's file
	command  string
	set      *result.Set
}

func (f *compareFlags) compare(cmd *cobra.Command, args []string) error {
	if err := f.checkCompare(cmd, args); err != nil {
		return usage(err)
	}
	all, err := f.contenders(cmd, args)
	if err != nil {
		return err
	}
	from, err := f.source(cmd, f.out, args)
	if err != nil {
		return usage(err)
	}
	started := time.Now()
	if err := f.simulate(cmd, from, all); err != nil {
		return err
	}
	if from.sharded() {
		return from.finish(cmd.Context(), cmd.OutOrStdout())
	}
	c := f.gather(cmd, args, all)
	if err := f.advise(cmd, args[0], all, c); err != nil {
		return err
	}
	figures := comparison.Of(c)
	dir := filepath.Join(f.out, c.Name+"-compare-"+identity(c))
	if f.modes != nil && !f.advice { // its trials cost more than the comparison: the folder that has them stays
		dir += "-unadvised"
	}
	var sets []*result.Set
	var counts []int
	for _, s := range c.Settings {
		sets, counts = append(sets, s.Set), append(counts, s.Set.Complete())
	}
	if cmd.Context().Err() != nil {
		dir += partial
	} else {
		dir = beside(cmd, dir, reports.ComparisonFile, counts...)
	}
	if _, err := reports.WriteComparison(dir, c, figures, manifest(started, sets...)); err != nil {
		return exit{exitInternal, err}
	}
	if err := errors.Join(from.stored(cmd.Context(), dir), f.copyPage(dir, reports.ComparedFile)); err != nil {
		return exit{exitInternal, err}
	}
	if err := f.printDocument(cmd.OutOrStdout(), &figures, dir, c.Command); err != nil {
		return exit{exitInternal, err}
	}
	var gate *comparison.Gate
	if f.baseline != "" {
		g := figures.Baseline()
		gate = &g
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s\n", gate.Text)
	}
	if f.junit != "" {
		if err := writeFile(f.junit, reports.ComparedJUnit(c, &figures, gate).Write); err != nil {
			return exit{exitInternal, err}
		}
	}
	return compareCode(cmd, c, gate)
}

func (f *compareFlags) checkCompare(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return fmt.Errorf("compare what?\n  hint: twinwrite compare month-end --modes async,integrator")
	case len(args) == 1 && f.modes == nil && f.baseline == "":
		return fmt.Errorf("%s alone has nothing to be compared with\n  hint: name modes (--modes async,integrator), a second scenario, or --baseline FOLDER", args[0])
	case len(args) > 1 && (f.modes != nil || f.baseline != ""):
		return errors.New("--modes and --baseline are for one scenario\n  hint: name one scenario, or leave the flag out")
	case f.modes != nil && f.baseline != "":
		return errors.New("--modes and --baseline are two questions\n  hint: ask one at a time")
	case f.modes != nil && len(f.modes) < 2:
		return fmt.Errorf("--modes names %s alone\n  hint: two or more, for example --modes async,integrator", strings.Join(f.modes, ","))
	}
	for i, m := range f.modes {
		if slices.Contains(f.modes[:i], m) {
			return fmt.Errorf("--modes names %s twice\n  hint: remove one of them", m)
		}
	}
	return f.check(cmd, "text", "json", "markdown")
}

// contenders reads what is compared, before anything is run.
func (f *compareFlags) contenders(cmd *cobra.Command, args []string) ([]*contender, error) {
	var all []*contender
	add := func(c *contender, err error) error {
		if err == nil {
			all = append(all, c)
		}
		return err
	}
	switch {
	case f.modes != nil:
		for _, mode := range f.modes {
			c, err := f.read(cmd, args[0], comparedRuns, "engine.mode="+mode)
			if err != nil {
				return nil, err
			}
			if c.scenario == nil {
				return nil, usage(fmt.Errorf("%s holds results, and they have one mode\n  hint: name the scenario", args[0]))
			}
			c.name = mode
			all = append(all, c)
		}
	case f.baseline != "":
		base, err := stored(f.baseline)
		if err != nil {
			return nil, usage(fmt.Errorf("--baseline: %w\n  hint: make one with 'twinwrite run %s --runs %d', and name its folder", err, args[0], comparedRuns))
		}
		base.name = "baseline"
		if err := add(base, nil); err != nil {
			return nil, err
		}
		if err := add(f.read(cmd, args[0], len(base.set.Runs))); err != nil {
			return nil, err
		}
		all[1].name = "now"
	default:
		for _, arg := range args {
			if err := add(f.read(cmd, arg, comparedRuns)); err != nil {
				return nil, err
			}
		}
	}
	distinguish(all)
	return all, nil
}

// distinguish gives contenders of one name numbers.
func distinguish(all []*contender) {
	times := map[string]int{}
	for _, c := range all {
		times[c.name]++
	}
	seen := map[string]int{}
	for _, c := range all {
		if name := c.name; times[name] > 1 {
			seen[name]++
			c.name = name + "-" + strconv.Itoa(seen[name])
		}
	}
}

// read takes a folder of results, or loads a scenario that is to be run at
// least so often where nobody says how often.
func (f *compareFlags) read(cmd *cobra.Command, arg string, least int, more ...string) (*contender, error) {
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		c, err := stored(arg)
		return c, usage(err)
	}
	sets := append(slices.Clone(f.overrides(cmd)), more...)
	s, err := load(cmd, arg, sets)
	if err != nil {
		return nil, err
	}
	if !f.saysRuns(cmd) && (s.Runs.Most() < least || f.baseline != "" && s.Runs.Most() != least) {
		sets = append(sets, "runs.count="+strconv.Itoa(least))
		if s, err = load(cmd, arg, sets); err != nil {
			return nil, err
		}
	}
	return &contender{name: s.Name, scenario: s, sets: sets, command: lineOf("run", arg).with("--set", sets...).String()}, nil
}

// stored reads the results in the folder of a run.
func stored(dir string) (*contender, error) {
	set, err := store.Read(filepath.Join(dir, reports.ResultsFile))
	if err != nil {
		return nil, fmt.Errorf("read results in %s: %w", dir, err)
	}
	for _, f := range []struct {
		name string
		into *[]byte
	}{{reports.ScenarioFile, &set.Scenario.Source}, {reports.ResolvedFile, &set.Scenario.Resolved}} {
		if *f.into, err = os.ReadFile(filepath.Join(dir, f.name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("read results in %s: %w", dir, err)
		}
	}
	return &contender{name: set.Scenario.Name, set: set}, nil
}

// simulate runs those that have no results yet.
func (f *compareFlags) simulate(cmd *cobra.Command, from *source, all []*contender) error {
	count, length := 0, time.Duration(0)
	for _, c := range all {
		if c.scenario != nil {
			count, length = count+c.scenario.Runs.Most(), max(length, c.scenario.Time.End())
		}
	}
	p := newProgress(cmd.ErrOrStderr(), from.share(count), length, f.quiet)
	defer p.finish()
	begun := 0
	for _, c := range all {
		if c.scenario == nil {
			continue
		}
		first := begun
		set, err := from.simulate(cmd.Context(), c.scenario, runs.Options{Jobs: f.jobs, Command: c.command, Progress: func(u runs.Progress) {
			u.Run += first
			p.update(u)
		}})
		if err := broken(err); err != nil {
			return err
		}
		begun += c.scenario.Runs.Most()
		c.set = set
	}
	return nil
}

// gather puts the results side by side, and judges what the first scenario
// expects of one beside another.
func (f *compareFlags) gather(cmd *cobra.Command, args []string, all []*contender) *result.Comparison {
	c := &result.Comparison{Name: all[0].set.Scenario.Name, Command: f.compareCommandLine(cmd, args)}
	if f.modes != nil {
		c.Axis = "engine.mode"
	}
	for _, x := range all {
		c.Settings = append(c.Settings, result.Setting{Name: x.name, Set: x.set})
	}
	if s := all[0].scenario; s != nil && f.modes != nil {
		c.Expectations = runs.JudgeBetween(s, f.modes[0], c.Settings)
	}
	return c
}

func (f *compareFlags) compareCommandLine(cmd *cobra.Command, args []string) string {
	l := lineOf("compare", args...)
	if f.modes != nil {
		l = l.with("--modes", strings.Join(f.modes, ","))
		if !f.advice {
			l = append(l, "--advice=false")
		}
	}
	if f.baseline != "" {
		l = l.with("--baseline", f.baseline)
	}
	return l.with("--set", f.overrides(cmd)...).String()
}

// identity tells comparisons of one scenario apart.
func identity(c *result.Comparison) string {
	h := sha256.New()
	for _, s := range c.Settings {
		fmt.Fprintf(h, "%s %s\n", s.Name, s.Set.Scenario.Hash)
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
}

// compareCode turns a comparison into an exit code. What the scenario expects of
// each setting by itself is for run to judge.
func compareCode(cmd *cobra.Command, c *result.Comparison, gate *comparison.Gate) error {
	var code codes
	if cmd.Context().Err() != nil {
		code.raise(exitInterrupted)
	}
	for _, s := range c.Settings {
		code.runs(s.Set)
	}
	for _, e := range c.Expectations {
		code.expectation(e.Verdict)
	}
	if gate != nil {
		code.expectation(gate.Verdict)
	}
	return code.err()
}
