package engine_test

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// fate is what happens to a request.
type fate int

const (
	carryOut fate = iota
	loseRequest
	loseAnswer
	failCommit // the system undoes a transaction that it was asked to commit
)

// step lets the next request meet its fate.
func (e *environment) step(f fate) {
	if len(e.pending) == 0 {
		e.t.Fatal("no request is pending")
	}
	eff := e.pending[0]
	e.pending = e.pending[1:]
	e.printf("%s", e.describe(&eff))
	if eff.Tx != 0 {
		e.stepTx(&eff, f)
		return
	}
	var answer *engine.Input
	if f != loseRequest {
		e.moments.serving(e, &eff)
		answer = e.sides[eff.Side].serve(&eff)
		e.moments.pass("landed: " + eff.Kind.String())
	}
	if f != carryOut {
		if e.judge != nil {
			e.judge.writes.most += len(eff.Writes)
		}
		e.printf("  no answer")
		answer = &engine.Input{Kind: engine.BatchFailed, Failure: engine.Timeout}
	}
	answer.Side, answer.Batch = eff.Side, eff.Batch
	e.input(answer)
	e.unheard[eff.Side] = e.unheard[eff.Side] && answer.Kind != engine.OutboxPulled
	e.tell()
}

// throttle refuses the next request, with a time to wait.
func (e *environment) throttle(span time.Duration) {
	eff := e.pending[0]
	e.pending = e.pending[1:]
	e.printf("%s\n  throttled", e.describe(&eff))
	e.pauses[eff.Side] = max(e.pauses[eff.Side], e.now.Add(span))
	e.input(&engine.Input{Kind: engine.BatchFailed, Side: eff.Side, Batch: eff.Batch, Failure: engine.Throttled, RetryAfter: span})
}

// keepsPause notes a request to a side that has asked to be left alone. What it
// waits for itself, because it holds a transaction, does not count.
func (e *environment) keepsPause(eff *engine.Effect) {
	if until := e.pauses[eff.Side]; until == 0 || e.now >= until || eff.Kind == engine.CommitTx || eff.Kind == engine.AbortTx {
		return
	}
	if e.judge != nil {
		e.judge.breach("%s is asked for within a pause", e.describe(eff))
	} else if e.accounts != nil {
		e.accounts.faults = append(e.accounts.faults, e.describe(eff)+" is asked for within a pause")
	}
}

// stepTx lets a request about a held transaction meet its fate.
func (e *environment) stepTx(eff *engine.Effect, f fate) {
	var answer *engine.Input
	if f == loseRequest && eff.Kind == engine.AbortTx && e.judge == nil {
		e.printf("  it is not heard")
		return
	}
	if f != loseRequest || eff.Kind == engine.AbortTx { // in time a system undoes what it holds by itself
		e.moments.pass("sent: " + eff.Kind.String())
		answer = e.sides[eff.Side].endTx(eff, f == failCommit)
		e.moments.pass("landed: " + eff.Kind.String())
	}
	if (f == loseRequest || f == loseAnswer) && eff.Kind != engine.AbortTx {
		e.printf("  no answer")
		answer = &engine.Input{Kind: engine.BatchFailed, Side: eff.Side, Tx: eff.Tx, Failure: engine.Timeout}
	}
	if answer != nil {
		e.input(answer)
	}
}
