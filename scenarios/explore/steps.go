package explore

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// step is something that can happen next.
type step struct {
	kind stepKind
	at   int // which delivery
}

type stepKind uint8

const (
	editNext stepKind = iota
	arrive
	arriveAndAgain
	getLost  // a notification
	giveUp   // a request, or an answer: the engine hears of a time-out
	timeGoes // until the engine or a system has something to do
	die      // with nothing else happening
)

// steps lists what can happen next, in a fixed order. Nothing but a fault that does
// not come: that is the end.
func (s *stage) steps() (all []step, end bool) {
	if s.edits < len(s.world.Edits) {
		if e := s.world.Edits[s.edits]; e.can(s.systems[e.Side]) {
			all = append(all, step{kind: editNext})
		}
	}
	waiting := false
	for i, d := range s.way {
		all = append(all, step{arrive, i})
		waiting = waiting || !d.dead
	}
	if !waiting && !s.atRest() {
		all = append(all, step{kind: timeGoes})
	}
	end = len(all) == 0
	if s.fault {
		all = s.faulty(all)
	}
	return all, end
}

// faulty adds the ways in which the fault can come.
func (s *stage) faulty(all []step) []step {
	for i, d := range s.way {
		switch s.world.Fault {
		case LostNotice:
			if d.kind == notice {
				all = append(all, step{getLost, i})
			}
		case DoubledNotice:
			if d.kind == notice {
				all = append(all, step{arriveAndAgain, i})
			}
		case LostAnswer:
			if d.kind == answer && !d.dead {
				all = append(all, step{giveUp, i})
			}
		case LateRequest:
			if d.kind == request && !d.dead && s.requests.At(d.index).Kind != engine.AbortTx {
				all = append(all, step{giveUp, i})
			}
		}
	}
	if s.world.Fault == Crash {
		all = append(all, step{kind: die})
	}
	return all
}

// atRest reports whether nothing will happen by itself, however much time goes by,
// but that the engine looks whether there is something.
func (s *stage) atRest() bool {
	return s.core.Idle() && s.users == 0 && s.systems[0].OutboxLen()+s.systems[1].OutboxLen() == 0
}

// take lets a step happen, and forgets what can change nothing any more.
func (s *stage) take(st step) {
	s.happen(st)
	s.way = slices.DeleteFunc(s.way, func(d *delivery) bool {
		idle := d.kind == request && d.dead && d.looks && !s.fills(d.side, d.acks)
		if idle {
			s.requests.Release(d.index)
		}
		return idle
	})
}

// fills reports whether one of some positions of an outbox holds something.
func (s *stage) fills(side engine.Side, positions []uint64) (some bool) {
	s.systems[side].Outbox(func(r *engine.Reference) { some = some || slices.Contains(positions, r.Position) })
	return some
}

// happen lets a step happen.
func (s *stage) happen(st step) {
	switch st.kind {
	case editNext:
		s.edit()
	case arrive:
		s.deliver(st.at)
	case arriveAndAgain:
		s.fault = false
		d := *s.way[st.at]
		d.again = true
		s.way = append(s.way, &d)
		s.deliver(st.at)
	case getLost:
		s.fault = false
		s.tell("The notification of %s gets lost.", s.way[st.at].side)
		s.drop(st.at)
	case giveUp:
		s.fault = false
		s.runOut(st.at)
	case timeGoes:
		s.pass()
	case die:
		s.fault = false
		s.tell("The engine's process dies, and starts again.")
		s.crash()
	}
}

// edit lets the next user begin his transaction.
func (s *stage) edit() {
	e := s.world.Edits[s.edits]
	s.edits++
	s.users++
	tx := &system.Tx{Entity: uint64(s.edits), User: s, Edits: []system.Edit{{
		Map: 0, Op: e.op(), Name: recordName, Set: e.sets(fmt.Sprintf("edit %d", s.edits)),
	}}}
	if !s.systems[e.Side].Submit(tx) {
		panic("explore: a system is down")
	}
	s.settle()
}

// Ended implements [system.User].
func (s *stage) Ended(_ *system.Tx, how system.Ending) {
	s.users--
	if how != system.Committed {
		s.refused++
		s.tell("The user is told that his transaction has failed: %v.", how)
	}
}

