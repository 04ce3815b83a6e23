package oracle

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
)

// TestColumnsAgainstTheEngine compares what the oracle finds about random maps
// and values for itself with what the engine says: two answers to one question,
// of which neither knows the other.
func TestColumnsAgainstTheEngine(t *testing.T) {
	t.Parallel()
	met := map[string]int{}
	values := []engine.Value{
		{},
		engine.Text(""), engine.Text("  "), engine.Text("a"), engine.Text("A "), engine.Text("b"), engine.Text("é"), engine.Text("É"), engine.Text("x"),
		engine.Number(0), engine.Number(5), engine.Number(-5), engine.Number(7), engine.Number(-12), engine.Number(10),
	}
	codes := []*engine.ValueMap{
		nil, nil,
		{Name: "strict", Pairs: [][2]engine.Value{{engine.Text("a"), engine.Text("x")}, {engine.Text("b"), engine.Number(5)}}},
		{Name: "open", FallThrough: true, Pairs: [][2]engine.Value{{engine.Text("a"), engine.Text("x")}, {engine.Number(7), engine.Text("b")}}},
	}
	rapid.Check(t, func(t *rapid.T) {
		pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }
		value := func() engine.Value { return values[pick(len(values))] }
		m := engine.TableMap{Name: "m", Mode: engine.Async, Company: pick(2) == 0, Granularity: engine.Granularity(pick(2))}
		for i := range 1 + pick(4) {
			c := engine.Column{
				Name: fmt.Sprint("c", i), Flow: engine.Flow(pick(3)),
				Canonical: engine.Form{TrimBlanks: pick(2) == 0, FoldCase: pick(2) == 0, EmptyIsNull: pick(2) == 0, Step: []int64{0, 1, 5, 10}[pick(4)]},
			}
			list := codes[pick(len(codes))]
			for _, side := range engine.Sides {
				switch leaves := c.Flow == engine.BothWays || (c.Flow == engine.ToFinOps) == (side == fin); {
				case leaves && pick(4) == 0 && c.Flow != engine.BothWays:
					c.Into[side].Constant = engine.Text("fixed")
				case leaves:
					c.Into[side].Values = list
					if pick(3) == 0 {
						c.Into[side].Default = engine.Text("none")
					}
				}
			}
			m.Columns = append(m.Columns, c)
		}
		for _, side := range engine.Sides {
			if pick(2) == 0 {
				continue
			}
			of := []engine.Filter{
				{Test: engine.FilterTest(2 + pick(4)), Column: "c0", Value: engine.Text("A")},
				{Test: engine.FilterTest(2 + pick(4)), Column: m.Columns[len(m.Columns)-1].Name, Value: value()},
			}
			m.Filter[side] = engine.Filter{Test: engine.FilterTest(pick(2)), Of: of}
		}
		made, err := engine.NewTableMap(m)
		if err != nil {
			t.Skip(err)
		}
		s := shapeOf(made)
		if len(s.groups) != made.Groups() {
			t.Fatalf("%d column groups, the engine has %d", len(s.groups), made.Groups())
		}
		for range 8 {
			x, y := make([]engine.Value, len(m.Columns)), make([]engine.Value, len(m.Columns))
			for i := range x {
				x[i], y[i] = value(), value()
				for _, side := range engine.Sides {
					got, want := s.arrived(i, side, &x[i], &y[i]), made.Corresponds(i, side, x[i], y[i])
					if got != want {
						t.Fatalf("%v on its way to %s is held as %v: %v, the engine says %v, by %+v", x[i], side, y[i], got, want, m.Columns[i])
					}
					met[fmt.Sprint("corresponds ", got)]++
				}
			}
			k := engine.Key{ID: "A", Company: []string{"", "usmf"}[pick(2)]}
			for _, side := range engine.Sides {
				if got, want := s.belongs(side, &k, x), made.InScope(side, k, x); got != want {
					t.Fatalf("%v in scope on %s: %v, the engine says %v, by %+v", x, side, got, want, m.Filter[side])
				} else {
					met[fmt.Sprint("in scope ", got)]++
				}
			}
		}
	})
	for _, what := range []string{"corresponds true", "corresponds false", "in scope true", "in scope false"} {
		if met[what] < 20 {
			t.Errorf("%s: only %d times", what, met[what])
		}
	}
}

// fields is one map in which each two-way column conflicts by itself, and one
// column flows to Dataverse only.
func fields() []*engine.TableMap {
	return []*engine.TableMap{{
		Name: "people", Mode: engine.Async, Primary: fin, Granularity: engine.PerField,
		Columns: []engine.Column{{Name: "name"}, {Name: "mood"}, {Name: "limit", Flow: engine.ToDataverse}},
		Filter:  [2]engine.Filter{{Test: engine.Differs, Column: "name", Value: engine.Text("draft")}},
	}}
}

