package engine

// Test 2 of [Decide]: what was changed past the hook is captured before anything else
// is decided, in a write of its own.

// late is test 2, for the records that are in scope. A record without a mark is
// older than the sync: as a source it is captured whole; as a target it has
// nothing to say, or is captured whole too where it differs, so that the primary
// decides.
func (v *Verdict) late(m *TableMap, source Side, x, y *Record, xIn, yIn bool) bool {
	if v.bugs.hit(PlantNoLateCapture) {
		return false
	}
	if set := v.drifted(m, x, source); xIn && set != 0 {
		v.Late, v.LateSet = LateSource, set
		return true
	}
	if !yIn || !m.hasSay(source, x, y, xIn) {
		return false
	}
	if y.Mark.Incarnation == 0 && v.bugs.hit(PlantOlderUnasked) {
		return false
	}
	if set := v.drifted(m, y, source.Other()); set != 0 {
		v.Late, v.LateSet = LateTarget, set
		return true
	}
	return false
}

// hasSay reports whether a target may hold what went past its hook and counts: it is
// alive, and not older than a sync that begins with what the source carries.
func (m *TableMap) hasSay(source Side, x, y *Record, xIn bool) bool {
	switch {
	case y == nil || !y.Alive:
		return false
	case y.Mark.Incarnation == 0:
		return m.Unlinked != UnlinkedCarry && xIn && !m.linkable(source, x, y)
	default:
		return true
	}
}

// unheard returns what went past the hook of a target that a live transaction of the
// source is about to write.
func (m *TableMap) unheard(source Side, x, y *Record) GroupSet {
	if !m.covers(source.Other(), y) || !m.hasSay(source, x, y, m.covers(source, x)) {
		return 0
	}
	return m.drifted(y, source.Other())
}

// drifted returns what was changed past the hook, but for what a planted bug hides.
func (v *Verdict) drifted(m *TableMap, r *Record, side Side) GroupSet {
	set := m.drifted(r, side)
	if set != 0 && v.bugs.hit(PlantNullUnhashed) {
		return m.withoutNull(set, r)
	}
	return set
}

// linkable reports whether the target holds alike all that its changes carry, so
// that it has nothing to say of its own.
func (m *TableMap) linkable(source Side, x, y *Record) bool {
	for g := range m.groups {
		switch target := source.Other(); {
		case m.outgoing(source).Has(g) && m.outgoing(target).Has(g):
			if !m.equal(g, target, x.Values, y.Values) {
				return false
			}
		case m.outgoing(target).Has(g):
			if !m.equal(g, source, y.Values, x.Values) {
				return false
			}
		}
	}
	return true
}
