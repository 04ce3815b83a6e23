package oracle

import (
	"errors"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// mixable are three maps: one in async mode, one live, and one that is stopped.
func mixable() []*engine.TableMap {
	var maps []*engine.TableMap
	for i, m := range []engine.TableMap{
		{Name: "orders", Mode: engine.Async},
		{Name: "stock", Mode: engine.Live, Filter: [2]engine.Filter{{Test: engine.Differs, Column: "text", Value: engine.Text("draft")}}},
		{Name: "notes", Mode: engine.Stopped},
	} {
		m.ID, m.Columns = engine.MapID(i), []engine.Column{{Name: "text"}}
		maps = append(maps, &m)
	}
	return maps
}

func TestMixedTransactions(t *testing.T) {
	t.Parallel()
	change := func(m engine.MapID, content string) engine.Change {
		return engine.Change{Key: engine.Key{Map: m, ID: "A"}, Op: engine.Create, After: text(content)}
	}
	gone := change(1, "old")
	gone.Op, gone.Before, gone.After = engine.Delete, &engine.Record{Key: &gone.Key, Alive: true, Values: text("old")}, nil
	mixed := &engine.MixedTransactionError{Async: []string{"orders"}, Live: []string{"stock"}}
	for _, c := range []struct {
		name    string
		changes []engine.Change
		err     error // nil: it commits
		later   bool  // it commits after all
		want    []string
	}{
		{"refused, and named", []engine.Change{change(0, "1"), change(1, "1"), change(2, "1")}, mixed, false, nil},
		{"refused for another reason", []engine.Change{change(0, "1")}, errors.New("busy"), false, nil},
		{
			"one map is not named",
			[]engine.Change{change(0, "1"), change(1, "1")},
			&engine.MixedTransactionError{Live: []string{"stock"}}, false,
			[]string{`mixed-rejected: with "" as the async table maps, and they are "orders"`},
		},
		{
			"refused although the live record is out of scope",
			[]engine.Change{change(0, "1"), change(1, "draft")},
			mixed, false,
			[]string{"mixed-rejected: touches no live table map"},
		},
		{
			"refused although the live record is only deleted",
			[]engine.Change{change(0, "1"), gone},
			mixed, false,
			[]string{"mixed-rejected: touches no live table map"},
		},
		{
			"let through",
			[]engine.Change{change(0, "1"), change(1, "1")},
			nil, false,
			[]string{"mixed-rejected: transaction 7 of finops mixes live and async table maps, and committed"},
		},
		{"let through, and not mixed", []engine.Change{change(0, "1"), change(1, "draft"), change(2, "1")}, nil, false, nil},
		{
			"refused and committed",
			[]engine.Change{change(0, "1"), change(1, "1")},
			mixed, true,
			[]string{"mixed-rejected: was refused by the capture hook and committed all the same"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{}, mixable())
			if c.err != nil {
				h.o.Refused(h.now, fin, 7, c.changes, c.err)
			}
			if c.err == nil || c.later {
				h.o.Transaction(h.now, fin, 7, "", 0)
			}
			if c.err == nil {
				for _, ch := range c.changes {
					h.bypass(fin, ch.Key, ch.After)
				}
			}
			r := h.judge()
			var got []Property
			for _, p := range r.Properties {
				if p.ID == "mixed-rejected" {
					got = append(got, p)
				}
			}
			expect(t, Report{Properties: got}, c.want...)
		})
	}
	if !hasProperty(newHandOf(t, Config{}, mixable()).judge(), "mixed-rejected") || hasProperty(newHand(t, Config{}).judge(), "mixed-rejected") {
		t.Error("mixed-rejected is for worlds that have live maps and async ones")
	}
}

func hasProperty(r Report, id string) bool {
	for _, p := range r.Properties {
		if p.ID == id {
			return true
		}
	}
	return false
}
