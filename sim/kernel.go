package sim

import (
	"fmt"
	"math"
	"time"
)

// Config is what a kernel starts from. The zero value is a valid one.
type Config struct {
	// Seed and Run key every draw. The runs of one scenario share the seed.
	Seed, Run uint64

	// Order is how the events of one instant follow each other.
	Order Order

	// Choices is the prefix of choices to replay, for Order Enumerated.
	Choices []int

	// SameInstantMax bounds the events fired at one instant: more is taken for
	// a loop in zero time and panics. 0 means 1,000,000.
	SameInstantMax uint64

	// EventsMax bounds the events of the run: more is taken for a runaway and
	// panics. 0 means no bound but the 2⁵⁶ of the sequence number.
	EventsMax uint64

	// Observe, if set, sees each event before its actor does.
	Observe func(ev Event)
}

// Reason says why [Kernel.Run] returned.
type Reason uint8

// The reasons to return.
const (
	Drained Reason = iota // no event is pending
	Horizon               // the next event is later than asked for
	Stopped               // [Kernel.Stop] was called
)

var reasonNames = [...]string{"drained", "horizon", "stopped"}

// String is the reason in a word.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// tailEvents is the number of events that [Kernel.Tail] remembers.
const tailEvents = 64

// Kernel moves one world through virtual time. It belongs to one goroutine.
type Kernel struct {
	now      Time
	list     list
	actors   []Actor
	sequence uint64 // events scheduled
	events   uint64 // events fired
	digest   Digest
	stopped  bool
	running  bool
	free     bool // ties are chosen one by one

	guard      uint64 // the most events that may have fired within this instant
	instantMax uint64
	eventsMax  uint64
	observe    func(Event)
	chooser    chooser
	config     Config
	names      []string
	tail       [tailEvents]entry
}

// New returns a kernel at time 0 with nothing to do.
func New(c Config) *Kernel {
	k := &Kernel{
		list:       newList(usualSizes),
		instantMax: c.SameInstantMax,
		eventsMax:  c.EventsMax,
		observe:    c.Observe,
		free:       c.Order == Enumerated,
		config:     c,
		digest:     Digest(mixB),
		chooser: chooser{
			order:  c.Order,
			prefix: c.Choices,
			ranks:  NewStream(c.Seed, c.Run, "sim.order"),
			draws:  NewStream(c.Seed, c.Run, "sim.choice"),
		},
	}
	if k.instantMax == 0 {
		k.instantMax = 1_000_000
	}
	if k.eventsMax == 0 {
		k.eventsMax = 1 << sequenceBits
	}
	k.guard = min(k.instantMax, k.eventsMax)
	return k
}

// Register gives the actor an address. IDs count up from 0.
func (k *Kernel) Register(name string, a Actor) ActorID {
	if len(k.actors) > math.MaxUint16 {
		k.breach(ValidParameters, fmt.Sprintf("registering %q: at most %d actors", name, math.MaxUint16+1))
	}
	k.actors = append(k.actors, a)
	k.names = append(k.names, name)
	return ActorID(len(k.actors) - 1)
}

// Name returns the name under which an actor was registered.
func (k *Kernel) Name(id ActorID) string { return k.names[id] }

// Now returns true time.
func (k *Kernel) Now() Time { return k.now }

// Stream returns the source of random numbers of that name. Streams with the
// same name are the same.
func (k *Kernel) Stream(name string) Stream {
	return NewStream(k.config.Seed, k.config.Run, name)
}

// At schedules an event. What is scheduled for the present instant fires within
// it. It does not allocate, but for the growth of the list.
func (k *Kernel) At(at Time, p Priority, to ActorID, kind Kind, entity, arg uint64) {
	if at < k.now || int(to) >= len(k.actors) {
		k.refuse(at, to, kind, entity, arg)
	}
	a := address(to, kind)
	place := k.sequence
	if k.chooser.order == Permuted {
		place = k.chooser.place(at, a, entity, arg, place)
	}
	k.sequence++
	rank := uint64(p)<<sequenceBits | place
	e := k.list.room(at, rank)
	e.at, e.rank, e.entity, e.arg, e.address = at, rank, entity, arg, a
}

// After schedules an event at a distance from now. A negative one, and one past
// the end of time, come out as an event in the past.
func (k *Kernel) After(d time.Duration, p Priority, to ActorID, kind Kind, entity, arg uint64) {
	k.At(k.now+Time(d), p, to, kind, entity, arg)
}

