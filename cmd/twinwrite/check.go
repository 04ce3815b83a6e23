package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/reports/junit"
	"github.com/twinwrite/twinwrite/scenarios/check"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// checkFlags are the flags of the check command.
type checkFlags struct {
	cases      int
	most       time.Duration
	seed       uint64
	jobs       int
	out        string
	junit      string
	store      string
	quiet      bool
	selfTest   bool
	exhaustive bool
	failpoints []string
	scenario   string // whose maps are checked; empty: the program's own
	shard      string
}

func checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [SCENARIO]",
		Short: "search for a case in which a change is lost, and make it small",
		Long: `check draws small worlds at random, with edits on both sides, faults and odd
settings, runs each until it comes to rest, and judges it. The first case that
breaks a property is made as small as it can be and written to a folder, and it
is run first the next time.

Cases are a function of the seed: the same seed gives the same cases, on any
number of processors.

With a scenario, by name or file, its table maps are checked; without one, maps
of every kind that the engine treats in its own way.

With --self-test each bug that is known is planted in turn, and must be found. The
maps of a scenario need not show every one: what they do not show is listed, and one
bug at least must be found.

With --exhaustive nothing is drawn: of worlds with one record, two edits and one
fault every schedule is looked at, that is every order in which edits, requests,
answers and notifications can follow each other, and every place at which the
fault can come. Schedules that come to the same state go on as one.`,
		Example: `  twinwrite check --cases 10000
  twinwrite check my.yaml --for 10m
  twinwrite check --for 10m --junit check.xml
  twinwrite check --failpoint engine/ack-before-save
  twinwrite check --self-test    # plants every known bug and looks for it
  twinwrite check --exhaustive   # every schedule of the smallest worlds`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.scenario = args[0]
			}
			subject, err := subjectOf(cmd, f.scenario)
			if err == nil {
				err = f.reportable()
			}
			switch {
			case err != nil:
				return err
			case f.exhaustive:
				return f.runExhaustive(cmd)
			case f.selfTest:
				return f.runSelfTest(cmd, subject)
			}
			return f.run(cmd, subject)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&f.cases, "cases", 0, "number of cases; 1,000, and without end with --for")
	flags.DurationVar(&f.most, "for", 0, "time after which no new cases are drawn")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of all cases")
	flags.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "cases at the same time")
	flags.StringVar(&f.out, "out", filepath.Join("runs", "check"), "folder for cases that failed; those in it are run first")
	flags.StringVar(&f.junit, "junit", "", "also write the verdicts to a `file`, as JUnit XML")
	flags.StringVar(&f.store, "store", memoryStore, "where the engine keeps its state: "+memoryStore+" or "+sqliteStore+"; the other must give the same")
	flags.BoolVar(&f.quiet, "quiet", false, "no progress")
	flags.BoolVar(&f.selfTest, "self-test", false, "plant each known bug in turn, in up to --cases cases (2,000), and show whether the property that must break catches it; with a scenario, list what its maps do not show")
	flags.BoolVar(&f.exhaustive, "exhaustive", false, "look at every schedule of the smallest worlds: one record, two edits, one fault")
	flags.StringVar(&f.shard, "shard", "", "search a share of the cases only, as `i/n`: the i-th of n machines, each with a seed of its own")
	failpointFlag(cmd, &f.failpoints)
	return cmd
}

// noEnd is how many cases are drawn when only time limits them.
const noEnd = math.MaxInt32

// subjectOf returns what is checked: the maps of a scenario, or the program's own.
func subjectOf(cmd *cobra.Command, name string) (*check.Subject, error) {
	if name == "" || name == check.OwnSubject().Name {
		return check.OwnSubject(), nil
	}
	s, err := load(cmd, name, nil)
	if err != nil {
		return nil, err
	}
	return check.FromScenario(s), nil
}

