package runner

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// A live transaction has a user who waits. Its side calls Live before the
// commit and commits only when that returns nil:
//
//	user's side            runner                 engine                  other side
//	Live ────────────────> hold ────────────────> LiveRequested
//	  │                                           read, save, write ────> all or nothing
//	nil or an error <───── let go, or refuse <─── CommitTx or AbortTx
//	commits ─────────────> End ─────────────────> TxEnded
//
// A transaction is decided once: by the engine, by the end of the run, or by a
// user who no longer waits. Whoever comes second learns that from the first,
// so that none is let go that has been given up.

// Live carries a transaction that its side holds before its commit: rows are
// the changes that the hook found to be live ([engine.CapturedChange]). When it
// returns nil they are on the other side, and the transaction must commit, or
// be undone if it cannot. On any error it must be undone; the error is for its
// user and tells what to do ([UndoneError]).
//
// Tx names the transaction for ever: System.End is asked by that name, also by
// later runs. Give ctx a deadline ([engine.LiveLimits]): Live waits for a run
// to begin, for the record's turn and for the other side.
func (r *Runner) Live(ctx context.Context, side engine.Side, tx engine.TxID, rows []engine.LiveRow) error {
	if err := checkHeld(r.config.Engine.Maps, side, tx, rows); err != nil {
		return &UndoneError{Side: side, Tx: tx, Err: err}
	}
	h := &held{name: txName{side, tx}, verdict: make(chan error, 1)}
	began := time.Now()
	err := r.await(ctx, h, rows)
	r.config.Metrics.Latency(MetricLiveWait, ifNot(side.String(), "undone", err), time.Since(began))
	return err
}

// await hands a transaction to the run and waits for the verdict.
func (r *Runner) await(ctx context.Context, h *held, rows []engine.LiveRow) error {
	select {
	case r.orders <- func(l *loop) error { return l.hold(h, rows) }:
	case <-r.ended:
		h.decide(ErrEnded)
	case <-ctx.Done():
		h.decide(context.Cause(ctx))
	}
	select {
	case err := <-h.verdict:
		return err
	case <-ctx.Done():
	}
	if h.decide(context.Cause(ctx)) {
		select {
		case r.leaving <- h.name:
		case <-r.ended:
		}
	}
	return <-h.verdict
}

// txName names a transaction of one of the two sides.
type txName struct {
	side engine.Side
	tx   engine.TxID
}

// held is a transaction whose user waits.
type held struct {
	name    txName
	writes  bool // its rows are on their way to the other side
	decided atomic.Bool
	verdict chan error // of capacity 1
}

// decide gives a verdict, nil to let the transaction commit, unless there is
// one. It reports whether it was this one.
func (h *held) decide(err error) bool {
	if h.decided.Swap(true) {
		return false
	}
	if err != nil {
		err = &UndoneError{Side: h.name.side, Tx: h.name.tx, Err: err}
	}
	h.verdict <- err
	return true
}

// hold hands the engine a transaction.
func (l *loop) hold(h *held, rows []engine.LiveRow) error {
	if l.held[h.name] != nil {
		h.decide(errHeldTwice)
		return nil
	}
	l.held[h.name] = h
	l.count(func(s *Stats) { s.Sides[h.name.side].Held++ })
	return l.step(&engine.Input{Kind: engine.LiveRequested, Side: h.name.side, Tx: h.name.tx, Live: rows})
}

// left tells the engine that a user would not wait.
func (l *loop) left(n txName) error {
	if l.held[n] == nil {
		return nil // the engine knows, or asks
	}
	l.drop(n)
	return l.step(&engine.Input{Kind: engine.TxEnded, Side: n.side, Tx: n.tx})
}

// tell lets a transaction go on or refuses it, if its user still waits.
func (l *loop) tell(n txName, err error) {
	if h := l.held[n]; h != nil {
		h.decide(err)
		l.drop(n)
	}
}

func (l *loop) drop(n txName) {
	delete(l.held, n)
	l.count(func(s *Stats) { s.Sides[n.side].Held-- })
}

// release ends the wait of users whose transactions the run will not carry:
// all of them, or those of which nothing is on its way.
func (l *loop) release(all bool) {
	for n, h := range l.held {
		if all || !h.writes {
			l.tell(n, ErrEnded)
		}
	}
}

// finishes reports whether an effect brings to its end a live transaction that
// is on the other side. A run that ends still does that: it spares the user a
// refusal, and the other side an undoing.
func finishes(e *engine.Effect) bool {
	switch e.Kind {
	case engine.CommitTx, engine.AbortTx:
		return true
	case engine.WriteBatch:
		return e.Writes[0].Kind == engine.SealWrite
	default:
		return false
	}
}

// writes notes that a held transaction's rows are on their way.
func (l *loop) writes(e *engine.Effect) {
	if h := l.held[txName{e.Side.Other(), e.Writes[0].Intent}]; h != nil {
		h.writes = true
	}
}
