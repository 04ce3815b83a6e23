package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// runFlags are the flags of the run command.
type runFlags struct {
	shardFlags
	sets       []string
	seed       uint64
	runs       int
	jobs       int
	out        string
	format     string
	quiet      bool
	html       string
	junit      string
	failpoints []string
}

func runCommand() *cobra.Command {
	var f runFlags
	return f.flags()
}

// flags is the run command with f for its flags.
func (f *runFlags) flags() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "run a scenario and write its report",
		Long: `run simulates a scenario, checks its properties, and writes a folder with the
report, the results file and the summary. SCENARIO is the name of a built-in
scenario (see 'twinwrite scenarios') or a file.

The same scenario, seed and version give the same results to the byte, on any
number of processors. More runs of a scenario extend the folder of fewer, and
fewer take none of them away.`,
		Example: `  twinwrite run month-end
  twinwrite run month-end --runs 5 --seed 7
  twinwrite run month-end --set workload.bookings.trace.speed=4x
  twinwrite run month-end --failpoint engine/write-without-condition`,
		Args: oneScenario,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	setFlag(cmd, &f.sets)
	flags.Uint64Var(&f.seed, "seed", 0, "seed of all draws, in place of the scenario's")
	flags.IntVar(&f.runs, "runs", 0, "number of runs, in place of the scenario's")
	flags.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "runs at the same time")
	flags.StringVar(&f.out, "out", "runs", "folder in which the run folder is made")
	flags.StringVar(&f.format, "format", "text", "what is printed: "+strings.Join(printed, ", "))
	f.htmlFlag(flags)
	flags.StringVar(&f.junit, "junit", "", "also write the verdicts to a `file`, as JUnit XML")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress")
	failpointFlag(cmd, &f.failpoints)
	f.shardFlags.add(cmd)
	return cmd
}

func (f *runFlags) run(cmd *cobra.Command, name string) error {
	if err := f.check(cmd, printed...); err != nil {
		return usage(err)
	}
	points, err := parseFailpoints(f.failpoints)
	if err != nil {
		return usage(err)
	}
	s, err := load(cmd, name, f.overrides(cmd))
	if err != nil {
		return err
	}
	if s.Sweep != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: the sweep (%d points) is left out: run takes the scenario's own values\n  hint: one point: --set %s\n",
			len(s.Points()), firstSets(s))
	}
	if n := comparing(s); n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %d of the expectations compare modes and are left out: a run has one mode\n  hint: twinwrite compare %s --modes ...\n", n, quote(name))
	}
	from, err := f.source(cmd, f.out, []string{name})
	if err != nil {
		return usage(err)
	}
	started := time.Now()
	o := runs.Options{Jobs: f.jobs, Failpoints: points}
	if from.part == nil {
		if s, o.Made, err = f.earlier(cmd, name, s, o); err != nil {
			return exit{exitInternal, err}
		}
	}
	p := newProgress(cmd.ErrOrStderr(), from.share(s.Runs.Most()), s.Time.End(), f.quiet)
	o.Progress, o.Command = p.update, f.command(cmd, name)
	set, err := from.simulate(cmd.Context(), s, o)
	p.finish()
	if err := broken(err); err != nil {
		return err
	}
	if from.sharded() {
		return from.finish(cmd.Context(), cmd.OutOrStdout())
	}
	dir, r := f.folder(cmd, set, s.Runs.Count), reports.Of(set)
	if _, err := r.WriteFolder(dir, manifest(started, set)); err != nil {
		return exit{exitInternal, err}
	}
	if err := errors.Join(from.stored(cmd.Context(), dir), f.writeMore(r, dir)); err != nil {
		return exit{exitInternal, err}
	}
	if err := render(cmd.OutOrStdout(), r, f.format, dir); err != nil {
		return exit{exitInternal, err}
	}
	return verdictCode(cmd.Context(), set)
}

// earlier returns the runs of this very scenario that its folder has already, with the
// scenario as it is to be run. More runs extend those of the folder, and fewer take
// none of them away: they are made anew, and the others stay. Where none is missing,
// all are made anew, since somebody who asks for the same again may want to see that
// it is the same.
func (f *runFlags) earlier(cmd *cobra.Command, name string, s *scenarios.Scenario, o runs.Options) (*scenarios.Scenario, []result.Run, error) {
	hash, err := runs.Identity(s, o)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(f.out, s.Name+"-"+hash)
	set := kept(dir, hash)
	if set == nil {
		return s, nil, nil
	}
	asked, held := s.Runs.Most(), len(set.Runs)
	switch {
	case held < asked:
		if !f.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %d of %d runs are in %s already\n", held, asked, dir)
		}
		return s, set.Runs, nil
	case held == asked:
		return s, nil, nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %s holds %d runs, and they stay: %d made again, %d as they were\n", dir, held, asked, held-asked)
	if err := f.raise(cmd, s, held); err != nil {
		return nil, nil, err
	}
	more, _, err := scenarios.Load(name, f.overrides(cmd)...) // its warnings were said
	return more, slices.DeleteFunc(set.Runs, func(r result.Run) bool { return r.Index < asked }), err
}

