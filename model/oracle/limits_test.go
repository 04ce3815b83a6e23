package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// asks lets the engine's process ask for one thing, by its own clock.
func (h *hand) asks(clock time.Duration, e engine.Effect) {
	h.o.Stepped(h.now, engine.Time(clock), nil, []engine.Effect{e})
}

// TestLimitsAreKept plays one short story each, of requests alone.
func TestLimitsAreKept(t *testing.T) {
	t.Parallel()
	rows := func(n int) []engine.Write { return make([]engine.Write, n) }
	read := engine.Effect{Kind: engine.ReadBatch, Side: dat, Keys: []engine.Key{a}}
	for name, c := range map[string]struct {
		play func(h *hand)
		want []string
	}{
		"all within": {func(h *hand) {
			h.asks(0, engine.Effect{Kind: engine.PullOutbox, Max: 100})
			h.asks(0, engine.Effect{Kind: engine.WriteBatch, Side: dat, Writes: rows(2)})
			h.asks(0, engine.Effect{Kind: engine.WriteBatch, Side: dat, Live: 1, Writes: rows(3)})
			h.asks(0, engine.Effect{Kind: engine.WriteBatch, Side: fin, Live: 1, Writes: rows(9)})
		}, nil},
		"too many rows": {func(h *hand) {
			h.asks(0, engine.Effect{Kind: engine.WriteBatch, Side: dat, Writes: rows(3)})
		}, []string{"limits-kept: dataverse was sent 3 rows at once, and the limit is 2"}},
		"too many rows of a live transaction": {func(h *hand) {
			h.asks(0, engine.Effect{Kind: engine.WriteBatch, Side: dat, Live: 1, Writes: rows(4)})
		}, []string{"limits-kept: dataverse was sent 4 rows at once, and the limit is 3"}},
		"what its user's side must hold before it is undone": {func(h *hand) {
			prepare := engine.Effect{Kind: engine.WriteBatch, Side: dat, Live: 1, Writes: rows(4)}
			prepare.Writes[0].Key = a
			h.land(fin, 1, h.hold(dat, 1, a, text("x")), 0)
			h.o.Undone(h.now, dat, 1)
			h.asks(0, prepare)
			h.undo(fin, a, 0)
		}, nil},
		"too many rows to hold before": {func(h *hand) {
			prepare := engine.Effect{Kind: engine.WriteBatch, Side: fin, Live: 1, Writes: rows(4)}
			prepare.Writes[0].Key = a
			h.land(dat, 1, h.hold(fin, 1, a, text("x")), 0)
			h.o.Undone(h.now, fin, 1)
			h.asks(0, prepare)
			h.undo(dat, a, 0)
		}, []string{"limits-kept: headers usmf A: finops was sent 4 rows at once, and the limit is 3"}},
		"too many rows of the other side's transaction of that number": {func(h *hand) {
			of := func(k engine.Key) engine.Effect {
				e := engine.Effect{Kind: engine.WriteBatch, Side: dat, Live: 1, Writes: rows(4)}
				e.Writes[0].Key = k
				return e
			}
			h.land(fin, 1, h.hold(dat, 1, a, text("x")), 0)
			h.asks(0, of(a)) // it is not undone yet
			h.o.Undone(h.now, dat, 1)
			h.asks(0, of(headerKey("B")))
			h.undo(fin, a, 0)
			h.asks(0, of(a)) // it is gone
		}, []string{
			"limits-kept: headers usmf A: dataverse was sent 4 rows at once, and the limit is 3",
			"limits-kept: headers usmf B: dataverse was sent 4 rows at once, and the limit is 3",
			"limits-kept: headers usmf A: dataverse was sent 4 rows at once, and the limit is 3",
		}},
		"too many references": {func(h *hand) {
			h.asks(0, engine.Effect{Kind: engine.PullOutbox, Max: 101})
		}, []string{"limits-kept: finops was asked for 101 references at once, and the limit is 100"}},
		"within a pause": {func(h *hand) {
			h.o.AskedToWait(engine.Time(time.Second), dat, 10*time.Second)
			h.o.AskedToWait(engine.Time(2*time.Second), dat, time.Second) // the shorter one does not end the longer
			h.asks(8*time.Second, read)
		}, []string{"limits-kept: headers usmf A: dataverse had asked to be left alone for another 3s, and was sent a read"}},
		"after a pause, and elsewhere": {func(h *hand) {
			h.o.AskedToWait(engine.Time(time.Second), dat, 10*time.Second)
			h.asks(8*time.Second, engine.Effect{Kind: engine.PullOutbox, Side: fin})
			h.asks(8*time.Second, engine.Effect{Kind: engine.CommitTx, Side: dat}) // is not counted
			h.asks(11*time.Second, read)
		}, nil},
		"a process that died has not heard": {func(h *hand) {
			h.o.AskedToWait(engine.Time(time.Second), dat, 10*time.Second)
			h.o.Crashed(h.now)
			h.asks(2*time.Second, read)
		}, nil},
		"its clock is behind": {func(h *hand) {
			h.asks(-time.Minute, read)
			h.o.AskedToWait(engine.Time(-time.Minute), dat, 10*time.Second)
			h.asks(-50*time.Second, read)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{Batch: 2, Pull: 100, LiveRecords: [2]int{3, 0}}})
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}

// TestQueueIsBounded plays one short story each, of changes in a queue that holds three.
func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	pulls := func(h *hand, most int, save ...engine.Mutation) {
		h.o.Stepped(h.now, 0, save, []engine.Effect{{Kind: engine.PullOutbox, Max: most}})
	}
	ends := func(ref *engine.Reference) engine.Mutation {
		return engine.Mutation{Kind: engine.ReferenceSettled, Reference: *ref}
	}
	passed := "finops was asked for 2 references, with 2 of them in the queue, which may hold 3"
	for name, c := range map[string]struct {
		play func(h *hand)
		want string
	}{
		"there is room":              {func(h *hand) { pulls(h, 1) }, ""},
		"there is none":              {func(h *hand) { pulls(h, 2) }, passed},
		"the other side has its own": {func(h *hand) { h.takenIn(dat, "C"); pulls(h, 1) }, ""},
		"one ends in the same step":  {func(h *hand) { pulls(h, 2, ends(h.takenIn(fin, "C"))) }, passed},
		"two have ended": {func(h *hand) {
			c := h.takenIn(fin, "C")
			pulls(h, 1, ends(c), ends(h.takenIn(fin, "D")))
		}, ""},
		"one waits for people":  {func(h *hand) { h.moved(engine.OnTheDesk, engine.Refused); pulls(h, 2) }, ""},
		"one waits for another": {func(h *hand) { h.moved(engine.WaitsFor, engine.NoReason); pulls(h, 2) }, ""},
		"one runs again since this instant": {func(h *hand) {
			h.moved(engine.WaitsFor, engine.NoReason)
			h.moved(engine.InTurn, engine.NoReason)
			pulls(h, 2)
		}, ""},
		"one runs again": {func(h *hand) {
			h.moved(engine.WaitsFor, engine.NoReason)
			h.at(time.Second)
			h.moved(engine.InTurn, engine.NoReason)
			h.at(2 * time.Second)
			pulls(h, 2)
		}, passed},
		"a process that died has its queue from the store": {func(h *hand) { h.o.Crashed(h.now); pulls(h, 2) }, ""},
		"a job moves": {func(h *hand) { pulls(h, 2, engine.Mutation{Kind: engine.JobMoved, Job: &engine.JobRecord{}}) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{Queue: 3}})
			h.takenIn(fin, "A")
			h.takenIn(fin, "B")
			c.play(h)
			said := ""
			for _, p := range h.judge().Properties {
				if p.ID == "limits-kept" && p.Verdict == Fail {
					said = p.String()
				}
			}
			if (said != "") != (c.want != "") || !strings.Contains(said, c.want) {
				t.Errorf("said %q, expected %q", said, c.want)
			}
		})
	}
}

