package explore

import (
	"github.com/twinwrite/twinwrite/engine"
)

// delivery is something that is under way and arrives when it is chosen to.
type delivery struct {
	kind  deliveryKind
	side  engine.Side
	tx    engine.TxID // of a call
	index int32       // of the request, for it and for its answer
	dead  bool        // nobody waits for the answer: its process has died, or has given it up
	looks bool        // a request that changes nothing where it arrives, ...
	acks  []uint64    // ... or no more than what these positions of the outbox say
	again bool        // a notification that has arrived once
}

type deliveryKind uint8

const (
	notice     deliveryKind = iota // a side's outbox holds something new
	call                           // a side holds a transaction and calls the engine
	brokenLine                     // a side learns that the process it has called is gone
	request                        // of the engine
	answer                         // to it
)

// Committed implements [system.Client].
func (s *stage) Committed(engine.Side) {}

// Notified implements [system.Client]: the notification sets out.
func (s *stage) Notified(side engine.Side) {
	s.way = append(s.way, &delivery{kind: notice, side: side})
}

// Landed implements [system.Client].
func (s *stage) Landed(int32, int) {}

// Answered implements [system.Client]: the answer sets out.
func (s *stage) Answered(index int32) {
	for _, d := range s.way {
		if d.kind == request && d.index == index {
			d.kind = answer
		}
	}
}

// Called implements [system.Client]: the call of a held transaction sets out.
func (s *stage) Called(side engine.Side, tx engine.TxID, _, _ uint64) {
	s.way = append(s.way, &delivery{kind: call, side: side, tx: tx})
}
