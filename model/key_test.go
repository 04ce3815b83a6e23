package model

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

func TestKeysFold(t *testing.T) {
	t.Parallel()
	plain := KeyForm()
	scaled, strict := plain, plain
	scaled.ScaleIgnored = true
	strict.CaseCounts, strict.BlanksCount = true, true
	for _, c := range []struct {
		form *engine.KeyForm
		a, b string
		same bool
	}{
		{&plain, "us-001", "US-001", true},
		{&plain, "us-001  ", "US-001", true},
		{&plain, "  us-001", "US-001", false},
		{&plain, "Café", "CAFE\u0301", true}, // composed or not
		{&plain, "é ", "E\u0301  ", true},
		{&plain, "café", "cafe", false},
		{&plain, "7.0", "7", false},
		{&scaled, "7.0", "7", true},
		{&scaled, "007.50", "7.5", true},
		{&scaled, "-0.0", "0", true},
		{&scaled, "-1.10", "-1.1", true},
		{&scaled, "-1", "1", false},
		{&scaled, "1.2.0", "1.2", false}, // no number
		{&scaled, "1.", "1", false},
		{&scaled, ".5", "0.5", false},
		{&scaled, "10", "1", false},
		{&scaled, "1e1", "10", false},
		{&scaled, "A-010", "A-10", false},
		{&strict, "us", "US", false},
		{&strict, "us ", "us", false},
		{&strict, "e\u0301", "\u00e9", true},
	} {
		if a, b := c.form.Canonical(c.a), c.form.Canonical(c.b); (a == b) != c.same {
			t.Errorf("%q and %q become %q and %q; the same: %v", c.a, c.b, a, b, c.same)
		}
	}
}

// FuzzKeysFoldOnce checks that a canonical key is its own canonical form: the
// engine and the systems fold keys that others have folded.
func FuzzKeysFoldOnce(f *testing.F) {
	for _, id := range []string{"", " ", "us-001 ", "e\u0301", "ΐ", "ŉ", "ǆ", "ß", "\u0345\u0301", "ι\u0308\u0301", "-00.10", "\xff \u0301", "\u1e9b\u0323"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		form := KeyForm()
		form.ScaleIgnored = true
		once := form.Canonical(id)
		if twice := form.Canonical(once); twice != once {
			t.Errorf("%+q becomes %+q, and that %+q", id, once, twice)
		}
	})
}
