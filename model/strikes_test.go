package model

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// minute is an instant.
func minute(n int) sim.Time { return sim.Time(time.Duration(n) * time.Minute) }

// series returns one series of a run.
func series(t *testing.T, r Result, name string) []sim.Point {
	t.Helper()
	for _, s := range r.Series {
		if s.Name == name {
			return s.Points
		}
	}
	t.Fatalf("no series is called %s", name)
	return nil
}

// TestBacklogDoesNotDipInACrash lets the engine die, by the clock and at a
// point, while the target is down: nothing can leave the queue then, so that the
// backlog cannot fall.
func TestBacklogDoesNotDipInACrash(t *testing.T) {
	t.Parallel()
	for _, point := range []driver.CrashPoint{"", driver.IntakeBeforeSave, driver.IntakeBeforeAck, driver.UserCommitted} {
		t.Run("point "+string(point), func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 5)
			c.Users.Sources = append(c.Users.Sources[:1:1], c.Users.Sources[3]) // F&O only
			c.Driver.Links = [2]sim.LinkConfig{}
			c.Driver.Engine.Attempts = 1000
			c.Faults = []Fault{
				{Kind: Outage, Side: engine.Dataverse, At: minute(20), For: 15 * time.Minute},
				{Kind: EngineCrash, At: minute(25), Point: point, Restart: 2 * time.Minute},
			}
			r := run(t, c)
			mustHold(t, r)
			if len(r.Strikes) != 2 {
				t.Fatalf("strikes %v", r.Strikes)
			}
			dead := r.Strikes[1]
			last, points, grew := 0.0, 0, 0.0
			for _, p := range series(t, r, "backlog") {
				if p.At < minute(21) || p.At >= minute(35) {
					continue
				}
				if p.Value < last {
					t.Errorf("the backlog fell from %v to %v at %v; the engine was dead from %v to %v", last, p.Value, p.At, dead.From, dead.To)
				}
				if p.At > dead.From && p.At < dead.To {
					grew += p.Value - last
				}
				last = p.Value
				points++
			}
			if points < 100 || last < 100 || grew == 0 {
				t.Errorf("%d points up to %v, of which %v came while the engine was dead", points, last, grew)
			}
			backlog, outbox := series(t, r, "backlog"), series(t, r, "outbox")
			if n := backlog[len(backlog)-1].Value; n != 0 {
				t.Errorf("the backlog ends at %v", n)
			}
			if n := outbox[len(outbox)-1].Value; n != 0 {
				t.Errorf("the outbox ends at %v", n)
			}
		})
	}
}

// TestBacklogOfADeadEngine counts by hand, at each event while the process is
// dead, what its store holds and what lies in the outboxes beside that.
func TestBacklogOfADeadEngine(t *testing.T) {
	t.Parallel()
	c := busyHour(t, 6)
	c.End = minute(40)
	for i, p := range driver.CrashPoints() {
		c.Faults = append(c.Faults, Fault{Kind: EngineCrash, At: minute(4 * i), Point: p, Restart: 20 * time.Second})
	}
	s := &counting{Memory: store.NewMemory(), ingested: [2]map[uint64]bool{{}, {}}}
	c.Store = s
	var w *World
	var last sim.Time
	held := map[sim.Time]float64{} // by instant at which all has happened
	parked := 0
	c.Observe = func(ev sim.Event) {
		if w != nil && ev.At != last && w.Driver.Core() == nil {
			onDesk := map[lane]bool{}
			for _, l := range w.load().Lanes {
				onDesk[lane{l.Key, l.Side}] = l.Parked.Class != engine.Open
			}
			n := 0
			for _, o := range w.load().Open {
				if onDesk[lane{o.Reference.Key, o.Reference.Side}] {
					parked++
				} else {
					n++
				}
			}
			for side, sys := range w.Systems {
				sys.Outbox(func(r *engine.Reference) {
					if !s.ingested[side][r.Position] {
						n++
					}
				})
			}
			held[last] = float64(n)
		}
		last = ev.At
	}
	var err error
	if w, err = New(c); err != nil {
		t.Fatal(err)
	}
	r := w.Run()
	checked := 0
	for _, p := range series(t, r, "backlog") {
		if n, known := held[p.At]; known {
			checked++
			if n != p.Value {
				t.Errorf("at %v the backlog is %v, counted %v", p.At, p.Value, n)
			}
		}
	}
	if checked < 20 || parked == 0 || r.Engine.Crashes != uint64(len(driver.CrashPoints())) {
		t.Errorf("%d points were checked, %d parked, %d crashes", checked, parked, r.Engine.Crashes)
	}
}

// TestStrikesAreWhatHappened has faults that come, that come late, that are cut
// short by the end of the world, and that never come.
func TestStrikesAreWhatHappened(t *testing.T) {
	t.Parallel()
	c := one(t) // changes at 1 s and 20 min
	c.End = minute(30)
	c.Faults = []Fault{
		{Kind: SlowLink, Side: engine.Dataverse, At: minute(25), For: time.Hour, Factor: 2},     // cut short
		{Kind: EngineCrash, At: minute(5), Point: driver.WriteSent, Restart: time.Minute},       // strikes at 20 min
		{Kind: EngineCrash, At: minute(21), Point: driver.UserCommitted, Restart: time.Minute},  // never
		{Kind: Outage, Side: engine.FinOps, At: minute(10), For: 2 * time.Minute},               // as planned
		{Kind: SlowSystem, Side: engine.Dataverse, At: minute(40), For: time.Minute, Factor: 2}, // after the end
		{Kind: CutLink, Side: engine.FinOps, At: minute(50), For: time.Minute},                  // after the end
		{Kind: EngineCrash, At: minute(29), Restart: time.Hour},                                 // not back before the end
		{Kind: EngineCrash, At: minute(29) + sim.Time(time.Second), Restart: time.Second},       // it is dead already
	}
	r := run(t, c)
	if len(r.Strikes) != 4 {
		t.Fatalf("strikes %v", r.Strikes)
	}
	crash := r.Strikes[1]
	if crash.Fault != 1 || crash.From < minute(20) || crash.From > minute(21) || crash.To != crash.From.Add(time.Minute) {
		t.Errorf("the crash at a point struck %v", crash)
	}
	want := []Strike{{3, minute(10), minute(12)}, crash, {0, minute(25), minute(30)}, {6, minute(29), minute(30)}}
	if diff := cmp.Diff(want, r.Strikes); diff != "" {
		t.Errorf("strikes (-want +got):\n%s", diff)
	}
}

// TestInterruptionAtTheEndIsNone interrupts a world when it has come to its end.
func TestInterruptionAtTheEndIsNone(t *testing.T) {
	t.Parallel()
	for _, at := range []int{29, 30} {
		c := one(t)
		c.End = minute(30)
		c.Continue = func(now sim.Time) bool { return now < minute(at) }
		if r := run(t, c); (r.Halted != "") != (at < 30) || r.End != minute(at) {
			t.Errorf("interrupted at minute %d: halted %q at %v", at, r.Halted, r.End)
		}
	}
}
