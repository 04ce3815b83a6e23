package oracle

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestPausesAreBounded plays one short story each of a job that may be paused for a minute,
// and queue up ten bytes: a change of a header is its company, four, its ID, one, and its
// text, which is the same.
func TestPausesAreBounded(t *testing.T) {
	t.Parallel()
	full := engine.PauseLimit{Size: 10}
	step := func(h *hand, clock time.Duration, save ...engine.Mutation) {
		h.o.Stepped(h.now, engine.Time(clock), append(save, engine.Mutation{Kind: engine.MapMoved, Map: &engine.MapRecord{}}), nil)
	}
	job := func(s engine.JobState, full engine.PauseLimit) engine.Mutation {
		return engine.Mutation{Kind: engine.JobMoved, Job: &engine.JobRecord{Name: "all", State: s, Full: full}}
	}
	told := func(full engine.PauseLimit, telling bool) engine.Mutation {
		m := job(engine.Paused, full)
		m.Job.Telling = telling
		return m
	}
	ends := func(ref *engine.Reference) engine.Mutation {
		return engine.Mutation{Kind: engine.ReferenceSettled, Reference: *ref}
	}
	long := "limits-kept: job all has queued up changes for 1m0s and goes on, and the limit is 1m0s"
	much := "limits-kept: job all has queued up 12 bytes of records and goes on, and the limit is 10"
	for name, c := range map[string]struct {
		play func(h *hand)
		want []string
	}{
		"not so long": {func(h *hand) { step(h, 59*time.Second) }, nil},
		"too long":    {func(h *hand) { step(h, time.Minute); step(h, 2*time.Minute) }, []string{long}},
		"time stands still before it begins": {func(h *hand) {
			step(h, -time.Minute, job(engine.Active, engine.PauseLimit{}))
			h.o.Crashed(h.now)
			step(h, -time.Minute, job(engine.Paused, engine.PauseLimit{}))
			step(h, 30*time.Second)
		}, nil},
		"an operator is refused then": {func(h *hand) {
			h.o.Stepped(h.now, engine.Time(time.Minute), nil, nil)
		}, nil},
		"the hooks are told in time": {func(h *hand) {
			step(h, time.Minute, job(engine.Paused, engine.PauseLimit{Age: time.Minute}))
			step(h, time.Hour)
		}, nil},
		"the hooks refuse nothing": {func(h *hand) {
			step(h, time.Second, told(full, false))
			h.user(fin, a, text("A"))
		}, []string{"limits-kept: headers usmf A: finops has captured a change of job all, which is paused and full"}},
		"one of them has not heard": {func(h *hand) {
			step(h, time.Second, told(full, true))
			h.user(fin, a, text("A"))
		}, nil},
		"they are told to refuse no more": {func(h *hand) {
			step(h, time.Second, told(full, false))
			step(h, time.Second, job(engine.Resuming, full))
			h.user(fin, a, text("A"))
		}, nil},
		"it was captured before they heard": {func(h *hand) {
			held := h.hold(fin, 1, headerKey("L"), text("L"))
			h.land(dat, 1, held, 0)
			step(h, time.Second, told(full, false))
			h.o.Transaction(h.now, fin, 1, "", 1)
			h.tx = 1
			h.user(fin, a, text("A"))
			h.o.UserCommit(h.now, fin, nil, held, nil)
			h.publish(fin, held)
		}, nil},
		"it is resumed in time":          {func(h *hand) { step(h, time.Second, job(engine.Resuming, engine.PauseLimit{})); step(h, time.Hour) }, nil},
		"the next process need not know": {func(h *hand) { h.o.Crashed(h.now); step(h, time.Hour) }, nil},
		"it may have been full before that": {func(h *hand) {
			step(h, time.Second, job(engine.Active, full))
			step(h, time.Second, job(engine.Paused, full))
			step(h, time.Hour)
		}, nil},
		"not so much": {func(h *hand) { h.takenIn(fin, "A"); h.user(fin, headerKey("B"), text("B")); step(h, 0) }, nil},
		"too much":    {func(h *hand) { h.takenIn(fin, "A"); h.takenIn(dat, "B") }, []string{much}},
		"before it was paused": {func(h *hand) {
			step(h, 0, job(engine.Active, engine.PauseLimit{}))
			h.takenIn(fin, "A")
			h.takenIn(fin, "B")
			step(h, 0, job(engine.Paused, engine.PauseLimit{}))
		}, []string{much}},
		"the hooks are told of that in time": {func(h *hand) {
			h.takenIn(fin, "A")
			ref := h.user(fin, headerKey("B"), text("B"))
			step(h, 0, engine.Mutation{Kind: engine.ReferenceAdded, Reference: *ref}, job(engine.Paused, full))
		}, nil},
		"one of them has ended": {func(h *hand) {
			step(h, 0, ends(h.takenIn(fin, "A")))
			h.takenIn(fin, "B")
		}, nil},
		"one waits for people": {func(h *hand) {
			h.takenIn(fin, "A")
			h.moved(engine.OnTheDesk, engine.Refused)
			h.takenIn(fin, "B")
		}, nil},
		"one waits for another record": {func(h *hand) {
			h.takenIn(fin, "A")
			h.moved(engine.WaitsFor, engine.NoReason)
			h.takenIn(fin, "B")
		}, []string{much}},
		"the engine's own has the place of one, and then gives it": {func(h *hand) {
			h.takenIn(fin, "A")
			ref := h.user(fin, headerKey("B"), text("B"))
			own := *ref
			own.Origin = engine.Pulled
			step(h, 0, engine.Mutation{Kind: engine.ReferenceAdded, Reference: own})
			if h.o.tallies[limitsKept].violations > 0 {
				h.o.breach(limitsKept, h.now, nil, "the engine's own was counted")
			}
			step(h, 0, engine.Mutation{Kind: engine.ReferenceAdded, Reference: *ref})
		}, []string{much}},
		"one is another job's": {func(h *hand) {
			h.o.Ruled(h.now, &engine.MapRecord{Map: 0, Job: "other"})
			h.takenIn(fin, "A")
			h.takenIn(fin, "B")
		}, nil},
		"what a process had not saved": {func(h *hand) {
			h.takenIn(fin, "A")
			ref := h.user(fin, headerKey("B"), text("B"))
			h.o.Crashed(h.now)
			step(h, 0, engine.Mutation{Kind: engine.ReferenceAdded, Reference: *ref}, job(engine.Paused, engine.PauseLimit{}))
		}, nil},
		"what a process before it has saved": {func(h *hand) {
			step(h, 0, job(engine.Active, engine.PauseLimit{}))
			h.takenIn(fin, "A")
			h.takenIn(fin, "B")
			h.o.Crashed(h.now)
			step(h, 0, job(engine.Paused, engine.PauseLimit{}))
		}, []string{much}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{PauseAge: time.Minute, PauseSize: 10}})
			for m := range engine.MapID(2) {
				h.o.Ruled(h.now, &engine.MapRecord{Map: m, Job: "all"})
			}
			step(h, 0, job(engine.Paused, engine.PauseLimit{}))
			c.play(h)
			said := property(t, h.judge(), "limits-kept")
			if int(said.Violations) != len(c.want) {
				t.Fatalf("%d violations, expected %d: %s", said.Violations, len(c.want), said)
			}
			for _, want := range c.want {
				if _, text, _ := strings.Cut(want, ": "); !strings.Contains(said.String(), text) {
					t.Errorf("wanted %q in:\n%s", text, said)
				}
			}
		})
	}
}

// TestSizeOf sizes a record with a value of each kind.
func TestSizeOf(t *testing.T) {
	t.Parallel()
	r := &engine.Record{Values: []engine.Value{{}, engine.Text("abc"), engine.Number(1), {Kind: engine.KindLookup, Target: &a}}}
	if got := sizeOf(&a, r); got != 5+3+8+5 {
		t.Errorf("%d bytes", got)
	}
	if got := sizeOf(&a, nil); got != 5 {
		t.Errorf("%d bytes without a record", got)
	}
}
