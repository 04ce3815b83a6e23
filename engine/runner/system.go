package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// System is a client of one of the two systems. Its methods are called from
// many goroutines at once, and each should return soon after its context ends.
//
// What it returns belongs to the runner; records must never change afterwards.
// An error means that the request as a whole was not answered: see [ErrDown]
// and [ThrottledError] for the two that say more than that.
type System interface {
	// Pull forgets the outbox positions in ack for good and then returns up to
	// most references, the oldest first, and whether there are more. What it
	// returned comes again until it is acknowledged. It keeps, as durably as its
	// records, the highest order that any pull has named, and returns what that was
	// before: by it the engine notices that its own store is older than it should be.
	Pull(ctx context.Context, ack []uint64, most int, order uint64) (references []engine.Reference, more bool, told uint64, err error)

	// Read returns the records of keys, each with its mark as of one instant,
	// nil for one that the side has never held; and for each key in lookups the
	// incarnation in which it is alive, or 0. Both are in the order asked. It
	// must not be behind what Pull has told: a reading copy will not do unless
	// it has caught up. What is behind is read again for half of [Config.Timeout];
	// after that it is believed, and the side looks as if it had been restored.
	Read(ctx context.Context, keys, lookups []engine.Key) (records []*engine.Record, alive []engine.Alive, err error)

	// Write carries out each write in a transaction of its own, as
	// [engine.Apply] says, and answers each in the order given. One whose
	// Deadline (in nanoseconds of Unix time) has passed must not be carried out;
	// it is answered like one whose condition failed. One that has met a deadlock,
	// or a time-out of its own, is RowFailed, and may have been done or not.
	Write(ctx context.Context, writes []engine.Write) ([]engine.RowAnswer, error)

	// List returns up to most records of after's map that are alive, or otherwise
	// [engine.Record.Listed], and whose keys come after it (engine.Key.Compare), in
	// that order, each with its mark as of
	// one instant; with a company, only of that one. More tells that there are
	// others behind them. A record that is there all the time must be in one of
	// the pages; one that comes or goes meanwhile may be.
	List(ctx context.Context, after engine.Key, company string, most int) (records []*engine.Record, more bool, err error)

	// Switch changes how some maps are captured, durably, as
	// [engine.Capture.Switch] says.
	Switch(ctx context.Context, maps []engine.MapID, how engine.Capturing, turn uint64) error

	// WriteAll carries out all writes in one transaction and in the order given,
	// or none of them. Each is subject to the conditions that Write names, where
	// a record that an earlier one creates may be looked up by a later one. If one
	// cannot be carried out, also for a deadlock, its row says why and the others are RowUndone. A
	// delete that would leave a lookup to the record is refused.
	WriteAll(ctx context.Context, writes []engine.Write) ([]engine.RowAnswer, error)

	// End tells whether a transaction of this side that was held by [Runner.Live]
	// has committed. The answer must be true for ever: one that has not ended is
	// waited for if wait is set, because it was let go a moment ago, and else it is
	// undone first, or waited for if that can no longer be. One that is not known
	// has not committed.
	End(ctx context.Context, tx engine.TxID, wait bool) (committed bool, err error)
}

// ErrDown says that a system refused a request at once and did nothing. Wrap
// it for what cannot have had an effect, such as a connection that was refused.
var ErrDown = errors.New("runner: the system is down")

// ThrottledError says that a system did nothing and wants to be left alone for
// a while.
type ThrottledError struct {
	RetryAfter time.Duration // at least a second and at most an hour is waited
}

// Error names the pause.
func (e *ThrottledError) Error() string {
	return fmt.Sprintf("runner: the system is throttling, and wants to be left alone for %v", e.RetryAfter)
}

// The bounds of a pause. Without the first, a system that says zero would be
// asked again and again; without the second, one that says centuries would
// never be asked again.
const (
	shortestPause = time.Second
	longestPause  = time.Hour
)

// failureOf tells the engine what an error of a request means.
func failureOf(err error) (engine.Failure, time.Duration) {
	throttled, isThrottled := errors.AsType[*ThrottledError](err)
	switch {
	case isThrottled:
		return engine.Throttled, min(max(throttled.RetryAfter, shortestPause), longestPause)
	case errors.Is(err, ErrDown):
		return engine.Down, 0
	default:
		return engine.Timeout, 0
	}
}
