package explore

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
)

// Fault is the one thing that may go wrong in a world, once, at any moment.
type Fault uint8

// The faults, those first that make the fewest states.
const (
	NoFault       Fault = iota
	DoubledNotice       // a notification arrives once more, at any moment
	LostAnswer          // a request is carried out, and the engine hears that it has run out of time
	LateRequest         // the engine hears that a request has run out of time; it is carried out later, at any moment
	LostNotice          // a notification never arrives
	Crash               // the engine's process dies, between two steps or within one, and is back at once
	faults
)

// String returns the fault in words.
func (f Fault) String() string {
	return [...]string{"no fault", "doubled notification", "lost answer", "late request", "lost notification", "crash"}[f]
}

// Change is what a user does to the record.
type Change uint8

// The changes.
const (
	Create      Change = iota
	Update             // of the first column
	UpdateOther        // of the second one, in a map whose columns conflict each by itself
	Delete             // goes live, as deletes always do
	changes
)

// String returns the change in a word or two.
func (c Change) String() string { return [...]string{"create", "update", "update other", "delete"}[c] }

// Edit is one transaction of a user.
type Edit struct {
	Side   engine.Side
	Change Change
}

// String returns the edit in words.
func (e Edit) String() string { return fmt.Sprintf("%s %v", e.Side, e.Change) }

// World is a world small enough for all of its schedules to be looked at: one
// record, two users who edit it one after the other, at any moment, and one fault.
// The record is there and in sync before, unless the first edit creates it. Finance
// and operations is primary.
type World struct {
	Edits [2]Edit
	Fault Fault
}

// String names the world.
func (w World) String() string {
	return fmt.Sprintf("%v, %v; %v", w.Edits[0], w.Edits[1], w.Fault)
}

// Worlds lists all worlds, in a fixed order: every two changes that can follow each
// other, on every side, with every fault.
func Worlds() (all []World) {
	for f := range faults {
		for _, first := range engine.Sides {
			for _, second := range engine.Sides {
				for one := range changes {
					for two := range changes {
						if one != UpdateOther && follows(one, two, first != second) {
							all = append(all, World{Edits: [2]Edit{{first, one}, {second, two}}, Fault: f})
						}
					}
				}
			}
		}
	}
	return all
}

// follows reports whether a change can come after another: on one side always, on
// the other one at least for as long as that has not heard of the first.
func follows(one, two Change, across bool) bool {
	switch {
	case two == Create: // on the other side before it has heard of the first, or after a delete
		return one == Delete || one == Create && across
	case one == Delete:
		return across
	}
	return true
}

// creates reports whether the record is not there in the beginning.
func (w World) creates() bool { return w.Edits[0].Change == Create }

// recordName is how users name the record.
var recordName = system.Name{ID: "R1"}

// tableMaps returns the table map of the world, which is read-only.
func (w World) tableMaps() []*engine.TableMap {
	m := engine.TableMap{
		Name: "customers", Mode: engine.Async, Primary: engine.FinOps,
		Columns: []engine.Column{{Name: "name"}, {Name: "city"}},
	}
	if w.Edits[1].Change == UpdateOther {
		m.Granularity = engine.PerField
	}
	made, err := engine.NewTableMap(m)
	if err != nil {
		panic(err)
	}
	return []*engine.TableMap{made}
}

// sets returns what an edit writes, which nobody else writes.
func (e Edit) sets(word string) (set []system.Assignment) {
	columns := map[Change][]int{Create: {0, 1}, Update: {0}, UpdateOther: {1}}[e.Change]
	for _, c := range columns {
		set = append(set, system.Assignment{Column: c, Value: engine.Text(word)})
	}
	return set
}

// op is the edit as the system knows it.
func (e Edit) op() system.Op {
	switch e.Change {
	case Create:
		return system.Create
	case Delete:
		return system.Delete
	}
	return system.Update
}

// can reports whether a side's user finds what he wants to edit.
func (e Edit) can(s *system.System) bool {
	_, there := s.FindName(0, recordName)
	return there == (e.Change != Create)
}

// linked returns the mark of a record that both sides hold, as a sync of it leaves
// F&O's and Dataverse's.
func linked(m *engine.TableMap, values []engine.Value) (marks [2]engine.Mark) {
	key := engine.Key{Map: m.ID, ID: m.Keys.Canonical(recordName.ID)}
	made, err := engine.NewCapture(engine.FinOps, []*engine.TableMap{m}, nil).PreCommit(nil, 0,
		[]engine.Change{{Key: key, Op: engine.Create, After: values}})
	if err != nil {
		panic(err)
	}
	all := engine.GroupSet(0)
	for g := range m.Groups() {
		all = all.With(g)
	}
	source := &engine.Record{Key: &key, Alive: true, Values: slices.Clone(values), Mark: made[0].Mark}
	there, _, ok := engine.Apply(m, &engine.Write{Kind: engine.CarryWrite, Key: key, Source: source, Groups: all}, engine.Dataverse, nil)
	if !ok {
		panic("explore: a record that only one side holds cannot be carried")
	}
	return [2]engine.Mark{made[0].Mark, there.Mark}
}
