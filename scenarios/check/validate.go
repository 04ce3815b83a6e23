package check

import (
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/scenarios/history"
)

// Rule is a validation of the user's own: what one side refuses to hold in the table of
// one map, whether its users save it or the engine brings it.
type Rule struct {
	Side SideName
	Map  string

	// Holds returns an error for a record that is refused. Its text is shown on the error
	// desk, so that it must name no business data. Cases are executed again, some of them
	// at the same time as others: it must give the same for the same record, and keep
	// nothing.
	Holds func(Row) error
}

// Validate adds a validation of your own. It is no part of the cases: whoever runs one
// again must give it, too. Where holds panics, or ends its goroutine as t.Fatal does, the
// case fails.
func Validate(side, table string, holds func(Row) error) Option {
	return func(c *Campaign) {
		r := Rule{Map: table, Holds: holds}
		if err := r.Side.UnmarshalText([]byte(side)); err != nil {
			c.faults = append(c.faults, fmt.Errorf("validate %s: %w", table, err))
		}
		c.Plan.Rules = append(c.Plan.Rules, r)
	}
}

// Row is a record as a validation sees it: as it would be held.
type Row struct {
	Table, Company, Key string

	columns []engine.Column
	values  []engine.Value
}

// Text returns what a column holds as people write it: a text, a number, the key of a
// record that is looked up; empty for null. A column that the map does not have fails
// the case.
func (r Row) Text(column string) string {
	v := r.Value(column)
	switch v.Kind {
	case engine.KindNull:
		return ""
	case engine.KindText:
		return v.Text
	case engine.KindLookup:
		return v.Target.ID
	default:
		return history.Value(&v)
	}
}

// Value returns what a column holds, with its kind.
func (r Row) Value(column string) engine.Value {
	for i := range r.columns {
		if r.columns[i].Name == column {
			return r.values[i]
		}
	}
	panic(fmt.Sprintf("check: a validation asks for column %q, which table map %s does not have", column, r.Table))
}

// enforce lets a world's sides refuse what the user's own validations refuse. Maps that
// take no part in a case have no records to refuse.
func (s *Subject) enforce(w *model.Config, rules []Rule) error {
	for i := range rules {
		r := &rules[i]
		if s.place(r.Map) < 0 {
			return fmt.Errorf("validate: subject %s has no table map %q", s.Name, r.Map)
		}
		for _, m := range w.Maps {
			if m.Name != r.Map {
				continue
			}
			side := &w.Systems[engine.Side(r.Side)]
			side.Validations = append(side.Validations, system.Validation{
				Name: fmt.Sprint("own validation ", i+1), Map: m.ID, Users: true,
				Own: func(k *engine.Key, values []engine.Value) (refused error) {
					row := Row{Table: m.Name, Company: k.Company, Key: k.ID, columns: m.Columns, values: values}
					if cut := call(func() { refused = r.Holds(row) }); cut != "" {
						panic(cutShort{r, cut})
					}
					return refused
				},
			})
		}
	}
	return nil
}

// cutShort ends a world in which a validation of a user's own did not come to its end, so
// that nobody else is blamed.
type cutShort struct {
	rule *Rule
	how  string
}

// String tells whose fault it is.
func (p cutShort) String() string {
	return fmt.Sprintf("the validation of %s at %v %s", p.rule.Map, engine.Side(p.rule.Side), p.how)
}
