// Package result holds what a run of a scenario produced, as plain data.
//
// It is the seam between the simulated world and the reports: package
// scenarios fills a [Set], package reports reads it, and neither sees more of
// the other. Instants are true time, counted from the scenario's start; spans
// are [time.Duration]. Every slice has a fixed, documented order, so that the
// same runs give the same bytes.
package result

import (
	"strings"
	"time"
)

// Set is everything that one scenario produced: the inputs as they were
// resolved, and one [Run] per simulated world.
type Set struct {
	Scenario     Scenario
	Runs         []Run         // ascending by Run.Index
	Expectations []Expectation // in the order of the scenario
	Looks        []Look        // when it was decided whether the runs are enough; empty where their number was fixed
}

// Expectation is what the scenario demands of its runs, and how it fared.
type Expectation struct {
	ID      string
	Text    string // "p99(convergence) < 5m", "always no-lost-update"
	Verdict Verdict
	Note    string // why it is inconclusive, or what the verdict rests on

	// Of a figure that was measured: its mean over runs with the interval, as
	// expectations write quantities ("4m12s", "0.5%"). Empty for others.
	Mean, Low, High string
	AtLeast         bool // Mean is a lower bound
	Foreign         bool // the figure is of another mode, and this one has nothing to take it of
	Runs            int
}

// Look is one look at whether the runs so far are enough for the precision that
// the scenario asks for.
type Look struct {
	Runs     int
	Figure   string
	Relative float64 // half the interval's width by the mean; negative when it cannot be told
	Enough   bool
}

// Complete returns the number of runs that ran to their end.
func (s *Set) Complete() int {
	n := 0
	for i := range s.Runs {
		if s.Runs[i].Incomplete == "" && s.Runs[i].Panic == "" {
			n++
		}
	}
	return n
}

// Scenario names the inputs of a [Set].
type Scenario struct {
	Name       string
	Purpose    string
	Mode       string // "async", "live" or "integrator"
	Seed       uint64
	Hash       string        // first 8 hex digits of SHA-256 over resolved scenario, seed and model version
	Model      string        // version of the simulated model; a new one makes a new Hash
	Start      time.Time     // the calendar instant that run time 0 stands for, UTC
	Length     time.Duration // from the start to the end of the workload window
	Warmup     time.Duration // changes committed before it are in no convergence figure
	Drain      time.Duration // extra time after Length in which queues may empty
	Primary    string        // primary side of each job, as "billing: finops"
	LiveMost   [2]int        // records that may go live in one transaction, by side of its user; 0: any number
	Maps       []Map         // in the order of the scenario file
	Workloads  []string      // that are enabled, in the order of the scenario file
	Faults     []Period      // as planned, and when operators keep a job from its work, ascending by From; [Run.Faults] has what really struck
	Failpoints []string      // bugs planted on purpose, as "name=terms"; normally none
	Inputs     []Input       // every resolved setting, ascending by Path
	Source     []byte        // the scenario file as given
	Resolved   []byte        // the same with all defaults and overrides written out
	Command    string        // the one line that reproduces these results
}

// Map is one table map of the scenario.
type Map struct {
	Name      string // "invoices"
	FinOps    string // the data entity, "SalesInvoiceHeadersV2"
	Dataverse string // the table, "invoices"
	Sequence  int    // priority inside its job; lower runs first
}

// Period is a stretch of time in which a fault was active, or was to be.
type Period struct {
	Kind     string // "outage", "engine-crash", ...
	Target   string // the side or link it struck; empty for the engine
	From, To time.Duration
	Note     string // one short phrase for a plot's label; empty when there is nothing to say
}

// Input is one resolved setting with where its value comes from.
type Input struct {
	Path    string // "engine.retry.base"
	Value   string // as it would be written in YAML
	Default string // the value that it would have had; empty when there is none
	Given   bool   // the file or --set gave it
	Source  string // of the default: "documented: <where>" or "assumed: <why>"
}

// Aside reports whether a setting moves nothing in any run: how many runs there are,
// and through which points a sweep goes.
func Aside(path string) bool {
	key, _, _ := strings.Cut(path, ".")
	return key == "runs" || key == "sweep"
}

