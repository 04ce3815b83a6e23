package integrator

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Position is how far one task of a project has come. It is saved when a run
// has ended the task, together with the rows that failed.
type Position struct {
	By    Method
	Begun bool // false: the next listing is a full one

	// Since is the watermark of [ByModified]: a time of the integrator's clock,
	// or the newest of the source's, and compared with the source's in any case.
	Since LocalTime
	Token Token // ByToken

	// Cut says that the row limit ended a listing before its last page. The next
	// run goes on After, and then Next and Until become the position.
	Cut   bool
	After Place
	Next  LocalTime
	Until Token
}

// FailedRow is a row that could not be written. It holds a key and a reason,
// and no data: the next run reads the row again.
type FailedRow struct {
	Project string
	Key     engine.Key
	Reason  engine.Reason
	Cause   string      // a template without business data
	Since   engine.Time // of the first of its failures in a row
	Tries   int         // its failures in a row
}

// MutationKind tells what a [Mutation] changes.
type MutationKind uint8

// The mutations.
const (
	RunBegun      MutationKind = iota // Execution, in state Running
	RunEnded                          // Execution, in its final state
	PositionMoved                     // Position of Project and Map
	RowFailed                         // Failed replaces what was known of the row
	RowSettled                        // Failed names a row that is written by now, or no longer matters
	HistoryPurged                     // executions that began before Before, and are over, are forgotten
)

// Mutation is one durable change. The mutations of one step are saved together
// or not at all.
type Mutation struct {
	Kind      MutationKind
	Execution Execution
	Project   string       // PositionMoved
	Map       engine.MapID // PositionMoved
	Position  Position
	Failed    FailedRow
	Before    engine.Time
}

// TaskPosition is the position of one task.
type TaskPosition struct {
	Project  string
	Map      engine.MapID
	Position Position
}

// State is all that was saved. The zero value is that of an integrator which
// has never run.
type State struct {
	Executions []Execution    // by start
	Positions  []TaskPosition // in any order
	Failed     []FailedRow    // of each task by first failure
}

// Apply takes over the mutations of one step, as a store does. It is what a
// driver needs that keeps the state in memory.
func (s *State) Apply(mutations []Mutation) {
	for i := range mutations {
		m := &mutations[i]
		switch m.Kind {
		case RunBegun:
			s.Executions = append(s.Executions, m.Execution)
		case RunEnded:
			for j := len(s.Executions) - 1; j >= 0; j-- {
				if e := &s.Executions[j]; e.Project == m.Execution.Project && e.Number == m.Execution.Number {
					*e = m.Execution
					break
				}
			}
		case PositionMoved:
			at := slices.IndexFunc(s.Positions, func(p TaskPosition) bool { return p.Project == m.Project && p.Map == m.Map })
			if at < 0 {
				at = len(s.Positions)
				s.Positions = append(s.Positions, TaskPosition{Project: m.Project, Map: m.Map})
			}
			s.Positions[at].Position = m.Position
		case RowFailed:
			if at := s.failed(&m.Failed); at >= 0 {
				s.Failed[at] = m.Failed
			} else {
				s.Failed = append(s.Failed, m.Failed)
			}
		case RowSettled:
			if at := s.failed(&m.Failed); at >= 0 {
				s.Failed = slices.Delete(s.Failed, at, at+1)
			}
		case HistoryPurged:
			s.Executions = slices.DeleteFunc(s.Executions, func(e Execution) bool { return e.forgotten(m.Before) })
		}
	}
}

// failed finds what is known of a row, or returns -1.
func (s *State) failed(f *FailedRow) int {
	return slices.IndexFunc(s.Failed, func(o FailedRow) bool { return o.Project == f.Project && o.Key == f.Key })
}

// Clone returns a copy that shares nothing that changes.
func (s *State) Clone() *State {
	return &State{
		Executions: slices.Clone(s.Executions), Positions: slices.Clone(s.Positions), Failed: slices.Clone(s.Failed),
	}
}

// Execution is one run of a project in its history.
type Execution struct {
	Project string
	Number  uint64 // of the project's runs, from 1
	Trigger Trigger
	State   RunState
	Cause   Cause // why it is not Completed

	Due     engine.Time // when it should have begun
	Started engine.Time
	Ended   engine.Time // when it is not Running

	Rows     int // listed or read again, in scope: what the row limit counts
	Retried  int // of them, read again because an earlier run could not write them
	Upserts  int // written
	Deletes  int // deleted
	Errors   int // rows that could not be written
	Filtered int // rows out of the table map's scope, and deletes that are not carried
	Requests int // sent, repetitions included

	// With Cause SystemFailed, TokenTooOld or BadAnswer: where.
	Map     engine.MapID
	Side    engine.Side
	Failure engine.Failure
}

// forgotten reports whether the execution is over and began before an instant.
func (e *Execution) forgotten(before engine.Time) bool {
	return e.State != Running && e.Started < before
}

// Trigger is what made a project run.
type Trigger uint8

// The triggers.
const (
	OnSchedule Trigger = iota
	ByHand
)

// String returns the trigger's name.
func (t Trigger) String() string { return [...]string{"schedule", "by hand"}[t] }

// RunState is where a run is, in the words of the product.
type RunState uint8

// The states of a run.
const (
	Running   RunState = iota
	Completed          // every row was written
	Warning            // some rows were not, or not yet; the next run tries again
	Error              // the run was broken off; the next one starts from what was saved
)

// String returns the state's name.
func (s RunState) String() string { return [...]string{"Running", "Completed", "Warning", "Error"}[s] }

// Cause is why a run is not [Completed].
type Cause uint8

// The causes, milder ones first.
const (
	NoCause      Cause = iota
	RowErrors          // Warning: rows were refused
	RowLimit           // Warning: more rows than one run may copy; the next run goes on
	FailedLimit        // Warning: too many rows failed to note them; the next run lists the same again
	SystemFailed       // Error: a request was not answered, however often
	TokenTooOld        // Error: see [Refuse]
	BadAnswer          // Error: a system's answer does not fit the request
	Interrupted        // Error: the integrator stopped under the run
)

// String returns the cause's name.
func (c Cause) String() string {
	return [...]string{
		"none", "row errors", "row limit", "too many row errors",
		"system failed", "token too old", "bad answer", "interrupted",
	}[c]
}

// state returns the state of a run that ended for a cause.
func (c Cause) state() RunState {
	switch {
	case c == NoCause:
		return Completed
	case c <= FailedLimit:
		return Warning
	default:
		return Error
	}
}

// byStart orders executions for a history.
func byStart(a, b Execution) int {
	return cmp.Or(cmp.Compare(a.Started, b.Started), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Number, b.Number))
}
