package oracle

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// takenIn lets a user change a record, and the engine take the change in.
func (h *hand) takenIn(s engine.Side, id string) *engine.Reference {
	h.t.Helper()
	ref := h.user(s, headerKey(id), text(id))
	h.o.Stepped(h.now, 0, []engine.Mutation{{Kind: engine.ReferenceAdded, Reference: *ref}}, nil)
	h.o.TakenIn(h.now, ref)
	return ref
}

// look lets the engine read records of a side for a batch.
func (h *hand) look(s engine.Side, ids ...string) {
	var keys []engine.Key
	for _, id := range ids {
		keys = append(keys, headerKey(id))
	}
	h.o.Looks(h.now, s, keys)
}

// done carries a change and ends it.
func (h *hand) done(ref *engine.Reference) {
	h.t.Helper()
	h.carry(ref.Side.Other(), ref.Key)
	h.settle(ref, engine.Synced, engine.Written)
}

// TestWaitsAreBounded plays one short story each.
func TestWaitsAreBounded(t *testing.T) {
	t.Parallel()
	parked := func(h *hand, ref *engine.Reference) {
		h.o.Stepped(h.now, 0, []engine.Mutation{{Kind: engine.LaneChanged, Lane: &engine.LaneState{
			Key: ref.Key, Side: ref.Side, Parked: engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Refused},
		}}}, nil)
	}
	for name, c := range map[string]struct {
		play func(h *hand)
		want []string
	}{
		"in their turn": {func(h *hand) {
			x, y, z := h.takenIn(fin, "X"), h.takenIn(fin, "Y"), h.takenIn(fin, "Z")
			h.look(fin, "X", "Y")
			h.done(x)
			h.done(y)
			x = h.takenIn(fin, "X") // comes again, behind Z
			h.look(fin, "Z")
			h.look(fin, "X")
			h.done(x)
			h.done(z)
		}, nil},
		"the last comes first": {func(h *hand) {
			x, y := h.takenIn(fin, "X"), h.takenIn(fin, "Y")
			h.look(fin, "Y")
			h.look(fin, "X")
			h.done(x)
			h.done(y)
		}, []string{"bounded: headers usmf X: it waited for its turn on finops, and headers usmf Y, which came later, was looked at first"}},
		"the other side has a queue of its own": {func(h *hand) {
			x, y := h.takenIn(fin, "X"), h.takenIn(dat, "Y")
			h.look(dat, "Y")
			h.look(fin, "X")
			h.done(x)
			h.done(y)
		}, nil},
		"who waits for people is passed": {func(h *hand) {
			x, y := h.takenIn(fin, "X"), h.takenIn(fin, "Y")
			parked(h, x)
			h.look(fin, "Y")
			h.done(y)
			h.at(24 * time.Hour) // and takes as long as they like
			h.done(x)
		}, nil},
		"a process that died begins anew": {func(h *hand) {
			x, y := h.takenIn(fin, "X"), h.takenIn(fin, "Y")
			h.o.Crashed(h.now)
			h.back(x, y)
			h.look(fin, "Y")
			h.done(x)
			h.done(y)
		}, nil},
		"tried for ever": {func(h *hand) {
			x := h.takenIn(fin, "X")
			for range 100 {
				h.look(fin, "X")
			}
			h.done(x)
		}, []string{"bounded: headers usmf X: it was read 54 times, and nothing came of it: 2 attempts are allowed"}},
		"tried for ever, from both sides": {func(h *hand) {
			x, y := h.takenIn(fin, "X"), h.takenIn(dat, "X")
			for range 200 {
				h.look(fin, "X")
			}
			h.write(engine.CarryWrite, dat, h.get(fin, x.Key), true)
			h.settle(x, engine.Synced, engine.Override)
			h.settle(y, engine.ConflictFailure, engine.Overridden)
		}, []string{"bounded: headers usmf X: it was read 108 times, and nothing came of it: 2 attempts are allowed"}},
		"tried often, for a reason": {func(h *hand) {
			x := h.takenIn(fin, "X")
			for range 100 {
				h.look(fin, "X")
				h.o.Unanswered()
			}
			h.done(x)
		}, nil},
		"takes too long": {func(h *hand) {
			x := h.takenIn(fin, "X")
			h.at(time.Hour)
			h.done(x)
		}, []string{"bounded: headers usmf X: change 1.1 of finops waited 1h with nothing broken, and 13m are allowed"}},
		"is never done": {func(h *hand) {
			h.o.Heals(0)
			x := h.takenIn(fin, "X")
			h.at(time.Hour)
			h.queue(x, Waiting)
		}, []string{"bounded: and 13m are allowed"}},
		"takes as long as what was broken": {func(h *hand) {
			x := h.takenIn(fin, "X")
			h.o.Heals(h.now.Add(55 * time.Minute))
			h.at(time.Hour)
			h.done(x)
		}, nil},
		"takes as long as what lasts": {func(h *hand) {
			x := h.takenIn(fin, "X")
			h.o.Lasts(h.now.Add(5 * time.Minute))
			h.at(time.Hour)
			h.done(x)
		}, nil},
		"had taken too long when that began": {func(h *hand) {
			x := h.takenIn(fin, "X")
			h.o.Lasts(h.now.Add(2 * time.Hour))
			h.o.Lasts(h.now.Add(20 * time.Minute))
			h.o.Lasts(h.now.Add(3 * time.Hour))
			h.at(time.Hour)
			h.done(x)
		}, []string{"bounded: waited 20m with nothing broken, and 13m are allowed"}},
		"takes as long as a side has asked for": {func(h *hand) {
			x := h.takenIn(fin, "X")
			h.at(time.Minute)
			h.o.AskedToWait(0, dat, 50*time.Minute)
			h.at(time.Hour)
			h.done(x)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{Attempts: 2, RetryCap: 5 * time.Minute, Timeout: 10 * time.Second, Idle: time.Minute}})
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}

// TestLongestWaitNamesItsReason looks at what people are told.
func TestLongestWaitNamesItsReason(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	watch := h.o.Watcher(func() (at sim.Time) { return h.now })
	x := h.takenIn(fin, "X")
	h.at(time.Second)
	watch.Moved(0, &x.Key, fin, engine.BacksOff, engine.TimedOut, nil)
	h.at(time.Minute)
	h.look(fin, "X")
	h.done(x)
	if p := property(t, h.judge(), "bounded"); !strings.Contains(p.Note, "longest: 1m, of headers usmf X (59s back-off: timed out)") {
		t.Errorf("the longest wait is told as %q", p.Note)
	}
}

// TestLasting writes lengths of time as the reports do.
func TestLasting(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 1_234_567: "1ms", 59_400 * time.Millisecond: "59.4s", 59_900 * time.Millisecond: "1m", 90 * time.Second: "1m 30s",
		time.Hour: "1h", 59*time.Minute + 59_900*time.Millisecond: "1h", 26*time.Hour + 5*time.Minute: "26h 05m",
	} {
		if got := lasting(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
