package oracle

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestDriftIsDeclared has pairs that differ although nothing is queued: drift that
// nobody was to carry is excused, until it should have been mended.
func TestDriftIsDeclared(t *testing.T) {
	t.Parallel()
	leg := func(h *hand, s engine.Side, company string, stages ...engine.InitialStage) {
		for _, stage := range stages {
			h.o.Copied(h.now, &engine.InitialRecord{Map: 0, Company: company, Side: s, Stage: stage})
		}
	}
	legs := func(h *hand, company string) {
		leg(h, fin, company, engine.InitialWaiting)
		leg(h, dat, company, engine.InitialWaiting)
		leg(h, fin, company, engine.InitialRunning, engine.InitialDone)
		leg(h, dat, company, engine.InitialDone)
	}
	stop := func(h *hand) { h.o.Capturing(h.now, fin, 0, false) }
	for _, c := range []struct {
		name    string
		play    func(h *hand)
		declare bool
	}{
		{"different from before the run", func(h *hand) { h.load(fin, "1"); h.load(dat, "2") }, true},
		{"changed past the hook of a side that captures", func(h *hand) { h.bypass(fin, a, text("1")) }, false},
		{"changed while the side did not capture", func(h *hand) { stop(h); h.bypass(fin, a, text("1")) }, true},
		{"changed past the hook of the other side", func(h *hand) { stop(h); h.bypass(dat, a, text("1")) }, false},
		{"changed when it captures again", func(h *hand) {
			stop(h)
			h.o.Capturing(h.now, fin, 0, true)
			h.bypass(fin, a, text("1"))
		}, false},
		{"a resync is under way", func(h *hand) {
			h.load(fin, "1")
			h.o.Resynced(h.now, engine.Resync{}, false)
		}, true},
		{"a resync is over", func(h *hand) {
			h.load(fin, "1")
			h.o.Resynced(h.now, engine.Resync{}, false)
			h.o.Resynced(h.now, engine.Resync{}, true)
		}, false},
		{"a resync of one company is over", func(h *hand) {
			h.load(fin, "1")
			h.o.Resynced(h.now, engine.Resync{Company: "dat"}, false)
			h.o.Resynced(h.now, engine.Resync{Company: "dat"}, true)
		}, true},
		{"changed while a resync was under way", func(h *hand) {
			h.o.Resynced(h.now, engine.Resync{}, false)
			stop(h)
			h.bypass(fin, a, text("1"))
			h.o.Resynced(h.now, engine.Resync{}, true)
		}, true},
		{"both legs of an initial sync are done", func(h *hand) { h.load(fin, "1"); legs(h, "") }, false},
		{"both legs of one company are done", func(h *hand) { h.load(fin, "1"); legs(h, "dat") }, true},
		{"one leg of it is done", func(h *hand) {
			h.load(dat, "1")
			leg(h, fin, "", engine.InitialWaiting, engine.InitialDone)
		}, true},
		{"one leg of a second one is done", func(h *hand) {
			legs(h, "")
			leg(h, fin, "", engine.InitialForgotten)
			leg(h, dat, "", engine.InitialForgotten)
			h.load(dat, "1")
			leg(h, fin, "", engine.InitialWaiting, engine.InitialDone)
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			c.play(h)
			r := h.judge()
			p := property(t, r, "converged")
			if declared := p.Verdict == Pass && r.Totals.Straying == 1; declared != c.declare || p.Verdict == Inconclusive {
				t.Errorf("declared is %v: %s", declared, p)
			}
		})
	}
}

// TestReturnIsUnseen has a user, while his side does not capture, change a record
// and change it back. Nobody can see that; a change of the other side may be
// carried. A return to anything else is a change.
func TestReturnIsUnseen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, last string
		lost       bool
	}{{"back", "1", false}, {"not back", "3", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			r := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r, engine.Synced, engine.Written)
			h.o.Capturing(h.now, dat, 0, false)
			h.bypass(dat, a, text("2"))
			h.bypass(dat, a, text(c.last))
			r = h.user(fin, a, text("4"))
			h.carry(dat, a)
			h.settle(r, engine.Synced, engine.Written)
			if p := property(t, h.judge(), "no-lost-update"); (p.Verdict == Fail) != c.lost {
				t.Error(p)
			}
		})
	}
}

// TestInterimPrimary has an initial sync make the other side primary for a while.
func TestInterimPrimary(t *testing.T) {
	t.Parallel()
	for _, interim := range []bool{true, false} {
		h := newHand(t, Config{})
		if interim {
			h.o.Ruled(h.now, &engine.MapRecord{Map: 0, Rules: dat})
		}
		r1 := h.user(fin, a, text("1"))
		r2 := h.user(dat, a, text("2"))
		h.write(engine.CarryWrite, fin, h.get(dat, a), true)
		h.settle(r2, engine.Synced, engine.Override)
		h.o.Ruled(h.now, &engine.MapRecord{Map: 0, Rules: fin})
		h.settle(r1, engine.ConflictFailure, engine.Overridden) // its reference was late
		if p := property(t, h.judge(), "primary-wins"); (p.Verdict == Pass) != interim {
			t.Errorf("with an interim primary: %v: %s", interim, p)
		}
	}
}