func (f *checkFlags) run(cmd *cobra.Command, subject *check.Subject) error {
	files, err := newShelf()
	if err != nil {
		return exit{exitInternal, fmt.Errorf("make a folder for stores: %w", err)}
	}
	defer func() { _ = files.clear() }() // what is left there is of no use to anybody
	c, err := f.campaign(cmd, subject, files)
	if err != nil {
		return usage(err)
	}
	ctx, stop := f.within(cmd.Context())
	defer stop()
	started := time.Now()
	sum, err := c.Run(ctx)
	if err != nil {
		return exit{exitInternal, err}
	}
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: %d cases, %d events in %v: %.0f cases/s\n",
			sum.Cases, sum.Events, time.Since(started).Round(10*time.Millisecond), float64(sum.Cases)/time.Since(started).Seconds())
	}
	found, err := f.tell(&c, sum.Failure)
	f.print(cmd.OutOrStdout(), sum, found) // first: what was found is there, whatever cannot be written
	if err = errors.Join(err, f.writeJUnit(sum, found)); err != nil {
		return exit{exitInternal, err}
	}
	switch {
	case cmd.Context().Err() != nil:
		return exit{code: exitInterrupted}
	case sum.Failure != nil:
		return exit{code: exitViolated}
	case sum.Cases == 0:
		return exit{exitInconclusive, errors.New("no case was run\n  hint: give it more time with --for")}
	case sum.Passed() == 0:
		return exit{exitInconclusive, errors.New("no case had what it was for, so that nothing is shown\n  hint: run more with --cases")}
	default:
		return nil
	}
}

// finding is the failure of a search, and what is told of it.
type finding struct {
	*check.Failure
	story string     // empty: it could not be told
	left  check.Kept // without a path: it could not be kept
}

// tell tells a failure and keeps it; nil where there is none. With an error it returns
// what it has.
func (f *checkFlags) tell(c *check.Campaign, failure *check.Failure) (*finding, error) {
	if failure == nil {
		return nil, nil
	}
	found := &finding{Failure: failure}
	story, told := check.Tell(c.Subject, failure.Smallest(), c.Plan, &failure.Property)
	if told == nil {
		found.story = story.Text()
	}
	left, kept := f.folder().Keep(c, failure)
	if kept == nil {
		found.left = left
	}
	return found, errors.Join(told, kept)
}

// reportable finds out before anything is searched that a report could not be written.
func (f *checkFlags) reportable() error {
	dir := filepath.Dir(f.junit)
	if at, err := os.Stat(dir); f.junit != "" && (err != nil || !at.IsDir()) {
		return usage(fmt.Errorf("--junit %s: there is no folder %s\n  hint: make it first, or name another", f.junit, dir))
	}
	return nil
}

// needless refuses flags that a way to check has no use for.
func needless(cmd *cobra.Command, way string, flags ...string) error {
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("%s, so that --%s has nothing to say\n  hint: leave one of the two out", way, name)
		}
	}
	return nil
}

// within ends with the time that --for gives.
func (f *checkFlags) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.most > 0 {
		return context.WithTimeout(ctx, f.most)
	}
	return context.WithCancel(ctx)
}

// campaign turns the flags into a campaign.
func (f *checkFlags) campaign(cmd *cobra.Command, subject *check.Subject, files *shelf) (check.Campaign, error) {
	c := check.Campaign{Subject: subject, Seed: f.seed, Cases: f.cases, Jobs: f.jobs}
	points, err := parseFailpoints(f.failpoints)
	if err != nil {
		return c, err
	}
	c.Plan.Bugs = points
	switch {
	case f.jobs < 1:
		return c, fmt.Errorf("--jobs is %d\n  hint: how many cases go at the same time, at least 1", f.jobs)
	case f.cases < 0 || cmd.Flags().Changed("cases") && f.cases == 0:
		return c, fmt.Errorf("--cases is %d\n  hint: at least 1", f.cases)
	case f.most < 0 || cmd.Flags().Changed("for") && f.most == 0:
		return c, fmt.Errorf("--for is %v\n  hint: a time such as 10m", f.most)
	case f.cases == 0 && f.most > 0:
		c.Cases = noEnd
	}
	if f.shard != "" {
		shard, err := runs.ParseShard(f.shard)
		if err != nil {
			return c, fmt.Errorf("--shard: %w", err)
		}
		c.Seed, c.Cases = shardOf(f.seed, c.Cases, shard)
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: shard %v of seed %d: --seed %d --cases %d\n", shard, f.seed, c.Seed, c.Cases)
	}
	if c.Plan.Store, c.OtherStore, err = files.named(f.store); err != nil {
		return c, err
	}
	if c.Corpus, err = f.corpus(cmd.ErrOrStderr(), subject); err != nil {
		return c, err
	}
	if !f.quiet {
		c.Progress = newCaseProgress(cmd.ErrOrStderr()).update
	}
	return c, nil
}

