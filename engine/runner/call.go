package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// call is one request on its way. The goroutine that makes it is not the one
// that decides when it is over: the engine is told of a request that ran out of
// time even if the System does not return.
type call struct {
	loop   *loop
	effect engine.Effect
	told   []heard // what was known of each record when the read left
	sent   time.Time
	ctx    context.Context
	over   chan struct{} // of capacity 1: whoever fills it gives the answer
}

// answer is the end of a request.
type answer struct {
	call  *call
	input engine.Input
	err   error
}

// mailbox holds answers until the loop takes them, however many there are, so
// that no call waits for the loop.
type mailbox struct {
	mu      sync.Mutex
	answers []answer
	filled  chan struct{} // of capacity 1: there may be some
}

func (m *mailbox) post(a answer) {
	m.mu.Lock()
	m.answers = append(m.answers, a)
	m.mu.Unlock()
	select {
	case m.filled <- struct{}{}:
	default:
	}
}

func (m *mailbox) empty() []answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.answers
	m.answers = nil
	return list
}

// send lets a request leave.
func (l *loop) send(e *engine.Effect) {
	c := &call{loop: l, effect: *e, sent: time.Now(), over: make(chan struct{}, 1)}
	l.pending++
	l.count(func(s *Stats) { s.Sides[e.Side].Waiting++; s.Sides[e.Side].Requests++ })
	switch e.Kind {
	case engine.PullOutbox:
		l.quiet[e.Side] = false
	case engine.ReadBatch:
		c.told = l.known.of(e.Side, e.Keys)
	case engine.WriteBatch:
		l.known.undoing(e.Side, e.Writes)
		if e.Atomic {
			l.writes(e)
		}
	case engine.CommitTx:
		l.tell(txName{e.Side, e.Tx}, nil)
	}
	// A system that asked for a pause is spared what was already under way
	// inside the engine, too.
	why := purposeOf(e.Kind)
	if left := l.paused[e.Side] - l.now(); left > 0 && e.Tx == 0 {
		c.end(engine.Input{}, &ThrottledError{RetryAfter: time.Duration(left)})
		return
	}
	ctx, cancel := context.WithTimeout(l.contexts[why], l.config.Timeout)
	c.ctx = ctx
	l.calls.Go(func() {
		defer cancel()
		c.make()
	})
}

// make waits for a place, calls the system and gives the answer.
func (c *call) make() {
	l, side := c.loop, c.effect.Side
	select {
	case l.slots[side] <- struct{}{}:
	case <-c.ctx.Done():
		c.end(engine.Input{}, errCrowded)
		return
	}
	l.count(func(s *Stats) { s.Sides[side].Calls++ })
	stop := context.AfterFunc(c.ctx, func() { c.end(engine.Input{}, context.Cause(c.ctx)) })
	in, err := engine.Input{}, errGone // unless it returns: a System may end its goroutine
	defer func() {
		stop()
		late := !c.end(in, err)
		<-l.slots[side]
		l.count(func(s *Stats) {
			s.Sides[side].Calls--
			if late {
				s.Sides[side].Late++
			}
		})
	}()
	err = guard(func() (err error) { in, err = c.ask(); return err })
}

