package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/reports/tables"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/expect"
)

// listing is one list of the catalog.
type listing struct {
	name, doc string
	head      []string // names of its columns
	line      string   // a row as people read it, in the form of fmt
	rows      func() ([][]any, error)
	show      func(w io.Writer, name string) bool // one entry in full; nil: the list says it all
}

var listings = []listing{
	{
		"maps", "table maps of dual-write, in dependency order",
		[]string{"map", "scope", "direction", "finops", "dataverse", "origin"},
		"%-34s %-7s %-12s %s - %s (%s)\n", mapRows, showMap,
	},
	{
		"templates", "sets of table maps, ready to become a job",
		[]string{"template", "title", "maps", "primary"},
		"%-30s %s (%d maps, primary %s)\n", templateRows, showTemplate,
	},
	{"scenarios", "scenarios that come with the program", []string{"scenario", "question"}, "%-18s %s\n", scenarioRows, nil},
	{"faults", "what can break in a scenario", []string{"fault", "effect"}, "%-24s %s\n", faultRows, nil},
	{"failpoints", "bugs that can be planted in the engine", []string{"failpoint"}, "%s\n", failpointRows, nil},
	{"metrics", "figures that expectations are about", []string{"metric", "aggregates", "meaning"}, "%s: %s\n  %s\n", metricRows, nil},
	{"properties", "contracts that every run is checked against", []string{"property", "contract"}, "%-16s %s\n", propertyRows, nil},
	{
		"assumptions", "numbers of the real systems: documented, derived or assumed, and from where",
		[]string{"basis", "parameter", "text"},
		"%-10s %-34s %s\n", assumptionRows, showParameter,
	},
	{"defaults", "defaults of the scenario language, and where each comes from", []string{"path", "value", "source"}, "%s: %s\n  %s\n", defaultRows, nil},
}

// write writes the list, as text or as a table.
func (l *listing) write(w io.Writer, format string) error {
	rows, err := l.rows()
	if err != nil {
		return exit{exitInternal, err}
	}
	if format != "text" {
		return tables.Table{Schema: "twinwrite/catalog-" + l.name + "/v1", Head: l.head, Rows: rows}.Write(w, format)
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, l.line, r...); err != nil {
			return err
		}
	}
	return nil
}

func catalogCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "catalog [LIST] [NAME]",
		Short: "look up maps, templates, faults, metrics, properties and assumptions",
		Long: `catalog prints what the program knows, each fact with its source. Lists:
` + listingList(),
		Example: `  twinwrite catalog
  twinwrite catalog maps
  twinwrite catalog maps customer-groups
  twinwrite catalog assumptions --format csv`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(tables.Formats(), format) {
				return usage(fmt.Errorf("--format is %q\n  hint: %s", format, strings.Join(tables.Formats(), ", ")))
			}
			return look(cmd.OutOrStdout(), format, args)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "how a list is printed: "+strings.Join(tables.Formats(), ", "))
	return cmd
}

// look prints what is asked for: what lists there are, one of them, or an entry.
func look(w io.Writer, format string, args []string) error {
	if len(args) != 1 && format != "text" {
		return usage(fmt.Errorf("--format %s is for a list\n  hint: name one, for example twinwrite catalog maps --format %s", format, format))
	}
	if len(args) == 0 {
		_, err := fmt.Fprintln(w, listingList())
		return err
	}
	i := slices.IndexFunc(listings, func(l listing) bool { return l.name == args[0] })
	if i < 0 {
		return usage(fmt.Errorf("there is no list %s\n  hint: there are:\n%s", args[0], listingList()))
	}
	switch l := &listings[i]; {
	case len(args) == 1:
		return l.write(w, format)
	case l.show == nil:
		return usage(fmt.Errorf("%s are shown as a list only\n  hint: twinwrite catalog %s", l.name, l.name))
	case !l.show(w, args[1]):
		return usage(fmt.Errorf("%s has no %s\n  hint: twinwrite catalog %s lists them", l.name, args[1], l.name))
	}
	return nil
}