// Run is one simulated world.
type Run struct {
	Index      int
	Digest     string // trace digest, 16 hex digits
	Events     uint64 // kernel events
	End        time.Duration
	Incomplete string // why the run stopped early, and when; empty when it ran to its end
	Panic      string // the broken rule inside that ended it, with the tail of the trace; normally empty

	Properties  []Property // fixed order, one per property checked
	Maps        []MapCount // order of Scenario.Maps
	Outcomes    []OutcomeCount
	Errors      []ErrorCount // descending by Count, then by Class, Reason, Map
	Convergence []Sample     // ascending by Born, then by the order of commit; where there are too many, of every so-manieth change: see Thinned
	Waits       []Wait       // in the order in which users asked; likewise
	Saves       []SaveCount  // by side, then by ending
	Throttled   []ThrottleCount
	Operations  []Operation      // what operators asked for, in order
	Series      []Series         // ascending by Name
	Windows     []Window         // what happened in stretches of the run, in order
	Dependency  []DependencyWait // by the order of Scenario.Maps, of maps with one
	Gaps        []Gap            // ascending
	Sizes       []SizeCount      // by side, then ascending
	Worst       []Worst          // longest convergence first, at most 20
	Story       []Story          // notable transactions, in the order of the scenario's spotlight
	Torn        []Story          // transactions partly visible longest and yet whole at the end, longest first, at most 5 (beside the spotlight in Story)
	Faults      []Period         // when the scenario's faults really struck in this run, operators kept a job from its work, or were refused; ascending by From
	Fired       []string         // planted failpoints that fired, as "name xN", sorted
	Initial     []Leg            // of the last initial sync of each job, in the order in which they were to run
	Alerts      []Alert          // that people were told of, ascending by At
	Totals      Totals
	Live        LiveCount
	Thinned     Thinned
	Copied      *Copied // what the data integrator did; nil in another mode. With it, Properties and Outcomes are empty
}

// Property is one contract that the oracle checked in a run.
type Property struct {
	ID         string // "converged"
	Contract   string // its text
	Verdict    Verdict
	Checked    uint64      // how often it was tested; 0 makes it inconclusive
	Violations uint64      // how often it was broken
	Examples   []Violation // the first few
	Note       string      // why it is inconclusive, or what was excused
}

// Violation is one breach of a property.
type Violation struct {
	At      time.Duration
	Record  string // map, company and key, for people
	Message string
}

// MapCount counts what happened to the records of one map.
type MapCount struct {
	Map               string
	Captured          [2]uint64     // captured changes, by side of origin (0 = F&O, 1 = Dataverse)
	Live              [2]uint64     // changes that committed on both sides with a live transaction, deletes among them
	Creates           [2]uint64     // how many of both created the record
	Alive             [2]uint64     // records on each side at the end
	Converged         uint64        // pairs equal on both sides at the end
	Divergent         uint64        // pairs that differ at the end
	Parked            uint64        // pairs with an item on the error desk at the end
	Blocked           uint64        // pairs that wait for a parked one at the end
	Open              uint64        // pairs with an item still queued at the end
	PartlyVisibleMost time.Duration // of transactions that became whole: the longest that one was partly visible on the other side
	NeverWhole        uint64        // transactions of which the other side showed a part and never the rest
	Lost              uint64        // under the data integrator: changes that were lost, or missed (see [Copied])
}

// OutcomeCount counts references of one map and side that ended alike.
type OutcomeCount struct {
	Map    string
	Side   string // side of origin: "finops" or "dataverse"
	Class  string // "synced", "application", "system", "concurrency", "conflict", "no-op", "dismissed", or "parked", "open" for what had not ended
	Reason string // "written", "override", "superseded", ...
	Count  uint64
}

// ErrorCount is one line of the sync-errors list, folded by cause.
type ErrorCount struct {
	Class   string
	Reason  string
	Map     string
	Message string // the cause text an operator would read
	Count   uint64
	Retried uint64 // attempts that this cause cost
	Example string // one record, for people
}

// Sample is the convergence of one change, captured or live: for how long one side
// alone had it. A captured change begins with its user's commit; a live one with the
// write on the other side, and ends with its user's commit.
type Sample struct {
	Map      uint16 // index into Scenario.Maps
	Side     uint8  // side of origin
	Born     time.Duration
	Took     time.Duration // true time from the first commit of it until both sides agree on the pair
	Censored bool          // had not converged when the run ended; Took is a lower bound
}

// Wait is how long a user waited for one save: from when he asked until his
// system told him how it had ended. It may have failed. A transaction that is
// tried again is several saves; the pauses between them are none. A system that
// is down takes no save: see [Totals.TurnedAway].
type Wait struct {
	Workload uint16 // index into Scenario.Workloads
	Side     uint8
	Live     bool   // it was held until its rows were on the other side, or for as long as that was tried
	Ended    string // "committed", "refused as stale", "over the time limit", ...; empty with Censored
	Asked    time.Duration
	Took     time.Duration
	Censored bool // it had not ended when the run did; Took is a lower bound
}

// SaveCount counts saves of one side that ended alike, all of them.
type SaveCount struct {
	Side    string
	Ended   string // "committed", "refused as stale", ...
	Count   uint64
	Live    uint64 // of them, those that were held until their rows were on the other side
	GivenUp uint64 // transactions of which this was the last save, and their users let them be
}

// ThrottleCount counts requests of the engine that a side answered 429.
type ThrottleCount struct {
	Side  string
	Why   string // the code of Dataverse's service protection and what it means, or F&O's reason
	Count uint64
}

// LiveCount counts live transactions that have ended.
type LiveCount struct {
	Committed   uint64
	Undone      uint64
	InDoubtMost time.Duration // the longest that one side alone had committed
}

