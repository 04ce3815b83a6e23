package oracle

import "github.com/twinwrite/twinwrite/engine"

// sameValue compares two column values. Null, empty and zero differ; lookups
// are the same when they name the same pair, whatever the spelling.
func sameValue(a, b *engine.Value) bool {
	if a.Kind != b.Kind {
		return false
	}
	switch a.Kind {
	case engine.KindNull:
		return true
	case engine.KindText:
		return a.Text == b.Text
	case engine.KindNumber:
		return a.Number == b.Number
	case engine.KindLookup:
		x, y := a.Target, b.Target
		return x == y || x.Map == y.Map && x.Company == y.Company && x.ID == y.ID
	}
	return false
}

// sameContent compares all mapped columns.
func sameContent(a, b []engine.Value) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if !sameValue(&a[i], &b[i]) {
			return false
		}
	}
	return true
}

// alive reports whether a side holds the record.
func alive(r *engine.Record) bool { return r != nil && r.Alive && !r.Mark.Dead }

// agree reports whether both sides hold the same, or neither holds anything.
func agree(a, b *engine.Record) bool {
	if !alive(a) || !alive(b) {
		return alive(a) == alive(b)
	}
	return sameContent(a.Values, b.Values)
}