// ask calls the system and refuses an answer that makes no sense.
func (c *call) ask() (engine.Input, error) {
	system, e := c.loop.config.Systems[c.effect.Side], &c.effect
	in := engine.Input{}
	var err error
	switch e.Kind {
	case engine.PullOutbox:
		in.Kind = engine.OutboxPulled
		in.References, in.More, in.Order, err = system.Pull(c.ctx, e.Ack, e.Max, e.Order)
	case engine.ReadBatch:
		in.Kind = engine.BatchRead
		in.Records, in.Lookups, err = c.read(system)
	case engine.ListRecords:
		in.Kind = engine.RecordsListed
		in.Records, in.More, err = system.List(c.ctx, e.After, e.Company, e.Max)
	case engine.SwitchCapture:
		in.Kind = engine.CaptureSwitched
		err = system.Switch(c.ctx, e.Maps, e.Capturing, e.Turn)
	case engine.WriteBatch:
		in.Kind = engine.BatchWritten
		if e.Atomic {
			in.Rows, err = system.WriteAll(c.ctx, e.Writes)
		} else {
			in.Rows, err = system.Write(c.ctx, e.Writes)
		}
	case engine.CommitTx, engine.AskTx:
		in.Kind = engine.TxEnded
		in.Committed, err = system.End(c.ctx, e.Tx, e.Kind == engine.CommitTx)
	default:
		err = fmt.Errorf("runner: a %s is not for a system", e.Kind)
	}
	if err != nil {
		return engine.Input{}, err
	}
	return in, c.check(&in)
}

// waitsMax is how often a call could wait to read again what was behind, in all the
// time that it has.
const waitsMax = 40

// read reads records until none is behind what was known when the request left, or that
// does not count any more: see [witness].
func (c *call) read(system System) ([]*engine.Record, []engine.Alive, error) {
	for {
		left := c.loop.now()
		records, alive, err := system.Read(c.ctx, c.effect.Keys, c.effect.Lookups)
		if err != nil || !behind(c.told, records, left) {
			return records, alive, err
		}
		c.loop.count(func(s *Stats) { s.Sides[c.effect.Side].Behind++ })
		select {
		case <-time.After(c.loop.config.Timeout / waitsMax):
		case <-c.ctx.Done():
			return nil, nil, context.Cause(c.ctx)
		}
	}
}

// end gives the answer, unless it has been given. It reports whether this was
// the answer.
func (c *call) end(in engine.Input, err error) bool {
	select {
	case c.over <- struct{}{}:
	default:
		return false
	}
	e := &c.effect
	if err != nil && c.ctx != nil && errors.Is(context.Cause(c.ctx), ErrEnded) {
		err = ErrEnded // whatever the System made of it
	}
	if err != nil {
		in = engine.Input{Kind: engine.BatchFailed}
		in.Failure, in.RetryAfter = failureOf(err)
	}
	in.Side, in.Batch, in.Tx = e.Side, e.Batch, e.Tx
	took := time.Since(c.sent)
	c.loop.config.Observe(Request{Side: e.Side, Kind: e.Kind, Rows: rowsOf(e), Took: took, Err: err})
	c.loop.config.Metrics.Latency(MetricRequest, ifNot(e.Side.String()+" "+e.Kind.String(), "failed", err), took)
	c.loop.mail.post(answer{call: c, input: in, err: err})
	return true
}

func rowsOf(e *engine.Effect) int { return len(e.Keys) + len(e.Writes) + e.Max }

// takeAll hands the engine the answers that have come.
func (l *loop) takeAll() error {
	list := l.mail.empty()
	for i := range list {
		if err := l.take(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// take hands the engine an answer.
func (l *loop) take(a *answer) error {
	l.pending--
	in, e := &a.input, &a.call.effect
	cut := errors.Is(a.err, ErrEnded)
	l.count(func(s *Stats) {
		s.Sides[in.Side].Waiting--
		if a.err != nil && !cut {
			s.Sides[in.Side].failed(in.Failure, a.err)
		}
	})
	if cut {
		return nil // the engine would count it as an attempt
	}
	switch in.Kind {
	case engine.BatchFailed:
		l.quiet[in.Side] = l.quiet[in.Side] || e.Kind == engine.PullOutbox
		if in.Failure == engine.Throttled {
			until := &l.paused[in.Side]
			*until = max(*until, l.now().Add(in.RetryAfter))
		}
	case engine.OutboxPulled:
		l.known.pulled(in.References, l.now())
	case engine.BatchRead:
		l.known.read(in.Side, in.Records, l.now())
	}
	return l.step(in)
}