// raise asks for so many runs, whatever the scenario and the flags say.
func (f *runFlags) raise(cmd *cobra.Command, s *scenarios.Scenario, count int) error {
	f.sets = slices.DeleteFunc(slices.Clone(f.sets), func(set string) bool { return strings.HasPrefix(set, "runs.count=") })
	if s.Runs.Precision != nil {
		f.sets = append(f.sets, fmt.Sprintf("runs={count: %d}", count))
	}
	return cmd.Flags().Set("runs", strconv.Itoa(count))
}

// broken returns what went wrong in simulating, with its exit code; nil where
// nothing did, or the user interrupted it.
func broken(err error) error {
	if e := (exit{}); err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return exit{exitInternal, err}
}

// comparing counts the expectations of one mode beside another.
func comparing(s *scenarios.Scenario) (n int) {
	for i := range s.Expect {
		if s.Expect[i].Compare != nil {
			n++
		}
	}
	return n
}

// firstSets shows how the first point of a sweep is written on the command line.
func firstSets(s *scenarios.Scenario) string {
	points := s.Points()
	if len(points) == 0 {
		return "..."
	}
	sets := points[0].Sets()
	for i := range sets {
		sets[i] = quote(sets[i])
	}
	return strings.Join(sets, " --set ")
}

// check refuses flags that make no sense, before anything is simulated. formats
// are those in which the command prints.
func (f *runFlags) check(cmd *cobra.Command, formats ...string) error {
	last := len(formats) - 1
	switch {
	case !slices.Contains(formats, f.format):
		return fmt.Errorf("--format is %q\n  hint: %s or %s", f.format, strings.Join(formats[:last], ", "), formats[last])
	case f.jobs < 1:
		return fmt.Errorf("--jobs is %d\n  hint: how many runs go at the same time, at least 1", f.jobs)
	case cmd.Flags().Changed("runs") && f.runs < 1:
		return fmt.Errorf("--runs is %d\n  hint: at least 1", f.runs)
	}
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return fmt.Errorf("--out: %w\n  hint: choose a folder that can be written", err)
	}
	return nil
}

// folder returns where the results go. What was interrupted has a folder of its
// own, so that it never takes the place of a whole result.
func (f *runFlags) folder(cmd *cobra.Command, set *result.Set, asked int) string {
	name := set.Scenario.Name + "-" + set.Scenario.Hash
	if cmd.Context().Err() != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: interrupted: %d of %d runs are complete; the same command goes on from there\n", set.Complete(), asked)
		name += partial
	}
	return filepath.Join(f.out, name)
}

// overrides returns what the flags change in the scenario, --seed and --runs
// as the settings that they stand for.
func (f *runFlags) overrides(cmd *cobra.Command) []string {
	sets := f.sets
	if cmd.Flags().Changed("seed") {
		sets = append(sets, "seed="+strconv.FormatUint(f.seed, 10))
	}
	if cmd.Flags().Changed("runs") {
		sets = append(sets, "runs.count="+strconv.Itoa(f.runs))
	}
	return sets
}

// saysRuns says whether the command line tells how many runs there are to be.
func (f *runFlags) saysRuns(cmd *cobra.Command) bool {
	return slices.ContainsFunc(f.overrides(cmd), func(set string) bool {
		path, _, _ := strings.Cut(set, "=")
		return path == "runs" || strings.HasPrefix(path, "runs.")
	})
}

// command is the line that gives the same results again.
func (f *runFlags) command(cmd *cobra.Command, name string) string {
	return lineOf("run", name).with("--set", f.overrides(cmd)...).with("--failpoint", f.failpoints...).String()
}

// quote makes a word safe for a POSIX shell.
func quote(word string) string {
	for _, r := range word {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./=:,@%+", r) {
			return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return word
}

// writeMore writes the files that are asked for beside the run folder.
func (f *runFlags) writeMore(r *reports.Report, dir string) error {
	if err := f.copyPage(dir, reports.ReportFile); err != nil || f.junit == "" {
		return err
	}
	return writeFile(f.junit, func(w io.Writer) error { return render(w, r, "junit", "") })
}

// htmlFlag adds the flag that asks for the page in a second place.
func (f *runFlags) htmlFlag(flags *pflag.FlagSet) {
	flags.StringVar(&f.html, "html", "", "also write the page to a `file`")
}

// copyPage copies a folder's page to where --html asks for it.
func (f *runFlags) copyPage(dir, page string) error {
	if f.html == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, page))
	if err != nil {
		return err
	}
	return os.WriteFile(f.html, b, 0o644)
}

// width returns how many columns a terminal has, or 0 for what is none.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// manifest gathers what is true of this execution only.
func manifest(started time.Time, sets ...*result.Set) reports.Manifest {
	elapsed := time.Since(started)
	host, _ := os.Hostname() // an unknown host is left out
	m := reports.Manifest{
		Program: programVersion(), Build: build(), Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(),
		Host: host, Arguments: os.Args, Started: started, ElapsedSeconds: elapsed.Seconds(),
	}
	var events uint64
	for _, set := range sets {
		for i := range set.Runs {
			m.SimulatedSeconds += set.Runs[i].End.Seconds()
			events += set.Runs[i].Events
		}
	}
	m.EventsPerSecond = float64(events) / elapsed.Seconds()
	return m
}
