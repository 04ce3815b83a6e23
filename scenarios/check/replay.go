package check

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/sim"
)

// Trace is every event of an execution, a line each: what [Replay] compares.
type Trace []string

// Record executes a case and writes down its events.
func Record(s *Subject, c *Case, p Plan) (*Execution, Trace, error) {
	var t Trace
	p.Observe = func(ev sim.Event) { t = append(t, eventLine(ev)) }
	x, err := Execute(s, c, p)
	return x, t, err
}

// eventLine tells an event apart from all others: the time, the actor by its
// place, the kind, and what it is about.
func eventLine(ev sim.Event) string {
	return fmt.Sprintf("%v actor %d kind %#x entity %016x arg %d", ev.At, ev.Actor, uint16(ev.Kind), ev.Entity, ev.Arg)
}

// Encode returns the trace as a file.
func (t Trace) Encode() []byte {
	if len(t) == 0 {
		return nil
	}
	return []byte(strings.Join(t, "\n") + "\n")
}

// DecodeTrace reads a trace file.
func DecodeTrace(text []byte) Trace {
	var t Trace
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		t = append(t, lines.Text())
	}
	return t
}

// DivergedError is the first event in which two executions of one case differ.
type DivergedError struct {
	Event    int    // from 1
	Was, Now string // empty where that execution had ended
}

// Error says that the case did not repeat, and where it parted.
func (d *DivergedError) Error() string {
	line := func(s string) string {
		if s == "" {
			return "nothing: it had ended"
		}
		return s
	}
	return fmt.Sprintf("the case did not go as it was recorded: event %d was\n  %s\nand is now\n  %s", d.Event, line(d.Was), line(d.Now))
}

// Judge executes a case and judges every property: of those that compare two runs both
// are made. other is what [Campaign.OtherStore] is. Errors are those of [Execute].
func Judge(s *Subject, c *Case, p Plan, other Store) (*Execution, error) {
	return alone(s, other).execute(c, p, "")
}

// alone is a search of nothing: what judges one case as a campaign would.
func alone(s *Subject, other Store) *search {
	return &search{Campaign: Campaign{Subject: s}, twins: twins(other)}
}

// Replay executes a case again, compares it with its recording, event by event, and
// judges it as [Judge] does. It returns a [*DivergedError] when the case went another way,
// as it does under another version of the model.
func Replay(s *Subject, c *Case, p Plan, other Store, recorded Trace) (*Execution, error) {
	x, now, err := Record(s, c, p)
	if err != nil {
		return nil, err
	}
	for i := range max(len(recorded), len(now)) {
		var was, is string
		if i < len(recorded) {
			was = recorded[i]
		}
		if i < len(now) {
			is = now[i]
		}
		if was != is {
			return x, &DivergedError{Event: i + 1, Was: was, Now: is}
		}
	}
	once := alone(s, other)
	return x, once.compare(once.twins, c, p, x)
}
