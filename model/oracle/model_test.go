package oracle

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
)

// edits is an explicit history: the set of users' changes that a record is
// made of. This is the slow, obvious model of what [head] packs into two
// numbers.
type edits map[int]bool

func (e edits) minus(others ...edits) edits {
	left := edits{}
	for n := range e {
		if !slices.ContainsFunc(others, func(o edits) bool { return o[n] }) {
			left[n] = true
		}
	}
	return left
}

// slow judges one pair by sets of edits.
type slow struct {
	holds   [2]edits // what each side's record is made of
	born    map[int]engine.Side
	void    edits // dropped by an override
	carried edits // on the other side, by a write or because it held the same
	equal   edits // found equal
	fallen  edits // newest of its side among the dropped
	contest edits // concurrent with a change of the other side that still counted
	content [2]string
	last    [2]engine.Side // where the content of each side was last changed
	ended   map[int]engine.Class
	broken  map[string]int
}

func newSlow() *slow {
	return &slow{
		holds: [2]edits{{}, {}}, born: map[int]engine.Side{}, void: edits{}, carried: edits{}, equal: edits{},
		fallen: edits{}, contest: edits{}, ended: map[int]engine.Class{}, broken: map[string]int{},
	}
}

func (m *slow) of(s engine.Side, e edits) edits {
	mine := edits{}
	for n := range e {
		if m.born[n] == s {
			mine[n] = true
		}
	}
	return mine
}

func newest(e edits) int { return slices.Max(slices.Collect(maps.Keys(e))) }

func (m *slow) edit(s engine.Side, content string) int {
	n := len(m.born) + 1
	m.born[n] = s
	knew := m.holds[s]
	if f := m.of(s.Other(), m.holds[s.Other()]).minus(knew, m.void); len(f) > 0 {
		m.contest[n] = true
	}
	// Changes of the other side that this side did not know are concurrent
	// with it, too.
	for f := range m.of(s.Other(), m.holds[s.Other()]).minus(knew, m.void) {
		m.contest[f] = true
	}
	m.holds[s] = maps.Clone(knew)
	m.holds[s][n] = true
	m.content[s], m.last[s] = content, s
	return n
}

// carry writes what was read on x to y.
func (m *slow) carry(y engine.Side, r read, override bool, primary engine.Side) {
	x, was, read := y.Other(), m.holds[y], r.holds
	there := len(was) > 0
	unseen := m.of(y, was).minus(read, m.void)
	stale := m.of(x, was).minus(read, m.void)
	fresh := m.of(x, read).minus(was, m.void)
	if there {
		if len(unseen) > 0 {
			if x != primary {
				m.broken["primary-wins"]++
			}
			switch {
			case !override:
				m.broken["no-lost-update"]++
			case len(fresh) == 0:
				m.broken["true-outcome"]++
			}
			if override {
				n := newest(unseen)
				m.fallen[n] = true
				if class, ended := m.ended[n]; ended && class != engine.ConflictFailure && !m.equal[n] {
					m.broken["no-lost-update"]++
				}
			}
		} else if override {
			m.broken["true-outcome"]++
		}
		if len(stale) > 0 {
			m.broken["no-lost-update"]++
		}
		if len(unseen)+len(stale)+len(fresh) == 0 && r.last == y {
			m.broken["no-echo"]++
		}
	}
	maps.Copy(m.void, unseen)
	for n := range m.of(x, read).minus(was, m.void) {
		if m.ended[n] == engine.ConflictFailure && !m.carried[n] && !m.equal[n] {
			m.broken["true-outcome"]++
		}
		m.carried[n] = true
	}
	now := maps.Clone(read)
	maps.Copy(now, m.of(y, was))
	m.holds[y], m.content[y], m.last[y] = now, r.content, r.last
}

func (m *slow) merge(y engine.Side, r read) {
	was, read := m.holds[y], r.holds
	maps.Copy(m.equal, m.of(y, was).minus(read))
	maps.Copy(m.carried, m.of(y.Other(), read).minus(was, m.void))
	maps.Copy(m.equal, m.of(y.Other(), read).minus(was, m.void))
	if news := m.of(y.Other(), read).minus(was); len(news) > 0 { // one that was overridden since it was read
		if n := newest(news); m.fallen[n] && !r.void[n] {
			m.equal[n] = true
		}
	}
	m.holds[y], m.last[y] = maps.Clone(was), r.last
	maps.Copy(m.holds[y], read)
}

func (m *slow) settle(n int, latest bool, class engine.Class, why engine.Reason, primary engine.Side) {
	m.ended[n] = class
	if m.fallen[n] && !m.equal[n] && class != engine.ConflictFailure {
		m.broken["no-lost-update"]++
		return
	}
	switch {
	case class == engine.Synced && !m.carried[n] && !m.equal[n]:
		m.broken["true-outcome"]++
	case why == engine.Superseded && latest:
		m.broken["true-outcome"]++
	case class == engine.ConflictFailure && m.born[n] == primary:
		m.broken["primary-wins"]++
	case class == engine.ConflictFailure && (!m.contest[n] || why == engine.Overridden && !m.void[n] || m.carried[n] && !m.equal[n] && !m.void[n]):
		m.broken["true-outcome"]++
	}
}

// overtaken reports whether a write comes from a record that another write of
// the engine has changed since, or brings the target back. An engine that lets
// one item of a pair run at a time never does that. The oracle, which has
// forgotten changes that were carried and ended, still sees that something is
// wrong, but not how often.
func (m *slow) overtaken(y engine.Side, holds edits) bool {
	x := y.Other()
	return len(m.of(y, m.holds[x]).minus(holds))+len(m.of(x, m.holds[y]).minus(holds)) > 0
}

