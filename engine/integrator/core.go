package integrator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Config sets up a [Core]. The zero value of each field but Maps and Projects
// means its default, whose source is given: documented by the product, or
// assumed here.
type Config struct {
	Maps     []*engine.TableMap // by MapID
	Projects []Project

	RowsMax      int           // rows of one run of a project; 500,000 (documented)
	ScheduledMax int           // projects that may have a schedule; 50 (documented, for a paid subscription)
	StartsMax    int           // scheduled runs that may begin within a minute; 0: all that are due (5 is documented advice, and not enforced)
	History      time.Duration // how long executions are listed after their start; 45 days (documented)

	Page      int           // rows per page of a listing, and keys per read; 5,000 (documented for change tracking, assumed for the rest)
	Batch     int           // rows per write request; 100 (assumed; Dataverse takes up to 1,000)
	Writers   int           // write requests of one run in flight; 4 (assumed)
	Attempts  int           // of one request before its run ends as Error; 6 (assumed)
	RetryBase time.Duration // wait before the second attempt, then doubled; 2s (documented for callers that are not told how long to wait)
	FailedMax int           // failed rows of a task that are noted for the next run; 10,000 (assumed)
}

// waitMax bounds the doubling of waits.
const waitMax = 5 * time.Minute

// WithDefaults returns c with its zero fields filled in.
func (c Config) WithDefaults() Config {
	fill(&c.RowsMax, 500_000)
	fill(&c.ScheduledMax, 50)
	fill(&c.History, 45*24*time.Hour)
	fill(&c.Page, 5000)
	fill(&c.Batch, 100)
	fill(&c.Writers, 4)
	fill(&c.Attempts, 6)
	fill(&c.RetryBase, 2*time.Second)
	fill(&c.FailedMax, 10_000)
	return c
}

