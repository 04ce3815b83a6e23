package model

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// mappings are the codes of a world that faults take away. Its sides and its engine
// share table maps whose codes change as that happens. The oracle keeps the maps as
// they were meant: what fails meanwhile has not arrived. It is told which codes are gone.
type mappings []mapping

// mapping is the codes of one column.
type mapping struct {
	of      engine.MapID
	column  int
	codes   *engine.ValueMap
	meant   [][2]engine.Value
	missing []int // by code: faults that have taken it away
}

// ownMaps gives a world table maps of its own, where faults change them; other
// worlds may share the ones that are given.
func ownMaps(maps []*engine.TableMap, faults []Fault) ([]*engine.TableMap, mappings) {
	var all mappings
	for i := range faults {
		f := &faults[i]
		if f.Kind != MappingRemoved || all.find(f) != nil {
			continue
		}
		if all == nil {
			maps = slices.Clone(maps)
		}
		m := *maps[f.Map]
		m.Columns = slices.Clone(m.Columns)
		column := &m.Columns[f.Column]
		codes := *codesOf(column)
		for side := range column.Into {
			if column.Into[side].Values != nil {
				column.Into[side].Values = &codes
			}
		}
		all = append(all, mapping{of: f.Map, column: f.Column, codes: &codes, meant: codes.Pairs, missing: make([]int, len(codes.Pairs))})
		maps[f.Map] = &m
	}
	return maps, all
}

// codesOf returns the codes of a column; nil when it has none.
func codesOf(c *engine.Column) *engine.ValueMap {
	for side := range c.Into {
		if v := c.Into[side].Values; v != nil {
			return v
		}
	}
	return nil
}

func (all mappings) find(f *Fault) *mapping {
	for i := range all {
		if all[i].of == f.Map && all[i].column == f.Column {
			return &all[i]
		}
	}
	return nil
}

// removeCodes takes codes away, or brings them back.
func (w *World) removeCodes(f *Fault, by int) {
	m := w.mappings.find(f)
	var left [][2]engine.Value
	for i := range m.missing {
		if f.Code < 0 || f.Code == i {
			m.missing[i] += by
		}
		if m.missing[i] == 0 {
			left = append(left, m.meant[i])
		}
	}
	m.codes.Pairs = left
	w.Oracle.Coded(w.Kernel.Now(), m.of, m.column, left)
}

// mappingFault says why a fault has no mapping to remove; nil when it has.
func (c *Config) mappingFault(f *Fault) error {
	if f.Kind != MappingRemoved {
		return nil
	}
	if int(f.Map) >= len(c.Maps) || f.Column < 0 || f.Column >= len(c.Maps[f.Map].Columns) {
		return fmt.Errorf("%v: there is no column %d of table map %d", f.Kind, f.Column, f.Map)
	}
	codes := codesOf(&c.Maps[f.Map].Columns[f.Column])
	switch {
	case codes == nil:
		return fmt.Errorf("%v: column %d of table map %d has no codes", f.Kind, f.Column, f.Map)
	case codes.FallThrough:
		return fmt.Errorf("%v: in column %d of table map %d, values without a code pass as they are", f.Kind, f.Column, f.Map)
	case f.Code >= len(codes.Pairs):
		return fmt.Errorf("%v: column %d of table map %d has %d codes, and no code %d", f.Kind, f.Column, f.Map, len(codes.Pairs), f.Code)
	}
	return nil
}
