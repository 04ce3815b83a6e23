package engine

// Verdict is what must happen to one item: the open references of one pair and
// direction, of which the last is the newest and the others ride on it.
type Verdict struct {
	// Outcomes has one entry per reference. Class Open means that the
	// reference goes the way of the item: it waits, or it is settled once the
	// write is answered.
	Outcomes []Outcome

	Late    LateSide // a record was changed past the hook: capture that first
	LateSet GroupSet // its groups

	Missing   *Key     // a looked-up record that the target does not hold alive, and that must come first
	MissingIn int      // ... by the lookup in this column
	Park      Outcome  // class Open, or the application failure of the whole item
	Later     GroupSet // circular lookups to leave out of the write; they follow when they can

	Carry    GroupSet // groups to write to the target
	Equal    GroupSet // groups that both sides hold alike: only marks are written
	Override GroupSet // groups of Carry that overrule a change of the target
	Reject   GroupSet // groups in which the target, being primary, wins
	Answer   GroupSet // groups of Equal in which the target has something for the source
	Drift    GroupSet // groups of Carry in which the target is older than the sync and differs

	// Back has the groups in which a target that a filter may have kept from
	// travelling has something for the source, and the item does not see to
	// it. The engine must make sure that an item the other way exists: when its
	// own references came, the source was out of scope, and they have ended. So
	// it must where the target lives a newer life.
	Back GroupSet

	bugs planted
}

// LateSide tells which record must be captured late.
type LateSide uint8

// The values of [LateSide].
const (
	NotLate LateSide = iota
	LateSource
	LateTarget
)

// Ended reports whether the newest reference has its outcome without a write.
func (v *Verdict) Ended() bool { return v.Outcomes[len(v.Outcomes)-1].Class != Open }

