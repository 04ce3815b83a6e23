package model

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// TestEachFaultShows strikes one hour with each kind of fault and looks for what
// it does. The same hour without it must not show that.
func TestEachFaultShows(t *testing.T) {
	t.Parallel()
	dataverse := engine.Dataverse
	at, forTen := minute(20), 10*time.Minute
	for _, tc := range []struct {
		fault Fault
		least uint64
		shows func(Result) uint64
	}{
		{
			Fault{Kind: ThrottlingStorm, Side: dataverse, At: at, For: forTen},
			3,
			func(r Result) uint64 { return r.Engine.Throttled[dataverse] },
		},
		{
			Fault{Kind: CutRequests, Side: dataverse, At: at, For: forTen},
			3,
			func(r Result) uint64 { return r.Engine.Timeouts },
		},
		{
			Fault{Kind: CutAnswers, Side: dataverse, At: at, For: forTen},
			3,
			func(r Result) uint64 { return r.Engine.Timeouts },
		},
		{
			Fault{Kind: LossyLink, Side: dataverse, At: at, For: forTen, Share: 0.3},
			10,
			func(r Result) uint64 { return r.Engine.Timeouts },
		},
		{
			Fault{Kind: LostNotifications, Side: dataverse, At: at, For: forTen, Share: 1},
			50,
			func(r Result) uint64 { return r.Systems[dataverse].NotificationsLost },
		},
		{
			Fault{Kind: DoubleNotification, Side: dataverse, At: at, For: forTen, Share: 0.5},
			50,
			func(r Result) uint64 { return r.Systems[dataverse].NotificationsDoubled },
		},
		{
			Fault{Kind: LateNotifications, Side: dataverse, At: at, For: forTen, Factor: 300},
			50,
			func(r Result) uint64 { return slower(r, dataverse, 2*time.Second) },
		},
		{
			Fault{Kind: UnansweredWrites, Side: dataverse, At: at, For: forTen, Share: 0.5},
			20,
			func(r Result) uint64 { return min(r.Systems[dataverse].Unanswered, r.Engine.Timeouts) },
		},
		{
			Fault{Kind: PartialBatches, Side: dataverse, At: at, For: forTen, Share: 0.5},
			20,
			func(r Result) uint64 { return min(r.Systems[dataverse].Partial, r.Engine.Timeouts) },
		},
		{
			Fault{Kind: LockedRecords, Side: dataverse, At: at, For: forTen, Share: 0.5},
			5, // what meets a lock comes back after its back-off only
			func(r Result) uint64 {
				return min(r.Systems[dataverse].Locked, r.Systems[dataverse].LockWaits)
			},
		},
		{
			Fault{Kind: RefusedWrites, Side: dataverse, At: at, For: forTen, Share: 0.5},
			50,
			func(r Result) uint64 { return outcome(r, engine.Refused) },
		},
		{
			Fault{Kind: StoreFull, At: at, For: forTen},
			100,
			func(r Result) uint64 { return slower(r, engine.FinOps, time.Minute) },
		},
	} {
		t.Run(tc.fault.Kind.String(), func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 31)
			for side := range c.Systems { // nothing goes wrong by itself
				c.Systems[side].NotifyLoss, c.Systems[side].NotifyDuplicate, c.Systems[side].Validations = 0, 0, nil
				c.Driver.Links[side].Loss = 0
			}
			calm := run(t, c)
			c = busyHour(t, 31)
			for side := range c.Systems {
				c.Systems[side].NotifyLoss, c.Systems[side].NotifyDuplicate, c.Systems[side].Validations = 0, 0, nil
				c.Driver.Links[side].Loss = 0
			}
			c.Faults = []Fault{tc.fault}
			r := runAtRest(t, c)
			if before, n := tc.shows(calm), tc.shows(r); n < tc.least || before >= tc.least/2 {
				t.Errorf("it shows %d times, want %d; without the fault %d times", n, tc.least, before)
			}
			if want := []Strike{{0, at, at.Add(forTen)}}; len(r.Strikes) != 1 || r.Strikes[0] != want[0] {
				t.Errorf("strikes %v, want %v", r.Strikes, want)
			}
			parked := count(r, engine.ApplicationFailure) + count(r, engine.SystemFailure)
			if r.Report.Totals.Outstanding > parked+count(r, engine.Open) {
				t.Errorf("%d outstanding, %d parked", r.Report.Totals.Outstanding, parked)
			}
		})
	}
}

