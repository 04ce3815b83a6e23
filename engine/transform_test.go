package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
)

// TestForm compares values in canonical form.
func TestForm(t *testing.T) {
	t.Parallel()
	text, number := engine.Text, engine.Number
	null := engine.Value{}
	for _, c := range []struct {
		name string
		form engine.Form
		a, b engine.Value
		same bool
	}{
		{"everything counts: case", engine.Form{}, text("a"), text("A"), false},
		{"everything counts: blanks", engine.Form{}, text("a"), text("a "), false},
		{"null and empty differ", engine.Form{TrimBlanks: true, FoldCase: true, Step: 10}, null, text(""), false},
		{"empty and zero differ", engine.Form{EmptyIsNull: true}, text("0"), number(0), false},
		{"null and zero differ", engine.Form{EmptyIsNull: true, Step: 1_000_000}, null, number(0), false},
		{"empty is null", engine.Form{EmptyIsNull: true}, null, text(""), true},
		{"blanks are null only when trimmed", engine.Form{EmptyIsNull: true}, null, text("  "), false},
		{"trimmed blanks are null", engine.Form{EmptyIsNull: true, TrimBlanks: true}, null, text("  "), true},
		{"trailing blanks", engine.Form{TrimBlanks: true}, text("a"), text("a  "), true},
		{"leading blanks count", engine.Form{TrimBlanks: true}, text("a"), text(" a"), false},
		{"case", engine.Form{FoldCase: true}, text("Straße ümläut"), text("sTRAßE ÜMLÄUT"), true},
		{"case of a prefix", engine.Form{FoldCase: true}, text("ab"), text("ABC"), false},
		{"letters that grow when folded", engine.Form{FoldCase: true}, text("ı"), text("I"), true},
		{"cents", engine.Form{Step: 10_000}, number(1_254_999), number(1_250_000), true},
		{"halves go up", engine.Form{Step: 10_000}, number(1_255_000), number(1_260_000), true},
		{"halves go away from zero", engine.Form{Step: 10_000}, number(-1_255_000), number(-1_260_000), true},
		{"cents that differ", engine.Form{Step: 10_000}, number(1_254_999), number(1_255_000), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.form.Equal(c.a, c.b); got != c.same {
				t.Errorf("%+v: %+v and %+v: same is %v", c.form, c.a, c.b, got)
			}
			if got := c.form.Equal(c.b, c.a); got != c.same {
				t.Errorf("the other way round it differs")
			}
			if got := c.form.Of(c.a) == c.form.Of(c.b); got != c.same {
				t.Errorf("canonical forms %+v and %+v: same is %v", c.form.Of(c.a), c.form.Of(c.b), got)
			}
		})
	}
}

// anyValue draws values that are often nearly the same.
func anyValue() *rapid.Generator[engine.Value] {
	return rapid.Custom(func(t *rapid.T) engine.Value {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return engine.Value{}
		case 1:
			return engine.Number(rapid.Int64Range(-25, 25).Draw(t, "number"))
		default:
			return engine.Text(strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "A", "ü", "Ü", " ", "\xff"}), 0, 3).Draw(t, "text"), ""))
		}
	})
}

func anyForm() *rapid.Generator[engine.Form] {
	return rapid.Custom(func(t *rapid.T) engine.Form {
		return engine.Form{
			TrimBlanks: rapid.Bool().Draw(t, "trim"), FoldCase: rapid.Bool().Draw(t, "fold"),
			EmptyIsNull: rapid.Bool().Draw(t, "empty"), Step: rapid.SampledFrom([]int64{0, 1, 2, 10}).Draw(t, "step"),
		}
	})
}

