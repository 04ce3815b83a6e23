package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
)

// printed are the forms in which run prints its results, written those that are
// files.
var (
	printed = []string{"text", "json", "markdown"}
	written = append(slices.Clone(printed), "html", "junit")
)

// render writes the results of a scenario in one form. The text names the
// report in dir, where one has just been written.
func render(w io.Writer, r *reports.Report, format, dir string) error {
	switch format {
	case "json":
		return r.WriteJSON(w)
	case "markdown":
		return r.Markdown(w)
	case "html":
		return r.Page(w)
	case "junit":
		return r.JUnit().Write(w)
	default:
		return r.Terminal(w, reports.TerminalOptions{Folder: dir, Width: width(w)})
	}
}

func reportCommand() *cobra.Command {
	var format, out string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "make the report of a run folder again, in another form",
		Long: `report makes the report of a run folder again from its stored results; nothing is
simulated. As text it is what 'twinwrite run' prints, as Markdown a comment for a
pull request, as JUnit what every continuous integration reads.`,
		Example: `  twinwrite report runs/month-end-bdccb1b3
  twinwrite report runs/month-end-bdccb1b3 --format markdown
  twinwrite report runs/month-end-bdccb1b3 --format html --out month-end.html`,
		Args: one("run folder", 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(written, format) {
				return usage(fmt.Errorf("--format is %q\n  hint: %s", format, strings.Join(written, ", ")))
			}
			stored, err := storedRun(args[0])
			if err != nil {
				return err
			}
			write := func(w io.Writer) error { return render(w, reports.Of(stored.set), format, "") }
			return deliver(cmd, out, write)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "the form: "+strings.Join(written, ", "))
	outFlag(cmd, &out)
	return cmd
}

// storedRun reads the results in the folder that a user names.
func storedRun(dir string) (*contender, error) {
	c, err := stored(dir)
	if err != nil {
		return nil, unread(dir, err)
	}
	return c, nil
}

// unread says what to do about results in a folder that cannot be read.
func unread(dir string, err error) error {
	hint := "the file is damaged or of another version: do the run again"
	if _, missing := os.Stat(filepath.Join(dir, reports.ResultsFile)); missing != nil {
		hint = "name the folder of a run, as 'twinwrite run' prints it"
	}
	return usage(fmt.Errorf("%w\n  hint: %s", err, hint))
}

// outFlag adds --out to a command that writes one thing.
func outFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVar(path, "out", "", "write to a `file` in place of stdout")
}

// deliver writes to a file, or to stdout where none is named.
func deliver(cmd *cobra.Command, path string, write func(io.Writer) error) error {
	var err error
	if path == "" {
		err = write(cmd.OutOrStdout())
	} else {
		err = writeFile(path, write)
	}
	if err != nil {
		return exit{exitInternal, err}
	}
	return nil
}
