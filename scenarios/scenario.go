package scenarios

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/scenarios/expect"
	"github.com/twinwrite/twinwrite/sim"
)

// Scenario is a checked scenario file with every default filled in. Names
// have become indexes: a map is meant by its place in Maps.
//
// A Scenario is read-only. It remembers how it was written, see
// [Scenario.Resolved] and [Scenario.Inputs].
type Scenario struct {
	Schema      string        `key:"schema"`
	Name        string        `key:"name"`
	Purpose     string        `key:"purpose"`
	Seed        uint64        `key:"seed"`
	Time        Time          `key:"time"`
	Runs        Runs          `key:"runs"`
	Systems     Systems       `key:"systems"`
	Links       Links         `key:"links"`
	Maps        []Map         `key:"maps"`
	Jobs        []Job         `key:"jobs"`
	Records     []Records     `key:"records"`
	Workload    []Workload    `key:"workload"`
	Users       Users         `key:"users"`
	Validations []Validation  `key:"validations"`
	Faults      []Fault       `key:"faults"`
	Operators   []Operation   `key:"operators"`
	Engine      Engine        `key:"engine"`
	Integrator  Integrator    `key:"integrator"`
	Spotlight   []string      `key:"spotlight"` // IDs of trace transactions whose story the report tells
	Expect      []Expectation `key:"expect"`
	Sweep       *Sweep        `key:"sweep"` // nil: the scenario has one point

	Open []OpenLookup // lookups of templates that were left out

	tree  *node  // the file with overrides and defaults, canonical
	src   []byte // as given to Parse
	files opener // where the files are that it names

	samples []*Sample
}

// Time is the calendar of a run: Run of workload, then Drain without users.
// Run time 0 is Start. What is committed before Warmup is simulated and judged
// like the rest, and left out of every figure of convergence.
type Time struct {
	Start  time.Time     `key:"start"`
	Warmup time.Duration `key:"warmup"`
	Run    time.Duration `key:"run"`
	Drain  time.Duration `key:"drain"`
}

// End returns the run time at which everything stops.
func (t Time) End() time.Duration { return t.Run + t.Drain }

// Runs says how often the world is simulated, each time with other draws: Count
// times, or, with a Precision, more often until it is reached, but at most Max
// times. See [Runs.Looks].
type Runs struct {
	Count     int        `key:"count"`
	Max       int        `key:"max"`
	Precision *Precision `key:"precision"`
}

// Precision is how narrow the interval of a figure must be: half its width by
// the mean at most Relative.
type Precision struct {
	Metric     expect.Figure `key:"metric"`
	Relative   Share         `key:"relative"`
	Confidence Share         `key:"confidence"`
}

// Looks returns after how many runs it is decided whether they are enough: the
// last of them is where they end in any case. The schedule is fixed beforehand,
// each look at twice as many runs as the one before.
func (r Runs) Looks() []int {
	looks := []int{r.Count}
	for r.Precision != nil && looks[len(looks)-1] < r.Max {
		looks = append(looks, min(2*looks[len(looks)-1], r.Max))
	}
	return looks
}

// Most returns how many runs there may be.
func (r Runs) Most() int {
	looks := r.Looks()
	return looks[len(looks)-1]
}

// Confidence returns the confidence of all intervals.
func (r Runs) Confidence() float64 {
	if r.Precision != nil {
		return float64(r.Precision.Confidence)
	}
	return 0.95
}

// Systems are the two business systems.
type Systems struct {
	FinOps    System `key:"finops"`
	Dataverse System `key:"dataverse"`
}

// Of returns the system of a side.
func (s *Systems) Of(side engine.Side) *System {
	if side == engine.FinOps {
		return &s.FinOps
	}
	return &s.Dataverse
}

// System is how one business system behaves. Commit, Read and Apply are the
// service times of one request: a user's transaction, the engine's read of a
// batch, the engine's write of a batch. PerRecord comes on top for each row
// that a commit or a write changes.
type System struct {
	Clock        Clock        `key:"clock"`
	Servers      int          `key:"servers"`
	Commit       sim.Dist     `key:"commit"`
	Read         sim.Dist     `key:"read"`
	Apply        sim.Dist     `key:"apply"`
	PerRecord    sim.Dist     `key:"per-record"`
	Keys         Keys         `key:"keys"`
	StaleSave    StaleSave    `key:"stale-save"`
	Notification Notification `key:"notification"`
	DeleteStyle  DeleteStyle  `key:"delete-style"`
	PlugIns      sim.Dist     `key:"plug-ins"` // nil: none
	Throttle     *Throttle    `key:"throttle"` // nil: no request is throttled
	Live         LiveLimits   `key:"live"`
	Message      Message      `key:"message"`

	TokenLife time.Duration `key:"token-life"` // after which a change-tracking token is refused
}

