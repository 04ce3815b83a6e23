package model

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// one is a world in which one customer is created on F&O, and changed there a
// second time.
func one(t *testing.T) Config {
	t.Helper()
	edit := func(at time.Duration, op system.Op, name string) users.Transaction {
		return users.Transaction{At: sim.Time(at), Name: name, Edits: []system.Edit{{
			Map: customers, Op: op, Name: system.Name{ID: "A"}, Set: []system.Assignment{{Value: engine.Text(name)}},
		}}}
	}
	return Config{
		Seed: 1, Maps: tables(t), End: sim.Time(time.Hour),
		Users: users.Config{Sources: []users.Source{&users.Trace{Name: "day", Transactions: []users.Transaction{
			edit(time.Second, system.Create, "first"), edit(20*time.Minute, system.Update, "second"),
		}}}},
	}
}

// TestWriteLandsLate has a target that is slower than the engine's patience.
// The write lands after it was given up, and the retry finds it carried.
func TestWriteLandsLate(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Systems[engine.Dataverse].Apply = sim.Constant(8)
	c.Driver.Timeout = 5 * time.Second
	r := run(t, c)
	mustHold(t, r)
	if s := r.Systems[engine.Dataverse]; s.LateLandings != 2 || s.Expired != 0 {
		t.Errorf("%d late landings, %d expired, want 2 and 0", s.LateLandings, s.Expired)
	}
	if r.Engine.Timeouts < 2 || r.Engine.Ignored < 2 {
		t.Errorf("%d timeouts, %d ignored answers, want 2 or more", r.Engine.Timeouts, r.Engine.Ignored)
	}
	if count(r, engine.Synced) != 2 || r.Report.Totals.Outstanding != 0 {
		t.Errorf("%d synced, %d outstanding", count(r, engine.Synced), r.Report.Totals.Outstanding)
	}
}

// TestWriteExpires has a target that is slower than the life of a write: it
// never executes one, and the change ends on the error desk.
func TestWriteExpires(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Systems[engine.Dataverse].Apply = sim.Constant(45)
	c.Driver.Timeout = 5 * time.Second
	r := run(t, c)
	mustHold(t, r)
	if s := r.Systems[engine.Dataverse]; s.LateLandings != 0 || s.Expired == 0 || s.Writes != [7]uint64{} {
		t.Errorf("%d late landings, %d expired, writes %v", s.LateLandings, s.Expired, s.Writes)
	}
	if count(r, engine.SystemFailure) == 0 {
		t.Error("nothing is on the error desk")
	}
}

// TestWriteOfADeadProcessLands crashes the engine with its write under way.
func TestWriteOfADeadProcessLands(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Systems[engine.Dataverse].Apply = sim.Constant(3)
	c.Faults = []Fault{{Kind: EngineCrash, Point: driver.WriteSent, Restart: time.Minute}}
	r := run(t, c)
	mustHold(t, r)
	if s := r.Systems[engine.Dataverse]; s.LateLandings != 1 {
		t.Errorf("%d late landings, want 1", s.LateLandings)
	}
	if carried := outcome(r, engine.AlreadyCarried); carried != 1 || r.Engine.Crashes != 1 {
		t.Errorf("%d already carried, %d crashes, want 1 and 1", carried, r.Engine.Crashes)
	}
}

// TestCrashBeforeSaveLosesNothing lets the process die with references taken in
// and not saved: the outbox still has them.
func TestCrashBeforeSaveLosesNothing(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Faults = []Fault{{Kind: EngineCrash, Point: driver.IntakeBeforeSave, Restart: time.Second}}
	r := run(t, c)
	mustHold(t, r)
	if count(r, engine.Synced) != 2 || r.Report.Totals.Echoes != 0 {
		t.Errorf("%d synced, %d echoes, want 2 and 0", count(r, engine.Synced), r.Report.Totals.Echoes)
	}
}

