package oracle

import (
	"fmt"
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
	noEcho
	monotonic
	referenceOrder
	primaryWins
	properties
)

var contracts = [properties]Contract{
	converged:      {"converged", "after quiescence both sides agree on every mapped pair, or the pair is parked, blocked, quarantined, out of scope, or drifting after a dismissal, each declared"},
	closedBooks:    {"closed-books", "every captured change has exactly one outcome; captured = outcomes + queued at every instant"},
	noLostUpdate:   {"no-lost-update", "a change whose value survives on neither side was superseded on its own side, lost to the primary, or is declared on the desk"},
	trueOutcome:    {"true-outcome", "an outcome says what happened: synced was carried or found equal, superseded has a newer change on its own side, a conflict failure lost to a concurrent change of the primary"},
	noEcho:         {"no-echo", "no chain of causes returns to its origin without a user's edit, and engine writes stay within captured changes, overrides, late captures and repeats of unanswered writes"},
	monotonic:      {"monotonic", "own, seen and lost never go back within an incarnation; the outbox's low-water mark never goes back"},
	referenceOrder: {"reference-order", "at no instant does a side hold a mapped lookup to a record that it does not hold"},
	primaryWins:    {"primary-wins", "when both sides changed since the snapshot, the primary's record is the final one; never the other"},
}

// Contracts lists what the oracle checks, in the order of [Report.Properties].
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

// String tells the contract and how it was broken, for a failing check.
func (p Property) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", p.Verdict, p.ID, p.Text)
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
