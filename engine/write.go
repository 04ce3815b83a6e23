package engine

import "slices"

// WriteKind tells what a [Write] does.
type WriteKind uint8

// The kinds of writes.
const (
	CarryWrite   WriteKind = iota // brings the source's groups to the target
	MarkWrite                     // moves the mark only: both sides hold the same
	LateWrite                     // captures what had gone past the hook, on the record's own side
	DeleteWrite                   // makes a tombstone of the record, or in its place
	SealWrite                     // tells a tombstone that the transaction which it waits for has committed
	RestoreWrite                  // like a carry, also over a tombstone: what a live transaction did is undone
	UnhideWrite                   // gives back what stood there before a live transaction
)

// String returns the kind's name.
func (k WriteKind) String() string {
	return [...]string{"carry", "mark", "late", "delete", "seal", "restore", "unhide"}[k]
}

// Write is one conditional write of one record with its mark. It holds no
// values: what it carries is read from Source, the record as it was when the
// engine decided.
type Write struct {
	Kind   WriteKind
	Key    Key
	Source *Record // X as read; for a late write, the record itself
	Target *Record // Y as read, or nil: its version, or its absence, is the condition

	Groups   GroupSet  // to carry, or to capture late
	Override GroupSet  // the groups among them that overrule a change of Y
	Above    uint32    // LateWrite: the record's number goes above this one
	Settled  uint32    // the references of Y up to this number have their outcomes
	Known    uint32    // RestoreWrite: what Y has seen of X above this number is the undone transaction's
	Past     *PastLoss // but for the writes that a delete is made of: what Y must still remember of its earlier lives

	Lookups       []Alive // each must be alive on the target when the write commits
	Unconditional bool    // a planted bug: do not check the condition
	Deadline      Time    // the driver's time after which the target must not execute it
	Intent        TxID    // the live transaction that the write belongs to; 0: none
	Hide          bool    // keep what stands there in the mark, until the transaction has ended
	bugs          planted
}

// Alive names a record that must be alive, in the incarnation that was read.
type Alive struct {
	Key         Key
	Incarnation uint32
}

// Apply carries out a write of the engine on the record as the target holds it
// now (nil when it has never held the key) and returns the record to publish;
// its Version and Trace are the system's to give. It reports false when the
// write's condition fails; a value that the map no longer translates counts as
// that, so that the engine decides again.
// Systems call it inside their own transaction, after they have checked
// Write.Lookups.
//
// For a late write the returned reference must be appended to the side's
// outbox in the same transaction; for other kinds it is nil.
func Apply(m *TableMap, w *Write, side Side, now *Record) (*Record, *Reference, bool) {
	if w.Kind == SealWrite {
		return applySeal(w, now)
	}
	if now.version() != w.Target.version() && !w.Unconditional && !w.returns(now) {
		return nil, nil, false
	}
	switch w.Kind {
	case LateWrite:
		r, ref := applyLate(m, w, side, now)
		return r, ref, true
	case DeleteWrite:
		return applyDelete(m, w, now), nil, true
	case UnhideWrite:
		return applyUnhide(m, side, now), nil, true
	case CarryWrite:
		if now != nil && now.Mark.Dead && now.Mark.Incarnation >= w.Source.Mark.Incarnation && !w.returns(now) {
			return nil, nil, false // the record was deleted; only another life may follow
		}
	}
	r, ok := applyCarry(m, w, side, now)
	return r, nil, ok
}

// version returns the record's row version; a key that was never held has none.
func (r *Record) version() Version {
	if r == nil {
		return 0
	}
	return r.Version
}

// applyLate moves the mark of a record whose content had changed unseen.
func applyLate(m *TableMap, w *Write, side Side, now *Record) (*Record, *Reference) {
	mark := now.Mark
	switch {
	case mark.Dead && mark.Intent != 0: // the delete is being undone: the key has never died
		mark.Dead = false
	case mark.Dead: // the key lives again
		mark = Mark{Incarnation: mark.Incarnation + 1, Past: mark.past(0, mark.Past)}
	}
	mark.Incarnation = max(mark.Incarnation, 1)
	mark.Number = max(mark.Number, w.Above) + 1
	mark.Groups, mark.MapVersion = m.renewed(&mark, now.Values), m.Version
	for g := range mark.Groups {
		if w.Groups.Has(g) {
			mark.Groups[g].Own = mark.Number
			mark.Groups[g].Fingerprint = m.fingerprint(g, now.Values)
		}
	}
	op := Update
	if now.Mark.Incarnation == 0 || now.Mark.Dead {
		op = Create
	}
	r := &Record{Key: now.Key, Alive: true, Values: now.Values, Mark: mark}
	return r, &Reference{
		Key: w.Key, Side: side, Incarnation: mark.Incarnation, Number: mark.Number,
		Groups: w.Groups, Op: op, Origin: Late, Needs: m.needs(w.Key, now.Values), Values: m.values(side, &w.Key, nil, now.Values),
		Size: sizeOf(&w.Key, now.Values),
	}
}

