package main

import (
	"errors"
	"fmt"
	"os"
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
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := load(cmd, args[0], sets)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is valid: %d table maps, %d workloads, %d faults, %v of workload\n",
				s.Name, len(s.Maps), len(s.Workload), len(s.Faults), s.Time.Run)
			return nil
		},
	}
	setFlag(cmd, &sets)
	return cmd
}

func scenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "scenarios [NAME]",
		Short:   "list the scenarios that come with the program, or print one",
		Example: "  twinwrite scenarios\n  twinwrite scenarios month-end > my.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), strings.Join(scenarios.Names(), "\n"))
				return nil
			}
			src, err := scenarios.Builtin(args[0])
			if err != nil {
				return exit{exitUsage, err}
			}
			_, err = cmd.OutOrStdout().Write(src)
			return err
		},
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
	var faults scenarios.Errors
	switch {
	case err == nil:
		return s, nil
	case errors.As(err, &faults):
		return nil, exit{exitInvalid, err}
	case errors.Is(err, os.ErrNotExist):
		return nil, exit{exitUsage, fmt.Errorf("%w\n  hint: the scenarios that come with the program are: %s", err, strings.Join(scenarios.Names(), ", "))}
	default:
		return nil, exit{exitUsage, err}
	}
}