func fill[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Validate reports every fault of a configuration whose defaults are filled in.
func (c Config) Validate() error {
	var faults []error
	positive := func(name string, n int) {
		if n < 1 {
			faults = append(faults, fmt.Errorf("integrator: %s must be at least 1, not %d", name, n))
		}
	}
	positive("rows per run", c.RowsMax)
	positive("scheduled projects", c.ScheduledMax)
	positive("rows per page", c.Page)
	positive("rows per write request", c.Batch)
	positive("write requests in flight", c.Writers)
	positive("attempts", c.Attempts)
	positive("noted failed rows", c.FailedMax)
	if c.StartsMax < 0 {
		faults = append(faults, fmt.Errorf("integrator: starts per minute must not be negative, not %d", c.StartsMax))
	}
	if c.History <= 0 {
		faults = append(faults, fmt.Errorf("integrator: the history must be longer than zero, not %v", c.History))
	}
	if c.RetryBase <= 0 {
		faults = append(faults, fmt.Errorf("integrator: the wait before a second attempt must be longer than zero, not %v", c.RetryBase))
	}
	for i, m := range c.Maps {
		if int(m.ID) != i {
			faults = append(faults, fmt.Errorf("integrator: table map %s has ID %d but stands at %d", m.Name, m.ID, i))
		}
	}
	return errors.Join(append(faults, c.validateProjects()...)...)
}

// Output is what one step asks of the driver: save Save, all or nothing, and
// only then do Do, in order. Both slices are overwritten by the next step.
type Output struct {
	Save []Mutation
	Do   []Effect
}

// Core is the integrator's state machine. It is single-threaded: one goroutine
// calls its methods, and nothing else touches it.
type Core struct {
	cfg      Config
	awake    bool        // the first input has come
	now      engine.Time // never goes back: schedules and waits
	clock    LocalTime   // what the integrator's own clock shows: watermarks
	projects []project
	pause    [2]engine.Time // by side: nothing is sent before
	starts   []engine.Time  // of the scheduled runs of the last minute, when they are limited
	history  []Execution    // by start
	request  RequestID      // last one given
	wakeAt   engine.Time    // when the driver was last asked to wake us; never: it was not
	save     []Mutation
	do       []Effect
}

// project is what the integrator knows of a [Project].
type project struct {
	*Project
	tasks   []task
	due     engine.Time // of the next scheduled start
	overdue engine.Time // of a scheduled start that has not begun; valid if late
	late    bool
	asked   bool // for a run by hand
	full    bool // ... that copies everything
	number  uint64
	run     *run // nil: none is under way
}

// task is what is known of a task between runs.
type task struct {
	m        *engine.TableMap
	columns  []int
	position Position
	failed   []FailedRow // by first failure
}

// NewCore returns an integrator with the state that was saved before, or an
// empty one when state is nil. Its first input must be [Started].
func NewCore(cfg Config, state *State) (*Core, error) {
	cfg = cfg.WithDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Core{cfg: cfg, projects: make([]project, len(cfg.Projects)), wakeAt: never}
	for i := range c.projects {
		p := &c.projects[i]
		p.Project = &cfg.Projects[i]
		p.due = never
		for _, id := range p.Tasks {
			p.tasks = append(p.tasks, task{m: cfg.Maps[id], columns: carriedColumns(cfg.Maps[id], p.From)})
		}
	}
	if state != nil {
		if err := c.load(state); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// load takes over what was saved. The history may tell of projects that are
// gone; positions and failed rows of them are a fault, because they would be
// lost in silence.
func (c *Core) load(state *State) error {
	var faults []error
	find := func(name string, id engine.MapID) *task {
		if p := c.find(name); p != nil {
			if j := slices.Index(p.Tasks, id); j >= 0 {
				return &p.tasks[j]
			}
		}
		faults = append(faults, fmt.Errorf("%w, with table map %d, of which something is saved: %s", ErrUnknownProject, id, name))
		return nil
	}
	for i := range state.Positions {
		s := &state.Positions[i]
		if t := find(s.Project, s.Map); t != nil {
			t.position = s.Position
		}
	}
	for i := range state.Failed {
		f := &state.Failed[i]
		if t := find(f.Project, f.Key.Map); t != nil {
			t.failed = append(t.failed, *f)
		}
	}
	c.history = slices.Clone(state.Executions)
	slices.SortStableFunc(c.history, byStart)
	for i := range c.history {
		if p := c.find(c.history[i].Project); p != nil {
			p.number = max(p.number, c.history[i].Number)
		}
	}
	return errors.Join(faults...)
}

func (c *Core) find(name string) *project {
	if i := slices.IndexFunc(c.projects, func(p project) bool { return p.Name == name }); i >= 0 {
		return &c.projects[i]
	}
	return nil
}

// Step takes one input at an instant of the driver's clock, which is the
// integrator's own. It may be wrong, and be set back: schedules and waits then
// stand still until it has caught up, and watermarks believe it.
func (c *Core) Step(now engine.Time, in *Input) Output {
	c.begin(now)
	switch in.Kind {
	case Started:
		c.started()
	case Listed:
		c.listed(in)
	case Written:
		c.written(in)
	case RequestFailed:
		c.requestFailed(in)
	case TokenExpired:
		c.tokenExpired(in)
	case TimeReached:
		c.wakeAt = never
	}
	return c.end()
}

// Ask makes a project run by hand: at once, or when the run under way has
// ended. A full run forgets how far the project has come and copies
// everything; it is what ends the refusals of an expired token.
func (c *Core) Ask(now engine.Time, name string, full bool) (Output, error) {
	p := c.find(name)
	if p == nil {
		return Output{}, fmt.Errorf("%w: %s", ErrUnknownProject, name)
	}
	c.begin(now)
	p.asked, p.full = true, p.full || full
	return c.end(), nil
}

// History calls f with every execution that is not forgotten, by start.
func (c *Core) History(f func(*Execution)) {
	for i := range c.history {
		f(&c.history[i])
	}
}

// Failed calls f with every row that waits to be tried again at the next run,
// by project, task and first failure.
func (c *Core) Failed(f func(*FailedRow)) {
	for i := range c.projects {
		for j := range c.projects[i].tasks {
			for k := range c.projects[i].tasks[j].failed {
				f(&c.projects[i].tasks[j].failed[k])
			}
		}
	}
}

// Busy reports whether a run is under way or waits to begin.
func (c *Core) Busy() bool {
	return slices.ContainsFunc(c.projects, func(p project) bool { return p.run != nil || p.late || p.asked })
}

// Running returns how many runs are under way.
func (c *Core) Running() int {
	n := 0
	for i := range c.projects {
		if c.projects[i].run != nil {
			n++
		}
	}
	return n
}

// begin starts a step.
func (c *Core) begin(now engine.Time) {
	if !c.awake { // a clock that is behind may show negative times at first
		c.awake, c.now, c.pause = true, now, [2]engine.Time{now, now}
	}
	c.clock, c.now = LocalTime(now), max(now, c.now)
	c.save, c.do = c.save[:0], c.do[:0]
}

// end starts what is due and hands over what the step asks for.
func (c *Core) end() Output {
	next := min(c.startRuns(), c.sendWaiting())
	c.askToWake(next)
	return Output{Save: c.save, Do: c.do}
}

// started ends the runs that a crash has interrupted and looks up when the next
// ones are due. Starts that fell into the time in which the integrator did not
// run are not made up for (assumed).
func (c *Core) started() {
	for i := range c.history {
		if e := &c.history[i]; e.State == Running {
			e.State, e.Cause, e.Ended = Error, Interrupted, c.now
			c.save = append(c.save, Mutation{Kind: RunEnded, Execution: *e})
		}
	}
	for i := range c.projects {
		c.projects[i].due = c.projects[i].next(c.now)
	}
}

// never is later than any instant.
const never = engine.Time(1<<63 - 1)

// askToWake asks for an instant unless the driver already wakes us no later.
func (c *Core) askToWake(next engine.Time) {
	if c.wakeAt <= next {
		return
	}
	c.wakeAt = max(next, c.now+1)
	c.do = append(c.do, Effect{Kind: WakeAt, At: c.wakeAt})
}