// shardOf gives a shard's own search. What one search has seen steers what it
// draws next, so that a search cannot be divided; but two of other seeds are as
// good as one that is twice as long.
func shardOf(seed uint64, cases int, s runs.Shard) (uint64, int) {
	if cases == 0 {
		cases = check.DefaultCases
	}
	if cases != noEnd {
		cases = max(1, (cases+s.Of-s.Number)/s.Of)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %v", seed, s))
	return binary.LittleEndian.Uint64(sum[:8]), cases
}

// corpus reads the cases that failed before. One that asks for what the maps do not have
// any more is left out, with a warning: it shows nothing of them, and stops no search.
func (f *checkFlags) corpus(warnings io.Writer, subject *check.Subject) ([]*check.Case, error) {
	cases, err := f.folder().Cases(subject, func(path string, misfit error) {
		fmt.Fprintf(warnings, "twinwrite: %s is left out, as it does not fit the maps: %v\n  hint: write the new names into the file, or remove it\n", path, misfit)
	})
	if err != nil {
		return nil, fmt.Errorf("%w\n  hint: remove the file, or choose another folder with --out", err)
	}
	return cases, nil
}

func (f *checkFlags) print(w io.Writer, s *check.Summary, found *finding) {
	fmt.Fprintf(w, "%s of %s, seed %d: %s\n", plural(s.Cases, "case"), s.Subject, s.Seed, plural(s.Timelines, "different timeline"))
	if short := cutText(s); short != "" {
		fmt.Fprintf(w, "The search was cut short: %s.\n", short)
	}
	fmt.Fprintln(w)
	for _, p := range s.Properties {
		fmt.Fprintf(w, "  %-12s %-16s %s\n", verdict(&p), p.ID, countText(&p))
	}
	if found == nil {
		printBlanks(w, s)
		if shown := s.Shown(); shown != "" {
			fmt.Fprintf(w, "\n%s\n", shown)
		}
		return
	}
	fmt.Fprintf(w, "\n%v\n", found.Property)
	for _, p := range found.Besides() {
		fmt.Fprintf(w, "%v\n", p)
	}
	fmt.Fprintf(w, "\n%s\n%s", found.size(), found.happened())
	left := found.left
	if left.Path == "" {
		return
	}
	fmt.Fprintf(w, "\nAs a picture:  %s\n", check.PicturePath(left.Path))
	if left.Test == nil {
		fmt.Fprintln(w, "As a Go test:  none, since the case held when it was run once more")
	} else {
		fmt.Fprintf(w, "As a Go test:  %s\n", check.GoTestPath(left.Path))
		fmt.Fprintf(w, "    to run it  %s\n", testLine(left.Test))
		fmt.Fprintf(w, "    it needs   to lie inside a Go module that requires %s\n", check.Module)
	}
	fmt.Fprintf(w, "See it again:  %s\n", f.replayLine(left.Path))
}

// size tells how small the case became.
func (f *finding) size() string {
	return fmt.Sprintf("The smallest case that shows it has %s (found with %s; %d runs to make it small).",
		sizeText(f.Smallest()), sizeText(f.Case), f.Tries)
}

// happened tells what happened in the smallest case.
func (f *finding) happened() string {
	if f.story == "" {
		return ""
	}
	return "\nWhat happened, in true time:\n\n" + f.story
}

// text is what a report holds of a property that the case breaks; empty where it does not.
func (f *finding) text(id string, flags *checkFlags) string {
	if f.Property.ID != id {
		for _, p := range f.Besides() {
			if p.ID == id {
				return p.String()
			}
		}
		return ""
	}
	text := fmt.Sprintf("%v\n%s\n%s\nThe case:\n\n%s", f.Property, f.size(), f.happened(), f.Smallest().Encode())
	if f.left.Path != "" {
		text += "\nSee it again:  " + flags.replayLine(f.left.Path) + "\n"
	}
	return text
}

// cutText says why not all cases were run that were asked for; empty where all were. Who
// gives a time alone has asked for what fits into it.
func cutText(s *check.Summary) string {
	switch {
	case s.Cut == "":
		return ""
	case s.Of < noEnd:
		return fmt.Sprintf("%s after %d of %s", s.Cut, s.Cases, plural(s.Of, "case"))
	case s.Cut == check.TimeOver:
		return ""
	default:
		return fmt.Sprintf("%s after %s", s.Cut, plural(s.Cases, "case"))
	}
}

// blanksShown is how many of the things that no case met are named.
const blanksShown = 12

// printBlanks tells how much of what cases are for came about, and what did not:
// few cases leave many blanks, and the self-test demands that many leave none.
func printBlanks(w io.Writer, s *check.Summary) {
	if s.Cases == 0 {
		return
	}
	of, blanks := 0, []string(nil)
	for _, m := range s.Reached.Marks {
		if m.Instead != "" {
			continue
		}
		if of++; m.Cases == 0 {
			blanks = append(blanks, m.Name)
		}
	}
	fmt.Fprintf(w, "\nOf %d outcomes, faults, crash points and limits, the cases met %d.\n", of, of-len(blanks))
	switch {
	case len(blanks) > blanksShown:
		fmt.Fprintf(w, "Not met: %s and %d more; more cases meet more.\n", strings.Join(blanks[:blanksShown], ", "), len(blanks)-blanksShown)
	case len(blanks) > 0:
		fmt.Fprintf(w, "Not met: %s.\n", strings.Join(blanks, ", "))
	}
}

// replayLine is the command that runs a failed case again.
func (f *checkFlags) replayLine(path string) string {
	l := lineOf("replay", path)
	if f.scenario != "" {
		l = l.with("--scenario", f.scenario)
	}
	if f.store != memoryStore {
		l = l.with("--store", f.store)
	}
	return l.with("--failpoint", f.failpoints...).String()
}

// verdict is that of a property over all cases.
func verdict(p *check.PropertyCount) result.Verdict {
	switch {
	case p.Violations > 0:
		return result.Fail
	case p.Cases == 0 && p.ID == check.NonVacuous:
		return result.Inconclusive
	case p.Cases == 0: // a report in JUnit XML shows it as skipped, and nothing as passed
		return result.NoOccasion
	default:
		return result.Pass
	}
}

func countText(p *check.PropertyCount) string {
	if p.Cases == 0 {
		return "was tested in no case"
	}
	text := fmt.Sprintf("tested %s in %s", plural(int(p.Checked), "time"), plural(p.Cases, "case"))
	if p.Violations > 0 {
		text += ", broken " + plural(int(p.Violations), "time")
	}
	return text
}

// sizeText tells how large a case is.
func sizeText(c *check.Case) string {
	edits, faults := plural(c.Edits(), "edit"), plural(len(c.Faults), "fault")
	if len(c.Operations) == 0 {
		return edits + " and " + faults
	}
	return edits + ", " + faults + " and " + plural(len(c.Operations), "operation")
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// writeJUnit writes the verdicts, and of the one that failed all that there is to know
// without the folder of cases.
func (f *checkFlags) writeJUnit(s *check.Summary, found *finding) error {
	if f.junit == "" {
		return nil
	}
	suite := junit.Suite{Name: "check." + s.Subject, Properties: []junit.Property{
		{Name: "seed", Value: fmt.Sprint(s.Seed)}, {Name: "cases", Value: fmt.Sprint(s.Cases)}, {Name: "timelines", Value: fmt.Sprint(s.Timelines)},
	}}
	if short := cutText(s); short != "" {
		suite.Properties = append(suite.Properties, junit.Property{Name: "cut", Value: short})
	}
	for i := range s.Properties {
		p := &s.Properties[i]
		c := junit.Case{Name: p.ID, Class: "property", Verdict: verdict(p), Message: countText(p)}
		if found != nil {
			c.Text = found.text(p.ID, f)
		}
		suite.Cases = append(suite.Cases, c)
	}
	return writeFile(f.junit, suite.Write)
}

// terms say at which passes a failpoint fires.
const (
	third = "2*off->1*return(true)"
	terms = "Without terms it fires at every pass; " + third + " fires at the third only."
)

// failpointFlag adds --failpoint to a command.
func failpointFlag(cmd *cobra.Command, texts *[]string) {
	cmd.Flags().StringArrayVar(texts, "failpoint", nil, "plant a bug, as `name[=terms]`; may be repeated. "+terms+" Names: "+strings.Join(engine.Plants(), ", "))
}

// parseFailpoints reads the bugs that a user asks for.
func parseFailpoints(texts []string) ([]fault.Point, error) {
	var points []fault.Point
	var faults []error
	for _, text := range texts {
		p, err := fault.Parse(text)
		points, faults = append(points, p), append(faults, err)
	}
	err := errors.Join(faults...)
	if err == nil {
		err = runs.CheckFailpoints(points)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n  hint: 'twinwrite run --help' lists the names, and says what terms are", err)
	}
	return points, nil
}
