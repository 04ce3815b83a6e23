package oracle

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// moved lets the engine tell where an item is.
func (h *hand) moved(to engine.Place, why engine.Reason) {
	h.o.Watcher(func() sim.Time { return h.now }).Moved(0, &a, fin, to, why, nil)
}

func TestWaits(t *testing.T) {
	t.Parallel()
	s := time.Second
	for _, c := range []struct {
		name string
		play func(h *hand)
		want []Wait
	}{
		{"each place by itself", func(h *hand) {
			h.at(3 * s)
			h.moved(engine.InTurn, engine.NoReason)
			h.at(8 * s)
			h.moved(engine.InFlight, engine.NoReason)
			h.at(9 * s)
			h.moved(engine.BacksOff, engine.TimedOut)
			h.at(20 * s)
			h.moved(engine.InFlight, engine.NoReason)
			h.at(22 * s)
			h.moved(engine.WaitsFor, engine.NoReason)
			h.at(52 * s)
			h.moved(engine.InFlight, engine.NoReason)
			h.at(53 * s)
		}, []Wait{
			{"waiting for a record that it looks up", 30 * s},
			{"back-off: timed out", 11 * s},
			{"in the queue, behind others", 5 * s},
			{"being read and written", 4 * s},
			{"in the outbox", 2 * s},
		}},
		{"the engine and a system are down", func(h *hand) {
			h.at(2 * s)
			h.moved(engine.InTurn, engine.NoReason)
			h.at(10 * s)
			h.o.Crashed(h.now)
			h.at(12 * s)
			h.o.Outage(dat, sim.Time(12*s), sim.Time(35*s))
			h.at(20 * s)
			h.back()
			h.at(35 * s)
			h.at(36 * s)
		}, []Wait{{"dataverse was down", 15 * s}, {"the engine was down", 10 * s}, {"in the queue, behind others", 9 * s}, {"in the outbox", 1 * s}}},
		{"an operator waits whatever is down", func(h *hand) {
			h.moved(engine.OnTheDesk, engine.Refused)
			h.o.Outage(fin, h.now, sim.Time(time.Hour))
			h.at(10 * s)
		}, []Wait{{"on the error desk: refused by validation", 9 * s}}},
		{"more steps than are kept", func(h *hand) {
			for i := range 1000 {
				h.moved([2]engine.Place{engine.InTurn, engine.InFlight}[i%2], engine.NoReason)
				h.now = h.now.Add(s)
			}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{})
			h.at(s)
			ref := h.user(fin, a, text("1"))
			c.play(h)
			h.carry(dat, a)
			h.settle(ref, engine.Synced, engine.Written)
			w := h.judge().Worst[0]
			if c.want != nil {
				if diff := cmp.Diff(c.want, w.Why); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			sum := time.Duration(0)
			for _, why := range w.Why {
				sum += why.For
			}
			if sum != w.Took {
				t.Errorf("the waits add up to %v, and it took %v: %v", sum, w.Took, w.Why)
			}
		})
	}
}

func TestTornVisible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		most    time.Duration
		whole   bool
		broken  bool
		applies bool
	}{
		{"no bound", 0, true, false, false},
		{"within the bound", 4 * time.Second, true, false, true},
		{"over the bound", 3 * time.Second, true, true, true},
		{"never whole", 40 * time.Second, false, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{TornMax: c.most})
			b := headerKey("B")
			h.at(time.Second)
			h.tx = 7
			h.o.Transaction(h.now, fin, 7, "", 2)
			one, two := h.user(fin, a, text("1")), h.user(fin, b, text("1"))
			h.at(2 * time.Second)
			h.carry(dat, a)
			h.settle(one, engine.Synced, engine.Written)
			h.at(6 * time.Second)
			if c.whole {
				h.carry(dat, b)
				h.settle(two, engine.Synced, engine.Written)
			} else {
				h.queue(two, Parked)
			}
			h.at(time.Minute)
			r := h.judge()
			if has := hasProperty(r, "torn-visible"); has != c.applies {
				t.Fatalf("judged: %v", has)
			}
			if !c.applies {
				return
			}
			if p := property(t, r, "torn-visible"); (p.Verdict == Fail) != c.broken || p.Checked != 1 {
				t.Errorf("got %s", p)
			}
		})
	}
}
