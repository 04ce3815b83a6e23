package check

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
)

// Subject is what is put to the test: table maps, and what may be refused.
type Subject struct {
	Name string
	Maps []Map // looked-up maps before those that look them up, where there is no circle
}

// Map is one table map of a [Subject] with what a generator must know of it.
type Map struct {
	// Table is the map as [engine.NewTableMap] takes it. Its ID, the numbers in
	// its Lookups are places in [Subject.Maps]; the case gives Sequence, Primary
	// and Granularity.
	Table   engine.TableMap
	Numbers []string // names of the columns that hold numbers; the others hold texts, or look up

	// Words are the texts that edits write, by column and side; where there are
	// none, a few letters.
	Words map[string][2][]string
}

// sound reports what is wrong with a subject, whatever the case: what nobody can draw
// a case of, and names that would be ignored.
func (s *Subject) sound() error {
	if s == nil || len(s.Maps) == 0 {
		return errors.New("the subject has no table maps: put them into Subject.Maps, or take those of a scenario with check.FromScenario")
	}
	var faults []error
	for i := range s.Maps {
		m := &s.Maps[i]
		if s.place(m.Table.Name) < i {
			faults = append(faults, fmt.Errorf("subject %s has two table maps %q: each needs a name of its own", s.Name, m.Table.Name))
		}
		faults = append(faults, m.known("Numbers", m.Numbers), m.known("Words", slices.Sorted(maps.Keys(m.Words))))
		for _, c := range m.Table.Columns {
			for _, target := range c.Lookups {
				if int(target) >= len(s.Maps) {
					faults = append(faults, fmt.Errorf("column %s of table map %s looks up number %d of Subject.Maps, which has numbers below %d", c.Name, m.Table.Name, target, len(s.Maps)))
				}
			}
		}
	}
	return errors.Join(faults...)
}

// known reports names of columns that a map does not have.
func (m *Map) known(field string, names []string) error {
	for _, name := range names {
		if m.column(name) < 0 {
			var has []string
			for _, c := range m.Table.Columns {
				has = append(has, c.Name)
			}
			return fmt.Errorf("%s of table map %s names column %q, which it does not have: its columns are %s", field, m.Table.Name, name, strings.Join(has, ", "))
		}
	}
	return nil
}

// filtered reports whether there are records that do not belong to the map.
func (m *Map) filtered() bool {
	return slices.ContainsFunc(m.Table.Filter[:], func(f engine.Filter) bool { return f.Test != engine.Every || len(f.Of) > 0 })
}

// column returns the place of a column, or -1.
func (m *Map) column(name string) int {
	return slices.IndexFunc(m.Table.Columns, func(c engine.Column) bool { return c.Name == name })
}

// codes returns the codes of a column that it can lose: those without which a value
// cannot be carried; nil when there are none.
func (m *Map) codes(column int) *engine.ValueMap {
	if column < 0 {
		return nil
	}
	for _, into := range m.Table.Columns[column].Into {
		if into.Values != nil && !into.Values.FallThrough {
			return into.Values
		}
	}
	return nil
}

// place returns the place of a map, or -1.
func (s *Subject) place(name string) int {
	return slices.IndexFunc(s.Maps, func(m Map) bool { return m.Table.Name == name })
}

