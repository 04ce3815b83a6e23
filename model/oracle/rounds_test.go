package oracle

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// TestLivelock plays what an engine may do when nobody edits any more, and what it must
// not: bring both sides back to what they held, with writes in between, be they
// ever so few.
func TestLivelock(t *testing.T) {
	t.Parallel()
	other := headerKey("B")
	// conflict lets both sides change a record; F&O wins. It returns the loser.
	conflict := func(h *hand) (loser *engine.Record) {
		h.user(fin, other, text("b"))
		h.user(fin, a, text("1"))
		h.user(dat, a, text("2"))
		loser = h.get(dat, a)
		h.at(time.Second)
		h.write(engine.CarryWrite, dat, h.get(fin, a), true)
		return loser
	}
	there := func(h *hand, loser *engine.Record) *engine.Record {
		winner := h.get(fin, a)
		h.at(2 * time.Second)
		h.write(engine.CarryWrite, fin, loser, false)
		return winner
	}
	back := func(h *hand, winner *engine.Record) {
		h.at(3 * time.Second)
		h.write(engine.CarryWrite, fin, winner, false)
	}
	for name, c := range map[string]struct {
		play func(h *hand)
		want string
	}{
		"the loser is written over": {func(h *hand) { conflict(h) }, ""},
		"the loser comes to the winner's side": {func(h *hand) {
			there(h, conflict(h))
		}, ""},
		"... and goes again": {func(h *hand) {
			back(h, there(h, conflict(h)))
		}, "headers usmf A went round"},
		"... over and over": {func(h *hand) {
			loser := conflict(h)
			for range 3 {
				back(h, there(h, loser))
			}
		}, "it did so 2 times more, the last time at 3s"},
		"a user has edited meanwhile": {func(h *hand) {
			w := there(h, conflict(h))
			h.user(fin, other, text("c"))
			back(h, w)
		}, ""},
		"it is written as it was": {func(h *hand) {
			conflict(h)
			h.carry(dat, a)
			h.carry(dat, a)
		}, ""},
		"something was still broken": {func(h *hand) {
			h.o.Heals(sim.Time(2 * time.Second))
			back(h, there(h, conflict(h)))
		}, ""},
		"it was whole by then": {func(h *hand) {
			h.o.Heals(sim.Time(time.Second))
			back(h, there(h, conflict(h)))
		}, "both sides hold what they held at 1s"},
		"a live transaction has written in between": {func(h *hand) {
			w := there(h, conflict(h))
			before := h.get(dat, other)
			r := h.next(dat, other, text("c"))
			r.Mark.Intent = 7
			r.Trace = h.o.EngineCommit(h.now, dat, &engine.Write{Kind: engine.CarryWrite, Key: other, Source: h.get(fin, other), Target: before, Groups: 1, Intent: 7}, before, r, nil)
			h.publish(dat, r)
			back(h, w)
		}, ""},
		"after many writes": {func(h *hand) {
			loser := conflict(h)
			for range freshMax {
				h.carry(dat, a)
			}
			back(h, there(h, loser))
		}, "headers usmf A went round"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			c.play(h)
			told := ""
			for _, v := range property(t, h.judge(), "traffic-stops").Examples {
				if strings.Contains(v.Message, "went round") {
					told += v.Message
				}
			}
			if told == "" != (c.want == "") || !strings.Contains(told, c.want) {
				t.Errorf("got %q, wanted %q", told, c.want)
			}
		})
	}
}
