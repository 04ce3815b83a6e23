package engine

// A side that was restored from a backup has forgotten changes that the other
// side, or the engine, still knows of. Marks tell: a seen above the other side's
// own, or a reference whose number the record has not reached. Counting on from
// there would give numbers a second time, and the engine would take new changes
// for duplicates; where as many were made as were forgotten, the marks agree and the
// contents do not. The pair is quarantined, therefore, until an operator asks for
// a resync, which lifts the forgetful side's number above all that is known of
// it. Both sides count as changed then, and the primary's record wins.

// Causes of a quarantine, as the error desk shows them.
const (
	causeRestored = "a side has forgotten changes that are known elsewhere: was it restored from a backup? a resync of the map lets the primary decide"
	causeUntraced = "the record is gone and left no tombstone: the change is older than what tombstones are kept for"
)

// CauseTombstone is shown with [Restored] where no backup need be to blame: a live delete
// that could not be undone leaves a tombstone, too.
const CauseTombstone = "the other side has deleted the record in the same life: delete it here too, or create it anew"

// unlike is the part of the tests that looks for a restored side, before all
// that would move a mark. It reports whether the verdict is made.
func (v *Verdict) unlike(m *TableMap, refs []Reference, x, y *Record, repair bool) bool {
	source := refs[len(refs)-1].Side
	for i := range refs {
		r := &refs[i]
		if r.Origin.Holds() {
			continue
		}
		if x == nil {
			if !v.bugs.hit(PlantUntracedIsGone) {
				v.Park = Outcome{Class: ApplicationFailure, Reason: Untraced, Cause: causeUntraced}
			}
			break
		}
		ahead := r.Incarnation > x.Mark.Incarnation || r.Incarnation == x.Mark.Incarnation && r.Number > x.Mark.Number
		if ahead && !repair && !x.Mark.Dead {
			v.Park = Outcome{Class: ApplicationFailure, Reason: Restored, Cause: causeRestored}
			break
		}
	}
	if v.Park.Class == Open && x != nil && x.Alive && !x.Mark.Dead && y != nil && y.Mark.Incarnation == x.Mark.Incarnation && !v.mend(m, source, x, y, repair) {
		return false
	}
	if v.Park.Class != Open {
		v.Outcomes = append(v.Outcomes, make([]Outcome, len(refs))...)
		return true
	}
	return v.Late != NotLate
}

// mend looks at two records of one life. It reports whether one of them has
// forgotten something.
func (v *Verdict) mend(m *TableMap, source Side, x, y *Record, repair bool) bool {
	if x.Mark.Incarnation == 0 { // no side knows anything of it; a tombstone tells of a delete that was undone
		return false
	}
	if y.Mark.Dead && !y.Alive {
		v.Park = Outcome{Class: ApplicationFailure, Reason: Restored, Cause: CauseTombstone}
		return true
	}
	if !y.Alive || y.Mark.Dead {
		return false
	}
	target := source.Other()
	sourceForgot, targetForgot := forgotten(x, y), forgotten(y, x)
	if sourceForgot|targetForgot == 0 {
		return false
	}
	if !repair {
		v.Park = Outcome{Class: ApplicationFailure, Reason: Restored, Cause: causeRestored}
		return true
	}
	// The side that remembers must have something to say, too, before the other
	// one is mended: afterwards nothing tells any more that it was restored.
	sourceSilent := targetForgot & m.outgoing(source) &^ pending(m, source, x, y, true)
	targetSilent := sourceForgot & m.outgoing(target) &^ pending(m, target, y, x, true)
	switch {
	case sourceSilent != 0:
		v.Late, v.LateSet = LateSource, sourceSilent
	case targetSilent != 0:
		v.Late, v.LateSet = LateTarget, targetSilent
	case targetForgot != 0:
		v.Late, v.LateSet = LateTarget, targetForgot
	default:
		v.Late, v.LateSet = LateSource, sourceForgot
	}
	return true
}

// forgotten returns the groups in which a has come less far than b has seen it.
func forgotten(a, b *Record) GroupSet {
	var s GroupSet
	for g := range b.Mark.Groups {
		if b.Mark.Groups[g].Seen > a.Mark.Groups[g].Own {
			s = s.With(g)
		}
	}
	return s
}

// recounted reports whether a change that came again stands for another one than the
// first time. What a change touched both sides hold alike once it has its outcome,
// where it flows both ways and neither side has anything for the other: if they do not,
// a side has forgotten as many changes as its users have made since.
func (m *TableMap) recounted(refs []Reference, x, y *Record) bool {
	for i := range refs {
		r := &refs[i]
		if r.Origin != Checked {
			continue
		}
		for g := range m.groups {
			if r.Groups.Has(g) && m.groups[g].flow == BothWays && x.Mark.Groups[g].Own > 0 &&
				!m.equal(g, r.Side.Other(), x.Values, y.Values) && !m.equal(g, r.Side, y.Values, x.Values) {
				return true
			}
		}
	}
	return false
}

// unequal returns the groups in which the target does not hold what a source
// could bring it, although no mark says so: those that flow from the source only,
// and those that flow both ways where the source is primary.
func (m *TableMap) unequal(source Side, x, y *Record) GroupSet {
	var s GroupSet
	for g := range m.groups {
		both := m.groups[g].flow == BothWays
		decides := m.outgoing(source).Has(g) && (!both || m.Primary == source)
		if !decides || m.equal(g, source.Other(), x.Values, y.Values) {
			continue
		}
		// What corresponds the other way only has been through a transform that cannot be turned
		// round. What does not flow that way has been through none.
		if !both || !m.equal(g, source, y.Values, x.Values) {
			s = s.With(g)
		}
	}
	return s
}

// knownToDiffer returns those of some groups in which the target holds something else than
// what the source's values become there: of one that has no mapping nobody can tell.
func (m *TableMap) knownToDiffer(groups GroupSet, target Side, x, y *Record) (s GroupSet) {
	for g := range m.groups {
		for _, c := range m.groups[g].columns {
			if v, ok := m.Columns[c].into(target, &x.Values[c]); groups.Has(g) && ok && !m.Columns[c].Canonical.same(v, &y.Values[c]) {
				s = s.With(g)
			}
		}
	}
	return s
}

// highest returns the highest number that is known of a record: to the engine,
// and to the other side. Where a side was restored, its record counts on from
// there.
func (c *Core) highest(id laneID, r, other *Record) uint32 {
	if r.Mark.Dead { // its next life begins from zero
		return 0
	}
	l := c.pairs.lane(id)
	n, above := l.ledger.find(r.Mark.Incarnation)
	if len(above) > 0 {
		n = max(n, above[len(above)-1].Number)
	}
	for i := range l.open {
		if l.open[i].Incarnation == r.Mark.Incarnation {
			n = max(n, l.open[i].Number)
		}
	}
	if other != nil && other.Mark.Incarnation == r.Mark.Incarnation {
		for g := range other.Mark.Groups {
			n = max(n, other.Mark.Groups[g].Seen)
		}
	}
	return n
}
