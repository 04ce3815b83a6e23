package engine

import (
	"errors"
	"fmt"
	"math/bits"
)

// Mode is how a table map is carried.
type Mode uint8

// The modes of a table map.
const (
	Stopped Mode = iota // changes are not captured
	Async               // references are queued and carried in the background
	Live                // the other side is written inside the user's transaction
)

// String returns the mode's name as scenarios spell it.
func (m Mode) String() string { return [...]string{"stopped", "async", "live"}[m] }

// GroupSet is a set of column groups of one table map, by index.
type GroupSet uint64

// Has reports whether group g is in the set.
func (s GroupSet) Has(g int) bool { return s>>g&1 == 1 }

// With returns the set with group g.
func (s GroupSet) With(g int) GroupSet { return s | 1<<g }

// Len returns the number of groups in the set.
func (s GroupSet) Len() int { return bits.OnesCount64(uint64(s)) }

// groupsMax is the capacity of a [GroupSet].
const groupsMax = 64

// Flow is which way a column's changes are carried.
type Flow uint8

// The flows.
const (
	BothWays Flow = iota
	ToDataverse
	ToFinOps
)

// String returns the flow's name as scenarios spell it.
func (f Flow) String() string { return [...]string{"both", "to-dataverse", "to-finops"}[f] }

// leaves reports whether changes made on a side are carried.
func (f Flow) leaves(side Side) bool {
	return f == BothWays || f == ToDataverse && side == FinOps || f == ToFinOps && side == Dataverse
}

// Granularity is what a conflict is about.
type Granularity uint8

// The granularities.
const (
	PerRecord Granularity = iota // all two-way columns conflict together
	PerField                     // each two-way column conflicts by itself
)

// Column is one mapped column.
type Column struct {
	Name     string
	Flow     Flow
	Lookups  []MapID // the maps that its value may name; empty for plain data
	Circular bool    // a lookup that can close a circle: see [MarkCircular]
}

// TableMap pairs one F&O data entity with one Dataverse table. Create it with
// [NewTableMap]; it is read-only afterwards.
type TableMap struct {
	ID       MapID
	Name     string
	Entity   [2]string // the data entity and the table, by side
	Company  bool      // striped by company: the company is part of the key
	Mode     Mode
	Sequence int  // priority inside its job; lower runs first
	Primary  Side // whose record wins a conflict: the job's primary side
	Columns  []Column

	Granularity Granularity // of conflicts in two-way columns

	groups  []group
	out     [2]GroupSet // by side: the groups in which its changes are carried
	lookups []int       // columns that hold lookups, ascending
}

// group is a set of columns that conflict together and share counters.
type group struct {
	flow    Flow
	alone   bool // holds one column, whatever others flow the same way
	columns []int
}

// NewTableMap checks m and derives its column groups: the two-way columns, as
// one group or each by itself, those that flow one way only, which never
// conflict, and each circular lookup by itself, so that it can follow later. It
// reports every fault at once.
func NewTableMap(m TableMap) (*TableMap, error) {
	var faults []error
	if m.Name == "" {
		faults = append(faults, errors.New("engine: a table map needs a name"))
	}
	if len(m.Columns) == 0 {
		faults = append(faults, fmt.Errorf("engine: table map %s maps no column", m.Name))
	}
	for i, c := range m.Columns {
		if len(c.Lookups) > 0 {
			m.lookups = append(m.lookups, i)
		}
		m.join(i, c)
	}
	if len(m.groups) > groupsMax {
		faults = append(faults, fmt.Errorf("engine: table map %s has %d column groups, more than %d; use granularity record", m.Name, len(m.groups), groupsMax))
	}
	for g := range m.groups {
		for _, side := range Sides {
			if m.groups[g].flow.leaves(side) {
				m.out[side] = m.out[side].With(g)
			}
		}
	}
	return &m, errors.Join(faults...)
}

