package check

import (
	"cmp"
	"slices"
)

// vary draws a case that is near to one that had shown something new.
func vary(s *Subject, from *Case, d Dice) *Case {
	c := from.Clone()
	other := Generate(s, d)
	for range between(d, 1, 3) {
		n := len(c.Transactions)
		switch below(d, 8) {
		case 0: // other luck
			c.Seed = other.Seed
		case 1: // what breaks in another case
			c.Faults, c.Operations = other.Faults, other.Operations
		case 2:
			c.Setup.FinOps, c.Setup.Dataverse = other.Setup.FinOps, other.Setup.Dataverse
		case 3:
			c.Setup.Primary ^= 1
		case 4: // once more, a little later
			t := c.Transactions[below(d, n)]
			t.At += Span(below(d, 2000)) * millisecond
			t.Edits = slices.Clone(t.Edits)
			c.Transactions = append(c.Transactions, t)
		case 5: // on the other side
			c.Transactions[below(d, n)].Side ^= 1
		case 6: // past the hook, or not
			t := &c.Transactions[below(d, n)]
			t.PastHook = !t.PastHook
		default: // sooner
			t := &c.Transactions[below(d, n)]
			t.At = t.At * Span(below(d, 100)) / 100
		}
	}
	slices.SortStableFunc(c.Transactions, func(x, y Transaction) int { return cmp.Compare(x.At, y.At) })
	c.freePaths()
	return c
}
