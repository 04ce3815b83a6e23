package engine

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
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

// Unlinked is what becomes of a record that both sides hold and that no sync has
// linked, when one of them is changed.
type Unlinked uint8

// The ways to deal with it.
const (
	UnlinkedCarry   Unlinked = iota // the change is carried; what it overwrites is drift, and counted
	UnlinkedPrimary                 // the other side's record counts as changed too, so that the primary decides
)

// String returns the way's name as scenarios spell it.
func (u Unlinked) String() string { return [...]string{"carry", "primary"}[u] }

// OnLeave is what becomes of the other side's record when a change takes a record
// out of its map's scope.
type OnLeave uint8

// The ways to deal with it.
const (
	LeaveAlone  OnLeave = iota // it stays as it is
	LeaveDelete                // it is deleted live; should the record come back, that is another life
)

// String returns the way's name as scenarios spell it.
func (l OnLeave) String() string { return [...]string{"leave", "delete"}[l] }

// Column is one mapped column.
type Column struct {
	Name     string
	Flow     Flow
	Lookups  []MapID // the maps that its value may name, several when polymorphic; empty for plain data
	Circular bool    // a lookup that can close a circle: see [MarkCircular]
	Unique   bool    // no two records of a company may hold the same value; null is nobody's

	Into      [2]Transform // by side: what happens to a value on its way there
	Canonical Form         // what does not count in a comparison
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
	Keys     KeyForm

	Granularity Granularity // of conflicts in two-way columns

	// Unlinked tells what a record that is older than the sync has to say against
	// the first change of the other side's.
	Unlinked Unlinked

	// OnLeave tells what a record that leaves the scope does to the other side's.
	OnLeave OnLeave

	// Filter tells, by side, which records belong to the map. Nothing is
	// carried from or to a record that is out of scope. What a filter reads
	// must be mapped.
	Filter [2]Filter

	// Version tells this map from the ones of the same name before it.
	// Fingerprints that were made by another version are not comparable: they
	// are renewed with the next write and never taken for a change. Counters
	// go on, so that a new version should keep the column groups.
	Version uint32

	// What a job start looks at; see [ValidateJob].
	Scopes           [2]Scope // of the data entity and the table
	Key              []string // columns of the integration key, without the company
	AsyncUnsupported bool     // the catalog says that the map cannot run in async mode
	External         bool     // its records are the same on both sides by other means than a job

	groups      []group
	out         [2]GroupSet // by side: the groups in which its changes are carried
	lookups     []int       // columns that hold lookups, ascending
	lookingUp   GroupSet    // groups that hold lookups
	unique      []int       // columns of unique values, ascending
	valueHashes uint64      // in tests, hashes of unique values are below it, so that they collide; 0: they need not
	plain       []bool      // by column: copied both ways, and everything counts
	copied      bool        // all columns are plain
	coded       [2]bool     // by side: a value may have no mapping on its way there
	scope       [2]Filter   // Filter with its columns found
	refuses     [2]byteSet  // by side: with what begins that no key may have there
}

// Scope says whose records a data entity or a table holds.
type Scope uint8

// The scopes. Both sides of a map must have the same.
const (
	ScopeOfMap Scope = iota // as [TableMap.Company] says
	Global                  // shared by all companies
	CompanySpecific
)

// String returns the scope's name as dual-write spells it.
func (s Scope) String() string {
	return [...]string{"as its map", "cross-company", "company-specific"}[s]
}

// group is a set of columns that conflict together and share counters.
type group struct {
	flow    Flow
	alone   bool // holds one column, whatever others flow the same way
	plain   bool // holds only columns that are copied both ways and in which everything counts
	columns []int
}

// NewTableMap checks m and derives its column groups: the two-way columns, as
// one group or each by itself, those that flow one way only, which never
// conflict, and each circular lookup by itself, so that it can follow later. It
// reports every fault at once.
func NewTableMap(m TableMap) (*TableMap, error) {
	faults := m.choices()
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
		if c.Unique {
			m.unique = append(m.unique, i)
		}
		m.plain = append(m.plain, c.Into == [2]Transform{} && c.Canonical == Form{})
		faults = append(faults, c.faults(m.Name)...)
		for side := range m.coded {
			m.coded[side] = m.coded[side] || c.Into[side].Values != nil
		}
		m.join(i, c)
	}
	m.copied = !slices.Contains(m.plain, false)
	m.refuses = m.Keys.firsts()
	for _, side := range Sides {
		bound, more := m.Filter[side].bind(&m, side)
		m.scope[side], faults = bound, append(faults, more...)
	}
	if len(m.groups) > groupsMax {
		faults = append(faults, fmt.Errorf("engine: table map %s has %d column groups, more than %d; use granularity record", m.Name, len(m.groups), groupsMax))
	}
	for g := range m.groups {
		if slices.ContainsFunc(m.groups[g].columns, func(c int) bool { return len(m.Columns[c].Lookups) > 0 }) {
			m.lookingUp = m.lookingUp.With(g)
		}
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
			m.groups[g].plain = m.groups[g].plain && m.plain[column]
			return
		}
	}
	m.groups = append(m.groups, group{flow: c.Flow, alone: alone, plain: m.plain[column], columns: []int{column}})
}

