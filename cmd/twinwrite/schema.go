package main

import (
	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/scenarios"
)

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "print the JSON Schema of scenario files, for editors",
		Long: `schema prints the language of scenario files as a JSON Schema (draft 2020-12).
Save it, and begin a scenario with the line

  # yaml-language-server: $schema=scenario.schema.json

so that an editor completes keys, shows defaults, and marks what is unknown.
'twinwrite validate' knows more: units, names, and what several keys must
fulfil together.`,
		Example: "  twinwrite schema > scenario.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(scenarios.JSONSchema())
			return err
		},
	}
}
