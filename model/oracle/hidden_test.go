package oracle

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// over lands a held record over what side y holds, which is kept.
func (h *hand) over(y engine.Side, tx engine.TxID, held *engine.Record, override engine.GroupSet) {
	h.t.Helper()
	h.lands(y, tx, held, override, h.get(y, *held.Key))
}

// unhide gives side y a record back.
func (h *hand) unhide(y engine.Side, back *engine.Record, values []engine.Value) {
	h.t.Helper()
	before := h.get(y, *back.Key)
	r := h.next(y, *back.Key, values)
	r.Mark = back.Mark
	if before.Mark.Number > back.Mark.Number { // users have changed it on top
		r.Mark.Number, r.Mark.Groups = before.Mark.Number, []engine.GroupMark{{Own: before.Mark.Groups[0].Own}}
	}
	w := &engine.Write{Kind: engine.UnhideWrite, Key: *back.Key, Source: back, Target: before}
	r.Trace = h.o.EngineCommit(h.now, y, w, before, r, nil)
	h.publish(y, r)
}

// createdAnew deletes a record live, which is undone, and creates it past the hook of
// the other side before that has its own back; it returns what is hidden there.
func (h *hand) createdAnew(values []engine.Value) *engine.Record {
	h.t.Helper()
	h.synced(fin, order, row("1"))
	was := h.get(dat, order)
	h.over(dat, 1, h.hold(fin, 1, order, nil), 0)
	h.o.Undone(h.now, fin, 1)
	if values == nil {
		values = make([]engine.Value, 2)
	}
	h.o.Capturing(h.now, dat, order.Map, false)
	before, r := h.get(dat, order), h.next(dat, order, values)
	r.Mark.Dead = true // nothing has told the mark
	r.Trace = h.o.UserCommit(h.now, dat, before, r, nil)
	h.publish(dat, r)
	h.o.Capturing(h.now, dat, order.Map, true)
	return was
}

// TestHidden judges live transactions that stand where something else stood.
func TestHidden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		play func(h *hand)
		want []string
	}{
		{"a create over an unseen record is undone, and that one is carried", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			was := h.get(dat, order)
			h.over(dat, 1, h.hold(fin, 1, order, row("2")), 1)
			h.o.Undone(h.now, fin, 1)
			h.unhide(dat, was, was.Values)
			h.carry(fin, order)
			h.settle(ref, engine.Synced, engine.Written)
		}, nil},
		{"its change is booked as overridden all the same", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			was := h.get(dat, order)
			h.over(dat, 1, h.hold(fin, 1, order, row("2")), 1)
			h.o.Undone(h.now, fin, 1)
			h.unhide(dat, was, was.Values)
			h.carry(fin, order)
			h.settle(ref, engine.ConflictFailure, engine.Overridden)
		}, []string{"true-outcome: no change of finops was concurrent with it"}},
		{"it commits, and the loser says so", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			held := h.hold(fin, 1, order, row("2"))
			h.over(dat, 1, held, 1)
			h.commit(fin, 1, held)
			h.settle(ref, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"it commits, and the loser's outcome hides it", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			held := h.hold(fin, 1, order, row("2"))
			h.over(dat, 1, held, 1)
			h.commit(fin, 1, held)
			h.settle(ref, engine.Synced, engine.AlreadyCarried)
		}, []string{"no-lost-update: its outcome hides that"}},
		{"something else comes back", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			was := *h.get(dat, order)
			h.over(dat, 1, h.hold(fin, 1, order, row("2")), 1)
			h.o.Undone(h.now, fin, 1)
			was.Values = row("3")
			h.unhide(dat, &was, was.Values)
			h.carry(fin, order)
			h.settle(ref, engine.Synced, engine.Written)
		}, []string{"no-phantom: dataverse got back something else than what transaction 1 of finops had hidden"}},
		{"something comes back that nothing had hidden", func(h *hand) {
			h.synced(dat, order, row("1"))
			was := h.get(dat, order)
			h.unhide(dat, was, was.Values)
		}, []string{"no-phantom: dataverse got back what no transaction had hidden there"}},
		{"it comes back although its transaction committed", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			was := h.get(dat, order)
			held := h.hold(fin, 1, order, row("2"))
			h.over(dat, 1, held, 1)
			h.commit(fin, 1, held)
			h.unhide(dat, was, was.Values)
			h.settle(ref, engine.ConflictFailure, engine.Overridden)
		}, []string{"no-phantom: no transaction had hidden", "converged"}},
		{"users change it on top, and it is undone", func(h *hand) {
			ref := h.user(dat, order, row("1"))
			was := h.get(dat, order)
			h.over(dat, 1, h.hold(fin, 1, order, row("2")), 1)
			newer := h.user(dat, order, row("3"))
			h.o.Undone(h.now, fin, 1)
			h.unhide(dat, was, row("3"))
			h.carry(fin, order)
			h.settle(ref, engine.ConcurrencyFailure, engine.Superseded)
			h.settle(newer, engine.Synced, engine.Written)
		}, nil},
		{"a delete over an unseen change is undone, and the change is carried", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(dat, order, row("2"))
			was := h.get(dat, order)
			h.over(dat, 1, h.hold(fin, 1, order, nil), 1)
			h.o.Undone(h.now, fin, 1)
			h.unhide(dat, was, was.Values)
			h.carry(fin, order)
			h.settle(ref, engine.Synced, engine.Written)
		}, nil},
		{"created anew past the hook and left empty, and what was there comes back", func(h *hand) {
			h.unhide(dat, h.createdAnew(nil), row("1"))
		}, nil},
		{"created anew past the hook and left empty, and what was there is lost", func(h *hand) {
			h.unhide(dat, h.createdAnew(nil), make([]engine.Value, 2))
		}, []string{"no-phantom: column text did not come back on dataverse, and nobody had filled it in"}},
		{"created anew past the hook and left empty, which nobody conflicts with", func(h *hand) {
			h.unhide(dat, h.createdAnew(nil), row("1"))
			ref := h.user(fin, order, row("3"))
			h.write(engine.CarryWrite, dat, h.get(fin, order), true)
			h.settle(ref, engine.Synced, engine.Override)
		}, []string{"true-outcome: dataverse was overridden although finops knew all its changes"}},
		{"created anew past the hook, and what was filled in is carried", func(h *hand) {
			h.unhide(dat, h.createdAnew(row("2")), row("2"))
			ref := h.late(dat, order)
			h.carry(fin, order)
			h.settle(ref, engine.Synced, engine.Written)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{}, liveTables())
			h.at(time.Minute)
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}