// Decide judges an item by the records of both sides, x of the source and y of
// the target, as they were read; nil stands for a key that the side has never
// held. No clock takes part. refs are in capture order; lookups tells which
// looked-up records the target holds alive, and circle which ones the item may
// not wait for, because they wait for it. With repair, an operator has asked that
// what differs be carried, whatever the marks say. The verdict is written to v, whose
// slices are reused.
//
// The tests come in this order, and the order matters:
//
//  0. A side has forgotten what is known elsewhere: it was restored from a
//     backup, or a tombstone has expired. The item parks; a resync repairs.
//  1. The record is gone, or lives another life: concurrency failure.
//  2. A record differs from its fingerprints: it is captured late, and the
//     reads start again.
//  3. The change was overridden: conflict failure.
//  4. The change is not its own side's latest: concurrency failure.
//  5. The target has seen the change: synced already.
//  6. A record is out of the table map's scope: no-op. Nothing is compared with
//     its fingerprints either; what changes out of scope is captured when the
//     record enters.
//  7. A looked-up record is not on the target: the item waits.
//  8. Both sides hold the same: only marks are written.
//  9. The target has nothing that the source has not seen: write.
//  10. It has, and the source is primary: write over it.
//  11. It has, and the target is primary: reject.
//
// What tests 9 and 10 would write must have a mapping on the target, or the
// item parks.
func Decide(v *Verdict, m *TableMap, refs []Reference, x, y *Record, lookups []Alive, circle []Key, repair bool) {
	*v = Verdict{Outcomes: v.Outcomes[:0], bugs: v.bugs}
	source := refs[len(refs)-1].Side
	newest := len(refs) - 1
	x, y = m.fitted(x), m.fitted(y)

	if v.unlike(m, refs, x, y, repair) {
		return
	}
	alive := x != nil && x.Alive && !x.Mark.Dead
	xIn, yIn := m.covers(source, x), m.covers(source.Other(), y)
	again := x != nil && x.Alive && x.Mark.Dead // created past the hook, after a delete
	if again || alive && (refs[newest].Incarnation == x.Mark.Incarnation || x.Mark.Incarnation == 0) {
		if v.late(m, source, x, y, xIn, yIn) {
			return
		}
	}
	if alive && !xIn && x.Mark.Incarnation == 0 { // never captured: the engine pulled it
		v.Outcomes = append(v.Outcomes, make([]Outcome, len(refs))...)
		v.end(Outcome{Class: NoOp, Reason: Filtered})
		return
	}
	linked := y != nil && y.Alive && alive && y.Mark.Incarnation == x.Mark.Incarnation
	known := linked && pending(m, source, x, y, true)|pending(m, source.Other(), y, x, true) == 0
	if known && xIn && yIn && !repair && m.recounted(refs, x, y) {
		v.Outcomes = append(v.Outcomes, make([]Outcome, len(refs))...)
		v.Park = Outcome{Class: ApplicationFailure, Reason: Restored, Cause: causeRestored}
		return
	}
	silent := alive && y.unmarked() && pending(m, source, x, y, false) == 0 // users have made nothing of it, beside one that is older than the sync
	if (known || silent) && xIn && yIn && repair {
		if set := m.knownToDiffer(m.unequal(source, x, y), source.Other(), x, y); set != 0 { // as if it had just been changed
			v.Late, v.LateSet = LateSource, set
			return
		}
	}
	for i := range refs {
		r := &refs[i]
		if alive && v.bugs.hit(PlantOneLife) {
			r = inLifeOf(x, r)
		}
		o := judge(m, r, i == newest, x, y, alive, linked)
		if o.Reason == Superseded && v.bugs.hit(PlantSupersededRuns) || o.Reason == AlreadyCarried && v.writesAgain() {
			o = Outcome{}
		}
		v.Outcomes = append(v.Outcomes, o)
	}
	if linked && m.filters() && xIn && yIn {
		v.Back = pending(m, source.Other(), y, x, true) &^ pending(m, source, x, y, true)
	}
	if v.Ended() {
		return
	}
	if y != nil && y.Mark.Incarnation > x.Mark.Incarnation {
		o := Outcome{Class: ConcurrencyFailure, Reason: GoneFromSource}
		if x.outlived(y) {
			o, v.Back = Outcome{Class: ConflictFailure, Reason: Rejected}, m.outgoing(source.Other())
		}
		v.end(o)
		return
	}
	if !xIn || !yIn {
		v.end(Outcome{Class: NoOp, Reason: Filtered})
		return
	}
	if v.Park = m.unfit(x.Key); v.Park.Class != Open {
		return
	}
	has := pending(m, source, x, y, linked)
	if v.bugs.hit(PlantOneWayIsTwoWay) {
		has |= m.outgoing(source.Other())
	}
	if v.writesAgain() {
		has |= refs[newest].Groups & m.outgoing(source)
	}
	if v.resolve(m, has, x, lookups, circle, linked); v.bugs.hit(PlantChildFirst) {
		v.Missing = nil
	}
	if v.Missing != nil || v.Park.Class != Open {
		return
	}
	if set := v.Later & untold(x, y); set != 0 {
		v.Late, v.LateSet = LateSource, set
		return
	}
	if v.split(m, source, has&^v.Later, x, y, linked); y.outlived(x) {
		v.Override = v.Carry & m.standing(y) & m.outgoing(source.Other())
	}
	if column := m.unmapped(v.Carry, source.Other(), x.Values); column >= 0 && !v.bugs.hit(PlantFallThrough) {
		v.Park = Outcome{Class: ApplicationFailure, Reason: UnmappedValue, Cause: causeUnmapped + m.Columns[column].Name}
	}
}

// causeUnmapped is followed by the column's name.
const causeUnmapped = "unmapped value in column "

// unfit reports why no record of a key can be carried, or class Open.
func (m *TableMap) unfit(k *Key) Outcome {
	if k.Spelling != "" {
		return Outcome{Class: ApplicationFailure, Reason: AmbiguousKey, Cause: causeAmbiguousKey}
	}
	return m.refused(k)
}

const causeAmbiguousKey = "a record that has the same key already exists: the keys differ only in what the other side does not tell apart"

