package runner

import (
	"errors"
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
)

// ErrUsed refuses a second [Runner.Run].
var ErrUsed = errors.New("runner: a runner runs once; make a new one")

// ErrEnded answers an order that came too late, and ends the requests that a
// run has no more use for.
var ErrEnded = errors.New("runner: the run has ended")

// ErrAbandoned says that calls of a [System] had not returned when [Runner.Run]
// did, because they pay no attention to their contexts. Nothing is lost, but
// the system's client is still in use.
var ErrAbandoned = errors.New("runner: calls that do not return were left behind")

// StoreError ends a run: the store did not do what it must.
type StoreError struct {
	Op  string // "load" or "save"
	Err error  // the store's own
}

// Error names what was being done to the store.
func (e *StoreError) Error() string {
	return fmt.Sprintf("runner: %s the engine's state: %v", e.Op, e.Err)
}

// Unwrap returns the store's own error.
func (e *StoreError) Unwrap() error { return e.Err }

// PanicError is a panic that was caught. In a [System] it fails the request and
// nothing else; in a store or in the engine itself it ends the run.
type PanicError struct {
	Value any
	Stack []byte
}

// Error tells what was panicked with; the stack is for whoever asks for it.
func (e *PanicError) Error() string { return fmt.Sprintf("runner: panic: %v", e.Value) }

// Unwrap returns what was panicked with, if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// AnswerError refuses an answer of a system that cannot be true, or that the
// engine could not work with. The request counts as not answered.
type AnswerError struct {
	Side   engine.Side
	Kind   engine.EffectKind // of the request
	Reason string
}

// Error names the request and what is wrong with its answer.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("runner: %s answered a %s with nonsense: %s", e.Side, e.Kind, e.Reason)
}

// UndoneError tells the user of a live transaction that it must be undone, why,
// and what to do.
type UndoneError struct {
	Side engine.Side
	Tx   engine.TxID
	Err  error // [ErrEnded], the end of a context, or the engine's or a system's reason
}

// Error names the transaction and the reason.
func (e *UndoneError) Error() string {
	return fmt.Sprintf("runner: live transaction %d of %s is undone: %v", e.Tx, e.Side, e.Err)
}

// Unwrap returns the reason.
func (e *UndoneError) Unwrap() error { return e.Err }

// Why returns the engine's verdict; Class Open if it was not the engine's.
func (e *UndoneError) Why() engine.Outcome {
	if r, ok := errors.AsType[*refusalError](e.Err); ok {
		return r.why
	}
	return engine.Outcome{}
}

// refusalError is the engine's reason to undo a live transaction.
type refusalError struct {
	why   engine.Outcome
	other engine.Side
	about string // the record for which; empty where it is for no single one
}

// Error names the record and says what to do.
func (e *refusalError) Error() string {
	if e.about != "" {
		return e.about + ": " + e.advice()
	}
	return e.advice()
}

func (e *refusalError) advice() string {
	switch e.why.Reason {
	case engine.Busy:
		return "a record of it is being synced, or is in another live transaction: try again"
	case engine.Rejected:
		return fmt.Sprintf("%s holds a change of the record that has not arrived here yet: wait for it, and decide again", e.other)
	case engine.ConditionLimit:
		return fmt.Sprintf("its records kept changing on %s: try again", e.other)
	case engine.LookupNotFound:
		return fmt.Sprintf("it looks up a record that %s does not hold (%s): create that first, or in the same transaction", e.other, e.why.Cause)
	case engine.TimedOut, engine.Unavailable:
		return fmt.Sprintf("%s did not answer (%s): try again later", e.other, e.why.Reason)
	default:
		return fmt.Sprintf("%s did not take it (%s: %s): correct it there or here", e.other, e.why.Reason, e.why.Cause)
	}
}

var (
	errHeldTwice = errors.New("a transaction of this name is held already: a name is good for one")
	errCrowded   = fmt.Errorf("%w: as many calls as are allowed have not returned", ErrDown)
	errGone      = errors.New("runner: the call ended its goroutine")
)
