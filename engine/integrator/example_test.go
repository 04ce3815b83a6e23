package integrator_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

// table is the least that a system must be: rows with a time and a version
// each, listed and upserted.
type table struct {
	m    *engine.TableMap
	rows []integrator.Row
}

func (t *table) write(now engine.Time, r *engine.Record) {
	r.Version = engine.Version(len(t.rows) + 1)
	t.rows = append(t.rows, integrator.Row{Record: r, Modified: integrator.LocalTime(now)})
}

func (t *table) answer(now engine.Time, eff *integrator.Effect) *integrator.Input {
	if eff.Kind == integrator.ListChanges {
		rows, more := eff.Listing.Take(slices.Clone(t.rows))
		return &integrator.Input{Kind: integrator.Listed, Request: eff.Request, Rows: rows, More: more}
	}
	for i := range eff.Upserts {
		t.write(now, eff.Upserts[i].Record(t.m, eff.Columns, nil))
	}
	return &integrator.Input{Kind: integrator.Written, Request: eff.Request, Results: make([]integrator.RowResult, len(eff.Upserts))}
}

// A project copies one row on its schedule. The clock of finance & operations
// is a second behind the integrator's, and a row that is committed half a second
// after the first run is never copied.
func ExampleCore() {
	customers, err := engine.NewTableMap(engine.TableMap{Name: "customers", Columns: []engine.Column{{Name: "name"}}})
	if err != nil {
		panic(err)
	}
	core, err := integrator.NewCore(integrator.Config{
		Maps:     []*engine.TableMap{customers},
		Projects: []integrator.Project{{Name: "customers", From: engine.FinOps, Tasks: []engine.MapID{customers.ID}, Every: time.Minute}},
	}, nil)
	if err != nil {
		panic(err)
	}
	sides := [2]*table{{m: customers}, {m: customers}}
	record := func(id string) *engine.Record {
		return &engine.Record{Key: &engine.Key{ID: id}, Alive: true, Values: []engine.Value{engine.Text("of " + id)}}
	}
	run := func(now engine.Time, in *integrator.Input) {
		for inputs := []*integrator.Input{in}; len(inputs) > 0; inputs = inputs[1:] {
			for _, eff := range core.Step(now, inputs[0]).Do { // a real driver saves first
				if eff.Kind != integrator.WakeAt {
					inputs = append(inputs, sides[eff.Side].answer(now, &eff))
				}
			}
		}
	}

	minute, behind := engine.Time(time.Minute), -time.Second
	sides[engine.FinOps].write(minute.Add(-time.Minute/2+behind), record("C1"))
	run(1, &integrator.Input{Kind: integrator.Started})
	run(minute, &integrator.Input{Kind: integrator.TimeReached})
	sides[engine.FinOps].write(minute.Add(time.Second/2+behind), record("C2"))
	run(2*minute, &integrator.Input{Kind: integrator.TimeReached})

	core.History(func(x *integrator.Execution) { fmt.Println(x.Project, x.Number, x.State, x.Upserts) })
	for _, row := range sides[engine.Dataverse].rows {
		fmt.Println("dataverse holds", row.Record.Key.ID)
	}
	// Output:
	// customers 1 Completed 1
	// customers 2 Completed 0
	// dataverse holds C1
}