// DeleteStyle is what makes up for a live delete that fails after this side's record
// is gone.
type DeleteStyle uint8

// The styles.
const (
	RestoreDeleted DeleteStyle = iota // what the other side holds comes back
	HideDeleted                       // the record was hidden, and is shown again
)

// Throttle is how a system defends itself against too many requests of the
// engine. Dataverse has the limits of its service protection, finance &
// operations one of its load.
type Throttle struct {
	Requests   int           `key:"requests"`   // in Window, of each user on each web server
	Busy       time.Duration `key:"busy"`       // time of requests that ended in Window
	Concurrent int           `key:"concurrent"` // under way
	Window     time.Duration `key:"window"`
	Users      int           `key:"users"`       // that the engine's requests are spread over
	WebServers int           `key:"web-servers"` // ... as over these
	RetryAfter time.Duration `key:"retry-after"` // the least that a client is told to wait
	Overload   float64       `key:"overload"`    // jobs for each server from which on requests are refused
}

// LiveLimits are the limits of a live transaction that begins on a side. No
// Records, no Companies and no Size are no limit; Time always has one.
type LiveLimits struct {
	Records   int           `key:"records"` // a header counts like a line
	Companies int           `key:"companies"`
	Size      Size          `key:"size"`
	Time      time.Duration `key:"time"`
}

// Message are the limits of what the engine sends to a side. 0 and an empty text
// are no limit.
type Message struct {
	Time          time.Duration `key:"time"`    // of a record's write, plug-ins included
	Records       int           `key:"records"` // of one request
	RefusedInKeys Content       `key:"refused-in-keys"`
}

// Clock is how a system's local clock differs from true time.
type Clock struct {
	Offset      time.Duration `key:"offset"`
	Drift       PPB           `key:"drift"`
	Slew        PPB           `key:"slew"` // how fast a time daemon takes an error back; 0: there is none
	Granularity time.Duration `key:"granularity"`
	Steps       []ClockStep   `key:"steps"`
}

// ClockStep is a sudden correction of a clock, at a true time.
type ClockStep struct {
	Name string        `key:"name"`
	At   time.Duration `key:"at"`
	By   time.Duration `key:"by"`
}

// Keys is how a system compares integration keys.
type Keys struct {
	FoldCase bool `key:"fold-case"` // two keys that differ only in case are one
}

// StaleSave is what a system does when a user saves a record that has changed
// since he opened it.
type StaleSave uint8

// The policies.
const (
	RefuseStale    StaleSave = iota // the save fails; the user opens the record again
	OverwriteStale                  // the save wins over what he had not seen
)

// Notification is the system's signal to the engine that its outbox has
// something new. Losing one costs time only: the engine's poll finds the rest.
type Notification struct {
	Delay     sim.Dist `key:"delay"`
	Loss      Share    `key:"loss"`
	Duplicate Share    `key:"duplicate"`
}

// Links are the engine's two network links.
type Links struct {
	FinOps    Link `key:"engine->finops"`
	Dataverse Link `key:"engine->dataverse"`
}

// Of returns the engine's link to a side.
func (l *Links) Of(side engine.Side) *Link {
	if side == engine.FinOps {
		return &l.FinOps
	}
	return &l.Dataverse
}

// Link carries the engine's requests to one side and the answers back.
// Latency is drawn for each way. Loss strikes a request or its answer with
// equal chance; either way the engine learns nothing until its timeout.
type Link struct {
	Latency sim.Dist `key:"latency"`
	Loss    Share    `key:"loss"`
}

// Map is a table map.
type Map struct {
	Name        string             `key:"name"`
	FinOps      string             `key:"finops"`    // the data entity
	Dataverse   string             `key:"dataverse"` // the table
	Key         []string           `key:"key"`       // key columns, without the company
	Company     bool               `key:"company"`   // the company is part of the key
	Direction   engine.Flow        `key:"direction"`
	Mode        engine.Mode        `key:"mode"`
	Async       AsyncSupport       `key:"async"`
	Granularity engine.Granularity `key:"granularity"`
	Unlinked    engine.Unlinked    `key:"unlinked"`
	OnLeave     engine.OnLeave     `key:"on-leave"`
	Filter      Filters            `key:"filter"`
	Columns     []Column           `key:"columns"`
	Lookups     []Lookup           `key:"lookups"`
}

