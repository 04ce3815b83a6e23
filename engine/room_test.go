package engine

import (
	"fmt"
	"testing"
)

// TestRoom: rooms have as many values and groups as their map, and nobody else's.
func TestRoom(t *testing.T) {
	t.Parallel()
	for columns := 1; columns <= 6; columns++ {
		for _, granularity := range []Granularity{PerRecord, PerField} {
			m := TableMap{Name: "m", Granularity: granularity}
			for c := range columns {
				m.Columns = append(m.Columns, Column{Name: fmt.Sprint(c)})
			}
			made, err := NewTableMap(m)
			if err != nil {
				t.Fatal(err)
			}
			a, b := made.Room(), made.Room()
			if len(a.Values) != columns || len(a.Mark.Groups) != made.Groups() {
				t.Fatalf("a room for %d columns in %d groups has %d in %d", columns, made.Groups(), len(a.Values), len(a.Mark.Groups))
			}
			for c := range a.Values {
				a.Values[c] = Text("x")
			}
			for g := range a.Mark.Groups {
				a.Mark.Groups[g].Own = 1
			}
			if _ = append(a.Values, Text("y")); b.Values[columns-1].Kind != KindNull || b.Mark.Groups[0].Own != 0 || a.Alive {
				t.Errorf("%d columns: what is written into one room is seen in another", columns)
			}
		}
	}
}

// TestPlainKeysFoldToThemselves compares the short way with the long one.
func TestPlainKeysFoldToThemselves(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"", "A", "INV-1", "A B", "Z~", "0.50", "a", "A ", " A", "É", "A|B", `A\`, "\x7f"} {
		f := KeyForm{}
		fields := keyFields(id)
		for i := range fields {
			fields[i] = f.folded(fields[i])
		}
		if long := JoinKey(fields...); plain(id) && long != id || f.Canonical(id) != long {
			t.Errorf("%q is plain: %v; it folds to %q, by the long way to %q", id, plain(id), f.Canonical(id), long)
		}
	}
}
