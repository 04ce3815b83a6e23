package engine

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Transform is what happens to a column's value on its way into one side. The
// zero Transform copies it. A record holds its values as its own side writes
// them, so that a transform is applied when a value is carried and when two
// sides are compared, and never to what is read.
type Transform struct {
	Constant Value     // unless null: what the side holds, whatever the other one does
	Default  Value     // unless null: what a null or empty value becomes
	Values   *ValueMap // the codes of both sides; nil copies the value
}

// ValueMap is a two-way table of codes: what each side calls the same thing.
// Null needs no code; an empty text is a value like any other.
type ValueMap struct {
	Name  string
	Pairs [][2]Value // by side

	// FallThrough lets a value that has no code pass as it is, unless it would
	// then look like a code of the other side and come back as another value.
	// Without it such a value is an application failure.
	FallThrough bool
}

// Form is a canonical form: it says what does not count when two values of a column are compared:
// whatever either side does not tell apart. One form serves both sides, so that
// what one of them rounds, trims or folds is no difference and never travels
// back. By the zero Form everything counts; null, empty and zero differ.
type Form struct {
	TrimBlanks  bool  // trailing blanks do not count
	FoldCase    bool  // letter case does not count
	EmptyIsNull bool  // an empty text is null: a side cannot hold one of the two
	Step        int64 // numbers are rounded to multiples of so many millionths, halves away from zero; 0: not at all
}

// Of returns the canonical form of a value: two values are the same in canonical
// form when those of both are the same.
func (c Form) Of(v Value) Value {
	form := Value{Kind: c.kind(&v)}
	switch form.Kind {
	case KindText:
		form.Text = c.text(&v)
		if c.FoldCase {
			form.Text = strings.Map(unicode.ToUpper, form.Text)
		}
	case KindNumber:
		form.Number = c.number(&v)
	case KindLookup:
		form.Target = v.Target
	}
	return form
}

// Equal reports whether two values of one side are the same in canonical form.
func (c Form) Equal(a, b Value) bool { return c.same(&a, &b) }

// same is Equal without the copies.
func (c *Form) same(a, b *Value) bool {
	if *c == (Form{}) || a.equal(b) {
		return a.equal(b)
	}
	switch k, l := c.kind(a), c.kind(b); {
	case k != l:
		return false
	case k == KindText && c.FoldCase:
		return equalFolded(c.text(a), c.text(b))
	case k == KindText:
		return c.text(a) == c.text(b)
	case k == KindNumber:
		return c.number(a) == c.number(b)
	default:
		return k == KindNull
	}
}

// kind, text and number are the parts of a value's canonical form. Letter case
// is left to those who compare: it cannot be folded without a copy.
func (c *Form) kind(v *Value) Kind {
	if c.EmptyIsNull && v.Kind == KindText && c.text(v) == "" {
		return KindNull
	}
	return v.Kind
}

func (c *Form) text(v *Value) string {
	s := v.Text
	for c.TrimBlanks && s != "" && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return s
}

func (c *Form) number(v *Value) int64 {
	if c.Step <= 1 {
		return v.Number
	}
	rest := v.Number % c.Step
	n := v.Number - rest
	switch {
	case 2*rest >= c.Step:
		n += c.Step
	case -2*rest >= c.Step:
		n -= c.Step
	}
	return n
}

// hash feeds the canonical form of a value into a fingerprint.
func (c *Form) hash(h uint64, v *Value) uint64 {
	if *c == (Form{}) {
		return hashValue(h, v)
	}
	form := Value{Kind: c.kind(v), Target: v.Target}
	switch {
	case form.Kind == KindText && c.FoldCase:
		h = hashWord(h, uint64(form.Kind)+1)
		letters := uint64(0)
		for _, r := range c.text(v) {
			h = hashWord(h, uint64(unicode.ToUpper(r)))
			letters++
		}
		return hashWord(h, letters)
	case form.Kind == KindText:
		form.Text = c.text(v)
	case form.Kind == KindNumber:
		form.Number = c.number(v)
	}
	return hashValue(h, &form)
}

// equalFolded compares texts as [Form.hash] folds them, letter by letter.
func equalFolded(a, b string) bool {
	for a != "" && b != "" {
		r, n := utf8.DecodeRuneInString(a)
		q, k := utf8.DecodeRuneInString(b)
		if r != q && unicode.ToUpper(r) != unicode.ToUpper(q) {
			return false
		}
		a, b = a[n:], b[k:]
	}
	return a == b
}