// TestQueueIsCounted lets changes come into the queue and end in any order, some twice and
// some by one of the engine's own that has their place, and counts them anew after each.
func TestQueueIsCounted(t *testing.T) {
	t.Parallel()
	h, dice := newHand(t, Config{Limits: Limits{Queue: 3}}), rand.New(rand.NewPCG(1, 2))
	h.o.Ruled(h.now, &engine.MapRecord{Job: "all"})
	var made []*engine.Reference
	most := 0
	for range 2000 {
		if dice.IntN(4) == 0 || len(made) == 0 {
			made = append(made, h.user(engine.Sides[dice.IntN(2)], headerKey(fmt.Sprint(dice.IntN(9))), text("x")))
		}
		m := engine.Mutation{Kind: engine.ReferenceAdded, Reference: *made[dice.IntN(len(made))]}
		switch dice.IntN(5) {
		case 0, 1:
			m.Kind = engine.ReferenceSettled
		case 2:
			m.Reference.Origin = engine.Pulled
		}
		h.o.Stepped(h.now, 0, []engine.Mutation{m}, nil)
		count, size := [2]int{}, int64(0)
		for i := range h.o.pairs.count {
			for s := range count {
				l := &h.o.pairs.pair(i).waiting.lines[s]
				count[s] += l.enqueued()
				for _, c := range l.list() {
					if c.what.has(weighs) {
						size += int64(c.size)
					}
				}
			}
		}
		if h.o.inQueue != count || h.o.mayQueue("all") != size {
			t.Fatalf("%v changes of %d bytes, counted %v and %d", count, size, h.o.inQueue, h.o.mayQueue("all"))
		}
		most = max(most, count[0])
	}
	if most < 10 {
		t.Errorf("at most %d at once", most)
	}
}