// OwnSubject returns the maps that the program tests itself with: one of each
// kind that the engine treats in its own way.
func OwnSubject() *Subject {
	const (
		parties engine.MapID = iota
		orders
		lines
		people
		teams
	)
	grades := &engine.ValueMap{Name: "grades"} // d has no code: it cannot be carried to Dataverse
	for _, c := range [][2]string{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"A", "4"}} {
		grades.Pairs = append(grades.Pairs, [2]engine.Value{engine.Text(c[0]), engine.Text(c[1])})
	}
	return &Subject{Name: "own", Maps: []Map{
		{Table: engine.TableMap{Name: "parties", Columns: []engine.Column{
			{Name: "name"},
			{Name: "limit"},
			{Name: "rating", Flow: engine.ToDataverse},
			{Name: "mood", Flow: engine.ToFinOps},
		}}, Numbers: []string{"limit"}},
		{Table: engine.TableMap{Name: "orders", Company: true, Columns: []engine.Column{
			{Name: "state"},
			{Name: "party", Lookups: []engine.MapID{parties}},
		}}},
		{Table: engine.TableMap{Name: "lines", Company: true, Columns: []engine.Column{
			{Name: "quantity"},
			{Name: "grade", Into: [2]engine.Transform{{Values: grades}, {Values: grades}}},
			{Name: "order", Lookups: []engine.MapID{orders}},
		}}, Numbers: []string{"quantity"}, Words: map[string][2][]string{"grade": {{"a", "b", "c", "d"}, {"1", "2", "3", "5"}}}},
		{Table: engine.TableMap{Name: "people", Columns: []engine.Column{
			{Name: "name", Canonical: engine.Form{FoldCase: true, TrimBlanks: true}},
			{Name: "boss", Lookups: []engine.MapID{people}},
			{Name: "team", Lookups: []engine.MapID{teams}},
		}}},
		{Table: engine.TableMap{Name: "teams", Keys: engine.KeyForm{CaseCounts: true}, Columns: []engine.Column{
			{Name: "name"},
			{Name: "head", Lookups: []engine.MapID{people}},
		}}},
		{Table: engine.TableMap{Name: "sites", Columns: []engine.Column{
			{Name: "name"},
			{Name: "state"},
		}, Filter: [2]engine.Filter{engine.FinOps: {Test: engine.Some, Of: []engine.Filter{
			{Test: engine.Differs, Column: "state", Value: engine.Text("d")},
			{Test: engine.IsNull, Column: "state"},
		}}}}},
	}}
}

// tables makes the table maps of a setup. The places of the maps that take part
// stand in kept, by MapID.
func (s *Subject) tables(setup *Setup) (made []*engine.TableMap, kept []int, err error) {
	if err := s.sound(); err != nil {
		return nil, nil, err
	}
	id := make([]engine.MapID, len(s.Maps))
	takesPart := make([]bool, len(s.Maps))
	for i := range s.Maps {
		if slices.Contains(setup.Maps, s.Maps[i].Table.Name) {
			id[i], takesPart[i] = engine.MapID(len(kept)), true
			kept = append(kept, i)
		}
	}
	for _, name := range slices.Concat(setup.Maps, setup.Live) {
		if s.place(name) < 0 {
			return nil, nil, fmt.Errorf("subject %s has no table map %q", s.Name, name)
		}
	}
	declared := make([]engine.TableMap, len(kept))
	for n, i := range kept {
		t := s.Maps[i].Table
		keys := model.KeyForm()
		keys.CaseCounts = t.Keys.CaseCounts
		t.Keys = keys
		t.ID, t.Sequence, t.Primary = engine.MapID(n), n+1, engine.Side(setup.Primary)
		if t.Mode = engine.Async; slices.Contains(setup.Live, t.Name) {
			t.Mode = engine.Live
		}
		if setup.PerField {
			t.Granularity = engine.PerField
		}
		if setup.Unlinked {
			t.Unlinked = engine.UnlinkedPrimary
		}
		if setup.LeaveDelete {
			t.OnLeave = engine.LeaveDelete
		}
		t.Columns = slices.Clone(t.Columns)
		for c := range t.Columns {
			var into []engine.MapID
			for _, target := range t.Columns[c].Lookups {
				if takesPart[target] {
					into = append(into, id[target])
				}
			}
			t.Columns[c].Lookups = into
			if slices.Contains(setup.Unique, t.Name+"."+t.Columns[c].Name) {
				t.Columns[c].Unique = true
			}
		}
		declared[n] = t
	}
	engine.MarkCircular(declared)
	for n := range declared {
		m, err := engine.NewTableMap(declared[n])
		if err != nil {
			return nil, nil, err
		}
		made = append(made, m)
	}
	return made, kept, nil
}