// MarkCircular marks the lookups that can close a circle: those from which the
// lookups of the maps lead back to their own map. maps stand at their IDs. A lookup
// to a map that there is not leads nowhere; [NewCore] and [ValidateJob] report it.
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
				col.Circular = col.Circular || target == maps[i].ID || int(target) < len(maps) && reach[target][maps[i].ID]
			}
		}
	}
}

// follow collects the maps that the lookups of a map lead to.
func follow(maps []TableMap, from MapID, seen map[MapID]bool) {
	for _, c := range maps[from].Columns {
		for _, target := range c.Lookups {
			if !seen[target] && int(target) < len(maps) {
				seen[target] = true
				follow(maps, target, seen)
			}
		}
	}
}

// Groups returns the number of column groups.
func (m *TableMap) Groups() int { return len(m.groups) }

// all returns all groups.
func (m *TableMap) all() GroupSet { return 1<<len(m.groups) - 1 }

// outgoing returns the groups in which changes flow out of a side.
func (m *TableMap) outgoing(side Side) GroupSet { return m.out[side] }

// touched returns the groups in which two records of one side differ; all of
// them when there was nothing before.
func (m *TableMap) touched(before, after []Value) GroupSet {
	var s GroupSet
	for g := range m.groups {
		for _, c := range m.groups[g].columns {
			if before == nil || !m.same(c, &before[c], &after[c]) {
				s = s.With(g)
				break
			}
		}
	}
	return s
}

// lastTouched returns the groups that the last captured change of a record
// touched. One that was overridden is known by that where the engine has created
// the record again since.
func (m *TableMap) lastTouched(mark *Mark) GroupSet {
	var s GroupSet
	for g := range mark.Groups {
		if gm := &mark.Groups[g]; gm.Own == mark.Number || gm.lost(mark.Number) {
			s = s.With(g)
		}
	}
	return s
}

// same reports whether two values of a column, both as one side writes them,
// are the same in canonical form.
func (m *TableMap) same(column int, a, b *Value) bool {
	if m.plain[column] {
		return a.equal(b)
	}
	return m.Columns[column].Canonical.same(a, b)
}

// fingerprint hashes the canonical form of a group's columns. Null, empty and
// zero differ; lookups count by the pair that they name.
func (m *TableMap) fingerprint(g int, values []Value) uint64 {
	h := uint64(fnvOffset)
	if m.groups[g].plain {
		for _, c := range m.groups[g].columns {
			h = hashValue(h, &values[c])
		}
		return h
	}
	for _, c := range m.groups[g].columns {
		h = m.Columns[c].Canonical.hash(h, &values[c])
	}
	return h
}

// equal reports whether a group of the target holds what the source's would
// become on its way there.
func (m *TableMap) equal(g int, target Side, x, y []Value) bool {
	if m.groups[g].plain {
		for _, c := range m.groups[g].columns {
			if !x[c].equal(&y[c]) {
				return false
			}
		}
		return true
	}
	for _, c := range m.groups[g].columns {
		if !m.corresponds(c, target, &x[c], &y[c]) {
			return false
		}
	}
	return true
}

// mutual reports whether a two-way group is the same seen from either side: each holds what
// the other's would become there. A default tells one without the other: a null has become
// what stands for it on the other side, and that would not become a null again.
func (m *TableMap) mutual(g int, target Side, x, y []Value) bool {
	return m.equal(g, target, x, y) && (m.groups[g].plain || m.equal(g, target.Other(), y, x))
}

// Corresponds reports whether a column of the target side holds what the
// source's value x would become on its way there. A value that has no mapping
// corresponds to nothing.
func (m *TableMap) Corresponds(column int, target Side, x, y Value) bool {
	return m.corresponds(column, target, &x, &y)
}