// drop takes a delivery off the way.
func (s *stage) drop(at int) {
	s.way = append(s.way[:at:at], s.way[at+1:]...)
}

// deliver lets what is under way arrive.
func (s *stage) deliver(at int) {
	d := s.way[at]
	switch d.kind {
	case notice:
		s.drop(at)
		s.tell("The engine hears%s that there is something new on %s.", map[bool]string{true: " once more"}[d.again], d.side)
		s.input(engine.Input{Kind: engine.Notified, Side: d.side})
	case call:
		s.drop(at)
		if rows := s.systems[d.side].LiveRows(d.tx); rows != nil {
			s.tell("%s calls the engine: a transaction waits.", d.side)
			s.input(engine.Input{Kind: engine.LiveRequested, Side: d.side, Tx: d.tx, Live: rows})
		}
	case brokenLine:
		s.drop(at)
		to, _, broken := s.systems[d.side].Lines()
		s.tell("%s learns that the process which it has called is gone.", d.side)
		s.kernel.At(s.kernel.Now(), sim.Normal, to, broken, 0, uint64(s.kernel.Now()))
		s.settle()
	case request:
		s.serve(d)
	case answer:
		s.drop(at)
		s.tell("The engine hears %s.", s.phrase(d, hears))
		s.input(s.requests.At(d.index).Input())
		s.requests.Release(d.index)
	}
}

// serve lets a system carry a request out. The answer sets out; there is none where
// nobody waits for it.
func (s *stage) serve(d *delivery) {
	r := s.requests.At(d.index)
	s.tell("%s %s.%s", d.side, s.phrase(d, carriesOut), map[bool]string{true: " Nobody waits for the answer any more."}[d.dead])
	to, kind := s.systems[d.side].Arrives()
	s.requests.Hold(d.index)
	s.kernel.At(s.kernel.Now(), sim.Normal, to, kind, r.Entity, uint64(d.index))
	s.settle()
	if d.kind == request || d.dead { // it wants no answer
		s.requests.Release(d.index)
		for i := range s.way {
			if s.way[i] == d {
				s.drop(i)
				break
			}
		}
	}
}

// runOut lets the engine give up a request, or the answer to it.
func (s *stage) runOut(at int) {
	d := s.way[at]
	r := s.requests.At(d.index)
	in := engine.Input{Kind: engine.BatchFailed, Side: r.Side, Batch: r.Batch, Tx: r.Tx, Failure: engine.Timeout}
	s.abandon(d)
	if d.kind == answer {
		s.tell("The engine never hears %s, and gives up waiting.", s.phrase(d, hears))
	} else {
		s.tell("The engine gives up waiting for %s, where its request has not arrived yet.", d.side)
	}
	if d.kind == answer {
		s.drop(at)
		s.requests.Release(d.index)
	}
	s.oracle.Unanswered()
	s.input(in)
}

// abandon notes that nobody waits for an answer any more. What the request writes may
// be written again.
func (s *stage) abandon(d *delivery) {
	d.dead = true
	r := s.requests.At(d.index)
	r.GivenUp = true
	for range r.Writes() {
		s.oracle.Retried()
	}
}

// pass lets time go by until the engine wants to be woken or a system has something to
// do, whichever comes first.
func (s *stage) pass() {
	if s.alarm != s.wakeAt {
		s.alarm = s.wakeAt
		s.kernel.At(sim.Time(s.wakeAt), sim.Normal, s.id, kindWake, 0, uint64(s.wakeAt))
	}
	s.one = true
	s.kernel.Run(sim.Time(s.wakeAt))
	s.one = false
	s.tell("Time goes by, until %v.", s.kernel.Now())
	s.settle()
	if s.wakeAt != 0 && s.now() >= s.wakeAt {
		s.wakeAt = 0
		s.input(engine.Input{Kind: engine.TimeReached})
	}
}

// kindWake is the event of an alarm, at which the clock has come to where the engine
// wants to be woken.
const kindWake sim.Kind = 0x300

// Handle implements [sim.Actor].
func (s *stage) Handle(sim.Event) {}
