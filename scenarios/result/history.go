package result

import "time"

// History is what happened to one record, or in one case, in the order of true
// time.
type History struct {
	Title string    // "invoices US 573585"
	Start time.Time // the calendar instant that run time 0 stands for; zero where there is none
	Steps []Step    // ascending by At
	Spans []Stretch // in which a fault was there, or an operator kept a job from its work; ascending by From
	End   time.Duration
	Cut   int // steps that are left out, the last ones
}

// Step is one thing that happened.
type Step struct {
	At    time.Duration    // true time
	Local [2]time.Duration // what the two systems' clocks show, by side
	Kind  StepKind
	Lane  Lane   // where it happened
	From  Lane   // of a write of the engine: the side that it carries from; else Lane
	What  string // one sentence
	Short string // a few words, for a picture
}

// Lane is where a step happened.
type Lane uint8

// The lanes, from top to bottom.
const (
	FinOpsLane Lane = iota
	EngineLane
	DataverseLane
)

// StepKind tells apart what a picture marks differently.
type StepKind uint8

// The kinds.
const (
	EditStep     StepKind = iota // a user's commit
	DeleteStep                   // ... that deletes the record
	RefusedStep                  // a commit or a write that was refused
	QueueStep                    // the engine takes in, begins, waits, tries again
	WriteStep                    // of the engine, or a copy of the data integrator
	OverrideStep                 // ... over a change that loses the conflict
	RemoveStep                   // ... that deletes the record
	SettledStep                  // a change has its outcome
	LostStep                     // ... and has lost a conflict
	DeskStep                     // an item is on the error desk
	CrashStep                    // the engine's process dies
	NoteStep                     // anything else
	BackStep                     // the engine's process is back
)

// Name is the kind's for programs.
func (k StepKind) Name() string {
	return [...]string{
		"edit", "delete", "refused", "queue", "write", "override", "remove", "settled", "lost", "desk", "crash", "note", "back",
	}[k]
}

// Name is the lane's for programs.
func (l Lane) Name() string { return [...]string{"finops", "engine", "dataverse"}[l] }

// Stretch is a time in which something was there.
type Stretch struct {
	What     string
	Lane     Lane // where it was
	From, To time.Duration
}

// Skewed reports whether a clock shows another time than the true one at any
// step.
func (h *History) Skewed() bool {
	for i := range h.Steps {
		if s := &h.Steps[i]; s.Local != [2]time.Duration{s.At, s.At} {
			return true
		}
	}
	return false
}

// Head names the columns of [History.Rows].
func (h *History) Head() []string {
	if h.Skewed() {
		return []string{"true time", "finops shows", "dataverse shows", "what happened"}
	}
	return []string{"true time", "what happened"}
}

// Rows are the steps as a table.
func (h *History) Rows() [][]string {
	skewed := h.Skewed()
	rows := make([][]string, len(h.Steps))
	for i := range h.Steps {
		s := &h.Steps[i]
		rows[i] = []string{h.At(s.At)}
		if skewed {
			rows[i] = append(rows[i], h.At(s.Local[0]), h.At(s.Local[1]))
		}
		rows[i] = append(rows[i], s.What)
	}
	return rows
}

// At writes an instant: as time of day, with the day where the history is
// longer than one, or as the time since the start where there is no calendar.
func (h *History) At(at time.Duration) string {
	if h.Start.IsZero() {
		return at.String()
	}
	start := h.Start.UTC()
	layout := "15:04:05.000"
	if y, m, d := start.Date(); start.Add(h.End).After(time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)) {
		layout = "2 Jan 15:04:05.000"
	}
	return start.Add(at).Format(layout)
}
