package engine_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/twinwrite/twinwrite/engine"
)

// What a schedule's table map does to values and which records it leaves out.
// The judge has its own idea of both.
type mapping struct {
	codes  bool    // the word "-1" of F&O is "none" in Dataverse, by a value map that lets all others pass
	filter [2]bool // by side: records whose city is "out" are out of scope
}

func drawMapping(r *rand.Rand) mapping {
	m := mapping{codes: r.IntN(3) == 0}
	if r.IntN(3) == 0 {
		sides := 1 + r.IntN(3)
		m.filter = [2]bool{sides&1 != 0, sides&2 != 0}
	}
	return m
}

func (m *mapping) filters() bool { return m.filter != [2]bool{} }

// into puts the mapping into a table map.
func (m *mapping) into(t *engine.TableMap) {
	if m.codes {
		v := &engine.ValueMap{Name: "words", Pairs: [][2]engine.Value{{engine.Text("-1"), engine.Text("none")}}, FallThrough: true}
		t.Columns[wordColumn].Into = [2]engine.Transform{{Values: v}, {Values: v}}
	}
	for side, on := range m.filter {
		if on {
			t.Filter[side] = engine.Filter{Test: engine.Some, Of: []engine.Filter{
				{Test: engine.IsNull, Column: "city"},
				{Test: engine.Differs, Column: "city", Value: engine.Text("out")},
			}}
		}
	}
}

// word returns what a user of a side types for a word. Junk is what the value
// map gives a meaning on the other side only.
func (m *mapping) word(side engine.Side, n int, junk bool) engine.Value {
	none := n == -1 && side == engine.Dataverse
	if junk {
		n, none = -1, side == engine.FinOps
	}
	if m.codes && none {
		return engine.Text("none")
	}
	return engine.Text(fmt.Sprint(n))
}

// meaning returns a value in words that both sides share.
func (m *mapping) meaning(side engine.Side, column int, v engine.Value) string {
	if v.Kind == engine.KindLookup {
		return "to " + v.Target.ID
	}
	if v.Kind == engine.KindNull {
		return "null"
	}
	if m.codes && column == wordColumn {
		switch {
		case side == engine.FinOps && v.Text == "-1", side == engine.Dataverse && v.Text == "none":
			return "no word"
		case v.Text == "-1", v.Text == "none":
			return fmt.Sprintf("only %v says %s", side, v.Text)
		}
	}
	return v.Text
}

// means reports whether both sides' values of a column are the same.
func (m *mapping) means(column int, from engine.Side, a, b engine.Value) bool {
	return m.meaning(from, column, a) == m.meaning(from.Other(), column, b)
}

// out reports whether a record of a side is out of scope.
func (m *mapping) out(side engine.Side, r *engine.Record) bool {
	return m.filter[side] && r != nil && r.Alive && r.Values[cityColumn].Text == "out"
}

// say tells what a record holds.
func (m *mapping) say(side engine.Side, r *engine.Record) string {
	if r == nil || !r.Alive {
		return "absent"
	}
	text := ""
	for c, v := range r.Values {
		text += fmt.Sprintf(" %d=%s", c, m.meaning(side, c, v))
	}
	return text
}
