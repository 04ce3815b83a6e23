package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/scenarios"
)

func validateCommand() *cobra.Command {
	var sets []string
	cmd := &cobra.Command{
		Use:     "validate SCENARIO",
		Short:   "check a scenario without running it",
		Example: "  twinwrite validate month-end\n  twinwrite validate my.yaml --set engine.workers=16",
		Args:    oneScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := load(cmd, args[0], sets)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is valid: %s, %s, %s, %s of work\n",
				s.Name, plural(len(s.Maps), "table map"), plural(len(s.Workload), "workload"), plural(len(s.Faults), "fault"), scenarios.WriteSpan(s.Time.Run))
			return nil
		},
	}
	setFlag(cmd, &sets)
	return cmd
}

func scenariosCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "scenarios [NAME]",
		Short: "list the scenarios that come with the program, print one, or take one over",
		Example: `  twinwrite scenarios
  twinwrite scenarios month-end
  twinwrite scenarios month-end --to mine    # then: twinwrite run mine/month-end.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return look(cmd.OutOrStdout(), "text", []string{"scenarios"})
			case to != "":
				written, err := scenarios.Extract(args[0], to)
				for _, path := range written {
					fmt.Fprintln(cmd.OutOrStdout(), path)
				}
				return usage(err)
			}
			src, err := scenarios.Builtin(args[0])
			if err != nil {
				return usage(fmt.Errorf("there is no scenario %s\n  hint: there are: %s", args[0], strings.Join(scenarios.Names(), ", ")))
			}
			_, err = cmd.OutOrStdout().Write(src)
			return err
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "write the scenario and its traces into a `folder`, to be changed and run")
	return cmd
}

// usage makes an error the user's, if there is one.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return exit{exitUsage, err}
}

// oneScenario demands one argument and says what it should be.
func oneScenario(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 1:
		return nil
	case 0:
		return usage(fmt.Errorf("which scenario?\n  hint: a file, or one of: %s", strings.Join(scenarios.Names(), ", ")))
	default:
		return usage(fmt.Errorf("one scenario at a time, not %d: %s\n  hint: name one of them", len(args), strings.Join(args, ", ")))
	}
}

// one demands a path, and most arguments with it; several paths side by side are what
// a shell makes of a star.
func one(what string, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		var paths []string
		for _, a := range args {
			if _, err := os.Stat(a); err == nil && filepath.Dir(a) == filepath.Dir(args[0]) {
				paths = append(paths, a)
			}
		}
		if len(paths) > 1 {
			return usage(fmt.Errorf("one %s at a time, not %d: %s\n  hint: a star stands for all of them; name one", what, len(paths), strings.Join(paths, ", ")))
		}
		return cobra.RangeArgs(1, most)(cmd, args)
	}
}

// setFlag adds --set to a command.
func setFlag(cmd *cobra.Command, sets *[]string) {
	cmd.Flags().StringArrayVar(sets, "set", nil, "override a setting, as `path=value`; may be repeated")
}

// load reads a scenario, says its warnings, and turns its faults into the exit
// code for them.
func load(cmd *cobra.Command, name string, sets []string) (*scenarios.Scenario, error) {
	s, warnings, err := scenarios.Load(name, sets...)
	for _, w := range warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: warning: %v\n", w)
	}
	return s, faulty(err)
}

// faulty turns the faults of a scenario into the exit code for them.
func faulty(err error) error {
	var faults scenarios.Errors
	switch {
	case err == nil:
		return nil
	case errors.As(err, &faults):
		return exit{exitInvalid, err}
	case errors.Is(err, os.ErrNotExist):
		return exit{exitUsage, fmt.Errorf("%w\n  hint: 'twinwrite init FILE' writes one to begin with; the scenarios that come with the program are: %s", err, strings.Join(scenarios.Names(), ", "))}
	default:
		return exit{exitUsage, err}
	}
}
