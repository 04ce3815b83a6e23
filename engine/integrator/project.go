package integrator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Project copies the changes of some table maps from one side to the other. To
// copy both ways takes two projects, which know nothing of each other.
type Project struct {
	Name   string
	From   engine.Side    // where rows are listed and read; they are written on the other side
	Tasks  []engine.MapID // in the order in which a run works on them; each map once
	Detect Detection

	// Every is the time between two scheduled starts: at least a minute
	// (documented). 0 means that the project runs only when it is asked to.
	// Starts are due at Offset and at multiples of Every before and after it, on
	// the driver's clock. A run that comes due while the one before is under way
	// starts when that ends, once, however many starts it has missed.
	Every  time.Duration
	Offset time.Duration
}

// Detection says how a project finds what has changed. The zero value compares
// modified times, strictly, with the integrator's own clock at the start of the
// run before (assumed: the product does not tell, and scripts in the field do
// it this way).
type Detection struct {
	By Method

	// ByModified
	Watermark Watermark
	Inclusive bool          // rows modified at the watermark are listed again; else only later ones
	Overlap   time.Duration // how far each listing reaches back before the watermark: a remedy; 0

	// ByToken
	OnExpired     ExpiredPolicy
	IgnoreDeletes bool // deletes are not carried (assumed: carried)
}

// Method is a way to find changes.
type Method uint8

// The methods.
const (
	ByModified Method = iota // by the time of modification against a watermark
	ByToken                  // by the system's change tracking
)

// String returns the method's name.
func (m Method) String() string { return [...]string{"modified", "token"}[m] }

// Watermark is where the watermark of [ByModified] comes from.
type Watermark uint8

// The origins of a watermark.
const (
	OwnClock  Watermark = iota // the integrator's clock when the run began
	NewestRow                  // the newest modified time that was listed, on the source's clock
)

// String returns the origin's name.
func (w Watermark) String() string { return [...]string{"own-clock", "newest-row"}[w] }

// ExpiredPolicy is what a run does when the source no longer knows what has
// changed since its token.
type ExpiredPolicy uint8

// The policies.
const (
	CopyAll ExpiredPolicy = iota // list everything anew; deletes of the time between are lost
	Refuse                       // the run ends as an error, and so does every other one until a full run is asked for
)

// String returns the policy's name.
func (p ExpiredPolicy) String() string { return [...]string{"copy-all", "refuse"}[p] }

// ShortestInterval is the shortest time between two scheduled starts (documented).
const ShortestInterval = time.Minute

// startsAdvised is how many projects should at most start in a minute
// (documented as advice: the product does not enforce it).
const startsAdvised = 5

// The faults of a configuration. Those of a project come as a [*ProjectError].
var (
	ErrNoName           = errors.New("the project has no name")
	ErrNameTwice        = errors.New("another project has the same name")
	ErrNoTask           = errors.New("the project has no task")
	ErrUnknownMap       = errors.New("no table map has this number")
	ErrMapTwice         = errors.New("two tasks have the same table map")
	ErrNothingFlows     = errors.New("no column of the table map flows this way")
	ErrInterval         = errors.New("the interval is shorter than a minute")
	ErrOverlap          = errors.New("the overlap is negative")
	ErrTooManyScheduled = errors.New("integrator: too many projects have a schedule")
	ErrUnknownProject   = errors.New("integrator: no project has this name")
)

// ProjectError is one fault of a project.
type ProjectError struct {
	Project string
	Map     string // or number, of the task; empty when it is about the project as a whole
	Err     error
}

// Error names the place and the fault.
func (e *ProjectError) Error() string {
	if e.Map != "" {
		return fmt.Sprintf("integrator: project %s, table map %s: %v", e.Project, e.Map, e.Err)
	}
	return fmt.Sprintf("integrator: project %s: %v", e.Project, e.Err)
}

// Unwrap returns the fault.
func (e *ProjectError) Unwrap() error { return e.Err }

