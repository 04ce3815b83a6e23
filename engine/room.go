package engine

// The rooms of records of the usual sizes. A record is published with each commit:
// with values and mark in one piece of memory it costs one allocation and not three.
type (
	roomOf0 struct {
		record Record
		groups [1]GroupMark
	}
	roomOf2 struct {
		record Record
		groups [1]GroupMark
		values [2]Value
	}
	roomOf4 struct {
		record Record
		groups [1]GroupMark
		values [4]Value
	}
)

// Room returns an empty record with room for values, which are null, and for the
// groups of its mark, which are zero.
func (m *TableMap) Room() *Record { return m.room(len(m.Columns)) }

// room is Room for a number of values, none for a record that shows those of another.
func (m *TableMap) room(n int) *Record {
	switch {
	case len(m.groups) == 1 && n == 0:
		r := &roomOf0{}
		r.record.Mark.Groups = r.groups[:]
		return &r.record
	case len(m.groups) == 1 && n <= 2:
		r := &roomOf2{}
		r.record.Values, r.record.Mark.Groups = r.values[:n:n], r.groups[:]
		return &r.record
	case len(m.groups) == 1 && n <= 4:
		r := &roomOf4{}
		r.record.Values, r.record.Mark.Groups = r.values[:n:n], r.groups[:]
		return &r.record
	}
	return &Record{Values: make([]Value, n), Mark: Mark{Groups: make([]GroupMark, len(m.groups))}}
}
