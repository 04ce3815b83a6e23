package check

import (
	"strings"
	"testing"
)

// TestVacuousCases has cases that lack what they are for: nothing is wrong with them, and
// nothing is shown.
func TestVacuousCases(t *testing.T) {
	t.Parallel()
	edit := Transaction{At: second, Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k0", Set: []Value{{Column: "limit", To: "1"}}}}}
	setup := Setup{Maps: []string{"parties"}}
	for _, c := range []struct {
		name   string
		c      Case
		missed string
	}{
		{"a change", Case{Transactions: []Transaction{edit}}, ""},
		{"no change", Case{}, "no change that was captured"},
		{"a crash that comes", Case{Transactions: []Transaction{edit}, Faults: []Fault{{Kind: "engine-crash", Point: "item-taken"}}}, ""},
		{"a crash at a point that nothing passes", Case{Transactions: []Transaction{edit}, Faults: []Fault{{Kind: "engine-crash", Point: "live-undone"}}}, "no engine-crash at live-undone"},
		{"one of two crashes", Case{Transactions: []Transaction{edit}, Faults: []Fault{
			{Kind: "engine-crash", Point: "item-taken"}, {Kind: "engine-crash", Point: "live-undone"},
		}}, "no engine-crash at live-undone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.c.Setup = setup
			x, err := Execute(OwnSubject(), &c.c, Plan{})
			if err != nil {
				t.Fatal(err)
			}
			if p := x.failed(""); p != nil {
				t.Fatal(p)
			}
			if missed := x.Vacuous(); (missed == "") != (c.missed == "") || !strings.Contains(missed, c.missed) {
				t.Errorf("%q is missing, and %q was expected", missed, c.missed)
			}
		})
	}
}
