package oracle

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Verdict is the three-valued answer of a property.
type Verdict string

// The verdicts. What was never checked is Inconclusive, never Pass.
const (
	Pass         Verdict = "pass"
	Fail         Verdict = "fail"
	Inconclusive Verdict = "inconclusive"
)

// NoOccasion is said of a property in place of a verdict when nothing came up
// that it speaks of. See [Oracle.needsOccasion].
const NoOccasion Verdict = "no occasion"

// Contract is one promise of the engine. Its text is what a failure prints.
type Contract struct {
	ID   string
	Text string
}

// The properties, by their place in [Contracts].
const (
	converged = iota
	closedBooks
	noLostUpdate
	trueOutcome
	noPhantom
	noEcho
	trafficStops
	monotonic
	noSkip
	noResurrection
	referenceOrder
	primaryWins
	mixedRejected
	deleteLive
	isolation
	liveAtomic
	tornVisible
	limitsKept
	bounded
	idempotent
	properties
)

var contracts = [properties]Contract{
	converged:      {"converged", "after quiescence both sides agree on every mapped pair, or the pair is parked, blocked, quarantined, out of scope, or drifting after a dismissal, each declared"},
	closedBooks:    {"closed-books", "every captured change has exactly one outcome; captured = outcomes + queued at every instant"},
	noLostUpdate:   {"no-lost-update", "a change whose value survives on neither side was superseded on its own side, lost to the primary, or is declared on the desk"},
	trueOutcome:    {"true-outcome", "an outcome says what happened: synced was carried or found equal, superseded has a newer change on its own side, a conflict failure lost to a concurrent change of the primary"},
	noPhantom:      {"no-phantom", "every value on a side was written by a user there, by that system's own declared logic, or is the mapped value (default, constant, normalisation included) of one on the other side"},
	noEcho:         {"no-echo", "no chain of causes returns to its origin without a user's edit, and engine writes stay within captured changes, overrides, late captures, follow-ups, records brought back to be looked up, rows of initial syncs and resyncs, and repeats of unanswered writes"},
	trafficStops:   {"traffic-stops", "after the last edit the number of engine writes is finite and bounded; a repeated world state with writes in between is a livelock"},
	monotonic:      {"monotonic", "own, seen and lost never go back within an incarnation; the outbox's low-water mark never goes back"},
	noSkip:         {"no-skip", "every change in an outbox was processed or coalesced by rule"},
	noResurrection: {"no-resurrection", "a deleted record stays deleted on both sides unless a user creates it again"},
	referenceOrder: {"reference-order", "at no instant does a side hold a mapped lookup to a record that it does not hold"},
	primaryWins:    {"primary-wins", "when both sides changed since the snapshot, the primary's record is the final one; never the other"},
	mixedRejected:  {"mixed-rejected", "a transaction that mixes live and async maps fails, names every map concerned, and leaves no trace"},
	deleteLive:     {"delete-live", "a delete never enters the queue"},
	isolation:      {"isolation", "a record that can never sync does not stop other records"},
	liveAtomic:     {"live-atomic", "live sync: after recovery both sides have committed or neither, from every crash point; the in-doubt window is measured"},
	tornVisible:    {"torn-visible", "(metric with a bound) how long a source transaction stays partly visible on the other side: a header without its lines"},
	limitsKept:     {"limits-kept", "no request exceeds a documented limit; Retry-After is obeyed"},
	bounded:        {"bounded", "convergence within the bound computed from retry policy, backlog and limits; the longest wait names its reason"},
	idempotent:     {"idempotent", "a repeated notification, batch or retry leaves the version history as it was"},
}

// applies reports whether a property has a place in the run's list: one that
// nothing in the configuration can exercise is left out, so that a world without
// it is not inconclusive. What could have been exercised and was not stays.
func (o *Oracle) applies(property int) bool {
	some := func(what func(s shape) bool) bool { return slices.ContainsFunc(o.shapes, what) }
	runs := func(mode engine.Mode) bool { return some(func(s shape) bool { return s.Mode == mode }) }
	switch property {
	case referenceOrder:
		return some(func(s shape) bool { return len(s.lookups) > 0 })
	case primaryWins:
		return some(func(s shape) bool { return s.out[0]&s.out[1] != 0 })
	case mixedRejected:
		return runs(engine.Async) && runs(engine.Live)
	case noResurrection, deleteLive:
		return o.config.Deletes || o.deletes
	case tornVisible:
		return o.config.TornMax > 0 || o.config.TornAsLong && o.config.Limits.Attempts > 0
	case liveAtomic:
		return o.config.Deletes || o.deletes || runs(engine.Live)
	}
	return true
}

// needsOccasion reports whether a property speaks of something that need not
// come up. The others hold or break in every world: one of those that was never
// checked tells that nothing was measured. Where all maps are live, there is no
// queue whose books, echoes and outcomes could be looked at.
func (o *Oracle) needsOccasion(property int) bool {
	switch property {
	case converged, noLostUpdate, noPhantom, monotonic:
		return false
	case closedBooks, noEcho, noSkip, trueOutcome:
		return !slices.ContainsFunc(o.shapes, func(s shape) bool { return s.Mode != engine.Live })
	}
	return true
}

// Contracts lists what the oracle can check, in the order of [Report.Properties],
// which leaves out what the configuration cannot exercise.
func Contracts() []Contract { return contracts[:] }

// Property is how one contract fared in a run.
type Property struct {
	Contract
	Verdict    Verdict
	Checked    uint64      // how often it was tested
	Violations uint64      // how often it was broken
	Examples   []Violation // the first few, in order of true time
	Note       string      // why it is inconclusive, or what was excused
}

// Violation is one breach of a contract.
type Violation struct {
	At      sim.Time
	Key     engine.Key // zero when no single record is concerned
	Record  string     // map, company and key, for people
	Message string
}

// String tells the verdict, the contract and how it was broken, for a failing check.
func (p Property) String() string { return fmt.Sprintf("%s: %s", p.Verdict, p.Told()) }

// Told tells the contract and how it was broken.
func (p Property) Told() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.ID, p.Text)
	fmt.Fprintf(&b, " (%d violations in %d checks)", p.Violations, p.Checked)
	if p.Note != "" {
		b.WriteString("; " + p.Note)
	}
	for _, v := range p.Examples {
		fmt.Fprintf(&b, "\n  %v %s: %s", v.At, v.Record, v.Message)
	}
	return b.String()
}

// tally counts what happened to one property.
type tally struct {
	checked    uint64
	violations uint64
	examples   []Violation
}

// breach notes a violation. The data integrator has made no promise.
func (o *Oracle) breach(property int, at sim.Time, key *engine.Key, format string, args ...any) {
	if o.copies != nil {
		return
	}
	t := &o.tallies[property]
	t.violations++
	if len(t.examples) < o.config.Examples {
		v := Violation{At: at, Message: fmt.Sprintf(format, args...)}
		if key != nil {
			v.Key, v.Record = *key, o.record(key)
		}
		t.examples = append(t.examples, v)
	}
	if t.violations >= o.config.ViolationsMax {
		o.stop = true
	}
}

// record names a record for people.
func (o *Oracle) record(k *engine.Key) string {
	name := fmt.Sprintf("map %d", k.Map)
	if int(k.Map) < len(o.config.Maps) {
		name = o.config.Maps[k.Map].Name
	}
	if k.Company != "" {
		name += " " + k.Company
	}
	if k.Spelling != "" {
		return name + " " + k.Spelling
	}
	return name + " " + k.ID
}