func listingList() string {
	var b strings.Builder
	for _, s := range listings {
		fmt.Fprintf(&b, "  %-12s %s\n", s.name, s.doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func mapRows() (rows [][]any, _ error) {
	for _, m := range catalog.Maps() {
		origin := "documented: " + strings.Join(m.Sources, ", ")
		if !m.Published() {
			origin = "columns assumed; " + origin
		}
		rows = append(rows, []any{m.Name, m.DataverseScope.String(), m.Direction.String(), m.FinOps, m.Dataverse, origin})
	}
	return rows, nil
}

func showMap(w io.Writer, name string) bool {
	m, ok := catalog.Find(name)
	if !ok {
		return false
	}
	fmt.Fprintf(w, "%s: %s\n%s - %s, %s, %s, key %s\n", m.Name, m.Title, m.FinOps, m.Dataverse, m.DataverseScope, m.Direction, strings.Join(m.Key, "+"))
	for _, c := range m.Columns {
		fmt.Fprintf(w, "  %-40s %-12s %s", cmp.Or(c.FinOps, "-"), c.Direction, cmp.Or(c.Dataverse, "-"))
		switch c.Transform {
		case catalog.ValueMap:
			fmt.Fprintf(w, "  value map %s", c.Values)
		case catalog.Default, catalog.Constant:
			fmt.Fprintf(w, "  %s %q", c.Transform, c.Default)
		}
		fmt.Fprintln(w)
	}
	for _, l := range m.Lookups {
		fmt.Fprintf(w, "  lookup %s -> %s\n", l.Column, strings.Join(l.Targets, ", "))
	}
	for _, side := range engine.Sides {
		if f := m.Filter[side]; f != "" {
			fmt.Fprintf(w, "  filter on %s: %s\n", side, f)
		}
	}
	for _, a := range m.Assumed {
		fmt.Fprintf(w, "  assumed: %s: %s\n", a.What, a.Why)
	}
	notes(w, m.Notes, nil, m.Sources)
	return true
}

func templateRows() (rows [][]any, _ error) {
	for _, t := range catalog.Templates() {
		rows = append(rows, []any{t.Name, t.Title, uint64(len(t.Sequence)), t.Primary.String()})
	}
	return rows, nil
}

func showTemplate(w io.Writer, name string) bool {
	t, ok := catalog.Standard().Template(name)
	if !ok {
		return false
	}
	fmt.Fprintf(w, "%s: %s\nprimary %s\n", t.Name, t.Title, t.Primary)
	for i, m := range t.Sequence {
		fmt.Fprintf(w, "  %2d %s\n", i+1, m)
	}
	if len(t.Open) > 0 {
		fmt.Fprintf(w, "  looked up and carried elsewhere: %s\n", strings.Join(t.Open, ", "))
	}
	for _, a := range t.Assumed {
		fmt.Fprintf(w, "  assumed: %s: %s\n", a.What, a.Why)
	}
	notes(w, append(slices.Clone(t.Needs), t.Notes...), nil, t.Sources)
	return true
}

func scenarioRows() (rows [][]any, _ error) {
	for _, name := range scenarios.Names() {
		s, _, err := scenarios.Load(name)
		if err != nil {
			return nil, err
		}
		rows = append(rows, []any{name, s.Purpose})
	}
	return rows, nil
}

func faultRows() (rows [][]any, _ error) {
	for _, f := range scenarios.FaultKinds() {
		rows = append(rows, []any{f.Name, f.Doc})
	}
	return rows, nil
}

func failpointRows() (rows [][]any, _ error) {
	for _, name := range engine.Plants() {
		rows = append(rows, []any{name})
	}
	return rows, nil
}

func metricRows() (rows [][]any, _ error) {
	for _, m := range expect.Metrics() {
		name := m.Name
		if len(m.Labels) > 0 {
			name += "{" + strings.Join(m.Labels, ", ") + "}"
		}
		rows = append(rows, []any{name, strings.Join(m.Aggregates(), ", "), m.Doc})
	}
	return rows, nil
}

func propertyRows() (rows [][]any, _ error) {
	for _, c := range oracle.Contracts() {
		rows = append(rows, []any{c.ID, c.Text})
	}
	return rows, nil
}

func assumptionRows() (rows [][]any, _ error) {
	for _, p := range catalog.Parameters() {
		rows = append(rows, []any{p.Basis.String(), p.Name, parameterText(p)})
	}
	return rows, nil
}

// parameterText is what a parameter says, in one line.
func parameterText(p catalog.Parameter) string {
	text := p.Title
	switch {
	case p.Value != "":
		text += ": " + strings.TrimSpace(p.Value+" "+p.Unit)
	case p.Rule != "":
		text += ": " + p.Rule
	default:
		text += ": not published"
		if said := begun(p.Paths); said != "" {
			text += "; where a scenario says nothing, " + said
		}
	}
	if len(p.Sources) > 0 {
		text += " (" + strings.Join(p.Sources, ", ") + ")"
	}
	return text
}

// begun says what settings are where a scenario does not set them.
func begun(paths []string) string {
	var said []string
	for _, d := range scenarios.Defaults() {
		if slices.Contains(paths, d.Path) {
			said = append(said, d.Path+" is "+d.Value)
		}
	}
	return strings.Join(said, ", ")
}

func showParameter(w io.Writer, name string) bool {
	all := catalog.Parameters()
	i := slices.IndexFunc(all, func(p catalog.Parameter) bool { return p.Name == name })
	if i < 0 {
		return false
	}
	p := all[i]
	fmt.Fprintf(w, "%s, %s\n%s\n", p.Name, p.Basis, parameterText(p))
	if len(p.Paths) > 0 {
		fmt.Fprintf(w, "  in a scenario: %s\n", strings.Join(p.Paths, ", "))
	}
	notes(w, p.Notes, p.Doubts, p.Sources)
	return true
}

func defaultRows() (rows [][]any, _ error) {
	for _, d := range scenarios.Defaults() {
		rows = append(rows, []any{d.Path, d.Value, d.Source})
	}
	return rows, nil
}

// notes prints remarks, doubts and where the facts come from.
func notes(w io.Writer, remarks, doubts, sources []string) {
	for _, n := range remarks {
		fmt.Fprintf(w, "  %s\n", n)
	}
	for _, d := range doubts {
		fmt.Fprintf(w, "  doubt: %s\n", d)
	}
	for _, name := range sources {
		if s, ok := catalog.Standard().Source(name); ok {
			fmt.Fprintf(w, "  source: %s, %s\n", s.Title, s.Where)
		}
	}
}