// validateProjects reports every fault of the projects.
func (c Config) validateProjects() []error {
	var faults []error
	scheduled := 0
	for i := range c.Projects {
		p := &c.Projects[i]
		fault := func(table string, err error) {
			faults = append(faults, &ProjectError{Project: p.Name, Map: table, Err: err})
		}
		if p.Name == "" {
			fault("", ErrNoName)
		}
		if slices.ContainsFunc(c.Projects[:i], func(o Project) bool { return o.Name == p.Name }) {
			fault("", ErrNameTwice)
		}
		if p.Every != 0 {
			scheduled++
			if p.Every < ShortestInterval {
				fault("", fmt.Errorf("%w: %v", ErrInterval, p.Every))
			}
		}
		if p.Detect.Overlap < 0 {
			fault("", fmt.Errorf("%w: %v", ErrOverlap, p.Detect.Overlap))
		}
		if len(p.Tasks) == 0 {
			fault("", ErrNoTask)
		}
		for j, id := range p.Tasks {
			switch {
			case int(id) >= len(c.Maps):
				fault(fmt.Sprint(id), ErrUnknownMap)
			case slices.Contains(p.Tasks[:j], id):
				fault(c.Maps[id].Name, ErrMapTwice)
			case len(carriedColumns(c.Maps[id], p.From)) == 0:
				fault(c.Maps[id].Name, ErrNothingFlows)
			}
		}
	}
	if scheduled > c.ScheduledMax {
		faults = append(faults, fmt.Errorf("%w: %d, and %d may", ErrTooManyScheduled, scheduled, c.ScheduledMax))
	}
	return faults
}

// NoticeKind is what a [Notice] tells.
type NoticeKind uint8

// The notices: the configuration works, but whoever made it shall have read
// them.
const (
	ManyStarts    NoticeKind = iota // the schedules start more than 5 projects a minute: more than is advised
	CopiesBack                      // another project copies the same table map the other way: rows travel for ever
	ChildFirst                      // a task comes before the table map that its rows look up: their first upserts may fail
	MissesDeletes                   // no delete is carried
)

// String returns the notice as one line of text.
func (k NoticeKind) String() string {
	return [...]string{
		fmt.Sprintf("the schedules start more than %d projects a minute, which is advised against", startsAdvised),
		"another project copies the table map the other way: each takes the other's writes for changes",
		"comes before a table map that it looks up",
		"deletes are not carried",
	}[k]
}

// Notice is something to know of a configuration that is valid.
type Notice struct {
	Kind    NoticeKind
	Project string // empty for ManyStarts
	Map     string // of the task; empty when it is about the project as a whole
	Other   string // the other project, or the looked-up table map
}

// Notices lists what is worth knowing of a valid configuration, by project.
func (c Config) Notices() []Notice {
	var list []Notice
	var perMinute float64
	for i := range c.Projects {
		p := &c.Projects[i]
		if p.Every > 0 {
			perMinute += time.Minute.Seconds() / p.Every.Seconds()
		}
		if p.Detect.By == ByModified || p.Detect.IgnoreDeletes {
			list = append(list, Notice{Kind: MissesDeletes, Project: p.Name})
		}
		for j, id := range p.Tasks {
			list = append(list, c.taskNotices(p, j, id)...)
		}
	}
	if perMinute > startsAdvised {
		list = append(list, Notice{Kind: ManyStarts})
	}
	return list
}

// taskNotices lists what is worth knowing of the task at place j.
func (c Config) taskNotices(p *Project, j int, id engine.MapID) []Notice {
	var list []Notice
	m := c.Maps[id]
	for i := range c.Projects {
		if o := &c.Projects[i]; o.From != p.From && slices.Contains(o.Tasks, id) {
			list = append(list, Notice{Kind: CopiesBack, Project: p.Name, Map: m.Name, Other: o.Name})
		}
	}
	for _, column := range carriedColumns(m, p.From) {
		for _, target := range m.Columns[column].Lookups {
			if slices.Contains(p.Tasks[j+1:], target) {
				list = append(list, Notice{Kind: ChildFirst, Project: p.Name, Map: m.Name, Other: c.Maps[target].Name})
			}
		}
	}
	return list
}
