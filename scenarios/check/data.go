package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/scenarios/history"
)

// Data are the records that both sides hold in the end, a line each, sorted.
type Data []string

// held is one of them.
type held struct {
	side  SideName
	of    recordName
	text  string // its line
	meant string // ... in canonical form: what does not count in a comparison is left out
}

// recordName names a record in whichever spelling.
type recordName struct{ table, company, key string }

func nameOf(table, company, key string) recordName {
	return recordName{table, company, strings.ToUpper(strings.TrimRight(key, " "))}
}

// of names the record of an edit.
func (e *Edit) of() recordName { return nameOf(e.Map, e.Company, e.Key) }

// editors tells for each record from which side it is edited first.
func (c *Case) editors() map[recordName]SideName {
	first := map[recordName]SideName{}
	for _, t := range c.Transactions {
		for i := range t.Edits {
			n := t.Edits[i].of()
			if _, known := first[n]; !known {
				first[n] = t.Side
			}
		}
	}
	return first
}

// heldBy writes down what a world holds.
func heldBy(w *model.World, maps []*engine.TableMap) (all []held) {
	for _, s := range w.Systems {
		for _, m := range maps {
			s.Each(m.ID, func(r *engine.Record) {
				if !r.Alive {
					return
				}
				var text, meant strings.Builder
				fmt.Fprintf(&text, "%s %s %s %s%s:", s.Side(), m.Name, r.Key.Company, r.Key.ID, r.Key.Spelling)
				meant.WriteString(text.String())
				for c := range r.Values {
					column := &m.Columns[c]
					text.WriteString(" " + column.Name + "=" + history.Value(&r.Values[c]))
					if !ambiguous(column, s.Side()) {
						form := column.Canonical.Of(r.Values[c])
						meant.WriteString(" " + column.Name + "=" + history.Value(&form))
					}
				}
				all = append(all, held{SideName(s.Side()), nameOf(m.Name, r.Key.Company, r.Key.ID), text.String(), meant.String()})
			})
		}
	}
	return all
}

// ambiguous reports whether nobody can tell any more what a side held of a column, once a
// delete is undone that the other side's user had asked for: the column flows only from
// here, and its default stands there for null as well as for itself. A record that users of
// this side have edited is compared to the letter anyway.
func ambiguous(c *engine.Column, side engine.Side) bool {
	other := side.Other()
	return c.Flow == [2]engine.Flow{engine.ToFinOps, engine.ToDataverse}[other] && c.Into[other].Default.Kind != engine.KindNull
}

// lines returns what an execution ends with, in some form; what has none is left out.
func (x *Execution) lines(form func(*held) string) (d Data) {
	for i := range x.held {
		if line := form(&x.held[i]); line != "" {
			d = append(d, line)
		}
	}
	slices.Sort(d)
	return d
}

// sameData compares what the two sides hold in the end, where each record is edited from
// one side and its users came to commit the same: a fault may delay one of them past another,
// or fail a delete, whose undoing brings back what both sides know and no more. An item that
// waits for an operator has nothing to compare.
func sameData(a, b *Execution) (difference string, compared bool) {
	for _, x := range []*Execution{a, b} {
		for _, m := range x.Result.Report.Maps {
			if m.Parked+m.Blocked+m.Open > 0 {
				return "", false
			}
		}
	}
	for side := range engine.Sides {
		saved := func(x *Execution) uint64 { return x.Result.Systems[side].Endings[system.Committed] }
		if saved(a) != saved(b) {
			return "", false
		}
	}
	editors := a.of.editors()
	own := func(h *held) string {
		if side, edited := editors[h.of]; !edited || side != h.side {
			return ""
		}
		return h.text
	}
	if differing(a.lines(own), b.lines(own)) != "" {
		return "", false
	}
	meant := func(h *held) string { return h.meant } // how a value is spelled that is the same to the map is up to timing
	return differing(a.lines(meant), b.lines(meant)), true
}

// differing tells the first line in which two lists differ.
func differing(a, b Data) string {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return "only the second run ends with " + b[i]
		case i >= len(b):
			return "only the first run ends with " + a[i]
		case a[i] != b[i]:
			return fmt.Sprintf("one run ends with %s, and the other with %s", a[i], b[i])
		}
	}
	return ""
}
