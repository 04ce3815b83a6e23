package oracle

import (
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// liveTables are stock, which is live, and orders, which are async and look
// stock up; of both, F&O is primary.
func liveTables() []*engine.TableMap {
	return []*engine.TableMap{
		{ID: 0, Name: "stock", Mode: engine.Live, Primary: fin, Columns: []engine.Column{{Name: "text"}}},
		{ID: 1, Name: "orders", Mode: engine.Async, Primary: fin, Columns: []engine.Column{{Name: "text"}, {Name: "item", Lookups: []engine.MapID{0}}}},
	}
}

var (
	item  = engine.Key{Map: 0, ID: "I"}
	order = engine.Key{Map: 1, ID: "O"}
)

func row(s string) []engine.Value { return []engine.Value{engine.Text(s), {}} }

// hold holds a change of one record; nil values delete it.
func (h *hand) hold(x engine.Side, tx engine.TxID, k engine.Key, values []engine.Value) *engine.Record {
	h.t.Helper()
	before, r := h.get(x, k), h.next(x, k, values)
	r.Mark.Incarnation = max(r.Mark.Incarnation, 1)
	if values == nil {
		r.Alive, r.Mark.Dead = false, true
	} else {
		if before != nil && before.Mark.Dead {
			r.Mark = engine.Mark{Incarnation: before.Mark.Incarnation + 1, Groups: make([]engine.GroupMark, 1)}
		}
		r.Mark.Number++
		r.Mark.Groups[0].Own = r.Mark.Number
	}
	r.Trace = h.o.Held(h.now, x, tx, before, r)
	return r
}

// land writes a held record on the other side.
func (h *hand) land(y engine.Side, tx engine.TxID, held *engine.Record, override engine.GroupSet) {
	h.t.Helper()
	h.lands(y, tx, held, override, nil)
}

// lands is land over a record that is kept hidden; nil: nothing is.
func (h *hand) lands(y engine.Side, tx engine.TxID, held *engine.Record, override engine.GroupSet, hidden *engine.Record) {
	h.t.Helper()
	before := h.get(y, *held.Key)
	r := h.next(y, *held.Key, held.Values)
	r.Mark.Incarnation, r.Mark.Intent, r.Mark.Hidden = held.Mark.Incarnation, tx, hidden
	w := &engine.Write{Kind: engine.CarryWrite, Key: *held.Key, Source: held, Target: before, Groups: 1, Override: override, Intent: tx}
	if !held.Alive {
		w.Kind, w.Groups = engine.DeleteWrite, 0
		r.Alive, r.Mark.Dead = false, true
	} else {
		r.Mark.Groups[0].Seen = held.Mark.Groups[0].Own
	}
	r.Trace = h.o.EngineCommit(h.now, y, w, before, r, nil)
	h.publish(y, r)
}

// commit lets held records commit.
func (h *hand) commit(x engine.Side, tx engine.TxID, held ...*engine.Record) {
	h.o.Transaction(h.now, x, tx, "", 0)
	for _, k := range held {
		r := *k
		h.version++
		r.Version = h.version
		r.Trace = h.o.UserCommit(h.now, x, h.get(x, *r.Key), &r, nil)
		h.publish(x, &r)
	}
}

// undo writes y again from x, or away with what an undone create had left.
func (h *hand) undo(y engine.Side, k engine.Key, override engine.GroupSet) {
	h.t.Helper()
	source, before := h.get(y.Other(), k), h.get(y, k)
	w := &engine.Write{Kind: engine.RestoreWrite, Key: k, Source: source, Target: before, Groups: 1, Override: override}
	r := h.next(y, k, nil)
	if source == nil {
		w.Kind, w.Source, w.Groups = engine.DeleteWrite, &engine.Record{Key: &k}, 0
		r.Alive, r.Mark = false, engine.Mark{Dead: true}
	} else {
		r.Values, r.Mark.Dead = source.Values, false
		r.Mark.Groups[0].Seen = source.Mark.Groups[0].Own
	}
	r.Mark.Intent = 0
	r.Trace = h.o.EngineCommit(h.now, y, w, before, r, nil)
	h.publish(y, r)
}

// letGo leaves y what an undone transaction had written there.
func (h *hand) letGo(y engine.Side, k engine.Key) {
	h.t.Helper()
	before := h.get(y, k)
	r := h.next(y, k, before.Values)
	r.Mark.Intent, r.Mark.Groups[0].Seen = 0, 0
	r.Trace = h.o.EngineCommit(h.now, y, &engine.Write{Kind: engine.RestoreWrite, Key: k, Source: before, Target: before}, before, r, nil)
	h.publish(y, r)
}

// remove deletes a record live.
func (h *hand) remove(x engine.Side, tx engine.TxID, k engine.Key) {
	h.t.Helper()
	held := h.hold(x, tx, k, nil)
	h.land(x.Other(), tx, held, 0)
	h.commit(x, tx, held)
}

// expire takes a tombstone away.
func (h *hand) expire(x engine.Side, k engine.Key) {
	h.o.Expired(h.now, x, h.get(x, k))
	delete(h.records[x], k)
	h.order[x] = slices.DeleteFunc(h.order[x], func(o engine.Key) bool { return o == k })
}

// takes lets the engine take a change in hand.
func (h *hand) takes(ref *engine.Reference) {
	h.now = h.now.Add(time.Second)
	h.goes(ref, engine.InFlight)
	h.now = h.now.Add(time.Second)
}

// goes lets the item of a change go to a place.
func (h *hand) goes(ref *engine.Reference, to engine.Place) {
	h.o.Watcher(func() sim.Time { return h.now }).Moved(-1, &ref.Key, ref.Side, to, engine.NoReason, nil)
}

// synced makes a change that is carried and ends.
func (h *hand) synced(x engine.Side, k engine.Key, values []engine.Value) {
	h.t.Helper()
	h.o.Transaction(h.now, x, 0, "", 1)
	ref := h.user(x, k, values)
	h.carry(x.Other(), k)
	h.settle(ref, engine.Synced, engine.Written)
}

func TestLiveTransactions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		play func(h *hand)
		want []string
	}{
		{"both sides commit", func(h *hand) {
			one := h.hold(fin, 1, item, text("1"))
			h.land(dat, 1, one, 0)
			h.commit(fin, 1, one)
			two := h.hold(dat, 2, item, text("2"))
			h.land(fin, 2, two, 0)
			h.commit(dat, 2, two)
		}, nil},
		{"one side commits alone", func(h *hand) {
			h.commit(fin, 1, h.hold(fin, 1, item, text("1")))
		}, []string{"live-atomic: transaction 1 of finops committed, and dataverse has nothing of it", "converged"}},
		{"undone before anything landed", func(h *hand) {
			h.hold(fin, 1, item, text("1"))
			h.o.Undone(h.now, fin, 1)
		}, nil},
		{"a create lands, is undone, and is taken away", func(h *hand) {
			h.land(dat, 1, h.hold(fin, 1, item, text("1")), 0)
			h.o.Undone(h.now, fin, 1)
			h.undo(dat, item, 0)
		}, nil},
		{"an update lands, is undone, and is restored; the next one has the same number", func(h *hand) {
			one := h.hold(fin, 1, item, text("1"))
			h.land(dat, 1, one, 0)
			h.commit(fin, 1, one)
			h.land(dat, 2, h.hold(fin, 2, item, text("2")), 0)
			h.o.Undone(h.now, fin, 2)
			h.undo(dat, item, 0)
			three := h.hold(fin, 3, item, text("3"))
			h.land(dat, 3, three, 0)
			h.commit(fin, 3, three)
		}, nil},
		{"a write lands after its transaction was undone, and is restored", func(h *hand) {
			one := h.hold(fin, 1, item, text("1"))
			h.o.Undone(h.now, fin, 1)
			h.land(dat, 1, one, 0)
			h.undo(dat, item, 0)
		}, nil},
		{"it is never restored", func(h *hand) {
			h.land(dat, 1, h.hold(fin, 1, item, text("1")), 0)
			h.o.Undone(h.now, fin, 1)
		}, []string{"live-atomic: has left dataverse written and itself not, and the engine does not know", "converged"}},
		{"written for nobody", func(h *hand) {
			h.synced(fin, order, row("1"))
			r := h.next(dat, order, row("1"))
			r.Trace = h.o.EngineCommit(h.now, dat, &engine.Write{Kind: engine.CarryWrite, Key: order, Source: h.get(fin, order), Groups: 1, Intent: 9}, h.get(dat, order), r, nil)
			h.publish(dat, r)
		}, []string{"live-atomic: dataverse was written for transaction 9 of finops, which is not held"}},
		{"it stays although nobody refused to undo it", func(h *hand) {
			h.land(dat, 1, h.hold(fin, 1, item, text("1")), 0)
			h.o.Undone(h.now, fin, 1)
			h.letGo(dat, item)
		}, []string{"live-atomic: dataverse keeps what transaction 1 of finops had written, and has never refused to undo it", "converged"}},
		{"a lookup lands before the record that comes with it", func(h *hand) {
			child := h.hold(fin, 1, order, []engine.Value{{}, {Kind: engine.KindLookup, Target: &item}})
			parent := h.hold(fin, 1, item, text("1"))
			h.land(dat, 1, child, 0)
			h.land(dat, 1, parent, 0)
			h.commit(fin, 1, child, parent)
		}, []string{"mixed-rejected"}}, // no more than that
		{"a lookup lands, and the record does not come with it", func(h *hand) {
			child := h.hold(fin, 1, order, []engine.Value{{}, {Kind: engine.KindLookup, Target: &item}})
			h.land(dat, 1, child, 0)
			h.commit(fin, 1, child)
		}, []string{"reference-order: dataverse was given a lookup to stock I, which it does not hold"}},
		{"restored although it was not undone", func(h *hand) {
			one := h.hold(fin, 1, item, text("1"))
			h.land(dat, 1, one, 0)
			h.commit(fin, 1, one)
			h.undo(dat, item, 0)
		}, []string{"live-atomic: dataverse was restored although transaction 1 of finops was not undone"}},

		{"deleted on both sides, and created again", func(h *hand) {
			h.synced(fin, order, row("1"))
			h.remove(dat, 1, order)
			again := h.next(fin, order, row("2"))
			again.Mark = engine.Mark{Incarnation: 2, Number: 1, Groups: []engine.GroupMark{{Own: 1}}}
			ref := &engine.Reference{Key: order, Side: fin, Incarnation: 2, Number: 1, Groups: 1}
			again.Trace = h.o.UserCommit(h.now, fin, h.get(fin, order), again, ref)
			h.publish(fin, again)
			h.carry(dat, order)
			h.settle(ref, engine.Synced, engine.Written)
		}, nil},
		{"an old state brings a deleted record back", func(h *hand) {
			h.synced(fin, order, row("1"))
			old := h.get(fin, order)
			h.remove(fin, 1, order)
			h.write(engine.CarryWrite, dat, old, false)
		}, []string{"no-resurrection: dataverse got back a record that a user had deleted", "converged", "no-echo", "traffic-stops"}},
		{"a delete that nobody held", func(h *hand) {
			h.synced(fin, order, row("1"))
			gone := h.next(fin, order, nil)
			gone.Alive, gone.Mark.Dead = false, true
			gone.Trace = h.o.UserCommit(h.now, fin, h.get(fin, order), gone, nil)
			h.publish(fin, gone)
		}, []string{"delete-live: a delete on finops committed without the other side", "converged"}},
		{"a delete enters the queue", func(h *hand) {
			h.synced(fin, order, row("1"))
			held := h.hold(fin, 1, order, nil)
			h.land(dat, 1, held, 0)
			h.o.Transaction(h.now, fin, 1, "", 1)
			gone := *held
			gone.Version = 99
			gone.Trace = h.o.UserCommit(h.now, fin, h.get(fin, order), &gone, &engine.Reference{Key: order, Side: fin, Incarnation: 1, Number: 2, Op: engine.Delete})
			h.publish(fin, &gone)
		}, []string{"delete-live: a delete on finops entered the queue, as change 1.2"}},
		{"a delete commits and the other side lives on", func(h *hand) {
			h.synced(fin, order, row("1"))
			h.commit(fin, 1, h.hold(fin, 1, order, nil))
		}, []string{"delete-live: orders O was deleted on finops, and dataverse still holds it", "live-atomic", "converged"}},
		{"a delete over a change that it had not seen, declared and booked", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(dat, order, row("2"))
			held := h.hold(fin, 1, order, nil)
			h.land(dat, 1, held, 1)
			h.commit(fin, 1, held)
			h.settle(ref, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"the same, and the loser's outcome hides it", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(dat, order, row("2"))
			held := h.hold(fin, 1, order, nil)
			h.land(dat, 1, held, 1)
			h.commit(fin, 1, held)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, []string{"no-lost-update: its outcome hides that"}},
		{"a delete over a change that it had not seen, undeclared", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(dat, order, row("2"))
			h.remove(fin, 1, order)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, []string{"no-lost-update: dataverse was deleted over a change that finops had not seen, and no conflict was declared: change 1.1 of dataverse"}},
		{"a delete ends what its own side had not carried", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, nil},
		{"gone from the source, and its tombstone expires before that is saved", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.takes(ref)
			h.expire(fin, order)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, nil},
		{"the same, and the item has left the queue", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.takes(ref)
			h.goes(ref, engine.NotQueued)
			h.expire(fin, order)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, nil},
		{"the same, and the item is taken in hand once more before that is told", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.takes(ref)
			h.expire(fin, order)
			h.goes(ref, engine.InTurn)
			h.takes(ref)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, nil},
		{"gone from the source, where nothing tells of it any more", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.expire(fin, order)
			h.takes(ref)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, []string{"true-outcome: change 1.2 of finops ended as gone from the source, where nothing tells that there was such a record"}},
		{"parked as gone without a trace", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.expire(fin, order)
			h.queue(ref, Parked)
			h.items[0].Outcome = engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Untraced}
		}, nil},
		{"the same, and its tombstone is there", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.queue(ref, Parked)
			h.items[0].Outcome = engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Untraced}
		}, []string{"isolation: change 1.2 of finops is parked as gone without a trace, and finops knows of its record"}},
		{"the same, and the other side has made it anew since", func(h *hand) {
			h.synced(fin, order, row("1"))
			first, second := h.user(fin, order, row("2")), h.user(fin, order, row("3"))
			h.remove(fin, 1, order)
			h.expire(fin, order)
			again := h.next(dat, order, row("4"))
			again.Mark = engine.Mark{Incarnation: 2, Number: 1, Groups: []engine.GroupMark{{Own: 1}}}
			ref := &engine.Reference{Key: order, Side: dat, Incarnation: 2, Number: 1, Groups: 1}
			again.Trace = h.o.UserCommit(h.now, dat, h.get(dat, order), again, ref)
			h.publish(dat, again)
			h.carry(fin, order)
			h.settle(ref, engine.Synced, engine.Written)
			h.takes(first)
			h.settle(first, engine.ConcurrencyFailure, engine.GoneFromSource)
			h.queue(second, Parked)
			h.items[0].Outcome = engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Untraced}
		}, nil},
		{"what a delete has ended is booked as synced", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.remove(fin, 1, order)
			h.settle(ref, engine.Synced, engine.Written)
		}, []string{"true-outcome: and dataverse never got it"}},
		{"what goes live as a whole supersedes what was captured before", func(h *hand) {
			h.synced(fin, order, row("1"))
			ref := h.user(fin, order, row("2"))
			held := h.hold(fin, 1, order, row("3"))
			h.land(dat, 1, held, 0)
			h.commit(fin, 1, held)
			h.settle(ref, engine.ConcurrencyFailure, engine.Superseded)
		}, nil},
		{"an undone delete is restored over an unseen edit, whoever is primary", func(h *hand) {
			h.synced(dat, order, row("1"))
			ref := h.user(fin, order, row("2"))
			h.land(fin, 1, h.hold(dat, 1, order, nil), 1)
			h.o.Undone(h.now, dat, 1)
			h.undo(fin, order, 1)
			h.settle(ref, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"an undone update is restored over an edit on top of it, undeclared", func(h *hand) {
			h.synced(fin, order, row("1"))
			h.land(dat, 1, h.hold(fin, 1, order, row("2")), 0)
			ref := h.user(dat, order, row("3"))
			h.o.Undone(h.now, fin, 1)
			h.undo(dat, order, 0)
			h.queue(ref, Waiting)
		}, []string{"no-lost-update: dataverse was restored over change 1.1 of dataverse, made at 1m0s, and no conflict was declared"}},
		{"the same, declared", func(h *hand) {
			h.synced(fin, order, row("1"))
			h.land(dat, 1, h.hold(fin, 1, order, row("2")), 0)
			ref := h.user(dat, order, row("3"))
			h.o.Undone(h.now, fin, 1)
			h.undo(dat, order, 1)
			h.settle(ref, engine.ConflictFailure, engine.Overridden)
		}, nil},
		{"an undone create goes away with an edit past the hook", func(h *hand) {
			h.land(dat, 1, h.hold(fin, 1, order, row("1")), 0)
			h.bypass(dat, order, row("2"))
			h.o.Undone(h.now, fin, 1)
			h.undo(dat, order, 0)
		}, []string{"no-lost-update: orders O went away on dataverse with the create that was undone, and nothing will ever tell of an uncaptured change, made at 1m0s"}},
		{"the same, and the edit is captured late before that", func(h *hand) {
			h.land(dat, 1, h.hold(fin, 1, order, row("1")), 0)
			h.bypass(dat, order, row("2"))
			ref := h.late(dat, order)
			h.o.Undone(h.now, fin, 1)
			h.undo(dat, order, 0)
			h.settle(ref, engine.ConcurrencyFailure, engine.GoneFromSource)
		}, nil},
		{"a record is deleted that another looks up", func(h *hand) {
			one := h.hold(fin, 1, item, text("1"))
			h.land(dat, 1, one, 0)
			h.commit(fin, 1, one)
			h.synced(fin, order, []engine.Value{{}, {Kind: engine.KindLookup, Target: &item}})
			h.remove(fin, 2, item)
			h.at(2 * time.Minute)
			h.remove(fin, 3, order)
		}, []string{"reference-order: stock I: finops holds 1 lookups to it and has deleted it"}},
		{"both are deleted at one instant", func(h *hand) {
			one := h.hold(fin, 1, item, text("1"))
			h.land(dat, 1, one, 0)
			h.commit(fin, 1, one)
			h.synced(fin, order, []engine.Value{{}, {Kind: engine.KindLookup, Target: &item}})
			gone, with := h.hold(fin, 2, item, nil), h.hold(fin, 2, order, nil)
			h.land(dat, 2, gone, 0)
			h.land(dat, 2, with, 0)
			h.commit(fin, 2, gone, with)
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

// TestInDoubt measures how long one side alone had committed, and does not
// condemn what the engine still works on when the run ends.
func TestInDoubt(t *testing.T) {
	t.Parallel()
	h := newHandOf(t, Config{}, liveTables())
	h.at(time.Second)
	one := h.hold(fin, 1, item, text("1"))
	h.at(3 * time.Second)
	h.land(dat, 1, one, 0)
	h.at(7 * time.Second)
	h.commit(fin, 1, one)
	h.hold(fin, 2, order, row("1"))
	h.o.Undone(h.now, fin, 2)
	h.at(8 * time.Second)
	h.land(dat, 3, h.hold(fin, 3, item, text("3")), 0)
	v := h.view()
	v.Intents = []engine.Intent{{Side: fin, Tx: 3}}
	r := h.o.Judge(h.now, v)
	expect(t, r)
	if want := (LiveCount{Committed: 1, Undone: 1, InDoubtMost: 4 * time.Second}); r.Live != want {
		t.Errorf("got %+v, want %+v", r.Live, want)
	}
	p := property(t, r, "live-atomic")
	if p.Verdict != Inconclusive || p.Checked != 2 || p.Note != "1 transactions were between their commits when the run ended; one side alone had committed for 4s at most" {
		t.Errorf("got %s", p)
	}
	if c := property(t, r, "converged"); c.Verdict != Inconclusive {
		t.Errorf("got %s", c)
	}
}

// TestValuesThatGoWithAnUndoneDelete: what flows one way comes back as the other side tells
// it, which may be something else.
func TestValuesThatGoWithAnUndoneDelete(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what, back, want string
	}{
		{"it comes back", "mine", "one side alone had committed for 0s at most"},
		{"nobody knows it any more", "", "1 values of columns that flow one way, and that only one side held, were lost with deletes that had to be undone; one side alone had committed for 0s at most"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{}, []*engine.TableMap{{Name: "stock", Primary: fin, Mode: engine.Live, Columns: []engine.Column{
				{Name: "text"}, {Name: "note", Flow: engine.ToDataverse, Into: [2]engine.Transform{engine.Dataverse: {Constant: engine.Text("theirs")}}},
			}}})
			h.at(time.Second)
			made := h.hold(fin, 1, item, []engine.Value{engine.Text("1"), engine.Text("mine")})
			h.land(dat, 1, made, 0)
			h.commit(fin, 1, made)
			h.land(fin, 2, h.hold(dat, 2, item, nil), 0)
			h.o.Undone(h.now, dat, 2)
			h.get(dat, item).Values = []engine.Value{engine.Text("1"), engine.Text(c.back)} // what the engine makes of it
			h.undo(fin, item, 0)
			p := property(t, h.o.Judge(h.now, h.view()), "live-atomic")
			if p.Note != c.want {
				t.Errorf("got %s", p)
			}
		})
	}
}

// TestNotUndone: what a side refuses to give up is declared, and neither a failure
// nor a pass.
func TestNotUndone(t *testing.T) {
	t.Parallel()
	h := newHandOf(t, Config{}, liveTables())
	h.at(time.Second)
	h.land(dat, 1, h.hold(fin, 1, item, text("1")), 0)
	h.o.Undone(h.now, fin, 1)
	h.o.RowRefused(h.now, dat, &engine.Write{Kind: engine.DeleteWrite, Key: item})
	h.letGo(dat, item)
	v := h.view()
	v.Quarantined = []engine.Quarantine{{Key: item, Why: engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.NotUndone}}}
	r := h.o.Judge(h.now, v)
	expect(t, r)
	p := property(t, r, "live-atomic")
	if p.Verdict != Inconclusive || p.Note != "1 records of undone transactions stayed on one side, which would not give them up; one side alone had committed for 0s at most" {
		t.Errorf("got %s", p)
	}
	if c := property(t, r, "converged"); c.Verdict != Pass || c.Note != "1 excused: parked on the error desk" {
		t.Errorf("got %s", c)
	}
}

