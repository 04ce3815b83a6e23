package oracle

import (
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
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
	if c.Flow == engine.ToDataverse && y == engine.FinOps || c.Flow == engine.ToFinOps && y == engine.Dataverse {
		return turnedRound(c, y, v), true
	}
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

// turnedRound returns what side y, from which alone a column flows, gets back of it from the
// other side: a value that becomes v there, as far as one can be told, else null.
func turnedRound(c *engine.Column, y engine.Side, v engine.Value) engine.Value {
	t := &c.Into[y.Other()]
	is := canonical(&c.Canonical, v)
	switch {
	case t.Constant.Kind != engine.KindNull:
		return engine.Value{}
	case t.Values == nil || is.Kind == engine.KindNull:
		return v
	}
	own := false // it would go there as another one
	for _, line := range t.Values.Pairs {
		if code := canonical(&c.Canonical, line[y.Other()]); sameValue(&code, &is) {
			return line[y]
		}
		code := canonical(&c.Canonical, line[y])
		own = own || sameValue(&code, &is)
	}
	if t.Values.FallThrough && !own {
		return v
	}
	return engine.Value{}
}

// codeless is a value whose code somebody had taken away.
type codeless struct {
	of     engine.MapID
	column int
	line   [2]engine.Value
	until  sim.Time // when it came back
	gone   bool     // it has not
}

// Coded tells which codes a column has from now on, of those that it is meant to have.
func (o *Oracle) Coded(at sim.Time, m engine.MapID, column int, left [][2]engine.Value) {
	into := o.shapes[m].Columns[column].Into
	meant := into[engine.FinOps].Values // as a rule both sides translate by the same codes
	if meant == nil {
		meant = into[engine.Dataverse].Values
	}
	for _, line := range meant.Pairs {
		i := slices.IndexFunc(o.codeless, func(c codeless) bool { return c.gone && c.of == m && c.column == column && c.line == line })
		switch gone := !slices.Contains(left, line); {
		case gone && i < 0:
			o.codeless = append(o.codeless, codeless{of: m, column: column, line: line, gone: true})
		case !gone && i >= 0:
			o.codeless[i].gone, o.codeless[i].until = false, at
		}
	}
}

// hadCode reports whether a value of side x has always had its code since an instant, in
// a column in which it is meant to have one.
func (o *Oracle) hadCode(s *shape, column int, x engine.Side, v *engine.Value, since sim.Time) bool {
	form := &s.Columns[column].Canonical
	is := canonical(form, *v)
	return !slices.ContainsFunc(o.codeless, func(c codeless) bool {
		code := canonical(form, c.line[x])
		return c.of == s.ID && c.column == column && (c.gone || c.until >= since) && sameValue(&code, &is)
	})
}