// judge applies tests 1 and 3 to 5 to one reference. Class Open means that
// none of them ends it.
func judge(m *TableMap, r *Reference, newest bool, x, y *Record, alive, linked bool) Outcome {
	if !alive || r.Incarnation != x.Mark.Incarnation {
		if x != nil && (r.Incarnation == x.Mark.Incarnation && overriddenIn(r, &x.Mark) != 0 || x.Mark.Past.has(r.Incarnation, r.Number)) {
			return Outcome{Class: ConflictFailure, Reason: Overridden}
		}
		return Outcome{Class: ConcurrencyFailure, Reason: GoneFromSource}
	}
	// The item ends when the source has nothing left for the target, also in
	// groups that its newest reference did not touch.
	more := newest && pending(m, r.Side, x, y, linked) != 0
	if overriddenIn(r, &x.Mark) != 0 {
		if more {
			return Outcome{} // settled as overridden once the rest is carried
		}
		return Outcome{Class: ConflictFailure, Reason: Overridden}
	}
	if stale(r, &x.Mark) && !more {
		return Outcome{Class: ConcurrencyFailure, Reason: Superseded}
	}
	if r.Groups == 0 { // it only took the record into or out of scope
		if more {
			return Outcome{}
		}
		return Outcome{Class: NoOp, Reason: Filtered}
	}
	current := currentIn(r, &x.Mark)
	if current == 0 {
		return Outcome{Class: ConcurrencyFailure, Reason: Superseded}
	}
	if linked && !more && current&pendingSeen(x, y) == 0 {
		return Outcome{Class: Synced, Reason: AlreadyCarried}
	}
	return Outcome{}
}

// currentIn returns the groups in which the reference is its side's latest
// change.
func currentIn(r *Reference, mark *Mark) GroupSet {
	var s GroupSet
	for g := range mark.Groups {
		if r.Groups.Has(g) && (r.Origin.Holds() || mark.Groups[g].Own == r.Number) {
			s = s.With(g)
		}
	}
	return s
}

// answersFor returns the groups in which the change that a reference stands for is its
// side's latest. One that the engine made itself may carry more than that change, but
// the captured reference takes over its outcome.
func answersFor(r *Reference, mark *Mark) (s GroupSet) {
	for g := range mark.Groups {
		if r.Groups.Has(g) && (mark.Groups[g].Own == r.Number || r.Number == 0) {
			s = s.With(g)
		}
	}
	return s
}

// overriddenIn returns the groups in which the reference's number is lost.
func overriddenIn(r *Reference, mark *Mark) GroupSet {
	var s GroupSet
	for g := range mark.Groups {
		if r.Groups.Has(g) && mark.Groups[g].lost(r.Number) {
			s = s.With(g)
		}
	}
	return s
}

// stale reports whether a reference of the engine's own holds the place of a
// change that another has replaced in every group. Its item may still have work
// to do, but the captured reference must not inherit more than test 4 says.
func stale(r *Reference, mark *Mark) bool {
	if !r.Origin.Holds() || r.Number == 0 || r.Number > mark.Number {
		return false
	}
	for g := range mark.Groups {
		if mark.Groups[g].Own == r.Number {
			return false
		}
	}
	return true
}

// pendingSeen returns the groups in which the target has not seen the
// source's latest change.
func pendingSeen(x, y *Record) GroupSet {
	var s GroupSet
	for g := range x.Mark.Groups {
		if x.Mark.Groups[g].Own > y.Mark.Groups[g].Seen {
			s = s.With(g)
		}
	}
	return s
}

// pending returns the outgoing groups in which the source has something for
// the target: a change that the target has not seen and that was not
// overridden. All of them when the target does not hold the record.
func pending(m *TableMap, source Side, x, y *Record, linked bool) GroupSet {
	out := m.outgoing(source)
	if y == nil || !y.Alive {
		return out
	}
	var s GroupSet
	for g := range x.Mark.Groups {
		own, seen := x.Mark.Groups[g].Own, uint32(0)
		if linked {
			seen = y.Mark.Groups[g].Seen
		}
		if own > max(seen, x.Mark.Groups[g].lostHighest()) {
			s = s.With(g)
		}
	}
	return s & out
}

