package runner

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// loop is one run. Its fields belong to the goroutine that called Run; others
// reach it through channels alone.
type loop struct {
	*Runner
	core  *engine.Core
	began time.Time

	waiting, syncing batch      // what comes together for the next save, and what is being saved
	saving           bool       // the store is busy
	saved            chan error // what became of the save

	alarm  *time.Timer
	wakeAt engine.Time // 0: not asked

	mail      mailbox
	pending   int // requests that the engine waits for
	held      map[txName]*held
	known     *witness
	gauged    engine.Stats   // as the metrics were last told
	aged      time.Time      // when the age of the oldest change was
	quiet     [2]bool        // the last pull of the side failed
	paused    [2]engine.Time // the side wants to be left alone until then
	slots     [2]chan struct{}
	calls     sync.WaitGroup
	ending    bool
	contexts  [2]context.Context // of calls, by purpose
	endReads  context.CancelCauseFunc
	endWrites context.CancelCauseFunc
}

// purpose is what a request is for: a run that ends waits for writes alone, and for
// the commits that they were for.
type purpose uint8

const (
	toRead purpose = iota // also to pull
	toWrite
)

func purposeOf(k engine.EffectKind) purpose {
	if k == engine.WriteBatch || k == engine.CommitTx {
		return toWrite
	}
	return toRead
}

// batch is what some steps asked for: to save, then to do, and whom to tell.
type batch struct {
	save []engine.Mutation
	do   []engine.Effect
	tell []chan<- error // of operators' orders, each of capacity 1
}

func (b *batch) empty() bool { return len(b.save)+len(b.do)+len(b.tell) == 0 }

func (b *batch) reset() {
	clear(b.save)
	clear(b.do)
	clear(b.tell)
	b.save, b.do, b.tell = b.save[:0], b.do[:0], b.tell[:0]
}

func newLoop(ctx context.Context, r *Runner, core *engine.Core, state *engine.State) *loop {
	l := &loop{
		Runner: r, core: core, began: time.Now(),
		saved: make(chan error, 1),
		alarm: time.NewTimer(time.Hour),
		mail:  mailbox{filled: make(chan struct{}, 1)},
		held:  map[txName]*held{},
	}
	l.known = newWitness(state, r.config.Timeout/2, l.now())
	l.alarm.Stop()
	for side := range l.slots {
		l.slots[side] = make(chan struct{}, r.config.CallsMax)
	}
	base := context.WithoutCancel(ctx) // calls are ended by the loop, which knows what they are good for
	l.contexts[toRead], l.endReads = context.WithCancelCause(base)
	l.contexts[toWrite], l.endWrites = context.WithCancelCause(base)
	return l
}

// now is the engine's time: Unix time as it was when the run began, carried on
// by the clock that is never set back.
func (l *loop) now() engine.Time {
	return engine.Time(l.began.UnixNano()).Add(time.Since(l.began))
}

// run is the whole life of a run.
func (l *loop) run(ctx context.Context) error {
	err := l.work(ctx)
	if err == nil {
		err = l.drain()
	}
	return l.leave(err)
}

// work lets the engine work until ctx ends.
func (l *loop) work(ctx context.Context) error {
	err := l.step(&engine.Input{Kind: engine.Started})
	for err == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-l.mail.filled:
			err = l.takeAll()
		case saved := <-l.saved:
			err = l.synced(saved)
		case <-l.notified[engine.FinOps]:
			err = l.hint(engine.FinOps)
		case <-l.notified[engine.Dataverse]:
			err = l.hint(engine.Dataverse)
		case <-l.alarm.C:
			err = l.ring()
		case o := <-l.orders:
			err = o(l)
		case n := <-l.leaving:
			err = l.left(n)
		}
	}
	return err
}

// step lets the engine take one input. A panic leaves its memory in doubt, so
// that the run must end; what was saved is whole.
func (l *loop) step(in *engine.Input) error {
	var out engine.Output
	if err := guard(func() error { out = l.core.Step(l.now(), in); return nil }); err != nil {
		return err
	}
	l.stepped(out, nil)
	return nil
}

// stepped takes over what a step asks for. Whoever tell belongs to hears of it
// when that is saved.
func (l *loop) stepped(out engine.Output, tell chan<- error) {
	l.count(func(s *Stats) { s.Steps++; s.Engine = l.core.Stats() })
	l.waiting.save = append(l.waiting.save, out.Save...)
	l.waiting.do = append(l.waiting.do, out.Do...)
	if tell != nil {
		l.waiting.tell = append(l.waiting.tell, tell)
	}
	l.sync()
}

// sync hands the store what has come together, unless it is busy. Where there
// is nothing to save, there is nothing to wait for.
func (l *loop) sync() {
	if l.saving || l.waiting.empty() {
		return
	}
	l.waiting, l.syncing = l.syncing, l.waiting
	if len(l.syncing.save) == 0 {
		l.do()
		return
	}
	l.saving = true
	go func(mutations []engine.Mutation) {
		err, began := errGone, time.Now()
		defer func() {
			l.config.Metrics.Latency(MetricSave, "", time.Since(began))
			l.saved <- err
		}()
		err = guard(func() error { return l.config.Store.Save(mutations) })
	}(l.syncing.save)
}

// synced goes on when a save has ended.
func (l *loop) synced(err error) error {
	l.saving = false
	if err != nil {
		return &StoreError{Op: "save", Err: err}
	}
	l.count(func(s *Stats) { s.Saves++; s.Mutations += uint64(len(l.syncing.save)) })
	l.countSaved(l.syncing.save)
	l.do()
	l.sync()
	return nil
}

// do carries out, in order, what the steps that are now saved asked for. A run
// that ends begins nothing more: to the engine it is as if it died here.
func (l *loop) do() {
	for _, told := range l.syncing.tell {
		told <- nil
	}
	for i := range l.syncing.do {
		switch e := &l.syncing.do[i]; {
		case l.ending && !finishes(e):
		case e.Kind == engine.WakeAt:
			l.wakeUp(e.At)
		case e.Kind == engine.RaiseAlert:
			l.config.Alert(*e.Raised)
		case e.Kind == engine.AbortTx:
			refusal := &refusalError{why: e.Why, other: e.Side.Other()}
			for i := range e.Keys {
				refusal.about = l.config.Engine.Maps[e.Keys[i].Map].Named(&e.Keys[i])
			}
			l.tell(txName{e.Side, e.Tx}, refusal)
		default:
			l.send(e)
		}
	}
	l.syncing.reset()
	l.gauge()
}

// hint passes a notification on. While the last pull of the side has failed,
// there is nothing to hint at: the engine pulls again in time, and a side in
// trouble is not to be asked at every commit of its users.
func (l *loop) hint(side engine.Side) error {
	if l.quiet[side] {
		return nil
	}
	return l.step(&engine.Input{Kind: engine.Notified, Side: side})
}

// wakeUp notes when the engine wants to be woken: only the earliest instant
// counts, and the engine asks again once it has come.
func (l *loop) wakeUp(at engine.Time) {
	if l.wakeAt != 0 && l.wakeAt <= at {
		return
	}
	l.wakeAt = at
	l.alarm.Reset(time.Duration(at - l.now()))
}

func (l *loop) ring() error {
	switch {
	case l.wakeAt == 0:
		return nil
	case l.now() < l.wakeAt:
		l.alarm.Reset(time.Duration(l.wakeAt - l.now()))
		return nil
	}
	l.wakeAt = 0
	return l.step(&engine.Input{Kind: engine.TimeReached})
}

func caught(value any) error { return &PanicError{Value: value, Stack: debug.Stack()} }
