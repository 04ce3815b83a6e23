package oracle

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
)

// TestWhatLastsExcusesItsOwn ends worlds in which something is under way and a fault
// lasts for ever: only what that holds up is excused.
func TestWhatLastsExcusesItsOwn(t *testing.T) {
	t.Parallel()
	const bar, lock = "outage at dataverse for ever", "locked records at dataverse for ever"
	locked := func(end End, on engine.Side, ids ...string) func(*engine.Key, engine.Side, End) string {
		return func(k *engine.Key, side engine.Side, to End) string {
			for _, id := range ids {
				if k.ID == id && side == on && to == end {
					return lock
				}
			}
			return ""
		}
	}
	row := func(id string, number uint32) *engine.Reference {
		return &engine.Reference{Key: headerKey(id), Side: fin, Number: number, Origin: engine.Initial}
	}
	behindPeople := func(h *hand) {
		h.queue(h.user(fin, headerKey("P"), text("1")), Parked)
		target := headerKey("P")
		ref := h.user(fin, engine.Key{Map: 1, ID: "of P"}, []engine.Value{{}, {Kind: engine.KindLookup, Target: &target}})
		h.items = append(h.items, Item{Reference: ref, State: Blocked, On: target, Root: target, Outcome: engine.Outcome{Class: engine.ApplicationFailure}})
	}
	for name, c := range map[string]struct {
		play   func(h *hand)
		bar    string
		spoils func(*engine.Key, engine.Side, End) string
		barred []Barred
		free   string
		queue  int
	}{
		"nothing gets through": {
			func(h *hand) {
				h.queue(h.user(fin, headerKey("X"), text("1")), Waiting)
				h.queue(h.user(dat, headerKey("Y"), text("1")), InOutbox)
			}, bar, locked(Carry, dat), []Barred{{bar, 2}}, "", 1,
		},
		"what has a number would be on the desk": {
			func(h *hand) { h.queue(h.user(fin, headerKey("X"), text("1")), Waiting) },
			"", locked(Carry, dat, "X"), nil, "X", 1,
		},
		"what has none is tried for ever": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.bypass(fin, headerKey("Y"), text("1"))
				h.queue(row("X", 0), Waiting)
				h.queue(row("Y", 0), Waiting)
			}, "", locked(Carry, dat, "X"), []Barred{{lock, 1}}, "Y", 1,
		},
		"nor can it be captured": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
			}, "", locked(Capture, fin, "X"), []Barred{{lock, 1}}, "", 1,
		},
		"of the other direction nothing is spoilt": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
			}, "", locked(Carry, fin, "X"), nil, "X", 1,
		},
		"what waits for one that waits": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
				for _, root := range []string{"X", "Y"} {
					l := engine.Key{Map: 1, ID: "of " + root}
					target := headerKey(root)
					ref := h.user(fin, l, []engine.Value{{}, {Kind: engine.KindLookup, Target: &target}})
					h.items = append(h.items, Item{Reference: ref, State: Blocked, On: target, Root: target})
				}
			}, "", locked(Carry, dat, "X"), []Barred{{lock, 2}}, "of Y", 1,
		},
		"a queue that is full of it": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
				h.queue(h.user(fin, headerKey("Y"), text("1")), InOutbox)
				h.queue(h.user(dat, headerKey("Z"), text("1")), InOutbox)
			}, "", locked(Carry, dat, "X"), []Barred{{lock, 2}}, "Z", 1,
		},
		"a queue that is full of it, and of what waits behind people": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
				behindPeople(h)
				h.queue(h.user(fin, headerKey("Y"), text("1")), InOutbox)
			}, "", locked(Carry, dat, "X"), []Barred{{lock, 2}}, "", 2,
		},
		"a queue that is full of what waits behind people": {
			func(h *hand) {
				behindPeople(h)
				h.queue(h.user(fin, headerKey("Y"), text("1")), InOutbox)
			}, "", locked(Carry, dat, "X"), nil, "Y", 1,
		},
		"a queue that is full of it and of a row beside it": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.items = append(h.items, Item{Reference: row("X", 0), State: Waiting, Unsaved: 1})
				h.queue(h.user(fin, headerKey("Y"), text("1")), InOutbox)
			}, "", locked(Carry, dat, "X"), []Barred{{lock, 2}}, "", 2,
		},
		"a queue with room beside it": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
				h.queue(h.user(fin, headerKey("Y"), text("1")), InOutbox)
			}, "", locked(Carry, dat, "X"), []Barred{{lock, 1}}, "Y", 2,
		},
		"a part of a pair is free": {
			func(h *hand) {
				h.bypass(fin, headerKey("X"), text("1"))
				h.queue(row("X", 0), Waiting)
				h.queue(h.user(dat, headerKey("X"), text("2")), Waiting)
			}, "", locked(Carry, dat, "X"), nil, "X", 1,
		},
		"a part of a pair is free, and came first": {
			func(h *hand) {
				h.queue(h.user(dat, headerKey("X"), text("2")), Waiting)
				h.queue(row("X", 0), Waiting)
			}, "", locked(Carry, dat, "X"), nil, "X", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{Queue: c.queue}})
			c.play(h)
			v := h.view()
			v.Bar, v.Spoils = c.bar, c.spoils
			r := h.o.Judge(h.now, v)
			free := freeIn(r)
			if diff := cmp.Diff(c.barred, r.Barred); diff != "" || free != c.free {
				t.Errorf("free is %q, wanted %q; barred (-want +got):\n%s", free, c.free, diff)
			}
			p := property(t, r, "converged")
			if (p.Verdict == Fail) != (c.free != "") {
				t.Errorf("got %s", p)
			}
			for _, b := range c.barred {
				if !strings.Contains(p.Note, "excused: blocked by a fault, "+b.Fault) {
					t.Errorf("the note does not name the fault: %s", p)
				}
			}
		})
	}
}