// Run fires the pending events up to and including the horizon and says why it
// ended. On Horizon the clock stands at the horizon; otherwise at the last
// event. It may be called again.
func (k *Kernel) Run(until Time) Reason {
	if k.running {
		k.breach(Reentered, fmt.Sprintf("Run(%v)", until))
	}
	k.running, k.stopped = true, false
	defer func() { k.running = false }()
	for !k.stopped {
		e := k.list.first()
		if e == nil {
			return Drained
		}
		if e.at > until {
			k.now = max(k.now, until)
			return Horizon
		}
		if k.free {
			e = k.chooser.pick(&k.list)
		} else {
			k.list.take()
		}
		k.fire(e)
	}
	return Stopped
}

// fire moves the clock to an event and hands it to its actor.
func (k *Kernel) fire(e *entry) {
	if e.at > k.now {
		k.now = e.at
		k.guard = min(k.events+k.instantMax, k.eventsMax)
	}
	if k.events >= k.guard {
		k.overrun(e.event())
	}
	kept := &k.tail[k.events%tailEvents]
	*kept = *e
	k.events++
	k.digest = k.digest.with(e.at, e.kind(), e.entity)
	if k.observe != nil {
		k.observe(e.event())
		e = kept // what the observer schedules may take the place of e
	}
	k.actors[e.actor()].Handle(Event{At: e.at, Entity: e.entity, Arg: e.arg, Actor: e.actor(), Kind: e.kind(), Priority: e.priority()})
}

// overrun panics for an event that exceeds one of the two bounds.
func (k *Kernel) overrun(ev Event) {
	if k.events >= k.eventsMax {
		k.breach(Runaway, fmt.Sprintf("more than %d events, the last: %v", k.eventsMax, ev))
	}
	k.breach(ZeroTimeLoop, fmt.Sprintf("more than %d events at one instant, the last: %v", k.instantMax, ev))
}

// Stop ends Run after the current event.
func (k *Kernel) Stop() { k.stopped = true }

// Events returns the number of events fired.
func (k *Kernel) Events() uint64 { return k.events }

// Pending returns the number of events scheduled and not fired.
func (k *Kernel) Pending() int { return k.list.len() }

// Digest returns the fingerprint of the run so far.
func (k *Kernel) Digest() Digest { return k.digest }

// Note puts into the digest something that is not an event: the outcome of a
// decision, the final content of a table.
func (k *Kernel) Note(kind Kind, entity uint64) {
	k.digest = k.digest.with(k.now, kind, entity)
}

// Choose decides among n alternatives, 0 to n-1, on behalf of the model, where
// the modelled world leaves it open. The label says what is decided.
func (k *Kernel) Choose(n int, label string) int {
	if n < 1 {
		k.breach(ChoiceInRange, fmt.Sprintf("%s: %d alternatives", label, n))
	}
	if n == 1 {
		return 0
	}
	return k.chooser.choose(n, label, k.now)
}

// Choices returns the decisions recorded so far, with Order Enumerated. The
// slice is the kernel's: valid until it runs on.
func (k *Kernel) Choices() []Choice { return k.chooser.taken }

// StateHash returns a hash of the pending events, as distances from now, and of
// the parts that the model adds for its own state. Equal states hash alike
// wherever in time they are reached; a model whose future depends on absolute
// time adds that as a part.
func (k *Kernel) StateHash(parts ...uint64) uint64 {
	h := k.chooser.hash(&k.list, k.now)
	for _, p := range parts {
		h = Mix(h, p)
	}
	return h
}

// Tail returns the last events fired, the latest last: at most 64 of them.
func (k *Kernel) Tail() []Event {
	n := min(k.events, tailEvents)
	tail := make([]Event, n)
	for i := range tail {
		tail[i] = k.tail[(k.events-n+uint64(i))%tailEvents].event()
	}
	return tail
}

// refuse panics for an event that cannot be scheduled.
func (k *Kernel) refuse(at Time, to ActorID, kind Kind, entity, arg uint64) {
	ev := Event{At: at, Entity: entity, Arg: arg, Actor: to, Kind: kind}
	if at < k.now {
		k.breach(EventInThePast, ev.String())
	}
	k.breach(UnknownActor, fmt.Sprintf("%v, of %d actors", ev, len(k.actors)))
}

func (k *Kernel) breach(r Rule, detail string) {
	panic(&Breach{Rule: r, Now: k.now, Events: k.events, Detail: detail})
}
