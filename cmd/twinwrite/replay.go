package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

func replayCommand() *cobra.Command {
	var failpoints []string
	var scenario, kept string
	cmd := &cobra.Command{
		Use:   "replay CASE",
		Short: "run a case that check has written again, and compare it event by event",
		Long: `replay runs a case once more. If its recording lies beside it (the same name,
ending in .trace), every event must be the one that was recorded; the first that
is not is named, and the exit code is 6. Where a property compares two runs of a
case, such as one in each store, both are made. A case in which all holds, and that
did not have what it is for, such as a crash at a point that nothing passed, is
inconclusive, and the exit code is 4.`,
		Example: "  twinwrite replay runs/check/closed-books-1f0c2d3e.json",
		Args:    one("case", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			points, err := parseFailpoints(failpoints)
			if err != nil {
				return usage(err)
			}
			c, err := check.ReadCase(args[0])
			if err != nil {
				return usage(fmt.Errorf("%w\n  hint: name a file that 'twinwrite check' has written", err))
			}
			if scenario == "" {
				scenario = c.Subject
			}
			subject, err := subjectOf(cmd, scenario)
			if err != nil {
				return err
			}
			files, err := newShelf()
			if err != nil {
				return exit{exitInternal, fmt.Errorf("make a folder for stores: %w", err)}
			}
			defer func() { _ = files.clear() }() // what is left there is of no use to anybody
			plan := check.Plan{Bugs: points}
			var others check.Store
			if plan.Store, others, err = files.named(kept); err != nil {
				return usage(err)
			}
			return replay(cmd, args[0], subject, c, plan, others)
		},
	}
	cmd.Flags().StringVar(&scenario, "scenario", "", "`file` of the scenario whose maps the case is about; not needed for one that comes with the program")
	cmd.Flags().StringVar(&kept, "store", memoryStore, "where the engine keeps its state: "+memoryStore+" or "+sqliteStore)
	failpointFlag(cmd, &failpoints)
	return cmd
}

func replay(cmd *cobra.Command, path string, subject *check.Subject, c *check.Case, p check.Plan, others check.Store) error {
	recorded, err := os.ReadFile(check.TracePath(path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return exit{exitInternal, err}
	}
	out := cmd.OutOrStdout()
	var x *check.Execution
	if recorded == nil {
		fmt.Fprintln(out, "no recording lies beside it: it is run, and compared with nothing")
		x, err = check.Judge(subject, c, p, others)
	} else {
		x, err = check.Replay(subject, c, p, others, check.DecodeTrace(recorded))
	}
	var parted *check.DivergedError
	switch {
	case errors.As(err, &parted) && len(p.Bugs) == 0:
		return exit{exitNotRepeated, fmt.Errorf("%w\n  hint: perhaps it was found with --failpoint, which replay needs as well; another version of the program goes another way, too", err)}
	case errors.As(err, &parted):
		return exit{exitNotRepeated, fmt.Errorf("%w\n  hint: another version of the program, or other failpoints, go another way", err)}
	case err != nil:
		return exit{exitInvalid, err}
	}
	fmt.Fprintf(out, "%d events, digest %v", x.Events, x.Digest)
	if recorded != nil {
		fmt.Fprint(out, ": as recorded")
	}
	fmt.Fprint(out, "\n\n")
	missed := x.Vacuous()
	broken := slices.DeleteFunc(x.Properties, func(p oracle.Property) bool { return p.Verdict != oracle.Fail })
	var first *oracle.Property
	if len(broken) > 0 {
		first = &broken[0]
	}
	story, err := check.Tell(subject, c, p, first)
	if err != nil {
		return exit{exitInternal, err}
	}
	fmt.Fprintf(out, "%s\n", story.Text())
	for i := range broken {
		fmt.Fprintln(out, broken[i])
	}
	switch {
	case first != nil:
		return exit{code: exitViolated}
	case missed != "":
		return exit{exitInconclusive, fmt.Errorf("all properties hold, and the case did not have what it is for: %s", missed)}
	}
	fmt.Fprintln(out, "all properties hold")
	return nil
}
