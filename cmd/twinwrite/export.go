package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/store"
	"github.com/twinwrite/twinwrite/reports/tables"
)

func exportCommand() *cobra.Command {
	var format, out string
	formats := append(tables.Formats(), "sqlite")
	cmd := &cobra.Command{
		Use:   "export RUN [TABLE]",
		Short: "get the stored results of a run out, as CSV, JSON, Markdown or SQLite",
		Long: `export writes a table of a run folder's results; without one it lists the tables.
With --format sqlite it copies the whole results file, for plain SQL. What the
columns mean is written in the file itself: its tables carry comments.`,
		Example: `  twinwrite export runs/month-end-bdccb1b3
  twinwrite export runs/month-end-bdccb1b3 outcomes --format csv
  twinwrite export runs/month-end-bdccb1b3 convergence_seconds --format csv --out convergence.csv
  twinwrite export runs/month-end-bdccb1b3 --format sqlite --out results.sqlite`,
		Args: one("run folder", 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, format) {
				return usage(fmt.Errorf("--format is %q\n  hint: %s", format, strings.Join(formats, ", ")))
			}
			path := filepath.Join(args[0], reports.ResultsFile)
			if format == "sqlite" {
				if len(args) > 1 || out == "" {
					return usage(errors.New("as SQLite the whole results file is copied\n  hint: name no table, and the file with --out"))
				}
				return copyResults(path, out)
			}
			var table tables.Table
			var err error
			if len(args) == 1 {
				table, err = store.List(path)
			} else {
				table, err = store.Table(path, args[1])
			}
			switch {
			case errors.Is(err, store.ErrTable):
				return usage(err)
			case err != nil:
				return unread(args[0], fmt.Errorf("read results in %s: %w", args[0], err))
			}
			return deliver(cmd, out, func(w io.Writer) error { return table.Write(w, format) })
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "the form: "+strings.Join(formats, ", "))
	outFlag(cmd, &out)
	return cmd
}

func copyResults(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return unread(filepath.Dir(from), err)
	}
	defer source.Close() //nolint:errcheck // it is only read
	if err := writeFile(to, func(w io.Writer) error { _, err := io.Copy(w, source); return err }); err != nil {
		return exit{exitInternal, err}
	}
	return nil
}