// TestContractsThatApply: what nothing can exercise has no place in the list.
func TestContractsThatApply(t *testing.T) {
	t.Parallel()
	ids := func(c Config, maps []*engine.TableMap) (all []string) {
		for _, p := range newHandOf(t, c, maps).judge().Properties {
			all = append(all, p.ID)
		}
		return all
	}
	for _, c := range []struct {
		name     string
		has      []string
		with, no []string
	}{
		{"async only", ids(Config{}, tables()), []string{"converged", "reference-order", "primary-wins"}, []string{"mixed-rejected", "delete-live", "no-resurrection", "live-atomic"}},
		{"with deletes", ids(Config{Deletes: true}, tables()), []string{"delete-live", "no-resurrection", "live-atomic"}, []string{"mixed-rejected"}},
		{"live and async", ids(Config{}, liveTables()), []string{"live-atomic", "mixed-rejected"}, []string{"delete-live"}},
		{
			"one way, without lookups", ids(Config{}, []*engine.TableMap{{Name: "m", Mode: engine.Async, Columns: []engine.Column{{Name: "c", Flow: engine.ToDataverse}}}}),
			[]string{"converged"},
			[]string{"primary-wins", "reference-order"},
		},
	} {
		for _, id := range c.with {
			if !slices.Contains(c.has, id) {
				t.Errorf("%s: %s is missing among %q", c.name, id, c.has)
			}
		}
		for _, id := range c.no {
			if slices.Contains(c.has, id) {
				t.Errorf("%s: %s cannot be exercised, and is among %q", c.name, id, c.has)
			}
		}
	}
}
