package runner

import (
	"errors"
	"fmt"
	"time"
)

// graceTime is how long calls have to return once their contexts have ended.
const graceTime = time.Second

// drain brings a run to its end in good order. Nothing new is sent. What only
// reads is given up, since nobody would act on it; writes may end, because an
// outcome that is saved now need not be found out by the next run. Users whose
// live transactions have not left for the other side are told so at once.
func (l *loop) drain() error {
	l.ending = true
	l.endReads(ErrEnded)
	l.release(false)
	deadline := time.NewTimer(l.config.StopTimeout)
	defer deadline.Stop()
	for l.pending > 0 || l.saving { // what waits to be saved waits for a save
		var err error
		select {
		case <-l.mail.filled:
			err = l.takeAll()
		case n := <-l.leaving:
			err = l.left(n)
		case saved := <-l.saved:
			err = l.synced(saved)
		case <-deadline.C:
			l.endWrites(ErrEnded)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leave ends whatever is still under way and gives it time to return. The
// store is waited for without a limit: to close it while it saves is worse than
// to end late.
func (l *loop) leave(err error) error {
	l.alarm.Stop()
	l.release(true)
	l.endReads(ErrEnded)
	l.endWrites(ErrEnded)
	if l.saving {
		if failed := <-l.saved; failed != nil {
			err = errors.Join(err, &StoreError{Op: "save", Err: failed})
		}
	}
	returned := make(chan struct{})
	go func() {
		l.calls.Wait()
		close(returned)
	}()
	grace := time.NewTimer(graceTime)
	defer grace.Stop()
	select {
	case <-returned:
		return err
	case <-grace.C:
		s := l.Stats().Sides
		return errors.Join(err, fmt.Errorf("%w: %d", ErrAbandoned, s[0].Calls+s[1].Calls))
	}
}