// sum counts all that was broken, as [Oracle.broken] does.
func (m *slow) sum() int {
	n := 0
	for _, v := range m.broken {
		n += v
	}
	return n
}

func (o *Oracle) broken() int {
	n := 0
	for i := range o.tallies {
		if i != idempotent { // the sets know nothing of marks
			n += int(o.tallies[i].violations)
		}
	}
	return n
}

// read is a record as it was read at some time, with its history as a set.
type read struct {
	side    engine.Side
	record  *engine.Record
	holds   edits
	content string
	last    engine.Side
	void    edits // what had been dropped by then
}

// TestHistoriesAgainstSets plays random edits, fast-forwards, overrides, merges
// and outcomes on one pair, right ones and wrong ones, and compares every
// verdict with the model that keeps explicit sets.
func TestHistoriesAgainstSets(t *testing.T) {
	t.Parallel()
	met := map[string]int{}
	for range 10 {
		rapid.Check(t, func(t *rapid.T) {
			bits := rapid.SliceOfN(rapid.Uint32(), 60, 60).Draw(t, "steps")
			h, m := newHand(t, Config{ViolationsMax: 1 << 40}), newSlow()
			var reads []read
			refs := map[int]*engine.Reference{}
			for i, b := range bits {
				pick := func(n uint32) uint32 { v := b % n; b /= n; return v }
				op := pick(16)
				s := engine.Side(pick(2))
				var step string
				last, sum := false, m.sum()
				switch {
				case op == 0: // what rapid shrinks to
					continue
				case op < 6:
					content := fmt.Sprint(pick(4))
					refs[m.edit(s, content)] = h.user(s, a, text(content))
					step = "edit"
				case op < 9:
					if r := h.get(s, a); r != nil {
						reads = append(reads, read{s, r, m.holds[s], m.content[s], m.last[s], maps.Clone(m.void)})
					}
					step = "read"
				case op < 13:
					if len(reads) == 0 {
						continue
					}
					// Mostly the newest read, sometimes one that is long out of date.
					r := reads[len(reads)-1]
					if pick(8) == 0 {
						r = reads[int(pick(1<<10))%len(reads)]
					}
					y := r.side.Other()
					if h.get(y, a) != nil && m.content[y] == r.content && pick(2) == 0 {
						step = "merge"
						m.merge(y, r)
						h.write(engine.MarkWrite, y, r.record, false)
						break
					}
					step = "carry"
					last = m.overtaken(y, r.holds)
					unseen := len(m.of(y, m.holds[y]).minus(r.holds, m.void)) > 0
					if override := unseen != (pick(16) == 0); override && h.get(y, a) != nil {
						step = "override"
						m.carry(y, r, true, fin)
						h.write(engine.CarryWrite, y, r.record, true)
					} else {
						m.carry(y, r, false, fin)
						h.write(engine.CarryWrite, y, r.record, false)
					}
				default:
					n := int(pick(1<<10))%(len(m.born)+1) + 1
					ref := refs[n]
					if ref == nil {
						continue
					}
					refs[n] = nil
					out := []struct {
						class engine.Class
						why   engine.Reason
					}{
						{engine.Synced, engine.Written},
						{engine.ConcurrencyFailure, engine.Superseded},
						{engine.ConflictFailure, engine.Overridden},
						{engine.ConflictFailure, engine.Rejected},
					}[pick(4)]
					latest := h.get(m.born[n], a).Mark.Number == ref.Number
					m.settle(n, latest, out.class, out.why, fin)
					h.settle(ref, out.class, out.why)
					step = "settle"
				}
				met[step]++
				t.Logf("%d %s %s: broken %v, holds %v, dropped %v", i, step, s, m.broken, m.holds, m.void)
				for _, id := range []int{noLostUpdate, trueOutcome, noEcho, primaryWins} {
					name := contracts[id].ID
					if got, want := int(h.o.tallies[id].violations), m.broken[name]; !last && got != want {
						t.Fatalf("step %d (%s): %s is broken %d times, by sets %d times", i, step, name, got, want)
					}
				}
				if last {
					if got, want := h.o.broken() > sum, m.sum() > sum; got != want {
						t.Fatalf("step %d (%s): found broken: %v, by sets %v", i, step, got, want)
					}
					break
				}
			}
			for name, n := range m.broken {
				met[name] += n
			}
		})
	}
	often := 20
	if testing.Short() {
		often = 1
	}
	for _, name := range []string{"edit", "read", "carry", "override", "merge", "settle", "no-lost-update", "true-outcome", "no-echo", "primary-wins"} {
		if met[name] < often {
			t.Errorf("%s was met only %d times", name, met[name])
		}
	}
}

// TestOlderMarkEndsNothing marks a record by a read that is older than its last
// change, which has been carried and has ended: the change still counts, and an
// older state that is written over it is found.
func TestOlderMarkEndsNothing(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{ViolationsMax: 10})
	ref := h.user(dat, a, text("same"))
	h.user(fin, a, text("same"))
	ours, theirs := h.get(dat, a), h.get(fin, a)
	h.write(engine.MarkWrite, fin, ours, false)
	h.settle(ref, engine.Synced, engine.Written)
	h.write(engine.MarkWrite, dat, theirs, false)
	if n := h.o.broken(); n != 0 {
		t.Fatalf("%d contracts are broken before anything is lost", n)
	}
	h.write(engine.CarryWrite, dat, theirs, false)
	if h.o.tallies[noLostUpdate].violations == 0 {
		t.Error("an older state was written over a change that the other side held, and nobody noticed")
	}
}
