package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/scenarios"
)

func initCommand() *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use:   "init FILE",
		Short: "write a commented scenario to begin with",
		Long: `init writes a scenario that runs as it is and says, line by line, what can be
changed. It never replaces a file. The scenario takes its name from the file.

Starters:
` + starterList(),
		Example: `  twinwrite init mine.yaml
  twinwrite init orders.yaml --from documents
  twinwrite run mine.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(fmt.Errorf("which file?\n  hint: twinwrite init mine.yaml"))
			}
			src := scenarios.Starter(from)
			if src == nil {
				return usage(fmt.Errorf("there is no starter %s\n  hint: there are:\n%s", from, starterList()))
			}
			if err := writeStarter(args[0], src); err != nil {
				return usage(err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n", args[0])
			fmt.Fprintf(cmd.ErrOrStderr(), "twinwrite: next: twinwrite run %s\n", quote(args[0]))
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "edits", "the `starter` to begin with")
	return cmd
}

func starterList() string {
	var b strings.Builder
	for _, s := range scenarios.Starters() {
		fmt.Fprintf(&b, "  %-10s %s\n", s.Name, s.Doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var (
	nameLine = regexp.MustCompile(`(?m)^name: [a-z-]+`)
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
)

// writeStarter writes a new file, and names the scenario after it.
func writeStarter(file string, src []byte) error {
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	if !nameForm.MatchString(name) {
		return fmt.Errorf("the scenario would be called %q\n  hint: name the file with letters, digits, - and _, for example mine.yaml", name)
	}
	src = nameLine.ReplaceAll(src, []byte("name: "+name))
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if os.IsExist(err) {
		return fmt.Errorf("%s exists\n  hint: choose another name, or remove it", file)
	}
	if err != nil {
		return fmt.Errorf("write scenario: %w", err)
	}
	if _, err := f.Write(src); err != nil {
		_ = f.Close() // the first error is the one to report
		return fmt.Errorf("write scenario: %w", err)
	}
	return f.Close()
}