// applySeal tells a record that its transaction has committed: a tombstone, or one
// that hides another. Its condition is that it still waits for that.
func applySeal(w *Write, now *Record) (*Record, *Reference, bool) {
	if now == nil || now.Mark.Intent != w.Intent {
		return nil, nil, false
	}
	r := *now
	r.Mark.Intent, r.Mark.Hidden = 0, nil
	return &r, nil, true
}

// applyDelete makes a tombstone. Changes of the target that the source has not
// seen are among its lost numbers, so that their references, whenever they
// come, end as conflict failures.
func applyDelete(m *TableMap, w *Write, now *Record) *Record {
	mark := Mark{Incarnation: w.Source.Mark.Incarnation, Dead: true, Intent: w.Intent, MapVersion: m.Version}
	mark.Groups = make([]GroupMark, len(m.groups))
	switch {
	case now == nil:
	case now.Mark.Incarnation == mark.Incarnation:
		mark.Number, mark.Past = now.Mark.Number, now.Mark.Past
		copy(mark.Groups, now.Mark.Groups)
	case now.Mark.tells() && mark.Incarnation < now.Mark.Incarnation:
		// Undone, where users had deleted the record out of scope, or the other side holds
		// one that was never captured: the life goes on, with their numbers and what they
		// had seen.
		mark = now.Mark
		mark.Dead, mark.Intent, mark.Hidden = false, 0, nil
		if !now.Mark.Dead { // what it had seen is undone, whether or not users have deleted it since
			mark.Groups = slices.Clone(mark.Groups)
			for g := range mark.Groups {
				mark.Groups[g].Seen = 0
			}
		}
		return &Record{Key: now.Key, Mark: mark}
	default:
		mark.Past = w.fallen(&now.Mark).past(w.Settled, now.Mark.Past)
	}
	for g := range mark.Groups {
		if gm := &mark.Groups[g]; w.Override.Has(g) && (now == nil || now.Mark.Incarnation == mark.Incarnation) {
			gm.Lost = gm.overridden(gm.Own, w.Settled)
		}
	}
	if w.Hide {
		mark.Hidden = now.hidden()
	}
	return &Record{Key: w.Source.Key, Mark: mark}
}

// tells reports whether a mark counts changes of its side, or those of the other that a
// deleted record had seen.
func (m *Mark) tells() bool {
	return m.Number > 0 || m.Dead && slices.ContainsFunc(m.Groups, func(g GroupMark) bool { return g.Seen > 0 })
}

// applyUnhide gives back what stood there before a live transaction, in the column
// groups that users have not changed since. What they have changed is theirs; a
// create over the tombstone, past the hook, has changed what it fills in. In
// another life than the hidden record's, their numbers count on. What none of them has a
// number for went past the hook of the hidden record: its mark does not tell of it.
func applyUnhide(m *TableMap, side Side, now *Record) *Record {
	h := now.Mark.Hidden
	r := &Record{Key: now.Key, Alive: true, Values: h.Values, Mark: h.Mark}
	edited, counted := now.editedOver(m, side, h)
	if edited == 0 {
		return r
	}
	r.Values = slices.Clone(h.Values)
	for g := range m.groups {
		for _, c := range m.groups[g].columns {
			if edited.Has(g) && (!now.risen() || now.Values[c].Kind != KindNull) {
				r.Values[c] = now.Values[c]
			}
		}
	}
	if counted == 0 {
		return r
	}
	r.Mark.Groups, r.Mark.MapVersion = m.renewed(&h.Mark, h.Values), m.Version
	r.Mark.Number = now.Mark.Number
	if now.Mark.Incarnation != h.Mark.Incarnation {
		r.Mark.Incarnation, r.Mark.Past = now.Mark.Incarnation, h.Mark.past(0, h.Mark.Past)
		for g := range r.Mark.Groups {
			r.Mark.Groups[g] = GroupMark{Fingerprint: m.fingerprint(g, h.Values)}
		}
	}
	for g := range m.groups {
		if counted.Has(g) {
			r.Mark.Groups[g].Own, r.Mark.Groups[g].Fingerprint = now.Mark.Groups[g].Own, now.Mark.Groups[g].Fingerprint
		}
	}
	return r
}

// editedOver returns the groups in which users have changed a record since it took
// the place of a hidden one, captured or past the hook, and those of the captured changes.
func (r *Record) editedOver(m *TableMap, side Side, hidden *Record) (edited, counted GroupSet) {
	if !r.Alive {
		return 0, 0
	}
	edited = m.drifted(r, side)
	for g := range m.groups {
		had := uint32(0)
		if r.Mark.Incarnation == hidden.Mark.Incarnation {
			had = hidden.Mark.Groups[g].Own
		}
		if r.Mark.Groups[g].Own > had {
			counted = counted.With(g)
		}
	}
	return edited | counted, counted
}

// risen reports whether a record was created past the hook over a tombstone, which
// its mark still tells of.
func (r *Record) risen() bool { return r.Alive && r.Mark.Dead }