// AsyncSupport says whether a map can run in async mode.
type AsyncSupport uint8

// The answers.
const (
	Supported AsyncSupport = iota
	Unsupported
)

// Lookup is a mapped column that names a record of another map, or of its own; a
// polymorphic one names a record of any of several maps.
type Lookup struct {
	Column string
	Maps   []int // indexes into Scenario.Maps
}

// Job is an integration job: maps in their sequence, and the side that wins
// conflicts.
type Job struct {
	Name     string      `key:"name"`
	Primary  engine.Side `key:"primary"`
	Sequence []int       `key:"sequence"` // indexes into Scenario.Maps; the first runs first
	Begins   Beginning   `key:"begins"`
	Alerts   []Alert     `key:"alerts"`
}

// Beginning is how a job is when the run begins.
type Beginning uint8

// The beginnings.
const (
	BeginsActive  Beginning = iota
	BeginsStopped           // it captures nothing until an operator starts it
)

// Workload is one source of user transactions on one side: a generator with
// Arrivals and Transaction, or, when Trace is set, a recorded day.
type Workload struct {
	Name           string          `key:"name"`
	Side           engine.Side     `key:"side"`
	Enabled        bool            `key:"enabled"`
	Arrivals       *Arrivals       `key:"arrivals"`
	Transaction    []Step          `key:"transaction"`
	OpenFor        sim.Dist        `key:"open-for"`        // nil: users save what they see
	ConcurrentEdit *ConcurrentEdit `key:"concurrent-edit"` // nil: never
	Trace          *Trace          `key:"trace"`
}

// Step is what a generated transaction does to the records of one map.
type Step struct {
	Name    string    `key:"name"`
	Map     int       `key:"map"`    // index into Scenario.Maps
	Create  sim.Count `key:"create"` // exactly one of Create, Update and Delete is set
	Update  sim.Count `key:"update"`
	Delete  sim.Count `key:"delete"`
	Pick    Pick      `key:"pick"`    // which records an update or delete is about
	Columns []int     `key:"columns"` // which columns an update writes, as indexes into the map's Columns; nil: all

	Contents []Written `key:"contents"` // what a create or update writes, where it is not made up
}

// Pick chooses among the records that are alive on the workload's side, in
// the order of their creation. Zipf 0 picks uniformly; above, the record of
// rank r has weight 1/r^Zipf, the first created having rank 1.
type Pick struct {
	Zipf float64
}

// ConcurrentEdit lets, with Probability, another user change the same records
// on the other side, Gap after the first commit.
type ConcurrentEdit struct {
	Probability Share    `key:"probability"`
	Gap         sim.Dist `key:"gap"`
	Columns     Columns  `key:"columns"` // that he writes
	Creates     bool     `key:"creates"` // he creates under the same key what has not come to his side; else he leaves it out
}

// Columns says which columns a concurrent edit writes.
type Columns uint8

// The choices.
const (
	SameColumns  Columns = iota // those that the first user has written
	OtherColumns                // those that he has left alone; of what he has created all
)

// Users is what users do whose save does not get through.
type Users struct {
	Patience sim.Dist       `key:"patience"` // until they try again after an outage
	Redo     sim.Dist       `key:"redo"`     // until an edit is made again whose save was stale
	Again    sim.Dist       `key:"again"`    // until they try again what failed for a passing reason
	Tries    int            `key:"tries"`    // ... in all
	Oversize users.Oversize `key:"oversize"`
}

// Trace replays recorded rows; see [Scenario.Transactions].
type Trace struct {
	File        string        `key:"file"`
	At          string        `key:"at"`          // column with the time
	Transaction string        `key:"transaction"` // column; rows with the same value commit together
	Speed       Ratio         `key:"speed"`
	Shift       time.Duration `key:"shift"`
	Rows        []TraceRow    `key:"rows"`
	Operation   OperationRule `key:"operation"`
}

// TraceRow is what one row of the trace writes into one map.
type TraceRow struct {
	Name    string        `key:"name"`
	Map     int           `key:"map"` // index into Scenario.Maps
	Once    Once          `key:"once"`
	Ahead   time.Duration `key:"ahead"`
	Company string        `key:"company"` // column with the company; empty for a global map
	Key     []Source      `key:"key"`     // one per key column of the map, in its order
	Lookups []Source      `key:"lookups"`
	Values  []Source      `key:"values"`
}

