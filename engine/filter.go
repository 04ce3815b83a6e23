package engine

import (
	"errors"
	"fmt"
)

// FilterTest is what a [Filter] asks of a record.
type FilterTest uint8

// The tests of a filter. A comparison with null is never true, neither way: to
// filter by an empty text on a side that holds null there finds nothing.
const (
	Every     FilterTest = iota // every filter of Of passes it; with none, every record passes
	Some                        // at least one filter of Of passes it
	Equals                      // the column holds Value
	Differs                     // the column holds something else than Value, and is not null
	IsNull                      // the column is null
	IsNotNull                   // the column is not null
)

// Filter tells which records of a side belong to a table map. It is data: a
// condition on one mapped column, or several filters joined. The zero Filter
// lets every record pass.
type Filter struct {
	Test   FilterTest
	Column string   // a mapped column, by name
	Value  Value    // as the filter's side writes it
	Of     []Filter // Every and Some

	column int
}

// ErrFilter is what every fault of a filter is.
var ErrFilter = errors.New("engine: a filter cannot be applied")

// all reports whether the filter lets every record pass.
func (f *Filter) all() bool { return f.Test == Every && len(f.Of) == 0 }

// bind returns the filter with its columns found, or its faults.
func (f Filter) bind(m *TableMap, side Side) (bound Filter, faults []error) {
	switch f.Test {
	case Every, Some:
		of := make([]Filter, len(f.Of))
		for i := range f.Of {
			var more []error
			of[i], more = f.Of[i].bind(m, side)
			faults = append(faults, more...)
		}
		f.Of = of
		return f, faults
	}
	f.column = m.column(f.Column)
	if f.column < 0 {
		faults = append(faults, fmt.Errorf("%w: the filter of table map %s on %s reads column %s, which is not mapped", ErrFilter, m.Name, side, f.Column))
	}
	if (f.Test == Equals || f.Test == Differs) && f.Value.Kind == KindNull {
		faults = append(faults, fmt.Errorf("%w: the filter of table map %s on %s compares column %s with null, which is never true", ErrFilter, m.Name, side, f.Column))
	}
	return f, faults
}

// pass reports whether a record of the filter's side passes.
func (f *Filter) pass(columns []Column, values []Value) bool {
	switch f.Test {
	case Every:
		for i := range f.Of {
			if !f.Of[i].pass(columns, values) {
				return false
			}
		}
		return true
	case Some:
		for i := range f.Of {
			if f.Of[i].pass(columns, values) {
				return true
			}
		}
		return false
	}
	form, v := &columns[f.column].Canonical, &values[f.column]
	null := form.kind(v) == KindNull
	switch f.Test {
	case IsNull:
		return null
	case IsNotNull:
		return !null
	default:
		return !null && form.same(v, &f.Value) == (f.Test == Equals)
	}
}

// InScope reports whether a record of a side belongs to the map: it passes the
// side's filter and, when the map is striped by company, has a company.
func (m *TableMap) InScope(side Side, k Key, values []Value) bool {
	if m.Company && k.Company == "" {
		return false
	}
	return m.scope[side].all() || m.scope[side].pass(m.Columns, values)
}

// filters reports whether a record can be out of the map's scope.
func (m *TableMap) filters() bool { return !m.scope[FinOps].all() || !m.scope[Dataverse].all() }

// covers is InScope for a record that may not be there; an absent one is in
// nobody's way.
func (m *TableMap) covers(side Side, r *Record) bool {
	return r == nil || !r.Alive || m.InScope(side, *r.Key, r.Values)
}

// column finds a mapped column by name, or returns -1.
func (m *TableMap) column(name string) int {
	for i := range m.Columns {
		if m.Columns[i].Name == name {
			return i
		}
	}
	return -1
}
