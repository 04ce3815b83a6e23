package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports"
	"github.com/twinwrite/twinwrite/reports/plots"
)

func plotCommand() *cobra.Command {
	var format, out string
	var dark bool
	cmd := &cobra.Command{
		Use:   "plot RUN [NAME ...]",
		Short: "draw the pictures of a run folder again, as SVG or PNG",
		Long: `plot draws the pictures of a run folder again from its stored results, all of them
or those that are named. An SVG file follows the light or dark setting of whoever
looks at it; a PNG file is light, or dark with --dark. Comparisons, sweeps and tornados
keep no results to draw from: their folders have each picture in both forms.`,
		Example: `  twinwrite plot runs/month-end-bdccb1b3
  twinwrite plot runs/month-end-bdccb1b3 backlog --format png --dark --out slides`,
		Args: one("run folder", math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "svg" && format != "png" {
				return usage(fmt.Errorf("--format is %q\n  hint: svg or png", format))
			}
			if dark && format != "png" {
				return usage(errors.New("--dark is for PNG files\n  hint: add --format png; an SVG file follows its reader's setting"))
			}
			stored, err := storedRun(args[0])
			if err != nil {
				return err
			}
			drawn := reports.Of(stored.set).Plots()
			if drawn, err = named(drawn, args[1:]); err != nil {
				return usage(err)
			}
			if out == "" {
				out = filepath.Join(args[0], reports.PlotsFolder)
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return usage(fmt.Errorf("--out: %w\n  hint: choose a folder that can be written", err))
			}
			for _, p := range drawn {
				path := filepath.Join(out, p.Name+"."+format)
				err := writeFile(path, func(w io.Writer) error {
					if format == "png" {
						return p.WritePNG(w, dark)
					}
					return p.WriteSVG(w)
				})
				if err != nil {
					return exit{exitInternal, err}
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", path, p.Title)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "svg", "svg or png")
	flags.BoolVar(&dark, "dark", false, "dark PNG files")
	flags.StringVar(&out, "out", "", "folder for the files; by default that of the run folder's own pictures")
	return cmd
}

// named picks plots by name; all of them where no name is given.
func named(drawn []plots.Plot, names []string) ([]plots.Plot, error) {
	if len(names) == 0 {
		return drawn, nil
	}
	var known []string
	for _, p := range drawn {
		known = append(known, p.Name)
	}
	var picked []plots.Plot
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, fmt.Errorf("there is no picture %s of this run\n  hint: there are: %s", name, strings.Join(known, ", "))
		}
		picked = append(picked, drawn[i])
	}
	return picked, nil
}
