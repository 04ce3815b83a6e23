package integrator

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Upsert is one row to write: updated if the target holds the key alive,
// inserted if not, whatever its version. Nothing is compared: what somebody has
// changed there in the meantime is overwritten.
type Upsert struct {
	Key    engine.Key     // as the target finds it: spellings that fold together are one row
	Delete bool           // the row is to be gone; that it is gone already is no error
	Values []engine.Value // by column of the table map, as the target writes them; nil for a delete
	Source *engine.Record // the row as it was read, for whoever follows causes
}

// Record returns the record that a system publishes for the upsert, given the
// one that it holds (nil when it has never held the key); Version and Trace are
// the system's to give. Columns are those of the effect: others keep what they
// held.
func (u *Upsert) Record(m *engine.TableMap, columns []int, now *engine.Record) *engine.Record {
	r := &engine.Record{Key: new(u.Key), Alive: !u.Delete, Values: make([]engine.Value, len(m.Columns))}
	if now != nil {
		r.Mark = now.Mark
		if now.Alive {
			copy(r.Values, now.Values)
		}
	}
	if !u.Delete {
		for _, c := range columns {
			r.Values[c] = u.Values[c]
		}
	}
	return r
}

// RowResult is what became of one row of a write request.
type RowResult struct {
	Reason engine.Reason // NoReason: it is done
	Cause  string        // the system's text, as a template without business data
}

// carriedColumns returns the columns of a table map that flow out of a side.
func carriedColumns(m *engine.TableMap, from engine.Side) []int {
	against := engine.ToFinOps
	if from == engine.Dataverse {
		against = engine.ToDataverse
	}
	var columns []int
	for i := range m.Columns {
		if m.Columns[i].Flow != against {
			columns = append(columns, i)
		}
	}
	return columns
}

// translate returns what the columns of a row become on their way into the
// target, or the name of a column whose value has no mapping.
func translate(m *engine.TableMap, columns []int, target engine.Side, values []engine.Value) (translated []engine.Value, unmapped string) {
	translated = make([]engine.Value, len(m.Columns))
	for _, c := range columns {
		v, ok := into(&m.Columns[c], target, values[c])
		if !ok {
			return nil, m.Columns[c].Name
		}
		translated[c] = v
	}
	return translated, ""
}

// into returns what a value of the other side becomes in a column of the
// target, and false when it has no mapping. It is the rule that the
// asynchronous engine applies too; [engine.TableMap.Corresponds] of the two
// values is true.
func into(c *engine.Column, target engine.Side, v engine.Value) (engine.Value, bool) {
	t := &c.Into[target]
	if *t == (engine.Transform{}) {
		return v, true
	}
	if t.Constant.Kind != engine.KindNull {
		return t.Constant, true
	}
	null := c.Canonical.Equal(v, engine.Value{})
	if t.Default.Kind != engine.KindNull && (null || c.Canonical.Equal(v, engine.Text(""))) {
		return t.Default, true
	}
	if t.Values == nil || null {
		return v, true
	}
	code := func(side engine.Side) int {
		return slices.IndexFunc(t.Values.Pairs, func(p [2]engine.Value) bool { return c.Canonical.Equal(p[side], v) })
	}
	if i := code(target.Other()); i >= 0 {
		return t.Values.Pairs[i][target], true
	}
	return v, t.Values.FallThrough && code(target) < 0
}
