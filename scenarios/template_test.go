package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
)

// withTemplate is a scenario whose maps come from the catalog.
const withTemplate = `schema: twinwrite/v1
name: from-the-catalog
time: {start: 2026-01-31T08:00:00Z, run: 4h}
%s
workload:
  - {name: edits, side: finops, arrivals: {rate: 2/m}, transaction: [{map: %s, update: 1}]}
`

// TestTemplates reads every template and every map of the catalog, and the resolved
// form of each again.
func TestTemplates(t *testing.T) {
	t.Parallel()
	read := func(t *testing.T, maps, edited string) *Scenario {
		t.Helper()
		s := parse(t, fmt.Sprintf(withTemplate, maps, edited))
		again := parse(t, string(s.Resolved()))
		if diff := cmp.Diff(string(s.Resolved()), string(again.Resolved())); diff != "" {
			t.Errorf("resolved and read again (-first +again):\n%s", diff)
		}
		return s
	}
	for _, of := range catalog.Templates() {
		t.Run(of.Name, func(t *testing.T) {
			t.Parallel()
			s := read(t, "template: "+of.Name, of.Sequence[0])
			var names, leads []string
			for _, m := range s.Maps {
				names = append(names, m.Name)
			}
			if diff := cmp.Diff(of.Sequence, names); diff != "" {
				t.Errorf("maps (-want +got):\n%s", diff)
			}
			if len(s.Jobs) != 1 || s.Jobs[0].Primary != of.Primary || len(s.Jobs[0].Sequence) != len(names) || s.Jobs[0].Name != of.Name {
				t.Errorf("jobs: %+v", s.Jobs)
			}
			for _, o := range s.Open {
				leads = append(leads, strings.Split(o.Leads, ", ")...)
			}
			slices.Sort(leads)
			want := slices.DeleteFunc(slices.Sorted(slices.Values(of.Open)), func(m string) bool { return m == catalog.Companies })
			if diff := cmp.Diff(want, slices.Compact(leads)); diff != "" {
				t.Errorf("open lookups (-want +got):\n%s", diff)
			}
			for _, in := range s.Inputs() {
				if strings.HasPrefix(in.Path, "maps."+names[0]+".finops") && (in.Given || !strings.Contains(in.Source, "documented: ") && !strings.Contains(in.Source, "not published")) {
					t.Errorf("%+v", in)
				}
			}
		})
	}
	lookups := 0
	for _, m := range catalog.Maps() {
		s := read(t, "maps: [{name: it, template: "+m.Name+"}]\njobs: [{name: one, primary: finops, sequence: [it]}]", "it")
		lookups += len(s.Open)
		if got := &s.Maps[0]; got.Company != m.Company() || got.FinOps != m.FinOps || len(got.Key) != len(m.Key) {
			t.Errorf("%s: %+v", m.Name, got)
		}
	}
	if lookups < 150 {
		t.Errorf("only %d lookups lead elsewhere", lookups)
	}
}

// TestTemplateOverrides: what the file says goes before what the catalog says.
func TestTemplateOverrides(t *testing.T) {
	t.Parallel()
	s := parse(t, fmt.Sprintf(withTemplate, `template: prospect-to-cash
maps:
  - {name: customers-v3-organizations, mode: live, without: [creditlimit, msdyn_vendor], columns: [{name: msdyn_onholdstatus, values: {codes: [[No, "0"]]}}, notes]}
  - {name: persons, template: customers-v3-persons, lookups: {msdyn_partyid: parties}}
jobs:
  - {name: all, primary: dataverse, sequence: [persons, `+strings.Join(templateSequence(t, "prospect-to-cash"), ", ")+`]}`, "persons"),
		"maps.sales-order-headers.direction=to-finops")
	find := func(name string) *Map {
		i := slices.IndexFunc(s.Maps, func(m Map) bool { return m.Name == name })
		if i < 0 {
			t.Fatalf("there is no map %s", name)
		}
		return &s.Maps[i]
	}
	column := func(m *Map, name string) *Column {
		i := slices.IndexFunc(m.Columns, func(c Column) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		return &m.Columns[i]
	}
	customers := find("customers-v3-organizations")
	status := column(customers, "msdyn_onholdstatus")
	if customers.Mode != engine.Live || column(customers, "creditlimit") != nil || column(customers, "notes") == nil || status == nil ||
		!cmp.Equal(status.Values.Pairs, [][2]string{{"No", "0"}}) || column(customers, "msdyn_creditlimitismandatory") == nil {
		t.Errorf("customers: %+v", customers)
	}
	if slices.ContainsFunc(customers.Lookups, func(l Lookup) bool { return l.Column == "msdyn_vendor" }) || len(customers.Lookups) != 10 {
		t.Errorf("lookups of customers: %+v", customers.Lookups)
	}
	if f := customers.Filter; f.FinOps.Column != "partytype" || f.FinOps.Value != engine.Text("Organization") || f.Dataverse.Column != "customertypecode" {
		t.Errorf("filter of customers: %+v", f)
	}
	if c := column(customers, "partytype"); c == nil || !cmp.Equal(c.Contents, []string{"Organization"}) {
		t.Errorf("what users write to pass the filter: %+v", c)
	}
	orders := find("sales-order-headers")
	if orders.Direction != engine.ToFinOps || len(orders.Lookups) != 11 {
		t.Errorf("orders: %v, %d lookups", orders.Direction, len(orders.Lookups))
	}
	for _, l := range orders.Lookups {
		if l.Column == "customerid" && len(l.Maps) != 2 {
			t.Errorf("the customer of an order may be of the maps %v", l.Maps)
		}
	}
}

func templateSequence(t *testing.T, name string) []string {
	t.Helper()
	of, known := catalog.Standard().Template(name)
	if !known {
		t.Fatal(name)
	}
	return of.Sequence
}
