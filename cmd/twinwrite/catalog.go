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
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/expect"
)

// listing is one list of the catalog.
type listing struct {
	name, doc string
	list      func(w io.Writer) error
	show      func(w io.Writer, name string) bool // one entry in full; nil: the list says it all
}

var listings = []listing{
	{"maps", "table maps of dual-write, in dependency order", listMaps, showMap},
	{"templates", "sets of table maps, ready to become a job", listTemplates, showTemplate},
	{"scenarios", "scenarios that come with the program", func(w io.Writer) error { return listScenarios(w) }, nil},
	{"faults", "what can break in a scenario", listFaults, nil},
	{"failpoints", "bugs that can be planted in the engine", listFailpoints, nil},
	{"metrics", "figures that expectations are about", listMetrics, nil},
	{"properties", "contracts that every run is checked against", listProperties, nil},
	{"assumptions", "numbers of the real systems: documented, derived or assumed, and from where", listAssumptions, showParameter},
	{"defaults", "defaults of the scenario language, and where each comes from", listDefaults, nil},
}

func catalogCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "catalog [LIST] [NAME]",
		Short: "look up maps, templates, faults, metrics, properties and assumptions",
		Long: `catalog prints what the program knows, each fact with its source. Lists:
` + listingList(),
		Example: `  twinwrite catalog
  twinwrite catalog maps
  twinwrite catalog maps customer-groups
  twinwrite catalog assumptions`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			if len(args) == 0 {
				_, err := fmt.Fprintln(w, listingList())
				return err
			}
			i := slices.IndexFunc(listings, func(s listing) bool { return s.name == args[0] })
			if i < 0 {
				return usage(fmt.Errorf("there is no list %s\n  hint: there are:\n%s", args[0], listingList()))
			}
			switch s := listings[i]; {
			case len(args) == 1:
				return s.list(w)
			case s.show == nil:
				return usage(fmt.Errorf("%s are shown as a list only\n  hint: twinwrite catalog %s", s.name, s.name))
			case !s.show(w, args[1]):
				return usage(fmt.Errorf("%s has no %s\n  hint: twinwrite catalog %s lists them", s.name, args[1], s.name))
			}
			return nil
		},
	}
}

func listingList() string {
	var b strings.Builder
	for _, s := range listings {
		fmt.Fprintf(&b, "  %-12s %s\n", s.name, s.doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func listMaps(w io.Writer) error {
	for _, m := range catalog.Maps() {
		origin := "documented: " + strings.Join(m.Sources, ", ")
		if !m.Published() {
			origin = "columns assumed; " + origin
		}
		fmt.Fprintf(w, "%-34s %-7s %-12s %s (%s)\n", m.Name, m.DataverseScope, m.Direction, m.FinOps+" - "+m.Dataverse, origin)
	}
	return nil
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

func listTemplates(w io.Writer) error {
	for _, t := range catalog.Templates() {
		fmt.Fprintf(w, "%-30s %s (%d maps, primary %s)\n", t.Name, t.Title, len(t.Sequence), t.Primary)
	}
	return nil
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

func listFaults(w io.Writer) error {
	for _, f := range scenarios.FaultKinds() {
		fmt.Fprintf(w, "%-24s %s\n", f.Name, f.Doc)
	}
	return nil
}

func listFailpoints(w io.Writer) error {
	for _, name := range engine.Plants() {
		fmt.Fprintln(w, name)
	}
	return nil
}

func listMetrics(w io.Writer) error {
	for _, m := range expect.Metrics() {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "{" + strings.Join(m.Labels, ", ") + "}"
		}
		fmt.Fprintf(w, "%s%s: %s\n  %s\n", m.Name, labels, strings.Join(m.Aggregates(), ", "), m.Doc)
	}
	return nil
}

func listProperties(w io.Writer) error {
	for _, c := range oracle.Contracts() {
		fmt.Fprintf(w, "%-16s %s\n", c.ID, c.Text)
	}
	return nil
}

func listAssumptions(w io.Writer) error {
	for _, p := range catalog.Parameters() {
		fmt.Fprintf(w, "%-10s %-34s %s\n", p.Basis, p.Name, parameterText(p))
	}
	return nil
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

func listDefaults(w io.Writer) error {
	for _, d := range scenarios.Defaults() {
		fmt.Fprintf(w, "%s: %s\n  %s\n", d.Path, d.Value, d.Source)
	}
	return nil
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