// TestTouchedAgreesWithFingerprints: the hook captures a change exactly when
// the record's fingerprint differs afterwards, so that no capture is followed
// by a late one. It is so in every canonical form.
func TestTouchedAgreesWithFingerprints(t *testing.T) {
	t.Parallel()
	alike, unlike := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		form := anyForm().Draw(t, "form")
		m, err := engine.NewTableMap(engine.TableMap{Name: "m", Mode: engine.Async, Columns: []engine.Column{{Name: "c", Canonical: form}}})
		if err != nil {
			t.Fatal(err)
		}
		a, b := anyValue().Draw(t, "a"), anyValue().Draw(t, "b")
		if rapid.Bool().Draw(t, "unchanged") { // else two that are alike may never come up
			b = a
		}
		hook := engine.NewCapture(engine.FinOps, []*engine.TableMap{m}, nil)
		commit := func(before *engine.Record, after engine.Value) (engine.CapturedChange, *engine.Record) {
			got, err := hook.PreCommit(nil, 1, []engine.Change{{Before: before, After: []engine.Value{after}}})
			if err != nil {
				t.Fatal(err)
			}
			return got[0], &engine.Record{Alive: true, Values: []engine.Value{after}, Mark: got[0].Mark}
		}
		_, first := commit(nil, a)
		change, second := commit(first, b)
		same := form.Equal(a, b)
		if change.Captured == same {
			t.Fatalf("%+v to %+v: same is %v and captured is %v", a, b, same, change.Captured)
		}
		prints := first.Mark.Groups[0].Fingerprint == second.Mark.Groups[0].Fingerprint
		if _, again := commit(nil, b); (again.Mark.Groups[0].Fingerprint == first.Mark.Groups[0].Fingerprint) != same || prints != same {
			t.Fatalf("%+v and %+v: same is %v, and the fingerprints say otherwise", a, b, same)
		}
		if same {
			alike++
		} else {
			unlike++
		}
	})
	if alike == 0 || unlike == 0 {
		t.Errorf("%d pairs alike and %d unlike: one of them was never met", alike, unlike)
	}
}

// TestCarryThereAndBack: what a two-way column's value becomes on the other
// side comes back as the same value, or has no mapping at all.
func TestCarryThereAndBack(t *testing.T) {
	t.Parallel()
	carried := 0
	rapid.Check(t, func(t *rapid.T) {
		form := anyForm().Draw(t, "form")
		v := &engine.ValueMap{Name: "codes", FallThrough: rapid.Bool().Draw(t, "others pass")}
		for range rapid.IntRange(0, 3).Draw(t, "codes") {
			v.Pairs = append(v.Pairs, [2]engine.Value{anyValue().Draw(t, "finops"), anyValue().Draw(t, "dataverse")})
		}
		m, err := engine.NewTableMap(engine.TableMap{Name: "m", Columns: []engine.Column{
			{Name: "c", Canonical: form, Into: [2]engine.Transform{{Values: v}, {Values: v}}},
		}})
		if err != nil {
			return // a code that is there twice, or null
		}
		x := &engine.Record{Alive: true, Values: []engine.Value{anyValue().Draw(t, "value")}, Mark: engine.Mark{Incarnation: 1, Groups: make([]engine.GroupMark, 1)}}
		y, _, ok := engine.Apply(m, &engine.Write{Source: x, Groups: 1}, engine.Dataverse, nil)
		if !ok {
			return // no mapping
		}
		carried++
		if !m.Corresponds(0, engine.Dataverse, x.Values[0], y.Values[0]) {
			t.Fatalf("%+v does not correspond to %+v, which it became", x.Values[0], y.Values[0])
		}
		back, _, ok := engine.Apply(m, &engine.Write{Source: y, Groups: 1}, engine.FinOps, nil)
		if !ok || !form.Equal(back.Values[0], x.Values[0]) {
			t.Fatalf("%+v became %+v and came back as %+v", x.Values[0], y.Values[0], back.Values)
		}
	})
	if carried == 0 {
		t.Error("nothing was ever carried")
	}
}