// freeIn names the records that something waits for which nothing holds up.
func freeIn(r Report) (ids string) {
	for _, k := range r.Free {
		ids += k.ID
	}
	return ids
}

// TestLiveTransactionsHoldUpTheirRecords: what must be undone and cannot holds up all
// that waits for its records. What is locked on the transaction's own side counts only
// where that has something to capture first.
func TestLiveTransactionsHoldUpTheirRecords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		on     engine.Side
		to     End
		passed bool
		barred []Barred
		free   string
	}{
		"the other side is locked":                  {dat, Finish, false, []Barred{{"a lock", 1}}, "Y"},
		"its own side is, with a change to capture": {fin, Capture, true, []Barred{{"a lock", 1}}, "Y"},
		"its own side is, with none":                {fin, Capture, false, nil, "XY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			h.queue(h.user(fin, headerKey("X"), text("1")), Waiting)
			h.queue(h.user(fin, headerKey("Y"), text("1")), Waiting)
			if c.passed {
				h.o.courses[0].off[fin] = true
				h.bypass(fin, headerKey("X"), text("2"))
				h.o.courses[0].off[fin] = false
			}
			v := h.view()
			v.Intents = []engine.Intent{{Side: fin, Rows: []engine.IntentRow{{Key: headerKey("X")}}}}
			v.Spoils = func(k *engine.Key, on engine.Side, to End) string {
				if on == c.on && to == c.to && k.ID == "X" {
					return "a lock"
				}
				return ""
			}
			r := h.o.Judge(h.now, v)
			free := freeIn(r)
			if diff := cmp.Diff(c.barred, r.Barred); diff != "" || free != c.free {
				t.Errorf("free is %q, wanted %q; barred (-want +got):\n%s", free, c.free, diff)
			}
		})
	}
}

// TestNothingIsLookedAtAgain: what waits for a record that it no longer looks up has no
// excuse while it could be looked at again, nor where the other one waits for people.
func TestNothingIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bar   string
		class engine.Class
		want  Verdict
	}{
		{"store full for ever", engine.Open, NoOccasion},
		{"store full for ever", engine.ApplicationFailure, Fail},
		{"", engine.Open, Fail},
	} {
		h := newHand(t, Config{})
		ref := h.user(fin, headerKey("X"), text("1"))
		h.items = append(h.items, Item{Reference: ref, State: Blocked, Outcome: engine.Outcome{Class: c.class}, On: headerKey("Y"), Root: headerKey("Y")})
		v := h.view()
		v.Bar, v.Spoils = c.bar, func(*engine.Key, engine.Side, End) string { return "" }
		if p := property(t, h.o.Judge(h.now, v), "isolation"); p.Verdict != c.want {
			t.Errorf("%+v: got %s", c, p)
		}
	}
}
