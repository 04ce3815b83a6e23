package oracle

import (
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

// canonical returns a value without what does not count in its column.
func canonical(f *engine.Form, v engine.Value) engine.Value {
	switch v.Kind {
	case engine.KindText:
		if f.TrimBlanks {
			v.Text = strings.TrimRight(v.Text, " ")
		}
		if f.FoldCase {
			v.Text = strings.ToUpper(v.Text)
		}
		if f.EmptyIsNull && v.Text == "" {
			return engine.Value{}
		}
	case engine.KindNumber:
		if f.Step > 1 {
			v.Number = rounded(v.Number, f.Step)
		}
	}
	return v
}

// rounded returns the nearest multiple of step; halves go away from zero.
func rounded(n, step int64) int64 {
	if n < 0 {
		return -rounded(-n, step)
	}
	return (n + step/2) / step * step
}

// translated returns what a value becomes on its way into side y, and false when
// it has no code there.
func translated(c *engine.Column, y engine.Side, v engine.Value) (engine.Value, bool) {
	t := &c.Into[y]
	is := canonical(&c.Canonical, v)
	null := is.Kind == engine.KindNull
	switch {
	case t.Constant.Kind != engine.KindNull:
		return t.Constant, true
	case t.Default.Kind != engine.KindNull && (null || is.Kind == engine.KindText && is.Text == ""):
		return t.Default, true
	case t.Values == nil || null:
		return v, true
	}
	x := y.Other()
	for _, line := range t.Values.Pairs {
		if code := canonical(&c.Canonical, line[x]); sameValue(&code, &is) {
			return line[y], true
		}
	}
	if !t.Values.FallThrough {
		return v, false
	}
	for _, line := range t.Values.Pairs {
		if code := canonical(&c.Canonical, line[y]); sameValue(&code, &is) {
			return v, false // it would come back as something else
		}
	}
	return v, true
}