// TestFilter evaluates filters on records of one column.
func TestFilter(t *testing.T) {
	t.Parallel()
	text := engine.Text
	is := func(v string) engine.Filter {
		return engine.Filter{Test: engine.Equals, Column: "c", Value: text(v)}
	}
	isNot := func(v string) engine.Filter {
		return engine.Filter{Test: engine.Differs, Column: "c", Value: text(v)}
	}
	null := engine.Filter{Test: engine.IsNull, Column: "c"}
	some := func(of ...engine.Filter) engine.Filter { return engine.Filter{Test: engine.Some, Of: of} }
	every := func(of ...engine.Filter) engine.Filter { return engine.Filter{Of: of} }
	for _, c := range []struct {
		name   string
		filter engine.Filter
		form   engine.Form
		passes []bool // null, empty, "a", "A"
	}{
		{"none", engine.Filter{}, engine.Form{}, []bool{true, true, true, true}},
		{"some of nothing", some(), engine.Form{}, []bool{false, false, false, false}},
		{"equals", is("a"), engine.Form{}, []bool{false, false, true, false}},
		{"equals, folded", is("a"), engine.Form{FoldCase: true}, []bool{false, false, true, true}},
		{"equals empty", is(""), engine.Form{}, []bool{false, true, false, false}},
		{"equals empty where that is null", is(""), engine.Form{EmptyIsNull: true}, []bool{false, false, false, false}},
		{"differs: null is not told apart", isNot("a"), engine.Form{}, []bool{false, true, false, true}},
		{"differs from empty", isNot(""), engine.Form{}, []bool{false, false, true, true}},
		{"null", null, engine.Form{}, []bool{true, false, false, false}},
		{"null, or empty", null, engine.Form{EmptyIsNull: true}, []bool{true, true, false, false}},
		{"not null", engine.Filter{Test: engine.IsNotNull, Column: "c"}, engine.Form{}, []bool{false, true, true, true}},
		{"either", some(null, is("a")), engine.Form{}, []bool{true, false, true, false}},
		{"both", every(isNot("a"), isNot("")), engine.Form{}, []bool{false, false, false, true}},
		{"both of eithers", every(some(null, is("a")), some(is("a"), is("A"))), engine.Form{}, []bool{false, false, true, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m, err := engine.NewTableMap(engine.TableMap{
				Name: "m", Columns: []engine.Column{{Name: "c", Canonical: c.form}}, Filter: [2]engine.Filter{c.filter},
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []bool
			for _, v := range []engine.Value{{}, text(""), text("a"), text("A")} {
				got = append(got, m.InScope(engine.FinOps, engine.Key{}, []engine.Value{v}))
				if !m.InScope(engine.Dataverse, engine.Key{}, []engine.Value{v}) {
					t.Error("the filter of one side is applied to the other")
				}
			}
			if diff := cmp.Diff(c.passes, got); diff != "" {
				t.Errorf("passes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCompanyScope: a map that is striped by company has no place for a record
// without one.
func TestCompanyScope(t *testing.T) {
	t.Parallel()
	m, err := engine.NewTableMap(engine.TableMap{Name: "m", Company: true, Columns: []engine.Column{{Name: "c"}}})
	if err != nil {
		t.Fatal(err)
	}
	for company, want := range map[string]bool{"": false, "usmf": true} {
		if got := m.InScope(engine.Dataverse, engine.Key{Company: company, ID: "A"}, make([]engine.Value, 1)); got != want {
			t.Errorf("company %q: in scope is %v", company, got)
		}
	}
}

// TestWhatWasFilteredIsAskedFor: the city of the target was changed while the
// source was out of scope, and its reference has ended. When the source enters
// by another column, the verdict asks for an item the other way.
func TestWhatWasFilteredIsAskedFor(t *testing.T) {
	t.Parallel()
	m, err := engine.NewTableMap(engine.TableMap{
		Name: "m", Mode: engine.Async, Granularity: engine.PerField, Columns: []engine.Column{{Name: "type"}, {Name: "city"}},
		Filter: [2]engine.Filter{engine.FinOps: {Test: engine.Equals, Column: "type", Value: engine.Text("org")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := engine.Key{ID: "A"}
	commit := func(side engine.Side, before *engine.Record, values ...engine.Value) (*engine.Record, engine.Reference) {
		got, err := engine.NewCapture(side, []*engine.TableMap{m}, nil).PreCommit(nil, 1, []engine.Change{{Key: key, Before: before, After: values}})
		if err != nil || !got[0].Captured {
			t.Fatal(err, got)
		}
		return &engine.Record{Key: &key, Alive: true, Values: values, Mark: got[0].Mark}, got[0].Reference
	}
	decide := func(x, y *engine.Record, r engine.Reference) (v engine.Verdict) {
		engine.Decide(&v, m, []engine.Reference{r}, x, y, nil, nil, false)
		return v
	}
	text := engine.Text
	x, r := commit(engine.FinOps, nil, text("org"), text("Rome"))
	v := decide(x, nil, r)
	y, _, _ := engine.Apply(m, &engine.Write{Key: key, Source: x, Groups: v.Carry}, engine.Dataverse, nil)
	x, r = commit(engine.FinOps, x, text("person"), text("Rome"))
	y, s := commit(engine.Dataverse, y, text("org"), text("Oslo"))
	for _, v := range []engine.Verdict{decide(x, y, r), decide(y, x, s)} {
		if o := v.Outcomes[0]; o.Reason != engine.Filtered || v.Back != 0 {
			t.Fatalf("out of scope: %+v", v)
		}
	}
	x, r = commit(engine.FinOps, x, text("org"), text("Rome"))
	if v := decide(x, y, r); v.Equal != 1 || v.Carry != 0 || v.Back != 2 {
		t.Errorf("entering: %+v", v)
	}
}
