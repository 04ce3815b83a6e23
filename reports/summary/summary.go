// Package summary condenses a [result.Set] into the figures that every report
// shows: verdicts, outcome and map counts, convergence quantiles, per run and
// pooled over the runs.
//
// [Of] computes it once; the page, the terminal and summary.json all read the
// same [Summary], so they cannot disagree. [Summary.WriteJSON] writes it in a
// form that programs may rely on: see [Schema].
package summary

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Schema names the shape of the JSON. A field may be added under this
// name; a field that changes its meaning, or goes, makes a new one.
//
// Spans and instants are numbers of seconds with up to nine decimals (so they
// lose no nanosecond), instants counted from the scenario's start in true time.
// Counts are whole numbers; the seed is a string, because it needs all 64 bits.
// Lists have a fixed order: runs by index, maps as in the scenario, sides F&O
// first, everything else as package result documents. There is no wall clock.
const Schema = "twinwrite/summary/v4"

// Summary is a [result.Set] condensed.
type Summary struct {
	Schema   string         `json:"schema"`
	Scenario Scenario       `json:"scenario"`
	Verdict  result.Verdict `json:"verdict"`
	Executed Executed       `json:"executed"`

	Expectations []Expectation `json:"expectations,omitempty"` // what the scenario demands
	Looks        []Look        `json:"looks,omitempty"`        // at whether the runs are enough, where their number is not fixed

	Pooled Figures `json:"pooled"` // over the runs that Executed.Pooled counts
	Runs   []Run   `json:"runs"`
}

// Executed says how much of what the scenario asks for was run.
type Executed struct {
	Asked       int  `json:"asked"`       // runs that the scenario asks for
	Started     int  `json:"started"`     // runs that results are there of
	Complete    int  `json:"complete"`    // of these, runs that came to their end
	Pooled      int  `json:"pooled"`      // runs behind pooled figures: the complete ones, or all when none is complete
	Interrupted bool `json:"interrupted"` // somebody ended the execution before its time
}

// Scenario says what was simulated.
type Scenario struct {
	Name    string   `json:"name"`
	Purpose string   `json:"purpose"`
	Mode    string   `json:"mode"`
	Seed    uint64   `json:"seed,string"`
	Hash    string   `json:"hash"`
	Model   string   `json:"model"`
	Start   string   `json:"start"` // RFC 3339, UTC
	Length  Seconds  `json:"length"`
	Drain   Seconds  `json:"drain"`
	Primary string   `json:"primary"`
	Maps    []Map    `json:"maps"`
	Faults  []Period `json:"faults"`
	Planted []string `json:"planted"` // failpoints: bugs planted on purpose; normally none
	Command string   `json:"command"`
}

// Map is one table map of the scenario.
type Map struct {
	Name      string `json:"name"`
	FinOps    string `json:"finops"`
	Dataverse string `json:"dataverse"`
	Sequence  int    `json:"sequence"`
}

// Period is a stretch of time in which a fault was active.
type Period struct {
	Kind   string  `json:"kind"`
	Target string  `json:"target"`
	From   Seconds `json:"from"`
	To     Seconds `json:"to"`
	Note   string  `json:"note"`
}

// Expectation is what the scenario demands of its runs, and how it fared.
type Expectation struct {
	ID      string         `json:"id"`
	Text    string         `json:"text"`
	Verdict result.Verdict `json:"verdict"`
	Note    string         `json:"note"`
	Mean    string         `json:"mean,omitempty"` // of the figure over runs, as expectations write quantities
	Low     string         `json:"low,omitempty"`
	High    string         `json:"high,omitempty"`
	AtLeast bool           `json:"at_least,omitempty"` // the mean is a lower bound
	Foreign bool           `json:"foreign,omitempty"`  // the figure is of another mode, and this one has none
	Runs    int            `json:"runs"`
}

// Seen tells what was measured: "4m12s (3m50s to 4m33s, mean of 30 runs)"; empty where
// the expectation is about no figure, or it was not measured.
func (e *Expectation) Seen() string {
	if e.Mean == "" {
		return ""
	}
	seen := e.Mean
	if e.AtLeast {
		seen = "at least " + seen
	}
	if e.Low != "" {
		seen += " (" + e.Low + " to " + e.High + ", mean of " + strconv.Itoa(e.Runs) + " runs)"
	}
	return seen
}

