package memory

import (
	"context"
	"errors"

	"github.com/twinwrite/twinwrite/engine"
)

// A transaction with a delete, or with a change of a table map in live mode, is
// held: its records are locked, mu is not, and its user waits for the engine. The
// engine lets it commit by returning nil, and asks by name how it ended.

// Live carries the rows of a transaction to the other side before its commit;
// usually it is the Live of a runner.
type Live func(context.Context, engine.Side, engine.TxID, []engine.LiveRow) error

// errNoLive is what users are told where OnHold was not called.
var errNoLive = errors.New("memory: no engine is there to carry a live change; start it, then try again")

func noLive(context.Context, engine.Side, engine.TxID, []engine.LiveRow) error { return errNoLive }

// ErrUndone is what a user is told whose transaction was undone for the engine.
var ErrUndone = errors.New("memory: the engine has lost sight of the transaction, and had it undone; try again")

// OnHold lets f carry what must go live. Nil refuses it.
func (s *System) OnHold(f Live) {
	if f == nil {
		f = noLive
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live = f
}

// hold is a transaction before its commit.
type hold struct {
	undone bool // End has undone it
}

// liveRows lists what must be on the other side before the transaction commits.
func liveRows(changes []engine.Change, captured []engine.CapturedChange, after []*engine.Record) (rows []engine.LiveRow) {
	for i := range changes {
		if captured[i].Live {
			rows = append(rows, captured[i].LiveRow(&changes[i], after[i]))
		}
	}
	return rows
}

// locked reports whether changes touch a record of a transaction that is held,
// or look one up. mu is held.
func (s *System) locked(changes []engine.Change) bool {
	for i := range changes {
		if s.locks[changes[i].Key] != 0 {
			return true
		}
		for _, v := range changes[i].After {
			if v.Kind == engine.KindLookup && s.locks[v.Target.Folded()] != 0 {
				return true
			}
		}
	}
	return false
}

// hold lets the engine carry a transaction, without mu. When it returns nil, mu
// is held again and the transaction must commit before it is given back.
func (s *System) hold(ctx context.Context, tx engine.TxID, changes []engine.Change, rows []engine.LiveRow) error {
	h := &hold{}
	s.open[tx] = h
	for i := range changes {
		s.locks[changes[i].Key] = tx
	}
	live := s.live
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.capture.Limits.Wait)
	err := live(ctx, s.side, tx, rows)
	cancel()
	s.mu.Lock()
	if h.undone {
		return errors.Join(ErrUndone, err)
	}
	s.end(tx, err == nil)
	return err
}

// end ends a transaction that was held. mu is held.
func (s *System) end(tx engine.TxID, committed bool) {
	delete(s.open, tx)
	for k, by := range s.locks {
		if by == tx {
			delete(s.locks, k)
		}
	}
	if committed {
		s.committed[tx] = true
	}
	s.wake()
}

// End implements runner.System.
func (s *System) End(ctx context.Context, tx engine.TxID, wait bool) (committed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open[tx] != nil {
		if !wait {
			s.open[tx].undone = true
			s.end(tx, false)
			break
		}
		if err := s.wait(ctx); err != nil {
			return false, err
		}
	}
	return s.committed[tx], nil
}