var person = engine.Key{ID: "P"}

// touch makes a captured change of some columns.
func (h *hand) touch(s engine.Side, groups engine.GroupSet, values ...string) *engine.Reference {
	h.t.Helper()
	var content []engine.Value
	for _, v := range values {
		content = append(content, engine.Text(v))
	}
	before, r := h.get(s, person), h.next(s, person, content)
	r.Mark.Groups = make([]engine.GroupMark, 3)
	if before != nil {
		copy(r.Mark.Groups, before.Mark.Groups)
	}
	r.Mark.Incarnation = 1
	r.Mark.Number++
	ref := &engine.Reference{Key: person, Side: s, Incarnation: 1, Number: r.Mark.Number, Groups: groups}
	r.Trace = h.o.UserCommit(h.now, s, before, r, ref)
	h.publish(s, r)
	return ref
}

// bring carries some columns of what was read.
func (h *hand) bring(y engine.Side, read *engine.Record, groups, override engine.GroupSet) {
	h.t.Helper()
	before := h.get(y, person)
	content := make([]engine.Value, 3)
	if before != nil {
		copy(content, before.Values)
	}
	for i := range content {
		if groups>>i&1 == 1 {
			content[i] = read.Values[i]
		}
	}
	r := h.next(y, person, content)
	r.Mark.Incarnation = 1
	w := &engine.Write{Kind: engine.CarryWrite, Key: person, Source: read, Target: before, Groups: groups, Override: override}
	r.Trace = h.o.EngineCommit(h.now, y, w, before, r, nil)
	h.publish(y, r)
}

func TestColumnGroups(t *testing.T) {
	t.Parallel()
	const name, mood, limit, all = 1, 2, 4, 7
	begin := func(h *hand) {
		ref := h.touch(fin, all, "n", "m", "l")
		h.bring(dat, h.get(fin, person), all, 0)
		h.settle(ref, engine.Synced, engine.Written)
	}
	for _, c := range []struct {
		label string
		play  func(h *hand)
		want  []string
	}{
		{"both sides edit, each another column", func(h *hand) {
			r1, r2 := h.touch(fin, name, "n1", "m", "l"), h.touch(dat, mood, "n", "m2", "l")
			h.bring(dat, h.get(fin, person), name, 0)
			h.settle(r1, engine.Synced, engine.Written)
			h.bring(fin, h.get(dat, person), mood, 0)
			h.settle(r2, engine.Synced, engine.Written)
		}, nil},
		{"the same, and the whole record is written over", func(h *hand) {
			r1, r2 := h.touch(fin, name, "n1", "m", "l"), h.touch(dat, mood, "n", "m2", "l")
			h.bring(dat, h.get(fin, person), name|mood, 0)
			h.settle(r1, engine.Synced, engine.Written)
			h.settle(r2, engine.Synced, engine.AlreadyCarried)
		}, []string{"no-lost-update: no conflict was declared", "true-outcome"}},
		{"a change that lost in one column and was carried in another is a conflict", func(h *hand) {
			r1, r2 := h.touch(fin, name, "n1", "m", "l"), h.touch(dat, name|mood, "n2", "m2", "l")
			h.bring(dat, h.get(fin, person), name, name)
			h.settle(r1, engine.Synced, engine.Override)
			h.bring(fin, h.get(dat, person), mood, 0)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"the same, booked as synced", func(h *hand) {
			r1, r2 := h.touch(fin, name, "n1", "m", "l"), h.touch(dat, name|mood, "n2", "m2", "l")
			h.bring(dat, h.get(fin, person), name, name)
			h.settle(r1, engine.Synced, engine.Override)
			h.bring(fin, h.get(dat, person), mood, 0)
			h.settle(r2, engine.Synced, engine.Written)
		}, []string{"no-lost-update: its outcome hides that"}},
		{"superseded in one column is not superseded", func(h *hand) {
			r1, r2 := h.touch(fin, name|mood, "n1", "m1", "l"), h.touch(fin, name, "n2", "m1", "l")
			h.bring(dat, h.get(fin, person), name|mood, 0)
			h.settle(r1, engine.ConcurrencyFailure, engine.Superseded)
			h.settle(r2, engine.Synced, engine.Written)
		}, []string{"true-outcome: is the latest of its side"}},
		{"a write changes a column that it does not carry", func(h *hand) {
			ref := h.touch(fin, name, "n1", "m", "l")
			read := *h.get(fin, person)
			r := h.next(dat, person, []engine.Value{engine.Text("n1"), engine.Text("new"), engine.Text("l")})
			r.Trace = h.o.EngineCommit(h.now, dat, &engine.Write{Kind: engine.CarryWrite, Key: person, Source: &read, Groups: name}, h.get(dat, person), r, nil)
			h.publish(dat, r)
			h.settle(ref, engine.Synced, engine.Written)
		}, []string{"no-phantom: column mood changed on dataverse with a write that does not carry it", "converged: columns mood"}},
		{"an edit against the flow stays, and is written over", func(h *hand) {
			h.touch(dat, 0, "n", "m", "mine")
			h.settle(&engine.Reference{Key: person, Side: dat, Incarnation: 1, Number: 1}, engine.NoOp, engine.Filtered)
			ref := h.touch(fin, limit, "n", "m", "l1")
			h.bring(dat, h.get(fin, person), limit, 0)
			h.settle(ref, engine.Synced, engine.Written)
			if n := h.o.totals.DriftOverwritten; n != 1 {
				h.o.breach(converged, h.now, nil, "%d edits against the flow were counted as written over", n)
			}
		}, nil},
		{"what is out of scope is apart, and no change", func(h *hand) {
			ref := h.touch(fin, name, "draft", "m", "l")
			h.settle(ref, engine.NoOp, engine.Filtered)
			h.bypass(fin, person, []engine.Value{engine.Text("draft"), engine.Text("other"), engine.Text("l")})
		}, nil},
		{"what comes back into scope is carried whole", func(h *hand) {
			ref := h.touch(fin, name, "draft", "m", "l")
			h.settle(ref, engine.NoOp, engine.Filtered)
			h.bypass(fin, person, []engine.Value{engine.Text("draft"), engine.Text("other"), engine.Text("l")})
			back := h.touch(fin, name|mood, "n", "other", "l")
			h.bring(dat, h.get(fin, person), name, 0)
			h.settle(back, engine.Synced, engine.Written)
		}, []string{"converged: columns mood", "idempotent"}},
	} {
		t.Run(c.label, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{}, fields())
			begin(h)
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}

// TestMapThatFlowsOneWay has records of which one side alone holds anything: what users
// make where nothing flows from is nobody's to carry; what goes the other way is.
func TestMapThatFlowsOneWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		play func(h *hand)
		want Verdict
	}{
		{"made where nothing flows from", func(h *hand) { h.bypass(dat, a, text("1")) }, Pass},
		{"made where it flows from, and not carried", func(h *hand) { h.user(fin, a, text("1")) }, Fail},
		{"carried, and gone where it came from", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			gone := h.next(fin, a, nil)
			gone.Alive = false
			gone.Trace = h.o.UserCommit(h.now, fin, h.get(fin, a), gone, nil)
			h.publish(fin, gone)
		}, Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{}, []*engine.TableMap{{
				Name: "products", Mode: engine.Async, Primary: fin, Columns: []engine.Column{{Name: "text", Flow: engine.ToDataverse}}, Company: true,
			}})
			c.play(h)
			if p := property(t, h.judge(), "converged"); p.Verdict != c.want {
				t.Errorf("expected %v: %s", c.want, p)
			}
		})
	}
}

