package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestProperties plays one short story each. Stories that break nothing stand
// beside the ones that do, so that a property that cries always, or never, is
// seen.
func TestProperties(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		play func(h *hand)
		want []string
	}{
		{"carried and synced", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
		}, nil},
		{"both directions in turn", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(dat, a, text("2"))
			h.carry(fin, a)
			h.settle(r2, engine.Synced, engine.Written)
			r3 := h.user(fin, a, text("3"))
			h.carry(dat, a)
			h.settle(r3, engine.Synced, engine.Written)
		}, nil},

		// no-lost-update
		{"a user's change is overwritten and nobody says so", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(fin, a, text("2"))
			read := h.get(fin, a)
			r3 := h.user(dat, a, text("3"))
			h.write(engine.CarryWrite, dat, read, false)
			h.settle(r2, engine.Synced, engine.Written)
			h.settle(r3, engine.ConflictFailure, engine.Overridden)
		}, []string{"no-lost-update: headers usmf A: finops was written over a change of dataverse that finops had not seen"}},
		{"declared override, loser is booked", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"declared override, loser is dismissed", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.Dismissed, engine.NoReason)
		}, nil},
		{"declared override, loser is booked as synced", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.Synced, engine.Written)
		}, []string{"no-lost-update: its outcome hides that: synced"}},
		{"declared override, loser is booked as superseded", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			r3 := h.user(dat, a, text("3"))
			h.settle(r2, engine.ConcurrencyFailure, engine.Superseded)
			h.carry(fin, a)
			h.settle(r3, engine.Synced, engine.Written)
		}, []string{"no-lost-update: its outcome hides that: concurrency"}},
		{"only the newest of an overridden row is a conflict", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			r3 := h.user(dat, a, text("3"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.ConcurrencyFailure, engine.Superseded)
			h.settle(r3, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"overridden after it had ended as synced", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.settle(r2, engine.Synced, engine.Written)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
		}, []string{"no-lost-update: after it had ended as synced", "true-outcome: dataverse ended as synced (written), and finops never got it"}},
		{"an override of an uncaptured change", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(fin, a, text("2"))
			h.bypass(dat, a, text("3"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r2, engine.Synced, engine.Override)
		}, []string{"no-lost-update: nothing will ever tell"}},
		{"an uncaptured change is captured late and then overridden", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(fin, a, text("2"))
			h.bypass(dat, a, text("3"))
			r3 := h.late(dat, a)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r2, engine.Synced, engine.Override)
			h.settle(r3, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"content older than the sync may be written over", func(h *hand) {
			h.bypass(dat, a, text("old"))
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
		}, nil},
		{"an old state over a newer one of the same side", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			read := h.get(fin, a)
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(fin, a, text("2"))
			h.carry(dat, a)
			h.settle(r2, engine.Synced, engine.Written)
			h.write(engine.CarryWrite, dat, read, false)
			h.carry(dat, a) // mended, and broken all the same
		}, []string{"no-lost-update: an older state of finops was written over a newer one", "no-echo: the engine wrote 4 times", "traffic-stops: after the last edit the engine wrote 3 times, and 1 open changes"}},
		{"marked as equal, and is not", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.MarkWrite, dat, h.get(fin, a), false)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
		}, []string{"no-lost-update: was marked as holding"}},

		// found equal
		{"the same edit on both sides is found equal", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("1"))
			h.write(engine.MarkWrite, dat, h.get(fin, a), false)
			h.write(engine.MarkWrite, fin, h.get(dat, a), false)
			h.settle(r1, engine.Synced, engine.FoundEqual)
			h.settle(r2, engine.Synced, engine.AlreadyCarried)
		}, nil},
		{"after both were found equal a change is carried in peace", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("1"))
			h.write(engine.MarkWrite, dat, h.get(fin, a), false)
			h.write(engine.MarkWrite, fin, h.get(dat, a), false)
			h.settle(r1, engine.Synced, engine.FoundEqual)
			h.settle(r2, engine.Synced, engine.AlreadyCarried)
			r3 := h.user(dat, a, text("3"))
			h.carry(fin, a)
			h.settle(r3, engine.Synced, engine.Written)
		}, nil},

		// true-outcome
		{"synced without a write", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.settle(r1, engine.Synced, engine.AlreadyCarried)
			h.carry(dat, a)
		}, []string{"true-outcome: and dataverse never got it"}},
		{"superseded though it is the latest", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.ConcurrencyFailure, engine.Superseded)
		}, []string{"true-outcome: is the latest of its side"}},
		{"superseded by a newer change", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(fin, a, text("2"))
			h.carry(dat, a)
			h.settle(r1, engine.ConcurrencyFailure, engine.Superseded)
			h.settle(r2, engine.Synced, engine.Written)
		}, nil},
		{"gone from the source though it lives", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, []string{"true-outcome: and the record lives"}},
		{"out of the scope of a map that takes in all", func(h *hand) {
			line := engine.Key{Map: 1, ID: "L"}
			ref := h.user(dat, line, make([]engine.Value, 2))
			h.carry(fin, line)
			h.settle(ref, engine.NoOp, engine.Filtered)
		}, []string{"true-outcome: change 1.1 of dataverse ended as out of scope, and its table map has no filter"}},
		{"out of the scope of a map of companies", func(h *hand) {
			nowhere := engine.Key{ID: "N"}
			h.settle(h.user(fin, nowhere, text("1")), engine.NoOp, engine.Filtered)
		}, nil},
		{"rejected though the primary had nothing new", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(dat, a, text("2"))
			h.settle(r2, engine.ConflictFailure, engine.Rejected)
			h.carry(fin, a)
		}, []string{"true-outcome: no change of finops was concurrent with it"}},
		{"rejected, found equal, and carried with a later change", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.settle(r2, engine.ConflictFailure, engine.Rejected)
			r3 := h.user(fin, a, text("2"))
			h.write(engine.MarkWrite, dat, h.get(fin, a), false)
			h.settle(r1, engine.ConcurrencyFailure, engine.Superseded)
			h.settle(r3, engine.Synced, engine.FoundEqual)
			r4 := h.user(dat, a, text("4"))
			h.carry(fin, a)
			h.settle(r4, engine.Synced, engine.Written)
		}, nil},
		{"rejected, and carried later all the same", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.settle(r2, engine.ConflictFailure, engine.Rejected)
			h.write(engine.CarryWrite, fin, h.get(dat, a), true)
			h.settle(r1, engine.ConflictFailure, engine.Overridden)
		}, []string{"true-outcome: was carried all the same", "primary-wins: dataverse, which is not primary"}},
		{"rejected, then the primary's change is carried by a re-assert", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.settle(r2, engine.ConflictFailure, engine.Rejected)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
		}, nil},
		{"overridden though nothing was written", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
		}, []string{"true-outcome: nothing was written over it"}},
		{"an override that nobody had contested", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), false)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(fin, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r2, engine.Synced, engine.Override)
		}, []string{"true-outcome: was overridden although finops knew all its changes"}},
		{"an override by a side without a change", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
		}, []string{"true-outcome: which had no change of its own"}},
		{"a write that leaves something else than its source", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			read := *h.get(fin, a)
			r := h.next(dat, a, text("other"))
			r.Mark.Incarnation = 1
			r.Trace = h.o.EngineCommit(h.now, dat, &engine.Write{Kind: engine.CarryWrite, Key: a, Source: &read, Groups: 1}, nil, r, nil)
			h.publish(dat, r)
			h.settle(r1, engine.Synced, engine.Written)
		}, []string{"no-phantom: dataverse was written from finops and holds something else in column text", "converged: columns text"}},

		// no-phantom
		{"a write of what its source does not hold", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			read := *h.get(fin, a)
			read.Values = text("other")
			h.write(engine.CarryWrite, dat, &read, false)
			h.settle(r1, engine.Synced, engine.Written)
		}, []string{"no-phantom: dataverse was written from something that finops does not hold", "converged: columns text"}},
		{"a write of what its source has held", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			read := h.get(fin, a)
			r2 := h.user(fin, a, text("2"))
			h.write(engine.CarryWrite, dat, read, false)
			h.settle(r1, engine.Synced, engine.Written)
			h.carry(dat, a)
			h.settle(r2, engine.Synced, engine.Written)
		}, nil},

		// no-echo
		{"the engine sends a change back to where it was born", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.carry(fin, a)
		}, []string{"no-echo: finops got back from dataverse", "traffic-stops", "idempotent"}},
		{"an overridden change does not make an echo fresh", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
			h.carry(fin, a)
		}, []string{"no-echo: finops got back from dataverse"}},
		{"the engine's own write is captured", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			ref := h.echoed(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.settle(ref, engine.Synced, engine.AlreadyCarried)
		}, []string{"no-echo: own carry write on dataverse was captured as a change"}},
		{"a late capture of nothing", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.settle(h.late(fin, a), engine.Synced, engine.AlreadyCarried)
		}, []string{"no-echo: nobody had changed past the hook"}},
		{"a late capture of what was found equal", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.bypass(dat, a, text("2"))
			r2 := h.user(fin, a, text("2"))
			h.write(engine.MarkWrite, dat, h.get(fin, a), false)
			h.settle(r2, engine.Synced, engine.FoundEqual)
			h.settle(h.late(dat, a), engine.Synced, engine.AlreadyCarried)
		}, []string{"no-echo: nobody had changed past the hook"}},
		{"a late capture of what was written over", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.bypass(dat, a, text("3"))
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(h.late(dat, a), engine.Synced, engine.AlreadyCarried)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
		}, []string{"no-echo: nobody had changed past the hook", "no-lost-update: nothing will ever tell"}},
		{"a late capture without a reference", func(h *hand) {
			h.load(fin, "old")
			before := h.get(fin, a)
			r := h.next(fin, a, before.Values)
			r.Trace = h.o.EngineCommit(h.now, fin, &engine.Write{Kind: engine.LateWrite, Key: a, Source: before, Groups: 1}, before, r, nil)
			h.publish(fin, r)
			h.load(dat, "old")
		}, []string{"closed-books: a late capture on finops made no reference"}},
		{"content without a mark is captured late on both sides, and the primary's wins", func(h *hand) {
			h.load(fin, "one")
			h.load(dat, "two")
			r2 := h.late(dat, a)
			r1 := h.late(fin, a)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
			h.settle(r2, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"the same, the primary's first", func(h *hand) {
			h.load(fin, "one")
			h.load(dat, "two")
			r1 := h.late(fin, a)
			r2 := h.late(dat, a)
			h.settle(r2, engine.ConflictFailure, engine.Rejected)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(r1, engine.Synced, engine.Override)
		}, nil},
		{"content without a mark is captured late", func(h *hand) {
			h.load(fin, "old")
			ref := h.late(fin, a)
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
		}, nil},
		{"a row of an initial sync", func(h *hand) {
			h.load(fin, "old")
			h.o.TakenIn(h.now, &engine.Reference{Key: a, Side: fin, Origin: engine.Initial})
			h.carry(dat, a)
		}, nil},
		{"the same, and nobody syncs", func(h *hand) {
			h.load(fin, "old")
			h.carry(dat, a)
		}, []string{"no-echo: the engine wrote 1 times, and 0 changes", "traffic-stops"}},
		{"more writes than anything asked for", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.carry(dat, a)
		}, []string{"no-echo: the engine wrote 2 times", "traffic-stops", "idempotent: dataverse was written once more with what it held"}},
		{"a repeated write after an unknown answer", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.o.Retried()
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.AlreadyCarried)
		}, []string{"idempotent: version 3 follows on 2 for nothing"}},

		// primary-wins
		{"the other side wins", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			r2 := h.user(dat, a, text("2"))
			h.write(engine.CarryWrite, fin, h.get(dat, a), true)
			h.settle(r2, engine.Synced, engine.Override)
			h.settle(r1, engine.ConflictFailure, engine.Overridden)
		}, []string{"primary-wins: ended as a conflict failure, and that side is primary"}},

		// closed-books
		{"two outcomes at once", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.settle(r1, engine.Synced, engine.Written)
			h.settle(r1, engine.Synced, engine.Written)
		}, []string{"closed-books: ended a second time", "true-outcome", "converged"}},
		{"two outcomes, the second after all was forgotten", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.settle(r1, engine.Synced, engine.AlreadyCarried)
		}, []string{"closed-books: ended a second time"}},
		{"an outcome for a change that never was", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			ghost := *r1
			ghost.Number = 2
			h.settle(&ghost, engine.Synced, engine.Written)
		}, []string{"closed-books: no such change was captured"}},
		{"an outcome for number 0", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			h.settle(&engine.Reference{Key: a, Side: fin, Incarnation: 1}, engine.Synced, engine.Written)
		}, []string{"closed-books: no such change was captured"}},
		{"a reference is queued for a change that never was", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			ghost := *ref
			ghost.Number = 2
			h.queue(&ghost, Waiting)
		}, []string{"closed-books: is open, and no such change was captured"}},
		{"a change is taken in that never was", func(h *hand) {
			h.o.TakenIn(h.now, &engine.Reference{Key: a, Side: fin, Incarnation: 1, Number: 1})
			h.settle(h.user(fin, a, text("1")), engine.Synced, engine.AlreadyCarried)
			h.carry(dat, a)
		}, []string{"closed-books: was taken in, and no such change was captured", "true-outcome"}},
		{"a process is back, and its store has all", func(h *hand) {
			r1, r2, r3 := h.user(fin, a, text("1")), h.user(fin, a, text("2")), h.user(fin, a, text("3"))
			holder := *r3
			holder.Origin = engine.Reassert
			h.o.TakenIn(h.now, r1)
			h.o.TakenIn(h.now, r2)
			h.o.TakenIn(h.now, &holder)
			h.settle(r1, engine.ConcurrencyFailure, engine.Superseded)
			h.settle(r1, engine.NoOp, engine.Echo)
			h.o.Crashed(h.now)
			h.back(r2, &holder)
			h.queue(r2, Waiting)
			h.queue(r3, InOutbox)
		}, nil},
		{"a process is back, and its store has lost a change that comes again", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.o.TakenIn(h.now, ref)
			h.o.Crashed(h.now)
			h.back()
			h.o.TakenIn(h.now, ref)
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
		}, []string{"closed-books: the engine's process is back with 0 changes in its store, which had said that it holds 1"}},
		{"a process is back, and its store has what had ended", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.o.TakenIn(h.now, ref)
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			h.o.Crashed(h.now)
			h.back(ref)
		}, []string{"closed-books: the engine's process is back with 1 changes in its store, which had said that it holds 0"}},
		{"a leak of a change that never was", func(h *hand) {
			h.o.Leaked(h.now, &engine.Reference{Key: a, Side: fin, Incarnation: 1, Number: 1})
		}, []string{"closed-books: was leaked as a duplicate"}},
		{"an outcome for a record that never was", func(h *hand) {
			h.settle(&engine.Reference{Key: a, Side: fin, Incarnation: 1, Number: 1}, engine.Synced, engine.Written)
		}, []string{"closed-books: no such change was captured"}},
		{"no outcome", func(h *hand) {
			h.user(fin, a, text("1"))
			h.carry(dat, a)
		}, []string{"closed-books: has no outcome and is queued nowhere"}},
		{"no outcome, but in the outbox", func(h *hand) {
			h.queue(h.user(fin, a, text("1")), InOutbox)
			h.carry(dat, a)
		}, nil},
		{"in the outbox and in the queue", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.queue(ref, InOutbox)
			h.queue(ref, Waiting)
		}, nil},
		{"in the store, and not in the engine", func(h *hand) {
			h.queue(h.user(fin, a, text("1")), Forgotten)
		}, []string{"closed-books: has forgotten it"}},
		{"ended, and its outbox has not forgotten it", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			h.queue(ref, InOutbox)
		}, nil},
		{"ended and still in the queue", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			h.queue(ref, Waiting)
		}, []string{"closed-books: has its outcome and is still open"}},
		{"a failure of the error desk is no end", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.settle(ref, engine.SystemFailure, engine.TimedOut)
			h.queue(ref, Parked)
		}, []string{"closed-books: which is no end"}},
		{"an echo of a known reference ends nothing", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.o.Leaked(h.now, ref)
			h.carry(dat, a)
			h.settle(ref, engine.NoOp, engine.Echo)
			h.settle(ref, engine.Synced, engine.Written)
			h.settle(ref, engine.NoOp, engine.Echo)
		}, nil},
		{"a change booked as an echo of itself", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.NoOp, engine.Echo)
		}, []string{"closed-books: has no outcome"}},
		{"a place holder is no change", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			holder := *ref
			holder.Origin = engine.Reassert
			h.settle(&holder, engine.Synced, engine.AlreadyCarried)
			h.settle(ref, engine.Synced, engine.Written)
			h.settle(&holder, engine.Synced, engine.AlreadyCarried)
		}, nil},

		// monotonic
		{"seen goes back", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.get(dat, a).Mark.Groups[0].Seen = 9
			r2 := h.user(fin, a, text("2"))
			r := h.next(dat, a, text("2"))
			r.Mark.Groups[0].Seen = 2
			r.Trace = h.o.EngineCommit(h.now, dat, &engine.Write{Kind: engine.CarryWrite, Key: a, Source: h.get(fin, a), Groups: 1}, h.get(dat, a), r, nil)
			h.publish(dat, r)
			h.settle(r2, engine.Synced, engine.Written)
		}, []string{"monotonic: seen on dataverse went back from 9 to 2"}},
		{"own, number and lost go back", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			m := &h.get(fin, a).Mark
			m.Number, m.Groups[0].Own, m.Groups[0].Lost = 7, 7, &engine.Losses{4, 6}
			r := h.next(fin, a, text("1"))
			r.Mark.Number, r.Mark.Groups[0].Own, r.Mark.Groups[0].Lost = 6, 5, &engine.Losses{4}
			r.Trace = h.o.UserCommit(h.now, fin, h.get(fin, a), r, nil)
			h.publish(fin, r)
		}, []string{"monotonic: 3 violations"}},
		{"the incarnation goes back", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			h.get(fin, a).Mark.Incarnation = 2
			r := h.next(fin, a, text("1"))
			r.Mark.Incarnation = 1
			r.Trace = h.o.UserCommit(h.now, fin, h.get(fin, a), r, nil)
			h.publish(fin, r)
		}, []string{"monotonic: incarnation on finops went back from 2 to 1"}},
		{"a mark loses a column group", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r := h.next(fin, a, text("1"))
			r.Mark.Groups = nil
			r.Trace = h.o.UserCommit(h.now, fin, h.get(fin, a), r, nil)
			h.publish(fin, r)
		}, []string{"monotonic: the mark on finops lost its column group 0"}},
		{"a reference number comes twice", func(h *hand) {
			r1 := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
			r := h.next(fin, a, text("2"))
			r.Trace = h.o.UserCommit(h.now, fin, h.get(fin, a), r, r1)
			h.publish(fin, r)
			h.carry(dat, a)
			h.settle(r1, engine.Synced, engine.Written)
		}, []string{"monotonic: was captured on the finops side after 1.1"}},
		{"the outbox's low-water mark goes back", func(h *hand) {
			h.o.OutboxLow(h.now, fin, 5)
			h.o.OutboxLow(h.now, dat, 2)
			h.o.OutboxLow(h.now, fin, 5)
			h.o.OutboxLow(h.now, fin, 4)
		}, []string{"monotonic: low-water mark of the finops outbox went back from 5 to 4"}},

		// no-skip
		{"the outbox forgets what the engine has saved", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.o.TakenIn(h.now, ref)
			h.o.Forgot(h.now, fin, ref)
			h.queue(ref, Waiting)
		}, nil},
		{"the outbox forgets what has ended", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			h.o.Forgot(h.now, fin, ref)
		}, nil},
		{"the outbox forgets what nobody has saved", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.o.Forgot(h.now, fin, ref)
			h.queue(ref, Waiting)
		}, []string{
			"no-skip: the outbox of finops forgot change 1.1, and the engine has not saved it",
			"closed-books: change 1.1 of finops is queued nowhere and has no outcome",
		}},
		{"the outbox forgets a change for which the engine has saved one of its own", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			holder := *ref
			holder.Origin = engine.Reassert
			h.o.TakenIn(h.now, &holder)
			h.o.Forgot(h.now, fin, ref)
			h.o.TakenIn(h.now, ref)
			h.queue(ref, Waiting)
		}, []string{"no-skip: and the engine has not saved it", "closed-books: is queued nowhere and has no outcome"}},

		// isolation
		{"parked as refused, and nobody refused it", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.items = append(h.items, Item{Reference: ref, State: Parked, Outcome: engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Refused}})
		}, []string{"isolation: change 1.1 of finops is parked as refused by validation, and dataverse never refused it"}},
		{"a line waits for its header", func(h *hand) {
			header := a
			h.queue(h.user(fin, a, text("1")), Parked)
			ref := h.user(fin, engine.Key{Map: 1, ID: "L"}, []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}})
			h.items = append(h.items, Item{Reference: ref, State: Blocked, On: a})
		}, nil},
		{"a line waits for a header that is not its own", func(h *hand) {
			header := headerKey("B")
			h.queue(h.user(fin, a, text("1")), Parked)
			ref := h.user(fin, engine.Key{Map: 1, ID: "L"}, []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}})
			h.items = append(h.items, Item{Reference: ref, State: Blocked, On: a})
		}, []string{"isolation: lines L: change 1.1 of finops waits for headers usmf A, which it neither looks up nor takes a unique value from"}},
		{"a line waits for a header that was taken off it past the hook", func(h *hand) {
			h.queue(h.user(fin, a, text("1")), Parked)
			h.items = append(h.items, Item{Reference: lineOff(h, a, headerKey("B")), State: Blocked, On: a})
		}, nil},
		{"a line waits for a header that was put on it past the hook, and off again", func(h *hand) {
			h.queue(h.user(fin, a, text("1")), Parked)
			h.items = append(h.items, Item{Reference: lineOff(h, headerKey("B"), a, headerKey("B")), State: Blocked, On: a})
		}, []string{"isolation: lines L: change 1.1 of finops waits for headers usmf A, which it neither looks up nor takes a unique value from"}},

		{"a header waits for another one that gives a unique value up", func(h *hand) {
			h.queue(h.user(fin, a, text("1")), Parked)
			ref := h.user(fin, headerKey("B"), text("1"))
			ref.Values = []engine.ValueHash{{Hash: 7}}
			h.items = append(h.items, Item{Reference: ref, State: Blocked, On: a})
		}, nil},
		{"a header waits for another one, and takes no unique value", func(h *hand) {
			h.queue(h.user(fin, a, text("1")), Parked)
			ref := h.user(fin, headerKey("B"), text("1"))
			ref.Values = []engine.ValueHash{{Hash: 7, Freed: true}}
			h.items = append(h.items, Item{Reference: ref, State: Blocked, On: a})
		}, []string{"isolation: headers usmf B: change 1.1 of finops waits for headers usmf A, which it neither looks up nor takes a unique value from"}},

		// converged
		{"the sides differ and nothing is queued", func(h *hand) {
			h.user(fin, a, text("1"))
		}, []string{"converged: only finops holds the record", "closed-books"}},
		{"they differ by a dismissal", func(h *hand) {
			h.settle(h.user(fin, a, text("1")), engine.Dismissed, engine.NoReason)
		}, nil},
		{"a dismissal does not excuse what comes after agreement", func(h *hand) {
			h.settle(h.user(fin, a, text("1")), engine.Dismissed, engine.NoReason)
			r2 := h.user(fin, a, text("2"))
			h.carry(dat, a)
			h.settle(r2, engine.Synced, engine.Written)
			h.bypass(fin, a, text("3"))
		}, []string{"converged: columns text"}},

		// reference-order
		{"a line before its header", func(h *hand) {
			header := a
			ref := h.user(fin, a, text("1"))
			line := engine.Key{Map: 1, ID: "L"}
			child := h.user(fin, line, []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}})
			h.carry(dat, line)
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			h.settle(child, engine.Synced, engine.Written)
		}, []string{"reference-order: lines L: dataverse was given a lookup to headers usmf A, which it does not hold"}},
		{"a line after its header, and one that looks at a spelling", func(h *hand) {
			header, spelt := a, a
			spelt.Spelling = "a "
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			for _, target := range []*engine.Key{&header, &spelt} {
				line := engine.Key{Map: 1, ID: "L" + target.Spelling}
				child := h.user(fin, line, []engine.Value{{}, {Kind: engine.KindLookup, Target: target}})
				h.carry(dat, line)
				h.settle(child, engine.Synced, engine.Written)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			h.at(time.Minute)
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}

// TestOlderThanTheSync has a map under which what the other side holds without a mark
// counts as changed, so that the primary decides.
func TestOlderThanTheSync(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		play func(h *hand)
		want []string
	}{
		{"it is written over as if nobody had held it", func(h *hand) {
			h.bypass(dat, a, text("old"))
			ref := h.user(fin, a, text("1"))
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
		}, []string{"no-lost-update: finops was written over what dataverse had held before the sync, and which the primary was to decide about"}},
		{"it is captured, and loses to the primary", func(h *hand) {
			h.bypass(dat, a, text("old"))
			ref := h.user(fin, a, text("1"))
			old := h.late(dat, a)
			h.write(engine.CarryWrite, dat, h.get(fin, a), true)
			h.settle(ref, engine.Synced, engine.Override)
			h.settle(old, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"it is what the primary holds", func(h *hand) {
			h.bypass(dat, a, text("1"))
			ref := h.user(fin, a, text("1"))
			h.write(engine.MarkWrite, dat, h.get(fin, a), false)
			h.settle(ref, engine.Synced, engine.FoundEqual)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			maps := tables()
			maps[a.Map].Unlinked = engine.UnlinkedPrimary
			h := newHandOf(t, Config{}, maps)
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}

// echoed carries the other side's record, and the write is captured.
func (h *hand) echoed(y engine.Side, k engine.Key) *engine.Reference {
	read, before := h.get(y.Other(), k), h.get(y, k)
	r := h.next(y, k, read.Values)
	r.Mark.Incarnation = 1
	r.Mark.Number++
	r.Mark.Groups[0].Own = r.Mark.Number
	ref := &engine.Reference{Key: k, Side: y, Incarnation: 1, Number: r.Mark.Number, Groups: 1}
	r.Trace = h.o.EngineCommit(h.now, y, &engine.Write{Kind: engine.CarryWrite, Key: k, Source: read, Target: before, Groups: 1}, before, r, ref)
	h.publish(y, r)
	return ref
}

// load puts a record without a mark on a side.
func (h *hand) load(s engine.Side, value string) {
	r := h.next(s, a, text(value))
	r.Trace = h.o.Loaded(h.now, s, r)
	h.publish(s, r)
}

func TestPingPongStops(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{ViolationsMax: 10, Examples: 3})
	h.user(fin, a, text("1"))
	writes := 0
	for y := dat; !h.o.Stop() && writes < 1000; y = y.Other() {
		h.echoed(y, a)
		writes++
	}
	if !h.o.Stop() || writes > 10 {
		t.Fatalf("the oracle asks to stop after %d captured writes of the engine", writes)
	}
	p := property(t, h.judge(), "no-echo")
	if p.Violations < 10 || len(p.Examples) != 3 {
		t.Errorf("%d violations with %d examples", p.Violations, len(p.Examples))
	}
}

// TestNothingCheckedIsNoPass: what holds in every world is inconclusive where it
// was never checked; of the rest, nothing came up.
func TestNothingCheckedIsNoPass(t *testing.T) {
	t.Parallel()
	occasional := []string{"traffic-stops", "reference-order", "primary-wins", "isolation", "limits-kept", "bounded", "idempotent"}
	for _, p := range newHand(t, Config{}).judge().Properties {
		want := Inconclusive
		if slices.Contains(occasional, p.ID) {
			want = NoOccasion
		}
		if p.Verdict != want || p.Note == "" {
			t.Errorf("without any event, want %s: %s", want, p)
		}
	}
}

func TestConvergedExcusesWhatIsDeclared(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	twin := a
	twin.Spelling = "a"
	h.queue(h.user(fin, headerKey("P"), text("1")), Parked)
	line := engine.Key{Map: 1, ID: "B"}
	waits := h.user(fin, line, []engine.Value{{}, {Kind: engine.KindLookup, Target: &engine.Key{Map: 0, Company: "usmf", ID: "P"}}})
	h.items = append(h.items, Item{Reference: waits, State: Blocked, On: headerKey("P")})
	h.queue(h.user(fin, twin, text("1")), Parked)
	h.settle(h.user(fin, headerKey("D"), text("1")), engine.Dismissed, engine.NoReason)
	r := h.judge()
	if m := r.Maps[0]; m.Parked != 2 || m.Blocked != 0 || m.Open != 0 || m.Divergent != 3 {
		t.Errorf("map: %+v", m)
	}
	if m := r.Maps[1]; m.Blocked != 1 || m.Divergent != 1 {
		t.Errorf("map: %+v", m)
	}
	p := property(t, r, "converged")
	want := "1 excused: parked on the error desk; 1 excused: blocked by another record; 1 excused: the key differs from another only in spelling; 1 excused: drifting after a dismissal"
	if p.Verdict != Pass || p.Note != want || p.Checked != 4 {
		t.Errorf("got %s", p)
	}
}

func TestConvergedIsInconclusiveWhenTheRunEndedEarly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		drifted bool
		want    Verdict
	}{{"open items", false, Inconclusive}, {"open items, and a pair without any", true, Fail}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			h.queue(h.user(fin, headerKey("W"), text("1")), Waiting)
			h.queue(h.user(dat, headerKey("O"), text("1")), InOutbox)
			if c.drifted {
				h.bypass(fin, a, text("1"))
			}
			v := h.view()
			v.Halted = "the time was up"
			p := property(t, h.o.Judge(h.now, v), "converged")
			if p.Verdict != c.want || p.Note != "2 pairs differ with references still waiting when the run ended; the time was up" {
				t.Errorf("got %s", p)
			}
		})
	}
}

// TestChecksAreCounted: a property that tests nothing must not look as if it
// did, nor the other way round.
func TestChecksAreCounted(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	header, line := a, engine.Key{Map: 1, ID: "L"}
	r1 := h.user(fin, a, text("1"))
	r2 := h.user(dat, a, text("2"))
	h.write(engine.CarryWrite, dat, h.get(fin, a), true)
	h.settle(r1, engine.Synced, engine.Override)
	h.settle(r2, engine.ConflictFailure, engine.Overridden)
	child := h.user(fin, line, []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}})
	h.carry(dat, line)
	h.queue(child, InOutbox)
	h.bypass(dat, headerKey("B"), text("1"))
	h.carry(fin, headerKey("B"))
	h.write(engine.MarkWrite, dat, h.get(fin, headerKey("B")), false)
	h.bypass(dat, headerKey("C"), text("old"))
	r3 := h.user(fin, headerKey("C"), text("1"))
	h.carry(dat, headerKey("C"))
	h.o.Leaked(h.now, r1)
	h.settle(r1, engine.NoOp, engine.Echo)
	holder := *r1
	holder.Origin = engine.Reassert
	h.settle(&holder, engine.Synced, engine.AlreadyCarried)
	h.settle(r3, engine.Synced, engine.Written)
	h.o.Crashed(h.now)
	h.o.OutboxLow(h.now, fin, 1)
	r := h.judge()
	expect(t, r, "idempotent") // the mark of B had nothing to tell
	for id, want := range map[string]uint64{
		"converged": 4, "closed-books": 5, "no-lost-update": 5, "true-outcome": 3, "no-echo": 5,
		"monotonic": 12, "reference-order": 1, "primary-wins": 2, "no-skip": 0, "isolation": 0, "no-phantom": 5, "traffic-stops": 1,
	} {
		if p := property(t, r, id); p.Checked != want {
			t.Errorf("%s was checked %d times, want %d", id, p.Checked, want)
		}
	}
	want := Totals{
		Captured: 4, Settled: 3, Outstanding: 1, EngineWrites: 5, MarkWrites: 1, Overrides: 1, DriftOverwritten: 1,
		Leaked: 1, Echoes: 1, Held: 1, Crashes: 1, Pairs: 4,
	}
	if r.Totals != want {
		t.Errorf("totals: got %+v, want %+v", r.Totals, want)
	}
}