// join puts a column into its group, which it opens when new.
func (m *TableMap) join(column int, c Column) {
	alone := c.Circular || c.Flow == BothWays && m.Granularity == PerField
	for g := range m.groups {
		if m.groups[g].flow == c.Flow && !m.groups[g].alone && !alone {
			m.groups[g].columns = append(m.groups[g].columns, column)
			return
		}
	}
	m.groups = append(m.groups, group{flow: c.Flow, alone: alone, columns: []int{column}})
}

// MarkCircular marks the lookups that can close a circle: those from which the
// lookups of the maps lead back to their own map. maps stand at their IDs.
func MarkCircular(maps []TableMap) {
	reach := make([]map[MapID]bool, len(maps)) // by map: what its lookups lead to
	for i := range maps {
		reach[i] = map[MapID]bool{}
		follow(maps, maps[i].ID, reach[i])
	}
	for i := range maps {
		for c := range maps[i].Columns {
			col := &maps[i].Columns[c]
			for _, target := range col.Lookups {
				col.Circular = col.Circular || target == maps[i].ID || reach[target][maps[i].ID]
			}
		}
	}
}

// follow collects the maps that the lookups of a map lead to.
func follow(maps []TableMap, from MapID, seen map[MapID]bool) {
	for _, c := range maps[from].Columns {
		for _, target := range c.Lookups {
			if !seen[target] {
				seen[target] = true
				follow(maps, target, seen)
			}
		}
	}
}

// Groups returns the number of column groups.
func (m *TableMap) Groups() int { return len(m.groups) }

// outgoing returns the groups in which changes flow out of a side.
func (m *TableMap) outgoing(side Side) GroupSet { return m.out[side] }

// touched returns the groups in which two records differ; all of them when
// there was nothing before.
func (m *TableMap) touched(before, after []Value) GroupSet {
	var s GroupSet
	for g := range m.groups {
		for _, c := range m.groups[g].columns {
			if before == nil || !before[c].Equal(after[c]) {
				s = s.With(g)
				break
			}
		}
	}
	return s
}

// fingerprint hashes the canonical form of a group's columns. Null, empty and
// zero differ; lookups count by the pair that they name.
func (m *TableMap) fingerprint(g int, values []Value) uint64 {
	h := uint64(fnvOffset)
	for _, c := range m.groups[g].columns {
		h = hashValue(h, values[c])
	}
	return h
}

// equal reports whether two records hold the same in a group.
func (m *TableMap) equal(g int, a, b []Value) bool {
	for _, c := range m.groups[g].columns {
		if !a[c].Equal(b[c]) {
			return false
		}
	}
	return true
}

// drifted returns the groups whose content differs from their fingerprints:
// somebody changed the record past the capture hook. A record without a mark
// is older than the sync, and all of it counts.
func (m *TableMap) drifted(r *Record, side Side) GroupSet {
	var s GroupSet
	if r.Mark.Incarnation == 0 {
		return m.outgoing(side)
	}
	for g := range m.groups {
		if m.outgoing(side).Has(g) && m.fingerprint(g, r.Values) != r.Mark.Groups[g].Fingerprint {
			s = s.With(g)
		}
	}
	return s
}

// FNV-1a over 64 bits, fed a word at a time and finished by a mix: a
// fingerprint needs speed and spread, not secrecy.
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

func hashWord(h, w uint64) uint64 {
	h = (h ^ w) * fnvPrime
	return h ^ h>>29
}

func hashText(h uint64, s string) uint64 {
	h = hashWord(h, uint64(len(s)))
	for len(s) >= 8 {
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		h, s = hashWord(h, w), s[8:]
	}
	var w uint64
	for i := 0; i < len(s); i++ {
		w = w<<8 | uint64(s[i])
	}
	return hashWord(h, w)
}

func hashValue(h uint64, v Value) uint64 {
	h = hashWord(h, uint64(v.Kind)+1)
	switch v.Kind {
	case KindText:
		h = hashText(h, v.Text)
	case KindNumber:
		h = hashWord(h, uint64(v.Number))
	case KindLookup:
		h = hashWord(h, uint64(v.Target.Map))
		h = hashText(h, v.Target.Company)
		h = hashText(h, v.Target.ID)
	}
	return h
}