// Once says how often a [TraceRow] writes.
type Once uint8

// The choices.
const (
	EveryRow       Once = iota
	PerTransaction      // with the first row of each transaction
	PerKey              // when the trace shows the key for the first time
)

// Source is where the text of one column comes from: a column of the trace,
// with a substitute for empty cells, or a constant.
type Source struct {
	Target   int    // index into the map's Key, Lookups or Columns
	Column   string // of the trace; empty for a constant
	Empty    string // taken where the cell is empty
	Constant string

	// Of a lookup: the map whose record the text names, as an index into
	// Scenario.Maps. The first case of When that matches goes before.
	Map  int
	When []MapCase
}

// MapCase matches rows by a column, for those whose lookup names a record of
// another map.
type MapCase struct {
	Name   string `key:"name"`
	Column string `key:"column"`
	Prefix string `key:"prefix"`
	Map    int    `key:"map"` // index into Scenario.Maps
}

// OperationRule says whether a traced transaction creates or updates its
// records. The first matching case decides.
type OperationRule struct {
	Default engine.Operation `key:"default"`
	When    []OperationCase  `key:"when"`
}

// OperationCase matches transactions by a column of their first row.
type OperationCase struct {
	Name   string           `key:"name"`
	Column string           `key:"column"`
	Prefix string           `key:"prefix"`
	Then   engine.Operation `key:"then"`
}

// Engine are the settings of the sync engine.
type Engine struct {
	Mode            Mode          `key:"mode"`
	Workers         int           `key:"workers"` // batches in flight at once
	Batch           int           `key:"batch"`   // records in one batch
	Queue           int           `key:"queue"`   // changes of one side that are held at once
	Timeout         time.Duration `key:"timeout"` // until a request without an answer is given up
	Retry           Retry         `key:"retry"`
	Breaker         Breaker       `key:"breaker"`
	Poll            time.Duration `key:"poll"`             // how often outboxes are looked at without being notified
	Sequence        Sequence      `key:"sequence"`         // what a map's place in its job means
	DependencyGraph bool          `key:"dependency-graph"` // false: nothing waits for the records that it looks up
	OnParentError   OnParentError `key:"on-parent-error"`
	LockWait        time.Duration `key:"lock-wait"` // how long a live transaction waits for a record that is in use
	DeleteRace      DeleteRace    `key:"delete-race"`
	DeletePolicy    DeletePolicy  `key:"delete-policy"`

	InitialSync CopyLimits  `key:"initial-sync"`
	Pause       PauseLimits `key:"pause"`
}

// PauseLimits are how much a paused job queues up before it refuses changes.
type PauseLimits struct {
	Longest time.Duration `key:"longest"`
	Size    Size          `key:"size"` // of records, as they were captured
}

// CopyLimits are how much initial sync carries, and lists, at a time.
type CopyLimits struct {
	Rows  int `key:"rows"`  // of one leg
	Chunk int `key:"chunk"` // listed at once
}

// DeleteRace is what becomes of a delete when the other side, which is primary,
// has changes that the user had not seen.
type DeleteRace uint8

// The policies.
const (
	RefuseDelete DeleteRace = iota // the user's transaction fails
	DeleteWins
)

// DeletePolicy is what of a transaction with a delete goes live.
type DeletePolicy uint8

// The policies.
const (
	DeleteAlone DeletePolicy = iota // the delete, and the rest stays async
	DeleteAll                       // the whole transaction
)

// Retry is the back-off after system failures: Base·Factor^k, at most Cap.
type Retry struct {
	Attempts int           `key:"attempts"`
	Base     time.Duration `key:"base"`
	Factor   float64       `key:"factor"`
	Cap      time.Duration `key:"cap"`
}

// Breaker keeps the engine from a side that is down: TripAfter failed requests
// in a row open it, and a probe each Probe closes it again.
type Breaker struct {
	TripAfter int           `key:"trip-after"`
	Probe     time.Duration `key:"probe"`
}

// Sequence is what a map's place in its job means.
type Sequence uint8

// The meanings.
const (
	Priority Sequence = iota // among what may run, lower places go first
	Barrier                  // a map waits until no lower place has any work left
)

// OnParentError is what becomes of a change that looks up a record on the
// error desk.
type OnParentError uint8

// The policies.
const (
	Hold    OnParentError = iota // it waits
	Proceed                      // it fails, and goes to the error desk too
)
