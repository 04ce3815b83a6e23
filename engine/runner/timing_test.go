package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

// The tests in this file run in virtual time: an hour passes at once when
// nobody has anything to do.

var errLost = errors.New("the connection was reset")

// always fails every call of some kind, nothing of it done.
func always(err error, kinds ...engine.EffectKind) func(context.Context, engine.EffectKind) error {
	return func(_ context.Context, k engine.EffectKind) error {
		if slices.Contains(kinds, k) {
			return err
		}
		return nil
	}
}

// first lets the first n passes of f happen.
func first(n int32, f func(context.Context, engine.EffectKind) error) func(context.Context, engine.EffectKind) error {
	var passed atomic.Int32
	return func(ctx context.Context, k engine.EffectKind) error {
		err := f(ctx, k)
		if err == nil || passed.Add(1) > n {
			return nil
		}
		return err
	}
}

func TestRetriesBackOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		target := w.clients[engine.Dataverse]
		target.misbehave(first(4, always(errLost, engine.WriteBatch)), nil)
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Minute)
		if err := w.settled(); err != nil {
			t.Error(err)
		}
		at := target.since(time.Time{}, engine.WriteBatch)
		if len(at) != 5 {
			t.Fatalf("%d writes, want 5", len(at))
		}
		for i, longest := 0, 2*time.Second; i < 4; i, longest = i+1, 2*longest {
			if gap := at[i+1].Sub(at[i]); gap <= 0 || gap > longest {
				t.Errorf("attempt %d came %v after the one before, want more than nothing and at most %v", i+2, gap, longest)
			}
		}
		if all := at[4].Sub(at[0]); all < 5*time.Second { // of 30s at most; what it is hangs on the key, not on luck
			t.Errorf("the fifth attempt came %v after the first: nothing was waited for", all)
		}
		if s := w.lastRun.Stats(); s.Sides[engine.Dataverse].Timeouts != 4 || !errors.Is(s.Sides[engine.Dataverse].LastError, errLost) {
			t.Errorf("the failures are not in the figures: %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestPollFindsWhatALostNotificationHid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		synctest.Wait()
		w.deaf()
		w.set(engine.Dataverse, "A", "Contoso")
		time.Sleep(59 * time.Second)
		if got := w.nameOf(engine.FinOps, "A"); got != "" {
			t.Errorf("%q is there before the poll", got)
		}
		time.Sleep(2 * time.Second)
		w.stopsInSync(stop)
	})
}

func TestSideThatIsDownIsProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const outage = 10 * time.Minute
		down := w.clients[engine.Dataverse]
		down.misbehave(always(fmt.Errorf("dial: %w", runner.ErrDown), engine.PullOutbox, engine.ReadBatch, engine.WriteBatch), nil)
		stop := w.start()
		began := time.Now()
		for i := 0; time.Since(began) < outage; i++ { // users of both sides know nothing of it
			w.set(engine.Sides[i%2], fmt.Sprint("C", i%10), fmt.Sprint("name ", i))
			time.Sleep(time.Second)
		}
		s := w.lastRun.Stats()
		if !s.Engine.BreakerOpen[engine.Dataverse] || s.Sides[engine.Dataverse].Refused == 0 {
			t.Errorf("the breaker is not open: %+v", s)
		}
		most := int(outage/(10*time.Second)) + 5
		if n := len(down.since(began, engine.PullOutbox)); n < most/2 || n > most {
			t.Errorf("%d pulls, want %d to %d: a notification is no reason to pull from a side that is down", n, most/2, most)
		}
		if n := len(down.since(began, engine.ReadBatch, engine.WriteBatch)); n < most/2 || n > most {
			t.Errorf("%d reads and writes, want %d to %d", n, most/2, most)
		}
		down.misbehave(nil, nil)
		time.Sleep(30 * time.Second)
		w.stopsInSync(stop)
	})
}

