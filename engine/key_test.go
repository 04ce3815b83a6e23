package engine_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
)

// TestKeysOfSeveralFields folds the fields of a key one by one: what separates them
// can be in none of them.
func TestKeysOfSeveralFields(t *testing.T) {
	t.Parallel()
	form, scaled := engine.KeyForm{}, engine.KeyForm{ScaleIgnored: true}
	for _, c := range []struct {
		form *engine.KeyForm
		a, b []string
		same bool
	}{
		{&form, []string{"a", "b|c"}, []string{"a|b", "c"}, false},
		{&form, []string{"a", "b", "c"}, []string{"a|b", "c"}, false},
		{&form, []string{`a\`, "b"}, []string{`a\|b`}, false},
		{&form, []string{"a", ""}, []string{"a"}, false},
		{&form, []string{"", "a"}, []string{"a", ""}, false},
		{&form, []string{"a ", "b"}, []string{"A", "b  "}, true},
		{&form, []string{"a |b"}, []string{"a|b"}, false}, // the blank is within the field
		{&scaled, []string{"1.0", "07"}, []string{"1", "7"}, true},
		{&scaled, []string{"1|0"}, []string{"1", "0"}, false},
	} {
		a, b := c.form.Canonical(engine.JoinKey(c.a...)), c.form.Canonical(engine.JoinKey(c.b...))
		if (a == b) != c.same {
			t.Errorf("%q and %q become %q and %q; the same: %v", c.a, c.b, a, b, c.same)
		}
	}
}

// TestKeyFieldsStayApart draws keys of the characters that could confuse them: two
// have one canonical form only if their fields have, each by itself.
func TestKeyFieldsStayApart(t *testing.T) {
	t.Parallel()
	field := rapid.StringOfN(rapid.SampledFrom([]rune(`aA |\0.`)), 0, 4, -1)
	form := engine.KeyForm{}
	met := 0
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(field, 1, 3).Draw(t, "a")
		b := rapid.SliceOfN(field, 1, 3).Draw(t, "b")
		switch rapid.IntRange(0, 2).Draw(t, "how they are akin") {
		case 0: // the same text, cut elsewhere
			whole := strings.Join(a, "|")
			at := rapid.IntRange(0, len(whole)).Draw(t, "cut")
			b = []string{whole[:at], whole[at:]}
		case 1:
			b = slices.Clone(a)
			last := len(b) - 1
			b[last] = strings.ToLower(b[last]) + " "
		}
		fold := func(fields []string) (folded []string) {
			for _, f := range fields {
				folded = append(folded, strings.ToUpper(strings.TrimRight(f, " ")))
			}
			return folded
		}
		one, two := form.Canonical(engine.JoinKey(a...)), form.Canonical(engine.JoinKey(b...))
		if same := slices.Equal(fold(a), fold(b)); (one == two) != same {
			t.Fatalf("%q and %q become %q and %q; the same: %v", a, b, one, two, same)
		} else if same {
			met++
		}
		if again := form.Canonical(one); again != one {
			t.Fatalf("%q becomes %q, and that %q", a, one, again)
		}
	})
	if met == 0 {
		t.Error("no two keys had one form")
	}
}
