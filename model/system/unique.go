package system

import "github.com/twinwrite/twinwrite/engine"

// Unique values keep one rule: no two living records of a company hold the same
// value in a column that is unique. What is compared is the canonical form; null
// is nobody's. A table without such columns pays nothing.

// valueName names a value that one record of a company may hold.
type valueName struct {
	column  int
	company string
	value   engine.Value // in canonical form; of a lookup without its target, ...
	target  engine.Key   // ... which stands here
}

// valueName names what a record holds in a unique column; false for null, and of
// a record that is gone.
func (t *table) valueName(column int, k *engine.Key, values []engine.Value) (valueName, bool) {
	if values == nil {
		return valueName{}, false
	}
	n := valueName{column: column, company: k.Company, value: t.m.Columns[column].Canonical.Of(values[column])}
	if n.value.Kind == engine.KindLookup {
		n.target, n.value.Target = n.value.Target.Folded(), nil
	}
	return n, n.value.Kind != engine.KindNull
}

// living returns the values of a record that is there.
func living(r *engine.Record) []engine.Value {
	if r == nil || !r.Alive {
		return nil
	}
	return r.Values
}

// renameValues notes that a row holds other values than before. Rows that swap
// theirs are published one after the other.
func (t *table) renameValues(i int32, before, after *engine.Record) {
	key := &t.at(i).key
	for _, c := range t.unique {
		if name, held := t.valueName(c, key, living(before)); held && t.holders[name] == i {
			delete(t.holders, name)
		}
		if name, holds := t.valueName(c, key, living(after)); holds {
			t.holders[name] = i
		}
	}
}

// reserve keeps the values that a held transaction will take from others, or
// gives them back.
func (t *table) reserve(k *engine.Key, after []engine.Value, by int) {
	for _, c := range t.unique {
		name, holds := t.valueName(c, k, after)
		if !holds {
			continue
		}
		if t.reserved[name] += by; t.reserved[name] == 0 {
			delete(t.reserved, name)
		}
	}
}

// valueChange is what one row of several that are done together leaves.
type valueChange struct {
	t     *table
	row   int32
	after []engine.Value // nil: the record is gone
}

// clash is what is to be said against unique values.
type clash uint8

const (
	noClash     clash = iota
	valueTaken        // another record holds the value, and keeps it
	valueLocked       // a held transaction is about to take it
)

// clashes finds, among rows that are done together, the first that takes a value
// which is another's. A row of theirs may give a value to another one.
func clashes(changes []valueChange) (at int, how clash) {
	var taken map[valueName]bool
	for i := range changes {
		c := &changes[i]
		for _, column := range c.t.unique {
			name, holds := c.t.valueName(column, &c.t.at(c.row).key, c.after)
			if !holds {
				continue
			}
			if c.t.reserved[name] > 0 {
				return i, valueLocked
			}
			if other, held := c.t.holders[name]; held && other != c.row && !givesUp(changes, c.t, other, name) || taken[name] {
				return i, valueTaken
			}
			if len(changes) > 1 {
				if taken == nil {
					taken = map[valueName]bool{}
				}
				taken[name] = true
			}
		}
	}
	return 0, noClash
}

// givesUp reports whether a row is among the changed ones and holds another value
// afterwards.
func givesUp(changes []valueChange, t *table, row int32, name valueName) bool {
	for i := range changes {
		if c := &changes[i]; c.t == t && c.row == row {
			after, holds := t.valueName(name.column, &t.at(row).key, c.after)
			return !holds || after != name
		}
	}
	return false
}

// userClashes judges the unique values of the transaction that is being staged.
func (s *System) userClashes() clash {
	if !s.uniques {
		return noClash
	}
	s.clashing = s.clashing[:0]
	for i := range s.changes {
		if st := &s.stages[i]; len(st.table.unique) > 0 {
			s.clashing = append(s.clashing, valueChange{st.table, st.row, s.changes[i].After})
		}
	}
	_, how := clashes(s.clashing)
	clear(s.clashing)
	return how
}

// rowsClash judges the unique values of rows of the engine that are done
// together, from the given one on, and returns what is to be said against one.
func (s *System) rowsClash(r *Request, from int, after ...*engine.Record) (at int, answer engine.RowAnswer, refused bool) {
	if !s.uniques {
		return 0, engine.RowAnswer{}, false
	}
	s.clashing = s.clashing[:0]
	for i := range after {
		t := &s.tables[r.maps[from+i]]
		s.clashing = append(s.clashing, valueChange{t, r.rows[from+i], living(after[i])})
	}
	at, how := clashes(s.clashing)
	clear(s.clashing)
	switch how {
	case valueLocked:
		s.stats.Locked++
		return from + at, engine.RowAnswer{Result: engine.RowConditionFailed}, true
	case valueTaken:
		s.stats.Refused++
		s.observer.RowRefused(s.k.Now(), s.config.Side, &r.writes[from+at])
		return from + at, engine.RowAnswer{Result: engine.RowRefused, Reason: engine.DuplicateValue, Cause: causeTaken}, true
	}
	return 0, engine.RowAnswer{}, false
}

// causeTaken is what a system says whose record is to hold what another one holds.
const causeTaken = "a record that has the attribute values already exists"
