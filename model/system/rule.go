package system

import (
	"errors"
	"unicode/utf8"

	"github.com/twinwrite/twinwrite/engine"
)

// Rule is what a column of a record must fulfil on a side: every part that is not
// zero. A null column fulfils all but Required.
type Rule struct {
	Column   int
	Required bool           // it must not be null, nor an empty text
	Allowed  []engine.Value // it must be one of these
	Longest  int            // a text may have so many characters
	Low      *int64         // a number must be at least this, in millionths
	High     *int64         // ... and at most this
}

func (r *Rule) faults(m *engine.TableMap) error {
	switch {
	case r.Column < 0 || r.Column >= len(m.Columns):
		return errors.New("a rule about a column that the map does not have")
	case r.Longest < 0:
		return errors.New("a rule that allows texts shorter than nothing")
	case r.Low != nil && r.High != nil && *r.Low > *r.High:
		return errors.New("a rule that no number fulfils")
	}
	return nil
}

// holds reports whether a record fulfils the rule.
func (r *Rule) holds(values []engine.Value) bool {
	v := &values[r.Column]
	if v.Kind == engine.KindNull || v.Kind == engine.KindText && v.Text == "" {
		return !r.Required
	}
	if r.Longest > 0 && v.Kind == engine.KindText && utf8.RuneCountInString(v.Text) > r.Longest {
		return false
	}
	if v.Kind == engine.KindNumber && (r.Low != nil && v.Number < *r.Low || r.High != nil && v.Number > *r.High) {
		return false
	}
	for i := range r.Allowed {
		if r.Allowed[i].Kind == v.Kind && r.Allowed[i].Text == v.Text && r.Allowed[i].Number == v.Number {
			return true
		}
	}
	return len(r.Allowed) == 0
}

// refuses reports whether a validation refuses a record with these values, and what it
// says: by its own function, by its rule, or by a draw for the change.
func (s *System) refuses(validation int, key *engine.Key, values []engine.Value, record uint64, number uint32) (cause string, refused bool) {
	v := &s.config.Validations[validation]
	switch {
	case v.Own != nil:
		if err := v.Own(key, values); err != nil {
			return err.Error(), true
		}
		return "", false
	case v.Rule != nil:
		return v.Cause, !v.Rule.holds(values)
	default:
		return v.Cause, s.draws.refuse[validation].Chance(v.Refuse, record, uint64(number))
	}
}
