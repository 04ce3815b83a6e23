package engine

import "slices"

// Test 7 of [Decide]: a record that another looks up must be on the target before it,
// and still be there when the write that names it commits.

// resolve is test 7, for the groups that the source has for the target: it
// finds the first looked-up record that the target does not hold alive. The
// record itself, and one that waits for it, cannot be waited for: the lookup is
// left out and follows later.
func (v *Verdict) resolve(m *TableMap, has GroupSet, x *Record, lookups []Alive, circle []Key, linked bool) {
	for g := range m.groups {
		if !has.Has(g) {
			continue
		}
		for _, c := range m.groups[g].columns {
			if x.Values[c].Kind != KindLookup {
				continue
			}
			need := x.Values[c].Target.Folded()
			self := need == *x.Key
			switch {
			case !slices.Contains(m.Columns[c].Lookups, need.Map):
				v.Park = Outcome{Class: ApplicationFailure, Reason: LookupNotFound, Cause: causeForeign + m.Columns[c].Name}
				return
			case self && linked || !self && incarnationOf(need, lookups) != 0:
			case !self && !slices.Contains(circle, need):
				missing := need // of its own, so that need itself stays off the heap
				v.Missing, v.MissingIn = &missing, c
				return
			case !m.groups[g].alone:
				v.Park = Outcome{Class: ApplicationFailure, Reason: LookupNotFound, Cause: causeCircle}
				return
			default:
				v.Later = v.Later.With(g)
			}
		}
	}
}

// untold returns the groups of which no counter of the source says that it has
// something: users of it have not changed them in this life, or were overridden, or the
// target's record had seen it before it vanished. A target that holds nothing of the
// record gets them with it, but for what must follow later: that is captured late, so
// that a counter stays behind.
func untold(x, y *Record) (s GroupSet) {
	for g := range x.Mark.Groups {
		gm, seen := &x.Mark.Groups[g], uint32(0)
		if y != nil && y.Mark.Incarnation == x.Mark.Incarnation {
			seen = y.Mark.Groups[g].Seen
		}
		if gm.Own <= max(seen, gm.lostHighest()) {
			s = s.With(g)
		}
	}
	return s
}

// causeCircle tells of a circle that no lookup may be left out of.
const causeCircle = "the records look each other up in a circle, and no lookup in it may be empty for a while"

// causeForeign is followed by the column's name.
const causeForeign = "the lookup names a record of a table that it cannot look up: column "

// incarnationOf returns the incarnation in which a looked-up record is alive,
// or 0.
func incarnationOf(k Key, lookups []Alive) uint32 {
	for i := range lookups {
		if lookups[i].Key == k {
			return lookups[i].Incarnation
		}
	}
	return 0
}

// conditions adds to a list the looked-up records that must still be alive when a
// write of some groups commits.
func (m *TableMap) conditions(list []Alive, groups GroupSet, x *Record, lookups []Alive) []Alive {
	if len(m.lookups) == 0 {
		return list
	}
	for g := range m.groups {
		if !groups.Has(g) {
			continue
		}
		for _, c := range m.groups[g].columns {
			if x.Values[c].Kind != KindLookup {
				continue
			}
			need := x.Values[c].Target.Folded()
			if inc := incarnationOf(need, lookups); inc != 0 {
				list = append(list, Alive{Key: need, Incarnation: inc})
			}
		}
	}
	return list
}
