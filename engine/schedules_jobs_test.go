package engine_test

import (
	"errors"
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
)

// Schedules that stop and start their job, copy what both sides hold, and change
// the primary side. While the job is stopped users create and edit records that
// nobody captures. Such a schedule ends with an initial sync of both sides, after
// which nothing may differ.

// actOnJob carries out an operator's action, which may be refused.
func (e *environment) actOnJob(a action) {
	switch a.kind {
	case stopJob:
		e.tryCommand(&engine.Command{Kind: engine.StopJob, Job: "all"})
	case startJob:
		cmd := engine.Command{Kind: engine.StartJob, Job: "all"}
		if a.word > 0 {
			cmd.Initial = []engine.InitialSync{{Interim: a.side, Only: a.word > 2, From: engine.Side(a.word % 2)}}
		}
		e.tryCommand(&cmd)
	case changePrimary:
		if a.word > 1 { // with whatever is under way
			e.tryCommand(&engine.Command{Kind: engine.StopJob, Job: "all"})
			e.carryOutSome()
		}
		if err := e.turnPrimary(); err != nil {
			e.judge.broken = err
		}
		if a.word > 1 {
			e.tryCommand(&engine.Command{Kind: engine.StartJob, Job: "all"})
			e.carryOutSome()
		}
	}
}

// carryOutSome carries out what is pending and what follows, up to a limit.
func (e *environment) carryOutSome() {
	for n := 0; n < 30 && len(e.pending) > 0; n++ {
		e.step(carryOut)
	}
}

// crashCopy lets the engine die inside the last initial sync.
func (e *environment) crashCopy() {
	if e.judge.copied {
		if e.judge.copySteps++; e.judge.copySteps == e.judge.schedule.crashCopy {
			e.crash(e.judge.copySteps%2 == 0)
		}
	}
}

// decided notes which writes the engine decided while the table map initialized:
// then no record is too old to have something to say.
func (j *judge) decided(eff *engine.Effect, core *engine.Core) {
	core.MapStatuses(func(s engine.MapStatus) {
		for i := range eff.Writes {
			j.initial[&eff.Writes[i]] = s.State == engine.MapInitializing
		}
	})
}

// tryCommand makes an operator's request; one that comes at the wrong time is
// refused.
func (e *environment) tryCommand(cmd *engine.Command) {
	e.flush()
	out, err := e.core.Command(e.now, cmd)
	switch {
	case err == nil:
		e.output(out)
	case !errors.Is(err, engine.ErrJobState):
		panic(err)
	}
}

// turnPrimary lets the engine start anew with the other side as primary, which it
// must refuse unless the job is stopped.
func (e *environment) turnPrimary() error {
	e.flush()
	state, err := e.store.Load()
	if err != nil {
		return err
	}
	stopped, ran := false, len(state.Maps) > 0
	for _, j := range state.Jobs {
		stopped = j.State == engine.Halted
	}
	t := e.judge.schedule.tableMap()
	t.Primary = e.maps[0].Primary.Other()
	m, err := engine.NewTableMap(t)
	if err != nil {
		return err
	}
	cfg := e.cfg
	cfg.Maps = []*engine.TableMap{m}
	_, err = engine.NewCore(cfg, state)
	switch may := stopped || !ran; {
	case may && err != nil:
		return fmt.Errorf("the primary of a stopped job may not change: %w", err)
	case !may && !errors.Is(err, engine.ErrNotStopped):
		return fmt.Errorf("the primary of a running job may change: %w", err)
	case !may:
		return nil
	}
	e.cfg, e.maps = cfg, cfg.Maps
	for _, s := range e.sides {
		capture := engine.NewCapture(s.side, e.maps, e.planted)
		capture.Inherit(s.capture)
		s.capture = capture
	}
	e.printf("the primary is %v", m.Primary)
	e.judge.turned++
	e.crash(false)
	return nil
}

// healJob brings a job to its end: active, after an initial sync of both sides.
// It reports whether it did something that others have to follow.
func (e *environment) healJob() bool {
	state, _ := e.core.JobState("all")
	if !e.judge.schedule.jobs {
		return false
	}
	switch {
	case state == engine.Halted:
		e.tryCommand(&engine.Command{Kind: engine.StartJob, Job: "all", Initial: []engine.InitialSync{{Interim: e.judge.schedule.primary}}})
		e.judge.copied = true
	case state == engine.Active && !e.judge.copied:
		e.tryCommand(&engine.Command{Kind: engine.StopJob, Job: "all"})
	case state == engine.Active:
		return false
	default:
		e.letTimePass(2 * 60e9)
	}
	return true
}