func (m *TableMap) corresponds(column int, target Side, x, y *Value) bool {
	if m.plain[column] {
		return x.equal(y)
	}
	v, ok := m.Columns[column].into(target, x)
	return ok && m.Columns[column].Canonical.same(v, y)
}

// unmapped returns the first column of some groups whose value has no mapping
// on its way to the target, or -1.
func (m *TableMap) unmapped(groups GroupSet, target Side, x []Value) int {
	if !m.coded[target] {
		return -1
	}
	for g := range m.groups {
		if !groups.Has(g) || m.groups[g].plain {
			continue
		}
		for _, c := range m.groups[g].columns {
			if _, ok := m.Columns[c].into(target, &x[c]); !ok {
				return c
			}
		}
	}
	return -1
}

// drifted returns the groups whose content differs from their fingerprints:
// somebody changed the record past the capture hook. A record without a mark
// is older than the sync, and one with a tombstone's mark was created again past
// the hook: all of it counts. Of fingerprints of another map
// version nothing can be told.
func (m *TableMap) drifted(r *Record, side Side) GroupSet {
	var s GroupSet
	if r.Mark.Incarnation == 0 || r.Mark.Dead {
		return m.outgoing(side)
	}
	if r.Mark.MapVersion != m.Version {
		return 0
	}
	for g := range m.groups {
		if m.outgoing(side).Has(g) && m.fingerprint(g, r.Values) != r.Mark.Groups[g].Fingerprint {
			s = s.With(g)
		}
	}
	return s
}

// renewed returns a copy of a mark's groups that fits the map, to be changed
// and published with new values. Fingerprints of another map version are made
// anew; the others stay, and tell of what went past the hook.
func (m *TableMap) renewed(mark *Mark, values []Value) []GroupMark {
	return m.renewedIn(make([]GroupMark, len(m.groups)), mark, values)
}

// renewedIn is renewed in groups that are there.
func (m *TableMap) renewedIn(groups []GroupMark, mark *Mark, values []Value) []GroupMark {
	clear(groups[copy(groups, mark.Groups):])
	if mark.MapVersion != m.Version {
		for g := range groups {
			groups[g].Fingerprint = m.fingerprint(g, values)
		}
	}
	return groups
}

// fitted returns the record with as many groups in its mark as the map has: a
// map of another version may have had others. What is new counts from zero.
func (m *TableMap) fitted(r *Record) *Record {
	if r == nil || r.Mark.Incarnation == 0 || len(r.Mark.Groups) == len(m.groups) {
		return r
	}
	fitted := *r
	fitted.Mark.Groups = make([]GroupMark, len(m.groups))
	copy(fitted.Mark.Groups, r.Mark.Groups)
	return &fitted
}

// Hashes of 64 bits, fed a word or a text at a time: fingerprints, and what finds keys,
// need speed and spread, not secrecy. Words go in by FNV-1a with a mix, long texts two
// words at a time, folded from their product as wyhash does.
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
	foldWith  = 0xa0761d6478bd642f // of wyhash
)

func hashWord(h, w uint64) uint64 {
	h = (h ^ w) * fnvPrime
	return h ^ h>>29
}

func hashText(h uint64, s string) uint64 {
	return hashBytes(hashWord(h, uint64(len(s))), s)
}

// hashBytes feeds a text whose length has been fed: the end of a long one goes in with
// bytes of what came before it.
func hashBytes(h uint64, s string) uint64 {
	switch n := len(s); {
	case n < 8:
		var w uint64
		for i := range n {
			w = w<<8 | uint64(s[i])
		}
		return hashWord(h, w)
	case n <= 16:
		return fold(h^word(s), foldWith^word(s[n-8:]))
	}
	end := s[len(s)-16:]
	for ; len(s) > 16; s = s[16:] {
		h = fold(h^word(s), foldWith^word(s[8:]))
	}
	return fold(h^word(end), foldWith^word(end[8:]))
}

// fold mixes two words: the halves of their product, one over the other.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// word is the first eight bytes of a text.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func hashValue(h uint64, v *Value) uint64 {
	kind := uint64(v.Kind) + 1
	switch v.Kind {
	case KindText:
		return hashBytes(hashWord(h, uint64(len(v.Text))<<8|kind), v.Text)
	case KindNumber:
		return hashWord(hashWord(h, kind), uint64(v.Number))
	case KindLookup:
		h = hashWord(h, uint64(v.Target.Map)<<8|kind)
		h = hashText(h, v.Target.Company)
		return hashText(h, v.Target.ID)
	default:
		return hashWord(h, kind)
	}
}