// TestOneWayPartitions cuts one way of a link: what does not get there is not
// served, and what is served and not answered is.
func TestOneWayPartitions(t *testing.T) {
	t.Parallel()
	served := map[FaultKind]uint64{}
	for _, k := range []FaultKind{CutRequests, CutAnswers} {
		c := one(t) // changes at 1 s and 20 min
		c.Faults = []Fault{{Kind: k, Side: engine.Dataverse, At: minute(15), For: 10 * time.Minute}}
		r := runAtRest(t, c)
		served[k] = r.Stations[engine.Dataverse].Served
	}
	if served[CutAnswers] < served[CutRequests]+10 {
		t.Errorf("served without requests %d, without answers %d", served[CutRequests], served[CutAnswers])
	}
}

// slower counts the convergence times above a span.
func slower(r Result, side engine.Side, d time.Duration) (n uint64) {
	for _, s := range r.Report.Samples {
		if s.Side == side && s.Took > d {
			n++
		}
	}
	return n
}

// TestClockSteps sets clocks while the world runs. What the engine decides
// changes with neither; what it waits for may change with its own.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	world := func(faults ...Fault) (Result, *World) {
		c := busyHour(t, 32)
		c.Faults, c.Hash = faults, true
		w, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		r := w.Run()
		mustHold(t, r)
		return r, w
	}
	calm, _ := world()
	back, w := world(Fault{Kind: ClockStep, Side: engine.FinOps, At: minute(30), By: -time.Hour})
	if len(back.Strikes) != 1 || back.Strikes[0] != (Strike{0, minute(30), minute(30)}) {
		t.Errorf("strikes %v", back.Strikes)
	}
	if calm.StateHash == 0 || calm.Report.Totals.Settled != back.Report.Totals.Settled {
		t.Errorf("%d and %d references were settled", calm.Report.Totals.Settled, back.Report.Totals.Settled)
	}
	latest := sim.Time(0)
	w.Systems[engine.FinOps].Each(lines, func(r *engine.Record) {
		row, _ := w.Systems[engine.FinOps].Find(*r.Key)
		latest = max(latest, w.Systems[engine.FinOps].Modified(lines, row))
	})
	if latest > minute(31) {
		t.Errorf("the clock was set back by an hour, and a line was modified at %v", latest)
	}
	engineStep, _ := world(Fault{Kind: EngineClockStep, At: minute(30), By: 5 * time.Minute})
	if len(engineStep.Strikes) != 1 {
		t.Errorf("strikes %v", engineStep.Strikes)
	}
}

func TestFaultsReportEveryFault(t *testing.T) {
	t.Parallel()
	c := one(t)
	c.Faults = []Fault{
		{Kind: LossyLink, At: -1},
		{Kind: LateNotifications},
		{Kind: ClockStep},
		{Kind: 99},
		{Kind: LockedRecords, Share: 2},
		{Kind: TombstoneExpired, For: time.Second},
		{Kind: TombstoneExpired, For: ForEver},
	}
	c.Operations = []Operation{{At: -1}}
	_, err := New(c)
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"fault 1: lossy link at", "the share must be above 0", "fault 2: late notifications at", "the factor must be above 0",
		"fault 3: clock step", "say by how much", "fault 4: unknown kind of fault 99", "not 2", "fault 6: tombstone expired at 0s: a tombstone is kept for 1m0s at least", "fault 7: tombstone expired at 0s: it cannot last", "operation 1 (retry): it is at", "name the job",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}