// TestOccasions has runs in which a contract could not be broken, and such in which it could.
func TestOccasions(t *testing.T) {
	t.Parallel()
	b, c := headerKey("B"), headerKey("C")
	unmapped := engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.UnmappedValue}
	synced := func(h *hand, k engine.Key) { h.synced(fin, k, text("1")) }
	for _, story := range []struct {
		name, id string
		play     func(h *hand)
		want     uint64
	}{
		{"nothing is kept back", "isolation", func(h *hand) { synced(h, a); synced(h, b) }, 0},
		{"what is kept back is alone", "isolation", func(h *hand) {
			h.items = append(h.items, Item{Reference: h.user(fin, a, text("1")), State: Parked, Outcome: unmapped})
		}, 0},
		{"one is kept back, and two are carried", "isolation", func(h *hand) {
			synced(h, b)
			synced(h, c)
			h.items = append(h.items, Item{Reference: h.user(fin, a, text("1")), State: Parked, Outcome: unmapped})
		}, 2},
		{"one is quarantined, and another is carried", "isolation", func(h *hand) {
			synced(h, a)
			synced(h, b)
			h.stopped = []engine.Key{a}
		}, 1},
		{"one is kept back, and the other was there before", "isolation", func(h *hand) {
			h.load(fin, "old")
			h.load(dat, "old")
			h.items = append(h.items, Item{Reference: h.user(fin, b, text("1")), State: Parked, Outcome: unmapped})
		}, 0},
		{"what was refused itself, and the other", "isolation", func(h *hand) {
			synced(h, b)
			h.queue(h.user(fin, a, text("1")), Parked)
		}, 2},
		{"what waits for its header, and that", "isolation", func(h *hand) {
			header := a
			h.queue(h.user(fin, a, text("1")), Parked)
			ref := h.user(fin, engine.Key{Map: 1, ID: "L"}, []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}})
			h.items = append(h.items, Item{Reference: ref, State: Blocked, On: a})
		}, 2},
		{"gone without a trace", "isolation", func(h *hand) {
			ref := h.user(fin, a, text("1"))
			h.expire(fin, a)
			h.items = append(h.items, Item{Reference: ref, State: Parked, Outcome: engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Untraced}})
		}, 1},
		{"nobody writes", "traffic-stops", func(h *hand) { h.queue(h.user(fin, a, text("1")), Waiting) }, 0},
		{"nobody writes after the last edit", "traffic-stops", func(h *hand) {
			synced(h, a)
			h.queue(h.user(fin, b, text("1")), Waiting)
		}, 0},
		{"two writes after the last edit, and one before", "traffic-stops", func(h *hand) {
			synced(h, a)
			r1, r2 := h.user(fin, b, text("1")), h.user(fin, c, text("1"))
			h.carry(dat, b)
			h.carry(dat, c)
			h.settle(r1, engine.Synced, engine.Written)
			h.settle(r2, engine.Synced, engine.Written)
		}, 2},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			story.play(h)
			want := Pass
			if story.want == 0 {
				want = NoOccasion
			}
			if p := property(t, h.judge(), story.id); p.Checked != story.want || p.Verdict != want {
				t.Errorf("it had %d occasions, and this: %s", story.want, p)
			}
		})
	}
}

// lineOff captures a line with its first header, and gives it the others past the hook.
func lineOff(h *hand, first engine.Key, others ...engine.Key) *engine.Reference {
	line := engine.Key{Map: 1, ID: "L"}
	on := func(header engine.Key) []engine.Value {
		return []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}}
	}
	ref := h.user(fin, line, on(first))
	h.o.Capturing(h.now, fin, 1, false)
	for _, header := range others {
		h.bypass(fin, line, on(header))
	}
	return ref
}

// TestUntoldCommitPanics: a driver that does not report a commit would make
// the oracle judge another world than the one that ran.
func TestUntoldCommitPanics(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(h *hand){
		"an unknown record":    func(h *hand) { h.publish(dat, h.next(dat, a, text("1"))) },
		"another version":      func(h *hand) { h.publish(fin, h.next(fin, a, text("2"))) },
		"a record that is off": func(h *hand) { h.order[fin] = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			h.user(fin, a, text("1"))
			spoil(h)
			defer func() {
				if recover() == nil {
					t.Error("judged all the same")
				}
			}()
			h.judge()
		})
	}
}
