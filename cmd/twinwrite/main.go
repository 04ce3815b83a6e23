// Command twinwrite runs scenarios of dual-write and reports when, and in what
// state, finance & operations and Dataverse agree.
//
// One file holds one verb. This is the only place of the program that reads
// the real clock, the environment, the processor count or a default seed.
// Results go to stdout; progress, warnings and errors go to stderr.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes. When several apply, [urgency] says which counts.
const (
	exitHolds        = 0
	exitFailed       = 1
	exitUsage        = 2
	exitViolated     = 3
	exitInconclusive = 4
	exitInvalid      = 5
	exitNotRepeated  = 6
	exitInternal     = 70
	exitInterrupted  = 130
)

// exitMeanings say what each exit code means, and what to do then.
var exitMeanings = []struct {
	code           int
	means, whatNow string
}{
	{exitHolds, "all hold", "nothing"},
	{exitFailed, "an expectation failed", "read what was measured beside it; the report has the reasons"},
	{exitUsage, "usage", "the last lines say what is wrong with the command, and give a hint"},
	{exitViolated, "a property was violated", "a change was lost or went astray: the report names the record, 'twinwrite explain' tells its story"},
	{exitInconclusive, "inconclusive", "nothing failed, and something is not decided: the note beside it says why; more runs (--runs) or a longer run help where too little came up"},
	{exitInvalid, "scenario invalid", "every fault is named with its line; 'twinwrite validate' shows them without running"},
	{exitNotRepeated, "not reproducible", "another version of the program, another scenario or other failpoints: run it again"},
	{exitInternal, "internal error", "the message, the seed and the scenario make a report that can be followed"},
	{exitInterrupted, "interrupted, partial results kept", "the folder that ends in -partial holds what there was; the same command goes on from there"},
}

// exitText lists the exit codes for the help.
func exitText() string {
	var parts []string
	for _, e := range exitMeanings {
		parts = append(parts, fmt.Sprintf("%d %s", e.code, e.means))
	}
	return "Exit codes: " + strings.Join(parts, " · ")
}

// exit carries an exit code through cobra, with what to say about it.
type exit struct {
	code int
	err  error // nil: everything was said already
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute runs one command line and returns the exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := rootCommand(stdout, stderr)
	root.SetArgs(args)
	var p profiles
	p.add(root)
	command, err := root.ExecuteContextC(ctx)
	if profile := p.end(); profile != nil {
		err = errors.Join(err, exit{exitInternal, fmt.Errorf("write profile: %w", profile)})
	}
	if err == nil {
		return exitHolds
	}
	var e exit
	if !errors.As(err, &e) {
		e = exit{exitUsage, fmt.Errorf("%w\n  hint: see '%s --help'", err, command.CommandPath())}
	}
	if e.err != nil {
		fmt.Fprintf(stderr, "twinwrite: %v\n", e.err)
	}
	return e.code
}

func rootCommand(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "twinwrite",
		Short: "when, and in what state, do finance & operations and Dataverse agree?",
		Long: `twinwrite runs the dual-write async engine between two modelled systems in
virtual time, checks that no change is lost, and draws what an architect needs
to decide.

Start with:  twinwrite run month-end

` + exitText(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(runCommand(), compareCommand(), sweepCommand(), mergeCommand(), checkCommand(), replayCommand(), explainCommand(), outcomesCommand(), reportCommand(), plotCommand(), exportCommand(), traceCommand(), validateCommand(), planCommand(),
		scenariosCommand(), initCommand(), catalogCommand(), schemaCommand(), versionCommand())
	return root
}

// flagError tells of a flag's value that is none what the flag takes.
func flagError(_ *cobra.Command, err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	flag := bad.GetFlag()
	form := map[string]string{
		"int": "a whole number", "uint64": "a whole number, 0 or more", "duration": "a time such as 10m", "bool": "true or false",
	}[flag.Value.Type()]
	if form == "" {
		return err
	}
	_, about := pflag.UnquoteUsage(flag)
	return usage(fmt.Errorf("--%s is %q\n  hint: %s; %s", flag.Name, bad.GetValue(), form, about))
}
