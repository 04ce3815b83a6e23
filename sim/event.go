package sim

import (
	"fmt"
	"math/bits"
)

// ActorID addresses an actor of one kernel. See [Kernel.Register].
type ActorID uint16

// Kind tells an actor what happened. Its values belong to the model; they are
// part of the trace digest.
type Kind uint16

// Priority orders the events of one instant: the lower number fires first.
type Priority uint8

// Three priorities that are enough for most models: what must be in place
// before anything else at an instant (a fault begins), everything usual, and
// what looks at the instant when it is over (a probe).
const (
	Early  Priority = 64
	Normal Priority = 128
	Late   Priority = 192
)

// Event is one thing that happens at one instant to one actor. It holds no
// pointer: what Entity and Arg mean is between those who schedule and handle it.
type Event struct {
	At       Time
	Entity   uint64
	Arg      uint64
	Actor    ActorID
	Kind     Kind
	Priority Priority
}

// String is the event's line in a trace.
func (e Event) String() string {
	return fmt.Sprintf("%d actor=%d kind=%d entity=%016x arg=%d priority=%d", int64(e.At), e.Actor, e.Kind, e.Entity, e.Arg, e.Priority)
}

// Actor is a state machine that reacts to the events addressed to it.
type Actor interface {
	Handle(ev Event)
}

// ActorFunc is an actor without state of its own.
type ActorFunc func(ev Event)

// Handle calls f.
func (f ActorFunc) Handle(ev Event) { f(ev) }

// entry is an event in the event list: five words, no pointer. They are whole
// words because entries are copied in larger pieces than fields are written in,
// and a processor has to wait when it reads what it has just written in parts.
//
// rank orders the events of one instant. Its top eight bits are the priority,
// the rest is the sequence number (or what takes its place, see [Order]), so
// that (at, rank) is a total order in two words and the same events come out
// alike whatever structure held them.
type entry struct {
	at      Time
	rank    uint64
	entity  uint64
	arg     uint64
	address uint64 // actor and kind
}

const sequenceBits = 56

func address(to ActorID, kind Kind) uint64 { return uint64(to)<<16 | uint64(kind) }

func (e *entry) priority() Priority { return Priority(e.rank >> sequenceBits) }

func (e *entry) actor() ActorID { return ActorID(e.address >> 16) }

func (e *entry) kind() Kind { return Kind(e.address) }

func (e *entry) event() Event {
	return Event{At: e.at, Entity: e.entity, Arg: e.arg, Actor: e.actor(), Kind: e.kind(), Priority: e.priority()}
}

// before is 1 when a fires before b, else 0. It is a 128-bit subtraction whose
// borrow is the answer: the outcome of a comparison inside a heap is a coin
// toss, and a branch on it would be mispredicted half of the time.
func (a *entry) before(b *entry) int { return before(a.at, a.rank, b) }

// before is the same for an event that is not an entry yet.
func before(at Time, rank uint64, b *entry) int {
	_, borrow := bits.Sub64(rank, b.rank, 0)
	_, borrow = bits.Sub64(uint64(at), uint64(b.at), borrow)
	return int(borrow)
}

// tied reports whether a and b may fire in either order.
func (a *entry) tied(b *entry) bool { return a.at == b.at && a.priority() == b.priority() }