// applyCarry brings the source's groups and what it knows to the target.
func applyCarry(m *TableMap, w *Write, side Side, now *Record) (*Record, bool) {
	source := m.fitted(w.Source)
	var held []Value
	if now != nil && now.Alive {
		held = now.Values
	}
	var r *Record
	if w.Kind == CarryWrite || w.Kind == RestoreWrite {
		if held == nil && m.copied && w.Groups == m.all() { // all as the source has it
			r = m.room(0)
			r.Values = source.Values
		} else if r = m.Room(); !m.carry(r.Values, side, source.Values, held, w.Groups) && !w.bugs.hit(PlantFallThrough) {
			return nil, false
		}
	} else {
		r = m.room(0)
		r.Values = held
	}
	r.Key, r.Alive = w.Source.Key, true
	r.Mark = Mark{Incarnation: source.Mark.Incarnation, Intent: w.Intent, MapVersion: m.Version, Past: w.Past, Groups: r.Mark.Groups}
	if now != nil && now.Mark.Incarnation == source.Mark.Incarnation {
		r.Mark.Number = now.Mark.Number
		m.renewedIn(r.Mark.Groups, &now.Mark, r.Values)
	} else if now != nil {
		r.Mark.Past = w.fallen(&now.Mark).past(w.Settled, w.Past)
	}
	if w.Hide {
		r.Mark.Hidden = now.hidden()
	}
	if now == nil || !now.Alive && !now.Mark.Dead { // it vanished, past everything or out of scope: it counts on from what the source has seen
		for g := range r.Mark.Groups {
			r.Mark.Groups[g].Own = source.Mark.Groups[g].Seen
			r.Mark.Number = max(r.Mark.Number, r.Mark.Groups[g].Own)
		}
	}
	if w.Kind == RestoreWrite && w.Source != w.Target { // so it does where the transaction had written it from a source that had seen less
		for g := range r.Mark.Groups {
			gm := &r.Mark.Groups[g]
			gm.Own = max(gm.Own, min(source.Mark.Groups[g].Seen, r.Mark.Number))
		}
	}
	begins := now == nil || !now.Alive || now.Mark.Incarnation != source.Mark.Incarnation
	stood := !begins && !now.Mark.Dead && w.Source != w.Target // and does not become its side's own
	for g := range r.Mark.Groups {
		gm := &r.Mark.Groups[g]
		if begins || w.Groups.Has(g) {
			gm.Fingerprint = m.fingerprint(g, r.Values)
		}
		if !w.Groups.Has(g) {
			if w.Kind == RestoreWrite && !(stood && gm.Seen <= w.Known) { // what the undone transaction had made it see is none of it, also where X has counted as far again
				gm.Seen = 0
			}
			if w.bugs.hit(PlantMarksAnew) {
				*gm = GroupMark{}
			}
			continue
		}
		if !w.bugs.hit(PlantSeenStays) {
			gm.Seen = source.Mark.Groups[g].Own
		}
		if w.Override.Has(g) && (now == nil || now.Mark.Incarnation == source.Mark.Incarnation) && !w.bugs.hit(PlantLostNotSet) {
			gm.Lost = gm.overridden(gm.Own, w.Settled)
		}
	}
	return r, true
}

// fallen returns the mark of a record in an earlier life than the one that a write
// brings, with what the write overrules in it among its lost numbers.
func (w *Write) fallen(m *Mark) *Mark {
	if w.Override == 0 {
		return m
	}
	over := *m
	over.Groups = slices.Clone(m.Groups)
	for g := range over.Groups {
		if gm := &over.Groups[g]; w.Override.Has(g) {
			gm.Lost = gm.overridden(gm.Own, w.Settled)
		}
	}
	return &over
}

// carry fills in the target's values with the source's groups in place, as they
// become on their way. What is equal in canonical form stays as the target spells
// it. It reports false for a value that has no mapping.
func (m *TableMap) carry(values []Value, side Side, source, target []Value, groups GroupSet) (complete bool) {
	complete = true
	copy(values, target)
	for g := range m.groups {
		if !groups.Has(g) {
			continue
		}
		for _, c := range m.groups[g].columns {
			v := &source[c]
			if !m.plain[c] {
				var ok bool
				if v, ok = m.Columns[c].into(side, v); !ok {
					complete = false
				}
			}
			if target == nil || !m.same(c, &target[c], v) {
				values[c] = *v
			}
		}
	}
	return complete
}

// Normalised returns a record that [Apply] gave, with the values that its system
// makes of them while it commits the write: trimmed, rounded, in capitals. The
// fingerprints are those of what is committed, so that it is no change of a
// user's, and nobody sends it back.
func Normalised(m *TableMap, r *Record, values []Value) *Record {
	n := *r
	n.Values = values
	n.Mark.Groups = append([]GroupMark(nil), r.Mark.Groups...)
	for g := range n.Mark.Groups {
		if m.fingerprint(g, r.Values) == n.Mark.Groups[g].Fingerprint { // else it had been changed past the hook before
			n.Mark.Groups[g].Fingerprint = m.fingerprint(g, values)
		}
	}
	return &n
}