// split is tests 8 to 11: it sorts the groups in which the source has
// something for the target by what must be done with them.
func (v *Verdict) split(m *TableMap, source Side, has GroupSet, x, y *Record, linked bool) {
	var back GroupSet
	if linked {
		back = pending(m, source.Other(), y, x, true)
	}
	for g := range m.groups {
		switch {
		case !has.Has(g):
		case alike(m, g, source.Other(), x, y, linked, back.Has(g)):
			v.Equal = v.Equal.With(g)
			if back.Has(g) {
				v.Answer = v.Answer.With(g)
			}
		case !back.Has(g):
			v.Carry = v.Carry.With(g)
			if y != nil && y.Alive && y.Mark.Incarnation == 0 {
				v.Drift = v.Drift.With(g)
			}
		case v.wins(m, source, x, y):
			v.Carry = v.Carry.With(g)
			v.Override = v.Override.With(g)
		default:
			v.Reject = v.Reject.With(g)
		}
	}
}

// wins reports whether the source's record wins a conflict: as the primary, or
// as a planted bug will have it.
func (v *Verdict) wins(m *TableMap, source Side, x, y *Record) bool {
	switch {
	case v.bugs.hit(PlantPrimaryInverted):
		return m.Primary != source
	case v.bugs.hit(PlantNewerWins):
		return x.Version > y.Version
	case v.bugs.hit(PlantEvenWins):
		return x.Version%2 == 0
	case v.bugs.hit(PlantFinOpsWins):
		return source == FinOps
	default:
		return m.Primary == source
	}
}

// writesAgain reports whether a planted bug writes what has been carried.
func (v *Verdict) writesAgain() bool {
	return v.bugs.hit(PlantCarriedAgain) || v.bugs.hit(PlantWrittenOn)
}

// inLifeOf is a planted bug: a reference as if it were about the life that the
// record lives.
func inLifeOf(x *Record, r *Reference) *Reference {
	same := *r
	same.Incarnation = x.Mark.Incarnation
	return &same
}

// alike is test 8 for one group. A record older than the sync may be found
// equal too; one of an earlier life may not. Where the target has something for the
// source as well, both are told that they agree, so that it must be true of both.
func alike(m *TableMap, g int, target Side, x, y *Record, linked, back bool) bool {
	switch {
	case y == nil || !y.Alive || !linked && y.Mark.Incarnation != 0:
		return false
	case back:
		return m.mutual(g, target, x.Values, y.Values)
	default:
		return m.equal(g, target, x.Values, y.Values)
	}
}

// end gives every reference that is still open the same outcome.
func (v *Verdict) end(o Outcome) {
	for i := range v.Outcomes {
		if v.Outcomes[i].Class == Open {
			v.Outcomes[i] = o
		}
	}
}

// Carried returns the outcome of a reference that went the item's way, once
// the writes of the verdict are done.
func (v *Verdict) Carried(r *Reference, x *Record) Outcome {
	switch {
	case overriddenIn(r, &x.Mark) != 0:
		return Outcome{Class: ConflictFailure, Reason: Overridden}
	case answersFor(r, &x.Mark)&v.Reject != 0: // what was replaced before it was tried cannot be rejected
		return Outcome{Class: ConflictFailure, Reason: Rejected}
	case stale(r, &x.Mark), r.Groups != 0 && currentIn(r, &x.Mark) == 0 && !v.bugs.hit(PlantSupersededRuns): // the latter has taken the place of one that held it, while that was in flight
		return Outcome{Class: ConcurrencyFailure, Reason: Superseded}
	case r.Groups&v.Override != 0:
		return Outcome{Class: Synced, Reason: Override}
	case r.Groups&v.Drift != 0:
		return Outcome{Class: Synced, Reason: DriftOverwritten}
	case v.Carry != 0:
		return Outcome{Class: Synced, Reason: Written}
	default:
		return Outcome{Class: Synced, Reason: FoundEqual}
	}
}