// into returns what a value of the other side becomes on its way into a side,
// and false when it has no mapping.
func (c *Column) into(side Side, v *Value) (*Value, bool) {
	if !c.Flow.leaves(side.Other()) {
		return c.back(side, v), true
	}
	t := &c.Into[side]
	if t.Constant.Kind != KindNull {
		return &t.Constant, true
	}
	null := c.Canonical.kind(v) == KindNull
	if t.Default.Kind != KindNull && (null || v.Kind == KindText && c.Canonical.text(v) == "") {
		return &t.Default, true
	}
	if t.Values == nil || null {
		return v, true
	}
	return t.Values.into(side, &c.Canonical, v)
}

// back returns what a side gets back of a column that flows only from it, when a live
// transaction is undone that had deleted its record: what it may have held for the other side
// to hold what it does. Of what a constant has taken the place of, and of a value without a
// code, nobody knows anything any more.
func (c *Column) back(side Side, v *Value) *Value {
	switch t := &c.Into[side.Other()]; {
	case t.Constant.Kind != KindNull:
		return &Value{}
	case t.Values == nil || c.Canonical.kind(v) == KindNull:
		return v
	default:
		if code, ok := t.Values.into(side, &c.Canonical, v); ok {
			return code
		}
		return &Value{}
	}
}

// into translates a value of the other side.
func (m *ValueMap) into(side Side, c *Form, v *Value) (*Value, bool) {
	if i := m.line(side.Other(), c, v); i >= 0 {
		return &m.Pairs[i][side], true
	}
	return v, m.FallThrough && m.line(side, c, v) < 0
}

// line finds a code of a side, or returns -1.
func (m *ValueMap) line(side Side, c *Form, v *Value) int {
	for i := range m.Pairs {
		if c.same(&m.Pairs[i][side], v) {
			return i
		}
	}
	return -1
}

// ErrTransform is what every fault of a column's transforms is.
var ErrTransform = errors.New("engine: the transforms of a column do not fit together")

// faults reports what is wrong with a column's transforms: a value must come
// back as it went, and what flows one way only needs a way to flow.
func (c *Column) faults(table string) (faults []error) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: %s.%s: %s", ErrTransform, table, c.Name, fmt.Sprintf(format, args...)))
	}
	for _, side := range Sides {
		t := &c.Into[side]
		fixed := t.Constant.Kind != KindNull
		switch {
		case *t == Transform{}:
			continue
		case len(c.Lookups) > 0:
			fault("a lookup is carried as it is")
			continue
		case !c.Flow.leaves(side.Other()):
			fault("it has a transform into %s, where it does not flow", side)
		case fixed && c.Unique:
			fault("a constant cannot be unique")
		case fixed && c.Flow == BothWays:
			fault("a constant flows one way only")
		case fixed && (t.Values != nil || t.Default.Kind != KindNull):
			fault("a constant leaves nothing to translate")
		}
		if t.Constant.Kind == KindLookup || t.Default.Kind == KindLookup {
			fault("a constant or default cannot be a lookup")
		}
		if t.Values != nil {
			t.Values.check(side.Other(), &c.Canonical, fault)
		}
	}
	if c.Flow == BothWays && c.Into[FinOps].Values != c.Into[Dataverse].Values {
		fault("it flows both ways, and needs the same value map on both")
	}
	if c.Canonical.Step < 0 {
		fault("numbers cannot be rounded to multiples of %d millionths", c.Canonical.Step)
	}
	return faults
}

// check reports codes that a side has twice, so that it is open what becomes
// of them.
func (m *ValueMap) check(source Side, c *Form, fault func(string, ...any)) {
	for i := range m.Pairs {
		for j := range m.Pairs[:i] {
			if c.same(&m.Pairs[i][source], &m.Pairs[j][source]) {
				fault("value map %s translates a code of %s twice, on lines %d and %d", m.Name, source, j+1, i+1)
			}
		}
		if c.kind(&m.Pairs[i][source]) == KindNull {
			fault("value map %s translates null on line %d; a default does that", m.Name, i+1)
		}
	}
}
