package runner_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

// TestCommands pauses a job over a restart, and resumes it.
func TestCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		command := func(k engine.CommandKind) error {
			return w.lastRun.Command(t.Context(), &engine.Command{Kind: k, Job: "all"})
		}
		stop := w.start()
		if err := command(engine.PauseJob); err != nil {
			t.Error(err)
		}
		if err := command(engine.PauseJob); !errors.Is(err, engine.ErrJobState) {
			t.Errorf("paused twice: %v, want %v", err, engine.ErrJobState)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := command(engine.ResumeJob); !errors.Is(err, runner.ErrEnded) {
			t.Errorf("a command after the end: %v, want %v", err, runner.ErrEnded)
		}
		stop = w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Minute)
		items, err := w.lastRun.Items(t.Context())
		if err != nil || len(items) != 1 || items[0].Key != customer("A") || w.nameOf(engine.Dataverse, "A") != "" {
			t.Errorf("items %v (%v), want the one that waits for the job", items, err)
		}
		if err := command(engine.ResumeJob); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		w.stopsInSync(stop)
	})
}

// TestCommandIsSavedWhenItReturns dies with the save that holds the command.
func TestCommandIsSavedWhenItReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.fail = func(int) saveFault { return saveFault{err: errDisk} }
		stop := w.start()
		err := w.lastRun.Command(t.Context(), &engine.Command{Kind: engine.PauseJob, Job: "all"})
		if !errors.Is(err, runner.ErrEnded) {
			t.Errorf("error %v, want %v", err, runner.ErrEnded)
		}
		if err := stop(); !errors.Is(err, errDisk) {
			t.Error(err)
		}
	})
}

func TestOrdersWaitForTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r, err := runner.New(w.config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := r.Items(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

// TestStoppedJobCapturesNothing switches the capture of both systems.
func TestStoppedJobCapturesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		for _, k := range []engine.CommandKind{engine.StopJob, engine.StartJob} {
			if err := w.lastRun.Command(t.Context(), &engine.Command{Kind: k, Job: "all"}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
			w.set(engine.FinOps, "A", k.String())
			time.Sleep(time.Minute)
			want := map[engine.CommandKind]string{engine.StopJob: "", engine.StartJob: "start"}[k]
			if got := w.nameOf(engine.Dataverse, "A"); got != want {
				t.Errorf("after %v the other side holds %q, want %q", k, got, want)
			}
		}
		w.stopsInSync(stop)
	})
}