// TestOperatorsOnATimetable pauses the job for twenty minutes, in each of the
// three ways to go on, and works on the error desk afterwards.
func TestOperatorsOnATimetable(t *testing.T) {
	t.Parallel()
	job := func(at int, k engine.CommandKind, how engine.ResumeHow) Operation {
		return Operation{At: minute(at), Command: engine.Command{Kind: k, Job: "all", Resume: how}}
	}
	for _, how := range []engine.ResumeHow{engine.CatchUp, engine.SkipAndKeep, engine.SkipAndForget} {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 33)
			c.Operations = []Operation{
				job(20, engine.PauseJob, 0), job(21, engine.PauseJob, 0), job(40, engine.ResumeJob, how),
				job(70, engine.DismissParked, 0), job(80, engine.StopJob, 0), job(85, engine.RetryParked, 0), job(90, engine.StartJob, 0),
			}
			r := run(t, c)
			mustHold(t, r)
			if len(r.Done) != len(c.Operations) {
				t.Fatalf("%d operations were done", len(r.Done))
			}
			for i, want := range []string{"", "the job is not in a state for that", "", "", "", "works only while the job is active", ""} {
				if got := r.Done[i]; got.Operation != i || got.At != c.Operations[i].At || (got.Refused == nil) != (want == "") || want != "" && !strings.Contains(got.Refused.Error(), want) {
					t.Errorf("operation %d: %+v, want %q", i, got, want)
				}
			}
			held := 0.0
			for _, p := range series(t, r, "backlog") {
				if p.At > minute(20) && p.At < minute(40) {
					held = max(held, p.Value)
				}
			}
			if held < 100 {
				t.Errorf("%v references queued up during the pause", held)
			}
			if dismissed := count(r, engine.Dismissed); (how == engine.CatchUp) == (dismissed > 100) || dismissed == 0 {
				t.Errorf("%d were dismissed", dismissed)
			}
			if parked := count(r, engine.ApplicationFailure) + count(r, engine.SystemFailure); r.Report.Totals.Outstanding > parked {
				t.Errorf("%d outstanding, %d of them parked since", r.Report.Totals.Outstanding, parked)
			}
		})
	}
}

// TestCrashDuringAnOperation lets the process die with a request that is not
// saved, and with one that finds it dead.
func TestCrashDuringAnOperation(t *testing.T) {
	t.Parallel()
	c := busyHour(t, 34)
	c.Faults = []Fault{{Kind: EngineCrash, Point: driver.CommandBeforeSave, At: minute(10), Restart: time.Minute}}
	pause := engine.Command{Kind: engine.PauseJob, Job: "all"}
	c.Operations = []Operation{{minute(20), pause}, {minute(20) + sim.Time(time.Second), pause}}
	r := run(t, c)
	mustHold(t, r)
	if len(r.Done) != 2 || r.Done[0].Refused != nil || !errors.Is(r.Done[1].Refused, driver.ErrDead) || r.Engine.Crashes != 1 {
		t.Errorf("%+v, %d crashes", r.Done, r.Engine.Crashes)
	}
	if backlog := series(t, r, "backlog"); backlog[len(backlog)-1].Value != 0 {
		t.Error("the job is paused although the request was never saved")
	}
}

// TestStoppedJobCapturesNothing stops the job while people work: what they do
// then makes no reference, and what they do afterwards is carried.
func TestStoppedJobCapturesNothing(t *testing.T) {
	t.Parallel()
	c := busyHour(t, 35)
	calm := run(t, c)
	c = busyHour(t, 35)
	job := func(at int, k engine.CommandKind) Operation {
		return Operation{At: minute(at), Command: engine.Command{Kind: k, Job: "all"}}
	}
	c.Operations = []Operation{job(20, engine.StopJob), job(40, engine.StartJob)}
	r := run(t, c)
	captured, all := r.Report.Totals.Captured, calm.Report.Totals.Captured
	if captured > all*4/5 || captured < all/2 {
		t.Errorf("%d references, without the stop %d", captured, all)
	}
	for _, d := range r.Done {
		if d.Refused != nil {
			t.Errorf("operation %d: %v", d.Operation, d.Refused)
		}
	}
	if late := r.Report.Totals.LateCaptures; late == 0 {
		t.Error("nothing of what went past the hook was found later")
	}
}