// Look is one look at whether the runs are enough for the asked precision.
type Look struct {
	Runs     int     `json:"runs"`
	Figure   string  `json:"figure"`
	Relative Rounded `json:"relative"` // half the interval by the mean; negative when it cannot be told
	Enough   bool    `json:"enough"`
}

// Run is one run condensed.
type Run struct {
	Index      int            `json:"index"`
	Digest     string         `json:"digest"`
	Events     uint64         `json:"events"`
	End        Seconds        `json:"end"`
	Incomplete string         `json:"incomplete"`      // why it stopped early; empty otherwise
	Panic      string         `json:"panic,omitempty"` // the broken rule inside that ended it, the last events and where the program was
	Verdict    result.Verdict `json:"verdict"`
	Faults     []Period       `json:"faults"`            // as they struck in this run
	Fired      []string       `json:"fired"`             // planted failpoints that fired, as "name xN"
	Initial    []Leg          `json:"initial,omitempty"` // legs of initial sync
	Alerts     []Alert        `json:"alerts,omitempty"`
	Figures
}

// Figures are what a run, or all runs together, amounted to.
type Figures struct {
	Properties  []Property    `json:"properties"`
	Maps        []MapFigures  `json:"maps"`
	Outcomes    []Outcome     `json:"outcomes"`
	Errors      []Error       `json:"errors"`
	Convergence []Convergence `json:"convergence"`
	Waits       []Waits       `json:"waits"`     // all, then each workload; of those that committed, and of those that failed
	Saves       []Saves       `json:"saves"`     // by side and ending
	Throttled   []Throttled   `json:"throttled"` // requests that were answered 429
	Live        Live          `json:"live"`
	Thinned     Thinned       `json:"thinned"`
	Stories     []Story       `json:"stories"`
	Torn        []Story       `json:"torn"`      // partly visible longest and yet whole at the end, longest first
	Divergent   uint64        `json:"divergent"` // pairs that differ at the end
	Totals      Totals        `json:"totals"`
	Copied      *Copied       `json:"copied,omitempty"`  // what the data integrator did; left out in other modes
	PerRun      []PerRun      `json:"per_run,omitempty"` // means over runs, only where there are several
}

// Property is one contract and how it fared.
type Property struct {
	ID         string         `json:"id"`
	Contract   string         `json:"contract,omitempty"` // only where runs are pooled: it is the same in all
	Verdict    result.Verdict `json:"verdict"`
	Checked    uint64         `json:"checked"`
	Violations uint64         `json:"violations"`
	Note       string         `json:"note"`
	Examples   []Violation    `json:"examples"`
}

// Violation is one breach of a property.
type Violation struct {
	Run     int     `json:"run"`
	At      Seconds `json:"at"`
	Record  string  `json:"record"`
	Message string  `json:"message"`
}

// Copies reports whether the data integrator carried the changes, which has no queue,
// no outcomes and no error desk.
func (s *Summary) Copies() bool { return s.Pooled.Copied != nil }

// AllLive reports whether every change went live, so that none was queued.
func (s *Summary) AllLive() bool {
	return s.Scenario.Mode == "live" && s.Pooled.Totals.Captured == 0 && len(s.Pooled.Outcomes) == 0
}

// MapFigures counts the records of one table map; pairs of numbers are F&O and
// Dataverse.
type MapFigures struct {
	Map               string    `json:"map"`
	Captured          [2]uint64 `json:"captured"`
	Live              [2]uint64 `json:"live"` // changes that went live
	Creates           [2]uint64 `json:"creates"`
	Alive             [2]uint64 `json:"alive"`
	Converged         uint64    `json:"converged"`
	Parked            uint64    `json:"parked"`
	Blocked           uint64    `json:"blocked"`
	Open              uint64    `json:"open"`
	PartlyVisibleMost Seconds   `json:"partly_visible_most"` // of a transaction that became whole
	NeverWhole        uint64    `json:"never_whole"`         // transactions that did not
	Lost              uint64    `json:"lost,omitempty"`      // under the data integrator: changes that were lost, or missed
}