// TestDifferenceNamesColumns has pairs that differ in the directions in which their columns
// flow, though what one side holds may be what the other's becomes on a way that nothing
// goes: the failure names the columns all the same.
func TestDifferenceNamesColumns(t *testing.T) {
	t.Parallel()
	into := func(sides ...engine.Side) (into [2]engine.Transform) {
		for _, s := range sides {
			into[s].Values = &engine.ValueMap{Name: "codes", FallThrough: true, Pairs: [][2]engine.Value{{engine.Text("a"), engine.Text("x")}}}
		}
		return into
	}
	for _, c := range []struct {
		name    string
		columns []engine.Column
		want    string
	}{
		{"one way", []engine.Column{{Name: "code", Flow: engine.ToDataverse, Into: into(dat)}, {Name: "plain", Flow: engine.ToDataverse}}, "columns code"},
		{"both ways", []engine.Column{{Name: "code", Into: into(dat, fin)}, {Name: "plain"}}, "columns code"},
		{"each one way, and none both", []engine.Column{{Name: "there", Into: into(dat)}, {Name: "back", Into: into(fin)}, {Name: "plain"}}, "columns there, back"},
		{"one of both that is worse", []engine.Column{{Name: "there", Into: into(dat)}, {Name: "code", Into: into(dat, fin)}}, "columns code"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{}, []*engine.TableMap{{Name: "products", Mode: engine.Async, Primary: fin, Columns: c.columns, Company: true}})
			var content []engine.Value
			for range c.columns {
				content = append(content, engine.Text("a"))
			}
			ref := h.user(fin, a, content)
			h.carry(dat, a) // as it is: nothing is translated
			h.settle(ref, engine.Synced, engine.Written)
			if said, want := property(t, h.judge(), "converged").String(), "nothing is queued: "+c.want+"\n"; !strings.Contains(said+"\n", want) {
				t.Errorf("wanted %q in:\n%s", want, said)
			}
		})
	}
}
