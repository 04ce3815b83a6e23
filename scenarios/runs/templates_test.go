package runs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/catalog"
	"github.com/twinwrite/twinwrite/scenarios"
)

// TestTemplatesRun lets users of both sides work on all maps of each template: what
// the catalog says of columns, codes, filters and lookups fits together, so that
// nothing fails and both sides agree in the end.
func TestTemplatesRun(t *testing.T) {
	t.Parallel()
	for _, of := range catalog.Templates() {
		t.Run(of.Name, func(t *testing.T) {
			t.Parallel()
			steps := [2][]string{}
			for _, name := range of.Sequence {
				m, _ := catalog.Find(name)
				for _, side := range engine.Sides {
					if m.Direction == catalog.Both || (m.Direction == catalog.ToDataverse) == (side == engine.FinOps) {
						steps[side] = append(steps[side], fmt.Sprintf("{map: %s, create: 1}, {name: again-%s, map: %s, update: 1}", name, name, name))
					}
				}
			}
			src := "schema: twinwrite/v1\nname: catalog\ntime: {start: 2026-02-02T08:00:00Z, run: 30m, drain: 30m}\ntemplate: " + of.Name + "\nworkload:\n"
			for side, all := range steps {
				if len(all) > 0 {
					src += fmt.Sprintf("  - {name: users-%d, side: %s, arrivals: {rate: 1/m}, transaction: [%s]}\n", side, engine.Side(side), strings.Join(all, ", "))
				}
			}
			src = strings.ReplaceAll(src, "}, {", "},\n      {") // a line has its limit
			r := observed(t, src)
			for _, e := range r.Errors {
				if e.Class == "application" || e.Class == "system" {
					t.Errorf("%s: %s, such as %s", e.Map, e.Message, e.Example)
				}
			}
			for _, m := range r.Maps {
				if m.Divergent > 0 || m.Captured == [2]uint64{} || m.Converged < 10 {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}

// TestPolymorphicLookups: a lookup that names records of several maps names some of
// each, and waits for them.
func TestPolymorphicLookups(t *testing.T) {
	t.Parallel()
	const src = `schema: twinwrite/v1
name: buyers
time: {start: 2026-02-02T08:00:00Z, run: 1h, drain: 30m}
maps:
  - {name: organizations, finops: A, dataverse: accounts, key: [a], columns: [name]}
  - {name: persons, finops: B, dataverse: contacts, key: [b], columns: [name]}
  - {name: orders, finops: O, dataverse: salesorders, key: [o], lookups: {buyer: [organizations, persons]}}
jobs: [{name: sales, primary: finops, sequence: [orders, organizations, persons]}]
records:
  - {name: firm, map: organizations, finops: 5}
  - {name: person, map: persons, finops: 5}
workload:
  - {name: entry, side: finops, arrivals: {rate: 2/m}, transaction: [{map: orders, create: 1}]}
`
	r := observed(t, src)
	for _, m := range r.Maps[:2] { // looked up, they are pulled
		if m.Alive[1] < 3 {
			t.Errorf("orders have brought %d of 5 %s along", m.Alive[1], m.Map)
		}
	}
	if orders := r.Maps[2]; orders.Converged < 80 || orders.Divergent > 0 {
		t.Errorf("%+v", orders)
	}
	s, _, err := scenarios.Parse("test.yaml", []byte(src), nil)
	if err != nil {
		t.Fatal(err)
	}
	if l := Tables(s)[2].Columns[0].Lookups; len(l) != 2 {
		t.Errorf("the engine sees the maps %v", l)
	}
}