// Outcome counts references of one map and side that ended alike.
type Outcome struct {
	Map    string `json:"map"`
	Side   string `json:"side"`
	Class  string `json:"class"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
}

// Error is one line of the sync-errors list.
type Error struct {
	Class   string `json:"class"`
	Reason  string `json:"reason"`
	Map     string `json:"map"`
	Message string `json:"message"`
	Count   uint64 `json:"count"`
	Retried uint64 `json:"retried"`
	Example string `json:"example"`
}

// Convergence holds the quantiles of one group of captured changes.
type Convergence struct {
	Map       string     `json:"map"`  // empty: all maps
	Side      string     `json:"side"` // side of origin; empty: both
	N         int        `json:"n"`
	Censored  int        `json:"censored"` // of N, those that had not converged when the run ended
	Quantiles []Quantile `json:"quantiles"`
}

// At is the quantile of that name, as "p99"; an unknown name is not known.
func (c Convergence) At(name string) stats.Quantile { return at(c.Quantiles, name) }

// Interval is what the runs tell of that quantile; not known where there are too few.
func (c Convergence) Interval(name string) stats.QuantileInterval { return interval(c.Quantiles, name) }

func interval(quantiles []Quantile, name string) stats.QuantileInterval {
	for _, q := range quantiles {
		if q.Name == name {
			return q.Interval
		}
	}
	return stats.QuantileInterval{}
}

func at(quantiles []Quantile, name string) stats.Quantile {
	for _, q := range quantiles {
		if q.Name == name {
			return q.Quantile
		}
	}
	return stats.Quantile{}
}

// Story tells of one source transaction.
type Story struct {
	Run       int     `json:"run"`
	Title     string  `json:"title"`
	Side      string  `json:"side"`
	Committed Seconds `json:"committed"`
	Records   int     `json:"records"`
	Synced    int     `json:"synced"`
	FirstSeen Seconds `json:"first_seen"`
	LastSeen  Seconds `json:"last_seen"`
	Censored  bool    `json:"censored"` // some record never came

	// PartlyVisible is how long some records of the transaction were on the
	// other side and others not; until the run's end if some never came.
	PartlyVisible Seconds `json:"partly_visible"`
}

// Totals are counters over a whole run, or summed over runs.
type Totals struct {
	Captured        uint64    `json:"captured"`
	Live            uint64    `json:"live"` // changes that went live
	Transactions    [2]uint64 `json:"transactions"`
	Rejected        uint64    `json:"rejected"`
	StaleRefused    [2]uint64 `json:"stale_refused"`    // saves refused because the row had changed since it was opened
	Overwrote       [2]uint64 `json:"overwrote"`        // saves that went over changes their user had not seen
	TurnedAway      [2]uint64 `json:"turned_away"`      // user transactions that met an outage and waited
	OutageWaitMost  Seconds   `json:"outage_wait_most"` // the longest that one of them waited
	DriftOverwrote  uint64    `json:"drift_overwrote"`  // content that nobody was to carry, and that was written over
	EngineWrites    uint64    `json:"engine_writes"`
	MarkOnlyWrites  uint64    `json:"mark_only_writes"`
	Retries         uint64    `json:"retries"`
	ConditionFailed uint64    `json:"condition_failed"`
	LateLandings    uint64    `json:"late_landings"`
	Crashes         uint64    `json:"crashes"`
	Notifications   uint64    `json:"notifications"`
	Reads           uint64    `json:"reads"`
	Compared        uint64    `json:"compared,omitempty"` // pairs that the last resync or comparison looked at
	Drift           uint64    `json:"drift,omitempty"`    // of them, those that differed although nothing was queued for them
}

// Leg is one direction of the initial sync of a table map.
type Leg struct {
	Map       string  `json:"map"`
	Company   string  `json:"company"` // empty: all
	Side      string  `json:"side"`    // whose records were copied
	Stage     string  `json:"stage"`   // "done", "cut" at the most rows of a leg, "running" or "waiting"
	Began     Seconds `json:"began"`
	Ended     Seconds `json:"ended"` // 0 when it was not over
	Rows      uint64  `json:"rows"`
	Written   uint64  `json:"written"`
	Unchanged uint64  `json:"unchanged"`
	Lost      uint64  `json:"lost"` // the primary's record won against them
	Errors    uint64  `json:"errors"`
}

// Alert is one that people were told of.
type Alert struct {
	At     Seconds `json:"at"`
	Job    string  `json:"job"`
	Action string  `json:"action"`
	Count  uint64  `json:"count"`
	Within Seconds `json:"within"`
	Class  string  `json:"class"` // of the failure that was one too many
	Reason string  `json:"reason"`
}

func totals(t result.Totals) Totals {
	return Totals{
		Captured: t.Captured, Live: t.Live, DriftOverwrote: t.DriftOverwrote, Transactions: t.Transactions, Rejected: t.Rejected,
		StaleRefused: t.StaleRefused, Overwrote: t.Overwrote, TurnedAway: t.TurnedAway, OutageWaitMost: Seconds(t.OutageWaitMost),
		EngineWrites: t.EngineWrites, MarkOnlyWrites: t.MarkOnlyWrites, Retries: t.Retries,
		ConditionFailed: t.ConditionFailed, LateLandings: t.LateLandings, Crashes: t.Crashes,
		Notifications: t.Notifications, Reads: t.Reads, Compared: t.Compared, Drift: t.Drift,
	}
}

// Changes is how many changes users made, captured or live.
func (t *Totals) Changes() uint64 { return t.Captured + t.Live }

// PerRun is a figure's mean over runs with its 95 % Student t interval.
type PerRun struct {
	Figure string   `json:"figure"`
	Mean   Rounded  `json:"mean"`
	Low    *Rounded `json:"low"`
	High   *Rounded `json:"high"`
}

// Of condenses set.
func Of(set *result.Set) Summary {
	s := Summary{Schema: Schema, Scenario: scenario(set.Scenario), Executed: executed(set), Runs: []Run{}}
	for i := range set.Runs {
		s.Runs = append(s.Runs, run(set, &set.Runs[i]))
	}
	s.Pooled = pool(Pool(set), s)
	s.Expectations = mapped(set.Expectations, func(e result.Expectation) Expectation { return Expectation(e) })
	s.Looks = mapped(set.Looks, func(l result.Look) Look { return Look{l.Runs, l.Figure, Rounded(l.Relative), l.Enough} })
	s.Verdict = set.Verdict()
	if s.Executed.Interrupted {
		s.Verdict = result.Worse(s.Verdict, result.Inconclusive)
	}
	return s
}

// Pool is set with those runs only that pooled figures are of: the complete
// ones, for half a day beside whole days would pull every figure its way. When
// no run is complete, all are taken, and reports say so.
func Pool(set *result.Set) *result.Set {
	out := &result.Set{Scenario: set.Scenario, Expectations: set.Expectations}
	for i := range set.Runs {
		if set.Runs[i].Incomplete == "" {
			out.Runs = append(out.Runs, set.Runs[i])
		}
	}
	if len(out.Runs) == 0 {
		return set
	}
	return out
}

// PooledRuns are the runs that pooled figures are of.
func (s Summary) PooledRuns() []Run {
	if s.Executed.Complete == 0 {
		return s.Runs
	}
	return slices.DeleteFunc(slices.Clone(s.Runs), func(r Run) bool { return r.Incomplete != "" })
}

func executed(set *result.Set) Executed {
	e := Executed{Asked: len(set.Runs), Started: len(set.Runs), Pooled: len(Pool(set).Runs)}
	for _, in := range set.Scenario.Inputs {
		if n, err := strconv.Atoi(in.Value); in.Path == "runs.count" && err == nil {
			e.Asked = n
		}
	}
	e.Interrupted = e.Started < e.Asked
	for i := range set.Runs {
		r := &set.Runs[i]
		if r.Incomplete == "" {
			e.Complete++
		}
		e.Interrupted = e.Interrupted || Interrupted(r.Incomplete)
	}
	return e
}

// Interrupted tells from the reason of a run's early end whether somebody
// ended it, rather than what it found.
func Interrupted(incomplete string) bool { return strings.Contains(incomplete, "interrupted") }

func scenario(in result.Scenario) Scenario {
	return Scenario{
		Name: in.Name, Purpose: in.Purpose, Mode: in.Mode, Seed: in.Seed, Hash: in.Hash, Model: in.Model,
		Start: in.Start.UTC().Format(time.RFC3339Nano), Length: Seconds(in.Length), Drain: Seconds(in.Drain),
		Primary: in.Primary, Maps: mapped(in.Maps, func(m result.Map) Map { return Map(m) }), Faults: mapped(in.Faults, period),
		Planted: append([]string{}, in.Failpoints...), Command: in.Command,
	}
}

func period(f result.Period) Period {
	return Period{f.Kind, f.Target, Seconds(f.From), Seconds(f.To), f.Note}
}

// mapped is never nil, so that JSON shows an empty list as one.
func mapped[A, B any](in []A, to func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, a := range in {
		out = append(out, to(a))
	}
	return out
}

// Copied is what became of changes under the data integrator, by the side where
// they were made.
type Copied struct {
	Lost   [2]uint64 `json:"lost"`   // copied over, and on neither side any more
	Missed [2]uint64 `json:"missed"` // on their own side alone, and never to be copied
}

func copied(c *result.Copied) *Copied {
	if c == nil {
		return nil
	}
	return &Copied{Lost: c.Lost, Missed: c.Missed}
}

func (c *Copied) plus(d *Copied) *Copied {
	if c == nil || d == nil {
		return cmp.Or(c, d)
	}
	sum := *c
	for side := range sum.Lost {
		sum.Lost[side] += d.Lost[side]
		sum.Missed[side] += d.Missed[side]
	}
	return &sum
}

func run(set *result.Set, r *result.Run) Run {
	story := func(s result.Story) Story {
		return Story{
			r.Index, s.Title, s.Side, Seconds(s.Committed), s.Records, s.Synced,
			Seconds(s.FirstSeen), Seconds(s.LastSeen), s.Censored, partlyVisible(s, r.End),
		}
	}
	out := Run{
		Index: r.Index, Digest: r.Digest, Events: r.Events, End: Seconds(r.End), Incomplete: r.Incomplete, Panic: r.Panic,
		Faults: mapped(r.Faults, period), Fired: append([]string{}, r.Fired...),
		Initial: mapped(r.Initial, func(l result.Leg) Leg {
			return Leg{l.Map, l.Company, l.Side, l.Stage, Seconds(l.Began), Seconds(l.Ended), l.Rows, l.Written, l.Unchanged, l.Lost, l.Errors}
		}),
		Alerts: mapped(r.Alerts, func(a result.Alert) Alert {
			return Alert{Seconds(a.At), a.Job, a.Action, a.Count, Seconds(a.Within), a.Class, a.Reason}
		}),
		Figures: Figures{
			Properties: properties(r),
			Maps: mapped(r.Maps, func(m result.MapCount) MapFigures {
				return MapFigures{
					m.Map, m.Captured, m.Live, m.Creates, m.Alive, m.Converged, m.Parked, m.Blocked, m.Open,
					Seconds(m.PartlyVisibleMost), m.NeverWhole, m.Lost,
				}
			}),
			Outcomes:    mapped(r.Outcomes, func(o result.OutcomeCount) Outcome { return Outcome(o) }),
			Errors:      mapped(r.Errors, func(e result.ErrorCount) Error { return Error(e) }),
			Convergence: convergence(set.Scenario.Maps, []*result.Run{r}),
			Waits:       waits(set.Scenario.Workloads, []*result.Run{r}),
			Saves:       mapped(r.Saves, func(s result.SaveCount) Saves { return Saves(s) }),
			Throttled:   mapped(r.Throttled, func(t result.ThrottleCount) Throttled { return Throttled(t) }),
			Thinned:     Thinned{r.Thinned.Convergence, r.Thinned.Waits},
			Live:        Live{r.Live.Committed, r.Live.Undone, Seconds(r.Live.InDoubtMost)},
			Stories:     mapped(r.Story, story),
			Torn:        mapped(r.Torn, story),
			Divergent:   divergent(r),
			Totals:      totals(r.Totals),
			Copied:      copied(r.Copied),
		},
	}
	sortOutcomes(set.Scenario.Maps, out.Outcomes)
	out.Verdict = r.Verdict()
	return out
}

// divergent is how many pairs differ at the end of r.
func divergent(r *result.Run) uint64 {
	for _, s := range r.Series {
		if n := len(s.Points); s.Name == "divergent-pairs" && n > 0 {
			return uint64(s.Points[n-1].Value)
		}
	}
	return 0
}

func partlyVisible(s result.Story, end time.Duration) Seconds {
	switch {
	case s.Synced == 0:
		return 0
	case s.Censored:
		return Seconds(end - s.FirstSeen)
	default:
		return Seconds(s.LastSeen - s.FirstSeen)
	}
}

func properties(r *result.Run) []Property {
	return mapped(r.Properties, func(p result.Property) Property {
		return Property{
			ID: p.ID, Contract: p.Contract, Verdict: p.Verdict, Checked: p.Checked, Violations: p.Violations, Note: p.Note,
			Examples: mapped(p.Examples, func(v result.Violation) Violation { return Violation{r.Index, Seconds(v.At), v.Record, v.Message} }),
		}
	})
}

// sortOutcomes orders by map as in the scenario, side, class and reason.
func sortOutcomes(maps []result.Map, os []Outcome) {
	position := make(map[string]int, len(maps))
	for i, m := range maps {
		position[m.Name] = i
	}
	at := func(name string) int {
		if i, ok := position[name]; ok {
			return i
		}
		return len(maps)
	}
	slices.SortStableFunc(os, func(a, b Outcome) int {
		return cmp.Or(
			cmp.Compare(at(a.Map), at(b.Map)), cmp.Compare(a.Map, b.Map),
			cmp.Compare(sideRank(a.Side), sideRank(b.Side)), cmp.Compare(a.Side, b.Side),
			cmp.Compare(ClassRank(a.Class), ClassRank(b.Class)), cmp.Compare(a.Class, b.Class),
			cmp.Compare(a.Reason, b.Reason),
		)
	})
}

func sideRank(side string) int {
	if side == "finops" {
		return 0
	}
	return 1
}

// Classes are the outcome classes in the order in which reports show them:
// what went well, what the engine resolved, what people must look at, what had
// not ended.
var Classes = []string{"synced", "no-op", "concurrency", "conflict", "application", "system", "dismissed", "parked", "open"}

// ClassRank is a class's place in [Classes]; unknown ones come last.
func ClassRank(class string) int {
	if i := slices.Index(Classes, class); i >= 0 {
		return i
	}
	return len(Classes)
}

// quantiles that a summary gives, in this order.
var quantiles = []struct {
	name string
	q    float64
}{{"p50", .50}, {"p90", .90}, {"p95", .95}, {"p99", .99}, {"p99.9", .999}, {"max", 1}}

// convergence groups the samples of runs: all, each map, each map and side.
// Groups without a change are left out, except the first.
func convergence(maps []result.Map, runs []*result.Run) []Convergence {
	out := []Convergence{group("", "", SampleOf(runs, AnyMap, AnySide))}
	for m := range maps {
		if s := SampleOf(runs, m, AnySide); s.N() > 0 {
			out = append(out, group(maps[m].Name, "", s))
		}
		for side, name := range sides {
			if s := SampleOf(runs, m, side); s.N() > 0 {
				out = append(out, group(maps[m].Name, name, s))
			}
		}
	}
	return out
}

var sides = [2]string{"finops", "dataverse"}

func group(name, side string, s stats.Sample) Convergence {
	return Convergence{Map: name, Side: side, N: s.N(), Censored: s.Censored(), Quantiles: quantilesOf(s)}
}

func quantilesOf(s stats.Sample) []Quantile {
	list := []Quantile{}
	for _, q := range quantiles {
		list = append(list, Quantile{Name: q.name, Quantile: s.Quantile(q.q)})
	}
	return list
}

// AnyMap and AnySide select every sample in [SampleOf].
const (
	AnyMap  = -1
	AnySide = -1
)

// SampleOf collects the convergence of the changes of one map and side.
func SampleOf(runs []*result.Run, m, side int) stats.Sample {
	var converged, censored []time.Duration
	for _, r := range runs {
		for _, s := range r.Convergence {
			switch {
			case m != AnyMap && int(s.Map) != m, side != AnySide && int(s.Side) != side:
			case s.Censored:
				censored = append(censored, s.Took)
			default:
				converged = append(converged, s.Took)
			}
		}
	}
	return stats.NewSample(converged, censored)
}