// Thinned says how much of the largest lists was kept: of changes and saves every
// so-manieth, 1 for all, 0 where nothing was to be kept; how many windows became
// one, 0 where none did; and whether points of series did.
type Thinned struct {
	Convergence, Waits, Windows uint64
	Series                      bool
}

// Operation is what an operator asked for.
type Operation struct {
	At      time.Duration
	Do      string // "pause", "retry", ...
	Job     string
	Refused string // why the engine refused it; empty when it did not
}

// Series is one quantity over time, as a step function. "backlog" counts the
// references that wait for the engine, in its queue and in the outboxes, but for
// those on the error desk; "outbox" counts the part that the engine has not
// taken in. "use.finops" and "use.dataverse" are the share of their servers' time
// that the systems spent on jobs, until the next point.
type Series struct {
	Name   string // "backlog", "in-flight", "divergent-pairs", "parked", "breaker.dataverse", "use.dataverse"
	Unit   string // "references", "pairs", "share"
	Points []Point
}

// Point is the value of a series from At on.
type Point struct {
	At    time.Duration
	Value float64
	Area  float64 // of the series before At, in its unit times seconds: exact also where points were left out
}

// Worst is one record that took long, with its story.
type Worst struct {
	Record   string
	Map      string
	Side     string
	Born     time.Duration
	Took     time.Duration
	Censored bool
	Why      []Reason // how the time was spent, longest first
}

// Reason is a stretch of a record's waiting.
type Reason struct {
	What string // "waiting for its header", "back-off after a time-out", ...
	For  time.Duration
}

// Story tells of one source transaction from commit to convergence.
type Story struct {
	Title     string // "invoice 573585"
	Side      string
	Committed time.Duration
	Records   int
	Synced    int           // records that both sides agree on at the end
	FirstSeen time.Duration // first record of it visible on the other side
	LastSeen  time.Duration // last one; the span between is partly visible ("torn")
	Censored  bool
}

// Totals are counters over the whole run.
type Totals struct {
	Captured        uint64 // captured changes on both sides
	Live            uint64 // changes that committed on both sides with a live transaction
	Transactions    [2]uint64
	Rejected        uint64        // user transactions that failed before commit
	StaleRefused    [2]uint64     // saves refused because the row had changed since it was opened, by side
	Overwrote       [2]uint64     // saves that went over changes their user had not seen, by side
	TurnedAway      [2]uint64     // user transactions that met an outage and waited, by side
	OutageWaitMost  time.Duration // the longest that one of them waited
	DriftOverwrote  uint64        // content that was never linked, or was edited where its column does not flow from, and was written over
	EngineWrites    uint64
	MarkOnlyWrites  uint64
	Retries         uint64
	ConditionFailed uint64
	LateLandings    uint64 // writes that landed after the engine had given them up
	Crashes         uint64
	Notifications   uint64
	Reads           uint64
	Compared        uint64 // pairs that the last resync or comparison looked at
	Drift           uint64 // of them, those that differed although nothing was queued for them
}

// Leg is one direction of the initial sync of a table map: of all companies, or
// of one.
type Leg struct {
	Map          string
	Company      string // empty: all
	Side         string // whose records were copied: "finops" or "dataverse"
	Stage        string // "done", "cut" at the most rows that a leg may carry, "running" or "waiting"
	Began, Ended time.Duration
	Rows         uint64 // of whole chunks
	Written      uint64 // of them: the other side was written
	Unchanged    uint64 // ... both sides held them alike
	Lost         uint64 // ... the primary's record won against them
	Errors       uint64 // ... wait for an operator
}

// Over reports whether the leg came to its end.
func (l *Leg) Over() bool { return l.Stage == "done" || l.Stage == "cut" }

// Alert is one that people were told of.
type Alert struct {
	At     time.Duration
	Job    string
	Action string        // "notify", "pause" or "stop": what was done besides
	Count  uint64        // so many failures ...
	Within time.Duration // ... within so long
	Class  string        // of the failure that was one too many
	Reason string
}

// Changes is how many changes users made, captured or live.
func (t *Totals) Changes() uint64 { return t.Captured + t.Live }

// Copied is what the data integrator did to users' changes. Arrays are by the
// side where a change was made.
type Copied struct {
	Lost        [2]uint64 // changes with a value that survives on neither side, and that no user had written over
	Missed      [2]uint64 // changes that stand on their own side alone, and that no run to come will list
	Overwritten [2]uint64 // changes that a copy was written over where they were made; most of them are lost

	Rows    uint64 // written, deletes among them
	Deletes uint64
	Echoes  uint64 // rows written that changed nothing

	Runs     uint64 // of all projects that ended
	Warnings uint64 // of them, those that could not copy every row
	Broken   uint64 // of them, those that were broken off
	Waiting  uint64 // rows that wait for the next run at the end

	Losses []Loss // the first of the lost and missed changes, in the order in which they were made; at most 20
}

// Loss is one change that was lost, or missed.
type Loss struct {
	Record string // map, company and key, for people
	Side   string // where it was made
	Born   time.Duration
	Missed bool // it stands on its own side, and was never copied
}
