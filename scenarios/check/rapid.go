package check

import (
	"pgregory.net/rapid"
)

// Drawn returns a rapid generator of cases of a subject, for a user's own properties: cases
// as [Generate] draws them, each from two words, of which some parts are left out.
//
// What is left out is a draw of its own for each part: its zero leaves it out. So rapid,
// which leads draws to zero, makes a failing case smaller by its faults, operations and
// transactions, and needs some hundreds of executions for it. The setup stays as it was
// drawn: kept in a [Corpus], such a case is made smaller still by [Scenario] and [Maps].
//
// The input of a fuzzer needs 32 bytes for a case, and some 500 for all parts of every
// other one: parts that it has no bytes for are left out.
func Drawn(s *Subject) *rapid.Generator[*Case] {
	return rapid.Custom(func(t *rapid.T) *Case {
		if err := s.sound(); err != nil {
			t.Fatal(err)
		}
		c := Generate(s, KeyedDice(word.Draw(t, "seed"), word.Draw(t, "number")))
		c.thin(t)
		return c
	})
}

var (
	word = rapid.Uint64()
	part = rapid.IntRange(0, 31) // of which zero is one in nine
)

// thin leaves out parts of a case, but not all that people do: a case without edits
// shows nothing. What they do comes last, so that the first bytes of a fuzzer's input
// can choose what breaks.
func (c *Case) thin(t *rapid.T) {
	c.Setup.Live = thinned(t, c.Setup.Live)
	c.Setup.Validations = thinned(t, c.Setup.Validations)
	c.Faults = thinned(t, c.Faults)
	c.Operations = thinned(t, c.Operations)
	first := c.Transactions[:1]
	if c.Transactions = thinned(t, c.Transactions); len(c.Transactions) == 0 {
		c.Transactions = first
	}
}

// thinned returns a list without the parts that are left out.
func thinned[P any](t *rapid.T, list []P) (left []P) {
	for i := range list {
		if stays(t) {
			left = append(left, list[i])
		}
	}
	return left
}

// stays draws whether a part stays. Where a fuzzer's input has ended, or that of rapid's
// shrinking, rapid panics, and nothing else can go wrong in a draw: the part is left out.
func stays(t *rapid.T) (is bool) {
	defer func() { _ = recover() }()
	return part.Draw(t, "part") > 0
}

// Property is a rapid property over the cases of a subject, for rapid.Check and,
// through [rapid.MakeFuzz], for the fuzzer of go test:
//
//	func TestMaps(t *testing.T) { rapid.Check(t, check.Property(subject, check.Plan{})) }
//
//	func FuzzMaps(f *testing.F) { f.Fuzz(rapid.MakeFuzz(check.Property(subject, check.Plan{}))) }
//
// It fails with what is broken and with the case, which [Repeat] runs again once it is
// put into a file. Under rapid.Check that is a small one, see [Drawn]; a fuzzer tells the one
// that it has come upon.
func Property(subject *Subject, p Plan) func(*rapid.T) {
	cases := Drawn(subject)
	return func(t *rapid.T) {
		c := cases.Draw(t, "case")
		x, err := Execute(subject, c, p)
		if err != nil {
			t.Fatal(err)
		}
		if broken := x.failed(""); broken != nil {
			t.Fatalf("%v\n%s", broken, c.Encode())
		}
	}
}