// TestLostNotificationCostsTimeOnly loses them all: the engine's poll finds the
// changes.
func TestLostNotificationCostsTimeOnly(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Systems[engine.FinOps].NotifyLoss = 1
	r := run(t, c)
	mustHold(t, r)
	if r.Systems[engine.FinOps].Notifications != 0 || count(r, engine.Synced) != 2 {
		t.Errorf("%d notifications, %d synced, want 0 and 2", r.Systems[engine.FinOps].Notifications, count(r, engine.Synced))
	}
	if took := r.Report.Samples[0].Took; took < 55*time.Second || took > 65*time.Second {
		t.Errorf("the first change took %v, want the poll's minute", took)
	}
}

// TestStaleSaveIsRedone has two people with one record open on the same side.
func TestStaleSaveIsRedone(t *testing.T) {
	t.Parallel()
	c := one(t)
	trace := c.Users.Sources[0].(*users.Trace)
	slow := trace.Transactions[1]
	slow.At, slow.OpenFor = slow.At-sim.Time(time.Minute), 2*time.Minute
	slow.Edits = []system.Edit{slow.Edits[0]}
	slow.Edits[0].Set = []system.Assignment{{Value: engine.Text("third")}}
	c.Users.Sources = append(c.Users.Sources, &users.Trace{Name: "slow user", Transactions: []users.Transaction{slow}})
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	r := w.Run()
	mustHold(t, r)
	if u := r.Users; u.Stale != 1 || u.Redone != 1 || u.GivenUp != 0 {
		t.Errorf("%d stale, %d redone, %d given up, want 1, 1 and 0", u.Stale, u.Redone, u.GivenUp)
	}
	for _, s := range w.Systems {
		row, ok := s.Find(engine.Key{Map: customers, ID: "A"})
		if !ok || s.Record(customers, row).Values[0].Text != "third" {
			t.Errorf("%s does not hold the third value", s.Side())
		}
	}
}

// TestKeysThatFoldTogether creates two records that Dataverse cannot tell
// apart: one has no partner and waits on the error desk.
func TestKeysThatFoldTogether(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Systems[engine.Dataverse].FoldCase = true
	trace := c.Users.Sources[0].(*users.Trace)
	twin := trace.Transactions[0]
	twin.At += sim.Time(time.Minute)
	twin.Edits = []system.Edit{twin.Edits[0]}
	twin.Edits[0].Name.ID = "a"
	trace.Transactions = append(trace.Transactions[:1:1], twin)
	r := run(t, c)
	mustHold(t, r)
	if outcome(r, engine.AmbiguousKey) != 1 || count(r, engine.Synced) != 1 {
		t.Errorf("%d ambiguous, %d synced, want 1 and 1", outcome(r, engine.AmbiguousKey), count(r, engine.Synced))
	}
}

func outcome(r Result, why engine.Reason) (n uint64) {
	for _, o := range r.Report.Outcomes {
		if o.Reason == why {
			n += o.Count
		}
	}
	return n
}

// TestEveryOrder visits the first of all orders in which two edits of one
// record on both sides, at one instant, can go.
func TestEveryOrder(t *testing.T) {
	t.Parallel()
	digests := map[sim.Digest]bool{}
	choices, runs := []int(nil), 0
	for more := true; more && runs < 300; runs++ {
		c := one(t)
		c.Order, c.Choices = sim.Enumerated, choices
		c.End = sim.Time(22 * time.Minute)
		trace := c.Users.Sources[0].(*users.Trace)
		other := trace.Transactions[1]
		other.Side = engine.Dataverse
		other.Edits = []system.Edit{other.Edits[0]}
		other.Edits[0].Set = []system.Assignment{{Value: engine.Text("other")}}
		trace.Transactions = append(trace.Transactions[:2:2], other)
		w, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		r := w.Run()
		mustHold(t, r)
		if t.Failed() {
			t.Fatalf("choices %v", choices)
		}
		digests[r.Digest] = true
		choices, more = sim.NextChoices(w.Kernel.Choices())
	}
	if len(digests) < 2 {
		t.Errorf("%d runs went %d ways", runs, len(digests))
	}
	t.Logf("%d runs, %d ways", runs, len(digests))
}