func TestThrottledSideIsLeftAlone(t *testing.T) {
	t.Parallel()
	all := []engine.EffectKind{engine.PullOutbox, engine.ReadBatch, engine.WriteBatch}
	for _, c := range []struct {
		name       string
		on, spared []engine.EffectKind
		says, want time.Duration
	}{
		{"when read", all[:2], all[:2], 30 * time.Second, 30 * time.Second},
		{"when written", all[2:], all[2:], 30 * time.Second, 30 * time.Second},
		{"that says no time", all[2:], all[2:], 0, time.Second},
		{"that says a negative time", all[:2], all[:2], -time.Hour, time.Second},
		{"that says centuries", all[2:], all[2:], 1 << 62, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				target := w.clients[engine.Dataverse]
				stop := w.start()
				synctest.Wait()
				target.misbehave(first(1, always(&runner.ThrottledError{RetryAfter: c.says}, c.on...)), nil)
				began := time.Now()
				for i := range 10 { // also notifies the side that wants peace
					w.set(engine.Sides[i%2], fmt.Sprint("C", i), "Contoso")
				}
				time.Sleep(c.want - time.Millisecond)
				if n := len(target.since(began, c.spared...)); n == 0 || n > 10 { // what was under way when it said so
					t.Errorf("%d calls within the pause", n)
				}
				synctest.Wait()
				if quiet := target.since(began.Add(time.Microsecond), c.spared...); len(quiet) != 0 {
					t.Errorf("calls at %v within the pause", quiet)
				}
				time.Sleep(2 * time.Minute)
				if err := w.settled(); err != nil {
					t.Error(err)
				}
				if s := w.lastRun.Stats(); s.Sides[engine.Dataverse].Throttled == 0 || s.Engine.Retries != 0 {
					t.Errorf("a pause must cost no attempt: %+v", s)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestSideThatAlwaysThrottles wants no time to pass and never answers. That
// must not become a loop without a pause.
func TestSideThatAlwaysThrottles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		side := w.clients[engine.Dataverse]
		side.misbehave(always(&runner.ThrottledError{}, engine.PullOutbox, engine.ReadBatch, engine.WriteBatch), nil)
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		w.set(engine.Dataverse, "B", "Adatum")
		time.Sleep(time.Minute)
		if n := len(side.since(time.Time{}, engine.PullOutbox, engine.ReadBatch, engine.WriteBatch)); n < 10 || n > 70 {
			t.Errorf("%d calls in a minute", n)
		}
		side.misbehave(nil, nil)
		time.Sleep(time.Minute)
		w.stopsInSync(stop)
	})
}

// TestFailuresDoNotDeafen lets a request fail, and the next attempt as well. A notification that comes
// later must be heard at once, and not at the next poll.
func TestFailuresDoNotDeafen(t *testing.T) {
	t.Parallel()
	for _, kind := range []engine.EffectKind{engine.PullOutbox, engine.ReadBatch, engine.WriteBatch} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			stop := w.start()
			synctest.Wait()
			w.clients[engine.FinOps].misbehave(first(2, always(errLost, kind)), nil)
			w.set(engine.FinOps, "A", "Contoso")
			w.set(engine.Dataverse, "B", "Adatum")
			time.Sleep(30 * time.Second)
			w.set(engine.FinOps, "C", "Fabrikam")
			time.Sleep(time.Second)
			if err := w.settled(); err != nil {
				t.Errorf("after %vs that failed: %v", kind, err)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestCallsThatDoNotReturn gives a system that pays no attention to contexts.
func TestCallsThatDoNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.config.CallsMax = 3
		hangs := make(chan struct{})
		w.clients[engine.Dataverse].misbehave(func(_ context.Context, k engine.EffectKind) error {
			<-hangs
			return nil
		}, nil)
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(5 * time.Minute)
		s := w.lastRun.Stats().Sides[engine.Dataverse]
		if s.Calls != 3 || s.Timeouts == 0 || s.Refused == 0 {
			t.Errorf("want 3 calls that hang, some given up and some with no room: %+v", s)
		}
		close(hangs)
		time.Sleep(time.Minute)
		if err := w.settled(); err != nil {
			t.Error(err)
		}
		if s := w.lastRun.Stats().Sides[engine.Dataverse]; s.Calls != 0 || s.Late != 3 {
			t.Errorf("3 answers came late: %+v", s)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestAnswerThatComesTooLate is a write that lands after it was given up.
func TestAnswerThatComesTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var slow atomic.Bool
		slow.Store(true)
		w.clients[engine.Dataverse].misbehave(nil, func(k engine.EffectKind, _ *engine.Input) error {
			if k == engine.WriteBatch && slow.Swap(false) {
				time.Sleep(25 * time.Second) // carried out, answered after the timeout
			}
			return nil
		})
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Minute)
		if err := w.settled(); err != nil {
			t.Error(err)
		}
		got := w.store.outcomesOf(change{customer("A"), engine.FinOps, 1, 1})
		if len(got) != 1 || got[0].Reason != engine.AlreadyCarried {
			t.Errorf("outcomes %v, want one, already carried", got)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
